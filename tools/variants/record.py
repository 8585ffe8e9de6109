"""From runs to the committed records: the table of variants, and the numbers of each chapter
that its ranges come from.
"""

from pathlib import Path

from machine import VARIANTS
from runner import read, sources
from table import outcomes

from avbgtn.runs.provenance import provenance
from avbgtn_book import records

SEEDS, SETS = 8, 4  # no range and no verdict rests on fewer seeds, or fewer instruction sets that differ


def commit(chapters: list[Path], file: Path, tests: Path) -> int:
    """Write ``records/variants.json``, and ``records/CHAPTER.json`` for each chapter that gave numbers.

    Returns:
        0, or 1 where a chapter has too few runs for ranges, which is said.
        A record of more runs stays as it was.
    """
    short = 0
    results = read(file)
    for path in chapters:
        now = sources(path)
        mine = [r for r in results if (r["notebook"], r["sources"], r["error"]) == (path.stem, now, None)]
        mine.sort(key=lambda r: (list(VARIANTS).index(r["variant"]), r["seed"]))
        runs = complete(mine)
        if not runs:
            short = 1
            print(f"{path.stem}: {len(mine)} runs; a range needs {SEEDS} seeds on {SETS} instruction sets")
            runs = mine
        if runs and runs[0]["numbers"] and len(runs) >= _runs_of(path.stem):
            print(records.save(path.stem, chapter_record(path, runs)))
    rows = merged(records.load("variants")["rows"], outcomes(chapters, file, tests))
    print(records.save("variants", {"command": "make variants", "rows": rows}))
    return short


def _runs_of(name: str) -> int:
    """How many runs the record of a chapter has; 0 without one, or with one that does not say."""
    try:
        return len(records.load(name).get("runs", ()))
    except FileNotFoundError:
        return 0


def merged(old: list[dict], new: list[dict]) -> list[dict]:
    """New rows, and the old ones of notebooks or kinds of processor that did not run anew."""

    def key(row: dict) -> tuple[str, ...]:
        return row["what"], row["variant"], row["use"]["bits"]

    again = {key(row) for row in new}
    return [row for row in old if key(row) not in again] + new


def complete(runs: list[dict]) -> list[dict]:
    """Those of the first eight seeds on instruction sets that have them all,
    or none where there are fewer than four such sets. Two variants that give the same bits are one set."""
    seeds = {}
    for run in runs:
        seeds.setdefault(run["use"]["bits"], set()).add(run["seed"])
    whole = [bits for bits, found in seeds.items() if set(range(SEEDS)) <= found]
    if len(whole) < SETS:
        return []
    return [r for r in runs if r["use"]["bits"] in whole and r["seed"] < SEEDS]


def chapter_record(path: Path, runs: list[dict]) -> dict:
    """What :func:`avbgtn_book.records.check` reads: every number by run, and which run that was."""
    names = list(runs[0]["numbers"])
    seeds = 1 + max(r["seed"] for r in runs)
    return {
        "command": f"python tools/variants --seeds {seeds} --gather --only {path.stem}",
        "processor": ", ".join(dict.fromkeys(r["processor"] for r in runs)),
        # the code that the runs used, which is not the code that gathers them
        "provenance": provenance() | {"revision": ", ".join(dict.fromkeys(r["revision"] for r in runs))},
        "variants": {r["variant"]: r["use"] for r in runs},
        "runs": [[r["seed"], r["variant"]] for r in runs],
        "values": {name: [float(f"{r['numbers'][name]:.5g}") for r in runs] for name in names},
    }
