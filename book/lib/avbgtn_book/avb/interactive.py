"""The interactive figures of the AVB chapter, each with what it computes and how it looks standing still.

Their scripts are ``ratio.js`` and ``learning.js``.
"""

from collections.abc import Mapping
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F

from ..interactive.figure import Choice, Interactive, Question, Value
from ..shared.canvas import BLUE, COLUMN, DARK, DASHES, GREEN, GREY, VERMILLION, BookFigure, column
from ..shared.sheet import sheet
from ..vae import vae
from ..vae.figures import bell
from . import avb
from .schedules import DIMENSIONS, LENGTHS, MOMENTS

F64 = torch.float64
SHOWN = 25  # codes and samples of the prior, each in the middle of an equal share of the probability


# --- a log density ratio ------------------------------------------------------------------------------------


def _quantiles() -> Tensor:
    """Points that stand for a standard normal distribution, (SHOWN,)."""
    return torch.special.ndtri((torch.arange(SHOWN, dtype=F64) + 0.5) / SHOWN)


def _best(z: Tensor, mean: float, width: float) -> Tensor:
    """``T*`` at places (n,), for q = N(mean, width^2)."""
    return avb.optimal_ratio(z[:, None], *torch.tensor([mean, width], dtype=F64))


def ratio() -> Interactive:
    """Drag q over the prior, and see T*, its mean over codes, and the two classes that T tells apart."""

    def numbers(mean: float, width: float) -> dict[str, float]:
        z = torch.linspace(-24, 24, 4801, dtype=F64)
        q = vae.gaussian_log_density(z[:, None], *torch.tensor([mean, width], dtype=F64)).exp()
        p, t = vae.gaussian_log_density(z[:, None]).exp(), _best(z, mean, width)
        loss = q * F.softplus(-t) + p * F.softplus(t)
        found = {"kl": q * t, "of_prior": p * t, "loss": loss}
        return {name: torch.trapezoid(value, z).item() for name, value in found.items()}

    near, far = numbers(1.0, 0.5), numbers(3.0, 0.5)
    question = Question(
        "The codes come from q = N(1, 0.5²), and the prior is N(0, 1). Now q moves out to a mean of 3, and "
        "its width stays. What becomes of the mean of T* over the codes, which is the KL?",
        choices=(
            "It hardly changes",
            "It becomes three times as large",
            "It becomes about six times as large",
        ),
        answer=2,
        because=f"It goes from {near['kl']:.2f} to {far['kl']:.2f} nats, because the KL contains half the "
        "square of the mean and has no largest value. The loss of the best T, however, falls from "
        f"{near['loss']:.2f} to {far['loss']:.3f} nats: the two classes hardly overlap any more. Whoever has "
        "to learn T from them gains next to nothing by making it as large as it should be.",
        then={"mean": 3.0, "width": 0.5},
    )
    return Interactive(
        "avb-ratio",
        {
            "mean": Value("mean of q", -3.5, 3.5, 0.05, 1.0),
            "width": Value("width of q", 0.3, 2.0, 0.05, 0.5),
        },
        numbers=numbers,
        draw=_ratio_still,
        alt="The densities of q and of the prior. Below them the logarithm of their ratio, T*, and at the "
        "bottom codes and samples of the prior in two rows, with the probability that T* gives to a code.",
        constants={"quantiles": _quantiles().tolist()},
        question=question,
    )


@column
def _ratio_still(found: Mapping[str, float], mean: float, width: float) -> BookFigure:
    kl, of_prior, loss = found["kl"], found["of_prior"], found["loss"]
    figure, (top, middle, bottom) = sheet(3, 1, height=1.8, width=COLUMN, height_ratios=[4, 4, 3])
    z = torch.linspace(-5, 5, 401, dtype=F64)
    t = _best(z, mean, width)
    top.plot(z, bell(z, mean, width), color=BLUE)
    top.plot(z, bell(z, 0, 1), color=VERMILLION, linestyle=DASHES[1])
    top.text(-5, 1.42, "prior $p(z)$", color=DARK[VERMILLION])
    top.text(5, 1.42, "codes $q(z|x)$", color=DARK[BLUE], ha="right")
    top.set(ylim=(0, 1.4), xlim=(-5, 5), yticks=[])
    middle.axhline(0, color=GREY, linewidth=0.8)
    middle.plot(z, t, color=GREEN)
    middle.plot([-5, 5], [kl, kl], color=BLUE, linestyle=":")
    middle.text(-5, kl + 0.3, f"mean over codes, {kl:.2f} nats", color=DARK[BLUE])
    middle.set(ylim=(-8, 8), xlim=(-5, 5), ylabel="$T^*(z)$")
    points = _quantiles()
    bottom.plot(z, torch.sigmoid(t), color=GREEN)
    bottom.plot(mean + width * points, 0 * points + 1, "^", color=BLUE, markersize=5)
    bottom.plot(points, 0 * points, "o", color=VERMILLION, markersize=4)
    bottom.set(ylim=(-0.1, 1.1), xlim=(-5, 5), xlabel="$z$", ylabel="$s(T^*(z))$", yticks=[0, 0.5, 1])
    figure.alt = (
        f"q of mean {mean:g} and width {width:g} and the prior; T* between them, with the mean {kl:.2f} over "
        f"codes and {of_prior:.2f} over samples of the prior. The best T has a loss of {loss:.3f} nats."
    )
    return figure


