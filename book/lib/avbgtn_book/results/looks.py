"""How the figures of the study show a variant: its colour, mark, dashes and name; and their axes and legend.

The four variants of the comparison keep their looks in all figures; the controls take theirs in turn.
"""

from collections.abc import Mapping, Sequence
from itertools import cycle
from statistics import median

from matplotlib.axis import Axis
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from ..shared.canvas import BLUE, DASHES, GREEN, GREY, PURPLE, VERMILLION, BookFigure, name_of

SMALL = 9  # points, for what stands inside a panel
WIDE = 3  # largest score over smallest, from which on an axis is logarithmic
SKY, ORANGE = "#56B4E9", "#E69F00"
LOOKS = {  # colour, mark, dashes
    "unit": (BLUE, "o", DASHES[0]), "avb_gtn": (VERMILLION, "s", DASHES[1]),
    "unit-twin": (SKY, "^", DASHES[2]), "avb_gtn-twin": (ORANGE, "D", DASHES[3]),
}  # fmt: skip
OTHERS = tuple(  # four colours and nine marks: 36 looks before one comes again
    zip((GREEN, PURPLE, "black", GREY) * 9, "vP*X<>phd" * 4, DASHES * 9, strict=True)
)
STEPS = [1, 2, 5, 10]  # of ticks
HOLLOW = {"linestyle": "", "markersize": 4.5, "markerfacecolor": "white", "markeredgewidth": 1.1}


def looks_of(variants: Sequence[str]) -> dict[str, tuple]:
    """Colour, mark and dashes of each variant: its own for the four of the comparison, the rest in turn."""
    others = cycle(OTHERS)
    return {variant: LOOKS.get(variant) or next(others) for variant in variants}


def names_of(variants: Sequence[str], names: Mapping[str, str] | None) -> dict[str, str]:
    """``{"unit-no-kl": "UNIT (no kl)"}``, or as ``names`` has it."""
    if not variants:
        raise ValueError("got no variant, expected one or more: name those to draw")
    given = {}
    for variant in variants:
        model, _, rest = variant.partition("-")
        own = f"{name_of(model)} ({rest.replace('-', ' ')})" if rest else name_of(model)
        given[variant] = (names or {}).get(variant, own)
    return given


def logarithmic(axis: Axis, values: Sequence[float]) -> bool:
    """Give an axis a logarithmic scale with plain numbers where its values span more
    than a factor of three.
    """
    if not 0 < min(values) < max(values) / WIDE:
        return False
    axis.axes.set(**{f"{axis.axis_name}scale": "log"})
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))
    axis.set_minor_formatter(NullFormatter())
    return True


def legend(figure: BookFigure, samples: list[Line2D], handlelength: float = 3.4) -> None:
    """Above the panel, two a line."""
    figure.legend(
        handles=samples, loc="outside upper left", ncols=2, frameon=False, handlelength=handlelength
    )


def spread(values: Mapping[int, float]) -> str:
    """Median, and smallest to largest, in words for the alternative text."""
    numbers = list(values.values())
    if len(numbers) == 1:
        return f"{numbers[0]:.4g}"
    return f"{median(numbers):.4g} ({min(numbers):.4g} to {max(numbers):.4g})"


def number_of(n: int) -> str:
    return "1 seed" if n == 1 else f"{n} seeds"
