"""What people are told: names and values as one line can show them, an error of the system as one sentence.

Importing this imports no torch.
"""

import errno
import os
import re
from typing import Any

LONGEST = 160  # characters of a value in a sentence; what is longer is cut


def shown(value: Any) -> str:
    """``str(value)`` as one printable line; what cannot be printed is escaped, as in a Python string.

    Newlines, escape codes, marks that turn the direction of writing and bytes that are no text (a file name
    may hold them; Python keeps them as lone surrogates) come out as ``\\n``, ``\\x1b``, ``\\u202e`` and
    ``\\xff``; everything else, of any alphabet, as it is.
    """
    return "".join(c if c.isprintable() else _escaped(c) for c in str(value))


def _escaped(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file name that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def got(value: Any) -> str:
    """``repr(value)`` for the end of a sentence: on one line, and cut where it is long."""
    try:
        text = shown(repr(value))
    except ValueError:  # Python writes no whole number of more than 4,300 digits
        return "a number with thousands of digits"
    text = re.sub(r"(<[^<>]*) at 0x[0-9a-fA-F]+>", r"\1>", text)  # where an object lies helps nobody
    return _cut(text, LONGEST)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 40]}... ({len(text):,} characters)"


def in_brief(text: str) -> str:
    """``text`` with each long word cut, and cut itself where it still has more than a thousand characters."""
    return _cut(re.sub(r"\S+", lambda word: _cut(word[0], LONGEST), text), 1000)


def in_markdown(value: Any) -> str:
    """``value`` as it is, on one line, where Markdown sees marks or HTML: a name in a heading or a table."""
    return re.sub(r"([\\`*<>|\[\]$~&#]|(?<!\w)_|_(?!\w))", r"\\\1", shown(value))


# What the extra "train" of pyproject.toml installs, by the name of its module.
OF_TRAINING = {
    "lightning_fabric": "lightning-fabric", "torchmetrics": "torchmetrics", "torchvision": "torchvision",
    "scipy": "scipy", "sklearn": "scikit-learn", "librosa": "librosa", "matplotlib": "matplotlib",
}  # fmt: skip

# --- errors of the system -----------------------------------------------------------------------------------

# What to do about the usual ones; any other is told in the system's own words.
ADVICE = {
    errno.ENOSPC: "free some space, or set AVBGTN_RUNS to another disk",
    errno.EDQUOT: "free some space, or set AVBGTN_RUNS to another disk",
    errno.EROFS: "name a place that can be written",
    errno.EACCES: "give yourself permission, or name another place",
    errno.EPERM: "give yourself permission, or name another place",
    errno.ENAMETOOLONG: "a part of a path may have 255 bytes at most; give a shorter name",
    errno.ENOENT: "check the path",
    errno.EMFILE: "raise the limit on open files (ulimit -n), or use fewer workers",
    errno.EIO: "the disk or the network behind it fails; try another one",
    errno.ELOOP: "it is a link that leads back to itself; correct it",
}


def of_error(error: BaseException) -> str | None:
    """One sentence for an error of the system: a disk's, a name's, a missing package, or memory that is used
    up. ``None`` for any other error, which is a mistake in the program and needs its traceback."""
    if isinstance(error, OSError):
        where = " and ".join(shown(os.fsdecode(name)) for name in _names(error))
        what = shown(error.strerror or str(error) or type(error).__name__)
        said = f"{where}: {what}" if where else what
        return f"{said}; {ADVICE.get(error.errno, 'mend what it names, and run the same command again')}"
    if isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and _is_memory(error)):
        return (
            "the memory of this machine is used up; use a smaller size, width or batch, or end other programs"
        )
    if isinstance(error, UnicodeError):
        part = getattr(error, "object", "")
        name = f" {got(part)}" if isinstance(part, str | bytes) and part else ""
        return (
            f"the text or name{name} holds characters that cannot be read or written"
            f" ({shown(error.reason) if hasattr(error, 'reason') else shown(error)}); rename it"
        )
    if isinstance(error, RuntimeError) and "home directory" in str(error):  # pathlib's for "~nobody"
        return "a path begins with ~ and a name whose home is unknown here; write the path in full"
    if isinstance(error, ModuleNotFoundError) and (package := OF_TRAINING.get(str(error.name).split(".")[0])):
        lacks = f"training, scoring and drawing need the package {package}, which is not installed here"
        return f'{lacks}: pip install "avbgtn[train]"'
    return None


def _names(error: OSError) -> list[str | bytes]:
    return [name for name in (error.filename, error.filename2) if isinstance(name, str | bytes)]


def _is_memory(error: RuntimeError) -> bool:
    # torch's: "DefaultCPUAllocator: can't allocate memory", "CUDA out of memory", "Cannot allocate memory"
    words = str(error).lower()
    return "allocate memory" in words or "out of memory" in words or "not enough memory" in words
