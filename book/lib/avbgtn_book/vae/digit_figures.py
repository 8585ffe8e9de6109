"""Drawings of the VAE chapter that show digits: codes, reconstructions, the map, blur and true posteriors."""

from collections.abc import Mapping, Sequence

import torch
from matplotlib.patches import Ellipse
from matplotlib.patheffects import withStroke
from torch import Tensor

from ..shared.canvas import BLUE, COLUMN, DARK, DASHES, GREY, LIGHT, VERMILLION, BookFigure, column
from ..shared.sheet import sheet
from .places import LABELS, apart, beside, beside_labels, mosaic, paint

# Ten colours a colour-blind eye can mostly tell apart; the label is written too, so nothing rests on them.
TEN = (
    "#000000",
    "#E69F00",
    "#56B4E9",
    "#009E73",
    "#8C6D00",
    "#0072B2",
    "#D55E00",
    "#CC79A7",
    "#7F7F7F",
    "#5E3C99",
)


@column
def digit_rows(rows: Mapping[str, Tensor]) -> BookFigure:
    """One labelled row of digits each: ``{"original": (n, 1, 28, 28), ...}``, values in [0, 1]."""
    n = len(next(iter(rows.values())))
    # Axes by hand: a layout engine cuts off what stands beside a picture
    tall = (COLUMN - LABELS) / n
    figure = BookFigure(figsize=(COLUMN, len(rows) * (tall + 0.06)))
    for i, (name, images) in enumerate(rows.items()):
        axes = beside_labels(figure, i * (tall + 0.06), tall)
        paint(axes, images[:, 0][None])
        axes.set_axis_on()
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        axes.set_ylabel(name, rotation=0, ha="right", va="center")
    figure.alt = f"Rows of {n} digits: {', '.join(rows)}."
    return figure


def _scatter_codes(axes, codes: Tensor, labels: Tensor, size: float, distance: float) -> None:
    """Codes as dots, and each digit's name near the median of its codes."""
    for digit in range(10):
        mine = codes[labels == digit]
        axes.scatter(*mine.T.tolist(), s=size, color=TEN[digit], alpha=0.55, linewidths=0)
    medians = torch.stack([codes[labels == digit].median(0).values for digit in range(10)])
    for digit, place in enumerate(apart(medians, distance).tolist()):
        box = {"boxstyle": "circle,pad=0.15", "facecolor": "white", "edgecolor": TEN[digit], "linewidth": 1.4}
        axes.text(*place, str(digit), weight="bold", ha="center", va="center", bbox=box, fontsize=10.5)


def _circles(axes, radii: Sequence[float], **look) -> None:
    for radius in radii:
        axes.add_patch(Ellipse((0, 0), 2 * radius, 2 * radius, fill=False, **look))


