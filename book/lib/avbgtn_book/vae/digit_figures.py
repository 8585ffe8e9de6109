"""Drawings of the VAE chapter that show digits: codes, reconstructions, the map, blur and true posteriors."""

from collections.abc import Mapping

import torch
from matplotlib.patches import Ellipse
from torch import Tensor

from ..shared.canvas import BLUE, GREY, VERMILLION, WIDTH, BookFigure, styled
from ..shared.sheet import sheet

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


def mosaic(images: Tensor, gap: int = 2) -> Tensor:
    """Pictures ``(rows, columns, H, W)`` in [0, 1] as one picture with gaps of light grey."""
    rows, columns, height, width = images.shape
    sheet_ = torch.full((rows * (height + gap) - gap, columns * (width + gap) - gap), 0.18)
    for r in range(rows):
        for c in range(columns):
            top, left = r * (height + gap), c * (width + gap)
            sheet_[top : top + height, left : left + width] = images[r, c]
    return sheet_


def paint(axes, images: Tensor) -> None:
    """A mosaic in black ink on white paper, without axes."""
    axes.imshow(mosaic(images), cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
    axes.set_axis_off()


@styled
def digit_rows(rows: Mapping[str, Tensor]) -> BookFigure:
    """One labelled row of digits each: ``{"original": (n, 1, 28, 28), ...}``, values in [0, 1]."""
    n = len(next(iter(rows.values())))
    side = (WIDTH - 0.95) / n
    figure = BookFigure(figsize=(WIDTH, len(rows) * (side + 0.06) + 0.1), layout="constrained")
    for axes, (name, images) in zip(
        figure.subplots(len(rows), 1, squeeze=False)[:, 0], rows.items(), strict=True
    ):
        paint(axes, images[:, 0][None])
        axes.set_axis_on()
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        axes.set_ylabel(name, rotation=0, ha="right", va="center")
    figure.alt = f"Rows of {n} digits: {', '.join(rows)}."
    return figure


def _scatter_codes(axes, codes: Tensor, labels: Tensor, size: float = 2.5) -> None:
    """Codes as dots, and each digit's name at the median of its codes."""
    for digit in range(10):
        mine = codes[labels == digit]
        axes.scatter(*mine.T.tolist(), s=size, color=TEN[digit], alpha=0.6, linewidths=0)
    for digit in range(10):
        x, y = codes[labels == digit].median(0).values.tolist()
        box = {"boxstyle": "circle,pad=0.15", "facecolor": "white", "edgecolor": TEN[digit], "linewidth": 1.2}
        axes.text(
            x, y, str(digit), color="black", weight="bold", ha="center", va="center", bbox=box, fontsize=10
        )


@styled
def holes(codes: Tensor, labels: Tensor, draws: Tensor, pictures: Tensor) -> BookFigure:
    """The codes of an autoencoder, random draws among them, and what the decoder makes of these draws.

    Args:
        codes, labels: of digits, (n, 2) and (n,).
        draws, pictures: (m, 2) and (m, 1, 28, 28), m a multiple of 2.
    """
    figure, (left, right) = sheet(1, 2, height=2.7, width_ratios=[1.35, 1])
    _scatter_codes(left, codes, labels)
    left.plot(*draws.T.tolist(), "X", color=VERMILLION, markersize=9, markeredgecolor="white")
    for i, (x, y) in enumerate(draws.tolist()):
        left.annotate(
            chr(97 + i), (x, y), xytext=(5, 3), textcoords="offset points", color=VERMILLION, weight="bold"
        )
    left.set(title="codes of real digits", xlabel="$z_1$", ylabel="$z_2$")
    per_row = 3
    count = len(pictures) // per_row * per_row
    paint(right, pictures[:count, 0].unflatten(0, (-1, per_row)))
    for i in range(count):
        right.text(
            30 * (i % per_row) + 1, 30 * (i // per_row) + 6, chr(97 + i), color=VERMILLION, weight="bold"
        )
    right.set_title("decoded draws")
    figure.alt = (
        "Left: codes of digits in a ragged cloud with arms and empty bays, ten groups partly over "
        f"each other, crosses drawn at random among them. Right: the {count} decoded crosses, "
        "some of them no digits at all."
    )
    return figure


@styled
def code_map(codes: Tensor, labels: Tensor, pictures: Tensor) -> BookFigure:
    """Codes under the prior's circles, and the pictures on a square of codes.

    Args:
        codes, labels: means of q(z|x), (n, 2) and (n,).
        pictures: decoded at the prior's quantiles, (k, k, 28, 28), the first row at the largest z2.
    """
    figure, (left, right) = sheet(1, 2, height=2.5)
    _scatter_codes(left, codes, labels, 2)
    for radius in (1, 2, 3):
        left.add_patch(Ellipse((0, 0), 2 * radius, 2 * radius, fill=False, color=GREY, linewidth=0.9))
    left.set(
        xlim=(-3.6, 3.6), ylim=(-3.6, 3.6), aspect="equal", xlabel="$z_1$", ylabel="$z_2$", title="codes"
    )
    paint(right, pictures)
    right.set_title("what the decoder draws")
    figure.alt = (
        "Left: codes of ten kinds of digits in groups round one crowded centre, and the prior's circles of "
        "radius 1, 2 and 3. Right: a square of decoded digits that change into one another."
    )
    return figure


@styled
def map_frame(z1: float, z2: float, picture: Tensor, countries: Tensor, reach: float) -> BookFigure:
    """One place of the map: where it is, and the picture ``(28, 28)`` that the decoder draws there.

    Args:
        countries: which digit's codes prevail at each place of a square from -reach to reach, (k, k),
            first index z1.
    """
    # Axes by hand: a layout engine would take longer than the drawing
    figure = BookFigure(figsize=(4.2, 2.15))
    left, right = figure.add_axes((0.11, 0.14, 0.42, 0.82)), figure.add_axes((0.57, 0.14, 0.42, 0.82))
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
    left.plot(z1, z2, "X", color="black", markersize=11, markeredgecolor="white", markeredgewidth=1.2)
    left.set(xticks=[-2, 0, 2], yticks=[-2, 0, 2])
    right.imshow(picture, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
    right.set(xticks=[], yticks=[])
    right.spines[:].set_visible(True)
    column, row = (round((v + reach) / (2 * reach) * (len(countries) - 1)) for v in (z1, z2))
    figure.alt = (
        f"The picture decoded at z = ({z1:g}, {z2:g}), a place where codes of the digit "
        f"{countries[column, row].item()} prevail."
    )
    return figure


@styled
def blur(decoded: Tensor, averages: Tensor, heaviest: Tensor) -> BookFigure:
    """What a code draws, the weighted average of training digits that could have that code,
    and three of those.

    Args:
        decoded, averages: (n, 28, 28).
        heaviest: (3, n, 28, 28), the digits of largest weight.
    """
    n = len(decoded)
    figure = BookFigure(figsize=(WIDTH, 2.75), layout="constrained")
    top, bottom = figure.subplots(2, 1, height_ratios=[2, 3])
    for axes, rows in ((top, torch.stack([decoded, averages])), (bottom, heaviest)):
        paint(axes, rows)
        axes.set_axis_on()
        axes.set(xticks=[])
        axes.tick_params(left=False)
        axes.spines[:].set_visible(False)
    top.set_yticks([14, 44], ["decoder", "average"])
    bottom.set_yticks([44], ["three that\ncould have\nthis code"])
    figure.alt = (
        f"For {n} codes: the decoder's picture, almost the same picture as an average of training digits, "
        "and below three sharp training digits that could have that code, each written differently."
    )
    return figure


@styled
def unit_bars(kl: Tensor) -> BookFigure:
    """KL of each latent unit, largest first, (d,)."""
    figure, axes = sheet(height=2.0)
    ordered = kl.sort(descending=True).values
    axes.bar(range(1, len(kl) + 1), ordered, color=[BLUE if v > 0.5 else GREY for v in ordered])
    axes.axhline(0.5, color="black", linewidth=1, linestyle=(0, (5, 2)))
    axes.text(len(kl) + 0.5, 0.55, "half a nat", ha="right", va="bottom")
    axes.set(xlabel="latent unit, by its KL", ylabel="nats", xticks=[1, 4, 8, 12, 16])
    figure.alt = (
        f"Bars of the KL of {len(kl)} units, falling from {ordered[0]:.1f} nats to {ordered[-1]:.2f}; "
        f"{int((ordered <= 0.5).sum())} of them carry less than half a nat."
    )
    return figure


@styled
def true_posteriors(
    images: Tensor, windows: list[tuple[Tensor, Tensor, Tensor]], mu: Tensor, sigma: Tensor
) -> BookFigure:
    """Digits, their exact posteriors, and the encoder's Gaussian on top.

    Args:
        images: (n, 1, 28, 28).
        windows: for each, the coordinates along z1 and z2, (k,), and the posterior there, (k, k),
            first index z1.
        mu, sigma: of the encoder, (n, 2).
    """
    n = len(images)
    figure = BookFigure(figsize=(WIDTH, 2.6), layout="constrained")
    all_axes = figure.subplots(2, n, height_ratios=[1, 2.2])
    for i, (first, second, density) in enumerate(windows):
        paint(all_axes[0, i], images[i][None])
        axes = all_axes[1, i]
        height = density.flatten().sort(descending=True).values
        inside = height.cumsum(0) / height.sum()
        levels = sorted({height[(inside < share).sum()].item() for share in (0.5, 0.95)})
        top = height[0].item() * 1.01
        axes.contourf(first, second, density.T, levels=[*levels, top], colors=["#f3c9b0", VERMILLION])
        for radius in (1.18, 2.45):  # a two-dimensional Gaussian's circles of 50 and 95 percent
            across, up = (2 * radius * sigma[i]).tolist()
            axes.add_patch(Ellipse(mu[i].tolist(), across, up, fill=False, color=BLUE, linewidth=1.6))
        axes.set(aspect="equal", xlabel="$z_1$")
        axes.locator_params(nbins=3)
    all_axes[1, 0].set_ylabel("$z_2$")
    figure.alt = (
        f"{n} digits, and under each its true posterior as filled patches, stretched, slanted or in pieces, "
        "and the upright ellipses of the encoder's Gaussian, which cover a part of it or lie beside it."
    )
    return figure
