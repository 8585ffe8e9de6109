r"""One Gaussian fitted to two humps by a game: a network T raises the bound, and the Gaussian lowers it.

The network's output v becomes ``T = a(v)`` with an output activation a that keeps T where ``f*`` is finite.
For three of the divergences it is that of Nowozin et al. (2016), up to a sign or a constant: there, v has to
learn the logarithm of the density ratio. For Pearson and Jeffrey their activation is none, and v has to learn
T itself.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from avbgtn import streams

from ..further.nets import Nets, Shape
from ..gan import gan
from . import fits
from .rows import LOG2, omega

F64 = torch.float64
TANH = Shape(width=32, depth=2, activation="tanh")


class JeffreyConjugate(torch.autograd.Function):
    """``f*(t) = w + 1 / w + t - 2`` with ``w + log w = 1 - t``; its slope is the u of the best line, ``1 /
    w``.
    """

    @staticmethod
    def forward(context, t: Tensor) -> Tensor:
        w = omega(1 - t)
        context.save_for_backward(w)
        return w + 1 / w + t - 2

    @staticmethod
    def backward(context, grad: Tensor) -> Tensor:
        (w,) = context.saved_tensors
        return grad / w


class Head(NamedTuple):
    """``t(v)``, the output of the discriminator, and ``charge(v) = f*(t(v))``, what samples of G cost."""

    t: Callable[[Tensor], Tensor]
    charge: Callable[[Tensor], Tensor]


HEADS = {
    "KL": Head(lambda v: 1 + v, torch.exp),
    "reverse KL": Head(lambda v: -(-v).exp(), lambda v: v - 1),
    "JS": Head(lambda v: (LOG2 - F.softplus(-v)) / 2, lambda v: (F.softplus(v) - LOG2) / 2),
    "Jeffrey": Head(lambda v: v, JeffreyConjugate.apply),
    "Pearson": Head(lambda v: v, lambda v: v.square() / 4 + v),
}
BY_RATIO = {
    "Jeffrey": Head(lambda v: 1 - (-v).exp() + v, lambda v: v.exp() - 1 + v),
    "Pearson": Head(lambda v: 2 * (v.exp() - 1), lambda v: (2 * v).exp() - 1),
}


def wanted_output(name: str, log_ratio: Tensor) -> Tensor:
    """What the network has to return for the bound to be tight, where ``log p - log q`` is ``log_ratio``."""
    if name == "Jeffrey":
        return 1 - (-log_ratio).exp() + log_ratio
    if name == "Pearson":
        return 2 * (log_ratio.exp() - 1)
    return log_ratio


class Played(NamedTuple):
    """What the games of one divergence leave.

    Attributes:
        fits: one Gaussian per game, each the mean over the last third of its path.
        means, stds: along the way, ``(looks, games)``.
        net: the networks, one per game.
    """

    fits: list[fits.Fit]
    means: Tensor
    stds: Tensor
    net: Nets


def _places(density: gan.Mixture, reach: float, games: int, batch: int) -> tuple[Tensor, Tensor]:
    """Evenly spaced places of the line with their probabilities, each ``(games, batch, 1)``."""
    x = torch.linspace(-reach, reach, batch, dtype=F64)
    weight = density.log_density(x).exp()
    return tuple(v.view(1, -1, 1).expand(games, -1, -1) for v in (x, weight / weight.sum()))


def play(
    head: Head,
    *,
    games: int = 4,
    seed: int = 0,
    steps: int = 1500,
    inner: int = 1,
    batch: int = 256,
    lr: float = 3e-3,
    samples: bool = True,
    mixture: gan.Mixture = fits.HUMPS,
) -> Played:
    """``games`` networks and as many Gaussians, side by side: ``inner`` updates of T per update of G, and the
    last of them together with G's, on the same samples (a single step, where ``inner`` is 1).

    Without ``samples``, both expectations are sums over ``batch`` places in the line, each with its
    probability.
    """
    draw = streams.generator(seed, "divergences/adversary")
    net = Nets(games, 1, 1, TANH, generator=draw)
    mean = nn.Parameter(torch.randn(games, 1, 1, generator=draw, dtype=F64))
    log_std = nn.Parameter(torch.full((games, 1, 1), 0.3, dtype=F64))
    theta = list(net.parameters())
    for_t = torch.optim.Adam(theta, lr, betas=(0.5, 0.99))
    for_g = torch.optim.Adam([mean, log_std], lr, betas=(0.5, 0.99))
    means, stds = [], []
    on_p = on_q = torch.tensor(1 / batch, dtype=F64)
    if not samples:
        real, on_p = _places(mixture, 6.0, games, batch)
        z, on_q = _places(gan.bell(), 5.0, games, batch)
    for step in range(steps):
        for k in range(inner):
            if samples:
                real = mixture.sample(games * batch, generator=draw).view(games, batch, 1)
                z = torch.randn(games, batch, 1, generator=draw, dtype=F64)
            gain, charge = head.t(net(real)), head.charge(net(mean + log_std.exp() * z))
            value = (on_p * gain - on_q * charge).sum()
            both = [*theta, mean, log_std] if k == inner - 1 else theta
            slopes = torch.autograd.grad(value, both)
            for parameter, slope in zip(both, slopes, strict=True):
                parameter.grad = slope if parameter is mean or parameter is log_std else -slope
            for_t.step()
        for_g.step()
        if step % 10 == 9:
            means.append(mean.detach().flatten().clone())
            stds.append(log_std.detach().exp().flatten().clone())
    means, stds = torch.stack(means), torch.stack(stds)
    last = len(means) // 3
    found = zip(means[-last:].mean(0).tolist(), stds[-last:].mean(0).tolist(), strict=True)
    return Played([fits.Fit(*at) for at in found], means, stds, net.requires_grad_(False))
