"""Evidence over seeds: closed forms, brute force, p values that can be counted by hand,
and words that claim no more.
"""

import itertools
import json
import math
import random
from statistics import fmean

import numpy as np
import pytest

from avbgtn_book.results import statistics as evidence
from avbgtn_book.results import trainings
from avbgtn_book.results.curve import at, mean_along, reached
from avbgtn_book.results.statistics import Paired, joint_p, paired, sign_flip_p
from avbgtn_book.results.trainings import by_seed, cells_of, equal_time
from refusals import refusal

X, Y = [100, 200, 400], [0.5, 0.3, 0.2]


def cell(variant, seed, ends=200.0, **scores):
    curve = {"epoch": [1, 2, 3], "cpu_seconds": [50.0, 100.0, ends], "l1": [0.3, 0.2, 0.1]}
    return {
        "variant": variant,
        "seed": seed,
        "curve": curve,
        "cpu_seconds": ends,
        "validation": {"l1": 0.1 + seed} | scores,
    }


def study(*cells):
    return {"grid": "toy", "cells": {f"{c['variant']}-seed{c['seed']}": c for c in cells}}


# --- curves -------------------------------------------------------------------------------------------------


def test_a_curve_is_straight_between_its_points():
    assert [at(X, Y, x) for x in (100, 150, 200, 300, 400)] == pytest.approx([0.5, 0.4, 0.3, 0.25, 0.2])
    assert at([3], [0.7], 3) == 0.7


def test_the_mean_along_a_curve_is_exact_for_straight_pieces():
    assert mean_along(X, Y) == pytest.approx((100 * 0.4 + 200 * 0.25) / 300)
    assert mean_along(X, Y, until=200) == pytest.approx(0.4)
    assert mean_along(X, Y, until=300) == pytest.approx((100 * 0.4 + 100 * 0.275) / 200)
    assert mean_along([1, 5, 6], [0.3] * 3) == pytest.approx(0.3), "a constant is its own mean"
    assert mean_along(X, Y, since=200) == pytest.approx(0.25)
    assert mean_along(X, Y, since=150, until=300) == pytest.approx((50 * 0.35 + 100 * 0.275) / 150)
    fine = np.linspace(0, 3, 3001)
    assert mean_along(fine, np.exp(-fine)) == pytest.approx((1 - math.exp(-3)) / 3, rel=1e-6)


def test_a_threshold_is_reached_on_the_way_and_only_once():
    assert reached(X, Y, 0.4) == pytest.approx(150)
    assert reached(X, Y, 0.3) == 200 and reached(X, Y, 0.2) == 400
    assert reached(X, Y, 0.19) is None and reached([1], [0.5], 0.4) is None
    assert reached(X, Y, 0.6) == 100, "it was there when it was first measured"
    assert reached([0, 1, 2, 3], [1.0, 0.5, 0.9, 0.1], 0.75) == 0.5, "a later rise changes nothing"


def test_a_lower_threshold_is_never_reached_earlier():
    draw = random.Random(0)
    for _ in range(50):
        ys = [draw.random() for _ in range(12)]
        times = [reached(range(12), ys, k / 40) for k in range(41)]
        times = [math.inf if t is None else t for t in times]
        assert times == sorted(times, reverse=True)
        for k, t in enumerate(times):
            assert t in (0, math.inf) or at(range(12), ys, t) == pytest.approx(k / 40)


# --- Student's t --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "freedom, inside, t",
    [  # any printed table
        (1, 0.95, 12.7062),
        (2, 0.95, 4.30265),
        (3, 0.95, 3.18245),
        (4, 0.95, 2.77645),
        (7, 0.95, 2.36462),
        (8, 0.95, 2.30600),
        (19, 0.95, 2.09302),
        (120, 0.95, 1.97993),
        (1, 0.5, 1.0),
        (2, 0.99, 9.92484),
        (7, 0.99, 3.49948),
    ],
)
def test_quantiles_are_those_of_the_tables(freedom, inside, t):
    assert evidence.t_quantile(freedom, inside) == pytest.approx(t, rel=3e-6)


