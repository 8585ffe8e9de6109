"""The drawings of the AVB chapter."""

import math
from collections.abc import Mapping, Sequence

import torch
from matplotlib.ticker import FuncFormatter, NullLocator, PercentFormatter
from torch import Tensor

from ..shared.canvas import (
    BLUE,
    COLUMN,
    DARK,
    DASHES,
    GREEN,
    GREY,
    LIGHT,
    PURPLE,
    VERMILLION,
    BookFigure,
    column,
)
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
    axes.set(title=title, xlabel="$z_1$")


def _ellipses(axes, mean: Tensor, covariance: Tensor) -> None:
    """One and two standard deviations of a Gaussian."""
    angle = torch.linspace(0, 2 * math.pi, 181, dtype=covariance.dtype)
    circle = torch.stack([angle.cos(), angle.sin()])
    for radius, dash in ((1, DASHES[0]), (2, DASHES[1])):
        x, y = mean[:, None] + radius * torch.linalg.cholesky(covariance) @ circle
        axes.plot(x, y, color=VERMILLION, linestyle=dash)
    axes.plot(*mean, "+", color=VERMILLION, markersize=9, markeredgewidth=2)


@column
def gaussian_on_ring(probability: Tensor, reach: float, mean: Tensor, covariance: Tensor) -> BookFigure:
    """The exact posterior, and the same with the best Gaussian's one and two standard deviations on it."""
    figure, (left, right) = sheet(1, 2, height=3.7, width=COLUMN, sharey=True)
    for axes, title in ((left, "exact posterior $p(z|x)$"), (right, "best Gaussian $q(z|x)$")):
        _density(axes, probability, reach)
        _plane(axes, 2.6, title)
    left.set_ylabel("$z_2$")
    _ellipses(right, mean, covariance)
    figure.alt = (
        "Two views of a ring-shaped posterior density around the origin. On the right, ellipses "
        "of one and two standard deviations show that the best Gaussian covers one arc of the "
        "ring and nothing of the rest."
    )
    return figure


@column
def ratio_on_a_line(z: Tensor, q: Tensor, p: Tensor, exact: Tensor, learnt: Tensor) -> BookFigure:
    """Two densities, and below them the logarithm of their ratio, exact and as T learnt it; all (n,)."""
    figure, (top, bottom) = sheet(2, 1, height=2.3, width=COLUMN, sharex=True)
    for density, colour, dash in ((q, VERMILLION, DASHES[0]), (p, BLUE, DASHES[1])):
        top.plot(z, density, color=colour, linestyle=dash)
        top.fill_between(z, density, color=colour, alpha=0.13, linewidth=0)
    top.text(1.55, 0.6, "posterior $q(z|x)$", color=DARK[VERMILLION])
    top.text(-1.1, 0.27, "prior $p(z)$", color=DARK[BLUE], ha="right")
    top.set(ylabel="density", ylim=(0, None))
    bottom.axhline(0, color=GREY, linewidth=0.8)
    bottom.plot(z, learnt, color=GREEN, linewidth=2.6)
    bottom.plot(z, exact, color="black", linewidth=1.6, linestyle=DASHES[1])
    bottom.text(-0.95, -5, "learnt $T$", color=DARK[GREEN], ha="right")
    bottom.text(-0.6, -7.3, "exact $T^* = \\log q - \\log p$ (dashed)")
    bottom.set(xlabel="code $z$", ylabel="nats", ylim=(-9, 3), xlim=(float(z[0]), float(z[-1])))
    figure.alt = (
        "Above, a narrow posterior density at 1 and the wide prior density at 0. Below, T learnt from "
        "samples lies on the exact logarithm of their ratio where both have samples: positive under the "
        "posterior, negative elsewhere."
    )
    return figure


