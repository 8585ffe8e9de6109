"""Drawings of the chapter on critics."""

import math
from collections.abc import Mapping, Sequence

from matplotlib.patches import Circle
from numpy.typing import NDArray
from torch import Tensor

from ..gan import ring
from ..shared.canvas import BLUE, COLUMN, DARK, DASHES, GREEN, GREY, PURPLE, VERMILLION, BookFigure, column
from ..shared.sheet import sheet

LIGHT = "#dddddd"
DASHED, DOTTED = DASHES[1], (0, (1, 1.5))
LOOKS = ((VERMILLION, DASHED), (GREEN, "-."), (GREY, DOTTED), (PURPLE, DOTTED), (BLUE, "-"), ("black", "-"))


@column
def thick_lines(theta: float, thickness: float, points: Sequence[Tensor], values: Mapping[str, float]):
    """One frame: two thickened lines, and bars of KL, JS and W between them, each on its own axis."""
    figure = BookFigure(figsize=(COLUMN, 3.0))
    left = figure.add_axes((0.08, 0.19, 0.44, 0.68))
    for cloud, colour, mark in zip(points, (VERMILLION, BLUE), ("o", "s"), strict=True):
        left.plot(*cloud.T.tolist(), mark, color=colour, markersize=3, alpha=0.6)
    left.set(xlim=(-0.4, 1.4), ylim=(0, 1.0), yticks=[0, 1], xlabel="across", xticks=[0, 0.5, 1])
    left.set_title(rf"$\theta$ = {theta:g}, thickness {thickness:g}")
    for k, (name, most) in enumerate((("KL", 1250.0), ("JS", math.log(2)), ("W", 1.0))):
        axes = figure.add_axes((0.63 + 0.14 * k, 0.19, 0.06, 0.62))
        axes.bar([0], [values[name]], color=(GREY, PURPLE, GREEN)[k])
        axes.set(ylim=(0, most), xticks=[], yticks=[0, most], xlabel=name)
        axes.set_yticklabels(["0", {"KL": "1250", "JS": "log 2", "W": "1"}[name]])
        axes.set_title(f"{values[name]:.3g}")
    figure.alt = (
        f"Points of two vertical lines {theta:g} apart, and three bars: KL {values['KL']:.3g} nats, "
        f"JS {values['JS']:.3f} nats, W {values['W']:g}."
    )
    return figure


@column
def two_plans(p: NDArray, q: NDArray, plans: Mapping[str, NDArray], costs: Mapping[str, float]) -> BookFigure:
    """Plans as matrices, with the piles that they move at their edges: ``{name: (n, m)}``."""
    figure = BookFigure(figsize=(COLUMN, 3.9))
    for k, (name, plan) in enumerate(plans.items()):
        left = 0.085 + 0.5 * k
        axes = figure.add_axes((left, 0.13, 0.31, 0.31 * COLUMN / 3.9))
        axes.imshow(plan, cmap="Blues", vmin=0, vmax=max(p.max(), q.max()), origin="lower")
        axes.set(xlabel="to place", ylabel="from place", xticks=[0, 3, 6, 9], yticks=[0, 3, 6, 9])
        top = figure.add_axes((left, 0.13 + 0.31 * COLUMN / 3.9 + 0.015, 0.31, 0.09))
        top.bar(range(len(q)), q, color=BLUE)
        top.set(xlim=(-0.5, len(q) - 0.5), title=f"{name}, cost {costs[name]:.2f}")
        side = figure.add_axes((left + 0.32, 0.13, 0.06, 0.31 * COLUMN / 3.9))
        side.barh(range(len(p)), p, color=VERMILLION)
        side.set(ylim=(-0.5, len(p) - 0.5))
        for edge in (top, side):
            edge.set_axis_off()
        top.set_axis_on()
        top.set(xticks=[], yticks=[])
        top.spines[:].set_visible(False)
    figure.alt = (
        "Two plans as matrices with the piles along their edges. The independent plan fills the whole "
        "matrix; the best plan has few entries, close to the diagonal."
    )
    return figure


@column
def pulls(x: Tensor, curves: Mapping[str, Tensor], densities: Sequence[Tensor]) -> BookFigure:
    """The slope that a generated point feels at each place, one line per method, over the two densities.

    ``curves``: ``{name: (n,)}``.
    """
    figure, (top, bottom) = sheet(2, 1, height=2.3, width=COLUMN, sharex=True, height_ratios=[1, 3.4])
    for density, colour, dash, name in zip(
        densities, (VERMILLION, BLUE), (DASHED, "-"), ("data", "generator"), strict=True
    ):
        top.plot(x, density, color=colour, linestyle=dash)
        top.text(x[density.argmax()].item(), 0.43, name, color=DARK[colour], ha="center")
    top.set(yticks=[], ylim=(0, 0.42))
    for (name, curve), (colour, dash) in zip(curves.items(), LOOKS, strict=False):
        bottom.plot(x, curve.clamp(min=1e-12), color=colour, linestyle=dash, label=name)
    bottom.set(
        yscale="log", ylim=(1e-8, 100), xlabel="place of a generated point", ylabel="slope that it feels"
    )
    bottom.set_yticks([1e-8, 1e-6, 1e-4, 1e-2, 1], ["$10^{-8}$", "$10^{-6}$", "$10^{-4}$", "0.01", "1"])
    bottom.minorticks_off()
    bottom.grid(color=LIGHT, linewidth=0.7)
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    figure.alt = (
        "Slopes of six methods along a line between two Gaussians, on a logarithmic axis. The log loss falls "
        "to almost nothing at the generator, clipping at 0.01 is low everywhere, and a critic with a penalty "
        "or with spectral norm stays near 1."
    )
    return figure


