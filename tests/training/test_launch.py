"""Several processes: they train what one would, stop together, and leave a run that can be continued."""

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import avbgtn
from avbgtn import data
from avbgtn.__main__ import main
from avbgtn.config.parameters import from_parameters
from avbgtn.errors import ConfigError, RunError
from avbgtn.runs import Run
from avbgtn.training import launch
from avbgtn.training.launch import train_experiment
from avbgtn.training.processes import ENDED, FOLLOWED, LOST, Place
from avbgtn.training.train import Interrupted, train
from children import contents, wait_for_progress
from examples import AVB_GTN_CONFIG, UNIT_CONFIG, RandomDomains
from ranks import in_ranks, processes_with, workers_of

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/environ").exists(), reason="looks for processes in /proc"
)

# Sums in another order differ by 1e-16 in double precision. Adam divides a gradient by its own size, plus
# 1e-8: where the true gradient is zero, as of every bias in front of an instance norm, a rounding error of
# 1e-17 is stretched to a step of lr * 1e-9. In single precision, where rounding errors are as large as Adam's
# 1e-8, such weights do not agree at all. Measured after 20 epochs: 4e-10 in the weights, 4e-14 in the losses.
WEIGHTS, LOSSES = 1e-8, 1e-11
EPOCHS, STOP = 20, 13  # the stop is between two metrics lines
DOUBLE = dict(width=4, batch=2, precision="64-true")


class Stopped(RandomDomains):
    """The same data; on the way to epoch STOP one of the processes gets a signal, and the others get none."""

    def batch(self, epoch, *args, **kwargs):
        if epoch == STOP - 1 and os.environ["RANK"] == "1":
            os.kill(os.getpid(), signal.SIGTERM)
        return super().batch(epoch, *args, **kwargs)


def straight(config, folder, domains=RandomDomains):
    train(
        config, domains(), epochs=EPOCHS, run_dir=folder, log_every=5, measure_every=10, say=lambda text: None
    )


def stopped(config, folder):
    with pytest.raises(Interrupted, match=f"stopped at epoch {STOP}, checkpoint saved"):
        straight(config, folder, Stopped)


def assert_equal(a: Path, b: Path, weights: float, losses: float):
    a, b = Run(a), Run(b)
    for name in ("weights", "ema"):
        left, right = a.load(name), b.load(name)
        worst = max((left[k] - right[k]).abs().max().item() for k in left)
        assert worst <= weights, f"{name} differ by {worst}"
    assert [line["epoch"] for line in a.lines()] == [line["epoch"] for line in b.lines()]
    for one, two in zip(a.lines(), b.lines(), strict=True):
        assert set(one) == set(two)
        for key in one.keys() - {"alarms"}:
            assert two[key] == pytest.approx(one[key], rel=losses, abs=losses), (one["epoch"], key)


@pytest.mark.parametrize("model", [UNIT_CONFIG, AVB_GTN_CONFIG], ids=lambda c: c.model)
def test_two_processes_train_as_one_with_the_whole_batch_also_when_stopped(model, tmp_path):
    config = replace(model, **DOUBLE)
    straight(config, tmp_path / "one")
    assert in_ranks(2, lambda: straight(config, tmp_path / "two")) == [0, 0]
    assert Run(tmp_path / "two").provenance()[0]["processes"] == 2
    assert_equal(tmp_path / "one", tmp_path / "two", WEIGHTS, LOSSES)

    # stopped by a signal to one of them, and continued by as many: the same weights to the bit
    assert in_ranks(2, lambda: stopped(config, tmp_path / "again")) == [0, 0]
    assert Run(tmp_path / "again").latest() == STOP
    assert in_ranks(2, lambda: straight(config, tmp_path / "again")) == [0, 0]
    assert_equal(tmp_path / "two", tmp_path / "again", 0.0, LOSSES)

    # and continued by one
    assert in_ranks(2, lambda: stopped(config, tmp_path / "alone")) == [0, 0]
    straight(config, tmp_path / "alone")
    assert [start["processes"] for start in Run(tmp_path / "alone").provenance()] == [2, 1]
    assert_equal(tmp_path / "two", tmp_path / "alone", WEIGHTS, LOSSES)


