"""CelebA: photographs of known people with 40 attributes; by default Brown_Hair against Blond_Hair.

For research only and not to be passed on, so it cannot be packed: it is read from the reader's own disk, in
any layout of ``celeba_files.py``, or fetched through torchvision. Nobody knows the true translations here.
"""

import hashlib
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
from filelock import FileLock
from torch import Tensor

from . import cache as caches
from . import celeba_files as files
from .domains import DataError, Domains, Evaluation, enlarged, to_float
from .images import open_image, resized

DOMAINS = ("Brown_Hair", "Blond_Hair")
WIDTH, HEIGHT = 178, 218  # of every aligned image
CROP = (0, 20, 178, 198)  # left, top, right, bottom: rows 20 to 197, as in UNIT's code
LIMIT = 128  # images a domain in an evaluation that names no limit
RESERVED = 8


class CelebA(Domains):
    """Images with exactly one of two attributes, in the official partition.

    Args:
        root: the data root; CelebA lies in it or below it.
        size: side of the images; rows 20 to 197 are resized to ``round(1.03 size)`` before the random crop.
        domains: two different attributes; images with both or with neither are left out.
        workers: threads that read images ahead.
        cache: read training images from a cache on disk, as :meth:`use_cache` does. No result depends on it.

    Raises:
        DataError: no CelebA, an incomplete or damaged one, unknown attributes, or no image with just one; no
            space for the cache.
    """

    def __init__(
        self,
        root: Path,
        *,
        size: int,
        domains: tuple[str, str] | None = None,
        workers: int = 0,
        cache: bool = False,
    ):
        if isinstance(size, bool) or not isinstance(size, int) or size < 16:
            raise DataError(f"size must be a whole number of pixels, 16 or more, got {size!r}")
        domains = _two(domains or DOMAINS)
        layout = files.find(root)
        if layout is None:
            raise DataError(f"no CelebA under {root}; " + files.HOW.format(where=root / "celeba"))
        files.check(layout)
        self.layout = layout
        self.files, checksum, self._written = _choose(layout, domains)
        super().__init__(
            name="celeba", domains=domains, size=size, checksum=checksum, workers=workers, has_twins=False,
            lengths=tuple(len(self.files["train", d]) for d in (1, 2)),
        )  # fmt: skip
        self._read(self.files["train", 1][0], size)  # a folder of other pictures should say so at once
        self._root, self._cache = root, None
        if cache:
            self.use_cache()

    def image(self, domain: int, index: int) -> Tensor:
        self.check_index(domain, index)
        if self._cache is not None:
            return self._cache.image(index + (self.lengths[0] if domain == 2 else 0))
        return self._read(self.files["train", domain][index], enlarged(self.size))

    @property
    def cache_bytes(self) -> int:
        """What the cache of the training images takes on disk, built or not."""
        return caches.size_in_bytes(sum(self.lengths), enlarged(self.size))

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
        image = open_image(path, "the CelebA image")
        if image.size != (WIDTH, HEIGHT):
            raise DataError(
                f"the CelebA image {path} is {image.width} x {image.height} pixels: expected an aligned "
                f"one, {WIDTH} x {HEIGHT}, as in img_align_celeba, not an original or CelebA-HQ"
            )
        # Cropped first: with its ``box`` option, Pillow's resize would mix in pixels from outside the box.
        return resized(image.convert("RGB").crop(CROP), side)


def find_or_download(root: Path, say=print) -> None:
    """Fetch CelebA through torchvision if there is no trace of one under ``root``; one process at a time.

    It grows in a hidden folder and moves to ``root/celeba`` when it is whole: half a download is never taken
    for a CelebA, and the next attempt goes on where this one stopped.

    Raises:
        DataError: the download failed; says what to fetch by hand and where to put it.
    """
    if files.find(root):
        return
    growing = root / ".download-celeba"
    try:
        growing.mkdir(parents=True, exist_ok=True)
        with FileLock(growing / "lock"):
            if files.find(root):  # another process was faster
                return
            say(f"no CelebA under {root}: downloading it there (3 GB unpacked; for research only)")
            from torchvision.datasets import CelebA as Download  # here, because it takes seconds to import

            Download(str(growing), split="all", download=True)
            (growing / "celeba").replace(root / "celeba")
            shutil.rmtree(growing, ignore_errors=True)
    except Exception as error:  # whatever the network, Google Drive, gdown or the zip may raise
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise DataError(
            f"there is no CelebA under {root}, and the download failed ({reason}); "
            + files.HOW.format(where=root / "celeba")
        ) from error


def _two(domains) -> tuple[str, str]:
    if isinstance(domains, str) or len(domains) != 2 or not all(isinstance(d, str) for d in domains):
        raise DataError(f"domains must be two attribute names, such as {DOMAINS}, got {domains!r}")
    return tuple(domains)


def _choose(
    layout: files.Layout, domains: tuple[str, str]
) -> tuple[dict[tuple[str, int], list[str]], str, str]:
    """The file names by (split, domain), sorted; a checksum over names, splits, domains and file sizes; and
    one over the times when the training images were written.

    The first is taken over what the lists say, not over their bytes, so the text and CSV lists of one CelebA
    agree. The second is for the cache alone: a copy of the data has other times, and is the same data.
    """
    attributes = files.read_attributes(layout.attributes, domains)
    partition = files.read_partition(layout.partition)
    if attributes.keys() != partition.keys():
        odd = min(attributes.keys() ^ partition.keys())
        raise DataError(
            f"{layout.attributes} lists {len(attributes):,} images, {layout.partition} lists "
            f"{len(partition):,}, and only one of them knows {odd}: one is cut short or from another copy, "
            "fetch both again"
        )
    present = set(os.listdir(layout.images))
    chosen = {(split, domain): [] for split in files.PARTS for domain in (1, 2)}
    splits = {number: split for split, number in files.PARTS.items()}
    missing, digest, written = [], hashlib.sha256(), hashlib.sha256()
    for name in sorted(attributes):
        first, second = attributes[name]
        if first == second:
            continue
        # The lists say .jpg in the lossless copy too.
        file = name if name in present else f"{Path(name).stem}.png"
        if file not in present:
            missing.append(name)
            continue
        chosen[splits[partition[name]], 1 if first else 2].append(file)
        about = (layout.images / file).stat()
        digest.update(f"{file} {partition[name]} {1 if first else 2} {about.st_size}\n".encode())
        if splits[partition[name]] == "train":
            written.update(f"{file} {about.st_mtime_ns}\n".encode())
    if missing:
        raise DataError(
            f"{len(missing):,} images that {layout.attributes} lists are not in {layout.images}, "
            f"first {missing[0]}: unpack img_align_celeba.zip again, or shorten both lists to what is there"
        )
    for split in ("train", "validation"):  # no training without; evaluation() reports an empty test split
        for domain in (1, 2):
            if not chosen[split, domain]:
                raise DataError(_nothing(layout, domains, domain, split))
    return chosen, digest.hexdigest()[:16], written.hexdigest()[:16]


def _nothing(layout: files.Layout, domains: tuple[str, str], domain: int, split: str) -> str:
    mine, other = domains if domain == 1 else domains[::-1]
    return (
        f"no image of CelebA's {split} partition in {layout.base} has {mine} without {other}: choose other "
        "attributes, or use the whole data set"
    )
