"""Committed records: what a run gave when the book was made, over seeds and instruction sets,
and the range that a new run is compared with.

A float32 training agrees between machines to a few digits only, and a long one not at all: to a game of
several networks another processor is as good as another seed. So a chapter's table is not compared to the
letter. Each number is compared with the range that it had over several seeds and instruction sets
(``tools/variants``; the record says which).
"""

import json
import math
import os
from collections.abc import Callable
from pathlib import Path

FOLDER = Path(__file__).parent
WIDEN = 1.3  # at least, as a factor: runs that happen to agree must not make a range of no width
ENOUGH = 32  # runs, eight seeds on each of four instruction sets: no range is made of fewer
WIDE = 3.0  # a number that varies by more than this factor over the runs has no range that says anything

Band = tuple[float, float]


def band(values: list[float]) -> Band | None:
    """Lowest and highest value that still counts as the same experiment,
    or None where the runs differ by so much that a range says nothing.

    On a logarithmic scale, the range of the runs, longer by its own length at each end, and at least by a
    factor of 1.3: a chapter compares some forty numbers, and all of them must hold on a machine that nobody
    has tried. Thirty-two draws of a normal distribution span about four standard deviations, so this range
    reaches about six to each side.

    Fewer runs than :data:`ENOUGH` make no range. A number that can be 0 has no logarithm:
    its range is longer by its own length at each end, and one that was 0 in all runs has to be 0.

    Args:
        values: of all runs.
    """
    low, high = min(values), max(values)
    if len(values) < ENOUGH:
        return None
    if low <= 0:
        return 2 * low - high, 2 * high - low
    if high > WIDE * low:
        return None
    margin = max(WIDEN, high / low)
    return low / margin, high * margin


def load(name: str) -> dict:
    """A record by name:
    ``{"command": ..., "runs": [[seed, variant], ...], "values": {number: [by run]}}``.
    """
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def save(name: str, record: dict) -> Path:
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{name}.json"
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    return path


def check(
    numbers: dict[str, float], record: str, *, comparable: bool = True, say: Callable[[str], None] = print
) -> bool:
    """Compare numbers with a record's ranges, one line a number; a number outside its range is printed.

    Args:
        numbers: by the record's names. A name the record lacks is an error of the book and says so.
        comparable: whether this run has the record's parameters; if not, nothing is judged, and that is said.

    Returns:
        Whether all are within their ranges. Of a number that has none, as it varied by more than :data:`WIDE`
        or was seen in too few runs, it is only asked that it is finite.
    """
    if collect := os.environ.get("AVBGTN_COLLECT"):  # tools/variants gathers the numbers of many runs here
        with open(collect, "a", encoding="utf-8") as f:
            f.write(json.dumps(numbers) + "\n")
        say("collected for the record")
        return True
    if not comparable:
        say(f"other parameters than those of the record {record!r}: nothing to compare the numbers with")
        return True
    values, good = load(record)["values"], True
    for name, number in numbers.items():
        if name not in values:
            say(f"MISSING  {name}: not in the record {record!r}")
            good = False
            continue
        between = band(values[name])
        inside = math.isfinite(number) if between is None else between[0] <= number <= between[1]
        good &= inside
        expected = _seen(values[name]) if between is None else f"{between[0]:.4g} to {between[1]:.4g}"
        say(
            f"{'ok' if inside else 'OUTSIDE'}  {name}: {expected}" + ("" if inside else f", got {number:.4g}")
        )
    return good


def _seen(values: list[float]) -> str:
    """What is said in the place of a range."""
    between = f"{min(values):.2g} to {max(values):.2g} in {len(values)} runs"
    return f"finite; {between} were seen, too {'few' if len(values) < ENOUGH else 'wide'} to judge by"
