"""What the records say of the other claims: the cause, what the additions cost, the long UNIT, the sounds,
and the variant of this book.
"""

from collections.abc import Mapping
from statistics import fmean

from .. import statistics as evidence
from ..compare import (
    PAIRS,
    Study,
    against_unit,
    beside,
    controls,
    difference,
    markdown,
    split_of,
    sure,
    two,
    worse_than_copying,
)
from ..trainings import by_seed, cells_of, curve_of
from .finding import Evidence, Finding

QUIET = 0.01  # nats; below, log s(T) passes on less than a hundredth of T's gradient


def add_on(e: Evidence) -> Finding:
    from avbgtn.models.avb_gtn import AVBGTN
    from avbgtn.models.networks import PosteriorDiscriminator, joint
    from avbgtn.models.unit import UNIT

    from ...shared import reading

    ours, theirs, t, layers = (
        code_lines(reading.source_of(c)) for c in (AVBGTN, UNIT, PosteriorDiscriminator, joint)
    )
    t += layers
    cost = against_unit(e.study, "cpu_seconds")

    def seconds(variant: str) -> float:
        return fmean(by_seed(e.study, variant, "cpu_seconds").values())

    first = {
        "CPU time over UNIT's": {name: f"{seconds(a) / seconds(b):.2f}" for name, (a, b) in PAIRS.items()}
    }
    text = (
        f"AVB-GTN has {ours} lines of code beyond UNIT's {theirs}, adaptive contrast included, and "
        f"{t} for the "
        "network T. This is a count and not a test. The table has the CPU time of a training, and the "
        f"difference in seconds.\n\n{beside(cost, 0, first)}"
    )
    verdict = (
        "reproduced: fewer lines than UNIT has"
        if ours + t < theirs
        else "not reproduced: more lines than UNIT has"
    )
    return Finding(verdict, text)


def code_lines(source: str) -> int:
    """Lines that are neither empty nor a comment; docstrings have been taken out."""
    return sum(bool(line.strip()) and not line.strip().startswith("#") for line in source.split("\n"))


def error_of_the_long(e: Evidence) -> float:
    """L1 to the twin, whole picture, of UNIT after 50,000 epochs; mean of both directions,
    validation heads.
    """
    row = e.long["rows"]["UNIT, 50,000 epochs"]
    return (row["12"]["l1_whole"] + row["21"]["l1_whole"]) / 2


def forty_times(e: Evidence) -> Finding:
    """The paper's Figure 6: a UNIT of forty times the epochs against a short AVB-GTN."""
    long = error_of_the_long(e)
    c, short = e.long["training"]["UNIT"]["config"], e.short
    ours, theirs = (by_seed(short, v, "validation", "l1_whole") for v in ("avb_gtn", "unit"))
    ahead = sum(v < long for v in ours.values())
    rows = [
        [f"AVB-GTN, {short['epochs']:,} epochs", len(ours), _span(ours)],
        [f"UNIT, {short['epochs']:,} epochs", len(theirs), _span(theirs)],
        ["UNIT, 50,000 epochs", 1, f"{long:.4f}"],
    ]
    text = (
        f"L1 to the twin at {c['size']} pixels and width {c['width']}, on validation heads. One "
        "training of the "
        f"long UNIT makes this an illustration and not a test.\n\n{markdown(['', 'seeds', 'L1'], rows)}"
    )
    verdict = (
        "reproduced"
        if ahead == len(ours)
        else "depends on the seed"
        if ahead
        else "not reproduced: the long UNIT is ahead"
    )
    return Finding(verdict, text)


def _span(values: Mapping[int, float]) -> str:
    return f"{min(values.values()):.4f} to {max(values.values()):.4f}"


