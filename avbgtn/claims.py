"""What the paper and its poster claim, and what the records say of each: the table of the results chapter, computed.

Nothing here trains or scores. A claim has its words, quoted, with their place; a function that reads the records and writes
sentences with numbers; the figure that shows them, and the command that makes them. How sure a sentence is follows from the
rule of :meth:`avbgtn.evidence.Paired.verdict`, never from taste.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import NamedTuple

from . import records
from .compare import (
    MODELS,
    PAIRS,
    Study,
    along,
    codes,
    controls,
    differences,
    epochs_to,
    final,
    outcome,
    split_of,
    sure,
)
from .evidence import paired
from .trainings import by_seed, cells_of, curve_of

SHIFTS = ("darker", "turned", "closer")  # those of shifts.py, which needs torch

THRESHOLDS = (0.06, 0.05)  # L1 to the twin, whole picture: about what copying costs, and clearly better
QUIET = 0.01  # nats; below, log s(T) passes on less than a hundredth of T's gradient
FASTER = 10  # times fewer epochs is the least that "orders of magnitude" can mean
STUDY = "make study"


class Evidence(NamedTuple):
    """The records that the claims are held against."""

    study: Study
    long: Study  # the run of 50,000 epochs of the hair chapter, UNIT alone
    short: Study  # of the grid figure-6
    music: Study  # the test of the audio chapter


class Finding(NamedTuple):
    """What the records say of a claim."""

    verdict: str  # a few words
    text: str  # sentences with numbers
    sure: str  # how many seeds, which test


@dataclass(frozen=True)
class Claim:
    """One thing that the paper or its poster says."""

    name: str
    quote: str
    place: str
    find: Callable[[Evidence], Finding]
    figure: str  # label in the results chapter, or the address of another page
    command: str = STUDY


def load(study: str = "study") -> Evidence:
    """The committed records; ``study`` is a name of a record or the path of a file of the same form."""
    path = Path(study)
    found = json.loads(path.read_text(encoding="utf-8")) if path.suffix == ".json" else records.load(study)
    return Evidence(found, *map(records.load, ("celeba-50000", "figure-6", "music-test")))


# --- the claims -------------------------------------------------------------------------------------------------------


def faster(e: Evidence) -> Finding:
    """How many times fewer epochs AVB-GTN needs to get to the thresholds, and the mean of the curves."""
    ratios, parts = [], []
    for threshold in THRESHOLDS:
        words = []
        for name, (a, b) in PAIRS.items():
            ours, theirs = (epochs_to(e.study, v, threshold) for v in (a, b))
            words.append(f"{name} {_median(theirs)} and {_median(ours)}")
            both = [s for s in ours if theirs.get(s) and ours[s]]
            ratios += [median(theirs[s] / ours[s] for s in both)] if both else []
        parts.append(f"Epochs to an L1 of {threshold:g}, median of UNIT and AVB-GTN: {', '.join(words)}.")
    means, best = along(e.study), max(ratios, default=0)
    verdict = outcome(means)
    if verdict.startswith("reproduced") and best < FASTER:
        verdict = "faster, but not by orders of magnitude"
    text = f"{' '.join(parts)} Mean of the curve, AVB-GTN minus UNIT: {differences(means)}. Orders of magnitude would be {FASTER} times or more."
    return Finding(verdict, text, sure(means))


def _median(epochs: Mapping[int, float | None]) -> str:
    """The median over seeds; those that never get there come last."""
    values = sorted(float("inf") if v is None else v for v in epochs.values())
    middle = median(values)
    return "never" if middle == float("inf") else f"{middle:,.0f}"


def _of_score(score: str, what: str) -> Callable[[Evidence], Finding]:
    def find(e: Evidence) -> Finding:
        pairs = final(e.study, score)
        return Finding(outcome(pairs), f"{what}, AVB-GTN minus UNIT: {differences(pairs)}.", sure(pairs))

    return find


def latent(e: Evidence) -> Finding:
    rec, style = final(e.study, "rec"), codes(e.study, "style")
    text = f"Reconstruction, L1, AVB-GTN minus UNIT: {differences(rec)}. Hair style, named by a linear probe: {differences(style, 3)}."
    words = f"reconstruction, {sure(rec)}; hair style, {sure(style)}"
    both = outcome(rec), outcome(style, "higher")
    verdict = both[0] if both[0] == both[1] else f"reconstruction {both[0]}; probe {both[1]}"
    return Finding(verdict, text, words)


def unseen(e: Evidence) -> Finding:
    """How much worse heads are that were never shown; and heads changed as no training picture was."""
    split, pairs = split_of(e.study), {}
    for name, pair in PAIRS.items():
        gaps = []
        for v in pair:
            new, seen = (
                by_seed(e.study, v, split, "sample", "l1_whole"),
                by_seed(e.study, v, "seen", "l1_whole"),
            )
            gaps.append({s: new[s] - seen[s] for s in new})
        pairs[name] = paired(*gaps, MODELS)
    changed = {
        shift: paired(
            *(by_seed(e.study, v, "shifts", shift, "l1_whole") for v in PAIRS["independent"]), MODELS
        )
        for shift in SHIFTS
    }
    text = f"L1 of unseen heads minus that of training heads, AVB-GTN minus UNIT: {differences(pairs)}. L1 of changed heads: {differences(changed)}."
    words = {outcome(pairs), outcome(changed)}
    verdict = (
        words.pop() if len(words) == 1 else f"unseen heads {outcome(pairs)}; changed heads {outcome(changed)}"
    )
    return Finding(verdict, text, f"{sure(pairs)}; {sure(changed)}")


def _mean(values: Mapping[int, float]) -> float:
    return sum(values.values()) / len(values)


def multimodal(e: Evidence) -> Finding:
    """Several answers would differ by more than the error of one."""
    split, shares = split_of(e.study), {}
    for name, (a, _) in PAIRS.items():
        spread, wrong = (by_seed(e.study, a, split, key) for key in ("diversity", "l1_whole"))
        shares[name] = max(spread[s] / wrong[s] for s in spread)
    pairs = final(e.study, "diversity")
    text = f"Spread of the answers over draws of the noise, at most {', '.join(f'{v:.2f} ({n})' for n, v in shares.items())} of their error. AVB-GTN minus UNIT with its noise on: {differences(pairs)}."
    one = max(shares.values()) < 1
    return Finding(
        "not reproduced: one answer, a little blurred" if one else "open: the answers differ",
        text,
        sure(pairs),
    )


def add_on(e: Evidence) -> Finding:
    from . import reading
    from .avb_gtn import AVBGTN
    from .networks import PosteriorDiscriminator
    from .unit import UNIT

    ours, theirs, t = (code_lines(reading.source_of(c)) for c in (AVBGTN, UNIT, PosteriorDiscriminator))
    cost = {
        name: paired(*(by_seed(e.study, v, "cpu_seconds") for v in pair), names=MODELS)
        for name, pair in PAIRS.items()
    }
    ratio = ", ".join(
        f"{name} {_mean(by_seed(e.study, a, 'cpu_seconds')) / _mean(by_seed(e.study, b, 'cpu_seconds')):.2f}"
        for name, (a, b) in PAIRS.items()
    )
    text = f"{ours} lines of code beyond UNIT's {theirs}, with all options of this book, and {t} for the network T. CPU time over UNIT's: {ratio}."
    return Finding("reproduced", text, f"lines counted; time, {sure(cost)}")


def code_lines(source: str) -> int:
    """Lines that are neither empty nor a comment; docstrings have been taken out."""
    return sum(bool(line.strip()) and not line.strip().startswith("#") for line in source.split("\n"))


def error_of_the_long(e: Evidence) -> float:
    """L1 to the twin, whole picture, of UNIT after 50,000 epochs; mean of both directions, validation heads."""
    row = e.long["rows"]["UNIT, 50,000 epochs"]
    return (row["12"]["l1_whole"] + row["21"]["l1_whole"]) / 2


def forty_times(e: Evidence) -> Finding:
    """The paper's Figure 6: a UNIT of forty times the epochs against a short AVB-GTN."""
    long = error_of_the_long(e)
    c, short = e.long["training"]["UNIT"]["config"], e.short
    ours, theirs = (by_seed(short, v, "validation", "l1_whole") for v in ("avb_gtn", "unit"))
    ahead = sum(v < long for v in ours.values())
    text = (
        f"At {c['size']} px, width {c['width']}, validation heads: AVB-GTN after {short['epochs']:,} epochs {_span(ours)}, "
        f"UNIT after as many {_span(theirs)}, UNIT after 50,000 {long:.4f}."
    )
    verdict = (
        "reproduced"
        if ahead == len(ours)
        else "depends on the seed"
        if ahead
        else "not reproduced: the long UNIT is ahead"
    )
    return Finding(
        verdict, text, f"one seed of the long UNIT, {len(ours)} of the short: a picture, not a test"
    )


