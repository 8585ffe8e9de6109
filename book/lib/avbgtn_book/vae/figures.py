"""Drawings of the VAE chapter that show densities, bounds and gradients;
those with digits are in ``digit_figures.py``.
"""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from ..shared.canvas import BLUE, GREEN, GREY, PURPLE, VERMILLION, WIDTH, BookFigure, styled
from ..shared.sheet import sheet
from .linear_vae import LinearGaussian

DASHES = ("-", (0, (5, 2)), (0, (1.2, 1.4)), (0, (6, 2, 1.5, 2)))
COLOURS = (BLUE, VERMILLION, GREEN, PURPLE)
TEXT_GREY = "#595959"


def bell(z: Tensor, mu: float, sigma: float) -> Tensor:
    """The density of N(mu, sigma^2)."""
    return torch.exp(-0.5 * ((z - mu) / sigma) ** 2) / (sigma * math.sqrt(2 * math.pi))


@styled
def latent_story(model: LinearGaussian, x: Tensor, draws: Tensor, z: Tensor) -> BookFigure:
    """A model with one latent and two observed numbers: data and the line behind them;
    prior and posterior of one x.

    Args:
        model: ``W`` (2, 1).
        x: the observed point, (1, 2).
        draws, z: points (n, 2) and the codes they came from (n, 1).
    """
    figure, (left, right) = sheet(1, 2, height=2.6)
    left.scatter(*draws.T.tolist(), c=z[:, 0].tolist(), cmap="viridis", s=7, vmin=-2.2, vmax=2.2)
    ends = torch.tensor([[-2.4], [2.4]], dtype=z.dtype) @ model.weight.T + model.mean
    left.plot(*ends.T.tolist(), color="black", linewidth=1.2)
    left.plot(*x[0].tolist(), "X", color=VERMILLION, markersize=10, markeredgecolor="white")
    left.annotate(
        "$x$",
        x[0].tolist(),
        xytext=(12, -22),
        textcoords="offset points",
        color=VERMILLION,
        fontsize=14,
        arrowprops={"arrowstyle": "-", "color": VERMILLION},
    )
    left.set(title="data space", xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
    axis = torch.linspace(-3, 3, 301, dtype=z.dtype)
    mean, covariance = model.posterior(x)
    right.plot(axis, bell(axis, 0, 1), color=GREY, linestyle=DASHES[1], linewidth=1.8)
    right.plot(axis, bell(axis, mean.item(), covariance.item() ** 0.5), color=VERMILLION, linewidth=1.8)
    right.text(-2.9, 0.34, "prior\n$p(z)$", color=TEXT_GREY)
    right.text(mean.item() - 0.45, 0.97, "posterior\n$p(z|x)$", color=VERMILLION, ha="right", va="center")
    right.set(title="code space", xlabel="$z$", yticks=[], ylim=(0, None), xlim=(-3, 3))
    right.spines["left"].set_visible(False)
    figure.alt = (
        "Left: a cloud of points along a slanted line, shaded by the code they came from, with one point x "
        f"marked. Right: the wide prior of z, and the narrow posterior of x around {mean.item():.1f}."
    )
    return figure


@styled
def price_of_a_code(mu: Tensor, sigma: Tensor, kl: Tensor) -> BookFigure:
    """Contours of KL(N(mu, sigma^2) || N(0, 1)): ``mu`` (m,), ``sigma`` (s,), ``kl`` (s, m)."""
    figure, axes = sheet(height=2.7)
    levels = [0.05, 0.25, 0.5, 1, 2, 4, 8]
    axes.contourf(mu, sigma, kl, levels=[0, *levels, 40], cmap="Blues", alpha=0.75)
    lines = axes.contour(mu, sigma, kl, levels=levels, colors="#1b3a57", linewidths=1.1)
    places = [(0, float(0.985 - 0.3 * level**0.5)) for level in (0.25,)] + [(0, 0.27), (0, 0.1)]
    axes.clabel(lines, levels=[0.25, 1, 2], fmt="%g", fontsize=10, manual=places)
    axes.clabel(lines, levels=[4], fmt="%g", fontsize=10, manual=[(-2.6, 0.3), (2.6, 0.3)])
    axes.plot(0, 1, "*", color=VERMILLION, markersize=14, markeredgecolor="white")
    white = {"facecolor": "white", "edgecolor": "none", "pad": 1.5, "alpha": 0.9}
    axes.annotate("the prior", (0, 1), xytext=(9, 7), textcoords="offset points", color="#a34700", bbox=white)
    axes.axhline(1, color="black", linewidth=1, linestyle=DASHES[1])
    axes.text(-3.5, 1.0, "UNIT: this line", color="black", va="center", bbox=white)
    axes.set(yscale="log", xlabel=r"$\mu$", ylabel=r"$\sigma$ (logarithmic)")
    axes.set_yticks([0.1, 0.3, 1, 2], ["0.1", "0.3", "1", "2"])
    axes.minorticks_off()
    figure.alt = (
        "Contour lines of the KL around its zero at mean 0 and standard deviation 1. They rise with the "
        "squared mean, slowly towards narrow and steeply towards wide posteriors."
    )
    return figure


@styled
def gap_frame(
    mean: float, width: float, posterior: tuple[float, float], bound: float, gap: float
) -> BookFigure:
    """One q over one posterior, and how log p(x) divides into bound and gap.

    ``posterior``: mean and width.
    """
    # Axes by hand: a layout engine would take longer than the drawing
    figure = BookFigure(figsize=(WIDTH, 2.2))
    left, right = figure.add_axes((0.03, 0.2, 0.55, 0.68)), figure.add_axes((0.7, 0.2, 0.29, 0.68))
    axis = torch.linspace(-2, 3.2, 261)
    left.fill_between(axis, bell(axis, *posterior), color="#f3c9b0", linewidth=0)
    left.plot(axis, bell(axis, *posterior), color=VERMILLION, linewidth=1.6, linestyle=DASHES[1])
    left.plot(axis, bell(axis, mean, width), color=BLUE, linewidth=2)
    left.set(xlim=(-2, 3.2), ylim=(0, 1.7), yticks=[], xlabel="$z$")
    left.text(-2, 1.78, "guess $q(z)$", color=BLUE)
    left.text(3.2, 1.78, "posterior $p(z|x)$", color=VERMILLION, ha="right")
    left.spines["left"].set_visible(False)
    total = bound + gap
    right.bar([0.5], [gap], bottom=[bound], width=0.5, color="#9ecae8")
    right.axhline(total, color="black", linewidth=1.4)
    right.plot([0.25, 0.75], [bound, bound], color=BLUE, linewidth=2.6)
    right.text(0.5, total + 0.25, r"$\log p(x)$", ha="center")
    right.text(0.5, -9.0, f"KL {gap:.2f}", ha="center")
    right.text(0.5, -10.2, f"bound {bound:.2f}", ha="center", color=BLUE)
    right.set(xlim=(0, 1), ylim=(-10.5, total + 0.2), xticks=[], ylabel="nats", yticks=[-2, -4, -6, -8])
    right.spines["bottom"].set_visible(False)
    figure.alt = (
        f"q with mean {mean:g} and width {width:g} beside the posterior with mean {posterior[0]:.2f} and "
        f"width {posterior[1]:.2f}: the bound is {bound:.2f} and the KL {gap:.2f} nats, together {total:.2f}."
    )
    return figure


@styled
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
    figure, (left, right) = sheet(1, 2, height=2.7)
    bins = torch.linspace(-10, 16, 66).tolist()
    left.hist(pathwise, bins, density=True, color="#9ecae8")
    left.hist(score, bins, density=True, histtype="step", color=VERMILLION, linewidth=1.4, linestyle="--")
    left.axvline(truth, color="black", linewidth=1)
    left.set(title="one draw, $d=1$", xlabel="estimate of the gradient", yticks=[])
    left.spines["left"].set_visible(False)
    marks = {"score function": (VERMILLION, DASHES[1], "s"), "pathwise": (BLUE, DASHES[0], "o")}
    for name, (colour, dash, mark) in marks.items():
        right.plot(dimensions, variances[name]["exact"], color=colour, linestyle=dash, linewidth=1.6)
        right.plot(dimensions, variances[name]["measured"], mark, color=colour, markersize=5, label=name)
    right.set(title="variance", xlabel="dimensions $d$", xscale="log", yscale="log")
    right.set_xticks([1, 10, 100], ["1", "10", "100"])
    right.set_ylim(0.5, None)
    right.text(1.0, 900, "score\nfunction", color=VERMILLION, va="bottom")
    right.text(30, 5.2, "pathwise", color=BLUE, va="bottom")
    ratio = variances["score function"]["exact"][-1] / variances["pathwise"]["exact"][-1]
    figure.alt = (
        "Left: the pathwise estimates lie in a hill around the truth, those of the score function in a thin "
        "spike at 0 and a tail far to the right. Right: with the dimensions the score function's variance "
        f"climbs to {ratio:,.0f} times the pathwise one, which stays level."
    )
    return figure


@styled
def collapse_lines(
    eigenvalues: Tensor, units: int, noises: Sequence[float], trained: Tensor, grid: Tensor
) -> BookFigure:
    """KL of each unit of the linear VAE against the noise variance: formula as lines, trainings as marks.

    Args:
        noises: noise variances of the trainings; ``trained`` (trainings, units).
        grid: noise variances of the lines, (g,).
    """
    figure, axes = sheet(height=2.8)
    for i in range(units):
        line = 0.5 * (eigenvalues[i] / grid).log().clamp(min=0)
        axes.plot(grid, line, color=COLOURS[i], linestyle=DASHES[i], linewidth=1.8)
        axes.plot(
            noises,
            trained[:, i],
            "osD^"[i],
            color=COLOURS[i],
            markersize=6,
            markeredgecolor="white",
            clip_on=False,
            zorder=3,
        )
        top = 0.5 * (eigenvalues[i] / grid[0]).log().item()
        axes.text(
            grid[0] * 0.94, top, rf"$\lambda$ = {eigenvalues[i]:g}", color=COLOURS[i], ha="right", va="center"
        )
        axes.plot([eigenvalues[i]] * 2, [-0.06, 0.06], color="black", linewidth=1.5, clip_on=False, zorder=4)
    axes.set(
        xscale="log", xlabel=r"noise variance $\sigma_x^2$", ylabel="KL of the unit, nats", ylim=(0, None)
    )
    axes.set_xlim(grid[0] * 0.45, grid[-1])
    axes.set_xticks([0.1, 0.5, 1, 2, 4], ["0.1", "0.5", "1", "2", "4"])
    axes.minorticks_off()
    figure.alt = (
        f"{units} straight lines fall with the logarithm of the noise variance and stop at zero, each where "
        "the noise variance reaches its own eigenvalue. The marks of trained models lie on the lines."
    )
    return figure


@styled
def bounds_against_k(panels: Mapping[str, Mapping]) -> BookFigure:
    """The importance-weighted bound against k, one panel a model.

    Args:
        panels: ``{title: {"k": [...], "truth": float, "lines": {name: [...]}}}``.
    """
    figure, all_axes = sheet(1, len(panels), height=2.7)
    spoken = []
    for axes, (title, panel) in zip(all_axes, panels.items(), strict=True):
        axes.axhline(panel["truth"], color="black", linewidth=1.2)
        axes.text(panel["k"][0], panel["truth"], r"$\log p(x)$", va="bottom")
        lowest = min(min(line) for line in panel["lines"].values())
        for i, (name, line) in enumerate(panel["lines"].items()):
            look = {"marker": "os"[i], "color": COLOURS[i], "linestyle": DASHES[i], "markersize": 4}
            axes.plot(panel["k"], line, label=name, **look)
            spoken.append(f"{title}, {name}: from {line[0]:.2f} to {line[-1]:.2f} under {panel['truth']:.2f}")
        room = panel["truth"] - lowest
        axes.set(
            title=title, xscale="log", xlabel="$k$", ylim=(lowest - 0.1 * room, panel["truth"] + 0.17 * room)
        )
        axes.set_xticks([1, 10, 100, 1000], ["1", "10", "100", "1000"])
        axes.minorticks_off()
        axes.legend(frameon=False, loc="lower right", handlelength=1.8)
    all_axes[0].set_ylabel("nats")
    figure.alt = f"Bounds that climb towards log p(x) with k. {'; '.join(spoken)}."
    return figure
