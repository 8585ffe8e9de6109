"""Writing pictures: the endings, the question before the work whether a file can be written, the writing."""

import io
from os import PathLike
from pathlib import Path

from PIL import Image, features

from ..errors import DataError
from ..sentences import shown
from .user_files import why_unwritable
from .user_files import write as write_bytes

# By ending, a format that holds every 8-bit RGB picture, and how it is written. Pillow writes more: some
# hold fewer colours (.gif, .xbm), fewer pixels (.ico), or are no pictures (.pdf).
FORMATS = {
    ".png": ("PNG", {"compress_level": 3}),  # a fifth larger than with 6, in half of the time
    ".jpg": ("JPEG", {"quality": 95}),
    ".jpeg": ("JPEG", {"quality": 95}),
    ".webp": ("WEBP", {"quality": 95}),
    ".avif": ("AVIF", {"quality": 90}),
    ".bmp": ("BMP", {}),
    ".tif": ("TIFF", {}),
    ".tiff": ("TIFF", {}),
    ".ppm": ("PPM", {}),
}
LONGEST = {"WEBP": 16383, "JPEG": 65500}  # pixels a side, by the format's own definition


def check_target(path: str | PathLike, source: str | PathLike | None = None) -> Path:
    """Whether a picture can be written there, to be asked before the work is done; returns the path.

    Args:
        source: the file that is translated, which must not be written over, whatever it is called.

    Raises:
        DataError: a folder, none around it, no permission, the source itself, or an ending that is not in
            :data:`FORMATS`.
    """
    path = Path(path)
    trouble = why_unwritable(path, source)
    if trouble:
        raise DataError(f"{shown(path)} {trouble}")
    kind = FORMATS.get(path.suffix.lower(), ("",))[0]
    if not kind or (kind in ("AVIF", "WEBP") and not features.check(kind.lower())):
        ending = repr(path.suffix) if path.suffix else "'files without an ending'"
        raise DataError(
            f"pictures are not written as {shown(ending)}: choose a name that ends in .png or .jpg "
            f"(or {', '.join(e for e in FORMATS if e not in ('.png', '.jpg'))})"
        )
    return path


def write(path: str | PathLike, picture: Image.Image) -> Path:
    """Write an RGB picture in the format of the name's ending; returns the path.

    Raises:
        DataError: what :func:`check_target` says, a picture too large for the format, or a full disk.
    """
    path = check_target(path)
    kind, options = FORMATS[path.suffix.lower()]
    if max(picture.size) > LONGEST.get(kind, 2**31):
        raise DataError(
            f"{shown(path)} was not written: {kind} holds {LONGEST[kind]} pixels a side, the picture is "
            f"{picture.width} x {picture.height}; choose a name that ends in .png"
        )
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    try:
        write_bytes(path, buffer.getvalue())
    except OSError as error:
        raise DataError(
            f"{shown(path)} cannot be written ({error.strerror}): make room, or name another folder"
        ) from None
    return path
