"""What could be wrong with the verdicts of the results chapter: each objection, what answers it,
and how that came out.

The outcomes are computed from the committed records, like the claims;
an objection that nothing answers says so.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean, median
from typing import Any

from .. import records
from . import compare
from . import statistics as evidence
from .statistics import Paired, paired
from .trainings import by_seed, cells_of, curve_of

Study = Mapping[str, Any]
OPEN = "open"


@dataclass(frozen=True)
class Attack:
    """One objection.

    Attributes:
        objection: what a sceptic says.
        answer: the test or the control that speaks to it.
        outcome: reads the study's record and says what came out; begins with "open" where nothing answers.
    """

    name: str
    objection: str
    answer: str
    outcome: Callable[[Study], str]

    def came_out(self, study: Study) -> str:
        """The outcome; of a record with too few trainings, that it says nothing yet."""
        try:
            return self.outcome(study)
        except ValueError as error:
            return f"{OPEN}: the record does not say: {error}."


def _words(pairs: Mapping[str, Paired], better: str = "lower", digits: int = 4) -> str:
    return "; ".join(
        f"{name} {compare.difference(p, digits)}, n = {len(p.seeds)}, {p.verdict(better)}"
        for name, p in pairs.items()
    )


def twins(study: Study) -> str:
    from avbgtn.data import heads

    shown = {part: set(heads.indices(part)) for part in ("train_a", "train_b", "validation", "test")}
    shared = sum(len(shown[a] & shown[b]) for a, b in combinations(shown, 2))
    return (
        f"{shared} heads are in two of the four parts: "
        f"{', '.join(f'{len(v)} {k}' for k, v in shown.items())}."
    )


def budgets(study: Study) -> str:
    ratio = []
    for name, pair in compare.PAIRS.items():
        a, b = (fmean(by_seed(study, v, "cpu_seconds").values()) for v in pair)
        took = by_seed(study, pair[1], "cpu_seconds").values()
        ratio.append(
            f"{name} {a / b:.2f} (one UNIT took {min(took):.0f} to {max(took):.0f} s, "
            "on a machine with other work)"
        )
    return (
        f"CPU time of an AVB-GTN training over UNIT's: {'; '.join(ratio)}. After equal time, AVB-GTN minus "
        f"UNIT on the monitor's 16 heads: {_words(compare.equal_time(study))}."
    )


def checkpoints(study: Study) -> str:
    """The sign of the median difference at every measured epoch of the second half."""
    parts = []
    for name, (a, b) in compare.PAIRS.items():
        ours, theirs = cells_of(study, a), cells_of(study, b)
        seeds = sorted(ours.keys() & theirs.keys())
        if not seeds:
            raise ValueError(f"{a} and {b} have no seed in common")
        epochs = ours[seeds[0]]["curve"]["epoch"]
        late = [i for i, x in enumerate(epochs) if x >= epochs[-1] / 2]
        ahead = sum(
            median(ours[s]["curve"]["l1_whole"][i] - theirs[s]["curve"]["l1_whole"][i] for s in seeds) < 0
            for i in late
        )
        parts.append(f"{name}: AVB-GTN's median pair ahead at {ahead} of {len(late)}")
    return (
        f"At the measured epochs of the second half, {'; '.join(parts)}. The "
        "verdict uses the last one, always."
    )


def averaging(study: Study) -> str:
    words = {
        how: _words(compare.against_unit(study, "validation", key, "l1_whole"))
        for how, key in (("the last update's weights", "raw"), ("averaged weights", "sample"))
    }
    return "One draw each, validation heads. " + " ".join(
        f"With {how}: {text}." for how, text in words.items()
    )


def scrambling(study: Study) -> str:
    parts = [
        f"{v} {len(compare.worse_than_copying(study, v))} of {len(cells_of(study, v))}"
        for variants in compare.PAIRS.values()
        for v in variants
    ]
    return f"Trainings that end worse than copying the input: {', '.join(parts)}. None is left out."


def shared_order(study: Study) -> str:
    """The same comparison without pairing: an exact permutation test of two groups."""
    parts, split = [], compare.split_of(study)
    for name, (a, b) in compare.PAIRS.items():
        x, y = (by_seed(study, v, split, "l1_whole") for v in (a, b))
        p = permutation_p([*x.values()], [*y.values()])
        parts.append(f"{name} p = {p:.3f} (by pairs {paired(x, y).p:.3f})")
    return (
        f"Without pairs, all ways to deal the scores of the {split} heads to two groups: {'; '.join(parts)}."
    )


def permutation_p(x: list[float], y: list[float]) -> float:
    """Exact two-sided p: the share of all ways to deal the values to groups of these sizes whose means differ
    at least as much. For 8 and 8 that is 12,870 ways."""
    values, n = [*x, *y], len(x)
    total, observed = math.fsum(values), abs(fmean(x) - fmean(y))
    ways = extreme = 0
    for chosen in combinations(values, n):
        part = math.fsum(chosen)
        ways += 1
        extreme += abs(part / n - (total - part) / (len(values) - n)) >= observed - 1e-12
    return extreme / ways


def tuning(study: Study) -> str:
    cells = records.load("search")["cells"].values()
    n = {model: sum(cell["model"] == model for cell in cells) for model in ("unit", "avb_gtn")}
    return (
        "The comparison uses one preset for both, and the weights of UNIT's code. The search for a better "
        f"variant trained {n['avb_gtn']} times for AVB-GTN and {n['unit']} times for UNIT."
    )


def scoring(study: Study) -> str:
    split = compare.split_of(study)
    one = compare.final(study, "sample", "l1_whole")
    return (
        f"One draw of the noise for both, {split} heads: {_words(one)}. As in the chapter: "
        f"{_words(compare.final(study, 'l1_whole'))}. The curves and the probes have UNIT's mean "
        "code and one draw of AVB-GTN's."
    )


def directions(study: Study) -> str:
    words = {"12": "brown to blond", "21": "blond to brown"}
    return (
        ". ".join(f"{text}: {_words(compare.final(study, d, 'l1_whole'))}" for d, text in words.items()) + "."
    )


def many_looks(study: Study) -> str:
    looks = {
        f"{score}, {name}": p
        for score in ("l1_whole", "l1_hair", "l1_outside", "rec")
        for name, p in compare.final(study, score).items()
    }
    adjusted = evidence.joint_p(looks)
    left = [name for name, p in adjusted.items() if p <= evidence.LEVEL]
    least = min(adjusted, key=adjusted.__getitem__)
    return (
        f"{len(looks)} comparisons of the final scores, all scores of a seed flipped together: the smallest "
        f"p is {adjusted[least]:.3f} ({least}); at most 0.05: {', '.join(left) or 'none'}."
    )


def blur(study: Study) -> str:
    """Scores that punish blur more than L1 does."""
    rows = (("ssim", "SSIM", 4), ("psnr", "PSNR, dB", 2))
    words = [f"{label}: {_words(compare.final(study, key), 'higher', digits)}" for key, label, digits in rows]
    return f"On {compare.split_of(study)} heads, higher is better. {'. '.join(words)}."


def choosers(study: Study) -> str:
    """The aligned variant without the seeds that it was chosen with."""
    split = compare.split_of(study, ["aligned", "unit"])
    names = ("aligned", "UNIT")
    rows = {
        "all seeds": compare.two(study, "aligned", "unit", split, "l1_whole", names=names),
        "without seeds 0 and 1": compare.two(
            study, "aligned", "unit", split, "l1_whole", names=names, without=(0, 1)
        ),
    }
    return (
        f"Aligned minus UNIT, L1 on the whole, {split} heads: "
        f"{_words({k: p for k, p in rows.items() if p}) or OPEN}."
    )


def looks(study: Study) -> str:
    lines = (records.FOLDER / "test-log.jsonl").read_text(encoding="utf-8").splitlines()
    scored = sum("test" in cell for cell in study["cells"].values())
    return (
        f"{scored} of {len(study['cells'])} trainings of this study have test scores; the log has "
        f"{len(lines)} looks, the music's and the committed weights' among them."
    )


def revisions(study: Study) -> str:
    every = {cell["revision"] for cell in study["cells"].values()}
    return (
        f"The trainings come from {len(every)} revisions of the code; the test trains one of the toy "
        "grid again with the present one."
    )


def monitor(study: Study) -> str:
    """Rank agreement of the curve's last point, on 16 heads, with the score on all validation heads."""
    cells = [c for c in study["cells"].values()]
    few = [curve_of(c, "l1_whole", "epoch")[1][-1] for c in cells]
    every = [c["validation"]["l1_whole"] for c in cells]
    if len(cells) < 3:
        return f"{OPEN}: {len(cells)} trainings."
    return f"Rank correlation of the two over {len(cells)} trainings: {evidence.spearman(few, every):.2f}."


