"""Names inside sentences: whatever a file is called, a message about it stays one line that any terminal can show."""


def shown(value: object) -> str:
    """``str(value)`` on one line: what cannot be printed is escaped, as in a Python string.

    Newlines, escape codes, marks that turn the direction of writing and bytes that are no text (a file name may hold
    them; Python keeps them as lone surrogates) come out as ``\\n``, ``\\x1b``, ``\\u202e`` and ``\\xff``; everything
    else, of any alphabet, as it is.
    """
    return "".join(c if c.isprintable() else _escaped(c) for c in str(value))


def _escaped(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file name that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
