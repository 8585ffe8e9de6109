"""Run folders: any file of a finished run damaged, and then the run continued or used.

Right is one sentence, or the same result, to the bit, as without the damage.
"""

import hashlib
import json
import os
import shutil
from dataclasses import replace

import mutate
from hypothesis import strategies as st
from outcomes import SilentDifference
from PIL import Image

from avbgtn.runs import Run
from avbgtn.training.train import train
from avbgtn.translators import loading as translator
from examples import AVB_GTN_CONFIG, RandomDomains

SHARE, QUICK = 5, 40
EPOCHS, MORE = 4, 6
# Written anew at every start, so that damage to them can change no result.
FILES = (
    "parameters.json",
    "provenance.json",
    "metrics.jsonl",
    "timings.jsonl",
    "latest",
    "lock",
    *(
        f"checkpoints/epoch-{e:08d}/{f}"
        for e in (EPOCHS, EPOCHS - 1)
        for f in ("weights.safetensors", "ema.safetensors", "optimizer.safetensors", "state.json")
    ),
)
PLACES = (*FILES, "checkpoints", f"checkpoints/epoch-{EPOCHS:08d}")
# What is planted, to be written through: links that lead out of the folder.
PLANTED = (
    ".latest.new",
    ".provenance.json.new",
    ".metrics.jsonl.new",
    ".timings.jsonl.new",
    ".parameters.json.new",
    f"checkpoints/.writing-epoch-{MORE:08d}",
    f"checkpoints/epoch-{MORE:08d}",
)
_then = st.sampled_from(["resume", "resume", "translate"])

cases = st.one_of(
    st.fixed_dictionaries(
        {
            "file": st.sampled_from(FILES),
            "edits": st.one_of(mutate.damages, st.tuples(mutate.garbage)),
            "then": _then,
        }
    ),
    st.fixed_dictionaries(
        {"file": st.sampled_from([f for f in FILES if "json" in f]), "json": mutate.json_edits, "then": _then}
    ),
    st.fixed_dictionaries(
        {
            "file": st.sampled_from(PLACES),
            "gone": st.sampled_from(["deleted", "folder", "link out", "link to itself", "fifo", "older"]),
            "then": _then,
        }
    ),
    st.fixed_dictionaries(
        {
            "planted": st.sampled_from(PLANTED),
            "as": st.sampled_from(
                ["link to a file", "link to a folder", "link to nothing", "file", "folder"]
            ),
            "then": _then,
        }
    ),
)

_newest = f"checkpoints/epoch-{EPOCHS:08d}"
SEEDS = [
    *(
        {
            "file": f"{_newest}/{name}.safetensors",
            "edits": [{"do": "flip", "at": ["part", 700], "bit": 3}],
            "then": "resume",
        }
        for name in ("weights", "ema", "optimizer")
    ),
    *(
        {"file": name, "edits": [{"do": "replace", "bytes": text.encode().hex()}], "then": "resume"}
        for name in (
            "parameters.json",
            "provenance.json",
            "timings.jsonl",
            "metrics.jsonl",
            f"{_newest}/state.json",
        )
        for text in ("null", "[]", "")
    ),
    {
        "file": "metrics.jsonl",
        "edits": [{"do": "overwrite", "at": ["part", 300], "bytes": "0a"}],
        "then": "resume",
    },
    *({"planted": name, "as": "link to a file", "then": "resume"} for name in PLANTED[:4]),
    {"file": "checkpoints", "gone": "link out", "then": "resume"},
    {"file": "parameters.json", "json": [{"way": [1, 20], "do": "set", "value": 0.5}], "then": "resume"},
    {"file": "lock", "gone": "fifo", "then": "resume"},
]


def prepare(originals):
    config = replace(AVB_GTN_CONFIG, width=2)
    train(
        config,
        RandomDomains(),
        epochs=EPOCHS,
        run_dir=originals / "run",
        log_every=1,
        measure_every=EPOCHS,
        save_minutes=0.0,
        say=lambda text: None,
    )
    (originals / "translated").write_text(_translated(originals / "run"))
    shutil.copytree(originals / "run", originals / "whole")
    _resume(originals / "whole")


