"""Curves along a training, and scores side by side.

Each function returns a :class:`~avbgtn_book.shared.canvas.BookFigure` whose ``alt`` says what it shows.
Models are told apart by colour and by line style or label, never by colour alone.
"""

import math
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from matplotlib.ticker import FuncFormatter, MaxNLocator

from .canvas import COLOURS, COLUMN, DASHES, GREY, OTHER_COLOURS, BookFigure, column, listed, name_of

PANEL = 1.9  # inches a panel of curves
APART = 0.13  # of a panel's height, between two names at the ends of lines


@column
def learning_curves(
    lines: Mapping[str, Sequence[Mapping]],
    keys: Mapping[str, str] | Sequence[str],
    *,
    references: Mapping[str, Mapping[str, float]] | None = None,
    alike: Sequence[str] = (),
    log: bool = False,
) -> BookFigure:
    """How measured numbers change along training: one panel per number, one line per model, named at its end.

    Args:
        lines: ``{"unit": run.metrics(), "avb_gtn": ...}``; each line a dictionary with ``"epoch"``. Lines
            without a key, and values that are not finite, leave no point.
        keys: which numbers, as ``{key: label}`` or a sequence of keys.
        references: ``{key: {"copying": 0.22}}``: horizontal grey lines to compare with.
        alike: keys whose panels share one vertical axis, so that their heights can be compared.
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
    figure = BookFigure(figsize=(COLUMN, PANEL * len(labels) + 0.5), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.06, h_pad=0.08)
    panels = figure.subplots(len(labels), 1, sharex=True, squeeze=False)[:, 0]
    ends: list[list] = []  # of each panel: where a line ends, its name and colour
    for axes, (key, label) in zip(panels, labels.items(), strict=True):
        ends.append([])
        for dash, (model, run) in zip(DASHES * len(lines), lines.items(), strict=False):
            points = [(line["epoch"], line[key]) for line in run if math.isfinite(line.get(key, math.nan))]
            if not points:
                continue
            mark = "o" if len(points) == 1 else None
            axes.plot(*zip(*points, strict=True), color=colours[model], linestyle=dash, marker=mark)
            ends[-1].append((points[-1][1], name_of(model), colours[model]))
        for name, value in ((references or {}).get(key) or {}).items():
            axes.axhline(value, color=GREY, linewidth=1.2, zorder=1)
            ends[-1].append((value, name, "#595959"))
        axes.set_yscale("log" if log else "linear")
        axes.set_title(label, loc="left")
        axes.grid(axis="y", color="#dddddd", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.margins(x=0.02, y=0.1)
    same = [axes for axes, key in zip(panels, labels, strict=True) if key in alike]
    limits = [limit for axes in same for limit in axes.get_ylim()]
    for axes in same:
        axes.set_ylim(min(limits), max(limits))
    for axes, named in zip(panels, ends, strict=True):
        _name_ends(axes, named)
    panels[-1].set_xlabel("epoch")
    panels[-1].xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10], integer=True))
    panels[-1].xaxis.set_major_formatter(FuncFormatter(lambda epoch, _: f"{epoch:,.0f}"))
    figure.alt = (
        f"Curves along the epochs, of {listed([name_of(m) for m in lines])}: {listed(list(labels.values()))}."
    )
    return figure


def _name_ends(axes, ends: Sequence[tuple[float, str, str]]) -> None:
    """Each name to the right of the panel, level with the end of its line as far as the others leave room."""
    axes.autoscale_view()
    to_panel = axes.transData + axes.transAxes.inverted()
    wanted = sorted((to_panel.transform((1, value))[1], name, colour) for value, name, colour in ends)
    places: list[float] = []
    for height, _, _ in wanted:
        places.append(max(height, places[-1] + APART) if places else height)
    over = max(0.0, places[-1] - 1) if places else 0.0
    for k in reversed(range(len(places))):  # those above the panel come down, and push the others
        limit = places[k] - over if k == len(places) - 1 else places[k + 1] - APART
        places[k] = min(places[k], limit)
    for place, (_, name, colour) in zip(places, wanted, strict=True):
        axes.annotate(
            name, (1, place), (6, 0), "axes fraction", textcoords="offset points", color=colour, va="center"
        )


def colours_of(models: Mapping, others: Sequence[str] = OTHER_COLOURS) -> dict[str, str]:
    """A colour for each model: UNIT blue, AVB-GTN vermillion, and the rest in turn."""
    rest = [model for model in models if name_of(model) not in COLOURS]
    turns = dict(zip(rest, list(others) * (len(rest) // len(others) + 1), strict=False))
    return {model: COLOURS.get(name_of(model), turns.get(model, GREY)) for model in models}
