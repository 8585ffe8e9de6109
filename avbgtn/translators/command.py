"""``python -m avbgtn translate``: a picture or a sound, told apart by the file's content, not its name."""

import argparse
import warnings

from ..config.table import TABLE
from ..errors import ConfigError
from ..files.user_files import why_unreadable, why_unwritable
from ..sentences import shown

PICTURES, SOUNDS = "heads-avbgtn", "music-avbgtn"  # the weights that are taken where none are named


def add_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", help="a picture or a sound; what it is, is seen from its content")
    command.add_argument(
        "--weights",
        default=None,
        help=f"committed name, .safetensors file or run folder; {PICTURES} by default, for a sound {SOUNDS}",
    )
    command.add_argument("--to", default=None, help="target domain; blond or violin by default")
    command.add_argument("--seed", default=None, help="draw the posterior's noise; zero without it")
    command.add_argument(
        "--raw",
        action="store_true",
        help="the network's own output, small and square, instead of a picture of the source's size",
    )
    command.add_argument(
        "-o", "--output", default=None, help="where to write; FILE-blond.png or FILE-violin.wav by default"
    )


def translate(args: argparse.Namespace) -> int:
    """Translate one file, say what was done and, in the last line, where it is.

    Raises:
        ConfigError, DataError, RunError: one sentence, before the work as far as it can be known then.
    """
    trouble = why_unreadable(args.file, "picture or sound")
    if trouble:
        raise ConfigError(f"{shown(args.file)} {trouble}")
    if args.output is not None:
        trouble = why_unwritable(args.output, args.file)
        if trouble:
            raise ConfigError(f"{shown(args.output)} {trouble}")
    seed = None if args.seed is None else TABLE["seed"]("seed", args.seed)

    from ..errors import DataError
    from ..files import sound_files
    from .loading import load
    from .sounds import SoundTranslator

    # Pillow warns of trouble that its errors or our sentences say better, with a line of its own source.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    sound = sound_files.is_sound(args.file)
    translator = load(args.weights or (SOUNDS if sound else PICTURES))
    if sound and not isinstance(translator, SoundTranslator):
        raise DataError(
            f"{shown(args.file)} is a sound, and these weights translate pictures: leave --weights out, or"
            f" name others, such as {SOUNDS}"
        )
    to = args.to or translator.domains[1]
    if to not in translator.domains:
        one, two = translator.domains
        raise DataError(f"to must be {one!r} or {two!r}, got {shown(repr(to))}")
    print(shown(translator.translate_file(args.file, to, args.output, seed=seed, raw=args.raw, say=_say)))
    return 0


def _say(line: str) -> None:
    print(shown(line), flush=True)
