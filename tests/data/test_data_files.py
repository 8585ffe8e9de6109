"""What lies in the place of a data set's files: FIFOs, sockets, broken links, zips, downloads that fail."""

import os
import shutil
import socket
import zipfile

import pytest
from PIL import Image
from test_data_roots import refuses
from test_irmas import SOUND, write_excerpts

from avbgtn import data
from avbgtn.data import celeba
from avbgtn.data.sources import archives, download
from small_celeba import torchvision_layout, write_images

# --- what is not a file ------------------------------------------------------------------


@pytest.fixture
def photos(tmp_path):
    torchvision_layout(tmp_path)
    return tmp_path / "celeba" / "img_align_celeba"


def make_socket(path):
    where = os.getcwd()
    os.chdir(path.parent)  # the path of a socket may have 108 letters
    try:
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(path.name)
    finally:
        os.chdir(where)


ODD = {
    "FIFO": (os.mkfifo, "is a FIFO"),
    "socket": (make_socket, "is a socket"),
    "folder": (lambda path: path.mkdir(), "is a folder"),
    "broken link": (lambda path: path.symlink_to("nowhere"), "is a broken link"),
    "link to itself": (lambda path: path.symlink_to(path.name), "is a broken link"),
    "empty file": (lambda path: path.touch(), r"is empty \(0 bytes\)"),
}


@pytest.mark.parametrize("kind", ODD)
def test_what_is_no_picture_is_named_and_not_waited_for(kind, photos, tmp_path):
    make, words = ODD[kind]
    loaded = data.load("celeba", root=tmp_path, size=32)
    (photos / "000003.jpg").unlink()
    make(photos / "000003.jpg")
    with pytest.raises(data.DataError, match=rf"the CelebA image .*000003\.jpg {words}"):
        data.load("celeba", root=tmp_path, size=32)
    with pytest.raises(data.DataError, match=r"the CelebA image .*000003\.jpg"):
        loaded.image(1, 1)  # it came in the midst of a training


@pytest.mark.parametrize("kind", ODD)
def test_what_is_no_excerpt_is_named_and_not_waited_for(kind, tmp_path):
    make, words = ODD[kind]
    write_excerpts(tmp_path)
    path = sorted((tmp_path / "vio").iterdir())[3]
    path.unlink()
    make(path)
    with pytest.raises(data.DataError, match=rf"the IRMAS excerpt .*\.wav {words}"):
        data.load_sound("irmas", root=tmp_path, sound=SOUND)


def test_a_link_to_a_picture_is_a_picture(photos, tmp_path):
    before = data.load("celeba", root=tmp_path, size=32)
    (photos / "000003.jpg").rename(tmp_path / "elsewhere.jpg")
    (photos / "000003.jpg").symlink_to(tmp_path / "elsewhere.jpg")
    after = data.load("celeba", root=tmp_path, size=32)
    assert after.checksum == before.checksum and after.check() == 9


def test_pictures_without_permission_are_one_sentence(photos, tmp_path, monkeypatch):
    def closed(path):
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(celeba.os, "listdir", closed)
    with pytest.raises(data.DataError, match=r"img_align_celeba cannot be read \(Permission denied\)"):
        data.load("celeba", root=tmp_path, size=32)


# --- zips --------------------------------------------------------------------------------


def make_zip(path, names, **sizes):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, b"\0" * sizes.get("size", 10))


INSIDE = "img_align_celeba/000001.jpg"
ZIPS = {
    "Kaggle's name": ("archive.zip", [INSIDE], 10, r"still zipped: unpack .*archive\.zip"),
    "a second download": ("archive (2).zip", [INSIDE], 10, r"still zipped: unpack .*archive \(2\)\.zip"),
    "Drive's, a zip in a zip": (
        "CelebA-20240101.zip",
        ["Img/img_align_celeba.zip"],
        10,
        "still zipped: unpack",
    ),
    "other capitals": ("IMG_Align_CelebA.ZIP", [INSIDE], 10, "still zipped: unpack"),
    "names that lead out": (
        "celeba.zip",
        [INSIDE, "../../.bashrc"],
        10,
        r"not safe to unpack, '../../.bashrc'",
    ),
    "names of the root": ("celeba.zip", ["/etc/passwd"], 10, "not safe to unpack"),
    "names of Windows": ("celeba.zip", ["a\\..\\..\\b"], 10, "not safe to unpack"),
    "an absurd size": ("celeba.zip", [INSIDE], 3_000_000, "is not sensible to unpack, its 0.0 MB promise"),
}


