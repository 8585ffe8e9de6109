"""From a notebook to several processes: it never forks; it runs ``torchrun`` and follows the run folder."""

import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable

from ..errors import RunError, one_sentence
from ..runs import Run
from .experiment import Experiment
from .processes import ENDED, FOLLOWED, LOST, Signals
from .train import SAVED, Interrupted, train

LAST_WORDS = 60  # seconds for torchrun to end by itself: it grants its processes 30


@one_sentence()
def train_experiment(
    experiment: Experiment, *, keep: Iterable[int] = (), say: Callable[[str], None] = print, **options
) -> dict[str, Run]:
    """Train every model of an experiment, one after the other, on the same batches; in this process, or under
    ``torchrun`` with ``devices > 1``.

    Args:
        keep: epochs whose weights stay in the run folders.
        options: passed to :func:`avbgtn.training.train.train`.
    """
    runs, p = {}, experiment.parameters
    for name, config in experiment.configs.items():
        folder = experiment.run_folder(name)
        if experiment.devices == 1:
            runs[name] = train(
                config,
                experiment.data,
                epochs=experiment.epochs,
                run_dir=folder,
                keep=keep,
                speed=p.speed,
                say=say,
                **options,
            )
        else:
            runs[name] = Run.create(config, folder)
            options |= {"keep": ",".join(str(k) for k in keep), "workers": p.workers, "speed": p.speed}
            if experiment.uses_cache:
                options |= {"cache": "yes"}
            follow_torchrun(
                runs[name],
                experiment.devices,
                epochs=experiment.epochs,
                root=experiment.root,
                options=options,
                say=say,
            )
    return runs


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
    if root:
        command += ["--root", str(root)]
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    say(f"{run.path.name}: starts {devices} processes")
    said: deque[str] = deque(maxlen=100)
    saved = False
    child = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,  # nothing is written: it ends when this process does, and theirs notice
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="backslashreplace",
        env={"OMP_NUM_THREADS": "1"} | os.environ | {"PYTHONUNBUFFERED": "1", FOLLOWED: "1"},
        start_new_session=True,  # a terminal's Ctrl-C comes here alone, and is handed on once
    )
    try:
        with Signals(on_first=child.terminate) as signals:
            for text in child.stdout:
                said.append(text.rstrip())
                saved |= SAVED in text
                if text.startswith(("epoch", "  alarm", run.path.name, "warning")):
                    say(text.rstrip())
            code = child.wait()
    finally:
        _end(child)
    if signals.received or (code and saved):  # torchrun itself exits with 1 whatever its processes said
        raise Interrupted(f"{run.path.name}: stopped, {SAVED if saved else 'the same command continues'}")
    if code:
        raise RunError(_why(run, devices, code, list(said)))


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
    words = " | ".join(dict.fromkeys(first or errors) or said[-15:])
    return f"a process of {name} failed (exit {code}); the run can be continued. It said: {words}"


def _name(number: int) -> str:
    reasons = {signal.SIGKILL: "SIGKILL: by a person, or by the system for want of memory"}
    return reasons.get(number) or signal.strsignal(number) or f"signal {number}"
