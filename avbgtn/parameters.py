"""The notebook's parameters: names, types and senseless values are refused before torch is imported.

papermill warns about an unknown parameter and goes on, gives ``5e4`` as a float and ``true`` as a string. Here every
value is checked and normalised first, and each refusal is one sentence.
"""

import difflib
import math
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from .config import CHOICES, MODELS, PRESETS, Config, ConfigError, default_posterior

Check = Callable[[str, Any], Any]
HEADS_DOMAINS, CELEBA_DOMAINS = ("brown", "blond"), ("Brown_Hair", "Blond_Hair")
HEADS_SIZES = (32, 64, 128)


# --- one check a type ---------------------------------------------------------------------------------------------


def _number(name: str, value: Any, expected: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ConfigError(f"{name} must be {expected}, got {value!r}")
    try:
        number = float(value)
    except ValueError:
        raise ConfigError(f"{name} must be {expected}, got {value!r}") from None
    if not math.isfinite(number):
        raise ConfigError(f"{name} must be {expected}, got {value!r}")
    return number


def whole(least: int) -> Check:
    """Whole numbers from ``least``; ``5e4`` and ``"50000"`` count."""
    expected = {0: "a whole number of at least 0", 1: "a positive whole number"}.get(least, f"a whole number of at least {least}")

    def check(name: str, value: Any) -> int:
        number = _number(name, value, expected)
        if number != int(number) or number < least:
            raise ConfigError(f"{name} must be {expected}, got {value!r}")
        return int(number)

    return check


def real(*, above: float | None = None, least: float | None = None, below: float | None = None) -> Check:
    bounds = (("above", above), ("of at least", least), ("below", below))
    expected = "a number " + " and ".join(f"{word} {bound:g}" for word, bound in bounds if bound is not None)

    def check(name: str, value: Any) -> float:
        number = _number(name, value, expected)
        if (above is not None and number <= above) or (least is not None and number < least) or (below is not None and number >= below):
            raise ConfigError(f"{name} must be {expected}, got {value!r}")
        return number

    return check


def one_of(*allowed: str) -> Check:
    def check(name: str, value: Any) -> str:
        if value not in allowed:
            raise ConfigError(f"{name} must be one of {', '.join(allowed)}, got {value!r}")
        return value

    return check


def size(name: str, value: Any) -> int:
    number = whole(32)(name, value)
    if number % 16:
        raise ConfigError(f"{name} must be a multiple of 16 of at least 32, got {value!r}")
    return number


def names(name: str, value: Any) -> tuple[str, ...]:
    """``"a,b"``, ``["a", "b"]`` or ``("a", "b")``."""
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or not parts or not all(isinstance(p, str) and p.strip() for p in parts):
        raise ConfigError(f"{name} must be names separated by commas, got {value!r}")
    return tuple(p.strip() for p in parts)


def models(name: str, value: Any) -> tuple[str, ...]:
    found = names(name, value)
    for part in found:
        if part not in MODELS:
            raise ConfigError(f"{name} must be some of {', '.join(MODELS)}, got {part!r}")
    if len(set(found)) < len(found):
        raise ConfigError(f"{name} must name each model once, got {value!r}")
    return found


def pair(name: str, value: Any) -> tuple[str, str]:
    found = names(name, value)
    if len(found) != 2 or found[0] == found[1]:
        raise ConfigError(f"{name} must be two different names, such as Brown_Hair,Blond_Hair, got {value!r}")
    return found  # type: ignore[return-value]


def _path(name: str, value: Any, expected: str) -> Path:
    if not isinstance(value, str | os.PathLike) or not str(value).strip():
        raise ConfigError(f"{name} must be {expected}, got {value!r}")
    return Path(value).expanduser()


def existing_folder(name: str, value: Any) -> str:
    path = _path(name, value, "a folder")
    if not path.is_dir():
        raise ConfigError(f"{name} must be an existing folder, {path} is {'a file' if path.exists() else 'missing'}; make it, or leave {name} out")
    return str(path.resolve())


def existing_file(name: str, value: Any) -> str:
    path = _path(name, value, "an image file")
    if not path.is_file():
        raise ConfigError(f"{name} must be an existing image file, {path} is {'a folder' if path.is_dir() else 'missing'}; leave {name} out to use a built-in one")
    return str(path.resolve())


def new_or_existing_folder(name: str, value: Any) -> str:
    path = _path(name, value, "a folder")
    if path.exists() and not path.is_dir():
        raise ConfigError(f"{name} must be a folder, {path} is a file; give another name")
    return str(path.resolve())


# --- the parameters -----------------------------------------------------------------------------------------------

CHECKS: dict[str, Check] = {
    "epochs": whole(1), "dataset": one_of("auto", "heads", "celeba"), "root": existing_folder, "domains": pair,
    "preset": one_of("auto", *PRESETS), "size": size, "width": whole(1), "batch": whole(1), "seed": whole(0), "models": models,
    "penalty_scale": one_of(*CHOICES["penalty_scale"]), "penalty": one_of(*CHOICES["penalty"]), "posterior": one_of(*CHOICES["posterior"]),
    "noise_scale": real(least=0), "init": one_of(*CHOICES["init"]), "weight_init": one_of(*CHOICES["weight_init"]),
    "gan_loss": one_of(*CHOICES["gan_loss"]), "adaptive_contrast": whole(0),
    **{f"lambda_{k}": real(least=0) for k in range(5)}, "lambda_reading": one_of(*CHOICES["lambda_reading"]),
    "lr": real(above=0), "t_lr": real(above=0), "lr_halve_every": whole(0), "t_steps": whole(1),
    "t_train_on": one_of(*CHOICES["t_train_on"]), "ema": real(least=0, below=1),
    "precision": one_of(*CHOICES["precision"]), "device": one_of("auto", *CHOICES["device"]), "devices": whole(1), "workers": whole(0),
    "run_dir": new_or_existing_folder, "score_split": one_of("validation", "test"), "image": existing_file,
}  # fmt: skip


@dataclass(frozen=True)
class Parameters:
    """The parameters cell of ``book/celeba.ipynb``; ``None`` and ``"auto"`` are still to be resolved. Those of the
    posterior, the penalty and T are AVB-GTN's: UNIT stays UNIT, so that the two can be compared."""

    epochs: int = 400
    dataset: str = "auto"
    root: str | None = None
    domains: tuple[str, str] | None = None
    preset: str = "auto"
    size: int | None = None
    width: int | None = None
    batch: int = 1
    seed: int = 0
    models: tuple[str, ...] = MODELS
    penalty: str = "log_sigmoid"
    penalty_scale: str = "as_written"
    posterior: str = "input"
    noise_scale: float = 1.0
    init: str = "independent"
    weight_init: str | None = None
    gan_loss: str = "non_saturating"
    adaptive_contrast: int = 0
    lambda_0: float = 10.0
    lambda_1: float = 0.1
    lambda_2: float = 100.0
    lambda_3: float = 0.1
    lambda_4: float = 100.0
    lambda_reading: str = "code"
    lr: float | None = None
    t_lr: float | None = None
    lr_halve_every: int = 0
    t_steps: int = 1
    t_train_on: str = "real"
    ema: float | None = None
    precision: str = "32-true"
    device: str = "auto"
    devices: int = 1
    workers: int = 0
    run_dir: str | None = None
    score_split: str = "validation"
    image: str | None = None

    def resolve(self) -> "Experiment":
        """Find the device, the preset and the data; may import torch. See :func:`avbgtn.experiment.resolve`."""
        from .experiment import resolve

        return resolve(self)


def from_parameters(values: dict[str, Any]) -> Parameters:
    """Check and normalise parameters, whatever their origin.

    Raises:
        ConfigError: one sentence for the first parameter that is unknown, of a wrong type, or makes no sense.
    """
    for name in values:
        if name not in CHECKS:
            near = difflib.get_close_matches(name, CHECKS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"the parameters are {', '.join(CHECKS)}"
            raise ConfigError(f"unknown parameter {name!r}: {hint}")
    optional = {f.name for f in fields(Parameters) if f.default is None}
    checked = {n: v if v is None and n in optional else CHECKS[n](n, v) for n, v in values.items()}
    parameters = Parameters(**checked)
    _check_together(parameters)
    return parameters


def _check_together(p: Parameters) -> None:
    if p.batch % p.devices:
        raise ConfigError(f"batch must be a multiple of devices={p.devices}, so that each gets as much, got {p.batch}")
    if p.dataset == "heads" and p.domains not in (None, HEADS_DOMAINS):
        raise ConfigError(f"domains must be brown,blond for dataset='heads', got {','.join(p.domains)!r}; leave domains out, or use dataset='celeba'")
    if p.dataset == "heads" and p.size is not None and p.size not in HEADS_SIZES:
        raise ConfigError(f"size must be 32, 64 or 128 for dataset='heads', got {p.size}")
    if p.precision == "bf16-mixed" and p.device == "cpu":
        raise ConfigError("precision='bf16-mixed' is for CUDA devices, got device='cpu'; use '32-true'")
    # Config refuses the rest of the senseless combinations; try one early, with stand-ins for what is not known yet.
    for model in p.models:
        config_of(p, model, dataset="heads", domains=HEADS_DOMAINS, data_checksum="", preset="quick", device="cpu")


def config_of(p: Parameters, model: str, *, dataset: str, domains: tuple[str, str], data_checksum: str, preset: str, device: str) -> Config:
    """The Config of one model: the preset's values, then what was asked for by name."""
    values = dict(PRESETS[preset])
    for name in ("size", "width", "lr", "ema", "weight_init"):
        if getattr(p, name) is not None:
            values[name] = getattr(p, name)
    common = ("batch", "seed", "init", "gan_loss", "lambda_0", "lambda_1", "lambda_2", "lambda_3", "lambda_4",
              "lambda_reading", "lr_halve_every", "precision")  # fmt: skip
    values |= {name: getattr(p, name) for name in common}
    values |= default_posterior(model) | {"t_lr": values["lr"], "t_steps": 1, "t_train_on": "real"}
    if model == "avb_gtn":
        own = ("posterior", "noise_scale", "penalty", "penalty_scale", "adaptive_contrast", "t_steps", "t_train_on")
        values |= {name: getattr(p, name) for name in own}
        values["t_lr"] = p.t_lr if p.t_lr is not None else values["lr"]
    return Config(model=model, dataset=dataset, domains=domains, data_checksum=data_checksum, preset=preset, device=device, **values)


def check_parameters_cell(before: Iterable[str], namespace: dict[str, Any]) -> dict[str, Any]:
    """The values of a notebook's parameters cell, with any name that is not a parameter refused.

    papermill adds a cell with what ``-p`` gave; a misspelt name there would change nothing and say little.

    Args:
        before: the names in ``globals()`` before the parameters cell.
        namespace: ``globals()`` after it.
    """
    shell = ("In", "Out", "exit", "quit", "get_ipython", "open")
    new = {n: v for n, v in namespace.items() if n not in set(before) and not n.startswith("_") and n not in shell and n != "papermill"}
    return {name: value for name, value in new.items() if name in CHECKS or from_parameters({name: value})}
