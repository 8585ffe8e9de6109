"""Several processes without torchrun's seconds of start: forked from this one, which has imported everything."""

import os
import socket
import sys
import traceback
from collections.abc import Callable

import torch


def in_ranks(world: int, work: Callable[[], object], *, machines: int = 1) -> list[int]:
    """Run ``work()`` in so many processes, which find each other as torchrun's do; their exit codes by rank."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    here, children = world // machines, []
    for rank in range(world):
        sys.stdout.flush()
        sys.stderr.flush()
        if pid := os.fork():
            children.append(pid)
            continue
        code = 1
        try:
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
    return [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]


def workers_of(text: str) -> dict[int, int]:
    """Running processes that a launcher started and that have ``text`` in their command: rank to process id."""
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
