"""Writing a sound: where, in which format, and with how many bits."""

import io
import math
import os
import secrets
import warnings
from collections.abc import Callable
from os import PathLike
from pathlib import Path

import soundfile
import torch
from torch import Tensor

from ..errors import DataError
from ..sentences import shown

FORMATS = {".wav": "WAV", ".flac": "FLAC", ".ogg": "OGG"}
FINER = {"PCM_16": "PCM_24", "PCM_24": "FLOAT"}
STEP = {"PCM_16": 2.0**-15, "PCM_24": 2.0**-23, "FLOAT": 0.0, "VORBIS": 2.0**-15}
STEPS = 64  # a sound whose peak has fewer steps is rounded to something else
FINE = ("PCM_24", "PCM_32", "FLOAT", "DOUBLE")


def check_target(path: str | PathLike, source: str | PathLike | None = None) -> Path:
    """Whether :func:`write` can write there, to be asked before the work is done; returns the path.

    Raises:
        DataError: an ending that no format has, a folder, or one that does not exist or may not be written
            to, a pipe or a device; or ``source``, under whatever name.
    """
    path = Path(path)
    name = shown(path)
    if path.suffix.lower() not in FORMATS:
        raise DataError(
            f"sounds are written as WAV, FLAC or OGG, got {name!r}: choose a name that ends in .wav, .flac or"
            " .ogg"
        )
    try:
        if "\0" in str(path):
            raise ValueError("a name cannot hold a byte 0")
        if path.is_dir():
            raise DataError(
                f"{name} is a folder: name a file in it, such as {shown(path / 'translated.wav')}"
            )
        if not path.parent.is_dir():
            raise DataError(
                f"{name} cannot be written: {shown(path.parent)} is no folder, create it or name another"
            )
        if path.exists() and not path.is_file():
            raise DataError(f"{name} is a pipe or a device: name an ordinary file")
        if source is not None and path.exists() and Path(source).exists() and path.samefile(source):
            raise DataError(f"{name} is the sound itself, which would be lost: name another file to write to")
        allowed = os.access(path if path.exists() else path.parent, os.W_OK)
    except (OSError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        why = getattr(error, "strerror", None) or error
        raise DataError(f"{name} cannot be written ({why}): name another file") from None
    if not allowed:
        raise DataError(f"{name} may not be written: give yourself permission, or name another folder")
    return path


def write(
    path: str | PathLike,
    wave: Tensor,
    rate: int,
    *,
    subtype: str = "PCM_16",
    say: Callable[[str], None] | None = None,
) -> Path:
    """Write a sound as its ending says; returns the path. Half a file is never left.

    With 16 bits, or where ``subtype`` is finer and the format has it, 24 or floats. A sound so quiet that it
    would be rounded away gets the next finer. One that goes beyond full scale is scaled down as a whole,
    unless it is written as floats: clipped peaks crackle. Both are told.

    Args:
        wave: (channels, n) in [-1, 1].
        subtype: what libsndfile calls the kind of sample of the source.
        say: gets what is told; by default it is a warning.

    Raises:
        DataError: what :func:`check_target` says, another shape, NaN or infinite samples, a sound too quiet
            for the format, a rate or channels that it cannot hold, or a full disk.
    """
    path, say = check_target(path), say or (lambda line: warnings.warn(line, stacklevel=3))
    name = shown(path)
    if wave.ndim != 2 or 0 in wave.shape or wave.shape[0] > 32 or wave.shape[0] > wave.shape[1]:
        raise DataError(f"a sound to write must be (2, n) or (1, n), got {tuple(wave.shape)}")
    x = wave.detach().cpu()
    if not x.isfinite().all():
        raise DataError(f"{name} was not written: the sound has NaN or infinite samples")
    kind, peak = FORMATS[path.suffix.lower()], x.abs().max().item()
    bits = _bits(kind, subtype, peak, name, say)
    if peak > 1 and bits != "FLOAT":
        say(f"{name} would clip: scaled down by {20 * math.log10(peak):.1f} dB")
        x = x / peak
    buffer = io.BytesIO()
    try:
        soundfile.write(buffer, _samples(x, bits).T.numpy(), rate, format=kind, subtype=bits)
    except (soundfile.LibsndfileError, ValueError):
        raise DataError(
            f"{name} cannot hold {len(x)} channels at {rate:,} Hz in {kind}: choose a name that ends in .wav"
        ) from None
    _replace(path, buffer.getvalue(), name)
    return path


def _bits(kind: str, subtype: str, peak: float, name: str, say: Callable[[str], None]) -> str:
    """The kind of sample: as fine as the source's, and finer where the sound is quiet."""
    if kind == "OGG":
        bits = "VORBIS"
    elif subtype in ("FLOAT", "DOUBLE") and kind == "WAV":
        bits = "FLOAT"
    else:
        bits = "PCM_24" if subtype in FINE else "PCM_16"
    wanted = bits
    while 0 < peak < STEPS * STEP[bits]:
        if bits not in FINER or (kind == "FLAC" and FINER[bits] == "FLOAT"):
            raise DataError(
                f"{name} was not written: the sound is so quiet ({20 * math.log10(peak):.0f} dB at its peak)"
                f" that {kind} would round it to silence; choose a name that ends in .wav, or make the sound"
                " louder"
            )
        bits = FINER[bits]
    if bits != wanted:
        say(
            f"the sound is quiet: {name} has {'24 bits' if bits == 'PCM_24' else 'floats'}, as 16 bits would"
            " round it"
        )
    return bits


def _samples(x: Tensor, bits: str) -> Tensor:
    """Rounded here, so that a 16-bit file comes back as it was read."""
    if bits == "PCM_16":
        return (x.double() * 2**15).round().clamp(-(2**15), 2**15 - 1).short()
    if bits == "PCM_24":
        return (x.double() * 2**23).round().clamp(-(2**23), 2**23 - 1).int() << 8
    return x.to(torch.float32)


def _replace(path: Path, data: bytes, name: str) -> None:
    """All of the new file, or the old one; a link is followed."""
    target = path.resolve()
    temporary = target.with_name(f".{secrets.token_hex(8)}{target.suffix}")
    try:
        temporary.write_bytes(data)
        os.replace(temporary, target)
    except OSError as error:
        raise DataError(
            f"{name} cannot be written ({error.strerror}): make room, or name another folder"
        ) from None
    finally:
        temporary.unlink(missing_ok=True)
