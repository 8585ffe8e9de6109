"""The drawings of the AVB chapter."""

import math
from collections.abc import Mapping, Sequence

import torch
from matplotlib.ticker import FuncFormatter, NullLocator
from torch import Tensor

from ..shared.canvas import BLUE, GREEN, GREY, PURPLE, VERMILLION, BookFigure, styled
from ..shared.sheet import sheet

POINTS = ((BLUE, "o"), (VERMILLION, "^"), (GREEN, "s"), (PURPLE, "D"))  # of the four images
RING_REACH = 3.4


def _density(axes, probability: Tensor, reach: float) -> None:
    """A density on a square grid, first coordinate to the right; white is none."""
    side = math.isqrt(len(probability))
    axes.imshow(
        probability.view(side, side).T.numpy(), origin="lower", extent=(-reach, reach, -reach, reach),
        cmap="Blues", vmax=1.25 * float(probability.max()), interpolation="bilinear",
    )  # fmt: skip


def _plane(axes, reach: float, title: str, ticks: Sequence[float] = (-2, 0, 2)) -> None:
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xticks=ticks, yticks=ticks)
    axes.set_title(title, fontsize=10)


def _ellipses(axes, mean: Tensor, covariance: Tensor) -> None:
    """One and two standard deviations of a Gaussian."""
    angle = torch.linspace(0, 2 * math.pi, 181, dtype=covariance.dtype)
    circle = torch.stack([angle.cos(), angle.sin()])
    for radius, width in ((1, 2.0), (2, 1.2)):
        x, y = mean[:, None] + radius * torch.linalg.cholesky(covariance) @ circle
        axes.plot(x, y, color=VERMILLION, linewidth=width, linestyle="-" if radius == 1 else "--")
    axes.plot(*mean, "+", color=VERMILLION, markersize=8, markeredgewidth=2)


@styled
def gaussian_on_ring(probability: Tensor, reach: float, mean: Tensor, covariance: Tensor) -> BookFigure:
    """The exact posterior, and the same with the best Gaussian's one and two standard deviations on it."""
    figure, (left, right) = sheet(1, 2, height=2.6, sharey=True)
    for axes, title in ((left, "exact $p(z\\,|\\,x)$"), (right, "best Gaussian $q(z\\,|\\,x)$")):
        _density(axes, probability, reach)
        _plane(axes, 2.6, title)
    _ellipses(right, mean, covariance)
    figure.alt = (
        "Two views of a ring-shaped posterior density around the origin. On the right, ellipses "
        "of one and two standard deviations show that the best Gaussian covers one arc of the "
        "ring and nothing of the rest."
    )
    return figure


@styled
def ratio_on_a_line(z: Tensor, q: Tensor, p: Tensor, exact: Tensor, learnt: Tensor) -> BookFigure:
    """Two densities, and below them the logarithm of their ratio, exact and as T learnt it; all (n,)."""
    figure, (top, bottom) = sheet(2, 1, height=1.75, sharex=True)
    top.plot(z, q, color=VERMILLION, linewidth=2, label="posterior $q(z|x)$")
    top.plot(z, p, color=BLUE, linewidth=2, linestyle="--", label="prior $p(z)$")
    top.fill_between(z, q, color=VERMILLION, alpha=0.15)
    top.fill_between(z, p, color=BLUE, alpha=0.12)
    top.set(ylabel="density", ylim=(0, None))
    top.legend(frameon=False)
    bottom.axhline(0, color=GREY, linewidth=0.8)
    bottom.plot(z, exact, color="black", linewidth=1.6, linestyle="--", label="$T^*$, exact")
    bottom.plot(z, learnt, color=GREEN, linewidth=2.2, label="$T$, learnt from samples")
    bottom.set(xlabel="code $z$", ylabel="$T(z)$, nats", ylim=(-9, 3.5), xlim=(float(z[0]), float(z[-1])))
    bottom.legend(frameon=False, loc="lower right")
    figure.alt = (
        "Above, a narrow posterior density at 1 and the wide prior density at 0. Below, T learnt from "
        "samples lies on the exact logarithm of their ratio where both have samples: positive under the "
        "posterior, negative elsewhere."
    )
    return figure