def test_quantiles_near_the_normal_ones_with_many_degrees_of_freedom():
    assert evidence.t_quantile(100_000) == pytest.approx(1.959964, rel=1e-4)


def test_the_density_gives_the_same_share():
    """An independent computation: Student's density, integrated by trapezoids."""
    for n in (1, 2, 5, 8, 13):
        constant = math.gamma((n + 1) / 2) / (math.sqrt(n * math.pi) * math.gamma(n / 2))
        t = np.linspace(0, evidence.t_quantile(n, 0.9), 20_001)
        assert 2 * np.trapezoid(constant * (1 + t**2 / n) ** (-(n + 1) / 2), t) == pytest.approx(
            0.9, abs=1e-6
        )


# --- pairs --------------------------------------------------------------------------------------------------


def from_differences(ds):
    return paired(dict(enumerate(ds)), dict.fromkeys(range(len(ds)), 0.0), ("UNIT", "AVB-GTN"))


def test_the_interval_is_students():
    c = paired({0: 1.0, 1: 2.0, 2: 6.0, 9: 5.0}, {0: 0.0, 1: 0.0, 2: 0.0, 7: 1.0})
    assert (c.seeds, c.differences, c.mean) == ((0, 1, 2), (1.0, 2.0, 6.0), 3.0)
    margin = 4.30265 * math.sqrt(7 / 3)  # s^2 = (4 + 1 + 9) / 2
    assert (c.low, c.high) == pytest.approx((3 - margin, 3 + margin), rel=1e-5)
    other = paired({0: 0.0, 1: 0.0, 2: 0.0}, {0: 1.0, 1: 2.0, 2: 6.0})
    assert (other.low, other.high, other.p) == (-c.high, -c.low, c.p), "a and b can change places"


def test_the_interval_holds_the_truth_in_95_of_100_cases():
    draw = np.random.default_rng(0)
    n, runs, truth = 5, 4000, 0.3
    held = sum(c.low <= truth <= c.high for c in map(from_differences, draw.normal(truth, 2, (runs, n))))
    assert held / runs == pytest.approx(0.95, abs=3 * math.sqrt(0.95 * 0.05 / runs))


@pytest.mark.parametrize(
    "differences, p",
    [
        ([1] * 8, 2 / 256),
        ([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8], 2 / 256),
        ([-1, -2, -3], 0.25),
        ([1, 2], 0.5),
        ([1, -1], 1.0),
        ([0, 0, 0], 1.0),
        ([3, 2, -1], 0.5),  # sums of the eight patterns: +-6, +-4, +-2, 0 twice; four are 4 or more
        ([5, 0], 1.0),  # the sign of a zero does nothing
        ([1, 1, 1, -1], 10 / 16),  # all ones twice, one minus among them eight times
    ],
)
def test_p_is_what_can_be_counted_by_hand(differences, p):
    assert from_differences(differences).p == p


def test_p_is_that_of_all_patterns():
    draw = random.Random(1)
    for n in range(2, 9):
        ds = [draw.gauss(0.5, 1) for _ in range(n)]
        patterns = itertools.product((-1, 1), repeat=n)
        share = fmean(
            abs(fmean(s * d for s, d in zip(signs, ds, strict=True))) >= abs(fmean(ds)) - 1e-12
            for signs in patterns
        )
        assert from_differences(ds).p == pytest.approx(share)


def test_decimal_numbers_that_tie_do_tie():
    """0.3 + 0.1 and 0.2 + 0.2 differ in binary, and so do 0.07 - 0.06 and 0.01."""
    for scale in (1e-3, 1e-1, 1.0, 1e3):
        assert (
            from_differences([d * scale for d in (0.1, 0.2, -0.3, 0.4, 0.4)]).p
            == from_differences([1, 2, -3, 4, 4]).p
        )
    a, b = {0: 0.07, 1: 0.08, 2: 0.05}, {0: 0.06, 1: 0.06, 2: 0.08}
    assert paired(a, b).p == 1.0, "1 + 2 - 3 is 0"


