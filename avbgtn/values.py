"""One check for each type: it takes what a person or papermill gave and returns a value, or refuses.

papermill's ``-p`` gives ``5e4`` as a float and ``true`` as a string; a command line gives strings only.
"""

import math
import os
from collections.abc import Callable
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from .config import MODELS, ConfigError
from .speed import chosen

Check = Callable[[str, Any], Any]  # (name, what came) -> what is used


def _number(name: str, value: Any, expected: str) -> int | float:
    """An int as it is, however large, and any other finite number as a float; ``bool`` is no number here."""
    if isinstance(value, Integral) and not isinstance(value, bool):
        return int(value)
    try:
        if isinstance(value, str):
            return int(value) if value.strip().lstrip("+-").isdecimal() else _finite(float(value))
        if isinstance(value, Real) and not isinstance(value, bool):
            return _finite(float(value))
    except (ValueError, OverflowError):
        pass
    raise ConfigError(f"{name} must be {expected}, got {value!r}")


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise ValueError("not finite")
    return number


def whole(least: int) -> Check:
    """Whole numbers from ``least``; ``5e4``, ``50000.0`` and ``"50000"`` count."""
    expected = f"a whole number of at least {least}" if least != 1 else "a positive whole number"

    def check(name: str, value: Any) -> int:
        number = _number(name, value, expected)
        if number != int(number) or number < least:
            raise ConfigError(f"{name} must be {expected}, got {value!r}")
        return int(number)

    return check


def real(*, above: float | None = None, least: float | None = None, below: float | None = None) -> Check:
    """Finite numbers with ``above < number``, ``least <= number``, ``number < below``; ``"1e-3"`` counts."""
    bounds = (("above", above), ("of at least", least), ("below", below))
    expected = "a number " + " and ".join(f"{word} {b:g}" for word, b in bounds if b is not None)

    def check(name: str, value: Any) -> float:
        number = _number(name, value, expected)
        inside = (
            (above is None or number > above)
            and (least is None or number >= least)
            and (below is None or number < below)
        )
        if not inside:
            raise ConfigError(f"{name} must be {expected}, got {value!r}")
        return float(number)

    return check


def one_of(*allowed: str) -> Check:
    """One of these words, spelt like this."""

    def check(name: str, value: Any) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise ConfigError(f"{name} must be one of {', '.join(allowed)}, got {value!r}")
        return str(value)

    return check


def size(name: str, value: Any) -> int:
    """The side of an image: two strides to the code and two more in T need a multiple of 16."""
    expected = "a multiple of 16 of at least 32"
    number = _number(name, value, expected)
    if number < 32 or number % 16:
        raise ConfigError(f"{name} must be {expected}, got {value!r}")
    return int(number)


def names(name: str, value: Any) -> tuple[str, ...]:
    """``"a,b"``, ``["a", "b"]`` or ``("a", "b")``."""
    parts = value.split(",") if isinstance(value, str) else value
    is_list = isinstance(parts, list | tuple) and len(parts) > 0
    if not is_list or not all(isinstance(p, str) and p.strip() for p in parts):
        raise ConfigError(f"{name} must be names separated by commas, got {value!r}")
    return tuple(p.strip() for p in parts)


def models(name: str, value: Any) -> tuple[str, ...]:
    """Some of the models, each once, in the order given."""
    found = names(name, value)
    for part in found:
        if part not in MODELS:
            raise ConfigError(f"{name} must be some of {', '.join(MODELS)}, got {part!r}")
    if len(set(found)) < len(found):
        raise ConfigError(f"{name} must name each model once, got {value!r}")
    return found


def pair(name: str, value: Any) -> tuple[str, str]:
    """Two different names: domain 1, domain 2."""
    found = names(name, value)
    if len(found) != 2 or found[0] == found[1]:
        raise ConfigError(f"{name} must be two different names, such as Brown_Hair,Blond_Hair, got {value!r}")
    return found[0], found[1]


# --- paths, made absolute: papermill, nbval and a terminal each have another working directory -------------


def _path(name: str, value: Any, expected: str) -> Path:
    if not isinstance(value, str | os.PathLike) or not str(value).strip() or "\0" in str(value):
        raise ConfigError(f"{name} must be {expected}, got {value!r}")
    try:
        return Path(value).expanduser().absolute()
    except RuntimeError:  # "~somebody" who is not a user here
        raise ConfigError(f"{name} must be {expected}, got {str(value)!r}, whose home is unknown") from None


def existing_folder(name: str, value: Any) -> str:
    """A folder to read from."""
    path = _path(name, value, "an existing folder")
    if not path.is_dir():
        what = "a file" if path.exists() else "missing"
        raise ConfigError(
            f"{name} must be an existing folder, {path} is {what}; make it, or leave {name} out"
        )
    return str(path)


def existing_file(what: str) -> Check:
    """A file to read; whether it is such a ``what`` ("image", "sound") is seen when it is opened."""

    def check(name: str, value: Any) -> str:
        path = _path(name, value, f"an existing {what} file")
        if not path.is_file():
            found = "a folder" if path.is_dir() else "missing"
            raise ConfigError(
                f"{name} must be an existing {what} file, {path} is {found}; leave {name} out to use a built-in one"
            )
        return str(path)

    return check


def new_or_existing_folder(name: str, value: Any) -> str:
    """A folder to write to; it, or its parents, may still have to be made."""
    path = _path(name, value, "a folder")
    there = next(p for p in (path, *path.parents) if p.exists())
    if not there.is_dir():
        raise ConfigError(f"{name} must be a folder, {there} is a file; give another name")
    return str(path)


def speed(name: str, value: Any) -> str:
    """``auto``, ``plain``, or names of speed-ups joined by commas."""
    if not isinstance(value, str):
        raise ConfigError(f"{name} must be a word, got {value!r}")
    chosen(value, "cpu")
    return value
