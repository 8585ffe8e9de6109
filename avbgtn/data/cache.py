"""Training pictures decoded once and kept on disk, so that decoding never starves a step.

A cache is a folder ``pictures-132px-1a2b3c4d`` with three files: ``pixels.u8``, the pictures, (n, 3, S', S')
uint8; ``sums.u32``, the CRC-32 of each; and ``about.json``, which says what they show and holds the SHA-256
of ``sums.u32``. Opening one compares the facts, the sizes, and a few pictures with their files. Each later
read compares one CRC-32 (20 microseconds at 132 px, where decoding takes 1,000), so that no damaged picture
is used, whenever the damage happens.

It is built under another name, flushed to the disk and renamed: what is there is whole. A build that was
killed goes on where it stopped. Any such folder may be deleted when no training uses it. Others may write
into the folder that caches lie in, so no link in it is followed and nothing but a regular file is opened; all
else is damage, and replaced.
"""

import errno
import hashlib
import json
import os
import random
import shutil
import sys
import weakref
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

import numpy as np
import torch
from filelock import FileLock, Timeout
from torch import Tensor
from tqdm import tqdm

from ..files.own_files import appended, is_folder, length, remove
from ..sentences import shown
from ..storage import json_text, sync_folder, write_durably
from .cache_place import no_space, place, size_in_bytes

__all__ = ["Cache", "open_or_build", "place", "size_in_bytes"]

FORMAT = 1  # of the three files
ABOUT, PIXELS, SUMS, DAMAGED = "about.json", "pixels.u8", "sums.u32", "damaged"
CHUNK = 256  # pictures handed to the system at a time: what a kill may cost, a fraction of a second
MOST_ABOUT = 65536  # bytes of about.json; it has 300
SAMPLES = 8  # pictures that are decoded again at each opening
Decode = Callable[[int], Tensor]  # number of a picture -> (3, S', S') uint8, from its file
Say = Callable[[str], None]  # where lines for people go
CHANGES = {  # what a cache must agree with its pictures in, and how a difference reads
    "format": "was written in another format",
    "source": "is of other pictures or of another split",
    "written": "is older than its pictures, of which one was written since",
    "images": "holds another number of pictures",
    "side": "holds pictures of another size",
}


class Cache:
    """A whole cache, read-only. Several threads and processes may read it at once.

    Args:
        folder: where it lies.
        shape: (n, 3, S', S').

    Raises:
        OSError, ValueError: a file is missing or has another length than ``shape`` asks for.
    """

    def __init__(self, folder: Path, shape: tuple[int, ...], decode: Decode, say: Say):
        self.folder, self._decode, self._say = folder, decode, say
        for name, bytes_ in ((PIXELS, np.prod(shape)), (SUMS, 4 * shape[0])):
            if length(folder / name) != bytes_:
                raise ValueError(f"{name} has another length than {bytes_:,} bytes")
        # Not mapped into memory: where another process cuts the file short, a map is a crash.
        self._shape = shape[1:]
        self._pixels = open(folder / PIXELS, "rb", buffering=0)  # noqa: SIM115 - as long as the cache
        weakref.finalize(self, self._pixels.close)
        self._sums = np.fromfile(folder / SUMS, "<u4")
        self._reported, self._lock, self._seeking = False, Lock(), Lock()

    def image(self, row: int) -> Tensor:
        """Picture ``row``, (3, S', S') uint8; from its file, with a printed line, if it is damaged here."""
        image = self._sound(row)
        if image is None:
            self._report(f"picture {row}")
            image = self._decode(row)
        return image

    def check(self) -> int:
        """Compare every picture with its checksum; how many are damaged. If any, a line is printed and the
        next opening builds the cache anew."""
        bad = sum(self._sound(row) is None for row in range(len(self._sums)))
        if bad:
            self._report(f"{bad:,} of {len(self._sums):,} pictures")
        return bad

    def difference(self) -> str | None:
        """Whether a few pictures, others each time, are still what their files show; if not, in words."""
        rows = {0, len(self._sums) - 1, *random.SystemRandom().choices(range(len(self._sums)), k=SAMPLES - 2)}
        for row in sorted(rows):
            image = self._sound(row)
            if image is None:
                return f"is damaged (picture {row})"
            if not torch.equal(image, self._decode(row)):  # another version of Pillow, or of our own crop
                return "was decoded by other software, which gives other pixels"
        return None

    def _sound(self, row: int) -> Tensor | None:
        bytes_ = int(np.prod(self._shape))
        try:
            content = self._read(bytes_, row * bytes_)
        except OSError:
            return None
        if len(content) != bytes_ or zlib.crc32(content) != self._sums[row]:
            return None
        return torch.frombuffer(bytearray(content), dtype=torch.uint8).view(self._shape)  # (3, S', S')

    def _read(self, bytes_: int, start: int) -> bytes:
        if hasattr(os, "pread"):  # without a position that threads and forked processes would share
            return os.pread(self._pixels.fileno(), bytes_, start)
        with self._seeking:  # Windows
            self._pixels.seek(start)
            return self._pixels.read(bytes_)

    def _report(self, what: str) -> None:
        with self._lock:
            if self._reported:
                return
            self._reported = True
        try:
            appended(self.folder / DAMAGED).close()
        except OSError:
            pass  # then the next run finds out for itself, as this one did
        self._say(
            f"the cache {shown(self.folder)} is damaged ({what}): damaged pictures are read from their "
            "files, and the "
            "next start builds it anew"
        )


