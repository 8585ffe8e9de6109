"""Whatever a test starts ends with it, however the test ends; and no test of a
process has a limit of time.
"""

import ast
import os
import re
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

from children import wait_for_progress

HERE = Path(__file__).resolve().parents[1]

# A training that never ends, deaf to a polite signal, with a worker in a session of its own, as torchrun's.
TRAINING = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGINT, signal.SIG_IGN)
if sys.argv[2:] == ["parent"]:
    subprocess.Popen([sys.executable, "-c", sys.argv[1], sys.argv[1]], start_new_session=True)
    open("ready", "w").close()
time.sleep(36000)
"""
TEST = """
import os, subprocess, sys, time
from pathlib import Path
from children import no_process_outlives_the_session, start

CODE = {code!r}
COMMAND = [sys.executable, "-c", CODE, CODE, "parent"]

def test_it(start):
    {begin}
    while not Path("ready").exists():
        time.sleep(0.01)
    Path("pid").write_text(str(os.getpid()))
    Path("reached").touch()
    {then}
"""
BEGINNINGS = {
    "processes": "start(*COMMAND); subprocess.Popen(COMMAND)",  # the second as the package itself starts some
    "forks": "import ranks; ranks.in_ranks(2, lambda: (Path('reached').touch(), time.sleep(36000)))",
}
FOR_EVER = "time.sleep(36000)"


class Session:
    """A pytest session in a folder of its own, with one test that starts a training;
    the project's conftest is its.
    """

    def __init__(self, start, folder: Path):
        self.start, self.folder, self.child = start, folder, None
        (folder / "tmp").mkdir()
        (folder / "conftest.py").write_bytes((HERE.parent / "conftest.py").read_bytes())

    def begin(self, then: str, begin: str = "processes", *options: str):
        (self.folder / "test_inner.py").write_text(
            TEST.format(code=TRAINING, begin=BEGINNINGS[begin], then=then)
        )
        self.run("test_inner.py", *options).until((self.folder / "reached").exists, "its training")
        return self

    def run(self, *arguments: str):
        environment = {
            "PYTHONPATH": str(HERE),
            "TMPDIR": str(self.folder / "tmp"),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        }
        self.child = self.start(
            sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments,
            cwd=self.folder, environment=os.environ | environment,
        )  # fmt: skip
        return self.child

    def left(self) -> list[str]:
        """The commands of what runs in the folder."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.cwd() == str(self.folder) and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(" ".join(process.cmdline())[:300])
            except (psutil.Error, OSError):
                continue
        return found

    def temporary(self) -> list[Path]:
        return list(self.folder.glob("tmp/avbgtn-*"))

    def assert_nothing_runs(self):
        """The watchdog may need a moment after the session's death."""
        wait_for_progress(lambda: not self.left(), self.left, "the end of all that was started", patience=60)


@pytest.fixture
def session(start, tmp_path):
    return Session(start, tmp_path)


@pytest.mark.parametrize(
    "then, code", [("pass", 0), ("assert not 'failed'", 1), ("raise KeyboardInterrupt", 2)]
)
def test_a_test_that_passes_fails_or_is_interrupted_leaves_no_process(then, code, session):
    said = session.begin(then).child.finish()
    assert session.child.returncode == code, said
    assert not session.left() and not session.temporary()


@pytest.mark.parametrize("begin", BEGINNINGS)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_session_that_is_stopped_leaves_no_process(begin, number, session):
    session.begin(FOR_EVER, begin)
    assert len(session.left()) >= 3
    session.child.send_signal(number)
    said = session.child.finish()
    assert session.child.returncode == 2, said
    assert not session.left() and not session.temporary()


@pytest.mark.parametrize("begin", BEGINNINGS)
def test_a_session_that_is_killed_leaves_no_process_and_the_next_removes_its_folders(begin, session):
    if begin == "forks" and sys.platform != "linux":
        pytest.skip("only Linux tells a forked process that its parent was killed")
    session.begin(FOR_EVER, begin).child.kill()
    session.child.wait()
    session.assert_nothing_runs()
    assert session.temporary(), "nothing is there to be removed"
    session.run("--collect-only").finish()
    assert not session.temporary()


def test_a_worker_that_is_killed_leaves_no_process(session):
    session.begin(FOR_EVER, "processes", "-p", "xdist", "-n", "1", "--max-worker-restart", "0")
    os.kill(int((session.folder / "pid").read_text()), signal.SIGKILL)
    said = session.child.finish()
    assert session.child.returncode == 1 and "crashed" in said, said
    session.assert_nothing_runs()
    assert not session.temporary()


# --- limits of progress -------------------------------------------------------------------------------------


def test_what_makes_progress_is_waited_for_however_long_it_takes():
    since = time.monotonic()
    wait_for_progress(lambda: time.monotonic() > since + 1.2, time.monotonic, "a second", patience=0.3)


def test_what_makes_none_fails_with_what_it_said(start):
    silent = start(sys.executable, "-c", "print('last words', flush=True); import time; time.sleep(3600)")
    silent.until(silent.said, "a word")
    with pytest.raises(
        pytest.fail.Exception, match=r"no progress for 0.005 minutes .* epoch 3; .*\nlast words"
    ):
        wait_for_progress(lambda: False, silent.said, "epoch 3", patience=0.3, said=silent.said)


def test_a_session_that_was_told_not_to_hear_ctrl_c_starts_what_hears_it(session):
    """A shell starts ``make test &`` so; what a test stops by Ctrl-C would run for ever."""
    inner = (
        "import signal\n\ndef test_it():\n    assert signal.getsignal(signal.SIGINT) is not signal.SIG_IGN\n"
    )
    (session.folder / "test_inner.py").write_text(inner)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        child = session.run("test_inner.py")
    finally:
        signal.signal(signal.SIGINT, before)
    said = child.finish()
    assert child.returncode == 0, said


def test_what_ends_too_early_fails_with_what_it_said(start):
    early = start(sys.executable, "-c", "print('gone')")
    with pytest.raises(pytest.fail.Exception, match=r"the process ended \(0\) before epoch 3:\ngone"):
        early.until(lambda: False, "epoch 3")


def test_tests_start_processes_in_one_way():
    """``subprocess.Popen`` leaves a process behind when the lines after it do not come to their end."""
    own = {"children.py", "watchdog.py"}
    found = []
    for path in sorted(p for p in [*HERE.glob("*.py"), *HERE.glob("*/test_*.py")] if p.parent.name != "fuzz"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if name in ("subprocess.Popen", "Popen", "os.spawnv", "os.system") and path.name not in own:
                found.append(f"{path.name}:{node.lineno}: {name}; use the fixture 'start' of children.py")
    assert not found, "\n".join(found)


def test_no_test_has_a_limit_of_wall_time():
    """On a busy machine it fails; see ``children.wait_for_progress``."""
    limit = re.compile(r"(?:timeout\s*=\s*|\.(?:wait|communicate)\()\d|time\(\)\s*[-+]\s*\w+\s*<\s*\d\d?\b")
    found = [
        f"{path.name}:{number}: {line.strip()}"
        for path in sorted(HERE.rglob("test_*.py"))
        if path.name != Path(__file__).name
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if limit.search(line)
    ]
    assert not found, "\n".join(found)
