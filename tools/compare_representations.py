"""Train the same small AVB-GTN on every picture of sound, and commit what is heard:
the record of the audio chapter.

    python tools/compare_representations.py --epochs 200 --seeds 0 1

Everything but the representation is the chapter's default. Runs are kept in $AVBGTN_RUNS and continued.
Scored on validation phrases as in the chapter. About 50 CPU-seconds a representation and seed.
"""

import argparse
import shlex
import sys

import torch

import avbgtn
from avbgtn.config.parameters import from_parameters
from avbgtn.config.sound import PLANES
from avbgtn.config.sound_parameters import SoundParameters
from avbgtn.metrics import sound_evaluate
from avbgtn.metrics.instrument import train_classifier
from avbgtn.runs.provenance import provenance
from avbgtn.training.launch import train_experiment
from avbgtn.translators.loading import run_model
from avbgtn_book import records

CLIPS, PHRASES = 120, 12  # training clips of each instrument for the classifier; validation phrases


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    args = parser.parse_args()
    torch.set_num_threads(1)
    values: dict[str, list[float]] = {}
    for name in PLANES:
        for seed in args.seeds:
            asked = dict(
                dataset="music",
                preset="quick",
                device="cpu",
                models="avb_gtn",
                epochs=args.epochs,
                seed=seed,
                representation=name,
            )
            experiment = avbgtn.resolve(from_parameters(asked, SoundParameters))
            run = train_experiment(experiment, log_every=50, measure_every=args.epochs)["avb_gtn"]
            held_out = experiment.data.evaluation("validation", limit=PHRASES)
            heard = [torch.stack([experiment.data.image(k, i) for i in range(CLIPS)]) for k in (1, 2)]
            classifier = train_classifier(*heard, held_out.rate, 0)
            rows = sound_evaluate.model_rows(name, run_model(run, ema=None), held_out, classifier, draws=2)
            (by_direction,) = rows.values()
            for direction, scores in by_direction.items():
                for key, value in scores.items():
                    values.setdefault(f"{name} / {direction} / {key}", []).append(round(value, 4))
            print(name, seed, by_direction, flush=True)
    record = {
        "command": shlex.join(["python", "tools/compare_representations.py", *sys.argv[1:]]),
        "provenance": provenance(),
        "epochs": args.epochs,
        "phrases": PHRASES,
        "seeds": args.seeds,
        "values": values,
    }
    print(records.save("audio-representations", record))


if __name__ == "__main__":
    main()
