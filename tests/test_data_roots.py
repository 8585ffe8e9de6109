"""The data root: a folder that was named is what is meant; nothing else stands in for what it holds."""

import os
import shutil
import socket
import zipfile

import pytest
from PIL import Image
from test_celeba import torchvision_layout, write_images
from test_irmas import SOUND, write_excerpts

from avbgtn import data
from avbgtn.data import archives, celeba, download, irmas

KINDS = {  # the function that chooses, the real data set, the built-in one, the other real one
    "pictures": (data.resolve, "CelebA", "heads", "IRMAS"),
    "sounds": (data.resolve_sound, "IRMAS", "music", "CelebA"),
}


@pytest.fixture(params=KINDS)
def kind(request):
    return KINDS[request.param]


@pytest.fixture(params=["root", "$AVBGTN_DATA"])
def named(request, tmp_path, monkeypatch):
    """Names a folder, as a parameter or in the environment, and returns what to hand on as ``root``."""
    monkeypatch.delenv("AVBGTN_DATA", raising=False)
    monkeypatch.chdir(tmp_path)

    def name(folder):
        if request.param == "root":
            return folder
        monkeypatch.setenv("AVBGTN_DATA", str(folder))

    name.how = request.param
    return name


def refuses(match, resolve, *arguments):
    with pytest.raises(data.DataError, match=match) as caught:
        resolve(*arguments)
    assert str(caught.value).isprintable(), "an error is one sentence on one line"
    return str(caught.value)


# --- what a named folder means -----------------------------------------------------------


def test_a_named_folder_without_the_data_is_refused_and_its_contents_are_said(kind, named, tmp_path):
    resolve, real, built_in, _ = kind
    folder = tmp_path / "my data"
    for name in ("pictures", "b", "c", "d", "e", "f", "g\nh"):
        (folder / name).mkdir(parents=True)
    (folder / "list.txt").write_text("")
    text = refuses(f"no {real} is recognised in {folder}", resolve, "auto", named(folder))
    for part in (f"({named.how})", "'b/', 'c/', 'd/', 'e/', 'f/' and 3 more", f"dataset={built_in}"):
        assert part in text, f"{part!r} is not in: {text}"


def test_a_data_set_that_was_asked_for_is_not_fetched_into_a_folder_of_other_things(kind, named, tmp_path):
    resolve, real, _, other = kind
    (tmp_path / "mine" / "my faces").mkdir(parents=True)
    text = refuses(
        f"no {real} is recognised in .*'my faces/'", resolve, real.lower(), named(tmp_path / "mine")
    )
    assert text.endswith("name the folder that holds them, or an empty one to download it there")
    (tmp_path / "new").mkdir()
    other_data(tmp_path / "theirs", other)
    for folder in ("new", "theirs"):
        name, sentence = resolve(real.lower(), named(tmp_path / folder))
        assert name == real.lower() and "yet and will be downloaded" in sentence


def test_an_empty_named_folder_is_said_to_be_empty(kind, named, tmp_path):
    resolve, real, built_in, _ = kind
    folder = tmp_path / "empty"
    (folder / ".avbgtn-cache").mkdir(parents=True)
    (folder / "Thumbs.db").write_bytes(b"what Windows adds")
    name, sentence = resolve("auto", named(folder))
    assert name == built_in and f"as there is no {real} under {folder}, which is empty" in sentence


def test_the_default_folder_may_hold_anything(kind, tmp_path, monkeypatch):
    resolve, real, built_in, _ = kind
    monkeypatch.delenv("AVBGTN_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data" / "other").mkdir(parents=True)
    name, sentence = resolve("auto")
    assert name == built_in and f"as there is no {real} under data; to get" in sentence


def other_data(folder, other):
    (torchvision_layout if other == "CelebA" else lambda f: write_excerpts(f / "irmas"))(folder)


def test_a_variable_may_name_a_folder_with_the_other_data_alone(kind, tmp_path, monkeypatch):
    resolve, real, built_in, other = kind
    other_data(tmp_path, other)
    monkeypatch.setenv("AVBGTN_DATA", str(tmp_path))
    name, sentence = resolve("auto")
    assert name == built_in and "which holds other data alone" in sentence
    refuses(f"no {real} is recognised", resolve, "auto", tmp_path)
    (tmp_path / "faces").mkdir()
    refuses(f"no {real} is recognised in .*'faces/'", resolve, "auto")


def test_a_root_that_is_not_used_is_said(kind, tmp_path, monkeypatch):
    resolve, _, built_in, _ = kind
    assert "not used" not in resolve(built_in)[1]
    assert f"root='{tmp_path}' is not used by it" in resolve(built_in, tmp_path)[1]


