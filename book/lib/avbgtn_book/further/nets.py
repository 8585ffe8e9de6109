"""Small perceptrons of several seeds side by side, in the seven shapes of the lecture's table.

``S`` networks share no weight and no sample; they are only computed together, as one batched product per
layer. A cloud is ``(S, n, d)`` everywhere: seeds, points, numbers per point.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from . import spectral

F64 = torch.float64
ACTIVATIONS = ("relu", "leaky_relu", "tanh", "gated")


@dataclass(frozen=True)
class Shape:
    """The form of a network.

    Attributes:
        width, depth: of the hidden layers.
        activation: ``"gated"`` multiplies half of a layer by the sigmoid of the other half.
        batch_norm: whether each hidden layer is normalised over its batch.
        residual: whether each hidden layer after the first adds to its input.
    """

    width: int = 64
    depth: int = 2
    activation: str = "relu"
    batch_norm: bool = False
    residual: bool = False

    def __post_init__(self):
        if self.activation not in ACTIVATIONS:
            raise ValueError(f"activation must be one of {', '.join(ACTIVATIONS)}, got {self.activation!r}")


class Layer(nn.Module):
    """``S`` linear maps, ``(S, n, a)`` to ``(S, n, b)``; with ``bounded``, each of spectral norm 1."""

    def __init__(self, seeds, a, b, *, generator, gain=1.0, bounded=False):
        super().__init__()
        start = torch.randn(seeds, a, b, generator=generator, dtype=F64)
        self.weight = nn.Parameter(gain * math.sqrt(2 / a) * start)
        self.bias = nn.Parameter(torch.zeros(seeds, 1, b, dtype=F64))
        self.norm = spectral.SpectralNorm(self.weight, generator=generator) if bounded else None

    def forward(self, x: Tensor) -> Tensor:
        weight = self.weight if self.norm is None else self.norm(self.weight)
        return torch.baddbmm(self.bias, x, weight)


class BatchNorm(nn.Module):
    """Each number of a layer normalised over the batch of its own seed, then scaled and shifted."""

    def __init__(self, seeds: int, width: int):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(seeds, 1, width, dtype=F64))
        self.shift = nn.Parameter(torch.zeros(seeds, 1, width, dtype=F64))

    def forward(self, x: Tensor) -> Tensor:
        mean, var = x.mean(1, keepdim=True), x.var(1, keepdim=True, unbiased=False)
        return (x - mean) / (var + 1e-5).sqrt() * self.scale + self.shift


class Nets(nn.Module):
    """``seeds`` separate networks of one :class:`Shape`: ``(seeds, n, inputs)`` to ``(seeds, n, outputs)``.

    Args:
        bounded: every layer is divided by its spectral norm, so each network has slope 1 at most.
        times: the output is multiplied by this number: with ``bounded``, the largest slope allowed.
    """

    def __init__(
        self,
        seeds: int,
        inputs: int,
        outputs: int,
        shape: Shape = Shape(),  # noqa: B008  (frozen)
        *,
        generator: torch.Generator,
        bounded: bool = False,
        times: float = 1.0,
    ):
        super().__init__()
        self.shape, self.times = shape, times
        halves = 2 if shape.activation == "gated" else 1
        gain = 1.0 if "relu" in shape.activation else math.sqrt(0.5)
        inner = gain * (0.3 if shape.residual else 1.0)
        options = {"generator": generator, "bounded": bounded}
        sizes = [inputs] + [shape.width] * shape.depth
        self.hidden = nn.ModuleList(
            Layer(seeds, a, shape.width * halves, gain=inner if j else gain, **options)
            for j, a in enumerate(sizes[:-1])
        )
        self.norms = nn.ModuleList(
            BatchNorm(seeds, shape.width * halves) for _ in range(shape.depth if shape.batch_norm else 0)
        )
        self.last = Layer(seeds, shape.width, outputs, gain=math.sqrt(0.5), **options)

    def features(self, x: Tensor) -> Tensor:
        """What the last layer sees, ``(seeds, n, width)``."""
        for j, layer in enumerate(self.hidden):
            y = layer(x)
            y = self._activation(self.norms[j](y) if self.norms else y)
            x = x + y if self.shape.residual and j else y
        return x

    def forward(self, x: Tensor) -> Tensor:
        return self.times * self.last(self.features(x))

    def _activation(self, x: Tensor) -> Tensor:
        kind = self.shape.activation
        if kind == "gated":
            value, gate = x.chunk(2, -1)
            return value * torch.sigmoid(gate)
        if kind == "tanh":
            return torch.tanh(x)
        return F.leaky_relu(x, 0.2) if kind == "leaky_relu" else F.relu(x)
