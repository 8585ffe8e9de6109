"""The scoring protocol of the experiment chapters: a trained model on one split, in both directions.

UNIT's posterior is a Gaussian around a mean, so it is scored from the mean code and from one sample. AVB-GTN's has no
mean to ask for: it is scored as the mean of the scores (not of the pictures) over ``draws`` samples of its noise.
Reconstruction and cycle use the first draw. Nothing here chooses between checkpoints or settings.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from . import metrics
from .data import Evaluation
from .unit import UNIT

CHUNK = 32  # images at a time, to bound the memory
Scores = dict[str, float]


def draws_for(model: UNIT, how: str, draws: int) -> list[int | None]:
    """Which noise to use: None is zero noise (the mean code of UNIT), a number is a draw."""
    if how == "mean":
        return [None]
    if model.noise_shape() is None:
        raise ValueError(f"how={how!r} needs a posterior with noise, this model has posterior={model.config.posterior!r}")
    return list(range(1 if how == "sample" else draws))


@torch.no_grad()
def translations(model: UNIT, x: Tensor, source: int, target: int, draw: int | None) -> Tensor:
    """All of ``x`` (N, 3, H, W) from ``source`` to ``target``; on the CPU. Draw ``k`` of image ``i`` is always the same."""
    return torch.cat([
        model.translate(part, source, target, eps).float().cpu()
        for part, eps in _chunks(model, x, draw, f"evaluate/{source}{target}")
    ])


def _chunks(model: UNIT, x: Tensor, draw: int | None, stream: str) -> Iterator[tuple[Tensor, Tensor | None]]:
    like = next(model.parameters())
    for start in range(0, len(x), CHUNK):
        part = x[start : start + CHUNK].to(like)
        shape = model.noise_shape()
        if draw is None or shape is None:
            yield part, None
        else:
            yield part, model.draw(stream, draw, range(start, start + len(part)), shape)


def score(model: UNIT, evaluation: Evaluation, *, how: str, draws: int = 8) -> dict[str, Scores]:
    """Scores by direction (``"12"``, ``"21"``).

    Args:
        how: ``"mean"`` (zero noise), ``"sample"`` (one draw) or ``"draws"`` (mean over ``draws``).

    Returns:
        for each direction, with twins ``l1_hair``, ``l1_outside``, ``l1_whole``, ``psnr``, ``ssim``; always
        ``rec`` and ``cyc`` (L1 in [0, 1]) and, with more than one draw, ``diversity``.
    """
    found = {}
    for source, target, x, twin, mask in (
        (1, 2, evaluation.x1, evaluation.twin12, evaluation.mask1),
        (2, 1, evaluation.x2, evaluation.twin21, evaluation.mask2),
    ):
        chosen = draws_for(model, how, draws)
        samples = [translations(model, x, source, target, draw) for draw in chosen]
        scores: Scores = {}
        if twin is not None:
            each = [metrics.twin_scores(sample, twin, mask) for sample in samples]
            scores |= {key: sum(s[key] for s in each) / len(each) for key in each[0]}
        scores["rec"] = metrics.image_scores(translations(model, x, source, source, chosen[0]), x)["l1"]
        scores["cyc"] = metrics.image_scores(translations(model, samples[0], target, source, chosen[0]), x)["l1"]
        if len(samples) > 1:
            scores["diversity"] = metrics.diversity(torch.stack(samples))
        found[f"{source}{target}"] = scores
    return found
