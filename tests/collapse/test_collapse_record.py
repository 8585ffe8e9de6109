"""The record of cures: its tool goes on where it ended, and what the chapter says of it is what it holds."""

import json
import statistics
import sys

import pytest

import measure_collapse
from avbgtn_book.collapse import cures


def cells():
    return json.loads(measure_collapse.RECORD.read_text(encoding="utf-8"))["cells"]


def complete(cell):
    """In how many games all eight modes are covered at the end."""
    return sum(m == 8 for m in cell["modes"][-1])


def good(cell):
    return statistics.median(cell["good"][-1])


def test_record_has_known_cells_of_eight_games():
    record = json.loads(measure_collapse.RECORD.read_text(encoding="utf-8"))
    assert record["settings"] == {"games": 8, "batch": 64, "seed": 0}
    keys = {f"{name} | {n}" for name in measure_collapse.ALL for n in measure_collapse.STEPS}
    assert set(record["cells"]) <= keys
    assert {f"{name} | 1200" for name in cures.CURES} <= set(record["cells"])
    for key, found in record["cells"].items():
        assert found["steps"][-1] == int(key.split(" | ")[1]) and found["cpu_seconds"] > 0
        assert all(len(row) == 8 for row in (*found["modes"], *found["good"]))
        assert all(0 <= m <= 8 for row in found["modes"] for m in row)
        assert all(0 <= g <= 1 for row in found["good"] for g in row)


def run(monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["measure_collapse", *map(str, words)])
    measure_collapse.main()


def test_tool_goes_on_where_it_ended(tmp_path, monkeypatch, capsys):
    asked = []
    cell = {"modes": [[3, 3]], "good": [[0.1, 0.1]], "cpu_seconds": 0.1}
    monkeypatch.setattr(measure_collapse, "RECORD", tmp_path / "record.json")
    monkeypatch.setattr(measure_collapse, "measured", lambda *at: asked.append(at) or cell)
    here = ("--build", tmp_path / "build.json", "--games", 2, "--steps", 10)
    run(monkeypatch, *here, "--cures", "none")
    run(monkeypatch, *here, "--cures", "none", "features")
    assert asked == [("none", 10, 2), ("features", 10, 2)]
    run(monkeypatch, *here, "--commit")
    made = json.loads((tmp_path / "record.json").read_text(encoding="utf-8"))
    assert sorted(made["cells"]) == ["features | 10", "none | 10"]
    assert capsys.readouterr().out.count("CPU s") == 3


@pytest.mark.parametrize("cure", ["none", "energy"])
def test_one_cell_is_measured(cure):
    found = measure_collapse.measured(cure, 6, 2)
    assert found["steps"] == [2, 4, 6] and len(found["modes"]) == 3


def test_record_says_which_cure_pays_with_good_samples():
    """Of the cures that cover the ring in most games, the lowest and the highest share."""
    record = cells()
    found = {name: record[f"{name} | 1200"] for name in cures.CURES}
    covering = {name: good(cell) for name, cell in found.items() if complete(cell) >= 5}
    assert min(covering, key=covering.get) == "features" and max(covering, key=covering.get) == "minibatch"
    assert complete(found["none"]) == 0 and complete(found["energy"]) == 0


def test_feature_matching_covers_and_blurs():
    cell = cells()["features | 1200"]
    assert complete(cell) == 8 and good(cell) < 0.35


def test_minibatch_discrimination_covers_with_good_samples():
    record = cells()
    cell = record["minibatch | 1200"]
    assert complete(cell) == 8 and good(cell) > 2 * good(record["features | 1200"])
    assert cell["cpu_seconds"] > 4 * record["none | 1200"]["cpu_seconds"]


def test_long_games_recover_in_part_without_a_cure_and_with_energies():
    record = cells()
    for name in ("none", "energy"):
        assert 0 < complete(record[f"{name} | 6000"]) < 4 and good(record[f"{name} | 6000"]) > 0.6


def test_long_feature_matching_catches_up_and_long_r1_does_not():
    record = cells()
    short, long = (record[f"features | {steps}"] for steps in (1200, 6000))
    assert complete(long) >= 6 and good(long) > 0.6 > 2 * good(short)
    short, long = (record[f"r1 | {steps}"] for steps in (1200, 6000))
    assert complete(long) <= complete(short) and abs(good(long) - good(short)) < 0.1


def test_controls_say_what_failed():
    record = cells()
    early, late = (record[f"equal steps | {steps}"] for steps in (1200, 6000))
    assert complete(early) == 4 and complete(late) > 4 and good(late) > 0.8
    assert all(max(record[f"slope 1 | {steps}"]["modes"][-1]) <= 2 for steps in (1200, 6000))
    wide, narrow, plain = (
        sum(record[f"{name} | 1200"]["modes"][-1])
        for name in ("energy, wide start", "narrow energy", "energy")
    )
    assert narrow < plain < wide and complete(record["energy, wide start | 1200"]) == 0
