"""From checked parameters to something that can be trained: the device, the preset and the data are found
here, and every choice is put into words (:attr:`Experiment.lines`)."""

from dataclasses import dataclass
from pathlib import Path

import torch

from .. import data
from ..config import Config
from ..config.datasets import with_other_domains
from ..config.parameters import Parameters, config_of
from ..config.sound_parameters import SoundParameters
from ..errors import ConfigError, one_sentence
from ..runs.run import runs_root
from ..sentences import shown

# CPU-seconds an epoch (one update of every player, batch 1), UNIT and AVB-GTN together, measured on one
# thread of an AMD EPYC in November 2026. Nothing is claimed for GPUs until one has been measured.
# "aligned" is as large as "quick".
SECONDS_ON_CPU = {"quick": 0.13, "reader": 0.45, "paper": 4.7, "aligned": 0.13, "modern": 0.22,
                  "modern-aligned": 0.22}  # fmt: skip
SOUND_SECONDS_ON_CPU = {"quick": 0.4, "reader": 1.6, "paper": 4.7, "aligned": 0.4, "modern": 0.45,
                        "modern-aligned": 0.45}  # fmt: skip


@dataclass(frozen=True)
class Experiment:
    """Configs of the models to compare, equal but for what tells the models apart, and their data."""

    configs: dict[str, Config]
    data: data.Domains
    parameters: Parameters
    lines: tuple[str, ...]  # what was chosen and why: nothing falls back in silence

    @property
    def epochs(self) -> int:
        return self.parameters.epochs

    @property
    def devices(self) -> int:
        return self.parameters.devices

    @property
    def root(self) -> str | None:
        return self.parameters.root

    @property
    def uses_cache(self) -> bool:
        return uses_cache(self.parameters, self.data)

    def run_folder(self, model: str) -> Path:
        """``run_dir/model``, or ``$AVBGTN_RUNS/dataset-preset-model-fingerprint``."""
        if self.parameters.run_dir:
            return Path(self.parameters.run_dir) / model
        c = self.configs[model]
        return runs_root() / f"{c.dataset}-{c.preset}-{c.model}-{c.fingerprint()}"

    def is_default(self) -> bool:
        """Whether the book commits this run's outputs, so that numbers can be compared with the record."""
        # where things are and how they are computed, not what comes out
        free = ("run_dir", "root", "image", "clip", "workers", "cache", "speed")
        kind = type(self.parameters)
        same = all(
            getattr(self.parameters, name) == default
            for name, default in vars(kind()).items()
            if name not in free
        )
        c = next(iter(self.configs.values()))
        return same and (kind.datasets[c.dataset].built_in, c.preset, c.device) == (True, kind.small, "cpu")

    def keep(self) -> tuple[int, ...]:
        """10, 40 and 100 % of the epochs: the paper's 5,000, 20,000 and 50,000 (Figure 4)."""
        return tuple(sorted({max(1, round(self.epochs * share)) for share in (0.1, 0.4, 1.0)}))


def seconds_an_epoch(p: Parameters, preset: str) -> float:
    """About how many CPU-seconds one epoch of both models takes with a preset."""
    table = SOUND_SECONDS_ON_CPU if isinstance(p, SoundParameters) else SECONDS_ON_CPU
    return table[preset] * p.batch


@one_sentence()
def resolve(p: Parameters) -> Experiment:
    """Resolve ``"auto"`` and ``None``.

    Raises:
        ConfigError: CUDA was asked for and is not there; the data cannot have that size.
        avbgtn.errors.DataError: the data set is missing or broken; one's own picture or sound cannot be used.
    """
    cuda = torch.cuda.is_available()
    if p.device == "cuda" and not cuda:
        raise ConfigError(
            "device='cuda' was asked for and torch sees no CUDA device; use device='cpu' or 'auto', or look"
            " at the driver (nvidia-smi)"
        )
    if p.devices > 1 and p.device != "cpu" and cuda and torch.cuda.device_count() < p.devices:
        raise ConfigError(
            f"devices must be at most the {torch.cuda.device_count()} GPUs that torch sees, got {p.devices}"
        )
    device = "cpu" if p.device == "cpu" or not cuda else "cuda"
    preset = p.preset if p.preset != "auto" else ("paper" if device == "cuda" else p.small)
    if p.precision == "bf16-mixed" and device == "cpu":
        raise ConfigError("precision='bf16-mixed' is for CUDA devices and none was found; use '32-true'")

    name, why, domains = _data(p)

    def configs_for(checksum: str) -> dict[str, Config]:
        about = dict(dataset=name, domains=domains, data_checksum=checksum, preset=preset, device=device)
        return {m: config_of(p, m, **about) for m in p.models}

    c = next(iter(configs_for("").values()))
    _open_own(p, c)
    loaded = load_data(c, root=p.root, workers=p.workers)
    if uses_cache(p, loaded):
        loaded.use_cache()
    configs = configs_for(loaded.checksum)
    return Experiment(configs, loaded, p, tuple(map(shown, _lines(p, preset, device, why, configs))))


