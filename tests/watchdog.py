"""Ends what a dead test session left running: ``python watchdog.py MARK`` sleeps until its
standard input closes.

A session holds the other end of that pipe, so it closes however the session ends, by SIGKILL too. What a
session starts is known by a variable in its environment, which children inherit, also those that begin
sessions of their own (torchrun's workers, a notebook's kernel) and those whose parent is gone.
"""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator

import psutil

MARK = "AVBGTN_TESTS_MARK"  # the variable
ROUNDS = 100  # of looking again, since a process may start another while the list is read


def marked(mark: str) -> list[psutil.Process]:
    """The running processes whose mark begins with ``mark``, but for this one."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):  # it has ended, or is another user's
            if process.pid != os.getpid() and process.environ().get(MARK, "").startswith(mark):
                found.append(process)
    return found


def end(mark: str) -> list[str]:
    """Kill every process of ``mark``.

    Returns:
        their command lines.
    """
    ended: dict[int, str] = {}
    for _ in range(ROUNDS):
        if not (left := marked(mark)):
            break
        for process in left:
            with contextlib.suppress(psutil.Error):
                ended.setdefault(process.pid, " ".join(process.cmdline()))
                process.kill()
        psutil.wait_procs(left, timeout=0.05)
    return list(ended.values())


@contextlib.contextmanager
def watching(mark: str) -> Iterator[None]:
    """Mark all that this process starts from now on; nothing of it outlives the block, or this process."""
    environment = {name: value for name, value in os.environ.items() if name != MARK}
    dog = subprocess.Popen(
        [sys.executable, __file__, mark], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True, env=environment,
    )  # fmt: skip
    leash = [dog.stdin.fileno()]
    # A fork without exec has the pipe too, and would hold it open.
    os.register_at_fork(after_in_child=lambda: [os.close(number) for number in leash])
    before = os.environ.get(MARK)
    os.environ[MARK] = mark
    try:
        yield
    finally:
        os.environ.pop(MARK)
        if before is not None:
            os.environ[MARK] = before
        end(mark)
        leash.clear()
        dog.stdin.close()
        dog.wait()


if __name__ == "__main__":
    sys.stdin.read()
    time.sleep(0.05)  # a child that was starting has its environment now
    end(sys.argv[1])
