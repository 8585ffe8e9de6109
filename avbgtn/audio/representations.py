"""Pictures with one row for each frequency of the short-time Fourier transform, from 0 Hz to half the rate.

Magnitudes and phases, the paper's way, and what has been done since about the phase, which no network learns
as it is. With ``fft = 2 (rows - 1)`` there are as many frequencies as rows. Every plane lies in [-1, 1] for
every sound in [-1, 1], as its transform has ``|S| <= 2`` (:func:`~avbgtn.audio.spectrum.stft`); nothing is
clamped on the way to the picture.
"""

import math

import torch
from torch import Tensor
from torchaudio.functional import griffinlim

from ..config.sound import Sound
from .spectrum import FLOOR, Representation, istft, pad_columns, stft

LARGEST = 2.0  # |S| of no sound in [-1, 1] is more
SOFT = 10 ** (FLOOR / 20)  # |S| where the logarithm begins: far below it the scale is linear
RANGE = math.log1p(LARGEST / SOFT)


class Linear(Representation):
    """What the representations of this file have in common."""

    def __init__(self, sound: Sound):
        super().__init__(sound)
        if sound.fft != 2 * (sound.rows - 1) or not 1 <= sound.hop <= sound.fft // 2:
            raise ValueError(
                f"{sound.representation} needs fft = 2 (rows - 1) and a hop of at most half of it, got "
                f"rows={sound.rows}, fft={sound.fft}, hop={sound.hop}: let Sound.of find them"
            )

    def spectrum(self, wave: Tensor) -> Tensor:
        """``S``, complex (..., 2, rows, frames); silence fills up the last hop (see ``Sound.frames``)."""
        missing = -wave.shape[-1] % self.sound.hop
        return stft(torch.nn.functional.pad(wave, (0, missing)), self.sound.fft, self.sound.hop)

    def sound_of(self, spectrum: Tensor, samples: int) -> Tensor:
        """The inverse of :meth:`spectrum`."""
        return istft(spectrum, self.sound.fft, self.sound.hop, samples)

    def halves(self, image: Tensor, samples: int) -> tuple[Tensor, Tensor]:
        """The first and the last two of four planes without padding, (..., 2, rows, frames) each."""
        image = image[..., : self.sound.frames(samples)]
        return image[..., :2, :, :], image[..., 2:, :, :]


class MagnitudePhase(Linear):
    """The paper's (section 4.3): magnitudes, left and right, and phases.

    ``2 m - 1`` with ``m = |S| / 2``, and ``arg S / pi``. A sine at full scale is 0 in the picture. Silence
    has magnitude -1 and phase 0.
    """

    def _image(self, wave: Tensor) -> Tensor:
        spectrum = self.spectrum(wave)
        magnitude, phase = self.plane(spectrum.abs()), angle(spectrum) / math.pi
        # (..., 4, rows, columns)
        return torch.cat([pad_columns(magnitude, -1), pad_columns(phase, 0)], dim=-3)

    def _wave(self, image: Tensor, samples: int, source: Tensor | None) -> Tensor:
        magnitude, phase = self.halves(image, samples)
        return self.sound_of(torch.polar(self.magnitude(magnitude), phase * math.pi), samples)

    @staticmethod
    def plane(magnitude: Tensor) -> Tensor:
        """``|S|`` in [0, 2] to [-1, 1]."""
        return 2 * magnitude / LARGEST - 1

    @staticmethod
    def magnitude(plane: Tensor) -> Tensor:
        """The inverse of :meth:`plane`; less than nothing is nothing."""
        return (plane + 1).clamp(min=0) * (LARGEST / 2)


class LogMagnitudePhase(MagnitudePhase):
    """The same with the logarithm of the magnitude, as the ear has it: :func:`log_plane`."""

    @staticmethod
    def plane(magnitude: Tensor) -> Tensor:
        return log_plane(magnitude)

    @staticmethod
    def magnitude(plane: Tensor) -> Tensor:
        return from_log_plane(plane)


class Complex(Linear):
    """The compressed spectrum: real parts, left and right, then imaginary parts.

    ``Z = (S / 2) |S / 2|^(p - 1)`` with ``p = 0.3``: ``|Z| = |S / 2|^p`` raises what is quiet, as a logarithm
    would, and the phase has no jump from pi to -pi. Back, ``S = 2 Z |Z|^(1 / p - 1)``. Silence is 0.
    """

    POWER = 0.3

    def _image(self, wave: Tensor) -> Tensor:
        spectrum = self.spectrum(wave) / LARGEST
        spectrum = spectrum * spectrum.abs().clamp(min=1e-30) ** (self.POWER - 1)  # 0 stays 0
        return pad_columns(torch.cat([spectrum.real, spectrum.imag], dim=-3), 0)  # (..., 4, rows, columns)

    def _wave(self, image: Tensor, samples: int, source: Tensor | None) -> Tensor:
        spectrum = torch.complex(*(half.contiguous() for half in self.halves(image, samples)))
        return self.sound_of(LARGEST * spectrum * spectrum.abs() ** (1 / self.POWER - 1), samples)


