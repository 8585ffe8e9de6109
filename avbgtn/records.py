"""Committed records: what a run gave when the book was made, over seeds, and the bands a new run is held against.

A float32 training agrees between machines to a few digits only, so a chapter's table is not compared to the letter. Each
number is held against a band instead, made from the seeds of the record: their median, plus and minus three median
absolute deviations and three tenths of the median. One seed that went astray does not widen it.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from statistics import median

FOLDER = Path(__file__).parent / "records"
WIDEN = 0.3  # of the median: seeds that happen to agree must not make a band of no width

Band = tuple[float, float]


def band(values: list[float]) -> Band:
    """Lowest and highest value that still counts as the same experiment; all numbers of the records are positive."""
    middle = median(values)
    margin = 3 * median(abs(v - middle) for v in values) + WIDEN * middle
    return max(0.0, middle - margin), middle + margin


def load(name: str) -> dict:
    """A record by name: ``{"command": ..., "parameters": ..., "values": {number: [by seed]}}``."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def save(name: str, record: dict) -> Path:
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{name}.json"
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return path


def check(
    numbers: dict[str, float], record: str, *, comparable: bool = True, say: Callable[[str], None] = print
) -> bool:
    """Hold numbers against a record's bands, one line a number; a number outside its band is printed.

    Args:
        numbers: by the record's names. A name the record lacks is an error of the book and says so.
        comparable: whether this run has the record's parameters; if not, nothing is judged, and that is said.
    """
    if collect := os.environ.get(
        "AVBGTN_COLLECT"
    ):  # tools/make_record.py gathers the numbers of several seeds here
        with open(collect, "a", encoding="utf-8") as f:
            f.write(json.dumps(numbers) + "\n")
        say("collected for the record")
        return True
    if not comparable:
        say(f"other parameters than those of the record {record!r}: nothing to hold the numbers against")
        return True
    values, good = load(record)["values"], True
    for name, number in numbers.items():
        if name not in values:
            say(f"MISSING  {name}: not in the record {record!r}")
            good = False
            continue
        low, high = band(values[name])
        inside = low <= number <= high
        good &= inside
        say(
            f"{'ok' if inside else 'OUTSIDE'}  {name}: {low:.4g} to {high:.4g}"
            + ("" if inside else f", got {number:.4g}")
        )
    return good
