"""Long sounds in pieces that are faded into each other."""

import math

import torch
from torch import Tensor


def cut(wave: Tensor, piece: int, fade: int) -> tuple[list[Tensor], list[int]]:
    """``wave`` (channels, n) in pieces of about equal length, at most ``piece`` samples, that overlap by
    ``fade``; and where each starts."""
    n = wave.shape[-1]
    if n <= piece:
        return [wave], [0]
    count = math.ceil((n - fade) / (piece - fade))
    step = math.ceil((n - fade) / count)
    starts = [k * step for k in range(count)]
    return [wave[:, s : s + step + fade] for s in starts], starts


def join(pieces: list[Tensor], starts: list[int], samples: int) -> Tensor:
    """The inverse of :func:`cut`: overlaps are faded linearly, so that equal pieces give their sound back."""
    out = torch.zeros(len(pieces[0]), samples, dtype=pieces[0].dtype)
    for k, (piece, start) in enumerate(zip(pieces, starts, strict=True)):
        weight = torch.ones(piece.shape[-1], dtype=piece.dtype)
        if k > 0:
            overlap = starts[k - 1] + pieces[k - 1].shape[-1] - start
            weight[:overlap] = _ramp(overlap, piece.dtype)
        if k + 1 < len(pieces):
            overlap = start + piece.shape[-1] - starts[k + 1]
            weight[-overlap:] = 1 - _ramp(overlap, piece.dtype)
        out[:, start : start + piece.shape[-1]] += weight * piece
    return out


def _ramp(n: int, dtype: torch.dtype) -> Tensor:
    return (torch.arange(n, dtype=dtype) + 0.5) / n
