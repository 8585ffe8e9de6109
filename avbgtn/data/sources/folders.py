"""Looking into folders that people have made: what lies there, how deep, and what a path really is.

Data sets come from downloads, from zips and over links, so nothing here trusts a name: a FIFO called
``000001.jpg`` is no picture, and a folder may hold 202,599 files or a link to itself.
"""

import os
import stat
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ...errors import DataError
from ...sentences import shown

MOST_ENTRIES = 4096  # read of one folder: enough for lists beside pictures, where CelebA's are 202,599
MOST_FOLDERS = 2000  # looked into in one search, the nearest first: some name their home folder
CLUTTER = {"thumbs.db", "desktop.ini", "lost+found", "__macosx"}  # what systems leave in any folder


@dataclass(frozen=True)
class Folder:
    """One folder as it was found: the names in it, sorted, hidden ones left out.

    Attributes:
        path: where it is.
        folders, files: names of folders and of regular files, links followed.
        others: names of what is neither: FIFOs, sockets, devices, broken links.
    """

    path: Path
    folders: tuple[str, ...]
    files: tuple[str, ...]
    others: tuple[str, ...]


def look(path: Path, most: int = MOST_ENTRIES) -> Folder:
    """What is in a folder, up to ``most`` names of it.

    Raises:
        DataError: it cannot be read.
    """
    kinds = {"folders": [], "files": [], "others": []}
    try:
        with os.scandir(path) as entries:
            for _, entry in zip(range(most), entries, strict=False):
                if entry.name.startswith(".") or entry.name.lower() in CLUTTER:
                    continue
                try:
                    kind = "folders" if entry.is_dir() else "files" if entry.is_file() else "others"
                except OSError:  # such as a link that leads to itself
                    kind = "others"
                kinds[kind].append(entry.name)
    except OSError as error:
        raise DataError(
            f"the folder {shown(path)} cannot be read ({error.strerror}): give yourself permission or name "
            "another"
        ) from None
    return Folder(path, *(tuple(sorted(names, key=_order)) for names in kinds.values()))


def _order(name: str) -> tuple:
    """By name; of numbers the highest first, as the newest of kagglehub's ``versions`` is."""
    return (0, -int(name), name) if name.isascii() and name.isdecimal() else (1, 0, name)


def walk(
    root: Path,
    depth: int,
    *,
    enter: Callable[[str], bool] = lambda name: True,
    ours: Callable[[str], bool] = lambda name: False,
    most: int = MOST_FOLDERS,
) -> Iterator[Folder]:
    """The folders at and below ``root``, the nearest first, each once even where links lead in circles.

    Args:
        depth: how many folders below ``root``.
        enter: says by its name, in lower case, whether a folder is worth a look.
        ours: says by its name, in lower case, whether a folder that cannot be read is in the way; another one
            is passed over, as a disk's ``lost+found`` must be. ``root`` always is.
        most: how many folders.

    Raises:
        DataError: ``root`` or one of ours cannot be read.
    """
    waiting, seen = deque([(Path(root), 0)]), set()
    while waiting and len(seen) < most:
        path, level = waiting.popleft()
        try:
            about = path.stat()
            if (about.st_dev, about.st_ino) in seen:
                continue
            seen.add((about.st_dev, about.st_ino))
            folder = look(path)
        except OSError:  # gone since it was listed
            continue
        except DataError:
            if level == 0 or ours(path.name.lower()):
                raise
            continue
        yield folder
        if level < depth:
            waiting.extend((path / name, level + 1) for name in folder.folders if enter(name.lower()))


def contents(path: Path, most: int = 5) -> str:
    """The first names in a folder, for a sentence: ``'a', 'b' and 3 more``; ``""`` if it is empty."""
    folder = look(path)
    names = [f"{name}/" for name in folder.folders] + [*folder.files, *folder.others]
    first = ", ".join(repr(shown(name)[:60]) for name in names[:most])
    more = len(names) - most
    return first + (f" and {more:,} more" if more > 0 else "")


def what(path: Path) -> str:
    """What a path is, if it is no regular file: ``"is a folder"``, ``"is a FIFO"``, ``"is a broken link"``,
    ``"does not exist"``; ``""`` for a regular file."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        if path.is_symlink():
            return "is a broken link"
        missing = isinstance(error, FileNotFoundError)
        return "does not exist" if missing else f"cannot be looked at ({error.strerror})"
    for test, words in (
        (stat.S_ISREG, ""),
        (stat.S_ISDIR, "is a folder"),
        (stat.S_ISFIFO, "is a FIFO"),
        (stat.S_ISSOCK, "is a socket"),
    ):
        if test(mode):
            return words
    return "is a device"


def regular(path: Path, name: str) -> os.stat_result:
    """The size and times of a file that a data set needs.

    Raises:
        DataError: it is a folder, a FIFO, a broken link or empty.
    """
    try:
        about = path.stat()
    except OSError:
        about = None
    if about is None or not stat.S_ISREG(about.st_mode):
        raise DataError(
            f"{name} {shown(path)} {what(path)}: expected a regular file, put it there again or shorten "
            "the list"
        )
    if about.st_size == 0:
        raise DataError(f"{name} {shown(path)} is empty (0 bytes): copy or download it again")
    return about
