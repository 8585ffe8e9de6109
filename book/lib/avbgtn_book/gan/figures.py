"""Drawings of the GAN chapter that show densities, gradients and vector fields;
points and digits are in ``sample_figures.py``.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from ..shared.canvas import BLUE, GREEN, GREY, PURPLE, VERMILLION, BookFigure, styled
from ..shared.sheet import sheet
from . import dirac_gan

DASHED, DOTTED = (0, (5, 2)), (0, (1.2, 1.4))
F64 = torch.float64


@styled
def learnt_against_exact(
    x: Tensor, p: Tensor, q: Tensor, exact: Tensor, learnt: Sequence[Tensor]
) -> BookFigure:
    """Two densities, and below them the exact best discriminator with learnt ones; everything ``(n,)``."""
    figure, (top, bottom) = sheet(2, 1, height=1.75, sharex=True)
    top.fill_between(x, p, color=BLUE, alpha=0.25, linewidth=0)
    top.plot(x, p, color=BLUE, linewidth=1.8)
    top.fill_between(x, q, color=VERMILLION, alpha=0.2, linewidth=0)
    top.plot(x, q, color=VERMILLION, linewidth=1.8, linestyle=DASHED)
    top.text(-2.1, 0.33, "data p", color=BLUE, ha="right")
    top.text(0.95, 0.335, "generator q", color=VERMILLION)
    top.set(yticks=[], ylim=(0, None))
    top.spines["left"].set_visible(False)
    bottom.axhline(0.5, color=GREY, linewidth=0.8)
    for i, d in enumerate(learnt):
        bottom.plot(x, d, color=GREEN, linewidth=1.2, alpha=0.75, label="learnt, 3 seeds" if i == 0 else None)
    bottom.plot(x, exact, color="black", linewidth=1.8, linestyle=DOTTED, label="exact p/(p+q)")
    bottom.set(xlabel="$x$", ylabel="$D(x)$", ylim=(-0.03, 1.03), xlim=(x[0].item(), x[-1].item()))
    bottom.legend(frameon=False, loc="upper right", borderaxespad=0)
    figure.alt = (
        "Top: a two-humped density of the data and a one-humped one of the generator. Bottom: three learnt "
        "discriminators lie on the exact curve where there are samples, and leave it at the outer edges."
    )
    return figure


@styled
def gradients_against_distance(distance: Tensor, minimax: Tensor, non_saturating: Tensor) -> BookFigure:
    """The size of both generator gradients against the distance of two unit bells, linear and logarithmic."""
    figure, panels = sheet(1, 2, height=2.6)
    for axes, scale in zip(panels, ("linear", "log"), strict=True):
        axes.plot(distance, non_saturating, color=BLUE, linewidth=2)
        axes.plot(distance, minimax, color=VERMILLION, linewidth=2, linestyle=DASHED)
        axes.set(xlabel="distance", yscale=scale)
        axes.grid(color="#dddddd", linewidth=0.6)
    panels[0].set_title("size of the gradient", loc="left")
    panels[1].set_title("the same, log scale", loc="left")
    panels[0].text(0.3, 6.2, "non-saturating\nKL − 2 JS", color=BLUE)
    panels[0].text(3.2, 0.45, "minimax, 2 JS", color=VERMILLION)
    figure.alt = (
        "Two panels of gradient size against distance. The non-saturating gradient grows in proportion to "
        "the distance; the minimax one peaks below one half near distance 1.6 and falls to almost nothing."
    )
    return figure


@styled
def pull_towards_data(mean: float) -> BookFigure:
    """One frame: data N(0, 1), a generator N(mean, 1), D* between them,
    and the pull of both losses on the mean.
    """
    from . import gan

    x = torch.linspace(-4, 12, 321, dtype=F64)
    log_p, log_q = gan.bell().log_density(x), gan.bell(mean).log_density(x)
    figure, axes = sheet(height=2.3)
    axes.fill_between(x, log_p.exp(), color=BLUE, alpha=0.3, linewidth=0)
    axes.plot(x, log_p.exp(), color=BLUE, linewidth=1.8)
    axes.fill_between(x, log_q.exp(), color=VERMILLION, alpha=0.2, linewidth=0)
    axes.plot(x, log_q.exp(), color=VERMILLION, linewidth=1.8, linestyle=DASHED)
    axes.plot(x, gan.optimal_discriminator(log_p, log_q), color="black", linewidth=1.4, linestyle=DOTTED)
    axes.text(-3.9, 1.05, "$D^*$")
    saturating, other = (
        gan.generator_gradient(mean, form, points=2001) for form in ("minimax", "non_saturating")
    )
    axes.text(11.9, 1.36, f"pull on the generator, minimax: {saturating:.2g}", ha="right", color=VERMILLION)
    axes.text(11.9, 1.19, f"non-saturating: {other:.3g}", ha="right", color=BLUE)
    axes.text(-1, 0.3, "data", color=BLUE, ha="right")
    axes.text(mean + 1, 0.3 if mean > 1.7 else 0.58, "generator", color=VERMILLION)
    axes.set(xlabel="$x$", ylim=(0, 1.5), yticks=[0, 0.5, 1])
    figure.alt = (
        f"Data around 0 and a generator around {mean:g}, with the best discriminator falling between them. "
        f"Pull of the minimax loss {saturating:.2g}, of the non-saturating loss {other:.3g}."
    )
    return figure


@styled
def vector_field(r1: float, step: float = 0.2, *, steps: int = 150) -> BookFigure:
    """One frame: the DiracGAN's field with R1 weight ``r1``, and where simultaneous
    steps from one start lead.
    """
    figure, (left, right) = sheet(1, 2, height=2.75, gridspec_kw={"width_ratios": [1.55, 1]})
    axis = torch.linspace(-1.8, 1.8, 13, dtype=F64)
    psi, theta = torch.meshgrid(axis, axis, indexing="ij")
    v = dirac_gan.field(theta, psi, r1=r1)
    left.quiver(theta, psi, *v, color="#a8a8a8", width=0.005, scale=22)
    path = dirac_gan.trajectory(step, steps, r1=r1).clamp(-9, 9)
    left.plot(path[:, 0], path[:, 1], color=VERMILLION, linewidth=1.4)
    left.plot(*path[0], "o", color=VERMILLION, markersize=6)
    left.plot(0, 0, "P", color=BLUE, markersize=9, markeredgecolor="white")
    left.set(
        xlabel=r"$\theta$, generator",
        ylabel=r"$\psi$, discriminator",
        xlim=(-2, 2),
        ylim=(-2, 2),
        aspect="equal",
    )
    circle = torch.linspace(0, 2 * math.pi, 200, dtype=F64)
    right.plot(circle.cos(), circle.sin(), color=GREY, linewidth=1)
    for root, mark in zip(dirac_gan.eigenvalues(r1=r1), ("o", "D"), strict=True):
        z = 1 + step * root
        right.plot(z.real, z.imag, mark, color=PURPLE, markersize=6)
    factor = dirac_gan.growth(step, r1=r1)
    verdict = "neither in- nor out" if abs(factor - 1) < 1e-9 else "out" if factor > 1 else "in"
    right.axvline(1, color=GREY, linewidth=0.6)
    right.set(
        xlim=(0.68, 1.06),
        ylim=(-0.22, 0.22),
        title=r"one step: $1 + h\lambda$",
        xticks=[0.7, 0.8, 0.9, 1],
        yticks=[-0.2, 0, 0.2],
    )
    how = {"in": "spirals in" if r1 < 1 else "goes in", "out": "spirals out"}.get(verdict, "circles")
    right.text(0.69, -0.2, f"factor {factor:.4f}\n{how}", va="bottom")
    right.text(0.965, 0.205, "unit\ncircle", va="top", ha="right", color="#595959")
    figure.alt = (
        f"R1 weight {r1:g}, step {step:g}: the path from the start goes {verdict}wards, and the factors 1 + "
        f"h lambda lie {'outside' if verdict == 'out' else 'inside' if verdict == 'in' else 'on'} the unit "
        f"circle, the largest of size {factor:.4f}."
    )
    return figure


@styled
def three_players(paths: dict[str, Tensor]) -> BookFigure:
    """Distance from the equilibrium along the steps, one line a way of playing:
    ``{name: (steps + 1, 2)}``.
    """
    figure, axes = sheet(height=2.7)
    dashes = ("-", DASHED, DOTTED, (0, (6, 2, 1.5, 2)))
    for (name, path), dash, colour in zip(
        paths.items(), dashes, (VERMILLION, GREY, BLUE, GREEN), strict=True
    ):
        axes.plot(path.norm(dim=1), color=colour, linestyle=dash, linewidth=1.9, label=name)
    axes.set(xlabel="step", ylabel="distance from (0, 0)", yscale="log", ylim=(1e-3, 10))
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.legend(frameon=False, loc="lower left")
    figure.alt = (
        "Distance from the equilibrium, log scale. Simultaneous descent moves away, alternating descent "
        "stays where it is, and R1 and instance noise fall along straight lines."
    )
    return figure
