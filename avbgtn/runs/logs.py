"""The files of a run folder that grow line by line, one JSON object a line.

A kill may cut the last line short: it is left out. Anything else that cannot be read is damage, and then the
whole file is kept under another name before a line of it goes.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..storage import parse_json, read_small, set_aside, write_atomically

METRICS, TIMINGS = "metrics.jsonl", "timings.jsonl"
NUMBERS = {METRICS: ("epoch",), TIMINGS: ("epoch", "start", "cpu_seconds")}  # what a line must hold


@dataclass(frozen=True)
class Log:
    """A log as it was found.

    Attributes:
        records: the lines that can be read, in order.
        problem: what is wrong with the others, or an empty text.
    """

    records: list[dict[str, Any]]
    problem: str = ""


def read_log(path: Path) -> Log:
    """All complete lines; a last line cut short by a crash is left out."""
    try:
        data = read_small(path)
    except FileNotFoundError:
        return Log([])
    except ValueError as error:
        return Log([], str(error))
    lines = data.split(b"\n")
    records, problem, before = [], "", -1
    for number, line in enumerate(lines, start=1):
        last = number == len(lines)  # what follows the last end of line: nothing, or a line cut short
        if last and not line:
            break
        try:
            record = parse_json(line)
            _check(record, path.name, before)
        except ValueError as error:
            if not last:
                problem = problem or f"line {number}: {error}"
            continue
        before = record["epoch"]
        records.append(record)
    return Log(records, problem)


def _check(record: Any, file: str, before: int) -> None:
    if not isinstance(record, dict):
        raise ValueError("no JSON object")
    for name in NUMBERS.get(file, ("epoch",)):
        if type(record.get(name)) not in (int, float):
            raise ValueError(f"no {name}")
    if not record["epoch"] > before:
        raise ValueError(f"epoch {record['epoch']} after epoch {before}")


def mark(path: Path, length: int) -> dict[str, Any]:
    """Length and SHA-256 of the first ``length`` bytes of a log, for the checkpoint that counts on them."""
    data = b""
    if length and path.exists():
        with open(path, "rb") as f:
            data = f.read(length)
    return {"bytes": length, "sha256": hashlib.sha256(data).hexdigest()}


def size(path: Path) -> int:
    """Bytes of a file; 0 if there is none."""
    return path.stat().st_size if path.exists() else 0


def cut_after(path: Path, epoch: int, marked: dict[str, Any] | None) -> str | None:
    """Drop lines past a checkpoint: a continued run writes each once. A damaged log is set aside first.

    Args:
        marked: as :func:`mark` gave it when the checkpoint was written, or None where it is not known.

    Returns:
        a sentence for people if the log was damaged, else None.
    """
    log = read_log(path)
    problem = log.problem
    if not path.exists():
        return (
            f"{path} is missing; the run goes on without its earlier lines"
            if marked and marked["bytes"]
            else None
        )
    if marked and not problem and mark(path, marked["bytes"]) != marked:
        problem = f"it is not what it was when epoch {epoch} was saved"
    kept = [record for record in log.records if record["epoch"] <= epoch]
    said = None
    if problem:
        aside = set_aside(path)
        said = (
            f"{path} is damaged ({problem}): it is kept as {aside.name}, and {len(kept)} of its lines go on"
            " in a new file"
        )
    write_atomically(path, "".join(json.dumps(record) + "\n" for record in kept))
    return said
