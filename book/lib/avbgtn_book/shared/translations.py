"""Figures of translated images: the paper's Figures 4 and 5, and translations beside their twins.

Each function returns a :class:`~avbgtn_book.shared.canvas.BookFigure` whose ``alt`` says what it shows.
Images are (3, H, W) in [-1, 1]. Models go by name, ``"unit"`` and ``"avb_gtn"`` or any other. Curves and bars
are in :mod:`avbgtn_book.shared.curves`.
"""

import math
from collections.abc import Mapping

from torch import Tensor

from .canvas import COLUMN, BookFigure, column, listed, name_of

GAP = 0.05  # inches between cells
LINE = 0.24  # inches a line of text
LETTER, WIDEST = 0.105, 1.6  # inches for a letter of a row's label, and for a label at most
ENOUGH_DPI = 130  # at least; raised until each pixel of an image is a whole number of dots
# The mean absolute error, in [0, 1], that is drawn black; without hair colour it is about 0.22.
ERROR_BLACK = 0.3

Panel = tuple[str, list[str], list[tuple[str, list[Tensor]]]]  # title, column labels, (row label, cells)


@column
def training_progress(
    directions: Mapping[str, tuple[Tensor, Mapping[int, Mapping[str, Tensor]]]],
    twins: Mapping[str, Tensor] | None = None,
) -> BookFigure:
    """The paper's Figure 4: translations of one image a direction, as training goes on.

    Panels (a), (b), ... are the directions, one above the other, and a model is a row: first the original,
    then the translation after each number of epochs, last the twin, if there is one.

    Args:
        directions: ``{"blond to brown": (original, {5000: {"unit": image, "avb_gtn": image}, ...}), ...}``;
            every epoch with the same models.
        twins: ``{"blond to brown": image, ...}``, for all directions or for none.

    Raises:
        ValueError: an image of another shape, or epochs with different models.
    """
    if not directions:
        raise ValueError(
            "got no direction, expected at least one, such as {'blond to brown': (original, epochs)}"
        )
    panels: list[Panel] = []
    for letter, (direction, (original, epochs)) in zip("abcdefgh", directions.items(), strict=False):
        twin = [twins[direction]] if twins else []
        labels = ["original", *(f"epoch {epoch:,}" for epoch in sorted(epochs)), *(["twin"] if twin else [])]
        rows = [
            (name_of(model), [original, *(epochs[epoch][model] for epoch in sorted(epochs)), *twin])
            for model in _models(epochs)
        ]
        panels.append((f"({letter}) {direction}", labels, rows))
    figure = _grids(panels)
    parts = [
        f"{title}: one row for {listed([name for name, _ in rows])}; columns {listed(labels)}"
        for title, labels, rows in panels
    ]
    figure.alt = "Translations as training goes on. " + ". ".join(parts) + "."
    return figure


@column
def image_rows(rows: Mapping[str, Tensor]) -> BookFigure:
    """Batches of images, one a row.

    Args:
        rows: ``{"brown": images, "blond": images}``, each (N, 3, H, W) with the same N.
    """
    n = len(next(iter(rows.values())))
    figure = _grids([("", [""] * n, [(label, list(images)) for label, images in rows.items()])])
    figure.alt = f"Rows of {n} images each: {listed(list(rows))}."
    return figure


@column
def outside_picture(original: Tensor, translations: Mapping[str, Tensor], *, direction: str) -> BookFigure:
    """The paper's Figure 5: a picture from outside the data set and its translations, side by side.

    Args:
        original: (3, H, W).
        translations: ``{"unit": image, "avb_gtn": image}``, each (3, H, W).
        direction: such as ``"brown to blond"``.

    Raises:
        ValueError: no translation, or an image of another shape.
    """
    models = _models({0: translations})
    columns = ["original", *map(name_of, models)]
    figure = _grids([("", columns, [("", [original, *(translations[m] for m in models)])])])
    translated = listed([f"by {name_of(m)}" for m in models])
    figure.alt = (
        f"A picture from outside the data set: the original, and translated from {direction} {translated}."
    )
    return figure


