"""CelebA: photographs of known people with 40 attributes; by default Brown_Hair against Blond_Hair.

For research only and not to be passed on, so it cannot be packed: it is read from the reader's own disk, in
any layout of ``layouts.py``, or fetched through torchvision. Nobody knows the true translations here.
"""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
from torch import Tensor

from ...config.datasets import PICTURES
from ...errors import DataError
from ...sentences import shown
from .. import cache as caches
from ..domains import Domains, Evaluation, enlarged, to_float
from ..images import open_image, resized
from ..sources import download
from ..sources.folders import regular, what
from . import layouts, lists

DOMAINS = PICTURES["celeba"].domains
WIDTH, HEIGHT = 178, 218  # of every aligned image
CROP = (0, 20, 178, 198)  # left, top, right, bottom: rows 20 to 197, as in UNIT's code
LIMIT = 128  # images a domain in an evaluation that names no limit
RESERVED = 8
PARTS = {"train": 0, "validation": 1, "test": 2}  # the numbers in the partition file


class CelebA(Domains):
    """Images with exactly one of two attributes, in the official partition.

    Args:
        root: the data root; CelebA lies in it or below it.
        size: side of the images; rows 20 to 197 are resized to ``round(1.03 size)`` before the random crop.
        domains: two different attributes; images with both or with neither are left out.
        workers: threads that read images ahead.

    Raises:
        DataError: no CelebA, an incomplete or damaged one, unknown attributes, or no image with just one.
    """

    can_cache = True

    def __init__(self, root: Path, *, size: int, domains: tuple[str, str] | None = None, workers: int = 0):
        if isinstance(size, bool) or not isinstance(size, int) or size < 16:
            raise DataError(f"size must be a whole number of pixels, 16 or more, got {size!r}")
        domains = _two(domains or DOMAINS)
        layout = layouts.find(root)
        if layout is None:
            raise DataError(
                f"no CelebA under {shown(root)}; " + layouts.HOW.format(where=shown(root / "celeba"))
            )
        layouts.check(layout)
        self.layout = layout
        self.files, checksum, self._written = _choose(layout, domains)
        super().__init__(
            name="celeba", domains=domains, size=size, checksum=checksum, workers=workers, has_twins=False,
            lengths=tuple(len(self.files["train", d]) for d in (1, 2)),
        )  # fmt: skip
        self._read(self.files["train", 1][0], size)  # a folder of other pictures should say so at once
        self._root, self._cache = root, None

    def image(self, domain: int, index: int) -> Tensor:
        self.check_index(domain, index)
        if self._cache is not None:
            return self._cache.image(index + (self.lengths[0] if domain == 2 else 0))
        return self._read(self.files["train", domain][index], enlarged(self.size))

    def use_cache(self, say=print) -> bool:
        """Read training images from a cache on disk from now on, which is built first if there is none.

        It lies in :func:`avbgtn.data.cache.place`, one folder for each two domains and size, and holds them
        at the enlarged size, before crop and flip: all of domain 1, then all of domain 2. It is built anew,
        and a line says why, when a picture, its time of writing or the split changed, and when it is damaged.

        Returns:
            Whether it is used: False, after a line that says why, where it cannot be written.

        Raises:
            DataError: no space for it, or an image that cannot be read.
        """
        names = self.files["train", 1] + self.files["train", 2]
        side, place = enlarged(self.size), caches.place(self._root).resolve()
        try:  # relative, so that data and cache may move together, or be mounted elsewhere
            where = os.path.relpath(self.layout.images.resolve(), place)
        except ValueError:  # two drives of Windows
            where = str(self.layout.images.resolve())
        key = hashlib.sha256(" ".join((*self.domains, where)).encode()).hexdigest()[:8]
        self._cache = caches.open_or_build(
            place / f"pictures-{side}px-{key}",
            {"source": self.checksum, "written": self._written, "images": len(names), "side": side},
            lambda row: self._read(names[row], side),
            workers=self.workers,
            say=say,
        )
        return self._cache is not None

    def evaluation(self, split: str, limit: int | None = None) -> Evaluation:
        """The first ``limit`` images of each domain (128 if None) in the official partition, by file name.

        No twins, no masks. ``"reserved"``: the last eight of the test partition, for figures, not for scores.
        """
        self.check_split(split, limit)
        chosen = {}
        for domain in (1, 2):
            names = self.files["test" if split == "reserved" else split, domain]
            names = names[-RESERVED:] if split == "reserved" else names
            if not names:
                raise DataError(_nothing(self.layout, self.domains, domain, split))
            chosen[domain] = names[: limit or LIMIT]
        x1, x2 = (to_float(torch.stack([self._read(name, self.size) for name in chosen[d]])) for d in (1, 2))
        return Evaluation(x1=x1, x2=x2, ids1=tuple(chosen[1]), ids2=tuple(chosen[2]))

    def check(self, threads: int = 4) -> int:
        """Decode every chosen image and return how many there are: minutes well spent before a long training.

        A cache that is in use is compared with its checksums, and built anew if it is damaged.

        Raises:
            DataError: names the first damaged files and counts them all.
        """
        names = sorted(set().union(*self.files.values()))

        def trouble(name: str) -> str | None:
            try:
                self._read(name, 16)
            except DataError as error:
                return str(error)

        with ThreadPoolExecutor(threads) as pool:
            bad = [text for text in pool.map(trouble, names) if text]
        if bad:
            raise DataError(f"{len(bad):,} of {len(names):,} images cannot be used: " + " | ".join(bad[:3]))
        if self._cache is not None and self._cache.check():
            self.use_cache()
        return len(names)

    def _read(self, name: str, side: int) -> Tensor:
        path = self.layout.images / name
        if what(path):  # a FIFO would be waited for
            regular(path, "the CelebA image")
        image = open_image(path, "the CelebA image")
        if image.size != (WIDTH, HEIGHT):
            raise DataError(
                f"the CelebA image {shown(path)} is {image.width} x {image.height} pixels: expected an "
                "aligned "
                f"one, {WIDTH} x {HEIGHT}, as in img_align_celeba, not an original or CelebA-HQ"
            )
        # Cropped first: with its ``box`` option, Pillow's resize would mix in pixels from outside the box.
        return resized(image.convert("RGB").crop(CROP), side)


