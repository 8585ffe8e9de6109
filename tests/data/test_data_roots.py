"""The data root: a folder that was named is what is meant; nothing else stands in for what it holds."""

import shutil

import pytest
from test_irmas import SOUND, write_excerpts

from avbgtn import data
from avbgtn.data import irmas
from small_celeba import torchvision_layout

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
