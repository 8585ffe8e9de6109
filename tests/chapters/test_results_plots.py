"""Figures of the study: every seed is drawn, medians are those of the seeds,
and the words name the numbers.
"""

import copy
import math
from statistics import fmean, median

import pytest

from avbgtn.study.grid import GRIDS
from avbgtn_book.results import figures as results
from avbgtn_book.results.looks import looks_of
from avbgtn_book.results.statistics import paired
from avbgtn_book.results.trainings import by_seed
from avbgtn_book.shared.canvas import COLOURS, MOST_BYTES, WIDTH, styled
from refusals import refusal

SEEDS = {"unit": 8, "avb_gtn": 8, "unit-twin": 8, "avb_gtn-twin": 8, "unit-no-kl": 3}
FOUR = list(SEEDS)[:4]
L1 = ("validation", "l1_hair")


def record():
    """Invented: seed k of each variant is k thousandths above the variant's level."""
    cells = {}
    for i, (variant, seeds) in enumerate(SEEDS.items()):
        for k in range(seeds):
            end, pace = 0.05 + 0.01 * i + 0.001 * k, 0.1 + 0.01 * k
            cells[f"{variant}-seed{k}"] = {
                "variant": variant, "seed": k, "model": variant.split("-")[0], "cpu_seconds": 400 * pace,
                "curve": {
                    "epoch": [100, 200, 300, 400],
                    "cpu_seconds": [pace * e for e in (100, 200, 300, 400)],
                    "l1_hair": [end + 0.03, end + 0.02, end + 0.01, end],
                },
                "validation": {"l1_hair": end, "psnr": 20 - 10 * end},
                "test": {"l1_hair": end + 0.1, "psnr": 19.0},
                "codes": {"domain": 0.9 + 0.01 * k},
            }  # fmt: skip
    return {"grid": "full", "epochs": 400, "cells": cells}


STUDY = record()


def lines(axes, **look):
    """The lines with points, of such a look."""
    return [
        line
        for line in axes.lines
        if len(line.get_xdata()) and all(getattr(line, f"get_{k}")() == v for k, v in look.items())
    ]


def marks(axes):
    """Points of the lines that are nothing but hollow marks: ``[(xs, ys, colour, mark)]``."""
    found = [line for line in lines(axes, linestyle="None") if line.get_marker() != "None"]
    return [
        (
            [float(x) for x in line.get_xdata()],
            [float(y) for y in line.get_ydata()],
            line.get_color(),
            line.get_marker(),
        )
        for line in found
    ]


@styled
def laid_out(figure):
    figure.draw_without_rendering()
    return figure


def inside(figure):
    """All letters lie on the sheet, so nothing is cut off, and the sheet is as wide as the book."""
    laid_out(figure)
    wide, high = figure.get_size_inches() * figure.dpi
    assert figure.get_figwidth() == WIDTH
    for axes in figure.axes:
        texts = [*axes.texts, axes.title, axes._left_title, axes._right_title, axes.xaxis.label]
        for text in texts:
            if axes.axison and text.get_text():
                box = text.get_window_extent()
                assert -1 <= box.x0 and box.x1 <= wide + 1 and -1 <= box.y0 and box.y1 <= high + 1, (
                    text.get_text()
                )


# --- curves -------------------------------------------------------------------------------------------------


def test_curves_have_a_line_a_seed_and_the_median_of_them():
    figure = results.curves(STUDY, FOUR, "l1_hair", label="L1 in the hair", references={"copying": 0.22})
    axes = figure.axes[0]
    thin, thick = lines(axes, linewidth=0.7), lines(axes, linewidth=2.0)
    assert len(thin) == 32 and len(thick) == 4
    assert thin[3].get_ydata() == pytest.approx([0.083, 0.073, 0.063, 0.053])
    assert thick[0].get_xdata().tolist() == [100, 200, 300, 400]
    assert thick[0].get_ydata() == pytest.approx([0.0835, 0.0735, 0.0635, 0.0535])
    assert (thick[0].get_color(), thick[1].get_color()) == (COLOURS["UNIT"], COLOURS["AVB-GTN"])
    assert len({line.get_color() for line in thick}) == len({line.get_marker() for line in thick}) == 4
    assert thick[0].get_linestyle() != thick[1].get_linestyle()
    assert [t.get_text() for t in figure.legends[0].get_texts()] == [
        "UNIT, n = 8", "AVB-GTN, n = 8", "UNIT (twin), n = 8", "AVB-GTN (twin), n = 8",
    ]  # fmt: skip
    assert (
        "UNIT, 8 seeds, median 0.0835 at 100 and 0.0535 at 400" in figure.alt and "copying 0.22" in figure.alt
    )
    assert not any(digit in repr(figure) for digit in ("0.08", "0.05")), "a repr must not change between runs"
    assert "copying" in [t.get_text() for t in axes.texts]
    inside(figure)
    assert len(figure.png()) < MOST_BYTES


