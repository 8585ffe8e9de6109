"""The kinds of values that are paths: made absolute, since papermill, nbval and a terminal each have another
working directory, and looked up, so that a wrong one is refused before any work starts."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ConfigError
from ..sentences import got
from .values import Kind


def absolute(name: str, value: Any, expected: str) -> Path:
    """``~`` and relative paths resolved, nothing looked up.

    Raises:
        ConfigError: no path, an empty one, one with a NUL, or ``~somebody`` who is no user here.
    """
    if not isinstance(value, str | os.PathLike) or not str(value).strip() or "\0" in str(value):
        raise ConfigError(f"{name} must be {expected}, got {got(value)}")
    try:
        return Path(value).expanduser().absolute()
    except RuntimeError:
        raise ConfigError(
            f"{name} must be {expected}, got {got(str(value))}, whose home is unknown"
        ) from None


def runs_root() -> Path:
    """Where runs lie: ``$AVBGTN_RUNS``, or ``runs`` in the current folder.

    Raises:
        ConfigError: the variable begins with ``~somebody`` who is no user here.
    """
    return absolute("$AVBGTN_RUNS", os.environ.get("AVBGTN_RUNS") or "runs", "a folder").resolve()


def _what(name: str, path: Path) -> str:
    """ "a folder", "a file" or "missing".

    Raises:
        ConfigError: the system cannot look: a part of more than 255 bytes, a folder it may not enter, a loop.
    """
    try:
        return "a folder" if stat.S_ISDIR(path.stat().st_mode) else "a file"
    except (FileNotFoundError, NotADirectoryError):
        return "missing"
    except (OSError, ValueError) as error:  # ValueError: characters that no file name can have
        why = getattr(error, "strerror", None) or "no file can be called so"
        raise ConfigError(
            f"{name} cannot be {got(str(path))} ({why}); give another one, or leave {name} out"
        ) from None


@dataclass(frozen=True)
class ExistingFolder(Kind):
    """A folder to read from."""

    def __call__(self, name: str, value: Any) -> str:
        path = absolute(name, value, "an existing folder")
        if (what := _what(name, path)) != "a folder":
            raise ConfigError(
                f"{name} must be an existing folder, {path} is {what}; make it, or leave {name} out"
            )
        return str(path)


@dataclass(frozen=True)
class ExistingFile(Kind):
    """A file to read; whether it is such a ``kind`` ("image", "sound") is seen when it is opened."""

    kind: str

    def __call__(self, name: str, value: Any) -> str:
        path = absolute(name, value, f"an existing {self.kind} file")
        if (what := _what(name, path)) != "a file":
            raise ConfigError(
                f"{name} must be an existing {self.kind} file, {path} is {what}; leave {name} out to use a"
                " built-in one"
            )
        return str(path)


@dataclass(frozen=True)
class Folder(Kind):
    """A folder to write to; it, or its parents, may still have to be made."""

    def __call__(self, name: str, value: Any) -> str:
        path = absolute(name, value, "a folder")
        for there in (path, *path.parents):
            what = _what(name, there)
            if what == "a file":
                raise ConfigError(f"{name} must be a folder, {there} is a file; give another name")
            if what == "a folder":
                break
        return str(path)
