"""What decides the result of one training, as frozen values; importing this imports neither torch nor NumPy.

:class:`Config` is fully resolved: no ``None``, no ``"auto"``. The notebook's parameters, which may hold both,
are checked and turned into configs by ``parameters.py``.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from typing import Any

from ..errors import ConfigError
from ..sentences import got
from .presets import ALIGNED, OF_PRESET, PRESETS
from .sound import PLANES, Sound
from .table import MODELS, MOST_VALUES, MOST_WEIGHTS, OF_CONFIG, OF_PICTURE_OF_SOUND, T_PENALTIES, TABLE
from .values import Word

__all__ = [
    "ALIGNED",
    "CHOICES",
    "MODELS",
    "OF_PRESET",
    "PRESETS",
    "T_PENALTIES",
    "Config",
    "default_posterior",
]

# Fields that earlier versions did not have, with what they changed nothing at.
LATER = {
    "d_lr": 0.0,
    "sound": None,
    "code_channels": 0,
    "t_input": "xz",
    "t_view": "image",
    "t_prior": "normal",
    "t_r1": 0.0,
    "optimiser": "adam",
    "muon_lr": 0.02,
    "lr_inverse_sqrt": 0,
    "norm": "instance",
    "upsampling": "transposed",
    "ema_warmup": 0,
}


@dataclass(frozen=True)
class Config:
    """Everything that changes the result of one training, and nothing else (``epochs`` may grow).

    Whole numbers that stand for floats become floats, so that equal configs have equal fingerprints.

    Raises:
        ConfigError: one sentence for the first value of a wrong type, out of range, or without sense.
    """

    model: str  # "unit" or "avb_gtn"
    dataset: str  # "heads" or "celeba"; "music" or "irmas"
    domains: tuple[str, str]  # domain 1, domain 2
    data_checksum: str  # of the resolved data set: other pictures make another run
    preset: str  # the name it came from; the values below are what counts
    size: int  # of the square images, in pixels
    width: int  # channels of the first layer; the code has 4 * width
    private_blocks: int  # residual blocks a domain keeps to itself, each side of the code
    shared_blocks: int = 1  # and shares, each side; UNIT's code has one
    noise_channels: int = 3  # planes of noise beside the image's three (the paper gives no number)
    batch: int = 1  # the paper's, "due to GPU hardware constraints"
    seed: int = 0
    posterior: str = "code"  # where the noise enters: "code" is UNIT, "input" AVB-GTN, "none" an autoencoder
    noise_scale: float = 1.0  # "input": factor on the noise channels' first weights; "code": std of the noise
    penalty: str = "mean_square"  # UNIT's code; "log_sigmoid" is the paper's, see losses.py for all
    penalty_scale: str = "as_written"  # or in "nats", or "per_dimension" (nats times 2/d)
    adaptive_contrast: int = 0  # draws R for the moments of the posterior; 0 is off
    gan_loss: str = "non_saturating"  # as UNIT's code; the paper's equations are "minimax"
    init: str = "independent"  # "twin" starts both domains' private layers alike
    weight_init: str = (
        "normal"  # N(0, 0.02), as UNIT's code; "kaiming" for E and G, "kaiming_all" for D and T too
    )
    lambda_0: float = 10.0  # GAN
    lambda_1: float = 0.1  # prior penalty of z1, z2
    lambda_2: float = 100.0  # reconstruction
    lambda_3: float = 0.1  # prior penalty of z12, z21
    lambda_4: float = 100.0  # cycle
    lambda_reading: str = "code"  # "literal": the direct penalty again in the cycle loss, as Eq. (12)
    lr: float = 1e-4  # Adam's, for encoders, generators and discriminators
    t_lr: float = 1e-4  # Adam's, for T
    weight_decay: float = 0.0
    lr_halve_every: int = 0  # epochs; 0 never, as UNIT's NIPS code
    t_steps: int = 1  # updates of T per epoch
    t_train_on: str = "real"  # Eq. (9) has real images only
    ema: float = 0.999  # decay of the averaged weights
    precision: str = "32-true"
    device: str = "cpu"  # noise is drawn on it, so it changes the result
    d_lr: float = 0.0  # Adam's, for the discriminators, never halved; 0: the same as lr
    code_channels: int = 0  # of the code; 0: 4 * width, as UNIT's
    t_input: str = (
        "xz"  # what T sees: "z" compares the codes of all images with the prior, whatever the image
    )
    t_view: str = "image"  # what T judges: the whole code, "patch"es of it, or each "place" by itself
    t_prior: str = "normal"  # what T tells the codes from: N(0, I), or the codes of the "other" domain
    t_r1: float = 0.0  # coefficient of T's gradient penalty at codes of the encoder (Mescheder et al. 2018)
    optimiser: str = "adam"  # of the kernels of encoders and generators: "adam" as UNIT's code, or "muon"
    muon_lr: float = 0.02  # the step size of Muon
    lr_inverse_sqrt: int = 0  # step sizes over sqrt(1 + epoch / this); 0: they stay
    norm: str = "instance"  # in the residual blocks, as UNIT's code; "layer" leaves how strong a channel is
    upsampling: str = "transposed"  # in the generators, as UNIT's code; "resize" leaves no grid
    ema_warmup: int = 0  # the averages' decay in epoch t is at most (1 + t) / (ema_warmup + t); 0: it is ema
    sound: Sound | None = None  # for spectrograms: what they show; ``size`` is then their number of rows

    @property
    def channels(self) -> int:
        """Planes of an image, which are red, green and blue, or those of a spectrogram."""
        return self.sound.planes if self.sound else 3

    def averaging(self, epoch: int) -> float:
        """The decay of the averaged weights in an epoch: ``ema``, and with a warm-up ``w`` at most ``(1 +
        epoch) / (w + epoch)``, which is an average over about the last ``1 / w`` of the training."""
        return min(self.ema, (1 + epoch) / (self.ema_warmup + epoch)) if self.ema_warmup else self.ema

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the images."""
        return (self.sound.rows, self.sound.columns) if self.sound else (self.size, self.size)

    def __post_init__(self):
        for f in fields(self):
            if f.name != "sound":
                kind = OF_CONFIG.get(f.name) or TABLE[f.name]
                object.__setattr__(self, f.name, kind.stored(f.name, getattr(self, f.name)))
        self._check_sound()
        self._check_memory()
        self._check_penalty()

    def _check_sound(self) -> None:
        if self.sound is None:
            return
        if not isinstance(self.sound, Sound) or self.sound.representation not in tuple(PLANES):
            raise ConfigError(f"sound must be a Sound with one of {', '.join(PLANES)}, got {got(self.sound)}")
        for name, kind in OF_PICTURE_OF_SOUND.items():
            if name not in ("rows", "columns"):  # see below
                kind.stored(f"{name} of sound", getattr(self.sound, name))
        columns = self.sound.columns
        if self.sound.rows != self.size or not isinstance(columns, int) or columns % 16 or columns < 32:
            raise ConfigError(
                f"sound must have size={self.size} rows and a multiple of 16 columns of at least 32, "
                f"got {got(self.sound.rows)} x {got(columns)}"
            )
        OF_PICTURE_OF_SOUND["columns"].stored("columns of sound", columns)

    def _check_memory(self) -> None:
        """Refuse what is too much together, though each number is within its bounds."""
        # of residual blocks (four private halves, two shared), the shared discriminator (6,120) and the rest
        weights = self.width**2 * (288 * (4 * self.private_blocks + 2 * self.shared_blocks) + 7000)
        if weights > MOST_WEIGHTS:
            raise ConfigError(
                f"width={self.width} with private_blocks={self.private_blocks} and"
                f" shared_blocks={self.shared_blocks} makes networks of about {weights / 1e9:.0f} billion"
                f" weights, expected at most {MOST_WEIGHTS / 1e9:.0f}; lower one of them"
            )
        rows, columns = self.shape
        if self.batch * self.width * rows * columns > MOST_VALUES:
            raise ConfigError(
                f"batch={self.batch} images of {rows} x {columns} with width={self.width} do not fit into"
                " memory; lower one of them"
            )

    def _check_penalty(self) -> None:
        if self.penalty in T_PENALTIES and self.model == "unit":
            raise ConfigError(
                f"penalty={self.penalty!r} needs the posterior discriminator T, which model='unit' does not "
                "have; use 'avb_gtn'"
            )
        if self.penalty == "gaussian" and self.posterior != "code":
            raise ConfigError(
                "penalty='gaussian' is the exact KL of noise at the code, so posterior must be 'code', "
                f"got {self.posterior!r}"
            )
        if self.penalty == "gaussian" and self.noise_scale == 0:
            raise ConfigError(
                "penalty='gaussian' needs noise_scale above 0, as the KL of a point is infinite, got 0"
            )
        if self.model == "unit" and not self.t_is_the_papers:
            raise ConfigError(
                "t_input, t_view, t_prior and t_r1 are options of T, which model='unit' does not have; leave"
                " them out"
            )
        if self.optimiser == "muon" and self.weight_decay:
            raise ConfigError(
                f"optimiser='muon' has no weight decay, got weight_decay={self.weight_decay:g} of"
                f" preset={self.preset!r}; use optimiser='adam', or another preset"
            )
        if self.t_prior == "other" and self.t_input != "z":
            raise ConfigError(
                "t_prior='other' compares the codes of the two domains, whatever their images, so t_input"
                f" must be 'z', got {self.t_input!r}"
            )
        if self.adaptive_contrast == 0:
            return
        if (self.t_input, self.t_view) != ("xz", "image"):
            raise ConfigError(
                "adaptive_contrast shifts the codes of each image by their own mean, so T must judge whole"
                f" codes beside their image, got t_input={self.t_input!r} and t_view={self.t_view!r}"
            )
        if self.t_r1:
            raise ConfigError(
                "t_r1 holds T flat at the codes as they are, and with adaptive_contrast T judges shifted"
                f" ones; set one of them to 0, got t_r1={self.t_r1:g} and"
                f" adaptive_contrast={self.adaptive_contrast}"
            )
        if self.adaptive_contrast == 1:
            raise ConfigError("adaptive_contrast must be 0 (off) or at least 2 draws, got 1")
        if self.penalty not in T_PENALTIES:
            raise ConfigError(
                f"adaptive_contrast is an option of T, which penalty={self.penalty!r} does not use; "
                f"set it to 0 or choose {', '.join(T_PENALTIES)}"
            )
        if self.posterior == "none" or self.noise_scale == 0:
            got = "posterior='none'" if self.posterior == "none" else "noise_scale=0"
            raise ConfigError(
                f"adaptive_contrast needs a posterior with noise, got {got}; use posterior 'input' or 'code' "
                "and noise_scale above 0"
            )

    @property
    def t_is_the_papers(self) -> bool:
        """Whether T sees, judges and is trained as in the paper; the study varies it."""
        return all(getattr(self, name) == LATER[name] for name in ("t_input", "t_view", "t_prior", "t_r1"))

    def to_dict(self) -> dict[str, Any]:
        """JSON-safe; :meth:`from_dict` is its inverse. Fields of :data:`LATER` are left out where they change
        nothing, so that fingerprints are what they were before there were such fields."""
        values = asdict(self) | {"domains": list(self.domains)}
        return {name: value for name, value in values.items() if name not in LATER or value != LATER[name]}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Config":
        """Raises ConfigError for anything but a dict, and with the names of unknown or missing fields."""
        if not isinstance(values, dict):
            raise ConfigError(f"a config must be an object with a value for every field, got {got(values)}")
        names = {f.name for f in fields(cls)}
        if unknown := sorted(set(values) - names, key=str):
            which = ", ".join(map(str, unknown))
            raise ConfigError(f"unknown config fields: {which}; they belong to another version of avbgtn")
        if missing := sorted(names - set(values) - set(LATER)):
            which = ", ".join(missing)
            raise ConfigError(f"missing config fields: {which}; they belong to another version of avbgtn")
        if (sound := values.get("sound")) is not None:
            if not isinstance(sound, dict) or set(sound) != {f.name for f in fields(Sound)}:
                raise ConfigError(
                    f"sound must be an object with {', '.join(f.name for f in fields(Sound))}, got"
                    f" {got(sound)}"
                )
            values = values | {"sound": Sound(**sound)}
        return cls(**values)

    def fingerprint(self) -> str:
        """8 hexadecimal digits that change with every field."""
        canonical = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:8]


# The words that each field of a config may have, by field.
CHOICES = {
    f.name: kind.choices
    for f in fields(Config)
    if isinstance(kind := OF_CONFIG.get(f.name) or TABLE.get(f.name), Word)
}


def default_posterior(model: str) -> dict[str, Any]:
    """What tells UNIT from AVB-GTN, as the papers have it."""
    common = dict(noise_scale=1.0, penalty_scale="as_written", adaptive_contrast=0)
    if model == "unit":
        return common | dict(posterior="code", penalty="mean_square")
    return common | dict(posterior="input", penalty="log_sigmoid")
