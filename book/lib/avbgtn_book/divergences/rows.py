r"""Ten f-divergences, one row each: ``f``, its slope, its convex conjugate, and its formula.

``u = p(x) / q(x)`` with the density p of the data and q of the generator, and ``D_f = integral q f(p / q)``.
The names and functions are those of the table in Nowozin et al. (2016), which one lecture repeats.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from scipy.special import wrightomega
from torch import Tensor
from torch.special import xlogy

Function = Callable[[Tensor], Tensor]
PI = 0.3  # the weight of the data in the weighted Jensen-Shannon divergence
LOG2 = math.log(2)


@dataclass(frozen=True)
class Row:
    """One divergence.

    Attributes:
        f: convex on ``u >= 0``.
        slope: ``f'(u)``; the best discriminator is ``T* = f'(p / q)``.
        conjugate: ``f*(t)`` where it is finite.
        low, high: f* has the formula of ``conjugate`` between them; it is infinite above ``high``.
        formula: the integrand of the divergence in terms of p and q.
        samples, data: what one unit of probability costs where there are samples and no data, ``f(0)``, and
            where there are data and no samples, the limit of ``f(u) / u``.
    """

    f: Function
    slope: Function
    conjugate: Function
    formula: Callable[[Tensor, Tensor], Tensor]
    samples: float
    data: float
    low: float = -math.inf
    high: float = math.inf


def omega(t: Tensor) -> Tensor:
    """``w > 0`` with ``w + log w = t``: Lambert's ``W(e^t)``, for t of any size."""
    return torch.as_tensor(wrightomega(t.detach().numpy()), dtype=t.dtype)


def _jeffrey_conjugate(t: Tensor) -> Tensor:
    w = omega(1 - t)
    return w + 1 / w + t - 2


def _entropy_to(m: Callable[[Tensor, Tensor], Tensor], p: Tensor, q: Tensor, a: float, b: float) -> Tensor:
    """``a p log(p / m) + b q log(q / m)``."""
    return a * p * (p / m(p, q)).log() + b * q * (q / m(p, q)).log()


def _middle(p: Tensor, q: Tensor) -> Tensor:
    return (p + q) / 2


def _weighted(p: Tensor, q: Tensor) -> Tensor:
    return PI * p + (1 - PI) * q


ROWS = {
    "total variation": Row(
        f=lambda u: (u - 1).abs() / 2,
        slope=lambda u: (u - 1).sign() / 2,
        conjugate=lambda t: t,
        formula=lambda p, q: (p - q).abs() / 2,
        samples=0.5, data=0.5, low=-0.5, high=0.5,
    ),
    "KL": Row(
        f=lambda u: xlogy(u, u),
        slope=lambda u: u.log() + 1,
        conjugate=lambda t: (t - 1).exp(),
        formula=lambda p, q: p * (p / q).log(),
        samples=0.0, data=math.inf,
    ),
    "reverse KL": Row(
        f=lambda u: -u.log(),
        slope=lambda u: -1 / u,
        conjugate=lambda t: -1 - (-t).log(),
        formula=lambda p, q: q * (q / p).log(),
        samples=math.inf, data=0.0, high=0.0,
    ),
    "Pearson": Row(
        f=lambda u: (u - 1).square(),
        slope=lambda u: 2 * (u - 1),
        conjugate=lambda t: t.square() / 4 + t,
        formula=lambda p, q: (p - q).square() / q,
        samples=1.0, data=math.inf, low=-2.0,
    ),
    "Neyman": Row(
        f=lambda u: (1 - u).square() / u,
        slope=lambda u: 1 - 1 / u.square(),
        conjugate=lambda t: 2 - 2 * (1 - t).sqrt(),
        formula=lambda p, q: (p - q).square() / p,
        samples=math.inf, data=1.0, high=1.0,
    ),
    "squared Hellinger": Row(
        f=lambda u: (u.sqrt() - 1).square(),
        slope=lambda u: 1 - 1 / u.sqrt(),
        conjugate=lambda t: t / (1 - t),
        formula=lambda p, q: (p.sqrt() - q.sqrt()).square(),
        samples=1.0, data=1.0, high=1.0,
    ),
    "Jeffrey": Row(
        f=lambda u: (u - 1) * u.log(),
        slope=lambda u: 1 - 1 / u + u.log(),
        conjugate=_jeffrey_conjugate,
        formula=lambda p, q: (p - q) * (p / q).log(),
        samples=math.inf, data=math.inf,
    ),
    "2 JS": Row(
        f=lambda u: xlogy(u, u) - (u + 1) * ((1 + u) / 2).log(),
        slope=lambda u: (2 * u / (1 + u)).log(),
        conjugate=lambda t: -(2 - t.exp()).log(),
        formula=lambda p, q: _entropy_to(_middle, p, q, 1.0, 1.0),
        samples=LOG2, data=LOG2, high=LOG2,
    ),
    "weighted JS": Row(
        f=lambda u: PI * xlogy(u, u) - (1 - PI + PI * u) * (1 - PI + PI * u).log(),
        slope=lambda u: PI * (u / (1 - PI + PI * u)).log(),
        conjugate=lambda t: (1 - PI) * ((1 - PI) / (1 - PI * (t / PI).exp())).log(),
        formula=lambda p, q: _entropy_to(_weighted, p, q, PI, 1 - PI),
        samples=-(1 - PI) * math.log(1 - PI), data=-PI * math.log(PI), high=-PI * math.log(PI),
    ),
    "GAN": Row(
        f=lambda u: xlogy(u, u) - (u + 1) * (u + 1).log(),
        slope=lambda u: (u / (1 + u)).log(),
        conjugate=lambda t: -(1 - t.exp()).log(),
        formula=lambda p, q: _entropy_to(_middle, p, q, 1.0, 1.0) - LOG2 * (p + q),
        samples=0.0, data=0.0, high=0.0,
    ),
}  # fmt: skip

FIVE = ("KL", "reverse KL", "2 JS", "Jeffrey", "Pearson")  # those that the lecture fits


def conjugate(row: Row, t: Tensor) -> Tensor:
    """``f*(t)`` for every t: the formula where it holds, ``-f(0)`` below ``low``, and infinity above
    ``high``.

    Below ``low`` the line ``u t - f(u)`` falls from the start, and the best of all ``u >= 0`` is 0.
    """
    inside = t.clamp(row.low, row.high)
    found = torch.where(t < row.low, torch.tensor(-row.samples, dtype=t.dtype), row.conjugate(inside))
    return torch.where(t > row.high, math.inf, found)


def conjugate_by_search(row: Row, t: Tensor, u: Tensor) -> Tensor:
    """``max over u of {u t - f(u)}`` on the places ``u`` ``(m,)``, which needs no formula."""
    height = row.f(u)
    return torch.stack([(u * slope - height).max() for slope in t.flatten()]).reshape(t.shape)


def twice_conjugate(row: Row, u: Tensor, t: Tensor) -> Tensor:
    """``f**(u) = max over t of {u t - f*(t)}``, the envelope of the lines with slopes ``t`` ``(m,)``."""
    below = conjugate(row, t)
    return torch.stack([(at * t - below).max() for at in u.flatten()]).reshape(u.shape)


def tangent(row: Row, at: Tensor, u: Tensor) -> Tensor:
    """The line that touches f at ``at``, over ``u``: ``f'(at) u - f*(f'(at))``."""
    slope = row.slope(at)
    return slope * u - conjugate(row, slope)
