"""Tables of the results chapter, each narrow enough for a phone.

Every function reads a record and returns Markdown; nothing here is a test of anything.
"""

from collections.abc import Iterable, Mapping

from . import compare
from .compare import Study, folded, markdown
from .trainings import by_seed, cells_of


def variants(study: Study) -> str:
    """Every variant of a study: its seeds, and what differs from the model as it is written."""
    rows = []
    for name, declared in study["declared"].items():
        done = sum(cell["variant"] == name for cell in study["cells"].values())
        rows.append([f"`{name}`", f"{done} of {declared['seeds']}", changes(declared)])
    return markdown(["variant", "seeds", "what differs"], rows, words=[2])


def changes(declared: Mapping) -> str:
    """The settings that a variant changes."""
    named = [f"`{key}` = {value}" for key, value in declared["changes"].items()]
    return ", ".join(named) or "nothing"


def reached(study: Study, names: Mapping[str, str], thresholds: Iterable[float]) -> str:
    """In how many seeds a curve gets to each threshold, and after how many epochs: a table a threshold."""
    parts = []
    for threshold in thresholds:
        rows = []
        for variant, name in names.items():
            epochs = compare.epochs_to(study, variant, threshold)
            there = [x for x in epochs.values() if x is not None]
            first, last = (f"{end(there):,.0f}" if there else "never" for end in (min, max))
            rows.append([name, f"{len(there)} of {len(epochs)}", first, last])
        head = [f"L1 of {threshold:g}", "seeds that get there", "first, at epoch", "last, at epoch"]
        parts.append(markdown(head, rows))
    return "\n\n".join(parts)


def copying(study: Study, names: Mapping[str, str], split: str) -> str:
    """How many trainings end worse than copying the input; below it what can be had without a model."""
    rows = []
    for variant, name in names.items():
        worse = compare.worse_than_copying(study, variant)
        which = ", ".join(map(str, worse)) or "none"
        rows.append([name, f"{len(worse)} of {len(cells_of(study, variant))}", which])
    without = [
        [name, *(f"{scores[key]:.4f}" for key in ("l1_whole", "l1_hair", "l1_outside"))]
        for name, scores in study["references"][split].items()
        if "," not in name
    ]
    head = [f"without a model, {split} heads", "whole", "hair", "outside"]
    return "\n\n".join([markdown(["", "end worse than copying", "seeds"], rows), markdown(head, without)])


def quiet(study: Study, names: Mapping[str, str]) -> str:
    """The loss of T at the first measurement, and how much of the code's spread is due to the noise."""
    rows = []
    for variant, name in names.items():
        cells = cells_of(study, variant).values()
        first = [cell["curve"]["t_loss"][0] for cell in cells]
        share = [cell["curve"]["noise_share"][-1] for cell in cells]
        rows.append([name, f"{min(first):.1g} to {max(first):.1g}", f"{min(share):.2f} to {max(share):.2f}"])
    return markdown(["", "first loss of T, nats", "noise share at the end"], rows)


def probes(study: Study, names: Mapping[str, str], scores: Mapping[str, str]) -> str:
    """Means over the seeds of what probes read from the code."""
    rows = []
    for key, label in scores.items():
        values = (by_seed(study, variant, "codes", key) for variant in names)
        rows.append([label, *(f"{sum(v.values()) / len(v):.3f}" for v in values)])
    return markdown(["", *names.values()], rows)


def search(trials: Study, names: Mapping[str, str], worse: float = 1.2) -> str:
    """Every setting of the search with its error by seed, best first: a folded table a model.

    Args:
        trials: the record of the search.
        names: of the models.
        worse: how many times the error of copying is marked.
    """
    by_variant: dict[tuple[str, str], dict[int, float]] = {}
    for cell in trials["cells"].values():
        scores = by_variant.setdefault((cell["model"], cell["variant"]), {})
        scores[cell["seed"]] = cell["validation"]["l1_whole"]
    limit = worse * trials["references"]["validation"]["copy"]["l1_whole"]
    parts, counts = [], []
    for model, title in names.items():
        mine = {name: scores for (of, name), scores in by_variant.items() if of == model}
        mine = dict(sorted(mine.items(), key=lambda item: sum(item[1].values()) / len(item[1])))
        trainings = sum(map(len, mine.values()))
        lost = sum(value > limit for scores in mine.values() for value in scores.values())
        best = min(sum(scores.values()) / len(scores) for scores in mine.values())
        counts.append([title, len(mine), trainings, f"{best:.4f}", lost])
        rows = [
            [f"`{name}`", ", ".join(f"{value:.4f}" for _, value in sorted(scores.items()))]
            for name, scores in mine.items()
        ]
        table = markdown(["setting", "L1, by seed"], rows)
        parts.append(folded(f"The settings of {title}, {trials['epochs']} epochs each", table))
    head = ["", "settings", "trainings", "lowest mean L1", f"over {worse:g} times copying"]
    return "\n\n".join([markdown(head, counts), *parts])


def best(tuned: Study, names: Mapping[str, str]) -> str:
    """The best setting of each side: what it changes, how many seeds are done, and how many went wrong."""
    chosen = {cell["model"]: cell["variant"] for cell in tuned["cells"].values()}
    rows = []
    for model, name in chosen.items():
        declared, done = tuned["declared"][name], len(cells_of(tuned, name))
        worse = len(compare.worse_than_copying(tuned, name))
        rows.append([f"{names[model]}: {changes(declared)}", f"{done} of {declared['seeds']}", worse])
    return markdown(["the best setting", "seeds", "worse than copying"], rows)


def trained(study: Study, variants: Iterable[str]) -> str:
    """Where the trainings of some variants come from: a folded table a variant."""
    parts = []
    for variant in variants:
        rows = [
            [seed, f"`{cell['fingerprint']}`", f"`{cell['revision']}`", f"{cell['cpu_seconds']:.0f}"]
            for seed, cell in cells_of(study, variant).items()
        ]
        table = markdown(["seed", "run", "revision", "CPU-seconds"], rows)
        made = sorted({(cell["device"], cell["torch"]) for cell in cells_of(study, variant).values()})
        where = "; ".join(f"{device}, torch {torch}" for device, torch in made)
        parts.append(folded(f"The trainings of {variant}", f"{table}\n\n{where}."))
    return "\n\n".join(parts)
