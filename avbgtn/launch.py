"""From a notebook to several processes: a notebook never forks, it starts ``torchrun`` and follows the run folder."""

import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable

from .experiment import Experiment
from .runs import Run
from .storage import RunError
from .train import SAVED, Interrupted, Signals, train


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
            options |= {"keep": ",".join(str(k) for k in keep), "workers": experiment.parameters.workers}
            follow_torchrun(runs[name], experiment, options, say=say)
    return runs


def follow_torchrun(run: Run, experiment: Experiment, options: dict, *, say: Callable[[str], None]) -> None:
    """Continue a run in ``experiment.devices`` processes, showing what they print; an error of theirs is raised here,
    and a signal to this process is handed on, so that they save a checkpoint before they stop."""
    command = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={experiment.devices}",
        "-m", "avbgtn", "resume", str(run.path), "--epochs", str(experiment.epochs), "--devices", str(experiment.devices),
    ]  # fmt: skip
    if experiment.root:
        command += ["--root", str(experiment.root)]
    for name, value in options.items():
        command += [f"--{name}", str(value)]
    say(f"{run.path.name}: starts {experiment.devices} processes")
    last: deque[str] = deque(maxlen=15)
    errors, saved = [], False
    child = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    with Signals(on_first=child.terminate) as signals:
        for text in child.stdout:
            last.append(text.rstrip())
            saved |= SAVED in text
            if text.startswith("error: "):
                errors.append(text.rstrip())
            if text.startswith(("epoch", "  alarm", run.path.name, "warning")):
                say(text.rstrip())
        code = child.wait()
    if signals.received or (code and saved):  # torchrun itself exits with 1 whatever its processes said
        raise Interrupted(f"{run.path.name}: stopped, {SAVED if saved else 'the same command continues'}")
    if code:
        raise RunError(
            f"a process of {run.path.name} failed (exit {code}); the run can be continued. It said:\n"
            + "\n".join(dict.fromkeys(errors) or last)
        )
