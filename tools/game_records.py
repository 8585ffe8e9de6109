"""What the tools that record grids of games share: a record in JSON, which goes on where it ended, and the
command around it."""

import argparse
import itertools
import json
import pathlib
from collections.abc import Callable, Sequence

import torch


def read(path: pathlib.Path, settings: dict) -> dict:
    """The record at a path, an empty one where there is none or where it was made with other settings."""
    found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found if found.get("settings") == settings else {"settings": settings, "cells": {}}


def write(path: pathlib.Path, record: dict) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def commit(record: dict, path: pathlib.Path) -> None:
    """Copy what was measured into the record at a path, beside the cells that it has of the same settings."""
    old = read(path, record["settings"])
    write(path, {**record, "cells": old["cells"] | record["cells"]})


def main(
    what: str,
    axes: dict[str, Sequence],
    measured: Callable[..., dict],
    shown: Callable[[dict], tuple],
    *,
    settings: dict,
    build: pathlib.Path,
    into: pathlib.Path,
) -> None:
    """The command of such a tool: measure the cells that are missing, or commit those that are there.

    Args:
        what: the first line of the help.
        axes: the options that choose cells, each with all its values; the last changes slowest.
        measured: from a value of each axis and the number of games to the cell.
        shown: what is printed of a cell.
        settings: what all cells have in common, with the default of ``games``.
    """
    parser = argparse.ArgumentParser(description=what)
    for name, values in axes.items():
        kind = type(values[0])
        given = {"choices": list(values)} if kind is str else {}
        parser.add_argument(f"--{name}", nargs="+", type=kind, default=list(values), **given)
    parser.add_argument("--games", type=int, default=settings["games"], help="games of each cell")
    parser.add_argument(
        "--commit", action="store_true", help="copy what was measured into the book's records"
    )
    parser.add_argument("--build", type=pathlib.Path, default=build)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    record = read(asked.build, settings | {"games": asked.games})
    if asked.commit:
        commit(record, into)
        return
    for reverse in itertools.product(*(getattr(asked, name) for name in reversed(axes))):
        at = reverse[::-1]
        key = " | ".join(map(str, at))
        if key not in record["cells"]:
            record["cells"][key] = measured(*at, asked.games)
            write(asked.build, record)
        cell = record["cells"][key]
        print(key, *shown(cell), f"{cell['cpu_seconds']} CPU s", flush=True)
