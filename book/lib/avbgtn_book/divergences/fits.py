"""One Gaussian for two humps: the best fit under each of five divergences, and what the others say of it."""

import functools
import math
from collections.abc import Mapping
from typing import NamedTuple

import torch
from scipy.optimize import minimize
from torch import Tensor

from ..gan import gan

F64 = torch.float64
HUMPS = gan.Mixture((-1.5, 1.5), (0.5, 0.8), (0.4, 0.6))
NAMES = ("KL", "reverse KL", "JS", "Jeffrey", "Pearson")

# The table of the lecture: row, what the Gaussian was trained on; column, what it is tested by; as in NAMES.
PRINTED = torch.tensor(
    [
        [0.2808, 0.3423, 0.1314, 0.5447, 0.7345],
        [0.3518, 0.2414, 0.1228, 0.5794, 1.3974],
        [0.2871, 0.2760, 0.1210, 0.5260, 0.9216],
        [0.2869, 0.2975, 0.1247, 0.5236, 0.8849],
        [0.2970, 0.5466, 0.1665, 0.7085, 0.6480],
    ],
    dtype=F64,
)


class Fit(NamedTuple):
    """A Gaussian: where it is, how wide, and the divergence that is left."""

    mean: float
    std: float
    value: float = math.nan


def line(points: int = 4001) -> Tensor:
    """Where the integrals of this file are summed."""
    return gan.grid(-20, 20, points)


def divergence(name: str, log_p: Tensor, log_q: Tensor, x: Tensor) -> Tensor:
    """One of ``NAMES``, by quadrature from log densities, so that thin tails do no harm."""
    if name == "KL":
        return gan.kl(log_p, log_q, x)
    if name == "reverse KL":
        return gan.kl(log_q, log_p, x)
    if name == "JS":
        return gan.js(log_p, log_q, x)
    if name == "Jeffrey":
        return gan.kl(log_p, log_q, x) + gan.kl(log_q, log_p, x)
    if name == "Pearson":  # integral p^2 / q - 1; where it is infinite a very large number
        return gan.integral((2 * log_p - log_q).clamp(max=300).exp(), x) - 1
    raise ValueError(f"name must be one of {', '.join(NAMES)}, got {name!r}")


def moments(mixture: gan.Mixture) -> Fit:
    """Mean and standard deviation of a mixture."""
    mean, std, weight = (torch.tensor(v, dtype=F64) for v in (mixture.means, mixture.stds, mixture.weights))
    middle = (weight * mean).sum()
    return Fit(middle.item(), (weight * (std.square() + mean.square())).sum().sub(middle**2).sqrt().item())


def least(what, mixture: gan.Mixture = HUMPS, x: Tensor | None = None, *, close: float = 1e-9) -> Fit:
    """The Gaussian with the least ``what(log_p, log_q, x)`` from the mixture, by Nelder and Mead's simplex.

    It begins at the moments of the mixture and at each of its components, since there may be several minima.
    """
    x = line() if x is None else x
    log_p = mixture.log_density(x)

    def value(at) -> float:
        return what(log_p, gan.bell(at[0], math.exp(at[1])).log_density(x), x).item()

    starts = [moments(mixture)] + [Fit(m, s) for m, s in zip(mixture.means, mixture.stds, strict=True)]
    options = {"xatol": close, "fatol": 1e-13, "maxiter": 400}
    found = [
        minimize(value, (s.mean, math.log(s.std)), method="Nelder-Mead", options=options) for s in starts
    ]
    best = min(found, key=lambda result: result.fun)
    return Fit(float(best.x[0]), math.exp(best.x[1]), float(best.fun))


def fit(name: str, mixture: gan.Mixture = HUMPS, x: Tensor | None = None, **options) -> Fit:
    """The Gaussian with the least divergence ``name``, one of ``NAMES``."""
    return least(functools.partial(divergence, name), mixture, x, **options)


def all_fits(mixture: gan.Mixture = HUMPS, x: Tensor | None = None, **options) -> dict[str, Fit]:
    """The best Gaussian under each divergence."""
    return {name: fit(name, mixture, x, **options) for name in NAMES}


def table(fits: Mapping[str, Fit], mixture: gan.Mixture = HUMPS, x: Tensor | None = None) -> Tensor:
    """Row: which divergence a Gaussian was fitted by; column: the divergence that it is tested by. ``(5,
    5)``.
    """
    x = line() if x is None else x
    log_p = mixture.log_density(x)
    rows = []
    for name in NAMES:
        log_q = gan.bell(fits[name].mean, fits[name].std).log_density(x)
        rows.append(torch.stack([divergence(column, log_p, log_q, x) for column in NAMES]))
    return torch.stack(rows)


def on_diagonal(found: Tensor) -> list[bool]:
    """For each column of a table, whether its least entry is on the diagonal."""
    return [bool(found[:, k].argmin() == k) for k in range(len(found))]


def missing_in_jeffrey(found: Tensor) -> Tensor:
    """Jeffrey's divergence less the sum of both KL divergences, of each row: 0 for true divergences."""
    return found[:, 3] - found[:, 0] - found[:, 1]
