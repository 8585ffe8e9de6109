"""What usual mistakes make of the answers to the exercises of book/gan.ipynb, and the sentences that name
them.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from . import ring


def right_js(real: Tensor, fake: Tensor) -> Tensor:
    """The divergence in nats from optimal logits."""
    return math.log(2) - (F.softplus(-real).mean() + F.softplus(fake).mean()) / 2


def of_js(real: Tensor, fake: Tensor) -> list[tuple[Tensor, str]]:
    """Values of ``js_from_logits`` with one mistake."""
    right, log = right_js(real, fake), F.logsigmoid
    v = 2 * right - math.log(4)
    twice = "the logits go through the sigmoid twice: F.logsigmoid takes the logit itself, not D"
    roles = "real and generated are swapped: D says 1 to real samples, so log s(T) is their term"
    return [
        (v, "that is V itself: solve V = 2 JS - log 4 for JS"),
        (v / 2, "you left out log 4: two equal densities would get a negative divergence"),
        (v + math.log(4), "that is 2 JS: halve it"),
        (v + math.log(2), "log 4 is divided by 2, V is not: (V + log 4) / 2"),
        (v / 2 + math.log(4), "V is divided by 2, log 4 is not: (V + log 4) / 2"),
        ((v + math.log(2)) / 2, "that has log 2 in place of log 4: V is -log 4 where D cannot tell"),
        ((math.log(4) - v) / 2, "the sign is turned round: V is minus the discriminator's loss"),
        ((v - math.log(4)) / 2, "log 4 has the wrong sign: V = 2 JS - log 4, so it is added"),
        (right / math.log(2), "that is in bits: a natural logarithm everywhere gives nats"),
        (right_js(-real, -fake), roles),
        (right_js(fake, real), roles),
        (
            (log(real).mean() + log(fake).mean() + math.log(4)) / 2,
            "you score generated samples as if they were real: their term is log(1 - D), log s(-T)",
        ),
        (
            (log(real).sum() + log(-fake).sum() + math.log(4)) / 2,
            "you sum over samples; an expectation is a mean",
        ),
        (right_js(real.sigmoid(), fake.sigmoid()), twice),
        (
            (log(real).mean() + (1 - log(fake)).mean() + math.log(4)) / 2,
            "1 - log D is not log(1 - D): the latter is log s(-T)",
        ),
        (
            (real.sigmoid().mean() + (-fake).sigmoid().mean() + math.log(4)) / 2,
            "the logarithm is missing: V is made of log D, not of D",
        ),
        (
            (torch.cat([log(real), log(-fake)]).mean() + math.log(4)) / 2,
            "you average over real and generated samples together: V is the sum of two means",
        ),
        (
            torch.cat([log(real), log(-fake)]).mean() + math.log(2),
            "you average over real and generated samples together: V is the sum of two means",
        ),
        (
            (log(real).mean() - log(fake).mean() + math.log(4)) / 2,
            "-log D is not log(1 - D): the latter is log s(-T)",
        ),
        (-right, "every sign is turned: V and log 4 are both to be taken as they are"),
        (right / 2, "that is half of it: JS is (V + log 4) / 2, and V is the sum of two means"),
        *(
            ((v + constant) / 2, "log is the natural logarithm here, of 4 as well: math.log(4) is 1.386")
            for constant in (4, math.log2(4), math.log10(4))
        ),
        (
            right.clamp(min=0).sqrt(),
            "that is the root, called the Jensen-Shannon distance: the divergence itself is asked for",
        ),
        (
            (F.softplus(real).mean() + F.softplus(-fake).mean() + math.log(4)) / 2,
            "both signs of the logits are turned, and that of V: log s(t) is -softplus(-t)",
        ),
        (real.mean(), "that is the KL(p || q), the mean logit on real samples: JS needs both kinds"),
    ]


def of_generator_loss(logits: Tensor) -> list[tuple[Tensor, str]]:
    """Values of ``generator_loss`` with one mistake."""
    right = F.softplus(-logits).mean()
    return [
        (-F.softplus(logits).mean(), "that is still the minimax loss, log(1 - D), which saturates"),
        (-right, "the sign is turned round: G would make its samples less convincing"),
        (
            F.softplus(logits).mean(),
            "that is the discriminator's term for generated samples, -log(1 - D)",
        ),
        (F.softplus(-logits).sum(), "you sum; the loss is a mean over the batch"),
        (F.softplus(-logits), "that is a loss for each sample: average over the batch"),
        (right / math.log(2), "that is in bits: take the natural logarithm"),
        (-logits.mean(), "that is a Wasserstein generator's loss, -E T: here D is s(T)"),
        (-logits.sigmoid().mean(), "the logarithm is missing: -E log D, not -E D"),
        (
            F.softplus(-logits.sigmoid()).mean(),
            "the logits go through the sigmoid twice: softplus takes the logit itself",
        ),
        (F.relu(1 - logits).mean(), "that is a hinge loss: -log D of a logit is softplus(-t)"),
        ((logits - 1).square().mean(), "that is the loss of a least-squares GAN, which has no logarithm"),
        (right.log(), "the logarithm is there twice: softplus(-t) is -log s(t) already"),
    ]


def _share(near: Tensor) -> Tensor:
    return near.double().mean(0)


def _distance(points: Tensor, centres: Tensor, power: float = 2.0) -> Tensor:
    return torch.linalg.vector_norm(points[:, None] - centres[None], ord=power, dim=2)  # (n, m)


def modes(points: Tensor, centres: Tensor, near: float) -> int:
    """How many centres have at least 1 % of all points nearer than ``near``."""
    return int((_share(_distance(points, centres) < near) >= ring.LEAST_SHARE).sum())


def _of_all_near(points: Tensor, centres: Tensor, near: float) -> int:
    inside = _distance(points, centres) < near
    return int((inside.sum(0) >= ring.LEAST_SHARE * inside.any(1).sum()).sum())


def _nearest(points: Tensor, centres: Tensor) -> Tensor:
    return torch.bincount(_distance(points, centres).argmin(1), minlength=len(centres))


COVERED: list[tuple[Callable[[Tensor, Tensor, float], int], str]] = [
    (
        lambda p, c, near: len(c),
        "8 modes: you count the centres, not the points near them",
    ),
    (
        lambda p, c, near: int((_distance(p, c) < near).any(0).sum()),
        "a mode that one stray point of 200 hits is not covered: ask for at least 1 % of all points",
    ),
    (
        lambda p, c, near: int((_nearest(p, c) > 0).sum()),
        "every mode that is the nearest of some point counts for you: ask for the distance, and for 1 %",
    ),
    (
        lambda p, c, near: int((_nearest(p, c) >= ring.LEAST_SHARE * len(p)).sum()),
        "you count points that are nearest to a centre but not near it: ask for the distance too",
    ),
    (
        lambda p, c, near: modes(p, c, math.sqrt(near)),
        "you compare the squared distance with `near`: take the root, or square `near`",
    ),
    (
        lambda p, c, near: int((_share(_distance(p, c, 1.0) < near) >= ring.LEAST_SHARE).sum()),
        "you add up the differences of both coordinates: the distance is the root of their squares' sum",
    ),
    (
        lambda p, c, near: int((_share(_distance(p, c, math.inf) < near) >= ring.LEAST_SHARE).sum()),
        "you ask of each coordinate apart whether it is near, which is a square round the centre: take "
        "the distance",
    ),
    (
        lambda p, c, near: int((_share(_distance(p, c) < near) > ring.LEAST_SHARE).sum()),
        "exactly 1 % is enough: at least, so >= and not >",
    ),
    (
        lambda p, c, near: int((_share(_distance(p, c) < near) >= 0.1).sum()),
        "you ask for 10 % of the points: 1 % is 0.01",
    ),
    (
        lambda p, c, near: int((_share(_distance(p, c) < near) >= 1.0).sum()),
        "you ask for all points, or compare a share with 1: 1 % is 0.01",
    ),
    (_of_all_near, "your 1 % is of the points that are near some centre: it is of all points"),
    (
        lambda p, c, near: modes(p, c, ring.NEAR),
        "you use a distance of your own: `near` is the argument",
    ),
    (
        lambda p, c, near: int(((_distance(p, c) < near).sum(0) >= 2).sum()),
        "you ask for two points, which are 1 % of 200: of another number of points 1 % is another number",
    ),
    (
        lambda p, c, near: int((_distance(p, c) < near).any(1).sum()),
        "you count the points that are near, not the centres that have enough of them",
    ),
]


def clouds() -> list[tuple[Tensor, Tensor, float]]:
    """(points, centres, near): the exercise's 200 points, and more in which slips cannot hide."""
    centres = ring.centres()
    first = torch.cat(
        [
            centres[0].repeat(150, 1),
            centres[3].repeat(40, 1),
            centres[5].repeat(1, 1),  # a stray: one point of 200
            (0.5 * centres[6]).repeat(9, 1),  # nearest to mode 6, but nowhere near it
        ]
    )
    return [(first, centres, ring.NEAR), *(_cloud(k) for k in range(12))]


