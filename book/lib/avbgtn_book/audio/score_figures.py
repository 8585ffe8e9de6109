"""Charts of the audio chapter: what down-sampling costs, and translators against bars."""

import math
from collections.abc import Mapping

from matplotlib.ticker import MaxNLocator, NullLocator

from ..shared.canvas import (
    BLUE,
    COLUMN,
    DASHES,
    GREEN,
    GREY,
    PURPLE,
    VERMILLION,
    WIDTH,
    BookFigure,
    column,
    listed,
    name_of,
    styled,
)
from ..shared.sheet import sheet

LOOKS = (
    (BLUE, "o", "-"),
    (VERMILLION, "s", DASHES[1]),
    (GREEN, "^", DASHES[2]),
    (PURPLE, "D", DASHES[3]),
    ("black", "v", "-"),
)
EXACT = 60.0  # dB; above it a way back is exact but for rounding, and the number says nothing more
LINE = 0.2  # inches a line of a label
MEASURES = {
    "log_band": ("log-band distance", "lower"),
    "chroma": ("chroma cosine", "higher"),
    "instrument": ("heard as target", "higher"),
}
DIRECTIONS = {"12": "piano to violin", "21": "violin to piano"}
# Colour, mark and place of a direction's dot, and colour, beginning and end of its bar;
# places are below the row's middle.
DOTS = {"12": (BLUE, "o", -0.07), "21": (VERMILLION, "D", 0.13)}
BARS = {"12": (BLUE, -0.18, 0.03), "21": (VERMILLION, 0.03, 0.26), "both": (GREY, -0.18, 0.26)}


@column
def downsampling(table: Mapping[str, Mapping[int, tuple[float, float]]]) -> BookFigure:
    """What is left of a sound on the way to a smaller picture and back: one panel a measure,
    one line a way back.

    Args:
        table: ``{"Griffin-Lim": {1: (snr, distance), 2: ...}}`` by factor, all with the same factors:
            signal-to-noise ratio in dB, drawn at 60 where it is higher, and log-spectral distance in dB. A
            long name may have lines.

    Raises:
        ValueError: no reconstruction, more than five, different or fewer than two factors,
            or a score that is not finite.
    """
    factors = sorted({factor for values in table.values() for factor in values})
    if (
        not 1 <= len(table) <= len(LOOKS)
        or len(factors) < 2
        or any(set(v) != set(factors) for v in table.values())
    ):
        raise ValueError(
            f"got the factors { {name: sorted(v) for name, v in table.items()} }, expected one to "
            f"{len(LOOKS)} reconstructions with the same factors, two or more"
        )
    if not all(snr > -math.inf and math.isfinite(far) for v in table.values() for snr, far in v.values()):
        raise ValueError(
            f"a score is not finite in {dict(table)}: only the ratio of an exact way back may be infinite"
        )
    figure, panels = sheet(2, height=2.5, width=COLUMN, sharex=True)
    titles = ("signal-to-noise ratio, dB (higher is better)", "log-spectral distance, dB (lower is better)")
    spoken = []
    for which, (axes, title) in enumerate(zip(panels, titles, strict=True)):
        ends = {}
        for (colour, mark, dash), (name, values) in zip(LOOKS, table.items(), strict=False):
            ys = [min(values[f][which], EXACT if which == 0 else math.inf) for f in factors]
            axes.plot(factors, ys, color=colour, marker=mark, linestyle=dash, markersize=6)
            ends[name] = ys[-1], colour
            spoken.append(f"{name.replace(chr(10), ' ')} {_said(ys[0], which)} to {_said(ys[-1], which)}")
        axes.set_xscale("log", base=2)
        axes.set_xticks(factors, [f"{f:g}" for f in factors])
        axes.xaxis.set_minor_locator(NullLocator())
        if which == 1:
            axes.set_ylim(0, None)
        if any(values[f][0] >= EXACT for values in table.values() for f in factors) and which == 0:
            axes.axhline(EXACT, color="#bbbbbb", linewidth=0.8)
            axes.text(factors[-1], EXACT, "exact", ha="right", va="top", color="#595959")
        low, high = axes.get_ylim()
        line = LINE / 1.75 * (high - low)  # a panel is about 1.75 inches high
        sizes = {name: line * (1 + name.count("\n")) for name in ends}
        for name, y in _spread({name: y for name, (y, _) in ends.items()}, sizes).items():
            axes.annotate(
                name,
                (1, y),
                (8, 0),
                xycoords=("axes fraction", "data"),
                textcoords="offset points",
                va="center",
                color=ends[name][1],
            )
        axes.set_title(title, loc="left")
        axes.grid(axis="y", color="#dddddd", linewidth=0.6)
        axes.set_axisbelow(True)
    panels[-1].set_xlabel("down-sampling factor")
    half = len(table)
    figure.alt = (
        f"Two panels against the down-sampling factor, {factors[0]:g} to {factors[-1]:g}. Signal-to-noise "
        f"ratio: {'; '.join(spoken[:half])}. Log-spectral distance: {'; '.join(spoken[half:])}."
    )
    return figure


