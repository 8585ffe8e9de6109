"""Real handwritten digits: MNIST's 10,000 test digits, split anew for training, validation and test.

MNIST's documentation says that its first 5,000 test digits are cleaner than the last 5,000. So each half
gives its first 4,000 to training, the next 500 to validation and the last 500 to test: every split holds both
kinds. Source and licence (CC BY-SA 3.0): ``packs/digits/README.md``.
"""

import gzip
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from avbgtn.data.sources.pinned import pinned_bytes
from avbgtn.errors import DataError

PACK = Path(__file__).parents[1] / "packs" / "digits"
IMAGES, LABELS = "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"
SHA256 = {
    IMAGES: "1a1a05eab793c14bb050b398624a11b0ffd1a2953baed553b1b9bd079e2a20be",
    LABELS: "b91679a0acfe4ba0e50a2437a903084cba1f5f92592b016a25a7dfd00455798b",
}
HALF = 5000
PARTS = {"train": (0, 4000), "validation": (4000, 4500), "test": (4500, 5000)}  # of each half
SIZES = (28, 32)


def load(split: str = "train", *, size: int = 28) -> tuple[Tensor, Tensor]:
    """The digits of one split, as float32 images and their labels.

    Args:
        split: ``"train"`` (8,000), ``"validation"`` (1,000) or ``"test"`` (1,000).
        size: 28, or 32: the same digits with a border of two pixels of paper.

    Returns:
        images ``(n, 1, size, size)`` in [0, 1], 0 paper and 1 ink, and labels ``(n,)``, int64 from 0 to 9.
        Both are fresh copies: writing into them harms nobody.

    Raises:
        DataError: another split or size, or a missing or damaged file.
    """
    if split not in PARTS:
        raise DataError(f"the digits have the splits {', '.join(PARTS)}, got {split!r}")
    if isinstance(size, bool) or size not in SIZES:
        raise DataError(f"the digits come at 28 or 32 pixels, got size={size!r}: choose one of these")
    images, labels = _decoded()
    index = indices(split)
    x = torch.from_numpy(images[index]).float().div_(255)[:, None]  # (n, 1, 28, 28)
    border = (size - 28) // 2
    return F.pad(x, [border] * 4), torch.from_numpy(labels[index]).long()


def indices(split: str) -> np.ndarray:
    """Which of MNIST's 10,000 test digits belong to a split, in MNIST's order."""
    first, last = PARTS[split]
    return np.concatenate([np.arange(half + first, half + last) for half in (0, HALF)])


def binarised(images: Tensor) -> Tensor:
    """Ink or paper: 1 where a pixel is darker than one half, else 0, in the images' own type."""
    return (images > 0.5).to(images.dtype)


@lru_cache(maxsize=1)
def _decoded() -> tuple[np.ndarray, np.ndarray]:
    """All images (10000, 28, 28) and labels (10000,), uint8, from the verified files."""
    pixels, labels = _unpacked(IMAGES), _unpacked(LABELS)
    return (
        np.frombuffer(pixels, np.uint8, offset=16).reshape(-1, 28, 28),  # 16 bytes: magic, n, rows, columns
        np.frombuffer(labels, np.uint8, offset=8),
    )


def _unpacked(name: str) -> bytes:
    """The bytes of one IDX file, after its checksum was compared."""
    return gzip.decompress(pinned_bytes(PACK / name, SHA256[name], "the built-in digits are incomplete"))
