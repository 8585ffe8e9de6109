"""The interactive figures of the chapter on mode collapse: what each computes, and how it looks standing
still. Their scripts are ``features.js`` and ``noise.js``.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from ..gan import ring
from ..interactive.figure import Interactive, Question, Value
from ..shared.canvas import BLUE, COLUMN, DASHES, GREEN, GREY, PURPLE, VERMILLION, BookFigure, column
from ..shared.sheet import sheet
from . import features, noise

F64 = torch.float64


def bell(x: Tensor, mean: float, spread: float) -> Tensor:
    return torch.exp(-0.5 * ((x - mean) / spread).square()) / spread / math.sqrt(2 * math.pi)


# --- feature matching ---------------------------------------------------------------------------------------


def matching() -> Interactive:
    """Drag a Gaussian over two modes, and see what feature matching and the good share say of it."""

    def numbers(mean: float, spread: float) -> dict[str, float]:
        return {
            "loss": features.moment_loss(mean, spread),
            "good": features.good_share(mean, spread),
        }

    collapsed, matched = numbers(1.0, 0.1), numbers(0.0, 1.0)
    question = Question(
        "The generator is one Gaussian. It stands on the right-hand mode, where all but 0.3 % of its samples "
        "are good. Then it matches the mean and the mean square of the data. Which share of its samples is "
        "good now?",
        choices=("Nearly all", "About 60 %", "About 30 %"),
        answer=2,
        because=f"The loss falls from {collapsed['loss']:.2f} to {matched['loss']:.4f} when the Gaussian "
        f"becomes ten times as wide and moves to the middle, and the good share falls from "
        f"{collapsed['good']:.1%} to {matched['good']:.1%}. Both modes are covered, and most samples lie "
        "between them.",
        then={"mean": 0.0, "spread": 1.0},
    )
    return Interactive(
        "collapse-features",
        {
            "mean": Value("mean of the generator", -1.5, 1.5, 0.05, 1.0),
            "spread": Value("width of the generator", 0.1, 1.5, 0.05, 0.1),
        },
        numbers=numbers,
        draw=_matching_still,
        alt="The data, two narrow humps at minus one and one, and the generator, one Gaussian. Below them "
        "two bars: the loss of feature matching, and the share of good samples.",
        constants={"width": features.SPREAD, "near": features.NEAR},
        question=question,
    )


@column
def _matching_still(found: Mapping[str, float], mean: float, spread: float) -> BookFigure:
    figure, (top, bottom) = sheet(2, 1, height=2.1, width=COLUMN, height_ratios=[2.2, 1])
    x = torch.linspace(-2.5, 2.5, 1001, dtype=F64)
    data = (bell(x, -1, features.SPREAD) + bell(x, 1, features.SPREAD)) / 2
    top.plot(x, data, color=VERMILLION, linestyle=DASHES[1])
    top.plot(x, bell(x, mean, spread), color=BLUE)
    top.set(yticks=[], ylim=(0, 4.3), xlim=(-2.5, 2.5), xlabel="x")
    bottom.barh([1, 0], [min(found["loss"], 2) / 2, found["good"]], color=[GREY, GREEN], height=0.6)
    bottom.set(xlim=(0, 1), xticks=[], yticks=[0, 1], ylim=(-0.5, 1.5))
    bottom.set_yticklabels([f"good samples {found['good']:.1%}", f"loss {found['loss']:.4f}"])
    figure.alt = (
        f"A Gaussian of mean {mean:g} and width {spread:g} over two narrow humps: the loss of feature "
        f"matching is {found['loss']:.4f}, and {found['good']:.1%} of its samples are good."
    )
    return figure


# --- instance noise -----------------------------------------------------------------------------------------


def pulls() -> Interactive:
    """Drag the noise and the distance of two modes, and see how hard the mode that is left out pulls."""

    def numbers(noise_sd: float, distance: float) -> dict[str, float]:
        spread = math.hypot(ring.SPREAD, noise_sd)
        best = noise.best_spread(distance)
        u = distance**2 / (2 * spread**2)
        return {
            "pull": noise.pull(distance, spread),
            "best": math.sqrt(max(0.0, best**2 - ring.SPREAD**2)),
            "dip": 2 * math.exp(-u / 4) / (1 + math.exp(-u)),
        }

    start = {"noise_sd": 0.1, "distance": 0.77}
    at, small = numbers(0.48, 0.77), numbers(**start)
    question = Question(
        "The generator covers only the left one of two modes, which are 0.77 apart and 0.05 wide. Noise is "
        "added to all points that the discriminator sees. At which standard "
        "deviation of the noise does the other mode pull hardest at the middle of the generator?",
        answer=round(numbers(**start)["best"], 2),
        unit="",
        within=0.1,
        because=f"With little noise the generator does not notice the other mode: at 0.1 the slope is "
        f"{small['pull']:.1e}. At {at['best']:.2f} it is largest, {at['pull']:.2f}. With more noise it falls "
        "again, because the two modes become one broad hump.",
        then={"noise_sd": 0.48},
    )
    return Interactive(
        "collapse-noise",
        {
            "noise_sd": Value("standard deviation of the noise", 0.02, 1.2, 0.01, start["noise_sd"]),
            "distance": Value("distance of the modes", 0.3, 1.5, 0.01, start["distance"]),
        },
        numbers=numbers,
        draw=_pulls_still,
        alt="Above, the data with noise, two humps, and the generator, which covers the left one. Below, the "
        "slope that the other hump gives at the middle of the generator, against the noise, with a dot.",
        constants={"width": ring.SPREAD},
        question=question,
    )


@column
def _pulls_still(found: Mapping[str, float], noise_sd: float, distance: float) -> BookFigure:
    figure, (top, bottom) = sheet(2, 1, height=2.2, width=COLUMN)
    spread = math.hypot(ring.SPREAD, noise_sd)
    x = torch.linspace(-1.5, 3, 901, dtype=F64)
    own, other = bell(x, 0, spread), bell(x, distance, spread)
    top.plot(x, (own + other) / 2 / own.max(), color=VERMILLION, linestyle=DASHES[1])
    top.plot(x, own / own.max(), color=BLUE)
    top.set(yticks=[], ylim=(0, 1.1), xlim=(-1.5, 3), xlabel="x, with noise")
    sds = torch.linspace(0.02, 1.2, 119).tolist()
    bottom.plot(sds, [noise.pull(distance, math.hypot(ring.SPREAD, s)) for s in sds], color=PURPLE)
    bottom.plot([noise_sd], [found["pull"]], "o", color=PURPLE, markersize=9)
    bottom.set(xlim=(0, 1.2), ylim=(0, None), xlabel="noise", ylabel="slope")
    figure.alt = (
        f"Two humps {distance:g} apart with noise of {noise_sd:g}; at the middle of the generator, on the "
        f"left one, the slope towards the other is {found['pull']:.3g}."
    )
    return figure
