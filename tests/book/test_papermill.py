"""``papermill book/celeba.ipynb`` and ``audio.ipynb`` as a person would call them: bad names stop them early,
a killed run goes on."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
import torch

import avbgtn
from avbgtn.config.parameters import Parameters, from_parameters
from avbgtn.config.sound_parameters import SoundParameters
from avbgtn.runs import Run
from avbgtn.training.train import train
from children import PATIENCE, Child

BOOK = Path(__file__).resolve().parents[2] / "book"
KINDS = {"celeba": Parameters, "audio": SoundParameters}
TINY = {
    "celeba": {"epochs": 400, "size": 32, "width": 2, "dataset": "heads"},
    "audio": {"epochs": 150, "size": 32, "width": 2, "dataset": "music", "rate": 4000, "seconds": 0.2},
}
each_experiment = pytest.mark.parametrize("name", KINDS)


def papermill(start, name: str, out: Path, parameters: dict, cwd: Path, *options: str) -> Child:
    given = [part for key, value in parameters.items() for part in ("-p", key, value)]
    return start(
        sys.executable,
        "-m",
        "papermill",
        "--no-progress-bar",
        "--log-output",
        "--start-timeout",
        int(PATIENCE),
        BOOK / f"{name}.ipynb",
        out,
        *given,
        *options,
        cwd=cwd,
        environment=os.environ
        | {"CUDA_VISIBLE_DEVICES": "", "JUPYTER_PREFER_ENV_PATH": "1", "AVBGTN_RUNS": str(cwd / "runs")},
    )


@pytest.mark.parametrize("name, parameters, sentence", [
    ("celeba", {"epoch": 50_000}, "ConfigError: unknown parameter 'epoch': did you mean 'epochs'?"),
    ("celeba", {"epochs": "many"}, "ConfigError: epochs must be a positive whole number, got 'many'"),
    ("audio", {"clips": "my.wav"}, "ConfigError: unknown parameter 'clips': did you mean 'clip'?"),
    ("audio", {"clip": "nowhere.wav"}, "nowhere.wav is missing; leave clip out to use a built-in one"),
])  # fmt: skip
def test_bad_parameters_stop_the_notebook_with_one_sentence(name, parameters, sentence, start, tmp_path):
    process = papermill(start, name, tmp_path / "out.ipynb", parameters, tmp_path)
    output = process.finish(tmp_path)
    assert process.returncode != 0
    assert sentence in output
    ran = [
        c
        for c in nbformat.read(tmp_path / "out.ipynb", 4).cells
        if c.cell_type == "code" and c.get("execution_count")
    ]
    assert not any("import torch" in c.source or "resolve" in c.source for c in ran), (
        "torch was loaded before the refusal"
    )
    assert not (tmp_path / "runs").exists(), "work had started"


def test_paths_that_papermill_injects_are_no_misspelt_parameters(start, tmp_path):
    """They used to be refused as unknown parameters, before anything else was looked at."""
    process = papermill(
        start, "celeba", tmp_path / "out.ipynb", {"epochs": "many"}, tmp_path, "--inject-paths"
    )
    output = process.finish(tmp_path)
    assert (
        "epochs must be a positive whole number, got 'many'" in output
        and "ConfigError: unknown" not in output
    )
    assert any("PAPERMILL_OUTPUT_PATH" in c.source for c in nbformat.read(tmp_path / "out.ipynb", 4).cells)


@each_experiment
def test_help_lists_every_parameter_with_a_type_and_words(name):
    known = KINDS[name].checks
    found = subprocess.run(
        [sys.executable, "-m", "papermill", "--help-notebook", str(BOOK / f"{name}.ipynb")],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for parameter in known:
        line = next((text for text in found.splitlines() if text.strip().startswith(f"{parameter}:")), None)
        assert line, f"--help-notebook does not list {parameter}"
        assert "Unknown type" not in line, f"{parameter} has no type"
    assert set(known) == {
        text.strip().split(":")[0]
        for text in found.splitlines()
        if text.startswith("  ") and ": " in text and text.strip().split(":")[0].isidentifier()
    } & set(known)


@each_experiment
def test_killed_and_started_again_from_any_folder_it_ends_as_if_never_killed(name, start, tmp_path):
    tiny = TINY[name]
    wanted = avbgtn.resolve(from_parameters(tiny | {"run_dir": str(tmp_path / "straight")}, KINDS[name]))
    straight = {
        model: train(
            config,
            wanted.data,
            epochs=tiny["epochs"],
            run_dir=wanted.run_folder(model),
            keep=wanted.keep(),
            log_every=50,
            measure_every=250 if name == "celeba" else tiny["epochs"],
            say=lambda text: None,
        )
        for model, config in wanted.configs.items()
    }
    process = papermill(start, name, tmp_path / "out.ipynb", tiny, tmp_path)
    process.until(
        lambda: list(tmp_path.glob("runs/*/checkpoints/epoch-*")), "a checkpoint", tmp_path / "runs"
    )
    os.killpg(
        process.pid, signal.SIGKILL
    )  # papermill; its kernel, in a session of its own, dies when it sees that
    process.wait()
    output, code = "", 1
    for _ in range(50):  # the old kernel may hold the folder for a moment longer
        process = papermill(start, name, tmp_path / "out.ipynb", tiny, tmp_path)
        output = process.finish(tmp_path)
        code = process.returncode
        if "is in use by another process" not in output:
            break
        time.sleep(2)
    assert code == 0, output[-3000:]
    assert f"other parameters than those of the record '{name}'" in output
    assert len(nbformat.read(tmp_path / "out.ipynb", 4).metadata.papermill.parameters) == len(tiny)
    for model, run in straight.items():
        (folder,) = (tmp_path / "runs").glob(f"{tiny['dataset']}-{run.config.preset}-{model}-*")
        found = Run(folder)
        if model == "unit":  # the one that was training when papermill was killed
            resumed = any(0 < start["from_epoch"] < tiny["epochs"] for start in found.provenance())
            assert resumed, "nothing was resumed"
        left, right = run.load("weights"), found.load("weights")
        assert all(torch.equal(left[k], right[k]) for k in left), model
        assert json.dumps(found.lines()) == json.dumps(run.lines())