def test_along_seconds_the_median_ends_with_the_quickest_training():
    figure = results.curves(
        STUDY, ["unit"], "l1_hair", against="cpu_seconds", label="L1", names={"unit": "U"}
    )
    (mean,) = lines(figure.axes[0], linewidth=2.0)
    xs, ys = mean.get_xdata(), mean.get_ydata()
    assert (xs[0], xs[-1]) == pytest.approx((17.0, 40.0)), "from the slowest's first to the quickest's last"
    ends = [0.05 + 0.001 * k + 0.03 - 0.0001 * (40 / (0.1 + 0.01 * k) - 100) for k in range(8)]
    assert ys[-1] == pytest.approx(median(ends))
    assert figure.axes[0].get_xlabel() == "CPU-seconds" and "U, 8 seeds" in figure.alt


# --- dots ---------------------------------------------------------------------------------------------------


def test_dots_are_the_seeds_and_ticks_are_their_medians():
    scores = {"l1_hair": "L1 in the hair", "psnr": "PSNR", ("codes", "domain"): "domain from the code"}
    figure = results.dots(
        STUDY, list(SEEDS), scores, references={"l1_hair": {"copying": 0.22, "colour": 0.1}}
    )
    l1, psnr, domain, empty = figure.axes
    assert not empty.axison
    for axes, path in ((l1, L1), (psnr, ("validation", "psnr")), (domain, ("codes", "domain"))):
        drawn = marks(axes)
        assert [len(xs) for xs, *_ in drawn] == list(SEEDS.values())
        assert len({mark for *_, mark in drawn}) == 5 and len({colour for _, _, colour, _ in drawn}) == 5
        for row, (variant, (xs, ys, *_)) in enumerate(zip(SEEDS, drawn, strict=True)):
            values = by_seed(STUDY, variant, *path)
            assert xs == pytest.approx(list(values.values()))
            assert (
                ys == sorted(ys) and all(abs(y - row) < 0.4 for y in ys) and fmean(ys) == pytest.approx(row)
            )
        ticks = [line.get_xdata()[0] for line in lines(axes, linewidth=2.2)]
        assert ticks == pytest.approx([median(by_seed(STUDY, v, *path).values()) for v in SEEDS])
    assert {line.get_xdata()[0] for line in lines(l1, color="#767676")} == {0.22, 0.1}
    assert [t.get_text() for t in l1.texts] == ["copying", "colour"] and not psnr.texts
    names = ["UNIT", "AVB-GTN", "UNIT (twin)", "AVB-GTN (twin)", "UNIT (no kl)"]
    assert [t.get_text() for t in l1.get_yticklabels()] == names
    assert "L1 in the hair: UNIT 0.0535 (0.05 to 0.057)" in figure.alt and "copying 0.22" in figure.alt
    assert "AVB-GTN (twin) 0.935 (0.9 to 0.97)" in figure.alt
    inside(figure)


def test_dots_of_the_test_split_and_of_one_seed():
    one = {"cells": {"unit-seed0": STUDY["cells"]["unit-seed0"]}}
    figure = results.dots(one, ["unit"], {"l1_hair": "L1"}, split="test", names={"unit": "as written"})
    assert marks(figure.axes[0])[0][:2] == (pytest.approx([0.15]), [0.0])
    assert figure.alt.endswith("L1: as written 0.15.")
    inside(figure)


def test_a_name_of_a_reference_stands_on_the_side_with_room():
    figure = results.dots(
        STUDY, ["unit"], {"l1_hair": "L1"}, references={"l1_hair": {"low": 0.01, "high": 0.22}}
    )
    assert [t.get_ha() for t in figure.axes[0].texts] == ["left", "right"]


# --- differences --------------------------------------------------------------------------------------------


def compared(a="unit", b="avb_gtn", path=L1):
    return paired(by_seed(STUDY, a, *path), by_seed(STUDY, b, *path), ("UNIT", "AVB-GTN"))