def _span(values: Mapping[int, float]) -> str:
    return f"{min(values.values()):.4f} to {max(values.values()):.4f}"


def cause(e: Evidence) -> Finding:
    """Is it T and the expressive posterior? The controls, and when T goes quiet."""
    found = controls(e.study)
    if "T's weight zero" not in found:
        return Finding("open", "No control without T.", "")
    chosen = {
        k: found[k] for k in ("T's weight zero", "noise scale 0.05", "UNIT without noise") if k in found
    }
    quiet = []
    for variants in PAIRS.values():
        for cell in cells_of(e.study, variants[0]).values():
            below = [x for x, t in zip(*curve_of(cell, "t_loss", "epoch"), strict=True) if t < QUIET]
            quiet.append(below[0] if below else None)
    heard = [x for x in quiet if x is not None]
    text = f"T's loss is below {QUIET} nats by epoch {max(heard, default=0):,} in {len(heard)} of {len(quiet)} trainings, so log s(T) is silent. L1, the change minus the model as written: {differences(chosen)}."
    p = chosen["T's weight zero"]
    verdict = (
        "not reproduced: the same without T"
        if "no difference" in p.verdict()
        else f"without T: {p.verdict()}"
    )
    return Finding(verdict, text, sure(chosen))


def sounds(e: Evidence) -> Finding:
    """The paper's own verdict on its sounds is modest; the committed sound models are held against it."""
    rows = e.music["rows"]
    name = next(k for k in rows if k.startswith("AVB-GTN"))
    unit = next(k for k in rows if k.startswith("UNIT"))
    parts = []
    for words, d in (("piano to violin", "12"), ("violin to piano", "21")):
        r, u, copy = rows[name][d], rows[unit][d], rows["copy"][d]
        parts.append(
            f"{words}: heard as the other instrument {r['instrument']:.2f} of the time, distance to the twin {r['log_band']:.3f} (UNIT {u['log_band']:.3f}, copying {copy['log_band']:.3f})"
        )
    text = f"{e.music['phrases']} test phrases, with settings of our own. {'; '.join(parts)}. With the paper's settings a short run gives dots, not music."
    return Finding("agrees, and can be mended in part", text, "one training a model")


