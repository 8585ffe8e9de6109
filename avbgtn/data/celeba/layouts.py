"""Finding CelebA on a disk, whichever way it got there.

It consists of three pieces: a folder of pictures, a list of attributes, a list of partitions. They lie
together or apart, in any capitalisation, as these and other layouts have it::

    torchvision     celeba/img_align_celeba/*.jpg
                    celeba/list_attr_celeba.txt  celeba/list_eval_partition.txt
    the authors'    Img/img_align_celeba/*.jpg
                    Anno/list_attr_celeba.txt    Eval/list_eval_partition.txt
    Kaggle          img_align_celeba/img_align_celeba/*.jpg
                    list_attr_celeba.csv         list_eval_partition.csv
    kagglehub       datasets/jessicali9530/celeba-dataset/versions/2/ and what Kaggle has
    Google Drive    Img-2024...-001/Img/..., Anno-2024...-001/Anno/..., Eval-2024...-001/Eval/...

Up to ``DEPTH`` folders below the data root are searched. Where the root is the folder of pictures itself,
or one of Img, Anno and Eval, so are the folders that it lies in.
"""

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from ...errors import DataError
from ...sentences import shown
from ..sources import archives
from ..sources.folders import Folder, look, walk, what

TITLE = "CelebA"
PIECES = "img_align_celeba/, list_attr_celeba.txt and list_eval_partition.txt (or .csv)"
ATTRIBUTES = "list_attr_celeba"
PARTITION = "list_eval_partition"
IMAGES = "img_align_celeba"
DEPTH = 7  # kagglehub's cache: datasets/owner/name/versions/2, and the pictures two folders deeper
MOST = 50  # candidates of a kind
# What browsers, Drive and people append to the name of a copy.
COPY = r"(?:[ _-]*(?:\(\d+\)|\d{1,3}|copy|\d{8}t\d{6}z(?:-\d+)*))?"
LISTS = {stem: re.compile(rf"{stem}{COPY}\.(?:txt|csv|tsv)") for stem in (ATTRIBUTES, PARTITION)}
PICTURE = re.compile(r"\d{6}\.(?:jpe?g|png|webp)", re.IGNORECASE)
ZIP = re.compile(rf"(?:img_align_celeba.*|.*celeba.*|archive{COPY}|(?:img|anno|eval){COPY})\.zip")
PART_FOLDERS = ("img", "anno", "eval")  # the authors'
HOW = (
    "to get CelebA by hand, fetch img_align_celeba.zip, list_attr_celeba.txt and list_eval_partition.txt "
    "from mmlab.ie.cuhk.edu.hk/projects/CelebA.html (or the Kaggle data set jessicali9530/celeba-dataset), "
    "unpack the zip, and put the three into {where}"
)


@dataclass(frozen=True)
class Layout:
    """What was found of CelebA; None for what was not.

    Attributes:
        base: the folder that holds all of it.
        odd: what has the name of a piece and is none: a broken link, a FIFO, a folder.
    """

    base: Path
    attributes: Path | None
    partition: Path | None
    images: Path | None
    archive: Path | None
    odd: tuple[Path, ...] = ()

    @property
    def pieces(self) -> list[Path]:
        found = (self.attributes, self.partition, self.images, self.archive)
        return [piece for piece in found if piece is not None]


def find(root: Path) -> Layout | None:
    """The fullest CelebA under ``root``, whole or not; None if there is no trace of one.

    Raises:
        DataError: a folder that must be looked into cannot be read.
    """
    root = Path(root)
    if not root.is_dir():
        return None
    visited = walk(root, DEPTH, enter=lambda name: "irmas" not in name, ours=lambda name: "celeba" in name)
    layout = _fullest(visited)
    if layout is None or _missing(layout):
        layout = _around(root) or layout
    return layout


def _missing(layout: Layout) -> bool:
    return None in (layout.attributes, layout.partition, layout.images)


def _fullest(visited: Iterable[Folder]) -> Layout | None:
    found = {"attributes": [], "partition": [], "named": [], "numbered": [], "archive": [], "odd": []}
    for folder in visited:
        for kind, path in _pieces(folder):
            if len(found[kind]) < MOST:
                found[kind].append(path)
    kinds = {kind: found[kind] for kind in ("attributes", "partition", "named", "archive")}
    layouts = []
    for anchors in kinds.values():  # of every piece, the layout that it would be the heart of
        for anchor in anchors:
            chosen = {
                kind: anchor if paths is anchors else _nearest(anchor, paths) for kind, paths in kinds.items()
            }
            images = chosen.pop("named")
            if images is None or not _numbered(images):
                images = _nearest(anchor, found["numbered"], up=3) or images
            homes = [_home(piece) for piece in chosen.values() if piece]
            if images:  # the lists may lie among the pictures
                homes.append(images if images in homes else _home(images))
            base = Path(os.path.commonpath(homes))
            layouts.append(Layout(base, images=images, odd=tuple(found["odd"]), **chosen))
    # Of two equally full ones the deeper, which is less mixed, then the first; a zip makes none fuller.
    return max(
        layouts,
        key=lambda x: (
            2 * len(x.pieces) - (x.archive is not None),
            len(x.base.parts) if not _missing(x) else 0,
        ),
        default=None,
    )


