"""The one way in which tests start processes, wait for them, and end them.

No test has a limit of time: a machine with other work is slow. It has a limit of progress: the wait fails
when a process has said nothing and its folder has not changed for ``PATIENCE``. Whatever a test starts is
ended after it, and by ``watchdog.py`` if the tests are killed.
"""

import contextlib
import os
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

import watchdog

PATIENCE = 600.0  # seconds without a sign of life, after which a process hangs
HANG = 3600.0  # seconds for what gives no sign of life before its end


class Child(subprocess.Popen):
    """A process of a test; its output, errors among it, goes to a file without a name,
    which no reader can hold up.

    Args:
        command: what to run.
        environment: all of it; None takes this process's.
        options: of :class:`subprocess.Popen`.
    """

    def __init__(self, command: Sequence[object], *, environment: dict[str, str] | None = None, **options):
        self.mark = f"{os.environ.get(watchdog.MARK, 'avbgtn')}.{uuid.uuid4().hex}"
        self._file = tempfile.TemporaryFile()
        super().__init__(
            [str(word) for word in command],
            start_new_session=True,
            env={**(os.environ if environment is None else environment), watchdog.MARK: self.mark},
            **{"stdin": subprocess.DEVNULL, "stdout": self._file, "stderr": subprocess.STDOUT} | options,
        )  # fmt: skip

    def said(self) -> str:
        """What came so far."""
        size = os.fstat(self._file.fileno()).st_size
        return os.pread(self._file.fileno(), size, 0).decode(errors="replace")

    def until(self, reached: Callable[[], object], what: str, folder: Path | None = None) -> None:
        """Wait until ``reached()``; fail if the process ends before, or makes no progress.

        Args:
            what: is waited for, as "epoch 3".
            folder: a change in it is progress, as is a word of the process.
        """

        def over() -> bool:
            ended = self.poll() is not None  # asked first: what it did last counts
            return bool(reached()) or ended

        self._progress(over, what, folder)
        if not reached():
            pytest.fail(f"the process ended ({self.returncode}) before {what}:\n{self.said()[-3000:]}")

    def finish(self, folder: Path | None = None) -> str:
        """Wait for its end; all that it said. ``returncode`` says how it ended."""
        self._progress(lambda: self.poll() is not None, "its end", folder)
        return self.said()

    def _progress(self, reached: Callable[[], object], what: str, folder: Path | None) -> None:
        def state():
            return os.fstat(self._file.fileno()).st_size, contents(folder)

        wait_for_progress(reached, state, what, said=self.said)

    def end(self) -> None:
        """Kill it and all that it started, whatever sessions they began."""
        if self.poll() is None:  # else its number may be another's by now
            os.killpg(self.pid, signal.SIGKILL)
        watchdog.end(self.mark)
        self.wait()
        if self.stdin:
            with contextlib.suppress(OSError):
                self.stdin.close()
        self._file.close()


def contents(folder: Path | None) -> frozenset:
    """What changes when a file below ``folder`` does: names, sizes and times."""
    found = set()
    for place, folders, files in (
        os.walk(folder) if folder else ()
    ):  # which passes over a folder that goes meanwhile
        for name in (*folders, *files):
            with contextlib.suppress(OSError):  # it was renamed meanwhile
                path = Path(place, name)
                status = path.lstat()
                found.add((str(path), status.st_size, status.st_mtime_ns))
    return frozenset(found)


def wait_for_progress(
    reached: Callable[[], object],
    state: Callable[[], object],
    what: str,
    *,
    patience: float = PATIENCE,
    every: float = 0.002,
    said: Callable[[], str] = str,
) -> None:
    """Return when ``reached()`` is true, however long it takes; fail when ``state()`` has been the same for
    ``patience`` seconds. ``state`` is read once a second, ``reached`` at intervals of ``every``."""
    last, since, looked = None, time.monotonic(), 0.0
    while not reached():
        if (now := time.monotonic()) - looked >= min(1.0, patience / 4):
            looked, found = now, state()
            if found != last:
                last, since = found, now
            elif now - since > patience:
                pytest.fail(
                    f"no progress for {patience / 60:g} minutes while waiting for {what}; it said:\n"
                    f"{said()[-3000:]}"
                )
        time.sleep(every)


@contextlib.contextmanager
def children() -> Iterator[Callable[..., Child]]:
    """A function that starts a :class:`Child`; those it started end with the block."""
    started: list[Child] = []

    def start(*command: object, **options) -> Child:
        started.append(Child(command, **options))
        return started[-1]

    try:
        yield start
    finally:
        for child in started:
            child.end()


@pytest.fixture
def start():
    """``start(*command, environment=..., cwd=...)`` gives a :class:`Child`,
    which ends with the test at the latest.
    """
    with children() as function:
        yield function


@pytest.fixture(scope="session", autouse=True)
def no_process_outlives_the_session():
    """What is not started here (subprocess.run, the package itself) ends with the session,
    or with its death.
    """
    with watchdog.watching(f"avbgtn-{uuid.uuid4().hex}"):
        yield