def test_differences_show_seeds_interval_and_p():
    a = {k: v + 0.002 * (k % 3) for k, v in by_seed(STUDY, "unit", *L1).items()}
    rows = {
        "hair": paired(a, by_seed(STUDY, "avb_gtn", *L1), ("UNIT", "AVB-GTN")),
        "twins": compared("unit-twin", "unit-no-kl"),
    }
    figure = results.differences(rows, unit="L1")
    (axes,) = figure.axes
    dots = [xs for xs, *_, mark in marks(axes) if mark == "o"]
    assert [len(xs) for xs in dots] == [8, 3] and dots[0] == pytest.approx(rows["hair"].differences)
    intervals = lines(axes, linewidth=2)
    assert list(intervals[0].get_xdata()) == [rows["hair"].low, rows["hair"].high]
    means = lines(axes, marker="D")
    assert [line.get_markerfacecolor() for line in means] == ["black", "white"], "filled where one was found"
    assert means[0].get_xdata()[0] == rows["hair"].mean
    assert [t.get_text() for t in axes.texts] == ["hair", "n = 8\np = 0.0078", "twins", "n = 3\np = 0.25"]
    assert "hair: mean -0.00825," in figure.alt and "n 8, p 0.0078, UNIT is better" in figure.alt
    assert "n 3, p 0.25, a hint that UNIT is better" in figure.alt
    assert lines(axes, linewidth=1)[0].get_xdata()[0] == 0
    inside(figure)


@pytest.mark.parametrize("better, left, right", [("lower", "UNIT", "AVB-GTN"), ("higher", "AVB-GTN", "UNIT")])
def test_each_side_of_zero_is_called_by_who_is_better_there(better, left, right):
    figure = results.differences(
        {"hair": compared(), "back": compared("avb_gtn", "unit")}, unit="L1", better=better
    )
    (axes,) = figure.axes
    assert axes.get_title("left") == f"← {left} better" and axes.get_title("right") == f"{right} better →"
    assert f"left of zero {left} is better" in figure.alt


def test_the_name_of_a_side_stands_on_it_where_all_differences_are_on_the_other():
    for a, b in (("unit", "avb_gtn"), ("avb_gtn", "unit")):
        figure = laid_out(results.differences({"hair": compared(a, b)}, unit="L1"))
        (axes,) = figure.axes
        zero = axes.transData.transform((0, 0))[0]
        assert axes._left_title.get_window_extent().x1 < zero < axes._right_title.get_window_extent().x0
        low, high = axes.get_xlim()
        assert low < min(compared(a, b).low, 0) and max(compared(a, b).high, 0) < high


def test_rows_of_different_pairs_and_equal_scores():
    other = paired({0: 1.0, 1: 1.0}, {0: 1.0, 1: 1.0}, ("UNIT, no KL", "UNIT"))
    axes = results.differences({"a": compared(), "b": other}, unit="L1").axes[0]
    assert (axes.get_title("left"), axes.get_title("right")) == ("← the first better", "the second better →")
    assert results.differences({"b": other}, unit="L1").axes[0].get_xlim() == (-1, 1)


# --- one score against another ------------------------------------------------------------------------------


def test_scatter_has_a_mark_a_seed():
    figure = results.scatter(STUDY, FOUR, ("codes", "domain"), L1, ("accuracy", "L1 in the hair"))
    (axes,) = figure.axes
    drawn = marks(axes)
    assert [len(xs) for xs, *_ in drawn] == [8] * 4 and len({mark for *_, mark in drawn}) == 4
    assert drawn[1][:2] == (
        pytest.approx([0.9 + 0.01 * k for k in range(8)]),
        pytest.approx([0.06 + 0.001 * k for k in range(8)]),
    )
    assert "AVB-GTN, 8 seeds: 0.935 (0.9 to 0.97) against 0.0635 (0.06 to 0.067)" in figure.alt
    inside(figure)


# --- what is refused ----------------------------------------------------------------------------------------

