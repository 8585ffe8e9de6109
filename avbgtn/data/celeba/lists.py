"""Reading CelebA's two lists, as their authors wrote them and as people have edited or exported them.

The authors' attribute list is a number of images, a line of names, and a line of 1 and -1 for each image;
Kaggle's is a CSV. A spreadsheet or pandas turns them into quoted fields, semicolons, UTF-16, ``1.0``,
``True``, an index in front. Each has one meaning and is read; anything else is an error that shows the line.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from difflib import get_close_matches
from functools import lru_cache
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from ...errors import DataError
from ...sentences import shown
from ..sources.folders import what

LONGEST = 100_000  # letters of a line; the longest real one has 516
LEADING = {  # what people's programs call the columns before the attributes
    "", "image_id", "image", "image_name", "img", "img_name", "file", "filename", "file_name", "name",
    "index", "id", "row", "no", "nr", "unnamed:_0", "level_0",
}  # fmt: skip
YES, NO = {"1", "true"}, {"-1", "0", "false"}
SPLITS = {"0": 0, "1": 1, "2": 2, "train": 0, "training": 0, "val": 1, "valid": 1, "validation": 1, "test": 2}
ENDINGS = (".jpg", ".jpeg", ".png", ".webp")
_PLAIN = re.compile(r"[\w-]+\.(?:jpg|png)", re.ASCII)
_NUMBER = re.compile(r"([+-]?)(\d)(?:[.,]0*)?(?:e[+-]?0+)?")
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, which it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class Line(NamedTuple):
    """A line that is not empty: its number from 1, its fields, what separates them (None: blanks), itself."""

    number: int
    fields: list[str]
    separator: str | None
    text: str


def read_attributes(path: Path, wanted: tuple[str, str]) -> dict[str, tuple[bool, bool]]:
    """Image name -> whether it has each of the two wanted attributes.

    Raises:
        DataError: an attribute that the file does not have, one attribute twice, or a file that is cut short
            or no such list.
    """
    lines = _lines(path)
    head = next(lines, None)
    promised = int(head.fields[0][:18]) if head and _is_count(head.fields) else None
    if promised is not None:
        head = next(lines, None)
    names, before = _header(head.fields if head else [])
    if not names or (promised is None and not before and head.separator is not None):
        raise DataError(_bad(path, _begin(path), head))
    row = next(lines, None)
    if row:
        before = _before(path, row, names, before, head if promised is None else None)
    columns = [names.index(name) if name in names else _unknown(name, names, path) for name in wanted]
    if columns[0] == columns[1]:
        raise DataError(
            f"the two domains must be different attributes, got {wanted[0]} twice: choose another one"
        )
    if twice := next((name for name in wanted if names.count(name) > 1), None):
        raise DataError(_bad(path, f"has two columns called {twice}", head))
    found: dict[str, tuple[bool, bool]] = {}
    for line in chain([row] if row else [], lines):
        index, values = line.fields[: before - 1], line.fields[before:]
        name = _image_name(line.fields[before - 1]) if len(values) == len(names) else None
        if not name or not all(map(str.isdigit, index)) or not _known({*values}):
            raise DataError(
                _bad(
                    path, f"line {line.number} is not an image name and {len(names)} values of 1 or -1", line
                )
            )
        pair = _whole(values[columns[0]]) in YES, _whole(values[columns[1]]) in YES
        if found.setdefault(name, pair) != pair:
            raise DataError(_bad(path, f"line {line.number} contradicts an earlier line on {name}", line))
    if promised not in (None, len(found)):
        raise DataError(
            f"{shown(path)} is cut short or edited: its first line promises {promised:,} images, "
            f"{len(found):,} follow; fetch it again, or correct the number if you shortened the list yourself"
        )
    return found


def read_partition(path: Path) -> dict[str, int]:
    """Image name -> 0 (train), 1 (validation) or 2 (test).

    Raises:
        DataError: a file that is cut short or no such list.
    """
    found: dict[str, int] = {}
    for line in _lines(path):
        row = line.fields
        header = row[-1].lower() in ("partition", "split", "set") or _is_count(row)
        if not found and header:  # Kaggle's or pandas'
            continue
        name = _image_name(row[-2]) if len(row) in (2, 3) and all(map(str.isdigit, row[:-2])) else None
        part = SPLITS.get(_whole(row[-1]))
        if name is None or part is None:
            raise DataError(_bad(path, f"line {line.number} is not an image name and 0, 1 or 2", line))
        if found.setdefault(name, part) != part:
            raise DataError(_bad(path, f"line {line.number} contradicts an earlier line on {name}", line))
    return found


def _is_count(fields: list[str]) -> bool:
    return len(fields) == 1 and fields[0].isascii() and fields[0].isdigit()


def _header(fields: list[str]) -> tuple[list[str], int]:
    """The attribute names of a header, and how many columns it names before them; no names if it is none."""
    names = ["_".join(name.split()) for name in fields]
    before = 0
    while before < min(2, len(names)) and names[before].lower() in LEADING:
        before += 1
    names = names[before:]
    if any(not name or Path(name).suffix.lower() in ENDINGS or _NUMBER.fullmatch(name) for name in names):
        return [], before
    return names, before


def _before(path: Path, row: Line, names: list[str], named: int, head: Line | None) -> int:
    """How many columns stand before the values: the image, and perhaps an index that the header lacks."""
    named = max(named, 1)
    before = len(row.fields) - len(names)
    if before in (named, named + 1) and before <= 2 and _image_name(row.fields[before - 1]):
        return before
    if head and not any(map(_image_name, row.fields)):  # then the first line was no header either
        raise DataError(_bad(path, _begin(path), head))
    return named


def _begin(path: Path) -> str:
    if path.suffix.lower() == ".csv":
        return "does not begin with the line image_id,5_o_Clock_Shadow,..."
    return "does not begin with the number of images and a line of attribute names"


@lru_cache(maxsize=64)
def _whole(text: str) -> str:
    """``1.0``, ``+1`` and ``1,0`` as ``1``; anything else in lower case."""
    number = _NUMBER.fullmatch(text.lower())
    if number is None:
        return text.lower()
    return ("-" if number[1] == "-" and number[2] != "0" else "") + number[2]


def _known(texts: set[str]) -> bool:
    return texts <= {"1", "-1"} or {_whole(text) for text in texts} <= YES | NO


def _image_name(text: str) -> str | None:
    """The file name of an image: folders before it go, ``000001`` gets its ending; None if it is no name."""
    if _PLAIN.fullmatch(text):
        return text
    path = PurePosixPath(text.replace("\\", "/"))
    if not text.isprintable() or ".." in path.parts:
        return None
    if path.suffix.lower() in ENDINGS:
        return path.name
    return f"{path.name}.jpg" if re.fullmatch(r"\d{6}", path.name, re.ASCII) else None


def _lines(path: Path) -> Iterator[Line]:
    """The lines that are not empty, one by one, as all 8 million values take half a GB."""
    for number, text in enumerate(_text(path), 1):
        text = text.strip(" \r\n\ufeff")
        if not text.strip(',;\t "'):
            continue
        separator = next((s for s in ";,\t" if s in text), None)  # in this order, as 1,0 may stand for 1.0
        fields = text.split(separator)
        if '"' in text:
            try:
                fields = next(csv.reader([text], delimiter=separator or " ", skipinitialspace=True))
            except csv.Error:  # and the line will be no row
                pass
        if separator and (" " in text or "'" in text) or '"' in text:
            fields = [field.strip().strip("'") for field in fields]
        while len(fields) > 1 and fields[-1] == "":  # a spreadsheet fills every line to the longest
            fields.pop()
        yield Line(number, fields, separator, text)


def _text(path: Path) -> Iterator[str]:
    """The lines of a file in any encoding that people's programs choose for a list of plain letters."""
    if words := what(path):
        raise DataError(f"the list {shown(path)} {words}: expected a text file, fetch it again")
    try:
        with path.open("rb") as file:
            start = file.read(64)
            encoding = next((name for bom, name in BOMS if start.startswith(bom)), None)
            if encoding is None:  # UTF-16 without its mark: every other byte of plain letters is 0
                odd, even = start[1::2].count(0), start[::2].count(0)
                encoding = "utf-16-le" if odd > 8 > even else "utf-16-be" if even > 8 > odd else "utf-8"
            file.seek(0)
            with io.TextIOWrapper(file, encoding) as lines:
                while line := lines.readline(LONGEST):
                    if len(line) == LONGEST:
                        raise ValueError(f"a line has {LONGEST:,} letters or more")
                    if not line.isascii() and sum(c > "\u024f" for c in line) * 2 > len(line.strip()):
                        raise ValueError(f"it holds letters such as {line.strip()[:1]!a}")
                    yield line
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise DataError(_bad(path, f"cannot be read as text ({reason})")) from None


def _bad(path: Path, why: str, line: Line | None = None) -> str:
    seen = ""
    if line:
        text = shown(line.text[:80]) + ("..." if len(line.text) > 80 else "")
        which = "it" if "line " in why and f"line {line.number} " in why else f"line {line.number}"
        seen = f", {which} reads '{text}'"
    return (
        f"{shown(path)} {why}{seen}: it is damaged or edited, or a web page was saved in its place; correct "
        "it or fetch it again"
    )


def _unknown(name: str, names: list[str], path: Path) -> int:
    lower = {n.lower(): n for n in names}
    near = get_close_matches(name.lower().replace(" ", "_"), lower, 1, 0.3)
    nearest = f" (did you mean {shown(lower[near[0]])}?)" if near else ""
    listed = shown(", ".join(names))[:1000]
    raise DataError(f"CelebA has no attribute {name!r}{nearest}: {shown(path)} lists {listed}")
