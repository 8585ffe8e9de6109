r"""Two small worlds in which UNIT's losses can be written down: a square that is turned there and back,
and one number that is encoded at the best balance of KL and reconstruction.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from .toy_domains import SQUARE, rotation

F64 = torch.float64
PLACES = torch.tensor(SQUARE.places, dtype=F64)


def translated(there: float, mirrored: bool, points: Tensor = PLACES) -> Tensor:
    """Points ``(K, 2)`` of domain 1, mirrored in the horizontal axis or not, then turned, in degrees."""
    flip = torch.tensor([1.0, -1.0 if mirrored else 1.0], dtype=F64)
    return (points * flip) @ rotation(there).T


def returned(there: float, back: float, mirrored: bool) -> Tensor:
    """The same points after the way back, which turns by ``back`` degrees and then mirrors again."""
    flip = torch.tensor([1.0, -1.0 if mirrored else 1.0], dtype=F64)
    return (translated(there, mirrored) @ rotation(back).T) * flip


def square_losses(there: float, back: float, mirrored: bool, shares: Sequence[float]) -> dict[str, float]:
    """What four kinds at the corners of a square, without spread, cost under a turn there and a turn back;
    the true map is "stay".

    ``distance`` is the energy distance between the translations and pile 2, ``cycle`` and ``error`` are mean
    absolute differences per coordinate, to the start and to the twin.
    """
    p, there_and_back = torch.tensor(shares, dtype=F64), returned(there, back, mirrored)
    x12 = translated(there, mirrored)
    # Both piles have the same distances within themselves: a turn and a mirror keep them.
    across, within = torch.cdist(x12, PLACES), torch.cdist(PLACES, PLACES)
    return {
        "distance": (2 * p @ (across - within) @ p).item(),
        "cycle": (p @ (there_and_back - PLACES).abs().mean(1)).item(),
        "error": (p @ (x12 - PLACES).abs().mean(1)).item(),
    }


def best_code(beta: float, spread: float) -> dict[str, float]:
    r"""The best balance for one value ``x`` from ``N(0, spread^2)``, encoded as ``a x`` plus standard normal
    noise, under the least of ``E|x - G(z)| + beta KL``.

    With ``u = a^2 spread^2``, the mean of ``mu^2``, the best generator leaves an error of
    ``spread sqrt(2 / pi) / sqrt(1 + u)``, and the KL is ``u / 2`` nats on average. The sum is least at
    ``(1 + u)^(3/2) = sqrt(2 / pi) spread / beta``, or at ``u = 0`` where that is below 1.
    """
    blind = math.sqrt(2 / math.pi) * spread  # the error of a generator that knows nothing of x
    u = max(1.0, blind / beta) ** (2 / 3) - 1
    return {"square": u, "kl": u / 2, "error": blind / math.sqrt(1 + u)}
