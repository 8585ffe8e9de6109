"""Lengths that a header gets wrong: where a recorder streamed, or was cut off, or a file was."""

import io
import re
import struct
from typing import BinaryIO

UNKNOWN_LENGTH = 0x7FFF0000  # bytes; who writes a WAV file into a pipe promises this much or more
TOO_MANY = 64  # bytes that a header may promise and the file lack: some writers count the header as sound


class Repaired:
    """A file in which some bytes read otherwise; ``soundfile`` needs no more of a file than this."""

    def __init__(self, file: BinaryIO, at: int, data: bytes):
        self.file, self.at, self.data = file, at, data
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int = -1) -> bytes:
        start = self.file.tell()
        found = bytearray(self.file.read(size))
        for k, byte in enumerate(self.data, self.at - start):
            if 0 <= k < len(found):
                found[k] = byte
        return bytes(found)

    def write(self, data) -> int:
        raise io.UnsupportedOperation("this file is read only")


def repaired(file: BinaryIO) -> tuple[BinaryIO | Repaired, bool]:
    """A file whose sound has no length in its header but goes on to the file's end, with that length.

    So writers leave it that stream or were killed: 0 in WAV, AIFF, AU and RF64, 0 or -1 in CAF. Where other
    chunks follow, or nothing, 0 was meant.
    """
    end = file.seek(0, io.SEEK_END)
    file.seek(0)
    head = file.read(36)
    kind, found = head[:4], None
    if kind in (b"RIFF", b"RIFX"):
        found = _empty(file, end, b"data", "<I" if kind == b"RIFF" else ">I", 12)
    elif kind == b"FORM":
        found = _empty(file, end, b"SSND", ">I", 12)
    elif kind == b"caff":
        found = _empty(file, end, b"data", ">Q", 8)
    elif kind == b"RF64" and head[12:16] == b"ds64" and head[28:36] == bytes(8):
        at = _find(file, end, b"data", "<I", 12)
        if at is not None and end > at + 8:
            found = 28, struct.pack("<Q", end - at - 8)
    elif kind in (b".snd", b"dns.") and head[8:12] == bytes(4):
        if end > struct.unpack(">I" if kind == b".snd" else "<I", head[4:8])[0]:
            found = 8, b"\xff" * 4  # AU's own word for "unknown"
    file.seek(0)
    return (Repaired(file, *found), True) if found else (file, False)


def _find(file: BinaryIO, end: int, wanted: bytes, size: str, at: int) -> int | None:
    """Where a chunk begins, if chunks of a name and a size (``struct`` format) lead to it from ``at``."""
    width = 4 + struct.calcsize(size)
    while at + width <= end:
        file.seek(at)
        head = file.read(width)
        if head[:4] == wanted:
            return at
        length = struct.unpack(size, head[4:])[0]
        at += width + length + (length % 2 if width == 8 else 0)  # CAF has no byte to fill up
    return None


def _empty(file: BinaryIO, end: int, wanted: bytes, size: str, at: int) -> tuple[int, bytes] | None:
    """The length of the chunk ``wanted``, and where it stands, if the header does not say it."""
    found = _find(file, end, wanted, size, at)
    if found is None:
        return None
    width = struct.calcsize(size)
    file.seek(found + 4)
    length = struct.unpack(size, file.read(width))[0]
    unknown = length == 0 or (width == 8 and length == 2**64 - 1)
    start = found + 4 + width
    if not unknown or end == start or (width == 4 and _chunks(file, start, end, size[0])):
        return None
    return found + 4, struct.pack(size, min(end - start, 256**width - 1))


def _chunks(file: BinaryIO, at: int, end: int, order: str) -> bool:
    """Whether chunks with printable names fill the file from here to its end."""
    while at + 8 <= end:
        file.seek(at)
        name, size = struct.unpack(order + "4sI", file.read(8))
        if not all(32 <= byte < 127 for byte in name):
            return False
        at += 8 + size + size % 2
    return at in (end, end + 1)


def missing(log: str) -> int:
    """Bytes that the header of a WAV, AIFF, AU, SVX, W64 or RF64 file promised and libsndfile, whose log this
    is, did not find. (The size of the whole in a WAV file is often wrong, and is called RIFF there.)"""
    parts = r"^ *(?:data|SSND|BODY|Data Size|riff|Riff size) *: (\d+) \(should be (\d+)\)"
    promises = [(int(said), int(there)) for said, there in re.findall(parts, log, re.MULTILINE)]
    return max([said - there for said, there in promises if there < said < UNKNOWN_LENGTH], default=0)


def ogg_ends(file: BinaryIO) -> bool:
    """Whether the last page of an OGG file is whole and says that it is the last (RFC 3533, section 6)."""
    file.seek(0, io.SEEK_END)
    file.seek(max(0, file.tell() - 65307))  # no page is longer
    tail = file.read()
    page = tail[max(0, tail.rfind(b"OggS")) :]
    if len(page) < 27 or not page[5] & 4:
        return False
    segments = page[27 : 27 + page[26]]
    return len(segments) == page[26] and len(page) >= 27 + len(segments) + sum(segments)
