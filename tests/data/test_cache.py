"""The cache of decoded pictures: the same pixels, never stale, never damaged; and what it says."""

import errno
import json
import os
import re
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from PIL import Image

from avbgtn import data
from avbgtn.data import cache, celeba
from avbgtn.training import experiment
from refusals import refusal
from small_celeba import cut, torchvision_layout

ROWS = 5  # training pictures: 000001 and 000003 (brown), 000002, 000006 and 000007 (blond)
ROW = 3 * 33 * 33  # bytes of one


@pytest.fixture(autouse=True)
def beside_the_data(monkeypatch):
    monkeypatch.delenv("AVBGTN_CACHE", raising=False)


@pytest.fixture(scope="session")
def photo_template(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos") / "data"
    folder.mkdir()
    torchvision_layout(folder)
    for number, file in enumerate(sorted((folder / "celeba/img_align_celeba").iterdir())):
        Image.effect_noise((178, 218), 20 + number).convert("RGB").save(file, quality=95)
    return folder


@pytest.fixture
def photos(photo_template, tmp_path):
    """The data root of a CelebA whose pictures have no two rows or columns alike."""
    return shutil.copytree(photo_template, tmp_path / "data")


@pytest.fixture
def reads(monkeypatch):
    """The pictures that were decoded, by name; the first of each data set is its own look at the folder."""
    read, names = celeba.CelebA._read, []

    def noted(self, name, side):
        names.append(name)
        return read(self, name, side)

    monkeypatch.setattr(celeba.CelebA, "_read", noted)
    return names


def load(root, **options):
    return data.load("celeba", root=root, **{"size": 32, "cache": True} | options)


def folder(root, side=33):
    (found,) = [p for p in (root / ".avbgtn-cache").glob(f"pictures-{side}px-*") if p.suffix != ".lock"]
    return found


def picture(root, number):
    return root / "celeba" / "img_align_celeba" / f"{number:06d}.jpg"


def same(left, right):
    return all(
        torch.equal(left.image(d, i), right.image(d, i)) for d in (1, 2) for i in range(left.lengths[d - 1])
    )


# --- the same pictures, decoded once ----------------------------------------------------


@pytest.mark.parametrize("workers", [0, 2])
def test_the_cache_changes_no_pixel(photos, workers):
    plain, cached = load(photos, cache=False), load(photos, workers=workers)
    assert same(plain, cached) and plain.checksum == cached.checksum
    for epoch in range(6):
        assert all(map(torch.equal, plain.batch(epoch, 2, 0), cached.batch(epoch, 2, 0))), f"epoch {epoch}"
    assert torch.equal(plain.evaluation("train").x1, cached.evaluation("train").x1)
    assert cached.image(1, 0).add_(1) is not None and same(plain, cached), (
        "a picture is not a copy of its own"
    )


def test_pictures_are_decoded_once(photos, reads):
    load(photos)
    assert sorted(reads[1:]) == ["000001.jpg", "000002.jpg", "000003.jpg", "000006.jpg", "000007.jpg"]
    d = load(photos)
    reads.clear()
    for epoch in range(10):
        d.batch(epoch, 1, 0)
    assert reads == [], "a picture was decoded although it is in the cache"


def test_building_says_one_line_and_opening_none(photos, capsys):
    load(photos)
    out, err = capsys.readouterr()
    where = photos / ".avbgtn-cache" / "pictures-33px-"
    assert out.startswith(f"decoding 5 pictures of 33 x 33 once, into {where}") and out.count("\n") == 1
    assert err == "", "a progress bar where there is no terminal"
    load(photos)
    assert capsys.readouterr() == ("", "")


def test_a_terminal_gets_a_progress_bar(photos, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    load(photos)
    assert "5/5" in capsys.readouterr().err


def test_the_cache_lies_where_the_environment_says(photos, tmp_path, monkeypatch):
    monkeypatch.setenv("AVBGTN_CACHE", str(tmp_path / "fast" / "disk"))
    load(photos)
    assert list((tmp_path / "fast" / "disk").glob("pictures-*/pixels.u8"))
    assert not (photos / ".avbgtn-cache").exists()


def test_what_it_takes_on_disk_is_known_before(photos):
    assert cache.size_in_bytes(71545, 66) == 935_236_240 and cache.size_in_bytes(71545, 132) == 3_740_086_420
    load(photos)
    files = {p.name: p.stat().st_size for p in folder(photos).iterdir()}
    assert files["pixels.u8"] + files["sums.u32"] == ROWS * (ROW + 4)
    assert files.keys() == {"pixels.u8", "sums.u32", "about.json"}


def test_the_data_root_may_move_with_its_cache(photos, reads):
    load(photos)
    moved = photos.rename(photos.with_name("elsewhere"))
    reads.clear()
    assert load(moved)._cache.folder.is_relative_to(moved)
    assert len(reads) <= 1 + cache.SAMPLES, "the cache was built again"


def test_every_function_hands_the_choice_on(photos, monkeypatch):
    asked = {}
    monkeypatch.setattr(data, "load", lambda name, **options: asked.update(options))
    c = SimpleNamespace(sound=None, dataset="celeba", domains=("Brown_Hair", "Blond_Hair"), size=32)
    experiment.load_data(c, root=str(photos), workers=1, cache=True)
    assert asked["cache"] is True and asked["workers"] == 1
    monkeypatch.undo()
    assert data.load("heads", size=32, cache=True).name == "heads"


# --- stale -------------------------------------------------------------------------------


def test_a_picture_that_was_exchanged_is_noticed(photos, capsys):
    load(photos)
    Image.effect_noise((178, 218), 90).convert("RGB").save(picture(photos, 6), quality=95)
    capsys.readouterr()
    assert same(load(photos), load(photos, cache=False)), "an old picture came out of the cache"
    out = capsys.readouterr().out
    assert "is of other pictures or of another split: building it anew" in out and "decoding 5" in out
    assert [p.name for p in (photos / ".avbgtn-cache").iterdir() if p.is_dir()] == [folder(photos).name]


def test_a_picture_of_the_same_length_is_noticed_by_its_time(photos, capsys):
    checksum = load(photos).checksum
    file = picture(photos, 3)
    old, length = file.stat(), file.stat().st_size
    Image.effect_noise((178, 218), 1).convert("RGB").save(file, quality=50)
    file.write_bytes(file.read_bytes().ljust(length, b"\0"))  # a decoder stops at the end of the picture
    os.utime(file, ns=(old.st_atime_ns, old.st_mtime_ns + 1))
    d = load(photos)
    assert "is older than its pictures" in capsys.readouterr().out
    assert d.checksum == checksum, "the time of writing belongs to the cache, not to the data"
    assert same(d, load(photos, cache=False))


def test_other_domains_and_sizes_have_their_own(photos, capsys):
    load(photos)
    for options in (dict(domains=("Blond_Hair", "Brown_Hair")), dict(size=48)):
        d = load(photos, **options)
        assert same(d, load(photos, **options, cache=False)), options
        assert "anew" not in capsys.readouterr().out
    load(photos)
    assert capsys.readouterr().out == "", "one choice of domains or size pushed out the other"


def test_another_decoder_is_noticed(photos, capsys, monkeypatch):
    load(photos)
    monkeypatch.setattr(celeba, "CROP", (0, 30, 178, 208))
    d = load(photos)
    assert "was decoded by other software" in capsys.readouterr().out
    assert same(d, load(photos, cache=False))


# --- damaged -----------------------------------------------------------------------------


def flip(file, at):
    content = bytearray(file.read_bytes())
    content[at] ^= 1
    file.write_bytes(content)


def other_format(where):
    about = json.loads((where / "about.json").read_text())
    (where / "about.json").write_text(json.dumps(about | {"format": 99}))


DAMAGES = {
    "a flipped bit": (lambda c: flip(c / "pixels.u8", 7), r"is damaged \(picture 0\)"),
    "a flipped bit of a checksum": (lambda c: flip(c / "sums.u32", 9), r"is damaged \(sums\.u32\)"),
    "cut short": (lambda c: cut(c / "pixels.u8"), r"another length than 16,335 bytes"),
    "no pixels": (lambda c: (c / "pixels.u8").unlink(), r"pixels\.u8"),
    "no JSON": (lambda c: (c / "about.json").write_text("<html>"), r"JSONDecodeError"),
    "another JSON": (lambda c: (c / "about.json").write_text("[1]"), r"TypeError"),
    "an empty JSON": (lambda c: (c / "about.json").write_text("{}"), r"KeyError"),
    "no about": (lambda c: (c / "about.json").unlink(), r"about\.json"),
    "another format": (other_format, "was written in another format"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_cache_is_built_anew_and_says_so(photos, capsys, name):
    plain = load(photos, cache=False)
    load(photos)
    capsys.readouterr()
    damage, words = DAMAGES[name]
    damage(folder(photos))
    d = load(photos)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 and lines[0].endswith(": building it anew"), lines
    assert re.search(words, lines[0]), lines[0]
    assert same(d, plain)
    load(photos)
    assert capsys.readouterr().out == "", "it was built anew and yet is not whole"


def test_damage_while_training_costs_a_line_and_no_pixel(photos, capsys, monkeypatch):
    monkeypatch.setattr(cache, "SAMPLES", 2)  # the first and the last only
    plain, d = load(photos, cache=False), load(photos)
    capsys.readouterr()
    for row in (2, 3):
        flip(folder(photos) / "pixels.u8", row * ROW)
    assert same(d, plain) and same(d, plain)
    out = capsys.readouterr().out
    assert (
        out.count("\n") == 1 and "is damaged (picture 2): damaged pictures are read from their files" in out
    )
    d = load(photos)
    assert "was found damaged: building it anew" in capsys.readouterr().out
    assert same(d, plain) and not (folder(photos) / "damaged").exists()


def test_check_looks_at_every_cached_picture(photos, capsys, monkeypatch):
    monkeypatch.setattr(cache, "SAMPLES", 2)
    d = load(photos)
    assert d.check() == 9
    flip(folder(photos) / "pixels.u8", 2 * ROW)
    capsys.readouterr()
    assert d.check() == 9, "check() counts the pictures of all splits"
    lines = capsys.readouterr().out.splitlines()
    assert "is damaged (1 of 5 pictures)" in lines[0] and "building it anew" in lines[1] and len(lines) == 3
    assert d._cache.check() == 0 and same(d, load(photos, cache=False))


# --- errors --------------------------------------------------------------------------------


def refuses(match, root):
    return refusal(lambda: load(root), error=data.DataError, match=match)


def test_a_full_disk_says_how_much_is_needed_and_where(photos, monkeypatch):
    load(photos, cache=False)
    usage = shutil.disk_usage(photos)._replace(free=ROWS * (ROW + 4) - 1)
    monkeypatch.setattr(cache.shutil, "disk_usage", lambda path: usage)
    text = refuses(r"no space for the picture cache: 5 pictures of 33 x 33 need 0\.00 GB in ", photos)
    assert str(photos / ".avbgtn-cache") in text and "AVBGTN_CACHE" in text


def test_a_disk_that_fills_up_is_not_left_full(photos, monkeypatch):
    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(cache.os, "fsync", full)
    refuses("no space for the picture cache", photos)
    assert not [p for p in (photos / ".avbgtn-cache").iterdir() if p.is_dir()]


def test_a_place_that_cannot_be_written_is_said_and_done_without(photos, monkeypatch, capsys):
    (photos / "file").write_text("")
    monkeypatch.setenv("AVBGTN_CACHE", str(photos / "file" / "cache"))
    d = load(photos)
    out = capsys.readouterr().out
    assert (
        out.count("\n") == 1 and "no picture cache: " in out and "cannot be written (Not a directory)" in out
    )
    assert not d.use_cache(say=lambda text: None) and same(d, load(photos, cache=False))


def test_a_stale_cache_that_cannot_be_replaced_is_not_used(photos, monkeypatch, capsys):
    load(photos)
    os.utime(picture(photos, 1))
    capsys.readouterr()

    def forbidden(path):
        raise PermissionError(errno.EACCES, "Permission denied", path)

    monkeypatch.setattr(cache, "FileLock", forbidden)
    d = load(photos)
    out = capsys.readouterr().out
    assert (
        "cannot be written (Permission denied), and the one that is there is older than its pictures" in out
    )
    assert d._cache is None


def test_a_whole_cache_that_cannot_be_written_is_used(photos, monkeypatch, capsys):
    load(photos)
    capsys.readouterr()
    monkeypatch.setattr(Path, "mkdir", None)
    monkeypatch.setattr(cache, "FileLock", None)
    assert load(photos)._cache is not None and capsys.readouterr().out == ""


def test_a_picture_that_cannot_be_read_is_named_before_the_training(photos):
    cut(picture(photos, 6))
    refuses(r"the CelebA image .*000006\.jpg is cut short or damaged", photos)


def test_the_bench_measures_every_way(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "bench")
    import throughput

    found = throughput.throughput(pictures=16, size=32)
    assert json.loads(json.dumps(found)) == found and len(throughput.lines(found)) == 1 + len(found["ways"])
    assert all(rate > 0 for way in found["ways"].values() for rate in way.values())
