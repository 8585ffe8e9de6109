"""Config: presets, fingerprint, round trip, and what it refuses."""

import json
import os
import subprocess
import sys
from dataclasses import fields, replace

import pytest

from avbgtn.config import PRESETS, Config, default_posterior
from avbgtn.config.sound import Sound
from avbgtn.errors import ConfigError
from examples import AVB_GTN_CONFIG, UNIT_CONFIG

CHANGED = {
    "model": "unit",
    "dataset": "celeba",
    "domains": ("Male", "Smiling"),
    "data_checksum": "1",
    "preset": "paper",
    "size": 64,
    "width": 8,
    "private_blocks": 2,
    "shared_blocks": 2,
    "noise_channels": 1,
    "batch": 2,
    "seed": 1,
    "posterior": "code",
    "noise_scale": 0.5,
    "penalty": "logit",
    "penalty_scale": "nats",
    "adaptive_contrast": 4,
    "gan_loss": "minimax",
    "init": "twin",
    "weight_init": "kaiming",
    "lambda_0": 1.0,
    "lambda_1": 1.0,
    "lambda_2": 1.0,
    "lambda_3": 1.0,
    "lambda_4": 1.0,
    "lambda_reading": "literal",
    "lr": 1.0,
    "t_lr": 1.0,
    "weight_decay": 1.0,
    "lr_halve_every": 5,
    "t_steps": 2,
    "t_train_on": "real+translated",
    "ema": 0.5,
    "precision": "64-true",
    "device": "cuda",
    "d_lr": 1.0,
    "code_channels": 8,
    "t_input": "z",
    "t_view": "place",
    "t_prior": "other",
    "t_r1": 1.0,
    "optimiser": "muon",
    "muon_lr": 0.01,
    "lr_inverse_sqrt": 100,
    "norm": "layer",
    "upsampling": "resize",
    "ema_warmup": 10,
    "sound": Sound("band_gain", rate=16000, fft=1024, hop=256, rows=AVB_GTN_CONFIG.size, columns=64),
}
OTHER_BASE = {
    "model": replace(AVB_GTN_CONFIG, penalty="mean_square"),  # UNIT has no T for log_sigmoid
    "t_prior": replace(AVB_GTN_CONFIG, t_input="z"),
}

PRESET_TABLE = """
name            size  width  private  shared  lr    weight_decay  ema    weight_init
quick           64    16     2        1       1e-3  0             0.99   kaiming
reader          64    32     3        1       5e-4  0             0.999  kaiming
paper           128   64     3        1       1e-4  1e-4          0.999  normal
aligned         64    16     2        1       1e-3  0             0.99   kaiming
modern          64    16     2        1       1e-3  0             0.999  kaiming
modern-aligned  64    16     2        1       1e-3  0             0.999  kaiming
"""
OF_MODERN = {
    "optimiser": "muon", "muon_lr": 0.03, "lr_inverse_sqrt": 100, "d_lr": 5e-5, "norm": "layer",
    "upsampling": "resize", "init": "twin", "ema_warmup": 10,
}  # fmt: skip


def test_presets_are_those_of_the_table():
    rows = [line.split() for line in PRESET_TABLE.split("\n")[2:-1]]
    columns = ("size", "width", "private_blocks", "shared_blocks", "lr", "weight_decay", "ema")
    assert list(PRESETS) == [row[0] for row in rows]
    for name, *numbers, weight_init in rows:
        expected = {c: float(n) for c, n in zip(columns, numbers, strict=True)} | {"weight_init": weight_init}
        expected |= OF_MODERN if name.startswith("modern") else {}
        assert PRESETS[name] == expected, f"preset {name} changed: measure it, say why, then change the table"


def test_a_preset_sets_fields_of_config_only():
    names = {f.name for f in fields(Config)}
    assert all(set(preset) <= names for preset in PRESETS.values())


def test_defaults_are_the_paper_preset_and_unit():
    """A Config made without a preset is the paper's UNIT, not a mixture."""
    defaults = {f.name: f.default for f in fields(Config)}
    paper = {k: v for k, v in PRESETS["paper"].items() if k in ("shared_blocks", "lr", "ema", "weight_init")}
    unit = default_posterior("unit")
    assert {k: defaults[k] for k in paper | unit} == paper | unit
    assert [defaults[f"lambda_{k}"] for k in range(5)] == [10, 0.1, 100, 0.1, 100]


def test_the_example_changes_every_field():
    assert list(CHANGED) == [f.name for f in fields(Config)], "a new field needs a changed value here"


