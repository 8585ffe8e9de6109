r"""What a batch says that no single point can say: the mean of its features, and how close its points are
(Salimans et al. 2016).
"""

import math

import torch
from torch import Tensor, nn

from ..further.nets import F64


def feature_matching_loss(real: Tensor, fake: Tensor) -> Tensor:
    r"""``|E_p f(x) - E_q f(x)|^2``, what the generator minimises in place of D's verdict.

    Args:
        real, fake: features of two batches, ``(..., n, A)``. No gradient flows into ``real``.

    Returns:
        one number per seed, ``(...)``.
    """
    difference = real.detach().mean(-2) - fake.mean(-2)  # (..., A)
    return difference.square().sum(-1)


def closeness(projected: Tensor) -> Tensor:
    r"""``o_b(x_i)``, the mean over the *other* points j of ``exp(-|M_ib - M_jb|_1)``.

    Args:
        projected: M, ``(..., n, B, C)``: B rows of C numbers for each of n points.

    Returns:
        ``(..., n, B)``, from 0 (nobody near) to 1 (all others at the same place).
    """
    n, apart = projected.shape[-3], 0.0
    for m in projected.transpose(-3, -2).unbind(-1):  # C of (..., B, n)
        # (..., B, n, n), all pairs of the batch
        apart = apart + (m[..., :, None] - m[..., None, :]).abs()
    near = torch.exp(-apart)  # with j = i, where it is 1
    return ((near.sum(-1) - 1) / (n - 1)).transpose(-2, -1)


class MinibatchDiscrimination(nn.Module):
    """Appends to each point's features how close the others of its batch are: ``(S, n, A)`` to
    ``(S, n, A + B)``.

    Args:
        seeds, inputs: S and A.
        rows, columns: B and C of the learnt projection ``(S, A, B C)``.
    """

    def __init__(
        self, seeds: int, inputs: int, *, rows: int = 8, columns: int = 4, generator: torch.Generator
    ):
        super().__init__()
        self.rows, self.columns = rows, columns
        start = torch.randn(seeds, inputs, rows * columns, generator=generator, dtype=F64)
        self.projection = nn.Parameter(0.1 * start)

    def forward(self, features: Tensor) -> Tensor:
        projected = (features @ self.projection).unflatten(-1, (self.rows, self.columns))
        return torch.cat([features, closeness(projected)], -1)


def gaussian_closeness(spread: float, apart: float = 0.0) -> float:
    r"""``E exp(-|x - y|)`` in closed form, for two independent normal numbers of sd ``spread`` whose means
    are ``apart``: ``t = sqrt(2) spread`` is the sd of their difference.
    """
    if spread == 0:
        return math.exp(-abs(apart))
    t = math.sqrt(2) * spread
    left = math.exp(t * t / 2 - apart) * _below(apart / t - t)
    return left + math.exp(t * t / 2 + apart) * _below(-apart / t - t)


def _below(z: float) -> float:
    """The normal distribution function."""
    return 0.5 * math.erfc(-z / math.sqrt(2))
