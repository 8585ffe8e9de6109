"""The notebook's parameters: names, types and senseless values are refused before torch is imported.

papermill only warns about a parameter that it does not know, and runs the defaults. Here every name and value
is checked and normalised first (``table.py`` says what each accepts), and each refusal is one sentence.
"""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, NoReturn

from ..errors import ConfigError
from ..sentences import got
from . import values as v
from .config import MODELS, OF_PRESET, PRESETS, T_PENALTIES, Config, default_posterior
from .datasets import PICTURES, with_other_domains
from .table import TABLE

if TYPE_CHECKING:
    from .sound import Sound

# What people call them elsewhere, where the spelling alone would lead nowhere or astray.
OTHER_NAMES = {
    "learning_rate": "lr", "iterations": "epochs", "steps": "epochs", "image_size": "size",
    "resolution": "size", "channels": "width", "random_seed": "seed", "ema_decay": "ema",
    "gpus": "devices", "num_gpus": "devices", "dtype": "precision", "attributes": "domains",
    "data_dir": "root", "data_root": "root", "output": "run_dir", "output_dir": "run_dir",
    "gan": "gan_loss", "noise": "noise_scale", "prior": "penalty", "kl": "penalty",
}  # fmt: skip

# What papermill adds to the parameters for --inject-input-path, --inject-output-path and --inject-paths.
PAPERMILL_NAMES = ("PAPERMILL_INPUT_PATH", "PAPERMILL_OUTPUT_PATH")
SHELL_NAMES = ("In", "Out", "exit", "quit", "get_ipython", "open")  # IPython's; its others start with "_"

# These tell AVB-GTN from UNIT; the last three do something only where there is a T.
OF_AVB_GTN = ("posterior", "noise_scale", "penalty", "penalty_scale", "adaptive_contrast",
              "t_lr", "t_steps", "t_train_on")  # fmt: skip
RESOLVED = ("dataset", "domains", "preset", "device")  # which may be "auto" or None


@dataclass(frozen=True)
class Parameters:
    """The parameters cell of ``book/celeba.ipynb``; ``None`` and ``"auto"`` are still to be resolved.

    Those of the posterior, the penalty and T are AVB-GTN's: UNIT stays UNIT, so that the two can be compared.
    """

    epochs: int = 1500  # updates of every player, which is what the paper calls epochs: minutes on two cores
    dataset: str = "auto"  # CelebA where it is found, else the built-in heads
    # The folder that holds celeba/, or two folders of pictures; None is $AVBGTN_DATA, else ./data.
    root: str | None = None
    domains: tuple[str, str] | None = None  # brown and blond, as the data set calls them
    preset: str = "auto"  # "paper" on CUDA, ``small`` elsewhere
    size: int | None = None  # here and below: None is the preset's
    width: int | None = None
    batch: int = 1
    seed: int = 0
    models: tuple[str, ...] = MODELS
    penalty: str = "log_sigmoid"  # the paper's, Eqs. (10)-(13)
    penalty_scale: str = "as_written"
    posterior: str = "input"
    noise_scale: float = 1.0
    init: str | None = None
    weight_init: str | None = None
    gan_loss: str = "non_saturating"
    adaptive_contrast: int = 0
    lambda_0: float = 10.0  # the five of UNIT's code; the paper names no others
    lambda_1: float = 0.1
    lambda_2: float = 100.0
    lambda_3: float = 0.1
    lambda_4: float = 100.0
    lambda_reading: str = "code"
    lr: float | None = None
    t_lr: float | None = None  # None is lr
    optimiser: str | None = None
    norm: str | None = None
    upsampling: str | None = None
    lr_halve_every: int = 0
    lr_inverse_sqrt: int | None = None
    t_steps: int = 1
    t_train_on: str = "real"
    ema: float | None = None
    precision: str = "32-true"
    device: str = "auto"  # CUDA where torch sees it
    devices: int = 1  # processes, one per GPU or core
    workers: int = 0  # threads that read CelebA ahead
    # Decode CelebA once, to disk: "auto" does where a run reads each picture more than once.
    cache: str = "auto"
    speed: str = "auto"  # which of speed.SPEED_UPS; no result depends on it
    run_dir: str | None = None  # None is $AVBGTN_RUNS, else ./runs, and a name that follows from the config
    score_split: str = "validation"  # "test" is for the final study alone
    image: str | None = None  # a picture of your own to translate

    # Of the class, and without types: with them, dataclasses would list them among the parameters.
    checks = {}  # the names, and what each accepts; filled below
    datasets = PICTURES
    presets = PRESETS
    small = "modern"  # the preset that "auto" is without CUDA

    def check_data(self) -> None:
        """Refuse domains and sizes that the data set does not have."""
        # None: "auto" is still to be resolved, and is no person's own folders
        named = self.datasets.get(self.dataset)
        rows = [named] if named else [row for row in self.datasets.values() if row.domains]
        where = f" for dataset={self.dataset!r}" if named else ""
        if self.domains and all(row.fixed and self.domains != row.domains for row in rows):
            other = with_other_domains(self.datasets)
            raise ConfigError(
                f"domains must be {','.join(rows[0].domains)}{where}, got {got(','.join(self.domains))}; "
                f"leave domains out, or use dataset={other!r}"
            )
        sizes = rows[0].sizes if named else ()
        if self.size is not None and sizes and self.size not in sizes:
            *some, last = sizes
            raise ConfigError(f"size must be {', '.join(map(str, some))} or {last}{where}, got {self.size}")

    def sound(self, preset: str) -> "Sound | None":
        """What the images show, where they are spectrograms."""
        return None

    def resolve(self) -> NoReturn:
        raise ConfigError("parameters.resolve() has become avbgtn.resolve(parameters): call that instead")

    def preset_values(self, preset: str) -> dict[str, Any]:
        """The values of a preset.

        Raises:
            ConfigError: there is no such preset.
        """
        if preset not in self.presets:
            raise ConfigError(f"preset must be one of {', '.join(self.presets)}, got {got(preset)}")
        return self.presets[preset]


