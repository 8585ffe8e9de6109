"""Sound files: one way to read, one way to change the rate, and errors that name the file.

libsndfile (through ``soundfile``) decodes. Which files are sounds is in ``sound_kinds.py``, lengths that
headers get wrong in ``sound_headers.py``, writing in ``sound_writing.py``.
"""

import warnings
from dataclasses import dataclass
from fractions import Fraction
from os import PathLike
from pathlib import Path

import soundfile
import torch
from torch import Tensor
from torchaudio.functional import resample

from ..errors import DataError
from ..sentences import shown
from .sound_headers import TOO_MANY, missing, ogg_ends, repaired
from .sound_kinds import FIRST, is_sound, unreadable
from .sound_writing import check_target, write

__all__ = ["Recording", "check_target", "is_sound", "load", "read", "stereo", "to_rate", "write"]

SHORTEST = (
    0.1  # seconds; about one note of a fast reel, and less than two windows of 64 ms: nothing to recognise
)
LONGEST = 3600  # seconds
LARGEST = 2**27  # samples times channels, half a gigabyte: 25 minutes of stereo at 44.1 kHz
CHANNELS = 32
RATES = (1000, 768_000)  # samples a second; below it nothing could be heard, above it nothing is recorded
SILENT = 2.0**-100  # nothing that was recorded is quieter, and its square is a number still
BLOCK = 2**20  # samples decoded at a time
FINEST = 4000  # denominator of a ratio of rates: 1 / 4000 is 0.43 cents; the ratios of usual rates are exact
NOT_RECOGNISED = 1  # libsndfile's code for a file of no format that it knows


@dataclass(frozen=True)
class Recording:
    """A sound as it is in its file.

    Attributes:
        wave: (channels, n), float32; files of floats may go beyond [-1, 1].
        rate: samples a second.
        subtype: what libsndfile calls the kind of its samples, such as ``"PCM_16"``.
        notes: what was odd about the file, in sentences.
    """

    wave: Tensor
    rate: int
    subtype: str
    notes: tuple[str, ...] = ()


class _Forward(soundfile.SoundFile):
    """Read from its start to its end: seeking fails where a FLAC file does not know how long it is."""

    def seekable(self) -> bool:
        return False


def load(path: str | PathLike, what: str = "the sound") -> Recording:
    """A sound from a file, whatever it is called, with the channels that it has.

    Nothing but an ordinary file is opened, and lengths are checked before memory is taken.

    Args:
        path: WAV, FLAC, OGG, Opus, MP3, AIFF, AU, CAF, or whatever else libsndfile decodes.
        what: how errors call it.

    Raises:
        DataError: not there, a folder, a pipe or a device, empty, not a sound or none that can be read here,
            cut short, under 0.1 s or far too long, silent, an absurd rate, or NaN or infinite samples.
    """
    path = Path(path)
    name = f"{what} {shown(path)}"
    try:
        if path.is_dir():
            raise DataError(
                f"{name} is a folder: expected one sound file, such as {shown(path / 'music.wav')}"
            )
        size = path.stat().st_size
        if not path.is_file():
            raise DataError(f"{name} is a pipe or a device: expected an ordinary file, save the sound first")
        if size == 0:
            raise DataError(f"{name} is empty (0 bytes): copy or download it again")
        with path.open("rb") as file:
            kind = unreadable(file.read(FIRST))
            if kind:
                raise DataError(
                    f"{name} is {kind}, which cannot be read here: convert its sound to WAV or FLAC, for"
                    " example with ffmpeg -i ITS_NAME sound.wav"
                )
            found = _decoded(file, name)
    except DataError:
        raise
    except FileNotFoundError:
        raise DataError(
            f"{name} does not exist: check the path, relative paths start at {shown(Path.cwd())}"
        ) from None
    except PermissionError:
        raise DataError(f"{name} may not be read: give yourself read permission for it") from None
    except soundfile.LibsndfileError as error:
        if error.code == NOT_RECOGNISED:
            raise DataError(
                f"{name} is not a sound that libsndfile can read: expected a WAV, FLAC or OGG file, or"
                " another sound such as MP3"
            ) from None
        raise DataError(_damaged(name, error.error_string)) from None
    except MemoryError:
        raise DataError(f"{name} does not fit into memory: cut it into shorter sounds") from None
    except (OSError, RuntimeError, ValueError) as error:
        raise DataError(_damaged(name, getattr(error, "strerror", None) or error)) from None
    odd = ~found.wave.isfinite().all(0)
    if odd.any():
        raise DataError(
            f"{name} has {int(odd.sum())} samples that are NaN or infinite, the first at "
            f"{int(odd.int().argmax()) / found.rate:.3f} s: export it again"
        )
    if found.wave.abs().max() < SILENT:
        raise DataError(f"{name} is silent, all of its samples are 0: take one that can be heard")
    return found