NAN = copy.deepcopy(STUDY)
NAN["cells"]["unit-seed3"]["curve"]["l1_hair"][1] = math.nan
NAN["cells"]["unit-seed3"]["codes"]["domain"] = math.nan
APART = copy.deepcopy(STUDY)
APART["cells"]["unit-seed3"]["curve"]["epoch"] = [500, 600, 700, 800]


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: results.curves(STUDY, ["unt"], "l1_hair", label="L1"), ["'unt'", "did you mean 'unit'?"]),
        (
            lambda: results.curves(STUDY, ["unit"], "l1_har", label="L1"),
            ["unit, seed 0", "did you mean 'l1_hair'?"],
        ),
        (
            lambda: results.curves(STUDY, ["unit"], "l1_hair", against="hours", label="L1"),
            ["'hours'", "cpu_seconds"],
        ),
        (lambda: results.curves(STUDY, [], "l1_hair", label="L1"), ["no variant"]),
        (lambda: results.curves(NAN, ["unit"], "l1_hair", label="L1"), ["unit, seed 3", "not a finite"]),
        (
            lambda: results.curves(APART, ["unit"], "l1_hair", label="L1"),
            ["of unit", "ends at 400", "begins at 500"],
        ),
        (lambda: results.dots(STUDY, ["unit"], {}), ["0 scores"]),
        (lambda: results.dots(STUDY, ["unit"], {"l1_har": "L1"}), ["did you mean 'l1_hair'?"]),
        (
            lambda: results.dots(STUDY, ["unit"], {"l1_hair": "L1"}, split="tset"),
            ["'tset'", "did you mean 'test'?"],
        ),
        (
            lambda: results.dots(STUDY, ["unit"], {"l1_hair": "L1"}, references={"psnr": {"a": 1}}),
            ["['psnr']"],
        ),
        (lambda: results.dots(NAN, ["unit"], {("codes", "domain"): "d"}), ["unit, seed 3", "nan"]),
        (
            lambda: results.scatter(STUDY, ["unit"], ("codes", "doman"), L1, ("a", "b")),
            ["did you mean 'domain'?"],
        ),
        (lambda: results.scatter(STUDY, ["unit-twn"], ("codes", "domain"), L1, ("a", "b")), ["'unit-twin'"]),
        (lambda: results.differences({}, unit="L1"), ["no comparison"]),
        (lambda: results.differences({"hair": compared()}, unit="L1", better="less"), ["'less'"]),
    ],
)
def test_errors_name_what_came(call, words):
    refusal(call, *words)


def test_a_panel_with_one_score_far_away_is_logarithmic():
    far = copy.deepcopy(STUDY)
    far["cells"]["unit-seed3"]["validation"]["l1_hair"] = 0.5
    for study, scale in ((STUDY, "linear"), (far, "log")):
        figure = results.dots(study, FOUR, {"l1_hair": "L1 in the hair"})
        assert figure.axes[0].get_xscale() == scale
        inside(figure)


def test_no_two_variants_of_the_study_look_alike():
    names = [v.name for v in GRIDS["full"].variants]
    looks = [look[:2] for look in looks_of(names).values()]  # a scatter has no dashes
    assert len(set(looks)) == len(names)


@pytest.mark.parametrize("axis", ["x", "y"])
def test_a_scatter_over_more_than_a_factor_of_three_is_logarithmic(axis):
    study = copy.deepcopy(STUDY)
    far = next(iter(study["cells"].values()))
    path = {"x": ("codes", "domain"), "y": ("validation", "l1_hair")}
    far[path[axis][0]][path[axis][1]] *= 4
    figure = results.scatter(study, [far["variant"]], path["x"], path["y"], ("x", "y"))
    (axes,) = figure.axes
    scales = {"x": axes.get_xscale(), "y": axes.get_yscale()}
    assert scales.pop(axis) == "log" and set(scales.values()) == {"linear"}
    assert "Medians, and smallest to largest" in figure.alt


def test_one_far_difference_makes_the_axis_logarithmic_away_from_zero():
    near = {"a": paired({0: 1.0, 1: 2.0, 2: 3.0}, {0: 1.5, 1: 1.0, 2: 2.5}, ("A", "B"))}
    far = near | {"b": paired({0: 1.0, 1: 2.0, 2: 90.0}, {0: 1.5, 1: 1.0, 2: 2.5}, ("A", "B"))}
    assert results.differences(near, unit="L1").axes[0].get_xscale() == "linear"
    figure = results.differences(far, unit="L1")
    (axes,) = figure.axes
    assert axes.get_xscale() == "symlog" and "logarithmic outside the grey lines" in axes.get_xlabel()
    ticks = sorted(axes.get_xticks())
    assert 0 in ticks and ticks == [-t for t in reversed(ticks)]
    inside(figure)
