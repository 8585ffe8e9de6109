"""Training pictures decoded once and kept on disk, so that decoding never starves a step.

A cache is a folder ``pictures-132px-1a2b3c4d`` with three files: ``pixels.u8``, the pictures, (n, 3, S', S')
uint8, mapped into memory; ``sums.u32``, the CRC-32 of each; and ``about.json``, which says what they show and
holds the SHA-256 of ``sums.u32``. Opening one compares the facts, the sizes, and a few pictures with their
files. Each later read compares one CRC-32 (20 microseconds at 132 px, where decoding takes 1,000), so that no
damaged picture is used, whenever the damage happens.

It is built under another name, flushed to the disk and renamed: what is there is whole. A build that was killed
goes on where it stopped. Any such folder may be deleted when no training uses it.
"""

import errno
import hashlib
import json
import os
import random
import shutil
import sys
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

from ..storage import json_text, sync_folder, write_durably
from .domains import DataError

FORMAT = 1  # of the three files
ABOUT, PIXELS, SUMS, DAMAGED = "about.json", "pixels.u8", "sums.u32", "damaged"
CHUNK = 256  # pictures handed to the system at a time: what a kill may cost, a fraction of a second
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


def size_in_bytes(images: int, side: int) -> int:
    """What ``images`` colour pictures of ``side`` x ``side`` pixels take on disk, with their checksums.

    71,545 pictures (brown and blond hair in CelebA): 0.9 GB at 66 pixels, 3.7 GB at 132.
    """
    return images * (3 * side * side + 4)


def place(root: Path) -> Path:
    """Where caches lie: ``$AVBGTN_CACHE``, else ``<data root>/.avbgtn-cache`` (which need not exist)."""
    named = os.environ.get("AVBGTN_CACHE")
    return Path(named).expanduser() if named else Path(root) / ".avbgtn-cache"


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
            if (folder / name).stat().st_size != bytes_:
                raise ValueError(f"{name} has another length than {bytes_:,} bytes")
        # As a plain array: indexing a np.memmap costs more than copying a small picture.
        self._pixels = np.asarray(np.memmap(folder / PIXELS, np.uint8, "r", shape=shape))
        self._sums = np.fromfile(folder / SUMS, "<u4")
        self._reported, self._lock = False, Lock()

    def image(self, row: int) -> Tensor:
        """Picture ``row``, (3, S', S') uint8; from its file, and with a printed line, if it is damaged here."""
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
        pixels = np.array(self._pixels[row])  # (3, S', S'), a copy: torch warns of memory that is read-only
        return torch.from_numpy(pixels) if zlib.crc32(pixels) == self._sums[row] else None

    def _report(self, what: str) -> None:
        with self._lock:
            if self._reported:
                return
            self._reported = True
        try:
            (self.folder / DAMAGED).touch()
        except OSError:
            pass  # then the next run finds out for itself, as this one did
        self._say(
            f"the cache {self.folder} is damaged ({what}): damaged pictures are read from their files, and the "
            "next start builds it anew"
        )