CHECKS: dict[str, v.Check] = {f.name: TABLE[f.name] for f in fields(Parameters)}
Parameters.checks = CHECKS


def defaults(kind: type[Parameters] = Parameters) -> dict[str, Any]:
    """The default of every parameter."""
    return {f.name: f.default for f in fields(kind)}


def from_parameters(values: dict[str, Any], kind: type[Parameters] = Parameters) -> Parameters:
    """Check and normalise parameters, whatever their origin.

    Args:
        values: any of the names of ``kind``; the others keep their defaults. ``None`` is accepted where it is
            the default.
        kind: :class:`Parameters` (pictures) or :class:`~avbgtn.config.sound_parameters.SoundParameters`.

    Raises:
        ConfigError: one sentence for the first parameter that is unknown, of a wrong type, or makes no sense.
    """
    for name in values:
        if name not in kind.checks:
            raise ConfigError(_unknown(name, kind))
    default = defaults(kind)
    checked = {
        name: None if value is None and default[name] is None else kind.checks[name](name, value)
        for name, value in values.items()
    }
    parameters = kind(**checked)
    _check_together(parameters)
    return parameters


def _unknown(name: Any, kind: type[Parameters]) -> str:
    plain, known = (name.lower().replace("-", "_") if isinstance(name, str) else ""), kind.checks
    near = [OTHER_NAMES[plain]] if plain in OTHER_NAMES else difflib.get_close_matches(plain, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"the parameters are {', '.join(known)}"
    return f"unknown parameter {got(name)}: {hint}"


def _check_together(p: Parameters) -> None:
    if p.batch % p.devices:
        raise ConfigError(
            f"batch must be a multiple of devices={p.devices}, so that each gets as much, got {p.batch}"
        )
    p.check_data()
    if p.precision == "bf16-mixed" and p.device == "cpu":
        raise ConfigError("precision='bf16-mixed' is for CUDA devices, got device='cpu'; use '32-true'")
    preset = p.small if p.preset == "auto" else p.preset
    # Config refuses the other senseless combinations; try one now, with stand-ins for what is not known yet.
    for model in p.models:
        config_of(p, model, dataset="", domains=("1", "2"), data_checksum="", preset=preset, device="cpu")
    _check_effect(p)


def _check_effect(p: Parameters) -> None:
    """Refuse what would change nothing: the person who typed it expects something of it."""
    changed = [name for name in OF_AVB_GTN if getattr(p, name) != defaults()[name]]
    if changed and "avb_gtn" not in p.models:
        raise ConfigError(
            f"{changed[0]} is AVB-GTN's and would change nothing with models='unit', "
            f"got {getattr(p, changed[0])!r}; leave it out, or add avb_gtn to models"
        )
    for name in ("t_lr", "t_steps", "t_train_on"):
        if name in changed and p.penalty not in T_PENALTIES:
            raise ConfigError(
                f"{name} is for the posterior discriminator T, which penalty={p.penalty!r} does not use, "
                f"got {getattr(p, name)!r}; leave it out, or choose {', '.join(T_PENALTIES)}"
            )
    if "noise_scale" in changed and p.posterior == "none":
        raise ConfigError(
            f"noise_scale would change nothing with posterior='none', got {p.noise_scale:g}; leave it out"
        )
    if "penalty_scale" in changed and p.penalty == "none":
        raise ConfigError(
            f"penalty_scale would change nothing with penalty='none', got {p.penalty_scale!r}; leave it out"
        )


def config_of(
    p: Parameters,
    model: str,
    *,
    dataset: str,
    domains: tuple[str, str],
    data_checksum: str,
    preset: str,
    device: str,
) -> Config:
    """The Config of one model: the preset's values, then those that differ from the defaults.

    UNIT and AVB-GTN get equal values in all but ``OF_AVB_GTN`` and what ``OF_PRESET`` gives AVB-GTN alone.
    """
    # What has the name of a field decides a result; None is the preset's, or the default.
    shared = {f.name for f in fields(p)} & {f.name for f in fields(Config)} - set(RESOLVED)
    given = {name: getattr(p, name) for name in shared if getattr(p, name) is not None}
    chosen = p.preset_values(preset) | {name: given[name] for name in given.keys() - set(OF_AVB_GTN)}
    chosen |= default_posterior(model) | {"t_lr": chosen["lr"]}
    if model == "avb_gtn":
        chosen |= {name: given[name] for name in given.keys() & set(OF_AVB_GTN)}
        plain = defaults(type(p))
        # A notebook hands on every default, so only another value shows that it was asked for.
        chosen |= {
            name: value
            for name, value in OF_PRESET.get(preset, {}).items()
            if name not in plain or getattr(p, name) == plain[name]
        }
    return Config(
        model=model,
        dataset=dataset,
        domains=domains,
        data_checksum=data_checksum,
        preset=preset,
        device=device,
        sound=p.sound(preset),
        **chosen,
    )


def check_parameters_cell(
    before: Iterable[str], namespace: dict[str, Any], kind: type[Parameters] = Parameters
) -> dict[str, Any]:
    """The values of a notebook's parameters cell, ready for :func:`from_parameters`; a new name that is no
    parameter is refused.

    papermill adds a cell with what ``-p`` gave: a misspelt name there would change nothing, and say little.

    Args:
        before: the names in ``globals()`` before the parameters cell.
        namespace: ``globals()`` after it.
        kind: as for :func:`from_parameters`.

    Raises:
        ConfigError: a name that is not known, with the nearest one that is.
    """
    old = set(before)
    for name, value in namespace.items():
        # what IPython and papermill put there themselves, and the variable that holds `before`
        ours = name.startswith("_") or name in (*SHELL_NAMES, *PAPERMILL_NAMES) or value is before
        if not ours and name not in old and name not in kind.checks:
            raise ConfigError(_unknown(name, kind))
    # not only the new ones: when the cells run a second time, every parameter was there before
    return {name: namespace[name] for name in kind.checks if name in namespace}
