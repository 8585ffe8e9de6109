r"""A game that moves without noise: a Gaussian generator against a discriminator that can be at its best.

The data are N(1, 0.6^2). The discriminator's logit is ``T(x) = a + b x + c x^2``, which includes the best one
for every Gaussian generator. All expectations are sums over the nodes of Gauss and Hermite, so nothing is
random.
"""

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

F64 = torch.float64
DATA = (1.0, 0.6)  # mean, std
START = (-1.0, 1.5)  # of the generator
NODES, WEIGHTS = (torch.tensor(v) for v in np.polynomial.hermite_e.hermegauss(40))
WEIGHTS = WEIGHTS / WEIGHTS.sum()


class Path(NamedTuple):
    """Where the generator was, means and stds ``(steps + 1,)``, and how many updates of T one of G cost."""

    means: Tensor
    stds: Tensor
    inner: int

    def kl(self) -> Tensor:
        """``KL(p || q)`` along the path, in nats."""
        mean, std = DATA
        return (
            (self.stds / std).log() + (std**2 + (mean - self.means).square()) / (2 * self.stds.square()) - 0.5
        )

    def settled(self, below: float = 0.01) -> int | None:
        """After how many updates of G the divergence stays below; None where it never does."""
        above = (self.kl() >= below).nonzero()
        first = int(above[-1]) + 1 if len(above) else 0
        return first if first < len(self.means) else None


def features(x: Tensor) -> Tensor:
    """``(1, x, x^2)``: ``(3, n)``."""
    return torch.stack([torch.ones_like(x), x, x.square()])


def discriminator_gradient(theta: Tensor, at: Tensor) -> Tensor:
    """The gradient of ``V = E_p log D + E_q log(1 - D)`` by a, b, c: ``(3,)``."""
    real, fake = features(DATA[0] + DATA[1] * NODES), features(at[0] + at[1].exp() * NODES)
    pull = WEIGHTS * torch.sigmoid(-(theta @ real)) * real
    push = WEIGHTS * torch.sigmoid(theta @ fake) * fake
    return pull.sum(1) - push.sum(1)


def generator_gradient(theta: Tensor, at: Tensor) -> Tensor:
    """The gradient of V by the generator's mean and log std: ``(2,)``."""
    x = at[0] + at[1].exp() * NODES
    by_sample = -WEIGHTS * torch.sigmoid(theta @ features(x)) * (theta[1] + 2 * theta[2] * x)
    return torch.stack([by_sample.sum(), (by_sample * (x - at[0])).sum()])


def play(inner: int, *, steps: int = 600, for_d: float = 0.3, for_g: float = 0.3) -> Path:
    """``inner`` steps up for the discriminator, then one step down for the generator, ``steps`` times.

    With ``inner = 1`` both gradients are taken at the same point, as in the single-step algorithm.
    """
    at = torch.tensor([START[0], math.log(START[1])], dtype=F64)
    theta, path = torch.zeros(3, dtype=F64), [at]
    for _ in range(steps):
        down = generator_gradient(theta, at) if inner == 1 else None
        for _ in range(inner):
            theta = theta + for_d * discriminator_gradient(theta, at)
        at = at - for_g * (generator_gradient(theta, at) if down is None else down)
        path.append(at)
    path = torch.stack(path)
    return Path(path[:, 0], path[:, 1].exp(), inner)
