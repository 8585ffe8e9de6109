"""Reading pictures: one way to open, one way to resize, and errors that name the file.

Everything is resized by Pillow on 8-bit pixels: its fixed-point arithmetic gives the same bytes on every
machine, and it averages when it shrinks.
"""

from os import PathLike
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from .domains import DataError, to_float

SMALLEST = 32  # a side; below, there is no face to translate
_DEEP_MODES = ("I", "F")  # 16- and 32-bit greys: converting them to RGB would clip without a word


def open_image(path: str | PathLike, what: str = "the image") -> Image.Image:
    """The decoded picture in ``path``; every way in which that can fail becomes one sentence.

    Raises:
        DataError: no such file, a folder, not readable, not an image, cut short, or absurdly large.
    """
    path = Path(path)
    if path.is_dir():
        raise DataError(
            f"{what} {path} is a folder: expected one image file, such as {path / 'portrait.jpg'}"
        )
    try:
        image = Image.open(path)
        image.load()
    except FileNotFoundError:
        raise DataError(
            f"{what} {path} does not exist: check the path, relative paths start at {Path.cwd()}"
        ) from None
    except UnidentifiedImageError:
        raise DataError(
            f"{what} {path} is not a picture that Pillow can read: expected a JPEG, PNG or WebP file"
        ) from None
    except Image.DecompressionBombError:
        raise DataError(
            f"{what} {path} has too many pixels to open safely: shrink it to a few thousand a side"
        ) from None
    except PermissionError:
        raise DataError(f"{what} {path} may not be read: give yourself read permission for it") from None
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise DataError(
            f"{what} {path} is cut short or damaged ({error}): copy or download it again"
        ) from None
    return image


def resized(image: Image.Image, side: int) -> Tensor:
    """A square RGB picture as (3, side, side) uint8."""
    # Enlarging blurs, Lanczos less: the heads' neighbouring pixels then differ as much as in unscaled images.
    kernel = Image.Resampling.LANCZOS if side > image.width else Image.Resampling.BICUBIC
    pixels = np.array(image.resize((side, side), kernel))  # (side, side, 3)
    return torch.from_numpy(pixels).permute(2, 0, 1).contiguous()  # (3, side, side)


def image_from_file(image: str | PathLike | Image.Image, size: int) -> Tensor:
    """A person's own picture, ready for a model: turned upright, RGB, the centre square, resized.

    Args:
        image: a path, or a Pillow image. A transparent background becomes white.
        size: the side that the model was trained on.

    Returns:
        (3, size, size), float32 in [-1, 1].

    Raises:
        DataError: nothing there, not a picture, cut short, deeper than 8 bits, or smaller than 32 x 32.
    """
    if isinstance(image, Image.Image):
        name = "the given image"
    elif isinstance(image, str | PathLike):
        name = f"the image {image}"
        image = open_image(image)
    else:
        raise DataError(f"the image must be a path or a Pillow image, got {type(image).__name__}")
    if min(image.size) < SMALLEST:
        raise DataError(
            f"{name} is {image.width} x {image.height} pixels: expected at least {SMALLEST} x {SMALLEST}, "
            "take a larger one"
        )
    if image.mode.split(";")[0] in _DEEP_MODES:
        raise DataError(
            f"{name} has more than 8 bits a colour (Pillow's mode {image.mode}): "
            "save it as an 8-bit JPEG or PNG"
        )
    image = ImageOps.exif_transpose(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    image = image.convert("RGB")
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return to_float(resized(image.crop((left, top, left + side, top + side)), size))
