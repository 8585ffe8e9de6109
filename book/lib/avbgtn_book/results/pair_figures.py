"""Differences by pairs of trainings, drawn: every pair is a dot, beside the mean and its interval."""

import math
from collections.abc import Iterable, Mapping
from statistics import median
from textwrap import fill

from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

from ..shared.canvas import DARK, GREY, BookFigure, styled
from ..shared.sheet import sheet
from .looks import HOLLOW, STEPS
from .statistics import Paired

FAR = 30  # a difference over the median one, from which on the axis is logarithmic outside
SIDE = 0.36  # least share of a panel on either side of zero


@styled
def differences(comparisons: Mapping[str, Paired], *, unit: str, better: str = "lower") -> BookFigure:
    """Differences by pairs: one row a comparison, a dot a seed, below them the mean with its 95 % interval;
    n and p beside.

    The mean's mark is filled where a difference was found, by the rule of :meth:`Paired.verdict`, and hollow
    elsewhere. Where one difference is more than thirty times the median of all, the axis is linear near zero
    and logarithmic beyond a pair of grey lines.

    Args:
        comparisons: ``{"hair, 2,000 epochs": paired(unit, avb_gtn, ("UNIT", "AVB-GTN"))}``,
            from top to bottom, all in one unit; a label has room for some 45 letters.
        unit: of the score, as "L1".
        better: "lower" or "higher" scores; says which side of zero is whose.

    Raises:
        ValueError: no comparison, or another word than those two.
    """
    if not comparisons:
        raise ValueError("got no comparison, expected one or more: give {label: paired(a, b)}")
    verdicts = {label: pairs.verdict(better) for label, pairs in comparisons.items()}
    figure, axes = sheet(height=0.5 * len(comparisons) + 0.85)
    axes.axvline(0, color="black", linewidth=1)
    spoken = []
    for row, (label, pairs) in enumerate(comparisons.items()):
        n = len(pairs.seeds)
        axes.plot(pairs.differences, [row] * n, marker="o", color=DARK[GREY], zorder=3, **HOLLOW)
        axes.plot([pairs.low, pairs.high], [row + 0.24] * 2, color="black", linewidth=2, zorder=3)
        fill_in = "black" if pairs.found else "white"
        axes.plot([pairs.mean], [row + 0.24], "D", color="black", markerfacecolor=fill_in, zorder=4)
        beside = {"transform": axes.get_yaxis_transform(), "va": "center"}
        axes.text(0, row - 0.3, label, bbox={"color": "white", "pad": 0.5}, zorder=2, **beside)
        axes.text(1.03, row + 0.1, f"n = {n}\np = {pairs.p:.2g}", linespacing=1.1, **beside)
        spoken.append(
            f"{label}: mean {pairs.mean:.3g}, 95 % interval {pairs.low:.3g} to {pairs.high:.3g}, n {n}, p "
            f"{pairs.p:.2g}, {verdicts[label]}"
        )
        if row:
            axes.axhline(row - 0.5, color="#dddddd", linewidth=0.6)
    axes.set_ylim(len(comparisons) - 0.5, -0.5)
    low, high = _around_zero([v for c in comparisons.values() for v in (c.low, c.high, *c.differences)])
    axes.set_xlim(low, high)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(f"difference in {unit}")
    sizes = [abs(d) for c in comparisons.values() for d in c.differences]
    if max(sizes) > FAR * median(sizes) > 0:
        near = 10 ** math.ceil(math.log10(2 * median(sizes)))
        axes.set_xscale("symlog", linthresh=near, linscale=1.5)
        beyond = [near * 10**k for k in range(4) if near * 10**k < max(-low, high)]
        axes.set_xticks([*(-v for v in reversed(beyond)), 0, *beyond])
        axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}".replace("-", "\N{MINUS SIGN}")))
        axes.xaxis.set_minor_locator(NullLocator())
        for edge in (-near, near):
            axes.axvline(edge, color="#bbbbbb", linewidth=0.8, zorder=0)
        axes.set_xlabel(f"difference in {unit}\n(logarithmic outside the grey lines)")
    else:
        axes.xaxis.set_major_locator(MaxNLocator(5, steps=STEPS))
    sides = [
        _one((pairs.names[k] for pairs in comparisons.values()), other)
        for k, other in enumerate(("the first", "the second"))
    ]
    left, right = sides if better == "lower" else sides[::-1]
    axes.set_title(fill(f"\N{LEFTWARDS ARROW} {left} better", 22), loc="left")
    axes.set_title(fill(f"{right} better \N{RIGHTWARDS ARROW}", 22), loc="right")
    figure.alt = (
        f"Differences in {unit}, a dot for each seed, with means and 95 % intervals, of {len(comparisons)} "
        f"comparisons; left of zero {left} is better, right of it {right}. {'; '.join(spoken)}."
    )
    return figure


def _one(words: Iterable[str], other: str) -> str:
    """The word if all are the same, else the other."""
    found = set(words)
    return found.pop() if len(found) == 1 else other


def _around_zero(values: list[float]) -> tuple[float, float]:
    """Limits with all values inside and zero nowhere near an edge:
    what a side is called stands on that side.
    """
    low, high = 1.08 * min(0, *values), 1.08 * max(0, *values)
    least = SIDE / (1 - SIDE)  # of the other side
    low, high = min(low, -least * high), max(high, -least * low)
    return (low, high) if low < high else (-1.0, 1.0)
