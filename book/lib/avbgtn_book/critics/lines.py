r"""Two parallel lines, thickened: the distances between distributions that hardly touch.

``p`` is a vertical line of thickness s at 0, ``q`` the same at theta: along the line both are uniform and
equal, so only the coordinate across counts, N(0, s^2) against N(theta, s^2).
"""

import math

import torch
from torch import Tensor

from ..gan import gan

F64 = torch.float64


def kl(theta: float, thickness: float) -> float:
    r"""``KL(p || q) = theta^2 / (2 s^2)`` nats: grows without bound as the lines get thinner."""
    return theta**2 / (2 * thickness**2)


def js(theta: float, thickness: float, *, points: int = 4001) -> float:
    r"""``JS(p, q)`` in nats, at most log 2.

    ``JS = log 2 - E[softplus(-T)]`` with ``T = log p - log q`` on draws of p, which is normal with mean
    ``theta^2 / 2 s^2`` and variance twice that (on q it is the same by symmetry); one integral over a line.
    """
    z = gan.grid(-12, 12, points)
    ratio = kl(theta, thickness) + theta / thickness * z  # T at x = -s z, a draw of p
    weight = torch.exp(-z.square() / 2) / math.sqrt(2 * math.pi)
    return math.log(2) - gan.integral(weight * torch.nn.functional.softplus(-ratio), z).item()


def wasserstein(theta: float) -> float:
    """``W(p, q) = |theta|``, whatever the thickness: everything moves straight across."""
    return abs(theta)


def sample(
    *shape: int, at: float, thickness: float, generator: torch.Generator, dtype: torch.dtype = F64
) -> Tensor:
    """Points of the line at ``at``, ``(*shape, 2)``: across, along."""
    across = at + thickness * torch.randn(shape, generator=generator, dtype=dtype)
    return torch.stack([across, torch.rand(shape, generator=generator, dtype=dtype)], dim=-1)
