"""One training in several processes: where this process stands, what the processes tell each other, and what
happens when one of them is lost.

``torchrun`` and ``fabric run`` start the processes and say in the environment which is which. Importing this
imports no torch, so that a batch that cannot be shared is refused before any work starts.
"""

import os
import re
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ..config import Config
from ..config.table import TABLE
from ..errors import ConfigError, DataError, RunError, SharedError
from ..sentences import got

if TYPE_CHECKING:
    from lightning_fabric import Fabric

# Set by launch.py and study/cells.py: the standard input is a pipe; its other end is the notebook or study.
FOLLOWED = "AVBGTN_FOLLOWED"
SAVED = "checkpoint saved; the same command continues"  # what an interrupted training says last
LOST = "lost the other processes"  # what the survivors of a killed process say
ENDED = "exit code of rank "  # what torchrun.py says last of each that failed


@dataclass(frozen=True)
class Place:
    """Where this process stands among those that train one model together."""

    rank: int = 0  # of this process among all, from 0; the first one writes the run folder
    world: int = 1  # processes in all
    here: int = 1  # processes on this machine
    launched: bool = False  # by torchrun or by fabric run, which uses it

    @property
    def machines(self) -> int:
        return self.world // self.here

    @property
    def first(self) -> bool:
        return self.rank == 0

    def words(self) -> str:
        """ "4 processes (2 machines with 2 each)"."""
        return f"{self.world} processes" + (
            f" ({self.machines} machines with {self.here} each)" if self.machines > 1 else ""
        )

    def check(self, batch: int, devices: int | None = None) -> None:
        """Refuse a batch that cannot be shared equally, and ``devices`` that the launcher did not start.

        Raises:
            ConfigError: one sentence; it is the same in every process.
        """
        if self.launched and devices is not None and devices != self.here:
            raise ConfigError(
                f"devices={devices} was asked for, and the launcher started {self.here} on this machine;"
                " leave devices out, the launcher's number counts"
            )
        if batch % self.world:
            raise ConfigError(
                f"batch must be a multiple of the {self.words()}, so that each gets as much, got {batch}"
            )


ALONE = Place()


# What torchrun tells the processes that it starts; the last one is what this package takes for its mark.
LAUNCHER = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")


def _note(text: str) -> None:
    print(f"note: {text}", file=sys.stderr, flush=True)


def place(note: Callable[[str], None] = _note) -> Place:
    """This process's place, by the environment. Some of the launcher's variables without ``LOCAL_WORLD_SIZE``
    are left from something else: they are said to be ignored, and taken away: no library believes them.

    Args:
        note: what is told of ignored variables.

    Raises:
        ConfigError: the machines do not start equally many processes; the variables are no numbers, or do not
            fit together; no torchrun answers where they say that one is.
    """
    given = {name: os.environ[name] for name in LAUNCHER if name in os.environ}
    if "LOCAL_WORLD_SIZE" not in given:
        if given:
            names = ", ".join(given)
            note(f"{names} ignored: no torchrun started this process, which trains alone")
            for name in given:
                del os.environ[name]
        return ALONE
    undo = f"start it under torchrun, or remove {', '.join(given)} from the environment"
    number = {}
    for name in ("RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE"):
        text = given.get(name, "")
        if not (text.isascii() and text.isdigit() and len(text) < 8):
            said = f"got {got(text)}" if name in given else "and it is missing"
            raise ConfigError(f"{name} must be a whole number, as torchrun sets it, {said}; {undo}")
        number[name] = int(text)
    rank, world, here = number.values()
    if not rank < world or not 1 <= here <= world:
        raise ConfigError(
            f"RANK={rank}, WORLD_SIZE={world} and LOCAL_WORLD_SIZE={here} do not fit together; {undo}"
        )
    if world % here:
        raise ConfigError(
            f"every machine must start as many processes, got {here} of {world} on this one; give all of them"
            " the same --nproc-per-node"
        )
    if os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True" and not _answers():
        raise ConfigError(
            "the variables of torchrun are set, and none answers at"
            f" {os.environ.get('MASTER_ADDR')}:{os.environ.get('MASTER_PORT')}; {undo}"
        )
    return Place(rank, world, here, launched=True)


def _answers(tries: int = 10) -> bool:
    """Whether torchrun listens where it says. It does before it starts a process; a busy machine gets some
    seconds. Without this, the variables of a torchrun that is gone would let a process wait for the others
    until its patience ends."""
    try:
        where = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    except (KeyError, ValueError):
        return False
    for _ in range(tries):
        try:
            socket.create_connection(where, timeout=10).close()
            return True
        except (OSError, OverflowError, UnicodeError):
            time.sleep(0.5)
    return False


