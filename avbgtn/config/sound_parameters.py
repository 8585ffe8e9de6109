"""The parameters of the audio experiment: those of the hair experiment, and how sound is seen.

As in ``parameters.py``, everything is checked before torch is imported.
"""

from dataclasses import dataclass, fields
from typing import Any, ClassVar

from ..errors import ConfigError
from .datasets import SOUNDS
from .parameters import Parameters
from .sound import Sound
from .table import OF_SOUND, TABLE

# As in config.PRESETS: sizes of the same model, and the step size that suits each. The paper names none of
# these numbers. "kaiming_all": from N(0, 0.02) the discriminators of spectrograms are still at chance after
# 500 epochs.
SOUND_PRESETS: dict[str, dict[str, Any]] = {
    "quick": dict(
        rate=8000, seconds=1.0, size=128, width=8, private_blocks=2, shared_blocks=1,
        lr=1e-3, weight_decay=0.0, ema=0.99, weight_init="kaiming_all",
    ),
    "reader": dict(
        rate=16000, seconds=1.0, size=128, width=24, private_blocks=3, shared_blocks=1,
        lr=5e-4, weight_decay=0.0, ema=0.999, weight_init="kaiming_all",
    ),
    "paper": dict(
        rate=16000, seconds=1.0, size=128, width=64, private_blocks=3, shared_blocks=1,
        lr=1e-4, weight_decay=1e-4, ema=0.999, weight_init="normal",
    ),
}  # fmt: skip
# And for AVB-GTN what config.OF_PRESET says, as with pictures
SOUND_PRESETS["aligned"] = dict(SOUND_PRESETS["quick"])


@dataclass(frozen=True)
class SoundParameters(Parameters):
    """The parameters cell of ``book/audio.ipynb``; ``size`` is the number of rows of a spectrogram."""

    epochs: int = 200
    representation: str = "magnitude_phase"  # the paper's; see sound.py for the others
    rate: int | None = None  # here and below: None is the preset's
    seconds: float | None = None
    d_lr: float | None = None  # the discriminators', never halved; None is lr
    clip: str | None = None  # a sound of your own to translate
    image: ClassVar[None] = None
    cache: ClassVar[str] = "no"  # of decoded pictures

    checks = {}  # as in Parameters, filled below
    datasets = SOUNDS
    presets = {
        name: {key: value for key, value in preset.items() if key not in ("rate", "seconds")}
        for name, preset in SOUND_PRESETS.items()
    }

    def sound(self, preset: str) -> Sound:
        """The spectrograms of a preset, with what was asked for by name.

        Raises:
            ConfigError: so many seconds do not fit into so few columns; there is no such preset.
        """
        self.preset_values(preset)
        chosen = SOUND_PRESETS[preset]
        try:
            return Sound.of(
                self.representation,
                rate=self.rate or chosen["rate"],
                seconds=self.seconds or chosen["seconds"],
                size=self.size or chosen["size"],
            )
        except ValueError as error:
            raise ConfigError(str(error)) from None


SoundParameters.checks = {f.name: (TABLE | OF_SOUND)[f.name] for f in fields(SoundParameters)}
