"""What the tools that record grids of games share: a record in JSON, which goes on where it ended."""

import json
import pathlib


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
