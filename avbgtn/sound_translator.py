"""Use a trained model on sound: ``avbgtn.load("music-avbgtn").translate_file("my.wav", "violin", "out.wav")``."""

import math
from pathlib import Path

import torch
from torch import Tensor

from . import audio
from .data import sound_files
from .unit import UNIT

PIECE, FADE = 10.0, 0.1  # seconds: longer sounds are cut, and the pieces faded into each other
LOUDNESS = 0.08  # root mean square of the sounds that the models learn from


@torch.no_grad()
def translate_waves(
    model: UNIT, waves: Tensor, source: int, target: int, draw: int | None = None, *, stream: str = "listen"
) -> Tensor:
    """Sounds to sounds, each by way of one image of its whole length.

    Args:
        waves: (N, 2, n) at the rate of ``model.config.sound``.
        source, target: 1 or 2; equal ones reconstruct.
        draw: which noise; None is zero noise. Draw ``k`` of sound ``i`` is always the same.

    Returns:
        (N, 2, n) on the CPU.
    """
    return sounds_of(model, images_of(model, waves, source, target, draw, stream=stream), waves)


@torch.no_grad()
def images_of(
    model: UNIT, waves: Tensor, source: int, target: int, draw: int | None = None, *, stream: str = "listen"
) -> Tensor:
    """The translated images of :func:`translate_waves`, (N, planes, rows, columns), before they are made sound."""
    representation = audio.representation(model.config.sound)
    like = next(model.parameters())
    images = []
    for i, wave in enumerate(waves):
        x = representation.image(wave[None])
        shape = model.noise_shape(x.shape[-2:])
        eps = None
        if draw is not None and shape is not None:
            eps = model.draw(f"{stream}/{source}{target}", draw, range(i, i + 1), shape)
        images.append(model.translate(x.to(like), source, target, eps).float().cpu())
    return torch.cat(images)


def sounds_of(model: UNIT, images: Tensor, waves: Tensor) -> Tensor:
    """Images to sounds of the length of ``waves``, from which they were translated."""
    representation = audio.representation(model.config.sound)
    return torch.cat(
        [
            representation.wave(image[None], wave.shape[-1], wave[None])
            for image, wave in zip(images, waves, strict=True)
        ]
    )


class SoundTranslator:
    """A trained model that takes sounds and gives sounds.

    Attributes:
        domains: their names; ``("piano", "violin")`` for the built-in music.
        rate: samples a second that it works at. What is above half of it is lost.
    """

    def __init__(self, model: UNIT):
        self.model = model.eval()
        self.domains, self.rate = model.config.domains, model.config.sound.rate

    def translate(self, wave: Tensor, to: str | None = None, *, seed: int | None = None) -> Tensor:
        """One sound, ``(2, n)`` at :attr:`rate`, into the other domain; as long as it was.

        It is made as loud as the sounds the model learnt from, and what comes out as loud as it was. Sounds longer than
        10 s are cut, and the pieces are faded into each other over 0.1 s.

        Args:
            to: the target domain's name; the second one (``"violin"``) by default.
            seed: draw the posterior's noise with this seed; without it the noise is zero.

        Raises:
            ValueError: ``to`` is not one of the two domains.
        """
        target = self._number(to)
        scale = LOUDNESS / wave.square().mean().sqrt().clamp(min=1e-9)
        pieces, starts = cut(scale * wave, round(PIECE * self.rate), round(FADE * self.rate))
        translated = [
            translate_waves(self.model, piece[None], 3 - target, target, seed, stream=f"piece/{k}")[0]
            for k, piece in enumerate(pieces)
        ]
        return join(translated, starts, wave.shape[-1]) / scale

    def translate_file(
        self,
        path: str | Path,
        to: str | None = None,
        output: str | Path | None = None,
        *,
        seed: int | None = None,
        raw: bool = False,
        say=lambda line: None,
    ) -> Path:
        """A WAV, FLAC or OGG file, mono or stereo, of any rate and length, into a WAV file at :attr:`rate`.

        Args:
            output: by default the name of the source with ``-violin.wav``, or the other domain's name.

        Raises:
            DataError: not a sound, damaged, silent or too short; or the output cannot be written.
            ValueError: ``to`` is not one of the two domains.
        """
        to = self.domains[self._number(to) - 1]
        output = sound_files.check_target(output or Path(path).with_name(f"{Path(path).stem}-{to}.wav"))
        wave = sound_files.to_rate(*sound_files.read(path), self.rate)
        return sound_files.write(output, self.translate(wave, to, seed=seed), self.rate)

    def _number(self, to: str | None) -> int:
        """1 or 2 for the name of a domain; the second one by default."""
        if to is not None and to not in self.domains:
            raise ValueError(f"to must be {self.domains[0]!r} or {self.domains[1]!r}, got {to!r}")
        return 2 if to is None else self.domains.index(to) + 1


def cut(wave: Tensor, piece: int, fade: int) -> tuple[list[Tensor], list[int]]:
    """``wave`` (2, n) in pieces of about equal length, at most ``piece`` samples, that overlap by ``fade``; and where
    each starts."""
    n = wave.shape[-1]
    if n <= piece:
        return [wave], [0]
    count = math.ceil((n - fade) / (piece - fade))
    step = math.ceil((n - fade) / count)
    starts = [k * step for k in range(count)]
    return [wave[:, s : s + step + fade] for s in starts], starts


def join(pieces: list[Tensor], starts: list[int], samples: int) -> Tensor:
    """The inverse of :func:`cut`: overlaps are faded linearly, so that equal pieces give their sound back."""
    out = torch.zeros(2, samples, dtype=pieces[0].dtype)
    for k, (piece, start) in enumerate(zip(pieces, starts, strict=True)):
        weight = torch.ones(piece.shape[-1], dtype=piece.dtype)
        if k > 0:
            overlap = starts[k - 1] + pieces[k - 1].shape[-1] - start
            weight[:overlap] = _ramp(overlap, piece.dtype)
        if k + 1 < len(pieces):
            overlap = start + piece.shape[-1] - starts[k + 1]
            weight[-overlap:] = 1 - _ramp(overlap, piece.dtype)
        out[:, start : start + piece.shape[-1]] += weight * piece
    return out


def _ramp(n: int, dtype: torch.dtype) -> Tensor:
    return (torch.arange(n, dtype=dtype) + 0.5) / n
