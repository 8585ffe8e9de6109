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
    """A WAV, AIFF or AU file whose sound has length 0 in its header but goes on to the file's end, with that length.

    So writers leave it that stream or were killed. Where other chunks follow, or nothing, 0 was meant.
    """
    end = file.seek(0, io.SEEK_END)
    file.seek(0)
    head = file.read(12)
    found = None
    if head[:4] in (b"RIFF", b"RIFX", b"FORM"):
        order = "<" if head[:4] == b"RIFF" else ">"
        found = _empty(file, end, b"SSND" if head[:4] == b"FORM" else b"data", order)
    elif head[:4] in (b".snd", b"dns."):
        order = ">" if head[:4] == b".snd" else "<"
        if len(head) == 12 and head[8:] == bytes(4) and end > struct.unpack(order + "I", head[4:8])[0]:
            found = 8, b"\xff" * 4  # AU's own word for "unknown"
    file.seek(0)
    return (Repaired(file, *found), True) if found else (file, False)


def _empty(file: BinaryIO, end: int, wanted: bytes, order: str) -> tuple[int, bytes] | None:
    at = 12
    while at + 8 <= end:
        file.seek(at)
        name, size = struct.unpack(order + "4sI", file.read(8))
        if name == wanted:
            if size or end == at + 8 or _chunks(file, at + 8, end, order):
                return None
            return at + 4, struct.pack(order + "I", min(end - at - 8, 0xFFFFFFFF))
        at += 8 + size + size % 2
    return None


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
    """Bytes that the header of a WAV or AIFF file promised and libsndfile, whose log this is, did not find."""
    promise = re.search(r"^ *(?:data|SSND) : (\d+) \(should be (\d+)\)", log, re.MULTILINE)
    if not promise or int(promise[1]) >= UNKNOWN_LENGTH:
        return 0
    return max(0, int(promise[1]) - int(promise[2]))


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
