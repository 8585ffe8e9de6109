"""Standard output that nobody reads any more, or that is full: what remains in it must not spoil the end.

Python flushes it once more as it ends, and where that fails says so in its own way, with an exit code of its
own.
"""

import os
import select
import sys


def reader_is_gone() -> bool:
    """Whether standard output is a pipe without a reader; it is then replaced."""
    try:
        output = sys.stdout.fileno()
        there = select.poll()
    except (OSError, AttributeError):  # no file, as under a test; no such call, as on Windows
        return False
    there.register(output, 0)
    if not any(event & (select.POLLERR | select.POLLHUP) for _, event in there.poll(0)):
        return False
    _replace()
    return True


def let_go() -> None:
    """Write what is left; where that fails, after an error that was told, it is gone."""
    try:
        if sys.stdout:  # none, where it was closed before the start
            sys.stdout.flush()
    except OSError:
        _replace()


def _replace() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
