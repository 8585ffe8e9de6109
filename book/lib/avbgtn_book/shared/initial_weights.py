"""First weights of the small digit networks of the VAE and the GAN chapter,
each layer's from a stream of its own.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from avbgtn import streams

__all__ = ["he_normal", "lecun_uniform"]


def he_normal(module: nn.Module, seed: int, stream: str) -> None:
    """Weights from ``N(0, 2 / fan_in)`` (He et al. 2015), zero biases;
    batch norm keeps its ones and zeros.
    """
    _fill(
        module, seed, stream, lambda shape, g, fan_in: torch.randn(shape, generator=g) * math.sqrt(2 / fan_in)
    )


def lecun_uniform(module: nn.Module, seed: int, stream: str) -> None:
    """Weights from a uniform density of variance ``1 / fan_in``, zero biases."""
    _fill(
        module,
        seed,
        stream,
        lambda shape, g, fan_in: (2 * torch.rand(shape, generator=g) - 1) * math.sqrt(3 / fan_in),
    )


@torch.no_grad()
def _fill(module: nn.Module, seed: int, stream: str, draw: Callable[..., Tensor]) -> None:
    """``draw(shape, generator, fan_in)`` into every layer's weight;
    ``fan_in``: how many inputs one output sees.
    """
    for name, layer in module.named_modules():
        if not isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            continue
        fan_in = layer.weight[0].numel()
        if isinstance(layer, nn.ConvTranspose2d):  # an output pixel sees one in stride^2 of a kernel's places
            fan_in = layer.weight[:, 0].numel() / layer.stride[0] ** 2
        layer.weight.copy_(draw(layer.weight.shape, streams.generator(seed, f"{stream}/{name}"), fan_in))
        if layer.bias is not None:
            layer.bias.zero_()
