"""The interactive figures of the GAN chapter, each with what it computes and how it looks standing still.

Their scripts are ``discriminator.js`` and ``dirac.js``.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from ..interactive.figure import Choice, Interactive, Question, Value
from ..shared.canvas import BLUE, COLUMN, DARK, DASHES, GREEN, GREY, LIGHT, VERMILLION, BookFigure, column
from ..shared.sheet import sheet
from . import dirac_gan, gan

F64 = torch.float64
MOST_STEPS = 200
R1 = 0.5  # coefficient of the penalty where a rule has it
RULES = ("simultaneous", "alternating, D first", "simultaneous with R1")


# --- the best discriminator ---------------------------------------------------------------------------------


def _best(data: float, mean: float, width: float, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """log p, log q and D* at ``x``, for data N(data, 1) and a generator N(mean, width^2)."""
    log_p, log_q = gan.bell(data).log_density(x), gan.bell(mean, width).log_density(x)
    return log_p, log_q, gan.optimal_discriminator(log_p, log_q)


def discriminator() -> Interactive:
    """Drag the data and the generator, and see D* and their Jensen-Shannon divergence."""

    def numbers(data: float, mean: float, width: float) -> dict[str, float]:
        x = gan.grid(-30, 34)
        log_p, log_q, _ = _best(data, mean, width, x)
        js = gan.js(log_p, log_q, x).item()
        at_data, at_mean = _best(data, mean, width, torch.tensor([data, mean], dtype=F64))[2].tolist()
        return {"js": js, "share": js / math.log(2), "at_data": at_data, "at_mean": at_mean}

    near, far = (numbers(0.0, mean, 1.0) for mean in (4.0, 8.0))
    question = Question(
        "The generator moves from 4 to 8, twice as far from the data. What becomes of their Jensen-Shannon "
        "divergence?",
        choices=("It doubles", "It becomes four times as large", "It hardly changes"),
        answer=2,
        because=f"It goes from {near['js']:.3f} to {far['js']:.3f} nats. It can never exceed log 2, and at "
        f"a distance of 4 it has reached {near['share']:.0%} of that: D* is already nearly certain wherever "
        "there are samples, so moving the generator further away changes next to nothing.",
        then={"data": 0.0, "mean": 8.0, "width": 1.0},
    )

    return Interactive(
        "gan-discriminator",
        {
            "data": Value("mean of the data", -4.0, 8.0, 0.1, 0.0),
            "mean": Value("mean of the generator", -4.0, 8.0, 0.1, 4.0),
            "width": Value("width of the generator", 0.5, 2.0, 0.05, 1.0),
        },
        numbers=numbers,
        draw=_discriminator_still,
        alt="The densities of data and generator. Below them the best discriminator between them, and a "
        "ruler in nats with their Jensen-Shannon divergence, which ends at log 2.",
        question=question,
    )


@column
def _discriminator_still(found: Mapping[str, float], data: float, mean: float, width: float) -> BookFigure:
    js = found["js"]
    figure, (top, middle, bottom) = sheet(3, 1, height=1.6, width=COLUMN, height_ratios=[4, 3, 1])
    x = torch.linspace(-6, 10, 401, dtype=F64)
    log_p, log_q, d = _best(data, mean, width, x)
    top.plot(x, log_p.exp(), color=VERMILLION, linestyle=DASHES[1])
    top.plot(x, log_q.exp(), color=BLUE)
    top.text(-6, 0.87, "data $p$", color=DARK[VERMILLION])
    top.text(10, 0.87, "generator $q$", color=DARK[BLUE], ha="right")
    top.set(ylim=(0, 0.85), xlim=(-6, 10), yticks=[])
    middle.axhline(0.5, color=GREY, linewidth=0.8)
    middle.plot(x, d, color=GREEN)
    middle.set(ylim=(-0.03, 1.03), xlim=(-6, 10), xlabel="$x$", ylabel="$D^*(x)$")
    bottom.barh([0], [js], color=LIGHT[BLUE])
    bottom.set(xlim=(0, math.log(2)), yticks=[], xlabel="nats", title=f"JS {js:.3f}")
    figure.alt = (
        f"Data around {data:g} and a generator around {mean:g} of width {width:g}, the best discriminator "
        f"between them, and their Jensen-Shannon divergence of {js:.3f} nats."
    )
    return figure


# --- the DiracGAN -------------------------------------------------------------------------------------------


def _path(theta: float, psi: float, steps: int, rule: str, size: float) -> Tensor:
    """The two numbers after 0, 1, ..., ``steps`` steps, (steps + 1, 2)."""
    return dirac_gan.trajectory(
        size, steps, start=(theta, psi), alternating=rule == RULES[1], r1=R1 if rule == RULES[2] else 0.0
    )


def dirac() -> Interactive:
    """Drag theta and psi over the DiracGAN's field, and let both players step."""

    def numbers(theta: float, psi: float, rule: str, size: float, steps: int) -> dict[str, float]:
        end = _path(theta, psi, steps, rule, size)[-1]
        distances = {"from": math.hypot(theta, psi), "distance": end.norm().item()}
        return {"theta": end[0].item(), "psi": end[1].item(), **distances}

    end = numbers(1.0, 0.5, RULES[0], 0.2, MOST_STEPS)
    question = Question(
        "Both players take gradient steps of size 0.2 at the same time, starting from the marked point. What "
        "does their path do?",
        choices=("It closes to a circle", "It spirals into the equilibrium", "It spirals outwards"),
        answer=2,
        because=f"In {MOST_STEPS} steps the distance from the equilibrium grows from {end['from']:.2f} to "
        f"{end['distance']:.2f}. The arrows lead around the equilibrium, and a step along an arrow leaves "
        "the circle on its outer side. Try smaller steps, alternating ones, and those with R1.",
    )

    return Interactive(
        "gan-dirac",
        {
            "theta": Value("theta", -2.0, 2.0, 0.1, 1.0),
            "psi": Value("psi", -2.0, 2.0, 0.1, 0.5),
            "rule": Choice("steps", RULES, RULES[0]),
            "size": Value("size of a step", 0.05, 0.5, 0.05, 0.2),
            "steps": Value("number of steps", 0, MOST_STEPS, 1, 0, format="d"),
        },
        numbers=numbers,
        draw=_dirac_still,
        alt="Arrows show where both players of the DiracGAN want to go from each place; a path starts at a "
        "marked point. Beside it the path's distance from the equilibrium.",
        constants={"r1": R1},
        question=question,
        plays="steps",
    )


