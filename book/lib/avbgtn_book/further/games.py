"""Generators on the ring of eight, in seven shapes and under five losses, several games side by side.

Rows and columns are those of the table that two lectures show as pictures (Gulrajani et al. 2017): seven
architectures, four losses, and a fifth, the logarithmic loss of a discriminator whose slope is bounded. All
games get the same number of updates of G.
"""

import time
from dataclasses import dataclass

import torch
from torch import Tensor

from avbgtn import streams
from avbgtn.models import losses

from ..gan import ring
from . import penalty
from .nets import F64, Nets, Shape

LEAKY = Shape(activation="leaky_relu")
DEEP = {"width": 32, "depth": 10, "residual": True}

# Name: the generator's shape and the discriminator's.
ARCHITECTURES = {
    "baseline, batch norm in G": (Shape(batch_norm=True), LEAKY),
    "narrow G without batch norm": (Shape(width=16, depth=3), LEAKY),
    "wide G of four layers": (Shape(width=128, depth=4), LEAKY),
    "no normalisation": (Shape(), LEAKY),
    "gated in G and D": (Shape(activation="gated"), Shape(activation="gated")),
    "tanh in G and D": (Shape(activation="tanh"), Shape(activation="tanh")),
    "ten residual layers in G and D": (Shape(**DEEP), Shape(**DEEP, activation="leaky_relu")),
}


@dataclass(frozen=True)
class Method:
    """How a pair is trained.

    Attributes:
        name: as a table says it.
        loss: ``"log"``, ``"least_squares"`` or ``"difference"`` (a critic's).
        d_steps: updates of D per update of G.
        clip, weight: c of weight clipping; lambda of the gradient penalty.
        bounded, times: whether D's slope is bounded by spectral normalisation, and by which number.
        lr, betas: of Adam; RMSProp where ``betas`` is None.
    """

    name: str
    loss: str = "log"
    d_steps: int = 1
    clip: float | None = None
    weight: float | None = None
    bounded: bool = False
    times: float = 1.0
    lr: float = 1e-3
    betas: tuple[float, float] | None = (0.5, 0.999)

    def optimiser(self, parameters) -> torch.optim.Optimizer:
        if self.betas is None:
            return torch.optim.RMSprop(parameters, self.lr)
        return torch.optim.Adam(parameters, self.lr, betas=self.betas)


METHODS = {
    "log": Method("log loss"),
    "least_squares": Method("least squares", loss="least_squares"),
    "clip": Method("critic, clipping", loss="difference", d_steps=5, clip=0.05, lr=5e-4, betas=None),
    "penalty": Method("critic, penalty", loss="difference", d_steps=5, weight=1.0, betas=(0.0, 0.9)),
    "bounded": Method("log loss, slope at most 1", bounded=True),
}


def discriminator_loss(method: Method, real: Tensor, fake: Tensor) -> Tensor:
    """What D minimises, on its outputs for real and generated points, without a penalty."""
    if method.loss == "difference":
        return fake.mean() - real.mean()
    form = "least_squares" if method.loss == "least_squares" else "non_saturating"
    return losses.discriminator_loss(real, fake, form=form)


def generator_loss(method: Method, fake: Tensor) -> Tensor:
    """What G minimises, on D's outputs for generated points."""
    if method.loss == "difference":
        return -fake.mean()
    form = "least_squares" if method.loss == "least_squares" else "non_saturating"
    return losses.gan_loss(fake, form=form)


def update_discriminator(
    method: Method, net: Nets, optimiser, real: Tensor, fake: Tensor, *, generator: torch.Generator
) -> Tensor:
    """One update of ``S`` discriminators on ``(S, n, d)`` clouds; returns each one's loss, ``(S,)``."""
    on_real, on_fake = net(real), net(fake)
    seeds = len(real)
    # The losses are means over all seeds; times `seeds` each has the mean over its own batch.
    loss = seeds * discriminator_loss(method, on_real, on_fake)
    if method.weight is not None:
        loss = loss + seeds * penalty.gradient_penalty(
            net, real, fake, weight=method.weight, generator=generator
        )
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    if method.clip is not None:
        clip_(net.parameters(), method.clip)
    pairs = zip(on_real.detach(), on_fake.detach(), strict=True)
    return torch.stack([discriminator_loss(method, r, f) for r, f in pairs])


@torch.no_grad()
def clip_(parameters, c: float) -> None:
    """Weight clipping: every weight is brought back into ``[-c, c]``, in place."""
    for parameter in parameters:
        parameter.clamp_(-c, c)


@dataclass(frozen=True)
class Played:
    """What a training leaves.

    Attributes:
        points: samples of each game at each look, ``(looks, games, n, 2)``, always from the same codes.
        losses: D's mean loss since the look before, ``(looks, games)``.
        steps: after how many updates of G.
        seconds: processor time.
    """

    points: Tensor
    losses: Tensor
    steps: list[int]
    seconds: float

    def counts(self, look: int = -1) -> list[tuple[int, float]]:
        """(modes covered, share of good samples) of each game; (0, 0.0) where a game has run away."""
        return [
            ring.covered(cloud)[:2] if cloud.isfinite().all() else (0, 0.0) for cloud in self.points[look]
        ]


def play(
    method: Method,
    architecture: str,
    *,
    games: int = 8,
    seed: int = 0,
    steps: int = 400,
    batch: int = 64,
    looks: int = 1,
    shift: float = 0.0,
) -> Played:
    """Train ``games`` pairs: ``method.d_steps`` updates of D, then one of G, ``steps`` times.

    Args:
        architecture: a row of ``ARCHITECTURES``.
        looks: how often, evenly spaced, samples and losses are kept.
        shift: how far to the right of the ring's middle G begins.
    """
    for_g, for_d = ARCHITECTURES[architecture]
    draw = streams.generator(seed, f"further/games/{architecture}")
    generator = Nets(games, 2, 2, for_g, generator=draw)
    d = Nets(games, 2, 1, for_d, generator=draw, bounded=method.bounded, times=method.times)
    with torch.no_grad():
        generator.last.bias[..., 0] += shift
    g_optimiser, d_optimiser = method.optimiser(generator.parameters()), method.optimiser(d.parameters())
    codes = torch.randn(games, 2000, 2, generator=streams.generator(seed, "further/games/looks"), dtype=F64)
    began, points, kept, at, recent = time.process_time(), [], [], [], []

    def fakes() -> Tensor:
        return generator(torch.randn(games, batch, 2, generator=draw, dtype=F64))

    for step in range(1, steps + 1):
        for _ in range(method.d_steps):
            real = ring.sample(games, batch, generator=draw)
            with torch.no_grad():
                fake = fakes()
            recent.append(update_discriminator(method, d, d_optimiser, real, fake, generator=draw))
        d.requires_grad_(False)  # the generators' turn: no gradient is left behind in D
        g_optimiser.zero_grad()
        (games * generator_loss(method, d(fakes()))).backward()
        g_optimiser.step()
        d.requires_grad_(True)
        if step % (steps // looks) == 0:
            with torch.no_grad():
                points.append(generator(codes))
            kept.append(torch.stack(recent).mean(0))
            at.append(step)
            recent = []
    return Played(torch.stack(points), torch.stack(kept), at, time.process_time() - began)
