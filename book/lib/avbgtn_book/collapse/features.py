r"""What cannot be told from one point at a time, nor from the mean of a few features: two modes on a line,
and a generator that is one Gaussian.
"""

import math

import numpy as np
import torch
from scipy.optimize import linprog
from torch import Tensor

SPREAD = 0.1  # sd of each of the two modes, at -1 and 1
NEAR = 3 * SPREAD  # a sample this near to a mode counts as good


def mean_cost(weights: Tensor, cost: Tensor) -> Tensor:
    """``E_q[c(x)]`` of distributions q over places: ``(..., n)`` and ``(n,)`` to ``(...)``."""
    return weights @ cost


def cheapest(cost: Tensor) -> tuple[int, Tensor]:
    """The one place at which the mean cost is least, and the cost there."""
    place = int(cost.argmin())
    return place, cost[place]


def moment_loss(mean: float, spread: float) -> float:
    """Feature matching with the features ``x`` and ``x^2``, for a generator ``N(mean, spread^2)``."""
    second = mean**2 + spread**2 - 1 - SPREAD**2
    return mean**2 + second**2


def matching_spread() -> float:
    """The spread of which a Gaussian at 0 has the data's mean and mean square."""
    return math.sqrt(1 + SPREAD**2)


def good_share(mean: float, spread: float) -> float:
    """The share of a Gaussian's samples that are within ``NEAR`` of one of the two modes."""

    def below(x: float) -> float:
        return 0.5 * math.erfc(-(x - mean) / spread / math.sqrt(2))

    return sum(below(at + NEAR) - below(at - NEAR) for at in (-1.0, 1.0))


def few_points(values: Tensor) -> Tensor:
    """Weights of a few of the points that have the mean features of all: ``(n, A)`` to ``(n,)``.

    A vertex of the linear program has no more points than conditions: A means, and the sum of the weights.
    """
    n = len(values)
    conditions = np.vstack([values.T.numpy(), np.ones(n)])
    due = np.append(values.mean(0).numpy(), 1.0)
    found = linprog(np.arange(n), A_eq=conditions, b_eq=due, method="highs-ds")
    return torch.as_tensor(found.x, dtype=values.dtype)
