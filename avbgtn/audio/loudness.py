"""How loud a recording is: a model's input is brought to the loudness of what the model learnt from."""

import torch
from torch import Tensor
from torch.nn import functional as F

BLOCK = 0.1  # seconds
SILENCE = 1e-2  # of the loudest block's amplitude, -40 dB: blocks below it are pauses
SHAPE = 1.22  # root mean square over mean absolute value, in the blocks of the built-in music


def loudness(wave: Tensor, rate: int) -> Tensor:
    """Root mean square of the sounding part of each channel; a constant offset does not count.

    The mean of ``|x|`` over blocks of 0.1 s stands for their amplitude, as one click in a block hardly moves
    it, and blocks 40 dB below the loudest are left out, so that silence before a sound does not make it a
    quiet one.

    Args:
        wave: (channels, n).
        rate: samples a second.

    Returns:
        (channels,), float64; on the built-in music the plain root mean square, within 1 dB.
    """
    n, size = wave.shape[-1], max(1, round(BLOCK * rate))
    whole = max(1, n // size)  # the last block takes what is left
    found = []
    for channel in wave:
        middle = channel.mean(dtype=torch.float64)
        bounds = [k * size for k in range(whole)] + [n]
        block = torch.stack(
            [
                (channel[a:b].double() - middle).abs().mean()
                for a, b in zip(bounds[:-1], bounds[1:], strict=True)
            ]
        )
        sounding = block[block >= SILENCE * block.max()]
        found.append(SHAPE * (sounding.square().mean()).sqrt())
    return torch.stack(found)


def limited(wave: Tensor, rate: int) -> Tensor:
    """A sound that stays within full scale, turned down only where it would not, and 10 ms around.

    The gain is the least that is needed within 5 ms, averaged over 5 ms to either side, so that it changes
    slowly and is nowhere more than needed. Scaling the whole sound would make it quieter for the sake of one
    attack.

    Args:
        wave: (channels, n); all channels get the same gain.
    """
    width = max(1, round(0.005 * rate))
    needed = (1 / wave.abs().amax(0).clamp(min=1))[None]  # (1, n)
    least = -F.max_pool1d(F.pad(-needed, (width, width), value=-1.0), 2 * width + 1, stride=1)
    gain = F.avg_pool1d(F.pad(least, (width, width), value=1.0), 2 * width + 1, stride=1)
    return (wave * torch.minimum(gain, needed)).clamp(-1, 1)