def test_p_is_rarely_small_where_nothing_is():
    draw = np.random.default_rng(2)
    ps = [evidence.sign_flip_p(ds) for ds in draw.normal(0, 1, (2000, 8)).tolist()]
    assert np.mean([p <= 0.05 for p in ps]) < 0.05 + 3 * math.sqrt(0.05 * 0.95 / 2000)


def test_the_smallest_p_is_reached_with_one_sign():
    for n in (2, 3, 5, 6, 8, 12):
        c = from_differences([1 + k / 10 for k in range(n)])
        assert c.p == c.smallest_p == 2 ** (1 - n)
    assert from_differences([1] * 5).smallest_p > 0.05 >= from_differences([1] * 6).smallest_p


@pytest.mark.parametrize(
    "differences, lower, higher",
    [
        ([-1, -2, -1, -2, -1, -2], "UNIT is better", "AVB-GTN is better"),
        ([1, 2, 1, 2, 1, 2, 1, 2], "AVB-GTN is better", "UNIT is better"),
        ([1, -2, 1, 2, -1, 2], "no difference found", "no difference found"),
        ([0] * 8, "no difference found", "no difference found"),
        ([1, 1, 1, 1, 1, 50], "no difference found", "no difference found"),  # p 2/64, but the interval has 0
        ([-1, -2, -1], "a hint that UNIT is better", "a hint that AVB-GTN is better"),
        ([1, 1, 1, 1, 1], "a hint that AVB-GTN is better", "a hint that UNIT is better"),
        ([1, 2, -1], "no difference seen", "no difference seen"),
        ([1, 2, 0], "no difference seen", "no difference seen"),
        ([0, 0], "no difference seen", "no difference seen"),
    ],
)
def test_the_words_follow_the_rule(differences, lower, higher):
    c = from_differences(differences)
    assert (c.verdict(), c.verdict("higher")) == (lower, higher)
    assert c.found == (lower in ("UNIT is better", "AVB-GTN is better"))


def test_no_p_means_no_find_and_no_clear_interval_means_none_either():
    """p can be 0.05 or less with 0 in the interval, and the other way round: both are needed."""
    clear = Paired(tuple(range(6)), (1.0,) * 6, 1.0, 0.5, 1.5, 0.06, 0.06)
    wide = Paired(tuple(range(6)), (1.0,) * 6, 1.0, -0.5, 2.5, 0.03, 0.03)
    assert clear.verdict() == wide.verdict() == "no difference found"


def test_one_far_pair_hides_the_others_from_the_mean_and_not_from_the_ranks():
    far = from_differences([-0.002] * 7 + [0.18])
    assert far.p == 1 and far.p_ranks == sign_flip_p([-4.0] * 7 + [8.0]) == 60 / 256
    assert from_differences([1, 2, 3, 4, 5, 6]).p_ranks == 2 / 64
    assert from_differences([0, 1, 2]).p_ranks == 0.5, "a zero has no sign"


def test_the_ranks_are_those_of_wilcoxon():
    """n = 5, one sign against four: of 32 patterns, those with a rank sum at least as far from the middle."""
    ds = [1.0, -2.0, 3.0, 4.0, 5.0]  # W- = 2
    count = sum(
        abs(sum(s * r for s, r in zip(signs, range(1, 6), strict=True))) >= 15 - 2 * 2
        for signs in itertools.product((-1, 1), repeat=5)
    )
    assert from_differences(ds).p_ranks == count / 32


def test_joint_p_of_one_comparison_is_its_own():
    draw = random.Random(5)
    for _ in range(20):
        one = from_differences([draw.gauss(0.3, 1) for _ in range(7)])
        assert joint_p({"a": one}) == {"a": pytest.approx(one.p)}
        assert joint_p({"a": one, "b": one}) == {"a": pytest.approx(one.p), "b": pytest.approx(one.p)}
    assert joint_p({}) == {}


