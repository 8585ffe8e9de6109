"""The interactive figures of the chapter on hair colour, each with what it computes and how it looks when
it stands still. Their scripts are ``recolouring.js`` and ``interactive/compare.js``.
"""

import base64
from collections.abc import Mapping

import torch
from torch import Tensor

from avbgtn.metrics.baselines import ColourTransfer
from avbgtn.metrics.images import HAIR, OUTSIDE

from ..interactive.compare import compare, difference, in_bytes, title
from ..interactive.figure import Choice, Interactive, Question, Value
from ..shared.canvas import BLUE, COLUMN, GREEN, VERMILLION, BookFigure, column
from ..shared.sheet import sheet

F64 = torch.float64
EVERYWHERE, IN_HAIR = "the whole picture", "the hair only, by the true mask"
RIM, INSIDE, BEYOND = 0, 1, 2  # what a pixel belongs to: neither part, the hair, what is outside it
MOST = 1.5  # strength


# --- before and after ---------------------------------------------------------------------------------------


def before_after(source: Tensor, made: Tensor, twin: Tensor, mask: Tensor) -> Interactive:
    """Drag a line over source, translation and twin of one head, (3, H, H) each; ``mask`` is (1, H, H)."""
    names = "source", "AVB-GTN", "true twin"
    wrong, apart = difference(made, twin, mask), difference(source, twin, mask)
    outside = wrong["outside"] > wrong["inside"]
    question = Question(
        "Drag the line: left of it you see a head with brown hair, right of it what AVB-GTN makes of it. "
        "Compared with the true twin, which you have not seen yet, where is the translation further off on "
        "average, inside the hair or outside it?",
        choices=("Inside the hair", "Outside the hair"),
        answer=int(outside),
        because=f"The mean error is {wrong['inside']:.3f} inside the hair and {wrong['outside']:.3f} outside "
        f"it. The hair of source and twin differ by {apart['inside']:.3f}, so the translation has gone most "
        f"of the way there. Outside the hair they differ by {apart['outside']:.3f} only: the source was "
        "already nearly right, and the network changed it. Drag the line over the background.",
        then={"pair": title((names[1], names[2]))},
    )
    return compare(
        dict(zip(names, (source, made, twin), strict=True)),
        [(names[0], names[1]), (names[1], names[2]), (names[0], names[2])],
        alt="A rendered head in front of a plain background. Left of a line that can be moved it is shown in "
        "one version, right of it in another.",
        mask=mask,
        part="hair",
        question=question,
        name="hair-before-after",
    )


# --- recolouring --------------------------------------------------------------------------------------------


def _in_unit(fit: ColourTransfer) -> tuple[Tensor, Tensor]:
    """Slope and offset of each channel, (3,), for colours in [0, 1]."""
    slope = fit.std_target.double() / fit.std_source.double()
    offset = fit.mean_target.double() - slope * fit.mean_source.double()
    return slope, (offset - slope + 1) / 2


def recoloured(picture: Tensor, slope: Tensor, offset: Tensor, share: Tensor) -> Tensor:
    """``share`` of the way from a picture (H, W, 3) in [0, 1] to its colour transfer; ``share`` is (H, W)."""
    there = (slope * picture + offset).clamp(0, 1)
    return (picture + share[..., None] * (there - picture)).clamp(0, 1)


