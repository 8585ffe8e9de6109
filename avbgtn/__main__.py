"""``python -m avbgtn``: thin over the functions that the notebooks use.

    python -m avbgtn train --epochs 2000 --preset quick --models avb_gtn
    python -m avbgtn resume runs/heads-quick-avb_gtn-1a2b3c4d --epochs 5000
    python -m avbgtn translate portrait.jpg --to blond -o blond.png
    python -m avbgtn train --dataset music --representation band_gain --preset reader
    python -m avbgtn translate song.wav --to violin -o violin.wav
    python -m avbgtn study --grid full --cell 3
    torchrun --nproc-per-node 2 -m avbgtn train --batch 2

Exit codes: 0 done, 2 bad input or a run that cannot go on (one sentence on stderr), 75 interrupted with a
checkpoint saved, 130 interrupted, 141 whoever read the output is gone. AVBGTN_TRACEBACK=1 prints the
traceback behind a sentence.
"""

import argparse
import logging
import os
import signal
import sys
import traceback
from dataclasses import fields, replace

from .config.datasets import PICTURES, SOUNDS
from .config.parameters import Parameters, from_parameters
from .config.sound_parameters import SoundParameters
from .config.table import OF_SOUND, TABLE
from .errors import ConfigError, DataError, RunError, SharedError
from .output import let_go, reader_is_gone
from .sentences import got, in_brief, of_error, shown
from .study.grid import GRIDS
from .training.processes import FOLLOWED, Place, place, stop_without_parent
from .translators import command as translate_command


class Parser(argparse.ArgumentParser):
    """Refuses in one sentence, with names and values as they can be printed."""

    def error(self, message: str):
        self.exit(2, f"error: {in_brief(shown(message))}; {self.prog} --help lists what can be given\n")

    def print_help(self, file=None) -> None:
        print(self.format_help(), end="", file=file, flush=True)  # argparse ignores a full disk


def _help(name: str, default: object) -> str:
    """What a parameter is for, what it may be, and what it is if it is not given."""
    kinds = [table[name] for table in (TABLE, OF_SOUND) if name in table]
    expected = ", of sound ".join(kind.expected for kind in kinds if kind.expected)
    shown_default = ",".join(default) if isinstance(default, tuple) else default
    ends = [text for text in (expected, "" if default is None else f"default {shown_default}") if text]
    return (kinds[0].help + (f" ({'; '.join(ends)})" if ends else "")).replace("%", "%%")


def parser() -> argparse.ArgumentParser:
    top = Parser(
        prog="python -m avbgtn", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="train | resume | translate | study")

    train = commands.add_parser(
        "train",
        help="train, or go on training, the models of an experiment",
        description=(
            "The options are the parameters of book/celeba.ipynb, and with --dataset music or irmas, or with"
            " --representation, those of book/audio.ipynb, with the same defaults and checks."
        ),
    )
    for name, default in {
        f.name: f.default for kind in (SoundParameters, Parameters) for f in fields(kind)
    }.items():
        train.add_argument(f"--{name}", default=None, metavar="VALUE", help=_help(name, default))
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

    study = commands.add_parser(
        "study",
        help="list or train the cells of a grid",
        description="Without --cell and --processes: the cells, how they differ, and which are done.",
    )
    study.add_argument("--grid", default="full", help=f"which: {', '.join(GRIDS)}; default full")
    study.add_argument(
        "--cell",
        default=None,
        metavar="K",
        help='train this one, by number or name; in a job array "$SLURM_ARRAY_TASK_ID"',
    )
    study.add_argument("--processes", default=None, metavar="N", help="train all open cells, N at a time")
    return top


def main(arguments: list[str] | None = None) -> int:
    here = Place()
    # It comes with torchmetrics, and warns of a home without a place for its settings; no command draws
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    for stream in (sys.stdout, sys.stderr):  # a name with bytes that are no characters must not end the work
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        args = parser().parse_args(arguments)
        here = place()
        if here.launched or FOLLOWED in os.environ:
            stop_without_parent()
        code = COMMANDS[args.command](args, here)
        if sys.stdout:  # none, where it was closed before the start
            sys.stdout.flush()  # now, while an error can still be told
        return code
    except KeyboardInterrupt as stopped:
        if arguments is None:  # from here on, one more Ctrl-C ends this process at once and without a word
            signal.signal(signal.SIGINT, signal.SIG_DFL)
        if here.first:
            print(str(stopped) or "interrupted before there was anything to save", file=sys.stderr)
        let_go()
        return getattr(stopped, "EXIT_CODE", 130)  # 75 of processes.Interrupted: a checkpoint was saved
    except Exception as error:
        if isinstance(error, BrokenPipeError) and reader_is_gone():
            # As the shell shows it, e.g. for "| head -1"
            return 128 + signal.SIGPIPE if hasattr(signal, "SIGPIPE") else 2
        if (sentence := _sentence(error)) is None:
            if here.launched:  # whoever follows several processes shows no traceback of theirs
                _fail(error, here, repr(error))
            raise
        return _fail(error, here, sentence)


