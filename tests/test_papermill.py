"""``papermill book/celeba.ipynb`` as a person would call it: bad names stop it early, a killed run goes on."""

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

from avbgtn.parameters import CHECKS, from_parameters
from avbgtn.runs import Run
from avbgtn.train import train

CELEBA = Path(__file__).resolve().parents[1] / "book" / "celeba.ipynb"
TINY = {"epochs": 400, "size": 32, "width": 2, "dataset": "heads"}


def papermill(out: Path, parameters: dict, cwd: Path, *options: str) -> subprocess.Popen:
    given = [part for name, value in parameters.items() for part in ("-p", name, str(value))]
    return subprocess.Popen(
        [sys.executable, "-m", "papermill", "--no-progress-bar", "--log-output", *options, str(CELEBA), str(out), *given],
        cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        env=os.environ | {"CUDA_VISIBLE_DEVICES": "", "JUPYTER_PREFER_ENV_PATH": "1", "AVBGTN_RUNS": str(cwd / "runs")},
    )  # fmt: skip


@pytest.mark.parametrize("parameters, sentence", [
    ({"epoch": 50_000}, "ConfigError: unknown parameter 'epoch': did you mean 'epochs'?"),
    ({"epochs": "many"}, "ConfigError: epochs must be a positive whole number, got 'many'"),
])  # fmt: skip
def test_bad_parameters_stop_the_notebook_with_one_sentence(parameters, sentence, tmp_path):
    process = papermill(tmp_path / "out.ipynb", parameters, tmp_path)
    output, _ = process.communicate(timeout=240)
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


def test_help_lists_every_parameter_with_a_type_and_words():
    found = subprocess.run(
        [sys.executable, "-m", "papermill", "--help-notebook", str(CELEBA)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in CHECKS:
        line = next((text for text in found.splitlines() if text.strip().startswith(f"{name}:")), None)
        assert line, f"--help-notebook does not list {name}"
        assert "Unknown type" not in line, f"{name} has no type"
    assert set(CHECKS) == {
        text.strip().split(":")[0]
        for text in found.splitlines()
        if text.startswith("  ") and ": " in text and text.strip().split(":")[0].isidentifier()
    } & set(CHECKS)


def test_killed_and_started_again_from_any_folder_it_ends_as_if_never_killed(tmp_path):
    wanted = from_parameters(TINY | {"run_dir": str(tmp_path / "straight")}).resolve()
    straight = {
        name: train(
            config,
            wanted.data,
            epochs=400,
            run_dir=wanted.run_folder(name),
            keep=wanted.keep(),
            log_every=50,
            measure_every=250,
            say=lambda text: None,
        )
        for name, config in wanted.configs.items()
    }
    process = papermill(tmp_path / "out.ipynb", TINY, tmp_path)
    deadline = time.monotonic() + 240
    while (
        time.monotonic() < deadline
        and not list(tmp_path.glob("runs/*/checkpoints/epoch-*"))
        and process.poll() is None
    ):
        time.sleep(0.01)
    os.killpg(
        process.pid, signal.SIGKILL
    )  # papermill; its kernel, in a session of its own, dies when it sees that
    process.wait()
    output, code = "", 1
    for _ in range(5):  # the old kernel may hold the folder for a moment longer
        process = papermill(tmp_path / "out.ipynb", TINY, tmp_path)
        output, _ = process.communicate(timeout=400)
        code = process.returncode
        if "is in use by another process" not in output:
            break
        time.sleep(2)
    assert code == 0, output[-3000:]
    assert "other parameters than those of the record 'celeba'" in output
    assert len(nbformat.read(tmp_path / "out.ipynb", 4).metadata.papermill.parameters) == len(TINY)
    for name, run in straight.items():
        (folder,) = (tmp_path / "runs").glob(f"heads-quick-{name}-*")
        found = Run(folder)
        if name == "unit":  # the one that was training when papermill was killed
            assert any(0 < start["from_epoch"] < 400 for start in found.provenance()), "nothing was resumed"
        left, right = run.load("weights"), found.load("weights")
        assert all(torch.equal(left[k], right[k]) for k in left), name
        assert json.dumps(found.lines()) == json.dumps(run.lines())
