"""Export the long runs on music as the committed weights, and score them on the test split: once, and logged.

    python tools/commit_music.py music-unit=RUN_FOLDER music-avbgtn=RUN_FOLDER [--rehearse] [--limit 60]

The same as ``commit_weights.py`` for sound: writes ``avbgtn/weights/NAME.safetensors``,
``book/lib/avbgtn_book/records/NAME.json`` and ``book/lib/avbgtn_book/records/music-test.json``. The bars are
those of ``music-baselines.json``, measured on the validation split. ``--rehearse`` scores the validation
split instead, and logs nothing.
"""

import argparse

import torch

from avbgtn import data
from avbgtn.data import music
from avbgtn.metrics import evaluate, sound_evaluate
from avbgtn.metrics.instrument import train_classifier
from avbgtn.runs import Run
from avbgtn.runs.provenance import provenance
from avbgtn.runs.weights_files import pin
from avbgtn.translators.loading import WEIGHTS, export, run_model
from avbgtn_book import records
from commit_weights import TITLES, about, log_look, measured

CLASSIFIER_CLIPS, PITCHED = 200, 20  # training clips of each instrument; clips that are asked for their pitch


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", nargs="+", metavar="NAME=RUN_FOLDER")
    parser.add_argument("--rehearse", action="store_true")
    parser.add_argument("--limit", type=int, default=60, help="phrases, the first of the split")
    args = parser.parse_args()
    split = "validation" if args.rehearse else "test"
    chosen = {name: Run(folder) for name, folder in (a.split("=", 1) for a in args.runs)}
    sounds = data.load_sound("music", sound=next(iter(chosen.values())).config.sound)
    held_out = sounds.evaluation(split, limit=args.limit)
    notes = [music.notes(i) for i in sounds.phrases[split][: min(PITCHED, args.limit)]]
    heard = [torch.stack([sounds.image(k, i) for i in range(CLASSIFIER_CLIPS)]) for k in (1, 2)]
    classifier = train_classifier(*heard, held_out.rate, 0)
    rows = sound_evaluate.baseline_rows(held_out, *heard, classifier, notes=notes)
    how = {}
    for name, run in chosen.items():
        title = TITLES[run.config.model]
        file = export(run, WEIGHTS / f"{name}.safetensors")
        rows |= sound_evaluate.model_rows(title, run_model(run), held_out, classifier, draws=2, notes=notes)
        how[title] = about(run, file)
        records.save(name, {**how[title], "metrics": measured(run)})
    pin()
    values = records.load("music-baselines")["values"]
    bars = {
        d: {key: values[f"bar / {d} / {key}"][0] for key in ("log_band", "chroma", "instrument", "f0")}
        for d in ("12", "21")
    }
    record = {
        "split": split,
        "phrases": len(held_out.wave1),
        "pitched": len(notes),
        "rate": held_out.rate,
        "classifier_accuracy": classifier.accuracy(held_out.wave1, held_out.wave2),
        "provenance": provenance(),
        "bars": bars,
        "rows": rows,
        "training": how,
    }
    print(records.save("music-test", record))
    for direction, words in (("12", "piano to violin"), ("21", "violin to piano")):
        columns = sound_evaluate.COLUMNS | {"f0": ("in tune", 2)}
        print(
            f"\n{words}, {split}\n{evaluate.markdown_table(rows, direction, columns)}\nbars {bars[direction]}"
        )
    if split == "test":
        log_look(chosen.values())


if __name__ == "__main__":
    main()
