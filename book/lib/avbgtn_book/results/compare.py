"""UNIT and AVB-GTN compared over the seeds of a study: which trainings belong together,
and what is said of them in words.

Everything is AVB-GTN minus UNIT, or a changed model minus the model as written, seed by seed.
"""

from collections.abc import Iterable, Mapping
from statistics import median
from typing import Any

from . import statistics as evidence
from . import trainings
from .curve import mean_along, reached
from .statistics import Paired, paired
from .trainings import by_seed, cells_of, curve_of

MODELS = ("AVB-GTN", "UNIT")
PAIRS = {"independent": ("avb_gtn", "unit"), "matched": ("avb_gtn-twin", "unit-twin")}  # by initialisation
Study = Mapping[str, Any]


def split_of(study: Study, variants: Iterable[str] | None = None) -> str:
    """ "test" where all trainings of these variants (by default, of the comparison) were scored there,
    else "validation".
    """
    names = [v for pair in PAIRS.values() for v in pair] if variants is None else variants
    every = [cell for name in names for cell in cells_of(study, name).values()]
    return "test" if all("test" in cell for cell in every) else "validation"


def final(study: Study, *path: str, split: str | None = None) -> dict[str, Paired]:
    """AVB-GTN minus UNIT after the last epoch, by initialisation: ``final(study, "l1_hair")``,
    ``final(study, "21", "l1_hair")``.
    """
    return against_unit(study, split or split_of(study), *path)


def against_unit(study: Study, *path: str) -> dict[str, Paired]:
    """AVB-GTN minus UNIT of what stands at a path in the cells, by initialisation."""
    return {
        name: paired(by_seed(study, a, *path), by_seed(study, b, *path), MODELS)
        for name, (a, b) in PAIRS.items()
    }


def codes(study: Study, score: str) -> dict[str, Paired]:
    """The same of what probes read from the code, on validation heads."""
    return against_unit(study, "codes", score)


def along(study: Study, key: str = "l1_whole", against: str = "epoch") -> dict[str, Paired]:
    """AVB-GTN minus UNIT of the curve's mean over the training, at equal epochs or at equal CPU time."""
    found = {}
    for name, (a, b) in PAIRS.items():
        cells = cells_of(study, a), cells_of(study, b)
        means: tuple[dict[int, float], dict[int, float]] = ({}, {})
        for seed in cells[0].keys() & cells[1].keys():
            two = [curve_of(c[seed], key, against) for c in cells]
            since, until = max(xs[0] for xs, _ in two), min(xs[-1] for xs, _ in two)
            for mean, (xs, ys) in zip(means, two, strict=True):
                mean[seed] = mean_along(xs, ys, until, since)
        found[name] = paired(*means, MODELS)
    return found


def equal_time(study: Study, key: str = "l1_whole") -> dict[str, Paired]:
    """AVB-GTN minus UNIT where the quicker of the two has used up its time."""
    return {
        name: paired(*trainings.equal_time(cells_of(study, a), cells_of(study, b), key), MODELS)
        for name, (a, b) in PAIRS.items()
    }


def epochs_to(study: Study, variant: str, threshold: float, key: str = "l1_whole") -> dict[int, float | None]:
    """Epochs until the curve first gets to a threshold, by seed; None where it never does."""
    return {
        seed: reached(*curve_of(cell, key, "epoch"), threshold)
        for seed, cell in cells_of(study, variant).items()
    }


CONTROLS = {  # what is changed: (variant, what it is compared with)
    "noise at the input, no penalty": ("avb_gtn-no-t", "unit-no-kl"),
    "UNIT without its KL": ("unit-no-kl", "unit"),
    "UNIT without noise": ("unit-no-noise", "unit"),
    "T's coefficient zero": ("avb_gtn-no-t", "avb_gtn"),
    "T instead of log σ(T)": ("avb_gtn-logit", "avb_gtn"),
    "softplus(T)": ("avb_gtn-softplus", "avb_gtn"),
    "adaptive contrast": ("avb_gtn-contrast", "avb_gtn"),
    "T on z alone": ("avb_gtn-t-on-z", "avb_gtn"),
    "λ1 + λ3 as printed": ("avb_gtn-literal", "avb_gtn"),
    "noise scale 0.05": ("avb_gtn-noise-0.05", "avb_gtn"),
}


def worse_than_copying(study: Study, variant: str) -> list[int]:
    """The seeds whose translations end worse than copying the input,
    in most cases since colours were exchanged.
    """
    split = split_of(study, [variant])
    copying = study["references"][split]["copy"]["l1_whole"]
    return [seed for seed, score in by_seed(study, variant, split, "l1_whole").items() if score > copying]


def two(
    study: Study, a: str, b: str, *path: str, names: tuple[str, str] = ("a", "b"), without: Iterable[int] = ()
) -> Paired | None:
    """Variant ``a`` minus variant ``b``, but for some seeds; None where they do not have
    two others in common yet.
    """
    if not {a, b} <= {cell["variant"] for cell in study["cells"].values()}:
        return None
    scores = [by_seed(study, v, *path) for v in (a, b)]
    seeds = (scores[0].keys() & scores[1].keys()) - set(without)
    return paired(*({s: score[s] for s in seeds} for score in scores), names) if len(seeds) > 1 else None


