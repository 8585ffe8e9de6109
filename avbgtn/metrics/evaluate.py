"""The scoring protocol of the experiment chapters: a trained model on one split, in both directions.

UNIT's posterior is a Gaussian around a mean, so it is scored from the mean code and from one sample.
AVB-GTN's has no mean to ask for: it is scored as the mean of the scores (not of the pictures) over ``draws``
samples of its noise. Reconstruction and cycle use the first draw. Nothing here chooses between checkpoints or
settings.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from ..data import Evaluation
from ..models.unit import UNIT
from ..sentences import in_markdown
from . import images as metrics
from .baselines import ColourTransfer

CHUNK = 32  # images at a time, to bound the memory
Scores = dict[str, float]


def draws_for(model: UNIT, how: str, draws: int) -> list[int | None]:
    """Which noise to use: None is zero noise (the mean code of UNIT), a number is a draw."""
    if how == "mean":
        return [None]
    if model.noise_shape() is None:
        raise ValueError(
            f"how={how!r} needs a posterior with noise, this model has posterior={model.config.posterior!r}"
        )
    return list(range(1 if how == "sample" else draws))


@torch.no_grad()
def translations(model: UNIT, x: Tensor, source: int, target: int, draw: int | None) -> Tensor:
    """All of ``x`` (N, 3, H, W) from ``source`` to ``target``; on the CPU. Draw ``k`` of image ``i`` is
    always the same."""
    return torch.cat(
        [
            model.translate(part, source, target, eps).float().cpu()
            for part, eps in _chunks(model, x, draw, f"evaluate/{source}{target}")
        ]
    )


def _chunks(model: UNIT, x: Tensor, draw: int | None, stream: str) -> Iterator[tuple[Tensor, Tensor | None]]:
    like = next(model.parameters())
    for start in range(0, len(x), CHUNK):
        part = x[start : start + CHUNK].to(like)
        shape = model.noise_shape(x.shape[-2:])
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
        scores["cyc"] = metrics.image_scores(translations(model, samples[0], target, source, chosen[0]), x)[
            "l1"
        ]
        if len(samples) > 1:
            scores["diversity"] = metrics.diversity(torch.stack(samples))
        found[f"{source}{target}"] = scores
    return found


# --- tables -------------------------------------------------------------------------------------------------

Rows = dict[str, dict[str, Scores]]  # name of a translator -> direction -> scores


def model_rows(name: str, model: UNIT, evaluation: Evaluation, *, draws: int = 8) -> Rows:
    """A model's rows: noise at the code has a mean, scored beside one sample; noise at the input has none."""
    if model.noise_shape() is None:
        return {name: score(model, evaluation, how="mean")}
    if model.config.posterior == "input":
        return {f"{name}, mean of {draws} draws": score(model, evaluation, how="draws", draws=draws)}
    return {
        f"{name}, mean code": score(model, evaluation, how="mean"),
        f"{name}, one sample": score(model, evaluation, how="sample"),
    }


def baseline_rows(evaluation: Evaluation, training: Evaluation) -> Rows:
    """What a translator must beat: copying, and colour transfer fitted on the same unpaired training images;
    with the true hair mask it is a mark for what the right place alone is worth, not a rival."""
    fits = {
        "12": (training.x1, training.x2, training.mask1, training.mask2),
        "21": (training.x2, training.x1, training.mask2, training.mask1),
    }
    rows: Rows = {"copy": {}, "global colour transfer": {}, "colour transfer with the true mask": {}}
    for direction, x, twin, mask in (
        ("12", evaluation.x1, evaluation.twin12, evaluation.mask1),
        ("21", evaluation.x2, evaluation.twin21, evaluation.mask2),
    ):
        source, target, mask_source, mask_target = fits[direction]
        rows["copy"][direction] = metrics.twin_scores(x, twin, mask)
        everywhere = ColourTransfer.fit(source, target)
        rows["global colour transfer"][direction] = metrics.twin_scores(everywhere(x), twin, mask)
        in_hair = ColourTransfer.fit(source, target, mask_source, mask_target)
        rows["colour transfer with the true mask"][direction] = metrics.twin_scores(
            in_hair(x, mask), twin, mask
        )
    return rows


COLUMNS = {
    "l1_hair": ("hair L1", 3), "l1_outside": ("outside L1", 3), "l1_whole": ("whole L1", 3),
    "psnr": ("PSNR, dB", 1),
    "ssim": ("SSIM", 3), "rec": ("rec. L1", 3), "cyc": ("cycle L1", 3), "diversity": ("diversity", 4),
}  # fmt: skip


def markdown_table(rows: Rows, direction: str, columns: dict[str, tuple[str, int]] = COLUMNS) -> str:
    """The rows of one direction as a Markdown table; a score that a translator does not have is a dash.
    Names, which may be those of a person's domains, stand in it as they are."""
    shown = {
        key: value for key, value in columns.items() if any(key in by[direction] for by in rows.values())
    }
    lines = [
        "| translator | " + " | ".join(title for title, _ in shown.values()) + " |",
        "|---|" + "--:|" * len(shown),
    ]
    for name, by_direction in rows.items():
        cells = [
            f"{by_direction[direction][k]:.{digits}f}" if k in by_direction[direction] else "–"
            for k, (_, digits) in shown.items()
        ]
        lines.append(f"| {in_markdown(name)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def flat(rows: Rows) -> Scores:
    """``{"copy / 12 / l1_hair": 0.22, ...}``, for a record."""
    return {
        f"{name} / {direction} / {key}": v
        for name, by in rows.items()
        for direction, s in by.items()
        for key, v in s.items()
    }
