"""CelebA in every layout that a reader may have, from twelve generated images; and in disrepair."""

import shutil
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from PIL import Image

from avbgtn import data
from avbgtn.data.celeba import CelebA
from avbgtn.data.sources import download as downloads
from refusals import refusal
from small_celeba import (
    FILES,
    NAMES,
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


# --- disrepair -------------------------------------------------------------


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_a_missing_attribute_file_is_named(base, root):
    (base / "list_attr_celeba.txt").unlink()
    text = refuses(root, r"but no list_attr_celeba\.txt or list_attr_celeba\.csv, there or in Anno")
    assert "has list_eval_partition.txt, img_align_celeba" in text, "it must say what was found"


def test_a_missing_partition_file_is_named(base, root):
    (base / "list_eval_partition.txt").unlink()
    refuses(root, r"but no list_eval_partition\.txt or list_eval_partition\.csv, there or in Eval")


def test_missing_images_are_named(base, root):
    shutil.rmtree(base / "img_align_celeba")
    refuses(root, "but no folder img_align_celeba")


def test_images_still_zipped_are_named(base, root):
    shutil.make_archive(base / "img_align_celeba", "zip", base, "img_align_celeba")
    shutil.rmtree(base / "img_align_celeba")
    refuses(root, r"still zipped: unpack .*img_align_celeba\.zip in the folder")
    (base / "img_align_celeba").mkdir()
    refuses(root, "still zipped")


def test_a_web_page_in_the_place_of_the_zip_is_named(base, root):
    shutil.rmtree(base / "img_align_celeba")
    (base / "img_align_celeba.zip").write_text("<html>Quota exceeded</html>")
    refuses(root, r"img_align_celeba\.zip is no whole zip file, .* delete it")


def test_a_zip_beside_the_unpacked_images_does_no_harm(base, root):
    (base / "img_align_celeba.zip").write_bytes(b"anything")
    assert load(root).lengths == (2, 3)


def test_an_empty_image_folder_is_named(base, root):
    shutil.rmtree(base / "img_align_celeba")
    (base / "img_align_celeba").mkdir()
    refuses(root, "img_align_celeba is empty")


def test_an_attribute_file_cut_at_a_line_is_noticed(base, root):
    file = base / "list_attr_celeba.txt"
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:8]))
    refuses(
        root, r"list_attr_celeba\.txt is cut short or edited: its first line promises 12 images, 6 follow"
    )


def test_an_attribute_file_cut_inside_a_line_is_noticed(base, root):
    file = base / "list_attr_celeba.txt"
    text = file.read_text()
    file.write_text(text[: text.index("000008.jpg") + 16])
    refuses(root, r"list_attr_celeba\.txt line \d+ is not an image name and 5 values")


@pytest.mark.parametrize("text", ["<!DOCTYPE html>\n<html>quota</html>\n", "", "12\n"])
def test_something_else_in_the_place_of_the_attribute_file_is_noticed(base, root, text):
    (base / "list_attr_celeba.txt").write_text(text)
    refuses(root, r"list_attr_celeba\.txt does not begin with the number of images")


def test_bytes_in_the_place_of_the_attribute_file_are_noticed(base, root):
    (base / "list_attr_celeba.txt").write_bytes(b"\xff\xfe\x00\x81")
    refuses(root, r"list_attr_celeba\.txt cannot be read as text")


def test_a_value_that_is_no_attribute_is_noticed(base, root):
    edit(base / "list_attr_celeba.txt", "000002.jpg -1", "000002.jpg ??")
    refuses(root, r"list_attr_celeba\.txt line 4 is not an image name and 5 values of 1 or -1")


def test_csv_lists_are_checked_too(place):
    root = place(kaggle_layout)
    edit(root / "archive" / "list_attr_celeba.csv", "image_id,Bald", "Bald")
    refuses(root, r"list_attr_celeba\.csv does not begin with the line image_id")


