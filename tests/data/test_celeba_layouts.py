"""CelebA wherever people have it: each layout is found, and is the same data set as torchvision's."""

import shutil
from pathlib import Path

import pytest
from PIL import Image

from avbgtn import data
from avbgtn.data.celeba import layouts as celeba_layouts
from avbgtn.data.sources import folders
from small_celeba import FILES, kaggle_layout, official_layout, torchvision_layout, write_images, write_text

ATTR, PART = "list_attr_celeba", "list_eval_partition"


@pytest.fixture(scope="module")
def pieces(tmp_path_factory):
    """Text and CSV lists and the pictures, written once."""
    folder = tmp_path_factory.mktemp("pieces")
    torchvision_layout(folder)
    kaggle_layout(folder)
    return folder


@pytest.fixture(scope="module")
def expected(pieces):
    return data.load("celeba", root=pieces / "celeba", size=32)


def lay(pieces, root, *, images, attributes, partition):
    """A layout from its three places below ``root``."""
    shutil.copytree(pieces / "celeba" / "img_align_celeba", root / images, dirs_exist_ok=True)
    for stem, place in ((ATTR, attributes), (PART, partition)):
        source = (
            pieces / ("archive" if place.endswith(".csv") else "celeba") / (stem + Path(place).suffix.lower())
        )
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, root / place)


def kaggle(base):
    return (
        f"{base}img_align_celeba/img_align_celeba", f"{base}{ATTR}.csv", f"{base}{PART}.csv",
    )  # fmt: skip


def apart(images, anno, evaluation):
    return f"{images}/img_align_celeba", f"{anno}/{ATTR}.txt", f"{evaluation}/{PART}.txt"


