r"""The earth mover's distance of piles: which plan moves one pile onto another at the least cost?

A plan ``gamma`` is a matrix ``(n, m)``: how much of pile ``p_i`` goes to place ``q_j``. Its rows sum to ``p``
and its columns to ``q``. The cost is ``sum gamma_ij c_ij``.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linprog


class Plan(NamedTuple):
    """The best plan.

    Attributes:
        cost: W, mass times way.
        plan: gamma, ``(n, m)``.
        potentials: the dual solution, f ``(n,)`` on p and g ``(m,)`` on q, with ``f_i + g_j <= c_ij``.
    """

    cost: float
    plan: NDArray
    potentials: tuple[NDArray, NDArray]


def distances(x: ArrayLike, y: ArrayLike) -> NDArray:
    """``|x_i - y_j|``, ``(n, m)``, for places on a line ``(n,)`` or in space ``(n, d)``."""
    x, y = (np.atleast_2d(np.asarray(v, float).T).T for v in (x, y))
    return np.linalg.norm(x[:, None] - y[None], axis=-1)


def best_plan(p: ArrayLike, q: ArrayLike, cost: ArrayLike) -> Plan:
    """The best of all plans, by linear programming.

    Args:
        p, q: masses, ``(n,)`` and ``(m,)``, not negative, of equal sums.
        cost: ``(n, m)``.

    Raises:
        ValueError: masses that are negative or of unequal sums, or another shape of ``cost``.
    """
    p, q, cost = (np.asarray(v, float) for v in (p, q, cost))
    if cost.shape != (len(p), len(q)):
        raise ValueError(f"cost must have shape {(len(p), len(q))}, got {cost.shape}")
    if min(p.min(), q.min()) < 0 or abs(p.sum() - q.sum()) > 1e-9:
        raise ValueError(f"masses must be at least 0 and of equal sums, got {p.sum():g} and {q.sum():g}")
    n, m = cost.shape
    rows, columns = np.kron(np.eye(n), np.ones(m)), np.kron(np.ones(n), np.eye(m))
    solved = linprog(
        cost.ravel(), A_eq=np.vstack([rows, columns]), b_eq=np.concatenate([p, q]), method="highs"
    )
    if solved.status != 0:
        raise RuntimeError(f"linear programming stopped: {solved.message}")
    dual = solved.eqlin.marginals
    return Plan(float(solved.fun), solved.x.reshape(n, m), (dual[:n], dual[n:]))


def independent_plan(p: ArrayLike, q: ArrayLike) -> NDArray:
    """``p_i q_j``: every pile is strewn over all places as q is."""
    return np.outer(p, q)


def sorted_distance(x: ArrayLike, y: ArrayLike, p: ArrayLike | None = None, q: ArrayLike | None = None):
    r"""``W = integral |F_p - F_q|`` of points on a line, exact, by sorting.

    Args:
        x, y: places, ``(n,)`` and ``(m,)``, in any order.
        p, q: their masses, equal ones where left out; each sums to 1.
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    p = np.full(len(x), 1 / len(x)) if p is None else np.asarray(p, float)
    q = np.full(len(y), 1 / len(y)) if q is None else np.asarray(q, float)
    places, change = np.concatenate([x, y]), np.concatenate([p, -q])
    order = np.argsort(places)
    between = np.cumsum(change[order])[:-1]  # F_p - F_q from each place to the next
    return float(np.abs(between) @ np.diff(places[order]))


def steepest(x: ArrayLike, potential: ArrayLike) -> float:
    """The largest slope of a potential between two of its places: at most 1 for the dual of a distance."""
    x, potential = np.asarray(x, float), np.asarray(potential, float)
    way = distances(x, x)
    pairs = way > 0
    return float((np.abs(potential[:, None] - potential[None])[pairs] / way[pairs]).max())
