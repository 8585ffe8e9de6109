"""Use a trained model on pictures: ``avbgtn.load("heads-avbgtn").translate_file("portrait.jpg")``."""

import re
from collections.abc import Callable
from os import PathLike
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from ..data.domains import to_float
from ..data.images import centre, picture, resized
from ..errors import DataError
from ..files.picture_files import check_target, write
from ..models.unit import UNIT
from ..sentences import shown
from .colour_change import carry

HEADS_ONLY = (
    "these weights know computer-rendered heads only, one that nearly fills the picture: in a photograph of a"
    " person, or where no head is, they may change other things too, and miss parts of the hair"
)
LITTLE = 0.02  # of the square; less is no head of hair


class Translator:
    """A trained model that takes pictures and gives pictures.

    Attributes:
        domains: their names; ``("brown", "blond")`` for the built-in heads.
        size: of the square pictures it works on, in pixels.
    """

    def __init__(self, model: UNIT):
        self.model = model.eval()
        self.domains, self.size = model.config.domains, model.config.size

    def translate(
        self,
        image: str | PathLike | Image.Image,
        to: str | None = None,
        *,
        seed: int | None = None,
        raw: bool = True,
        say: Callable[[str], None] = lambda line: None,
    ) -> Image.Image:
        """One picture translated into the other domain.

        Args:
            image: a file or a Pillow image.
            to: the target domain's name; the second one (``"blond"``) by default.
            seed: draw the posterior's noise with this seed, 0 to 2^63 - 1; without it the noise is zero.
            raw: the network's own output, ``size`` x ``size`` of the picture's centre square. Otherwise a
                picture as large as ``image``, in which ``avbgtn.translators.colour_change.carry`` changed
                the colours of that square.
            say: told what was done, one sentence per call.

        Raises:
            DataError: not an image, truncated, or missing; ``to`` is not one of the two domains; another
                seed.
        """
        target, eps = self._number(to), self._noise(seed)
        opened = picture(image, say)
        square = centre(opened)
        like = next(self.model.parameters())
        x = to_float(resized(opened.crop(square), self.size))[None].to(like)  # (1, 3, size, size)
        with torch.no_grad():
            y = self.model.translate(x, 3 - target, target, eps)
        if self.model.config.dataset == "heads":
            say(HEADS_ONLY)
        side = square[2] - square[0]
        seen = (
            f"the network saw the middle {side} x {side} of {opened.width} x {opened.height} pixels, at"
            f" {self.size} x {self.size}"
        )
        if raw:
            say(f"{seen}; the picture is its own output, of that size")
            return to_picture(y[0])
        carried = carry((y - x)[0], opened, square)
        say(
            f"{seen}; its change of colour was carried to all pixels of the original (guided filter), and "
            f"changed {100 * carried.changed:.0f} % of the middle"
        )
        if carried.changed < LITTLE:
            say(
                "hardly anything changed: expected one head in the middle that nearly fills it, cut the"
                " picture so"
            )
        return carried.picture

    def translate_file(
        self,
        path: str | PathLike,
        to: str | None = None,
        output: str | PathLike | None = None,
        *,
        seed: int | None = None,
        raw: bool = False,
        say: Callable[[str], None] = lambda line: None,
    ) -> Path:
        """A picture file into a picture file of the same size; returns where it is.

        Args:
            to, seed, say: as for :meth:`translate`.
            output: by default the name of the source with ``-blond.png``, or the other domain's name.
            raw: write the network's own output instead, ``size`` x ``size``.

        Raises:
            DataError: as :meth:`translate`, and where ``output`` cannot be written, before the work.
        """
        to = self.domains[self._number(to) - 1]
        ending = re.sub(r"[^\w.+-]", "-", to)
        output = check_target(output or Path(path).with_name(f"{Path(path).stem}-{ending}.png"), path)
        return write(output, self.translate(path, to, seed=seed, raw=raw, say=say))

    def _number(self, to: str | None) -> int:
        """1 or 2 for the name of a domain; the second one by default."""
        if to is not None and to not in self.domains:
            raise DataError(f"to must be {self.domains[0]!r} or {self.domains[1]!r}, got {shown(repr(to))}")
        return 2 if to is None else self.domains.index(to) + 1

    def _noise(self, seed: int | None) -> Tensor | None:
        shape = self.model.noise_shape()
        if seed is None or shape is None:
            return None
        if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**63:
            raise DataError(f"seed must be a whole number from 0 to 2^63 - 1, got {shown(repr(seed))[:40]}")
        like = next(self.model.parameters())
        draw = torch.Generator().manual_seed(seed)
        return torch.randn(1, *shape, generator=draw, dtype=like.dtype).to(like)


def to_picture(x: Tensor) -> Image.Image:
    """A ``(3, H, W)`` tensor in [-1, 1] as an 8-bit RGB picture."""
    pixels = ((x.detach().float().cpu().clamp(-1, 1) + 1) * 127.5).round().byte()
    return Image.fromarray(pixels.permute(1, 2, 0).numpy())
