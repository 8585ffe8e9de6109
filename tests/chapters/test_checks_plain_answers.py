"""UNIT's and AVB-GTN's checks of answers that are no functions: counts, letters, a world, a design."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from avbgtn_book import checks
from avbgtn_book.unit import toy_domains
from judged import is_refused, judgements, passes

GOOD = {"penalty": "logit", "penalty_scale": "per_dimension", "posterior": "code", "adaptive_contrast": 16}
INPUT = GOOD | {"posterior": "input"}
CASES = {
    "check_unit_count": (
        [6, 6.0, torch.tensor(6), np.int64(6), math.factorial(3)],
        [
            (24, "every map"),
            (1, "change places"),
            (3, "counts kinds"),
            (4, "counts kinds"),
            (256, "undone"),
            (27, "undone"),
            (5, "the wrong ones"),
            (2, "two kinds"),
            (0, "one at least"),
            (7, "orders"),
        ],
    ),
    "check_unit_symmetry": (
        ["c", "C", "(c)", "c)"],
        [
            ("a", "not a: .*doubles"),
            ("(b)", "not b: .*not alone"),
            ("d)", "not d: .*taken back"),
            ("E", "not e: .*D2 turns"),
            ("f", "must be one of"),
        ],
    ),
    "check_avb_gtn_strongest_pull": (
        ["c", "C", "(c)", "c)", "c."],
        [
            ("a", 'not "a": in proportion.*1 - sigma'),
            ("(b)", "levels off"),
            ("D", "m = 0"),
            ("e", "must be one of"),
            (3, "must be one of"),
        ],
    ),
    "check_avb_gtn_noise_planes": (
        [16, 16.0, torch.tensor(16), np.int64(16), np.array([16])],
        [
            (3, "not 3: .*default"),
            (256, "number of channels"),
            (65536, "one plane"),
            (4, "width 16"),
            (15, "left without noise"),
            (17, "one more"),
            (64, "the square is forgotten"),
            (5, "rounded down"),
            (6, "rounded up"),
            (48, "without colours"),
            (1, "1 plane has"),
            (1024, "side of the plane alone"),
            (99, "16 x 16 places"),
            (5.33, "whole number"),
            ("16", "one number"),
        ],
    ),
    "check_avb_gtn_design": (
        [
            GOOD,
            INPUT | {"noise_channels": 4},
            INPUT | {"noise_channels": 1, "code_channels": 16},
            GOOD | {"penalty_scale": "as_written", "lambda_1": 1e-5},
            GOOD | {"epochs": 5000, "t_steps": 2, "t_train_on": "real+translated"},
            dict(GOOD, lambda_3=0),
        ],
        [
            ("logit", "must be a dictionary"),
            ([("penalty", "logit")], "must be a dictionary"),
            ({}, "2 JS"),
            (GOOD | {"penalti": "logit"}, "no parameter is called penalti"),
            (GOOD | {1: 2}, "no parameter is called 1"),
            (GOOD | {"penalty": "logits"}, "these settings are refused"),
            (GOOD | {"adaptive_contrast": None}, "these settings are refused"),
            (GOOD | {"lambda_1": math.nan}, "these settings are refused"),
            (GOOD | {"penalty": "log_sigmoid"}, "2 JS"),
            (GOOD | {"penalty": "softplus"}, "KL - 2 JS"),
            (GOOD | {"penalty": "gaussian", "adaptive_contrast": 0}, "does not ask T"),
            (INPUT, "no density"),
            (INPUT | {"noise_channels": 4, "width": 64}, "no density"),
            (INPUT | {"noise_channels": 4, "code_channels": 65}, "no density"),
            (
                GOOD | {"t_prior": "other", "t_input": "z", "adaptive_contrast": 0},
                "codes of the two domains apart",
            ),
            (GOOD | {"lambda_1": 0, "lambda_3": 0}, "nobody listens"),
            (GOOD | {"adaptive_contrast": 0}, "tens of thousands"),
            (GOOD | {"penalty_scale": "as_written"}, "d/2 times heavier"),
            (GOOD | {"penalty_scale": "nats"}, "d/2 times heavier"),
        ],
    ),
}


test_a_right_answer_passes_however_it_is_written, test_a_mistake_is_named = judgements(CASES)


def test_the_pull_is_told_with_its_top(capsys):
    checks.check_avb_gtn_strongest_pull("c")
    assert capsys.readouterr().out.startswith("ok: the pull has its top, 0.47, near m = 1.6")


WORLD = replace(toy_domains.SQUARE, shares=(0.4, 0.3, 0.2, 0.1))


@pytest.mark.parametrize(
    "world",
    [
        WORLD,
        replace(toy_domains.SQUARE, name="uneven square", shares=(0.1, 0.2, 0.3, 0.4), angle=30.0),
        replace(WORLD, shares=[0.22, 0.24, 0.26, 0.28]),
        replace(WORLD, places=((0, 0), (3, 0), (5, 5), (-2, 1)), spread=0.0),
        replace(WORLD, shares=(0.02, 0.18, 0.3, 0.5)),
    ],
)
def test_worlds_with_one_map(world, capsys):
    passes("check_unit_one_map", world, capsys)


@pytest.mark.parametrize(
    "world, words",
    [
        ((0.4, 0.3, 0.2, 0.1), "ToyDomains, got tuple"),
        (toy_domains.ToyDomains, "ToyDomains, got type"),
        (toy_domains.SQUARE, "24 maps"),
        (replace(toy_domains.SQUARE, angle=30.0), "24 maps .*turning the corners"),
        (replace(WORLD, shares=(0.4, 0.2, 0.2, 0.2)), "6 maps"),
        (replace(WORLD, shares=(0.3, 0.3, 0.2, 0.2)), "4 maps"),
        (replace(WORLD, shares=(0.5, 0.3, 0.19, 0.01)), "hardly ever"),
        (replace(WORLD, shares=(0.26, 0.255, 0.245, 0.24)), "by chance alone"),
        (replace(WORLD, shares=(math.nan, 0.3, 0.2, 0.1)), "plain numbers"),
        (replace(WORLD, places=WORLD.places[:3], shares=(0.5, 0.3, 0.2)), "3 kinds"),
        (replace(WORLD, spread=0.7), "run into each other"),
        (replace(WORLD, places=((0, 0), (0, 0), (1, 1), (2, 2))), "run into each other"),
    ],
)
def test_worlds_that_are_refused(world, words):
    is_refused("check_unit_one_map", world, words)
