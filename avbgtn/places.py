"""Where runs lie. Importing this imports no torch, so that a grid can be listed at once."""

import os
from pathlib import Path


def runs_root() -> Path:
    """``$AVBGTN_RUNS``, or ``runs`` in the current folder."""
    return Path(os.environ.get("AVBGTN_RUNS", "runs")).expanduser().resolve()
