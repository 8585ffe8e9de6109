"""UNIT's network, drawn with the shapes and the numbers of weights that a configuration gives it."""

from collections.abc import Sequence

import torch
from matplotlib.patches import FancyBboxPatch
from torch import nn

from avbgtn.config import Config
from avbgtn.models.unit import UNIT

from ..shared.canvas import BLUE, COLUMN, GREEN, VERMILLION, BookFigure, column

SMALL = 10.5  # points, for what stands between the boxes


class _Skeleton(UNIT):
    """UNIT without weights: shapes and counts cost nothing."""

    def initialise(self, *names: str) -> None:
        pass


def anatomy(config: Config) -> dict[str, tuple[int, tuple[int, ...]]]:
    """For each child of :class:`UNIT`: its parameters, and the shape of what it gives for one image;
    no number is stored.
    """
    with torch.device("meta"):
        model = _Skeleton(config)
    w, s = config.width, config.size
    shapes = {
        "encoder": model.code_shape,
        "encoder_shared": model.code_shape,
        "generator_shared": model.code_shape,
        "generator": (3, s, s),
        "discriminator": (2 * w, s // 4, s // 4),
        "discriminator_shared": (1, -(-s // 64), -(-s // 64)),
    }
    return {name: (_count(module), shapes[name.rstrip("12")]) for name, module in model.named_children()}


def _count(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


@column
def network(config: Config) -> BookFigure:
    """UNIT from top to bottom: two columns of private boxes, wide boxes where both
    domains use the same weights.
    """
    parts = anatomy(config)
    rows = [
        ("encoder", "$E_{0}$, private", BLUE, ""),
        ("encoder_shared", "$E_1$ and $E_2$, shared", BLUE, "code $z$"),
        ("generator_shared", "$G_1$ and $G_2$, shared", GREEN, ""),
        ("generator", "$G_{0}$, private", GREEN, "image"),
        ("discriminator", "$D_{0}$, private", VERMILLION, ""),
        ("discriminator_shared", "$D_1$ and $D_2$, shared", VERMILLION, "logits"),
    ]
    figure = BookFigure(figsize=(COLUMN, 6.6))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, 4.8), ylim=(-5.4, 0))
    axes.axis("off")
    middles = (1.2, 3.6)

    def arrows(top: float, bottom: float) -> None:
        for x in middles:
            axes.annotate(
                "", (x, bottom), (x, top), arrowprops={"arrowstyle": "-|>", "color": "#555555", "lw": 1}
            )

    def shape_text(y: float, shape: Sequence[int], name: str) -> None:
        text = " x ".join(map(str, shape))
        axes.text(2.4, y, f"{name} {text}".strip(), ha="center", va="center", fontsize=SMALL)

    for x, name in zip(middles, ("$x_1$", "$x_2$"), strict=True):
        axes.text(x, -0.14, f"image {name}", ha="center", va="center")
    shape_text(-0.14, (3, config.size, config.size), "")
    y, step, height = -0.36, 0.84, 0.5
    for i, (name, label, colour, what) in enumerate(rows):
        shared = name.endswith("shared")
        y = -0.42 - i * step
        arrows(y + 0.22 if i else -0.24, y)
        for k, x in enumerate((middles[:1] if shared else middles), 1):
            left, wide = (0.25, 4.3) if shared else (x - 0.95, 1.9)
            axes.add_patch(
                FancyBboxPatch(
                    (left, y - height),
                    wide,
                    height,
                    boxstyle="round,pad=0,rounding_size=0.08",
                    facecolor=colour + ("33" if shared else "14"),
                    edgecolor=colour,
                    linewidth=1.8 if shared else 1,
                )
            )
            count, shape = parts[name if shared else f"{name}{k}"]
            axes.text(
                left + wide / 2,
                y - height / 2,
                f"{label.replace('{0}', str(k))}\n{count:,} weights",
                ha="center",
                va="center",
                linespacing=1.25,
            )
        if i < len(rows) - 1:
            shape_text(y - height - 0.16, shape, what)
    arrows(y - height, y - height - 0.2)
    axes.text(
        2.4,
        y - height - 0.1,
        f"logits {' x '.join(map(str, shape))}",
        ha="center",
        va="center",
        fontsize=SMALL,
    )
    figure.alt = (
        "UNIT drawn from top to bottom in two columns, one a domain: private encoder, shared block, "
        "code, shared block, private generator, then private and shared layers of the discriminators, "
        "each with its number of weights."
    )
    return figure
