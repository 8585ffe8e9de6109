"""Drawings of the chapter on mode collapse."""

import math
from collections.abc import Mapping, Sequence

from matplotlib.patches import Circle
from torch import Tensor

from ..gan import ring
from ..shared.canvas import BLUE, COLUMN, DARK, DASHES, GREY, VERMILLION, BookFigure, column
from ..shared.sheet import sheet

GRID = "#dddddd"
DASHED = DASHES[1]


@column
def ring_panels(
    clouds: Mapping[str, Tensor], counts: Mapping[str, tuple[int, float]], edge: float = 1.45
) -> BookFigure:
    """One cloud ``(n, 2)`` over the ring's circles for each name, four panels a row, with its counts."""
    rows, wide, words = math.ceil(len(clouds) / 4), COLUMN / 4, 0.82
    tall = wide + words
    figure = BookFigure(figsize=(COLUMN, rows * tall))
    height = figure.get_figheight()
    for k, (name, cloud) in enumerate(clouds.items()):
        left, top = (k % 4) / 4, height - (k // 4) * tall
        axes = figure.add_axes((left, (top - tall) / height, 0.25, wide / height))
        for centre in ring.centres().tolist():
            axes.add_patch(Circle(centre, ring.NEAR, fill=False, edgecolor=GREY, linewidth=1))
        axes.scatter(*cloud[:500].T.tolist(), s=3, color=BLUE, alpha=0.4, linewidths=0)
        axes.set(xlim=(-edge, edge), ylim=(-edge, edge), aspect="equal")
        axes.set_axis_off()
        modes, good = counts[name]
        figure.text(left + 0.125, (top - 0.08) / height, name, ha="center", va="top", weight="bold")
        said = f"{modes} {'mode' if modes == 1 else 'modes'}\n{100 * good:.0f} % good"
        figure.text(left + 0.125, (top - 0.33) / height, said, ha="center", va="top")
    told = "; ".join(f"{name}, {m} of 8 modes, {100 * g:.0f} % good" for name, (m, g) in counts.items())
    figure.alt = f"Points over the eight circles of the ring, a panel each: {told}."
    return figure


@column
def price(names: Sequence[str], columns: Mapping[str, Sequence[tuple[Sequence[int], Sequence[float]]]]):
    """The good share of each game, a row per cure, a panel per length: ``{length: [(modes, good), ...]}``.
    Games that cover all modes are filled."""
    figure, panels = sheet(1, len(columns), height=0.42 * len(names) + 1.1, width=COLUMN, sharey=True)
    for axes, (length, rows) in zip(panels, columns.items(), strict=True):
        for y, (modes, good) in enumerate(rows):
            axes.axhline(y, color=GRID, linewidth=0.8, zorder=0)
            for m, share in zip(modes, good, strict=True):
                full = m == ring.MODES
                axes.plot(share, y, "o" if full else "x", color=BLUE if full else VERMILLION, markersize=7)
        axes.set(xlim=(-0.03, 1.03), xticks=[0, 0.5, 1], xlabel="good share", title=length)
        axes.set_ylim(len(names) - 0.5, -0.5)
    panels[0].set_yticks(range(len(names)), names)
    for full, word in ((True, "all eight modes"), (False, "some are missing")):
        mark, colour = ("o", BLUE) if full else ("x", VERMILLION)
        panels[0].plot([], [], mark, color=colour, label=word)
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    figure.alt = (
        "Good share of eight games per cure, one row per cure. Games that cover all eight modes are discs, "
        "the others crosses. Without a cure there are crosses only; feature matching has discs far to the "
        "left."
    )
    return figure


@column
def flatness(steps: Sequence[int], slopes: Mapping[str, Tensor]) -> BookFigure:
    """D's slope on the data while it plays against a perfect generator: ``{name: (looks, games)}``."""
    figure, axes = sheet(height=3.3, width=COLUMN)
    looks = ((VERMILLION, DASHED), (BLUE, "-"))
    for (name, found), (colour, dash) in zip(slopes.items(), looks, strict=True):
        axes.plot(steps, found, color=colour, linestyle=dash, linewidth=1.4)
        at = found[-1].median().item()
        axes.text(steps[-1] * 1.02, at, name, color=DARK[colour], va="center")
    axes.set(yscale="log", xlabel="step against a perfect generator", ylabel="slope of $T$ on the data")
    axes.set(xlim=(0, steps[-1] * 1.35), xticks=range(0, steps[-1] + 1, 100))
    axes.grid(color=GRID, linewidth=0.7)
    figure.alt = (
        "The slope of the discriminator on the data against the step, on a logarithmic axis, one line per "
        "game. With R1 it falls; without, it falls less or not at all."
    )
    return figure