def _sentence(error: Exception) -> str | None:
    """What a person is told of an error; None for a mistake in this program, which shows its traceback."""
    return str(error) if isinstance(error, ConfigError | DataError | RunError) else of_error(error)


def _fail(error: Exception, here: Place, sentence: str | None = None) -> int:
    """Say it, once: what is the same in all processes is said by the first."""
    if os.environ.get("AVBGTN_TRACEBACK", "0") not in ("", "0"):
        traceback.print_exception(error)
    shared = isinstance(error, ConfigError | SharedError)
    if here.first or not shared:
        who = f"rank {here.rank} of {here.world}: " if here.world > 1 and not shared else ""
        print(f"error: {who}{shown(sentence or error)}", file=sys.stderr, flush=True)
    let_go()
    return 2


def _epochs(text: str) -> tuple[int, ...]:
    if not text:
        return ()
    try:
        return tuple(TABLE["epochs"]("keep", part) for part in text.split(","))
    except ConfigError:
        raise ConfigError(
            f"keep must be epochs separated by commas, whole numbers from 1 to {TABLE['epochs'].most}, got"
            f" {got(text)}"
        ) from None


def _one_thread(device: str) -> None:
    """One thread a process on the CPU: more are slower on a busy machine and may change the last bits."""
    import torch

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
    is_sound = args.dataset in SOUNDS.keys() - PICTURES.keys() or bool(of_sound & set(given))
    kind = SoundParameters if is_sound else Parameters
    asked = TABLE["devices"]("devices", given["devices"]) if "devices" in given else None
    if here.launched:
        given.pop("devices", None)
    parameters, keep = from_parameters(given, kind), _epochs(args.keep)
    here.check(parameters.batch, asked)
    from .training.experiment import resolve
    from .training.launch import train_experiment
    from .training.train import train

    try:
        experiment = resolve(replace(parameters, devices=here.here) if here.launched else parameters)
    except ConfigError as error:  # of this machine alone, perhaps: the first may have the GPU that it lacks
        raise (error if here.first else RunError(str(error))) from None
    say = _say if here.first else _silent
    for line in experiment.lines:
        say(line)
    _one_thread(next(iter(experiment.configs.values())).device)

    if here.launched:  # join the processes that are there
        for name, config in experiment.configs.items():
            about = dict(run_dir=experiment.run_folder(name), keep=keep, speed=parameters.speed, say=say)
            train(config, experiment.data, epochs=experiment.epochs, **about)
        return 0
    for name, run in train_experiment(experiment, keep=keep, say=say).items():
        say(f"{name}: {run.path}")
    return 0


def _say(text: str) -> None:
    """A line at once, also into a batch job's file; names in it as they can be printed."""
    print(shown(text), flush=True)


def _silent(text: str) -> None:
    pass


def _resume(args: argparse.Namespace, here: Place) -> int:
    asked = None if args.devices is None else TABLE["devices"]("devices", args.devices)
    named = ("epochs", "root", "workers", "cache", "speed")
    given = from_parameters({name: getattr(args, name) for name in named})
    options = {name: TABLE[name](name, getattr(args, name)) for name in ("log_every", "measure_every")}
    keep = _epochs(args.keep)
    from .runs import Run
    from .training.experiment import load_data, uses_cache
    from .training.train import train

    run = Run(args.run_dir)
    c = run.config
    here.check(c.batch, asked)
    say = _say if here.first else _silent
    _one_thread(c.device)
    if not here.launched and asked and asked > 1:
        from .training.launch import follow_torchrun

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
            f"the data differ from those of {run.path}: checksum {domains.checksum} now, {c.data_checksum}"
            " then; restore them or start a new run"
        )
    train(c, domains, epochs=given.epochs, run_dir=run.path, keep=keep, speed=given.speed, say=say, **options)
    say(str(run.path))
    return 0


def _study(args: argparse.Namespace, here: Place) -> int:
    from .study import cells as study

    if here.world > 1:
        raise ConfigError(
            f"study trains a cell in one process, and the launcher started {here.words()}; start it without"
            " torchrun"
        )
    grid = study.find_grid(args.grid)
    if args.cell is not None and args.processes is not None:
        raise ConfigError("give --cell or --processes, not both: one cell, or all open ones")
    if args.processes is not None:
        return study.run_all(grid, TABLE["processes"]("processes", args.processes), say=_say)
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
