"""From a notebook to several processes: it never forks; it runs ``torchrun``, or a process for each model,
and follows what they say.
"""

import os
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable

from ..errors import RunError, one_sentence
from ..runs import Run
from .experiment import Experiment, seconds_an_epoch
from .processes import ENDED, FOLLOWED, LOST, Signals
from .train import SAVED, Interrupted, train

LAST_WORDS = 60  # seconds for torchrun to end by itself: it grants its processes 30
MINUTE = 60.0  # CPU-seconds of training that are worth the start of a process
SHOWN = ("epoch", "  alarm", "warning")  # what lines for people begin with


@one_sentence()
def train_experiment(
    experiment: Experiment, *, keep: Iterable[int] = (), say: Callable[[str], None] = print, **options
) -> dict[str, Run]:
    """Train every model of an experiment, on the same batches: one after the other in this process, under
    ``torchrun`` with ``devices > 1``, or side by side, each in a process of its own, where that saves minutes
    (on a CPU with a core for each). The results are the same to the bit.

    Args:
        keep: epochs whose weights stay in the run folders.
        options: passed to :func:`avbgtn.training.train.train`.
    """
    runs, p = {}, experiment.parameters
    if experiment.devices > 1:
        for name, config in experiment.configs.items():
            runs[name] = Run.create(config, experiment.run_folder(name))
            follow_torchrun(
                runs[name], experiment.devices, epochs=experiment.epochs, root=experiment.root,
                options=options | _of_resume(experiment, keep), say=say,
            )  # fmt: skip
        return runs
    if len(waiting := _worth_a_process(experiment)) > 1:
        runs = {name: Run.create(experiment.configs[name], experiment.run_folder(name)) for name in waiting}
        follow_side_by_side(
            runs, epochs=experiment.epochs, root=experiment.root,
            options=options | _of_resume(experiment, keep), say=say,
        )  # fmt: skip
    for name, config in experiment.configs.items():  # those that are finished say so
        quiet = (lambda text: None) if name in runs else say
        runs[name] = train(
            config, experiment.data, epochs=experiment.epochs, run_dir=experiment.run_folder(name), keep=keep,
            speed=p.speed, say=quiet, **options,
        )  # fmt: skip
    return {name: runs[name] for name in experiment.configs}


def _of_resume(experiment: Experiment, keep: Iterable[int]) -> dict[str, object]:
    """The options of ``python -m avbgtn resume`` that say what this experiment does."""
    p = experiment.parameters
    options = {"keep": ",".join(str(k) for k in keep), "workers": p.workers, "speed": p.speed}
    return options | ({"cache": "yes"} if experiment.uses_cache else {})


def _worth_a_process(experiment: Experiment) -> list[str]:
    """The models that have more than a minute of training before them, where each can have a core."""
    if next(iter(experiment.configs.values())).device != "cpu" or cores() < len(experiment.configs):
        return []
    left = {}
    for name in experiment.configs:
        folder = experiment.run_folder(name)
        done = (Run(folder).latest() or 0) if folder.is_dir() else 0
        left[name] = experiment.epochs - done
    preset = next(iter(experiment.configs.values())).preset
    each = seconds_an_epoch(experiment.parameters, preset) / len(experiment.configs)
    return [name for name, epochs in left.items() if epochs * each > MINUTE]


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def follow_side_by_side(
    runs: dict[str, Run], *, epochs: int, root: str | None, options: dict, say: Callable[[str], None]
) -> None:
    """Continue several runs at once, each in one process, showing what they print behind the run's name; a
    signal to this process is handed on. Where one fails, the others save a checkpoint and stop.

    Args:
        options: of ``python -m avbgtn resume``.

    Raises:
        RunError: one failed; every run can be continued.
        Interrupted: SIGTERM or Ctrl-C.
    """
    children: dict[str, subprocess.Popen] = {}
    said: dict[str, deque[str]] = {name: deque(maxlen=100) for name in runs}
    lines: queue.SimpleQueue[tuple[str, str | None]] = queue.SimpleQueue()
    width, failed = max(map(len, runs)), ""

    def stop() -> None:
        for child in children.values():
            if child.poll() is None:
                child.terminate()

    def read(name: str) -> None:
        for text in children[name].stdout:
            lines.put((name, text.rstrip()))
        lines.put((name, None))

    say(f"side by side, each in a process of its own: {', '.join(runs)}")
    try:
        with Signals(on_first=stop) as signals:
            for name, run in runs.items():
                command = [sys.executable, "-m", "avbgtn", "resume", str(run.path), "--epochs", str(epochs)]
                children[name] = _start(command, root, options)
                threading.Thread(target=read, args=(name,), daemon=True).start()
            if signals.received:  # before the last of them had started
                stop()
            open_runs = set(runs)
            while open_runs:
                name, text = lines.get()
                if text is None:
                    open_runs.discard(name)
                    if children[name].wait() not in (0, Interrupted.EXIT_CODE) and not failed:
                        failed = name
                        stop()
                    continue
                said[name].append(text)
                if text.startswith(SHOWN):
                    say(f"{name:<{width}}  {text}")
    finally:
        for child in children.values():
            _end(child)
    if signals.received:
        raise Interrupted(f"{', '.join(runs)}: stopped, {SAVED}")
    if failed:
        errors = [text for text in said[failed] if text.startswith("error: ")]
        words = " | ".join(errors or list(said[failed])[-15:])
        code = children[failed].returncode
        ended = f"was killed ({_name(-code)})" if code < 0 else f"failed (exit {code})"
        raise RunError(f"the training of {failed} {ended}; every run can be continued. It said: {words}")
    if unfinished := [name for name, run in runs.items() if run.latest() != epochs]:  # a signal to them alone
        raise Interrupted(f"{', '.join(unfinished)}: stopped, {SAVED}")


