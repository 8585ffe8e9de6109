"""``python -m avbgtn``: thin over the functions that the notebooks use.

    python -m avbgtn train --epochs 2000 --preset quick --models avb_gtn
    python -m avbgtn resume runs/heads-quick-avb_gtn-1a2b3c4d --epochs 5000
    python -m avbgtn translate portrait.jpg --to blond -o blond.png
    python -m avbgtn train --dataset music --representation band_gain --preset reader
    python -m avbgtn translate song.wav --to violin -o violin.wav
    python -m avbgtn study --grid full --cell 3
    torchrun --nproc-per-node 2 -m avbgtn train --batch 2

Exit codes: 0 done, 2 bad input or a run that cannot go on (one sentence on stderr), 75 interrupted with a checkpoint saved.
"""

import argparse
import os
import sys
from dataclasses import fields, replace

from . import translate_command
from .config import ConfigError
from .grid import GRIDS
from .parameters import Parameters, from_parameters
from .processes import Place, place, stop_without_parent
from .sound_parameters import SoundParameters
from .values import whole


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="python -m avbgtn", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="train | resume | translate | study")

    train = commands.add_parser("train", help="train, or go on training, the models of an experiment",
                                description="The options are the parameters of book/celeba.ipynb, and with --dataset music or irmas, or with --representation, those of book/audio.ipynb, with the same defaults and checks.")  # fmt: skip
    for name, default in {
        f.name: f.default for kind in (SoundParameters, Parameters) for f in fields(kind)
    }.items():
        train.add_argument(f"--{name}", default=None, metavar="VALUE", help=f"default {default!r}")
    train.add_argument("--keep", default="", help="epochs whose weights are kept, such as 500,2000")

    resume = commands.add_parser("resume", help="go on with a run folder")
    resume.add_argument("run_dir")
    resume.add_argument("--epochs", required=True)
    resume.add_argument("--root", default=None, help="where CelebA or IRMAS is, for a run on it")
    resume.add_argument("--devices", default=None, help="processes on this machine; 1 by default")
    resume.add_argument("--keep", default="")
    resume.add_argument("--workers", default="0", help="threads that decode CelebA's pictures ahead")
    resume.add_argument(
        "--cache", default="auto", help="decode CelebA's pictures once, to disk: auto, yes, no"
    )
    resume.add_argument("--speed", default="auto", help="ways to be faster: auto, plain, or names by commas")
    resume.add_argument("--log_every", default="50", help="epochs a metrics line")
    resume.add_argument("--measure_every", default="200", help="epochs between scores on validation images")

    translate = commands.add_parser("translate", help="translate a picture or a sound")
    translate_command.add_options(translate)

    study = commands.add_parser("study", help="list or train the cells of a grid", description="Without --cell and --processes: the cells, what differs between them, and which are done.")  # fmt: skip
    study.add_argument("--grid", default="full", help=f"which: {', '.join(GRIDS)}; default full")
    study.add_argument("--cell", default=None, metavar="K", help='train this one, by number or name; in a job array "$SLURM_ARRAY_TASK_ID"')  # fmt: skip
    study.add_argument("--processes", default=None, metavar="N", help="train all open cells, N at a time")
    return top


def main(arguments: list[str] | None = None) -> int:
    args = parser().parse_args(arguments)
    here = Place()
    try:
        here = place()
        if here.launched:
            stop_without_parent()
        return COMMANDS[args.command](args, here)
    except ConfigError as error:  # raised before torch is imported, as far as parameters go
        return _fail(error, here)
    except (ValueError, RuntimeError) as error:
        from .data import DataError
        from .storage import RunError

        if isinstance(error, DataError | RunError):
            return _fail(error, here)
        raise
    except KeyboardInterrupt as stopped:
        if here.first:
            print(str(stopped) or "interrupted before there was anything to save", file=sys.stderr)
        return getattr(stopped, "EXIT_CODE", 130)  # 75 of train.Interrupted: a checkpoint was saved


def _fail(error: Exception, here: Place) -> int:
    """Say it, once: what is the same in all processes is said by the first."""
    shared = isinstance(error, ConfigError) or type(error).__name__ == "SharedError"
    if here.first or not shared:
        who = f"rank {here.rank} of {here.world}: " if here.world > 1 and not shared else ""
        print(f"error: {who}{error}", file=sys.stderr, flush=True)
    return 2


def _epochs(text: str) -> tuple[int, ...]:
    if not text:
        return ()
    try:
        return tuple(int(float(part)) for part in text.split(","))
    except ValueError:
        raise ConfigError(f"keep must be epochs separated by commas, got {text!r}") from None


def _whole(name: str, text: str) -> int:
    return whole(1)(name, text)


