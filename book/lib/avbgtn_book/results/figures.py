"""Figures of the study: trainings of several seeds, as curves and dots, and one score against another.

Every seed is drawn; a median never stands alone. It is no mean: one training that scrambled the colours would
carry that away.
"""

from collections.abc import Mapping, Sequence
from statistics import fmean, median
from textwrap import fill

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from ..shared.canvas import DARK, DASHES, GREY, WIDTH, BookFigure, listed, styled
from ..shared.sheet import sheet
from .looks import HOLLOW, SMALL, STEPS, legend, logarithmic, looks_of, names_of, number_of, spread
from .pair_figures import differences  # noqa: F401 - for the cells of the results chapter
from .trainings import by_seed, cells_of, curve_of

ROW = 0.27  # inches a variant's row
AXES = {"epoch": "epoch", "cpu_seconds": "CPU-seconds"}
Path = str | tuple[str, ...]


# --- along a training ---------------------------------------------------------------------------------------


@styled
def curves(
    study: Mapping,
    variants: Sequence[str],
    key: str,
    *,
    against: str = "epoch",
    label: str,
    references: Mapping[str, float] | None = None,
    names: Mapping[str, str] | None = None,
    log: bool = False,
) -> BookFigure:
    """A score along training: every seed a thin line, the median over a variant's seeds
    a thick one with marks.

    The median is taken where all of its seeds are measured, so with ``against="cpu_seconds"`` it ends with
    the quickest training.

    Args:
        study: the record, see :mod:`avbgtn_book.results.trainings`.
        variants: which, in the order of the legend.
        key: of the cells' curves, such as "l1_hair".
        against: "epoch" or "cpu_seconds".
        label: of the score.
        references: ``{"copying": 0.059}``: horizontal grey lines to compare with.
        names: what to call a variant; by default ``"unit-twin"`` is "UNIT (twin)".
        log: a logarithmic axis for the score, which then must be positive.

    Raises:
        ValueError: a variant or a key that the record lacks, another ``against``,
            or seeds without a common stretch.
    """
    if against not in AXES:
        raise ValueError(
            f"got against={against!r}, expected one of {', '.join(AXES)}: say what the curves run along"
        )
    names, looks = names_of(variants, names), looks_of(variants)
    figure, axes = sheet(height=3.0 + 0.22 * ((len(variants) - 1) // 2))
    samples, spoken = [], []
    for variant in variants:
        colour, mark, dash = looks[variant]
        lines = [curve_of(cell, key, against) for cell in cells_of(study, variant).values()]
        for xs, ys in lines:
            axes.plot(xs, ys, color=colour, linewidth=0.7, alpha=0.45)
        grid, middle = _median_line(variant, lines)
        look = {"color": colour, "linestyle": dash, "marker": mark, "linewidth": 2.0, "markersize": 5}
        # Marks at other places for each variant: where two run together, both are seen.
        start = 0.1 * len(samples) / len(variants)
        axes.plot(grid, middle, markevery=(start, 0.1), zorder=3, **look)
        samples.append(Line2D([], [], label=f"{names[variant]}, n = {len(lines)}", **look))
        spoken.append(
            f"{names[variant]}, {number_of(len(lines))}, median {middle[0]:.4g} at {grid[0]:,.0f} and "
            f"{middle[-1]:.4g} at {grid[-1]:,.0f}"
        )
    for name, value in (references or {}).items():
        axes.axhline(value, color=GREY, linewidth=1)
        at = {"transform": axes.get_yaxis_transform(), "ha": "right", "va": "bottom", "fontsize": SMALL}
        axes.text(0.995, value, name, color=DARK[GREY], **at)
        spoken.append(f"{name} {value:.4g}")
    if log:
        axes.set_yscale("log")
        if min(axes.get_ylim()) > 1e-3:  # few decades: plain numbers
            axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5)))
            axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
            axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_title(label, loc="left")
    axes.set_xlabel(AXES[against])
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=STEPS, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.margins(x=0.02, y=0.08)
    legend(figure, samples)
    figure.alt = (
        f"Curves along the {AXES[against]}{'s' if against == 'epoch' else ''} of {label}: a thin line for "
        f"each seed and a thick one for the median of {listed(list(names.values()))}. {'; '.join(spoken)}."
    )
    return figure


