"""What usual mistakes make of the answers to the exercises of book/collapse.ipynb, and sentences that name
them.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

# --- feature matching: values of ``matching_loss(f_real, f_fake)`` with one mistake ---


def right_matching(real: Tensor, fake: Tensor) -> Tensor:
    """``|E_p f - E_q f|^2`` of features ``(n, A)`` and ``(m, A)``."""
    return (real.mean(0) - fake.mean(0)).square().sum()


def of_matching(real: Tensor, fake: Tensor) -> list[tuple[Tensor, str]]:
    apart = real.mean(0) - fake.mean(0)
    pairs = real[:, None] - fake[None]  # (n, m, A)
    few = min(len(real), len(fake))
    return [
        (
            (real[:few] - fake[:few]).square().sum(1).mean(),
            "each generated point is compared with one real point: take the two means first",
        ),
        (
            pairs.square().sum(-1).mean(),
            "all pairs of points are compared, and a generator at one place would win: take the means first",
        ),
        (apart.norm(), "that is the distance of the means; the loss is its square"),
        (apart.square().mean(), "the squares are averaged over the features: sum them"),
        (apart.abs().sum(), "the differences have to be squared, not made positive"),
        (apart.sum(), "without a square, too much of one feature makes up for too little of another"),
        (apart.sum().square(), "square each feature's difference, then sum: here they cancel first"),
        (
            (real.sum(0) - fake.sum(0)).square().sum(),
            "you compare sums; an expectation is a mean, and the two batches may differ in size",
        ),
        ((real.mean() - fake.mean()).square(), "one mean of all features: each feature has its own"),
        (
            (real.mean(1).mean() - fake.mean(1).mean()).square(),
            "one mean of all features: each feature has its own",
        ),
        (
            (real.var(0) - fake.var(0)).square().sum(),
            "that matches variances: the equation has the means of the features",
        ),
        (-apart.square().sum(), "the sign is turned round: G would move away from the data"),
    ]


# --- closeness: values of ``closeness(m)`` with one mistake ---


def right_closeness(m: Tensor) -> Tensor:
    """The mean over the others of ``exp(-|m_ib - m_jb|_1)``: ``(n, B, C)`` to ``(n, B)``."""
    return (_near(m, _apart(m)).sum(1) - 1) / (len(m) - 1)


def _apart(m: Tensor) -> Tensor:
    return m[:, None] - m[None]  # (n, n, B, C)


def _near(m: Tensor, apart: Tensor) -> Tensor:
    return torch.exp(-apart.abs().sum(-1))  # (n, n, B)


def of_closeness(m: Tensor) -> list[tuple[Tensor, str]]:
    apart, n = _apart(m), len(m)
    near, signed = _near(m, apart), torch.exp(-apart.sum(-1))
    others = (near.sum(1) - 1) / (n - 1)
    square = torch.exp(-apart.square().sum(-1))
    root = torch.exp(-apart.norm(dim=-1))
    itself = "it counts each point itself (j = i), whose distance is 0: leave it out and divide by n - 1"
    return [
        (
            signed.mean(1),
            "there are two faults: negative differences make up for positive ones, so the result exceeds 1, "
            "and each point itself is counted",
        ),
        (
            (signed.sum(1) - 1) / (n - 1),
            "negative differences make up for positive ones: a distance needs absolute values",
        ),
        (near.mean(1), itself),
        (near.sum(1), f"{itself}. It is a mean, not a sum"),
        (near.sum(1) / (n - 1), itself),
        ((near.sum(1) - 1) / n, "there are n - 1 others: divide by that number"),
        (near.sum(1) - 1, "that is the sum over the others; divide by n - 1, their number"),
        ((square.sum(1) - 1) / (n - 1), "that squares the differences: the distance sums absolute values"),
        ((root.sum(1) - 1) / (n - 1), "that is the Euclidean distance: sum the absolute values"),
        (
            (torch.exp(-apart.abs().mean(-1)).sum(1) - 1) / (n - 1),
            "the differences are averaged over C: sum them",
        ),
        (1 - others, "that says how far the others are: 1 must stand for nearness"),
        (apart.abs().sum(-1).sum(1) / (n - 1), "the exponential is missing: far points would count most"),
        (
            (torch.exp(apart.abs().sum(-1)).sum(1) - 1) / (n - 1),
            "the minus sign in the exponential is missing: far points would count most",
        ),
        (
            near.amax(1),
            "the nearest point is the point itself: take the mean over the others",
        ),
    ]


# --- the energies: pairs ``(loss of D, loss of G)`` with one mistake ---


def right_energies(real: Tensor, fake: Tensor, margin: float) -> Tensor:
    return torch.stack([real.mean() + F.relu(margin - fake).mean(), fake.mean()])


def of_energies(real: Tensor, fake: Tensor, margin: float) -> list[tuple[Tensor, str]]:
    d, g = right_energies(real, fake, margin)
    r, f = real.mean(), fake.mean()
    return [
        (torch.stack([g, d]), "the two losses are exchanged: first D's, then G's"),
        (
            torch.stack([r + margin - f, g]),
            "without max(0, .) D pushes the energy of generated points up without end",
        ),
        (torch.stack([r - f, g]), "the margin is missing: D pushes the energies up without end"),
        (
            torch.stack([r + F.relu(margin - f), g]),
            "the maximum is taken of the mean: points far above the margin would make up for others",
        ),
        (
            torch.stack([F.relu(margin - real).mean() + f, g]),
            "real and generated points have changed places: low energy is for the data",
        ),
        (
            torch.stack([r + F.relu(fake - margin).mean(), g]),
            "the sign inside the maximum is turned round: D pays where the energy is below the margin",
        ),
        (
            torch.stack([r - F.relu(margin - fake).mean(), g]),
            "the margin's term has to be added: D pays for generated points of low energy",
        ),
        (torch.stack([r + F.relu(1.0 - fake).mean(), g]), "you use the margin 1: use `margin`"),
        (torch.stack([d, -g]), "G's sign is turned round: it wants low energy for its points"),
        (
            torch.stack([d, F.relu(margin - fake).mean()]),
            "G minimises the energy of its points itself, without a margin",
        ),
        (torch.stack([d, -F.relu(margin - fake).mean()]), "G's loss has no margin: it is the mean energy"),
        (torch.stack([d, g - r]), "G's loss holds generated points only"),
        (
            torch.stack([real.sum() + F.relu(margin - fake).sum(), fake.sum()]),
            "you sum over points; an expectation is a mean",
        ),
        (
            torch.stack([F.relu(margin - fake).mean(), g]),
            "D also has to lower the energy of the data: their term is missing",
        ),
    ]
