"""What usual mistakes make of the answers to the exercises of book/critics.ipynb, and the sentences that
name them.
"""

from collections.abc import Callable

import torch
from torch import Tensor

# --- the gradient penalty: values of ``penalty(gradients, weight)`` with one mistake ---


def right_penalty(gradients: Tensor, weight: float) -> Tensor:
    """``lambda E[(|grad f| - 1)^2]`` from the gradients ``(n, d)``."""
    return weight * (gradients.norm(dim=-1) - 1).square().mean()


def of_penalty(gradients: Tensor, weight: float) -> list[tuple[Tensor, str]]:
    norm = gradients.norm(dim=-1)
    right = right_penalty(gradients, weight)
    return [
        (right / weight, "lambda is missing: the mean has to be multiplied by `weight`"),
        (
            weight * (norm.square() - 1).square().mean(),
            "you compare the squared norm with 1: take the root of the sum of squares first",
        ),
        (
            weight * (gradients - 1).square().mean(),
            "every entry of a gradient is compared with 1: what should be 1 is the norm over the last axis",
        ),
        (
            weight * (gradients - 1).square().sum(-1).mean(),
            "every entry of a gradient is compared with 1: what should be 1 is the norm over the last axis",
        ),
        (
            weight * (gradients.norm() - 1).square(),
            "one norm of the whole batch: each point has its own gradient and its own norm",
        ),
        (
            weight * (norm.mean() - 1).square(),
            "the mean norm is compared with 1: steep places would make up for flat ones. Square first, "
            "then mean",
        ),
        (
            weight * (norm - 1).clamp(min=0).square().mean(),
            "that is the one-sided penalty: slopes below 1 should cost too",
        ),
        (
            weight * (norm - 1).clamp(min=0).mean(),
            "that is the slide's penalty, linear and one-sided: it sets no limit beyond lambda",
        ),
        (weight * (norm - 1).abs().mean(), "the deviation from 1 has to be squared"),
        (weight * (norm - 1).mean(), "without the square, slopes below 1 would be rewarded"),
        (weight * norm.square().mean(), "the 1 is missing: this pulls all slopes to 0, as R1 does"),
        (weight * (norm - 1).square().sum(), "you sum over points; an expectation is a mean"),
        (weight / 2 * (norm - 1).square().mean(), "there is no factor 1/2: that belongs to R1"),
        (
            weight * (gradients.abs().sum(-1) - 1).square().mean(),
            "that is the sum of absolute values: the slope is the Euclidean norm",
        ),
    ]


# --- clipping ---


def clipped(w: Tensor, c: float) -> Tensor:
    return w.clamp(-c, c)


CLIPPED: list[tuple[Callable, str]] = [
    (
        lambda w, c: torch.where(w > c, -c, w),
        "a weight above c is thrown to -c, the other end, and one below -c stays there: there are two faults",
    ),
    (
        lambda w, c: torch.where(w > c, -c, w).clamp(min=-c),
        "a weight above c is still thrown to -c, the other end: bring it to the end that it passed",
    ),
    (
        lambda w, c: torch.where(w > c, -c, torch.where(w < -c, c, w)),
        "a weight outside is thrown to the other end: bring it to the end that it passed",
    ),
    (lambda w, c: w.clamp(max=c), "a weight below -c stays there: clip at both ends"),
    (lambda w, c: w.clamp(min=-c), "a weight above c stays there: clip at both ends"),
    (lambda w, c: w, "nothing is clipped: return the new weights"),
    (lambda w, c: w.clamp(0, c), "negative weights are lost: the interval is [-c, c]"),
    (lambda w, c: w.abs().clamp(max=c), "the sign is lost: a weight of -1 has to become -c"),
    (lambda w, c: c * w.sign(), "weights inside [-c, c] have to stay as they are"),
    (lambda w, c: c * torch.tanh(w / c), "weights inside [-c, c] have to stay exactly as they are"),
    (lambda w, c: c * w / w.abs().max(), "all weights are scaled; only those outside may change"),
    (lambda w, c: torch.where(w.abs() > c, 0.0, w), "a weight outside becomes 0: it has to become c or -c"),
    (lambda w, c: w.clamp(-1, 1), "you clip at 1: use c"),
]


# --- the distance of piles ---


def right_distance(x: Tensor, y: Tensor, p: Tensor, q: Tensor) -> Tensor:
    """``W`` of masses p at places x and masses q at places y."""
    places, order = torch.cat([x, y]).sort()
    carried = torch.cat([p, -q])[order].cumsum(0)[:-1]
    return (carried.abs() * places.diff()).sum()


def of_distance(x: Tensor, y: Tensor, p: Tensor, q: Tensor) -> list[tuple[Tensor, str]]:
    change, both = torch.cat([p, -q]), torch.cat([x, y])
    places, order = both.sort()
    carried = change[order].cumsum(0)[:-1]
    gaps = places.diff()
    return [
        (
            (p @ x - q @ y).abs(),
            "the difference of the means: earth that goes left would pay for earth that goes right",
        ),
        (
            (carried * gaps).sum().abs(),
            "without the absolute value at each gap, ways to the left count as negative",
        ),
        (
            -(carried * gaps).sum(),
            "without the absolute value at each gap, ways to the left count as negative",
        ),
        (
            (carried * gaps).sum(),
            "without the absolute value at each gap, ways to the left count as negative",
        ),
        (carried.abs().sum(), "each gap has to be multiplied by its length"),
        (
            (carried.square() * gaps).sum(),
            "the difference of the two functions is squared: take its absolute value",
        ),
        (
            (carried.square() * gaps).sum().sqrt(),
            "the difference of the two functions is squared: take its absolute value",
        ),
        (
            (change.cumsum(0)[:-1].abs() * both.diff().abs()).sum(),
            "the places are not sorted: the sum has to go from left to right",
        ),
        (
            (change.cumsum(0)[:-1].abs() * gaps).sum(),
            "the places are sorted, the masses are not: move each mass together with its place",
        ),
        ((torch.cat([p, q])[order].cumsum(0)[:-1].abs() * gaps).sum(), "q has to be subtracted from p"),
        (
            ((p[:, None] * q) * (x[:, None] - y).abs()).sum(),
            "that is the cost of the independent plan, which spreads each pile over all places",
        ),
        (
            right_distance(x, y, torch.full_like(p, 1 / len(p)), torch.full_like(q, 1 / len(q))),
            "the masses are ignored: points may weigh differently",
        ),
        ((carried.abs() * gaps).max(), "the largest term alone: add up the gaps"),
        (right_distance(x, y, p, q) / len(gaps), "you average over the gaps; W is their sum"),
    ]
