"""From the colour space that a picture's ICC profile names to sRGB, in which every network here was trained.

A photograph of a telephone is often in Display P3, one of a camera in Adobe RGB: read as sRGB, their colours
are too pale. Little CMS (through Pillow) converts: relative colorimetric, with black point compensation.
"""

import io
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

from ..sentences import shown

SAME = 2  # of 255: profiles of sRGB differ by so little in the rounding of their curves
GREYS = ("1", "L", "LA", "La", "I")  # Pillow's modes of one colour, before ";16"
# Without NOCACHE a transform must not be used by two threads at once, and data sets are read by several.
FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION | ImageCms.Flags.NOCACHE


def to_srgb(image: Image.Image, profile: bytes | None, grey: bool, say: Callable[[str], None]) -> Image.Image:
    """An 8-bit picture as sRGB, in mode RGB.

    Args:
        image: RGB or CMYK.
        profile: the embedded ICC profile, or None.
        grey: whether it was stored as grey: only then can a profile of greys belong to it.
        say: told, in half a sentence, what was done if anything was.

    Returns:
        Byte for byte ``image.convert("RGB")`` without a profile, or with one of sRGB. A damaged profile, or
        one of another kind of picture, is left out, and ``say`` hears of it.
    """
    if not profile:
        return image.convert("RGB")
    try:
        space, name, change = _change(profile)
    except Exception as error:  # Little CMS is written in C, and what Pillow raises for it varies
        reason = " ".join(str(error).split()) or type(error).__name__
        say(f"its colour profile is damaged ({shown(reason)}): its colours were taken for sRGB")
        return image.convert("RGB")
    if space == "GRAY" and grey and image.mode == "RGB":
        if change is None:
            return image
        say(f"its greys were converted from {name!r} to sRGB")
        return image.point(change * 3)
    if space != image.mode:
        say(f"its colour profile is for {space} pictures: its colours were taken for sRGB")
        return image.convert("RGB")
    if change is None:
        return image
    say(f"its colours were converted from {name!r} to sRGB")
    return change.apply(image)


@lru_cache(maxsize=8)
def _change(profile: bytes):
    """The kind of a profile ("RGB", "CMYK" or "GRAY"), its name, and what leads to sRGB: None where nothing
    has to be done, for greys a table of 256, else Pillow's transform."""
    opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    space = opened.profile.xcolor_space.strip()
    name = shown((ImageCms.getProfileDescription(opened) or "a profile without a name").strip())
    modes = {"RGB": "RGB", "CMYK": "CMYK", "GRAY": "L"}
    if space not in modes:
        return space, name, None  # such as LAB: to_srgb leaves it out, as no picture here has that mode
    intent = ImageCms.Intent.RELATIVE_COLORIMETRIC
    target = ImageCms.createProfile("sRGB")
    change = ImageCms.buildTransform(opened, target, modes[space], "RGB", intent, FLAGS)
    if space == "CMYK":
        return space, name, change
    if space == "GRAY":
        steps = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
        table = np.asarray(change.apply(steps))[0, :, 1].tolist()  # green, so that grey stays grey
        return space, name, None if max(abs(v - i) for i, v in enumerate(table)) <= SAME else table
    grid = np.stack(np.meshgrid(*[np.linspace(0, 255, 18).astype(np.uint8)] * 3), -1).reshape(18, -1, 3)
    moved = np.asarray(change.apply(Image.fromarray(grid))).astype(int) - grid
    return space, name, None if np.abs(moved).max() <= SAME else change
