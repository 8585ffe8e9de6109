"""The records of the study: one toy cell trained again gives what is committed,
and the gathering tool loses and invents nothing.
"""

import json
import os
import subprocess
import sys

import pytest

import gather_study
from avbgtn.study import cells as study
from avbgtn.study import record as study_record
from avbgtn.study.grid import GRIDS, Grid, Variant
from avbgtn_book import records
from contents import ROOT

TOY = records.load("toy")
# Twenty updates in single precision: processors agree to about four digits, and scores of 8 heads to fewer.
SAME = 0.02
CELL = "avb_gtn-seed0"


def test_a_toy_cell_trained_again_gives_its_record(tmp_path, monkeypatch):
    monkeypatch.setenv("AVBGTN_RUNS", str(tmp_path))
    made = study.run_cell(study.find_cell(GRIDS["toy"], CELL), say=str)
    kept = TOY["cells"][CELL]
    assert made["fingerprint"] == kept["fingerprint"], (
        "the cell is another training now: gather the toy record anew"
    )
    for key in ("l1_whole", "l1_hair", "l1_outside", "rec", "psnr"):
        assert made["validation"][key] == pytest.approx(kept["validation"][key], rel=SAME), key
    for key in ("l1_whole", "rec", "t_loss"):
        assert made["curve"][key] == pytest.approx(kept["curve"][key], rel=SAME), key
    assert made["codes"]["mean_square"] == pytest.approx(kept["codes"]["mean_square"], rel=SAME)
    assert gather_study.short(made).keys() == kept.keys()


def test_the_toy_record_has_every_cell_of_the_grid():
    assert list(TOY["cells"]) == [cell.name for cell in study.cells(GRIDS["toy"])]
    assert TOY["epochs"] == GRIDS["toy"].epochs


TINY = Grid("tiny", "quick", 4, {"size": 32, "width": 2, "private_blocks": 0},
            (Variant("unit", "unit", 2, {}), Variant("avb_gtn", "avb_gtn", 1, {})), images=6)  # fmt: skip


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """A finished grid, and a folder of records of its own."""
    monkeypatch.setenv("AVBGTN_RUNS", str(tmp_path / "runs"))
    monkeypatch.setitem(GRIDS, "tiny", TINY)
    monkeypatch.setattr(records, "FOLDER", tmp_path / "records")
    records.FOLDER.mkdir()
    for cell in study.cells(TINY):
        study.run_cell(cell, say=str)
    return tmp_path


def gather(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["gather_study.py", "--grid", "tiny", *arguments])
    gather_study.main()


def test_gathering_commits_scores_the_test_split_once_and_keeps_what_is_gone(tiny, monkeypatch, capsys):
    monkeypatch.setattr(gather_study, "ROOT", tiny)
    gather(monkeypatch, "--commit")
    path, log = records.FOLDER / "tiny.json", records.FOLDER / "test-log.jsonl"
    found = json.loads(path.read_text())
    assert list(found["cells"]) == ["unit-seed0", "avb_gtn-seed0", "unit-seed1"] and not log.exists()
    assert not any("test" in cell for cell in found["cells"].values())
    assert 0 < found["references"]["validation"]["copy"]["l1_whole"] < 0.2

    gather(monkeypatch, "--commit", "--test")
    scored = json.loads(path.read_text())
    assert all("test" in cell for cell in scored["cells"].values()) and "test" in scored["references"]
    assert json.loads(log.read_text())["what"] == {"study tiny": "3 trainings, unit-seed0 to unit-seed1"}
    assert (
        scored["cells"]["unit-seed0"]["test"]["l1_whole"]
        != scored["cells"]["unit-seed0"]["validation"]["l1_whole"]
    )

    (study.cells(TINY)[0].folder / "record.json").unlink()  # as on another machine
    capsys.readouterr()
    gather(monkeypatch, "--commit", "--test")
    assert json.loads(path.read_text())["cells"] == scored["cells"], (
        "a committed cell was lost or scored again"
    )
    assert (
        len(log.read_text().splitlines()) == 1 and "scored on the test split" not in capsys.readouterr().out
    )


def test_test_scores_belong_to_one_training_and_old_settings_are_left_out(tiny, monkeypatch, capsys):
    monkeypatch.setattr(gather_study, "ROOT", tiny)
    gather(monkeypatch, "--commit", "--test")
    path = records.FOLDER / "tiny.json"
    old = json.loads(path.read_text())
    for key, value in (("revision", "another"), ("started", "yesterday"), ("epochs", 3)):
        changed = json.loads(json.dumps(old))
        changed["cells"]["unit-seed0"][key] = value
        assert "test" not in gather_study.gathered(TINY, changed)["cells"]["unit-seed0"], key
    (study.cells(TINY)[0].folder / "record.json").unlink()
    old["cells"]["unit-seed0"]["changes"] = {"lr": 0.5}
    assert "unit-seed0" not in gather_study.gathered(TINY, old)["cells"]
    assert "unit-seed0: left out" in capsys.readouterr().out


def test_an_interrupted_look_at_the_test_split_is_logged_and_kept(tiny, monkeypatch):
    monkeypatch.setattr(gather_study, "ROOT", tiny)
    scores, calls = study_record.split_scores, []

    def once(*arguments):
        calls.append(arguments)
        if len(calls) > 1:
            raise KeyboardInterrupt
        return scores(*arguments)

    monkeypatch.setattr(study_record, "split_scores", once)
    with pytest.raises(KeyboardInterrupt):
        gather(monkeypatch, "--commit", "--test")
    cells = json.loads((records.FOLDER / "tiny.json").read_text())["cells"]
    assert ["test" in cell for cell in cells.values()] == [True, False, False]
    assert len((records.FOLDER / "test-log.jsonl").read_text().splitlines()) == 1


def test_the_test_split_is_for_what_is_committed(tiny, monkeypatch, capsys):
    with pytest.raises(SystemExit):
        gather(monkeypatch, "--test")
    assert "add --commit" in capsys.readouterr().err


def test_an_unfinished_grid_says_so(tmp_path):
    found = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "gather_study.py"), "--grid", "figure-6"],
        capture_output=True, text=True, env=os.environ | {"AVBGTN_RUNS": str(tmp_path)},
    )  # fmt: skip
    assert found.returncode == 1 and "no cell of figure-6 is finished: python -m avbgtn study" in found.stderr


def test_numbers_are_kept_to_six_digits():
    assert study_record.rounded({"a": [0.123456789, 3], "b": 123456.789}) == {
        "a": [0.123457, 3],
        "b": 123457.0,
    }


def test_a_curve_adds_up_the_time_of_every_start():
    class Stopped:
        def lines(self, file="metrics.jsonl"):
            if file == "timings.jsonl":
                return [
                    {"start": 1, "epoch": 50, "cpu_seconds": 5.0},
                    {"start": 1, "epoch": 100, "cpu_seconds": 11.0},
                    {"start": 2, "epoch": 150, "cpu_seconds": 4.0},
                    {"start": 2, "epoch": 200, "cpu_seconds": 9.0},
                ]
            scores = {f"val_ema/{k}_{d}": 0.1 for k in study_record.CURVE for d in ("12", "21")}
            line = scores | {"val_ema/rec": 0.2, "val_ema/cyc": 0.3, "val/noise_share": 0.5}
            return [{"epoch": 100, **line}, {"epoch": 150}, {"epoch": 200, **line}]

    found = study_record.curve(Stopped())
    assert found["epoch"] == [100, 200] and found["cpu_seconds"] == [11.0, 20.0]
    assert found["l1_whole"] == [0.1, 0.1] and "t_loss" not in found
