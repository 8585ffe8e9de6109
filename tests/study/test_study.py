"""A grid as a job array: what it declares, that a cell is trained once and leaves its record,
and that one failure is one.
"""

import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import fields, replace
from pathlib import Path
from statistics import fmean

import pytest

from avbgtn import data
from avbgtn.__main__ import main
from avbgtn.config.parameters import config_of, from_parameters
from avbgtn.errors import ConfigError, RunError
from avbgtn.runs import Run
from avbgtn.study import cells as study
from avbgtn.study import grid
from avbgtn.study import record as study_record
from avbgtn.study.grid import GRIDS, Grid, Variant
from avbgtn.study.shifts import SHIFTS
from avbgtn.training.train import Interrupted
from avbgtn_book import records
from children import HANG, Child
from contents import BOOK

SCRIPT = BOOK / "_assets" / "study.sbatch"
TINY = Grid(
    "tiny", "quick", 12, {"size": 32, "width": 2, "private_blocks": 0},
    (Variant("unit", "unit", 2, {}), Variant("avb_gtn-logit", "avb_gtn", 1, {"penalty": "logit"})), images=8,
)  # fmt: skip


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("AVBGTN_RUNS", str(tmp_path))
    monkeypatch.setitem(GRIDS, "tiny", TINY)


# --- what is declared ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["full", "toy"])
def test_every_cell_is_a_config_of_its_own(name):
    everything = study.cells(GRIDS[name])
    assert [cell.number for cell in everything] == list(range(72))
    assert (
        len({cell.name for cell in everything})
        == len({c.config("0").fingerprint() for c in everything})
        == 72
    )


def test_the_full_grid_is_what_the_book_says_it_is():
    full = GRIDS["full"]
    assert full.epochs == 2000
    configs = {cell.name: cell.config("0") for cell in study.cells(full)}
    assert {(c.size, c.width, c.batch, c.device, c.dataset) for c in configs.values()} == {
        (64, 16, 1, "cpu", "heads")
    }
    for model, posterior, penalty in (("unit", "code", "mean_square"), ("avb_gtn", "input", "log_sigmoid")):
        for init, ending in (("independent", ""), ("twin", "-twin")):
            own = [configs[f"{model}{ending}-seed{seed}"] for seed in range(8)]
            assert {(c.posterior, c.penalty, c.init) for c in own} == {(posterior, penalty, init)}
            assert [c.seed for c in own] == list(range(8))
    as_written = {m: configs[f"{m}-seed2"] for m in ("unit", "avb_gtn")}
    assert grid.VARIANTS[4].name == "aligned" and grid.VARIANTS[4].seeds == 8
    for variant in grid.VARIANTS[4:]:
        assert variant.seeds == (8 if variant.name in ("aligned", "avb_gtn-no-t") else 3) and variant.changes
        assert configs[f"{variant.name}-seed2"] == replace(as_written[variant.model], **variant.changes)


def test_the_search_tried_as_many_settings_for_unit_as_for_avb_gtn():
    search = GRIDS["search"]
    counts = [sum(v.seeds for v in search.variants if v.model == model) for model in ("unit", "avb_gtn")]
    assert counts[0] == counts[1] and search.epochs == 600
    assert len({c.config("0").fingerprint() for c in study.cells(search)}) == sum(counts)


def test_the_recipe_is_taken_apart_for_each_model_alike():
    recipe = GRIDS["recipe"]
    configs = {c.name: c.config("0") for c in study.cells(recipe)}
    assert len({c.fingerprint() for c in configs.values()}) == len(configs) == 3 * 7 * 3
    assert Counter(v.name.split("-")[0] for v in recipe.variants) == dict(unit=7, avb_gtn=7, aligned=7)
    for name, config in configs.items():
        model, *part, seed = name.split("-")
        base = configs[f"{model}-{seed}"]
        changed = {f.name for f in fields(base) if getattr(base, f.name) != getattr(config, f.name)}
        assert len(changed) == bool(part), name
    plain = config_of(
        from_parameters({"preset": "modern-aligned"}), "avb_gtn", preset="modern-aligned", dataset="heads",
        domains=("brown", "blond"), data_checksum="0", device="cpu",
    )  # fmt: skip
    assert replace(configs["aligned-seed0"], preset="modern-aligned") == plain