CLAIMS = (
    Claim("faster convergence", "our model converges in orders of magnitude less training epochs", "abstract", faster, "fig-results-curves"),
    Claim("better in the end", "Better results in the end", "poster, conclusion", _of_score("l1_whole", "L1 to the twin, whole picture"), "fig-results-final"),
    Claim("less deformation", "our result has much less deformation of the celebrity's face while maintaining good color transformation", "section 4.2", _of_score("l1_outside", "L1 to the twin outside the hair"), "fig-results-final"),
    Claim("better colour", "our brown hair color looks more natural", "section 4.2", _of_score("l1_hair", "L1 to the twin in the hair"), "fig-results-final"),
    Claim("better latent representation", "maintains a better latent representation of the input images", "section 3", latent, "fig-results-codes"),
    Claim("faces outside the data", "our model also generalizes well to faces not in the dataset", "section 4.2", unseen, "fig-results-final"),
    Claim("several answers", "Generative model as opposed to pix2pix", "poster, conclusion", multimodal, "fig-results-final"),
    Claim("the cause", "This is due to the changes we made, which enables more expressive latent space", "section 4.2", cause, "fig-results-controls"),
    Claim("a simple add-on", "Simple add-on to existing VAE style architectures", "poster, conclusion", add_on, "fig-results-time"),
    Claim("against a long UNIT", "we still get slightly better results than the original UNIT paper but with many orders of magnitude less epochs", "section 4.2", forty_times, "fig-results-long", "python -m avbgtn study --grid figure-6 --processes 2"),
    Claim("sounds", "we can recognize the mixture of different instruments but the audio quality is very poor", "section 4.3", sounds, "audio.html", "python tools/commit_music.py"),
)  # fmt: skip


def answer(claim: Claim, e: Evidence) -> Finding:
    """What the records say; of a record with too few trainings, that it says nothing yet."""
    try:
        return claim.find(e)
    except ValueError as error:
        return Finding("open", f"The record does not say: {error}.", "")


def table(e: Evidence, claims=CLAIMS) -> str:
    """The table as Markdown: the paper says, we find, how sure, and where to look."""
    lines = ["| The paper says | We find | How sure | Show me |", "|---|---|---|---|"]
    for claim in claims:
        found = answer(claim, e)
        link = claim.figure if claim.figure.endswith(".html") else f"#{claim.figure}"
        lines.append(
            f"| **{claim.name}**: “{claim.quote}” ({claim.place}) | **{found.verdict}.** {found.text} | {found.sure} | [figure]({link}), `{claim.command}` |"
        )
    return "\n".join(lines)
