"""The drawing kit of block diagrams: boxes, circles, arrows and words, on paper measured in inches."""

from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch

from ..shared.canvas import COLUMN, DARK, GREY, BookFigure

PALE = "#a6a6a6"  # what a figure is not about; its words stay dark enough to be read
LETTERS = 12  # points


class Sheet:
    """White paper with inches for coordinates, and the few shapes that block diagrams need."""

    def __init__(self, height: float, figure: BookFigure | None = None):
        self.figure = figure or BookFigure(figsize=(COLUMN, height))
        self.axes: Axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set(xlim=(0, COLUMN), ylim=(0, height))
        self.axes.set_axis_off()

    def block(self, x, y, symbol, name="", *, colour=GREY, width=1.9, height=0.56, heavy=False, pale=False):
        """A box around ``(x, y)``: the symbol, and beneath it the name in the package."""
        edge = PALE if pale else colour
        self.axes.add_patch(
            FancyBboxPatch(
                (x - width / 2 + 0.06, y - height / 2 + 0.06),
                width - 0.12,
                height - 0.12,
                boxstyle="round,pad=0.06",
                facecolor="white" if pale else _tint(colour),
                edgecolor=edge,
                linewidth=2.4 if heavy else 1.3,
                zorder=3,
            )
        )
        ink = DARK[GREY] if pale else "black"
        lift = 0.11 * (1 + name.count("\n") * 0.75) if name else 0
        self.axes.text(x, y + lift, symbol, ha="center", va="center", size=LETTERS + 1, color=ink, zorder=4)
        if name:
            self.axes.text(
                x,
                y - 0.12,
                name,
                ha="center",
                va="center",
                size=LETTERS - 1,
                family="monospace",
                color=ink,
                zorder=4,
                linespacing=1.0,
            )

    def node(self, x, y, symbol, *, colour=GREY, radius=0.27, pale=False, dashed=False):
        """A circle: something that flows, an image, a code or noise."""
        self.axes.add_patch(
            Circle(
                (x, y), radius, facecolor="white", edgecolor=PALE if pale else colour, zorder=3,
                linewidth=1.3 if pale else 1.8, linestyle=(0, (3, 1.5)) if dashed else "-",
            )
        )  # fmt: skip
        ink = DARK[GREY] if pale else "black"
        self.axes.text(x, y, symbol, ha="center", va="center", size=LETTERS + 1, color=ink, zorder=4)

    def arrow(self, *points, colour="black", heavy=False, pale=False, dashed=False):
        """Straight lines through the points, with a head at the last."""
        style = {"color": PALE if pale else colour, "linewidth": 2.2 if heavy else 1.2, "zorder": 2}
        style |= {"linestyle": (0, (4, 2)) if dashed else "-"}
        if len(points) > 2:
            self.axes.plot(
                *zip(*points[:-1], strict=True), solid_capstyle="butt", solid_joinstyle="round", **style
            )
        self.axes.add_patch(
            FancyArrowPatch(
                points[-2], points[-1], arrowstyle="-|>", mutation_scale=11, shrinkA=0, shrinkB=0, **style
            )
        )

    def words(self, x, y, text, *, colour=DARK[GREY], ha="center", va="center", size=LETTERS, **how):
        self.axes.text(x, y, text, ha=ha, va=va, color=colour, size=size, zorder=4, **how)


def _tint(colour: str) -> str:
    """A light version of a colour, for the inside of a block."""
    rgb = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(255 - 0.14 * (255 - c)):02x}" for c in rgb)