@pytest.mark.parametrize("case", ZIPS)
def test_a_zip_is_looked_into_before_anybody_unpacks_it(case, tmp_path):
    name, names, size, match = ZIPS[case]
    make_zip(tmp_path / name, names, size=size)
    refuses(match, data.resolve, "auto", tmp_path)


def test_a_link_in_a_zip_is_not_safe(tmp_path):
    link = zipfile.ZipInfo("img_align_celeba")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "celeba.zip", "w") as archive:
        archive.writestr(link, "/")
    refuses("not safe to unpack", data.resolve, "auto", tmp_path)


def test_a_disk_without_room_for_a_zip_is_said(tmp_path, monkeypatch):
    make_zip(tmp_path / "irmas.zip", ["IRMAS-TrainingData/pia/a.wav"])
    monkeypatch.setattr(archives.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 10, 0))
    refuses(
        "still zipped: unpack .*, which needs 0.0 GB, and 0.0 GB are free",
        data.resolve_sound,
        "auto",
        tmp_path,
    )


def test_bytes_in_the_midst_of_a_zip_s_directory_are_one_sentence(tmp_path):
    make_zip(tmp_path / "celeba.zip", [f"img_align_celeba/{i:06d}.jpg" for i in range(40)])
    whole = (tmp_path / "celeba.zip").read_bytes()
    for at in range(len(whole) - 1200, len(whole), 7):
        (tmp_path / "celeba.zip").write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        refuses("zip", data.resolve, "auto", tmp_path)


def test_another_zip_is_no_celeba(tmp_path):
    make_zip(tmp_path / "archive.zip", ["cats/1.jpg"])
    refuses("no CelebA is recognised in .*'archive.zip'", data.resolve, "auto", tmp_path)


# --- a download ---------------------------------------------------------------------------


def fetch(root, get, **options):
    download.fetch(root, name="CelebA", size=3, find=lambda path: None, get=get, how="see {where}", **options)


def test_a_disk_without_room_fetches_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(download.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 10, 2.9e9))
    refuses(r"download failed \(.*needs 3 GB and the disk has less", fetch, tmp_path, None)
    assert not list(tmp_path.iterdir())


def test_a_disk_that_fills_up_while_unpacking_is_given_back(tmp_path, monkeypatch):
    monkeypatch.setattr(download.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 10, 9e9))

    def get(folder):
        write_images(folder / "celeba")
        raise OSError(28, "No space left on device")

    refuses(r"download failed \(.*No space left on device\); see ", fetch, tmp_path, get)
    assert not list(tmp_path.iterdir()), "half a data set takes what others need"


@pytest.mark.parametrize("planted", [".download-celeba", ".download-celeba/lock"])
def test_a_planted_link_is_not_followed(tmp_path, planted):
    root, victim = tmp_path / "root", tmp_path / "victim"
    (root / planted).parent.mkdir(parents=True)
    victim.mkdir() if planted.endswith("celeba") else victim.write_text("keep")
    (root / planted).symlink_to(victim)
    refuses(r"download failed \(.* is a link, which is not followed: delete it\)", fetch, root, None)
    assert not list(victim.iterdir()) if victim.is_dir() else victim.read_text() == "keep"


def test_a_picture_list_without_pictures_in_any_format_is_no_traceback(tmp_path):
    (tmp_path / "list_attr_celeba.csv").write_bytes(bytes(range(256)) * 20)
    Image.new("RGB", (8, 8)).save(tmp_path / "000001.png")
    refuses("CelebA in .* has list_attr_celeba.csv", data.resolve, "auto", tmp_path)
