"""From a notebook to several processes: a notebook never forks, it starts ``torchrun`` and follows the run folder."""

import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable

from .experiment import Experiment
from .runs import Run
from .storage import RunError
from .train import Interrupted, train


def train_experiment(
    experiment: Experiment, *, keep: Iterable[int] = (), say: Callable[[str], None] = print, **options
) -> dict[str, Run]:
    """Train every model of an experiment, one after the other, on the same batches; in this process, or under
    ``torchrun`` with ``devices > 1``.

    Args:
        keep: epochs whose weights stay in the run folders.
        options: passed to :func:`avbgtn.train.train`.
    """
    runs = {}
    for name, config in experiment.configs.items():
        folder = experiment.run_folder(name)
        if experiment.devices == 1:
            runs[name] = train(
                config,
                experiment.data,
                epochs=experiment.epochs,
                run_dir=folder,
                keep=keep,
                say=say,
                **options,
            )
        else:
            runs[name] = Run.create(config, folder)
            follow_torchrun(runs[name], experiment, keep=keep, say=say)
    return runs


def follow_torchrun(
    run: Run, experiment: Experiment, *, keep: Iterable[int], say: Callable[[str], None]
) -> None:
    """Continue a run in ``experiment.devices`` processes, showing what they print; an error of theirs is raised here."""
    command = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={experiment.devices}",
        "-m", "avbgtn", "resume", str(run.path), "--epochs", str(experiment.epochs), "--devices", str(experiment.devices),
    ]  # fmt: skip
    if experiment.root:
        command += ["--root", str(experiment.root)]
    if keep:
        command += ["--keep", ",".join(str(k) for k in keep)]
    say(f"{run.path.name}: starts {experiment.devices} processes")
    last: deque[str] = deque(maxlen=15)
    child = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    try:
        for text in child.stdout:
            last.append(text.rstrip())
            if text.startswith(("epoch", "  alarm", run.path.name, "warning")):
                say(text.rstrip())
        code = child.wait()
    finally:
        if child.poll() is None:
            child.terminate()
            child.wait()
    if code == Interrupted.EXIT_CODE:
        raise Interrupted(f"{run.path.name}: stopped, checkpoint saved; the same command continues")
    if code:
        raise RunError(
            f"a process of {run.path.name} failed (exit {code}); the run can be continued. Its last lines:\n"
            + "\n".join(last)
        )