def controls(study: Study, score: str = "l1_whole", split: str = "validation") -> dict[str, Paired]:
    """Each control minus what it changes, where both have two seeds in common."""
    names = ("the change", "the model without it")
    found = {label: two(study, a, b, split, score, names=names) for label, (a, b) in CONTROLS.items()}
    return {label: p for label, p in found.items() if p}


# --- words --------------------------------------------------------------------------------------------------


def number(value: float, digits: int = 4) -> str:
    """A score with its digits; a minus that can be read."""
    return f"{value:.{digits}f}".replace("-", "−")


def difference(p: Paired, digits: int = 4) -> str:
    """ "+0.0012 (−0.0003 to +0.0027; median +0.0010)": the mean of differences, its 95 % interval,
    their median.
    """
    mean, low, high, middle = _signed(p, digits)
    return f"{mean} ({low} to {high}; median {middle})"


def sure(pairs: Mapping[str, Paired]) -> str:
    """Seeds and both p of each comparison."""
    return "; ".join(
        f"{name}: n = {len(p.seeds)}, p = {p.p:.2g}, by ranks {p.p_ranks:.2g}" for name, p in pairs.items()
    )


def differences(pairs: Mapping[str, Paired], digits: int = 4) -> str:
    return "; ".join(f"{name} {difference(p, digits)}" for name, p in pairs.items())


def outcome(pairs: Mapping[str, Paired], better: str = "lower", by: str = "initialisation") -> str:
    """What all comparisons together say of "AVB-GTN is better", in fixed words;
    ``by`` is what tells them apart.
    """
    if any(p.smallest_p > evidence.LEVEL for p in pairs.values()):
        return "open: too few seeds"
    words = [p.verdict(better) for p in pairs.values()]
    ours, theirs = (sum(model in w for w in words) for model in MODELS)
    if ours == len(words):
        return "reproduced"
    if ours and not theirs:
        return "reproduced in part"
    if ours and theirs:
        return f"depends on the {by}"
    if theirs:
        return "not reproduced: UNIT is ahead"
    return "not reproduced: no difference found"


def comparisons(
    rows: Mapping[str, Mapping[str, Paired | None]], *, better: str = "lower", digits: int = 4
) -> str:
    """Comparisons as two Markdown tables, each narrow enough for a phone: what was found, and folded below it
    what that rests on. ``{"L1, whole": {"matched": Paired, ...}, ...}`` has the row "L1, whole, matched".

    A comparison of :func:`two` that has too few seeds is left out.
    """
    found, rests_on = [], []
    for label, pairs in rows.items():
        for name, p in pairs.items():
            if p is None:  # too few seeds in common
                continue
            what = ", ".join(part for part in (label, name) if part)
            mean, low, high, middle = _signed(p, digits)
            found.append([what, f"{mean} ({low} to {high})", p.verdict(better)])
            rests_on.append([what, middle, len(p.seeds), f"{p.p:.3f}", f"{p.p_ranks:.3f}"])
    first = markdown(["", "mean difference (95 % interval)", "what was found"], found, words=[2])
    second = markdown(["", "median difference", "n", "p", "p, by ranks"], rests_on)
    return f"{first}\n\n{folded('Medians, numbers of pairs and p values', second)}"


def beside(
    pairs: Mapping[str, Paired], digits: int = 4, first: Mapping[str, Mapping[str, object]] | None = None
) -> str:
    """Comparisons beside each other, a column each, as a Markdown table.

    Args:
        pairs: by the head of the column.
        digits: of the scores.
        first: rows on top, ``{"UNIT, median": {"independent": "0.0447", ...}}``.
    """
    rows = [[label, *(values[name] for name in pairs)] for label, values in (first or {}).items()]
    signed = {name: _signed(p, digits) for name, p in pairs.items()}
    rows.append(["mean difference", *(mean for mean, *_ in signed.values())])
    rows.append(["its 95 % interval", *(f"{low} to {high}" for _, low, high, _ in signed.values())])
    rows.append(["median difference", *(middle for *_, middle in signed.values())])
    rows.append(["pairs", *(len(p.seeds) for p in pairs.values())])
    rows.append(["p", *(f"{p.p:.3f}" for p in pairs.values())])
    rows.append(["p, by ranks", *(f"{p.p_ranks:.3f}" for p in pairs.values())])
    return markdown(["", *pairs], rows)


def markdown(head: Iterable[object], rows: Iterable[Iterable[object]], words: Iterable[int] = ()) -> str:
    """A Markdown table, the first column and those of ``words`` to the left and the others to the right."""
    head = list(head)
    rule = [":--" if column in (0, *words) else "--:" for column in range(len(head))]
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in (head, rule, *rows))


def folded(summary: str, text: str) -> str:
    """Markdown that opens on demand."""
    return f"<details>\n<summary>{summary}</summary>\n\n{text}\n\n</details>"


def _signed(p: Paired, digits: int) -> tuple[str, ...]:
    """Mean, both ends of the interval and median of the differences, with a minus that can be read."""
    values = p.mean, p.low, p.high, median(p.differences)
    return tuple(f"{value:+.{digits}f}".replace("-", "−") for value in values)