def _says(text: str) -> Callable[[Study], str]:
    return lambda study: text


ATTACKS = (
    Attack(
        "twins leak",
        "The heads have true twins. If training saw any, the scores mean nothing.",
        "Brown training heads and blond training heads are different heads, and neither is in another part; "
        "`tests/data/test_heads.py` holds it.",
        twins,
    ),
    Attack(
        "unequal budgets",
        "An AVB-GTN epoch does more work.",
        "The comparison at equal CPU time, in the chapter.",
        budgets,
    ),
    Attack(
        "picked checkpoints",
        "Errors jump from one update to the next; choose the right one, and either model wins.",
        "All trainings have the same length, fixed before; no checkpoint is chosen.",
        checkpoints,
    ),
    Attack(
        "averaged weights",
        "Averaging may help one model more.",
        "The same comparison with the raw weights of the last update, beside that with averaged ones.",
        averaging,
    ),
    Attack(
        "blind scores",
        "Cycle loss and hair accuracy are happy with any exchange of colours.",
        "The error is taken to the true twin, which sees every exchange; trainings "
        "that scrambled colours stay in.",
        scrambling,
    ),
    Attack(
        "shared data order",
        "Pairs share their data order and first weights, so seeds are not as independent as they look.",
        "Seeds are independent of each other; within a pair the sharing is what makes it a pair. The "
        "test without pairs is beside it.",
        shared_order,
    ),
    Attack(
        "only one side was tuned",
        "AVB-GTN got the attention, or UNIT did.",
        "One preset for both; the search is declared with as many trials for each, and the outcome counts "
        "those that have been trained.",
        tuning,
    ),
    Attack(
        "unequal scoring",
        "UNIT is scored from its mean code, AVB-GTN over draws of noise.",
        "Both from one draw.",
        scoring,
    ),
    Attack(
        "one direction hides the other",
        "A mean over both directions may hide a failure.",
        "Each direction by itself.",
        directions,
    ),
    Attack(
        "many looks",
        "Test often enough and something is found.",
        "A test of all final scores at once, after Westfall and Young: what the "
        "largest of them would be by chance.",
        many_looks,
    ),
    Attack(
        "sixteen heads",
        "The curves come from sixteen validation heads.",
        "Final scores are on all heads of a split; how well do the sixteen agree with them?",
        monitor,
    ),
    Attack(
        "the test split wears out",
        "Look at the test heads often enough and they become validation heads.",
        "Each training is scored there once, by a tool that passes over what has been scored and appends a "
        "line to `book/lib/avbgtn_book/records/test-log.jsonl` before it looks.",
        looks,
    ),
    Attack(
        "records are old",
        "The code has moved on since.",
        "`tests/study/test_study_record.py` trains one cell of the toy grid again and holds it against its "
        "record; every cell of the record names its revision.",
        revisions,
    ),
    Attack(
        "the winner judges itself",
        "The seeds that chose the aligned variant are among those that score it.",
        "The same comparison without them.",
        choosers,
    ),
    Attack(
        "L1 likes blur",
        "A blurred picture has a small mean error.",
        "Structural similarity and the signal-to-noise ratio, on the same translations.",
        blur,
    ),
    Attack(
        "the same heads each time",
        "Intervals are over seeds; the heads of a split and the training set are fixed.",
        "Nothing here: another draw of heads would need a new pack.",
        _says("open: what holds for these heads may not hold for others."),
    ),
    Attack(
        "too small",
        "64 pixels, 16 channels, 2,000 epochs are not the paper's 128, 64 and 50,000.",
        "The same command has grids for the larger presets (`--grid reader`, `--grid paper`), for a GPU.",
        _says("open: nothing larger was run. What holds here may not hold there."),
    ),
    Attack(
        "not faces",
        "Rendered heads are easier than CelebA: one modelling family, no make-up, no blur.",
        "`-p dataset celeba` runs the experiment on CelebA, where there are no twins.",
        _says("open: CelebA may not be handed on and was not at hand."),
    ),
)