def _median_line(variant: str, lines: list[tuple[list[float], list[float]]]) -> tuple[np.ndarray, np.ndarray]:
    """Median over seeds at the common x, or at 200 places of the stretch that all seeds have measured."""
    first, last = max(xs[0] for xs, _ in lines), min(xs[-1] for xs, _ in lines)
    if first >= last:
        raise ValueError(
            f"the curves of {variant} have no stretch in common, the first ends at {last:g} and the last "
            f"begins at {first:g}: measure all seeds twice or more, along the same way"
        )
    same = all(xs == lines[0][0] for xs, _ in lines)
    grid = np.array(lines[0][0], dtype=float) if same else np.linspace(first, last, 200)
    return grid, np.median([np.interp(grid, xs, ys) for xs, ys in lines], axis=0)


# --- at the end of it ---------------------------------------------------------------------------------------


@styled
def dots(
    study: Mapping,
    variants: Sequence[str],
    scores: Mapping[Path, str],
    *,
    split: str = "validation",
    names: Mapping[str, str] | None = None,
    references: Mapping[Path, Mapping[str, float]] | None = None,
) -> BookFigure:
    """Scores at the end: one panel a score, one row a variant, a dot a seed, a vertical tick at their median.

    A panel whose largest score is more than three times its smallest has a logarithmic axis.

    Within a row the seeds lie below each other, the first on top: in rows with the same seeds,
    pairs are at one height.

    Args:
        study: the record, see :mod:`avbgtn_book.results.trainings`.
        variants: which, from top to bottom.
        scores: ``{"l1_hair": "L1 in the hair", ("codes", "domain"): "domain from the code"}``:
            a key of the split, or a path from the cell; two panels a line.
        split: "validation" or "test", for scores given as a key.
        names: what to call a variant; by default ``"unit-twin"`` is "UNIT (twin)".
        references: ``{"l1_hair": {"copying": 0.22}}``: vertical grey lines to compare with.

    Raises:
        ValueError: no score, a variant or a score that the record lacks,
            or a reference of a score that is not drawn.
    """
    names, looks = names_of(variants, names), looks_of(variants)
    stray = [key for key in references or {} if key not in scores]
    if not scores or stray:
        raise ValueError(
            f"got {len(scores)} scores and references to {stray} besides, expected at least one score and "
            "references to the scores alone: check the keys"
        )
    numbers = {
        key: {v: by_seed(study, v, *((split, key) if isinstance(key, str) else key)) for v in variants}
        for key in scores
    }
    most = max(len(values) for row in numbers.values() for values in row.values())
    columns = min(2, len(scores))
    keys, named = list(scores), references or {}
    # A line of panels has room on top, in rows, for the names of its references.
    heads = [
        0.75 * max(len(named.get(key, {})) for key in keys[i : i + columns])
        for i in range(0, len(keys), columns)
    ]
    heights = [(len(variants) + head) * ROW + 0.85 for head in heads]
    figure = BookFigure(figsize=(WIDTH, sum(heights)), layout="constrained")
    panels = figure.subplots(len(heads), columns, squeeze=False, sharey="row", height_ratios=heights)
    spoken = []
    for place, (axes, (key, label)) in enumerate(zip(panels.flat, scores.items(), strict=False)):
        heard = []
        for row, variant in enumerate(variants):
            values = numbers[key][variant]
            colour, mark, _ = looks[variant]
            middle = median(values.values())
            axes.plot([middle, middle], [row - 0.4, row + 0.4], color="black", linewidth=2.2, zorder=3)
            at = [row + 0.56 * (i - (len(values) - 1) / 2) / max(1, most - 1) for i in range(len(values))]
            axes.plot(list(values.values()), at, marker=mark, color=colour, zorder=4, **HOLLOW)
            heard.append(f"{names[variant]} {spread(values)}")
        for line, (name, value) in enumerate(named.get(key, {}).items()):
            axes.axvline(value, color=GREY, linewidth=1, linestyle=DASHES[1], zorder=1)
            heard.append(f"{name} {value:.4g}")
            side, space = ("right", -3) if value > fmean(axes.get_xlim()) else ("left", 3)
            axes.annotate(
                name,
                (value, -0.85 - 0.75 * line),
                (space, 0),
                textcoords="offset points",
                ha=side,
                va="center",
                color=DARK[GREY],
                fontsize=SMALL,
                bbox={"color": "white", "pad": 0.5},
            )
        axes.set_title(fill(label, 22 if columns > 1 else 44), loc="left")
        axes.set_ylim(len(variants) - 0.45, -0.55 - heads[place // columns])
        axes.set_yticks(range(len(variants)), list(names.values()))
        drawn = [v for row in numbers[key].values() for v in row.values()]
        if not logarithmic(axes.xaxis, drawn):
            axes.xaxis.set_major_locator(MaxNLocator(3 if columns > 1 else 6, steps=STEPS))
        axes.margins(x=0.08)
        axes.grid(color="#eeeeee")
        axes.set_axisbelow(True)
        axes.tick_params(left=False)
        axes.spines["left"].set_visible(False)
        spoken.append(f"{label}: {', '.join(heard)}")
    for axes in panels.flat[len(scores) :]:
        axes.axis("off")
    figure.alt = (
        "Dots, one a seed, and ticks at their medians, of "
        f"{listed(list(names.values()))}. {'; '.join(spoken)}."
    )
    return figure


@styled
def scatter(
    study: Mapping,
    variants: Sequence[str],
    x: tuple[str, ...],
    y: tuple[str, ...],
    labels: tuple[str, str],
    *,
    names: Mapping[str, str] | None = None,
) -> BookFigure:
    """One score against another, a mark a seed; an axis over more than a factor of three is logarithmic.

    Args:
        study: the record, see :mod:`avbgtn_book.results.trainings`.
        variants: which, in the order of the legend.
        x, y: paths from the cell, such as ``("codes", "domain")`` and ``("validation", "l1_hair")``.
        labels: of the two axes.
        names: what to call a variant; by default ``"unit-twin"`` is "UNIT (twin)".

    Raises:
        ValueError: a variant or a path that the record lacks.
    """
    names, looks = names_of(variants, names), looks_of(variants)
    figure, axes = sheet(height=3.3 + 0.22 * ((len(variants) - 1) // 2))
    samples, spoken = [], []
    for variant in variants:
        across, up = by_seed(study, variant, *x), by_seed(study, variant, *y)
        colour, mark, _ = looks[variant]
        look = HOLLOW | {"color": colour, "marker": mark, "markersize": 6, "markerfacecolor": "none"}
        axes.plot(list(across.values()), [up[seed] for seed in across], **look)
        samples.append(Line2D([], [], label=f"{names[variant]}, n = {len(across)}", **look))
        spoken.append(f"{names[variant]}, {number_of(len(across))}: {spread(across)} against {spread(up)}")
    for axis, path in ((axes.xaxis, x), (axes.yaxis, y)):
        logarithmic(axis, [v for variant in variants for v in by_seed(study, variant, *path).values()])
    axes.set(xlabel=labels[0])
    axes.set_title(labels[1], loc="left")
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.margins(0.06)
    legend(figure, samples, handlelength=1.5)
    figure.alt = (
        f"{labels[0]}, to the right, against {labels[1]}, upwards, a mark for each seed of "
        f"{listed(list(names.values()))}. Medians, and smallest to largest: {'; '.join(spoken)}."
    )
    return figure