def cause(e: Evidence) -> Finding:
    """Is it T and the expressive posterior? The controls, and when T goes quiet."""
    found = controls(e.study)
    if "T's coefficient zero" not in found:
        return Finding("open", "No control without T.")
    chosen = {
        k: found[k] for k in ("T's coefficient zero", "noise scale 0.05", "UNIT without noise") if k in found
    }
    quiet = []
    for variants in PAIRS.values():
        for cell in cells_of(e.study, variants[0]).values():
            below = [x for x, t in zip(*curve_of(cell, "t_loss", "epoch"), strict=True) if t < QUIET]
            quiet.append(below[0] if below else None)
    heard = [x for x in quiet if x is not None]
    text = (
        f"The loss of T is below {QUIET} nats by epoch {max(heard, default=0):,} in {len(heard)} of "
        f"{len(quiet)} "
        "trainings, on codes of real heads; there log σ(T) hardly changes. With adaptive contrast "
        "and with T's "
        "coefficient at zero, the scores agree to the last digit in "
        f"{same_scores(e.study, 'avb_gtn-contrast', 'avb_gtn-no-t')} seeds, because no gradient "
        "passes through. "
        f"The table has the L1 of the changed model minus that of the model without the change.\n\n"
        f"{beside(chosen)}"
    )
    p = chosen["T's coefficient zero"]
    if p.smallest_p > evidence.LEVEL:
        verdict = f"open: {p.verdict()}, with {len(p.seeds)} seeds without T"
    elif not p.found:
        verdict = "not reproduced: no difference found without T"
    else:
        verdict = "not reproduced: better without T" if p.mean < 0 else "reproduced in part: worse without T"
    return Finding(verdict, text)


def same_scores(study: Study, a: str, b: str) -> str:
    """ "2 of 3": in how many seeds two variants have equal validation scores,
    to the last digit of the record.
    """
    ours, theirs = cells_of(study, a), cells_of(study, b)
    both = ours.keys() & theirs.keys()
    return f"{sum(ours[s]['validation'] == theirs[s]['validation'] for s in both)} of {len(both)}"


def sounds(e: Evidence) -> Finding:
    """The paper's own verdict on its sounds is modest; the committed sound models are compared with it."""
    rows = e.music["rows"]
    name = next(k for k in rows if k.startswith("AVB-GTN"))
    unit = next(k for k in rows if k.startswith("UNIT"))
    ways = {"piano to violin": "12", "violin to piano": "21"}
    heard = [f"{rows[name][d]['instrument']:.2f}" for d in ways.values()]
    shown = [["heard as the other instrument", *heard]]
    for who, row in (("AVB-GTN", name), ("UNIT", unit), ("copying", "copy")):
        apart = [f"{rows[row][d]['log_band']:.3f}" for d in ways.values()]
        shown.append([f"distance to the twin, {who}", *apart])
    nearer = sum(rows[name][d]["log_band"] < rows["copy"][d]["log_band"] for d in ways.values())
    text = (
        f"{e.music['phrases']} test phrases, with settings of our own and one training of each "
        "model, so this is "
        f"a count and not a test.\n\n{markdown(['', *ways], shown)}"
    )
    return Finding(f"nearer to the twin than copying in {nearer} of 2 directions", text)


def aligned(e: Evidence) -> Finding:
    """The variant of this book, which no paper claims anything of: its T compares the two domains."""
    variants = {"aligned": "aligned", "UNIT": "unit", "AVB-GTN as written": "avb_gtn"}
    split = split_of(e.study, variants.values())
    p = two(e.study, "aligned", "unit", split, "l1_whole", names=("the aligned AVB-GTN", "UNIT"))
    if p is None:
        return Finding("open", "The record has no two seeds of both.")
    worse = [
        f"{name} {len(worse_than_copying(e.study, v))} of {len(cells_of(e.study, v))}"
        for name, v in variants.items()
    ]
    verdict = f"L1 beside UNIT: {p.verdict()}; trainings that end worse than copying: {', '.join(worse)}"
    return Finding(
        verdict, f"L1 to the twin, whole picture, aligned minus UNIT: {difference(p)}.", sure({"": p})
    )
