"""What a finished cell of a grid leaves: where it comes from, its cost, its curve, and scores of many kinds.

Everything is computed from the run folder, so a record can be made again without training. The test split is
touched only by :func:`split_scores`, if the caller names it; ``tools/gather_study.py --test`` does so once.
"""

from typing import Any

import torch
from torch import Tensor

from .. import data
from ..data import Evaluation, heads
from ..data.heads import Heads
from ..metrics import evaluate
from ..metrics import images as metrics
from ..models.unit import UNIT
from ..runs import Run
from ..runs.provenance import provenance, revision
from ..translators.loading import run_model
from . import codes
from .shifts import SHIFTS, shifted

VERSION = 2  # of what is below: a record of another version is made anew, from the weights
SPLIT = "validation"
DRAWS = 4  # of the noise, for scores of a posterior that has no mean, and for the spread of the answers
SHIFTED = 32  # heads that are also shown darker, turned and closer
DIGITS = 6
CURVE = ("l1_whole", "l1_hair", "l1_outside")  # of both directions, from the lines of monitor.py
LOSSES = {"t_loss": ("posterior/t1", "posterior/t2"), "d_loss": ("discriminators/d1", "discriminators/d2")}

Scores = dict[str, Any]


def cell_record(run: Run, faces: Heads, *, epochs: int, images: int | None = None) -> Scores:
    """Everything that is measured of one training, numbers with six digits.

    Args:
        faces: the heads at the run's size.
        images: so many of each split at most, where only the way is tried.

    Returns:
        ``curve`` along the training (16 validation heads, averaged weights; UNIT from its mean code, AVB-GTN
        from one draw); ``validation`` (all heads) with ``raw`` for the weights of the last update; ``seen``:
        as many training heads, whose twins were never shown; ``shifts``: changed heads; ``codes``: what
        probes read; ``cpu_seconds`` of the training; ``starts``.
    """
    model = run_model(run, epoch=epochs, ema=True).eval()
    held_out, training = faces.evaluation(SPLIT, images), faces.evaluation("train", images)
    few = min(SHIFTED, images or SHIFTED)
    starts = run.provenance()
    return rounded({
        "version": VERSION,
        "epochs": epochs,
        "fingerprint": run.config.fingerprint(),
        "revision": starts[-1]["revision"],
        "scored_by": revision(),
        "starts": starts,
        "cpu_seconds": sum(run.cpu_seconds()),  # of the training; work lost by a kill is not in it
        "curve": curve(run),
        SPLIT: split_scores(model, held_out)
        | {"raw": _both(_plain(run_model(run, epoch=epochs, ema=False).eval(), held_out))},
        "seen": _both(_plain(model, faces.evaluation("train", len(held_out.x1)))),
        "shifts": {
            name: _both(_plain(model, shifted(faces.evaluation(SPLIT, few), name))) for name in SHIFTS
        },
        "codes": codes.read_codes(
            model, training, held_out,
            *(_attributes(split, images) for split in ("train_a", "train_b", SPLIT)),
        ),
    }) | {"config": run.config.to_dict()}  # fmt: skip


def split_scores(model: UNIT, evaluation: Evaluation) -> Scores:
    """Means over both directions, and each direction under ``"12"`` and ``"21"``.

    Returns:
        the scores of :func:`avbgtn.metrics.evaluate.score` (noise at the code: the mean code; at the input:
        the mean over four draws), ``diversity`` over four draws for every posterior with noise, and
        ``sample``, the scores of a single draw.
    """
    how = "draws" if model.config.posterior == "input" else "mean"
    by_direction = evaluate.score(model, evaluation, how=how, draws=DRAWS)
    if model.config.posterior == "code":
        for direction, x in (("12", evaluation.x1), ("21", evaluation.x2)):
            by_direction[direction]["diversity"] = metrics.diversity(_draws(model, x, direction))
    found = _both(by_direction) | by_direction
    return found if model.noise_shape() is None else found | {"sample": _both(_plain(model, evaluation))}


def curve(run: Run) -> dict[str, list[float]]:
    """Scores along the training, by the epoch and by the CPU-seconds it took to get there."""
    spent, before, start = {}, 0.0, 1
    for line in run.lines("timings.jsonl"):
        if line["start"] != start:
            before, start = max(spent.values(), default=0.0), line["start"]
        spent[line["epoch"]] = before + line["cpu_seconds"]
    # an epoch whose time was lost with a damaged log has no place on the curve
    lines = [line for line in run.lines() if f"val_ema/{CURVE[0]}_12" in line and line["epoch"] in spent]
    found: dict[str, list[float]] = {
        "epoch": [line["epoch"] for line in lines],
        "cpu_seconds": [spent[line["epoch"]] for line in lines],
    }
    for key in CURVE:
        found[key] = [(line[f"val_ema/{key}_12"] + line[f"val_ema/{key}_21"]) / 2 for line in lines]
    for key in ("rec", "cyc"):
        found[key] = [line[f"val_ema/{key}"] for line in lines]
    found["noise_share"] = [line["val/noise_share"] for line in lines]
    for key, parts in LOSSES.items():
        if all(part in lines[-1] for part in parts):
            found[key] = [sum(line[part] for part in parts) / len(parts) for line in lines]
    return found


def references(faces: Heads, split: str, images: int | None = None) -> Scores:
    """What needs no model: copying, colour transfer, and copying of the changed heads."""
    few = min(SHIFTED, images or SHIFTED)
    rows = evaluate.baseline_rows(faces.evaluation(split, images), faces.evaluation("train"))
    found = {name: _both(by_direction) for name, by_direction in rows.items()}
    for name in SHIFTS:
        changed = shifted(faces.evaluation(split, few), name)
        found[f"copy, {name}"] = metrics.twin_scores(changed.x1, changed.twin12, changed.mask1)
    return rounded(found)


def where() -> dict[str, Any]:
    """The machine and the code of now."""
    return provenance()


def load_heads(size: int) -> Heads:
    return data.load("heads", size=size)


def rounded(value: Any) -> Any:
    """Every float of nested dicts and lists to six digits; these are scores, not weights."""
    if isinstance(value, dict):
        return {key: rounded(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(v) for v in value]
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def _attributes(split: str, images: int | None) -> dict[str, list]:
    return {name: values[:images] for name, values in heads.attributes(split).items()}


def _plain(model: UNIT, evaluation: Evaluation) -> dict[str, Scores]:
    """Twin scores of one draw, or of the only answer there is."""
    draw = None if model.noise_shape() is None else 0
    return {
        direction: metrics.twin_scores(
            evaluate.translations(model, x, *map(int, direction), draw), twin, mask
        )
        for direction, x, twin, mask in (
            ("12", evaluation.x1, evaluation.twin12, evaluation.mask1),
            ("21", evaluation.x2, evaluation.twin21, evaluation.mask2),
        )
    }


@torch.no_grad()
def _draws(model: UNIT, x: Tensor, direction: str) -> Tensor:
    return torch.stack([evaluate.translations(model, x, *map(int, direction), draw) for draw in range(DRAWS)])


def _both(by_direction: dict[str, Scores]) -> Scores:
    """The mean over both directions of every score that both have."""
    a, b = by_direction["12"], by_direction["21"]
    return {key: (a[key] + b[key]) / 2 for key in a if key in b}