def test_joint_p_is_that_of_the_largest_t_under_all_patterns():
    draw = random.Random(6)
    rows = {name: from_differences([draw.gauss(0.5, 1) for _ in range(6)]) for name in "abc"}

    def t(ds):
        n, mean = len(ds), fmean(ds)
        return abs(mean) / math.sqrt(sum((d - mean) ** 2 for d in ds) / (n - 1) / n)

    largest = [
        max(t([s * d for s, d in zip(signs, row.differences, strict=True)]) for row in rows.values())
        for signs in itertools.product((-1, 1), repeat=6)
    ]
    for name, p in joint_p(rows).items():
        assert p == pytest.approx(fmean(x >= t(rows[name].differences) - 1e-9 for x in largest))
        assert p >= rows[name].p - 1e-12


def test_joint_p_can_find_among_many_where_a_sum_over_looks_could_not():
    """Eight pairs of one sign in eight scores: 8 * 2/256 is above 0.05, the joint test is not."""
    rows = {str(k): from_differences([1.0 + 0.1 * ((k * i) % 5) for i in range(8)]) for k in range(8)}
    assert max(joint_p(rows).values()) <= 0.05


# --- the record ---------------------------------------------------------------------------------------------


def test_numbers_come_by_seed_from_a_record_that_was_json():
    record = study(cell("unit", 1), cell("unit", 0), cell("unit-twin", 0, psnr=20))
    record = json.loads(json.dumps(record))
    assert by_seed(record, "unit", "validation", "l1") == {0: 0.1, 1: 1.1}
    assert by_seed(record, "unit-twin", "validation", "psnr") == {0: 20.0}
    assert by_seed(record, "unit", "cpu_seconds") == {0: 200.0, 1: 200.0}
    assert list(cells_of(record, "unit")) == [0, 1]


def test_equal_time_is_the_shorter_training_of_each_seed():
    a = cells_of(study(cell("unit", 0, 200.0), cell("unit", 1, 500.0), cell("unit", 2)), "unit")
    b = cells_of(study(cell("avb_gtn", 0, 300.0), cell("avb_gtn", 1, 300.0), cell("avb_gtn", 5)), "avb_gtn")
    at_a, at_b = equal_time(a, b, "l1")
    assert at_a == pytest.approx({0: 0.1, 1: 0.15}) and at_b == pytest.approx({0: 0.15, 1: 0.1})
    assert paired(at_a, at_b).mean == pytest.approx(0)


