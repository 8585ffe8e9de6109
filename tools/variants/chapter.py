"""Run one notebook with one seed under one variant, and say which of its compared outputs came out otherwise.

It is what nbval does, with two differences: it goes on to the end, and the seed can be another one. All
randomness of the book comes from :mod:`avbgtn.streams`, so a first cell that renames every stream is
another seed for everything in this process; a training in a process of its own would not know of it, so
models are then trained one after the other, with the same results.
"""

import json
import os
import re
import sys
import tempfile
from pathlib import Path

import nbformat
from machine import environment
from nbclient import NotebookClient

NOT_COMPARED = {"nbval-ignore-output", "nbval-skip"}
# What avbgtn_book.records.check prints: its numbers are kept, and compared with the record
# when the table is made.
JUDGED_LATER = re.compile(r"(ok|OUTSIDE|MISSING)  |collected for the record$")
ANOTHER_SEED = """
from avbgtn import streams as _streams
_key = _streams._key
_streams._key = lambda seed, *rest: _key(f"{{seed}}, again {seed}", *rest)
from avbgtn.training import launch as _launch
_launch.cores = lambda: 1
del _streams, _launch
"""


def lines_of(cell: dict) -> list[str]:
    """What a cell printed or returned as text; addresses of objects, which differ by run, are taken out."""
    text = ""
    for output in cell.get("outputs", []):
        if output["output_type"] == "stream" and output["name"] == "stdout":
            text += output["text"]
        elif output["output_type"] == "execute_result":
            text += output["data"].get("text/plain", "") + "\n"
    return re.sub(r"0x[0-9a-f]{6,16}", "ADDRESS", text).splitlines()


def run(path: Path, seed: int, variant: str) -> dict:
    """One run of a notebook.

    Returns:
        ``differences``: for each compared line that came out otherwise,
        ``[code cell, committed, got]``; ``numbers``: those that it gave to
        :func:`avbgtn_book.records.check`; ``error``: what stopped it, or None.
    """
    notebook = nbformat.read(path, as_version=4)
    committed = [lines_of(cell) for cell in notebook.cells]
    with tempfile.TemporaryDirectory() as folder:
        collected = Path(folder, "numbers.jsonl")
        for name in ("runs", "data"):
            Path(folder, name).mkdir()
        env = environment(variant) | {
            "AVBGTN_RUNS": f"{folder}/runs",
            "AVBGTN_DATA": f"{folder}/data",
            "AVBGTN_COLLECT": str(collected),
        }
        env.pop("MPLBACKEND", None)
        if seed:
            notebook.cells.insert(0, nbformat.v4.new_code_cell(ANOTHER_SEED.format(seed=seed)))
        resources = {"metadata": {"path": str(path.resolve().parent)}}
        client = NotebookClient(notebook, timeout=None, kernel_name="python3", resources=resources)
        error = None
        try:
            with client.setup_kernel(env=env):
                for index, cell in enumerate(notebook.cells):
                    if "nbval-skip" not in cell.metadata.get("tags", []):
                        client.execute_cell(cell, index)
        except Exception as problem:
            error = f"{type(problem).__name__}: {str(problem).strip().splitlines()[-1]}"
        if seed:
            del notebook.cells[0]
        numbers = {}
        for line in collected.read_text().splitlines() if collected.exists() else ():
            numbers |= json.loads(line)
    return {"differences": list(_differences(notebook, committed)), "numbers": numbers, "error": error}


def _differences(notebook, committed):
    number = -1
    for cell, before in zip(notebook.cells, committed, strict=True):
        if cell.cell_type != "code":
            continue
        number += 1
        if NOT_COMPARED & set(cell.metadata.get("tags", [])) or cell.execution_count is None:
            continue
        after = lines_of(cell)
        before, after = (
            [line for line in lines if not JUDGED_LATER.match(line)] for lines in (before, after)
        )
        for k in range(max(len(before), len(after))):
            pair = [lines[k] if k < len(lines) else "" for lines in (before, after)]
            if pair[0] != pair[1]:
                yield [number, *pair]


if __name__ == "__main__":
    os.environ.pop("AVBGTN_COLLECT", None)
    print(json.dumps(run(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])))
