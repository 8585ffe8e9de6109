"""Drawings of the GAN chapter that show samples: points of the ring, and digits."""

import torch
from torch import Tensor

from ..shared.canvas import BLUE, GREY, VERMILLION, BookFigure, styled
from ..shared.sheet import sheet
from . import ring


@styled
def ring_clouds(rows: dict[str, Tensor], counts: dict[str, list[tuple[int, float]]]) -> BookFigure:
    """Samples of several games over the ring's eight circles: ``{name: (games, n, 2)}``, one row a name."""
    games = len(next(iter(rows.values())))
    figure, panels = sheet(len(rows), games, height=1.5, sharex=True, sharey=True, squeeze=False)
    for row, (name, clouds), colour in zip(panels, rows.items(), (VERMILLION, BLUE), strict=False):
        for i, (axes, cloud) in enumerate(zip(row, clouds, strict=True)):
            for centre in ring.centres():
                axes.add_artist(_circle(centre))
            axes.scatter(*cloud[:500].T, s=3, color=colour, alpha=0.35, linewidths=0)
            modes, good = counts[name][i]
            axes.set(xlim=(-1.5, 1.5), ylim=(-1.5, 1.5), xticks=[], yticks=[], aspect="equal")
            axes.set_title(f"{modes} of 8, {100 * good:.0f} %")
            for side in axes.spines.values():
                side.set_visible(False)
        row[0].set_ylabel(name)
    figure.alt = (
        "Samples over a ring of eight small circles, one panel a game. Upper row, without a penalty: "
        "each cloud sits on one to three circles or between two. Lower row, with R1: the clouds go all "
        "round, on the circles and between."
    )
    return figure


def _circle(centre: Tensor):
    from matplotlib.patches import Circle

    return Circle(centre.tolist(), ring.NEAR, fill=False, edgecolor=GREY, linewidth=0.9)


@styled
def digit_rows(rows: dict[str, Tensor]) -> BookFigure:
    """Digits beside each other, one named band of rows each: ``{name: (n, 1, 28, 28)}``, ten a line."""
    lines = {name: len(images) // 10 for name, images in rows.items()}
    figure, panels = sheet(
        len(rows), 1, height=1.0, squeeze=False, gridspec_kw={"height_ratios": list(lines.values())}
    )
    figure.set_figheight(0.47 * sum(lines.values()) + 0.3 * len(rows))
    for axes, (name, images) in zip(panels[:, 0], rows.items(), strict=True):
        n = lines[name]
        tiles = images[: 10 * n].reshape(n, 10, 28, 28).permute(0, 2, 1, 3).reshape(28 * n, 280)
        axes.imshow(1 - tiles, cmap="gray", vmin=0, vmax=1)
        axes.set_title(name, loc="left")
        axes.set(xticks=[], yticks=[])
        for side in axes.spines.values():
            side.set_visible(False)
    figure.alt = f"Rows of handwritten digits, ten a line: {'; '.join(rows)}."
    return figure


@styled
def judgement(shares: dict[str, Tensor], distances: dict[str, Tensor]) -> BookFigure:
    """Left: shares of the ten classes, real and generated. Right: distances to the nearest training digit."""
    figure, (left, right) = sheet(1, 2, height=2.6)
    for (name, share), shift, colour, hatch in zip(
        shares.items(), (-0.2, 0.2), (BLUE, VERMILLION), (None, "////"), strict=True
    ):
        left.bar(
            torch.arange(10) + shift,
            share,
            width=0.4,
            color=colour,
            label=name,
            hatch=hatch,
            edgecolor="white",
        )
    left.axhline(0.1, color=GREY, linewidth=0.8)
    left.set(xticks=range(10), title="share of each class", ylim=(0, 0.28))
    left.legend(frameon=False, loc="upper left")
    bins = torch.linspace(0, 10, 41).numpy()
    for (name, distance), colour, how in zip(
        distances.items(), (BLUE, VERMILLION), ("stepfilled", "step"), strict=True
    ):
        options = {"alpha": 0.35} if how == "stepfilled" else {"linewidth": 1.8}
        right.hist(
            distance.numpy(), bins=bins, histtype=how, color=colour, density=True, label=name, **options
        )
    right.axvline(0, color="black", linewidth=2)
    right.text(0.15, right.get_ylim()[1] * 0.97, "a copy", va="top")
    right.set(title="to the nearest\ntraining digit", xlabel="distance", yticks=[])
    figure.alt = (
        "Left: class shares of real test digits, all near a tenth, and of generated ones, uneven but all "
        "present. Right: distances to the nearest training digit; none is near zero, and generated digits "
        "lie further out than real ones."
    )
    return figure
