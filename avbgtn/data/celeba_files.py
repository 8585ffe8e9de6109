"""Finding CelebA on a disk and reading its lists, whichever way it got there.

Three layouts are in use::

    torchvision     celeba/img_align_celeba/*.jpg
                    celeba/list_attr_celeba.txt  celeba/list_eval_partition.txt
    the authors'    Img/img_align_celeba/*.jpg
                    Anno/list_attr_celeba.txt    Eval/list_eval_partition.txt
    Kaggle          img_align_celeba/img_align_celeba/*.jpg
                    list_attr_celeba.csv         list_eval_partition.csv

Each may lie in the data root itself, or up to two folders deeper if these are called "archive" or something
with "celeba".
"""

import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from .domains import DataError

ATTRIBUTES = "list_attr_celeba"
PARTITION = "list_eval_partition"
FOLDERS = ("img_align_celeba", "img_align_celeba_png")
ZIPS = ("img_align_celeba.zip", "Img/img_align_celeba.zip", "celeba-dataset.zip", "celeba.zip", "CelebA.zip")
PARTS = {"train": 0, "validation": 1, "test": 2}  # the numbers in the partition file
HOW = (
    "to get CelebA by hand, fetch img_align_celeba.zip, list_attr_celeba.txt and list_eval_partition.txt "
    "from mmlab.ie.cuhk.edu.hk/projects/CelebA.html (or the Kaggle data set jessicali9530/celeba-dataset), "
    "unpack the zip, and put the three into {where}"
)


@dataclass(frozen=True)
class Layout:
    """What was found of CelebA in one folder; None for what was not."""

    base: Path
    attributes: Path | None
    partition: Path | None
    images: Path | None
    archive: Path | None

    @property
    def pieces(self) -> list[Path]:
        found = (self.attributes, self.partition, self.images, self.archive)
        return [piece for piece in found if piece is not None]


def find(root: Path) -> Layout | None:
    """The fullest CelebA under ``root``, whole or not; None if there is no trace of one."""
    layouts = [layout for layout in map(_look, _bases(root)) if layout.pieces]
    # Of two equally full ones the first; a zip next to the rest makes none fuller.
    return max(layouts, key=lambda x: 2 * len(x.pieces) - (x.archive is not None), default=None)


def _bases(root: Path, depth: int = 2) -> list[Path]:
    """The folders in which a layout may begin."""
    try:
        inside = sorted(root.iterdir()) if depth and root.is_dir() else []
    except OSError as error:
        raise DataError(
            f"the folder {root} cannot be read ({error.strerror}): give yourself permission or name another"
        ) from None
    found = [root]
    for path in inside:
        name = path.name.lower()
        # Not the image folder itself: listing its 202,599 files takes a while.
        if ("celeba" in name or name == "archive") and not name.startswith(("img_", ".")) and path.is_dir():
            found += _bases(path, depth - 1)
    return found


def _look(base: Path) -> Layout:
    def first(candidates, test):
        return next((base / c for c in candidates if test(base / c)), None)

    def lists(stem, folders):
        return [f"{folder}{stem}{ending}" for folder in folders for ending in (".txt", ".csv")]

    images = [
        f"{place}{name}{again}" for place in ("", "Img/") for name in FOLDERS for again in (f"/{name}", "")
    ]
    return Layout(
        base=base,
        attributes=first(lists(ATTRIBUTES, ("", "Anno/")), Path.is_file),
        partition=first(lists(PARTITION, ("", "Eval/", "Anno/")), Path.is_file),
        images=first(images, Path.is_dir),
        archive=first(ZIPS, Path.is_file),
    )


