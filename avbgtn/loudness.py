"""How loud a recording is: what a model is given is brought to the loudness of the sounds that it learnt from."""

import torch
from torch import Tensor

BLOCK = 0.1  # seconds
SILENCE = 1e-2  # of the loudest block's amplitude, -40 dB: blocks below it are pauses
SHAPE = 1.31  # root mean square over mean absolute value, in the blocks of the built-in music


def loudness(wave: Tensor, rate: int) -> Tensor:
    """Root mean square of the sounding part of each channel; a constant offset does not count.

    The mean of ``|x|`` over blocks of 0.1 s stands for their amplitude, as one click in a block hardly moves it, and
    blocks 40 dB below the loudest are left out, so that silence before a sound does not make it a quiet one.

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
        middle = channel.double().mean()
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