@column
def share_by_dimension(
    shares: Mapping[str, Mapping[int, float]], places: Sequence[tuple[float, float]], *, of: str
) -> BookFigure:
    """Which share of a KL a trained T reads, against the dimension of the code.

    Args:
        shares: ``{"after 500 updates": {dimension: share, ...}, ...}``, one line each; 1 is all of it.
        places: where the name of each line begins, in the figure's own numbers.
        of: what it is a share of.
    """
    figure, axes = sheet(height=3.7, width=COLUMN)
    dimensions = sorted(set().union(*shares.values()))
    axes.axhline(1, color="black", linewidth=1.4, linestyle=DASHES[1])
    axes.text(dimensions[-1] * 1.15, 1.03, f"all of {of}", ha="right")
    spoken = []
    looks = ((VERMILLION, "o", DASHES[0]), (BLUE, "s", DASHES[0]), (GREEN, "D", DASHES[2]))
    for (name, share), place, (colour, marker, dash) in zip(shares.items(), places, looks, strict=False):
        look = {"color": colour, "marker": marker, "linestyle": dash, "markersize": 7, "clip_on": False}
        axes.plot(list(share), list(share.values()), zorder=3, **look)
        axes.text(*place, name, color=DARK[colour], va="center")
        said = ", ".join(f"{max(0, value):.0%} at {d}" for d, value in share.items())
        spoken.append(f"{name.replace(chr(10), ' ').replace('$', '')}: {said}")
    axes.set(xscale="log", xlabel="dimensions of the code, $d$", ylabel=f"share of {of}", ylim=(0, 1.15))
    axes.set_xticks(dimensions, [str(d) for d in dimensions])
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    whole = of.replace("$", "")
    figure.alt = (
        f"Lines that fall from nearly all of {whole} to little of it. By dimension, {'; '.join(spoken)}."
    )
    return figure


@column
def ratio_against_exact(d: int, exact: Tensor, learnt: Tensor, n: int, *, kl: float) -> BookFigure:
    """T against T* on samples: the first ``n`` from the posterior, the others from the prior;
    all on the diagonal if T is right.
    """
    figure = BookFigure(figsize=(COLUMN, 4.3))
    axes = figure.add_axes((0.13, 0.14, 0.85, 0.77))
    low, high = float(exact.min()), float(exact.max())
    ends = low - 0.06 * (high - low), high + 0.06 * (high - low)
    axes.plot(ends, ends, color="black", linewidth=1.4, linestyle=DASHES[1], label="right: $T = T^*$")
    look = {"markersize": 5, "alpha": 0.5, "linestyle": "", "markeredgewidth": 0}
    axes.plot(exact[:n], learnt[:n], "^", color=VERMILLION, label="codes of $q(z|x)$", **look)
    axes.plot(exact[n:], learnt[n:], "o", color=BLUE, label="samples of the prior", **look)
    says = float(learnt[:n].mean())
    axes.set(xlabel="exact $T^*$, nats", ylabel="learnt $T$, nats", xlim=ends, ylim=ends)
    axes.set_title(f"$d = {d}$: exact KL {kl:.1f} nats, mean height of the triangles {says:.1f}")
    axes.legend(frameon=False, loc="lower right", handletextpad=0.4)
    spread = (
        "near the diagonal"
        if abs(says / kl - 1) < 0.15
        else "far below the diagonal: T grows no further than it needs to tell the two apart"
    )
    figure.alt = (
        f"In {d} dimensions, learnt T against exact T*, for posterior and prior samples: the codes of "
        f"the posterior lie {spread}."
    )
    return figure


@column
def codes_of_four(codes: Mapping[str, Tensor]) -> BookFigure:
    """Codes of the four images, one panel a model: ``{"VAE": (4, n, 2), "AVB": (4, n, 2)}``,
    on circles of the prior.
    """
    figure, panels = sheet(1, len(codes), height=3.75, width=COLUMN, sharey=True)
    angle = torch.linspace(0, 2 * math.pi, 121)
    for axes, (model, clouds) in zip(panels, codes.items(), strict=True):
        for (colour, marker), cloud in zip(POINTS, torch.as_tensor(clouds), strict=True):
            look = {"color": colour, "markersize": 4, "alpha": 0.6, "markeredgewidth": 0}
            axes.plot(cloud[:, 0], cloud[:, 1], marker, **look)
        for radius in (1, 2):
            axes.plot(radius * angle.cos(), radius * angle.sin(), color=GREY, linewidth=1, linestyle="--")
        _plane(axes, RING_REACH, model)
    panels[0].set_ylabel("$z_2$")
    figure.alt = (
        "Codes of four images in the plane, in four colours. Left, the VAE: four oval clouds that "
        "run into one another. Right, AVB: four pieces with straight borders that share out the "
        "plane like slices of a cake."
    )
    return figure