def open_or_build(
    folder: Path, facts: dict, decode: Decode, *, workers: int = 0, say: Say = print
) -> Cache | None:
    """The cache in ``folder``, built first if there is none that fits; one process builds, others wait for it.

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
        lock = FileLock(f"{folder}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            say(f"another process builds the cache {folder}: waiting for it")
            lock.acquire()
        try:
            if isinstance(found := _found(folder, facts, decode, say), Cache):
                return found  # another process was faster
            if found:
                say(f"the cache {folder} {found}: building it anew")
            return _build(folder, facts, decode, max(1, workers), say)
        finally:
            lock.release()
    except (OSError, NotImplementedError) as error:  # the latter from a file system without locks
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            shutil.rmtree(_growing(folder), ignore_errors=True)  # a full disk may cost others a checkpoint
            raise _full(folder, facts, facts["images"]) from error
        why = (error.strerror if isinstance(error, OSError) else "") or str(error)
        old = f", and the one that is there {found}" if isinstance(found, str) else ""
        say(
            f"no picture cache: {folder} cannot be written ({why}){old}; every picture is decoded each time it "
            "is needed; set AVBGTN_CACHE to a folder that can be written to change that"
        )
        return None


def _found(folder: Path, facts: dict, decode: Decode, say: Say) -> Cache | str | None:
    """The cache in ``folder``, or why it cannot be used; None if there is none."""
    if not folder.exists():
        return None
    try:
        about = json.loads((folder / ABOUT).read_bytes())
        for name, words in CHANGES.items():
            if about[name] != facts[name]:
                return words
        if (folder / DAMAGED).exists():
            return "was found damaged"
        if about["sums"] != _sha256(folder / SUMS):
            return f"is damaged ({SUMS})"
        cache = Cache(folder, _shape(facts), decode, say)
    except (OSError, ValueError, KeyError, TypeError) as error:
        return f"is damaged ({type(error).__name__}: {error})"
    return cache.difference() or cache


def _build(folder: Path, facts: dict, decode: Decode, workers: int, say: Say) -> Cache:
    growing, (n, *shape) = _growing(folder), _shape(facts)
    (folder / ABOUT).unlink(missing_ok=True)  # first, so that the rest is no cache from here on
    if folder.exists():
        shutil.rmtree(folder)
    done = _kept(growing, facts)
    left = n - done
    if size_in_bytes(left, shape[1]) > shutil.disk_usage(folder.parent).free:
        raise _full(folder, facts, left)
    say(
        f"decoding {n:,} pictures of {shape[1]} x {shape[2]} once, into {folder} "
        f"({size_in_bytes(n, shape[1]) / 1e9:.1f} GB)" + (f", from number {done:,} on" if done else "")
    )
    chunks = [range(start, min(start + CHUNK, n)) for start in range(done, n, CHUNK)]
    with (
        open(growing / PIXELS, "ab") as pixels,
        open(growing / SUMS, "ab") as sums,
        ThreadPoolExecutor(workers, thread_name_prefix="avbgtn-cache") as pool,
        tqdm(total=n, initial=done, unit=" pictures", disable=not sys.stderr.isatty()) as bar,
    ):
        ahead = pool.map(decode, chunks[0] if chunks else ())
        for rows, next_rows in zip(chunks, [*chunks[1:], ()], strict=True):
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
    write_durably(growing / ABOUT, about.encode())
    os.replace(growing, folder)
    sync_folder(folder.parent)
    return Cache(folder, (n, *shape), decode, say)


def _kept(growing: Path, facts: dict) -> int:
    """How many pictures a build that was killed has left; whatever else it left is gone on return."""
    n, *shape = _shape(facts)
    bytes_ = int(np.prod(shape))
    try:
        about = json.loads((growing / ABOUT).read_bytes())
        if {name: about[name] for name in facts} != facts:
            raise ValueError("begun for other pictures")
        sums, done = np.fromfile(growing / SUMS, "<u4"), 0
        there = min(n, len(sums), (growing / PIXELS).stat().st_size // bytes_)
        with open(growing / PIXELS, "r+b") as file:
            # All are read again: a machine that lost its power may have lost any page.
            while done < there and zlib.crc32(file.read(bytes_)) == sums[done]:
                done += 1
            file.truncate(done * bytes_)
        os.truncate(growing / SUMS, 4 * done)
        return done
    except (OSError, ValueError, KeyError, TypeError):
        if growing.exists():
            shutil.rmtree(growing)
        growing.mkdir()
        (growing / ABOUT).write_text(json_text(facts))
        return 0


def _full(folder: Path, facts: dict, left: int) -> DataError:
    need = size_in_bytes(left, facts["side"])
    free = shutil.disk_usage(next(p for p in folder.absolute().parents if p.exists())).free
    return DataError(
        f"no space for the picture cache: {left:,} pictures of {facts['side']} x {facts['side']} need "
        f"{need / 1e9:.2f} GB in {folder.parent}, whose disk has {free / 1e9:.2f} GB free; free some, set "
        "AVBGTN_CACHE to a folder on another disk, or train without the cache"
    )


def _growing(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.building")


def _shape(facts: dict) -> tuple[int, int, int, int]:
    return facts["images"], 3, facts["side"], facts["side"]


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
