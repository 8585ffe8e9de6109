"""From runs to the committed records: the table of variants, and the numbers of each chapter that its ranges come from."""

from pathlib import Path

from machine import processor
from runner import read, sources
from table import outcomes

from avbgtn import records
from avbgtn.provenance import provenance

SEEDS, SETS = 8, 4  # no range and no verdict rests on fewer seeds, or fewer instruction sets that differ


def commit(chapters: list[Path], file: Path, tests: Path, used: dict[str, dict[str, str]]) -> int:
    """Write ``records/variants.json``, and ``records/CHAPTER.json`` for each chapter that gave numbers in enough runs.

    Returns:
        0, or 1 where a chapter has too few runs; its record is then left as it was, and that is said.
    """
    short = 0
    results = read(file)
    for path in chapters:
        now = sources(path)
        mine = [r for r in results if (r["notebook"], r["sources"], r["error"]) == (path.stem, now, None)]
        mine.sort(key=lambda r: (list(used).index(r["variant"]), r["seed"]))
        runs = complete(mine, used)
        if not runs:
            short = 1
            print(
                f"{path.stem}: {len(mine)} runs, {SEEDS} seeds on {SETS} variants are needed; nothing was written for it"
            )
            continue
        if runs[0]["numbers"]:
            print(records.save(path.stem, chapter_record(path, runs, used)))
    table = {
        "command": "make variants", "processor": processor(), "provenance": provenance(), "variants": used,
        "rows": outcomes(chapters, file, tests),
    }  # fmt: skip
    print(records.save("variants", table))
    return short


def complete(runs: list[dict], used: dict[str, dict[str, str]]) -> list[dict]:
    """Those of the first eight seeds on variants that have them all, or none where there are fewer than four such variants."""
    seeds = {}
    for run in runs:
        seeds.setdefault(run["variant"], set()).add(run["seed"])
    whole = [v for v, found in seeds.items() if set(range(SEEDS)) <= found]
    if len({used[v]["bits"] for v in whole}) < SETS:
        return []
    return [r for r in runs if r["variant"] in whole and r["seed"] < SEEDS]


def chapter_record(path: Path, runs: list[dict], used: dict[str, dict[str, str]]) -> dict:
    """What :func:`avbgtn.records.check` reads: every number by run, and which run that was."""
    names = list(runs[0]["numbers"])
    return {
        "command": f"python tools/variants --seeds {SEEDS} --gather --only {path.stem}",
        "processor": processor(),
        # the code that the runs used, which is not the code that gathers them
        "provenance": provenance() | {"revision": ", ".join(dict.fromkeys(r["revision"] for r in runs))},
        "variants": {v: used[v] for v in dict.fromkeys(r["variant"] for r in runs)},
        "runs": [[r["seed"], r["variant"]] for r in runs],
        "values": {name: [float(f"{r['numbers'][name]:.5g}") for r in runs] for name in names},
    }
