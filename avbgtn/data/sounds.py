"""Two unpaired domains of sound behind the interface of pictures: clips, cut at random, as spectrograms."""

import math
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

import torch
from torch import Tensor
from torch.nn import functional as F

from .. import audio
from ..config.sound import CELL, NARROWEST, Sound
from ..errors import DataError
from ..files.sound_files import to_rate
from .domains import Domains, Evaluation

SECONDS = 3.0  # of a clip, in IRMAS and in the built-in music
CACHE = 2**30  # bytes of clips at the model's rate; all of the built-in music at 16 kHz takes 0.6 GB


@dataclass(frozen=True)
class SoundEvaluation(Evaluation):
    """Images of whole clips, as :class:`Evaluation` has them, and the clips themselves.

    All are 3 s long: a longer clip loses its end, a shorter one is followed by silence. Cutting all to the
    shortest would let one odd file shorten every score.

    Attributes:
        wave1, wave2: the clips of the domains, (N, 2, n) at ``rate``.
        wave12, wave21: their twins, or None.
    """

    wave1: Tensor | None = None
    wave2: Tensor | None = None
    wave12: Tensor | None = None
    wave21: Tensor | None = None
    rate: int = 0


class SoundDomains(Domains):
    """A data set supplies :meth:`recording` and :meth:`_clips`; resampling, cutting and imaging are here.

    Attributes:
        parts: what the data set is split into, in words.

    Raises:
        DataError: the cuts that the model is trained on are longer than the clips.
    """

    parts = "train, validation and test"

    def __init__(self, sound: Sound, **about):
        super().__init__(size=sound.rows, **about)
        self.sound, self.representation = sound, audio.representation(sound)
        if self._columns(int(SECONDS * sound.rate)) < sound.columns:
            raise DataError(
                f"the clips of {self.name} last {SECONDS:g} s and the model wants cuts of "
                f"{sound.seconds:.2f} s: ask for {SECONDS:g} s or less"
            )
        self._kept: OrderedDict[tuple[int, int], Tensor] = OrderedDict()
        self._bytes, self._lock = 0, Lock()

    def recording(self, domain: int, index: int) -> tuple[Tensor, int]:
        """Training clip ``index`` of a domain, (2, n), and its rate."""
        raise NotImplementedError

    def _clips(
        self, split: str, domain: int, limit: int | None
    ) -> tuple[list[str], list[Tensor], list[Tensor]]:
        """Names, clips and twins (none where nobody knows them) of a split."""
        raise NotImplementedError

    def at_rate(self, wave, rate: int = 44100) -> Tensor:
        return to_rate(torch.as_tensor(wave), rate, self.sound.rate)

    def image(self, domain: int, index: int) -> Tensor:
        """Training clip ``index`` as a waveform at the model's rate, (2, n): :meth:`augmented` images it.

        Clips are kept, the oldest making room for the newest. Several threads may ask at once.
        """
        self.check_index(domain, index)
        key = domain, index
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None:
            return kept
        wave = self.at_rate(*self.recording(domain, index))  # outside the lock: this is what takes the time
        with self._lock:
            if key not in self._kept:  # else another thread was faster
                self._kept[key] = wave
                self._bytes += wave.nbytes
            while self._bytes > CACHE:
                self._bytes -= self._kept.popitem(last=False)[1].nbytes
        return wave

    def augmented(self, image: Tensor, draw: torch.Generator) -> Tensor:
        """A cut of the training length at a random place, (planes, rows, columns) in [-1, 1]."""
        if self._columns(image.shape[-1]) < self.sound.columns:
            image = _at_least(image, self.sound.samples)
        places = image.shape[-1] - self.sound.samples + 1
        start = int(torch.randint(places, (), generator=draw)) if places > 1 else 0
        return self.representation.image(image[:, start : start + self.sound.samples])

    def _columns(self, samples: int) -> int:
        """Width of the image of so many samples."""
        return max(NARROWEST, CELL * math.ceil(self.sound.frames(samples) / CELL))

    def evaluation(self, split: str, limit: int | None = None) -> SoundEvaluation:
        """The first ``limit`` clips of each domain (all if None): ``"train"``, ``"validation"``, ``"test"``.

        Raises:
            DataError: another split, or a clip that cannot be read.
        """
        self.check_split(split, limit)
        if split == "reserved":
            raise DataError(f"{self.name} has no split 'reserved': expected one of {self.parts}")
        found = {}
        for k in (1, 2):
            ids, waves, twins = self._clips(split, k, limit)
            found[f"ids{k}"] = tuple(ids)
            found[f"wave{k}"], found[f"x{k}"] = self._whole(waves)
            if twins:
                found[f"wave{k}{3 - k}"], found[f"twin{k}{3 - k}"] = self._whole(twins)
        return SoundEvaluation(**found, rate=self.sound.rate)

    def _whole(self, waves: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Clips brought to 3 s, (N, 2, n), and their images; a transform of all at once fills gigabytes."""
        n = int(SECONDS * self.sound.rate)
        waves = torch.stack([_at_least(wave, n)[:, :n] for wave in waves])
        return waves, torch.cat([self.representation.image(wave[None]) for wave in waves])


def _at_least(wave: Tensor, samples: int) -> Tensor:
    """``wave``, followed by silence if it is shorter."""
    return F.pad(wave, (0, max(0, samples - wave.shape[-1])))
