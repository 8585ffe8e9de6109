"""Two pictures on one place, and a line between them that the reader drags: left of it the one is seen, right
of it the other. Its script is ``compare.js``.
"""

import base64
import io
from collections.abc import Mapping, Sequence

import torch
from PIL import Image
from torch import Tensor

from avbgtn.metrics.images import HAIR, OUTSIDE

from ..shared.canvas import COLUMN, BookFigure, column
from ..shared.sheet import sheet
from .figure import Choice, Interactive, Question, Value

Pair = tuple[str, str]


def in_bytes(picture: Tensor) -> Tensor:
    """(3, H, W) in [-1, 1] -> (H, W, 3) in 0, ..., 255, as a screen shows it."""
    unit = ((picture.detach().cpu().double() + 1) / 2).clamp(0, 1)
    return (255 * unit).round().to(torch.uint8).permute(1, 2, 0)


def as_url(picture: Tensor) -> str:
    """A picture (3, H, W) in [-1, 1] as a PNG within an address, so that nothing is fetched."""
    file = io.BytesIO()
    Image.fromarray(in_bytes(picture).numpy()).save(file, format="png", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode("ascii")


def difference(one: Tensor, other: Tensor, mask: Tensor | None = None) -> dict[str, float]:
    """Mean absolute difference of two pictures (3, H, W), 0 for equal ones and 1 for black against white.

    Args:
        mask: (1, H, W) in [0, 1]. With it also the means inside and outside, by the limits of the scores.
    """
    apart = (one.double() - other.double()).abs().mean(0) / 2  # (H, W)
    found = {"whole": apart.mean().item()}
    if mask is not None:
        inside, outside = mask[0] > HAIR, mask[0] < OUTSIDE
        found |= {"inside": apart[inside].mean().item(), "outside": apart[outside].mean().item()}
    return found


def compare(
    pictures: Mapping[str, Tensor],
    pairs: Sequence[Pair],
    *,
    alt: str,
    mask: Tensor | None = None,
    part: str = "mask",
    question: Question | None = None,
    name: str | None = None,
) -> Interactive:
    """Drag the line between two pictures of one thing.

    Args:
        pictures: ``{"source": image, "twin": image, ...}``, each (3, H, H) in [-1, 1], of one size.
        pairs: which two are compared, ``(left, right)`` each. With several the reader chooses; while the
            question is open it is the first, and ``question.then`` may name another, by :func:`title`.
        alt: what the pictures show, whatever stands at the line.
        mask: (1, H, H); the difference is then said inside and outside it too.
        part: what the mask covers, as in "inside the hair".
        name: for the page, where it holds more than one such figure.

    Raises:
        ValueError: pictures of several sizes, or no pair, or one with an unknown picture.
    """
    shapes = {tuple(picture.shape) for picture in pictures.values()}
    if len(shapes) != 1:
        raise ValueError(f"the pictures have shapes {sorted(shapes)}, expected one (3, H, H) for all")
    if not pairs or (unknown := {one for pair in pairs for one in pair} - set(pictures)):
        raise ValueError(
            f"the pairs are {list(pairs)}, expected at least one, of {list(pictures)}"
            + (f"; unknown: {sorted(unknown)}" if pairs else "")
        )
    by_title = {title(pair): pair for pair in pairs}
    apart = {t: difference(pictures[a], pictures[b], mask) for t, (a, b) in by_title.items()}
    first = title(pairs[0])
    values = {"edge": Value("share of the left picture", 0.0, 1.0, 0.05, 0.5, format=".0%")}
    if len(pairs) > 1:
        values["pair"] = Choice("compare", tuple(by_title), first)

    def numbers(edge: float, pair: str = first) -> dict[str, float]:
        return {"left": edge, **apart[pair]}

    def draw(found: Mapping[str, float], edge: float, pair: str = first) -> BookFigure:
        return _still(found, edge, *by_title[pair], pictures)

    return Interactive(
        "compare",
        values,
        numbers=numbers,
        draw=draw,
        alt=alt,
        constants={
            "pictures": {name: as_url(picture) for name, picture in pictures.items()},
            "pairs": {t: list(pair) for t, pair in by_title.items()},
            "apart": apart, "first": first, "side": shapes.pop()[-1], "part": part,
        },
        question=question,
        name=name,
    )  # fmt: skip


def title(pair: Pair) -> str:
    """How the list of pairs calls one."""
    return f"{pair[0]} | {pair[1]}"


@column
def _still(
    found: Mapping[str, float], edge: float, left: str, right: str, pictures: Mapping[str, Tensor]
) -> BookFigure:
    figure, axes = sheet(height=4.2, width=COLUMN)
    one, other = in_bytes(pictures[left]), in_bytes(pictures[right])
    side = one.shape[1]
    at = round(edge * side)
    axes.imshow(torch.cat([one[:, :at], other[:, at:]], dim=1).numpy(), interpolation="nearest")
    axes.axvline(at - 0.5, color="white", linewidth=3)
    axes.axvline(at - 0.5, color="black", linewidth=1)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    axes.set_title(left, loc="left")
    axes.set_title(right, loc="right")
    figure.alt = (
        f"Left of a line at {edge:.0%} of the width {left}, right of it {right}. Their mean absolute "
        f"difference is {found['whole']:.3f}."
    )
    return figure
