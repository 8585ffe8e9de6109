"""The interactive figures of the chapter on critics: what each computes, and how it looks standing still.

Their scripts are ``lines.js``, ``piles.js`` and ``slope.js``.
"""

import math
from collections.abc import Mapping

import torch

from ..further import penalty
from ..interactive.figure import Choice, Interactive, Question, Value
from ..shared.canvas import BLUE, COLUMN, DASHES, GREEN, GREY, PURPLE, VERMILLION, BookFigure, column
from ..shared.sheet import sheet
from . import lines, transport

F64 = torch.float64
PLACES = 10
P = (0.1, 0.2, 0.05, 0.05, 0.1, 0.2, 0.1, 0.1, 0.05, 0.05)


# --- two lines ----------------------------------------------------------------------------------------------


def two_lines() -> Interactive:
    """Drag two thick lines apart, and see KL, JS and W."""

    def numbers(theta: float, thickness: float) -> dict[str, float]:
        js = lines.js(theta, thickness)
        return {
            "kl": lines.kl(theta, thickness),
            "js": js,
            "share": js / math.log(2),
            "w": lines.wasserstein(theta),
        }

    near, far = numbers(0.5, 0.05), numbers(1.0, 0.05)
    question = Question(
        "The second line moves from 0.5 to 1, twice as far from the first. Which of the three numbers says "
        "that it is now twice as far away?",
        choices=("The KL divergence", "The JS divergence", "The distance W"),
        answer=2,
        because=f"W goes from {near['w']:g} to {far['w']:g}. The JS stays at {far['js']:.3f} nats, since it "
        f"had reached {near['share']:.1%} of log 2 already, and the KL goes from {near['kl']:.0f} to "
        f"{far['kl']:.0f} nats and would be infinite for lines without thickness.",
        then={"theta": 1.0, "thickness": 0.05},
    )
    return Interactive(
        "critics-lines",
        {
            "theta": Value("distance of the lines", -1.0, 1.0, 0.01, 0.5),
            "thickness": Value("thickness of the lines", 0.02, 0.4, 0.01, 0.05),
        },
        numbers=numbers,
        draw=_lines_still,
        alt="Two vertical bands, the data and the generator. Below them the JS divergence and the distance W "
        "against the generator's place, with a dot where it stands.",
        question=question,
    )


@column
def _lines_still(found: Mapping[str, float], theta: float, thickness: float) -> BookFigure:
    figure, (top, middle, bottom) = sheet(3, 1, height=1.7, width=COLUMN, sharex=True)
    x = torch.linspace(-1.5, 1.5, 601, dtype=F64)
    for at, colour, dash in ((0.0, VERMILLION, DASHES[1]), (theta, BLUE, "-")):
        top.plot(x, torch.exp(-0.5 * ((x - at) / thickness).square()), color=colour, linestyle=dash)
    top.set(yticks=[], ylim=(0, 1.1))
    thetas = torch.linspace(-1, 1, 81).tolist()
    middle.plot(thetas, [lines.js(t, thickness, points=401) for t in thetas], color=PURPLE)
    middle.plot([theta], [found["js"]], "o", color=PURPLE, markersize=9)
    middle.set(ylim=(0, 0.75), ylabel="JS", title=f"JS {found['js']:.3f} nats, KL {found['kl']:.3g} nats")
    bottom.plot(thetas, [abs(t) for t in thetas], color=GREEN)
    bottom.plot([theta], [found["w"]], "o", color=GREEN, markersize=9)
    bottom.set(ylim=(0, 1.1), ylabel="W", xlabel="across", title=f"W {found['w']:.2f}", xlim=(-1.5, 1.5))
    figure.alt = (
        f"Two lines of thickness {thickness:g} and {theta:g} apart: KL {found['kl']:.3g} nats, JS "
        f"{found['js']:.3f} nats, W {found['w']:.2f}."
    )
    return figure


# --- piles --------------------------------------------------------------------------------------------------


def piles() -> Interactive:
    """Drag where a pile lies and how unevenly it is spread, and see which way the earth must go."""

    def pile(place: float, width: float) -> torch.Tensor:
        x = torch.arange(PLACES, dtype=F64)
        weight = torch.exp(-0.5 * ((x - place) / width).square())
        return weight / weight.sum()

    def numbers(place: float, width: float) -> dict[str, float]:
        q, p, x = pile(place, width), torch.tensor(P, dtype=F64), range(PLACES)
        way = transport.distances(x, x)
        return {
            "w": transport.sorted_distance(x, x, p, q),
            "independent": float((transport.independent_plan(p, q) * way).sum()),
            "across": float((p - q)[:5].sum()),
        }

    start = numbers(7.0, 1.5)
    question = Question(
        "Earth is carried from the orange piles to the blue ones. It costs its mass times its way. About how "
        "much does the best plan cost?",
        answer=round(start["w"], 2),
        unit="masses times places",
        within=0.5,
        because=f"The best plan carries {start['across']:.2f} across the middle, from place 4 to place 5, "
        f"and adds up to {start['w']:.2f}. A plan that does not look where the earth is needed, and spreads "
        f"every pile over all places, costs {start['independent']:.2f}.",
    )
    return Interactive(
        "critics-piles",
        {
            "place": Value("middle of the blue piles", 0.0, 9.0, 0.1, 7.0),
            "width": Value("width of the blue piles", 0.5, 4.0, 0.1, 1.5),
        },
        numbers=numbers,
        draw=lambda found, **values: _piles_still(found, pile(**values)),
        alt="Orange piles of earth at ten places and blue piles, where it is to go. Below, the earth that "
        "crosses each gap between two places; its area is the cost.",
        constants={"p": list(P)},
        question=question,
    )


