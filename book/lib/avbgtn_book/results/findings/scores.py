"""What the records say of the claims about scores: how soon they fall, where they end, on which heads, and
over how many answers.
"""

import math
from collections.abc import Callable, Mapping
from statistics import median

from ..compare import (
    MODELS,
    PAIRS,
    along,
    beside,
    codes,
    epochs_to,
    final,
    outcome,
    split_of,
    worse_than_copying,
)
from ..statistics import paired
from ..trainings import by_seed, cells_of
from .finding import Evidence, Finding

SHIFTS = ("darker", "turned", "closer")  # those of shifts.py, which needs torch
# L1 to the twin, whole picture: what copying costs on the heads of the curves, and better
THRESHOLDS = (0.06, 0.05)
FASTER = 10  # times fewer epochs: one order of magnitude, less than the claim's plural


def faster(e: Evidence) -> Finding:
    """How many times fewer epochs AVB-GTN needs to get to the thresholds, and the mean of the curves."""
    fewer, many, first = [], [], {}
    for threshold in THRESHOLDS:
        reached = {
            name: tuple(epochs_to(e.study, v, threshold) for v in pair) for name, pair in PAIRS.items()
        }
        for which, model in ((1, "UNIT"), (0, "AVB-GTN")):
            label = f"{model}, epochs to an L1 of {threshold:g}"
            first[label] = {name: _median(both[which]) for name, both in reached.items()}
        for ours, theirs in reached.values():
            times = [_times_fewer(ours[s], theirs[s], e.study["epochs"]) for s in ours.keys() & theirs.keys()]
            fewer.append(median(times))
            many.append(median(1 / t if t else math.inf for t in times))
    means = along(e.study)
    verdict = outcome(means)
    if verdict.startswith("reproduced") and min(fewer) < FASTER:
        verdict = verdict.replace("reproduced", "faster") + ", but not by an order of magnitude"
    verdict, one = _with_one_draw(e, verdict, "l1_whole")
    text = (
        f"{_pace(many)} One order of magnitude fewer would be {1 / FASTER:g} times as many. The "
        "table has the "
        "median numbers of epochs, and below them the mean of the curve, AVB-GTN minus UNIT; along the curve "
        f"UNIT is scored from its mean code and AVB-GTN from one draw.\n\n{beside(means, first=first)}{one}"
    )
    return Finding(verdict, text)


def _pace(many: list[float]) -> str:
    """How many times as many epochs AVB-GTN needed, from the medians over the pairs; infinite is "never"."""
    there = [f"{times:.1f}" for times in sorted(many) if math.isfinite(times)]
    if not there:
        return "Half of AVB-GTN's trainings or more never came as low as this."
    span = there[0] if there[0] == there[-1] else f"{there[0]} to {there[-1]}"
    never = ", or never got there" if len(there) < len(many) else ""
    return f"AVB-GTN needed {span} times as many epochs as UNIT (median over the pairs){never}."


def _with_one_draw(e: Evidence, verdict: str, score: str) -> tuple[str, str]:
    """UNIT has a mean code to translate from, AVB-GTN has none.

    Where UNIT is ahead by that alone, the verdict says so.
    """
    if "UNIT is ahead" not in verdict:
        return verdict, ""
    one = final(e.study, "sample", score)
    if "UNIT is ahead" not in outcome(one):
        verdict = verdict.replace("UNIT is ahead", "UNIT is ahead from its mean code")
    return verdict, f"\n\nWith one draw of the noise for both, at the end of the training:\n\n{beside(one)}"


def _times_fewer(ours: float | None, theirs: float | None, epochs: int) -> float:
    """UNIT's epochs over AVB-GTN's. Who never gets there counts with all epochs: for UNIT a bound from below,
    and an AVB-GTN that never does gets 0."""
    return (theirs or epochs) / ours if ours else 0.0


def _median(epochs: Mapping[int, float | None]) -> str:
    """The median over seeds; those that never get there come last."""
    values = sorted(float("inf") if v is None else v for v in epochs.values())
    middle = median(values)
    return "never" if middle == float("inf") else f"{middle:,.0f}"