def test_two_machines_with_one_process_each_are_two_processes(tmp_path):
    config = replace(AVB_GTN_CONFIG, **DOUBLE | {"width": 2})
    assert in_ranks(2, lambda: straight(config, tmp_path / "one")) == [0, 0]
    assert in_ranks(2, lambda: straight(config, tmp_path / "two"), machines=2) == [0, 0]
    assert Run(tmp_path / "two").provenance()[0]["processes"] == 2
    assert_equal(tmp_path / "one", tmp_path / "two", 0.0, 0.0)


# --- what is refused, and how often it is said --------------------------------------------------------------


def said_by_two(capfd, *arguments: str, machines: int = 1) -> str:
    capfd.readouterr()
    codes = in_ranks(2, lambda: sys.exit(main(list(arguments))), machines=machines)
    assert codes == [2, 2]
    return capfd.readouterr().err


def errors(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("error: ")]


def test_a_batch_that_cannot_be_shared_is_refused_once_before_any_work(capfd, monkeypatch):
    monkeypatch.setattr(data, "load", lambda *a, **k: pytest.fail("data were loaded"))
    text = said_by_two(capfd, "train", "--epochs", "3", "--batch", "3")
    assert errors(text) == [
        "error: batch must be a multiple of the 2 processes, so that each gets as much, got 3"
    ]
    text = said_by_two(capfd, "train", "--epochs", "3", machines=2)
    assert errors(text) == [
        (
            "error: batch must be a multiple of the 2 processes (2 machines with 1 each), so "
            "that each gets as much, got 1"
        )
    ]


def test_devices_are_the_launchers():
    with pytest.raises(
        ConfigError, match="devices=4 was asked for, and the launcher started 2 .* leave devices out"
    ):
        Place(0, 2, 2, launched=True).check(4, devices=4)


def test_divergence_and_a_damaged_checkpoint_are_said_once(capfd, tmp_path):
    bad = replace(UNIT_CONFIG, width=2, batch=2, lr=1e30, data_checksum=data.load("heads", size=32).checksum)
    Run.create(bad, tmp_path / "bad")
    text = said_by_two(capfd, "resume", str(tmp_path / "bad"), "--epochs", "20", "--log_every", "5")
    assert len(errors(text)) == 1 and "training diverged by epoch" in text

    run = Run.create(replace(bad, lr=1e-3), tmp_path / "damaged")
    run.checkpoint(1).mkdir()
    (run.path / "latest").write_text("epoch-00000001\n")
    text = said_by_two(capfd, "resume", str(run.path), "--epochs", "20")
    assert len(errors(text)) == 1 and "truncated or damaged" in text

    with run.locked():
        text = said_by_two(capfd, "resume", str(run.path), "--epochs", "20")
    assert len(errors(text)) == 1 and "is in use by another process" in text


def test_a_mistake_in_one_process_is_named_beside_its_traceback(capfd, monkeypatch):
    monkeypatch.setattr(data, "load", lambda *a, **k: {}["a mistake"])
    assert in_ranks(2, lambda: main(["train", "--epochs", "3", "--batch", "2"])) == [1, 1]
    text = capfd.readouterr().err
    assert sorted(errors(text)) == [f"error: rank {rank} of 2: KeyError('a mistake')" for rank in (0, 1)]
    assert text.count("Traceback") == 2


def test_an_error_in_one_process_stops_the_others(capfd, tmp_path):
    """A picture that only one of them reads, say."""

    class Broken(RandomDomains):
        def batch(self, epoch, *args, **kwargs):
            if epoch == 7 and os.environ["RANK"] == "1":
                raise data.DataError("picture 7 is broken")
            return super().batch(epoch, *args, **kwargs)

    def work():
        try:
            straight(replace(UNIT_CONFIG, width=2, batch=2), tmp_path, Broken)
        except (RunError, data.DataError) as error:
            print(f"rank {os.environ['RANK']}: {error}")
            sys.exit(2)

    assert in_ranks(2, work) == [2, 2]
    text = capfd.readouterr().out
    assert "rank 1: picture 7 is broken" in text and f"rank 0: {LOST}" in text
    with Run(tmp_path).locked():
        pass


