"""Drawings of the VAE chapter that show densities, bounds and gradients;
those with digits are in ``digit_figures.py``.
"""

import math
from collections.abc import Mapping, Sequence

import torch
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
from .linear_vae import LinearGaussian

COLOURS = (BLUE, VERMILLION, GREEN, PURPLE)
SHADES = ("#ffffff", "#f0f5fa", "#dfeaf5", "#cbdeee", "#b4cfe5", "#9abedb")


def bell(z: Tensor, mu: float, sigma: float) -> Tensor:
    """The density of N(mu, sigma^2)."""
    return torch.exp(-0.5 * ((z - mu) / sigma) ** 2) / (sigma * math.sqrt(2 * math.pi))


@column
def generative_model(model: LinearGaussian, x: Tensor, draws: Tensor, z: Tensor) -> BookFigure:
    """A model with one latent and two observed numbers: data and the line behind them;
    prior and posterior of one x, over a strip of the colours of z.

    Args:
        model: ``W`` (2, 1).
        x: the observed point, (1, 2).
        draws, z: points (n, 2) and the codes they came from (n, 1).
    """
    figure, (left, right) = sheet(1, 2, height=3.3, width=COLUMN)
    shades = {"cmap": "viridis", "vmin": -2.5, "vmax": 2.5}
    left.scatter(*draws.T.tolist(), c=z[:, 0].tolist(), s=14, **shades)
    ends = torch.tensor([[-2.4], [2.4]], dtype=z.dtype) @ model.weight.T + model.mean
    left.plot(*ends.T.tolist(), color="black", linewidth=1.4)
    left.annotate(
        "$Wz + m$", ends[0].tolist(), xytext=(-3.6, -0.1), arrowprops={"arrowstyle": "-", "shrinkA": 0}
    )
    place = x[0].tolist()
    left.plot(*place, "X", color=VERMILLION, markersize=13, markeredgecolor="white", zorder=4)
    arrow = {"arrowstyle": "-", "color": VERMILLION, "shrinkB": 6}
    left.annotate(
        "the observed $x$",
        place,
        xytext=(place[0] + 0.6, place[1] - 2.9),
        color=DARK[VERMILLION],
        ha="center",
        arrowprops=arrow,
    )
    left.set(title="data space", xlabel="$x_1$", ylabel="$x_2$")
    left.set_aspect("equal", adjustable="datalim")
    axis = torch.linspace(-2.5, 2.5, 301, dtype=z.dtype)
    mean, covariance = model.posterior(x)
    posterior = bell(axis, mean.item(), covariance.item() ** 0.5)
    right.plot(axis, bell(axis, 0, 1), color=GREY, linestyle=DASHES[1])
    right.plot(axis, posterior, color=VERMILLION)
    right.fill_between(axis, posterior, color=LIGHT[VERMILLION], linewidth=0, alpha=0.6)
    right.text(-2.4, 0.3, "prior $p(z)$", color=DARK[GREY])
    right.text(0.35, 1.0, "posterior\n$p(z|x)$", color=DARK[VERMILLION], ha="right", va="center")
    right.imshow(axis[None], extent=(-2.5, 2.5, -0.09, -0.02), aspect="auto", **shades)
    right.set(title="code space", xlabel="$z$", yticks=[], ylim=(-0.09, 1.3), xlim=(-2.5, 2.5))
    right.spines[["left", "bottom"]].set_visible(False)
    figure.alt = (
        "Left: a cloud of points along a slanted line, shaded by the code they came from, with one point x "
        f"marked. Right: the wide prior of z, and the narrow posterior of x around {mean.item():.1f}."
    )
    return figure


@column
def price_of_a_code(mu: Tensor, sigma: Tensor, kl: Tensor) -> BookFigure:
    """Contours of KL(N(mu, sigma^2) || N(0, 1)): ``mu`` (m,), ``sigma`` (s,), ``kl`` (s, m)."""
    figure, axes = sheet(height=3.7, width=COLUMN)
    levels = [0.25, 0.5, 1, 2, 4]
    axes.contourf(mu, sigma, kl, levels=[0, *levels, 40], colors=SHADES)
    lines = axes.contour(mu, sigma, kl, levels=levels, colors="#1b3a57", linewidths=1.2)
    places = [(0, 0.58), (0, 0.42), (0, 0.23), (0, 0.087), (-2.5, 0.3), (2.5, 0.3)]
    numbers = axes.clabel(lines, fmt="%g", fontsize=12, manual=places)
    for number in numbers:
        number.set_rotation(0)
    white = {"facecolor": "white", "edgecolor": "none", "pad": 1.5, "alpha": 0.9}
    axes.axhline(1, color="black", linewidth=1.2, linestyle=DASHES[1])
    axes.text(-3.5, 1.0, r"UNIT: $\sigma = 1$", va="center", bbox=white)
    axes.plot(0, 1, "*", color=VERMILLION, markersize=17, markeredgecolor="white")
    axes.annotate(
        "the prior", (0, 1), xytext=(11, 9), textcoords="offset points", color=DARK[VERMILLION], bbox=white
    )
    axes.set(yscale="log", xlabel=r"mean $\mu$", ylabel=r"standard deviation $\sigma$")
    axes.set_yticks([0.1, 0.3, 1, 2], ["0.1", "0.3", "1", "2"])
    axes.minorticks_off()
    figure.alt = (
        "Contour lines of the KL around its zero at mean 0 and standard deviation 1. They rise with the "
        "squared mean, slowly towards narrow and steeply towards wide posteriors."
    )
    return figure


