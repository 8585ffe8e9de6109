"""A study that is ended from outside: its cells end with it, however it ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest


def running(pid: int) -> bool:
    """Whether a process is there and no zombie, which only waits for its parent to ask for its exit code."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until(true, what: str, seconds: float = 300) -> None:
    """So long that only a hang meets it, on a busy machine too."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"no {what} for {seconds} s"
        time.sleep(0.02)


@pytest.fixture
def started(tmp_path):
    """A study with one cell that would train for minutes, and the cell's process; both are ended after the test."""
    if not Path("/proc/self/task").exists():
        pytest.skip("children are found in /proc")
    parent = subprocess.Popen(
        [sys.executable, "-m", "avbgtn", "study", "--processes", "1"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | {"AVBGTN_RUNS": str(tmp_path)},
    )  # fmt: skip
    children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
    cell = None
    try:
        until(
            lambda: (
                (tmp_path / "study-full" / "logs" / "unit-seed0.txt").exists()
                and children.read_text().split()
            ),
            "cell",
        )
        cell = int(children.read_text().split()[0])
        yield parent, cell
    finally:
        for pid in (parent.pid, cell):
            if pid is not None and running(pid):
                os.kill(pid, signal.SIGKILL)
        parent.communicate()


def test_a_cell_ends_with_a_study_that_is_killed(started):
    """It used to train on for hours, seen by nobody."""
    parent, cell = started
    assert running(cell)
    parent.kill()
    until(lambda: not running(cell), "end of the cell")


def test_ctrl_c_twice_prints_no_traceback(started):
    parent, cell = started
    parent.send_signal(signal.SIGINT)
    time.sleep(0.2)
    parent.send_signal(signal.SIGINT)
    _, said = parent.communicate(timeout=300)
    assert "Traceback" not in said and said.count("\n") <= 1, said
    assert parent.returncode in (75, 130, -signal.SIGINT)
    until(lambda: not running(cell), "end of the cell")
