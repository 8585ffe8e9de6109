"""The table of notebook by variant: passed, or which lines came out otherwise."""

from pathlib import Path

from machine import VARIANTS
from runner import read, sources

from avbgtn_book import records


def outcomes(chapters: list[Path], file: Path, tests: Path) -> list[dict]:
    """One row for each notebook, variant and processor that ran with its cells as they are,
    and for the tests likewise.

    Returns:
        Rows of ``what``, ``variant``, ``use`` (what the libraries really used), ``processor``, ``revision``,
        ``runs`` (how many seeds, or tests), ``failed`` (what failed, with the seeds).
    """
    rows = []
    results = read(file)
    for path in chapters:
        now = sources(path)
        mine = [r for r in results if (r["notebook"], r["sources"]) == (path.stem, now)]
        for runs in _grouped(mine):
            failed = {}
            for run in runs:
                for words in _failures(run):
                    failed.setdefault(words, []).append(run["seed"])
            rows.append({"what": path.stem, **_where(runs), "runs": len(runs), "failed": failed})
    for runs in _grouped(read(tests)):
        last = runs[-1]
        failed = {name: [0] for name in last["failed"]}
        rows.append({"what": "tests", **_where([last]), "runs": last["tests"], "failed": failed})
    return rows


def _grouped(results: list[dict]) -> list[list[dict]]:
    """Results of one variant on one kind of processor, in the order of the variants."""
    groups = {}
    for result in results:
        groups.setdefault((result["variant"], result["use"]["bits"]), []).append(result)
    return sorted(groups.values(), key=lambda runs: list(VARIANTS).index(runs[0]["variant"]))


def _where(runs: list[dict]) -> dict:
    revisions = ", ".join(dict.fromkeys(run["revision"] for run in runs))
    return {name: runs[0][name] for name in ("variant", "use", "processor")} | {"revision": revisions}


def _failures(run: dict) -> list[str]:
    """What went otherwise in one run: what stopped it, lines, and numbers outside the range
    of the chapter's record.
    """
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
    lines = ["| | variant | torch's loops | runs | |", "|---|---|---|--:|---|"]
    for row in rows:
        failed = "; ".join(
            f"{words} (seeds {', '.join(map(str, seeds))})" for words, seeds in row["failed"].items()
        )
        use = row["use"]["capability"].lower()
        lines.append(f"| {row['what']} | {row['variant']} | {use} | {row['runs']} | {failed or 'passed'} |")
    return "\n".join(lines)
