"""Two unpaired domains behind one interface: what a training needs, and what only a score may see.

Domain 1 and domain 2 are two piles of images. Training draws from each pile on its own, so no pair ever
forms, not even by accident of order. Where a data set knows the true translations (the "twins"), they come
out of :meth:`Domains.evaluation` only.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from .. import streams
from ..errors import DataError

# The parts of a data set, by the names under which they are opened.
SPLITS = ("train", "validation", "test", "reserved")
ENLARGE = 1.03  # 128 -> 132, as in UNIT's code: the random crop then moves by up to 4 pixels


@dataclass(frozen=True)
class Evaluation:
    """One split, for scoring: no augmentation, exactly the size of the model.

    Attributes:
        x1: images of domain 1, (N1, 3, H, W), in [-1, 1].
        x2: images of domain 2, (N2, 3, H, W), in [-1, 1].
        ids1: a name for each image of domain 1.
        ids2: a name for each image of domain 2.
        twin12: the true translations of ``x1`` to domain 2, (N1, 3, H, W), or None where nobody knows them.
        twin21: the true translations of ``x2`` to domain 1, (N2, 3, H, W), or None.
        mask1: where the hair is in ``x1``, (N1, 1, H, W) in [0, 1], or None.
        mask2: where the hair is in ``x2``, (N2, 1, H, W) in [0, 1], or None.
    """

    x1: Tensor
    x2: Tensor
    ids1: tuple[str, ...]
    ids2: tuple[str, ...]
    twin12: Tensor | None = None
    twin21: Tensor | None = None
    mask1: Tensor | None = None
    mask2: Tensor | None = None


def enlarged(size: int) -> int:
    """The side before the random crop: ``round(1.03 size)``."""
    return round(ENLARGE * size)


def to_float(image: Tensor) -> Tensor:
    """8-bit pixels 0..255 to float32 in [-1, 1]."""
    return image.float().div_(127.5).sub_(1)


class Domains:
    """Two domains of images. A data set supplies :meth:`image` and :meth:`evaluation`; the order, the crops
    and the flips are here.

    Args:
        name: as in ``config/datasets.py``.
        domains: what domains 1 and 2 are called.
        size: side of the square images that :meth:`batch` and :meth:`evaluation` return, in pixels.
        checksum: 16 hex digits that change when the images or their split do.
        lengths: how many training images each domain has.
        has_twins: whether :meth:`evaluation` knows the true translations.
        workers: threads that read images ahead; 0 reads each when it is needed. No result depends on it.
    """

    can_cache = False  # whether there is a ``use_cache``, which decodes the training images once, to disk

    def __init__(
        self,
        *,
        name: str,
        domains: tuple[str, str],
        size: int,
        checksum: str,
        lengths: tuple[int, int],
        has_twins: bool,
        workers: int = 0,
    ):
        if isinstance(workers, bool) or not isinstance(workers, int) or workers < 0:
            raise DataError(f"workers must be a whole number of reading threads, 0 or more, got {workers!r}")
        self.name, self.domains, self.size, self.checksum = name, domains, size, checksum
        self.lengths, self.has_twins, self.workers = lengths, has_twins, workers
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="avbgtn-read") if workers else None
        self._ahead: dict[tuple[int, int], Future] = {}

    def __repr__(self) -> str:
        piles = " | ".join(f"{n:,} {d}" for n, d in zip(self.lengths, self.domains, strict=True))
        return f"<{self.name}: {piles}, {self.size} px, checksum {self.checksum}>"

    def image(self, domain: int, index: int) -> Tensor:
        """Training image ``index`` of domain 1 or 2: (3, S', S') uint8 with S' = ``enlarged(size)``."""
        raise NotImplementedError

    def evaluation(self, split: str, limit: int | None = None) -> Evaluation:
        """A split for scoring: ``"train"``, ``"validation"``, ``"test"`` or ``"reserved"``, at most
        ``limit`` images a domain."""
        raise NotImplementedError

    def batch(
        self, epoch: int, batch: int, seed: int, *, rank: int = 0, world: int = 1
    ) -> tuple[Tensor, Tensor]:
        """The training images of one update, augmented: a pure function of seed, epoch and sample number.

        Sample ``j`` of epoch ``e`` stands at position ``e * batch + j`` of an endless walk through shuffled
        passes over its domain. The domains are shuffled apart, and crop and flip are drawn per sample, so
        one process with batch 8 and eight processes with one sample each see the same images.

        Args:
            epoch: counts updates from 0.
            batch: images a domain, over all processes.
            rank, world: this process's number, and how many there are; it gets its ``batch / world`` samples.

        Returns:
            x1 and x2, each (batch / world, 3, size, size), float32 in [-1, 1].

        Raises:
            DataError: a batch that cannot be shared out evenly, or an image that cannot be read.
        """
        if batch < 1 or world < 1 or batch % world or not 0 <= rank < world:
            raise DataError(
                "batch must be a positive multiple of the number of processes and rank one of them, "
                f"got batch={batch}, world={world}, rank={rank}"
            )
        share = batch // world
        mine = range(rank * share, (rank + 1) * share)
        if self._pool:
            epochs = range(epoch, epoch + 2 + 2 * self.workers // share)  # about four images a thread
            keys = [(d, self._index(d, e, batch, j, seed)) for e in epochs for d in (1, 2) for j in mine]
            self._ahead = {k: self._ahead.get(k) or self._pool.submit(self.image, *k) for k in keys}
        x1, x2 = (torch.stack([self._sample(d, epoch, batch, j, seed) for j in mine]) for d in (1, 2))
        # Pixels stay bytes until here, where all of a batch become numbers at once.
        return (to_float(x1), to_float(x2)) if x1.dtype == torch.uint8 else (x1, x2)

    def _index(self, domain: int, epoch: int, batch: int, j: int, seed: int) -> int:
        """Which training image sample ``j`` is."""
        n = self.lengths[domain - 1]
        round_, place = divmod(epoch * batch + j, n)
        return int(_order(seed, domain, n, round_)[place])

    def _sample(self, domain: int, epoch: int, batch: int, j: int, seed: int) -> Tensor:
        key = domain, self._index(domain, epoch, batch, j, seed)
        image = self._ahead[key].result() if key in self._ahead else self.image(*key)
        return self.augmented(image, streams.generator(seed, f"augment/{domain}", epoch, j))

    def augmented(self, image: Tensor, draw: torch.Generator) -> Tensor:
        """One training image, randomly cropped and mirrored: (3, size, size) uint8, or float32 in [-1, 1]."""
        places = image.shape[-1] - self.size + 1
        # One draw numbers every combination of the crop's row and column and the flip.
        number = int(torch.randint(2 * places * places, (), generator=draw))
        number, flip = divmod(number, 2)
        top, left = divmod(number, places)
        crop = image[:, top : top + self.size, left : left + self.size]  # (3, size, size)
        return crop.flip(-1) if flip else crop

    # --- checks that every data set shares

    def check_index(self, domain: int, index: int) -> None:
        if domain not in (1, 2):
            raise DataError(f"domain must be 1 ({self.domains[0]}) or 2 ({self.domains[1]}), got {domain!r}")
        if not 0 <= index < self.lengths[domain - 1]:
            raise DataError(
                f"domain {domain} of {self.name} has training images 0 to {self.lengths[domain - 1] - 1}, "
                f"got {index!r}"
            )

    @staticmethod
    def check_split(split: str, limit: int | None) -> None:
        if split not in SPLITS:
            raise DataError(f"unknown split {split!r}: expected one of {', '.join(SPLITS)}")
        if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
            raise DataError(
                f"limit must be a positive whole number of images or None for the default, got {limit!r}"
            )


@lru_cache(maxsize=8)
def _order(seed: int, domain: int, n: int, round_: int) -> Tensor:
    """The shuffled indices of pass ``round_`` over domain ``domain``, (n,)."""
    return torch.randperm(n, generator=streams.generator(seed, f"order/{domain}", round_))
