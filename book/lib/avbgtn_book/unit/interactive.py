"""The interactive figures of the UNIT chapter, each with what it computes and how it looks standing still.

Their scripts are ``square.js`` and ``balance.js``.
"""

import math
from collections.abc import Mapping

import torch

from ..interactive.figure import Choice, Interactive, Question, Value
from ..shared.canvas import BLUE, COLUMN, DARK, DASHES, GREEN, GREY, LIGHT, VERMILLION, BookFigure, column
from ..shared.sheet import sheet
from .exact import PLACES, best_code, returned, square_losses, translated

DOTTED = (0, (1, 1.5))
SHARES = {"all equal": (0.25, 0.25, 0.25, 0.25), "all different": (0.35, 0.30, 0.20, 0.15)}
MIRROR = ("no", "yes")
UNITS_BETA = math.log10(3.75e-4)  # of UNIT's own configuration
START = {"there": -100.0, "back": -30.0}


# --- a square, turned there and back ------------------------------------------------------------------------


def square() -> Interactive:
    """Turn the way there and the way back, and see which of three numbers notices."""

    def numbers(there: float, back: float, mirrored: str, shares: str) -> dict[str, float]:
        return square_losses(there, back, mirrored == "yes", SHARES[shares])

    wrong = numbers(90.0, -90.0, "no", "all equal")
    question = Question(
        "The four kinds are equally frequent, and the truth is that nothing moves. A learnt map turns by 90 "
        "degrees on the way there and by -90 degrees on the way back. What gives it away?",
        choices=("The distance of its translations to pile 2", "Its cycle error", "Neither of them"),
        answer=2,
        because=f"Both are {wrong['cycle']:.2f}, as for the truth, while the translation error is "
        f"{wrong['error']:.2f}. Find the other wrong maps for which both are zero: with the mirror there are "
        "seven of them. Then make the shares all different, and see how many of the seven are left.",
        then={"there": 90.0, "back": -90.0},
    )
    return Interactive(
        "unit-square",
        {
            "there": Value("turn on the way there, degrees", -180.0, 180.0, 5.0, START["there"], ".0f"),
            "back": Value("turn on the way back, degrees", -180.0, 180.0, 5.0, START["back"], ".0f"),
            "mirrored": Choice("mirror, there and back", MIRROR, "no"),
            "shares": Choice("shares of the kinds", tuple(SHARES), "all equal"),
        },
        numbers=numbers,
        draw=_square_still,
        alt="Two squares of four places with the letters A to D. In domain 2 the letters stand where the map "
        "sends them, in domain 1 where the way back brings them. Below, three curves against the angle of "
        "the way there: distance to pile 2, cycle error and translation error.",
        constants={"places": PLACES.tolist(), "shares": {name: list(p) for name, p in SHARES.items()}},
        question=question,
    )


@column
def _square_still(
    found: Mapping[str, float], there: float, back: float, mirrored: str, shares: str
) -> BookFigure:
    flipped, p = mirrored == "yes", SHARES[shares]
    figure = BookFigure(figsize=(COLUMN, 5.6), layout="constrained")
    grid = figure.add_gridspec(2, 2, height_ratios=[5, 3])
    planes = figure.add_subplot(grid[0, 0]), figure.add_subplot(grid[0, 1])
    points = returned(there, back, flipped), translated(there, flipped)
    for axes, at, title in zip(planes, points, ("domain 1, after the way back", "domain 2"), strict=True):
        for letter, place, now, share in zip("ABCD", PLACES.tolist(), at.tolist(), p, strict=True):
            axes.scatter(*place, s=2600 * share, marker="s", color=LIGHT[VERMILLION], linewidths=0)
            axes.text(
                1.5 * place[0], 1.5 * place[1], letter, color=DARK[VERMILLION], ha="center", va="center"
            )
            axes.text(*now, letter, color=BLUE, ha="center", va="center", fontweight="bold")
        axes.set(xlim=(-1, 1), ylim=(-1, 1), xticks=[], yticks=[], aspect="equal")
        axes.set_title(title, loc="left")
        axes.spines[["top", "right"]].set_visible(True)
    curves = figure.add_subplot(grid[1, :])
    angles = list(range(-180, 181, 5))
    table = [square_losses(float(angle), back, flipped, p) for angle in angles]
    for key, name, colour, line in (
        ("distance", "distance to pile 2", BLUE, "-"),
        ("cycle", "cycle error", DARK[GREEN], DOTTED),
        ("error", "translation error", DARK[VERMILLION], DASHES[1]),
    ):
        curves.plot(angles, [row[key] for row in table], color=colour, linestyle=line)
        curves.plot(there, found[key], "o", color=colour)
        curves.plot([], [], color=colour, linestyle=line, label=name)
    curves.set(
        xlim=(-180, 180), ylim=(0, 1.1), xticks=range(-180, 181, 90), xlabel="turn on the way there, degrees"
    )
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    figure.alt = (
        f"Four kinds at the corners of a square, turned by {there:g} degrees there and {back:g} back, "
        f"mirrored: {mirrored}; shares {shares}. Distance to pile 2 {found['distance']:.2f}, cycle error "
        f"{found['cycle']:.2f}, translation error {found['error']:.2f}."
    )
    return figure


