"""Pictures of sound: the paper's Figures 8 and 9, and spectrograms side by side.

The block diagram of Figure 7 is in ``pipeline_figures.py``, charts of scores are in ``score_figures.py``.

A picture of sound is ``(rows, columns)``, the lowest frequency in the first row, which is drawn at the
bottom, and frames from left to right. Magnitudes are linear, re full scale, as :func:`avbgtn.audio.stft` has
them; phases are angles in radians, and any multiple of 2 pi may be added.
"""

import math
from collections.abc import Mapping, Sequence

import matplotlib
import torch
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from avbgtn import audio

from ..shared.canvas import BLUE, COLUMN, DASHES, GREY, BookFigure, column, listed
from ..shared.sheet import sheet

# Magnitudes, black is silent, and phases, whose -pi and pi look the same. In steps, which nobody sees:
# noise in all the colours there are makes a PNG twice as large.
LOUD = matplotlib.colormaps["magma"].resampled(48)
ANGLE = matplotlib.colormaps["twilight"].resampled(16)
# Columns of Figure 8 beside each other; the paper's eight would be a third of an inch each on a phone.
IN_A_BAND = 4
GAP, LEFT, LINE = 0.06, 1.05, 0.23  # inches: between cells, for the labels of rows, and a line of text
ENOUGH_DPI = 130  # at least; raised until each column of a picture is a whole number of dots


def show(axes, values: Tensor, cmap, low: float, high: float, **how):
    """(rows, columns) as an image, the first row at the bottom."""
    return axes.imshow(
        values.numpy(),
        cmap=cmap,
        vmin=low,
        vmax=high,
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        **how,
    )


def _checked(name: str, values: Tensor) -> Tensor:
    """A picture of sound, detached and on the CPU."""
    values = torch.as_tensor(values).detach().cpu().float()
    if values.ndim != 2 or 0 in values.shape or not torch.isfinite(values).all():
        finite = "" if torch.isfinite(values).all() else " and values that are not finite"
        raise ValueError(
            f"{name} has shape {tuple(values.shape)}{finite}, expected finite (rows, columns): "
            "pass one channel of one sound"
        )
    return values


def _wrapped(angle: Tensor) -> Tensor:
    """Angles in [-pi, pi)."""
    return torch.remainder(angle + math.pi, 2 * math.pi) - math.pi


# --- spectrograms -------------------------------------------------------------------------------------------


@column
def spectrograms(
    sounds: Mapping[str, Tensor | Sequence[Tensor]], rate: int, *, fft: int, hop: int
) -> BookFigure:
    """Magnitudes of mono mixes in dB re full scale, side by side, all in the same colours.

    Args:
        sounds: ``{"piano": wave, "violin": wave}``, each ``(2, n)`` or ``(n,)``; or several a title,
            one below the other: ``{"piano": (wave, wave), "violin": (wave, wave)}``.
        rate: samples a second.
        fft, hop: window and step in samples.

    Raises:
        ValueError: no sound, titles with different numbers of sounds, or a sound of another shape.
    """
    table = {
        title: [w] if isinstance(w, Tensor) or hasattr(w, "shape") else list(w) for title, w in sounds.items()
    }
    counts = {title: len(waves) for title, waves in table.items()}
    if not counts or len(set(counts.values())) != 1 or 0 in counts.values():
        raise ValueError(f"got {counts} sounds, expected at least one title, and as many sounds under each")
    levels = {title: [_level(title, w, fft, hop) for w in waves] for title, waves in table.items()}
    top = max(level.max().item() for waves in levels.values() for level in waves)
    top = max(10 * math.ceil(top / 10), audio.FLOOR + 10)
    rows = max(counts.values())
    figure, panels = sheet(
        rows, len(table), 2.8 if rows == 1 else 2.2, width=COLUMN, sharex=True, sharey=True, squeeze=False
    )
    for place, (title, found) in enumerate(levels.items()):
        for axes, level in zip(panels[:, place], found, strict=True):
            bins, frames = level.shape
            step, bin_ = hop / rate, rate / fft / 1000  # seconds, kHz
            extent = (-step / 2, (frames - 0.5) * step, -bin_ / 2, (bins - 0.5) * bin_)
            shown = show(axes, level, LOUD, audio.FLOOR, top, extent=extent)
            axes.set(ylim=(0, rate / 2000), xlim=(0, max((frames - 1) * step, step)))
        panels[0, place].set_title(title, loc="left")
        panels[-1, place].set_xlabel("time, s")
    for axes in panels[:, 0]:
        axes.set_ylabel("frequency, kHz")
    figure.colorbar(shown, ax=panels, label="level, dB", aspect=28, pad=0.02)
    seconds = max((level.shape[1] - 1) * hop / rate for waves in levels.values() for level in waves)
    figure.alt = (
        f"Spectrograms of {listed(list(table))}{f', {rows} sounds each' if rows > 1 else ''}. "
        f"Horizontally {seconds:.1f} seconds, vertically 0 to {rate / 2000:g} kHz, in colours from "
        f"{audio.FLOOR:g} to {top:g} dB."
    )
    return figure


