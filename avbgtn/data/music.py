"""The built-in music: 2,111 phrases of fiddle tunes, to be played by a sampled piano or a sampled violin.

The same phrase, with the same timing, loudness and room, by both instruments is a pair of *twins*. The split
is by tune, so that no melody is in two of its parts: training hears the tunes of ``train_a`` by the piano
only and those of ``train_b`` by the violin only. Sources and licences: ``packs/music/README.md``.
"""

import gzip
import hashlib
import io
import json
from functools import lru_cache
from pathlib import Path

import numpy as np
import soundfile
import torch
from torch import Tensor

from ..config.datasets import SOUNDS
from ..config.sound import Sound
from ..errors import DataError
from .sampler import RATE, Sampler, room
from .sounds import SECONDS, SoundDomains
from .sources.pinned import pinned_bytes

PACK = Path(__file__).parent / "packs" / "music"
DOMAINS = SOUNDS["music"].domains
WIDTH = 0.5  # of the stereo image: 0 is mono, 1 as the samples were recorded
LOUDNESS = 0.08  # root mean square of every clip, both instruments alike
SHA256 = {
    "zones.json": "29983655f5421de95cf859df16cc7668dd0df9f3e2069df09ff8657dc48ed14c",
    "phrases.json.gz": "5985465f4b75aca457cda9545e5f04b384ac2cd870fb550ae145fa5ea8cbcbec",
    "piano.flac": "ea5b9a463cfdce565dac0da24bf3de2c95f2e4348691789908fc7e22098370c1",
    "violin.flac": "f9a2a704f58beb3fefb22591e36fff6bc395b245f4bb0030d77f5632388241c8",
}
SHARES = {"test": 0.15, "validation": 0.1, "train_a": 0.375, "train_b": 0.375}  # of the tunes


def notes(i: int) -> list[tuple[float, float, int, int]]:
    """The notes of phrase ``i`` as played: (start and length in seconds, MIDI key, MIDI velocity)."""
    return list(_performance(i)[0])


def twin(i: int, *, seconds: float = SECONDS) -> tuple[np.ndarray, np.ndarray]:
    """Phrase ``i`` by the piano and by the violin: two arrays ``(2, 132300)``, float32, stereo at 44.1 kHz.

    Onsets vary by some 8 ms, loudness follows the phrase, and a random room is drawn, all three from a
    generator that knows nothing but ``i``: the same call gives the same bytes in every process. On another
    kind of processor the last bits may differ.

    Raises:
        DataError: there is no such phrase, or the pack is damaged.
    """
    return play(i, "piano", seconds=seconds), play(i, "violin", seconds=seconds)


def play(i: int, instrument: str, *, seconds: float = SECONDS) -> np.ndarray:
    """One of the two sounds of :func:`twin`."""
    if instrument not in DOMAINS:
        raise DataError(f"instrument must be piano or violin, got {instrument!r}")
    played, draw = _performance(i)
    y = sampler().clip(played, instrument, seconds, room(draw))  # (2, n)
    middle = y.mean(0)
    y = middle + WIDTH * (y - middle)
    power = (
        np.ascontiguousarray(y.T) ** 2
    ).mean()  # summed in the order of time: another order rounds differently
    return (y * (LOUDNESS / (np.sqrt(power) + 1e-9))).astype(np.float32)


def _performance(i: int) -> tuple[list, np.random.Generator]:
    """The played notes, and the generator where the room's draw is next."""
    if isinstance(i, bool) or not isinstance(i, int | np.integer) or not 0 <= i < len(phrases()):
        raise DataError(f"the pack has phrases 0 to {len(phrases()) - 1}, got {i!r}")
    draw, phrase = np.random.default_rng([1883, int(i)]), phrases()[i]
    beat, played = 60 / phrase["bpm"], []
    for start, length, key in phrase["notes"]:
        late = 0.008 * draw.normal()
        velocity = int(np.clip(84 + 9 * np.sin(0.8 * start) + 6 * draw.normal(), 45, 118))
        played.append((max(0.0, start * beat + late), length * beat, key, velocity))
    return played, draw


@lru_cache(maxsize=1)
def phrases() -> list[dict]:
    """``src`` (the tune), ``bpm`` and ``notes`` ([start, length] in beats, MIDI key) of each phrase."""
    return json.loads(gzip.decompress(_verified("phrases.json.gz")))


@lru_cache(maxsize=1)
def sampler() -> Sampler:
    """The two instruments."""
    return Sampler(
        json.loads(_verified("zones.json")),
        {name: soundfile.read(io.BytesIO(_verified(f"{name}.flac")), dtype="float32") for name in DOMAINS},
    )


@lru_cache(maxsize=1)
def checksum() -> str:
    """SHA-256 over the files of the pack, first 16 hex digits."""
    return hashlib.sha256(b"".join(_verified(name) for name in SHA256)).hexdigest()[:16]


def _verified(name: str) -> bytes:
    return pinned_bytes(PACK / name, SHA256[name], "the built-in music is incomplete")


@lru_cache(maxsize=1)
def split() -> dict[str, list[int]]:
    """The phrases of each part, ``train_a`` to ``test``: tunes are dealt out, not phrases."""
    tunes = sorted({phrase["src"] for phrase in phrases()})
    order = np.random.default_rng(1883).permutation(len(tunes))
    part, start = {}, 0
    for name, share in SHARES.items():
        stop = len(tunes) if name == "train_b" else start + round(share * len(tunes))
        part |= {tunes[k]: name for k in order[start:stop]}
        start = stop
    found: dict[str, list[int]] = {name: [] for name in SHARES}
    for i, phrase in enumerate(phrases()):
        found[part[phrase["src"]]].append(i)
    return found


class Music(SoundDomains):
    """Piano (domain 1) against violin (domain 2), with twins for scoring.

    Args:
        sound: how sound is seen.
        workers: threads that play ahead.

    Raises:
        DataError: cuts of more than 3 s, or a damaged pack.
    """

    parts = "train (train_a by the piano, train_b by the violin), validation and test"

    def __init__(self, sound: Sound, *, workers: int = 0):
        self.phrases = split()
        super().__init__(
            sound, name="music", domains=DOMAINS, checksum=checksum(), has_twins=True, workers=workers,
            lengths=(len(self.phrases["train_a"]), len(self.phrases["train_b"])),
        )  # fmt: skip

    def recording(self, domain: int, index: int) -> tuple[Tensor, int]:
        i = self.phrases["train_a" if domain == 1 else "train_b"][index]
        return torch.from_numpy(play(i, DOMAINS[domain - 1])), RATE

    def _clips(
        self, split: str, domain: int, limit: int | None
    ) -> tuple[list[str], list[Tensor], list[Tensor]]:
        chosen = self.phrases[("train_a" if domain == 1 else "train_b") if split == "train" else split][
            :limit
        ]
        there, other = DOMAINS[domain - 1], DOMAINS[2 - domain]
        ids = [f"{phrases()[i]['src']}-{i}" for i in chosen]
        return (
            ids,
            [self.at_rate(play(i, there)) for i in chosen],
            [self.at_rate(play(i, other)) for i in chosen],
        )
