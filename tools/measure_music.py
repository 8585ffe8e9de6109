"""Measure what a translation of the built-in music must beat and may hope for, on the validation phrases.

    python tools/measure_music.py

Prints the table of copy, equaliser, nearest clip, unrelated phrases and true twins in both directions,
and the bars that follow from it, and writes them to book/lib/avbgtn_book/records/music-baselines.json,
unless clips were left out with --limit or --train-clips. About ten minutes on one core, most of them for
playing 2,000 phrases.
"""

import argparse
import shlex
import sys

import torch

from avbgtn import data
from avbgtn.config.sound import Sound
from avbgtn.data import music
from avbgtn.metrics import evaluate, sound_evaluate
from avbgtn.metrics.instrument import train_classifier
from avbgtn.metrics.sound_baselines import COLUMNS
from avbgtn.runs.provenance import provenance
from avbgtn_book import records

CLASSIFIER_CLIPS = 200  # training clips of each instrument


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rate", type=int, default=16000)
    parser.add_argument("--limit", type=int, help="validation phrases, all by default")
    parser.add_argument("--train-clips", type=int, help="of each instrument, all by default")
    parser.add_argument("--f0-clips", type=int, default=40, help="clips that are asked for their pitch")
    parser.add_argument("--seed", type=int, default=0, help="of the classifier")
    args = parser.parse_args()

    sounds = data.load_sound("music", sound=Sound.of("band_gain", rate=args.rate, seconds=1, size=64))
    held_out = sounds.evaluation("validation", limit=args.limit)
    notes = [music.notes(i) for i in sounds.phrases["validation"][: args.limit][: args.f0_clips]]
    clips = [range(n)[: args.train_clips] for n in sounds.lengths]
    heard = [torch.stack([sounds.image(k, i) for i in clips[k - 1]]) for k in (1, 2)]
    classifier = train_classifier(*(x[:CLASSIFIER_CLIPS] for x in heard), args.rate, args.seed)
    rows = sound_evaluate.baseline_rows(held_out, *heard, classifier, notes=notes)

    values = evaluate.flat(rows)
    values["classifier / accuracy"] = classifier.accuracy(held_out.wave1, held_out.wave2)
    print(f"{len(held_out.wave1)} validation phrases at {args.rate} samples a second, pitch of {len(notes)}")
    print(f"the classifier is right on {values['classifier / accuracy']:.1%} of the real ones")
    for direction, title in (("12", "piano to violin"), ("21", "violin to piano")):
        bar = sound_evaluate.bars(rows, direction)
        values |= {f"bar / {direction} / {key}": value for key, value in bar.items()}
        print(f"\n{title}\n\n{evaluate.markdown_table(rows, direction, COLUMNS)}\n")
        print(
            f"bars: log-band distance at most {bar['log_band']:.3f}, chroma cosine at "
            f"least {bar['chroma']:.3f}, heard as the target at least "
            f"{bar['instrument']:.2f}, F0 at least {bar['f0']:.2f}"
        )
    record = {
        "command": shlex.join(["python", "tools/measure_music.py", *sys.argv[1:]]),
        "provenance": provenance(),
        "parameters": vars(args) | {"split": "validation", "data": music.checksum()},
        "seeds": [args.seed],
        "values": {name: [round(value, 6)] for name, value in values.items()},
    }
    print(f"\n{records.save('music-baselines', record)}")


if __name__ == "__main__":
    main()
