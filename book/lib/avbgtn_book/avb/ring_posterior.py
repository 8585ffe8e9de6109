r"""A posterior that no Gaussian fits, exactly known: the code lies on a circle whose radius is what was seen.

    ``z ~ N(0, I)`` in two dimensions,    ``x = |z| + 0.2 noise``.

Seeing x tells how far z is from the origin and nothing about its direction: ``p(z | x)`` is a ring. Two
dimensions are few enough to know it, and ``p(x)``, on a grid; a Gaussian must choose a piece of the
ring, a sampler need not.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from avbgtn import streams

from ..vae import vae
from . import avb
from .avb import F64

NOISE = 0.2  # standard deviation of x around |z|
REACH = 4.0  # the grid's half side; the prior has 1e-4 outside
LOWEST, HIGHEST = 0.5, 2.5  # of the x that the encoder is trained for


def log_likelihood(x: Tensor, z: Tensor) -> Tensor:
    """``log p(x | z)`` for x (N,) and z (N, 2): (N,), nats."""
    off = (x - torch.linalg.vector_norm(z, dim=1)) / NOISE
    return -0.5 * off.square() - math.log(NOISE * math.sqrt(2 * math.pi))


def cells(bin_width: float = 0.1) -> Tensor:
    """Centres of the squares that cover the plane, (n, 2), n = (2 reach / bin_width)^2."""
    side = round(2 * REACH / bin_width)
    axis = (torch.arange(side, dtype=F64) + 0.5) * bin_width - REACH
    return torch.cartesian_prod(axis, axis)


def exact_posterior(x: float, bin_width: float = 0.05) -> tuple[Tensor, float]:
    """Probability of each square under ``p(z | x)``, (n,), and ``log p(x)`` in nats,
    by a sum over the grid.
    """
    z = cells(bin_width)
    log_prior = vae.gaussian_log_density(z) + 2 * math.log(bin_width)
    log_joint = log_prior + log_likelihood(torch.full((len(z),), x, dtype=F64), z)
    log_evidence = torch.logsumexp(log_joint, 0)
    return (log_joint - log_evidence).exp(), log_evidence.item()


def best_gaussian(x: float, *, steps: int = 40) -> tuple[Tensor, Tensor, float]:
    """The Gaussian with independent components whose ``KL(q || p(z | x))`` is smallest, so that its ELBO is
    the highest that a VAE's encoder could reach for this x.

    The KL is a sum over the squares of a grid, so there is no sampling noise in it, and L-BFGS makes it
    small in the two means and the two log standard deviations. It can end in either of two minima: on an arc
    of the ring, or over the hole, which is better for x up to about 0.8. Both are tried, and the better one
    is returned. An arc is looked for on the first axis only; by symmetry the other three places where an axis
    crosses the ring are as good.

    Args:
        x: the distance that was seen.
        steps: the most iterations of L-BFGS, from each of both starts.

    Returns:
        the mean (2,), the covariance (2, 2), which is diagonal, and the KL in nats, by which the ELBO stays
        below ``log p(x)``.
    """
    p, _ = exact_posterior(x, 0.1)
    side = math.isqrt(len(p))
    log_p = p.clamp_min(1e-300).log().view(side, side)
    axis = cells(0.1)[:side, 1]

    def kl(mean: Tensor, log_std: Tensor) -> Tensor:
        along = -0.5 * ((axis - mean[:, None]) / log_std.exp()[:, None]).square()  # (2, side)
        log_q = torch.log_softmax(along, dim=1)
        log_q = log_q[0][:, None] + log_q[1][None, :]  # a probability of each square
        return (log_q.exp() * (log_q - log_p)).sum()

    def from_start(start: float) -> tuple[Tensor, Tensor, float]:
        mean = torch.tensor([start, 0.0], dtype=F64, requires_grad=True)
        log_std = torch.full((2,), 0.7 * x, dtype=F64).log().requires_grad_()
        optimizer = torch.optim.LBFGS([mean, log_std], max_iter=steps, line_search_fn="strong_wolfe")

        def closure() -> Tensor:
            optimizer.zero_grad()
            value = kl(mean, log_std)
            value.backward()
            return value

        optimizer.step(closure)
        with torch.no_grad():
            return mean.detach(), log_std.exp().square().diag(), kl(mean, log_std).item()

    return min(from_start(x), from_start(0.01), key=lambda found: found[2])


@dataclass
class Learnt:
    encoder: avb.ImplicitEncoder
    t: avb.Ratio
    codes: dict[int, Tensor] = field(default_factory=dict)  # step -> (n, 2), of one x


def learn(seed: int, *, steps: int = 1200, moments: Sequence[int] = (), watched: float = 1.5) -> Learnt:
    """AVB with the true ``p(x | z)``: only the posterior is learnt, for all x between 0.5 and 2.5 at once."""
    found = Learnt(avb.ImplicitEncoder(1, 4, 2, 64, seed), avb.Ratio(1, 2, 64, seed))
    encoder, t, n, lr = found.encoder, found.t, 256, 2e-3
    optimizer = torch.optim.Adam(encoder.parameters(), lr, betas=(0.5, 0.9), fused=True)
    t_optimizer = torch.optim.Adam(t.parameters(), 2 * lr, betas=(0.5, 0.9), fused=True)
    g = streams.generator(seed, "ring posterior")

    def normal(dimensions: int) -> Tensor:
        return torch.randn(n, dimensions, generator=g, dtype=F64)

    for step in range(steps):
        if step in moments:
            found.codes[step] = codes(encoder, watched, 500)
        decay = min(1.0, 2 * (1 - step / steps))
        optimizer.param_groups[0]["lr"], t_optimizer.param_groups[0]["lr"] = lr * decay, 2 * lr * decay
        x = LOWEST + (HIGHEST - LOWEST) * torch.rand(n, 1, generator=g, dtype=F64)
        for _ in range(2):
            with torch.no_grad():
                z = encoder(x, normal(4))
            t_optimizer.zero_grad()
            avb.ratio_loss(t, x, z, normal(2)).backward()
            t_optimizer.step()
        z = encoder(x, normal(4))
        loss = avb.avb_loss(t, x, z, log_likelihood(x[:, 0], z))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    if steps in moments:
        found.codes[steps] = codes(encoder, watched, 500)
    return found


@torch.no_grad()
def codes(encoder: avb.ImplicitEncoder, x: float, n: int, seed: int = 0) -> Tensor:
    """Draws of ``q(z | x)``: (n, 2)."""
    eps = torch.randn(n, encoder.eps_dim, generator=streams.generator(seed, "ring/codes"), dtype=F64)
    return encoder(torch.full((n, 1), x, dtype=F64), eps)


def gap(encoder: avb.ImplicitEncoder, x: float, *, n: int = 100_000) -> float:
    """``KL(q(z | x) || p(z | x))`` in nats, from codes counted in squares against the exact posterior:
    T is not asked.
    """
    return avb.counted_kl(codes(encoder, x, n), exact_posterior(x, 0.1)[0], reach=REACH)
