"""Reading pictures: one way to open, one way to resize, and errors that name the file.

Everything is resized by Pillow on 8-bit pixels: its fixed-point arithmetic gives the same bytes on every
machine, and it averages when it shrinks.
"""

from collections.abc import Callable
from os import PathLike, fspath

import numpy as np
import torch
from PIL import Image, PngImagePlugin, UnidentifiedImageError
from torch import Tensor

from ..errors import DataError
from ..files.colour_profiles import GREYS, to_srgb
from ..files.user_files import why_unreadable
from ..sentences import shown
from .domains import to_float

SMALLEST = 32  # a side; below, there is no face to translate
MOST_PIXELS = 64_000_000  # 8000 x 8000: more than telephones take, and 200 MB as 8-bit RGB
# Decoded by Pillow itself. Left out: what it hands to other programs (EPS, WMF), and formats of other trades.
FORMATS = (
    "AVIF", "BMP", "DIB", "GIF", "ICO", "JPEG", "JPEG2000", "PCX", "PNG", "PPM", "QOI", "TGA", "TIFF", "WEBP",
)  # fmt: skip
# Bytes of one text inside a PNG file, unpacked; Pillow's own limit of 1 MB meets real pictures
TEXT = 16 * 2**20
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # fmt: skip  # by EXIF's tag 0x0112


def _nothing(line: str) -> None:
    pass


def open_image(
    path: str | PathLike, what: str = "the image", say: Callable[[str], None] = _nothing
) -> Image.Image:
    """The picture in ``path``, upright, in sRGB, on white; every way to fail becomes one sentence.

    Args:
        what: how errors call it.
        say: told, a sentence each, what had to be done to the picture, if anything: turned, colours
            converted, 16 bits to 8.

    Returns:
        Mode RGB, 8 bits a colour.

    Raises:
        DataError: no such file, a folder, a pipe or device, not readable, not an image, cut short or
            damaged, more than :data:`MOST_PIXELS`, or pixels of unknown range.
    """
    name = f"{what} {shown(fspath(path))}"
    trouble = why_unreadable(path)
    if trouble:
        raise DataError(f"{name} {trouble}")
    PngImagePlugin.MAX_TEXT_CHUNK = TEXT
    try:
        with Image.open(path, formats=FORMATS) as image:
            _check_size(image, name)
            image.load()
            return _prepared(image, name, say)
    except DataError:
        raise
    except UnidentifiedImageError:
        raise DataError(
            f"{name} is not a picture that Pillow can read: expected a JPEG, PNG or WebP file"
        ) from None
    except Image.DecompressionBombError:
        raise DataError(f"{name} has too many pixels: {_shrink()}") from None
    except MemoryError:
        raise DataError(f"{name} does not fit in memory: shrink it") from None
    # Of a damaged file Pillow's decoders raise anything: RuntimeError, struct.error, KeyError, TypeError ...
    except Exception as error:
        reason = shown(" ".join(str(error).split()) or type(error).__name__)
        if "MAX_TEXT" in reason:
            raise DataError(
                f"{name} holds more than {TEXT // 2**20} MB of text beside its pixels: save it again without"
            ) from None
        raise DataError(f"{name} is cut short or damaged ({reason}): copy or download it again") from None


def _check_size(image: Image.Image, name: str) -> None:
    if image.width * image.height > MOST_PIXELS:
        raise DataError(f"{name} is {image.width} x {image.height} pixels: {_shrink()}")


def _shrink() -> str:
    return f"expected at most {MOST_PIXELS / 1e6:.0f} million, shrink it to a few thousand a side"


def _prepared(image: Image.Image, name: str, say: Callable[[str], None]) -> Image.Image:
    """8 bits, transparency on white, sRGB, upright: one rule for all pictures, a person's or a data set's."""
    profile, grey, turn = image.info.get("icc_profile"), image.mode.split(";")[0] in GREYS, None
    try:
        turn = TURNS.get(image.getexif().get(0x0112))
    except Exception:  # as many kinds as for the pixels; the pixels themselves are good
        say(f"{name}: its EXIF data are cut or damaged, so it was not turned")
    image = _eight_bits(image, name, say)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        say(f"{name}: its transparent parts were made white")
    if image.mode != "CMYK":
        image = image.convert("RGB")
    image = to_srgb(image, profile, grey, lambda done: say(f"{name}: {done}"))
    if turn is None:
        return image
    say(f"{name}: it was turned upright, as its EXIF data say")
    return image.transpose(turn)


def _eight_bits(image: Image.Image, name: str, say: Callable[[str], None]) -> Image.Image:
    """16-bit greys, rounded to 8 (Pillow would clip them at 255); of 16-bit colours it takes the upper 8."""
    if image.mode.split(";")[0] not in ("I", "F"):
        return image
    if image.mode == "F" or (image.mode == "I" and image.format not in ("PNG", "PPM")):
        raise DataError(
            f"{name} has 32 bits a pixel (Pillow's mode {image.mode}), and what is white in it is not known: "
            "save it as an 8- or 16-bit JPEG, PNG or TIFF file"
        )
    bits = getattr(image, "tag_v2", {}).get(258, (16,))[0]  # a TIFF file may have 12
    white = 2 ** (bits if 8 < bits < 16 else 16) - 1
    table = ((np.arange(65536) * 255 + white // 2) // white).clip(max=255).astype(np.uint8)
    say(f"{name}: its 16 bits a pixel were rounded to 8")
    return Image.fromarray(table[np.asarray(image).clip(0, 65535)])


def resized(image: Image.Image, side: int) -> Tensor:
    """A square RGB picture as (3, side, side) uint8."""
    # Enlarging blurs, Lanczos less: the heads' neighbouring pixels then differ as much as in unscaled images.
    kernel = Image.Resampling.LANCZOS if side > image.width else Image.Resampling.BICUBIC
    pixels = np.array(image.resize((side, side), kernel))  # (side, side, 3)
    return torch.from_numpy(pixels).permute(2, 0, 1).contiguous()  # (3, side, side)


def picture(
    image: str | PathLike | Image.Image, say: Callable[[str], None] = _nothing, what: str = "the image"
) -> Image.Image:
    """A person's own picture, from a path or as a Pillow image, as :func:`open_image` gives it.

    Raises:
        DataError: as :func:`open_image`; neither a path nor a picture; or smaller than 32 x 32.
    """
    if isinstance(image, Image.Image):
        name = "the given image"
        _check_size(image, name)
        opened = image
    elif isinstance(image, str | PathLike):
        name = f"{what} {shown(fspath(image))}"
        opened = open_image(image, what, say)
    else:
        raise DataError(f"the image must be a path or a Pillow image, got {type(image).__name__}")
    if min(opened.size) < SMALLEST:
        raise DataError(
            f"{name} is {opened.width} x {opened.height} pixels: expected at least {SMALLEST} x {SMALLEST}, "
            "take a larger one"
        )
    return _prepared(opened, name, say) if opened is image else opened


def centre(image: Image.Image) -> tuple[int, int, int, int]:
    """The largest square in the middle: left, top, right, bottom, in pixels."""
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return left, top, left + side, top + side


def image_from_file(image: str | PathLike | Image.Image, size: int) -> Tensor:
    """A person's own picture, ready for a model: turned upright, sRGB, the centre square, resized.

    Args:
        image: a path, or a Pillow image. A transparent background becomes white.
        size: the side that the model was trained on.

    Returns:
        (3, size, size), float32 in [-1, 1].

    Raises:
        DataError: as ``picture``.
    """
    opened = picture(image)
    return to_float(resized(opened.crop(centre(opened)), size))
