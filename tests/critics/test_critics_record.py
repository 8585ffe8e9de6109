"""The success matrix: its tool goes on where it ended, and its record is what the chapter thinks it is."""

import json
import sys

import pytest

import game_records
import measure_critics
from avbgtn_book.further import games


def cell(count=2, cpu=0.1):
    return {"modes": [3] * count, "good": [0.1] * count, "cpu_seconds": cpu}


def test_record_has_known_cells_of_eight_games():
    record = json.loads(measure_critics.RECORD.read_text(encoding="utf-8"))
    assert record["settings"] == {"games": 8, "steps": 400, "batch": 64, "seed": 0}
    keys = {f"{row} | {method}" for row in games.ARCHITECTURES for method in games.METHODS}
    assert record["cells"] and set(record["cells"]) <= keys
    for found in record["cells"].values():
        assert len(found["modes"]) == len(found["good"]) == 8 and found["cpu_seconds"] > 0
        assert all(0 <= m <= 8 for m in found["modes"]) and all(0 <= g <= 1 for g in found["good"])


def test_record_has_the_row_that_the_chapter_plays():
    """What it says of this row: the log loss fails, both critics pass, least squares lies between."""
    record = json.loads(measure_critics.RECORD.read_text(encoding="utf-8"))["cells"]
    modes = {name: record[f"no normalisation | {name}"]["modes"] for name in games.METHODS}
    assert sum(m < 5 for m in modes["log"]) >= 6 and sum(m < 5 for m in modes["bounded"]) >= 6
    assert min(modes["penalty"]) >= 5 and min(modes["clip"]) >= 5
    assert sum(modes["log"]) < sum(modes["least_squares"]) < sum(modes["penalty"])


def run(monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["measure_critics", *map(str, words)])
    measure_critics.main()


def test_tool_goes_on_where_it_ended(tmp_path, monkeypatch, capsys):
    asked = []
    monkeypatch.setattr(measure_critics, "RECORD", tmp_path / "record.json")
    monkeypatch.setattr(measure_critics, "measured", lambda *at: asked.append(at) or cell())
    here = ("--build", tmp_path / "build.json", "--games", 2, "--rows", "tanh in G and D")
    run(monkeypatch, *here, "--methods", "log")
    run(monkeypatch, *here, "--methods", "log", "clip")
    assert [method for _, method, _ in asked] == ["log", "clip"]
    run(monkeypatch, *here, "--commit")
    made = json.loads((tmp_path / "record.json").read_text(encoding="utf-8"))
    assert sorted(made["cells"]) == ["tanh in G and D | clip", "tanh in G and D | log"]
    assert capsys.readouterr().out.count("CPU s") == 3


def test_cells_made_with_other_settings_are_not_mixed(tmp_path):
    path = tmp_path / "build.json"
    game_records.write(path, {"settings": {"games": 3}, "cells": {"a": cell(3)}})
    assert game_records.read(path, {"games": 3})["cells"] == {"a": cell(3)}
    assert game_records.read(path, {"games": 8})["cells"] == {}


@pytest.mark.parametrize("method", ["log"])
def test_one_cell_is_measured(method, monkeypatch):
    monkeypatch.setattr(measure_critics, "STEPS", 2)
    found = measure_critics.measured("no normalisation", method, 2)
    assert len(found["modes"]) == len(found["good"]) == 2
