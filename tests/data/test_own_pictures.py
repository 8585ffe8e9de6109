"""Two folders of a person's own pictures: found, split, read, trained on, and refused in one sentence."""

import numpy as np
import pytest
import torch
from PIL import Image

import avbgtn
from avbgtn import data
from avbgtn.config import from_parameters
from avbgtn.data.own_pictures import OwnPictures
from avbgtn.metrics.attributes import train_attribute_classifier
from avbgtn.training.launch import train_experiment


def picture(path, colour, size=(48, 40)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)


@pytest.fixture
def root(tmp_path):
    """Twenty red pictures, two of them in a folder of their own, and thirty blue ones,
    beside what is none.
    """
    for k in range(20):
        picture(tmp_path / "cats" / ("more" if k > 17 else "") / f"{k}.png", (200 + k, 0, 0))
    for k in range(30):
        picture(tmp_path / "dogs" / f"{k}.JPG", (0, 0, 200 + k))
    (tmp_path / "cats" / "notes.txt").write_text("none of it")
    (tmp_path / "cats" / ".hidden.png").write_bytes(b"")
    (tmp_path / "read me.txt").write_text("neither")
    return tmp_path


def test_every_picture_is_in_one_split_and_the_split_does_not_change(root):
    d = OwnPictures(root, size=32)
    assert d.domains == ("cats", "dogs") and d.lengths == (12, 22) and d.name == "folder" and not d.has_twins
    for domain, count in ((1, 20), (2, 30)):
        names = [name for split in ("train", "validation", "test") for name in d.files[split, domain]]
        assert len(names) == len(set(names)) == count
        assert len(d.files["validation", domain]) == len(d.files["test", domain]) == 4
    assert {"more/18.png", "more/19.png"} <= {
        name for (_, k), names in d.files.items() for name in names if k == 1
    }
    assert OwnPictures(root, size=32).files == d.files
    assert OwnPictures(root, size=32, domains=("dogs", "cats")).domains == ("dogs", "cats")


@pytest.mark.parametrize("count", [17, 18])
def test_what_is_too_few_for_the_scores_is_refused_before_the_training(tmp_path, count):
    for domain in ("cats", "dogs"):
        for k in range(count):
            picture(tmp_path / domain / f"{k}.png", (k, 0, 0))
    if count < 18:
        with pytest.raises(data.DataError, match="holds 17 pictures .*: expected 18 or more"):
            OwnPictures(tmp_path, size=32)
        return
    training = OwnPictures(tmp_path, size=32).evaluation("train")
    train_attribute_classifier(training.x1, training.x2, seed=0, epochs=1)


def test_the_middle_square_is_what_is_read(root):
    left = np.zeros((40, 80, 3), np.uint8)
    left[:, 20:60] = 255  # the middle square, white
    Image.fromarray(left).save(root / "cats" / "0.png")
    d = OwnPictures(root, size=32)
    for split in ("train", "validation", "test"):
        if "0.png" in d.files[split, 1]:
            x = d.evaluation(split).x1[d.files[split, 1].index("0.png")]
            assert x.shape == (3, 32, 32) and (x == 1).all()
    x1, x2 = d.batch(0, 4, 0)
    assert x1.shape == (4, 3, 32, 32) and (x1[:, 2] == -1).sum() > 0 and (x2[:, 0] < -0.98).all()
    assert d.evaluation("reserved").x1.shape[0] == 4 and d.evaluation("train", 5).x2.shape[0] == 5


def test_another_picture_is_another_data_set(root):
    before = OwnPictures(root, size=32).checksum
    picture(root / "dogs" / "one more.png", "green")
    assert OwnPictures(root, size=32).checksum != before


def test_it_trains_from_end_to_end(root, tmp_path):
    given = {"dataset": "folder", "root": str(root), "size": 32, "width": 2, "epochs": 2, "models": "unit"}
    experiment = avbgtn.resolve(from_parameters(given | {"run_dir": str(tmp_path / "runs")}))
    assert experiment.configs["unit"].domains == ("cats", "dogs")
    assert any("the pictures in two folders of" in line for line in experiment.lines)
    train_experiment(experiment)
    assert avbgtn.Run(experiment.run_folder("unit")).latest() == 2
    out = avbgtn.load(experiment.run_folder("unit")).translate(root / "cats" / "1.png")
    assert out.size == (32, 32)


@pytest.mark.parametrize(
    "change, words",
    [
        (lambda root: picture(root / "birds" / "1.png", "red"), "expected two folders in it, one for each"),
        (lambda root: (root / "dogs").rename(root / "cats" / "dogs"), "expected two folders in it"),
        (
            lambda root: [p.unlink() for p in sorted((root / "cats").glob("[0-9]*.png"))[7:]],
            "cats holds 9 pictures",
        ),
        (
            lambda root: [p.write_bytes(b"no") for p in (root / "cats").rglob("*.png")],
            "is not a picture that Pillow",
        ),
        (
            lambda root: [picture(p, "red", (20, 90)) for p in (root / "dogs").glob("*.JPG")],
            "is 20 x 90 pixels: expected at",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_sentence(change, words, root):
    change(root)
    with pytest.raises(data.DataError) as error:
        data.load("folder", root=root, size=32)
    assert words in str(error.value) and "\n" not in str(error.value)


def test_folders_that_are_named_must_be_there(root):
    with pytest.raises(data.DataError, match="expected the folders cats and birds in it"):
        data.load("folder", root=root, size=32, domains=("cats", "birds"))
    picture(root / "birds" / "1.png", "red")
    assert data.load("folder", root=root, size=32, domains=("cats", "dogs")).domains == ("cats", "dogs")


def test_without_a_root_the_data_root_is_meant(root, monkeypatch):
    monkeypatch.setenv("AVBGTN_DATA", str(root))
    assert data.resolve("folder")[0] == "folder" and data.own_domains(None) == ("cats", "dogs")
    assert torch.isfinite(data.load("folder", size=32).evaluation("test").x1).all()
