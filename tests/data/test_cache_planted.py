# ruff: noqa: F811 - fixtures of another file
"""The cache of pictures where others may write: no link followed, no hang, no crash, the same pixels."""

import errno
import json
import os
import shutil

import pytest
from test_cache import ROW, folder, load, photo_template, photos, same  # noqa: F401 - fixtures

from avbgtn import data
from avbgtn.data import cache


@pytest.fixture(autouse=True)
def beside_the_data(monkeypatch):
    monkeypatch.delenv("AVBGTN_CACHE", raising=False)


@pytest.fixture
def victim(tmp_path):
    """A file of the user's that must stay as it is, whatever is planted."""
    path = tmp_path / "victim"
    path.write_text("keep")
    yield path
    assert path.read_text() == "keep", "a link was followed"


@pytest.fixture
def plain(photos):
    return load(photos, cache=False)


def planted(make, path, victim):
    if os.path.lexists(path):
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    path.parent.mkdir(parents=True, exist_ok=True)
    make(path, victim)


MAKE = {
    "a link": lambda path, victim: path.symlink_to(victim),
    "a second name": lambda path, victim: os.link(victim, path),
    "a broken link": lambda path, victim: path.symlink_to(victim.with_name("gone")),
    "a FIFO": lambda path, victim: os.mkfifo(path),
    "a folder": lambda path, victim: path.mkdir(),
}


NAMES = ("about.json", "pixels.u8", "sums.u32")
PAIRS = (
    [("a folder", "about.json")]
    + [(kind, NAMES[i % 3]) for i, kind in enumerate(MAKE)]
    + [(k, n) for k in ("a link", "a FIFO") for n in NAMES[1:]]
)


@pytest.mark.parametrize("kind, name", PAIRS)
def test_what_is_no_file_of_ours_in_a_cache_is_replaced(kind, name, photos, plain, victim, capsys):
    load(photos)
    planted(MAKE[kind], folder(photos) / name, victim)
    capsys.readouterr()
    d = load(photos)
    assert "building it anew" in capsys.readouterr().out and d._cache is not None and same(d, plain)


@pytest.mark.parametrize("kind, name", PAIRS)
def test_what_is_no_file_of_ours_in_half_a_cache_is_replaced(kind, name, photos, plain, victim):
    load(photos)
    whole = folder(photos)
    growing = whole.rename(f"{whole}.building")
    about = json.loads((growing / "about.json").read_text())
    about.pop("sums")
    (growing / "about.json").write_text(json.dumps(about))
    planted(MAKE[kind], growing / name, victim)
    d = load(photos)
    assert d._cache is not None and same(d, plain)


@pytest.mark.parametrize("suffix", ["", ".building"])
@pytest.mark.parametrize("kind", MAKE)
def test_what_is_no_folder_of_ours_is_replaced(kind, suffix, photos, plain, victim, tmp_path):
    load(photos)
    place = folder(photos)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "about.json").write_text("keep")
    shutil.rmtree(place)
    planted(MAKE[kind], place.with_name(place.name + suffix), elsewhere if kind == "a link" else victim)
    d = load(photos)
    assert d._cache is not None and same(d, plain)
    assert [p.name for p in elsewhere.iterdir()] == ["about.json"], "a link was followed"
    assert (elsewhere / "about.json").read_text() == "keep"


def test_a_planted_lock_is_not_followed_and_it_goes_on_without(photos, plain, victim, capsys):
    load(photos)
    place = folder(photos)
    shutil.rmtree(place)
    planted(MAKE["a link"], place.with_name(place.name + ".lock"), victim)
    capsys.readouterr()
    d = load(photos)
    assert (
        "no picture cache: " in (out := capsys.readouterr().out) and "is a link, which is not followed" in out
    )
    assert d._cache is None and same(d, plain)


def test_a_planted_mark_of_damage_is_not_followed(photos, plain, victim):
    d = load(photos)
    (folder(photos) / "damaged").symlink_to(victim.with_name("made"))
    with open(folder(photos) / "pixels.u8", "r+b") as file:
        file.write(b"\xff\x00\xff")
    assert same(d, plain) and not victim.with_name("made").exists()


def test_a_cache_cut_short_by_another_process_while_training_is_no_crash(photos, plain, capsys):
    d = load(photos)
    os.truncate(folder(photos) / "pixels.u8", ROW + 10)
    assert same(d, plain)
    assert "damaged pictures are read from their files" in capsys.readouterr().out


def test_a_disk_that_fails_while_training_is_no_crash(photos, plain, monkeypatch, capsys):
    d = load(photos)

    def failing(*where):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(cache.os, "pread", failing)
    assert same(d, plain)
    assert "damaged pictures are read from their files" in capsys.readouterr().out


def test_without_pread_the_pixels_are_the_same(photos, plain, monkeypatch):
    monkeypatch.delattr(cache.os, "pread")
    assert same(load(photos), plain)


@pytest.mark.parametrize("content", [b"[" * 60_000, b" " * 70_000, b"\xff\xfe", b"null", b'{"format": NaN}'])
def test_any_about_is_damage_and_no_traceback(content, photos, plain, capsys):
    load(photos)
    (folder(photos) / "about.json").write_bytes(content)
    capsys.readouterr()
    assert same(load(photos), plain) and "building it anew" in capsys.readouterr().out


@pytest.mark.parametrize("number", [errno.EIO, errno.EROFS, errno.EACCES])
def test_a_disk_that_fails_while_building_is_said_and_done_without(
    number, photos, plain, monkeypatch, capsys
):
    def failing(handle):
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(cache.os, "fsync", failing)
        d = load(photos)
    out = capsys.readouterr().out
    assert f"cannot be written ({os.strerror(number)})" in out and d._cache is None and same(d, plain)
    assert load(photos)._cache is not None, "the next start must be able to build it"


def test_a_cache_folder_of_nobody_is_one_sentence(photos, monkeypatch):
    monkeypatch.setenv("AVBGTN_CACHE", "~nobody-of-this-name/x")
    with pytest.raises(data.DataError, match="AVBGTN_CACHE=~nobody-of-this-name/x cannot be used"):
        load(photos)
