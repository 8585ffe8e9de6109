"""Reading and writing files so that neither a crash nor a stranger's file does harm.

Tensors are ``safetensors``, never pickles. A file is flushed to the disk before anything points to it, and the disk's
errors become one sentence that says what is safe.
"""

import errno
import json
import os
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

Tensors = dict[str, Tensor]


class RunError(RuntimeError):
    """A run folder that cannot be used as asked; the message says what to do."""


def read_tensors(path: Path) -> Tensors:
    """Read a safetensors file, or say in one sentence why it cannot be one (truncated, a pickle, missing)."""
    try:
        with open(path, "rb") as f:
            start = f.read(9)
    except OSError as error:
        raise RunError(damaged(path, error)) from error
    # eight bytes of header length, which may be any bytes, and then JSON: that is safetensors, whatever it begins with
    if start[8:] != b"{" and start.startswith((b"PK", b"\x80")):
        raise RunError(
            f"{path} is a pickle (a torch.save file), not safetensors; avbgtn never unpickles weights, convert it with safetensors.torch.save_file"
        )
    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise RunError(damaged(path, error)) from error


def load_weights(parameters: Tensors, tensors: Tensors, source: str | Path) -> None:
    """Copy tensors into a model's parameters of the same names, in place; a wrong architecture is named by its first
    difference, before anything is copied."""
    for name in [*parameters, *tensors]:
        if name not in tensors or name not in parameters:
            lacking = "file" if name in parameters else "model"
            raise RunError(
                f"{source} belongs to another architecture: the {lacking} lacks {name!r}; use the parameters it was trained with"
            )
        here, there = tuple(parameters[name].shape), tuple(tensors[name].shape)
        if here != there:
            raise RunError(
                f"{source} belongs to another architecture: {name} has shape {there} in the file and {here} in the model; "
                "use the parameters it was trained with"
            )
    for name, parameter in parameters.items():
        parameter.data.copy_(tensors[name])


def damaged(path: Path, error: Exception) -> str:
    if path.parent.name.startswith("epoch-"):
        what = "delete its folder and run again: training continues from the checkpoint before it"
    else:
        what = "fetch or export it again"
    return f"{path} is truncated or damaged ({error}); {what}"


# --- writing ------------------------------------------------------------------------------------------------------


def json_text(value: Any) -> str:
    return json.dumps(value, indent=1) + "\n"


def write_durably(path: Path, data: bytes) -> None:
    with open(path, "wb") as f:
        f.write(data)
        f.flush()
        os.fsync(f.fileno())


def flush_to_disk(path: Path) -> None:
    """What was appended to a file so far is on the disk when this returns; a file that is not there is none."""
    if path.exists():
        with open(path, "ab") as f:
            os.fsync(f.fileno())


def write_atomically(path: Path, text: str) -> None:
    """The file holds either the old text or the new one, whatever happens in between."""
    temporary = path.with_name(f".{path.name}.new")
    write_durably(temporary, text.encode())
    os.replace(temporary, path)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """A rename is only safe once the folder is on the disk; Windows has no such call and needs none."""
    if os.name == "posix":
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def explained(folder: Path, last_good: int | None = None):
    """Turn the disk's errors into one sentence that says what is safe."""
    try:
        yield
    except OSError as error:
        safe = (
            f"; the checkpoint of epoch {last_good} is safe, run the same command again to continue from it"
            if last_good is not None
            else ""
        )
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise RunError(
                f"no space left on the disk of {folder}: free some, or set AVBGTN_RUNS to another disk{safe}"
            ) from error
        if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
            raise RunError(
                f"{folder} cannot be written ({error.strerror}): choose another run_dir, or set AVBGTN_RUNS{safe}"
            ) from error
        raise