def read(path: str | PathLike, what: str = "the sound") -> tuple[Tensor, int]:
    """A sound from a file as the models take it, and its rate.

    Samples beyond full scale are scaled down, with a warning.

    Returns:
        wave ``(2, n)`` (see :func:`stereo`), float32 in [-1, 1], and samples a second.

    Raises:
        DataError: what :func:`load` says.
    """
    found = load(path, what)
    wave = stereo(found.wave)
    peak = wave.abs().max().item()
    name = f"{what} {shown(path)}"
    if peak < SILENT:
        raise DataError(f"{name} is silent, its channels cancel out: take one that can be heard")
    if peak > 1:
        warnings.warn(f"{name} goes up to {peak:.3g} times full scale: scaled down to it", stacklevel=2)
        wave = wave / peak
    return wave, found.rate


def stereo(wave: Tensor) -> Tensor:
    """(channels, n) to (2, n). Mono goes to both sides, and of more than two channels the mean: no guess at
    what the channels are."""
    return (wave if len(wave) == 2 else wave.mean(0).expand(2, -1)).contiguous()


def _decoded(file, name: str) -> Recording:
    """The sound of an open file, if it is of a length, rate and number of channels that can be."""
    notes = []
    whole, was_zero = repaired(file)
    if was_zero:
        notes.append(
            f"{name} says that it has no sound, and has: read to its end, as it was left by a recorder"
        )
    with _Forward(whole) as opened:
        rate, channels, frames = opened.samplerate, opened.channels, opened.frames
        if not RATES[0] <= rate <= RATES[1]:
            raise DataError(
                f"{name} says that it has {rate:,} samples a second: expected {RATES[0]:,} to {RATES[1]:,},"
                " export it again"
            )
        if channels > CHANNELS:
            raise DataError(
                f"{name} has {channels:,} channels: expected at most {CHANNELS}, export it as stereo"
            )
        most = min(LARGEST // channels, LONGEST * rate)
        promised = frames if frames < 2**62 else 0  # a FLAC file may say that it does not know
        blocks, n = [], 0
        while promised <= most and n <= most:
            blocks.append(opened.read(BLOCK, dtype="float32", always_2d=True))
            n += len(blocks[-1])
            if len(blocks[-1]) < BLOCK:
                break
        if max(promised, n) > most:
            raise DataError(
                f"{name} says that it lasts {max(promised, n) / rate:,.0f} s: expected at most"
                f" {most / rate:,.0f} s at {rate:,} Hz with {channels} channels, cut it into shorter sounds"
            )
        lacking, kind, subtype = missing(opened.extra_info), opened.format, opened.subtype
    if n < promised or lacking > TOO_MANY or (kind == "OGG" and not ogg_ends(file)):
        raise DataError(f"{name} is cut short (it ends after {n / rate:.3f} s): copy or download it again")
    if lacking:
        notes.append(f"{name} is {lacking} bytes shorter than it says: read to its end")
    if n / rate < SHORTEST:
        raise DataError(f"{name} lasts {n / rate:.3f} s: expected at least {SHORTEST} s, take a longer one")
    wave, at = torch.empty(channels, n), 0
    for block in blocks:
        wave[:, at : at + len(block)] = torch.from_numpy(block.T)
        at += len(block)
    return Recording(wave, rate, subtype, tuple(notes))


def _damaged(name: str, why) -> str:
    return f"{name} is cut short or damaged ({shown(str(why).strip('. '))}): copy or download it again"


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
