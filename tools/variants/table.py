"""The table of notebook by variant: passed, or which lines came out otherwise."""

from pathlib import Path

from machine import VARIANTS
from runner import read, sources

from avbgtn import records


def outcomes(chapters: list[Path], file: Path, tests: Path) -> list[dict]:
    """One row for each notebook and variant that ran with its cells as they are, and one for the tests by variant.

    Returns:
        Rows of ``what``, ``variant``, ``runs`` (how many seeds, or tests), ``failed`` (what failed, with the seeds).
    """
    rows = []
    results = read(file)
    for path in chapters:
        now = sources(path)
        mine = [r for r in results if (r["notebook"], r["sources"]) == (path.stem, now)]
        for variant in VARIANTS:
            runs = [r for r in mine if r["variant"] == variant]
            if not runs:
                continue
            failed = {}
            for run in runs:
                for words in _failures(run):
                    failed.setdefault(words, []).append(run["seed"])
            rows.append({"what": path.stem, "variant": variant, "runs": len(runs), "failed": failed})
    for run in {r["variant"]: r for r in read(tests)}.values():  # the last one of each variant
        failed = {name: [0] for name in run["failed"]}
        rows.append({"what": "tests", "variant": run["variant"], "runs": run["tests"], "failed": failed})
    return rows


def _failures(run: dict) -> list[str]:
    """What went otherwise in one run: what stopped it, lines, and numbers outside the range of the chapter's record."""
    if run["error"]:
        return [run["error"]]
    found = [f"cell {cell}: {got or 'nothing'}" for cell, _, got in run["differences"]]
    if run["numbers"]:
        said: list[str] = []
        records.check(run["numbers"], run["notebook"], say=said.append)
        found += [line.split(":")[0] for line in said if not line.startswith("ok")]
    return found


def markdown(rows: list[dict]) -> str:
    """The rows as a Markdown table: how many runs, and what failed in how many of them."""
    lines = ["| | variant | runs | |", "|---|---|--:|---|"]
    for row in rows:
        failed = "; ".join(
            f"{words} (seeds {', '.join(map(str, seeds))})" for words, seeds in row["failed"].items()
        )
        lines.append(f"| {row['what']} | {row['variant']} | {row['runs']} | {failed or 'passed'} |")
    return "\n".join(lines)
