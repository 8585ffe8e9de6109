"""A file of weights is checked before a model is built: its sum, its header, its config, its numbers."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

import avbgtn
from avbgtn.__main__ import main
from avbgtn.errors import RunError
from avbgtn.runs import weights_files
from avbgtn.training.train import train
from avbgtn.translators.loading import committed, export
from examples import UNIT_CONFIG, RandomDomains


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained") / "run"
    options = dict(log_every=1, measure_every=100, say=lambda text: None)
    return train(replace(UNIT_CONFIG, width=2), RandomDomains(), epochs=1, run_dir=folder, **options)


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) * 3 // 4] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("name", committed())
def test_committed_weights_are_those_that_were_pinned(name, tmp_path, monkeypatch):
    assert weights_files.committed_file(name).exists()
    folder = shutil.copytree(weights_files.WEIGHTS, tmp_path / "weights")
    monkeypatch.setattr(weights_files, "WEIGHTS", folder)
    flip(folder / f"{name}.safetensors")
    with pytest.raises(
        RunError, match=rf"{name}.safetensors is truncated or damaged \(its SHA-256 is .* install the package"
    ):
        avbgtn.load(name)
    (folder / "SHA256SUMS").write_text("")
    with pytest.raises(
        RunError, match=rf"SHA256SUMS has no sum of {name}.safetensors: install the package again"
    ):
        avbgtn.load(name)
    (folder / "SHA256SUMS").unlink()
    with pytest.raises(RunError, match="SHA256SUMS cannot be read"):
        avbgtn.load(name)
    weights_files.pin()
    assert weights_files.committed_file(name)


def test_weights_that_are_not_numbers_are_not_translated_with(run, tmp_path, capsys):
    file = export(run, tmp_path / "w.safetensors")
    header = weights_files.read_header(file)
    tensors = {k: torch.full_like(v, torch.nan) for k, v in load_file(file).items()}
    save_file(tensors, file, metadata=header.metadata)
    Image.new("RGB", (64, 64)).save(tmp_path / "a.png")
    assert main(["translate", str(tmp_path / "a.png"), "--weights", str(file)]) == 2
    said = capsys.readouterr().err
    assert "w.safetensors holds numbers that are not finite" in said and said.count("\n") == 1
    assert not (tmp_path / "a-blond.png").exists()


METADATA = {
    "no JSON": "{",
    "null": "null",
    "a list": "[]",
    "a number": "7",
    "deep": "[" * 100_000,
    "another width": {"width": 10**9},
    "many blocks": {"private_blocks": 10**9},
    "another size": {"width": 4},
    "a word": {"width": "wide"},
    "a huge number": {"lr": 10**400},
    "not finite": {"lr": float("nan")},
    "no sound": {"sound": {"representation": 5}},
    "half a sound": {"sound": []},
}


@pytest.mark.parametrize("case", METADATA)
def test_metadata_that_make_no_model_are_one_sentence(case, run, tmp_path):
    file = export(run, tmp_path / "w.safetensors")
    found = METADATA[case]
    if isinstance(found, dict):
        found = json.dumps(run.config.to_dict() | found)
    save_file(load_file(file), file, metadata={"config": found})
    with pytest.raises(
        RunError, match=r"w.safetensors (cannot be read|belongs to another architecture)"
    ) as caught:
        avbgtn.load(file)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"\x00" * 4,
        b"\xff" * 64,
        (10).to_bytes(8, "little") + b"{}        ",
        (2**40).to_bytes(8, "little") + b"{",
    ],
)
def test_what_is_no_safetensors_file_is_one_sentence(start, tmp_path):
    (tmp_path / "w.safetensors").write_bytes(start)
    with pytest.raises(RunError, match=r"w.safetensors (is truncated or damaged|does not say which model)"):
        avbgtn.load(tmp_path / "w.safetensors")


@pytest.mark.parametrize("name", ["~nobody-at-all/w", "w" * 5000, "a\0b"])
def test_names_that_are_none(name):
    with pytest.raises(RunError, match="is no path that can be used .*: give another one"):
        avbgtn.load(name)


def test_a_pipe_is_no_file_of_weights(tmp_path):
    os.mkfifo(tmp_path / "w.safetensors")
    with pytest.raises(RunError, match="it is no file"):
        avbgtn.load(tmp_path / "w.safetensors")


def test_loading_imports_nothing_that_only_training_and_drawing_need():
    code = (
        "import sys, torch, avbgtn\n"
        "avbgtn.load('heads-avbgtn')\n"
        "heavy = {'lightning_fabric', 'torchmetrics', 'matplotlib', 'librosa', "
        "'scipy', 'sklearn', 'pandas', 'kornia'}\n"
        "print(*sorted((heavy | {'torch._dynamo', 'torchvision'}) & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
