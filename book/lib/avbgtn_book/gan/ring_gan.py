"""Several independent GANs on the ring of eight Gaussians, trained side by side,
to count what each one covers.

One seed proves nothing about mode collapse, so a training here is always a handful of GANs. They share
no weight and no sample; they are only computed together, as one batched matrix product a layer, because
that is faster.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from avbgtn import streams
from avbgtn.models import losses

from . import gan, ring

F64 = torch.float64


class Nets(nn.Module):
    """``games`` separate perceptrons with leaky ReLU: ``(games, n, in)`` to ``(games, n, out)``."""

    def __init__(self, games: int, sizes: tuple[int, ...], *, slope: float, generator: torch.Generator):
        super().__init__()
        self.slope = slope
        pairs = list(zip(sizes, sizes[1:], strict=False))
        self.weights = nn.ParameterList(
            torch.randn(games, a, b, generator=generator, dtype=F64) * math.sqrt(2 / a) for a, b in pairs
        )
        self.biases = nn.ParameterList(torch.zeros(games, 1, b, dtype=F64) for _, b in pairs)

    def forward(self, x: Tensor) -> Tensor:
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            x = F.leaky_relu(torch.baddbmm(bias, x, weight), self.slope)
        return torch.baddbmm(self.biases[-1], x, self.weights[-1])


@dataclass(frozen=True)
class RingGames:
    """What a training leaves.

    Attributes:
        points: samples of each game at each of ``steps``, ``(times, games, 1000, 2)``, from the same codes.
        steps: after how many steps they were taken.
    """

    points: Tensor
    steps: list[int]

    def counts(self, time: int = -1) -> list[tuple[int, float]]:
        """(modes covered, share of good samples) of each game, see :func:`avbgtn_book.gan.ring.covered`."""
        return [ring.covered(cloud)[:2] for cloud in self.points[time]]


def play(
    *,
    games: int = 4,
    seed: int = 0,
    steps: int = 1500,
    batch: int = 64,
    hidden: int = 64,
    g_lr: float = 2e-3,
    d_lr: float = 2e-2,
    r1: float = 0.0,
    g_start: float = 0.1,
    looks: int = 3,
) -> RingGames:
    """Train all games: one update of D, then one of G, ``steps`` times, with the non-saturating loss.

    G starts near the centre of the ring (its first weights are a tenth of He's) and D learns ten times
    faster: the setting of a strong discriminator, in which the generator has no time to spread.

    Args:
        g_lr, d_lr: step sizes of Adam.
        g_start: G's first weights are this multiple of He's; 0.1 makes its first cloud a small blob.
        r1: gamma of the penalty ``gamma/2 E_p |grad_x T|^2``, D's squared slope on real points.
        looks: how often, evenly spaced, the samples are kept.
    """
    draw = streams.generator(seed, "gan/ring")
    generator = Nets(games, (2, hidden, hidden, 2), slope=0.0, generator=draw)
    discriminator = Nets(games, (2, hidden, hidden, 1), slope=0.2, generator=draw)
    with torch.no_grad():
        for weight in generator.weights:
            weight.mul_(g_start)
    g_adam = torch.optim.Adam(generator.parameters(), lr=g_lr, betas=(0.5, 0.999))
    d_adam = torch.optim.Adam(discriminator.parameters(), lr=d_lr, betas=(0.5, 0.999))
    codes = torch.randn(games, 1000, 2, generator=streams.generator(seed, "gan/ring/looks"), dtype=F64)
    points, at = [], []
    for step in range(1, steps + 1):
        real = ring.sample(games, batch, generator=draw).requires_grad_(r1 > 0)
        fake = generator(torch.randn(games, batch, 2, generator=draw, dtype=F64))

        logits = discriminator(real)
        loss = games * losses.discriminator_loss(logits, discriminator(fake.detach()))
        if r1 > 0:
            loss = loss + games * gan.r1_penalty(logits, real, r1)
        d_adam.zero_grad()
        # The losses are means over all games; times `games` each has the mean over its own batch.
        loss.backward()
        d_adam.step()

        discriminator.requires_grad_(False)  # the generators' turn: no gradient is left behind in D
        g_adam.zero_grad()
        (games * losses.gan_loss(discriminator(fake), form="non_saturating")).backward()
        g_adam.step()
        discriminator.requires_grad_(True)

        if step % (steps // looks) == 0:
            with torch.no_grad():
                points.append(generator(codes))
            at.append(step)
    return RingGames(torch.stack(points), at)
