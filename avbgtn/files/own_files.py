"""Files of our own in a folder where others may write too: no link is followed, no FIFO waited for."""

import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path


def length(path: Path, *, alone: bool = False) -> int:
    """The bytes of a regular file.

    Args:
        alone: whether it may have no other name, so that to cut it short changes nothing else.

    Raises:
        OSError: there is none.
        ValueError: it is a link, a folder, a FIFO; or has another name.
    """
    about = path.lstat()
    if not stat.S_ISREG(about.st_mode):
        raise ValueError(f"{path.name} is a link or no regular file")
    if alone and about.st_nlink > 1:
        raise ValueError(f"{path.name} has another name elsewhere")
    return about.st_size


def is_folder(path: Path) -> bool:
    """Whether it is a folder, and not a link to one."""
    return path.is_dir() and not path.is_symlink()


def remove(path: Path, first: str) -> None:
    """Remove a folder, or the link or file in its place; never what a link leads to.

    Args:
        first: the file in it that goes first, without which the rest is not used.
    """
    if is_folder(path):
        with suppress(OSError):  # it may be a folder, which goes with the rest
            (path / first).unlink()
        shutil.rmtree(path)
    elif os.path.lexists(path):
        path.unlink()


def appended(path: Path):
    """A file opened to append to, made if there is none; an OSError where a link has its name."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    return open(os.open(path, flags | getattr(os, "O_NONBLOCK", 0), 0o666), "ab")