@pytest.mark.parametrize(
    "folder, name, words",
    [
        ("celeba-hf/data", "train-00000-of-00020.parquet", "looks like a copy from Hugging Face"),
        ("CelebAMask-HQ/CelebA-HQ-img", "0.jpg", "looks like CelebA-HQ, another data set"),
        ("Img/img_celeba", "000001.jpg", "looks like CelebA's originals"),
    ],
)
def test_a_near_miss_of_celeba_is_called_so(folder, name, words, tmp_path):
    (tmp_path / folder).mkdir(parents=True)
    (tmp_path / folder / name).write_bytes(b"x")
    refuses(words, data.resolve, "auto", tmp_path)


@pytest.mark.parametrize(
    "folder, words",
    [
        ("IRMAS-TestingData-Part1/Part1", "looks like IRMAS's testing data"),
        ("IRMAS/sax", "without pia and vio"),
    ],
)
def test_a_near_miss_of_irmas_is_called_so(folder, words, tmp_path):
    (tmp_path / folder).mkdir(parents=True)
    refuses(words, data.resolve_sound, "auto", tmp_path)


@pytest.mark.parametrize("root", ["~nobody-of-this-name/x", "a" * 300, "a\0b", "a/" * 3000])
def test_a_root_that_no_system_can_have_is_one_sentence(kind, named, root):
    if named.how == "root" or "\0" not in root:
        refuses(r"the data root .* (cannot be used|does not exist)", kind[0], "auto", named(root))


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
    "Drive's, a zip in a zip": ("CelebA-20240101.zip", ["Img/img_align_celeba.zip"], 10, "still zipped: unpack"),
    "other capitals": ("IMG_Align_CelebA.ZIP", [INSIDE], 10, "still zipped: unpack"),
    "names that lead out": ("celeba.zip", [INSIDE, "../../.bashrc"], 10, r"not safe to unpack, '../../.bashrc'"),
    "names of the root": ("celeba.zip", ["/etc/passwd"], 10, "not safe to unpack"),
    "names of Windows": ("celeba.zip", ["a\\..\\..\\b"], 10, "not safe to unpack"),
    "an absurd size": ("celeba.zip", [INSIDE], 3_000_000, "is not sensible to unpack, its 0.0 MB promise"),
}  # fmt: skip


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


# --- IRMAS -------------------------------------------------------------------------------


NESTED = {
    "kagglehub's cache": (".", "datasets/someone/irmas/versions/1/IRMAS-TrainingData"),
    "Kaggle's input folder": ("input", "input/irmas-dataset/IRMAS-TrainingData"),
    "an unpacked archive (2)": (".", "archive (2)/IRMAS-TrainingData"),
    "a Drive folder": (".", "IRMAS-20240101T120000Z-001/IRMAS-TrainingData"),
    "one instrument": ("x/pia", "x"),
    "the other instrument": ("x/vio", "x"),
}


@pytest.fixture(scope="module")
def excerpts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("excerpts")
    write_excerpts(folder)
    return folder, data.load_sound("irmas", root=folder, sound=SOUND)


@pytest.mark.parametrize("capitals", [False, True])
@pytest.mark.parametrize("name", NESTED)
def test_irmas_is_found_in_every_nesting(name, capitals, excerpts, tmp_path):
    source, expected = excerpts
    root, base = NESTED[name]
    shutil.copytree(source, tmp_path / base)
    if capitals:
        for folder in ("pia", "vio"):
            (tmp_path / base / folder).rename(tmp_path / base / folder.upper())
        root = root.replace("pia", "PIA").replace("vio", "VIO")
    assert data.resolve_sound("auto", tmp_path / root)[0] == "irmas"
    d = data.load_sound("irmas", root=tmp_path / root, sound=SOUND)
    assert d.checksum == expected.checksum and d.lengths == expected.lengths


def test_a_folder_with_more_sounds_than_a_look_reads_is_read_whole(excerpts, monkeypatch):
    monkeypatch.setattr(irmas.look, "__defaults__", (7,))
    assert len(irmas._sounds(excerpts[0] / "pia")) == 60


def test_a_picture_list_without_pictures_in_any_format_is_no_traceback(tmp_path):
    (tmp_path / "list_attr_celeba.csv").write_bytes(bytes(range(256)) * 20)
    Image.new("RGB", (8, 8)).save(tmp_path / "000001.png")
    refuses("CelebA in .* has list_attr_celeba.csv", data.resolve, "auto", tmp_path)