# --- a training, played -------------------------------------------------------------------------------------


def learning(record: dict) -> Interactive:
    """Choose the dimension and the length of a training of T, and play it.

    Args:
        record: ``known-kl``, as :mod:`avbgtn_book.avb.schedules` makes it.
    """
    found, exact, moments = record["found"], record["exact"], record["moments"]

    def numbers(d: str, updates: str, at: int) -> dict[str, float]:
        reading, loss = found[d][updates]["reading"][at], found[d][updates]["loss"][at]
        return {
            "reading": reading, "loss": loss, "exact": exact[d], "share": reading / exact[d],
            "done": float(moments[updates][at]),
        }  # fmt: skip

    ends = [numbers("64", str(length), MOMENTS) for length in LENGTHS]
    first, second, third = (end["reading"] for end in ends)
    question = Question(
        f"In 64 dimensions the exact KL is {exact['64']:.1f} nats. A training of T with 500 updates finds "
        f"{first:.1f} of them, and one with 2,000 updates {second:.1f}. What will one with 8,000 find?",
        choices=(f"About {third:.0f} nats", "About 25 nats", "Nearly all of them"),
        answer=0,
        because=f"It finds {third:.1f} nats, in sixteen times as many updates as the first. After "
        f"{ends[0]['done']:,.0f} updates the loss of T is {ends[0]['loss']:.4f} nats already: T tells the "
        "two classes apart, and its loss hardly depends on its size any more. Try other dimensions, and "
        "guess before you press Run.",
        then={"d": "64", "updates": str(LENGTHS[-1]), "at": 0},
    )
    return Interactive(
        "avb-learning",
        {
            "d": Choice("dimensions of the code", tuple(map(str, DIMENSIONS)), "64"),
            "updates": Choice("updates of the training", tuple(map(str, LENGTHS)), str(LENGTHS[-1])),
            "at": Value(f"moment of the training, of {MOMENTS}", 0, MOMENTS, 1, 0, format="d"),
        },
        numbers=numbers,
        draw=partial(_learning_still, record),
        alt="The mean of T over codes, as a share of the exact KL, against the number of updates on a "
        "logarithmic axis, for one training of T and for shorter ones.",
        constants={
            "found": found, "exact": exact, "moments": moments, "lengths": list(map(str, LENGTHS)),
        },
        question=question,
        plays="at",
    )  # fmt: skip


@column
def _learning_still(record: dict, now: Mapping[str, float], d: str, updates: str, at: int) -> BookFigure:
    found, exact, moments = record["found"], record["exact"], record["moments"]
    figure, axes = sheet(height=3.6, width=COLUMN)
    axes.axhline(1, color=VERMILLION, linestyle=DASHES[1])
    axes.text(10, 1.03, f"exact KL, {exact[d]:.1f} nats", color=DARK[VERMILLION])
    for length in map(str, LENGTHS):
        run = [value / exact[d] for value in found[d][length]["reading"]]
        if int(length) < int(updates):
            axes.plot(moments[length], run, color=GREY, linewidth=1.2)
            axes.text(moments[length][-1], run[-1], f" {int(length):,}", color=GREY, va="center")
        elif length == updates:
            axes.plot(moments[length][: at + 1], run[: at + 1], color=BLUE)
            axes.plot(moments[length][at], run[at], "o", color=BLUE)
    axes.set(xscale="log", xlim=(10, 10_000), ylim=(0, 1.25))
    axes.set(xlabel="updates of $T$", ylabel="share of the exact KL")
    figure.alt = (
        f"T in {d} dimensions after {moments[updates][at]:,} of {int(updates):,} updates: it reads "
        f"{now['reading']:.1f} of {exact[d]:.1f} nats. Thin lines show the shorter trainings."
    )
    return figure
