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

from ..config.sound import Sound
from .representations import (
    Complex,
    InstantaneousFrequency,
    LogMagnitude,
    LogMagnitudePhase,
    MagnitudePhase,
    MagnitudeSourcePhase,
)
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

    Back, :meth:`gain` and :meth:`amplified`: the bands of the source are raised or lowered by the change of
    level from its picture to this one. An image that did not change gives the source back exactly. Where the
    source is silent, nothing can be raised.
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
        return self.amplified(source, self.gain(image, source))

    def gain(self, image: Tensor, source: Tensor) -> Tensor:
        """Change of level from the source's picture to this one, in dB, at most 60 up or down.

        A sound rarely ends where a window has its centre. Two things follow. The picture's last window fades
        out before the sound does, and dividing by its tail would blow up whatever was changed: so there is
        one column more than in the picture, for the window after the end, which holds the last change. And
        the windows that reach over the end see the sound break off, at all frequencies, and a network takes
        that for the attack of a note: their gain is at most that of the last window within the sound, and
        raises nothing above its level.

        Args:
            image: (..., 2, rows, columns).
            source: (..., 2, n), the sound that the image was translated from.

        Returns:
            (..., 2, rows, 1 + ceil(n / hop)).
        """
        n, hop = source.shape[-1], self.sound.hop
        frames = self.sound.frames(n)
        own = self._image(self.filled(source, hop))[..., : 1 + math.ceil(n / hop)]
        wanted = image[..., :frames]
        change = wanted - own[..., :frames]
        inside = max(1, 1 + (n - self.sound.fft // 2) // hop)  # windows that do not reach over the end
        last = change[..., inside - 1 : inside]
        most = torch.minimum(last, (wanted[..., inside - 1 : inside] - own[..., inside:]).clamp(min=0))
        over = torch.cat([change[..., inside:], change[..., -1:].expand_as(own[..., frames:])], dim=-1)
        change = torch.cat([change[..., :inside], torch.minimum(over, most)], dim=-1)
        return (change * (self.HIGH - self.LOW) / 2).clamp(-self.CAP, self.CAP)

    def amplified(self, wave: Tensor, gain: Tensor, rate: int | None = None) -> Tensor:
        """``S'_k = S_k 10^(g_k / 20)``, the gain interpolated from bands and frames to those of the sound.

        A gain belongs to a frequency and a time, not to a rate: it can be applied to the same sound at
        another rate, whose windows last as long as those of the picture. Below the lowest band and above the
        highest, their gains hold on; but above half the picture's rate, where no band was heard, nothing is
        raised. Of 16 twins at 44.1 kHz, both ways, third octaves from 8 to 20 kHz were 12.1 dB from the twin
        so, 12.5 with the gain held on and also unchanged, and 23.0 without what is above.

        Args:
            wave: (..., n); its leading dimensions are those of the gain.
            gain: (..., rows, frames) in dB, from :meth:`gain`.
            rate: of ``wave``; by default the picture's.

        Returns:
            As ``wave``.
        """
        s = self.sound
        rate = rate or s.rate
        fft, hop = 2 * round(s.fft / 2 * rate / s.rate), round(s.hop * rate / s.rate)
        spectrum = stft(self.filled(wave, hop), fft, hop)  # (..., bins, frames)
        gain = _between(gain, torch.arange(spectrum.shape[-1]).double() * (hop * s.rate / (rate * s.hop)))
        place = torch.arange(spectrum.shape[-2]).double() * rate / fft  # (bins,), Hz
        band = (place.clamp(min=1) / self.LOWEST).log2() / self.octaves
        gain = _between(gain.transpose(-2, -1), band).transpose(-2, -1)  # (..., bins, frames)
        gain = torch.where((place > s.rate / 2)[:, None], gain.clamp(max=0), gain)
        return istft(spectrum * 10 ** (gain / 20), fft, hop, wave.shape[-1])

    @staticmethod
    def filled(wave: Tensor, hop: int) -> Tensor:
        """Silence up to the centre of a window: two windows over every sample."""
        return torch.nn.functional.pad(wave, (0, -wave.shape[-1] % hop))


def _between(values: Tensor, at: Tensor) -> Tensor:
    """Linear interpolation of (..., n) at fractional places of the last dimension; its ends hold on."""
    last = values.shape[-1] - 1
    at = at.clamp(0, last)
    low = at.floor().long().clamp(max=max(0, last - 1))
    share = (at - low).to(values)
    return values[..., low] * (1 - share) + values[..., (low + 1).clamp(max=last)] * share


# The class of each representation that a Sound can name.
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
