"""Using trained weights: from a run folder, from an exported file, from the command line."""

import json
from dataclasses import replace

import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import save_file

import avbgtn
from avbgtn.__main__ import main
from avbgtn.errors import DataError, RunError
from avbgtn.training.train import train
from avbgtn.translators import loading
from avbgtn.translators.loading import committed, export, run_model
from avbgtn.translators.pictures import to_picture
from examples import AVB_GTN_CONFIG, RandomDomains


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "run"
    config = replace(AVB_GTN_CONFIG, width=2)
    return train(
        config,
        RandomDomains(),
        epochs=3,
        run_dir=folder,
        log_every=3,
        measure_every=99,
        say=lambda text: None,
    )


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "me.png"
    Image.linear_gradient("L").resize((90, 70)).convert("RGB").save(path)
    return path


def test_run_folder_and_exported_file_give_the_same_picture(run, picture, tmp_path):
    from_run = avbgtn.load(run.path).translate(picture)
    from_file = avbgtn.load(export(run, tmp_path / "w.safetensors")).translate(picture)
    assert from_run.size == (32, 32) and from_run.mode == "RGB"
    assert from_run.tobytes() == from_file.tobytes()


def test_one_flipped_bit_in_an_exported_file_is_refused(run, tmp_path):
    path = export(run, tmp_path / "w.safetensors")
    content = bytearray(path.read_bytes())
    for at in (-1, -1000, len(content) // 2):
        damaged = bytearray(content)
        damaged[at] ^= 1
        path.write_bytes(damaged)
        with pytest.raises(RunError, match="its numbers are not those of the sum in its metadata"):
            avbgtn.load(path)


def test_a_file_of_before_there_were_sums_is_read_with_one_sentence(run, picture, tmp_path):
    path = export(run, tmp_path / "w.safetensors")
    with safe_open(path, "pt") as f:
        config = f.metadata()["config"]
    save_file(run.load("ema"), path, metadata={"config": config})
    with pytest.warns(UserWarning, match="was written before weights files held a sum"):
        loaded = avbgtn.load(path)
    assert loaded.translate(picture).tobytes() == avbgtn.load(run.path).translate(picture).tobytes()


def test_ema_and_raw_weights_differ(run, picture):
    assert (
        avbgtn.load(run.path).translate(picture).tobytes()
        != avbgtn.load(run.path, ema=False).translate(picture).tobytes()
    )
    assert not torch.equal(
        run_model(run).encoder1.layers[0].weight, run_model(run, ema=False).encoder1.layers[0].weight
    )


def test_the_average_is_used_once_the_first_weights_are_out_of_it(run):
    assert 0.9**3 > 0.05, "the example run is short"
    raw, chosen = run_model(run, ema=False), run_model(run, ema=None)
    assert torch.equal(raw.encoder1.layers[0].weight, chosen.encoder1.layers[0].weight)


def test_an_average_that_grows_with_the_training_is_used_at_once(tmp_path):
    config = replace(AVB_GTN_CONFIG, width=2, ema=0.999, ema_warmup=10)
    run = train(config, RandomDomains(), epochs=3, run_dir=tmp_path, say=lambda text: None)
    averaged, chosen = run_model(run, ema=True), run_model(run, ema=None)
    assert torch.equal(averaged.encoder1.layers[0].weight, chosen.encoder1.layers[0].weight)


def test_the_target_is_named_and_the_noise_seeded(run, picture):
    t = avbgtn.load(run.path)
    assert (
        t.translate(picture).tobytes()
        == t.translate(picture, "blond").tobytes()
        != t.translate(picture, "brown").tobytes()
    )
    assert (
        t.translate(picture, seed=1).tobytes()
        == t.translate(picture, seed=1).tobytes()
        != t.translate(picture, seed=2).tobytes()
    )
    with pytest.raises(ValueError, match="to must be 'brown' or 'blond', got 'red'"):
        t.translate(picture, "red")


def test_what_cannot_be_loaded_says_so(run, tmp_path, picture):
    with pytest.raises(
        RunError,
        match=r"no weights called 'heads-avbgnt': give one of .* a .safetensors file or a run folder",
    ):
        avbgtn.load("heads-avbgnt")
    save_file({"a": torch.zeros(1)}, tmp_path / "bare.safetensors")
    with pytest.raises(RunError, match="does not say which model it belongs to"):
        avbgtn.load(tmp_path / "bare.safetensors")
    torch.save({}, tmp_path / "w.pt")
    with pytest.raises(RunError, match="is a pickle"):
        avbgtn.load(tmp_path / "w.pt")
    with pytest.raises(DataError):
        avbgtn.load(run.path).translate(tmp_path / "missing.jpg")


def test_to_picture_maps_minus_one_and_one_to_black_and_white():
    x = torch.stack([torch.full((2, 2), v) for v in (-1.0, 0.0, 1.0)])
    assert to_picture(x).getpixel((0, 0)) == (0, 128, 255)


def test_command_line_translates(run, picture, tmp_path, capsys):
    assert main(["translate", str(picture), "--weights", str(run.path)]) == 0
    written = tmp_path / "me-blond.png"
    said = capsys.readouterr().out.splitlines()
    assert said[-1] == str(written) and "saw the middle 70 x 70 of 90 x 70 pixels, at 32 x 32" in said[-2]
    assert Image.open(written).size == (90, 70), "as large as the source"
    assert main(["translate", str(picture), "--weights", str(run.path), "--raw"]) == 0
    assert "its own output" in capsys.readouterr().out and Image.open(written).size == (32, 32)


def test_command_line_refuses_in_one_sentence(run, picture, capsys):
    assert main(["translate", str(picture), "--weights", str(run.path), "--to", "red"]) == 2
    assert capsys.readouterr().err == "error: to must be 'brown' or 'blond', got 'red'\n"
    assert main(["train", "--epochs", "abc"]) == 2
    assert capsys.readouterr().err == "error: epochs must be a positive whole number, got 'abc'\n"
    assert main(["resume", str(picture.parent), "--epochs", "5"]) == 2
    assert "is not a run folder" in capsys.readouterr().err


def test_command_line_trains_and_resumes(tmp_path, capsys):
    run_dir = tmp_path / "runs"
    options = [
        "--dataset",
        "heads",
        "--size",
        "32",
        "--width",
        "2",
        "--models",
        "unit",
        "--run_dir",
        str(run_dir),
    ]
    assert main(["train", "--epochs", "2", *options]) == 0
    assert main(["resume", str(run_dir / "unit"), "--epochs", "3"]) == 0
    assert "continues from epoch 2" in capsys.readouterr().out
    assert avbgtn.Run(run_dir / "unit").latest() == 3
    stored = json.loads((run_dir / "unit" / "parameters.json").read_text())
    assert stored["config"]["width"] == 2


@pytest.mark.parametrize("name", committed())
def test_committed_weights_are_small(name):
    generators = avbgtn.load(name).model.player_parameters()["generators"]
    assert sum(p.numel() for p in generators.values()) <= 3_000_000
    path = loading.WEIGHTS / f"{name}.safetensors"
    assert path.stat().st_size <= 12e6


@pytest.mark.parametrize("name", [name for name in committed() if name.startswith("heads")])
def test_committed_weights_of_heads_translate(name, picture):
    t = avbgtn.load(name)
    brown, blond = t.translate(picture, "brown"), t.translate(picture, "blond")
    assert brown.size == (t.size, t.size) and brown.tobytes() != blond.tobytes()
