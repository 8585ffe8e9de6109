"""Export the long runs as the committed weights, and score them on the test split: once, and logged.

    python tools/commit_weights.py heads-unit=RUN_FOLDER heads-avbgtn=RUN_FOLDER [--rehearse]

Writes ``avbgtn/weights/NAME.safetensors``, ``book/lib/avbgtn_book/records/NAME.json`` (the run's record) and
``book/lib/avbgtn_book/records/heads-test.json`` (the table of the chapter), and appends a line to
``book/lib/avbgtn_book/records/test-log.jsonl``: whoever looks at the test split twice leaves two lines.
``--rehearse`` scores the validation split instead, and logs nothing. Pictures for README and chapter are of
validation heads in both cases.
"""

import json
import sys
import time
from dataclasses import fields
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from avbgtn import data
from avbgtn.config.parameters import Parameters, defaults
from avbgtn.config.sound_parameters import SoundParameters
from avbgtn.data import Domains, Evaluation
from avbgtn.metrics import evaluate
from avbgtn.metrics.detail import face_masks, grid_energy, masked_l1
from avbgtn.models.unit import UNIT
from avbgtn.runs import Run
from avbgtn.runs.provenance import provenance
from avbgtn.runs.weights_files import pin
from avbgtn.translators.loading import WEIGHTS, export, run_model
from avbgtn.translators.pictures import to_picture
from avbgtn_book import records
from avbgtn_book.shared import translations as figures

ROOT = Path(__file__).resolve().parents[1]
TITLES = {"unit": "UNIT", "avb_gtn": "AVB-GTN"}


def main(arguments: list[str]) -> None:
    split = "validation" if "--rehearse" in arguments else "test"
    arguments = [a for a in arguments if a != "--rehearse"]
    chosen = {name: Run(folder) for name, folder in (a.split("=", 1) for a in arguments)}
    WEIGHTS.mkdir(exist_ok=True)
    heads = data.load("heads", size=next(iter(chosen.values())).config.size)
    test, training = heads.evaluation(split), heads.evaluation("train")
    rows, how = evaluate.baseline_rows(test, training), {}
    looks = {"copy": {"12": look(test, "12", [test.x1]), "21": look(test, "21", [test.x2])}}
    looks["twins"] = {"12": look(test, "12", [test.twin12]), "21": look(test, "21", [test.twin21])}
    for name, run in chosen.items():
        file = export(run, WEIGHTS / f"{name}.safetensors")
        title, model = TITLES[run.config.model], run_model(run)
        rows |= evaluate.model_rows(f"{title}, EMA", model, test)
        rows |= evaluate.model_rows(f"{title}, raw", run_model(run, ema=False), test)
        looks[title] = looks_of(model, test)
        how[title] = about(run, file)
        records.save(name, {**how[title], "metrics": measured(run)})
    pin()
    draw_pictures(heads, {run.config.model: run_model(run) for run in chosen.values()})
    record = {
        "split": split,
        "heads": len(test.x1),
        "provenance": provenance(),
        "rows": rows,
        "looks": looks,
        "training": how,
    }
    print(records.save("heads-test", record))
    if split != "test":
        return
    log_look(chosen.values())


def looks_of(model: UNIT, split: Evaluation) -> dict:
    """:func:`look` by direction, from the mean code where there is one, else as a mean over 8 draws."""
    draws = evaluate.draws_for(model, "draws" if model.config.posterior == "input" else "mean", 8)
    found = {}
    for source, target, x in ((1, 2, split.x1), (2, 1, split.x2)):
        made = [evaluate.translations(model, x, source, target, draw) for draw in draws]
        found[f"{source}{target}"] = look(split, f"{source}{target}", made)
    return found


def look(split: Evaluation, direction: str, made: list[Tensor]) -> dict[str, float]:
    """Mean over translations of the same heads: L1 in the face, and the finest grid."""
    x, twin, hair = {
        "12": (split.x1, split.twin12, split.mask1),
        "21": (split.x2, split.twin21, split.mask2),
    }[direction]
    face = face_masks(x, hair)
    return {
        "l1_face": sum(masked_l1(one, twin, face) for one in made) / len(made),
        "grid": sum(map(grid_energy, made)) / len(made),
    }


