"""A run that is killed and continued ends as one that was never stopped: same bits in weights and metrics."""

import json
import random
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from avbgtn.runs import Run
from avbgtn.training.train import Interrupted, train
from children import Child, children
from examples import AVB_GTN_CONFIG, UNIT_CONFIG, RandomDomains

SCRIPT = Path(__file__).parents[1] / "train_tiny.py"
EPOCHS = 40


def training(start, model: str, epochs: int, folder: Path, save_minutes: float = 0.0) -> Child:
    return start(sys.executable, SCRIPT, model, epochs, folder, save_minutes)


def wait_for_epoch(folder: Path, process: Child, epoch: int) -> None:
    latest = folder / "latest"
    process.until(
        lambda: latest.exists() and int(latest.read_text().strip()[6:] or 0) >= epoch,
        f"epoch {epoch}",
        folder,
    )


def everything(folder: Path) -> dict[str, bytes]:
    """What must agree to the bit: weights, averages, optimiser state and the metrics file."""
    run = Run(folder)
    last = run.checkpoint(run.latest())
    files = {p.name: p.read_bytes() for p in last.iterdir()}
    return files | {"metrics.jsonl": (folder / "metrics.jsonl").read_bytes()}


@pytest.fixture(scope="module")
def never_stopped(tmp_path_factory):
    folder = tmp_path_factory.mktemp("straight") / "run"
    with children() as start:
        process = training(start, "avb_gtn", EPOCHS, folder)
        output = process.finish(folder)
    assert process.returncode == 0, output
    return everything(folder)


def test_killed_at_random_moments_and_continued_is_bit_identical(start, never_stopped, tmp_path):
    folder, chance = tmp_path / "run", random.Random(20180504)
    for kill_after in (2, 11, 25):
        process = training(start, "avb_gtn", EPOCHS, folder)
        wait_for_epoch(folder, process, kill_after)
        time.sleep(chance.uniform(0, 0.05))  # anywhere: in a step, while writing a checkpoint or a line
        process.send_signal(signal.SIGKILL)
        process.wait()
    process = training(start, "avb_gtn", EPOCHS, folder)
    output = process.finish(folder)
    assert process.returncode == 0, output
    assert "continues from epoch" in output
    found = everything(folder)
    assert set(found) == set(never_stopped)
    different = [name for name in found if found[name] != never_stopped[name]]
    assert not different, f"differs from the run that was never stopped: {different}"
    epochs = [line["epoch"] for line in Run(folder).lines()]
    assert epochs == sorted(set(epochs)), "a metrics line was written twice"
    assert len(Run(folder).provenance()) == 4


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_sigterm_and_ctrl_c_save_a_checkpoint_and_exit_with_a_code_of_their_own(number, start, tmp_path):
    folder = tmp_path / "run"
    process = training(
        start, "unit", 100_000, folder, save_minutes=0.0 if number == signal.SIGTERM else 0.0005
    )
    wait_for_epoch(folder, process, 2)
    process.send_signal(number)
    output = process.finish(folder)
    assert process.returncode == Interrupted.EXIT_CODE == 75, output
    assert "checkpoint saved; the same command continues" in output
    assert f"stopped at epoch {Run(folder).latest():,}" in output


def test_the_same_run_in_memory_is_deterministic_and_resumes(tmp_path):
    config, data = replace(UNIT_CONFIG, width=2), RandomDomains()
    options = dict(log_every=4, measure_every=8, say=lambda text: None)
    train(config, data, epochs=11, run_dir=tmp_path / "a", **options)
    train(config, data, epochs=5, run_dir=tmp_path / "b", **options)
    train(config, data, epochs=11, run_dir=tmp_path / "b", **options)  # epochs may grow
    a, b = Run(tmp_path / "a"), Run(tmp_path / "b")
    for name in ("weights", "ema", "optimizer"):
        left, right = a.load(name), b.load(name)
        assert all(torch.equal(left[k], right[k]) for k in left), name


def test_one_process_a_folder(start, tmp_path):
    first = training(start, "unit", 100_000, tmp_path / "run")
    wait_for_epoch(tmp_path / "run", first, 1)
    second = training(start, "unit", 100_000, tmp_path / "run")
    output = second.finish()
    assert second.returncode != 0
    assert "is in use by another process; wait for it, stop it, or choose another run_dir" in output


def test_kept_epochs_keep_their_weights_and_drop_their_optimiser(tmp_path):
    train(
        replace(AVB_GTN_CONFIG, width=2), RandomDomains(), epochs=12, run_dir=tmp_path, keep=(2, 6),
        log_every=4, measure_every=12, save_minutes=0.0, say=lambda text: None,
    )  # fmt: skip
    run = Run(tmp_path)
    assert run.checkpoints() == [2, 6, 11, 12]
    assert sorted(p.name for p in run.checkpoint(2).iterdir()) == [
        "ema.safetensors",
        "state.json",
        "weights.safetensors",
    ]
    assert (run.checkpoint(11) / "optimizer.safetensors").exists()


def test_metrics_lines_hold_losses_scores_and_no_times(tmp_path):
    train(
        replace(AVB_GTN_CONFIG, width=2), RandomDomains(), epochs=4, run_dir=tmp_path,
        log_every=2, measure_every=4, say=lambda text: None,
    )  # fmt: skip
    first, last = Run(tmp_path).lines()
    assert {"epoch", "generators/loss", "discriminators/d1", "posterior/t1", "posterior/t_prior2"} <= set(
        first
    )
    assert {"val/l1_hair_12", "val_ema/l1_outside_21", "val/rec", "val/noise_share", "d1_real_val"} <= set(
        last
    )
    assert not any("second" in key for key in last)
    timings = Run(tmp_path).lines("timings.jsonl")
    assert [t["epoch"] for t in timings] == [2, 4] and timings[1]["cpu_seconds"] > 0
    assert Run(tmp_path).cpu_seconds() == [timings[1]["cpu_seconds"]]
    Run(tmp_path).append("timings.jsonl", {"start": 2, "epoch": 6, "seconds": 99.0, "cpu_seconds": 99.0})
    assert Run(tmp_path).cpu_seconds() == [timings[1]["cpu_seconds"], 99.0]
    assert json.loads((tmp_path / "provenance.json").read_text())[0]["from_epoch"] == 0
