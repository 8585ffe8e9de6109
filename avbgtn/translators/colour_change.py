"""A network's change of colour, carried from the network's size to a picture of any size.

A network sees the centre square of a picture at, say, 64 x 64 pixels, and what it gives back is as small and
blurred. Enlarged it would blur the picture. What is wanted of it is the *change* of colour alone: it varies
slowly inside the hair and ends where the hair ends, at an edge that the large picture shows sharply. That is
what a guided filter (He, Sun and Tang, 2010) is made for: in every window the change is the linear function
``c = A I + b`` of the picture's colour ``I`` that fits it best (least squares, with a ridge), so that it has
edges where the picture has them. ``A`` and ``b`` are found on a coarser grid, and used on every pixel (He and
Sun, 2015). The filter is kornia's, imported when it is used.
"""

from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import avg_pool2d

# Root mean square of a change over the colours of 3 x 3 pixels, of a range of 2. Below the first it is what
# the network loses of any picture, its blur, and is left out; from the second on it is a change of colour,
# and counts in full.
BLUR, COLOUR = 0.1, 0.3
RADIUS = 2  # of the filter's window, in the network's pixels
RIDGE = (
    3e-4  # added to the variance of the picture's colours (range 2) in a window: below it there is no edge
)
GRID = 4  # pixels of the coarser grid to one of the network's
FADE = 4  # network pixels over which the change ends at a side of the square where the picture goes on
BAND = 2_000_000  # pixels that are filtered at once, which bounds the memory


@dataclass(frozen=True)
class Carried:
    """A picture with its colours changed, and the part of its centre square in which they were: 0 to 1."""

    picture: Image.Image
    changed: float


def share_of(change: Tensor) -> Tensor:
    """How much of a change of colour is more than the network's blur, (1, H, W) in [0, 1].

    ``3 u^2 - 2 u^3`` with ``u`` the local strength of the change from :data:`BLUR` to :data:`COLOUR`.

    Args:
        change: (3, H, W), output minus input in [-1, 1].
    """
    power = change.square().mean(0, keepdim=True)  # (1, H, W)
    power = avg_pool2d(power[None], 3, stride=1, padding=1, count_include_pad=False)[0]
    u = ((power.sqrt() - BLUR) / (COLOUR - BLUR)).clamp(0, 1)
    return u * u * (3 - 2 * u)


def carry(change: Tensor, picture: Image.Image, square: tuple[int, int, int, int]) -> Carried:
    """Add a network's change of colour to the square of a picture that it was made from.

    Args:
        change: (3, h, h), output minus input, both in [-1, 1].
        picture: RGB, of any size.
        square: left, top, right, bottom of what the network saw.

    Returns:
        A picture of the same size; outside the square, byte for byte the same.
    """
    change = change.detach().float().cpu()
    small, side = change.shape[-1], square[2] - square[0]
    share = share_of(change)
    low = (change * share).numpy()
    pixels = np.array(picture)  # (H, W, 3)
    part = pixels[square[1] : square[3], square[0] : square[2]]  # (side, side, 3), a view
    step = max(1, side // (GRID * small))  # pixels of the picture to one of the coarser grid
    radius = step * max(1, round(RADIUS * side / small / step))
    # What a filtered pixel depends on, and a multiple of the step as bands are
    margin = 2 * radius + 2 * step
    rows = step * max(1, max(margin, BAND // side - 2 * margin) // step)
    down = _ends(side, FADE * side / small, square[1] > 0, square[3] < picture.height)
    across = _ends(side, FADE * side / small, square[0] > 0, square[2] < picture.width)
    original = part.copy()
    for top in range(0, side, rows):
        bottom = min(side, top + rows)
        first, last = max(0, top - margin), min(side, bottom + margin)
        filtered = _filtered(original[first:last], _enlarged(low, side, first, last), radius, step)
        filtered = filtered[top - first : bottom - first]  # (rows, side, 3)
        filtered *= (down[top:bottom, None] * across)[..., None] * 127.5
        filtered += original[top:bottom]
        part[top:bottom] = np.rint(filtered, out=filtered).clip(0, 255)
    return Carried(Image.fromarray(pixels), share.mean().item())


def _filtered(pixels: np.ndarray, change: np.ndarray, radius: int, step: int) -> np.ndarray:
    """The guided filter of a change (3, h, w), float32, guided by the picture (h, w, 3), uint8: (h, w, 3)."""
    from kornia.filters import guided_blur

    height, width = pixels.shape[:2]
    # Whole steps, so that the coarser grids of two bands fall on each other.
    pixels = np.pad(pixels, ((0, -height % step), (0, -width % step), (0, 0)), "edge")
    change = np.pad(change, ((0, 0), (0, -height % step), (0, -width % step)), "edge")
    guide = torch.from_numpy(pixels).permute(2, 0, 1)[None].float().div_(127.5).sub_(1)  # (1, 3, h, w)
    given = torch.from_numpy(change)[None]  # (1, 3, h, w)
    out = guided_blur(guide, given, 2 * radius + 1, RIDGE, "replicate", step, separable=True)
    return out[0, :, :height, :width].permute(1, 2, 0).contiguous().numpy()


def _enlarged(change: np.ndarray, side: int, first: int, last: int) -> np.ndarray:
    """Rows ``first`` to ``last`` of a change (3, h, h) at (side, side), bicubic: (3, last - first, side)."""
    scale = change.shape[-1] / side
    box = (0, first * scale, change.shape[-1], last * scale)
    size = side, last - first
    kernel = Image.Resampling.BICUBIC
    return np.stack([np.asarray(Image.fromarray(plane).resize(size, kernel, box)) for plane in change])


def _ends(side: int, length: float, before: bool, after: bool) -> np.ndarray:
    """1 along a side of the square, falling to 0 at the ends where the picture goes on: (side,) float32."""
    at = (np.arange(side) + 0.5) / length
    ramp = np.minimum(at if before else 1, at[::-1] if after else 1)
    return np.clip(ramp * np.ones(side), 0, 1).astype(np.float32)
