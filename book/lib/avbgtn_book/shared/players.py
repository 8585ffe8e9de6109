"""Sounds that play in the page: the browser's own controls around a small MP3 that lies in the HTML.

Nothing is fetched, no script and no kernel is needed, and keyboard and screen reader come with the controls.
The same object shows in Jupyter and on the pages of the book.
"""

import base64
import html
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from avbgtn.sentences import shown

# Sampling rates that MP3 knows. Another rate is raised to the next of these, or lowered to the last.
MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)

# LAME's variable bit rate. 3 s of the built-in music, stereo, at 16 kHz are 19 to 24 kB and 20 to 24 dB
# from what went in, at 8 kHz 10 to 16 kB. Not the constant rate: at its lowest the file forgets how
# long the sound was.
QUALITY = 0.7
# 1 dB below full scale: decoded MP3s peak up to 0.9 dB above what went in (80 clips of the music).
LOUDEST = 0.89

GRID = (
    "display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,16rem),1fr));gap:0.75rem 1rem;"
    "list-style:none;margin:0.5rem 0;padding:0"
)


@dataclass(frozen=True)
class Player:
    """One sound with its controls; :func:`player` makes it.

    Attributes:
        title: said beside the controls and by screen readers.
        mp3: the file.
        seconds: how long it plays.
        rate: samples a second of what was given; the file's differs where MP3 has no such rate.
        turned_down: by how many dB, as it would have been clipped; mostly 0.
    """

    title: str
    mp3: bytes
    seconds: float
    rate: int
    turned_down: float = 0.0

    @property
    def words(self) -> str:
        """Title and length, and whether the sound was turned down."""
        down = f", turned down by {self.turned_down:.1f} dB" if self.turned_down >= 0.05 else ""
        return f"{self.title}, {self.seconds:.1f} s{down}"

    def html(self) -> str:
        """Title and controls, without a box around them."""
        words, data = html.escape(self.words), base64.b64encode(self.mp3).decode("ascii")
        # No figure and no figcaption: in the dark the book's theme puts an output on a light sheet,
        # where text that inherits its colour can be read and a caption in the colour of captions cannot.
        return (
            f'<div class="player-title" style="margin:0 0 0.2rem">{words}</div>'
            f'<audio controls preload="none" aria-label="{html.escape(self.title)}" '
            f'style="display:block;width:100%;max-width:22rem" src="data:audio/mpeg;base64,{data}">'
            f"This browser plays no MP3: {words}.</audio>"
        )

    def _repr_html_(self) -> str:
        return f'<div class="player" style="margin:0.5rem 0">{self.html()}</div>'

    def __repr__(self) -> str:
        return f"<player: {shown(self.words)}, {self.rate:,} Hz>"


@dataclass(frozen=True)
class Players:
    """Several sounds, side by side where there is room; :func:`players` makes it."""

    each: tuple[Player, ...]

    def _repr_html_(self) -> str:
        items = "\n".join(f'<li class="player" style="margin:0">{one.html()}</li>' for one in self.each)
        # Safari takes the list out of a list without bullets unless the role says so.
        return f'<ul class="players" role="list" style="{GRID}">\n{items}\n</ul>'

    def __repr__(self) -> str:
        return "\n".join(map(repr, self.each))


def player(wave: Tensor, rate: int, title: str, *, seconds: float | None = None) -> Player:
    """A sound to play in a notebook and on a page, as loud as it is given.

    One that peaks above :data:`LOUDEST` could be clipped: it is turned down as a whole,
    and its title says by how much.

    Args:
        wave: ``(2, n)`` or ``(1, n)`` or ``(n,)``, a tensor or an array, in [-1, 1].
        rate: samples a second.
        title: not empty; plain text.
        seconds: only the beginning, that long.

    Raises:
        ValueError: another shape, no samples, values that are not finite, no title,
            or a rate that is not positive.
        RuntimeError: the libsndfile below soundfile writes no MP3.
    """
    if not title.strip():
        raise ValueError("the title is empty: say what is heard, screen readers say it too")
    if rate != int(rate) or rate <= 0:
        raise ValueError(f"the rate must be a positive whole number of samples a second, got {rate!r}")
    if seconds is not None and not seconds > 0:
        raise ValueError(f"seconds must be positive, got {seconds!r}: leave it out to hear the whole sound")
    x = torch.as_tensor(wave).detach().cpu().float()
    x = x[None] if x.ndim == 1 else x
    if x.ndim != 2 or x.shape[0] not in (1, 2) or not x.shape[1]:
        raise ValueError(
            f"the sound {title!r} has shape {tuple(x.shape)}, expected (2, n) or "
            "(n,): give one sound at a time"
        )
    if not torch.isfinite(x).all():
        raise ValueError(f"the sound {title!r} holds values that are not finite: check where it was made")
    rate = int(rate)
    if seconds is not None:
        x = x[:, : max(1, round(seconds * rate))]
    length = x.shape[1] / rate
    x, file_rate = _at_a_rate_of_mp3(x, rate)
    over = max(x.abs().max().item() / LOUDEST, 1.0)
    return Player(title, _mp3(x / over, file_rate), length, rate, 20 * math.log10(over))


def players(sounds: Mapping[str, Tensor], rate: int, *, seconds: float | None = None) -> Players:
    """Several sounds of one rate, ``{title: wave}``, each as :func:`player` has it.

    Raises:
        ValueError: no sound, or one that :func:`player` refuses.
    """
    if not sounds:
        raise ValueError("got no sound, expected at least one, such as {'violin': wave}")
    return Players(tuple(player(wave, rate, title, seconds=seconds) for title, wave in sounds.items()))


def _at_a_rate_of_mp3(x: Tensor, rate: int) -> tuple[Tensor, int]:
    allowed = next((r for r in MP3_RATES if r >= rate), MP3_RATES[-1])
    if allowed == rate:
        return x, rate
    from torchaudio.functional import resample

    return resample(x, rate, allowed), allowed


def _mp3(x: Tensor, rate: int) -> bytes:
    """``(channels, n)`` as the bytes of an MP3; the same bytes every time."""
    import soundfile

    if "MP3" not in soundfile.available_formats():
        raise RuntimeError(
            f"libsndfile {soundfile.__libsndfile_version__} writes no MP3, 1.1 or newer is needed: install "
            "soundfile from PyPI, whose wheels bring it"
        )
    file = io.BytesIO()
    soundfile.write(
        file, x.T.numpy(), rate, format="MP3", bitrate_mode="VARIABLE", compression_level=QUALITY
    )  # fmt: skip
    return file.getvalue()