@column
def jensen(low: float, high: float) -> BookFigure:
    """The logarithm over two equally probable values: the mean of the logarithms lies below the logarithm
    of the mean."""
    figure, axes = sheet(height=3.1, width=COLUMN)
    axis = torch.linspace(0.12, 3.4, 300)
    axes.plot(axis, axis.log(), color=BLUE)
    middle, of_mean = (low + high) / 2, math.log((low + high) / 2)
    mean_of = (math.log(low) + math.log(high)) / 2
    axes.plot([low, high], [math.log(low), math.log(high)], "o-", color=VERMILLION, markersize=8)
    axes.plot([middle] * 2, [mean_of, of_mean], color="black", linewidth=1.4, linestyle=DASHES[2])
    axes.plot(middle, of_mean, "o", color=BLUE, markersize=8)
    axes.plot(middle, mean_of, "o", color=VERMILLION, markersize=8)
    axes.text(middle - 0.05, of_mean + 0.14, r"$\log\,\mathrm{E}[w]$", color=DARK[BLUE], ha="right")
    axes.text(middle + 0.08, mean_of - 0.12, r"$\mathrm{E}[\log w]$", color=DARK[VERMILLION], va="top")
    axes.text(middle + 0.05, mean_of + 0.6 * (of_mean - mean_of), "lost", va="center")
    axes.text(3.4, math.log(3.4) + 0.1, r"$\log w$", color=DARK[BLUE], ha="right")
    for value, name in ((low, "$w_1$"), (high, "$w_2$")):
        axes.plot([value] * 2, [-2.2, math.log(value)], color=GREY, linewidth=1, linestyle=DASHES[2])
        axes.text(value + 0.04, -2.15, name, color=DARK[GREY])
    axes.set(xlabel="$w$", ylabel="nats", xlim=(0, 3.45), ylim=(-2.2, 1.6))
    figure.alt = (
        "The curve of the logarithm and a chord below it between two values of w. At their middle the chord "
        f"is at {mean_of:.2f} and the curve at {of_mean:.2f}."
    )
    return figure


@column
def two_gradients(
    score: Tensor, pathwise: Tensor, truth: float, dimensions: Sequence[int], variances: Mapping[str, Mapping]
) -> BookFigure:
    """Estimates of one gradient, and their variance against the number of dimensions.

    Args:
        score, pathwise: estimates (n,) in one dimension.
        truth: the gradient itself.
        variances: ``{"score function": {"exact": [...], "measured": [...]}, "pathwise": ...}``
            along ``dimensions``.
    """
    figure, (left, right) = sheet(1, 2, height=3.3, width=COLUMN)
    bins = torch.linspace(-8, 16, 49).tolist()
    left.hist(pathwise, bins, density=True, color=LIGHT[BLUE])
    left.hist(score, bins, density=True, histtype="step", color=VERMILLION, linewidth=1.6)
    left.axvline(truth, color="black", linewidth=1.2)
    left.text(truth + 0.4, 0.62, f"exact: {truth:g}")
    left.text(-0.9, 0.62, "score\nfunction", color=DARK[VERMILLION], ha="right", va="center")
    left.text(4.6, 0.14, "pathwise", color=DARK[BLUE])
    left.set(title="estimates from one draw, $d=1$", xlabel="estimate of the gradient", yticks=[])
    left.spines["left"].set_visible(False)
    marks = {"score function": (VERMILLION, DASHES[1], "s"), "pathwise": (BLUE, DASHES[0], "o")}
    for name, (colour, dash, mark) in marks.items():
        right.plot(dimensions, variances[name]["exact"], color=colour, linestyle=dash)
        right.plot(dimensions, variances[name]["measured"], mark, color=colour, markersize=6, label=name)
    right.set(title="variance of one draw", xlabel="dimensions $d$", xscale="log", yscale="log")
    right.set_xticks([1, 10, 100], ["1", "10", "100"])
    right.set_ylim(0.5, None)
    right.text(1.0, 900, "score\nfunction", color=DARK[VERMILLION], va="bottom")
    right.text(20, 6, "pathwise", color=DARK[BLUE], va="bottom")
    ratio = variances["score function"]["exact"][-1] / variances["pathwise"]["exact"][-1]
    figure.alt = (
        "Left: the pathwise estimates lie in a hill around the truth, those of the score function in a thin "
        "spike at 0 and a tail far to the right. Right: with the dimensions the score function's variance "
        f"climbs to {ratio:,.0f} times the pathwise one, which stays level."
    )
    return figure


