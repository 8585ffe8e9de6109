"""Two folders of a person's own pictures, found and split by ``sources/two_folders.py``; the middle square of
each is used."""

from pathlib import Path

import torch
from torch import Tensor

from ..errors import DataError
from ..sentences import shown
from .domains import Domains, Evaluation, enlarged, to_float
from .images import SMALLEST, centre, open_image, resized
from .sources.two_folders import dealt, folders

ENDINGS = (".avif", ".bmp", ".gif", ".jp2", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp")
LIMIT = 128  # images per domain in an evaluation that names no limit
RESERVED = 8


class OwnPictures(Domains):
    """Two folders of pictures.

    Args:
        root: the folder that holds the two.
        size: side of the images; the middle square of each is resized to ``round(1.03 size)`` before the
            random crop.
        domains: the names of the two folders; those that are there if None.
        workers: threads that read images ahead.

    Raises:
        DataError: not two folders, fewer than eighteen pictures in one, or a first picture that cannot be
            read.
    """

    def __init__(self, root: Path, *, size: int, domains: tuple[str, str] | None = None, workers: int = 0):
        if isinstance(size, bool) or not isinstance(size, int) or size < 16:
            raise DataError(f"size must be a whole number of pixels, 16 or more, got {size!r}")
        self._folders = folders(root, domains)
        self.files, checksum = dealt(self._folders, ENDINGS, "pictures")
        super().__init__(
            name="folder", domains=tuple(folder.name for folder in self._folders), size=size,
            checksum=checksum, workers=workers, has_twins=False,
            lengths=tuple(len(self.files["train", d]) for d in (1, 2)),
        )  # fmt: skip
        for domain in (1, 2):
            self._read(domain, self.files["train", domain][0], size)

    def image(self, domain: int, index: int) -> Tensor:
        self.check_index(domain, index)
        return self._read(domain, self.files["train", domain][index], enlarged(self.size))

    def evaluation(self, split: str, limit: int | None = None) -> Evaluation:
        """The first ``limit`` images of each domain (128 if None), by the hash of their names; no twins, no
        masks. ``"reserved"``: at most the last eight of the test split, for figures, not for scores."""
        self.check_split(split, limit)
        chosen = {}
        for domain in (1, 2):
            names = self.files["test" if split == "reserved" else split, domain]
            chosen[domain] = (names[-RESERVED:] if split == "reserved" else names)[: limit or LIMIT]
        x1, x2 = (to_float(torch.stack([self._read(d, n, self.size) for n in chosen[d]])) for d in (1, 2))
        return Evaluation(x1=x1, x2=x2, ids1=tuple(chosen[1]), ids2=tuple(chosen[2]))

    def _read(self, domain: int, name: str, side: int) -> Tensor:
        path = self._folders[domain - 1] / name
        image = open_image(path, "the picture")
        if min(image.size) < SMALLEST:
            raise DataError(
                f"the picture {shown(path)} is {image.width} x {image.height} pixels: expected at least"
                f" {SMALLEST} x {SMALLEST}, take it out of the folder"
            )
        return resized(image.crop(centre(image)), side)
