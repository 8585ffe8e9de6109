"""``python -m avbgtn``: thin over the functions that the notebooks use.

    python -m avbgtn train --epochs 2000 --preset quick --models avb_gtn
    python -m avbgtn resume runs/heads-quick-avb_gtn-1a2b3c4d --epochs 5000
    python -m avbgtn translate portrait.jpg --to blond -o blond.png
    python -m avbgtn train --dataset music --representation band_gain --preset reader
    python -m avbgtn translate song.wav --to violin -o violin.wav

Exit codes: 0 done, 2 bad input or a run that cannot go on (one sentence on stderr), 75 interrupted with a checkpoint saved.
"""

import argparse
import os
import sys
from dataclasses import fields
from pathlib import Path

from .config import ConfigError
from .parameters import Parameters, from_parameters
from .sound_parameters import SoundParameters
from .values import whole

SOUND_FILES = (".wav", ".flac", ".ogg")


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="python -m avbgtn", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="train | resume | translate")

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
    resume.add_argument("--devices", default="1")
    resume.add_argument("--keep", default="")
    resume.add_argument("--workers", default="0", help="threads that decode CelebA's pictures ahead")
    resume.add_argument("--log_every", default="50", help="epochs a metrics line")
    resume.add_argument("--measure_every", default="200", help="epochs between scores on validation images")

    translate = commands.add_parser("translate", help="translate a picture or a sound")
    translate.add_argument("file", help="an image, or a WAV, FLAC or OGG file")
    translate.add_argument(
        "--weights",
        default=None,
        help="committed name, .safetensors file or run folder; heads-avbgtn by default, for a sound music-avbgtn",
    )
    translate.add_argument("--to", default=None, help="target domain; blond or violin by default")
    translate.add_argument(
        "--seed", type=int, default=None, help="draw the posterior's noise; zero without it"
    )
    translate.add_argument(
        "-o", "--output", default=None, help="where to write; FILE-blond.png or FILE-violin.wav by default"
    )
    return top


def main(arguments: list[str] | None = None) -> int:
    args = parser().parse_args(arguments)
    try:
        return {"train": _train, "resume": _resume, "translate": _translate}[args.command](args)
    except ConfigError as error:  # raised before torch is imported, as far as parameters go
        return _fail(error)
    except (ValueError, RuntimeError) as error:
        from .data import DataError
        from .storage import RunError

        if isinstance(error, DataError | RunError):
            return _fail(error)
        raise
    except KeyboardInterrupt as stopped:
        print(str(stopped) or "interrupted before there was anything to save", file=sys.stderr)
        return getattr(stopped, "EXIT_CODE", 130)  # 75 of train.Interrupted: a checkpoint was saved


def _fail(error: Exception) -> int:
    print(f"error: {error}", file=sys.stderr)
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
        torch.set_num_threads(1)
    elif not torch.cuda.is_available():
        raise RunError(
            "the run was made on CUDA and torch sees no CUDA device here; continue it on a machine with one"
        )


def _train(args: argparse.Namespace) -> int:
    known = {**SoundParameters.checks, **Parameters.checks}
    given = {name: value for name, value in vars(args).items() if name in known and value is not None}
    of_sound = set(SoundParameters.checks) - set(Parameters.checks)  # whoever names one of these means sound
    is_sound = args.dataset in ("music", "irmas") or bool(of_sound & set(given))
    kind = SoundParameters if is_sound else Parameters
    parameters, keep = from_parameters(given, kind), _epochs(args.keep)
    experiment = parameters.resolve()
    for line in experiment.lines:
        print(line)
    from .launch import train_experiment
    from .train import train

    _one_thread(next(iter(experiment.configs.values())).device)

    if "LOCAL_WORLD_SIZE" in os.environ:  # torchrun started us: join the processes that are there
        for name, config in experiment.configs.items():
            train(config, experiment.data, epochs=experiment.epochs, run_dir=experiment.run_folder(name), keep=keep,
                  devices=int(os.environ["LOCAL_WORLD_SIZE"]))  # fmt: skip
        return 0
    for name, run in train_experiment(experiment, keep=keep).items():
        print(f"{name}: {run.path}")
    return 0


def _resume(args: argparse.Namespace) -> int:
    given = from_parameters(
        {
            "epochs": args.epochs,
            "devices": args.devices,
            "batch": args.devices,  # the run's own batch counts; this one only has to suit the devices
            "root": args.root,
            "workers": args.workers,
        }
    )
    from .experiment import load_data
    from .runs import Run
    from .storage import RunError
    from .train import train

    run = Run(args.run_dir)
    c = run.config
    _one_thread(c.device)
    domains = load_data(c, root=given.root, workers=given.workers)
    if domains.checksum != c.data_checksum:
        raise RunError(
            f"the data differ from those of {run.path}: checksum {domains.checksum} now, {c.data_checksum} then; restore them or start a new run"
        )
    train(
        c,
        domains,
        epochs=given.epochs,
        run_dir=run.path,
        keep=_epochs(args.keep),
        log_every=_whole("log_every", args.log_every),
        measure_every=_whole("measure_every", args.measure_every),
        devices=int(os.environ.get("LOCAL_WORLD_SIZE", given.devices)),
    )
    print(run.path)
    return 0


def _translate(args: argparse.Namespace) -> int:
    from .sound_translator import SoundTranslator
    from .translator import load

    is_sound = Path(args.file).suffix.lower() in SOUND_FILES
    translator = load(args.weights or ("music-avbgtn" if is_sound else "heads-avbgtn"))
    to = args.to or translator.domains[1]
    try:
        if isinstance(translator, SoundTranslator):
            print(translator.translate_file(args.file, to, args.output, seed=args.seed))
            return 0
        picture = translator.translate(args.file, to, seed=args.seed)
    except ValueError as error:
        return _fail(error)
    output = (
        Path(args.output) if args.output else Path(args.file).with_name(f"{Path(args.file).stem}-{to}.png")
    )
    picture.save(output)
    print(output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