BROKEN = cell("unit", 0, l1=math.nan, name="x", none=None)
BROKEN["curve"]["t"] = [1.0, math.nan, 1.0]
BROKEN["curve"]["short"] = [1.0]
LATE = cell("avb_gtn", 0)
LATE["curve"]["cpu_seconds"] = [900.0, 901.0, 902.0]
RECORD = study(BROKEN, cell("avb_gtn", 0), cell("unit-twin", 0))


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: at(X, Y, 99), ["x = 99", "100 to 400"]),
        (lambda: at(X, Y, 401), ["x = 401"]),
        (lambda: at(X, Y, math.nan), ["x = nan"]),
        (lambda: at(X, Y[:2], 150), ["3 x and 2 y"]),
        (lambda: at(X, [1, math.nan, 1], 150), ["not a finite number"]),
        (lambda: at([1, 1], [1, 2], 1), ["do not rise"]),
        (lambda: at([2, 1], [1, 2], 1), ["do not rise"]),
        (lambda: at([], [], 1), ["0 x"]),
        (lambda: mean_along(X, Y, until=100), ["from 100 to 100", "100 to 400"]),
        (lambda: mean_along(X, Y, until=500), ["from 100 to 500", "100 to 400"]),
        (lambda: mean_along(X, Y, since=50), ["from 50 to 400"]),
        (lambda: mean_along([1], [1]), ["2 or more"]),
        (lambda: mean_along(X, [None, 1, 1]), ["not a finite number"]),
        (lambda: reached(X, [0.1, math.inf, 0.1], 0.1), ["not a finite number"]),
        (lambda: reached(X, Y, math.nan), ["threshold nan"]),
        (lambda: paired({0: 1.0}, {0: 1.0}), ["[0]", "2 or more in common"]),
        (
            lambda: paired({0: 1.0, 1: 1.0}, {2: 1.0, 3: 1.0}, ("x", "y")),
            ["x has the seeds [0, 1] and y [2, 3]"],
        ),
        (lambda: paired({0: 1.0, 1: math.nan}, {0: 1.0, 1: 1.0}), ["a, seed 1", "nan"]),
        (lambda: paired({0: 1.0, 1: 1.0}, {0: 1.0, 1: None}), ["b, seed 1", "None"]),
        (lambda: from_differences([1.0] * 21), ["21", "1 to 20"]),
        (lambda: from_differences([1, 2]).verdict("smaller"), ["'smaller'", '"lower" or "higher"']),
        (lambda: evidence.t_quantile(0), ["0 degrees"]),
        (lambda: evidence.t_quantile(3, 1.0), ["1.0", "between 0 and 1"]),
        (
            lambda: joint_p({"a": from_differences([1, 2]), "b": from_differences([1, 2, 3])}),
            ["(0, 1), (0, 1, 2)"],
        ),
        (lambda: by_seed(RECORD, "avbgtn", "validation", "l1"), ["'avbgtn'", "did you mean 'avb_gtn'?"]),
        (lambda: by_seed(RECORD, "zzz", "validation", "l1"), ["'zzz'", "it has unit, avb_gtn, unit-twin"]),
        (
            lambda: by_seed(RECORD, "avb_gtn", "validation", "l2"),
            ["avb_gtn, seed 0", "'l2'", "did you mean 'l1'?"],
        ),
        (lambda: by_seed(RECORD, "avb_gtn", "cpu_seconds", "l2"), ["'l2'", "nothing there"]),
        (lambda: by_seed(RECORD, "avb_gtn", "validation"), ["a dict", "('validation',)"]),
        (lambda: by_seed(RECORD, "unit", "validation", "l1"), ["unit, seed 0, has nan"]),
        (lambda: by_seed(RECORD, "unit", "validation", "name"), ["a str"]),
        (lambda: by_seed(RECORD, "unit", "validation", "none"), ["None"]),
        (
            lambda: trainings.curve_of(BROKEN, "t"),
            ["unit, seed 0", "'t' against 'cpu_seconds'", "not a finite"],
        ),
        (lambda: trainings.curve_of(BROKEN, "short"), ["3 x and 1 y"]),
        (lambda: trainings.curve_of(BROKEN, "l1", "epochs"), ["'epochs'", "did you mean 'epoch'?"]),
        (lambda: equal_time({0: BROKEN}, {0: LATE}, "l1"), ["x = 200", "900 to 902"]),
    ],
)
def test_errors_name_what_came(call, words):
    refusal(call, *words)


def test_spearman_is_one_for_the_same_order_and_minus_one_for_the_reverse():
    assert evidence.spearman([1, 5, 9], [0.1, 0.2, 0.3]) == pytest.approx(1)
    assert evidence.spearman([1, 5, 9], [3, 2, 1]) == pytest.approx(-1)
    # Without ties it is 1 - 6 sum d^2 / (n (n^2 - 1)).
    assert evidence.spearman([1, 2, 3, 4], [2, 1, 4, 3]) == pytest.approx(1 - 6 * 4 / (4 * 15))


def test_equal_values_share_their_rank():
    assert evidence.spearman([1, 1, 2], [1, 2, 3]) == pytest.approx(math.sqrt(3) / 2)
    assert evidence.spearman([1, 1, 2, 2], [1, 1, 2, 2]) == pytest.approx(1)


@pytest.mark.parametrize(
    "x, y, says", [([1, 2], [1], "2 x and 1 y"), ([1, 1], [1, 2], "no order"), ([1], [1], "2 or more")]
)
def test_no_rank_correlation_without_an_order(x, y, says):
    with pytest.raises(ValueError, match=says):
        evidence.spearman(x, y)
