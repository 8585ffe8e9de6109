"""The kinds of values: each turns what a person or papermill gave into a value, or refuses in one sentence.

papermill's ``-p`` gives ``5e4`` as a float and ``true`` as a string, its YAML gives ``no`` as ``False``, and
a command line gives strings only: all of this a kind reads when it is *called*. What a file holds is read
more strictly, by ``stored``: a config was written by this package, so that a number there is a number.
``table.py`` says which parameter is of which kind, and within which bounds."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

from ..errors import ConfigError
from ..sentences import got
from .speed import SPEED_UPS, chosen

Check = Callable[[str, Any], Any]  # (name, what came) -> what is used

# How people, YAML and papermill write yes and no; capitals do not matter.
YES, NO = ("yes", "true", "on"), ("no", "false", "off")
LONGEST_NAME = 100  # characters of a domain's name: it becomes part of file names, which may have 255 bytes


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What a parameter may be, and what it is for.

    Attributes:
        help: what it is for, in half a sentence, as the command line shows it.
    """

    help: str = ""

    @property
    def expected(self) -> str:
        """What it may be, in words; ``""`` where :attr:`help` says it."""
        return ""


# --- numbers ------------------------------------------------------------------------------------------------


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
    raise ConfigError(f"{name} must be {expected}, got {got(value)}")


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise ValueError("not finite")
    return number


def _too_much(name: str, value: Any, most: float, why: str) -> ConfigError:
    limit = f"{most:g}" if isinstance(most, float) else str(most)
    return ConfigError(f"{name} must be at most {limit}, got {got(value)}" + (f": {why}" if why else ""))


