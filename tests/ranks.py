"""Several processes without torchrun's seconds of start: forked from this one,
which has imported everything.
"""

import ctypes
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable

import torch

import children

STOPS = {signal.SIGINT, signal.SIGTERM}


def in_ranks(world: int, work: Callable[[], object], *, machines: int = 1) -> list[int]:
    """Run ``work()`` in so many processes, which find each other as torchrun's do;
    their exit codes by rank.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    here, ours, parent = world // machines, [], os.getpid()
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)  # what a handler raises while a process forks is lost
    for rank in range(world):
        sys.stdout.flush()
        sys.stderr.flush()
        if pid := os.fork():
            ours.append(pid)
            continue
        code = 1
        try:
            _end_with(parent)
            os.environ |= {
                "RANK": str(rank), "LOCAL_RANK": str(rank % here), "GROUP_RANK": str(rank // here),
                "WORLD_SIZE": str(world), "LOCAL_WORLD_SIZE": str(here),
                "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port,
            }  # fmt: skip
            torch.set_num_threads(1)
            work()
            code = 0
        except SystemExit as left:
            code = left.code
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)  # nothing of pytest runs twice
    return _codes(ours)  # begins with letting the signals in


def _end_with(parent: int) -> None:
    """Let the kernel kill this process when its parent is gone, on Linux;
    and take signals as a fresh process does.
    """
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:  # it was gone before
            os._exit(1)


def _codes(ours: list[int]) -> list[int]:
    """The exit codes, in order; whatever interrupts the wait ends the processes."""
    codes: dict[int, int] = {}
    until = time.monotonic() + children.HANG
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
        while len(codes) < len(ours):
            for pid in set(ours) - set(codes):
                ended, status = os.waitpid(pid, os.WNOHANG)
                if ended:
                    codes[pid] = os.waitstatus_to_exitcode(status)
            assert time.monotonic() < until, f"{len(ours) - len(codes)} of {len(ours)} processes hang"
            time.sleep(0.002)
    finally:
        for pid in set(ours) - set(codes):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    return [codes[pid] for pid in ours]


def workers_of(text: str) -> dict[int, int]:
    """Running processes that a launcher started and that have ``text`` in their command:
    rank to process id.
    """
    found = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with (
                open(f"/proc/{name}/cmdline", "rb") as command,
                open(f"/proc/{name}/environ", "rb") as variables,
            ):
                words, values = command.read().decode(errors="replace"), variables.read().split(b"\0")
        except OSError:  # it has ended
            continue
        rank = [v[5:] for v in values if v.startswith(b"RANK=")]
        if text in words and rank:
            found[int(rank[0])] = int(name)
    return found


def processes_with(text: str) -> list[str]:
    """The commands of all running processes that name ``text``, but for this one."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/cmdline", "rb") as command:
                words = command.read().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if text in words and int(name) != os.getpid():
            found.append(words)
    return found