# --- the coefficient of the KL ------------------------------------------------------------------------------


def balance() -> Interactive:
    """Drag the coefficient of the KL, and see where the codes go."""

    def numbers(log_beta: float, spread: float) -> dict[str, float]:
        return best_code(10**log_beta, spread)

    units = numbers(UNITS_BETA, 0.4)
    question = Question(
        "With UNIT's coefficient, the codes of this model lie far apart. The ELBO itself has the coefficient "
        "1. What does the best code then say about x, if the Laplace distribution has the scale one?",
        choices=("More than with UNIT's", "Less, about one nat", "Nothing at all"),
        answer=2,
        because=f"With UNIT's coefficient the KL is {units['kl']:.0f} nats per value and the error "
        f"{units['error']:.3f}. With 1 all codes have the distribution of the prior, which is posterior "
        "collapse: a likelihood of scale one gains so little from knowing x, which spreads by 0.4 only, that "
        "no code is worth its KL. Drag the coefficient to where the codes come apart.",
        then={"log_beta": 0.0, "spread": 0.4},
    )
    return Interactive(
        "unit-balance",
        {
            "log_beta": Value("log10 of the coefficient beta", -4.0, 0.5, 0.05, -2.0),
            "spread": Value("spread s of the values", 0.1, 0.8, 0.05, 0.4),
        },
        numbers=numbers,
        draw=_balance_still,
        alt="Above, the prior and the approximate posteriors of three values, which lie apart or on the "
        "prior. Below, the reconstruction error against the coefficient of the KL, with a marked point.",
        constants={"unit": UNITS_BETA},
        question=question,
    )


@column
def _balance_still(found: Mapping[str, float], log_beta: float, spread: float) -> BookFigure:
    figure, (top, bottom) = sheet(2, 1, height=2.2, width=COLUMN)
    z = torch.linspace(-20, 20, 801, dtype=torch.float64)
    for mean in (-1, 0, 1):
        top.plot(z, (-0.5 * (z - mean * found["square"] ** 0.5) ** 2).exp(), color=BLUE)
    top.plot(z, (-0.5 * z.square()).exp(), color=VERMILLION, linestyle=DASHES[1])
    top.set(xlim=(-20, 20), ylim=(0, 1.25), yticks=[], xlabel="code $z$")
    top.text(-20, 1.08, "posteriors of $x = -s$, $0$ and $s$", color=DARK[BLUE])
    top.text(20, 1.08, "prior", color=DARK[VERMILLION], ha="right")
    logs = torch.linspace(-4, 0.5, 181).tolist()
    bottom.plot(logs, [best_code(10**log, spread)["error"] for log in logs], color=GREEN)
    bottom.plot(log_beta, found["error"], "o", color=BLUE, markersize=9)
    bottom.axvline(UNITS_BETA, color=GREY, linewidth=0.8)
    bottom.text(UNITS_BETA + 0.04, 0.6, "UNIT's")
    bottom.set(xlim=(-4, 0.5), ylim=(0, 0.7), xlabel=r"$\log_{10} \beta$", ylabel="error")
    figure.alt = (
        f"At a coefficient of 10 to the {log_beta:g} and a spread of {spread:g} the posteriors of three "
        f"values have a mean square of {found['square']:.2f}; the prior has variance 1. The error is "
        f"{found['error']:.3f}."
    )
    return figure
