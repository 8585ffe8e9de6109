"""The interactive figures of the AVB-GTN chapter, each with what it computes and how it looks standing still.

Their scripts are ``lag.js`` and ``noise.js``.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from avbgtn.models import losses

from ..interactive.figure import Interactive, Question, Value
from ..shared.canvas import BLUE, COLUMN, DARK, DASHES, GREEN, GREY, LIGHT, VERMILLION, BookFigure, column
from ..shared.sheet import sheet
from ..vae.figures import bell
from . import penalties

F64 = torch.float64
STEEP = 3.0  # of the encoder's bend
NOISE = torch.linspace(-10, 10, 4001, dtype=F64)


# --- a T that lags behind -----------------------------------------------------------------------------------


def lag() -> Interactive:
    """Drag q, and the older q for which T is the best one, and see what T reads."""

    def numbers(m: float, old: float) -> dict[str, float]:
        t = penalties.best_t(m + penalties.NODES, old)
        doubt = (penalties.WEIGHTS * torch.sigmoid(-t)).sum().item()
        return {
            "kl": penalties.kl(m).item(),
            "reads": penalties.expected(losses.logit_penalty, t).item(),
            "short": penalties.kl(m - old).item(),
            "paper": penalties.expected(losses.log_sigmoid_penalty, t).item(),
            "pull": old * doubt,
        }

    ahead, back = numbers(3.0, 1.0), numbers(1.0, 3.0)
    question = Question(
        f"T was the best one when q had the mean 1. Since then q has moved to 3, so that its KL to the prior "
        f"is {ahead['kl']:.1f} nats. What does the mean of T over codes of q read?",
        choices=(
            f"More than {ahead['kl']:.1f} nats",
            f"{ahead['kl']:.1f} nats: T sees the new codes",
            f"Less than {ahead['kl']:.1f} nats",
        ),
        answer=2,
        because=f"It reads {ahead['reads']:.1f} nats. What is missing, {ahead['short']:.1f} nats, is the KL "
        "between q now and the q that T has learnt. Now drag q back to 1 and the other one to 3: the KL is "
        f"{back['kl']:.1f} nats, and T reads {back['reads']:.1f}.",
        then={"m": 3.0, "old": 1.0},
    )

    return Interactive(
        "avb-gtn-lag",
        {
            "m": Value("mean of q", -2.0, 6.0, 0.05, 3.0),
            "old": Value("mean for which T is the best", -2.0, 6.0, 0.05, 1.0),
        },
        numbers=numbers,
        draw=_lag_still,
        alt="The prior, the posterior q and an older q for which T is the best one. Below them T along the "
        "codes, and bars in nats for the KL, for the mean of T and for the mean of log sigma(T).",
        question=question,
    )


@column
def _lag_still(found: Mapping[str, float], m: float, old: float) -> BookFigure:
    kl, reads, paper = found["kl"], found["reads"], found["paper"]
    figure, (top, middle, bottom) = sheet(3, 1, height=1.7, width=COLUMN, height_ratios=[5, 4, 4])
    z = torch.linspace(-4, 8, 401, dtype=F64)
    top.fill_between(z, bell(z, m, 1), color=LIGHT[BLUE], alpha=0.6, linewidth=0)
    top.plot(z, bell(z, 0, 1), color=VERMILLION, linestyle=DASHES[1])
    top.plot(z, bell(z, old, 1), color=GREEN)
    top.plot(z, bell(z, m, 1), color=BLUE)
    top.text(-4, 0.43, "prior $p$", color=DARK[VERMILLION])
    top.text(2, 0.52, "the $q$ that $T$ has learnt", color=DARK[GREEN], ha="center")
    top.text(8, 0.43, "$q$ now", color=DARK[BLUE], ha="right")
    top.set(xlim=(-4, 8), ylim=(0, 0.58), yticks=[], xticklabels=[])
    middle.axhline(0, color=GREY, linewidth=0.8)
    middle.plot(z, penalties.best_t(z, old), color=GREEN)
    middle.text(-3.9, 8, "$T$", color=DARK[GREEN])
    middle.set(xlim=(-4, 8), ylim=(-8, 12), yticks=[0], xlabel="$z$")
    names = [r"$\mathrm{KL}(q\|p)$", "mean $T$", r"mean $\log\sigma(T)$"]
    bottom.barh([2, 1, 0], [kl, reads, paper], color=[LIGHT[BLUE], LIGHT[BLUE], LIGHT[VERMILLION]])
    for height, value in ((2, kl), (1, reads), (0, paper)):
        bottom.text(max(0.0, value) + 0.2, height, f"{value:.2f}", va="center")
    bottom.axvline(0, color="black", linewidth=1.2)
    bottom.set(xlim=(-6, 18), yticks=[2, 1, 0], yticklabels=names, xlabel="nats")
    for axes in (top, middle, bottom):
        axes.spines["left"].set_visible(False)
    figure.alt = (
        f"q around {m:g} and a T that is the best one for a q around {old:g}: the KL is {kl:.2f} nats, the "
        f"mean of T {reads:.2f}, {found['short']:.2f} too little, and the mean of log sigma(T) {paper:.2f}."
    )
    return figure


# --- noise that the encoder bends, or hardly uses -----------------------------------------------------------


def encoded(noise: Tensor, m: float, s: float, bend: float) -> tuple[Tensor, Tensor]:
    """The codes ``z = m + s noise + bend tanh(STEEP noise)`` and their derivatives by the noise."""
    curved = torch.tanh(STEEP * noise)
    return m + s * noise + bend * curved, s + bend * STEEP * (1 - curved.square())


def noise_kl(m: float, s: float, bend: float) -> float:
    """The KL of these codes to the prior N(0, 1), for standard normal noise, by quadrature over the noise.

    The encoder rises everywhere, so the density of a code is that of its noise, divided by the slope.
    """
    z, slope = encoded(NOISE, m, s, bend)
    log_ratio = 0.5 * (z.square() - NOISE.square()) - slope.log()
    return torch.trapezoid(bell(NOISE, 0, 1) * log_ratio, NOISE).item()


def noise() -> Interactive:
    """Bend an encoder with noise at its input, let it use its noise less, and see the exact KL."""

    def numbers(m: float, s: float, bend: float) -> dict[str, float]:
        return {"kl": noise_kl(m, s, bend), "unit": penalties.kl(m).item()}

    some, little = noise_kl(0.0, 0.4, 0.0), noise_kl(0.0, 0.04, 0.0)
    question = Question(
        "An encoder turns noise into the code z = s ε (the slanting line). Training lets it use a tenth of "
        "its noise: s goes from 0.4 to 0.04. What becomes of the exact KL to the prior?",
        choices=(
            "It falls, because less noise disturbs the codes less",
            "It hardly changes, because the codes stay around 0",
            "It grows, and no number is its largest value",
        ),
        answer=2,
        because=f"It goes from {some:.2f} to {little:.2f} nats, and each time s is halved it grows by almost "
        f"log 2, {math.log(2):.2f} nats; without any noise it is infinite. Now drag the middle point to the "
        "right: the encoder jumps over the codes in the middle, q has two humps, and the KL falls, "
        "because the codes are spread out again.",
        then={"m": 0.0, "s": 0.04, "bend": 0.0},
    )

    return Interactive(
        "avb-gtn-noise",
        {
            "m": Value("place of the codes", -2.0, 2.0, 0.05, 0.0),
            "bend": Value("bend of the encoder", 0.0, 1.5, 0.05, 0.0),
            "s": Value("use of the noise", 0.02, 1.5, 0.02, 0.4),
        },
        numbers=numbers,
        draw=_noise_still,
        alt="The density of the codes of one image and that of the prior. Below them the encoder as a curve "
        "from noise to code, and bars with the KL to the prior for noise at the input and at the code.",
        question=question,
    )


@column
def _noise_still(found: Mapping[str, float], m: float, s: float, bend: float) -> BookFigure:
    kl, unit = found["kl"], found["unit"]
    figure, (top, middle, bottom) = sheet(3, 1, height=1.9, width=COLUMN, height_ratios=[4, 5, 2])
    noise = torch.linspace(-4, 4, 801, dtype=F64)
    axis = torch.linspace(-4, 4, 401, dtype=F64)
    z, slope = encoded(noise, m, s, bend)
    density = bell(noise, 0, 1) / slope
    top.fill_between(z, density, color=LIGHT[BLUE], alpha=0.6, linewidth=0)
    top.plot(axis, bell(axis, 0, 1), color=VERMILLION, linestyle=DASHES[1])
    top.plot(axis, bell(axis, m, 1), color=GREY, linewidth=1)
    top.plot(z, density, color=BLUE)
    top.text(-4, 1.03, "UNIT's noise, at the code (thin)", color=DARK[GREY])
    top.text(-4, 0.86, "prior $p$", color=DARK[VERMILLION])
    top.text(4, 1.03, "$q$, noise at the input", color=DARK[BLUE], ha="right")
    top.set(xlim=(-4, 4), ylim=(0, 1.2), yticks=[], xticklabels=[])
    top.spines["left"].set_visible(False)
    middle.plot(m + noise, noise, color=GREY, linewidth=1)
    middle.plot(z, noise, color=BLUE)
    middle.set(xlim=(-4, 4), ylim=(-2.6, 2.6), xlabel="code $z$", ylabel=r"noise $\varepsilon$")
    bottom.barh([1, 0], [kl, unit], color=[LIGHT[BLUE], LIGHT[VERMILLION]])
    for height, value in ((1, kl), (0, unit)):
        bottom.text(value + 0.05, height, f"KL {value:.2f}", va="center")
    bottom.set(xlim=(0, 5), yticks=[1, 0], yticklabels=["at the input", "at the code"], xlabel="nats")
    figure.alt = (
        f"An encoder with use {s:g} and bend {bend:g} makes codes around {m:g} of its noise: their KL to "
        f"the prior is {kl:.2f} nats, that of UNIT's noise around the same place {unit:.2f}."
    )
    return figure