def check(layout: Layout) -> None:
    """Refuse a CelebA that lacks a piece, and name the piece.

    Raises:
        DataError: an attribute file, a partition file or the images are missing, or still in their zip.
    """
    base, archive, how = layout.base, layout.archive, HOW.format(where=layout.base)
    found = ", ".join(str(piece.relative_to(base)) for piece in layout.pieces)
    no_images = layout.images is None or next(os.scandir(layout.images), None) is None
    if no_images and archive and zipfile.is_zipfile(archive):
        raise DataError(f"CelebA's images are still zipped: unpack {archive} in the folder {archive.parent}")
    if no_images and archive:
        raise DataError(
            f"{archive} is no whole zip file, perhaps half a download or a page about Google's quota: "
            f"delete it; {how}"
        )
    if layout.images is None:
        raise DataError(
            f"CelebA in {base} has {found}, but no folder img_align_celeba, there or in Img; {how}"
        )
    if no_images:
        raise DataError(f"CelebA's folder {layout.images} is empty: expected 000001.jpg and so on; {how}")
    for piece, stem, folder in (
        (layout.attributes, ATTRIBUTES, "Anno"),
        (layout.partition, PARTITION, "Eval"),
    ):
        if piece is None:
            raise DataError(
                f"CelebA in {base} has {found}, but no {stem}.txt or {stem}.csv, there or in {folder}; {how}"
            )


def read_attributes(path: Path, wanted: tuple[str, str]) -> dict[str, tuple[bool, bool]]:
    """Image name -> whether it has each of the two wanted attributes.

    Raises:
        DataError: an attribute that the file does not have, one attribute twice, or a file that is cut short
            or no such list.
    """
    lines = _lines(path)
    (_, head), promised = next(lines, (0, [])), None
    if path.suffix == ".csv":
        if head[:1] != ["image_id"] or len(head) < 2:
            raise DataError(_bad(path, "does not begin with the line image_id,5_o_Clock_Shadow,..."))
        names = head[1:]
    else:  # a count, the names, then the rows
        names = next(lines, (0, []))[1]
        if len(head) != 1 or not head[0].isdigit() or not names:
            raise DataError(
                _bad(path, "does not begin with the number of images and a line of attribute names")
            )
        promised = int(head[0])
    first, second = (
        names.index(name) + 1 if name in names else _unknown(name, names, path) for name in wanted
    )
    if first == second:
        raise DataError(
            f"the two domains must be different attributes, got {wanted[0]} twice: choose another one"
        )
    found = {}
    for number, row in lines:
        if len(row) != len(names) + 1 or not {"1", "-1", "0"}.issuperset(row[1:]):
            raise DataError(
                _bad(path, f"line {number} is not an image name and {len(names)} values of 1 or -1")
            )
        found[row[0]] = row[first] == "1", row[second] == "1"
    if promised not in (None, len(found)):
        raise DataError(
            f"{path} is cut short or edited: its first line promises {promised:,} images, "
            f"{len(found):,} follow; fetch it again, or correct the number if you shortened the list yourself"
        )
    return found


def read_partition(path: Path) -> dict[str, int]:
    """Image name -> 0 (train), 1 (validation) or 2 (test).

    Raises:
        DataError: a file that is cut short or no such list.
    """
    found = {}
    for number, row in _lines(path):
        if number == 1 and row[0] == "image_id":  # Kaggle's header
            continue
        if len(row) != 2 or row[1] not in ("0", "1", "2"):
            raise DataError(_bad(path, f"line {number} is not an image name and 0, 1 or 2"))
        found[row[0]] = int(row[1])
    return found


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The lines that are not empty, number and values, one by one: all 8 million values take half a GB."""
    separator = "," if path.suffix == ".csv" else None
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, 1):
                if line := line.strip():
                    yield number, line.split(separator)
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(_bad(path, f"cannot be read as text ({error})")) from None


def _bad(path: Path, why: str) -> str:
    return f"{path} {why}: it is damaged, or a web page was saved in its place; fetch it again"


def _unknown(name: str, names: list[str], path: Path) -> int:
    lower = {n.lower(): n for n in names}
    near = get_close_matches(name.lower().replace(" ", "_"), lower, 1, 0.3)
    nearest = f" (did you mean {lower[near[0]]}?)" if near else ""
    raise DataError(f"CelebA has no attribute {name!r}{nearest}: {path} lists {', '.join(names)}")