def _open_own(p: Parameters, c: Config) -> None:
    """Open a person's own picture or sound now: what cannot be used is better known before the training."""
    if p.image:
        data.image_from_file(p.image, c.size)
    if isinstance(p, SoundParameters) and p.clip:
        from ..files import sound_files

        sound_files.read(p.clip)


def uses_cache(p: Parameters, domains: data.Domains) -> bool:
    """Whether CelebA is decoded once, to disk; ``auto``: where the run reads its pictures more than once."""
    if not domains.can_cache:
        return False
    return p.cache == "yes" or (p.cache == "auto" and p.epochs * p.batch > max(domains.lengths))


def load_data(
    config: Config, *, root: str | None = None, workers: int = 0, cache: bool = False
) -> data.Domains:
    """The data set of a config, whatever it consists of; its checksum is not compared. ``workers`` and
    ``cache`` are those of :func:`avbgtn.data.load`; sounds have no such cache."""
    return data.load(
        config.dataset, root=root, size=config.size, sound=config.sound, workers=workers, cache=cache,
        domains=config.domains,
    )  # fmt: skip


def _data(p: Parameters) -> tuple[str, str, tuple[str, str]]:
    """Data set, why this one, domains."""
    name, why = data.resolve(p.dataset, p.root, sound=isinstance(p, SoundParameters))
    row = p.datasets[name]
    if row.fixed and p.domains not in (None, row.domains):  # which "auto" took
        raise ConfigError(
            f"domains {','.join(p.domains)!r} are not those of dataset={name!r} ({why}); leave domains out,"
            f" or use dataset={with_other_domains(p.datasets)!r}"
        )
    return name, why, p.domains or row.domains or data.own_domains(p.root)


def _lines(p: Parameters, preset: str, device: str, why: str, configs: dict[str, Config]) -> list[str]:
    def duration(name: str) -> str:
        seconds = seconds_an_epoch(p, name) * p.epochs
        return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.0f} h"

    reason = (
        "asked for"
        if p.preset != "auto"
        else "auto: CUDA is there"
        if device == "cuda"
        else "auto: no CUDA device"
    )
    lines = [
        (
            f"preset {preset} ({reason}); {p.epochs:,} epochs of both models on one CPU core take about"
            f" {duration(p.small)} with preset {p.small}, {duration('paper')} with preset paper"
        ),
        why,
        f"device: {device}, {p.precision}, {p.devices} process{'es' if p.devices > 1 else ''}",
    ]
    if sound := next(iter(configs.values())).sound:
        lines.append(
            f"sound: {sound.representation}, {sound.rate:,} Hz, cuts of {sound.seconds:.2f} s, windows of"
            f" {sound.fft} samples every {sound.hop}, images of {sound.planes} x {sound.rows} x"
            f" {sound.columns}"
        )
    for c in configs.values():
        size = f"{c.size} px" if c.sound is None else f"{c.shape[0]} x {c.shape[1]}"
        noise = f"noise at the {c.posterior}" if c.posterior != "none" else "no noise"
        what = f"{c.model}: {size}, width {c.width}, {noise}"
        start = "matched" if c.init == "twin" else c.init
        lines.append(
            f"{what}, penalty {c.penalty}, {start} initialisation, batch {c.batch}, seed {c.seed}, lr"
            f" {c.lr:g}, run {c.fingerprint()}"
        )
    return lines