HUB = "datasets/jessicali9530/celeba-dataset/versions/2/"
LAYOUTS = {  # what is named, below the folder in which it lies; pictures, attributes, partition
    "kagglehub's cache": (".", *kaggle(HUB)),
    "kagglehub's folder of versions": (HUB[:-3], *kaggle(HUB)),
    "a version of kagglehub's": (HUB, *kaggle(HUB)),
    "Kaggle's input folder": ("input", *kaggle("input/celeba-dataset/")),
    "Kaggle's newer input folder": ("input", *kaggle("input/datasets/jessicali9530/celeba-dataset/")),
    "an unpacked archive (2)": (".", *kaggle("archive (2)/")),
    "a folder of any name": (".", *kaggle("Faces/my copy/")),
    "Drive's folders": (
        ".",
        *apart("Img-20240101T120000Z-001/Img", "Anno-20240101T120000Z-001/Anno", "Eval-20240102T1Z/Eval"),
    ),
    "Drive's whole folder": (
        ".",
        *apart(*(f"CelebA-20240101T120000Z-001/CelebA/{n}" for n in ("Img", "Anno", "Eval"))),
    ),
    "other capitals": (
        ".",
        "CELEBA/IMG_ALIGN_CELEBA",
        "CELEBA/List_Attr_CelebA.TXT",
        "CELEBA/LIST_EVAL_PARTITION.txt",
    ),
    "other capitals, apart": (".", *apart("celebA/IMG", "celebA/ANNO", "celebA/eval")),
    "copies as browsers call them": (".", "img_align_celeba (1)", f"{ATTR} (1).csv", f"{PART}-2.csv"),
    "the pictures, with the lists beside them": (
        "celeba/img_align_celeba",
        "celeba/img_align_celeba",
        f"celeba/{ATTR}.txt",
        f"celeba/{PART}.txt",
    ),
    "the pictures, of Kaggle": ("archive/img_align_celeba/img_align_celeba", *kaggle("archive/")),
    "the pictures, of the authors": (
        "CelebA/Img/img_align_celeba",
        *apart("CelebA/Img", "CelebA/Anno", "CelebA/Eval"),
    ),
    "the pictures, under another name": ("x/jpgs", "x/jpgs", f"x/{ATTR}.txt", f"x/{PART}.txt"),
    "Img": ("CelebA/Img", *apart("CelebA/Img", "CelebA/Anno", "CelebA/Eval")),
    "Anno": ("CelebA/Anno", *apart("CelebA/Img", "CelebA/Anno", "CelebA/Eval")),
    "pictures and lists in one folder": (".", "photos", f"photos/{ATTR}.txt", f"photos/{PART}.txt"),
    "pictures in a folder called images": (".", "c/images", f"c/{ATTR}.csv", f"c/{PART}.csv"),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_each_layout_is_torchvisions_data_set(name, pieces, expected, tmp_path):
    named, images, attributes, partition = LAYOUTS[name]
    lay(pieces, tmp_path, images=images, attributes=attributes, partition=partition)
    (tmp_path / "notes").mkdir()
    found, sentence = data.resolve("auto", tmp_path / named)
    assert found == "celeba", sentence
    d = data.load("celeba", root=tmp_path / named, size=32)
    assert d.files == expected.files and d.checksum == expected.checksum
    assert d.layout.images.samefile(tmp_path / images)


def test_a_folder_behind_a_link_is_found_and_links_in_circles_end(pieces, expected, tmp_path):
    (tmp_path / "celeba").symlink_to(pieces / "celeba", target_is_directory=True)
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    assert data.load("celeba", root=tmp_path, size=32).checksum == expected.checksum


def test_relative_roots_are_searched_as_well(pieces, expected, tmp_path, monkeypatch):
    shutil.copytree(pieces / "celeba", tmp_path / "celeba")
    for place, root in ((tmp_path, "."), (tmp_path, "celeba"), (tmp_path / "celeba/img_align_celeba", ".")):
        monkeypatch.chdir(place)
        assert data.load("celeba", root=root, size=32).checksum == expected.checksum, (place, root)


@pytest.mark.parametrize("ending", [".JPG", ".jpeg", ".Jpg"])
def test_endings_in_other_capitals_are_the_same_pictures(ending, pieces, expected, tmp_path):
    shutil.copytree(pieces / "celeba", tmp_path / "celeba")
    for number in (1, 2, 9):
        picture = tmp_path / "celeba" / "img_align_celeba" / f"{number:06d}.jpg"
        picture.rename(picture.with_suffix(ending))
    d = data.load("celeba", root=tmp_path, size=32)
    assert d.checksum == expected.checksum and d.files["train", 1][0] == f"000001{ending}"
    assert d.check() == 9


def test_the_newest_of_kagglehubs_versions_is_taken(pieces, tmp_path):
    for version in ("1", "2", "10"):
        base = HUB[:-2] + f"{version}/"
        lay(pieces, tmp_path, **dict(zip(("images", "attributes", "partition"), kaggle(base), strict=True)))
    assert celeba_layouts.find(tmp_path).base.name == "10"


def test_pieces_of_two_copies_are_not_mixed(pieces, tmp_path):
    official_layout(tmp_path)
    shutil.copytree(pieces / "archive", tmp_path / "archive")
    layout = celeba_layouts.find(tmp_path)
    assert {"CelebA" in p.parts for p in layout.pieces} in ({True}, {False}), layout


def test_the_originals_beside_the_aligned_pictures_are_not_taken(pieces, expected, tmp_path):
    official_layout(tmp_path)
    (tmp_path / "CelebA/Img/img_celeba").mkdir()
    for name in FILES:
        Image.new("RGB", (300, 400)).save(tmp_path / "CelebA/Img/img_celeba" / name)
    d = data.load("celeba", root=tmp_path, size=32)
    assert d.checksum == expected.checksum and d.layout.images.name == "img_align_celeba"


def test_pictures_of_another_data_set_with_such_names_are_no_celeba(tmp_path, monkeypatch):
    write_images(tmp_path / "data" / "VOC2007" / "JPEGImages")
    assert celeba_layouts.find(tmp_path) is None
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AVBGTN_DATA", raising=False)
    assert data.resolve("auto")[0] == "heads", "the default folder was not named, so it may hold anything"


def test_a_huge_tree_is_not_searched_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "look", lambda path, look=folders.look: seen.append(path) or look(path))
    seen = []
    for number in range(60):
        (tmp_path / f"{number}").mkdir()
    assert len(list(folders.walk(tmp_path, 3, most=20))) == 20 and len(seen) == 20
    assert folders.look(tmp_path).folders[0] == "59", "the highest number first"


@pytest.mark.parametrize(
    "lost, kind", [(f"{ATTR}.txt", "link"), (f"{PART}.txt", "folder"), ("img_align_celeba", "link")]
)
def test_a_piece_that_is_none_is_named(pieces, tmp_path, lost, kind):
    base = tmp_path / "celeba"
    shutil.copytree(pieces / "celeba", base)
    shutil.rmtree(base / lost) if (base / lost).is_dir() else (base / lost).unlink()
    if kind == "link":
        (base / lost).symlink_to(tmp_path / "nowhere")
    else:
        (base / lost).mkdir()
    words = {"link": "is a broken link", "folder": "is a folder"}[kind]
    with pytest.raises(data.DataError, match=rf"{lost}, which {words}.*but no") as caught:
        data.resolve("auto", tmp_path)
    assert "\n" not in str(caught.value)


def test_names_with_newlines_and_escape_codes_are_shown_not_sent(tmp_path):
    root = tmp_path / "a\nb\x1b[31m"
    write_text(root / f"{ATTR}.txt", root / f"{PART}.txt")
    with pytest.raises(data.DataError, match="but no folder img_align_celeba") as caught:
        data.resolve("auto", root)
    assert str(caught.value).isprintable() and "a\\nb\\x1b[31m" in str(caught.value)
