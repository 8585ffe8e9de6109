"""Two folders of a person's own pictures or sounds: ``root/cats`` is the domain *cats*, ``root/dogs`` *dogs*.

Nobody needs to pair anything, and no list is asked for. Every file below a folder counts whose name ends as
it should, in whatever folders it lies. A tenth of each domain, four files at least, is kept for validation
and as many for the test, by the SHA-256 of the files' names, so that the split is the same on every machine
and says nothing about their order.
"""

import hashlib
import math
import os
from collections.abc import Sequence
from pathlib import Path

from ...errors import DataError
from ...sentences import shown
from .folders import contents, look, regular

KEPT = 10  # one in so many is for validation, another for the test
LEAST = 4  # but so many each: the experiments show the fourth, and a score of one image says nothing
TO_LEARN = 10  # files that the classifiers of the experiments need, which are asked after the training
FEWEST = 2 * LEAST + TO_LEARN  # files of a domain
Files = dict[tuple[str, int], list[str]]  # (split, domain) -> names below the domain's folder


def folders(root: Path, domains: Sequence[str] | None = None) -> tuple[Path, Path]:
    """The two folders in ``root``, by name where ``domains`` names them.

    Raises:
        DataError: others than two, or a named one that is not there.
    """
    here = look(root)
    names = tuple(domains) if domains else here.folders
    missing = [name for name in names if name not in here.folders]
    if len(names) != 2 or missing:
        asked = f"the folders {' and '.join(map(shown, names))}" if domains else "two folders"
        raise DataError(
            f"{shown(root)} holds {contents(root) or 'nothing'}: expected {asked} in it, one for each domain;"
            " name the folder that holds them as root" + ("" if domains else ", or say which two by domains")
        )
    return root / names[0], root / names[1]


def dealt(two: tuple[Path, Path], endings: tuple[str, ...], what: str) -> tuple[Files, str]:
    """The names of the files by split and domain, each in the order of the hash of its name, and a checksum
    over names, splits and sizes.

    Args:
        what: what the files are, for errors: ``"pictures"``.

    Raises:
        DataError: fewer than :data:`FEWEST` in a folder, or one that is no regular file.
    """
    files, digest = {}, hashlib.sha256()
    for domain, folder in enumerate(two, 1):
        for split, names in _split(folder, endings, what).items():
            files[split, domain] = names
            for name in names:
                about = regular(folder / name, f"one of the {what}")
                digest.update(f"{domain} {split} {name} {about.st_size}\n".encode("utf-8", "surrogateescape"))
    return files, digest.hexdigest()[:16]


def _split(folder: Path, endings: tuple[str, ...], what: str) -> dict[str, list[str]]:
    found = []
    for place, _, names in os.walk(folder):  # links to folders are not followed: one may lead back
        inside = Path(place).relative_to(folder)
        found += [(inside / name).as_posix() for name in names if name.lower().endswith(endings)]
    found = [name for name in found if not any(part.startswith(".") for part in name.split("/"))]
    if len(found) < FEWEST:
        raise DataError(
            f"{shown(folder)} holds {len(found)} {what} ({', '.join(endings)}): expected {FEWEST} or more,"
            " some hundreds for a result"
        )
    found.sort(key=lambda name: hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest())
    kept = max(LEAST, math.ceil(len(found) / KEPT))
    return {"validation": found[:kept], "test": found[kept : 2 * kept], "train": found[2 * kept :]}
