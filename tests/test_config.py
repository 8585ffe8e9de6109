"""Config: presets, fingerprint, round trip, and the combinations it refuses."""

import json
import subprocess
import sys
from dataclasses import fields, replace

import pytest
from examples import AVB_GTN_CONFIG, UNIT_CONFIG

from avbgtn.config import PRESETS, Config, ConfigError

CHANGED = dict(
    model="unit", dataset="celeba", domains=("Male", "Smiling"), data_checksum="1", preset="paper", size=64, width=8,
    private_blocks=2, shared_blocks=2, noise_channels=1, batch=2, seed=1, posterior="code", noise_scale=0.5, penalty="logit",
    penalty_scale="nats", adaptive_contrast=4, gan_loss="minimax", init="twin", weight_init="kaiming", lambda_0=1.0, lambda_1=1.0,
    lambda_2=1.0, lambda_3=1.0, lambda_4=1.0, lambda_reading="literal", lr=1.0, t_lr=1.0, weight_decay=1.0, lr_halve_every=5,
    t_steps=2, t_train_on="real+translated", ema=0.5, precision="64-true", device="cuda",
)  # fmt: skip


def test_presets_are_those_of_the_design():
    table = {name: (p["size"], p["width"], p["private_blocks"], p["shared_blocks"], p["ema"]) for name, p in PRESETS.items()}
    assert table == {"quick": (64, 16, 2, 1, 0.99), "reader": (64, 32, 3, 1, 0.999), "paper": (128, 64, 3, 1, 0.999)}
    paper = PRESETS["paper"]
    assert (paper["lr"], paper["weight_decay"], paper["weight_init"]) == (1e-4, 1e-4, "normal")


@pytest.mark.parametrize("name", [f.name for f in fields(Config)])
def test_every_field_changes_the_fingerprint(name):
    base = replace(AVB_GTN_CONFIG, penalty="mean_square") if name in ("model", "penalty") else AVB_GTN_CONFIG
    assert getattr(base, name) != CHANGED[name], "the example must change the field"
    assert replace(base, **{name: CHANGED[name]}).fingerprint() != base.fingerprint()


def test_fingerprint_is_the_same_in_another_process_and_after_a_round_trip_through_json():
    text = json.dumps(AVB_GTN_CONFIG.to_dict())
    assert Config.from_dict(json.loads(text)) == AVB_GTN_CONFIG
    code = f"import json; from avbgtn.config import Config; print(Config.from_dict(json.loads({text!r})).fingerprint())"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert found == AVB_GTN_CONFIG.fingerprint()


def test_from_dict_names_unknown_and_missing_fields():
    with pytest.raises(ConfigError, match="unknown config fields: colour, shape; they belong to another version"):
        Config.from_dict(UNIT_CONFIG.to_dict() | {"shape": 1, "colour": 2})
    without = {k: v for k, v in UNIT_CONFIG.to_dict().items() if k not in ("lr", "ema")}
    with pytest.raises(ConfigError, match="missing config fields: ema, lr"):
        Config.from_dict(without)


@pytest.mark.parametrize("change, sentence", [
    ({"penalty": "log_sigmoid"}, "penalty='log_sigmoid' needs the posterior discriminator T, which model='unit' does not have"),
    ({"penalty": "gaussian", "noise_scale": 0.0}, "needs noise_scale above 0: the KL of a point is infinite"),
    ({"lambda_2": float("nan")}, "lambda_2 must be a finite number of at least 0, got nan"),
    ({"init": "triplet"}, "init must be one of independent, twin, got 'triplet'"),
    ({"size": 40}, "size must be a multiple of 16 of at least 32, got 40"),
])  # fmt: skip
def test_senseless_configs_are_refused(change, sentence):
    with pytest.raises(ConfigError) as error:
        replace(UNIT_CONFIG, **change)
    assert sentence in str(error.value)
