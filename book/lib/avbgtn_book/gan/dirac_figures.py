"""The DiracGAN, drawn: the plane of both players, and where the factors of one step lie."""

import torch
from matplotlib.patches import Circle, Rectangle
from torch import Tensor

from ..shared.canvas import BLUE, COLUMN, DARK, GREY, LIGHT, PURPLE, VERMILLION, BookFigure, column
from . import dirac_gan

SIDE, HEIGHT = 2.9, 3.75  # inches: of a panel, and of the figure
PAPER = {"facecolor": "white", "edgecolor": "none", "pad": 1.0, "alpha": 0.8}
F64 = torch.float64


@column
def vector_field(r1: float, step: float = 0.2, *, steps: int = 150) -> BookFigure:
    """One frame: the DiracGAN's field with R1 coefficient ``r1`` and where simultaneous steps from one start
    lead; beside it the factors ``1 + h kappa`` of one step, and the unit circle.
    """
    # Axes by hand: a layout engine would take longer than the drawing
    figure = BookFigure(figsize=(COLUMN, HEIGHT))
    size = (SIDE / COLUMN, SIDE / HEIGHT)
    left = figure.add_axes((0.58 / COLUMN, 0.135, *size))
    right = figure.add_axes((1 - (SIDE + 0.04) / COLUMN, 0.135, *size))
    factor = dirac_gan.growth(step, r1=r1)
    if abs(factor - 1) < 1e-9:
        happens, side = "circles", "on"
    else:
        happens, side = ("spirals out", "outside") if factor > 1 else ("converges", "inside")
    _plane(left, dirac_gan.trajectory(step, steps, r1=r1), r1)
    left.set_title(f"the game {happens}")
    _factors(right, r1, step)
    right.set_title(f"factor per step: {factor:.4f}")
    figure.alt = (
        f"R1 coefficient {r1:g}, step {step:g}: the game {happens}, and the factors 1 + h kappa lie {side} "
        f"the unit circle, the largest of size {factor:.4f}."
    )
    return figure


def _plane(axes, path: Tensor, r1: float) -> None:
    """The directions of both players, all arrows of one length, and the path ``(steps + 1, 2)``."""
    axis = torch.linspace(-2.2, 2.2, 12, dtype=F64)
    psi, theta = torch.meshgrid(axis, axis, indexing="ij")
    v = dirac_gan.field(theta, psi, r1=r1)
    v = 0.27 * v / v.norm(dim=0)
    look = {"color": "#a8a8a8", "width": 0.006, "headwidth": 4, "headlength": 4.5, "headaxislength": 4}
    axes.quiver(theta, psi, *v, pivot="mid", angles="xy", scale_units="xy", scale=1, **look)
    axes.plot(*path.T, color=VERMILLION, zorder=3)
    axes.plot(*path[0], "o", color=VERMILLION, markersize=9, markeredgecolor="white", zorder=4)
    look = {"color": DARK[VERMILLION], "va": "center", "zorder": 5, "bbox": PAPER}
    axes.text(path[0, 0] + 0.17, path[0, 1], "start", **look)
    axes.plot(0, 0, "P", color=BLUE, markersize=11, markeredgecolor="white", zorder=4)
    axes.set(xlabel=r"generator $\theta$", xticks=[-2, 0, 2], yticks=[-2, 0, 2])
    axes.set(xlim=(-2.4, 2.4), ylim=(-2.4, 2.4))
    axes.set_ylabel(r"discriminator $\psi$", labelpad=-2)


LEFT, RIGHT, UP = 0.715, 1.03, 0.1575  # the part of the complex plane in which the factors move


def _factors(axes, r1: float, step: float) -> None:
    """Near 1, the complex plane of factors: outside the unit circle tinted, the present pair as dots."""
    axes.set_facecolor(LIGHT[VERMILLION])
    axes.add_patch(Circle((0, 0), 1, facecolor="white", edgecolor="black", linewidth=1.6))
    ways = [[1 + step * z for z in dirac_gan.eigenvalues(r1=c)] for c in torch.linspace(0, 1.5, 151).tolist()]
    for line in zip(*ways, strict=True):
        axes.plot([z.real for z in line], [z.imag for z in line], color="#ddb3c9", linewidth=1.6)
    for root in dirac_gan.eigenvalues(r1=r1):
        z = 1 + step * root
        axes.plot(z.real, z.imag, "o", color=PURPLE, markersize=7.5, markeredgecolor="black", zorder=4)
    axes.text(0.905, -0.145, "inside: converges", ha="right", va="bottom", color=DARK[GREY])
    axes.text(1.0165, 0, "outside: spirals out", rotation=90, ha="center", va="center", color="#7a3500")
    axes.set(xlim=(LEFT, RIGHT), ylim=(-UP, UP), xlabel=r"real part of $1 + h\kappa$")
    axes.set_ylabel("imaginary part", labelpad=-6)
    axes.set_xticks([0.8, 0.9, 1], ["0.8", "0.9", "1"])
    axes.set_yticks([-0.1, 0, 0.1], ["−0.1", "0", "0.1"])
    axes.spines[["top", "right"]].set_visible(True)
    inset = axes.inset_axes((0.03, 0.66, 0.31, 0.31))
    inset.add_patch(Circle((0, 0), 1, facecolor="white", edgecolor="black", linewidth=1.2))
    inset.add_patch(Rectangle((LEFT, -UP), RIGHT - LEFT, 2 * UP, fill=False, edgecolor=PURPLE, linewidth=1.6))
    inset.set(xlim=(-1.15, 1.15), ylim=(-1.15, 1.15), xticks=[], yticks=[], facecolor=LIGHT[VERMILLION])
    inset.text(0, 0, "unit\ncircle", ha="center", va="center", color=DARK[GREY], fontsize=11)
    inset.spines[:].set_color(GREY)
