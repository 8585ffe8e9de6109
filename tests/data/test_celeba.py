"""CelebA in every layout that a reader may have, from twelve generated images, and its download."""

import shutil
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from PIL import Image

from avbgtn import data
from avbgtn.data.sources import download as downloads
from refusals import refusal
from small_celeba import (
    FILES,
    cut,
    kaggle_layout,
    official_layout,
    torchvision_layout,
    write_images,
    write_text,
)


def flat_layout(root):
    write_images(root / "img_align_celeba")
    write_text(root / "list_attr_celeba.txt", root / "list_eval_partition.txt")


def nested_layout(root):
    (root / "CelebA-download-001").mkdir()
    official_layout(root / "CelebA-download-001")


LAYOUTS = [torchvision_layout, official_layout, kaggle_layout, flat_layout, nested_layout]


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """Each layout is written once; tests work on copies."""
    folder = tmp_path_factory.mktemp("layouts")
    for layout in LAYOUTS:
        (folder / layout.__name__).mkdir()
        layout(folder / layout.__name__)
    return folder


@pytest.fixture
def place(template, tmp_path):
    def copy(layout=torchvision_layout):
        root = tmp_path / "data"
        shutil.copytree(template / layout.__name__, root)
        return root

    return copy


@pytest.fixture
def root(place):
    return place()


@pytest.fixture
def base(root):
    return root / "celeba"


def load(root, **options):
    return data.load("celeba", root=root, **{"size": 32} | options)


def refuses(root, match, **options):
    return refusal(lambda: load(root, **options), error=data.DataError, match=match)


# --- what is read -------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_same_data_set(layout, place):
    d = load(place(layout))
    assert d.domains == ("Brown_Hair", "Blond_Hair") and not d.has_twins and d.name == "celeba"
    assert d.files["train", 1] == ["000001.jpg", "000003.jpg"], (
        "brown training images, without those that are both"
    )
    assert d.files["train", 2] == ["000002.jpg", "000006.jpg", "000007.jpg"]
    assert d.files["validation", 1] == ["000008.jpg"] and d.files["validation", 2] == ["000009.jpg"]
    assert d.files["test", 1] == ["000011.jpg"] and d.files["test", 2] == ["000012.jpg"]
    assert d.lengths == (2, 3)


def test_the_checksum_is_the_same_in_every_layout_and_changes_with_the_data(place, tmp_path, template):
    checksums = {load(template / layout.__name__).checksum for layout in LAYOUTS}
    assert len(checksums) == 1, checksums
    root = place()
    (before,) = checksums
    assert load(root, domains=("Blond_Hair", "Brown_Hair")).checksum != before, "the domains were exchanged"
    partition = root / "celeba" / "list_eval_partition.txt"
    text = partition.read_text()
    partition.write_text(text.replace("000001.jpg 0", "000001.jpg 2"))
    assert load(root).checksum != before, "an image moved to another partition"
    partition.write_text(text)
    Image.effect_noise((178, 218), 50).convert("RGB").save(root / "celeba/img_align_celeba/000006.jpg")
    assert load(root).checksum != before, "an image was exchanged"


def test_images_are_cropped_to_rows_20_to_197(root):
    d = load(root)
    assert d.image(1, 1).shape == (3, 33, 33)
    # 000003.jpg is grey 40 inside; any white comes from rows outside the crop.
    assert (d.image(1, 1).float() - 40).abs().max() < 8, "white rows outside the crop are in the image"


def test_a_batch_is_augmented_and_in_range(root):
    d = load(root)
    x1, x2 = d.batch(0, 6, 0)
    assert x1.shape == x2.shape == (6, 3, 32, 32) and x1.dtype == torch.float32
    greys = (
        {round((x.mean().item() + 1) * 127.5 / 20) for x in x1},
        {round((x.mean().item() + 1) * 127.5 / 20) for x in x2},
    )
    assert greys == ({0, 2}, {1, 5, 6}), "some image is not of the training partition, or of the other domain"


@pytest.mark.parametrize("workers", [1, 3])
def test_workers_change_no_pixel(root, workers):
    plain, ahead = load(root), load(root, workers=workers)
    for epoch in range(5):
        assert all(map(torch.equal, plain.batch(epoch, 2, 0), ahead.batch(epoch, 2, 0)))


