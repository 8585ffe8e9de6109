"""The data of the book: two unpaired domains of images behind one interface.

    >>> from avbgtn import data
    >>> heads = data.load("heads", size=64)
    >>> x1, x2 = heads.batch(epoch=0, batch=1, seed=0)

``load("auto")`` takes CelebA where it finds it and the built-in heads elsewhere; :func:`resolve` says which.
"""

import os
from difflib import get_close_matches
from pathlib import Path

from .domains import SPLITS, DataError, Domains, Evaluation
from .images import image_from_file

__all__ = [
    "DATASETS",
    "SPLITS",
    "DataError",
    "Domains",
    "Evaluation",
    "data_root",
    "image_from_file",
    "load",
    "resolve",
]

DATASETS = ("auto", "heads", "celeba")


def data_root(root: str | Path | None = None) -> Path:
    """Where real data sets lie: ``root``, else ``$AVBGTN_DATA``, else ``./data`` (which need not exist).

    Raises:
        DataError: the place that was named does not exist, or is a file.
    """
    named = "root" if root is not None else "$AVBGTN_DATA" if os.environ.get("AVBGTN_DATA") else None
    path = Path(root if root is not None else os.environ.get("AVBGTN_DATA") or "data").expanduser()
    if path.exists() and not path.is_dir():
        raise DataError(
            f"the data root {path} is a file: expected the folder that holds celeba/, name that folder"
        )
    if named and not path.exists():
        raise DataError(
            f"the data root {path} ({named}) does not exist: expected the folder that holds celeba/, create "
            f"it or correct {named}"
        )
    return path


def resolve(dataset: str, root: str | Path | None = None) -> tuple[str, str]:
    """Which data set a name means here, and a sentence for people that says so.

    Args:
        dataset: ``"heads"``, ``"celeba"``, or ``"auto"``: CelebA if the data root has it, else the heads.
        root: as for :func:`data_root`.

    Returns:
        ``("heads" or "celeba", sentence)``.

    Raises:
        DataError: another name; no such root; and for ``"auto"``, a CelebA that is there but incomplete.
    """
    if dataset not in DATASETS:
        near = get_close_matches(str(dataset).lower(), DATASETS, 1)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        raise DataError(f"unknown dataset {dataset!r}{hint}: expected one of {', '.join(DATASETS)}")
    if dataset == "heads":
        return "heads", "data: the built-in heads (computer-rendered, no real person)"
    from . import celeba_files

    place = data_root(root)
    layout = celeba_files.find(place)
    if layout is not None:
        celeba_files.check(layout)
        return "celeba", f"data: CelebA in {layout.base}"
    how = celeba_files.HOW.format(where=place / "celeba")
    if dataset == "celeba":
        return "celeba", f"data: CelebA, which is not under {place} yet and will be downloaded; {how}"
    heads = "data: the built-in heads (computer-rendered, no real person)"
    return "heads", f"{heads}, as there is no CelebA under {place}; {how}"


def load(
    dataset: str,
    *,
    root: str | Path | None = None,
    domains: tuple[str, str] | None = None,
    size: int,
    workers: int = 0,
) -> Domains:
    """A data set, ready to train on and to be scored on.

    Args:
        dataset: as for :func:`resolve`; ``"auto"`` prints its choice, ``"celeba"`` downloads if need be.
        root: as for :func:`data_root`; the built-in heads need none.
        domains: the two attributes of CelebA, ``("Brown_Hair", "Blond_Hair")`` if None.
        size: side of the images; 32, 64 or 128 for the heads.
        workers: threads that read CelebA's images ahead; no result depends on it.

    Raises:
        DataError: one sentence on what is missing or wrong, and what to do.
    """
    name, sentence = resolve(dataset, root)
    if dataset == "auto":
        print(sentence)
    if name == "heads":
        from .heads import Heads

        return Heads(size, domains)
    from .celeba import CelebA, find_or_download

    place = data_root(root)
    find_or_download(place)
    return CelebA(place, size=size, domains=domains, workers=workers)
