"""Discriminators and critics between two clouds that do not move: what is left for a generator to follow?

``S`` networks learn side by side from samples; then their slopes are measured where the generated points are.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from avbgtn import streams

from ..further import games, penalty
from ..further.nets import Nets, Shape

F64 = torch.float64
DATA, GENERATOR = -3.0, 3.0  # of the two Gaussians of width 1

Sample = Callable[[torch.Generator], Tensor]

# Between the two Gaussians: the discriminator of the first GAN, and five that were to replace it.
KINDS = {
    "log": games.Method("log loss"),
    "least_squares": games.Method("least squares", loss="least_squares"),
    "clip .01": games.Method("clipped at 0.01", loss="difference", clip=0.01, lr=5e-4, betas=None),
    "clip .1": games.Method("clipped at 0.1", loss="difference", clip=0.1, lr=5e-4, betas=None),
    "penalty": games.Method("penalty, lambda 10", loss="difference", weight=10.0, lr=2e-3, betas=(0.5, 0.9)),
    "bounded": games.Method("spectral norm", loss="difference", bounded=True, lr=2e-3, betas=(0.5, 0.9)),
}


def learn(
    method: games.Method,
    real: Sample,
    fake: Sample,
    *,
    shape: Shape,
    inputs: int,
    seeds: int = 3,
    seed: int = 0,
    steps: int = 800,
) -> Nets:
    """Train ``seeds`` discriminators. ``real(generator)`` draws points ``(seeds, n, inputs)``."""
    draw = streams.generator(seed, "critics/duel")
    net = Nets(seeds, inputs, 1, shape, generator=draw, bounded=method.bounded, times=method.times)
    optimiser = method.optimiser(net.parameters())
    for _ in range(steps):
        games.update_discriminator(method, net, optimiser, real(draw), fake(draw), generator=draw)
    return net.requires_grad_(False)


def gaussians(n: int, seeds: int) -> tuple[Sample, Sample]:
    """Draws of N(-3, 1), the data, and of N(3, 1), the generator: ``(seeds, n, 1)``."""

    def sampler(mean: float) -> Sample:
        return lambda draw: mean + torch.randn(seeds, n, 1, generator=draw, dtype=F64)

    return sampler(DATA), sampler(GENERATOR)


def between_gaussians(
    kind: str, *, seeds: int = 3, seed: int = 0, steps: int = 1000, batch: int = 128
) -> Nets:
    """The networks of one of ``KINDS`` between the two Gaussians: ReLU, three hidden layers of 64."""
    shape = Shape(width=64, depth=3)
    real, fake = gaussians(batch, seeds)
    return learn(KINDS[kind], real, fake, shape=shape, inputs=1, seeds=seeds, seed=seed, steps=steps)


def felt(method: games.Method, net: Nets) -> Callable[[Tensor], Tensor]:
    """The function of a point whose slope a generator follows: log(1 - D) of the minimax game for a
    discriminator, ``-(D - 1)^2`` for least squares, the critic itself otherwise.
    """
    if method.loss == "log":
        return lambda x: -F.softplus(net(x))
    if method.loss == "least_squares":
        return lambda x: -(net(x) - 1).square()
    return net


def pull(method: games.Method, net: Nets, places: Tensor) -> Tensor:
    """The size of the slope that a generated point feels at each of ``places`` ``(S, n, d)``: ``(S, n)``."""
    return penalty.slopes(felt(method, net), places)


def estimate(net: Nets, real: Tensor, fake: Tensor) -> Tensor:
    """``E_p f - E_q f`` of each critic, ``(S,)``: W, if its slope is 1 at most and it is the best such."""
    with torch.no_grad():
        return (net(real) - net(fake)).mean((1, 2))


def js_reported(net: Nets, real: Tensor, fake: Tensor) -> Tensor:
    """``(V + log 4) / 2`` of each discriminator, ``(S,)``: at most the Jensen-Shannon divergence."""
    with torch.no_grad():
        value = F.logsigmoid(net(real)).mean((1, 2)) + F.logsigmoid(-net(fake)).mean((1, 2))
    return (value + torch.log(torch.tensor(4.0, dtype=F64))) / 2
