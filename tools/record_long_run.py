"""Keep what a long run showed: its scores at 10, 40 and 100 % of the epochs, and the paper's Figure 4 of it.

    python tools/record_long_run.py RUN_DIR celeba-50000

RUN_DIR is what ``-p run_dir`` named: it holds a folder for each model. Writes
``book/lib/avbgtn_book/records/NAME.json`` and ``book/_assets/NAME.png``. Scores are those of the averaged
weights on the validation split, with zero noise.
"""

import sys
from pathlib import Path

from avbgtn import data
from avbgtn.metrics import evaluate
from avbgtn.runs import Run
from avbgtn.translators.loading import run_model
from avbgtn_book import records
from avbgtn_book.shared import translations as figures

ROOT = Path(__file__).resolve().parents[1]
TITLES = {"unit": "UNIT", "avb_gtn": "AVB-GTN"}


def main(folder: str, name: str) -> None:
    runs = {model: Run(Path(folder) / model) for model in TITLES if (Path(folder) / model).is_dir()}
    config = next(iter(runs.values())).config
    held_out = data.load("heads", size=config.size).evaluation("validation")
    training = data.load("heads", size=config.size).evaluation("train")
    epochs = min(run.latest() for run in runs.values())
    moments = [round(epochs * share) for share in (0.1, 0.4, 1.0)]
    rows = evaluate.baseline_rows(held_out, training)
    made = {"21": {}, "12": {}}
    for epoch in moments:
        for model, run in runs.items():
            network = run_model(run, epoch=epoch)
            rows[f"{TITLES[model]}, {epoch:,} epochs"] = evaluate.score(network, held_out, how="mean")
            for direction, x in (("21", held_out.x2[3:4]), ("12", held_out.x1[1:2])):
                picture = evaluate.translations(network, x, int(direction[0]), int(direction[1]), draw=None)[
                    0
                ]
                made[direction].setdefault(epoch, {})[model] = picture
    figure = figures.training_progress(
        {"blond to brown": (held_out.x2[3], made["21"]), "brown to blond": (held_out.x1[1], made["12"])},
        {"blond to brown": held_out.twin21[3], "brown to blond": held_out.twin12[1]},
    )
    (ROOT / "book" / "_assets" / f"{name}.png").write_bytes(figure.png())
    cpu = {TITLES[m]: round(sum(run.cpu_seconds()) / 3600, 2) for m, run in runs.items()}
    command = (
        f"papermill book/celeba.ipynb out.ipynb -p epochs {epochs} -p dataset heads -p preset quick -p "
        f"device cpu -p size {config.size} -p width {config.width}"
    )
    record = {
        "command": command if len(runs) == len(TITLES) else f"{command} -p models {','.join(runs)}",
        "heads": len(held_out.x1),
        "cpu_hours": cpu,
        "moments": moments,
        "rows": rows,
        "training": {
            TITLES[m]: {"config": run.config.to_dict(), "provenance": run.provenance()}
            for m, run in runs.items()
        },
    }
    print(records.save(name, record))


if __name__ == "__main__":
    main(*sys.argv[1:])