def run(case, folder, originals):
    path, outside = folder / "run", folder / "outside"
    shutil.copytree(originals / "run", path)
    outside.mkdir()
    (outside / "mine").write_text("not yours")
    _damage(case, path, outside)
    damaged_lines = _lines(path)
    try:
        if case["then"] == "translate":
            asked_for = (
                case.get("gone") == "deleted" and case["file"] == PLACES[-1]
            )  # the one before then serves
            if _translated(path) != (originals / "translated").read_text() and not asked_for:
                raise SilentDifference(f"damage to {_name(case)} gave another picture")
            return "the same picture"
        _resume(path)
        _compare(case, path, originals / "whole", damaged_lines)
        return "the same bits"
    finally:
        if sorted(os.listdir(outside)) != ["mine"] or (outside / "mine").read_text() != "not yours":
            raise SilentDifference(f"a link at {_name(case)} led to writing outside of the run folder")


def _name(case) -> str:
    return (
        (case.get("file") or case["planted"])
        .replace(f"{EPOCHS:08d}", "newest")
        .replace(f"{EPOCHS - 1:08d}", "older")
    )


def _resume(path) -> None:
    run = Run(path)
    train(
        run.config,
        RandomDomains(),
        epochs=MORE,
        run_dir=path,
        log_every=1,
        measure_every=EPOCHS,
        save_minutes=0.0,
    )


def _translated(path) -> str:
    picture = Image.linear_gradient("L").convert("RGB")
    return hashlib.sha256(translator.load(path).translate(picture).tobytes()).hexdigest()


def _lines(path) -> set[bytes]:
    try:
        return (
            set((path / "metrics.jsonl").read_bytes().splitlines())
            if (path / "metrics.jsonl").is_file()
            else set()
        )
    except OSError:
        return set()


def _compare(case, path, whole, damaged_lines) -> None:
    for name in ("weights.safetensors", "ema.safetensors", "optimizer.safetensors", "state.json"):
        left, right = (folder / f"checkpoints/epoch-{MORE:08d}/{name}" for folder in (path, whole))
        if name == "state.json":  # it may say more than the result, such as sums of the other files
            values = (json.loads(file.read_text()) for file in (left, right))
            same = len({json.dumps([v["summed"], v["sums"]]) for v in values}) == 1
        else:
            same = left.read_bytes() == right.read_bytes()
        if not same:
            raise SilentDifference(
                f"after damage to {_name(case)}, {name} of the continued run is another one"
            )
    # Lines that damage had left whole are still there, in the file or in one that was set aside.
    there = set().union(
        *(file.read_bytes().splitlines() for file in path.glob("*metrics*") if file.is_file())
    )
    wanted = {line for line in (whole / "metrics.jsonl").read_bytes().splitlines() if line in damaged_lines}
    if not wanted <= there:
        raise SilentDifference(f"after damage to {_name(case)}, whole lines of metrics.jsonl are gone")


def _damage(case, path, outside) -> None:
    if "planted" in case:
        target = path / case["planted"]
        what = case["as"]
        if what == "file":
            target.write_text("{")
        elif what == "folder":
            target.mkdir()
        else:
            target.symlink_to(
                {
                    "link to a file": outside / "mine",
                    "link to a folder": outside,
                    "link to nothing": outside / "new",
                }[what]
            )
        return
    target = path / case["file"]
    if "edits" in case:
        target.write_bytes(mutate.damaged(target.read_bytes(), case["edits"]))
    elif "json" in case:
        _edit_json(target, case["json"])
    else:
        _replace(target, case["gone"], outside)


def _edit_json(target, edits) -> None:
    if target.suffix == ".jsonl":
        values = [json.loads(line) for line in target.read_text().splitlines()]
        values = mutate.json_edited(values, edits)
        lines = values if isinstance(values, list) else [values]
        target.write_text("".join(json.dumps(value) + "\n" for value in lines))
    else:
        target.write_text(json.dumps(mutate.json_edited(json.loads(target.read_text()), edits)))


def _replace(target, how, outside) -> None:
    if how == "older":
        if target.parent.name == f"epoch-{EPOCHS:08d}":
            shutil.copy(target.parent.with_name(f"epoch-{EPOCHS - 1:08d}") / target.name, target)
        return
    kept = target.with_name(f"{target.name}-kept")
    target.rename(kept)
    if how == "link out":  # what is there is what was there, somewhere else
        moved = outside.with_name("elsewhere")
        shutil.move(kept, moved)
        target.symlink_to(moved)
        return
    shutil.rmtree(kept) if kept.is_dir() else kept.unlink()
    mutate.planted(target, how)
