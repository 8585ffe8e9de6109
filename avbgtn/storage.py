"""Writing and reading small files so that neither a crash nor a stranger's file does harm.

A file is flushed to the disk before anything points to it. New files are opened exclusively and no link is
followed, so that nothing outside the folder is written. The disk's errors become one sentence that says what
is safe.
"""

import errno
import json
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .errors import ReadOnlyError, RunError

SMALL = 2**26  # bytes; a log or a description above it is none of ours
NO_LINKS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


@contextmanager
def explained(folder: Path, latest: Callable[[], int | None] | None = None) -> Iterator[None]:
    """Turn the errors of disk and memory into one sentence that says what is safe.

    Args:
        latest: gives the newest good checkpoint's epoch, or None; asked only when something went wrong.

    Raises:
        RunError: instead of any ``OSError`` or ``MemoryError``.
    """
    try:
        yield
    except (OSError, MemoryError) as error:
        safe = "" if latest is None else "; " + what_is_safe(latest)
        number = errno.ENOMEM if isinstance(error, MemoryError) else error.errno
        if number in (errno.ENOSPC, errno.EDQUOT):
            raise RunError(
                f"no space left on the disk of {folder}: free some, or set AVBGTN_RUNS to another disk{safe}"
            ) from error
        if number in (errno.EROFS, errno.EACCES, errno.EPERM):
            what = "written" if number == errno.EROFS else "read or written"
            raise ReadOnlyError(
                f"{folder} cannot be {what} ({error.strerror}): choose another run_dir, or set"
                f" AVBGTN_RUNS{safe}"
            ) from error
        if number == errno.ENOMEM:
            raise RunError(
                f"no memory left to write {folder}: close other programs, or train a smaller model{safe}"
            ) from error
        where = getattr(error, "filename", None) or folder
        raise RunError(
            f"{where} cannot be read or written ({error.strerror or error}): look at the disk, or choose"
            f" another run_dir{safe}"
        ) from error


def what_is_safe(latest: Callable[[], int | None]) -> str:
    """Half a sentence: what of a run is left after something went wrong."""
    try:
        epoch = latest()
    except OSError:  # a disk that is gone says nothing
        return "whether a checkpoint is left cannot be seen now"
    if epoch is None:
        return "there is no checkpoint yet"
    return f"the checkpoint of epoch {epoch} is safe, run the same command again to continue from it"


def folder_path(path: str | Path) -> Path:
    """``path`` with ``~`` expanded and links followed.

    Raises:
        RunError: a path that the system does not take: too long, a loop of links, no such home.
    """
    try:
        found = Path(path).expanduser().resolve()
        found.exists()  # raises for a name that is too long
        return found
    except (OSError, RuntimeError, ValueError) as error:
        text = str(path)
        shown = text if len(text) < 200 else f"{text[:80]}..."
        why = getattr(error, "strerror", None) or error
        raise RunError(f"{shown!r} is no path that can be used ({why}): give another one") from error


# --- reading ------------------------------------------------------------------------------------------------


def parse_json(data: bytes) -> Any:
    """The value in a JSON text in UTF-8; whatever is wrong with it is a ``ValueError``."""
    try:
        return json.loads(data.decode("utf-8"))
    except RecursionError:
        raise ValueError("its brackets are nested too deeply") from None


def read_small(path: Path) -> bytes:
    """The bytes of a small file; one that is absurdly large is a ``ValueError``."""
    with open(path, "rb") as f:
        data = f.read(SMALL + 1)
    if len(data) > SMALL:
        raise ValueError(f"it has more than {SMALL:,} bytes")
    return data


FILES, ENDINGS = ("latest", "lock"), (".json", ".jsonl", ".safetensors")


def check_entries(folder: Path) -> None:
    """Refuse what would lead a writer out of a run folder, keep a reader waiting, or stand in a file's way.

    Raises:
        RunError: the sentence names the first one.
    """
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    for entry in entries:
        path = folder / entry.name
        try:
            mode = entry.stat(follow_symlinks=False).st_mode
        except FileNotFoundError:  # a training that goes on here has just renamed it
            continue
        if stat.S_ISLNK(mode):
            raise RunError(
                f"{path} is a symbolic link, and a run folder holds its own files only: put what it points to"
                " in its place, or remove it"
            )
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            raise RunError(f"{path} is a pipe, a socket or a device, and a run folder holds files: remove it")
        if stat.S_ISDIR(mode) and (entry.name in FILES or path.suffix in ENDINGS):
            raise RunError(f"{path} is a folder where a run folder has a file: move it away, or rename it")
        if stat.S_ISDIR(mode) and (entry.name == "checkpoints" or folder.name == "checkpoints"):
            check_entries(path)


# --- writing ------------------------------------------------------------------------------------------------


def json_text(value: Any) -> str:
    return json.dumps(value, indent=1) + "\n"


def write_durably(path: Path, data: bytes) -> None:
    """A new file in place of any other, on the disk when this returns; a link is replaced, not followed."""
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_LINKS, 0o666)
    try:
        _write_all(handle, data)
        os.fsync(handle)
    finally:
        os.close(handle)


def append(path: Path, text: str) -> None:
    """Add to the end of a file, which is made if it is not there; a link there is an error."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | NO_LINKS, 0o666)
    try:
        _write_all(handle, text.encode())
    finally:
        os.close(handle)


def _write_all(handle: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:  # the system may take a part only
        rest = rest[os.write(handle, rest) :]


def flush_to_disk(path: Path) -> None:
    """What was appended to a file so far, if it is there, is on the disk when this returns."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | NO_LINKS)
    except FileNotFoundError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_atomically(path: Path, data: str | bytes) -> None:
    """The file holds either the old text or the new one, whatever happens in between."""
    temporary = path.with_name(f".{path.name}.new")
    try:
        write_durably(temporary, data.encode() if isinstance(data, str) else data)
        os.replace(temporary, path)
    except (OSError, MemoryError):
        _forget(temporary)  # give the space back
        raise
    sync_folder(path.parent)


def _forget(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        pass  # the error that brought us here is the one to tell


def set_aside(path: Path) -> Path:
    """Keep a damaged file under another name, ``metrics.damaged-1.jsonl`` say; returns it. ``path`` itself
    stays too, so that a kill before it is written anew loses nothing."""
    number = 1
    while (aside := path.with_name(f"{path.stem}.damaged-{number}{path.suffix}")).exists():
        number += 1
    with open(path, "rb") as f:
        write_durably(aside, f.read())
    return aside


def sync_folder(path: Path) -> None:
    """A rename is only safe once the folder is on the disk; Windows has no such call and needs none."""
    if os.name == "posix":
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
