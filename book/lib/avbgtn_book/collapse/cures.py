"""Generators on the ring of eight under one cure of mode collapse each, several games side by side.

The setting is the hard one of the chapter on GANs: G starts as a small cloud at the middle of the ring, and
D's step size is ten times G's. All cures get the same number of updates of G, with one update of D for each.
They are trained in float32, which halves the time; what is computed on the trained networks is float64.
"""

import time
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from avbgtn import streams
from avbgtn.models import losses

from ..further import penalty
from ..further.games import LEAKY, Played
from ..further.nets import Layer, Nets, Shape
from ..gan import gan, ring
from . import batches, energy, noise

F32 = torch.float32


@dataclass(frozen=True)
class Cure:
    """What is changed about the game with the log loss.

    Attributes:
        name: as a table says it.
        features: G matches the means of D's features and does not see its verdict.
        minibatch: D sees how close the points of a batch are.
        noise: sd of the instance noise at the first step; it falls to 0.
        weight: lambda of the two-sided gradient penalty.
        r1: gamma of the R1 penalty.
        times: with a number, D is spectrally normalised and this is its largest slope.
        code, margin: with a code length, D is an autoencoder, whose energy has this margin.
        g_lr, d_lr: step sizes of Adam.
        start: G's first weights are this multiple of He's.
        cooling: both step sizes fall to 0 along half a cosine.
    """

    name: str
    features: bool = False
    minibatch: bool = False
    noise: float = 0.0
    weight: float | None = None
    r1: float = 0.0
    times: float | None = None
    code: int | None = None
    margin: float = 1.0
    g_lr: float = 2e-3
    d_lr: float = 2e-2
    start: float = 0.1
    cooling: bool = False


CURES = {
    "none": Cure("nothing"),
    "features": Cure("feature matching", features=True),
    "minibatch": Cure("minibatch discrimination", minibatch=True),
    "noise": Cure("instance noise", noise=0.5),
    "penalty": Cure("gradient penalty", weight=0.1),
    "r1": Cure("R1 penalty", r1=0.05),
    "slope": Cure("slope at most 20", times=20.0),
    "energy": Cure("energy, margin 0.3", code=16, margin=0.3, g_lr=1e-3, d_lr=1e-3),
}

# What one thing changed says about a cure that fails.
CONTROLS = {
    "equal steps": Cure("nothing, equal steps", d_lr=2e-3),
    "slope 1": Cure("slope at most 1", times=1.0),
    "narrow energy": Cure("energy, code of 1", code=1, margin=0.3, g_lr=1e-3, d_lr=1e-3),
    "energy, wide start": Cure("energy, wide start", code=16, margin=0.3, g_lr=1e-3, d_lr=1e-3, start=1.0),
}


class Discriminator(nn.Module):
    """``S`` discriminators ``(S, n, 2)`` to ``(S, n, 1)``, whose features can be read and added to."""

    def __init__(self, seeds: int, cure: Cure, *, generator: torch.Generator, shape: Shape = LEAKY):
        super().__init__()
        bounded = cure.times is not None
        self.net = Nets(
            seeds, 2, 1, shape, generator=generator, bounded=bounded, times=cure.times if bounded else 1.0
        )
        self.batch = None
        if cure.minibatch:
            self.batch = batches.MinibatchDiscrimination(seeds, shape.width, generator=generator)
            more = shape.width + self.batch.rows
            self.net.last = Layer(seeds, more, 1, generator=generator, gain=0.5**0.5)

    def features(self, x: Tensor) -> Tensor:
        features = self.net.features(x)
        return features if self.batch is None else self.batch(features)

    def forward(self, x: Tensor) -> Tensor:
        return self.net.times * self.net.last(self.features(x))


@dataclass(frozen=True)
class Trained(Played):
    """A game's samples (see :class:`avbgtn_book.further.games.Played`) and its networks at the end."""

    generator: Nets
    discriminator: nn.Module


def discriminator_loss(cure: Cure, d: nn.Module, real: Tensor, fake: Tensor, draw) -> Tensor:
    """What D minimises, one mean over all games."""
    real = real.requires_grad_(cure.r1 > 0)
    on_real, on_fake = d(real), d(fake)
    if cure.code is not None:
        return energy.energy_loss(on_real, on_fake, cure.margin)
    loss = losses.discriminator_loss(on_real, on_fake)
    if cure.weight is not None:
        loss = loss + penalty.gradient_penalty(d, real, fake, weight=cure.weight, generator=draw)
    if cure.r1 > 0:
        loss = loss + gan.r1_penalty(on_real, real, cure.r1)
    return loss


def generator_loss(cure: Cure, d: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    """What G minimises, one mean over all games."""
    if cure.features:
        return batches.feature_matching_loss(d.features(real), d.features(fake)).mean()
    if cure.code is not None:
        return energy.generator_energy(d(fake))
    return losses.gan_loss(d(fake), form="non_saturating")


def play(
    cure: Cure, *, games: int = 8, seed: int = 0, steps: int = 1200, batch: int = 64, looks: int = 1
) -> Trained:
    """Train ``games`` pairs: one update of D, then one of G, ``steps`` times.

    Args:
        looks: how often, evenly spaced, samples and losses are kept.
    """
    draw = streams.generator(seed, "collapse/cures")
    g = Nets(games, 2, 2, Shape(), generator=draw)
    with torch.no_grad():
        for parameter in g.parameters():
            parameter.mul_(cure.start)
    if cure.code is None:
        d = Discriminator(games, cure, generator=draw)
    else:
        d = energy.Autoencoder(games, cure.code, generator=draw)
    players = (g.float(), cure.g_lr), (d.float(), cure.d_lr)
    adams = [torch.optim.Adam(net.parameters(), lr, betas=(0.5, 0.999), fused=True) for net, lr in players]
    slower = [torch.optim.lr_scheduler.CosineAnnealingLR(a, steps) for a in adams if cure.cooling]
    codes = torch.randn(games, 2000, 2, generator=streams.generator(seed, "collapse/looks"))
    began, points, kept, at, recent = time.process_time(), [], [], [], []
    for step in range(steps):
        sd = noise.schedule(step, steps, cure.noise)

        def seen(x: Tensor, sd=sd) -> Tensor:
            return x + sd * torch.randn(x.shape, generator=draw) if sd else x

        real = seen(ring.sample(games, batch, generator=draw, dtype=F32))
        fake = g(torch.randn(games, batch, 2, generator=draw))
        loss = discriminator_loss(cure, d, real, seen(fake.detach()), draw)
        adams[1].zero_grad()
        # The losses are means over all games; times `games` each has the mean over its own batch.
        (games * loss).backward()
        adams[1].step()
        recent.append(loss.detach())

        d.requires_grad_(False)  # the generators' turn: no gradient is left behind in D
        adams[0].zero_grad()
        (games * generator_loss(cure, d, real.detach(), seen(fake))).backward()
        adams[0].step()
        d.requires_grad_(True)
        for one in slower:
            one.step()
        if (step + 1) % (steps // looks) == 0:
            with torch.no_grad():
                points.append(g(codes).double())
            kept.append(torch.stack(recent).mean())
            at.append(step + 1)
            recent = []
    return Trained(
        torch.stack(points), torch.stack(kept), at, time.process_time() - began, g.double(), d.double()
    )