@pytest.mark.parametrize("name", CHANGED)
def test_every_field_changes_the_fingerprint(name):
    base = OTHER_BASE.get(name, AVB_GTN_CONFIG)
    other = replace(base, **{name: CHANGED[name]})
    assert getattr(base, name) != CHANGED[name], "the example must change the field"
    assert other.fingerprint() != base.fingerprint(), f"two runs that differ in {name} would share a folder"
    assert len(other.fingerprint()) == 8 and int(other.fingerprint(), 16) >= 0


def test_fingerprint_does_not_depend_on_the_order_or_the_spelling_of_values():
    values = AVB_GTN_CONFIG.to_dict()
    turned = Config.from_dict(dict(reversed(values.items())))
    assert turned.fingerprint() == AVB_GTN_CONFIG.fingerprint()
    whole = replace(AVB_GTN_CONFIG, lambda_0=10, lambda_2=100, noise_scale=1, weight_decay=0)
    assert whole.fingerprint() == AVB_GTN_CONFIG.fingerprint(), "10 and 10.0 are one value"
    as_list = replace(AVB_GTN_CONFIG, domains=list(AVB_GTN_CONFIG.domains))
    assert as_list == AVB_GTN_CONFIG and isinstance(as_list.domains, tuple)


def test_fingerprint_is_what_it_was_when_runs_were_first_written():
    """Change this number only knowingly: every run folder that people have gets another name."""
    assert AVB_GTN_CONFIG.fingerprint() == "60fec9a1"


def test_fingerprint_is_the_same_in_another_process_and_after_json():
    text = json.dumps(AVB_GTN_CONFIG.to_dict(), allow_nan=False)
    assert Config.from_dict(json.loads(text)) == AVB_GTN_CONFIG
    code = (
        "import json, sys; from avbgtn.config import Config; "
        "print(Config.from_dict(json.loads(sys.argv[1])).fingerprint())"
    )
    for hash_seed in ("1", "2"):
        found = subprocess.run(
            [sys.executable, "-c", code, text],
            capture_output=True, text=True, check=True, env=os.environ | {"PYTHONHASHSEED": hash_seed},
        )  # fmt: skip
        assert found.stdout.strip() == AVB_GTN_CONFIG.fingerprint()


def test_from_dict_names_unknown_and_missing_fields():
    unknown = UNIT_CONFIG.to_dict() | {"shape": 1, "colour": 2}
    with pytest.raises(ConfigError) as error:
        Config.from_dict(unknown)
    sentence = "unknown config fields: colour, shape; they belong to another version of avbgtn"
    assert str(error.value) == sentence
    without = {k: v for k, v in UNIT_CONFIG.to_dict().items() if k not in ("lr", "ema")}
    with pytest.raises(ConfigError) as error:
        Config.from_dict(without)
    assert str(error.value) == "missing config fields: ema, lr; they belong to another version of avbgtn"


def test_a_config_of_sound_comes_back_and_knows_its_images():
    sound = Sound("magnitude_phase", rate=8000, fft=254, hop=63, rows=128, columns=64)
    config = replace(UNIT_CONFIG, size=128, sound=sound)
    assert Config.from_dict(json.loads(json.dumps(config.to_dict()))) == config
    assert config.channels == 4 and config.shape == (128, 64)
    assert replace(config, sound=replace(sound, hop=64)).fingerprint() != config.fingerprint()
    assert UNIT_CONFIG.channels == 3 and UNIT_CONFIG.shape == (UNIT_CONFIG.size, UNIT_CONFIG.size)


def test_a_config_refuses_a_sound_that_does_not_fit():
    sound = Sound("magnitude_phase", rate=8000, fft=254, hop=63, rows=128, columns=64)
    for wrong in (replace(sound, rows=64), replace(sound, columns=40), replace(sound, columns=16)):
        with pytest.raises(ConfigError, match="sound must have size=128 rows and a multiple of 16 columns"):
            replace(UNIT_CONFIG, size=128, sound=wrong)
    with pytest.raises(ConfigError, match="sound must be a Sound with one of magnitude_phase, .*, got"):
        replace(UNIT_CONFIG, size=128, sound=replace(sound, representation="wavelet"))


