"""Use a trained model without the book: ``avbgtn.load("heads-avbgtn").translate("portrait.jpg")``."""

import math
from pathlib import Path

import torch

from ..errors import RunError
from ..models import build
from ..models.unit import UNIT
from ..runs import Run
from ..runs.tensor_files import load_weights, read_header
from ..runs.weights_files import (
    WEIGHTS,
    check_fit,
    committed,
    committed_file,
    read_weights,
    write_weights,
)
from ..storage import folder_path
from .pictures import Translator
from .sounds import SoundTranslator

__all__ = ["WEIGHTS", "Translator", "committed", "export", "load", "run_model"]


def load(source: str | Path, *, epoch: int | None = None, ema: bool = True) -> "Translator | SoundTranslator":
    """A translator from committed weights (:func:`committed` names them), a weights file or a run folder: of
    pictures, or of sound where the model was trained on sound.

    Args:
        source: a name of :func:`committed`, a ``.safetensors`` file from :func:`export`, or a run folder.
        epoch: of a run folder, the checkpoint; the newest by default.
        ema: of a run folder, the averaged weights (default) or the raw ones.

    Raises:
        RunError: no such name or path, or the file is damaged, a pickle, or of another architecture.
    """
    pinned = str(source) in committed()
    path = committed_file(str(source)) if pinned else folder_path(source)
    if path.is_dir():
        run = Run(path)
        return _translator(run_model(run, epoch=epoch, ema=ema))
    if not path.exists():
        raise RunError(
            f"no weights called {str(source)!r}: give one of {', '.join(committed()) or '(none committed)'},"
            " a .safetensors file or a run folder"
        )
    config, tensors = read_weights(path, pinned=pinned)
    model = build(config)
    load_weights(model.player_parameters()["generators"], tensors, path)
    return _translator(model)


def _translator(model: UNIT) -> "Translator | SoundTranslator":
    return Translator(model) if model.config.sound is None else SoundTranslator(model)


def run_model(run: Run, *, epoch: int | None = None, ema: bool | None = True) -> UNIT:
    """The model of a run folder with a checkpoint's weights, on the device it was trained on if that is here.

    Args:
        ema: averaged weights, raw ones, or None for the averaged ones as soon as they are worth it: the
            first, random weights must make less than 5 % of them.
    """
    at = epoch if epoch is not None else run.latest() or 0
    if ema is None:
        ema = math.prod(map(run.config.averaging, range(at))) < 0.05
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
