"""Sound files: one way to read, one way to write, one way to change the rate, and errors that name the file.

A sound is ``(2, n)`` float32 in [-1, 1], left and right. libsndfile (through ``soundfile``) decodes.
"""

import io
import math
import os
import re
import warnings
from fractions import Fraction
from os import PathLike
from pathlib import Path

import soundfile
import torch
from torch import Tensor
from torchaudio.functional import resample

from .domains import DataError

SHORTEST = (
    0.1  # seconds; about one note of a fast reel, and less than two windows of 64 ms: nothing to recognise
)
UNKNOWN_LENGTH = 0x7FFF0000  # bytes; who writes a WAV file into a pipe promises this much or more
FINEST = 4000  # denominator of a ratio of rates: 1 / 4000 is 0.43 cents; the ratios of usual rates are exact
NOT_RECOGNISED = 1  # libsndfile's code for a file of no format that it knows


def read(path: str | PathLike, what: str = "the sound") -> tuple[Tensor, int]:
    """A sound from a file, and its rate.

    Mono goes to both sides. Of more than two channels the mean goes to both sides: no guess at what the
    channels are. Samples beyond full scale (files of floats can hold them) are scaled down, with a warning.

    Args:
        path: WAV, FLAC or OGG, at any rate; or whatever else libsndfile decodes.
        what: how errors call it.

    Returns:
        wave ``(2, n)``, float32 in [-1, 1], and samples a second.

    Raises:
        DataError: not there, a folder, empty, not a sound, cut short, under 0.1 s, silent, or NaN or infinite
            samples.
    """
    path = Path(path)
    name = f"{what} {path}"
    if path.is_dir():
        raise DataError(f"{name} is a folder: expected one sound file, such as {path / 'music.wav'}")
    try:
        if path.stat().st_size == 0:
            raise DataError(f"{name} is empty (0 bytes): copy or download it again")
        with path.open("rb") as file:
            samples, rate, cut = _decoded(file)
    except FileNotFoundError:
        raise DataError(
            f"{name} does not exist: check the path, relative paths start at {Path.cwd()}"
        ) from None
    except PermissionError:
        raise DataError(f"{name} may not be read: give yourself read permission for it") from None
    except soundfile.LibsndfileError as error:
        if error.code == NOT_RECOGNISED:
            raise DataError(
                f"{name} is not a sound that libsndfile can read: expected a WAV, FLAC or OGG file"
            ) from None
        raise DataError(_damaged(name, error.error_string)) from None
    except (OSError, RuntimeError, ValueError) as error:
        raise DataError(_damaged(name, error)) from None
    seconds = samples.shape[0] / rate
    if cut:
        raise DataError(f"{name} is cut short (it ends after {seconds:.3f} s): copy or download it again")
    if seconds < SHORTEST:
        raise DataError(f"{name} lasts {seconds:.3f} s: expected at least {SHORTEST} s, take a longer one")
    wave = torch.from_numpy(samples.T)  # (channels, n)
    wave = (wave if len(wave) == 2 else wave.mean(0).expand(2, -1)).contiguous()  # (2, n)
    odd = ~wave.isfinite().all(0)
    if odd.any():
        raise DataError(
            f"{name} has {int(odd.sum())} samples that are NaN or infinite, the first at "
            f"{int(odd.int().argmax()) / rate:.3f} s: export it again"
        )
    peak = wave.abs().max().item()
    if peak == 0:
        raise DataError(f"{name} is silent, all of its samples are 0: take one that can be heard")
    if peak > 1:
        warnings.warn(f"{name} goes up to {peak:.3g} times full scale: scaled down to it", stacklevel=2)
        wave = wave / peak
    return wave, rate


def is_sound(path: str | PathLike) -> bool:
    """Whether libsndfile knows the format of what is in a file, whatever the file is called."""
    try:
        with open(path, "rb") as file:
            soundfile.info(file)
    except (soundfile.LibsndfileError, OSError, RuntimeError):
        return False
    return True


