"""The data root: where real data sets are looked for, and what it means that nothing usable lies there.

A real data set has a *finder*, a module with

- ``TITLE``, what people call it; ``PIECES``, what it consists of, in words; ``HOW``, a sentence on how to get
  it by hand, with ``{where}``; ``DEPTH``, how many folders below the root are searched;
- ``find(root)``: what was found of it, with the folder as ``base``, or None where there is no trace;
- ``check(found)``: raises DataError where a piece is missing;
- ``resembling(root)``: words on a near miss, or ``""``.
"""

import os
from pathlib import Path
from types import ModuleType

from ...errors import DataError
from ...sentences import shown
from .folders import MOST_FOLDERS, contents, look

VARIABLE = "AVBGTN_DATA"


def data_root(root: str | Path | None = None) -> Path:
    """Where real data sets lie: ``root``, else ``$AVBGTN_DATA``, else ``./data`` (which need not exist).

    Raises:
        DataError: the place that was named does not exist, or is a file.
    """
    named = _named(root)
    given = root if root is not None else os.environ.get(VARIABLE) or "data"
    called = f"the data root {shown(given)}" + (f" ({named})" if named else "")
    expected = "expected the folder that holds celeba/ or irmas/"
    try:
        path = Path(given).expanduser()
        path.stat()
    except FileNotFoundError:
        if named:
            raise DataError(f"{called} does not exist: {expected}, create it or correct {named}") from None
        return path
    except (OSError, RuntimeError, ValueError) as error:  # ~nobody; a name too long, or with a zero in it
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error).strip(". ")
        raise DataError(f"{called} cannot be used ({reason}): {expected}, name that folder") from None
    if not path.is_dir():
        raise DataError(f"the data root {shown(given)} is a file: {expected}, name that folder")
    return path


def _named(root: str | Path | None) -> str | None:
    """What named the data root, in words; None for the default."""
    return "root" if root is not None else f"${VARIABLE}" if os.environ.get(VARIABLE) else None


def unused(root: str | Path | None) -> str:
    """Words on a root that was given although the data set needs none; ``""`` if there is none."""
    return "" if root is None else f"; root={shown(str(root))!r} is not used by it"


def in_vain(
    root: str | Path | None,
    place: Path,
    finder: ModuleType,
    others: list[ModuleType],
    *,
    built_in: str,
    asked: bool = False,
) -> str:
    """Why the built-in data are used, or others fetched; a refusal where neither is what was meant.

    Who names a folder means what is in it. So nothing stands in for a data set that is not recognised there.
    The default folder means nothing, an empty one holds nothing, and ``$AVBGTN_DATA`` may hold only the other
    data set.

    Args:
        root: as for :func:`data_root`.
        place: the folder that it is.
        finder: of the data set that was looked for.
        others: the finders of the other real data sets.
        built_in: the data set that does without, as the parameter ``dataset`` calls it.
        asked: whether the data set was asked for by its name, so that a download is what else there is;
            beside another data set it does no harm.

    Raises:
        DataError: the folder was named, and what it holds is not the data set that was looked for.
    """
    none, named = f"there is no {finder.TITLE} under {shown(place)}", _named(root)
    if named is None:
        return none
    if not contents(place):
        return f"{none}, which is empty"
    if (asked or root is None) and _only_other(place, others):
        return f"{none}, which holds other data alone"
    instead = (
        "an empty one to download it there" if asked else f"set dataset={built_in} for the built-in data"
    )
    raise DataError(
        f"no {finder.TITLE} is recognised in {shown(place)} ({named}), which holds {contents(place)}"
        f"{finder.resembling(place)}: expected {finder.PIECES} in it or up to {finder.DEPTH} folders below "
        f"(the nearest {MOST_FOLDERS:,} are searched); name the folder that holds them, or {instead}"
    )


def _only_other(place: Path, others: list[ModuleType]) -> bool:
    """Whether a folder holds one of the other data sets, and nothing beside it."""
    found = next((layout.base for finder in others if (layout := finder.find(place))), None)
    return found is not None and not _beside(place, found)


def _beside(place: Path, other: Path) -> list[str]:
    """The names in a folder that are not on the way to another data set in it."""
    inside = look(place)
    names = [*inside.folders, *inside.files, *inside.others]
    way = other.relative_to(place).parts[:1] if other.is_relative_to(place) else ()
    return [name for name in names if name not in way] if way else []