def _dimensions(axes, dimensions: Sequence[int]) -> None:
    axes.set(xscale="log", yscale="log", xticks=dimensions, xlabel="dimensions of the code, $d$")
    axes.xaxis.set_minor_locator(NullLocator())
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)


@styled
def kl_by_dimension(
    dimensions: Sequence[int], exact: Sequence[float], estimates: Mapping[str, Sequence[float]], *, alt: str
) -> BookFigure:
    """KL against dimension on logarithmic axes: the exact one, and one line an estimate."""
    figure, axes = sheet(1, 1, height=3.2)
    axes.plot(dimensions, exact, color="black", linewidth=1.6, linestyle="--", label="exact KL")
    looks = ((VERMILLION, "o", "-"), (GREEN, "s", "-"), (GREY, "", ":"))
    for (label, values), (colour, marker, dash) in zip(estimates.items(), looks, strict=False):
        axes.plot(dimensions, values, color=colour, marker=marker, linestyle=dash, linewidth=2, label=label)
    _dimensions(axes, dimensions)
    axes.set(ylabel="nats")
    axes.legend(frameon=False, loc="upper left")
    figure.alt = alt
    return figure


@styled
def ratio_against_exact(d: int, exact: Tensor, learnt: Tensor, n: int, *, kl: float) -> BookFigure:
    """T against T* on samples: the first ``n`` from the posterior, the others from the prior;
    all on the diagonal if T is right.
    """
    figure, axes = sheet(1, 1, height=3.3)
    low, high = float(exact.min()), float(exact.max())
    room = 0.06 * (high - low)
    axes.plot(
        [low - room, high + room],
        [low - room, high + room],
        color="black",
        linewidth=1.2,
        linestyle="--",
        label="right: $T = T^*$",
    )
    axes.plot(exact[n:], learnt[n:], "o", color=BLUE, markersize=3.5, alpha=0.5, label="samples of the prior")
    axes.plot(
        exact[:n],
        learnt[:n],
        "^",
        color=VERMILLION,
        markersize=3.5,
        alpha=0.5,
        label="codes of the posterior",
    )
    axes.set(
        xlabel="$T^*$, exact, nats",
        ylabel="$T$, learnt, nats",
        title=f"$d = {d}$: exact KL {kl:.1f}, T says {float(learnt[:n].mean()):.1f}",
    )
    axes.set(xlim=(low - room, high + room), ylim=(low - room, high + room))
    axes.legend(frameon=False, loc="lower right")
    spread = (
        "near the diagonal"
        if abs(float(learnt[:n].mean()) / kl - 1) < 0.15
        else "squeezed far below the diagonal in size: T grows no further than it needs to tell the two apart"
    )
    figure.alt = (
        f"In {d} dimensions, learnt T against exact T*, for posterior and prior samples: the codes of "
        f"the posterior lie {spread}."
    )
    return figure


@styled
def codes_of_four(codes: Mapping[str, Tensor]) -> BookFigure:
    """Codes of the four images, one panel a model: ``{"VAE": (4, n, 2), "AVB": (4, n, 2)}``,
    on circles of the prior.
    """
    figure, panels = sheet(1, len(codes), height=2.7, sharey=True)
    angle = torch.linspace(0, 2 * math.pi, 121)
    for axes, (model, clouds) in zip(panels, codes.items(), strict=True):
        for (colour, marker), cloud in zip(POINTS, torch.as_tensor(clouds), strict=True):
            axes.plot(
                cloud[:, 0], cloud[:, 1], marker, color=colour, markersize=2.6, alpha=0.55, linestyle=""
            )
        for radius in (1, 2):
            axes.plot(radius * angle.cos(), radius * angle.sin(), color=GREY, linewidth=0.9, linestyle="--")
        _plane(axes, RING_REACH, model)
    figure.alt = (
        "Codes of four images in the plane, in four colours. Left, the VAE: four oval clouds that "
        "run into one another. Right, AVB: four pieces with straight borders that share out the "
        "plane like slices of a cake."
    )
    return figure


