"""Where things stand in the drawings of digits: mosaics, rows with labels, letters beside points."""

import torch
from torch import Tensor

from ..shared.canvas import COLUMN, BookFigure

LABELS = 1.15  # inches, for names of rows


def mosaic(images: Tensor, gap: int = 2) -> Tensor:
    """Pictures ``(rows, columns, H, W)`` in [0, 1] as one picture with gaps of light grey."""
    rows, columns, height, width = images.shape
    sheet_ = torch.full((rows * (height + gap) - gap, columns * (width + gap) - gap), 0.18)
    for r in range(rows):
        for c in range(columns):
            top, left = r * (height + gap), c * (width + gap)
            sheet_[top : top + height, left : left + width] = images[r, c]
    return sheet_


def paint(axes, images: Tensor) -> None:
    """A mosaic in black ink on white paper, without axes."""
    axes.imshow(mosaic(images), cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
    axes.set_axis_off()


def apart(points: Tensor, distance: float) -> Tensor:
    """Places near ``points`` (n, 2) for labels, no two nearer than ``distance``."""
    places = points.clone()
    for _ in range(200):
        between = places[:, None] - places
        far = between.norm(dim=2).clamp(min=1e-6)
        push = (distance - far).clamp(min=0).fill_diagonal_(0)
        if not push.any():
            break
        places = places + 0.5 * (between / far[..., None] * push[..., None]).sum(1)
    return places


def beside(points: Tensor) -> Tensor:
    """A place for a letter near each of ``points`` (n, 2), away from the other points and letters."""
    angles = torch.arange(16) * torch.pi / 8
    ways = 0.55 * torch.stack([angles.cos(), angles.sin()], 1)
    taken, places = list(points), []
    for point in points:
        free = [min((point + way - other).norm().item() for other in taken) for way in ways]
        places.append(point + ways[max(range(16), key=free.__getitem__)])
        taken.append(places[-1])
    return torch.stack(places)


def beside_labels(figure: BookFigure, top: float, tall: float):
    """Axes across the figure, ``top`` inches below its upper edge, with room for labels on the left."""
    height = figure.get_figheight()
    place = (LABELS / COLUMN, 1 - (top + tall) / height, 1 - LABELS / COLUMN, tall / height)
    return figure.add_axes(place, anchor="W")