def _pieces(folder: Folder) -> list[tuple[str, Path]]:
    """The pieces of CelebA that a folder holds or is, each with its kind, the plainest names first."""
    pieces = []
    for kind, stem in (("attributes", ATTRIBUTES), ("partition", PARTITION)):
        names = [name for name in folder.files if LISTS[stem].fullmatch(name.lower())]
        names.sort(key=lambda n, s=stem: (Path(n).stem != s, len(n), n.lower().endswith(".csv")))
        pieces += [(kind, folder.path / name) for name in names]
        odd = [n for n in (*folder.folders, *folder.others) if LISTS[stem].fullmatch(n.lower())]
        pieces += [("odd", folder.path / name) for name in odd]
    pieces += [("archive", folder.path / name) for name in folder.files if _is_archive(folder.path / name)]
    name = folder.path.resolve().name.lower()
    # Kaggle's zip has the folder twice, one in the other.
    if name.startswith(IMAGES) and not any(inner.lower().startswith(IMAGES) for inner in folder.folders):
        pieces.append(("named", folder.path))
    elif any(map(PICTURE.fullmatch, folder.files)) and name != "img_celeba":  # the originals, not aligned
        pieces.append(("numbered", folder.path))
    pieces += [("odd", folder.path / name) for name in folder.others if name.lower().startswith(IMAGES)]
    return pieces


def _is_archive(path: Path) -> bool:
    name = path.name.lower()
    if not ZIP.fullmatch(name) or "hq" in name:
        return False
    return "celeba" in name or archives.holds(path, "celeba")


def _numbered(folder: Path) -> bool:
    return any(map(PICTURE.fullmatch, look(folder).files))


def _nearest(anchor: Path, paths: list[Path], up: int | None = None) -> Path | None:
    """The path that shares most of its folders with ``anchor``, the first of several; where ``up`` is given,
    only one that lies within the folder ``up`` above it."""

    def shared(path: Path) -> int:
        return len(Path(os.path.commonpath([anchor, path])).parts)

    near = [path for path in paths if up is None or shared(path) >= len(anchor.parts) - up]
    return max(near, key=shared, default=None)


def _home(piece: Path) -> Path:
    """The folder where a layout with this piece begins: outside Img, Anno, Eval and Kaggle's doubling."""
    home = piece.parent
    while re.fullmatch(rf"(?:{'|'.join(PART_FOLDERS)}|{IMAGES}){COPY}", home.name.lower()):
        home = home.parent
    return home


def _around(root: Path) -> Layout | None:
    """The whole CelebA that ``root`` is only a piece of: its pictures, or the authors' Img, Anno or Eval."""
    here = root.resolve()
    names, pictures = (*PART_FOLDERS, IMAGES), _numbered(here)
    if not pictures and not here.name.lower().startswith(names):
        return None

    def enter(name: str) -> bool:
        return name.startswith(PART_FOLDERS) or "celeba" in name

    inside = list(walk(here, 2, most=100))
    for above in here.parents[:3]:
        if above == Path(above.anchor):
            break
        try:
            visited = [*inside, *walk(above, 3, enter=enter, most=100)]
        except DataError:  # a folder above that others may not list
            break
        layout = _fullest(visited)
        if layout and not _missing(layout) and (layout.images == here or not pictures):
            return layout
    return None


def check(layout: Layout) -> None:
    """Refuse a CelebA that lacks a piece, and name the piece.

    Raises:
        DataError: an attribute file, a partition file or the images are missing, or still in their zip.
    """
    base, archive, how = shown(layout.base), layout.archive, HOW.format(where=shown(layout.base))
    found = ", ".join(shown(piece.relative_to(layout.base)) for piece in layout.pieces)
    if layout.odd:
        found += f" (and {shown(layout.odd[0])}, which {what(layout.odd[0]) or 'is no folder'})"
    inside = look(layout.images) if layout.images else None
    no_images = inside is None or not (inside.files or inside.others or inside.folders)
    if no_images and archive:
        raise DataError(f"{archives.still_zipped(archive, 'CelebA is')}; {how}")
    if layout.images is None:
        raise DataError(
            f"CelebA in {base} has {found}, but no folder img_align_celeba, there or in Img; {how}"
        )
    if no_images:
        raise DataError(
            f"CelebA's folder {shown(layout.images)} is empty: expected 000001.jpg and so on; {how}"
        )
    for piece, stem, folder in (
        (layout.attributes, ATTRIBUTES, "Anno"),
        (layout.partition, PARTITION, "Eval"),
    ):
        if piece is None:
            raise DataError(
                f"CelebA in {base} has {found}, but no {stem}.txt or {stem}.csv, there or in {folder}; {how}"
            )


def resembling(root: Path) -> str:
    """Words about a near miss, for an error about a folder without CelebA; ``""`` where nothing is near."""
    near: list[tuple[Callable[[str], bool], str]] = [
        (lambda n: n.endswith((".parquet", ".arrow")), "a copy from Hugging Face, whose tables are not read"),
        (lambda n: "celebamask" in n or "celeba-hq" in n or "celeba_hq" in n, "CelebA-HQ, another data set"),
        (lambda n: n == "img_celeba", "CelebA's originals, and the aligned pictures are needed"),
    ]
    for folder in walk(root, DEPTH, most=200):
        for is_near, words in near:
            names = (*folder.files, *folder.folders, folder.path.name)
            if name := next((n for n in names if is_near(n.lower())), None):
                return f" ({shown(name)!r} looks like {words})"
    return ""
