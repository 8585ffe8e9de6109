"""From parameters to an experiment: what "auto" becomes, what is said about it,
and CelebA from end to end.
"""

import json

import numpy as np
import pytest
import torch
from PIL import Image

import avbgtn
from avbgtn import data
from avbgtn.config.parameters import Parameters, from_parameters
from avbgtn.config.sound_parameters import SoundParameters
from avbgtn.errors import ConfigError, DataError
from avbgtn.files import sound_files
from avbgtn.metrics import evaluate
from avbgtn.models import build
from avbgtn.sentences import shown
from avbgtn.training.experiment import SECONDS_ON_CPU, Experiment, load_data
from avbgtn.training.launch import train_experiment
from avbgtn.training.train import train


def resolve(**values) -> Experiment:
    return avbgtn.resolve(from_parameters(values))


@pytest.fixture
def no_cuda(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.fixture
def with_cuda(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)


def test_auto_without_cuda_is_modern_on_heads_and_says_so(no_cuda):
    e = resolve()
    config = e.configs["avb_gtn"]
    assert (config.preset, config.device, config.dataset, config.size) == ("modern", "cpu", "heads", 64)
    text = "\n".join(e.lines)
    assert "preset modern (auto: no CUDA device)" in text
    minutes = SECONDS_ON_CPU["modern"] * e.epochs / 60
    assert f"{minutes:.0f} min with preset modern" in text and "with preset paper" in text
    assert "built-in heads" in text and "to get CelebA" in text
    assert e.is_default()


def test_auto_with_cuda_is_the_papers_preset(with_cuda):
    e = resolve()
    assert (e.configs["unit"].preset, e.configs["unit"].device, e.configs["unit"].size) == (
        "paper",
        "cuda",
        128,
    )
    assert "preset paper (auto: CUDA is there)" in e.lines[0]
    assert not e.is_default()


def test_what_the_machine_cannot_do_is_refused_in_one_sentence(no_cuda):
    with pytest.raises(
        ConfigError,
        match="device='cuda' was asked for and torch sees no CUDA device; use device='cpu' or 'auto'",
    ):
        resolve(device="cuda")
    with pytest.raises(
        ConfigError, match="precision='bf16-mixed' is for CUDA devices and none was found; use '32-true'"
    ):
        resolve(precision="bf16-mixed")


def test_more_devices_than_there_are(with_cuda):
    with pytest.raises(ConfigError, match="devices must be at most the 1 GPUs that torch sees, got 2"):
        resolve(devices=2, batch=2)


def test_celebas_attributes_with_the_built_in_heads(no_cuda):
    with pytest.raises(
        ConfigError, match="domains 'Male,Smiling' are not those of dataset='heads' .data: the built-in heads"
    ):
        resolve(domains="Male,Smiling")


def test_moments_of_figure_4_are_the_papers_shares(no_cuda):
    assert resolve(epochs=50_000).keep() == (5_000, 20_000, 50_000)
    assert resolve(epochs=1).keep() == (1,)


def test_run_folders(no_cuda, monkeypatch, tmp_path):
    monkeypatch.setenv("AVBGTN_RUNS", str(tmp_path))
    e = resolve()
    print_of = e.configs["unit"].fingerprint()
    assert e.run_folder("unit") == tmp_path / f"heads-modern-unit-{print_of}"
    assert resolve(run_dir=str(tmp_path / "mine")).run_folder("avb_gtn") == tmp_path / "mine" / "avb_gtn"


def test_both_models_have_the_same_data_checksum_and_not_an_empty_one(no_cuda):
    e = resolve()
    assert {c.data_checksum for c in e.configs.values()} == {e.data.checksum} != {""}


@pytest.fixture
def celeba(tmp_path):
    """Twenty-four small pictures in the Kaggle layout: dark ones are brown, light ones blond."""
    folder = tmp_path / "celeba" / "img_align_celeba" / "img_align_celeba"
    folder.mkdir(parents=True)
    attributes, partition = ["image_id,Blond_Hair,Brown_Hair,Smiling"], ["image_id,partition"]
    for k in range(24):
        name, blond = f"{k + 1:06d}.jpg", k % 2
        pixels = np.random.default_rng(k).integers(0, 100, (218, 178, 3), dtype=np.uint8) + 150 * blond
        Image.fromarray(pixels.astype(np.uint8)).save(folder / name)
        attributes.append(f"{name},{1 if blond else -1},{-1 if blond else 1},{1 if k % 3 else -1}")
        partition.append(f"{name},{0 if k < 12 else 1 if k < 18 else 2}")
    (tmp_path / "celeba" / "list_attr_celeba.csv").write_text("\n".join(attributes) + "\n")
    (tmp_path / "celeba" / "list_eval_partition.csv").write_text("\n".join(partition) + "\n")
    return tmp_path


def test_celeba_trains_from_end_to_end_without_twins(celeba, tmp_path, no_cuda):
    e = resolve(epochs=2, root=str(celeba), size=32, width=2, run_dir=str(tmp_path / "runs"))
    assert e.data.name == "celeba" and e.data.domains == ("Brown_Hair", "Blond_Hair") and not e.data.has_twins
    runs = train_experiment(e, log_every=1, measure_every=2, say=lambda text: None)
    line = runs["avb_gtn"].lines()[-1]
    assert "val/rec" in line and "val/l1_hair_12" not in line
    held_out = e.data.evaluation("validation")
    assert held_out.twin12 is None
    scores = evaluate.score(build(e.configs["unit"]), held_out, how="mean")
    assert set(scores["12"]) == {"rec", "cyc"}
    stored = json.loads((runs["unit"].path / "parameters.json").read_text())
    assert stored["config"]["data_checksum"] == e.data.checksum


def test_celeba_asked_for_and_not_there_says_where_to_put_it(tmp_path, monkeypatch, no_cuda):
    def refuse(*args, **kwargs):
        raise RuntimeError("Too many users have viewed or downloaded this file recently")

    monkeypatch.setattr("torchvision.datasets.CelebA", refuse)
    with pytest.raises(DataError, match="(?s)Too many users.*list_attr_celeba.txt"):
        resolve(dataset="celeba", root=str(tmp_path))


# --- a person's own picture or sound is opened before the training ------------------------------------------


@pytest.mark.parametrize("kind", ["picture", "sound"])
def test_what_is_no_picture_or_sound_is_known_before_the_data_are_loaded(
    kind, no_cuda, tmp_path, monkeypatch
):
    """It used to be opened after hours of training, in the last cells of the notebooks."""
    (tmp_path / "mine").write_bytes(b"not a picture, nor a sound\n" * 10)
    name, words = (
        ("image", "is not a picture that Pillow can read")
        if kind == "picture"
        else ("clip", "is not a sound")
    )
    monkeypatch.setattr(
        "avbgtn.training.experiment.load_data", lambda *a, **k: pytest.fail("the data were loaded first")
    )
    with pytest.raises(DataError, match=words) as error:
        kind_of = Parameters if kind == "picture" else SoundParameters
        avbgtn.resolve(from_parameters({name: str(tmp_path / "mine")}, kind_of))
    with pytest.raises(DataError) as later:  # as the notebooks open it
        if kind == "picture":
            data.image_from_file(tmp_path / "mine", 64)
        else:
            sound_files.read(tmp_path / "mine")
    assert str(error.value) == str(later.value), "the sentence is the same"


# --- sound --------------------------------------------------------------------------------------------------


def resolve_sound(**values):
    return avbgtn.resolve(from_parameters(values, SoundParameters))


def test_music_is_what_a_bare_machine_gets(no_cuda, tmp_path, monkeypatch):
    monkeypatch.setenv("AVBGTN_DATA", str(tmp_path))
    e = resolve_sound()
    assert e.is_default() and e.data.name == "music" and e.data.domains == ("piano", "violin")
    assert not resolve_sound(representation="complex").is_default()
    said = "\n".join(e.lines)
    assert "no IRMAS under" in said and "magnitude_phase, 8,000 Hz, cuts of 1.00 s" in said
    for c in e.configs.values():
        assert (c.dataset, c.preset, c.device, c.data_checksum) == ("music", "quick", "cpu", e.data.checksum)
        assert c.shape == (128, 128) and c.channels == 4


def test_music_trains_from_end_to_end(no_cuda, tmp_path):
    asked = dict(
        dataset="music",
        epochs=2,
        representation="band_gain",
        size=32,
        seconds=0.5,
        width=2,
        run_dir=str(tmp_path),
    )
    e = resolve_sound(**asked)
    runs = {
        name: train(c, e.data, epochs=2, run_dir=e.run_folder(name), say=lambda text: None)
        for name, c in e.configs.items()
    }
    for name, run in runs.items():
        line = run.lines()[-1]
        assert line["val_ema/l1_whole_12"] > 0 and "val/l1_hair_12" not in line, name
    again = load_data(e.configs["unit"])
    assert again.checksum == e.data.checksum and torch.equal(
        again.batch(0, 1, 0)[0], e.data.batch(0, 1, 0)[0]
    )


def test_preset_aligned_trains_on_sound(no_cuda, tmp_path):
    """It used to end in KeyError: 'aligned'."""
    asked = dict(
        dataset="music",
        preset="aligned",
        epochs=2,
        size=32,
        seconds=0.2,
        rate=4000,
        width=2,
        run_dir=str(tmp_path),
    )
    e = resolve_sound(**asked)
    assert e.configs["avb_gtn"].t_view == "patch" and e.configs["unit"].t_view == "image"
    runs = train_experiment(e, say=lambda text: None)
    assert all(run.lines()[-1]["epoch"] == 2 for run in runs.values())


@pytest.mark.parametrize("name", ["a\n\x1b[31m", "\udcff"])
def test_what_was_chosen_is_said_on_one_line_each(name, no_cuda, tmp_path):
    (tmp_path / name).mkdir()
    lines = resolve(root=str(tmp_path / name), dataset="auto", models="unit").lines
    assert all(line.isprintable() for line in lines) and any(shown(name) in line for line in lines)