@dataclass(frozen=True)
class Whole(Kind):
    """Whole numbers from ``least`` to ``most``; ``5e4``, ``50000.0`` and ``"50000"`` count."""

    least: int
    most: int
    why: str = ""  # there is a most, for people
    multiple: int = 1  # of which it must be one

    @property
    def expected(self) -> str:
        if self.multiple > 1:
            return f"a multiple of {self.multiple} of at least {self.least}"
        return f"a whole number of at least {self.least}" if self.least != 1 else "a positive whole number"

    def __call__(self, name: str, value: Any) -> int:
        number = _number(name, value, self.expected)
        if number < self.least or number % self.multiple or number != int(number):
            raise ConfigError(f"{name} must be {self.expected}, got {got(value)}")
        if number > self.most:
            raise _too_much(name, value, self.most, self.why)
        return int(number)

    def stored(self, name: str, value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or value < self.least:
            raise ConfigError(f"{name} must be a whole number of at least {self.least}, got {got(value)}")
        return self(name, value)


@dataclass(frozen=True)
class Number(Kind):
    """Finite numbers, ``"1e-3"`` too, with ``above < number < below`` and ``least <= number <= most``."""

    above: float | None = None
    least: float | None = None
    below: float | None = None
    most: float = math.inf
    why: str = ""  # there are such bounds, for people

    @property
    def expected(self) -> str:
        bounds = (("above", self.above), ("of at least", self.least), ("below", self.below))
        return "a number " + " and ".join(f"{word} {b:g}" for word, b in bounds if b is not None)

    def __call__(self, name: str, value: Any) -> float:
        number = _number(name, value, self.expected)
        inside = (
            (self.above is None or number > self.above)
            and (self.least is None or number >= self.least)
            and (self.below is None or number < self.below)
        )
        if not inside:
            raise ConfigError(f"{name} must be {self.expected}, got {got(value)}")
        if number > self.most:
            raise _too_much(name, value, self.most, "")
        return float(number)

    def stored(self, name: str, value: Any) -> float:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not (number and 0 <= value < math.inf):
            raise ConfigError(f"{name} must be a finite number of at least 0, got {got(value)}")
        if self.above is not None and value <= self.above:
            raise ConfigError(f"{name} must be above {self.above:g}, got {value:g}: {self.why}")
        if self.below is not None and value >= self.below:
            raise ConfigError(f"{name} must be below {self.below:g}, got {got(value)}: {self.why}")
        return self(name, value)


# --- words --------------------------------------------------------------------------------------------------


def _yes_or_no(value: Any) -> bool | None:
    """Whether a value says yes or no, in any of the usual spellings; None if it says neither."""
    word = value.strip().lower() if isinstance(value, str) else value
    if word is True or word in YES:
        return True
    return False if word is False or word in NO else None


@dataclass(frozen=True)
class Word(Kind):
    """One of these words, spelt like this; where ``"auto"`` is one, a config holds what that became."""

    choices: tuple[str, ...]
    auto: bool = False
    yes: str | None = None  # what yes stands for, in any spelling; None: it is no such parameter
    no: str | None = None

    @property
    def expected(self) -> str:
        return " | ".join(("auto", *self.choices) if self.auto else self.choices)

    def __call__(self, name: str, value: Any) -> str:
        allowed = ("auto", *self.choices) if self.auto else self.choices
        if isinstance(value, bool | str) and value not in allowed:
            said = _yes_or_no(value)
            value = (self.yes if said else self.no) or value if said is not None else value
        if not isinstance(value, str) or value not in allowed:
            raise ConfigError(f"{name} must be one of {', '.join(allowed)}, got {got(value)}")
        return str(value)

    def stored(self, name: str, value: Any) -> str:
        if not isinstance(value, str):
            raise ConfigError(f"{name} must be a word, got {got(value)}")
        if value not in self.choices:
            raise ConfigError(f"{name} must be one of {', '.join(self.choices)}, got {got(value)}")
        return value


@dataclass(frozen=True)
class SpeedUps(Kind):
    """``auto``, ``plain``, or names of speed-ups joined by commas; ``no`` in any spelling is ``plain``."""

    no: str = "plain"

    @property
    def expected(self) -> str:
        return "auto | plain | some of " + ",".join(SPEED_UPS)

    def __call__(self, name: str, value: Any) -> str:
        if isinstance(value, bool | str) and _yes_or_no(value) is False:
            return self.no
        if not isinstance(value, str):
            raise ConfigError(f"{name} must be a word, got {got(value)}")
        chosen(value, "cpu")
        return value


@dataclass(frozen=True)
class Text(Kind):
    """Any word of a config; it may become part of a folder's name."""

    most: int = LONGEST_NAME

    def stored(self, name: str, value: Any) -> str:
        if not isinstance(value, str):
            raise ConfigError(f"{name} must be a word, got {got(value)}")
        if not _is_name(value, self.most, empty=True):
            raise ConfigError(
                f"{name} must be a word of at most {self.most} printable characters without slashes, got"
                f" {got(value)}"
            )
        return value


# --- names --------------------------------------------------------------------------------------------------


def _is_name(text: str, most: int = LONGEST_NAME, *, empty: bool = False) -> bool:
    """Whether it can be printed on a line and be part of a file's name."""
    fits = text.isprintable() and len(text) <= most and not set(text) & set("/\\")
    return fits and (empty or bool(text.strip()))


@dataclass(frozen=True)
class Names(Kind):
    """``"a,b"``, ``["a", "b"]`` or ``("a", "b")``: some of the ``choices``, each once, in the order given."""

    choices: tuple[str, ...]

    @property
    def expected(self) -> str:
        return "some of " + ",".join(self.choices)

    def __call__(self, name: str, value: Any) -> tuple[str, ...]:
        found = _names(name, value)
        for part in found:
            if part not in self.choices:
                raise ConfigError(f"{name} must be some of {', '.join(self.choices)}, got {got(part)}")
        if len(set(found)) < len(found):
            raise ConfigError(f"{name} must name each model once, got {got(value)}")
        return found


@dataclass(frozen=True)
class Pair(Kind):
    """Two different names: domain 1, domain 2."""

    def __call__(self, name: str, value: Any) -> tuple[str, str]:
        found = _names(name, value)
        if len(found) != 2 or found[0] == found[1]:
            raise ConfigError(
                f"{name} must be two different names, such as Brown_Hair,Blond_Hair, got {got(value)}"
            )
        return self.stored(name, found)

    def stored(self, name: str, value: Any) -> tuple[str, str]:
        two = isinstance(value, list | tuple) and len(value) == 2
        if not two or not all(isinstance(part, str) for part in value) or value[0] == value[1]:
            raise ConfigError(f"{name} must be two different names, got {got(value)}")
        for part in value:
            if not _is_name(part):
                raise ConfigError(
                    f"{name} must have names of 1 to {LONGEST_NAME} printable characters without slashes, got"
                    f" {got(part)}"
                )
        return tuple(value)


def _names(name: str, value: Any) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else value
    is_list = isinstance(parts, list | tuple) and len(parts) > 0
    if not is_list or not all(isinstance(p, str) and p.strip() for p in parts):
        raise ConfigError(f"{name} must be names separated by commas, got {got(value)}")
    return tuple(p.strip() for p in parts)
