"""A trained model on sound: ``avbgtn.load("music-avbgtn").translate_file("my.wav", "violin", "out.wav")``."""

import math
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from .. import audio
from ..audio.loudness import limited, loudness
from ..audio.pieces import cut, join
from ..files import sound_files
from ..files.sound_files import Recording, to_rate
from ..models.unit import UNIT
from ..sentences import shown

PIECE, FADE = 10.0, 0.1  # seconds: longer sounds are cut, and the pieces faded into each other
LOUDNESS = 0.08  # root mean square of the sounds that the models learn from
APART = 10.0  # dB; in the music that the models learnt from, left and right differ by less than 4
CORRECTION = 12.0  # dB; a translation that is further from its source's loudness stays so


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
    """The translated images of :func:`translate_waves`, (N, planes, rows, columns), not yet made sound."""
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
        rate: samples per second at which it works.
    """

    def __init__(self, model: UNIT):
        self.model = model.eval()
        self.domains, self.rate = model.config.domains, model.config.sound.rate
        self._representation = audio.representation(model.config.sound)

    def translate(
        self, wave: Tensor, to: str | None = None, *, seed: int | None = None, rate: int | None = None
    ) -> Tensor:
        """One sound into the other domain, at the rate that it has, and as long as it was.

        Every channel is made as loud as the sounds the model learnt from, without a constant offset, and what
        comes out as loud as the channel was (``avbgtn.audio.loudness``); a silent channel stays
        silent. Left and right are one picture, as in training, unless they differ by more than 10 dB; those,
        and more than two channels, are translated one by one, each as a mono sound. Sounds longer than 10 s
        are cut, and the pieces are faded into each other over 0.1 s.

        The network works at ``rate``. Of a ``band_gain`` model only the change in each band is taken from
        there and applied to the sound at its own rate; above half of ``rate`` nothing is made louder than
        it was. Other models make the sound anew, so that what is above half of ``rate`` is lost.

        Args:
            wave: (channels, n).
            to: the target domain's name; the second one (``"violin"``) by default.
            seed: draw the posterior's noise with this seed; without it the noise is zero.
            rate: samples per second of ``wave``; ``rate`` by default.

        Raises:
            ValueError: ``to`` is not one of the two domains.
        """
        target, rate = self._number(to), rate or self.rate
        wave = wave - wave.mean(-1, keepdim=True, dtype=torch.float64).to(wave)
        levels = loudness(wave, rate)
        out = torch.zeros_like(wave)
        for group in together(levels):
            level = levels[group, None]
            scaled = (wave[group] * (LOUDNESS / level)).float()  # (1 or 2, n)
            made = self._at_loudness(scaled, rate, target, seed)
            correction = (LOUDNESS / loudness(made, rate).clamp(min=1e-30)).log10().mul(20)
            correction = 10 ** (correction.clamp(-CORRECTION, CORRECTION) / 20)
            out[group] = (made * correction[:, None] * (level / LOUDNESS)).to(out)
        return out

    def _at_loudness(self, wave: Tensor, rate: int, target: int, seed: int | None) -> Tensor:
        """A mono or stereo sound of the loudness that the model knows: (1, n) or (2, n)."""
        pieces, starts = cut(wave, round(PIECE * rate), round(FADE * rate))
        made = []
        for k, piece in enumerate(pieces):
            y = self._piece(piece.expand(2, -1).contiguous(), rate, target, seed, f"piece/{k}")
            made.append(y if len(wave) == 2 else y.mean(0, keepdim=True))
        return join(made, starts, wave.shape[-1])

    def _piece(self, wave: Tensor, rate: int, target: int, seed: int | None, stream: str) -> Tensor:
        """A stereo sound of some seconds, translated: (2, n)."""
        way, low = self._representation, to_rate(wave, rate, self.rate)
        image = images_of(self.model, low[None], 3 - target, target, seed, stream=stream)[0]
        if isinstance(way, audio.BandGain):
            return way.amplified(wave, way.gain(image, low), rate)
        y = to_rate(way.wave(image, low.shape[-1], low), self.rate, rate)[:, : wave.shape[-1]]
        return torch.nn.functional.pad(y, (0, wave.shape[-1] - y.shape[-1]))

    def translate_file(
        self,
        path: str | Path,
        to: str | None = None,
        output: str | Path | None = None,
        *,
        seed: int | None = None,
        raw: bool = False,
        say: Callable[[str], None] = lambda line: None,
    ) -> Path:
        """A sound file, whatever libsndfile decodes, into one with its rate, channels and length.

        Args:
            output: ends in .wav, .flac or .ogg; by default the name of the source with ``-violin.wav``, or
                the other domain's name.
            raw: the network's own sound: stereo, at ``rate``.
            say: gets what was done, a sentence at a time.

        Raises:
            DataError: not a sound, damaged, silent, too short or too long; the output cannot be written, or
                is the source itself.
            ValueError: ``to`` is not one of the two domains.
        """
        to = self.domains[self._number(to) - 1]
        output = Path(output or Path(path).with_name(f"{Path(path).stem}-{to}.wav"))
        output = sound_files.check_target(output, source=path)
        source = sound_files.load(path)
        for line in source.notes:
            say(line)
        wave, rate, subtype = source.wave, source.rate, source.subtype
        if raw:
            wave, rate, subtype = to_rate(sound_files.stereo(wave), rate, self.rate), self.rate, "PCM_16"
        for line in self._told(source, wave, rate, to, raw):
            say(line)
        made = self.translate(wave, to, seed=seed, rate=rate)
        peak, full = made.abs().max().item(), max(1.0, wave.abs().max().item())
        if peak > full:
            say(
                f"{20 * math.log10(peak / full):.1f} dB too loud at its peaks: turned down there, for some"
                " milliseconds"
            )
            made = full * limited(made / full, rate)
        before, after = (
            loudness(x, rate).square().mean().sqrt().clamp(min=1e-30).log10() * 20 for x in (wave, made)
        )
        say(f"loudness: {before:.1f} dB before, {after:.1f} dB after (root mean square re full scale)")
        return sound_files.write(output, made, rate, subtype=subtype, say=say)

    def _told(self, source: Recording, wave: Tensor, rate: int, to: str, raw: bool) -> list[str]:
        """What is about to be done to ``wave``, in sentences."""
        names = {1: "mono", 2: "stereo"}
        channels = names.get(len(source.wave), f"{len(source.wave)} channels")
        told = [f"the sound: {source.wave.shape[-1] / source.rate:.3f} s, {channels}, {source.rate:,} Hz"]
        there = self.domains[2 - self._number(to)]
        if raw:
            told.append(
                f"translated from {there} to {to} and left as the network gives it: stereo at {rate:,} Hz"
            )
        elif isinstance(self._representation, audio.BandGain):
            above = (
                f", where above {self.rate / 2:,.0f} Hz nothing is made louder" if rate > self.rate else ""
            )
            told.append(
                f"translated from {there} to {to}: the network hears it at {self.rate:,} Hz, and its change"
                f" in each of {self.model.config.sound.rows} bands is applied to the sound as it is{above};"
                " rate, channels and length stay"
            )
        else:
            lost = f"what is above {self.rate / 2:,.0f} Hz is lost; " if rate > self.rate else ""
            told.append(
                f"translated from {there} to {to} by a network that works at {self.rate:,} Hz: {lost}rate,"
                " channels and length stay"
            )
        pieces = len(cut(wave[:1], round(PIECE * rate), round(FADE * rate))[0])
        if pieces > 1:
            told.append(
                f"cut into {pieces} pieces of at most {PIECE:g} s, faded into each other over {FADE:g} s"
            )
        offset, levels = wave.mean(-1, dtype=torch.float64).abs(), loudness(wave, rate)
        if (offset > 0.1 * levels).any():
            told.append(f"a constant offset of {offset.max():.3g} was taken out: it is no sound")
        if (levels == 0).any():
            told.append(f"{int((levels == 0).sum())} of {len(wave)} channels are silent and stay so")
        elif len(wave) == 2 and len(together(levels)) > 1:
            told.append(f"left and right differ by more than {APART:g} dB: each was translated by itself")
        return told

    def _number(self, to: str | None) -> int:
        """1 or 2 for the name of a domain; the second one by default."""
        if to is not None and to not in self.domains:
            raise ValueError(f"to must be {self.domains[0]!r} or {self.domains[1]!r}, got {shown(to)!r}")
        return 2 if to is None else self.domains.index(to) + 1


def together(levels: Tensor) -> list[list[int]]:
    """Which channels are translated as one sound: a stereo pair that is about equally loud, else one by one;
    silent ones not at all."""
    heard = [k for k, level in enumerate(levels.tolist()) if level > 0]
    if len(levels) == len(heard) == 2 and abs(20 * math.log10(levels[0] / levels[1])) <= APART:
        return [heard]
    return [[k] for k in heard]
