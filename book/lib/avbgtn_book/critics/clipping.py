r"""Weight clipping, as it is meant and as it is printed, and which slope it allows."""

import math

import torch
from torch import Tensor

from ..further import games, penalty
from . import duel

F64 = torch.float64


def clip(weight: Tensor, c: float) -> Tensor:
    """Every weight brought back to the nearer end of ``[-c, c]``."""
    return weight.clamp(-c, c)


def clip_as_printed(weight: Tensor, c: float) -> Tensor:
    """``if w > c then w = -c`` (and the other way round): the slip of one lecture, which throws a weight from
    one end to the other."""
    thrown = torch.where(weight > c, -c, weight)
    return torch.where(weight < -c, c, thrown)


def saw(rule, c: float, *, step: float, steps: int = 100) -> Tensor:
    """One weight that a constant gradient pushes up by ``step`` per update, and ``rule`` after each:
    ``(steps,)``."""
    weight, path = torch.zeros((), dtype=F64), []
    for _ in range(steps):
        weight = rule(weight + step, c)
        path.append(weight)
    return torch.stack(path)


def largest_slope(c: float, widths: tuple[int, ...]) -> float:
    r"""No clipped perceptron is steeper than the one whose weights are all c: ``c^L`` times the numbers of
    hidden units, on one input. ``widths``: of the hidden layers; L = len(widths) + 1.
    """
    return c ** (len(widths) + 1) * math.prod(widths)


def slope_against_c(
    cs: list[float], *, seeds: int = 3, seed: int = 0, steps: int = 400, lr: float = 5e-4
) -> Tensor:
    """The median slope between the two Gaussians of critics clipped at each c: ``(len(cs), seeds)``."""
    middle = torch.linspace(-2, 2, 81, dtype=F64).view(1, -1, 1).expand(seeds, -1, 1)
    medians = []
    for c in cs:
        method = games.Method(f"clipped at {c:g}", loss="difference", clip=c, lr=lr, betas=None)
        real, fake = duel.gaussians(128, seeds)
        shape = duel.Shape(width=32, depth=3)
        net = duel.learn(method, real, fake, shape=shape, inputs=1, seeds=seeds, seed=seed, steps=steps)
        medians.append(penalty.slopes(net, middle).median(dim=1).values)
    return torch.stack(medians)
