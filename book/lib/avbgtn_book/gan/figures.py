"""Drawings of the GAN chapter that show densities, gradients and distances;
the DiracGAN's plane is in ``dirac_figures.py``, points and digits are in ``sample_figures.py``.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from ..shared.canvas import BLUE, COLUMN, DARK, DASHES, GREEN, GREY, LIGHT, VERMILLION, BookFigure, column
from ..shared.sheet import sheet
from . import gan

DASHED, DOTTED = DASHES[1:3]
GRID = "#dddddd"
F64 = torch.float64


def _data_and_generator(axes, x: Tensor, p: Tensor, q: Tensor) -> None:
    """Two densities, ``p`` solid and ``q`` dashed."""
    for density, colour, dash in ((p, BLUE, "-"), (q, VERMILLION, DASHED)):
        axes.fill_between(x, density, color=LIGHT[colour], alpha=0.55, linewidth=0)
        axes.plot(x, density, color=colour, linestyle=dash)


@column
def learnt_against_exact(
    x: Tensor, p: Tensor, q: Tensor, exact: Tensor, learnt: Sequence[Tensor]
) -> BookFigure:
    """Two densities, and below them the exact best discriminator with learnt ones; everything ``(n,)``."""
    figure, (top, bottom) = sheet(2, 1, height=2.2, width=COLUMN, sharex=True, height_ratios=[1, 1.3])
    _data_and_generator(top, x, p, q)
    top.text(-2.15, 0.3, "data $p(x)$", color=DARK[BLUE], ha="right")
    top.text(0.75, 0.345, "generator $q(x)$", color=DARK[VERMILLION])
    top.set(yticks=[], ylim=(0, 0.41))
    top.spines["left"].set_visible(False)
    bottom.axhline(0.5, color=GREY, linewidth=1)
    bottom.text(0.1, 0.51, "cannot tell", color=DARK[GREY], ha="center", va="bottom")
    for d in learnt:
        bottom.plot(x, d, color=GREEN, linewidth=1.6)
    bottom.plot(x, exact, color="black", linewidth=2.6, linestyle=DOTTED)
    bottom.text(-3.95, 0.86, "learnt, three seeds", color=DARK[GREEN], va="bottom")
    bottom.text(-2.75, 0.17, r"exact, $\dfrac{p}{p+q}$", ha="left", va="center")
    bottom.set(xlabel="$x$", ylabel="$D(x)$", ylim=(-0.03, 1.0), xlim=(x[0].item(), x[-1].item()))
    bottom.set_yticks([0, 0.5, 1], ["0", "0.5", "1"])
    figure.alt = (
        "Top: a two-humped density of the data and a one-humped one of the generator. Bottom: three learnt "
        "discriminators lie on the exact curve where there are samples, and leave it at the outer edges."
    )
    return figure


@column
def gradients_against_distance(distance: Tensor, minimax: Tensor, non_saturating: Tensor) -> BookFigure:
    """The size of both generator gradients against the distance of two unit bells, linear and logarithmic."""
    figure, panels = sheet(1, 2, height=3.3, width=COLUMN, sharex=True)
    for axes, scale, said in zip(panels, ("linear", "log"), ("linear", "logarithmic"), strict=True):
        axes.plot(distance, non_saturating, color=BLUE)
        axes.plot(distance, minimax, color=VERMILLION, linestyle=DASHED)
        axes.set(xlabel=r"distance $\mu$", yscale=scale, title=f"gradient, {said} axis")
        axes.set_xticks([0, 2, 4, 6, 8, 10])
        axes.grid(color=GRID, linewidth=0.7)
    panels[0].text(5.4, 6.9, "non-saturating", color=DARK[BLUE], ha="right")
    panels[0].text(4.6, 0.42, "minimax", color=DARK[VERMILLION])
    panels[1].text(5, 12, "non-saturating", color=DARK[BLUE], va="bottom", ha="center")
    panels[1].text(6.4, 0.0006, "minimax", color=DARK[VERMILLION], ha="right")
    panels[1].set_ylim(1e-6, 100)
    figure.alt = (
        "Two panels of gradient size against distance. The non-saturating gradient grows in proportion to "
        "the distance; the minimax one peaks below one half near distance 1.6 and falls to almost nothing."
    )
    return figure


@column
def pull_towards_data(mean: float) -> BookFigure:
    """One frame: data N(0, 1), a generator N(mean, 1), D* between them,
    and the size of both losses' gradients with respect to the mean.
    """
    # Axes by hand: a layout engine would take longer than the drawing
    figure = BookFigure(figsize=(COLUMN, 3.3))
    left, right = figure.add_axes((0.075, 0.165, 0.56, 0.76)), figure.add_axes((0.7, 0.165, 0.285, 0.67))
    x = torch.linspace(-4, 12, 321, dtype=F64)
    log_p, log_q = gan.bell().log_density(x), gan.bell(mean).log_density(x)
    _data_and_generator(left, x, log_p.exp(), log_q.exp())
    left.plot(x, gan.optimal_discriminator(log_p, log_q), color="black", linestyle=DOTTED)
    left.text(-3.9, 1.04, "best discriminator $D^*(x)$")
    left.text(-0.9, 0.33, "data", color=DARK[BLUE], ha="right")
    aside, height = (0.9, 0.33) if mean > 1.7 else (1.3, 0.42)  # above the falling discriminator
    left.text(mean + aside, height, "generator", color=DARK[VERMILLION])
    left.set(xlabel="$x$", ylim=(0, 1.19), xlim=(-4, 12))
    left.set_yticks([0, 0.5, 1], ["0", "0.5", "1"])
    sizes = [gan.generator_gradient(mean, form, points=2001) for form in ("minimax", "non_saturating")]
    right.bar([0, 1], sizes, width=0.6, color=[VERMILLION, BLUE])
    for at, size, colour in zip((0, 1), sizes, (VERMILLION, BLUE), strict=True):
        right.text(at, size + 0.15, f"{size:.2g}", color=DARK[colour], ha="center")
    right.set(ylim=(0, 8.8), xlim=(-0.6, 1.6), yticks=[0, 2, 4, 6, 8])
    right.set_xticks([0, 1], ["minimax", "non-\nsaturating"])
    right.tick_params(axis="x", length=0)
    right.set_title("size of the gradient", pad=14)
    figure.alt = (
        f"Data around 0 and a generator around {mean:g}, with the best discriminator falling between them. "
        f"Gradient of the minimax loss {sizes[0]:.2g}, of the non-saturating loss {sizes[1]:.3g}."
    )
    return figure


@column
def three_players(paths: Mapping[str, Tensor]) -> BookFigure:
    """Distance from the equilibrium along the steps, one line a way of playing:
    ``{name: (steps + 1, 2)}``.
    """
    figure, axes = sheet(height=3.5, width=COLUMN)
    steps = max(len(path) for path in paths.values()) - 1
    for (name, path), dash, colour in zip(
        paths.items(), DASHES, (VERMILLION, GREY, BLUE, GREEN), strict=True
    ):
        distance = path.norm(dim=1)
        axes.plot(distance, color=colour, linestyle=dash)
        colour = DARK.get(colour, DARK[GREY])
        axes.text(len(path) - 1 + 0.02 * steps, distance[-1], name, color=colour, va="center")
    axes.set(xlabel="step", ylabel="distance from (0, 0)", yscale="log", ylim=(2e-3, 5))
    axes.set_xlim(0, 1.5 * steps)  # room for the names
    axes.set_xticks([0, steps / 3, 2 * steps / 3, steps])
    axes.spines["bottom"].set_bounds(0, steps)
    axes.set_yticks([0.01, 0.1, 1], ["0.01", "0.1", "1"])
    axes.hlines([0.01, 0.1, 1], 0, steps, color=GRID, linewidth=0.7, zorder=0)
    axes.minorticks_off()
    figure.alt = (
        "Distance from the equilibrium, log scale. Simultaneous descent moves away, alternating descent "
        "stays where it is, and R1 and instance noise fall along straight lines."
    )
    return figure
