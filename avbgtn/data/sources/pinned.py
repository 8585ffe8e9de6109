"""Files of the package, known to the bit: read, and compared before a byte of them is used."""

import hashlib
from pathlib import Path

from ...errors import DataError


def pinned_bytes(path: Path, sha256: str, what: str) -> bytes:
    """The bytes of a file, once its checksum was compared: half a picture or half a sound would just be used.

    Args:
        sha256: of the file, 64 hexadecimal digits.
        what: how the sentence begins where it cannot be read, such as "the built-in heads are incomplete".

    Raises:
        DataError: it is missing, cannot be read, or is another file.
    """
    try:
        found = path.read_bytes()
    except OSError as error:
        raise DataError(f"{what} ({error}): install the package again") from None
    digest = hashlib.sha256(found).hexdigest()
    if digest != sha256:
        raise DataError(
            f"{path} is damaged: its SHA-256 is {digest[:16]}..., expected {sha256[:16]}...: "
            "install the package again"
        )
    return found
