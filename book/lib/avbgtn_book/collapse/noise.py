r"""Instance noise: the same noise on real and on generated points before D sees them, less and less of it
(Sonderby et al. 2017), and how strong a pull it leaves.
"""

import math


def schedule(step: int, steps: int, start: float, *, until: float = 0.9) -> float:
    """The noise's sd at a step: from ``start`` in a straight line to 0 at the share ``until`` of the steps,
    and 0 from there on."""
    return start * max(0.0, 1 - step / (until * steps))


def pull(distance: float, spread: float) -> float:
    r"""The slope of the best logit at a generator that covers one of two equal modes, towards the other one.

    Both modes are normal with sd ``spread``, noise included, and ``distance`` apart; the generator is the
    first of them. ``T(x) = log((1 + r(x)) / 2)`` with ``r(x)`` the ratio of the modes' densities.
    """
    u = distance**2 / (2 * spread**2)
    return distance / spread**2 / (1 + math.exp(u)) if u < 700 else 0.0


def best_spread(distance: float) -> float:
    r"""The spread of which the pull is largest: ``distance / sqrt(2 u)`` with ``(u - 1) e^u = 1``."""
    u = 1.3
    for _ in range(50):  # Newton
        u -= ((u - 1) * math.exp(u) - 1) / (u * math.exp(u))
    return distance / math.sqrt(2 * u)