@column
def _piles_still(found: Mapping[str, float], q: torch.Tensor) -> BookFigure:
    figure, (top, bottom) = sheet(2, 1, height=2.0, width=COLUMN, sharex=True)
    x = torch.arange(PLACES, dtype=F64)
    p = torch.tensor(P, dtype=F64)
    top.bar(x - 0.2, p, width=0.4, color=VERMILLION)
    top.bar(x + 0.2, q, width=0.4, color=BLUE, hatch="///", edgecolor="white")
    top.set(ylabel="mass", ylim=(0, 0.85))
    bottom.axhline(0, color=GREY, linewidth=0.8)
    bottom.bar(x[:-1] + 0.5, torch.cumsum(p - q, 0)[:-1], width=1.0, color=GREEN, edgecolor="white")
    bottom.set(ylabel="carried right", xlabel="place", ylim=(-1, 1), xticks=list(range(PLACES)))
    bottom.set_title(f"best plan {found['w']:.2f}, independent plan {found['independent']:.2f}")
    figure.alt = (
        f"Two sets of piles at ten places and the earth between them; the best plan costs {found['w']:.2f}, "
        f"the independent one {found['independent']:.2f}."
    )
    return figure


# --- the slope that a penalty allows ------------------------------------------------------------------------

SQUARED, LINEAR = "squared", "linear, above 1 only"


def slope() -> Interactive:
    """Drag lambda and the distance, and see which slope the best critic takes."""

    def numbers(distance: float, weight: float, form: str) -> dict[str, float]:
        if form == SQUARED:
            k = penalty.optimal_slope(distance, weight)
        else:
            k = 1.0 if distance <= weight else math.inf
        # beyond lambda the linear penalty sets no limit; 99 stands for that
        return {"slope": min(k, 99.0), "reported": min(distance * k, 999.0)}

    at = numbers(6.0, 10.0, SQUARED)
    question = Question(
        "Two clouds are 6 apart, and the coefficient of the squared penalty is 10. Which distance does the "
        "best critic report?",
        answer=at["reported"],
        unit="",
        within=0.3,
        because=f"The slope of the best critic is 1 + 6/20 = {at['slope']:g}, not 1, so it reports "
        f"{at['reported']:g}. Larger coefficients bring the slope closer to 1.",
    )
    return Interactive(
        "critics-slope",
        {
            "distance": Value("distance W", 0.5, 12.0, 0.5, 6.0),
            "weight": Value("lambda", 0.5, 20.0, 0.5, 10.0),
            "form": Choice("penalty", (SQUARED, LINEAR), SQUARED),
        },
        numbers=numbers,
        draw=_slope_still,
        alt="What a linear critic maximises against its slope k: the gain W k less the penalty. A dot marks "
        "the best slope.",
        question=question,
    )


@column
def _slope_still(found: Mapping[str, float], distance: float, weight: float, form: str) -> BookFigure:
    figure, axes = sheet(height=3.6, width=COLUMN)
    k = torch.linspace(0, 4, 401, dtype=F64)
    kind = "two_sided" if form == SQUARED else "linear"
    paid = weight * penalty.slope_penalty(k, kind)
    axes.plot(k, distance * k, color=GREY, linestyle=DASHES[1])
    axes.plot(k, distance * k - paid, color=BLUE)
    axes.axvline(1, color="black", linewidth=0.8)
    if found["slope"] <= 4:
        best = torch.tensor([found["slope"]], dtype=F64)
        worth = distance * best - weight * penalty.slope_penalty(best, kind)
        axes.plot(best, worth, "o", color=BLUE, markersize=10)
    axes.set(xlabel="slope $k$", ylabel="gain less penalty", xlim=(0, 4), ylim=(-20, 30))
    axes.set_title(f"W {distance:g}, reported {found['reported']:.2f}")
    figure.alt = (
        f"Gain less penalty against the slope, at distance {distance:g} and lambda {weight:g}; the best "
        f"slope is {found['slope']:.2f}, and the critic reports {found['reported']:.2f}."
    )
    return figure