def _decoded(file):
    """The samples (n, channels), the rate, and whether the end is missing."""
    with soundfile.SoundFile(file) as opened:
        samples = opened.read(dtype="float32", always_2d=True)
        cut = len(samples) < opened.frames
        # Of a WAV or AIFF file libsndfile reads what is there; what the header promised is in its log.
        promise = re.search(r"^ *(?:data|SSND) : (\d+) \(should be (\d+)\)", opened.extra_info, re.MULTILINE)
        if promise and int(promise[2]) < int(promise[1]) < UNKNOWN_LENGTH:
            cut = True
        kind, rate = opened.format, opened.samplerate
    return samples, rate, cut or (kind == "OGG" and not _ogg_ends(file))


def _ogg_ends(file) -> bool:
    """Whether the last page of an OGG file is whole and says that it is the last (RFC 3533, section 6)."""
    file.seek(0, io.SEEK_END)
    file.seek(max(0, file.tell() - 65307))  # no page is longer
    tail = file.read()
    page = tail[max(0, tail.rfind(b"OggS")) :]
    if len(page) < 27 or not page[5] & 4:
        return False
    segments = page[27 : 27 + page[26]]
    return len(segments) == page[26] and len(page) >= 27 + len(segments) + sum(segments)


def _damaged(name: str, why) -> str:
    return f"{name} is cut short or damaged ({str(why).strip('. ')}): copy or download it again"


def to_rate(wave: Tensor, rate: int, new_rate: int) -> Tensor:
    """Resampled by torchaudio's windowed sinc: ``(..., n)`` to ``(..., ceil(n new_rate / rate))``.

    What is above half the lower of the two rates is filtered out. Of an odd pair of rates (47,999 to 16,001
    Hz) the ratio is rounded by half a cent at most, which nobody hears: the exact filter would fill
    gigabytes.
    """
    if rate == new_rate:
        return wave
    ratio = Fraction(new_rate, rate).limit_denominator(FINEST)
    return resample(wave, ratio.denominator, ratio.numerator)


def check_target(path: str | PathLike) -> Path:
    """Whether :func:`write` can write there, to be asked before the work is done; returns the path.

    Raises:
        DataError: another ending than .wav, a folder, or one that does not exist or may not be written to.
    """
    path = Path(path)
    if path.suffix.lower() != ".wav":
        raise DataError(f"sounds are written as WAV, got {str(path)!r}: choose a name that ends in .wav")
    if path.is_dir():
        raise DataError(f"{path} is a folder: name a file in it, such as {path / 'translated.wav'}")
    if not path.parent.is_dir():
        raise DataError(f"{path} cannot be written: {path.parent} is no folder, create it or name another")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise DataError(f"{path} may not be written: give yourself permission, or name another folder")
    return path


def write(path: str | PathLike, wave: Tensor, rate: int) -> Path:
    """Write a sound as WAV, 16 bit; returns the path.

    A sound that goes beyond full scale is scaled down as a whole, with a warning: clipped peaks crackle.

    Args:
        wave: (2, n), or (1, n) for mono, in [-1, 1].

    Raises:
        DataError: what :func:`check_target` says, another shape, NaN or infinite samples, or a full disk.
    """
    path = check_target(path)
    if wave.ndim != 2 or wave.shape[0] not in (1, 2) or wave.shape[1] == 0:
        raise DataError(f"a sound to write must be (2, n) or (1, n), got {tuple(wave.shape)}")
    x = wave.detach().cpu().double()
    if not x.isfinite().all():
        raise DataError(f"{path} was not written: the sound has NaN or infinite samples")
    peak = x.abs().max().item()
    if peak > 1:
        warnings.warn(f"{path} would clip: scaled down by {20 * math.log10(peak):.1f} dB", stacklevel=2)
        x = x / peak
    pcm = (x * 32768).round().clamp(-32768, 32767).short()  # so that a 16-bit file comes back as it was read
    buffer = io.BytesIO()
    soundfile.write(buffer, pcm.T.numpy(), rate, format="WAV", subtype="PCM_16")
    try:
        path.write_bytes(buffer.getvalue())
    except OSError as error:
        raise DataError(
            f"{path} cannot be written ({error.strerror}): make room, or name another folder"
        ) from None
    return path
