# ruff: noqa: F811 - fixtures of another file
"""CelebA in disrepair: what is missing, damaged or contradicts itself is named."""

import shutil

import pytest
from PIL import Image
from test_celeba import base, load, place, refuses, root, template  # noqa: F401 - fixtures

from avbgtn import data
from avbgtn.data.celeba import CelebA
from small_celeba import (
    NAMES,
    cut,
    kaggle_layout,
)


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
