"""Models that train side by side, each in a process of its own: the same results, and one end for all."""

import os
import signal
import sys
import threading
from pathlib import Path

import psutil
import pytest
import torch

import avbgtn
from avbgtn.config.parameters import from_parameters
from avbgtn.errors import RunError
from avbgtn.runs import Run
from avbgtn.training import launch
from avbgtn.training.train import Interrupted
from children import contents, wait_for_progress
from ranks import processes_with

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/environ").exists(), reason="looks for processes in /proc"
)
SMALL = dict(dataset="heads", preset="quick", size=32, width=2, epochs=12)
FOREVER = 1_000_000
BOTH = """
import sys
import avbgtn
from avbgtn.config.parameters import from_parameters
from avbgtn.training import launch

launch.cores = lambda: 2
given = dict(dataset="heads", preset="quick", size=32, width=2, epochs=1_000_000, run_dir=sys.argv[1])
try:
    launch.train_experiment(avbgtn.resolve(from_parameters(given)), log_every=1)
except launch.Interrupted as stopped:
    print(stopped)
    sys.exit(stopped.EXIT_CODE)
"""


@pytest.fixture
def two_cores(monkeypatch):
    monkeypatch.setattr(launch, "cores", lambda: 2)


def experiment(folder, **more):
    return avbgtn.resolve(from_parameters(SMALL | {"run_dir": str(folder)} | more))


def assert_nothing_runs(folder):
    def running():
        return processes_with(str(folder))

    wait_for_progress(lambda: not running(), running, "the end of all processes", every=0.1)
    for name in ("unit", "avb_gtn"):
        with Run(folder / name).locked():
            pass


def saved(folder):
    return all((folder / name / "latest").exists() for name in ("unit", "avb_gtn"))


def test_they_end_with_the_numbers_of_one_after_the_other(tmp_path, monkeypatch, two_cores):
    alone = launch.train_experiment(
        experiment(tmp_path / "one"), keep=(5,), log_every=3, measure_every=6, say=str
    )
    said = []
    monkeypatch.setattr(launch, "MINUTE", 0.0)
    both = launch.train_experiment(
        experiment(tmp_path / "two"), keep=(5,), log_every=3, measure_every=6, say=said.append
    )
    assert list(alone) == list(both) == ["unit", "avb_gtn"]
    for name in alone:
        assert both[name].checkpoints() == alone[name].checkpoints() == [5, 12]
        assert both[name].lines() == alone[name].lines()
        for kind in ("weights", "ema", "optimizer"):
            left, right = alone[name].load(kind), both[name].load(kind)
            assert all(torch.equal(left[key], right[key]) for key in left | right)
    assert said[0] == "side by side, each in a process of its own: unit, avb_gtn"
    assert sum(line.startswith("unit     epoch     12/12") for line in said) == 1, said
    assert sum(line.startswith("avb_gtn  epoch     12/12") for line in said) == 1, said
    assert_nothing_runs(tmp_path / "two")

    monkeypatch.setattr(launch, "_start", lambda *a: pytest.fail("a finished run starts no process"))
    again = launch.train_experiment(experiment(tmp_path / "two"), say=said.append)
    assert again["unit"].latest() == 12 and "nothing to train" in said[-1]


def test_what_takes_seconds_or_has_one_core_stays_in_this_process(tmp_path, monkeypatch, two_cores):
    monkeypatch.setattr(launch, "_start", lambda *a: pytest.fail("a process was started"))
    launch.train_experiment(experiment(tmp_path, epochs=2), say=str)
    assert not launch._worth_a_process(experiment(tmp_path, epochs=900))
    assert launch._worth_a_process(experiment(tmp_path, epochs=1000)) == ["unit", "avb_gtn"]
    assert len(launch._worth_a_process(experiment(tmp_path, epochs=1000, models="unit"))) == 1
    monkeypatch.setattr(launch, "cores", lambda: 1)
    assert not launch._worth_a_process(experiment(tmp_path, epochs=100_000))


def test_one_that_fails_stops_the_other_which_can_go_on(tmp_path, monkeypatch, two_cores):
    e = experiment(tmp_path, epochs=FOREVER)
    busy = Run.create(e.configs["unit"], tmp_path / "unit")
    with busy.locked(), pytest.raises(RunError) as failed:
        launch.train_experiment(e, say=str)
    told = str(failed.value)
    assert told.startswith("the training of unit failed (exit 2); every run can be continued. It said: error")
    assert "in use" in told and "\n" not in told
    assert_nothing_runs(tmp_path)


def test_one_that_is_killed_is_named(tmp_path, two_cores):
    e = experiment(tmp_path, epochs=FOREVER)
    names, hit = ("unit", "avb_gtn"), []

    def kill() -> None:
        wait_for_progress(
            lambda: all((tmp_path / name / "metrics.jsonl").exists() for name in names),
            lambda: contents(tmp_path),
            "the first lines",
        )
        theirs = [p for p in psutil.Process().children() if str(tmp_path / "avb_gtn") in p.cmdline()]
        theirs[0].kill()
        hit.extend(theirs)

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(RunError, match=r"the training of avb_gtn was killed \(SIGKILL: .*every run can be"):
        launch.train_experiment(e, say=str, log_every=1)
    killer.join()
    assert len(hit) == 1
    assert_nothing_runs(tmp_path)
    assert Run(tmp_path / "unit").latest(), "it saved a checkpoint"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_both_with_a_checkpoint(start, tmp_path, number):
    job = start(sys.executable, "-c", BOTH, tmp_path)
    names = ("unit", "avb_gtn")
    job.until(
        lambda: all((tmp_path / n / "metrics.jsonl").exists() for n in names), "the first lines", tmp_path
    )
    job.send_signal(number)
    said = job.finish(tmp_path)
    assert job.returncode == Interrupted.EXIT_CODE, said
    assert "unit, avb_gtn: stopped, checkpoint saved; the same command continues" in said
    assert all(Run(tmp_path / name).latest() for name in names)
    assert_nothing_runs(tmp_path)


def test_both_end_when_whoever_started_them_is_killed(start, tmp_path):
    job = start(sys.executable, "-c", BOTH, tmp_path)
    names = ("unit", "avb_gtn")
    job.until(
        lambda: all((tmp_path / n / "metrics.jsonl").exists() for n in names), "the first lines", tmp_path
    )
    os.kill(job.pid, signal.SIGKILL)
    wait_for_progress(lambda: saved(tmp_path), lambda: contents(tmp_path), "two checkpoints")
    assert_nothing_runs(tmp_path)
