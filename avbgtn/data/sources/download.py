"""Fetching a data set into the data root: whole or not at all, by one process at a time."""

import errno
import shutil
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from ...errors import DataError
from ...sentences import shown


def fetch(
    root: Path,
    *,
    name: str,
    size: int,
    find: Callable[[Path], object | None],
    get: Callable[[Path], Path],
    how: str,
    say: Callable[[str], None] = print,
) -> None:
    """Download a data set if there is no trace of it under ``root``.

    It grows in a hidden folder and moves to ``root/<name in lower case>`` when it is whole: half a download
    is never taken for a data set, and the next attempt goes on where this one stopped. A disk that fills up
    is given back what was fetched.

    Args:
        name: of the data set, such as ``"CelebA"``.
        size: what it takes unpacked, in GB; as much must be free, or nothing is fetched.
        find: returns None where there is no trace of the data set under a folder.
        get: fetches into a folder and returns the folder to move in place.
        how: a sentence on how to get it by hand, with ``{where}``.

    Raises:
        DataError: the download failed; says what to fetch by hand and where to put it.
    """
    if find(root):
        return
    growing, goal = root / f".download-{name.lower()}", root / name.lower()
    try:
        for path in (growing, growing / "lock"):
            if path.is_symlink():
                raise FileExistsError(f"{path} is a link, which is not followed: delete it")
        growing.mkdir(parents=True, exist_ok=True)
        with FileLock(growing / "lock"):
            if find(root):  # another process was faster
                return
            if shutil.disk_usage(root).free < size * 1e9:
                raise OSError(errno.ENOSPC, f"it needs {size} GB and the disk has less free")
            say(
                f"no {name} under {shown(root)}: downloading it there ({size} GB unpacked; for research only)"
            )
            get(growing).replace(goal)
            shutil.rmtree(growing, ignore_errors=True)
    except Exception as error:  # whatever the network, a server, a library or the zip may raise
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            shutil.rmtree(growing, ignore_errors=True)  # a full disk may cost others a checkpoint
        reason = " ".join(shown(" ".join(str(error).split())).split())[:200] or type(error).__name__
        raise DataError(
            f"there is no {name} under {shown(root)}, and the download failed ({reason}); "
            + how.format(where=shown(goal))
        ) from error
