"""The monitor measures without leaving a trace, and each alarm rings for its own reason only."""

import math
from dataclasses import replace

import pytest
import torch

from avbgtn.models import build
from avbgtn.training.monitor import Monitor, alarms, ema_weights, not_finite
from examples import AVB_GTN_CONFIG, UNIT_CONFIG, RandomDomains

QUIET = {
    "posterior/t1": 0.4,
    "posterior/t2": 0.5,
    "val/noise_share": 0.5,
    "d1_real_train": 0.3,
    "d1_real_val": 0.1,
    "val_ema/copy": 0.06,
    "val_ema/cyc": 0.05,
    "val_ema/l1_whole_12": 0.05,
    "val_ema/l1_whole_21": 0.05,
}


def test_a_healthy_line_raises_no_alarm():
    assert alarms(QUIET) == []
    assert alarms({"epoch": 50, "generators/loss": 3.0}) == []


@pytest.mark.parametrize(
    "change, words",
    [
        ({"posterior/t2": 0.004}, "T is saturated: its loss is 0.004 nats"),
        (
            {"posterior/t1": 1.38, "posterior/t2": 1.39, "val/noise_share": 0.4},
            "T is at chance while the code is still mostly a function of the image",
        ),
        (
            {"d1_real_train": 5.0},
            "D1 memorises: it judges training images 4.9 logits more real than unseen ones",
        ),
        ({"val_ema/cyc": 0.02, "val_ema/l1_whole_12": 0.09}, "colour scrambling: the cycle closes"),
    ],
)
def test_each_alarm_rings_alone(change, words):
    found = alarms(QUIET | change)
    assert len(found) == 1 and words in found[0]


def test_t_at_chance_with_a_code_of_noise_is_a_matched_prior_not_an_alarm():
    assert alarms(QUIET | {"posterior/t1": 1.386, "posterior/t2": 1.386, "val/noise_share": 9.0}) == []
    # Between the codes of two domains chance is what the penalty asks for, on codes that know their image.
    fooled = QUIET | {"posterior/t1": 1.386, "posterior/t2": 1.386, "val/noise_share": 0.3}
    assert alarms(fooled) and alarms(fooled, t_prior="other") == []


def test_not_finite_names_nan_and_infinity():
    assert not_finite({"a": 1.0, "b": math.nan, "c": math.inf}) == ["b", "c"]


@pytest.mark.parametrize(
    "config",
    [UNIT_CONFIG, AVB_GTN_CONFIG, replace(UNIT_CONFIG, posterior="none")],
    ids=["unit", "avb_gtn", "none"],
)
def test_measuring_changes_nothing_and_repeats_itself(config):
    model = build(config)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    ema = {name: p.detach() * 0.5 for name, p in model.player_parameters()["generators"].items()}
    monitor = Monitor.of(RandomDomains(), limit=3)
    first, second = monitor.measure(model, ema), monitor.measure(model, ema)
    assert first == second
    assert all(torch.equal(before[k], v) for k, v in model.state_dict().items())
    assert all(p.grad is None and p.requires_grad for p in model.parameters())
    assert first["val/rec"] != first["val_ema/rec"]
    assert first["val/copy"] == pytest.approx(0.05, abs=1e-6)  # the example's twins are 0.1 away in [-1, 1]
    assert (first["val/noise_share"] > 0) == (config.posterior != "none")


def test_ema_weights_come_and_go_even_when_the_block_fails():
    model = build(UNIT_CONFIG)
    raw = {n: p.detach().clone() for n, p in model.player_parameters()["generators"].items()}
    ema = {n: torch.zeros_like(p) for n, p in raw.items()}
    with pytest.raises(ZeroDivisionError), ema_weights(model, ema):
        assert all((p == 0).all() for p in model.player_parameters()["generators"].values())
        raise ZeroDivisionError
    assert all(torch.equal(raw[n], p) for n, p in model.player_parameters()["generators"].items())
    assert all((v == 0).all() for v in ema.values())