def _level(title: str, wave: Tensor, fft: int, hop: int) -> Tensor:
    """Decibels of the mono mix, (bins, frames)."""
    x = torch.as_tensor(wave).detach().cpu().float()
    if (
        x.ndim not in (1, 2)
        or (x.ndim == 2 and x.shape[0] > 2)
        or not x.numel()
        or not torch.isfinite(x).all()
    ):
        raise ValueError(
            f"the sound {title!r} has shape {tuple(x.shape)}, expected (2, n) or (n,) with "
            "finite values: pass single sounds"
        )
    return audio.decibels(audio.stft(x if x.ndim == 1 else x.mean(0), fft, hop).abs())


# --- Figures 8 and 9 ----------------------------------------------------------------------------------------


@column
def conversions(columns: Mapping[str, tuple[Tensor, ...]], *, times: float | None = 10.0) -> BookFigure:
    """The paper's Figure 8: sounds and what became of them, their pictures one below the other.

    Args:
        columns: ``{"V→P": (magnitude, phase)}`` of one channel, or ``(magnitude, phase, magnitude, phase)``,
            left channel before right; all of one shape. More than four columns are laid in bands.
        times: magnitudes are multiplied by this and cut at 1, as the paper shows them; None shows decibels.

    Raises:
        ValueError: no column, one that has neither two nor four pictures, or columns or pictures that differ.
    """
    table = {title: [_checked(f"{title!r}", p) for p in pictures] for title, pictures in columns.items()}
    shapes = sorted({tuple(p.shape) for pictures in table.values() for p in pictures})
    counts = {len(pictures) for pictures in table.values()}
    if counts not in ({2}, {4}) or len(shapes) != 1:
        raise ValueError(
            f"got columns of {[len(p) for p in table.values()]} pictures with shapes {shapes}, expected "
            "magnitude and phase of one channel, or of the left and then of the right, all of one shape"
        )
    rows = counts.pop()
    bands = math.ceil(len(table) / IN_A_BAND)
    across = math.ceil(len(table) / bands)
    unit = (COLUMN - LEFT - across * GAP) / across / shapes[0][1]  # inches a column of a picture
    wide, tall = unit * shapes[0][1], unit * shapes[0][0]
    tall = tall if wide / 2 <= tall <= 1.2 * wide else wide
    band = LINE * 1.4 + rows * (tall + GAP)
    height = bands * band + 3.2 * LINE
    figure = BookFigure(figsize=(COLUMN, height))
    figure.sharpest = math.ceil(ENOUGH_DPI * unit) / unit

    low, high, name = (0, 1, f"{times:g} × magnitude") if times else (audio.FLOOR, 0, "magnitude, dB")
    mappables = {}
    for k, (title, pictures) in enumerate(table.items()):
        left = LEFT + k % across * (wide + GAP)
        top = height - k // across * band - 1.4 * LINE
        figure.text((left + wide / 2) / COLUMN, (top + 0.35 * LINE) / height, title, ha="center")
        for row, picture in enumerate(pictures):
            bottom = top - (row + 1) * (tall + GAP) + GAP
            axes = figure.add_axes((left / COLUMN, bottom / height, wide / COLUMN, tall / height))
            axes.set_axis_off()
            if row % 2:
                mappables["phase"] = show(axes, _wrapped(picture), ANGLE, -math.pi, math.pi)
            else:
                shown = (picture * times).clamp(0, 1) if times else audio.decibels(picture)
                mappables[name] = show(axes, shown, LOUD, low, high)
            if k % across == 0:
                words = ("magnitude", "phase")[row % 2]
                words = words if rows == 2 else f"{('left', 'right')[row // 2]}\n{words}"
                at = (LEFT - 0.08) / COLUMN, (bottom + tall / 2) / height
                figure.text(*at, words, ha="right", va="center", linespacing=1.1)
    for k, (word, mappable) in enumerate(sorted(mappables.items())):
        ticks = [-math.pi, 0, math.pi] if word == "phase" else [low, (low + high) / 2, high]
        place = (LEFT + 3.1 * k) / COLUMN, 1.5 * LINE / height, 2.4 / COLUMN, 0.14 / height
        key = figure.colorbar(mappable, cax=figure.add_axes(place), orientation="horizontal", ticks=ticks)
        key.ax.set_title(word, pad=3)
        key.ax.set_xticklabels(["$-\\pi$", "0", "$\\pi$"] if word == "phase" else [f"{t:g}" for t in ticks])
    figure.alt = (
        f"Spectrogram images, one column each: {listed(list(table))}. "
        f"{'Two rows: magnitude and phase.' if rows == 2 else 'Four rows: magnitude and phase of the left '}"
        f"{'' if rows == 2 else 'channel, magnitude and phase of the right.'} Magnitudes "
        f"{f'times {times:g}, cut at 1' if times else f'from {low:g} to {high:g} dB'}; phases in colours "
        "that meet again at minus pi and pi."
    )
    return figure


