"""A small stereo sampler: recorded notes to phrases, with NumPy alone and the same bytes every time.

A note is its nearest recorded one, played faster or slower (Catmull-Rom interpolation), looped where the
recording has a loop, under an envelope; a phrase is the sum of its notes in a room (a convolution with
decaying noise).
"""

import numpy as np

RATE = 44100
LARGEST = 127  # MIDI velocity
# Seconds to full level, and after the note's end to silence (five time constants).
ENVELOPE = {"piano": {"attack": 0.002, "release": 0.28}, "violin": {"attack": 0.045, "release": 0.14}}
BOW = {"piano": 1.0, "violin": 0.98}  # share of a note's length that it is held
LOOP_DECAY = 0.8  # seconds; a looped piano string still dies away
LOUDNESS_POWER = 1.7  # of velocity


class Sampler:
    """Args:
    zones: which recording serves which keys: ``inst``, ``key`` (lowest, highest), ``root``, ``tune`` (cents),
        ``start`` and ``n`` (samples in the instrument's stream), ``loop`` ([start, end] or None).
    sounds: instrument -> (samples (n, 2) float32, rate).
    """

    def __init__(self, zones: list[dict], sounds: dict[str, tuple[np.ndarray, int]]):
        self.zones = zones
        # Channels first, (2, n): a broadcast over rows of two samples is four times as slow.
        self.sounds = {name: np.ascontiguousarray(samples.T) for name, (samples, _) in sounds.items()}
        self.rates = {name: rate for name, (_, rate) in sounds.items()}

    def zone(self, instrument: str, key: int) -> dict:
        """The zone that holds ``key``, or the nearest one."""

        def distance(zone: dict) -> int:
            outside = max(zone["key"][0] - key, key - zone["key"][1], 0)
            return 100 * outside + abs(zone["root"] - key)

        return min((z for z in self.zones if z["inst"] == instrument), key=distance)

    def note(self, instrument: str, key: int, velocity: int, seconds: float) -> np.ndarray:
        """One note with its release, ``(2, n)``."""
        zone, rate = self.zone(instrument, key), self.rates[instrument]
        n = int((seconds + ENVELOPE[instrument]["release"]) * RATE)
        step = 2 ** ((key - zone["root"] + zone["tune"] / 100) / 12) * rate / RATE
        place = np.arange(n) * step
        if zone["loop"]:
            start, end = zone["loop"]
            wrapped = np.searchsorted(place, end)
            place[wrapped:] = start + np.mod(place[wrapped:] - start, end - start)
        inside = place < zone["n"] - 2
        place = np.minimum(place, zone["n"] - 2.001)
        y = _interpolated(self.sounds[instrument][:, zone["start"] : zone["start"] + zone["n"]], place)
        # In seconds
        looped = zone["loop"][1] / rate / max(step * RATE / rate, 1e-6) if zone["loop"] else None
        level = _envelope(instrument, n, seconds, looped) * inside
        return y * (level * (velocity / LARGEST) ** LOUDNESS_POWER).astype(np.float32)

    def clip(
        self, notes: list, instrument: str, seconds: float, room: np.ndarray, *, gain: float = 0.5
    ) -> np.ndarray:
        """Notes (start, length, key, velocity) in a room ``(2, m)``, cut after ``seconds``: ``(2, n)``."""
        n = int(seconds * RATE)
        out = np.zeros((2, n), np.float32)
        for start, length, key, velocity in notes:
            y, at = self.note(instrument, key, velocity, length * BOW[instrument]), int(start * RATE)
            m = min(y.shape[1], n - at)
            if m > 0:
                out[:, at : at + m] += y[:, :m]
        size = 1 << (n + room.shape[1] - 1).bit_length()
        return gain * np.fft.irfft(_spectrum(out, size) * _spectrum(room, size), size)[:, :n]


def _envelope(instrument: str, n: int, seconds: float, looped: float | None) -> np.ndarray:
    """Level of a note over time, 0 to 1, ``(n,)``: attack, full until ``seconds``, release.

    Each curve is computed only where it is not 1: most of a note is held.
    """
    attack, release = ENVELOPE[instrument]["attack"], ENVELOPE[instrument]["release"]
    t = np.arange(n) / RATE
    level = np.minimum(1, t / attack)
    over = np.searchsorted(t, seconds)
    level[over:] *= np.exp(-5 * (t[over:] - seconds) / release)
    if instrument == "piano" and looped is not None:
        late = np.searchsorted(t, looped)
        level[late:] *= np.exp(-(t[late:] - looped) / LOOP_DECAY)
    return level


def _interpolated(x: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Catmull-Rom between the samples ``x`` (2, n) at the places (m,): (2, m)."""
    i = place.astype(np.int64)
    f = (place - i).astype(np.float32)
    y0, y1, y2, y3 = (x.take(k, axis=1, mode="clip") for k in (i - 1, i, i + 1, i + 2))
    return y1 + 0.5 * f * (y2 - y0 + f * (2 * y0 - 5 * y1 + 4 * y2 - y3 + f * (3 * (y1 - y2) + y3 - y0)))


def _spectrum(x: np.ndarray, size: int) -> np.ndarray:
    """In double precision, then rounded: NumPy does so with float32 anyway, but does not promise it."""
    return np.fft.rfft(x.astype(np.float64, order="C"), size).astype(np.complex64)


def room(draw: np.random.Generator) -> np.ndarray:
    """A random stereo room, ``(2, n)``: the sound itself, then noise that falls by 60 dB in 0.25 to 1.1 s."""
    seconds, wet = draw.uniform(0.25, 1.1), draw.uniform(0.05, 0.3)
    n = int(seconds * RATE)
    h = draw.normal(size=(n, 2)) * np.exp(-6.9 * np.arange(n) / RATE / seconds)[:, None]
    soft = np.exp(-np.arange(64) / 6)  # walls swallow the highest frequencies
    soft /= soft.sum()
    h = np.stack([np.convolve(h[:, c], soft)[:n] for c in (0, 1)], axis=1)
    h *= wet / np.sqrt((h**2).sum(0))
    h[0] += 1
    return h.astype(np.float32).T