@column
def _dirac_still(
    found: Mapping[str, float], theta: float, psi: float, rule: str, size: float, steps: int
) -> BookFigure:
    figure, (left, right) = sheet(1, 2, height=3.6, width=COLUMN)
    axis = torch.arange(-1.8, 1.81, 0.4, dtype=F64)
    psis, thetas = torch.meshgrid(axis, axis, indexing="ij")
    r1 = R1 if rule == RULES[2] else 0.0
    left.quiver(thetas, psis, *dirac_gan.field(thetas, psis, r1=r1), color="#a8a8a8", width=0.006)
    path = _path(theta, psi, steps, rule, size)
    left.plot(*path.T, color=BLUE)
    left.plot(theta, psi, "o", color=BLUE, markersize=9)
    left.plot(0, 0, "P", color=VERMILLION, markersize=10)
    left.set(xlabel=r"generator $\theta$", ylabel=r"discriminator $\psi$", xlim=(-2, 2), ylim=(-2, 2))
    left.set_aspect("equal")
    right.plot(path.norm(dim=1), color=BLUE)
    right.set(xlabel="step", ylabel="distance from (0, 0)", xlim=(0, MOST_STEPS), ylim=(0, 4))
    figure.alt = (
        f"The DiracGAN's field with the point theta {theta:g}, psi {psi:g}; after {steps} {rule} steps of "
        f"size {size:g} the distance from the equilibrium is {found['distance']:.2f}."
    )
    return figure
