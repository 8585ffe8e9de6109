"""Export the long runs as the committed weights, and score them on the test split: once, and logged.

    python tools/commit_weights.py heads-unit=RUN_FOLDER heads-avbgtn=RUN_FOLDER [--rehearse]

Writes ``avbgtn/weights/NAME.safetensors``, ``avbgtn/records/NAME.json`` (the run's record) and
``avbgtn/records/heads-test.json`` (the table of the chapter), and appends a line to ``avbgtn/records/test-log.jsonl``: whoever
looks at the test split twice leaves two lines. ``--rehearse`` scores the validation split instead, and logs nothing.
"""

import json
import sys
import time
from pathlib import Path

from avbgtn import data, evaluate, figures, records
from avbgtn.provenance import provenance
from avbgtn.runs import Run
from avbgtn.translator import WEIGHTS, export, run_model

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
    for name, run in chosen.items():
        file = export(run, WEIGHTS / f"{name}.safetensors")
        title, seconds = TITLES[run.config.model], sum(run.cpu_seconds())
        rows |= evaluate.model_rows(f"{title}, EMA", run_model(run), test)
        rows |= evaluate.model_rows(f"{title}, raw", run_model(run, ema=False), test)
        how[title] = {
            "weights": file.name, "bytes": file.stat().st_size, "epochs": run.latest(), "config": run.config.to_dict(),
            "parameters": sum(t.numel() for t in run.load("ema").values()), "cpu_hours": round(seconds / 3600, 2),
            "command": command(run), "provenance": run.provenance(),
        }  # fmt: skip
        measured = [
            {k: round(v, 5) if isinstance(v, float) else v for k, v in line.items()}
            for line in run.lines()
            if "val/rec" in line
        ]
        records.save(name, {**how[title], "metrics": measured})
    shown = heads.evaluation("validation", limit=4)
    made = {
        run.config.model: evaluate.translations(run_model(run), shown.x1, 1, 2, draw=None)
        for run in chosen.values()
    }
    picture = figures.translation_grid(shown.x1, made, shown.twin12, direction="brown to blond")
    (ROOT / "book" / "_assets" / "heads-translated.png").write_bytes(picture.png())  # for the README
    record = {
        "split": split,
        "heads": len(test.x1),
        "provenance": provenance(),
        "rows": rows,
        "training": how,
    }
    print(records.save("heads-test", record))
    if split != "test":
        return
    with open(records.FOLDER / "test-log.jsonl", "a", encoding="utf-8") as log:
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        log.write(
            json.dumps(
                {
                    "when": when,
                    "what": {
                        t: h["config"]["model"] + " " + Run(r.path).config.fingerprint()
                        for (t, h), r in zip(how.items(), chosen.values(), strict=True)
                    },
                }
            )
            + "\n"
        )


def command(run: Run) -> str:
    """The shell command that makes such a run."""
    c = run.config
    options = dict(dataset=c.dataset, preset=c.preset, width=c.width, batch=c.batch, init=c.init, lr=c.lr,
                   lambda_0=c.lambda_0, lr_halve_every=c.lr_halve_every, ema=c.ema, seed=c.seed, epochs=run.latest(), models=c.model)  # fmt: skip
    if c.model == "avb_gtn":
        options |= {"noise_scale": c.noise_scale}
    return "python -m avbgtn train " + " ".join(
        f"--{k} {v:g}" if isinstance(v, float) else f"--{k} {v}" for k, v in options.items()
    )


if __name__ == "__main__":
    main(sys.argv[1:])
