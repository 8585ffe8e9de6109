"""Scores of UNIT in the plane: with twins that training never sees, and as distributions."""

from collections.abc import Sequence

import torch
from torch import Tensor

from avbgtn.models import losses
from avbgtn.models.unit import UNIT

from .toy_domains import ToyDomains

F64 = torch.float64


@torch.no_grad()
def score(model: UNIT, domains: Sequence[ToyDomains], n: int = 300) -> tuple[dict[str, Tensor], Tensor]:
    """Scores of each run ``(R,)``, with zero noise on ``n`` things that training did not see,
    and the translations ``(n, R, 2)``.

    ``error``: mean absolute difference of a translation to its twin. ``right``: share of translations that
    lie nearest to their own kind's place. ``rec``, ``cycle``: mean absolute difference of x11 and x121 to x1.
    ``gap``: energy distance of the translations to other things of domain 2; 0 for equal distributions.
    ``d2``: the loss of D2, 2 log 2 at chance.
    """
    sets = [one.twins(n) for one in domains]
    kinds, x1, x2 = (torch.stack([s[i] for s in sets], 1) for i in range(3))
    others = torch.stack([one.twins(n, seed=1)[2] for one in domains], 1)
    places = torch.stack([one.true_map(torch.tensor(one.places, dtype=F64)) for one in domains])  # (R, K, 2)
    x11, x12 = model.translate(x1, 1, 1), model.translate(x1, 1, 2)
    x121 = model.translate(x12, 2, 1)
    nearest = torch.cdist(x12.transpose(0, 1), places).argmin(-1).T  # (n, R)
    real, fake = (model.discriminate({1: x1, 2: x})[2] for x in (others, x12))
    per_run = {
        "error": (x12 - x2).abs().mean((0, 2)),
        "right": (nearest == kinds).double().mean(0),
        "rec": (x11 - x1).abs().mean((0, 2)),
        "cycle": (x121 - x1).abs().mean((0, 2)),
        "gap": energy_distance(x12.transpose(0, 1), others.transpose(0, 1)),
        "d2": torch.stack([losses.discriminator_loss(r, f) for r, f in zip(real.T, fake.T, strict=True)]),
    }
    return per_run, x12


def energy_distance(a: Tensor, b: Tensor) -> Tensor:
    """``2 E|a - b| - E|a - a'| - E|b - b'|`` of samples ``(R, n, 2)``, shape ``(R,)``:
    0 for equal distributions only.
    """
    return sum(
        s * torch.cdist(p, q).sum((1, 2)) / pairs
        for s, p, q, pairs in (
            (2, a, b, a.shape[1] * b.shape[1]),
            (-1, a, a, a.shape[1] * (a.shape[1] - 1)),
            (-1, b, b, b.shape[1] * (b.shape[1] - 1)),
        )
    )
