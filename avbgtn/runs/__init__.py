"""A training on disk: the run folder, its checkpoints, logs and weights, and where they come from."""

from .run import FORMAT, NO_LOCKS, Run

__all__ = ["FORMAT", "NO_LOCKS", "Run"]