BAD_UNIT = {
    "t-without-t": (
        {"penalty": "log_sigmoid"},
        "penalty='log_sigmoid' needs the posterior discriminator T, which model='unit' does not have; "
        "use 'avb_gtn'",
    ),
    "gaussian-point": (
        {"penalty": "gaussian", "noise_scale": 0.0},
        "penalty='gaussian' needs noise_scale above 0, as the KL of a point is infinite, got 0",
    ),
    "contrast-point": (
        {"model": "avb_gtn", "penalty": "logit", "adaptive_contrast": 4, "noise_scale": 0},
        "adaptive_contrast needs a posterior with noise, got noise_scale=0; use posterior 'input' or 'code' "
        "and noise_scale above 0",
    ),
    "muon-with-weight-decay": (
        {"optimiser": "muon", "weight_decay": 1e-4},
        "optimiser='muon' has no weight decay, got weight_decay=0.0001 of preset='quick'; use"
        " optimiser='adam', or another preset",
    ),
    "t-option-without-t": (
        {"t_view": "place"},
        (
            "t_input, t_view, t_prior and t_r1 are options of T, which model='unit' "
            "does not have; leave them out"
        ),
    ),
    "other-codes-beside-the-image": (
        {"model": "avb_gtn", "penalty": "logit", "posterior": "input", "t_prior": "other"},
        (
            "t_prior='other' compares the codes of the two domains, whatever their images, so "
            "t_input must be 'z', got 'xz'"
        ),
    ),
    "contrast-of-places": (
        {
            "model": "avb_gtn",
            "penalty": "logit",
            "posterior": "input",
            "adaptive_contrast": 4,
            "t_input": "z",
        },
        "adaptive_contrast shifts the codes of each image by their own mean, so T must judge whole codes "
        "beside their image, got t_input='z' and t_view='image'",
    ),
    "contrast-and-r1": (
        {"model": "avb_gtn", "penalty": "logit", "posterior": "input", "adaptive_contrast": 4, "t_r1": 1.0},
        "t_r1 holds T flat at the codes as they are, and with adaptive_contrast T judges shifted ones; set "
        "one of them to 0, got t_r1=1 and adaptive_contrast=4",
    ),
    "nan": ({"lambda_2": float("nan")}, "lambda_2 must be a finite number of at least 0, got nan"),
    "inf": ({"lr": float("inf")}, "lr must be a finite number of at least 0, got inf"),
    "negative": ({"weight_decay": -1e-4}, "weight_decay must be a finite number of at least 0, got -0.0001"),
    "bool-float": ({"noise_scale": True}, "noise_scale must be a finite number of at least 0, got True"),
    "string-float": ({"lr": "1e-4"}, "lr must be a finite number of at least 0, got '1e-4'"),
    "lr": ({"lr": 0.0}, "lr must be above 0, got 0: nothing would be learnt"),
    "t_lr": ({"t_lr": 0}, "t_lr must be above 0, got 0: nothing would be learnt"),
    "ema": ({"ema": 1.0}, "ema must be below 1, got 1.0: the average would never move"),
    "float-int": ({"width": 16.0}, "width must be a whole number of at least 1, got 16.0"),
    "bool-int": ({"batch": True}, "batch must be a whole number of at least 1, got True"),
    "zero": ({"t_steps": 0}, "t_steps must be a whole number of at least 1, got 0"),
    "seed": ({"seed": -1}, "seed must be a whole number of at least 0, got -1"),
    "small": ({"size": 16}, "size must be a whole number of at least 32, got 16"),
    "odd": ({"size": 40}, "size must be a multiple of 16 of at least 32, got 40"),
    "word": ({"init": "triplet"}, "init must be one of independent, twin, got 'triplet'"),
    "none": ({"dataset": None}, "dataset must be a word, got None"),
    "one-domain": ({"domains": ("brown",)}, "domains must be two different names, got ('brown',)"),
    "same-domain": ({"domains": ("a", "a")}, "domains must be two different names, got ('a', 'a')"),
    "letters": ({"domains": "ab"}, "domains must be two different names, got 'ab'"),
}


@pytest.mark.parametrize("case", BAD_UNIT)
def test_senseless_configs_are_refused(case):
    change, sentence = BAD_UNIT[case]
    with pytest.raises(ConfigError) as error:
        replace(UNIT_CONFIG, **change)
    assert str(error.value) == sentence


def test_config_offers_the_parameters_and_nothing_it_does_not_have():
    from avbgtn import config
    from avbgtn.config import Parameters, check_parameters_cell, from_parameters

    assert from_parameters({}) == Parameters() and check_parameters_cell((), {}) == {}
    with pytest.raises(AttributeError, match="module 'avbgtn.config' has no attribute 'to_parameters'"):
        _ = config.to_parameters