def test_the_tuned_settings_are_the_best_of_each_side_in_the_search():
    """The rule of the grid, applied to the committed record: nobody picked them by eye."""
    scores = {}
    for cell in records.load("search")["cells"].values():
        scores.setdefault(cell["model"], {}).setdefault(cell["variant"], []).append(
            cell["validation"]["l1_whole"]
        )
    best = {min(means, key=lambda name: fmean(means[name])) for means in scores.values()}
    assert {v.name for v in GRIDS["tuned"].variants} == best
    assert len(GRIDS["tuned"].variants) == 2 and {v.seeds for v in GRIDS["tuned"].variants} == {6}
    assert GRIDS["tuned"].epochs == GRIDS["full"].epochs


def test_cells_are_found_by_number_and_by_name_and_nothing_else_is():
    assert study.find_cell(TINY, "1").name == "avb_gtn-logit-seed0"
    assert study.find_cell(TINY, "unit-seed1").number == 2
    for wrong in ("3", "-1", "1.0", "", "²"):
        with pytest.raises(
            ConfigError, match="cell must be a number from 0 to 2 or a name such as unit-seed0, got "
        ):
            study.find_cell(TINY, wrong)
    with pytest.raises(ConfigError, match="got 'unit-sed1'; did you mean unit-seed1?"):
        study.find_cell(TINY, "unit-sed1")


def test_the_command_line_refuses_in_one_sentence(capsys):
    for arguments, words in (
        (
            ["--grid", "ful"],
            "grid must be one of full, toy, search, tuned, recipe, figure-6, reader, paper, tiny, got 'ful'",
        ),
        (["--cell", "72"], "cell must be a number from 0 to 71"),
        (
            ["--cell", "1", "--processes", "2"],
            "give --cell or --processes, not both: one cell, or all open ones",
        ),
        (["--processes", "0"], "processes must be a positive whole number, got '0'"),
    ):
        assert main(["study", *arguments]) == 2
        found = capsys.readouterr().err
        assert found.startswith(f"error: {words}") and found.count("\n") == 1


def test_listing_needs_no_torch():
    code = "import sys; from avbgtn.__main__ import main; main(['study']); assert 'torch' not in sys.modules"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert len(found.stdout.splitlines()) == 73


# --- one cell -----------------------------------------------------------------------------------------------


def test_a_cell_is_trained_once_and_leaves_a_record(capsys):
    assert "unit-seed1                 as written                       12 epochs  open" in study.listing(
        TINY
    )
    assert main(["study", "--grid", "tiny", "--cell", "1"]) == 0
    cell = study.find_cell(TINY, "1")
    record = json.loads((cell.folder / "record.json").read_text())
    run = Run(cell.folder)
    assert record["config"] == run.config.to_dict() and record["fingerprint"] == run.config.fingerprint()
    assert run.config == cell.config(data.load("heads", size=32).checksum)
    assert (record["epochs"], record["changes"], record["seed"]) == (12, {"penalty": "logit"}, 0)
    assert record["cpu_seconds"] > 0 and record["revision"] == run.provenance()[-1]["revision"]
    assert record["version"] == study.VERSION == study_record.VERSION
    scores = record["validation"]
    assert scores["l1_hair"] == pytest.approx(
        (scores["12"]["l1_hair"] + scores["21"]["l1_hair"]) / 2, rel=1e-5
    )
    assert (
        0 < scores["l1_hair"] < 1
        and 0 <= record["codes"]["domain"] <= 1
        and set(record["shifts"]) == set(SHIFTS)
    )
    assert (
        record["curve"]["epoch"] == [3, 6, 9, 12]
        and record["curve"]["cpu_seconds"][-1] == record["cpu_seconds"]
    )

    capsys.readouterr()
    before = (cell.folder / "record.json").read_bytes()
    assert main(["study", "--grid", "tiny", "--cell", "avb_gtn-logit-seed0"]) == 0
    assert f"avb_gtn-logit-seed0: done, 12 epochs by revision {record['revision']}" in capsys.readouterr().out
    assert (cell.folder / "record.json").read_bytes() == before and len(run.provenance()) == 1
    assert study.listing(TINY).splitlines()[1].endswith("done") and "1 of 3 done" in study.listing(TINY)


