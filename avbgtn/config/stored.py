"""A config as it stands in a file."""

from pathlib import Path
from typing import Any

from ..errors import RunError
from .config import Config


def stored_config(values: Any, source: str | Path, remedy: str) -> Config:
    """The config that was written to a file.

    Raises:
        RunError: it is none, or out of the limits of ``config.py``; the sentence names ``source``, and
            ``remedy`` ends it.
    """
    try:
        if not isinstance(values, dict):
            raise TypeError(f"its config is {type(values).__name__}, expected names and values")
        return Config.from_dict(values)
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as error:
        raise RunError(f"{source} cannot be read ({error}); {remedy}") from error
