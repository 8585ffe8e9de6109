"""The interactive figures of the sound chapter, each with what it computes and how it looks standing still.

Their scripts are ``window.js`` and ``partials.js``.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from ..interactive.figure import Interactive, Question, Value
from ..shared.canvas import BLUE, COLUMN, VERMILLION, BookFigure, column
from ..shared.sheet import sheet

F64 = torch.float64
# samples per second, the lower tone in Hz, when the tones begin and how long the picture is, in seconds, and
# the part of the valley that can be told: a null is a valley without a bottom
TONES = {"rate": 2000, "tone": 400, "onset": 0.2, "seconds": 0.4, "deepest": 60}
LOUDNESS = (1.0, 0.8, 0.6)  # of the three partials
SAMPLES = 96  # of one period
FIRST, LAST = (0.1, 0.9)  # between these shares of its full loudness a tone rises
LOW, HIGH = 200, 800  # Hz, of the picture
DEEPEST, LOUDEST = -30.0, 6.0  # dB re one tone: white, and the darkest blue


# --- the length of the window -------------------------------------------------------------------------------


def hann(samples: int) -> Tensor:
    """The Hann window of :func:`avbgtn.audio.stft`."""
    return torch.hann_window(samples, dtype=F64)


def tones(n: Tensor, apart: float, *, onset: bool = True) -> Tensor:
    """Two tones of amplitude 1, in phase at ``n = 0``, where they begin."""
    turns = 2 * math.pi * n / TONES["rate"]
    both = (turns * TONES["tone"]).cos() + (turns * (TONES["tone"] + apart)).cos()
    return torch.where(n >= 0, both, 0.0) if onset else both


def levels(length: float, apart: float) -> tuple[Tensor, Tensor, Tensor]:
    """The short-time Fourier transform of the tones with a window of ``length`` ms, a quarter of it the hop.

    Returns:
        the rows' frequencies in Hz, the columns' times in s, and dB re one tone, (rows, columns).
    """
    rate, samples = TONES["rate"], round(length * TONES["rate"] / 1000)
    hop, row = samples // 4, TONES["rate"] / samples
    rows = torch.arange(math.ceil(LOW / row - 0.5), math.floor(HIGH / row + 0.5) + 1) * row
    begin, end = round(-TONES["onset"] * rate / hop), round((TONES["seconds"] - TONES["onset"]) * rate / hop)
    centres = torch.arange(begin, end + 1, dtype=F64) * hop  # samples after the onset
    inside = torch.arange(samples, dtype=F64) - samples // 2
    wave = tones(centres[:, None] + inside, apart) * hann(samples)
    turns = torch.exp(-2j * math.pi * rows.to(F64)[:, None] * inside / rate)
    magnitude = (turns @ wave.T.to(turns.dtype)).abs() * (2 / hann(samples).sum())
    return rows, TONES["onset"] + centres / rate, 20 * magnitude.clamp(min=1e-9).log10()


def resolution(length: float, apart: float) -> dict[str, float]:
    """What a window of ``length`` ms tells apart: rows in Hz, the valley in dB, the smear in ms.

    The valley is how far the level half-way between the tones lies below that of a tone, in a window on whose
    centre they are in phase. The smear is the time in which a tone that begins rises from 10 to 90 % of its
    loudness, since the window meets it with its edge first.
    """
    rate, samples = TONES["rate"], round(length * TONES["rate"] / 1000)
    window, n = hann(samples), torch.arange(samples, dtype=F64) - samples // 2
    wave = window * tones(n, apart, onset=False)

    def magnitude(frequency: float) -> float:
        return (wave * torch.exp(-2j * math.pi * frequency * n / rate)).sum().abs().item()

    on, between = magnitude(TONES["tone"]), magnitude(TONES["tone"] + apart / 2)
    deepest = TONES["deepest"]
    valley = min(deepest, max(0.0, -20 * math.log10(max(between / on, 10 ** (-deepest / 20)))))
    share = window.cumsum(0) / window.sum()
    smear = ((share >= FIRST) & (share < LAST)).sum().item()
    return {
        "samples": float(samples), "row": rate / samples, "valley": valley, "smear": 1000 * smear / rate,
    }  # fmt: skip


def window() -> Interactive:
    """Drag the end of the window, and see what the spectrogram gains and what it loses."""
    long = resolution(112, 40)
    question = Question(
        "Two tones 40 Hz apart begin at one moment. Which window shows both in the picture: that there are "
        "two tones, and to within 20 ms when they begin?",
        choices=("A short one, of about 20 ms", "A long one, of about 110 ms", "No single one"),
        answer=2,
        because=f"A window of 112 ms separates the tones: half-way between them the level is "
        f"{long['valley']:.0f} dB lower. But the beginning takes {long['smear']:.0f} ms to rise in it. The "
        "window of 20 ms has a sharp beginning and a single thick line that beats. Drag the end of the "
        "window, and watch one side gain what the other loses.",
        then={"length": 112, "apart": 40},
    )
    return Interactive(
        "audio-window",
        {
            "length": Value("length of the window, in ms", 8, 128, 4, 20, format="d"),
            "apart": Value("distance of the two tones, in Hz", 20, 160, 10, 40, format="d"),
        },
        numbers=resolution,
        draw=_window_still,
        alt="Two tones that begin together, as a waveform under a bell-shaped window, and below it their "
        "spectrogram, whose cells become narrower in frequency as they become wider in time.",
        constants=TONES | {"low": LOW, "high": HIGH, "faintest": DEEPEST, "loudest": LOUDEST},
        question=question,
    )


@column
def _window_still(found: Mapping[str, float], length: float, apart: float) -> BookFigure:
    rows, times, level = levels(length, apart)
    figure, (top, bottom) = sheet(2, 1, height=2.3, width=COLUMN, height_ratios=[2, 3], sharex=True)
    t = torch.linspace(0, TONES["seconds"], 1601, dtype=F64)
    top.plot(t, tones((t - TONES["onset"]) * TONES["rate"], apart) / 2, color=VERMILLION, linewidth=0.8)
    around = torch.linspace(-length / 2000, length / 2000, 121, dtype=F64)
    bell = (math.pi * around / (length / 1000)).cos().square()
    top.plot(TONES["onset"] + around, bell, color=BLUE, linewidth=2.6)
    top.text(TONES["onset"] - length / 2000, 1.1, f"window, {length:g} ms", ha="right", va="top", color=BLUE)
    top.set(ylim=(-1.15, 1.25), yticks=[])
    top.spines["left"].set_visible(False)
    bottom.pcolormesh(
        times.numpy(),
        rows.numpy(),
        level.numpy(),
        cmap="Blues",
        vmin=DEEPEST,
        vmax=LOUDEST,
        shading="nearest",
    )
    bottom.set(ylim=(LOW, HIGH), xlim=(0, TONES["seconds"]), xlabel="time, s", ylabel="frequency, Hz")
    figure.alt = (
        f"Two tones {apart:g} Hz apart and their spectrogram with a window of {length:g} ms: its rows are "
        f"{found['row']:.0f} Hz apart, the valley between the tones is {found['valley']:.0f} dB deep, and "
        f"the beginning takes {found['smear']:.0f} ms."
    )
    return figure


# --- the phases of three partials ---------------------------------------------------------------------------


def sum_of_partials(second: float, third: float) -> Tensor:
    """One period of three partials, of which the second and third lag by these degrees, ``(SAMPLES,)``."""
    t = torch.arange(SAMPLES, dtype=F64) / SAMPLES
    lags = (0.0, second, third)
    return sum(
        loud * (2 * math.pi * (k + 1) * t - math.radians(lag)).cos()
        for k, (loud, lag) in enumerate(zip(LOUDNESS, lags, strict=True))
    )


def compared(second: float, third: float) -> dict[str, float]:
    """The partials against those without a lag: the energy of the difference as a share of the signal's, the
    largest change of a magnitude, the three magnitudes, and the peak of the waveform.
    """
    still, moved = sum_of_partials(0, 0), sum_of_partials(second, third)
    before, after = (torch.fft.rfft(x).abs()[1:4] * (2 / SAMPLES) for x in (still, moved))
    return {
        "difference": ((moved - still).square().sum() / still.square().sum()).item(),
        "change": (after - before).abs().max().item(),
        **{f"magnitude{k + 1}": value for k, value in enumerate(after.tolist())},
        "peak": moved.abs().max().item(),
    }


def ratio(difference: float) -> str:
    """The signal-to-noise ratio in words."""
    return "without bound" if difference < 1e-9 else f"{-10 * math.log10(difference):.1f} dB"


def partials() -> Interactive:
    """Drag the crests of two partials: the waveform changes, the magnitudes do not."""
    turned = compared(180, 180)
    question = Question(
        "Three partials make a sound. Let the second and the third lag by half a turn, and leave their "
        "loudness alone. What becomes of the signal-to-noise ratio (SNR), and what of the magnitudes?",
        choices=(
            "Both stay as they are",
            "The SNR falls below 0 dB, the magnitudes stay",
            "The SNR falls below 0 dB, and two magnitudes fall to 0",
        ),
        answer=1,
        because=f"The difference of the waveforms has {turned['difference']:.0f} times the energy of the "
        f"sound itself, an SNR of {ratio(turned['difference'])}, as if the two had nothing to do with each "
        "other. No magnitude has changed, so the log-spectral distance is 0. Drag the crests to other "
        "places: every position is another waveform with the same magnitudes.",
        then={"second": 180, "third": 180},
    )
    lag = {"low": -180, "high": 180, "step": 5, "format": "d"}
    return Interactive(
        "audio-partials",
        {
            "second": Value("lag of the second partial, in degrees", start=0, **lag),
            "third": Value("lag of the third partial, in degrees", start=0, **lag),
        },
        numbers=compared,
        draw=_partials_still,
        alt="Three partials of one period, one below the other, and below them their sum, with and without "
        "the lags of the second and third. At the bottom a bar for the magnitude of each partial.",
        constants={"loudness": LOUDNESS, "samples": SAMPLES},
        question=question,
    )


@column
def _partials_still(found: Mapping[str, float], second: float, third: float) -> BookFigure:
    figure, panels = sheet(3, 1, height=1.75, width=COLUMN, height_ratios=[3, 3, 2])
    t = torch.linspace(0, 1, 241, dtype=F64)
    for k, lag in enumerate((0, second, third)):
        wave = LOUDNESS[k] * (2 * math.pi * (k + 1) * t - math.radians(lag)).cos()
        panels[0].plot(t, wave - 2.2 * k, color=BLUE)
    panels[0].set(yticks=[0, -2.2, -4.4], yticklabels=["1st", "2nd", "3rd"], xlim=(0, 1), xticks=[])
    dashed = {"color": VERMILLION, "linestyle": "--"}
    for lags, look in (((0, 0), dashed), ((second, third), {"color": BLUE})):
        x = sum_of_partials(*lags)
        panels[1].plot(torch.arange(SAMPLES + 1) / SAMPLES, torch.cat([x, x[:1]]), **look)
    panels[1].set(yticks=[], xlim=(0, 1), xlabel="time, in periods")
    panels[1].set_title("sum, and without lags (dashed)", loc="left")
    panels[2].bar([1, 2, 3], [found[f"magnitude{k}"] for k in (1, 2, 3)], color=BLUE, alpha=0.5, width=0.5)
    panels[2].set(xticks=[1, 2, 3], xlabel="partial", ylim=(0, 1.1), yticks=[0, 1])
    panels[2].set_title("magnitude", loc="left")
    figure.alt = (
        f"Three partials and their sum, with lags of {second:g} and {third:g} degrees: the signal-to-noise "
        f"ratio is {ratio(found['difference'])}, and no magnitude changes."
    )
    return figure