def test_csv_lists_of_different_length_are_noticed(place):
    root = place(kaggle_layout)
    file = root / "archive" / "list_attr_celeba.csv"
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:-2]))
    refuses(root, r"lists 10 images, .*lists 12, and only one of them knows 000011\.jpg")


def test_a_damaged_partition_file_is_noticed(base, root):
    edit(base / "list_eval_partition.txt", "000003.jpg 0", "000003.jpg 7")
    refuses(root, r"list_eval_partition\.txt line 3 is not an image name and 0, 1 or 2")


def test_an_attribute_that_does_not_exist_gets_the_nearest_and_the_list(root):
    text = refuses(
        root, r"no attribute 'blond' \(did you mean Blond_Hair\?\)", domains=("Brown_Hair", "blond")
    )
    assert all(name in text for name in NAMES)
    refuses(
        root,
        r"no attribute 'Brown Hair' \(did you mean Brown_Hair\?\)",
        domains=("Brown Hair", "Blond_Hair"),
    )


def test_the_same_attribute_twice_is_refused(root):
    refuses(root, "must be different attributes, got Bald twice", domains=("Bald", "Bald"))


@pytest.mark.parametrize(
    "domains", ["Brown_Hair,Blond_Hair", ("Brown_Hair",), ("Bald", "Young", "Male"), (1, 2)]
)
def test_domains_that_are_not_two_names_are_refused(root, domains):
    refuses(root, "domains must be two attribute names", domains=domains)


def test_a_choice_that_leaves_nothing_is_refused(root):
    text = refuses(root, "no image of CelebA's train partition", domains=("Bald", "Blond_Hair"))
    assert "has Bald without Blond_Hair" in text


def test_a_partition_without_images_is_refused_when_it_is_asked_for(base, root):
    edit(base / "list_eval_partition.txt", "000012.jpg 2", "000012.jpg 0")
    with pytest.raises(data.DataError, match="no image of CelebA's test partition .* has Blond_Hair without"):
        load(root).evaluation("test")


def test_images_that_the_lists_name_but_nobody_has_are_counted(base, root):
    for name in ("000002.jpg", "000006.jpg", "000005.jpg"):  # the last is in neither domain
        (base / "img_align_celeba" / name).unlink()
    refuses(root, r"2 images that .* lists are not in .*img_align_celeba, first 000002\.jpg")


def test_a_truncated_jpeg_is_named_when_it_is_read(base, root):
    cut(base / "img_align_celeba" / "000003.jpg")
    d = load(root)
    with pytest.raises(data.DataError, match=r"the CelebA image .*000003\.jpg is cut short or damaged"):
        d.image(1, 1)
    for workers in (0, 2):
        d = load(root, workers=workers)
        with pytest.raises(data.DataError, match=r"000003\.jpg"):
            for epoch in range(2):
                d.batch(epoch, 1, 0)


def test_images_of_another_size_are_noticed_at_once(base, root):
    Image.new("RGB", (1024, 1024)).save(base / "img_align_celeba" / "000001.jpg")
    refuses(root, r"000001\.jpg is 1024 x 1024 pixels: expected an aligned one, 178 x 218")


def test_files_that_are_no_images_are_noticed_at_once(base, root):
    (base / "img_align_celeba" / "000001.jpg").write_text("not a JPEG")
    refuses(root, r"000001\.jpg is not a picture")


@pytest.mark.parametrize("size", [8, 64.0, True])
def test_sizes_that_are_no_size_are_refused(root, size):
    refuses(root, "size must be a whole number of pixels", size=size)


def test_an_unknown_split_is_refused(root):
    with pytest.raises(data.DataError, match="unknown split 'valid'"):
        load(root).evaluation("valid")


def test_celeba_built_by_hand_without_files_says_where_to_put_them(tmp_path):
    with pytest.raises(data.DataError, match="no CelebA under .* put the three into"):
        CelebA(tmp_path, size=32)