@column
def phase(phase_image: Tensor, *, magnitude: Tensor) -> BookFigure:
    """The paper's Figure 9: the phase of one sound from 0 to 255, as an image beside its magnitude, and
    squeezed to one line.

    Args:
        phase_image, magnitude: (rows, columns), of one shape.

    Raises:
        ValueError: shapes that differ.
    """
    angles, loud = _alike({"the phase": phase_image, "the magnitude": magnitude})
    grey = (_wrapped(angles) + math.pi) * (255 / (2 * math.pi))  # [0, 255]
    figure = BookFigure(figsize=(COLUMN, 4.8), layout="constrained")
    panels = figure.subplot_mosaic([["A", "B"], ["C", "C"]], height_ratios=[1.9, 1.2])
    show(panels["A"], audio.decibels(loud), LOUD, audio.FLOOR, 0)
    show(panels["B"], grey, "gray", 0, 255)
    for letter, title in (("A", "magnitude, dB"), ("B", "phase, 0 to 255")):
        panels[letter].set_title(title, loc="left")
        panels[letter].set(xlabel="column", yticks=[])
    panels["A"].set_ylabel("frequency")
    panels["C"].plot(grey.flatten(), color="black", linewidth=0.25)
    panels["C"].set(
        xlim=(0, grey.numel() - 1), ylim=(0, 255), yticks=[0, 128, 255], xlabel="place in the picture"
    )
    panels["C"].xaxis.set_major_locator(MaxNLocator(5))
    panels["C"].set_title("the same phase, squeezed", loc="left")
    jump = grey.flatten().diff().abs().mean().item()
    figure.alt = (
        f"The phase of one sound, {grey.shape[0]} by {grey.shape[1]}, from 0 to 255: as a grey image beside "
        f"the magnitude in dB, and squeezed to one line, which jumps by {jump:.0f} from one place to the "
        f"next on average; by chance it would be {255 / 3:.0f}."
    )
    return figure


@column
def phase_of_the_twin(phase_image: Tensor, twin: Tensor) -> BookFigure:
    """How far the phase of a sound is from that of its twin: ``phi' - phi``, wrapped into [-pi, pi), as a
    histogram that is 1 everywhere where one phase tells nothing of the other. Without the first row: at
    frequency 0 a phase is 0 or pi and nothing between.

    Args:
        phase_image, twin: (rows, columns), of one shape.

    Raises:
        ValueError: shapes that differ.
    """
    own, other = _alike({"the phase": phase_image, "the twin": twin})
    apart = _wrapped(other - own)[1:].flatten()
    counts = torch.histc(apart, 36, -math.pi, math.pi) * (36 / apart.numel())
    edges = torch.linspace(-math.pi, math.pi, 37)
    mean = apart.abs().mean().item()
    figure, axes = sheet(height=2.6, width=COLUMN)
    axes.stairs(counts.numpy(), edges.numpy(), fill=True, color=BLUE, alpha=0.6)
    axes.axhline(1, color=GREY, linewidth=1.6, linestyle=DASHES[1])
    axes.set(xlim=(-math.pi, math.pi), xticks=[-math.pi, 0, math.pi], ylabel="times an even spread")
    axes.set(ylim=(0, max(1.5, 1.1 * counts.max().item())), xticklabels=["$-\\pi$", "0", "$\\pi$"])
    axes.set_xlabel(f"the twin's phase minus this one; mean size {mean:.2f}, by chance {math.pi / 2:.2f}")
    axes.text(0.99, 1.12, "chance", ha="right", color="#595959", transform=axes.get_yaxis_transform())
    figure.alt = (
        "A histogram of the wrapped differences from the twin's phase, "
        f"{counts.min():.2f} to {counts.max():.2f} times an even spread; their mean size is {mean:.2f}, "
        f"where chance is {math.pi / 2:.2f}."
    )
    return figure


def _alike(pictures: Mapping[str, Tensor]) -> list[Tensor]:
    """Pictures of sound, all of one shape."""
    found = {name: _checked(name, values) for name, values in pictures.items()}
    if len({tuple(values.shape) for values in found.values()}) != 1:
        shapes = {name: tuple(values.shape) for name, values in found.items()}
        raise ValueError(f"the pictures have shapes {shapes}, expected one: cut the sounds to one length")
    return list(found.values())