class InstantaneousFrequency(Linear):
    """Logarithmic magnitudes, and how far each phase runs ahead of its bin's frequency from frame to frame.

    Bin ``k`` turns by ``2 pi k hop / fft`` from a frame to the next. With that taken off,
    ``psi_kt = arg S_kt - 2 pi k t hop / fft``, the plane is ``wrap(psi_kt - psi_k(t-1)) / pi`` and, in frame
    0, the phase itself; its running sum is the phase again. A steady sine of ``f`` Hz is constant:
    ``2 (f - f_k) hop / rate``, a ramp over the few rows around it, and the same ramp wherever the sine is.
    Were it not taken off, these rows would have one value, but another one for each frequency; of a small
    autoencoder, the error weighted by magnitude was then 0.13 pi, and is 0.09 pi so. A silent bin keeps its
    ``psi``, so that silence is 0.

    Source: Engel et al., GANSynth: adversarial neural audio synthesis (2019), which takes nothing off.
    """

    def _image(self, wave: Tensor) -> Tensor:
        spectrum = self.spectrum(wave)
        phase = angle(spectrum).double() - self.advance(spectrum)  # double: a long sound sums many of them
        at = torch.arange(phase.shape[-1], device=phase.device)
        # In silence psi stays what it was in the last frame that was heard, or 0 before the first.
        heard = torch.where(spectrum.abs() > 0, at, -1).cummax(-1).values
        phase = torch.where(heard >= 0, phase.gather(-1, heard.clamp(min=0)), 0.0)
        change = torch.diff(phase, dim=-1, prepend=torch.zeros_like(phase[..., :1]))
        plane = (torch.remainder(change / math.pi + 1, 2) - 1).to(wave.dtype)
        return torch.cat([pad_columns(log_plane(spectrum.abs()), -1), pad_columns(plane, 0)], dim=-3)

    def _wave(self, image: Tensor, samples: int, source: Tensor | None) -> Tensor:
        magnitude, plane = self.halves(image, samples)
        phase = torch.remainder(plane.double().cumsum(-1), 2) * math.pi + self.advance(plane)
        return self.sound_of(torch.polar(from_log_plane(magnitude), phase.to(image.dtype)), samples)

    def advance(self, like: Tensor) -> Tensor:
        """``2 pi k t hop / fft`` in [0, 2 pi), float64 (rows, frames); the remainder of whole numbers."""
        k, t = (torch.arange(n, device=like.device) for n in like.shape[-2:])
        return (k[:, None] * t * self.sound.hop % self.sound.fft).double() * (2 * math.pi / self.sound.fft)


class LogMagnitude(Linear):
    """Logarithmic magnitudes alone, left and right; back by 64 rounds of the fast Griffin-Lim algorithm.

    It looks for a phase with which the spectrogram is a sound's, beginning with 0 everywhere: no chance is
    involved. The sound that comes back has nearly the same magnitudes (on the built-in music, the norm of the
    difference is 0.05 of theirs, and 0.15 after 16 rounds) but phases of its own: another waveform.

    Source: Perraudin et al., A fast Griffin-Lim algorithm (2013), as computed by torchaudio.
    """

    exact = False
    ROUNDS, MOMENTUM = 64, 0.99

    def _image(self, wave: Tensor) -> Tensor:
        return pad_columns(log_plane(self.spectrum(wave).abs()), -1)

    def _wave(self, image: Tensor, samples: int, source: Tensor | None) -> Tensor:
        s = self.sound
        magnitude = from_log_plane(image[..., : s.frames(samples)])
        # torchaudio reflects the sound at its ends and so wants more than half a window of it.
        missing = max(0, s.fft // (2 * s.hop) + 2 - magnitude.shape[-1])
        magnitude = torch.nn.functional.pad(magnitude, (0, missing))
        window = torch.hann_window(s.fft, dtype=image.dtype, device=image.device)
        wave = griffinlim(
            magnitude * (window.sum() / 2), window, s.fft, s.hop, s.fft, power=1.0, n_iter=self.ROUNDS,
            momentum=self.MOMENTUM, length=s.hop * (magnitude.shape[-1] - 1), rand_init=False,
        )  # fmt: skip
        return wave[..., :samples]


class MagnitudeSourcePhase(Linear):
    """Logarithmic magnitudes, left and right; back with the phase of the sound that was translated.

    Cheap, and right where source and translation sound at the same frequencies; where the source is silent
    the phase is 0.
    """

    needs_source = True

    def _image(self, wave: Tensor) -> Tensor:
        return pad_columns(log_plane(self.spectrum(wave).abs()), -1)

    def _wave(self, image: Tensor, samples: int, source: Tensor | None) -> Tensor:
        magnitude = from_log_plane(image[..., : self.sound.frames(samples)])
        return self.sound_of(torch.polar(magnitude, angle(self.spectrum(source)).to(magnitude)), samples)


def log_plane(magnitude: Tensor) -> Tensor:
    """``2 log(1 + |S| / e) / log(1 + 2 / e) - 1`` with ``e`` at -80 dB: [0, 2] to [-1, 1].

    Of decibels cut off at -80 dB, the worst of eight phrases of the built-in music came back with 59 dB; this
    cuts nothing off, and silence is -1.
    """
    return (magnitude / SOFT).log1p() * (2 / RANGE) - 1


def from_log_plane(plane: Tensor) -> Tensor:
    """The inverse of :func:`log_plane`; less than silence is silence."""
    return ((plane + 1).clamp(min=0) * (RANGE / 2)).expm1() * SOFT


def angle(spectrum: Tensor) -> Tensor:
    """The phase in [-pi, pi], 0 where there is no sound (``torch.angle`` makes pi of a negative zero)."""
    return torch.where(spectrum.abs() > 0, spectrum.angle(), 0.0)
