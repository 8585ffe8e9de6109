"""The short-time Fourier transform and back, and what all representations of ``representations.py`` share."""

import math
from abc import ABC, abstractmethod

import torch
from torch import Tensor

from ..config.sound import CELL, NARROWEST, Sound

FLOOR = -80.0  # dB re full scale: what is quieter looks like silence, or nearly


def stft(wave: Tensor, fft: int, hop: int, *, bins: int | None = None) -> Tensor:
    """Hann-windowed short-time Fourier transform, relative to full scale.

    ``S_kt = 2 sum_i w_i x_(t hop + i - fft/2) exp(-2 pi j k i / points) / sum_i w_i``, zeros beyond the ends.
    A sine of amplitude 1 at a bin's frequency has ``|S| = 1`` there. As ``|S| <= 2 sum w |x| / sum w``, no
    sound in [-1, 1] has more than 2, which a constant reaches at 0 Hz; a square wave has 4 / pi at its
    fundamental.

    Args:
        wave: (..., n).
        fft: window length in samples.
        hop: from window to window.
        bins: ``fft // 2 + 1`` by default; more means a zero-padded, so finer, transform of
            ``points = 2 (bins - 1)``.

    Returns:
        Complex (..., bins, 1 + n // hop).
    """
    points = fft if bins is None else 2 * (bins - 1)
    window = torch.hann_window(fft, dtype=wave.dtype, device=wave.device)
    flat = torch.stft(
        wave.reshape(-1, wave.shape[-1]), points, hop, win_length=fft, window=window, center=True,
        pad_mode="constant", return_complex=True,
    )  # fmt: skip
    return flat.reshape(*wave.shape[:-1], *flat.shape[-2:]) * (2 / window.sum())


def istft(spectrum: Tensor, fft: int, hop: int, samples: int) -> Tensor:
    """The inverse of :func:`stft` with its own number of bins: ``(..., bins, frames)`` to ``(..., samples)``.

    A spectrum that belongs to no sound gives the sound whose spectrum is nearest in the mean square:
    ``x_n = sum_t w_(n - t hop) y_(n - t hop, t) / sum_t w_(n - t hop)^2`` with ``y`` the windows' inverse
    transforms.

    Source: Griffin and Lim, Signal estimation from modified short-time Fourier transform (1984).
    """
    window = torch.hann_window(fft, dtype=spectrum.real.dtype, device=spectrum.device)
    flat = spectrum.reshape(-1, *spectrum.shape[-2:]) * (window.sum() / 2)
    wave = torch.istft(flat, fft, hop, window=window, center=True, length=samples)
    return wave.reshape(*spectrum.shape[:-2], samples)


def decibels(magnitude: Tensor) -> Tensor:
    """``20 log10(magnitude)``, at least :data:`FLOOR`."""
    return 20 * magnitude.clamp(min=10 ** (FLOOR / 20)).log10()


def pad_columns(image: Tensor, value: float) -> Tensor:
    """Columns up to the next multiple of 16, at least 32, filled with ``value``: nothing is cropped."""
    frames = image.shape[-1]
    missing = max(NARROWEST, CELL * math.ceil(frames / CELL)) - frames
    return torch.nn.functional.pad(image, (0, missing), value=value)


class Representation(ABC):
    """One way to make an image of sound, and a sound of an image.

    A subclass supplies ``_image`` and ``_wave``, which may rely on what they are given.

    Attributes:
        sound: its numbers.
        exact: whether ``wave(image(x), n, x)`` is x but for rounding.
        needs_source: whether :meth:`wave` wants the sound that the image was translated from.
    """

    exact = True
    needs_source = False

    def __init__(self, sound: Sound):
        self.sound = sound

    def image(self, wave: Tensor) -> Tensor:
        """The picture of a stereo sound.

        Args:
            wave: (..., 2, n), float32 or float64, in [-1, 1]. What is louder is not clipped, but may leave
                the range.

        Returns:
            (..., planes, rows, columns) in [-1, 1], of ``sound.frames(n)`` columns, padded to a multiple of
            16 of at least 32 with what silence looks like.

        Raises:
            ValueError: another shape or type, or samples that are NaN or infinite.
        """
        _check_sound(wave, "the sound")
        return self._image(wave)

    def wave(self, image: Tensor, samples: int, source: Tensor | None = None) -> Tensor:
        """The sound of a picture. Its first ``sound.frames(samples)`` columns count, the rest is padding.

        Args:
            image: (..., planes, rows, columns), from :meth:`image` or from a network.
            samples: length of the sound.
            source: (..., 2, samples), the sound that the image was translated from. Those that do not need it
                pass it over.

        Returns:
            (..., 2, samples). What a network made of a sound may be louder than full scale; it is not
            clipped.

        Raises:
            ValueError: another shape or type, too few columns, values that are NaN or infinite, no source
                where one is needed, or one that does not belong to the image.
        """
        self._check_image(image, samples)
        if self.needs_source:
            self._check_source(source, (*image.shape[:-3], 2, samples))
        return self._wave(image, samples, source)

    @abstractmethod
    def _image(self, wave: Tensor) -> Tensor: ...

    @abstractmethod
    def _wave(self, image: Tensor, samples: int, source: Tensor | None) -> Tensor: ...

    def _check_image(self, image: Tensor, samples: int) -> None:
        s = self.sound
        if isinstance(samples, bool) or not isinstance(samples, int) or samples < 1:
            raise ValueError(f"samples must be a whole number of at least 1, got {samples!r}")
        _check_floats(image, "the image")
        if image.ndim < 3 or tuple(image.shape[-3:-1]) != (s.planes, s.rows) or not image.numel():
            raise ValueError(
                f"the image has shape {tuple(image.shape)}, expected (..., {s.planes}, {s.rows}, columns) "
                f"for {s.representation}: pass what image() gave, or a network's translation of it"
            )
        if image.shape[-1] < s.frames(samples):
            raise ValueError(
                f"the image has {image.shape[-1]} columns, expected at least {s.frames(samples)} for "
                f"{samples} samples: pass the length of the sound that the image is of"
            )

    def _check_source(self, source: Tensor | None, expected: tuple[int, ...]) -> None:
        if source is None:
            raise ValueError(
                f"{self.sound.representation} needs the sound that the image was translated from, got no "
                f"source: pass source of shape {expected}"
            )
        _check_sound(source, "the source")
        if tuple(source.shape) != expected:
            raise ValueError(
                f"the source has shape {tuple(source.shape)}, expected {expected}: pass the sound that this "
                "image was translated from"
            )


def _check_sound(wave: Tensor, what: str) -> None:
    _check_floats(wave, what)
    if wave.ndim < 2 or wave.shape[-2] != 2 or not wave.numel():
        raise ValueError(
            f"{what} has shape {tuple(wave.shape)}, expected (..., 2, n) with n of at least 1: put a mono "
            "sound on both channels with expand(2, -1)"
        )


def _check_floats(x: Tensor, what: str) -> None:
    if not isinstance(x, Tensor) or x.dtype not in (torch.float32, torch.float64):
        kind = x.dtype if isinstance(x, Tensor) else type(x).__name__
        raise ValueError(f"{what} must be a tensor of float32 or float64, got {kind}: convert it first")
    if not x.isfinite().all():
        bad = int((~x.isfinite()).sum())
        raise ValueError(
            f"{what} has {bad} values that are NaN or infinite, expected none: find out where they come from"
        )
