"""A study that is ended from outside: its cells end with it, however it ends."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from children import wait_for_progress


def running(pid: int) -> bool:
    """Whether a process is there and no zombie, which only waits for its parent to ask for its exit code."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def started(start, tmp_path):
    """A study with one cell that would train for minutes, and the cell's process;
    both are ended after the test.
    """
    if not Path("/proc/self/task").exists():
        pytest.skip("children are found in /proc")
    parent = start(
        sys.executable, "-m", "avbgtn", "study", "--processes", "1",
        environment=os.environ | {"AVBGTN_RUNS": str(tmp_path)},
    )  # fmt: skip
    children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
    log = tmp_path / "study-full" / "logs" / "unit-seed0.txt"
    parent.until(lambda: log.exists() and children.read_text().split(), "a cell", tmp_path)
    return parent, int(children.read_text().split()[0])


def gone(cell: int) -> None:
    wait_for_progress(lambda: not running(cell), lambda: None, "the end of the cell")


def test_a_cell_ends_with_a_study_that_is_killed(started):
    """It used to train on for hours, seen by nobody."""
    parent, cell = started
    assert running(cell)
    parent.kill()
    gone(cell)


def test_ctrl_c_twice_prints_no_traceback(started):
    parent, cell = started
    parent.send_signal(signal.SIGINT)
    time.sleep(0.2)
    parent.send_signal(signal.SIGINT)
    said = parent.finish()
    assert "Traceback" not in said, said
    assert parent.returncode in (75, 130, -signal.SIGINT)
    gone(cell)
