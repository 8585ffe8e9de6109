"""The offline scripts: checked before they are unpacked, whole, fetched once however many builds start."""

import functools
import io
import json
import tarfile
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import fetch_assets

BUILDS = 4


@functools.cache  # gzip writes the time: another second, other bytes
def archive() -> bytes:
    """An npm package of one file."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        entry = tarfile.TarInfo("package/one.js")
        entry.size = 3
        tar.addfile(entry, io.BytesIO(b"one"))
    return packed.getvalue()


@pytest.fixture
def pins(monkeypatch, tmp_path):
    """One package is pinned; `download` counts how often it is fetched, and takes its time."""
    pinned = {
        "one": {"version": "1", "integrity": fetch_assets.sha512(archive()), "files": {"*.js": "static"}}
    }
    path = tmp_path / "pins.json"
    path.write_text(json.dumps(pinned), encoding="utf-8")
    monkeypatch.setattr(fetch_assets, "PINS", path)
    asked = []

    def download(name, version, folder):
        asked.append(f"{name}@{version}")
        time.sleep(0.5)  # the others come to the same place, if nothing keeps them from it
        return archive()

    monkeypatch.setattr(fetch_assets, "download", download)
    return asked


def test_builds_that_start_together_fetch_once_and_find_everything(pins, tmp_path):
    vendor = tmp_path / "_vendor"
    (vendor / "left by older pins").mkdir(parents=True)
    with ThreadPoolExecutor(BUILDS) as builds:
        done = list(builds.map(fetch_assets.fetch, [vendor] * BUILDS))
    assert done == [vendor] * BUILDS
    assert pins == ["one@1"], "each build fetched for itself"
    found = {path.relative_to(vendor).as_posix() for path in vendor.rglob("*") if path.is_file()}
    assert found == {"static/one.js", fetch_assets.STAMP}


def test_an_archive_with_another_sum_ends_the_build_and_leaves_nothing(pins, tmp_path, monkeypatch):
    monkeypatch.setattr(fetch_assets, "download", lambda *_: b"something else")
    with pytest.raises(SystemExit, match="has not the checksum"):
        fetch_assets.fetch(tmp_path / "_vendor")
    assert not (tmp_path / "_vendor").exists()