@column
def four_points_along(record: Mapping) -> BookFigure:
    """Along the record's trainings, one line a seed: the log-likelihoods of both models, and beside them, on
    the same scale, the ELBO that T reports for AVB."""
    figure, (left, right) = sheet(1, 2, height=3.7, width=COLUMN, sharey=True)
    curves, steps = record["curves"], record["steps"]
    for axes, name, colour, dash in (
        (left, "AVB / log-likelihood", VERMILLION, DASHES[0]),
        (left, "VAE / log-likelihood", BLUE, DASHES[1]),
        (right, "AVB / ELBO", PURPLE, DASHES[0]),
    ):
        for line in curves[name]:
            axes.plot(steps, line, color=colour, linestyle=dash, linewidth=1.3)
    lowest, highest = (
        [pick(values) for values in zip(*curves["AVB / log-likelihood"], strict=True)] for pick in (min, max)
    )
    right.fill_between(steps, lowest, highest, color=LIGHT[VERMILLION], linewidth=0)
    best = -math.log(4)
    for axes, title in ((left, "log-likelihood"), (right, "AVB's ELBO according to $T$")):
        axes.axhline(best, color="black", linewidth=1.4)
        axes.set(title=title, xlabel="updates", ylim=(-1.95, -1.12), xlim=(0, steps[-1] * 1.02))
        axes.set_xticks([0, 4000, 8000])
        axes.xaxis.set_major_formatter(FuncFormatter(lambda step, _: f"{step:,.0f}"))
    left.text(steps[-1], best + 0.008, "best possible: $-\\log 4$", ha="right")
    left.text(steps[-1], -1.44, "AVB", color=DARK[VERMILLION], ha="right", va="top")
    left.text(steps[-1], -1.585, "VAE", color=DARK[BLUE], ha="right", va="top")
    left.set_ylabel("nats per image")
    figure.alt = (
        "Curves along training for five seeds, in two panels on one scale. On the left AVB's log-likelihood "
        "runs clearly above the VAE's and below the line at minus log 4. On the right the ELBO that T "
        "reports for AVB jumps to both sides of the band of that log-likelihood, often above the line."
    )
    return figure


@column
def ring_along(probability: Tensor, reach: float, codes: Mapping[int, Tensor]) -> BookFigure:
    """Codes of one x at moments of a training, on the exact posterior: one panel a moment."""
    figure, panels = sheet(1, len(codes), height=2.35, width=COLUMN, sharey=True)
    for axes, (step, cloud) in zip(panels, codes.items(), strict=True):
        _density(axes, probability, reach)
        axes.plot(cloud[:, 0], cloud[:, 1], ".", color=VERMILLION, markersize=3, markeredgewidth=0)
        _plane(axes, 2.6, f"{step:,} updates" if step else "untrained")
    panels[0].set_ylabel("$z_2$")
    figure.alt = (
        "Codes of one observation at four moments of a training, drawn on the ring that is the exact "
        "posterior: a shapeless cloud at first, then an arc that grows, at the end a ring on the ring."
    )
    return figure


@column
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
    figure = BookFigure(figsize=(COLUMN, 4.0))
    left, right = figure.add_axes((0.085, 0.13, 0.42, 0.74)), figure.add_axes((0.57, 0.13, 0.42, 0.74))
    _density(left, probability, reach)
    _density(right, probability, reach)
    _ellipses(left, mean, covariance)
    right.plot(cloud[:, 0], cloud[:, 1], ".", color=VERMILLION, markersize=3.5, markeredgewidth=0)
    _plane(left, RING_REACH, f"best Gaussian: gap {gaussian_gap:.2f} nats")
    _plane(right, RING_REACH, f"AVB's codes: gap {avb_gap:.2f} nats")
    left.set_ylabel("$z_2$", labelpad=-4)
    where = "sits over its hole and covers all of it" if mean.norm() < 0.25 * x else "covers one arc of it"
    figure.alt = (
        f"For x = {x:.1f}: a ring of that radius; the best Gaussian {where} (gap {gaussian_gap:.2f} nats), "
        f"AVB's codes go all the way round (gap {avb_gap:.2f} nats)."
    )
    return figure