def _one_thread(device: str) -> None:
    """One thread a process on the CPU: more are slower on a busy machine, and may change the last bits of a result."""
    import torch

    from .storage import RunError

    if device == "cpu":
        os.environ.setdefault("OMP_NUM_THREADS", "1")  # else Fabric, with several machines, takes all cores
        torch.set_num_threads(1)
    elif not torch.cuda.is_available():
        raise RunError(
            "the run was made on CUDA and torch sees no CUDA device here; continue it on a machine with one"
        )


def _train(args: argparse.Namespace, here: Place) -> int:
    known = {**SoundParameters.checks, **Parameters.checks}
    given = {name: value for name, value in vars(args).items() if name in known and value is not None}
    of_sound = set(SoundParameters.checks) - set(Parameters.checks)  # whoever names one of these means sound
    is_sound = args.dataset in ("music", "irmas") or bool(of_sound & set(given))
    kind = SoundParameters if is_sound else Parameters
    asked = _whole("devices", given["devices"]) if "devices" in given else None
    if here.launched:
        given.pop("devices", None)
    parameters, keep = from_parameters(given, kind), _epochs(args.keep)
    here.check(parameters.batch, asked)
    try:
        experiment = (replace(parameters, devices=here.here) if here.launched else parameters).resolve()
    except ConfigError as error:  # of this machine alone, perhaps: the first may have the GPU that it lacks
        from .storage import RunError

        raise (error if here.first else RunError(str(error))) from None
    say = _say if here.first else _silent
    for line in experiment.lines:
        say(line)
    from .launch import train_experiment
    from .train import train

    _one_thread(next(iter(experiment.configs.values())).device)

    if here.launched:  # join the processes that are there
        for name, config in experiment.configs.items():
            train(config, experiment.data, epochs=experiment.epochs, run_dir=experiment.run_folder(name), keep=keep, speed=parameters.speed, say=say)  # fmt: skip
        return 0
    for name, run in train_experiment(experiment, keep=keep, say=say).items():
        say(f"{name}: {run.path}")
    return 0


def _say(text: str) -> None:
    """A line at once, also into a batch job's file."""
    print(text, flush=True)


def _silent(text: str) -> None:
    pass


def _resume(args: argparse.Namespace, here: Place) -> int:
    asked = None if args.devices is None else _whole("devices", args.devices)
    given = from_parameters({"epochs": args.epochs, "root": args.root, "workers": args.workers, "cache": args.cache, "speed": args.speed})  # fmt: skip
    options = {name: _whole(name, getattr(args, name)) for name in ("log_every", "measure_every")}
    keep = _epochs(args.keep)
    from .experiment import load_data, uses_cache
    from .runs import Run
    from .storage import RunError
    from .train import train

    run = Run(args.run_dir)
    c = run.config
    here.check(c.batch, asked)
    say = _say if here.first else _silent
    _one_thread(c.device)
    if not here.launched and asked and asked > 1:
        from .launch import follow_torchrun

        Place(world=asked, here=asked).check(c.batch)
        options |= {"keep": args.keep, "workers": given.workers, "cache": given.cache, "speed": given.speed}
        follow_torchrun(run, asked, epochs=given.epochs, root=given.root, options=options, say=say)
        say(str(run.path))
        return 0
    domains = load_data(c, root=given.root, workers=given.workers)
    if uses_cache(replace(given, batch=c.batch), domains):
        domains.use_cache()
    if domains.checksum != c.data_checksum:
        raise RunError(
            f"the data differ from those of {run.path}: checksum {domains.checksum} now, {c.data_checksum} then; restore them or start a new run"
        )
    train(c, domains, epochs=given.epochs, run_dir=run.path, keep=keep, speed=given.speed, say=say, **options)
    say(str(run.path))
    return 0


def _study(args: argparse.Namespace, here: Place) -> int:
    from . import study

    if here.world > 1:
        raise ConfigError(f"study trains a cell in one process, and the launcher started {here.words()}; start it without torchrun")  # fmt: skip
    grid = study.find_grid(args.grid)
    if args.cell is not None and args.processes is not None:
        raise ConfigError("give --cell or --processes, not both: one cell, or all open ones")
    if args.processes is not None:
        return study.run_all(grid, _whole("processes", args.processes), say=_say)
    if args.cell is not None:
        study.run_cell(study.find_cell(grid, args.cell), say=_say)
        return 0
    print(study.listing(grid))
    return 0


def _translate(args: argparse.Namespace, here: Place) -> int:
    return translate_command.translate(args)


COMMANDS = {"train": _train, "resume": _resume, "translate": _translate, "study": _study}

if __name__ == "__main__":
    sys.exit(main())
