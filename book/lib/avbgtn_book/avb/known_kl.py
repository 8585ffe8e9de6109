r"""Posteriors whose KL is known in any number of dimensions, to hold T against.

One x, so T is a function of z alone. The coordinates of z are independent and alike,
``q(z) = prod_i q_1(z_i)``, with ``q_1`` a Gaussian or an even mixture of two; the prior is N(0, I).
Logarithms of products are sums, so

    ``log q(z) - log p(z)`` is a sum over coordinates, and ``KL(q || p) = d KL(q_1 || N(0, 1))``,

a one-dimensional integral however large d is. T is told none of this.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from avbgtn import streams
from avbgtn.models import losses

from .avb import F64, Ratio


@dataclass(frozen=True)
class Posterior:
    """``d`` independent coordinates, each ``1/2 N(mean - gap, sigma^2) + 1/2 N(mean + gap, sigma^2)``;
    Gaussian if gap is 0.
    """

    d: int
    mean: float = 1.0
    sigma: float = 0.5
    gap: float = 0.0

    @property
    def std(self) -> float:
        """Standard deviation of a coordinate: ``sqrt(gap^2 + sigma^2)``."""
        return math.hypot(self.gap, self.sigma)

    def sample(self, n: int, g: torch.Generator) -> Tensor:
        """(n, d)."""
        sign = torch.randint(0, 2, (n, self.d), generator=g) * 2.0 - 1
        noise = torch.randn(n, self.d, generator=g, dtype=F64)
        return self.mean + self.gap * sign + self.sigma * noise

    def log_q(self, z: Tensor) -> Tensor:
        """Log density of each coordinate, same shape as ``z``."""
        both = [-0.5 * ((z - self.mean - s * self.gap) / self.sigma) ** 2 for s in (-1, 1)]
        return torch.logaddexp(*both) - math.log(2 * self.sigma * math.sqrt(2 * math.pi))

    def log_ratio(self, z: Tensor) -> Tensor:
        """``T*(z) = log q(z) - log p(z)``: (n, d) -> (n,), nats."""
        log_p = -0.5 * z.square() - 0.5 * math.log(2 * math.pi)
        return (self.log_q(z) - log_p).sum(1)

    def kl(self) -> float:
        """``KL(q || N(0, I))`` in nats: d times an integral over one coordinate."""
        reach = 10 * self.std
        z = torch.linspace(self.mean - reach, self.mean + reach, 20_001, dtype=F64)[:, None]
        # A single coordinate: log_ratio sums over one
        integrand = self.log_q(z).exp()[:, 0] * self.log_ratio(z)
        return self.d * torch.trapezoid(integrand, z[:, 0]).item()

    def gaussian_part(self) -> float:
        """``KL(r || N(0, I))`` of the Gaussian ``r`` with the same mean and variance:
        what adaptive contrast needs no T for.
        """
        one = torch.full((1, self.d), self.mean, dtype=F64)
        return losses.gaussian_kl(one, self.std).item()


@dataclass(frozen=True)
class Estimate:
    """What a trained T said, on draws it was not trained on."""

    kl: float  # nats
    # The share of it that T had to find: all, or under adaptive contrast what the Gaussian leaves.
    by_t: float
    loss: float  # of T, nats; 2 log 2 is chance, 0 is certainty
    t: Ratio


def estimate_kl(
    q: Posterior,
    seed: int,
    *,
    contrast: bool = False,
    log_prior: bool = False,
    steps: int = 500,
    batch: int = 128,
    width: int = 64,
    lr: float = 3e-3,
    watch: Callable[[int, Ratio], None] | None = None,
) -> Estimate:
    """Train a small T on samples of ``q`` and of the prior, then read the KL from it.

    Args:
        contrast: show T the normalised code, and add the rest in closed form; the moments are q's own.
        log_prior: give T the term ``|z|^2 / 2`` to begin with.
        watch: called with the number of updates taken and T, after each of them.
    """
    t = Ratio(0, q.d, width, seed, log_prior=log_prior)
    optimizer = torch.optim.Adam(t.parameters(), lr, fused=True)
    g = streams.generator(seed, "known kl/samples", q.d)
    mean = torch.full((q.d,), q.mean if contrast else 0.0, dtype=F64)
    std = torch.full((q.d,), q.std if contrast else 1.0, dtype=F64)

    def judge(n: int) -> tuple[Tensor, Tensor, Tensor]:
        z, prior = q.sample(n, g), torch.randn(n, q.d, generator=g, dtype=F64)
        both = torch.cat([losses.normalise_code(z, mean, std), prior])
        return z, *t(both.new_empty(2 * n, 0), both).split(n)

    for step in range(steps):
        optimizer.param_groups[0]["lr"] = lr * min(1.0, 2 * (1 - step / steps))
        _, t_q, t_p = judge(batch)
        optimizer.zero_grad()
        losses.posterior_discriminator_loss(t_q, t_p).backward()
        optimizer.step()
        if watch:
            watch(step + 1, t)
    with torch.no_grad():
        z, t_q, t_p = judge(4000)
        log_ratio = losses.adaptive_contrast_log_ratio(t_q, z, mean, std)  # T itself where mean 0 and std 1
        loss = losses.posterior_discriminator_loss(t_q, t_p)
    return Estimate(log_ratio.mean().item(), losses.logit_penalty(t_q).item(), loss.item(), t)