def open_or_build(
    folder: Path, facts: dict, decode: Decode, *, workers: int = 0, say: Say = print
) -> Cache | None:
    """The cache in ``folder``, built first if none there fits; one process builds, others wait for it.

    Args:
        folder: its own; the folder above may hold other caches.
        facts: what the cache must agree in: ``source`` and ``written``, two strings that change with the
            pictures, ``images`` = n and ``side`` = S'.
        decode: called by several threads at once.
        workers: threads that decode while it is built; at least one.
        say: is told that the cache is built, and why anew.

    Returns:
        None where ``folder`` cannot be written; a line was printed that says so.

    Raises:
        DataError: the disk is full, or a picture cannot be read.
    """
    facts = {"format": FORMAT, **facts}
    if isinstance(found := _found(folder, facts, decode, say), Cache):  # without the lock: a whole cache in a
        return found  # folder that belongs to somebody else serves as well
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        if os.path.islink(f"{folder}.lock"):
            raise FileExistsError(errno.EEXIST, f"{folder.name}.lock is a link, which is not followed")
        lock = FileLock(f"{folder}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            say(f"another process builds the cache {shown(folder)}: waiting for it")
            lock.acquire()
        try:
            if isinstance(found := _found(folder, facts, decode, say), Cache):
                return found  # another process was faster
            if found:
                say(f"the cache {shown(folder)} {found}: building it anew")
            return _build(folder, facts, decode, max(1, workers), say)
        finally:
            lock.release()
    except (OSError, NotImplementedError) as error:  # the latter from a file system without locks
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            shutil.rmtree(_growing(folder), ignore_errors=True)  # a full disk may cost others a checkpoint
            raise no_space(folder, facts["images"], facts["side"]) from error
        why = (error.strerror if isinstance(error, OSError) else "") or str(error)
        old = f", and the one that is there {found}" if isinstance(found, str) else ""
        say(
            f"no picture cache: {shown(folder)} cannot be written ({why}){old}; every picture is "
            "decoded each time it "
            "is needed; set AVBGTN_CACHE to a folder that can be written to change that"
        )
        return None


def _found(folder: Path, facts: dict, decode: Decode, say: Say) -> Cache | str | None:
    """The cache in ``folder``, or why it cannot be used; None if there is none."""
    if not os.path.lexists(folder):
        return None
    if not is_folder(folder):
        return "is a link or a file"
    try:
        about = _about(folder)
        for name, words in CHANGES.items():
            if about[name] != facts[name]:
                return words
        if (folder / DAMAGED).exists():
            return "was found damaged"
        length(folder / SUMS)
        if about["sums"] != _sha256(folder / SUMS):
            return f"is damaged ({SUMS})"
        cache = Cache(folder, _shape(facts), decode, say)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        return f"is damaged ({type(error).__name__}: {shown(str(error))})"
    return cache.difference() or cache


def _build(folder: Path, facts: dict, decode: Decode, workers: int, say: Say) -> Cache:
    growing, (n, *shape) = _growing(folder), _shape(facts)
    remove(folder, ABOUT)
    done = _kept(growing, facts)
    left = n - done
    if size_in_bytes(left, shape[1]) > shutil.disk_usage(folder.parent).free:
        raise no_space(folder, left, shape[1])
    say(
        f"decoding {n:,} pictures of {shape[1]} x {shape[2]} once, into {shown(folder)} "
        f"({size_in_bytes(n, shape[1]) / 1e9:.1f} GB)" + (f", from number {done:,} on" if done else "")
    )
    chunks = [range(start, min(start + CHUNK, n)) for start in range(done, n, CHUNK)]
    with (
        appended(growing / PIXELS) as pixels,
        appended(growing / SUMS) as sums,
        ThreadPoolExecutor(workers, thread_name_prefix="avbgtn-cache") as pool,
        tqdm(total=n, initial=done, unit=" pictures", disable=not sys.stderr.isatty()) as bar,
    ):
        ahead = pool.map(decode, chunks[0] if chunks else ())
        for rows, next_rows in zip(chunks, [*chunks[1:], ()], strict=False):  # none, where all were kept
            images = [np.ascontiguousarray(image.numpy()) for image in ahead]
            ahead = pool.map(decode, next_rows)  # they go on while this thread writes
            pixels.writelines(images)
            pixels.flush()
            sums.write(np.array([zlib.crc32(image) for image in images], "<u4").tobytes())
            sums.flush()
            bar.update(len(rows))
        for file in (pixels, sums):
            os.fsync(file.fileno())
    about = json_text({**facts, "sums": _sha256(growing / SUMS)})
    (growing / ABOUT).unlink()  # a new file, never one that something else points to
    write_durably(growing / ABOUT, about.encode())
    os.replace(growing, folder)
    sync_folder(folder.parent)
    return Cache(folder, (n, *shape), decode, say)


def _kept(growing: Path, facts: dict) -> int:
    """How many pictures a build that was killed has left; whatever else it left is gone on return."""
    n, *shape = _shape(facts)
    bytes_ = int(np.prod(shape))
    try:
        if not is_folder(growing):
            raise ValueError("a link or a file")
        about = _about(growing)
        if {name: about[name] for name in facts} != facts:
            raise ValueError("begun for other pictures")
        there = min(
            n, length(growing / SUMS, alone=True) // 4, length(growing / PIXELS, alone=True) // bytes_
        )
        sums, done = np.fromfile(growing / SUMS, "<u4", count=there), 0
        with open(growing / PIXELS, "r+b") as file:
            # All are read again: a machine that lost its power may have lost any page.
            while done < there and zlib.crc32(file.read(bytes_)) == sums[done]:
                done += 1
            file.truncate(done * bytes_)
        os.truncate(growing / SUMS, 4 * done)
        return done
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        remove(growing, ABOUT)
        growing.mkdir()
        with appended(growing / ABOUT) as file:
            file.write(json_text(facts).encode())
        return 0


def _about(folder: Path) -> dict:
    if length(folder / ABOUT) > MOST_ABOUT:
        raise ValueError(f"{ABOUT} has more than {MOST_ABOUT:,} bytes")
    return json.loads((folder / ABOUT).read_bytes())


def _growing(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.building")


def _shape(facts: dict) -> tuple[int, int, int, int]:
    return facts["images"], 3, facts["side"], facts["side"]


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
