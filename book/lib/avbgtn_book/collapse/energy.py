r"""A discriminator as an energy: low on data, at least a margin elsewhere (Zhao et al. 2017), and points
found by ascent on ``F = -energy``.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..further.nets import Nets, Shape
from ..gan import ring

TANH = Shape(activation="tanh", depth=1)


class Autoencoder(nn.Module):
    """``S`` autoencoders; the energy of a point is how far it is moved, ``(S, n, 2)`` to ``(S, n, 1)``.

    Args:
        code: numbers per code. Below the data's dimension, points that no code can describe have energy.
    """

    def __init__(self, seeds: int, code: int, *, shape: Shape = TANH, generator: torch.Generator):
        super().__init__()
        self.encoder = Nets(seeds, 2, code, shape, generator=generator)
        self.decoder = Nets(seeds, code, 2, shape, generator=generator)

    def forward(self, x: Tensor) -> Tensor:
        return (self.decoder(self.encoder(x)) - x).norm(dim=-1, keepdim=True)


def energy_loss(real: Tensor, fake: Tensor, margin: float) -> Tensor:
    r"""``E_p[E(x)] + E_q[max(0, m - E(x))]``: what D minimises, on the energies of two batches."""
    return real.mean() + F.relu(margin - fake).mean()


def generator_energy(fake: Tensor) -> Tensor:
    """``E_q[E(x)]``: what G minimises."""
    return fake.mean()


def best_energy(p: Tensor, q: Tensor, margin: float) -> Tensor:
    """The energy that minimises D's loss place by place: 0 where p is at least q, the margin elsewhere."""
    return margin * (p < q).to(p.dtype)


def total_variation(p: Tensor, q: Tensor) -> Tensor:
    """Half the sum of ``|p - q|`` of two distributions over places, ``(n,)``."""
    return (p - q).abs().sum() / 2


def least_energy_loss(p: Tensor, q: Tensor, margin: float) -> Tensor:
    """``m (1 - TV(p, q))``: what the best energy costs D."""
    return margin * (1 - total_variation(p, q))


def ring_log_density(x: Tensor) -> Tensor:
    """``log p`` of the ring of eight, ``(..., 2)`` to ``(...)``: an F of which everything is known."""
    squares = (x[..., None, :] - ring.centres(dtype=x.dtype)).square().sum(-1)  # (..., 8)
    constant = math.log(ring.MODES * 2 * math.pi * ring.SPREAD**2)
    return torch.logsumexp(-squares / (2 * ring.SPREAD**2), -1) - constant


def ascend(
    score: Callable[[Tensor], Tensor],
    start: Tensor,
    *,
    steps: int = 500,
    size: float = 1e-3,
    noise: bool = False,
    generator: torch.Generator | None = None,
) -> Tensor:
    r"""Points that climb F: ``x + size grad F(x)``, ``steps`` times; with ``noise`` each step also adds
    ``sqrt(2 size)`` times a normal draw (Langevin's method), which keeps the points from meeting at the top.

    Args:
        score: F, ``(..., n, d)`` to one number per point.
        start: ``(..., n, d)``.
    """
    x = start.detach().clone()
    for _ in range(steps):
        x.requires_grad_()
        (slope,) = torch.autograd.grad(score(x).sum(), x)
        x = x.detach() + size * slope
        if noise:
            x = x + (2 * size) ** 0.5 * torch.randn(x.shape, generator=generator, dtype=x.dtype)
    return x