def test_evaluation_uses_the_official_partition(root):
    d = load(root)
    for split, ids in (
        ("validation", ("000008.jpg", "000009.jpg")),
        ("test", ("000011.jpg", "000012.jpg")),
    ):
        e = d.evaluation(split)
        assert (e.ids1[0], e.ids2[0]) == ids and e.x1.shape == e.x2.shape == (1, 3, 32, 32)
        assert e.twin12 is e.twin21 is e.mask1 is e.mask2 is None
        assert abs((e.x1.mean().item() + 1) * 127.5 - 20 * FILES.index(ids[0])) < 2
    assert d.evaluation("train", 2).ids2 == ("000002.jpg", "000006.jpg")
    assert d.evaluation("reserved").ids1 == ("000011.jpg",)


def test_any_two_attributes_make_domains(root):
    d = load(root, domains=("Eyeglasses", "Blond_Hair"))
    assert d.files["train", 1] == ["000001.jpg", "000003.jpg", "000005.jpg"], (
        "000007 has both, so it is left out"
    )
    assert d.files["train", 2] == ["000002.jpg", "000004.jpg", "000006.jpg"]


def test_the_lossless_copy_is_read_although_the_lists_say_jpg(base, root):
    folder = base / "img_align_celeba"
    for name in FILES:
        Image.open(folder / name).save((folder / name).with_suffix(".png"))
        (folder / name).unlink()
    folder.rename(base / "img_align_celeba_png")
    assert load(root).files["train", 1] == ["000001.png", "000003.png"]


def test_check_counts_good_images_and_names_bad_ones(base, root):
    d = load(root)
    assert d.check() == 9
    cut(base / "img_align_celeba" / "000009.jpg")
    with pytest.raises(data.DataError, match=r"1 of 9 images cannot be used: .*000009\.jpg is cut short"):
        d.check()


# --- auto and the download -------------------------------------------------------------


def test_auto_takes_a_celeba_that_is_there_and_says_so(root, capsys):
    name, sentence = data.resolve("auto", root)
    assert name == "celeba" and "CelebA in" in sentence and str(root / "celeba") in sentence
    assert data.load("auto", root=root, size=32).name == "celeba"
    assert capsys.readouterr().out.strip() == sentence


@pytest.mark.parametrize("lost", ["list_attr_celeba.txt", "list_eval_partition.txt", "img_align_celeba"])
def test_auto_does_not_silently_skip_a_broken_celeba(base, root, lost):
    path = base / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(data.DataError, match=f"but no .*{lost}"):
        data.resolve("auto", root)


class FakeDownload:
    """In the place of torchvision's CelebA."""

    error, calls = None, 0

    def __init__(self, root, split, download):
        type(self).calls += 1
        assert download
        if self.error is not None:
            (Path(root) / "celeba").mkdir(exist_ok=True)
            (Path(root) / "celeba" / "img_align_celeba.zip").write_text("<html>quota exceeded</html>")
            raise self.error
        shutil.rmtree(Path(root) / "celeba", ignore_errors=True)
        torchvision_layout(Path(root))


@pytest.fixture
def download(monkeypatch):
    import torchvision.datasets

    monkeypatch.setattr(downloads.shutil, "disk_usage", lambda path: SimpleNamespace(free=1e12))
    fake = type("Fake", (FakeDownload,), {})
    monkeypatch.setattr(torchvision.datasets, "CelebA", fake)
    return fake


def test_celeba_is_downloaded_when_it_is_asked_for_and_not_there(tmp_path, download, capsys):
    d = load(tmp_path)
    assert d.lengths == (2, 3) and download.calls == 1
    assert "downloading it there" in capsys.readouterr().out
    assert [p.name for p in tmp_path.iterdir()] == ["celeba"], "the download left something behind"
    load(tmp_path)
    assert download.calls == 1, "it was downloaded again"


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("'gdown' is required"),
        zipfile.BadZipFile("File is not a zip file"),
        OSError("no network"),
    ],
)
def test_a_download_that_fails_says_what_to_fetch_by_hand(tmp_path, download, error):
    download.error = error
    text = refuses(tmp_path, "the download failed")
    for part in (
        str(error),
        "img_align_celeba.zip",
        "list_attr_celeba.txt",
        "list_eval_partition.txt",
        "unpack the zip",
    ):
        assert part in text, f"{part!r} is not in: {text}"
    assert str(tmp_path / "celeba") in text, "it must say where to put the files"
    assert data.resolve("auto", tmp_path)[0] == "heads", "half a download was taken for a CelebA"
    download.error = None
    assert load(tmp_path).lengths == (2, 3), "a second attempt must be possible"


def test_a_broken_celeba_is_not_downloaded_over(base, root, download):
    (base / "list_attr_celeba.txt").unlink()
    refuses(root, "but no list_attr_celeba")
    assert download.calls == 0
