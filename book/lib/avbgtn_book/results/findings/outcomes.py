"""How each objection to the verdicts came out, computed from the committed records, like the claims, and
written in Markdown, with a table where there are three numbers or more.
"""

import math
from collections.abc import Mapping
from itertools import combinations
from statistics import fmean, median
from typing import Any

from ... import records
from .. import compare
from .. import statistics as evidence
from ..statistics import Paired, paired
from ..trainings import by_seed, cells_of, curve_of

Study = Mapping[str, Any]
OPEN = "open"


def _words(pairs: Mapping[str, Paired], better: str = "lower", digits: int = 4) -> str:
    """A table of comparisons, a row each; a paragraph of its own."""
    rows = [
        [name, compare.difference(p, digits), len(p.seeds), p.verdict(better)] for name, p in pairs.items()
    ]
    head = ["", "mean difference (95 % interval; median)", "n", "what was found"]
    return f"\n\n{compare.markdown(head, rows, words=[3])}"


def twins(study: Study) -> str:
    from avbgtn.data import heads

    shown = {part: set(heads.indices(part)) for part in ("train_a", "train_b", "validation", "test")}
    shared = sum(len(shown[a] & shown[b]) for a, b in combinations(shown, 2))
    rows = [[part.replace("_", " "), len(heads_of)] for part, heads_of in shown.items()]
    return f"{shared} heads are in two of the four parts.\n\n{compare.markdown(['part', 'heads'], rows)}"


def budgets(study: Study) -> str:
    rows = []
    for name, pair in compare.PAIRS.items():
        a, b = (fmean(by_seed(study, v, "cpu_seconds").values()) for v in pair)
        took = by_seed(study, pair[1], "cpu_seconds").values()
        rows.append([name, f"{a / b:.2f}", f"{min(took):.0f} to {max(took):.0f}"])
    head = ["", "CPU time over UNIT's", "CPU-seconds of one UNIT"]
    return (
        "The machine had other work, which is why the times of one model differ. After equal CPU "
        "time, on the "
        f"sixteen heads of the curves, the comparison is the second table.\n\n{compare.markdown(head, rows)}"
        f"{_words(compare.equal_time(study))}"
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
        f"At the measured epochs of the second half, {'; '.join(parts)}. The verdict always "
        "uses the last one."
    )


def averaging(study: Study) -> str:
    pairs = {
        f"{how}, {name}": p
        for how, key in (("last update", "raw"), ("averaged", "sample"))
        for name, p in compare.against_unit(study, "validation", key, "l1_whole").items()
    }
    return f"One draw of the noise for both models, on validation heads.{_words(pairs)}"


def scrambling(study: Study) -> str:
    rows = [
        [f"{model}, {name}", f"{len(compare.worse_than_copying(study, v))} of {len(cells_of(study, v))}"]
        for name, pair in compare.PAIRS.items()
        for model, v in zip(compare.MODELS, pair, strict=True)
    ]
    table = compare.markdown(["", "end worse than copying"], rows)
    return f"No training is left out. Some of them end worse than copying the input.\n\n{table}"


def shared_order(study: Study) -> str:
    """The same comparison without pairing: an exact permutation test of two groups."""
    rows, split = [], compare.split_of(study)
    for name, (a, b) in compare.PAIRS.items():
        x, y = (by_seed(study, v, split, "l1_whole") for v in (a, b))
        p = permutation_p([*x.values()], [*y.values()])
        rows.append([name, f"{p:.3f}", f"{paired(x, y).p:.3f}"])
    table = compare.markdown(["", "p without pairs", "p by pairs"], rows)
    return (
        f"Without pairs, the test goes through all ways to deal the scores of the {split} heads "
        "to two groups."
        f"\n\n{table}"
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
        "The comparison uses one preset for both models, and the coefficients of UNIT's code. In "
        "the search for "
        f"a better variant, AVB-GTN was trained {n['avb_gtn']} times and UNIT {n['unit']} times."
    )


def scoring(study: Study) -> str:
    split = compare.split_of(study)
    pairs = {
        f"{how}, {name}": p
        for how, path in (("one draw for both", ("sample",)), ("as in the chapter", ()))
        for name, p in compare.final(study, *path, "l1_whole").items()
    }
    return (
        f"The table is for {split} heads. The curves and the probes use UNIT's mean code and one draw of "
        f"AVB-GTN's noise.{_words(pairs)}"
    )


def directions(study: Study) -> str:
    pairs = {
        f"{text}, {name}": p
        for d, text in {"12": "brown to blond", "21": "blond to brown"}.items()
        for name, p in compare.final(study, d, "l1_whole").items()
    }
    return f"Both directions by themselves.{_words(pairs)}"


def many_looks(study: Study) -> str:
    looks = {
        f"{score}, {name}": p
        for score in ("l1_whole", "l1_hair", "l1_outside", "rec")
        for name, p in compare.final(study, score).items()
    }
    adjusted = evidence.joint_p(looks)

    def label(name: str) -> str:
        return name.replace("l1_", "L1, ").replace("rec,", "reconstruction,")

    left = [name for name, p in adjusted.items() if p <= evidence.LEVEL]
    least = min(adjusted, key=adjusted.__getitem__)
    return (
        f"In {len(looks)} comparisons of the final scores, with all scores of a seed flipped together, the "
        f"smallest p is {adjusted[least]:.3f} ({label(least)}). It is at most {evidence.LEVEL} for "
        f"{'; '.join(map(label, left)) or 'none of them'}."
    )


def blur(study: Study) -> str:
    """Scores that punish blur more than L1 does."""
    pairs = {
        f"{label}, {name}": p
        for key, label in (("ssim", "SSIM"), ("psnr", "PSNR in dB"))
        for name, p in compare.final(study, key).items()
    }
    return f"On {compare.split_of(study)} heads; higher is better.{_words(pairs, 'higher', 3)}"


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
        f"Aligned minus UNIT, L1 on the whole picture, {split} heads."
        f"{_words({k: p for k, p in rows.items() if p})}"
    )


def looks(study: Study) -> str:
    lines = (records.FOLDER / "test-log.jsonl").read_text(encoding="utf-8").splitlines()
    scored = sum("test" in cell for cell in study["cells"].values())
    return (
        f"{scored} of {len(study['cells'])} trainings of this study have test scores. The log has "
        f"{len(lines)} "
        "uses of a test split, which include those for the music and for the committed weights."
    )


def revisions(study: Study) -> str:
    every = {cell["revision"] for cell in study["cells"].values()}
    return (
        f"The trainings come from {len(every)} revisions of the code. The test repeats one "
        "training of the toy "
        "grid with the present revision."
    )


def monitor(study: Study) -> str:
    """Rank agreement of the curve's last point, on 16 heads, with the score on all validation heads."""
    cells = [c for c in study["cells"].values()]
    few = [curve_of(c, "l1_whole", "epoch")[1][-1] for c in cells]
    every = [c["validation"]["l1_whole"] for c in cells]
    if len(cells) < 3:
        return f"{OPEN}: {len(cells)} trainings."
    return f"Rank correlation of the two over {len(cells)} trainings: {evidence.spearman(few, every):.2f}."
