"""Waveform to spectrogram image and back: what the audio experiment's networks see, and what one hears of it.

A sound is a float tensor ``(2, n)``, stereo, in [-1, 1]. Its image is ``(planes, rows, columns)`` in [-1, 1];
a batch dimension may stand in front of both. The frequencies run from the first row (low) to the last (high),
time from left to right. Magnitudes are relative to full scale: a sine of amplitude 1 has magnitude 1 in its
bin.

``representation(sound)`` is the way in. The transform is in ``spectrum.py``, the representations with one row
for each of its frequencies in ``representations.py``, that with constant-Q bands here.
"""

import math

import torch
from torch import Tensor

from .representations import (
    Complex,
    InstantaneousFrequency,
    LogMagnitude,
    LogMagnitudePhase,
    MagnitudePhase,
    MagnitudeSourcePhase,
)
from .sound import Sound
from .spectrum import FLOOR, Representation, decibels, istft, pad_columns, stft

__all__ = [
    "FLOOR",
    "REPRESENTATIONS",
    "BandGain",
    "Representation",
    "decibels",
    "istft",
    "pad_columns",
    "representation",
    "stft",
]


class BandGain(Representation):
    """Decibels in constant-Q bands; back, the sound that came in is amplified band by band.

    Band ``b`` is a triangle on the logarithm of the frequency, around ``f_b = 150 Hz r^b`` and down to 0 at
    its neighbours' centres; the last is at 95 % of half the rate. Its level ``L`` is that of the power
    ``sum_k w_bk |S_k|^2`` with ``sum_k w_bk = 1``, and the picture rises from -1 at -75 dB and below to 1 at
    -15 dB and above: in that range lie the bands of music that is not loud (root mean square 0.08). A note
    that is transposed moves up the picture without changing shape.

    Back: ``S'_k = S_k 10^(g_k / 20)`` with ``g`` the change of level, from the source's picture to this one,
    interpolated from the bands to the bins, at most 60 dB up or down. An image that did not change gives the
    source back exactly. Where the source is silent, nothing can be raised.
    """

    needs_source = True
    LOWEST = 150.0  # Hz, below the violin's open G string
    FINE = 4  # times as many bins by zero-padding: the lowest bands are narrower than one bin
    CAP = 60.0  # dB; no band is amplified by more
    LOW, HIGH = -75.0, -15.0  # dB re full scale: black and white

    def __init__(self, sound: Sound):
        super().__init__(sound)
        self.bins = self.FINE * sound.fft // 2 + 1
        top = 0.95 * sound.rate / 2
        ratio = (top / self.LOWEST) ** (1 / (sound.rows - 1))
        self.centres = self.LOWEST * ratio ** torch.arange(sound.rows, dtype=torch.float64)  # (rows,), Hz
        self.octaves = math.log2(ratio)  # from a band to the next
        place = torch.arange(self.bins, dtype=torch.float64) * sound.rate / (2 * (self.bins - 1))  # Hz
        distance = (place.clamp(min=1).log2()[None] - self.centres.log2()[:, None]).abs()  # octaves
        triangles = (1 - distance / self.octaves).clamp(min=0)
        if not triangles.any(1).all():
            raise ValueError(
                f"band_gain has no room for {sound.rows} bands at rate={sound.rate} and fft={sound.fft}, "
                "as some would hold no frequency of the transform: take a smaller size, or a larger fft"
            )
        self.weights = (triangles / triangles.sum(1, keepdim=True)).float()  # (rows, bins)

    def level(self, wave: Tensor) -> Tensor:
        """Level of each band in dB re full scale, at least -80: ``(..., 2, rows, frames)``."""
        power = stft(wave, self.sound.fft, self.sound.hop, bins=self.bins).abs().square()
        return decibels((self.weights.to(power) @ power).sqrt())

    def _image(self, wave: Tensor) -> Tensor:
        share = (self.level(wave) - self.LOW) / (self.HIGH - self.LOW)
        return pad_columns(2 * share.clamp(0, 1) - 1, -1.0)

    def _wave(self, image: Tensor, samples: int, source: Tensor | None) -> Tensor:
        s = self.sound
        spectrum = stft(source, s.fft, s.hop)  # (..., 2, bins, frames)
        frames = spectrum.shape[-1]
        change = image[..., :frames] - self._image(source)[..., :frames]
        gain = (change * (self.HIGH - self.LOW) / 2).clamp(-self.CAP, self.CAP)  # dB, (..., 2, rows, frames)
        place = torch.arange(spectrum.shape[-2], dtype=torch.float64) * s.rate / s.fft  # (bins,), Hz
        at = ((place.clamp(min=1) / self.LOWEST).log2() / self.octaves).clamp(0, s.rows - 1).to(gain)
        low = at.floor().long().clamp(max=s.rows - 2)
        share = (at - low)[:, None]
        gain = gain[..., low, :] * (1 - share) + gain[..., low + 1, :] * share  # (..., 2, bins, frames)
        return istft(spectrum * 10 ** (gain / 20), s.fft, s.hop, samples)


REPRESENTATIONS: dict[str, type[Representation]] = {
    "magnitude_phase": MagnitudePhase,
    "log_magnitude_phase": LogMagnitudePhase,
    "complex": Complex,
    "instantaneous_frequency": InstantaneousFrequency,
    "log_magnitude": LogMagnitude,
    "magnitude_source_phase": MagnitudeSourcePhase,
    "band_gain": BandGain,
}


def representation(sound: Sound) -> Representation:
    """The representation that a Sound names.

    Raises:
        ValueError: there is none of that name, or the Sound's numbers do not suit it.
    """
    if sound.representation not in REPRESENTATIONS:
        raise ValueError(
            f"representation must be one of {', '.join(REPRESENTATIONS)}, got {sound.representation!r}"
        )
    return REPRESENTATIONS[sound.representation](sound)