@pytest.mark.parametrize("rank", [0, 1])
def test_a_killed_process_stops_the_others_and_leaves_a_run_that_ends_as_if_nothing_had_been(
    rank, capfd, tmp_path
):
    class Killed(RandomDomains):
        def batch(self, epoch, *args, **kwargs):
            if epoch == STOP and os.environ["RANK"] == str(rank):
                os.kill(os.getpid(), signal.SIGKILL)
            return super().batch(epoch, *args, **kwargs)

    def work(domains):
        try:
            train(
                config,
                domains(),
                epochs=EPOCHS,
                run_dir=tmp_path / "run",
                log_every=5,
                measure_every=10,
                keep=(8,),
                say=lambda text: None,
            )
        except RunError as error:
            print(error)
            sys.exit(2)

    config = replace(UNIT_CONFIG, width=2, batch=2)
    codes = in_ranks(2, lambda: work(Killed))
    assert codes[rank] == -signal.SIGKILL and codes[1 - rank] == 2
    assert f"{LOST}: one was killed" in capfd.readouterr().out
    run = Run(tmp_path / "run")
    assert run.latest() == 8
    with run.locked():
        pass
    assert in_ranks(2, lambda: work(RandomDomains)) == [0, 0]
    assert in_ranks(2, lambda: straight(config, tmp_path / "never")) == [0, 0]
    assert_equal(tmp_path / "never", tmp_path / "run", 0.0, 1e-6)


def test_a_process_that_is_silent_is_given_up(capfd, monkeypatch, tmp_path):
    monkeypatch.setenv("AVBGTN_PATIENCE", "0.05")
    given_up = tmp_path / "given up"

    class Silent(RandomDomains):
        def batch(self, epoch, *args, **kwargs):
            if epoch == 3 and os.environ["RANK"] == "1":
                while not given_up.exists():  # a process that ends is lost at once; this one is silent
                    time.sleep(0.01)
                os._exit(0)
            return super().batch(epoch, *args, **kwargs)

    def work():
        with pytest.raises(RunError, match=f"{LOST}: .* silent for 0.05 minutes; the run can be continued"):
            straight(replace(UNIT_CONFIG, width=2, batch=2), tmp_path / "run", Silent)
        given_up.touch()

    assert in_ranks(2, work) == [0, 0]


WORKER = """
import signal, sys, time
from avbgtn.training.processes import Signals, stop_without_parent
with Signals() as signals:
    stop_without_parent()
    print("watches", flush=True)
    for _ in range(20000):
        if signals.received:
            open(sys.argv[1], "w").write("saved")
            break
        time.sleep(0.05)
"""


@pytest.mark.parametrize("followed", [True, False], ids=["its notebook is gone", "its launcher is gone"])
def test_a_process_without_its_parent_gets_a_signal(followed, start, tmp_path):
    worker = [sys.executable, "-c", WORKER, str(tmp_path / "said")]
    if followed:
        job = start(*worker, stdin=subprocess.PIPE, environment=os.environ | {FOLLOWED: "1"})
        job.until(lambda: job.said() == "watches\n", "its watch")
        job.stdin.close()
    else:
        launcher = f"import subprocess, time; subprocess.Popen({worker!r}); time.sleep(3600)"
        job = start(sys.executable, "-c", launcher)
        job.until(lambda: job.said() == "watches\n", "its watch")
        job.kill()
    wait_for_progress((tmp_path / "said").exists, job.said, "the signal")


def test_a_folder_that_the_others_do_not_see_is_refused(capfd, monkeypatch, tmp_path):
    def work():
        if os.environ["RANK"] == "1":
            monkeypatch.setattr(Path, "is_file", lambda self: False)
        with pytest.raises(RunError, match="is not seen by every process: .* set AVBGTN_RUNS or run_dir"):
            straight(replace(UNIT_CONFIG, width=2, batch=2), tmp_path)

    assert in_ranks(2, work, machines=2) == [0, 0]


