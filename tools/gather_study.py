"""Gather the records of a grid's finished cells into one file, which the results chapter reads.

    python tools/gather_study.py                  finished cells of the grid `full` -> build/study-full.json
    python tools/gather_study.py --commit         ... -> book/lib/avbgtn_book/records/study.json, for the book
    python tools/gather_study.py --commit --test  ... and score them on the test split: once, and logged

A committed cell stays where its run folder is gone, so that a study may come from several machines and days.
``--test`` scores each training once: a cell whose test scores the record has is passed over, and each call
that scores any leaves a line in ``book/lib/avbgtn_book/records/test-log.jsonl``.
"""

import argparse
import json
import time
from pathlib import Path

import torch

from avbgtn.runs import Run
from avbgtn.storage import write_atomically
from avbgtn.study import cells as study
from avbgtn.study import record as study_record
from avbgtn.study.grid import GRIDS
from avbgtn.translators.loading import run_model
from avbgtn_book import records

ROOT = Path(__file__).resolve().parents[1]
NAMES = {"full": "study"}  # of the committed record; others have that of their grid
# The fingerprint says the first, the rest is said once or below
DROPPED = ("config", "starts", "grid", "cell")


# Of a training: its scores are those of one with all of these
SAME = ("fingerprint", "epochs", "started", "revision")
MONITORED = 16  # validation heads that the curves are taken on, see monitor.py


def gathered(grid, old: dict) -> dict:
    """The record of a grid: what is finished here, and what an older record has."""
    cells = {}
    for cell in study.cells(grid):
        record, before = cell.record(), old.get("cells", {}).get(cell.name)
        if record:
            cells[cell.name] = short(record)
            if before and "test" in before and all(before.get(key) == cells[cell.name][key] for key in SAME):
                cells[cell.name]["test"] = before["test"]
        elif before and before["epochs"] == cell.epochs and before["changes"] == cell.variant.changes:
            cells[cell.name] = before
        elif before:
            print(
                f"{cell.name}: left out, it was recorded with other settings than the "
                "grid has now; train it again"
            )
    if not cells:
        raise SystemExit(f"no cell of {grid.name} is finished: {command_of(grid)}")
    faces = study_record.load_heads(next(iter(study.cells(grid))).config("").size)
    return {
        "grid": grid.name, "preset": grid.preset, "epochs": grid.epochs, "common": grid.common,
        "declared": {v.name: {"seeds": v.seeds, "changes": v.changes} for v in grid.variants},
        "command": command_of(grid),
        "made": study_record.where(),
        "references": {
            "validation": study_record.references(faces, "validation", grid.images),
            "monitor": study_record.references(faces, "validation", MONITORED),
        },
        "cells": cells,
    }  # fmt: skip


def command_of(grid) -> str:
    return f"python -m avbgtn study --grid {grid.name} --processes 2"


def short(record: dict) -> dict:
    """A cell's record without what the file says once."""
    first, last = record["starts"][0], record["starts"][-1]
    about = {
        "started": first["started"],
        "device": last["device"],
        "torch": last["versions"]["torch"],
        "starts": len(record["starts"]),
    }
    return {key: value for key, value in record.items() if key not in DROPPED} | about


def score_test(grid, found: dict, path: Path) -> None:
    """Add the test scores of cells that have none; each is in the file before the next one is looked at."""
    torch.set_num_threads(1)
    todo = [
        c
        for c in study.cells(grid)
        if c.name in found["cells"] and "test" not in found["cells"][c.name] and c.record()
    ]
    if not todo:
        return
    with open(records.FOLDER / "test-log.jsonl", "a", encoding="utf-8") as log:  # before the first look
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        what = {f"study {grid.name}": f"{len(todo)} trainings, {todo[0].name} to {todo[-1].name}"}
        log.write(json.dumps({"when": when, "what": what}) + "\n")
    faces = study_record.load_heads(todo[0].config("").size)
    test = faces.evaluation("test", grid.images)
    found["references"]["test"] = study_record.references(faces, "test", grid.images)
    for cell in todo:
        model = run_model(Run(cell.folder), epoch=cell.epochs, ema=True).eval()
        found["cells"][cell.name]["test"] = study_record.rounded(study_record.split_scores(model, test))
        write_atomically(path, text_of(found))  # what was seen is kept, whatever comes next
        print(f"{cell.name}: scored on the test split", flush=True)


def text_of(found: dict) -> str:
    """JSON with a line a cell, so that a difference between two versions can be read."""
    head = {key: value for key, value in found.items() if key != "cells"}
    cells = ",\n".join(f"  {json.dumps(name)}: {json.dumps(cell)}" for name, cell in found["cells"].items())
    return json.dumps(head, indent=1)[:-2] + ',\n "cells": {\n' + cells + "\n }\n}\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--grid", default="full", choices=list(GRIDS))
    parser.add_argument("--commit", action="store_true", help="write the book's record")
    parser.add_argument(
        "--test", action="store_true", help="score what has no test scores yet; needs --commit"
    )
    args = parser.parse_args()
    if args.test and not args.commit:
        parser.error("--test looks at the test split, so what it finds is committed: add --commit")
    grid, name = GRIDS[args.grid], NAMES.get(args.grid, args.grid)
    committed = records.FOLDER / f"{name}.json"
    path = committed if args.commit else ROOT / "build" / f"study-{args.grid}.json"
    old = json.loads(committed.read_text(encoding="utf-8")) if args.commit and committed.is_file() else {}
    found = gathered(grid, old)
    if "test" in old.get("references", {}):
        found["references"]["test"] = old["references"]["test"]
    if args.test:
        score_test(grid, found, path)
    path.parent.mkdir(exist_ok=True)
    write_atomically(path, text_of(found))
    print(f"{len(found['cells'])} of {len(study.cells(grid))} cells: {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
