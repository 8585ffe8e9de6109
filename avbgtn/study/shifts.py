"""Pictures unlike those of the training, whose true translations are known all the same.

This is our reading of "faces not in the dataset": unseen heads under a change that no training picture had
(those were only ever cropped by 3 % and mirrored). The same change is made to an image, to its twin and to
its mask, so a translation of the changed image is scored as any other is, by :mod:`avbgtn.metrics.evaluate`.
Photographs differ from rendered heads in more than this, and of those there are no twins.
"""

import math
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional as F

from ..data import Evaluation

DARKER = 0.6  # what is left of the light
TURNED = 15.0  # degrees, counter-clockwise as one sees the picture
CLOSER = 0.8  # the share of each side that is left, enlarged to the full size
SHIFTS = ("darker", "turned", "closer")


def shifted(evaluation: Evaluation, name: str) -> Evaluation:
    """The same split under one change, of images, twins and masks alike; what is None stays None.

    * ``darker``: values in [0, 1] times 0.6. The masks stay as they are: there is as much hair in the dark.
    * ``turned``: by 15 degrees about the middle, bilinear; the reflected picture comes in at the corners.
    * ``closer``: the middle 80 % of each side, enlarged to the full size, bilinear.

    Args:
        evaluation: images in [-1, 1], masks in [0, 1]. It is left as it is.
        name: one of :data:`SHIFTS`.

    Returns:
        An ``Evaluation`` with the same shapes, ranges and names.

    Raises:
        ValueError: another name.
    """
    if name not in SHIFTS:
        raise ValueError(f"unknown shift {name!r}: expected one of {', '.join(SHIFTS)}")
    images = {key: getattr(evaluation, key) for key in ("x1", "x2", "twin12", "twin21")}
    masks = {key: getattr(evaluation, key) for key in ("mask1", "mask2")}
    if name == "darker":
        changed = {key: None if x is None else DARKER * (x + 1) - 1 for key, x in images.items()}
    else:
        changed = {key: None if x is None else _warped(x, name) for key, x in (images | masks).items()}
    return replace(evaluation, **changed)


def _warped(x: Tensor, name: str) -> Tensor:
    """Each pixel of the result is read at a place of ``x``, from four pixels by distance; (N, C, H, W)."""
    height, width = x.shape[-2:]
    if name == "closer":
        rows = [[CLOSER, 0.0, 0.0], [0.0, CLOSER, 0.0]]
    else:
        # From a place in the result to one in x, in half sides with y downwards; hence the ratios of sides.
        c, s = math.cos(math.radians(TURNED)), math.sin(math.radians(TURNED))
        rows = [[c, -s * height / width, 0.0], [s * width / height, c, 0.0]]
    place = torch.tensor(rows, dtype=x.dtype, device=x.device).expand(len(x), 2, 3)
    grid = F.affine_grid(place, list(x.shape), align_corners=False)  # (N, H, W, 2)
    read = F.grid_sample(x, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
    return read.clamp(x.min(), x.max())  # means of four values, but for rounding