def patience() -> timedelta:
    """How long a process waits for the others before it gives them up: ``$AVBGTN_PATIENCE`` minutes, 10 by
    default. The longest that one keeps the others waiting on purpose is a checkpoint or a measurement.

    Raises:
        ConfigError: the variable is no number above 0.
    """
    return timedelta(
        minutes=TABLE["$AVBGTN_PATIENCE"]("$AVBGTN_PATIENCE", os.environ.get("AVBGTN_PATIENCE", "10"))
    )


def check_fabric_run(config: Config) -> None:
    """Compare the options of ``fabric run`` with the config, which decides, and take them out of the
    environment: Fabric itself compares their spellings (gpu is not cuda, 64 not 64-true).

    Raises:
        ConfigError: an option wants something else.
    """
    same = {
        "accelerator": (config.device, "auto", *(["gpu"] if config.device == "cuda" else [])),
        "precision": (config.precision, config.precision.removesuffix("-true").removesuffix("-mixed")),
        "strategy": ("ddp",),
    }
    for name, allowed in same.items():
        given = os.environ.pop(f"LT_{name.upper()}", None)
        if given not in (None, *allowed):
            raise ConfigError(
                f"fabric run got --{name} {given}, and the run has {allowed[0]!r}; leave --{name} out"
                + ("" if name == "strategy" else ", the options behind the script decide")
            )


# --- what the processes tell each other ---------------------------------------------------------------------


def together(fabric: "Fabric", work: Callable[[], Any]) -> Any:
    """What ``work()`` gives. If it fails in one process, it fails in all, in the same words: nobody waits for
    a process that is gone.

    Raises:
        SharedError: what went wrong in the first process that failed.
    """
    if fabric.world_size == 1:
        return work()
    from torch import distributed

    result, failed = None, None
    try:
        result = work()
    except (RunError, DataError, ConfigError) as error:
        failed = error
    said: list[str | None] = [None] * fabric.world_size
    distributed.all_gather_object(said, None if failed is None else str(failed))
    if words := next(filter(None, said), None):
        raise SharedError(words) from failed
    return result


@contextmanager
def not_alone(here: Place) -> Iterator[None]:
    """Turn the errors of a connection that broke into one sentence.

    Raises:
        RunError: another process was killed, failed, or was not heard of for :func:`patience`.
    """
    try:
        yield
    except RuntimeError as error:
        # torch raises RuntimeError for gloo and subclasses for NCCL; the words depend on where it noticed
        broken = r"gloo|nccl|peer|timed? ?out|socket|store|connection|process group"
        if here.world == 1 or isinstance(error, RunError) or not re.search(broken, str(error), re.IGNORECASE):
            raise
        minutes = patience().total_seconds() / 60
        raise RunError(
            f"{LOST}: one was killed, failed, or was silent for {minutes:g} minutes; the run can be continued"
            f" by the same command ({str(error).splitlines()[0][:160]})"
        ) from error


# --- signals and parents ------------------------------------------------------------------------------------


class Interrupted(KeyboardInterrupt):
    """SIGTERM or Ctrl-C: a checkpoint is saved. The command exits with EXIT_CODE; given again, it goes on."""

    EXIT_CODE = 75  # "temporary failure, try again" of sysexits.h: a batch system can requeue on it


class Signals:
    """Turn SIGTERM and SIGINT into a flag, read between two epochs; a second Ctrl-C interrupts at once."""

    def __init__(self, on_first: Callable[[], None] = lambda: None):
        self.received, self.old, self.on_first = False, {}, on_first

    def __enter__(self) -> "Signals":
        if threading.current_thread() is threading.main_thread():  # Python delivers signals to no other
            self.old = {s: signal.signal(s, self._note) for s in (signal.SIGTERM, signal.SIGINT)}
        return self

    def _note(self, number, frame) -> None:
        if self.received and number == signal.SIGINT:
            raise KeyboardInterrupt
        if not self.received:
            self.received = True
            self.on_first()

    def __exit__(self, *exception) -> None:
        for s, handler in self.old.items():
            signal.signal(s, handler)


def stop_without_parent() -> None:
    """Watch the launcher, and the notebook or study behind it if there is one, from a thread: when either is
    gone, this process gets the SIGTERM that they can no longer send, saves a checkpoint and stops, and does
    not train on unseen."""
    launcher, followed = os.getppid(), FOLLOWED in os.environ

    def watch() -> None:
        while os.getppid() == launcher:
            if not followed:
                time.sleep(1)
            elif select.select([sys.stdin], [], [], 1)[0] and not os.read(sys.stdin.fileno(), 1):
                break  # the pipe's other end is closed
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()
