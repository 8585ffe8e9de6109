"""Randomness as a pure function: every draw is named by (seed, stream, indices) and by nothing else.

There is no generator state to carry along. A run that was killed redraws what it would have drawn; one
process and eight processes see the same noise for the same sample; UNIT and AVB-GTN see the same images in
the same order because the stream's name does not mention the model.
"""

import hashlib

import torch
from torch import Tensor


def generator(seed: int, name: str, *indices: int, device: str | torch.device = "cpu") -> torch.Generator:
    """A fresh generator that depends on its arguments alone.

    Args:
        seed: the run's seed.
        name: the stream, such as ``"order/1"`` or ``"eps/2"``.
        indices: whatever tells one draw of the stream from the next, usually epoch and sample number.
        device: CPU and CUDA generators give different numbers for the same seed.
    """
    return torch.Generator(device=device).manual_seed(_key(seed, name, *indices))


def _key(seed: int, name: str, *indices: int) -> int:
    text = "/".join(str(part) for part in (seed, name, *indices))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little") >> 1


def normal(
    seed: int,
    name: str,
    epoch: int,
    indices: range | list[int],
    shape: tuple[int, ...],
    *,
    device: str | torch.device = "cpu",
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Standard normal noise, shape ``(len(indices), *shape)``: one seed a sample, so that the noise of
    sample ``i`` does not depend on which samples are drawn beside it. Nothing here waits for the device."""
    draw = torch.Generator(device=device)
    noise = torch.empty(len(indices), *shape, device=device, dtype=dtype)
    for place, i in zip(noise, indices, strict=True):
        draw.manual_seed(_key(seed, name, epoch, i))
        torch.randn(shape, generator=draw, out=place)
    return noise