def draw_pictures(heads: Domains, models: dict[str, UNIT]) -> None:
    """Into ``book/_assets``: four heads for the README, and sheets of sixteen at four times their size."""
    folder = ROOT / "book" / "_assets"
    shown = heads.evaluation("validation", limit=16)
    for source, target, x, twin in ((1, 2, shown.x1, shown.twin12), (2, 1, shown.x2, shown.twin21)):
        made = {
            name: evaluate.translations(model, x, source, target, draw=None) for name, model in models.items()
        }
        if source == 1:
            first = {name: images[:4] for name, images in made.items()}
            picture = figures.translation_grid(x[:4], first, twin[:4], direction="brown to blond")
            (folder / "heads-translated.png").write_bytes(picture.png())
        sheet = contact_sheet([x, *made.values(), twin])
        sheet.save(folder / f"heads-sheet-{source}{target}.png", optimize=True)


def contact_sheet(columns: list[Tensor], *, scale: int = 4, heads: int = 2) -> Image.Image:
    """Heads with all their columns side by side, so many ``heads`` a row, each pixel ``scale`` times."""
    strips = torch.cat(columns, dim=3)  # (N, 3, H, W times the columns)
    rows = [torch.cat(list(strips[i : i + heads]), dim=2) for i in range(0, len(strips), heads)]
    small = to_picture(torch.cat(rows, dim=1))
    return small.resize((small.width * scale, small.height * scale), Image.Resampling.NEAREST)


def about(run: Run, file: Path) -> dict:
    """How committed weights came to be, for the records."""
    return {
        "weights": file.name,
        "bytes": file.stat().st_size,
        "epochs": run.latest(),
        "config": run.config.to_dict(),
        "parameters": sum(t.numel() for t in run.load("ema").values()),
        "cpu_hours": round(sum(run.cpu_seconds()) / 3600, 2),
        "command": command(run),
        "provenance": run.provenance(),
    }


def measured(run: Run) -> list[dict]:
    """The metrics lines with scores, to five digits."""
    return [
        {k: round(v, 5) if isinstance(v, float) else v for k, v in line.items()}
        for line in run.lines()
        if "val/rec" in line
    ]


def log_look(runs) -> None:
    """One more line for one more look at the test split."""
    what = {
        TITLES[r.config.model]: f"{r.config.dataset} {r.config.model} {r.config.fingerprint()}" for r in runs
    }
    with open(records.FOLDER / "test-log.jsonl", "a", encoding="utf-8") as log:
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        log.write(json.dumps({"when": when, "what": what}) + "\n")


def command(run: Run) -> str:
    """The shell command that makes such a run: what differs from the defaults of its preset."""
    c = run.config
    kind = Parameters if c.sound is None else SoundParameters
    options = dict(dataset=c.dataset, preset=c.preset)
    if c.sound is not None:
        options |= dict(
            representation=c.sound.representation,
            rate=c.sound.rate,
            seconds=round(c.sound.seconds),
            size=c.size,
        )
    names = (
        "width",
        "batch",
        "init",
        "gan_loss",
        "lambda_0",
        "lambda_4",
        "lr",
        "d_lr",
        "lr_halve_every",
        "lr_inverse_sqrt",
        "ema",
        "optimiser",
        "norm",
        "upsampling",
        "seed",
    )
    plain = {f.name: f.default for f in fields(c)} | kind.presets[c.preset]
    plain |= {name: value for name, value in defaults(kind).items() if value is not None and name in names}
    options |= {n: getattr(c, n) for n in names if getattr(c, n) != plain[n] or n == "seed"}
    options |= dict(epochs=run.latest(), models=c.model)
    if c.model == "avb_gtn":
        options |= {"noise_scale": c.noise_scale}
    return "python -m avbgtn train " + " ".join(
        f"--{k} {v:g}" if isinstance(v, float) else f"--{k} {v}" for k, v in options.items()
    )


if __name__ == "__main__":
    main(sys.argv[1:])
