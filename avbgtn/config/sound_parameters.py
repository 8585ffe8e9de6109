"""The parameters of the audio experiment: those of the hair experiment, and how sound is seen.

As in ``parameters.py``, everything is checked before torch is imported.
"""

from dataclasses import dataclass, fields
from typing import ClassVar

from ..errors import ConfigError
from .datasets import SOUNDS
from .parameters import Parameters
from .presets import SOUND_PRESETS
from .sound import Sound
from .table import OF_SOUND, TABLE


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
    small = "quick"  # the recipe of "modern" was tried on pictures
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