def test_a_cell_that_was_stopped_continues_and_ends_with_the_same_scores(monkeypatch, tmp_path):
    cell = study.find_cell(TINY, "0")
    whole = study.run_cell(cell, say=str)

    monkeypatch.setenv("AVBGTN_RUNS", str(tmp_path / "again"))
    heads = data.load("heads", size=32)
    batch = heads.batch

    def stopping(epoch, *args, **kwargs):
        if epoch == 6:
            os.kill(os.getpid(), signal.SIGTERM)
        return batch(epoch, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(data, "load", lambda *args, **kwargs: heads)
        patch.setattr(heads, "batch", stopping)
        with pytest.raises(Interrupted, match="stopped at epoch 7, checkpoint saved"):
            study.run_cell(cell, say=str)
    assert cell.state() == "epoch 7" and cell.record() is None
    again = study.run_cell(cell, say=str)
    assert (
        again["validation"] == whole["validation"]
        and again["codes"] == whole["codes"]
        and len(again["starts"]) == 2
    )


def test_a_record_of_another_grid_is_not_taken_for_this_one(monkeypatch):
    cell = study.find_cell(TINY, "0")
    study.run_cell(cell, say=str)
    assert cell.state() == "done"
    longer = replace(cell, grid=TINY._replace(epochs=13))
    assert longer.state() == "epoch 12"
    assert study.run_cell(longer, say=str)["epochs"] == 13
    other = replace(cell, variant=Variant("unit", "unit", 2, {"lr": 1e-4}))
    assert other.record() is None
    with pytest.raises(RunError, match="holds another run: lr = 0.001 there and 0.0001 now"):
        study.run_cell(other, say=str)


# --- all cells ----------------------------------------------------------------------------------------------


def pretend(monkeypatch, **commands: str) -> None:
    """Cells that do something else than train."""

    def start(cell):
        log = study._log(cell)
        log.parent.mkdir(parents=True, exist_ok=True)
        with open(log, "ab") as file:
            code = commands[cell.name.replace("-", "_")]
            return Child([sys.executable, "-c", f"import os, sys, time; {code}"], stdout=file)

    monkeypatch.setattr(study, "_start", start)


def test_a_cell_that_fails_does_not_stop_the_others(monkeypatch, capsys):
    pretend(
        monkeypatch,
        unit_seed0="print('error: training diverged'); sys.exit(2)",
        avb_gtn_logit_seed0="os.kill(os.getpid(), 9)",
        unit_seed1="pass",
    )
    assert main(["study", "--grid", "tiny", "--processes", "2"]) == 2
    said = capsys.readouterr().out
    assert "study tiny: 0 of 3 cells done, 3 open" in said and "unit-seed1: done" in said
    assert re.search(r"FAILED  unit-seed0: exit 2: error: training diverged \(.*unit-seed0.txt\)", said)
    assert "FAILED  avb_gtn-logit-seed0: killed by signal 9" in said
    assert said.rstrip().endswith("study tiny: 1 of 3 cells done, 2 failed")


def test_a_signal_is_handed_on_and_nothing_more_is_started(monkeypatch, capsys):
    wait = (
        "import signal; signal.signal(15, lambda *a: sys.exit(75)); "
        "os.kill(os.getppid(), 15); time.sleep(1800)"
    )
    pretend(monkeypatch, unit_seed0=wait, avb_gtn_logit_seed0="", unit_seed1="")
    assert main(["study", "--grid", "tiny", "--processes", "1"]) == 75
    assert (
        "study tiny: stopped with 0 of 3 cells done, checkpoint saved; the same command continues"
        in capsys.readouterr().err
    )


def test_a_signal_that_comes_while_a_cell_starts_reaches_it(monkeypatch, capsys):
    pretend(monkeypatch, unit_seed0="time.sleep(1800)", avb_gtn_logit_seed0="", unit_seed1="")
    plain = study._start

    def start(cell):
        process = plain(cell)
        os.kill(os.getpid(), signal.SIGTERM)  # before the loop knows of the process
        return process

    monkeypatch.setattr(study, "_start", start)
    assert main(["study", "--grid", "tiny", "--processes", "1"]) == 75
    assert "stopped with 0 of 3 cells done" in capsys.readouterr().err


def test_a_grid_for_a_gpu_says_once_that_there_is_none(monkeypatch, capsys):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(study, "_start", lambda cell: pytest.fail("a cell was started"))
    assert main(["study", "--grid", "reader", "--processes", "2"]) == 2
    found = capsys.readouterr()
    assert (
        found.err.startswith("error: grid reader is for a GPU")
        and found.err.count("\n") == 1
        and not found.out
    )


def test_a_cell_is_started_as_anybody_would_start_it(tmp_path):
    process = study._start(
        replace(study.find_cell(GRIDS["toy"], "0"), variant=Variant("none", "unit", 1, {}))
    )
    assert process.wait(HANG) == 2
    log = (tmp_path / "study-toy" / "logs" / "none-seed0.txt").read_text()
    assert log.startswith("error: cell must be a number from 0 to 71") and "got 'none-seed0'" in log


# --- the batch script ---------------------------------------------------------------------------------------


def batch_job(start, tmp_path: Path, training: str, number: int | None) -> tuple[int, str]:
    """Run the script with other programs in the place of python and scontrol; its exit code,
    and what they were asked.
    """
    programs = {
        "python": f'echo "python $*" >> asked\n{training}',
        "scontrol": 'echo "scontrol $*" >> asked',
    }
    for name, text in programs.items():
        (tmp_path / name).write_text(f"#!/bin/bash\n{text}\n")
        (tmp_path / name).chmod(0o755)
    environment = {
        "PATH": f"{tmp_path}:/usr/bin:/bin",
        "SLURM_ARRAY_TASK_ID": "7",
        "SLURM_ARRAY_JOB_ID": "123",
    }
    job = start("bash", SCRIPT, "toy", cwd=tmp_path, environment=environment)
    if number is not None:
        job.until((tmp_path / "started").exists, "its start")
        job.send_signal(number)
    job.finish()
    return job.returncode, (tmp_path / "asked").read_text()


SAVES = "trap 'sleep 0.3; exit 75' TERM; touch started; while :; do sleep 0.05; done"
ASKED = "python -m avbgtn study --grid toy --cell 7\n"


@pytest.mark.parametrize(
    "training, number, code, more",
    [
        ("exit 0", None, 0, ""),
        ("exit 2", None, 2, ""),
        (SAVES, signal.SIGUSR1, 75, "scontrol requeue 123_7\n"),
        (SAVES, signal.SIGTERM, 75, ""),  # cancelled by a person
    ],
)
def test_the_batch_script_hands_the_signal_on_and_comes_back(training, number, code, more, start, tmp_path):
    assert batch_job(start, tmp_path, training, number) == (code, ASKED + more)


def test_the_batch_script_is_valid_and_has_a_task_for_every_cell():
    subprocess.run(["bash", "-n", str(SCRIPT)], check=True)
    text = SCRIPT.read_text()
    assert f"#SBATCH --array=0-{len(study.cells(GRIDS['full'])) - 1} " in text
    assert "#SBATCH --cpus-per-task=1 " in text and "export OMP_NUM_THREADS=1" in text
