"""How a game that an exercise plays came out."""

from ..shared.answers import CheckFailed
from .games import Played


def outcome(played: Played) -> tuple[int, float, str]:
    """The fewest modes and the least share of good samples of all games, and a list of both in words.

    Raises:
        CheckFailed: the samples of a game are not finite.
    """
    if not played.points.isfinite().all():
        raise CheckFailed("a game has run away, its samples are not finite: try smaller steps")
    counts = played.counts()
    said = ", ".join(f"{modes} ({100 * share:.0f} %)" for modes, share in counts)
    return min(modes for modes, _ in counts), min(share for _, share in counts), said
