"""The built-in faces: 681 path-traced heads, each with brown and with blond hair, and the mask of the hair.

The split is by head. Training sees ``train_a`` with brown hair only and ``train_b`` with blond hair only, so
that no twin is ever shown; ``validation``, ``test`` and ``reserved`` heads are never trained on. Source and
licence: ``packs/heads128/README.md``.
"""

import hashlib
import io
import json
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ..config.datasets import PICTURES
from ..errors import DataError
from .domains import Domains, Evaluation, enlarged
from .images import resized
from .sources.pinned import pinned_bytes

PACK = Path(__file__).parent / "packs" / "heads128"
DOMAINS, SIZES = PICTURES["heads"].domains, PICTURES["heads"].sizes
SHA256 = {
    "meta.json": "1bb1cbebd835035cbd7efa87be30ed6c761cec3c28ab097255f3fa5bf630b8c5",
    "brown.webp": "1b28cd418dcd1db075792b233cff36e7ae882f5bcb512a9596f341b07f5e5a62",
    "blond.webp": "d6d11ead38b477dca7c78ba234dc75a9fa2128edbb8b0b8fcb772b42226f29ca",
    "mask.webp": "1e67f5b8cd288c575b9fb40e95909c5c08e7235ec9aab00e4ca477cd6ad7131a",
}


class Heads(Domains):
    """Brown (domain 1) against blond (domain 2), with twins and masks for scoring.

    Args:
        size: 128, or 64 or 32 by averaging 2 x 2 or 4 x 4 pixels.
        workers: threads that read ahead, which brings nothing here: the heads lie in memory.

    Raises:
        DataError: another size, or a damaged pack.
    """

    def __init__(self, size: int, *, workers: int = 0):
        if isinstance(size, bool) or size not in SIZES:
            raise DataError(
                f"the built-in heads come at 32, 64 or 128 pixels, got size={size!r}: choose one of these"
            )
        self._training = _training_images(size)
        super().__init__(
            name="heads", domains=DOMAINS, size=size, checksum=checksum(), workers=workers,
            lengths=(len(self._training[0]), len(self._training[1])), has_twins=True,
        )  # fmt: skip

    def image(self, domain: int, index: int) -> Tensor:
        self.check_index(domain, index)
        return self._training[domain - 1][index]

    def evaluation(self, split: str, limit: int | None = None) -> Evaluation:
        """Both colours of the split's heads, whole and averaged down, without rounding to 8 bits.

        For ``"validation"``, ``"test"`` and ``"reserved"``, ``x1`` and ``x2`` are the same heads, so
        ``twin12`` equals ``x2``. For ``"train"``, ``x1`` are the heads of ``train_a`` and ``x2`` those of
        ``train_b``, and the twins are images that the training never sees.
        """
        self.check_split(split, limit)
        heads1 = indices("train_a" if split == "train" else split)[:limit]
        heads2 = indices("train_b" if split == "train" else split)[:limit]
        seeds = meta()["seed"]
        return Evaluation(
            x1=_averaged("brown", heads1, self.size),
            x2=_averaged("blond", heads2, self.size),
            twin12=_averaged("blond", heads1, self.size),
            twin21=_averaged("brown", heads2, self.size),
            mask1=_averaged("mask", heads1, self.size),
            mask2=_averaged("mask", heads2, self.size),
            ids1=tuple(f"head-{seeds[i]:04d}" for i in heads1),
            ids2=tuple(f"head-{seeds[i]:04d}" for i in heads2),
        )


@lru_cache(maxsize=1)
def meta() -> dict:
    """What the pack says of itself; its README explains the fields."""
    return json.loads(_verified("meta.json"))


@lru_cache(maxsize=1)
def checksum() -> str:
    """SHA-256 over the four files of the pack, first 16 hex digits."""
    digest = hashlib.sha256()
    for name in SHA256:
        digest.update(_verified(name))
    return digest.hexdigest()[:16]


def _verified(name: str) -> bytes:
    return pinned_bytes(PACK / name, SHA256[name], "the built-in heads are incomplete")


def indices(split: str) -> list[int]:
    """The heads of ``train_a``, ``train_b``, ``validation``, ``test`` or ``reserved``, in pack order."""
    return [i for i, s in enumerate(meta()["split"]) if s == split]


def attributes(split: str) -> dict[str, list]:
    """What is known of a split's heads, in the order of :func:`indices`, and so of :meth:`Heads.evaluation`.

    Args:
        split: as for :func:`indices`. Training has two piles of different heads: ``train_a`` are those of
            domain 1, ``train_b`` those of domain 2.

    Returns:
        ``style`` (of the hair, a word), ``male`` and ``tone`` (of the skin), 0 to 1, ``yaw`` (degrees) and
        ``u`` (0 to 1: the melanin of both hair colours rises with it); an entry a head.

    Raises:
        DataError: another split.
    """
    m = meta()
    if split not in m["split"]:
        raise DataError(
            f"the heads have attributes for train_a, train_b, validation, test and reserved, got {split!r}:"
            " choose one"
        )
    return {name: [m[name][i] for i in indices(split)] for name in ("style", "male", "tone", "yaw", "u")}


@lru_cache(maxsize=3)
def decode(part: str) -> np.ndarray:
    """All heads in ``"brown"`` or ``"blond"``, or their ``"mask"``: (n, 128, 128, 3 or 1) uint8, read-only.

    Each file is one mosaic that takes up to a second: decoded once a process, and only when asked for.
    """
    m = meta()
    side, columns, n = m["size"], m["columns"], m["n"]
    picture = Image.open(io.BytesIO(_verified(f"{part}.webp")))
    x = np.asarray(picture.convert("L" if part == "mask" else "RGB"))
    x = x.reshape(x.shape[0] // side, side, columns, side, -1)  # (rows, side, columns, side, channels)
    x = x.swapaxes(1, 2).reshape(-1, side, side, x.shape[-1])[:n]  # (n, side, side, channels)
    x.flags.writeable = False
    return x


@lru_cache(maxsize=len(SIZES))
def _training_images(size: int) -> tuple[Tensor, Tensor]:
    """Brown ``train_a`` and blond ``train_b``, ready for the random crop: (n, 3, S', S') uint8 each.

    From the 128-pixel heads in one step: enlarging the averaged heads afterwards would blur what the
    discriminator sees.
    """
    sides = [
        torch.stack([resized(Image.fromarray(decode(colour)[i]), enlarged(size)) for i in indices(split)])
        for colour, split in (("brown", "train_a"), ("blond", "train_b"))
    ]
    return sides[0], sides[1]


def _averaged(part: str, heads: list[int], size: int) -> Tensor:
    """Means over k x k pixels: images (N, 3, size, size) in [-1, 1], masks (N, 1, size, size) in [0, 1]."""
    k = meta()["size"] // size
    x = decode(part)[heads]  # (N, 128, 128, channels)
    # Sums of bytes are exact, so the one rounding is that of the division.
    x = x.reshape(len(heads), size, k, size, k, -1).sum((2, 4), dtype=np.int32)  # (N, size, size, channels)
    x = torch.from_numpy(x).permute(0, 3, 1, 2).float().contiguous()  # (N, channels, size, size)
    return x / (255 * k * k) if part == "mask" else x / (127.5 * k * k) - 1
