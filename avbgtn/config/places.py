"""Where runs lie. Importing this imports no torch, so that a grid can be listed at once."""

import os
from pathlib import Path

from .path_values import absolute


def runs_root() -> Path:
    """``$AVBGTN_RUNS``, or ``runs`` in the current folder.

    Raises:
        ConfigError: the variable begins with ``~somebody`` who is no user here.
    """
    return absolute("$AVBGTN_RUNS", os.environ.get("AVBGTN_RUNS") or "runs", "a folder").resolve()
