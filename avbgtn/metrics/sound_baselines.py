"""What a translator of sound must beat: copying, equalising, and another tune by the other instrument.

The scores of a translator, and the table's columns, are here too. Sounds are (N, 2, n), on the CPU.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from ..audio.spectrum import istft, stft
from .instrument import InstrumentClassifier
from .pitch import f0_accuracy
from .sounds import CHUNK, WINDOW, chroma, chroma_cosine, log_band_distance

# Octaves, standard deviation of the Gaussian that smooths mean spectra. The strongest rival on 40 validation
# phrases at 8 kHz: log-band distance 0.78 and 0.82; 1/24 gives 0.78 and 0.84, 1 gives 0.85 both ways.
SMOOTH = 1 / 6
MOST = 40.0  # dB; nothing is amplified or damped by more

# For avbgtn.metrics.evaluate.markdown_table: score -> title, digits.
COLUMNS = {
    "log_band": ("log-band distance to the twin", 3), "chroma": ("chroma cosine", 3),
    "instrument": ("heard as the target", 3), "f0": ("F0 within 50 cents", 3),
    "f0_frames": ("voiced frames", 0),
}  # fmt: skip


def copy(waves: Tensor) -> Tensor:
    """The sound that came in."""
    return waves


@dataclass(frozen=True)
class Equaliser:
    """One fixed filter, that gives the mean spectrum of a domain the envelope of the other's.

    ``|H(f)|^2 = P'(f) / P(f)`` with ``P, P'`` the mean power spectra of source and target clips, smoothed
    over a sixth of an octave, within 40 dB. Applied to a short-time Fourier transform (64 ms, hop 16 ms), so
    the phase stays.

    Attributes:
        rate: of the sounds.
        gain: amplitude of each bin, (bins,).
    """

    rate: int
    gain: Tensor

    @classmethod
    def fit(cls, source_waves: Tensor, target_waves: Tensor, rate: int) -> "Equaliser":
        """Measure two piles of training clips, (N, 2, n) and (M, 2, m); they need no pairs.

        Raises:
            ValueError: a pile that is silent.
        """
        source, target = (_mean_power(waves, rate) for waves in (source_waves, target_waves))
        octaves = torch.arange(len(source), dtype=torch.float64).clamp(min=1).log2()
        near = (-0.5 * ((octaves[:, None] - octaves) / SMOOTH).square()).exp()
        level = [10 * (near @ p / near.sum(1)).log10() for p in (source, target)]  # dB, (bins,)
        return cls(rate, (10 ** ((level[1] - level[0]).clamp(-MOST, MOST) / 20)).float())

    def __call__(self, waves: Tensor) -> Tensor:
        """The same sounds, filtered: (N, 2, n) to (N, 2, n)."""
        window = _window(self.rate)
        return torch.cat(
            [
                istft(
                    stft(part, window, window // 4) * self.gain[:, None],
                    window, window // 4, part.shape[-1],
                )
                for part in waves.split(CHUNK)
            ]
        )  # fmt: skip


@dataclass(frozen=True)
class NearestClip:
    """The training clip of the other instrument whose pitch classes are the most alike, not transposed.

    It is surely the other instrument and sounds perfect; what it plays is another tune.

    Attributes:
        rate: of the sounds.
        clips: (M, 2, n).
        pitches: their :func:`~avbgtn.metrics.sounds.chroma`, flattened and of length 1, (M, 12 * frames).
    """

    rate: int
    clips: Tensor
    pitches: Tensor

    @classmethod
    def fit(cls, target_waves: Tensor, rate: int) -> "NearestClip":
        """Remember the other instrument's training clips, (M, 2, n)."""
        return cls(rate, target_waves, _direction(chroma(target_waves, rate)))

    def __call__(self, waves: Tensor) -> Tensor:
        """For each sound, (N, 2, n), the clip with the highest chroma cosine; the first of equals.

        Raises:
            ValueError: sounds of another length than the clips.
        """
        if waves.shape[1:] != self.clips.shape[1:]:
            raise ValueError(
                f"the sounds have shape {tuple(waves.shape)} and the clips {tuple(self.clips.shape)},"
                " expected one length: cut them to it"
            )
        return self.clips[(_direction(chroma(waves, self.rate)) @ self.pitches.T).argmax(1)]


def score_sounds(
    translated: Tensor, source: Tensor, twin: Tensor | None, rate: int, classifier: InstrumentClassifier,
    target: int, *, notes: list[list] | None = None,
) -> dict[str, float]:  # fmt: skip
    """The row of one translator, in one direction.

    Args:
        translated, source, twin: (N, 2, n); without twins there is no ``log_band``.
        classifier: from :func:`~avbgtn.metrics.instrument.train_classifier`, at the same rate.
        target: domain that the sounds should be in, 1 or 2.
        notes: the scores of the first clips, of as many as shall be asked for their pitch: 0.4 s each.

    Returns:
        ``log_band`` (mean distance to the twin), ``chroma`` (mean cosine with the source), ``instrument``
        (share judged the target) and, with notes, ``f0`` (share of the voiced frames of all clips that are
        within 50 cents; absent if none is voiced) and ``f0_frames`` (how many those are).

    Raises:
        ValueError: shapes that differ, another rate than the classifier's, or more scores than clips.
    """
    if rate != classifier.rate:
        raise ValueError(
            f"the sounds are at {rate} samples a second and the classifier learned at {classifier.rate}:"
            " train one"
        )
    scores = {} if twin is None else {"log_band": _mean(log_band_distance(translated, twin, rate))}
    scores["chroma"] = _mean(chroma_cosine(translated, source, rate))
    scores["instrument"] = classifier.share(translated, target)
    if notes:
        if len(notes) > len(translated):
            raise ValueError(f"got {len(notes)} scores for {len(translated)} sounds: pass one each, or fewer")
        pitch = [f0_accuracy(w, n, rate) for w, n in zip(translated, notes, strict=False)]
        voiced = sum(frames for _, frames in pitch)
        if voiced:
            scores["f0"] = sum(share * frames for share, frames in pitch if frames) / voiced
        scores["f0_frames"] = float(voiced)
    return scores


def _window(rate: int) -> int:
    return 4 * round(WINDOW * rate / 4)


def _mean(x: Tensor) -> float:
    return x.double().mean().item()


def _mean_power(waves: Tensor, rate: int) -> Tensor:
    """Mean power of each bin over clips, channels and frames, (bins,) in float64."""
    window, total = _window(rate), torch.zeros((), dtype=torch.float64)
    for part in waves.detach().cpu().split(CHUNK):
        total = total + stft(part, window, window // 4).abs().double().square().mean((1, 3)).sum(0)
    if not total.sum() > 0:
        raise ValueError(
            f"the clips {tuple(waves.shape)} are silent, expected some sound to fit an equaliser on"
        )
    return total / len(waves) + 1e-12 * total.max() / len(waves)


def _direction(pitches: Tensor) -> Tensor:
    x = pitches.flatten(1).float()
    return x / x.norm(dim=1, keepdim=True).clamp(min=1e-12)
