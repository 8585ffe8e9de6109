"""A score along a training, as a curve of straight pieces: its value at a place, its mean over a stretch, and
where it first reaches a threshold.
"""

import math
from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np


def at(xs: Sequence[float], ys: Sequence[float], x: float) -> float:
    """The curve's value at x, on the straight line between its two neighbours; in the unit of y.

    Args:
        xs: strictly rising, n at least 1.
        ys: one value at each.

    Raises:
        ValueError: x outside the measured range, values that are not finite, or xs that do not rise.
    """
    check_curve(xs, ys, least=1)
    if not xs[0] <= x <= xs[-1]:
        raise ValueError(
            f"got x = {x:g}, expected one from {xs[0]:g} to {xs[-1]:g}: nothing is measured outside"
        )
    return float(np.interp(x, xs, ys))


def mean_along(
    xs: Sequence[float], ys: Sequence[float], until: float | None = None, since: float | None = None
) -> float:
    """The mean of the curve along x, from ``since`` to ``until``; in the unit of y.

    Equation: ``1 / (u - s) * integral of y from s to u``, by trapezoids, so exact for straight pieces. A
    curve that falls earlier has a smaller one, even if both end at the same value. Two curves are
    compared over one stretch.

    Args:
        xs: strictly rising, n at least 2.
        ys: one value at each.
        until: u; the last x if None.
        since: s; the first x if None.

    Raises:
        ValueError: ``since`` not before ``until``, either outside what is measured, or as :func:`at`.
    """
    check_curve(xs, ys, least=2)
    start, end = xs[0] if since is None else since, xs[-1] if until is None else until
    if not xs[0] <= start < end <= xs[-1]:
        raise ValueError(
            f"got the stretch from {start:g} to {end:g}, expected one inside {xs[0]:g} to "
            f"{xs[-1]:g}: take a measured one"
        )
    inside = [(x, y) for x, y in zip(xs, ys, strict=True) if start < x < end]
    points = [(start, at(xs, ys, start)), *inside, (end, at(xs, ys, end))]
    pieces = zip(points, points[1:], strict=False)
    return math.fsum((x - w) * (y + v) / 2 for (w, v), (x, y) in pieces) / (end - start)


def reached(xs: Sequence[float], ys: Sequence[float], threshold: float) -> float | None:
    """The first x at which a falling score is at or below the threshold; None if it never is.
    In the unit of x.

    Between two measurements the curve is a straight line. A score that is there at the first measurement
    gives the first x: it may have been there before. A later rise changes nothing.

    Raises:
        ValueError: a threshold that is not finite, or as :func:`at`.
    """
    check_curve(xs, ys, least=1)
    if not math.isfinite(threshold):
        raise ValueError(f"got the threshold {threshold}, expected a finite number: give a score")
    if ys[0] <= threshold:
        return float(xs[0])
    for i in range(1, len(xs)):
        if ys[i] <= threshold:
            share = (ys[i - 1] - threshold) / (ys[i - 1] - ys[i])
            return float(xs[i - 1] + share * (xs[i] - xs[i - 1]))
    return None


def check_curve(xs: Sequence[float], ys: Sequence[float], least: int) -> None:
    if len(xs) != len(ys) or len(xs) < least:
        raise ValueError(
            f"got {len(xs)} x and {len(ys)} y, expected as many of both, {least} or more: give one curve"
        )
    if not all(is_finite(v) for v in (*xs, *ys)):
        raise ValueError(
            f"a curve of {len(xs)} points has a value that is not a finite number: leave such a curve out"
        )
    if any(right <= left for left, right in zip(xs, xs[1:], strict=False)):
        raise ValueError("the x of a curve do not rise, expected each larger than the one before: sort them")


def is_finite(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
