"""What can be wrong with what a user gave: each is one sentence that says what came, what was expected, and
what to do."""

from collections.abc import Iterator
from contextlib import contextmanager

from .sentences import of_error, shown


class OneLine(Exception):
    """A sentence that stays on one line, whatever the names and values in it hold."""

    def __init__(self, sentence: object):
        super().__init__(shown(sentence))


class ConfigError(OneLine, ValueError):
    """A parameter that cannot be used: one sentence, what came, what was expected, what to do."""


class DataError(OneLine, ValueError):
    """The data are missing, damaged or not what was asked for; one sentence: what came, what was expected,
    what to do."""


class RunError(OneLine, RuntimeError):
    """A run folder that cannot be used as asked; the message says what to do."""


class ReadOnlyError(RunError):
    """A folder that may be read and not written."""


class PackageError(RunError, ImportError):
    """A package that only training, scoring and drawing need is not installed."""


class SharedError(RunError):
    """An error that every process of a training raises in the same words; to say the first is enough."""


@contextmanager
def one_sentence() -> Iterator[None]:
    """For what notebooks call: an error of the system ends as a :class:`RunError` of one sentence.

    Raises:
        RunError, PackageError: in place of what :func:`of_error` knows; every other error passes unchanged.
    """
    try:
        yield
    except (OSError, MemoryError, UnicodeError, RuntimeError, ModuleNotFoundError) as error:
        # a closed pipe is the command line's to end on: who read it is gone
        said = None if isinstance(error, RunError | BrokenPipeError) else of_error(error)
        if said is None:
            raise
        raise (PackageError if isinstance(error, ImportError) else RunError)(said) from error
