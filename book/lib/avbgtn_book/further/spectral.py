r"""Spectral normalisation: a layer divided by the largest factor by which it can stretch a vector
(Miyato et al. 2018).

That factor, the **spectral norm**, is the largest singular value. Power iteration approximates it from below
with two products per step.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

F64 = torch.float64


def power_iteration(weight: Tensor, u: Tensor, steps: int = 1) -> tuple[Tensor, Tensor]:
    r"""The spectral norm, from below, and the next ``u``.

    ``v = W u / |W u|``, then ``u = W^T v / |W^T v|``, ``steps`` times; the estimate is ``v^T W u``.

    Args:
        weight: W, ``(..., a, b)``.
        u: unit vectors, ``(..., b)``.

    Returns:
        the estimate ``(...)``, at most the largest singular value, with a gradient to ``weight``, and ``u``.
    """
    with torch.no_grad():
        for _ in range(steps):
            v = F.normalize(torch.einsum("...ab,...b->...a", weight, u), dim=-1)
            u = F.normalize(torch.einsum("...ab,...a->...b", weight, v), dim=-1)
    return torch.einsum("...a,...ab,...b->...", v, weight, u), u


class SpectralNorm(nn.Module):
    """Divides a weight ``(..., a, b)`` by its estimated spectral norm. It keeps ``u``, so that one step per
    call is enough while the weight changes slowly.
    """

    def __init__(self, weight: Tensor, *, steps: int = 1, generator: torch.Generator):
        super().__init__()
        shape = (*weight.shape[:-2], weight.shape[-1])
        start = torch.randn(shape, generator=generator, dtype=weight.dtype)
        self.steps = steps
        self.register_buffer("u", power_iteration(weight.detach(), F.normalize(start, dim=-1), 5)[1])

    def forward(self, weight: Tensor) -> Tensor:
        norm, self.u = power_iteration(weight, self.u, self.steps)
        return weight / norm[..., None, None]


def product_bound(weights: list[Tensor]) -> Tensor:
    """The product of the layers' spectral norms: no network of them, with activations of slope 1 at most,
    is steeper. ``weights``: ``(..., a, b)`` each; returns ``(...)``.
    """
    norms = [torch.linalg.matrix_norm(weight, 2) for weight in weights]
    return torch.stack(norms).prod(0)


def convolution_matrix(kernel: Tensor, side: int) -> Tensor:
    """The matrix of a convolution with padding on pictures of ``side`` x ``side``: what it does to every unit
    picture. ``kernel``: ``(out, in, k, k)``, k odd; returns ``(out side^2, in side^2)``.
    """
    channels = kernel.shape[1]
    units = torch.eye(channels * side * side, dtype=kernel.dtype).view(-1, channels, side, side)
    return F.conv2d(units, kernel, padding=kernel.shape[-1] // 2).flatten(1).T


def convolution_norm(kernel: Tensor, side: int, *, steps: int = 500) -> float:
    """The convolution's own spectral norm on pictures of ``side`` x ``side``, by power iteration with the
    convolution and its transpose, without its matrix."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(1, kernel.shape[1], side, side, generator=generator, dtype=kernel.dtype)
    for _ in range(steps):
        x = x / x.norm()
        y = F.conv2d(x, kernel, padding=kernel.shape[-1] // 2)
        x = F.conv_transpose2d(y, kernel, padding=kernel.shape[-1] // 2)
    return math.sqrt(x.norm().item())


def reshaped_norm(kernel: Tensor) -> float:
    """The spectral norm of the kernel written as a matrix ``(out, in k k)``: what is usually computed."""
    return torch.linalg.matrix_norm(kernel.flatten(1), 2).item()
