"""Several processes: the notebook starts torchrun, follows it, and gets the run that one process would have made."""

import signal
import subprocess
import sys
import time

import pytest

from avbgtn.launch import train_experiment
from avbgtn.parameters import from_parameters
from avbgtn.runs import Run
from avbgtn.storage import RunError
from avbgtn.train import Interrupted

SMALL = dict(epochs=3, dataset="heads", size=32, width=2, batch=2, models="avb_gtn")


def experiment(**changes):
    return from_parameters(SMALL | changes).resolve()


def test_two_processes_train_as_one_with_the_whole_batch(tmp_path):
    said = []
    one = train_experiment(experiment(run_dir=str(tmp_path / "one")), say=said.append)["avb_gtn"]
    two = train_experiment(experiment(run_dir=str(tmp_path / "two"), devices=2), say=said.append)["avb_gtn"]
    assert any("starts 2 processes" in line for line in said)
    assert two.provenance()[0]["processes"] == 2
    a, b = one.lines()[-1], two.lines()[-1]
    assert set(a) == set(b)
    # Sums in another order: float32 agrees to a few digits. (Weights may not: Adam makes a full step of a rounding error
    # where the true gradient is zero, as for every bias in front of an instance norm.)
    for name in ("generators/loss", "posterior/loss", "discriminators/loss", "val/rec", "val_ema/cyc"):
        assert b[name] == pytest.approx(a[name], rel=2e-3), name


def test_a_process_that_fails_is_reported_with_its_last_lines(tmp_path, monkeypatch):
    started = experiment(run_dir=str(tmp_path), devices=2)
    config = started.configs["avb_gtn"]
    Run.create(config, started.run_folder("avb_gtn"))
    file = started.run_folder("avb_gtn") / "latest"
    broken = started.run_folder("avb_gtn") / "checkpoints" / "epoch-00000001"
    broken.mkdir()
    file.write_text(broken.name + "\n")
    with pytest.raises(
        RunError,
        match=r"(?s)a process of avb_gtn failed \(exit \d+\); the run can be continued. It said:\nerror: .*truncated or damaged",
    ):
        train_experiment(started, say=lambda text: None)


def test_sigterm_to_the_parent_of_several_processes_saves_a_checkpoint(tmp_path):
    options = ["--epochs", "100000", "--dataset", "heads", "--size", "32", "--width", "2", "--batch", "2"]
    parent = subprocess.Popen(
        [sys.executable, "-m", "avbgtn", "train", *options, "--devices", "2", "--models", "unit", "--run_dir", str(tmp_path)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    metrics = tmp_path / "unit" / "metrics.jsonl"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not metrics.exists() and parent.poll() is None:
        time.sleep(0.05)
    parent.send_signal(signal.SIGTERM)
    output, _ = parent.communicate(timeout=90)
    assert parent.returncode == Interrupted.EXIT_CODE, output
    assert "checkpoint saved; the same command continues" in output
    run = Run(tmp_path / "unit")
    assert run.latest() >= 50
    with run.locked():
        pass  # nobody trains on behind its back
