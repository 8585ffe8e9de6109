# ruff: noqa: F811 - fixtures of another file
"""The cache of decoded pictures where a build was cut short, or two go on at once."""

import os
import signal
import sys

import pytest
from test_cache import (  # noqa: F401 - fixtures
    ROW,
    beside_the_data,
    flip,
    folder,
    load,
    photo_template,
    photos,
    picture,
    reads,
    same,
)

from avbgtn.data import cache, celeba
from small_celeba import cut

CHILD = """
import sys, time
from pathlib import Path
from avbgtn import data
from avbgtn.data import cache, celeba
root, read, seen = Path(sys.argv[1]), celeba.CelebA._read, []
cache.CHUNK = 1

def held(self, name, side):
    seen.append(name)
    while len(seen) == 5 and not (root / "go").exists():  # after its look at the folder and three pictures
        time.sleep(0.01)
    return read(self, name, side)

celeba.CelebA._read = held
data.load("celeba", root=root, size=32, cache=True)
"""


@pytest.fixture
def child(start, photos):
    """Another process that has decoded three pictures of five and waits for a file ``go``."""
    process = start(sys.executable, "-c", CHILD, photos)
    sums = ".avbgtn-cache/*.building/sums.u32"
    process.until(
        lambda: [p for p in photos.glob(sums) if p.stat().st_size == 3 * 4], "three pictures", photos
    )
    return process


def test_a_killed_build_is_not_used_and_the_next_goes_on(photos, child, reads, capsys):
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert folder(photos).suffix == ".building"
    d = load(photos)
    assert "from number 3 on" in capsys.readouterr().out
    assert reads[1:] == ["000006.jpg", "000007.jpg"], "what was there was decoded again"
    assert folder(photos).suffix == "" and same(d, load(photos, cache=False))


def test_of_two_processes_one_builds_and_the_other_waits(photos, child, reads):
    d, said = load(photos, cache=False), []

    def say(text):
        said.append(text)
        (photos / "go").touch()

    reads.clear()
    assert d.use_cache(say)
    assert child.finish(photos).startswith("decoding 5 pictures") and child.returncode == 0
    assert len(said) == 1 and "another process builds the cache" in said[0]
    assert len(reads) <= cache.SAMPLES, "both decoded"
    assert same(d, load(photos, cache=False))


@pytest.fixture
def interrupted(photos, monkeypatch):
    """A root whose cache was interrupted (Ctrl-C) after three pictures."""
    monkeypatch.setattr(cache, "CHUNK", 1)
    read = celeba.CelebA._read

    def stopping(self, name, side):
        if name == "000007.jpg":
            raise KeyboardInterrupt
        return read(self, name, side)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(celeba.CelebA, "_read", stopping)
        load(photos)
    growing = folder(photos)
    assert growing.suffix == ".building" and (growing / "sums.u32").stat().st_size >= 12
    with open(growing / "pixels.u8", "r+b") as file:
        file.truncate(3 * ROW + 100)  # in the midst of a picture
    return photos


def zeros(growing):
    """What a file system may leave of a machine that lost its power: a length without its content."""
    os.truncate(growing / "pixels.u8", 3 * ROW)
    os.truncate(growing / "sums.u32", 3 * 4)
    os.truncate(growing / "sums.u32", 5 * 4)


HALVES = {
    "as it was": (lambda g: None, ", from number 3 on"),
    "a flipped bit": (lambda g: flip(g / "pixels.u8", ROW + 5), ", from number 1 on"),
    "fewer pixels than sums": (lambda g: cut(g / "pixels.u8"), ", from number 1 on"),
    "sums of zero": (lambda g: (g / "sums.u32").write_bytes(bytes(20)), "GB)"),
    "sums of nothing, which are zero": (lambda g: zeros(g), ", from number 3 on"),
    "no JSON": (lambda g: (g / "about.json").write_text(""), "GB)"),
    "for other pictures": (lambda g: os.utime(picture(g.parents[1], 1)), "GB)"),
}


@pytest.mark.parametrize("name", HALVES)
def test_of_half_a_cache_only_what_is_sound_is_kept(interrupted, capsys, name):
    damage, ending = HALVES[name]
    damage(folder(interrupted))
    d = load(interrupted)
    out = capsys.readouterr().out.strip()
    assert out.endswith(ending) and same(d, load(interrupted, cache=False)), out