def _cloud(seed: int) -> tuple[Tensor, Tensor, float]:
    """Centres that hold about 1 % of the points and more, at distances of about `near`, in all directions.

    No point is near two centres, so it does not matter whether a point counts for its nearest one only.
    """
    g = torch.Generator().manual_seed(seed)
    scale, near, n = ((1.0, 0.2, 1000), (4.0, 1.3, 2000), (2.0, 0.4, 3000), (1.0, 0.1, 1000))[seed % 4]
    count = (8, 5, 8, 6)[seed % 4]
    centres = scale * ring.centres()[:count]
    tenths = torch.tensor([10, 9, 11, 3, 30])[torch.randint(5, (count,), generator=g)]
    factors = torch.tensor([0.5, 0.9, 0.9, 1.1])[torch.randint(4, (count,), generator=g)]
    tenths[0] = 500  # half of all points, so that 1 % of what is near differs from 1 % of all
    parts = []
    for centre, held, factor in zip(centres, tenths * n // 1000, factors.tolist(), strict=True):
        turned = 2 * math.pi * torch.rand(int(held), generator=g, dtype=torch.float64)
        parts.append(centre + near * factor * torch.stack([turned.cos(), turned.sin()], 1))
    rest = n - sum(len(part) for part in parts)
    bridges, far = rest // 2, rest - rest // 2
    parts += [0.3 * centres[torch.randint(count, (bridges,), generator=g)]]
    parts += [torch.full((far, 2), 20.0, dtype=torch.float64)]
    points = torch.cat(parts)
    return points[torch.randperm(n, generator=g)], centres, near