def recolouring(
    source: Tensor, twin: Tensor, mask: Tensor, *, everywhere: ColourTransfer, in_hair: ColourTransfer
) -> Interactive:
    """Drag how strongly all colours are moved, and see the error inside the hair and outside it.

    Args:
        source, twin: (3, H, H) in [-1, 1]; rounded to 8 bits here, as they go to the page.
        mask: (1, H, H).
        everywhere, in_hair: colour transfers, fitted without masks and with them.
    """
    x, y = in_bytes(source), in_bytes(twin)
    part = torch.where(mask[0] > HAIR, INSIDE, torch.where(mask[0] < OUTSIDE, BEYOND, RIM)).to(torch.uint8)
    fits = {EVERYWHERE: _in_unit(everywhere), IN_HAIR: _in_unit(in_hair)}

    def changed(strength: float, where: str) -> Tensor:
        share = strength * (torch.ones_like(part) if where == EVERYWHERE else part == INSIDE).double()
        return recoloured(x.double() / 255, *fits[where], share)

    def numbers(strength: float, where: str) -> dict[str, float]:
        error = (changed(strength, where) - y.double() / 255).abs().mean(2)  # (H, W)
        return {
            "hair": error[part == INSIDE].mean().item(), "outside": error[part == BEYOND].mean().item(),
            "whole": error.mean().item(),
        }  # fmt: skip

    def draw(found: Mapping[str, float], strength: float, where: str) -> BookFigure:
        along = {s / 20: numbers(s / 20, where) for s in range(round(20 * MOST) + 1)}
        return _recolouring_still(found, strength, where, along, [x, changed(strength, where), y])

    none, full = numbers(0.0, EVERYWHERE), numbers(1.0, EVERYWHERE)
    question = Question(
        "Global colour transfer moves every colour of the picture, as far as the mean colours of the two "
        f"piles are apart. Inside the hair of this head it lowers the error from {none['hair']:.3f} to "
        f"{full['hair']:.3f}, to about half. What becomes of the error of the whole picture?",
        choices=("It falls to about half as well", "It stays nearly the same", "It doubles"),
        answer=1,
        because=f"It goes from {none['whole']:.4f} to {full['whole']:.4f}. The error outside the hair grows "
        f"from {none['outside']:.3f} to {full['outside']:.3f}, and there are more pixels outside. A single "
        "score of the whole picture cannot tell a copy, which leaves the hair as it was, from a picture that "
        "was repainted everywhere. Recolour the hair only, and the error outside it stays as it was.",
        then={"strength": 1.0, "where": EVERYWHERE},
    )
    return Interactive(
        "hair-recolouring",
        {
            "strength": Value("strength of the recolouring", 0.0, MOST, 0.05, 0.0),
            "where": Choice("recolour", (EVERYWHERE, IN_HAIR), EVERYWHERE),
        },
        numbers=numbers,
        draw=draw,
        alt="A rendered head, the same recoloured, and its true twin. Below them the errors inside the hair, "
        "outside it and of the whole picture, against the strength of the recolouring.",
        constants={
            "side": x.shape[0], "source": _text(x), "twin": _text(y), "part": _text(part),
            "fits": {name: [slope.tolist(), offset.tolist()] for name, (slope, offset) in fits.items()},
            "everywhere": EVERYWHERE,
        },
        question=question,
    )  # fmt: skip


def _text(values: Tensor) -> str:
    """Bytes as a page carries them."""
    return base64.b64encode(values.contiguous().numpy().tobytes()).decode("ascii")


@column
def _recolouring_still(
    found: Mapping[str, float],
    strength: float,
    where: str,
    along: dict[float, dict[str, float]],
    pictures: list[Tensor],
) -> BookFigure:
    figure, grid = sheet(2, 3, height=2.5, width=COLUMN)
    for axes, picture, name in zip(grid[0], pictures, ("source", "recoloured", "true twin"), strict=True):
        axes.imshow(picture.numpy(), interpolation="nearest")
        axes.set(xticks=[], yticks=[], title=name)
        axes.spines[:].set_visible(False)
    grid[1][0].get_gridspec()
    for axes in grid[1]:
        axes.remove()
    below = figure.add_subplot(grid[1][0].get_gridspec()[1, :])
    for name, colour, dashes in (("hair", VERMILLION, "--"), ("outside", BLUE, "-"), ("whole", GREEN, ":")):
        below.plot(list(along), [at[name] for at in along.values()], colour, linestyle=dashes, label=name)
    below.axvline(strength, color="black", linewidth=1)
    below.set(xlabel="strength of the recolouring", ylabel="error", ylim=(0, 0.25), xlim=(0, MOST))
    below.legend(frameon=False, ncols=3)
    figure.alt = (
        f"A head, recoloured with strength {strength:g} in {where}, and its twin. Error inside the hair "
        f"{found['hair']:.3f}, outside it {found['outside']:.3f}, of the whole picture {found['whole']:.3f}."
    )
    return figure
