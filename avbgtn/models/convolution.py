"""A convolution that can also be computed as a matrix product, for layers of many weights and few places."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# From so many weights on, the product was faster on CPUs at every batch that was tried (1 to 64; make bench
# shows the whole step). A convolution first brings its weights into another order, and does so three times a
# step: for the 18.9 M of the deepest layer of D, which sees 4 x 4 places, that takes longer than everything
# else in it.
MANY_WEIGHTS = 2**22


class Conv2d(nn.Conv2d):
    """:class:`torch.nn.Conv2d`; with ``as_product``, the same numbers by :func:`product`."""

    as_product = False

    def forward(self, x: Tensor) -> Tensor:
        if self.as_product:
            return product(x, self.weight, self.bias, stride=self.stride, padding=self.padding)
        return super().forward(x)


def product(
    x: Tensor, weight: Tensor, bias: Tensor, *, stride: tuple[int, int], padding: tuple[int, int]
) -> Tensor:
    """A 2-D convolution as one matrix product: what each place sees, times the weights as they lie in memory.

    Args:
        x: (N, C, H, W).
        weight: (O, C, k, l), contiguous.
        bias: (O,).
        stride, padding: as of :func:`torch.nn.functional.conv2d`.

    Returns:
        (N, O, H', W'), the channels last in memory. Equal to the convolution up to the order of its sums.
    """
    n, (k, m) = x.shape[0], weight.shape[2:]
    height = (x.shape[2] + 2 * padding[0] - k) // stride[0] + 1
    width = (x.shape[3] + 2 * padding[1] - m) // stride[1] + 1
    seen = F.unfold(x, (k, m), stride=stride, padding=padding)  # (N, C k l, H' W')
    seen = seen.transpose(1, 2).flatten(0, 1)  # (N H' W', C k l)
    y = F.linear(seen, weight.flatten(1), bias)  # (N H' W', O)
    return y.view(n, height, width, -1).permute(0, 3, 1, 2)


def arrange(model: nn.Module, *, products: bool = False, channels_last: bool = False) -> None:
    """Say how the convolutions of a model are computed: those with more than :data:`MANY_WEIGHTS` as
    products, all others with their channels last in memory (a product wants its weights as they are)."""
    for layer in model.modules():
        if isinstance(layer, Conv2d):
            layer.as_product = products and layer.weight.numel() > MANY_WEIGHTS
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            last = channels_last and not getattr(layer, "as_product", False)
            layer.to(memory_format=torch.channels_last if last else torch.contiguous_format)
