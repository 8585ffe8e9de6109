r"""The divergence from its definition, and the bound that a discriminator reaches (Nguyen et al. 2010;
Nowozin et al. 2016): integrals over a line, in float64.
"""

import torch
from torch import Tensor

from ..gan import gan
from .rows import Row, conjugate


def divergence(row: Row, log_p: Tensor, log_q: Tensor, x: Tensor) -> Tensor:
    """``D_f = integral q f(p / q)``."""
    return gan.f_divergence(row.f, log_p, log_q, x)


def by_formula(row: Row, log_p: Tensor, log_q: Tensor, x: Tensor) -> Tensor:
    """The same divergence from its formula in p and q."""
    return gan.integral(row.formula(log_p.exp(), log_q.exp()), x)


def best(row: Row, log_p: Tensor, log_q: Tensor) -> Tensor:
    """``T*(x) = f'(p(x) / q(x))``, the discriminator at which the bound is tight."""
    return row.slope((log_p - log_q).exp())


def bound(row: Row, t: Tensor, log_p: Tensor, log_q: Tensor, x: Tensor) -> Tensor:
    """``E_p[T] - E_q[f*(T)]``, for any discriminator T: at most ``D_f``."""
    return gan.integral(log_p.exp() * t - log_q.exp() * conjugate(row, t), x)


def weighted_mean_of_f(row: Row, p: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:
    """Both sides of Jensen's inequality for two distributions on finitely many outcomes: ``E_q[f(p / q)]``
    and ``f(E_q[p / q])``."""
    u = p / q
    return (q * row.f(u)).sum(), row.f((q * u).sum())


def two_gaussians(points: int = 26_001) -> tuple[Tensor, Tensor, Tensor]:
    """The example of the chapter, N(0, 1) as data and N(0.5, 1.2^2) as generator: log p, log q, x."""
    x = torch.linspace(-12, 14, points, dtype=gan.F64)
    return gan.bell().log_density(x), gan.bell(0.5, 1.2).log_density(x), x