@column
def collapse_lines(
    eigenvalues: Tensor, units: int, noises: Sequence[float], trained: Tensor, grid: Tensor
) -> BookFigure:
    """KL of each unit of the linear VAE against the noise variance: formula as lines, trainings as marks.

    Args:
        noises: noise variances of the trainings; ``trained`` (trainings, units).
        grid: noise variances of the lines, (g,).
    """
    figure, axes = sheet(height=3.6, width=COLUMN)
    for i in range(units):
        colour = COLOURS[i]
        line = 0.5 * (eigenvalues[i] / grid).log().clamp(min=0)
        axes.plot(grid, line, color=colour, linestyle=DASHES[i])
        look = {"color": colour, "markersize": 7, "markeredgecolor": "white", "clip_on": False, "zorder": 3}
        axes.plot(noises, trained[:, i], "osD^"[i], **look)
        name = rf"$v_{i + 1} = {eigenvalues[i]:g}$"
        axes.text(grid[0] * 0.94, line[0], name, color=DARK[colour], ha="right", va="center")
        axes.plot([eigenvalues[i]] * 2, [-0.06, 0.06], color="black", linewidth=1.5, clip_on=False, zorder=4)
    axes.set(
        xscale="log",
        xlabel=r"noise variance $\sigma_x^2$ that the decoder assumes",
        ylabel="KL of the unit, nats",
        ylim=(0, None),
    )
    axes.set_xlim(grid[0] * 0.5, grid[-1])
    axes.set_xticks([0.1, 0.5, 1, 2, 4], ["0.1", "0.5", "1", "2", "4"])
    axes.minorticks_off()
    figure.alt = (
        f"{units} straight lines fall with the logarithm of the noise variance and stop at zero, each where "
        "the noise variance reaches its own eigenvalue. The marks of trained models lie on the lines."
    )
    return figure


@column
def bounds_against_k(ks: Sequence[int], gaps: Mapping[str, Sequence[float]]) -> BookFigure:
    """How far the importance-weighted bound stays below log p(x), against the number of draws.

    Args:
        gaps: ``{name: log p(x) - bound, for each of ks}`` in nats.
    """
    figure, axes = sheet(height=3.5, width=COLUMN)
    spoken = []
    for i, (name, gap) in enumerate(gaps.items()):
        look = {"marker": "osD"[i], "color": COLOURS[i], "linestyle": DASHES[i], "markersize": 6}
        axes.plot(ks, gap, clip_on=False, zorder=3, **look)
        spoken.append(f"{name.replace(chr(10), ' ')} from {gap[0]:.2f} to {abs(gap[-1]):.2f}")
    for i, ((name, gap), (at, side)) in enumerate(
        zip(gaps.items(), ((0, "left"), (0, "right"), (5, "left")), strict=True)
    ):
        shift = [(12, 2), (-12, 0), (12, -8)][i]
        axes.annotate(
            name,
            (ks[at], gap[at]),
            xytext=shift,
            textcoords="offset points",
            color=DARK[COLOURS[i]],
            ha=side,
            va="center" if side == "right" else "top",
        )
    axes.axhline(0, color="black", linewidth=1.4)
    axes.text(ks[0] * 0.09, 0.1, r"the exact $\log p(x)$", va="top")
    axes.set(xscale="log", xlabel="draws $k$", ylabel=r"nats below $\log p(x)$", ylim=(7, 0))
    axes.set_xlim(ks[0] * 0.08, ks[-1] * 1.1)
    axes.set_xticks([1, 10, 100, 1000], ["1", "10", "100", "1,000"])
    axes.minorticks_off()
    figure.alt = f"Bounds that climb towards log p(x) with k. Nats below it: {'; '.join(spoken)}."
    return figure