@column
def slope_against_c(cs: Sequence[float], found: Tensor, largest: Sequence[float]) -> BookFigure:
    """The slope of clipped critics against c: one dot per seed, ``(len(cs), seeds)``, and the bound."""
    figure, axes = sheet(height=3.5, width=COLUMN)
    axes.plot(cs, largest, color=GREY, linestyle=DASHED)
    axes.text(cs[0], 3.5 * largest[0], "largest that the weights allow", color="#595959", rotation=26)
    for k, c in enumerate(cs):
        axes.plot([c] * found.shape[1], found[k], "o", color=BLUE, markersize=7, alpha=0.8)
    axes.text(cs[-1], found[0].max().item() * 30, "learnt, one dot per seed", color=DARK[BLUE], ha="right")
    axes.axhline(1, color="black", linewidth=1)
    axes.text(cs[0], 1.3, "slope 1")
    axes.set(xscale="log", yscale="log", xlabel="clipping constant $c$", ylabel="slope between the Gaussians")
    axes.set_xticks(list(cs), [f"{c:g}" for c in cs])
    axes.minorticks_off()
    figure.alt = (
        "Slope of clipped critics against the clipping constant, both axes logarithmic. Learnt slopes lie on "
        "a steep straight line from far below 1 to about 1; the largest possible slope runs above it."
    )
    return figure


@column
def linear_paths(distances: Sequence[float], paths: Mapping[str, Tensor]) -> BookFigure:
    """Slopes of linear critics along their training: ``{form: (steps + 1, len(distances))}``."""
    figure, panels = sheet(1, len(paths), height=3.4, width=COLUMN, sharey=True)
    for axes, (name, path) in zip(panels, paths.items(), strict=True):
        for k, (distance, (colour, dash)) in enumerate(zip(distances, LOOKS, strict=False)):
            axes.plot(path[:, k], color=colour, linestyle=dash, label=f"W = {distance:g}")
        axes.axhline(1, color="black", linewidth=0.8)
        axes.set(title=name, xlabel="step", ylim=(0.4, 20), yscale="log")
        axes.set_yticks([0.5, 1, 2, 5, 10, 20], ["0.5", "1", "2", "5", "10", "20"])
        axes.minorticks_off()
    panels[0].set_ylabel("slope of the critic")
    panels[0].legend(frameon=False, loc="upper left")
    figure.alt = (
        "Slope of a linear critic along its training at three distances. With the squared penalty it settles "
        "a little above 1; with the linear one it settles at 1 below lambda and grows without end above."
    )
    return figure


@column
def clouds(rows: Mapping[str, Tensor], counts: Mapping[str, list[tuple[int, float]]]) -> BookFigure:
    """Samples of several games over the ring, ``{method: (games, n, 2)}``, one row per method."""
    games, wide = 3, 1.3
    figure = BookFigure(figsize=(COLUMN, wide * len(rows)))
    height = figure.get_figheight()
    for r, (name, found) in enumerate(rows.items()):
        bottom = height - (r + 1) * wide
        figure.text(0.0, (bottom + wide / 2) / height, name, va="center")
        for i, cloud in enumerate(found[:games]):
            axes = figure.add_axes((0.25 + 0.25 * i, bottom / height, wide / COLUMN, 0.96 * wide / height))
            for centre in ring.centres().tolist():
                axes.add_patch(Circle(centre, ring.NEAR, fill=False, edgecolor=GREY, linewidth=1))
            axes.scatter(*cloud[:500].T.tolist(), s=3, color=BLUE, alpha=0.4, linewidths=0)
            axes.set(xlim=(-1.5, 1.5), ylim=(-1.5, 1.5), aspect="equal")
            axes.set_axis_off()
            modes, good = counts[name][i]
            figure.text(0.25 + 0.25 * i + 0.185, (bottom + wide / 2) / height, f"{modes}\n{100 * good:.0f} %")
    figure.alt = (
        "Samples of three games per method over the eight circles of the ring. Beside each cloud stands how "
        "many circles it covers and the share of good samples."
    )
    return figure


@column
def loss_and_quality(
    steps: Sequence[int], losses: Mapping[str, Tensor], quality: Mapping[str, Tensor]
) -> BookFigure:
    """Above what D reports, below the energy distance to the data; a column per method, a line per game."""
    names = list(losses)
    figure, panels = sheet(2, len(names), height=2.2, width=COLUMN, sharex=True)
    for k, name in enumerate(names):
        panels[0, k].plot(steps, losses[name], color=VERMILLION, linewidth=1.3)
        panels[1, k].plot(steps, quality[name], color=BLUE, linewidth=1.3)
        panels[0, k].set(title=name)
        panels[1, k].set(xlabel="update of G", ylim=(0, None))
    panels[0, 0].set_ylabel("reported by D")
    panels[1, 0].set_ylabel("energy distance")
    figure.alt = (
        "Above, the loss that D reports along the training of each method; below, the energy distance of the "
        "samples to the data. The critic's curve falls together with the distance."
    )
    return figure