@column
def holes(codes: Tensor, labels: Tensor, draws: Tensor, pictures: Tensor) -> BookFigure:
    """The codes of an autoencoder, random draws among them, and what the decoder makes of these draws.

    Args:
        codes, labels: of digits, (n, 2) and (n,).
        draws, pictures: (9, 2) and (9, 1, 28, 28).
    """
    figure = BookFigure(figsize=(COLUMN, 3.75))
    left = figure.add_axes((0.07, 0.14, 3.75 / COLUMN, 3.0 / 3.75))
    right = figure.add_axes((1 - 2.75 / COLUMN, 0.14, 2.75 / COLUMN, 3.0 / 3.75), anchor="N")
    _scatter_codes(left, codes, labels, 5, 0.75)
    _circles(left, [2], color="black", linewidth=1.3, linestyle=DASHES[1])
    letters = [chr(97 + i) for i in range(len(draws))]
    outlined = [withStroke(linewidth=3.5, foreground="white")]
    look = {"color": DARK[VERMILLION], "weight": "bold", "ha": "center", "va": "center", "zorder": 6}
    for letter, place, label in zip(letters, draws.tolist(), beside(draws).tolist(), strict=True):
        left.plot(*place, "X", color=VERMILLION, markersize=9, markeredgecolor="white", zorder=5)
        left.text(*label, letter, path_effects=outlined, **look)
    left.set(title="codes of digits, and nine draws", xlabel="$z_1$", xlim=(-5.5, 7), ylim=(-3, 7))
    left.set_ylabel("$z_2$", labelpad=-4)
    left.text(2.2, -1.1, "most draws from\nN(0, I) fall into\nthis circle", va="center", fontsize=11)
    paint(right, pictures[:, 0].unflatten(0, (3, 3)))
    paper = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
    for i, letter in enumerate(letters):
        right.text(30 * (i % 3) + 3, 30 * (i // 3) + 3.5, letter, bbox=paper, **look)
    right.set_title("the nine draws, decoded")
    figure.alt = (
        "Left: codes of digits in a ragged cloud that lies mostly outside the circle of radius 2, ten groups "
        "partly over each other, and crosses drawn at random within the circle. Right: the nine decoded "
        "crosses, some of them no digits at all."
    )
    return figure


@column
def code_map(codes: Tensor, labels: Tensor, pictures: Tensor, reach: float) -> BookFigure:
    """Codes, and the pictures decoded on an even square of codes, over the same axes and the same circles.

    Args:
        codes, labels: means of q(z|x), (n, 2) and (n,).
        pictures: (k, k, 28, 28), the first row at the largest z2.
        reach: of the square's outermost pictures, from their middle.
    """
    figure = BookFigure(figsize=(COLUMN, 3.8))
    wide, tall = 3.05 / COLUMN, 3.05 / 3.8
    left = figure.add_axes((0.085, 0.13, wide, tall))
    right = figure.add_axes((0.57, 0.13, wide, tall), sharex=left, sharey=left)
    _scatter_codes(left, codes, labels, 5, 0.5)
    edge = reach * (1 + 1 / (len(pictures) - 1))
    box = (-edge, edge, -edge, edge)
    right.imshow(mosaic(pictures), cmap="gray_r", vmin=0, vmax=1, extent=box, interpolation="nearest")
    for axes, title in ((left, "codes of training digits"), (right, "what the decoder draws there")):
        _circles(axes, (1, 2, 3), color=VERMILLION, linewidth=1.2)
        axes.set(xlim=(-edge, edge), ylim=(-edge, edge), aspect="equal", xlabel="$z_1$", title=title)
        axes.set(xticks=[-2, 0, 2], yticks=[-2, 0, 2])
    left.set_ylabel("$z_2$")
    figure.alt = (
        "Left: codes of ten kinds of digits in groups round one crowded centre, and the prior's circles of "
        "radius 1, 2 and 3. Right, over the same axes: decoded digits that change into one another."
    )
    return figure


@column
def map_frame(z1: float, z2: float, picture: Tensor, countries: Tensor, reach: float) -> BookFigure:
    """One place of the map: where it is, and the picture ``(28, 28)`` that the decoder draws there.

    Args:
        countries: which digit's codes prevail at each place of a square from -reach to reach, (k, k),
            first index z1.
    """
    # Axes by hand: a layout engine would take longer than the drawing
    figure = BookFigure(figsize=(COLUMN, 3.5))
    left, right = figure.add_axes((0.07, 0.14, 0.41, 0.82)), figure.add_axes((0.56, 0.14, 0.41, 0.82))
    tints = torch.tensor([[int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)] for colour in TEN])
    pale = 1 - 0.38 * (1 - tints[countries.T])  # (k, k, 3), rows by z2
    box = (-reach, reach, -reach, reach)
    left.imshow(pale, origin="lower", extent=box, interpolation="nearest", aspect="equal")
    axis = torch.linspace(-reach, reach, len(countries))
    for digit in range(10):
        cells = (countries == digit).nonzero()
        if len(cells):
            # Its middle, moved into the country
            near = cells[(cells - cells.float().mean(0)).square().sum(1).argmin()]
            left.text(*axis[near].tolist(), str(digit), ha="center", va="center", color="black")
    left.plot(z1, z2, "X", color="black", markersize=14, markeredgecolor="white", markeredgewidth=1.4)
    left.set(xticks=[-2, 0, 2], yticks=[-2, 0, 2], xlabel="$z_1$")
    left.set_ylabel("$z_2$", labelpad=-4)
    right.imshow(picture, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
    right.set(xticks=[], yticks=[], xlabel="decoded picture")
    right.spines[:].set_visible(True)
    column_, row = (round((v + reach) / (2 * reach) * (len(countries) - 1)) for v in (z1, z2))
    figure.alt = (
        f"The picture decoded at z = ({z1:g}, {z2:g}), a place where codes of the digit "
        f"{countries[column_, row].item()} prevail."
    )
    return figure


@column
def blur(decoded: Tensor, averages: Tensor, heaviest: Tensor) -> BookFigure:
    """What a code draws, the weighted average of training digits that could have that code,
    and three of those.

    Args:
        decoded, averages: (n, 28, 28).
        heaviest: (3, n, 28, 28), the digits of largest weight.
    """
    n = len(decoded)
    tall = (COLUMN - LABELS) / n
    figure = BookFigure(figsize=(COLUMN, 5 * tall + 0.15))
    for rows, top in ((torch.stack([decoded, averages]), 0), (heaviest, 2 * tall + 0.15)):
        axes = beside_labels(figure, top, len(rows) * tall)
        paint(axes, rows)
        axes.set_axis_on()
        axes.set(xticks=[])
        axes.tick_params(left=False)
        axes.spines[:].set_visible(False)
        if top == 0:
            axes.set_yticks([14, 44], ["decoder", "average"])
        else:
            axes.set_yticks([44], ["three that\ncould have\nthis code"])
    figure.alt = (
        f"For {n} codes: the decoder's picture, almost the same picture as an average of training digits, "
        "and below three sharp training digits that could have that code, each written differently."
    )
    return figure


@column
def unit_bars(kl: Tensor) -> BookFigure:
    """KL of each latent unit, largest first, (d,)."""
    figure, axes = sheet(height=2.8, width=COLUMN)
    ordered = kl.sort(descending=True).values
    axes.bar(range(1, len(kl) + 1), ordered, color=[BLUE if v > 0.5 else GREY for v in ordered])
    axes.axhline(0.5, color="black", linewidth=1.2, linestyle=DASHES[1])
    axes.text(len(kl) + 0.5, 0.55, "half a nat", ha="right", va="bottom")
    axes.set(xlabel="latent unit, ordered by its KL", ylabel="KL, nats", xticks=[1, 4, 8, 12, 16])
    figure.alt = (
        f"Bars of the KL of {len(kl)} units, falling from {ordered[0]:.1f} nats to {ordered[-1]:.2f}; "
        f"{int((ordered <= 0.5).sum())} of them carry less than half a nat."
    )
    return figure


@column
def true_posteriors(
    images: Tensor,
    windows: list[tuple[Tensor, Tensor, Tensor]],
    mu: Tensor,
    sigma: Tensor,
    gaps: Sequence[float],
) -> BookFigure:
    """Digits, their exact posteriors, and the encoder's Gaussian on top.

    Args:
        images: (n, 1, 28, 28).
        windows: for each, the coordinates along z1 and z2, (k,), and the posterior there, (k, k),
            first index z1.
        mu, sigma: of the encoder, (n, 2).
        gaps: KL(q || posterior) of each, in nats.
    """
    n = len(images)
    figure = BookFigure(figsize=(COLUMN, 3.9), layout="constrained")
    figure.get_layout_engine().set(rect=(0, 0, 1, 0.93))
    all_axes = figure.subplots(2, n, height_ratios=[1, 2.4])
    for i, (first, second, density) in enumerate(windows):
        paint(all_axes[0, i], images[i][None])
        axes = all_axes[1, i]
        height = density.flatten().sort(descending=True).values
        inside = height.cumsum(0) / height.sum()
        levels = sorted({height[(inside < share).sum()].item() for share in (0.5, 0.95)})
        top = height[0].item() * 1.01
        axes.contourf(first, second, density.T, levels=[*levels, top], colors=[LIGHT[VERMILLION], VERMILLION])
        for radius in (1.18, 2.45):  # a two-dimensional Gaussian's circles of 50 and 95 percent
            across, up = (2 * radius * sigma[i]).tolist()
            axes.add_patch(Ellipse(mu[i].tolist(), across, up, fill=False, color=BLUE, linewidth=2))
        axes.set(aspect="equal", xlabel="$z_1$", title=f"gap {gaps[i]:.1f} nats")
        axes.locator_params(nbins=4)
    all_axes[1, 0].set_ylabel("$z_2$")
    figure.text(0.3, 0.95, "exact posterior (filled)", color=DARK[VERMILLION], ha="center")
    figure.text(0.74, 0.95, "approximate posterior (outlined)", color=DARK[BLUE], ha="center")
    figure.alt = (
        f"{n} digits, and under each its exact posterior as filled patches, stretched, slanted or in pieces, "
        "and the upright ellipses of the encoder's Gaussian, which cover a part of it or lie beside it."
    )
    return figure