def find_or_download(root: Path, say=print) -> None:
    """Fetch CelebA through torchvision if there is no trace of one under ``root``, as
    :func:`avbgtn.data.sources.download.fetch` does.

    Raises:
        DataError: the download failed; says what to fetch by hand and where to put it.
    """

    def get(folder: Path) -> Path:
        from torchvision.datasets import CelebA as Download  # here, because it takes seconds to import

        Download(str(folder), split="all", download=True)
        return folder / "celeba"

    download.fetch(root, name=layouts.TITLE, size=3, find=layouts.find, get=get, how=layouts.HOW, say=say)


def _two(domains) -> tuple[str, str]:
    if isinstance(domains, str) or len(domains) != 2 or not all(isinstance(d, str) for d in domains):
        raise DataError(f"domains must be two attribute names, such as {DOMAINS}, got {domains!r}")
    return tuple(domains)


def _choose(
    layout: layouts.Layout, domains: tuple[str, str]
) -> tuple[dict[tuple[str, int], list[str]], str, str]:
    """The file names by (split, domain), sorted; a checksum over names, splits, domains and file sizes; and
    one over the times when the training images were written.

    The first is taken over what the lists say, not over their bytes, so the text and CSV lists of one CelebA
    agree. The second is for the cache alone: a copy of the data has other times, and is the same data.
    """
    attributes = lists.read_attributes(layout.attributes, domains)
    partition = lists.read_partition(layout.partition)
    if attributes.keys() != partition.keys():
        odd = min(attributes.keys() ^ partition.keys())
        raise DataError(
            f"{shown(layout.attributes)} lists {len(attributes):,} images, {shown(layout.partition)} lists "
            f"{len(partition):,}, and only one of them knows {odd}: one is cut short or from another copy, "
            "fetch both again"
        )
    files, stems = _names(layout.images), None
    chosen = {(split, domain): [] for split in PARTS for domain in (1, 2)}
    splits = {number: split for split, number in PARTS.items()}
    missing, digest, written = [], hashlib.sha256(), hashlib.sha256()
    for name in sorted(attributes):
        first, second = attributes[name]
        if first == second:
            continue
        file = name
        if name not in files:  # the lists say .jpg in the lossless copy too
            stems = _stems(files) if stems is None else stems
            file = stems.get(Path(name).stem.lower())
        if file is None:
            missing.append(name)
            continue
        chosen[splits[partition[name]], 1 if first else 2].append(file)
        about = regular(layout.images / file, "the CelebA image")
        # In what capitals an ending is written says nothing.
        called = name if Path(file).suffix.lower() in (".jpg", ".jpeg") else f"{Path(name).stem}.png"
        digest.update(f"{called} {partition[name]} {1 if first else 2} {about.st_size}\n".encode())
        if splits[partition[name]] == "train":
            written.update(f"{file} {about.st_mtime_ns}\n".encode())
    if missing:
        raise DataError(
            f"{len(missing):,} images that {shown(layout.attributes)} lists are not in "
            f"{shown(layout.images)}, first {missing[0]}: unpack img_align_celeba.zip again, or shorten both "
            "lists to what is there"
        )
    for split in ("train", "validation"):  # no training without; evaluation() reports an empty test split
        for domain in (1, 2):
            if not chosen[split, domain]:
                raise DataError(_nothing(layout, domains, domain, split))
    return chosen, digest.hexdigest()[:16], written.hexdigest()[:16]


def _names(folder: Path) -> set[str]:
    try:
        return set(os.listdir(folder))
    except OSError as error:
        raise DataError(
            f"CelebA's folder {shown(folder)} cannot be read ({error.strerror}): give yourself permission"
        ) from None


def _stems(names: set[str]) -> dict[str, str]:
    """The names of pictures by their stems in lower case; of 000001.JPG and 000001.png the first."""
    pictures = (name for name in sorted(names, reverse=True) if Path(name).suffix.lower() in lists.ENDINGS)
    return {Path(name).stem.lower(): name for name in pictures}


def _nothing(layout: layouts.Layout, domains: tuple[str, str], domain: int, split: str) -> str:
    mine, other = domains if domain == 1 else domains[::-1]
    return (
        f"no image of CelebA's {split} partition in {shown(layout.base)} has {mine} without {other}: "
        "choose other "
        "attributes, or use the whole data set"
    )
