"""Drawings of the GAN chapter that show samples: points of the ring, and digits."""

from collections.abc import Mapping

import torch
from matplotlib.patches import Circle
from torch import Tensor

from ..shared.canvas import BLUE, COLUMN, DARK, GREY, LIGHT, VERMILLION, BookFigure, column
from ..shared.sheet import sheet
from ..vae.places import LABELS, beside_labels, paint
from . import ring


@column
def ring_clouds(rows: Mapping[str, Tensor], counts: Mapping[str, list[tuple[int, float]]]) -> BookFigure:
    """Samples of several games over the ring's eight circles: ``{name: (games, n, 2)}``, one row a name.
    A covered mode's circle is filled.
    """
    empty = {"fill": False, "edgecolor": GREY, "linewidth": 1.1, "linestyle": (0, (3, 2))}
    filled = {"facecolor": "#ffe9a8", "edgecolor": "black", "linewidth": 1.6}
    games = len(next(iter(rows.values())))
    wide = COLUMN / games
    tall = wide + 0.78  # inches a row: its name, two lines of counts, the panel
    figure = BookFigure(figsize=(COLUMN, len(rows) * tall))
    height = figure.get_figheight()
    for r, ((name, clouds), colour) in enumerate(zip(rows.items(), (VERMILLION, BLUE), strict=False)):
        figure.text(0.005, 1 - (r * tall + 0.06) / height, name, weight="bold", va="top")
        for i, cloud in enumerate(clouds):
            bottom = height - (r + 1) * tall
            axes = figure.add_axes((i / games, bottom / height, 1 / games, wide / height))
            covered = ring.covered(cloud)[2] >= ring.LEAST_SHARE * len(cloud)
            for centre, held in zip(ring.centres().tolist(), covered.tolist(), strict=True):
                axes.add_patch(Circle(centre, ring.NEAR, **(filled if held else empty)))
            axes.scatter(*cloud.T.tolist(), s=4, color=colour, alpha=0.4, linewidths=0, zorder=3)
            modes, good = counts[name][i]
            axes.set(xlim=(-1.4, 1.4), ylim=(-1.4, 1.4), aspect="equal")
            axes.set_axis_off()
            said = f"{modes} of {ring.MODES} modes\n{100 * good:.0f} % good"
            figure.text((i + 0.5) / games, (bottom + wide) / height, said, ha="center", va="bottom")
    figure.alt = (
        "Samples over a ring of eight small circles, one panel a game. Upper row, without a penalty: "
        "each cloud sits on one to three circles or between two. Lower row, with R1: the clouds go all "
        "round, on the circles and between."
    )
    return figure


@column
def digit_rows(rows: Mapping[str, Tensor]) -> BookFigure:
    """Digits beside each other, one named band of rows each: ``{name: (n, 1, 28, 28)}``, ten a line."""
    tile, gap = (COLUMN - LABELS) / 10, 0.13
    lines = {name: len(images) // 10 for name, images in rows.items()}
    figure = BookFigure(figsize=(COLUMN, sum(lines.values()) * tile + gap * (len(rows) - 1)))
    top = 0.0
    for name, images in rows.items():
        n = lines[name]
        axes = beside_labels(figure, top, n * tile)
        paint(axes, images[: 10 * n, 0].unflatten(0, (n, 10)))
        axes.set_axis_on()
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        axes.set_ylabel(name, rotation=0, ha="right", va="center")
        top += n * tile + gap
    spoken = "; ".join(name.replace("\n", " ") for name in rows)
    figure.alt = f"Rows of handwritten digits, ten a line: {spoken}."
    return figure


@column
def judgement(shares: Mapping[str, Tensor], distances: Mapping[str, Tensor]) -> BookFigure:
    """Left: shares of the ten classes, real and generated. Right: distances to the nearest training digit."""
    figure, (left, right) = sheet(1, 2, height=3.4, width=COLUMN)
    marks = ((-0.2, LIGHT[BLUE], None), (0.2, VERMILLION, "////"))
    for (name, share), (shift, colour, hatch) in zip(shares.items(), marks, strict=True):
        look = {"width": 0.4, "color": colour, "hatch": hatch, "edgecolor": "white", "label": name}
        left.bar([k + shift for k in range(10)], (100 * share).tolist(), **look)
    left.axhline(10, color="black", linewidth=1)
    left.set(xticks=range(10), xlabel="class", title="share of each class, per cent")
    left.set_ylim(0, 1.35 * 100 * max(share.max().item() for share in shares.values()))
    left.legend(frameon=False, loc="upper center", ncols=2, handlelength=1.4, columnspacing=1.2)
    bins = torch.linspace(0, 10, 41).tolist()
    names, values = zip(*distances.items(), strict=True)
    right.hist(values[0].tolist(), bins, density=True, color=LIGHT[BLUE])
    right.hist(values[1].tolist(), bins, density=True, histtype="step", color=VERMILLION, linewidth=2)
    top = right.get_ylim()[1]
    right.axvline(0, color="black", linewidth=2.5)
    right.text(0.2, 0.93 * top, "a copy", va="top")
    right.text(values[0].median().item() - 1.2, 0.62 * top, names[0], color=DARK[BLUE], ha="right")
    right.text(values[1].median().item() + 1.1, 0.75 * top, names[1], color=DARK[VERMILLION])
    right.set(title="nearest training digit", xlabel="distance", yticks=[], xlim=(0, 10))
    right.spines["left"].set_visible(False)
    figure.alt = (
        "Left: class shares of real test digits, all near a tenth, and of generated ones, uneven but all "
        "present. Right: distances to the nearest training digit; none is near zero, and generated digits "
        "lie further out than real ones."
    )
    return figure
