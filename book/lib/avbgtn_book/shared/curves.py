"""Curves along a training, and scores side by side.

Each function returns a :class:`~avbgtn_book.shared.canvas.BookFigure` whose ``alt`` says what it shows. Models are told
apart by colour and by line style or label, never by colour alone.
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


@styled
def score_chart(
    scores: Mapping[str, Mapping[str, Score]],
    labels: Mapping[str, str] | Sequence[str] | None = None,
    *,
    better: Mapping[str, str] | str = "lower",
    digits: Mapping[str, int] | int = 3,
) -> BookFigure:
    """Scores side by side: one panel a score, one bar a translator, its value written beside it.

    Args:
        scores: ``{"copying": {"l1_hair": 0.222}, "unit": {"l1_hair": [0.06, 0.07]}}``. Several values, one a
            seed, give their mean as the bar, themselves as dots, and smallest and largest in brackets. A
            translator without a score says so.
        labels: which scores, as ``{key: label}`` or a sequence of keys; all if None.
        better: ``"lower"`` or ``"higher"``, for all or as ``{key: ...}``; written beside the label.
        digits: behind the decimal point, for all or as ``{key: ...}``; 3 where not given.

    Raises:
        ValueError: a score that no translator has, or one that is not finite.
    """
    known = list(dict.fromkeys(key for row in scores.values() for key in row))
    chosen = labels if labels is not None else known
    names = dict(chosen) if isinstance(chosen, Mapping) else {key: key for key in chosen}
    missing = [key for key in names if key not in known]
    if missing or not names:
        raise ValueError(
            f"no translator has the scores {missing}, expected some of {known}: check their names"
        )
    rows = {
        who: {key: _values(who, key, row[key]) for key in names if key in row} for who, row in scores.items()
    }
    colours = colours_of(scores, others=(GREY,))

    n = len(rows)
    figure = BookFigure(figsize=(WIDTH, len(names) * (n * BAR + 0.5)), layout="constrained")
    panels = figure.subplots(len(names), 1, squeeze=False)[:, 0]
    spoken = []
    for axes, (key, label) in zip(panels, names.items(), strict=True):
        direction = better if isinstance(better, str) else better.get(key, "lower")
        places = digits if isinstance(digits, int) else digits.get(key, 3)
        largest = max([0.0, *(v for row in rows.values() for v in row.get(key, []))])
        smallest = min([0.0, *(v for row in rows.values() for v in row.get(key, []))])
        room = (largest - smallest) or 1.0
        heard = []
        for place, (who, row) in enumerate(rows.items()):
            values = row.get(key)
            if values is None:
                axes.text(0, place, " not measured", va="center", color="#595959")
                continue
            mean = sum(values) / len(values)
            axes.barh(place, mean, height=0.72, color=colours[who])
            text = f"{mean:z.{places}f}"
            if len(values) > 1:
                axes.plot(
                    values, [place] * len(values), "o", markersize=4, color="black", markerfacecolor="white"
                )
                text += f" ({min(values):z.{places}f} to {max(values):z.{places}f})"
            axes.text(max([0.0, *values]) + 0.04 * room, place, text, va="center")
            heard.append(f"{name_of(who)} {text}")
        spoken.append(f"{label} ({direction} is better): {', '.join(heard)}")
        several = any(len(row.get(key, ())) > 1 for row in rows.values())
        axes.set_xlim(
            smallest - (0.04 * room if smallest < 0 else 0), largest + room * (1.1 if several else 0.35)
        )
        axes.set_ylim(n - 0.5, -0.5)
        axes.set_yticks(range(n), [name_of(who) for who in rows])
        axes.set_title(f"{label} ({direction} is better)", loc="left")
        axes.tick_params(left=False, bottom=False, labelbottom=False)
        axes.spines[["bottom", "left"]].set_visible(False)
        axes.axvline(0, color="black", linewidth=0.8)
    figure.alt = f"Bars of {n} translators' scores. {'; '.join(spoken)}."
    return figure


def colours_of(models: Mapping, others: Sequence[str] = OTHER_COLOURS) -> dict[str, str]:
    """A colour for each model: UNIT blue, AVB-GTN vermillion, and the rest in turn."""
    rest = [model for model in models if name_of(model) not in COLOURS]
    turns = dict(zip(rest, list(others) * (len(rest) // len(others) + 1), strict=False))
    return {model: COLOURS.get(name_of(model), turns.get(model, GREY)) for model in models}


def _values(who: str, key: str, score: Score) -> list[float]:
    """One value or one a seed, as a list of finite numbers."""
    values = [float(v) for v in score] if isinstance(score, Sequence) else [float(score)]
    if not values or not all(math.isfinite(v) for v in values):
        raise ValueError(
            f"the score {key!r} of {who} is {score!r}, expected finite numbers: leave it out if unknown"
        )
    return values
