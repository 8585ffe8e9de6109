"""Eight small Gaussians on a circle: the standard place to watch a GAN lose modes,
because here they can be counted.
"""

import math

import torch
from torch import Tensor

MODES = 8
SPREAD = 0.05  # standard deviation of each Gaussian; the circle has radius 1
NEAR = 3 * SPREAD  # a sample within this distance of a centre counts as good; of the true data 98.9 % do
LEAST_SHARE = 0.01  # of the samples, to call a mode covered; the true share is 1/8


def centres(*, dtype: torch.dtype = torch.float64) -> Tensor:
    """The eight centres, ``(8, 2)``, anticlockwise from (1, 0)."""
    angle = torch.arange(MODES, dtype=dtype) * (2 * math.pi / MODES)
    return torch.stack([angle.cos(), angle.sin()], dim=1)


def sample(*shape: int, generator: torch.Generator, dtype: torch.dtype = torch.float64) -> Tensor:
    """Points of the ring, ``(*shape, 2)``: a centre at random, plus ``SPREAD`` times
    a standard normal draw.
    """
    mode = torch.randint(MODES, shape, generator=generator)
    return centres(dtype=dtype)[mode] + SPREAD * torch.randn(*shape, 2, generator=generator, dtype=dtype)


def covered(points: Tensor) -> tuple[int, float, Tensor]:
    """How much of the ring a cloud of points holds.

    Args:
        points: ``(n, 2)``.

    Returns:
        the number of covered modes (with at least 1 % of all points within ``NEAR`` of the centre), the share
        of good points (within ``NEAR`` of any centre), and how many good points each mode has, ``(8,)``.

    Raises:
        ValueError: not an ``(n, 2)`` cloud with at least one point.
    """
    if points.ndim != 2 or points.shape[1] != 2 or len(points) == 0:
        raise ValueError(
            f"points must have shape (n, 2) with n > 0, got {tuple(points.shape)}: pass one cloud at a time"
        )
    distance, nearest = torch.cdist(points, centres(dtype=points.dtype)).min(dim=1)  # (n,)
    counts = torch.bincount(nearest[distance < NEAR], minlength=MODES)
    return int((counts >= LEAST_SHARE * len(points)).sum()), counts.sum().item() / len(points), counts