def _said(value: float, which: int) -> str:
    return "60 dB or more" if which == 0 and value >= EXACT else f"{value:.1f} dB"


def _spread(heights: Mapping[str, float], sizes: Mapping[str, float]) -> dict[str, float]:
    """Centres of labels of these sizes, moved apart where they overlap,
    in their order and about the same place.
    """
    piles: list[tuple[float, list[str]]] = []  # (centre, names from low to high)
    for name in sorted(heights, key=heights.__getitem__):
        names, centre = [name], heights[name]
        while piles and centre - piles[-1][0] < sum(sizes[n] for n in names + piles[-1][1]) / 2:
            names = piles.pop()[1] + names
            centre = sum(heights[n] for n in names) / len(names)
        piles.append((centre, names))
    found = {}
    for centre, names in piles:
        low = centre - sum(sizes[n] for n in names) / 2
        for n in names:
            found[n] = low + sizes[n] / 2
            low += sizes[n]
    return found


@styled
def scores(
    rows: Mapping[str, Mapping[str, Mapping[str, float]]],
    measures: Mapping[str, tuple[str, str]] = MEASURES,
    *,
    bars: Mapping[str, float | Mapping[str, float]] | None = None,
) -> BookFigure:
    """Translators by several measures: one row a translator, one panel a measure, one mark a direction.

    Args:
        rows: :data:`avbgtn.metrics.evaluate.Rows`, ``{"copy": {"12": {"log_band": 0.85}, "21": {...}}}``;
            a score that a translator does not have is no mark.
        measures: which, as ``{key: (label, "lower" or "higher")}``: the better side.
        bars: what a translator should reach, ``{"chroma": 0.75}``, or one a direction:
            ``{"chroma": {"12": 0.75}}``.

    Raises:
        ValueError: a measure that no translator has, a bar of another measure or direction,
            or a score that is not finite.
    """
    bars = {
        key: dict(bar) if isinstance(bar, Mapping) else {"both": bar} for key, bar in (bars or {}).items()
    }
    known = sorted({key for by in rows.values() for way in DIRECTIONS for key in by.get(way, {})})
    ways = {way for bar in bars.values() for way in bar}
    if not rows or not measures or not set(measures) <= set(known) or not set(bars) <= set(measures):
        raise ValueError(
            f"asked for the measures {sorted(measures)} and the bars {sorted(bars)}, the translators "
            f"have {known}: check the names"
        )
    if not ways <= set(BARS):
        raise ValueError(f"a bar is for the directions {sorted(ways)}, expected some of {sorted(DIRECTIONS)}")
    figure = BookFigure(figsize=(WIDTH, 0.95 + 0.48 * len(rows)), layout="constrained")
    panels = figure.subplots(1, len(measures), sharey=True, squeeze=False)[0]
    spoken = []
    for axes, (key, (label, better)) in zip(panels, measures.items(), strict=True):
        heard = []
        for place, (name, by) in enumerate(rows.items()):
            axes.axhline(place + 0.03, color="#dddddd", linewidth=0.6, zorder=0)
            for way, (colour, mark, shift) in DOTS.items():
                value = by.get(way, {}).get(key)
                if value is None:
                    continue
                if not math.isfinite(value):
                    raise ValueError(f"the score {key!r} of {name} is {value!r}: leave it out if unknown")
                axes.plot(value, place + shift, mark, color=colour, markersize=6, clip_on=False)
                heard.append(f"{name_of(name)}, {DIRECTIONS[way]}, {value:.2f}")
        for way, at in bars.get(key, {}).items():
            colour, low, high = BARS[way]
            for place in range(len(rows)):  # a line a row: one through all would cross the names
                axes.plot([at, at], [place + low, place + high], color=colour, linewidth=1.6, zorder=1)
        said = sorted({f"{at:.2f}" for at in bars.get(key, {}).values()})
        bar = f"; bar {listed(said)}" if said else ""
        spoken.append(f"{label} ({better} is better{bar}): {'; '.join(heard)}")
        axes.set_title(f"{label}\n({better} is better)", loc="left")
        axes.set_ylim(len(rows) - 0.6, -0.62)
        axes.margins(x=0.12)
        axes.xaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 2.5, 5, 10]))
        axes.tick_params(left=False, labelleft=False)
        axes.spines["left"].set_visible(False)
        axes.patch.set_visible(False)  # a long name runs on into the next panel
    for place, name in enumerate(rows):
        panels[0].text(
            0,
            place - 0.39,
            name_of(name),
            va="center",
            transform=panels[0].get_yaxis_transform(),
            in_layout=False,
        )
    samples = [
        panels[0].plot([], [], mark, color=colour, markersize=6, label=DIRECTIONS[way])[0]
        for way, (colour, mark, _) in DOTS.items()
    ]
    if bars:
        samples += panels[0].plot([], [], "|", color=GREY, markersize=12, markeredgewidth=1.6, label="bar")
    figure.legend(handles=samples, loc="outside upper left", ncols=3, frameon=False, handletextpad=0.4)
    figure.alt = f"Dots for {len(rows)} translators. {'. '.join(spoken)}."
    return figure