def follow_torchrun(
    run: Run, devices: int, *, epochs: int, root: str | None, options: dict, say: Callable[[str], None]
) -> None:
    """Continue a run in ``devices`` processes, showing what they print; a signal to this process is handed
    on, so that they save a checkpoint before they stop.

    Args:
        options: of ``python -m avbgtn resume``.

    Raises:
        RunError: a process failed, or was killed; the others stopped, and the run can be continued.
        Interrupted: SIGTERM or Ctrl-C.
    """
    command = [
        sys.executable, "-m", "avbgtn.training.torchrun", "--standalone", f"--nproc-per-node={devices}",
        "-m", "avbgtn", "resume", str(run.path), "--epochs", str(epochs),
    ]  # fmt: skip
    say(f"{run.path.name}: starts {devices} processes")
    said: deque[str] = deque(maxlen=100)
    saved = False
    child = _start(command, root, options)
    try:
        with Signals(on_first=child.terminate) as signals:
            for text in child.stdout:
                said.append(text.rstrip())
                saved |= SAVED in text
                if text.startswith((*SHOWN, run.path.name)):
                    say(text.rstrip())
            code = child.wait()
    finally:
        _end(child)
    if signals.received or (code and saved):  # torchrun itself exits with 1 whatever its processes said
        raise Interrupted(f"{run.path.name}: stopped, {SAVED if saved else 'the same command continues'}")
    if code:
        raise RunError(_why(run, devices, code, list(said)))


def _start(command: list[str], root: str | None, options: dict) -> subprocess.Popen:
    """A process that trains, with its output to be read, and that stops when this one is gone."""
    if root:
        command = [*command, "--root", str(root)]
    for name, value in options.items():
        command = [*command, f"--{name}", str(value)]
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,  # nothing is written: it ends when this process does, and theirs notice
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="backslashreplace",
        env={"OMP_NUM_THREADS": "1"} | os.environ | {"PYTHONUNBUFFERED": "1", FOLLOWED: "1"},
        start_new_session=True,  # a terminal's Ctrl-C comes here alone, and is handed on once
    )


def _end(child: subprocess.Popen) -> None:
    """Leave no process behind, whatever interrupted the following."""
    child.stdin.close()
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(LAST_WORDS)
        except subprocess.TimeoutExpired:
            child.kill()  # its processes see it go
            child.wait()
    child.stdout.close()


def _why(run: Run, devices: int, code: int, said: list[str]) -> str:
    """One message for a job that failed, from what torchrun and its processes said."""
    name, done = run.path.name, run.latest()
    safe = f"continues from epoch {done:,}" if done else "starts again, as there was no checkpoint yet"
    ended = [text.removeprefix(ENDED).split() for text in said if text.startswith(ENDED)]
    killed = {f"rank {rank} of the {devices} processes of {name}": -int(number) for rank, number in ended}
    killed[f"torchrun, which started the processes of {name},"] = -code
    for who, number in killed.items():
        if number > 0 and (number != signal.SIGTERM or code < 0):  # torchrun sends it to those that are left
            return f"{who} was killed ({_name(number)}); the others stopped, and the same command {safe}"
    errors = [text for text in said if text.startswith("error: ")]
    first = [text for text in errors if LOST not in text]  # that others were lost is what follows from it
    rest = [text for text in said if not text.startswith(ENDED)]
    words = " | ".join(dict.fromkeys(first or errors) or rest[-15:])
    return f"a process of {name} failed (exit {code}); the run can be continued. It said: {words}"


def _name(number: int) -> str:
    reasons = {signal.SIGKILL: "SIGKILL: by a person, or by the system for want of memory"}
    try:
        return reasons.get(number) or signal.strsignal(number) or f"signal {number}"
    except ValueError:  # a number that this system does not have
        return f"signal {number}"