def test_what_the_parent_says_of_a_failed_job(tmp_path):
    run = Run.create(UNIT_CONFIG, tmp_path / "unit")

    def why(first, other, *words):
        return launch._why(run, 2, 1, [*words, f"{ENDED}1 {first}", f"{ENDED}0 {other}"])

    killed = (
        "rank 1 of the 2 processes of unit was killed (SIGKILL: by a person, or by the system for want of "
        "memory); the others stopped, and the same command starts again, as there was no checkpoint yet"
    )
    assert why(-9, 2, f"error: rank 0 of 2: {LOST}: one was killed") == killed
    assert "rank 0 of the 2" in why(2, -9) and "(Segmentation fault)" in why(-11, -15)
    own = why(2, 2, f"error: rank 0 of 2: {LOST}", "error: rank 1 of 2: picture 7 is broken")
    assert own.endswith("It said: error: rank 1 of 2: picture 7 is broken")
    assert "a process of unit failed (exit 1); the run can be continued" in own
    assert launch._why(run, 2, -9, []).startswith(
        "torchrun, which started the processes of unit, was killed (SIGKILL"
    )


# --- real jobs, started by the real launchers ---------------------------------------------------------------

SMALL = dict(dataset="heads", size=32, width=2, batch=2, models="avb_gtn", epochs=40)
KEEP, BIN = "5,12", Path(sys.executable).parent


def reached(run_dir: Path, epoch: int) -> bool:
    latest = run_dir / "latest"
    return latest.exists() and int(latest.read_text()[6:] or 0) >= epoch


def assert_left_as_it_should_be(folder: Path) -> None:
    def running():
        return processes_with(str(folder))

    wait_for_progress(lambda: not running(), running, f"the end of all processes of {folder}", every=0.1)
    with Run(folder).locked():
        pass


def test_stopped_and_killed_and_continued_by_another_launcher(start, tmp_path):
    folder = tmp_path / "avb_gtn"
    options = [word for name, value in SMALL.items() for word in (f"--{name}", str(value))]
    resume = ["resume", str(folder), "--epochs", str(SMALL["epochs"]), "--keep", KEEP]

    # 1. python -m avbgtn train --devices 2: SIGTERM to the parent alone
    job = start(
        sys.executable,
        "-m",
        "avbgtn",
        "train",
        *options,
        "--devices",
        2,
        "--run_dir",
        tmp_path,
        "--keep",
        KEEP,
    )
    job.until(lambda: reached(folder, 5), "epoch 5", tmp_path)
    job.send_signal(signal.SIGTERM)
    output = job.finish(tmp_path)
    assert job.returncode == Interrupted.EXIT_CODE, output
    assert "checkpoint saved; the same command continues" in output
    assert 5 <= Run(folder).latest() < 12
    assert_left_as_it_should_be(folder)

    # 2. the notebook's call, with epochs enough that it cannot end before the kill: one worker killed
    given = SMALL | {"devices": 2, "run_dir": str(tmp_path), "epochs": 100_000}
    experiment = avbgtn.resolve(from_parameters(given))
    killed_at = []

    def kill() -> None:
        wait_for_progress(lambda: reached(folder, 12), lambda: contents(tmp_path), "epoch 12")
        os.kill(workers_of(str(folder))[1], signal.SIGKILL)
        killed_at.append(time.monotonic())

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(
        RunError,
        match=(
            r"rank 1 of the 2 processes of avb_gtn was killed \(SIGKILL: .*\); the others stopped, and the "
            r"same command continues from epoch 12"
        ),
    ):
        train_experiment(experiment, keep=(5, 12), say=lambda text: None)
    killer.join()
    assert time.monotonic() - killed_at[0] < 300, "the others had waited until their patience was over"
    assert_left_as_it_should_be(folder)

    # 3. fabric run: to the end
    job = start(BIN / "fabric", "run", "--devices", 2, "--accelerator", "cpu", BIN / "avbgtn", *resume)
    output = job.finish(tmp_path)
    assert job.returncode == 0, output
    assert "continues from epoch 12" in output

    whole = in_ranks(
        2,
        lambda: train(
            experiment.configs["avb_gtn"],
            experiment.data,
            epochs=SMALL["epochs"],
            run_dir=tmp_path / "never",
            say=str,
        ),
    )
    assert whole == [0, 0]
    left, right = Run(folder).load("weights"), Run(tmp_path / "never").load("weights")
    assert all(torch.equal(left[name], right[name]) for name in right)
    assert [start["processes"] for start in Run(folder).provenance()] == [2] * 3
