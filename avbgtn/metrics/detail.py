"""Scores of what makes a picture good to look at: the face, which hair and background drown in a mean over
all pixels, and the finest grid, which blurred pictures lack and transposed convolutions overdo.
"""

import numpy as np
import torch
from torch import Tensor

from .images import OUTSIDE, _unit

FLAT = 0.035  # in [0, 1]: neighbours of a plain background differ by less, those at its edge by more


@torch.no_grad()
def grid_energy(images: Tensor) -> float:
    """How much of the finest grid there is: the root mean square, over all blocks of 2 x 2 pixels, of
    ``a - b - c + d`` with ``a b`` above ``c d``, in units of [0, 1].

    A checkerboard ``0.5 + s (-1)^(row + column)`` has ``4 s``, a flat or evenly sloping picture 0. It is to
    be compared with that of the true pictures: hair has some.

    Args:
        images: (N, C, H, W) in [-1, 1], sides even.
    """
    x = _unit(images)
    corners = x[..., ::2, ::2], x[..., ::2, 1::2], x[..., 1::2, ::2], x[..., 1::2, 1::2]
    a, b, c, d = corners
    return (a - b - c + d).square().mean().sqrt().item()


@torch.no_grad()
def face_masks(images: Tensor, hair: Tensor) -> Tensor:
    """The person without the hair: whatever is neither hair nor plain background, (N, 1, H, W) of bool.

    The background is where a pixel differs from its neighbours by less than ``FLAT`` in each channel, joined
    with the upper border (or the upper third of a side) through such pixels. So the pixel beside an edge
    belongs to the person; lines of one or two pixels, as remain along the hair, do not.

    Args:
        images: (N, 3, H, W) in [-1, 1], in front of a background without edges.
        hair: (N, 1, H, W) in [0, 1].
    """
    from scipy import ndimage  # of avbgtn[train]

    found = []
    for image, inside in zip(_unit(images).numpy(), hair.cpu().numpy(), strict=True):
        outside = inside[0] < OUTSIDE
        regions, _ = ndimage.label((_steepest(image) < FLAT) & outside)
        third = len(regions) // 3
        border = np.unique(np.concatenate([regions[0], regions[:third, 0], regions[:third, -1]]))
        person = outside & ~np.isin(regions, border[border > 0])
        found.append(torch.from_numpy(ndimage.binary_opening(person, np.ones((3, 3)))))
    return torch.stack(found)[:, None]


def _steepest(image: np.ndarray) -> np.ndarray:
    """(C, H, W) -> (H, W): the largest difference to one of the four neighbours in any channel."""
    steepest = np.zeros(image.shape[1:])
    for axis in (0, 1):
        step = np.abs(np.diff(image, axis=axis + 1)).max(0)
        first, second = [slice(None)] * 2, [slice(None)] * 2
        first[axis], second[axis] = slice(None, -1), slice(1, None)
        for place in (tuple(first), tuple(second)):
            steepest[place] = np.maximum(steepest[place], step)
    return steepest


@torch.no_grad()
def masked_l1(estimate: Tensor, truth: Tensor, place: Tensor) -> float:
    """Mean absolute error in [0, 1] over the pixels (N, 1, H, W) of ``place``, pooled over all images."""
    error = (_unit(estimate) - _unit(truth)).abs().mean(dim=1, keepdim=True)
    return error[place.cpu()].mean().item()
