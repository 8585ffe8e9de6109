"""The blocks of UNIT and AVB-GTN, layer by layer.

The sizes follow the blond-hair configuration of UNIT's NIPS 2017 code: at width 64 the latent code of a
128-pixel image is 256 x 32 x 32. Comments give shapes for width ``w`` and an image of ``H`` x ``W``; the
batch dimension is left out. Encoders and generators here are the *private* halves; the shared residual blocks
belong to the model that owns both domains (see ``unit.py``), so that each is one module and is stepped once.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .. import streams
from .convolution import Conv2d

SLOPE = 0.01  # of every LeakyReLU: torch's default, which UNIT's code left in place
IMAGE_CHANNELS = 3  # red, green, blue; a spectrogram has other planes


class ResBlock(nn.Module):
    """``x + f(x)`` with ``f`` = Conv3, norm, ReLU, Conv3, norm; no affine, nothing after.

    Args:
        norm: ``"instance"``, of each channel by itself, as UNIT's code; ``"layer"``, of all channels of an
            image together, which leaves how strong a channel is, and so the colours.
    """

    def __init__(self, channels: int, norm: str = "instance"):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        # No parameters, no running statistics: one serves both places
        per_channel = norm == "instance"
        self.norm = nn.InstanceNorm2d(channels) if per_channel else nn.GroupNorm(1, channels, affine=False)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.norm(self.conv2(torch.relu_(self.norm(self.conv1(x)))))  # (4w, H/4, W/4)


class Encoder(nn.Module):
    """The private half of ``E_k``: image (and noise, for AVB-GTN) to features at a quarter of the size."""

    def __init__(
        self,
        width: int,
        blocks: int,
        noise_channels: int = 0,
        channels: int = IMAGE_CHANNELS,
        norm: str = "instance",
    ):
        super().__init__()
        self.noise_channels = noise_channels
        self.layers = nn.Sequential(
            nn.Conv2d(channels + noise_channels, width, 7, padding=3),  # (w, H, W)
            nn.LeakyReLU(SLOPE, inplace=True),
            nn.Conv2d(width, 2 * width, 3, stride=2, padding=1),  # (2w, H/2, W/2)
            nn.LeakyReLU(SLOPE, inplace=True),
            nn.Conv2d(2 * width, 4 * width, 3, stride=2, padding=1),  # (4w, H/4, W/4)
            nn.LeakyReLU(SLOPE, inplace=True),
            *[ResBlock(4 * width, norm) for _ in range(blocks)],
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


class ResizeConv2d(nn.Conv2d):
    """Every pixel four times, then a 3 x 3 convolution: twice the size, and no grid, since every output sees
    equally many weights (Odena et al. 2016).

    Four equal pixels are seen through the sum of their weights, so it is computed, on the pixels as they are,
    as a transposed convolution whose 4 x 4 kernel holds those sums: 16 products a pixel in the place of 36.
    """

    def __init__(self, channels: int, out: int):
        super().__init__(channels, out, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        w = F.pad(self.weight.transpose(0, 1), (1, 1, 1, 1))  # (channels, out, 5, 5)
        w = w[..., 1:, :] + w[..., :-1, :]
        w = (w[..., 1:] + w[..., :-1]).flip(-2, -1)  # (channels, out, 4, 4)
        return F.conv_transpose2d(x, w, self.bias, stride=2, padding=1)


def larger(channels: int, out: int, upsampling: str) -> nn.Module:
    """The layer of a generator that doubles the size."""
    if upsampling == "resize":
        return ResizeConv2d(channels, out)
    return nn.ConvTranspose2d(channels, out, 3, stride=2, padding=1, output_padding=1)


class Generator(nn.Module):
    """The private half of ``G_k``: features at a quarter of the size to an image in [-1, 1].

    Args:
        upsampling: ``"transposed"`` convolutions, as UNIT's code, or ``"resize"``.
    """

    def __init__(
        self,
        width: int,
        blocks: int,
        channels: int = IMAGE_CHANNELS,
        norm: str = "instance",
        upsampling: str = "transposed",
    ):
        super().__init__()
        self.layers = nn.Sequential(
            *[ResBlock(4 * width, norm) for _ in range(blocks)],  # (4w, H/4, W/4)
            larger(4 * width, 2 * width, upsampling),  # (2w, H/2, W/2)
            nn.LeakyReLU(SLOPE, inplace=True),
            larger(2 * width, width, upsampling),  # (w, H, W)
            nn.LeakyReLU(SLOPE, inplace=True),
            nn.ConvTranspose2d(width, channels, 1),  # (3, H, W), of sound (planes, H, W)
            nn.Tanh(),
        )

    def forward(self, features: Tensor) -> Tensor:
        return self.layers(features)


class Discriminator(nn.Module):
    """The private front of ``D_k``; the deep layers are shared, see :func:`shared_discriminator`."""

    def __init__(self, width: int, channels: int = IMAGE_CHANNELS):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(channels, width, 7, stride=2, padding=3),  # (w, H/2, W/2)
            nn.LeakyReLU(SLOPE, inplace=True),
            nn.Conv2d(width, 2 * width, 3, stride=2, padding=1),  # (2w, H/4, W/4)
            nn.LeakyReLU(SLOPE, inplace=True),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


def shared_discriminator(width: int) -> nn.Sequential:
    """The deep layers of both discriminators: four strided convolutions and a 1 x 1 to one logit a place."""
    layers: list[nn.Module] = []
    for k in (2, 4, 8, 16):
        layers += [
            Conv2d(k * width, 2 * k * width, 3, stride=2, padding=1),
            nn.LeakyReLU(SLOPE, inplace=True),
        ]
    return nn.Sequential(*layers, nn.Conv2d(32 * width, 1, 1))  # (1, H/64, W/64), at least 1 x 1


class PosteriorDiscriminator(nn.Module):
    """``T(x, z)``: the logit of "z came from the encoder of x" against "from the prior"; one per domain.

    The paper says only "a simple CNN style architecture"; this one is ours. The image comes down to the
    code's size, is joined with the code, and two more strided convolutions and a 1 x 1 give one number per
    image.

    Args:
        channels: of the images. ``code_channels``: of the codes; 4 * width if 0.
    """

    def __init__(self, width: int, channels: int = IMAGE_CHANNELS, code_channels: int = 0):
        super().__init__()
        self.image = nn.Sequential(
            nn.Conv2d(channels, width, 7, stride=2, padding=3),  # (w, H/2, W/2)
            nn.LeakyReLU(SLOPE, inplace=True),
            nn.Conv2d(width, 2 * width, 3, stride=2, padding=1),  # (2w, H/4, W/4)
            nn.LeakyReLU(SLOPE, inplace=True),
        )
        self.joint = joint(2 * width + (code_channels or 4 * width), width)

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        """``x`` (N, 3, H, W) and ``z`` (M, 4w, H/4, W/4) with M a multiple of N -> logits (M,)."""
        return self.map(x, z).mean(dim=(1, 2, 3))

    def map(self, x: Tensor, z: Tensor) -> Tensor:
        """The logits before their mean, (M, 1, H/16, W/16).

        Several codes of the same images (posterior, then prior samples) share one pass over the images.
        """
        features = self.image(x).repeat(z.shape[0] // x.shape[0], 1, 1, 1)  # (M, 2w, H/4, W/4)
        seen = torch.cat([features, z], dim=1)
        return in_full(self.joint(seen))


def joint(channels: int, width: int, **shape: int) -> nn.Sequential:
    """The layers of T behind the join: (channels, H/4, W/4) to (1, H/16, W/16), or to (1, H/4, W/4) where the
    ``shape`` of its two convolutions is 1 x 1."""
    shape = shape or dict(kernel_size=3, stride=2, padding=1)
    return nn.Sequential(
        nn.Conv2d(channels, 4 * width, **shape),  # (4w, H/8, W/8)
        nn.LeakyReLU(SLOPE, inplace=True),
        nn.Conv2d(4 * width, 8 * width, **shape),  # (8w, H/16, W/16)
        nn.LeakyReLU(SLOPE, inplace=True),
        nn.Conv2d(8 * width, 1, 1),  # (1, H/16, W/16)
    )


def in_full(x: Tensor) -> Tensor:
    """What losses are computed from, in float32 where a network ran in bfloat16: that has three digits."""
    return x.float() if x.dtype == torch.bfloat16 else x


def initialise(module: nn.Module, seed: int, stream: str, *, weight_init: str = "normal") -> None:
    """Draw a module's first weights, from streams of their own.

    ``"normal"``: N(0, 0.02), as UNIT's code. ``"kaiming"``: N(0, 2 / fan_in) (He et al. 2015), where the
    fan-in of a transposed convolution counts the inputs that one output really sees, and the generator's last
    layer gets 1 / (4 fan_in), so that its tanh starts in the middle. Biases are torch's own
    U(-1/sqrt(f), 1/sqrt(f)).

    A layer's draw depends on ``seed``, ``stream`` and its place in ``module`` only. The noise channels of an
    encoder's first layer have a stream apart and do not count in its fan-in, so that UNIT and AVB-GTN start
    from equal common weights.
    """
    noise_channels = module.noise_channels if isinstance(module, Encoder) else 0
    for name, layer in module.named_modules():
        if not isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            continue
        weight = layer.weight
        image_part, noise_part = (
            weight[:, : weight.shape[1] - noise_channels],
            weight[:, weight.shape[1] - noise_channels :],
        )
        std = 0.02 if weight_init == "normal" else _kaiming_std(layer, image_part)
        bound = 1 / math.sqrt(image_part[0].numel())
        with torch.no_grad():
            # Drawn on the CPU in float32 whatever the module is: every device and precision starts alike.
            draw = streams.generator(seed, f"weights/{stream}/{name}")
            image_part.copy_(torch.randn(image_part.shape, generator=draw) * std)
            layer.bias.copy_((torch.rand(layer.bias.shape, generator=draw) * 2 - 1) * bound)
            draw = streams.generator(seed, f"weights/{stream}/{name}/noise")
            noise_part.copy_(torch.randn(noise_part.shape, generator=draw) * std)
        noise_channels = 0  # only the first layer has them


def _kaiming_std(layer: nn.Conv2d | nn.ConvTranspose2d, weight: Tensor) -> float:
    if isinstance(layer, nn.Conv2d):
        return math.sqrt(2 / weight[0].numel())
    fan_in = weight.shape[0] * weight[0, 0].numel() / layer.stride[0] ** 2
    return math.sqrt((0.25 if layer.kernel_size == (1, 1) else 2) / fan_in)  # 1 x 1: the generator's last
