"""Curves along a training, and scores side by side.

Each function returns a :class:`~avbgtn_book.shared.canvas.BookFigure` whose ``alt`` says what it shows.
Models are told apart by colour and by line style or label, never by colour alone.
"""

import math
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from matplotlib.ticker import FuncFormatter, MaxNLocator

from .canvas import COLOURS, GREY, OTHER_COLOURS, WIDTH, BookFigure, listed, name_of, styled

DASHES = ("-", (0, (5, 2)), (0, (1.2, 1.4)), (0, (6, 2, 1.5, 2)))
PANEL = 1.55  # inches a panel of curves
BAR = 0.25  # inches a bar
Score = float | Sequence[float]


@styled
def learning_curves(
    lines: Mapping[str, Sequence[Mapping]],
    keys: Mapping[str, str] | Sequence[str],
    *,
    references: Mapping[str, Mapping[str, float]] | None = None,
    log: bool = False,
) -> BookFigure:
    """How measured numbers change along training: one panel a number, one line a model.

    Args:
        lines: ``{"unit": run.metrics(), "avb_gtn": ...}``; each line a dictionary with ``"epoch"``. Lines
            without a key, and values that are not finite, leave no point.
        keys: which numbers, as ``{key: label}`` or a sequence of keys.
        references: ``{key: {"copying": 0.22}}``: horizontal grey lines to compare with.
        log: logarithmic vertical axes.

    Raises:
        ValueError: a key that no model has.
    """
    labels = dict(keys) if isinstance(keys, Mapping) else {key: key for key in keys}
    if not labels or not lines:
        raise ValueError(f"got {len(lines)} models and {len(labels)} keys, expected at least one of each")
    known = sorted({key for run in lines.values() for line in run for key in line})
    for key in labels:
        if key not in known:
            near = get_close_matches(key, known, 3, 0.4)
            hint = f"the nearest are {listed(near)}" if near else "see the keys of one line"
            raise ValueError(f"no model has measured {key!r}: {hint}")
    colours = colours_of(lines)
    figure = BookFigure(figsize=(WIDTH, PANEL * len(labels) + 0.75), layout="constrained")
    panels = figure.subplots(len(labels), 1, sharex=True, squeeze=False)[:, 0]
    for axes, (key, label) in zip(panels, labels.items(), strict=True):
        for dash, (model, run) in zip(DASHES * len(lines), lines.items(), strict=False):
            points = [(line["epoch"], line[key]) for line in run if math.isfinite(line.get(key, math.nan))]
            if not points:
                continue
            mark = "o" if len(points) == 1 else None
            axes.plot(
                *zip(*points, strict=True), color=colours[model], linestyle=dash, linewidth=1.8, marker=mark
            )
        for name, value in ((references or {}).get(key) or {}).items():
            axes.axhline(value, color=GREY, linewidth=1)
            at = {"transform": axes.get_yaxis_transform(), "ha": "right", "va": "bottom"}
            axes.text(0.995, value, name, color="#595959", **at)
        axes.set_yscale("log" if log else "linear")
        axes.set_title(label, loc="left")
        axes.grid(axis="y", color="#dddddd", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.margins(x=0.02, y=0.1)
    panels[-1].set_xlabel("epoch")
    panels[-1].xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10], integer=True))
    panels[-1].xaxis.set_major_formatter(FuncFormatter(lambda epoch, _: f"{epoch:,.0f}"))
    samples = [
        panels[0].plot([], [], color=colours[model], linestyle=dash, linewidth=1.8, label=name_of(model))[0]
        for dash, model in zip(DASHES * len(lines), lines, strict=False)
    ]
    if len(samples) > 1:
        figure.legend(handles=samples, loc="outside upper left", ncols=3, frameon=False, handlelength=2.6)
    figure.alt = (
        f"Curves along the epochs, of {listed([name_of(m) for m in lines])}: {listed(list(labels.values()))}."
    )
    return figure


def colours_of(models: Mapping, others: Sequence[str] = OTHER_COLOURS) -> dict[str, str]:
    """A colour for each model: UNIT blue, AVB-GTN vermillion, and the rest in turn."""
    rest = [model for model in models if name_of(model) not in COLOURS]
    turns = dict(zip(rest, list(others) * (len(rest) // len(others) + 1), strict=False))
    return {model: COLOURS.get(name_of(model), turns.get(model, GREY)) for model in models}
