"""The interactive figures of the chapter on divergences: what each computes, and how it looks standing still.

Their scripts are ``humps.js`` and ``tangent.js``.
"""

from collections.abc import Mapping

import torch

from ..gan import gan
from ..interactive.figure import Choice, Interactive, Question, Value
from ..shared.canvas import BLUE, COLUMN, DARK, DASHES, GREEN, VERMILLION, BookFigure, column
from ..shared.sheet import sheet
from . import fits, rows

F64 = torch.float64
MOST = 99.0  # of a divergence that is said


# --- two humps ----------------------------------------------------------------------------------------------


def humps() -> Interactive:
    """Drag one Gaussian over two humps, and see how far it is from the best fit by each divergence."""
    best = fits.all_fits()
    x = gan.grid(-16, 16, 1601)
    log_p = fits.HUMPS.log_density(x)

    def numbers(mean: float, std: float, by: str) -> dict[str, float]:
        found = fits.divergence(by, log_p, gan.bell(mean, std).log_density(x), x).item()
        value = min(MOST, found)
        return {"value": value, "above": min(MOST, value - best[by].value)}

    widest, narrowest = best["Pearson"], best["reverse KL"]
    question = Question(
        "Each divergence has a best Gaussian for these two humps. Which of the five makes it widest?",
        choices=tuple(f"The {name}" if "KL" in name or name == "JS" else name for name in fits.NAMES),
        answer=fits.NAMES.index("Pearson"),
        because=f"Pearson's fit has the width {widest.std:.2f}. It divides by q, so data where the Gaussian "
        f"is thin cost most of all. The reverse KL, which charges for samples where there are no data, has "
        f"the narrowest fit, {narrowest.std:.2f}. In between come Jeffrey, JS and KL.",
        then={"by": "Pearson", "mean": 0.2, "std": 1.7},
    )
    constants = {
        "humps": {key: list(getattr(fits.HUMPS, key)) for key in ("means", "stds", "weights")},
        "best": {name: list(found) for name, found in best.items()},
    }
    return Interactive(
        "divergences-humps",
        {
            "mean": Value("mean of the Gaussian", -2.0, 2.0, 0.05, -0.5),
            "std": Value("width of the Gaussian", 0.8, 2.5, 0.05, 1.2),
            "by": Choice("divergence", fits.NAMES, "KL"),
        },
        numbers=numbers,
        draw=lambda found, **values: _humps_still(found, best, **values),
        alt="The density of the data, which has two humps, and over it one Gaussian that can be dragged and "
        "widened, with the best Gaussian by the chosen divergence.",
        constants=constants,
        question=question,
    )


@column
def _humps_still(
    found: Mapping[str, float], best: Mapping[str, fits.Fit], mean: float, std: float, by: str
) -> BookFigure:
    figure, axes = sheet(height=3.4, width=COLUMN)
    x = torch.linspace(-4.5, 4.5, 601, dtype=F64)
    axes.plot(x, fits.HUMPS.log_density(x).exp(), color=VERMILLION, linestyle=DASHES[1])
    axes.plot(x, gan.bell(mean, std).log_density(x).exp(), color=BLUE)
    axes.text(-4.4, 0.40, "data, two humps", color=DARK[VERMILLION])
    axes.text(-4.4, 0.36, "one Gaussian", color=DARK[BLUE])
    axes.set(xlim=(-4.5, 4.5), ylim=(0, 0.45), yticks=[], xlabel="x")
    axes.set_title(f"{by} {found['value']:.3f}, at best {best[by].value:.3f}")
    figure.alt = (
        f"Two humps and one Gaussian of mean {mean:g} and width {std:g} over them; its {by} is "
        f"{found['value']:.3f}, where the best Gaussian has {best[by].value:.3f}."
    )
    return figure


# --- a tangent and the conjugate ----------------------------------------------------------------------------


def tangent() -> Interactive:
    """Slide a tangent along f, and see the conjugate that its height at 0 draws."""

    def numbers(u: float, row: str) -> dict[str, float]:
        found = rows.ROWS[row]
        at = torch.tensor(u, dtype=F64)
        slope = found.slope(at)
        return {
            "f": found.f(at).item(),
            "slope": slope.item(),
            "conjugate": rows.conjugate(found, slope).item(),
        }

    at = numbers(2.0, "KL")
    question = Question(
        "The function of the KL is f(u) = u log u. Its tangent at u = 2 meets the vertical axis at a height "
        "of -f*(t), where t is its slope. What is f*(t)?",
        answer=round(at["conjugate"], 2),
        unit="at this slope",
        within=0.1,
        because=f"The slope is 1 + log 2 = {at['slope']:.3f}, and f(2) = {at['f']:.3f}, so the tangent "
        f"meets the axis at {at['f']:.3f} - 2 times {at['slope']:.3f} = {-at['conjugate']:.0f}. For the KL, "
        "f*(t) = exp(t - 1) is the u at which the line touches.",
        then={"u": 2.0, "row": "KL"},
    )
    return Interactive(
        "divergences-tangent",
        {
            "u": Value("where the tangent touches", 0.1, 4.0, 0.05, 1.0),
            "row": Choice("divergence", tuple(rows.ROWS), "KL"),
        },
        numbers=numbers,
        draw=_tangent_still,
        alt="A convex function with a tangent that can be slid along it. Below, the conjugate against the "
        "slope, with a dot for this tangent.",
        question=question,
    )


@column
def _tangent_still(found: Mapping[str, float], u: float, row: str) -> BookFigure:
    figure, (left, right) = sheet(1, 2, height=3.6, width=COLUMN)
    at = torch.linspace(0.01, 4, 400, dtype=F64)
    f = rows.ROWS[row]
    left.plot(at, f.f(at), color=BLUE)
    left.plot(at, found["slope"] * at - found["conjugate"], color=VERMILLION, linestyle=DASHES[1])
    left.plot([u], [found["f"]], "o", color=VERMILLION, markersize=8)
    left.set(xlim=(0, 4), ylim=(-2, 3), xlabel="ratio $u$", title=f"$f$ of {row}, and a tangent")
    slope = f.slope(at)
    right.plot(slope, rows.conjugate(f, slope), color=GREEN)
    right.plot([found["slope"]], [found["conjugate"]], "o", color=VERMILLION, markersize=8)
    right.set(xlim=(-3, 2.5), ylim=(-2, 3), xlabel="slope $t$", title="conjugate $f^*$")
    figure.alt = (
        f"The function f of {row} with its tangent at u = {u:g}, of slope {found['slope']:.3f}, and beside "
        f"it the conjugate, which is {found['conjugate']:.3f} there."
    )
    return figure
