"""The scoring protocol of the audio chapter: a trained model on whole clips of one split, both ways, by ear.

Everything is scored as sound: images are made waveforms first, so that a guessed or a garbled phase counts.
As in :mod:`avbgtn.metrics.evaluate`, UNIT is scored from its mean code and AVB-GTN as the mean of the scores
over draws of its noise.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from .. import audio
from ..data.sounds import SoundEvaluation
from ..models.unit import UNIT
from ..translators.sounds import images_of, sounds_of, translate_waves
from . import sounds as sound_metrics
from .evaluate import Rows, Scores, draws_for
from .instrument import InstrumentClassifier
from .sound_baselines import Equaliser, NearestClip, copy, score_sounds

DIRECTIONS = (("12", 1, 2), ("21", 2, 1))
COLUMNS = {
    "log_band": ("log-band distance to the twin", 3), "chroma": ("chroma cosine with the source", 3),
    "instrument": ("heard as the other", 2), "rec_snr": ("rec. SNR, dB", 1), "rec_lsd": ("rec. LSD, dB", 1),
}  # fmt: skip


def sides(evaluation: SoundEvaluation, source: int) -> tuple[Tensor, Tensor | None]:
    """The clips of one domain, (N, 2, n), and their twins, or None where nobody knows them."""
    if source == 1:
        return evaluation.wave1, evaluation.wave12
    return evaluation.wave2, evaluation.wave21


def model_rows(
    name: str, model: UNIT, evaluation: SoundEvaluation, classifier: InstrumentClassifier, *, draws: int = 4,
    notes: list | None = None,
) -> Rows:  # fmt: skip
    """A model's row: ``log_band``, ``chroma`` and ``instrument`` of the translations (see
    :func:`~avbgtn.metrics.sound_baselines.score_sounds`), ``rec_snr``, ``rec_lsd`` of reconstructions, in dB.

    Args:
        draws: of the noise, for a model with noise at its input; the reconstruction uses the first.
        notes: the scores of the first clips, which are then asked for their pitch too (``f0``, first draw).
    """
    chosen = draws_for(model, "draws" if model.config.posterior == "input" else "mean", draws)
    by_direction: dict[str, Scores] = {}
    for direction, source, target in DIRECTIONS:
        wave, twin = sides(evaluation, source)
        each = [
            score_sounds(
                translate_waves(model, wave, source, target, draw), wave, twin, evaluation.rate, classifier,
                target, notes=notes if draw == chosen[0] else None,
            )
            for draw in chosen
        ]  # fmt: skip
        scores = each[0] | {key: sum(s[key] for s in each) / len(each) for key in each[-1]}
        again = translate_waves(model, wave, source, source, chosen[0])
        scores["rec_snr"] = sound_metrics.snr(again, wave).mean().item()
        scores["rec_lsd"] = sound_metrics.log_spectral_distance(again, wave, evaluation.rate).mean().item()
        by_direction[direction] = scores
    how = f"mean of {draws} draws" if len(chosen) > 1 else "mean code"
    return {f"{name}, {how}": by_direction}


def baseline_rows(
    evaluation: SoundEvaluation, training1: Tensor, training2: Tensor, classifier: InstrumentClassifier, *,
    notes: list | None = None,
) -> Rows:  # fmt: skip
    """What a translator must beat, and the marks on both sides: ``copy``, ``equaliser`` and ``nearest clip``,
    fitted on unpaired training clips; ``unrelated phrases`` of the other instrument, and the ``true twins``.

    Args:
        training1, training2: training clips of the domains, (M, 2, n) at the evaluation's rate.
        notes: as for :func:`model_rows`.
    """
    rate, rows = evaluation.rate, {}
    for direction, source, target in DIRECTIONS:
        wave, twin = sides(evaluation, source)
        there, here = (training2, training1) if target == 2 else (training1, training2)
        translators = {
            "copy": copy,
            "equaliser": Equaliser.fit(here, there, rate),
            "nearest clip": NearestClip.fit(there, rate),
        }
        answers = {name: translate(wave) for name, translate in translators.items()}
        if twin is not None:
            answers |= {"unrelated phrases": twin[partners(evaluation.ids1)], "true twins": twin}
        for name, answer in answers.items():
            rows.setdefault(name, {})[direction] = score_sounds(
                answer, wave, twin, rate, classifier, target, notes=notes
            )
    return rows


def partners(ids: Sequence[str]) -> list[int]:
    """For each clip the place of another of another tune, half the list on; ``ids`` are ``TUNE-NUMBER``."""
    tunes, n = [name.rsplit("-", 1)[0] for name in ids], len(ids)
    further = [(n // 2 + step) % n for step in range(n)]
    return [
        next(((k + step) % n for step in further if tunes[(k + step) % n] != tunes[k]), (k + n // 2) % n)
        for k in range(n)
    ]


def bars(rows: Rows, direction: str) -> Scores:
    """What a good translation must reach, from the marks of :func:`baseline_rows` on the validation split: at
    most for ``log_band`` (a quarter below the equaliser's), at least for ``chroma`` (four fifths of the way
    from unrelated phrases to true twins), ``instrument`` (90 %) and ``f0`` (85 %)."""
    twins, unrelated = rows["true twins"][direction], rows["unrelated phrases"][direction]
    return {
        "log_band": 0.75 * rows["equaliser"][direction]["log_band"],
        "chroma": unrelated["chroma"] + 0.8 * (twins["chroma"] - unrelated["chroma"]),
        "instrument": 0.9,
        "f0": 0.85,
    }


@torch.no_grad()
def conversions(model: UNIT, piano: Tensor, violin: Tensor, *, draw: int | None = None) -> dict[str, Tensor]:
    """The eight sounds of the paper's Figure 8, each (2, n): ``V`` and ``P`` as they are, to themselves
    (``V→V``), to the other instrument (``V→P``), and there and back (``V→P→V``).

    Args:
        piano, violin: (2, n) at the model's rate.
        draw: of the noise; None is zero noise.
    """
    sounds = {}
    for here, source, wave in (("V", 2, violin), ("P", 1, piano)):
        target = 3 - source
        there = "P" if here == "V" else "V"
        across = translate_waves(model, wave[None], source, target, draw)
        sounds[here] = wave
        sounds[f"{here}→{here}"] = translate_waves(model, wave[None], source, source, draw)[0]
        sounds[f"{here}→{there}"] = across[0]
        sounds[f"{here}→{there}→{here}"] = translate_waves(model, across, target, source, draw)[0]
    return sounds


PHASE_PLANES = ("magnitude_phase", "log_magnitude_phase")  # representations whose last two planes are phases


@torch.no_grad()
def phase_swaps(model: UNIT, waves: Tensor, source: int, *, draw: int | None = None) -> dict[str, Tensor]:
    """Reconstructions, (N, 2, n), without the network's phase or magnitude: whose fault is what one hears?

    Args:
        model: of a representation with planes of phases (:data:`PHASE_PLANES`).
        waves: (N, 2, n) of the domain ``source``.

    Raises:
        ValueError: another representation.
    """
    name = model.config.sound.representation
    if name not in PHASE_PLANES:
        raise ValueError(
            f"the representation must be one of {', '.join(PHASE_PLANES)} to swap phases, got {name!r}"
        )
    truth = audio.representation(model.config.sound).image(waves)
    made = images_of(model, waves, source, source, draw)
    images = {
        "both by the network": made,
        "its magnitude, the true phase": torch.cat([made[:, :2], truth[:, 2:]], dim=1),
        "the true magnitude, its phase": torch.cat([truth[:, :2], made[:, 2:]], dim=1),
    }
    return {title: sounds_of(model, image, waves) for title, image in images.items()}
