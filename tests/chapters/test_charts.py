"""Curves: the numbers that are drawn are the numbers that were given, and nothing hides."""

import math

import pytest

from avbgtn_book.shared.canvas import COLOURS, MOST_BYTES
from avbgtn_book.shared.curves import learning_curves
from refusals import refusal

LINES = {
    "unit": [
        {"epoch": e, "loss": 1 / e, **({"val/l1": 0.2} if e % 200 == 0 else {})}
        for e in range(100, 1100, 100)
    ],
    "avb_gtn": [
        {"epoch": e, "loss": 2 / e, "t": 1.0 if e != 300 else math.nan} for e in range(100, 1100, 100)
    ],
}


def drawn(axes):
    """Lines with points, without those of the legend and of references."""
    return [line for line in axes.lines if len(line.get_xdata()) and line.get_color() != "#767676"]


def test_curves_hold_every_finite_point():
    figure = learning_curves(LINES, {"loss": "loss", "val/l1": "L1", "t": "T"})
    loss, l1, t = figure.axes
    assert [len(line.get_xdata()) for line in drawn(loss)] == [10, 10]
    assert drawn(l1)[0].get_xdata().tolist() == [200, 400, 600, 800, 1000]
    assert 300 not in drawn(t)[0].get_xdata() and len(drawn(t)) == 1
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["loss", "L1", "T"]
    assert "UNIT and AVB-GTN" in figure.alt and "loss, L1 and T" in figure.alt


def test_models_differ_in_colour_and_in_dashes_and_keep_them():
    loss, t = learning_curves(LINES, ["loss", "t"]).axes
    unit, avb_gtn = drawn(loss)
    assert (unit.get_color(), avb_gtn.get_color()) == (COLOURS["UNIT"], COLOURS["AVB-GTN"])
    assert unit.get_linestyle() != avb_gtn.get_linestyle()
    alone = drawn(t)[0]
    assert (alone.get_color(), alone.get_linestyle()) == (avb_gtn.get_color(), avb_gtn.get_linestyle())


def test_epochs_have_thousands_separators_and_references_their_names():
    lines = {"unit": [{"epoch": e, "loss": 1.0} for e in range(0, 50001, 5000)]}
    figure = learning_curves(lines, ["loss"], references={"loss": {"chance": 1.386}})
    file = figure.png()
    assert len(file) < MOST_BYTES
    axes = figure.axes[0]
    assert "20,000" in [label.get_text() for label in axes.get_xticklabels()]
    assert {"UNIT", "chance"} == {text.get_text() for text in axes.texts} and axes.get_ylim()[1] > 1.386


def test_names_stand_beside_their_lines_and_apart_from_each_other():
    lines = {name: [{"epoch": e, "a": v, "b": 9.0} for e in (1, 2)] for name, v in (("unit", 1), ("x", 1.01))}
    lines["y"] = [{"epoch": e, "a": 7.0, "b": 8.0} for e in (1, 2)]
    for panel in learning_curves(lines, ["a", "b"], references={"a": {"chance": 6.99}}, log=True).axes:
        at = sorted(text.xy[1] for text in panel.texts)
        assert min(b - a for a, b in zip(at, at[1:], strict=False)) > 0.12 and -0.3 < at[0] < at[-1] < 1.01
    heights = {text.get_text(): text.xy[1] for text in learning_curves(lines, ["a"]).axes[0].texts}
    assert heights["UNIT"] < 0.3 and heights["y"] > 0.8


def test_panels_that_are_compared_share_their_axis():
    lines = {"unit": [{"epoch": e, "rec": 0.1, "cyc": 0.5, "d": 3.0} for e in (1, 2)]}
    rec, cyc, d = learning_curves(lines, ["rec", "cyc", "d"], alike=("rec", "cyc")).axes
    assert rec.get_ylim() == cyc.get_ylim() != d.get_ylim()
    assert rec.get_ylim()[0] < 0.1 and rec.get_ylim()[1] > 0.5


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: learning_curves(LINES, ["los"]), ["'los'", "loss"]),
        (lambda: learning_curves({}, ["loss"]), ["0 models"]),
    ],
)
def test_errors_name_what_came(call, words):
    refusal(call, *words)