def of_score(*path: str, what: str) -> Callable[[Evidence], Finding]:
    def find(e: Evidence) -> Finding:
        pairs, split = final(e.study, *path), split_of(e.study)

        def middle(variant: str) -> str:
            return f"{median(by_seed(e.study, variant, split, *path).values()):.4f}"

        first = {
            f"{model}, median": {name: middle(pair[which]) for name, pair in PAIRS.items()}
            for which, model in ((1, "UNIT"), (0, "AVB-GTN"))
        }
        verdict = outcome(pairs)
        verdict, one = _with_one_draw(e, verdict, path[0]) if len(path) == 1 else (verdict, "")
        text = f"{what}. The differences are AVB-GTN minus UNIT.\n\n{beside(pairs, first=first)}{one}"
        return Finding(verdict, text)

    return find


def in_the_end(e: Evidence) -> Finding:
    """The score of the whole picture, and how many trainings end worse than copying."""
    found = of_score("l1_whole", what="L1 to the twin, whole picture")(e)
    worse = [
        (
            f"{model} {sum(len(worse_than_copying(e.study, v)) for v in variants)} of "
            f"{sum(len(cells_of(e.study, v)) for v in variants)}"
        )
        for model, variants in zip(MODELS, zip(*PAIRS.values(), strict=True), strict=True)
    ]
    count = f"Trainings that end worse than copying: {', '.join(worse)}."
    return found._replace(text=f"{found.text}\n\n{count}")


def latent(e: Evidence) -> Finding:
    rec, style = final(e.study, "rec"), codes(e.study, "style")
    text = (
        f"L1 of the reconstruction, {split_of(e.study)} heads, AVB-GTN minus UNIT; lower is better.\n\n"
        f"{beside(rec)}\n\nShare of the validation heads whose hair style a linear probe names correctly; "
        f"higher is better.\n\n{beside(style, 3)}"
    )
    both = outcome(rec), outcome(style, "higher")
    verdict = both[0] if both[0] == both[1] else f"reconstruction {both[0]}; probe {both[1]}"
    return Finding(verdict, text)


def unseen(e: Evidence) -> Finding:
    """How much worse heads are that were never shown; and heads changed as no training picture was."""
    split, gaps, times = split_of(e.study), {}, {}
    for name, pair in PAIRS.items():
        both = []
        for model, v in zip(MODELS, pair, strict=True):
            new, seen = (
                by_seed(e.study, v, split, "sample", "l1_whole"),
                by_seed(e.study, v, "seen", "l1_whole"),
            )
            both.append({s: new[s] - seen[s] for s in new})
            times.setdefault(model, []).extend(new[s] / seen[s] for s in new)
        gaps[name] = paired(*both, MODELS)
    changed = {
        shift: paired(
            *(by_seed(e.study, v, "shifts", shift, "l1_whole") for v in PAIRS["independent"]), MODELS
        )
        for shift in SHIFTS
    }
    ours, theirs = (median(times[model]) for model in MODELS)
    verdict = f"on unseen heads {ours:.2f} times the error of training heads, UNIT {theirs:.2f}"
    text = (
        f"L1 of unseen heads ({split}) minus that of training heads, AVB-GTN minus UNIT: {outcome(gaps)}."
        f"\n\n{beside(gaps)}\n\nL1 of validation heads that were changed, independent "
        "initialisation, AVB-GTN "
        f"minus UNIT: {outcome(changed, by='change')}.\n\n{beside(changed)}"
    )
    return Finding(verdict, text)


def multimodal(e: Evidence) -> Finding:
    """Several answers would differ by more than the error of one."""
    split, shares = split_of(e.study), {}
    for name, (a, _) in PAIRS.items():
        spread, wrong = (by_seed(e.study, a, split, key) for key in ("diversity", "l1_whole"))
        shares[name] = max(spread[s] / wrong[s] for s in spread)
    pairs = final(e.study, "diversity")
    first = {"spread over error, at most": {name: f"{share:.2f}" for name, share in shares.items()}}
    text = (
        "How far the answers of several draws of the noise lie apart: at most the given share of "
        "the error of "
        "one answer. Below it the spread of AVB-GTN minus that of UNIT with its noise on.\n\n"
        f"{beside(pairs, first=first)}"
    )
    one = max(shares.values()) < 1
    verdict = (
        "not reproduced: answers differ by less than they are wrong"
        if one
        else "answers differ by more than they are wrong"
    )
    return Finding(verdict, text)
