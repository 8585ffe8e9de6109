"""Use a trained model without the book: ``avbgtn.load("heads-avbgtn").translate("portrait.jpg")``."""

from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from .data import image_from_file
from .runs import Run
from .sound_translator import SoundTranslator
from .storage import RunError, folder_path
from .tensor_files import load_weights, read_header
from .trainer import build
from .unit import UNIT
from .weights_files import WEIGHTS, check_fit, committed, committed_file, read_weights, write_weights

__all__ = ["WEIGHTS", "Translator", "committed", "export", "load", "run_model", "to_picture"]


def load(source: str | Path, *, epoch: int | None = None, ema: bool = True) -> "Translator | SoundTranslator":
    """A translator from committed weights (:func:`committed` names them), a weights file or a run folder: of pictures,
    or of sound where the model was trained on sound.

    Args:
        source: a name of :func:`committed`, a ``.safetensors`` file that :func:`export` wrote, or a run folder.
        epoch: of a run folder, the checkpoint; the newest by default.
        ema: of a run folder, the averaged weights (default) or the raw ones.

    Raises:
        RunError: no such name or path, or the file is damaged, a pickle, or of another architecture.
    """
    path = committed_file(str(source)) if str(source) in committed() else folder_path(source)
    if path.is_dir():
        run = Run(path)
        return _translator(run_model(run, epoch=epoch, ema=ema))
    if not path.exists():
        raise RunError(
            f"no weights called {str(source)!r}: give one of {', '.join(committed()) or '(none committed)'}, a .safetensors file or a run folder"
        )
    config, tensors = read_weights(path)
    model = build(config)
    load_weights(model.player_parameters()["generators"], tensors, path)
    return _translator(model)


def _translator(model: UNIT) -> "Translator | SoundTranslator":
    return Translator(model) if model.config.sound is None else SoundTranslator(model)


def run_model(run: Run, *, epoch: int | None = None, ema: bool | None = True) -> UNIT:
    """The model of a run folder with the weights of a checkpoint, on the device that it was trained on if that is here.

    Args:
        ema: averaged weights, raw ones, or None for the averaged ones as soon as they are worth it: after ``n`` epochs
            the first, random weights still make up ``ema^n`` of the average, and must be below 5 %.
    """
    at = epoch if epoch is not None else run.latest() or 0
    if ema is None:
        ema = run.config.ema**at < 0.05
    name = "ema" if ema else "weights"
    tensors = run.load(name, epoch)
    source = run.checkpoint(at) / f"{name}.safetensors"
    check_fit(run.config, read_header(source).shapes, source, generators=ema)
    model = build(run.config)
    load_weights(model.player_parameters()["generators"] if ema else model.state_dict(), tensors, source)
    return model.to("cuda" if run.config.device == "cuda" and torch.cuda.is_available() else "cpu")


def export(run: Run, path: str | Path, *, epoch: int | None = None) -> Path:
    """Write a run's averaged encoders and generators, with their config, as one ``.safetensors`` file."""
    tensors = {name: t.contiguous() for name, t in run.load("ema", epoch).items()}
    write_weights(Path(path), run.config, tensors)
    return Path(path)


class Translator:
    """A trained model that takes pictures and gives pictures.

    Attributes:
        domains: their names; ``("brown", "blond")`` for the built-in heads.
        size: of the square pictures it works on, in pixels.
    """

    def __init__(self, model: UNIT):
        self.model = model.eval()
        self.domains, self.size = model.config.domains, model.config.size

    @torch.no_grad()
    def translate(
        self, image: str | Path | Image.Image, to: str | None = None, *, seed: int | None = None
    ) -> Image.Image:
        """One picture translated into the other domain.

        Args:
            image: a file or a Pillow image; it is cropped to its centre square and resized to ``size``.
            to: the target domain's name; the second one (``"blond"``) by default.
            seed: draw the posterior's noise with this seed; without it the noise is zero.

        Raises:
            DataError: not an image, truncated, or missing.
            ValueError: ``to`` is not one of the two domains.
        """
        to = to or self.domains[1]
        if to not in self.domains:
            raise ValueError(f"to must be {self.domains[0]!r} or {self.domains[1]!r}, got {to!r}")
        target = self.domains.index(to) + 1
        like = next(self.model.parameters())
        x = image_from_file(image, self.size)[None].to(like)
        shape = self.model.noise_shape()
        eps = None
        if seed is not None and shape is not None:
            eps = torch.randn(1, *shape, generator=torch.Generator().manual_seed(seed), dtype=like.dtype).to(
                like
            )
        return to_picture(self.model.translate(x, 3 - target, target, eps)[0])


def to_picture(x: Tensor) -> Image.Image:
    """A ``(3, H, W)`` tensor in [-1, 1] as an 8-bit RGB picture."""
    pixels = ((x.detach().float().cpu().clamp(-1, 1) + 1) * 127.5).round().byte()
    return Image.fromarray(pixels.permute(1, 2, 0).numpy())
