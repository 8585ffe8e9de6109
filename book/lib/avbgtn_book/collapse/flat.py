"""Is a discriminator flat in the end? Its slope where the data are, and what becomes of it when there is
nothing left to tell apart.
"""

import torch
from torch import Tensor, nn

from avbgtn import streams
from avbgtn.models import losses

from ..further import penalty
from ..gan import gan, ring


def games_of(d: nn.Module) -> int:
    """How many discriminators lie side by side."""
    return len(next(d.parameters()))


def slope_on_data(d: nn.Module, *, batch: int = 64, batches: int = 16, seed: int = 0) -> Tensor:
    """The median of ``|grad T(x)|`` over points of the ring, shown in batches as in a training; one number
    per game, ``(S,)``."""
    draw = streams.generator(seed, "collapse/slope")
    real = ring.sample(batches, games_of(d), batch, generator=draw)
    return torch.cat([penalty.slopes(d, one) for one in real], -1).median(-1).values


def against_itself(
    d: nn.Module, *, steps: int = 400, batch: int = 64, lr: float = 2e-3, r1: float = 0.0, looks: int = 8,
    seed: int = 0,
) -> tuple[list[int], Tensor]:  # fmt: skip
    """Train D on with a perfect generator: points of the ring on both sides. D changes in place.

    Returns:
        after how many steps the slope was taken, and what ``slope_on_data`` gives, ``(looks + 1, S)``.
    """
    draw = streams.generator(seed, "collapse/against itself")
    adam = torch.optim.Adam(d.parameters(), lr=lr, betas=(0.5, 0.999))
    count = games_of(d)
    at, found = [0], [slope_on_data(d)]
    for step in range(1, steps + 1):
        real = ring.sample(count, batch, generator=draw).requires_grad_(r1 > 0)
        on_real, on_fake = d(real), d(ring.sample(count, batch, generator=draw))
        loss = losses.discriminator_loss(on_real, on_fake)
        if r1 > 0:
            loss = loss + gan.r1_penalty(on_real, real, r1)
        adam.zero_grad()
        (count * loss).backward()
        adam.step()
        if step % (steps // looks) == 0:
            at.append(step)
            found.append(slope_on_data(d))
    return at, torch.stack(found)
