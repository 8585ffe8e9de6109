"""Files that people name on a command line or in a parameter: why one cannot be read, or cannot be written.

Asked before any work is done; importing this imports neither torch nor NumPy. Each function returns the
second half of a sentence that begins with the file's name, or None where nothing speaks against it.
"""

import os
import stat
from os import PathLike
from pathlib import Path

from ..sentences import shown


def why_unreadable(
    path: str | PathLike, kind: str = "image file", example: str = "portrait.jpg"
) -> str | None:
    """Why ``path`` is no regular file that may be read, such as "does not exist: check the path".

    A pipe or a device is refused here: opening one can wait for ever.
    """
    path = Path(path)
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return f"does not exist: check the path, relative paths start at {_here()}"
    except PermissionError:
        return "may not be read: give yourself permission for the folder that it is in"
    except (OSError, ValueError) as error:  # a name that is too long, a loop of links, a zero byte
        return f"cannot be opened ({_reason(error)}): check the path"
    if stat.S_ISDIR(mode):
        return f"is a folder: expected one {kind}, such as {shown(path / example)}"
    if not stat.S_ISREG(mode):
        return "is no regular file but a pipe, a socket or a device: save it to a file first"
    if not os.access(path, os.R_OK):
        return "may not be read: give yourself read permission for it"
    return None


def why_unwritable(
    path: str | PathLike, source: str | PathLike | None = None, example: str = "translated.png"
) -> str | None:
    """Why a new file cannot be written at ``path``: a folder, no folder around it, no permission, a device,
    or the same file as ``source`` under this or another name (a link, another spelling)."""
    path = Path(path)
    try:
        mode = os.stat(path).st_mode if path.exists() else None
        if mode is not None and stat.S_ISDIR(mode):
            return f"is a folder: name a file in it, such as {shown(path / example)}"
        if mode is not None and not stat.S_ISREG(mode):
            return "is no regular file but a pipe, a socket or a device: name a file"
        if mode is not None and source is not None and os.path.samefile(path, source):
            return f"is the source {shown(source)} itself, which would be lost: name another file"
        if mode is None and os.path.lexists(path):
            return "is a link that leads nowhere: remove it, or name another file"
        if not path.parent.is_dir():
            return f"cannot be written: {shown(path.parent)} is no folder, create it or name another"
    except (OSError, ValueError) as error:
        return f"cannot be written ({_reason(error)}): name another file"
    if not os.access(path if mode is not None else path.parent, os.W_OK):
        return "may not be written: give yourself permission, or name another folder"
    return None


def write(path: Path, data: bytes) -> None:
    """Write a whole file or, where that fails, none: half a file is removed.

    Raises:
        OSError: whatever the disk says.
    """
    new = not path.exists()
    try:
        path.write_bytes(data)
    except BaseException:
        if new:
            path.unlink(missing_ok=True)
        raise


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _here() -> str:
    try:
        return shown(Path.cwd())
    except OSError:  # the folder was removed under the shell that stands in it
        return "a folder that is no more"