@styled
def four_points_along(record: Mapping) -> BookFigure:
    """Log-likelihood along the record's trainings, one line a seed, and the ELBO that T reports for AVB."""
    figure, axes = sheet(1, 1, height=3.1)
    curves, steps = record["curves"], record["steps"]
    looks = {
        "AVB / ELBO": (PURPLE, ":", "AVB, ELBO as T reports it"),
        "AVB / log-likelihood": (VERMILLION, "-", "AVB, log-likelihood"),
        "VAE / log-likelihood": (BLUE, "--", "VAE, log-likelihood"),
    }
    for name, (colour, dash, label) in looks.items():
        for k, line in enumerate(curves[name]):
            axes.plot(steps, line, color=colour, linestyle=dash, linewidth=1.4, label=None if k else label)
    axes.axhline(-math.log(4), color="black", linewidth=1.4, label="$-\\log 4$, the best possible")
    axes.set(xlabel="updates of encoder and decoder", ylabel="nats an image", ylim=(-1.68, None))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda step, _: f"{step:,.0f}"))
    figure.legend(loc="outside upper left", frameon=False, ncols=2, columnspacing=1.0, handlelength=1.6)
    figure.alt = (
        "Curves along training for five seeds. AVB's log-likelihood runs clearly above the VAE's and below "
        "the line at minus log 4; the ELBO that T reports for AVB jumps to both sides of it, often above "
        "the line, and ends too high."
    )
    return figure


@styled
def ring_along(probability: Tensor, reach: float, codes: Mapping[int, Tensor]) -> BookFigure:
    """Codes of one x at moments of a training, on the exact posterior: one panel a moment."""
    figure, panels = sheet(1, len(codes), height=1.75, sharey=True)
    for axes, (step, cloud) in zip(panels, codes.items(), strict=True):
        _density(axes, probability, reach)
        axes.plot(cloud[:, 0], cloud[:, 1], ".", color=VERMILLION, markersize=1.8)
        _plane(axes, 2.6, f"{step} updates")
    figure.alt = (
        "Codes of one observation at four moments of a training, drawn on the ring that is the exact "
        "posterior: a shapeless cloud at first, then an arc that grows, at the end a ring on the ring."
    )
    return figure


@styled
def ring_for(
    x: float,
    probability: Tensor,
    reach: float,
    cloud: Tensor,
    mean: Tensor,
    covariance: Tensor,
    *,
    gaussian_gap: float,
    avb_gap: float,
) -> BookFigure:
    """One x: the exact ring, with the best Gaussian (left) and AVB's codes (right), and both gaps."""
    figure, (left, right) = sheet(1, 2, height=2.75, sharey=True)
    _density(left, probability, reach)
    _density(right, probability, reach)
    _ellipses(left, mean, covariance)
    right.plot(cloud[:, 0], cloud[:, 1], ".", color=VERMILLION, markersize=2.2)
    _plane(left, RING_REACH, f"best Gaussian\ngap {gaussian_gap:.2f} nats")
    _plane(right, RING_REACH, f"AVB's codes\ngap {avb_gap:.2f} nats")
    where = "sits over its hole and covers all of it" if mean.norm() < 0.25 * x else "covers one arc of it"
    figure.alt = (
        f"For x = {x:.1f}: a ring of that radius; the best Gaussian {where} (gap {gaussian_gap:.2f} nats), "
        f"AVB's codes go all the way round (gap {avb_gap:.2f} nats)."
    )
    return figure
