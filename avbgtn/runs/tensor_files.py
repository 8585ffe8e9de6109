"""Tensors from files that may be a stranger's, or on a disk that forgets: ``safetensors``, never pickles.

Of each file the header is checked before anything is taken from it, and of what is taken the names, shapes,
types and that every number is finite.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from ..errors import RunError
from ..storage import parse_json

Tensors = dict[str, Tensor]
Shapes = dict[str, tuple[int, ...]]

HEADER = 2**22  # bytes of a header; those of our largest models have some thousands
TYPES = ("F32", "F64")  # those that a training has
AGAIN = "fetch or export it again"  # what to do about a damaged file of weights


@dataclass(frozen=True)
class Header:
    """What a safetensors file says of itself: its metadata, and the shape of each tensor."""

    metadata: dict[str, str]
    shapes: Shapes


def read_header(path: Path, remedy: str = AGAIN) -> Header:
    """The header of a safetensors file; no tensor is read.

    Raises:
        RunError: missing, cut short, no safetensors file, a pickle, or numbers of a type no training has.
    """
    try:
        if path.exists() and not path.is_file():
            raise ValueError("it is no file")
        with open(path, "rb") as f:
            start = f.read(9)
            # eight bytes of header length, which may be any bytes, and then JSON: that is safetensors
            if start[8:] != b"{" and start.startswith((b"PK", b"\x80")):
                raise RunError(
                    f"{path} is a pickle (a torch.save file), not safetensors; avbgtn never unpickles"
                    " weights, convert it with safetensors.torch.save_file"
                )
            length = int.from_bytes(start[:8], "little")
            if len(start) < 9 or length > HEADER:
                raise ValueError("it does not begin with the header of a safetensors file")
            entries = parse_json(start[8:] + f.read(length - 1))
        return _header(entries, path)
    except (OSError, ValueError, MemoryError) as error:
        raise RunError(damaged(path, error, remedy)) from error


def _header(entries: object, path: Path) -> Header:
    if not isinstance(entries, dict):
        raise ValueError("its header is no JSON object")
    metadata = entries.pop("__metadata__", None) or {}
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise ValueError("its metadata are not names and texts")
    shapes = {}
    for name, entry in entries.items():
        kind, shape = (entry.get("dtype"), entry.get("shape")) if isinstance(entry, dict) else (None, None)
        if not isinstance(shape, list) or not all(type(n) is int and n >= 0 for n in shape):
            raise ValueError(f"its header gives no shape of {name}")
        if kind not in TYPES:
            raise RunError(
                f"{path} holds {name} as {kind}, expected float32 or float64 (F32 or F64): convert it, or use"
                " the file that training wrote"
            )
        shapes[name] = tuple(shape)
    return Header(metadata, shapes)


def read_tensors(path: Path, remedy: str = AGAIN) -> Tensors:
    """Read a safetensors file, or say in one sentence why it cannot be one (truncated, a pickle, missing).

    Raises:
        RunError: as :func:`read_header`, or a number in it is NaN or infinite.
    """
    read_header(path, remedy)
    try:
        tensors = load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise RunError(damaged(path, error, remedy)) from error
    for name, tensor in tensors.items():
        if not tensor.isfinite().all():
            raise RunError(f"{path} holds numbers that are not finite (NaN or infinite, in {name}): {remedy}")
    return tensors


def check_shapes(expected: Shapes, found: Shapes, source: str | Path) -> None:
    """Refuse the tensors of another architecture by their first difference.

    Raises:
        RunError: a tensor is missing, is one too many, or has another shape.
    """
    for name in [*expected, *found]:
        if name not in found or name not in expected:
            lacking = "file" if name in expected else "model"
            raise RunError(
                f"{source} belongs to another architecture: the {lacking} lacks {name!r}; use the parameters"
                " it was trained with"
            )
        here, there = expected[name], found[name]
        if here != there:
            raise RunError(
                f"{source} belongs to another architecture: {name} has shape {there} in the file and {here}"
                " in the model; use the parameters it was trained with"
            )


def check_tensors(expected: Tensors, found: Tensors, source: str | Path) -> None:
    """As :func:`check_shapes`, and the types must agree as well."""
    check_shapes(shapes_of(expected), shapes_of(found), source)
    for name, tensor in expected.items():
        if found[name].dtype != tensor.dtype:
            raise RunError(
                f"{source} belongs to another precision: {name} is {found[name].dtype} in the file and"
                f" {tensor.dtype} in the model; use the parameters it was trained with"
            )


def load_weights(parameters: Tensors, tensors: Tensors, source: str | Path) -> None:
    """Copy tensors into a model's parameters of the same names, in place; a wrong architecture is named by
    its first difference, before anything is copied."""
    check_tensors(parameters, tensors, source)
    for name, parameter in parameters.items():
        parameter.data.copy_(tensors[name])


def shapes_of(tensors: Tensors) -> Shapes:
    return {name: tuple(t.shape) for name, t in tensors.items()}


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def check_sum(path: Path, expected: str, remedy: str) -> None:
    """Compare a file with its SHA-256.

    Raises:
        RunError: it is missing or another one.
    """
    try:
        found = sha256(path)
    except OSError as error:
        raise RunError(damaged(path, error, remedy)) from error
    if found != expected:
        why = f"its SHA-256 is {found[:16]}..., expected {expected[:16]}..."
        raise RunError(damaged(path, why, remedy))


def damaged(path: Path, error: object, remedy: str) -> str:
    return f"{path} is truncated or damaged ({error}); {remedy}"
