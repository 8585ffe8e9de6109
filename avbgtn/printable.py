"""Names as a sentence can show them."""


def printable(text: object) -> str:
    """``str(text)`` on one line: newlines, escape codes and bytes of no encoding are shown, not sent."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in str(text))