@column
def translation_grid(
    source: Tensor,
    translations: Mapping[str, Tensor],
    twin: Tensor | None = None,
    *,
    direction: str,
    error_of: str | None = None,
) -> BookFigure:
    """Images and their translations, one a row; with twins, also the twin and where one model is wrong.

    The error is ``|translation - twin|``, the mean over channels, in [0, 1]; white is 0, black 0.3 and above.

    Args:
        source: (N, 3, H, W).
        translations: ``{"unit": images, "avb_gtn": images}``, each (N, 3, H, W).
        twin: (N, 3, H, W), or None where nobody knows the truth.
        direction: such as ``"brown to blond"``.
        error_of: whose error is drawn; the last model's if None.

    Raises:
        ValueError: shapes that differ, or an unknown ``error_of``.
    """
    models = _models({0: translations})
    for name, images in {**translations, "twin": twin}.items():
        if images is not None and (images.shape != source.shape or source.ndim != 4):
            raise ValueError(
                f"{name} has shape {tuple(images.shape)} and the source {tuple(source.shape)}, expected "
                "(N, 3, H, W) twice: translate every image that is shown"
            )
    wrong = models[-1] if error_of is None else error_of
    if wrong not in models:
        raise ValueError(f"error_of must be one of {listed(models)}, got {error_of!r}")
    columns = ["source", *map(name_of, models)]
    stacks = [source, *(translations[m] for m in models)]
    if twin is not None:
        columns += ["twin", f"|error| of\n{name_of(wrong)}"]
        stacks += [twin, (translations[wrong] - twin).abs().mean(dim=1) / 2]  # (N, H, W)
    rows = [("", list(cells)) for cells in zip(*stacks, strict=True)]
    foot = "" if twin is None else f"|error|: white is 0, black is {ERROR_BLACK} or more"
    figure = _grids([("", columns, rows)], foot=foot)
    heads = f"{len(source)} images" if len(source) > 1 else "One image"
    figure.alt = f"{heads}, {direction}. Columns: {listed([c.replace(chr(10), ' ') for c in columns])}."
    if twin is not None:
        figure.alt += f" The error is white at 0 and black from {ERROR_BLACK} on."
    return figure


def _models(epochs: Mapping[int, Mapping[str, Tensor]]) -> list[str]:
    """The models that every epoch has, in their given order."""
    models = [list(images) for images in epochs.values()]
    if not models or not models[0] or any(set(m) != set(models[0]) for m in models):
        raise ValueError(
            f"got translations by {models}, expected at least one model, the same at every epoch"
        )
    return models[0]


def _grids(panels: list[Panel], foot: str = "") -> BookFigure:
    """Panels of images one above the other, as wide as the column. Everything is laid out in image pixels, so
    that at the right resolution each of them becomes a square of whole dots: sharp, and a much smaller file.
    """
    side = _same_side(panels)
    longest = max(len(label) for _, _, rows in panels for label, _ in rows)
    labelled = min(WIDEST, GAP + longest * LETTER) if longest else 0  # inches
    columns = max(len(labels) for _, labels, _ in panels)
    unit = (COLUMN - labelled - (columns + 1) * GAP) / columns / side  # inches an image pixel, roughly
    gap = max(1, round(GAP / unit))
    left = round(labelled / unit) + gap
    width = left + columns * (side + gap)
    unit = COLUMN / width  # and exactly

    heads = []  # the height of title and column labels
    for title, labels, _ in panels:
        lines = (1.3 if title else 0.2) + max(label.count("\n") + 1 for label in labels) * any(labels)
        heads.append(round(lines * LINE / unit))
    below = round(1.3 * LINE / unit) if foot else 0
    height = sum(heads) + sum(len(rows) for _, _, rows in panels) * (side + gap) + below
    figure = BookFigure(figsize=(COLUMN, height * unit))
    figure.sharpest = math.ceil(ENOUGH_DPI * unit) / unit

    def write(x: float, y: float, text: str, **how) -> None:
        figure.text(x / width, y / height, text, parse_math=False, **how)  # a domain may be called "$"

    top = height
    for head, (title, labels, rows) in zip(heads, panels, strict=True):
        if title:
            write(gap, top - 0.3 * LINE / unit, title, va="top", weight="bold")
        top -= head
        for j, label in enumerate(labels):
            middle = left + j * (side + gap) + side / 2
            write(middle, top + 0.3 * LINE / unit, label, ha="center", linespacing=1.05)
        for label, cells in rows:
            top -= side
            write(left - gap, top + side / 2, label, ha="right", va="center")
            for j, image in enumerate(cells):
                x = left + j * (side + gap)
                _show(figure.add_axes((x / width, top / height, side / width, side / height)), image)
            top -= gap
    if foot:
        write(gap, 0.35 * LINE / unit, foot)
    return figure


def _same_side(panels: list[Panel]) -> int:
    """The side of the images, which are all square and alike."""
    shapes = {tuple(image.shape) for _, _, rows in panels for _, cells in rows for image in cells}
    sides = {side for shape in shapes for side in shape[-2:]}
    if any(shape[:-2] not in ((3,), ()) for shape in shapes) or len(sides) != 1:
        raise ValueError(
            f"the images have shapes {sorted(shapes)}, expected (3, H, H) for all of them, with one H: pass "
            "single images of one size"
        )
    return sides.pop()


def _show(axes, image: Tensor) -> None:
    """One image, (3, H, H) in [-1, 1], or one map of errors, (H, H) in [0, 1]."""
    values = image.detach().cpu().float()
    axes.set(xticks=[], yticks=[])
    if values.ndim == 2:
        axes.imshow(values.numpy(), cmap="gray_r", vmin=0, vmax=ERROR_BLACK, interpolation="nearest")
        axes.spines[:].set(visible=True, linewidth=0.6, color="#767676")  # the map is white at its rim
        return
    picture = ((values + 1) / 2).clamp(0, 1).permute(1, 2, 0)  # (H, H, 3)
    axes.imshow(picture.numpy(), interpolation="nearest")
    axes.spines[:].set_visible(False)
