"""Fetch the JavaScript that lets the book be read offline: maths, widgets, what interactive figures are drawn
with, and the checker the tests use.

The packages, their exact versions and their SHA-512 sums stand in `tools/book_assets.json`. Each archive
comes from npm and is compared with its sum before anything is unpacked, into `book/_vendor` (not committed):
`static/` is served under `_static/`, `page/` beside the pages, `script/` goes into the script of interactive
figures (book/_ext/book_interactive.py), `test/` is read by the tests only.
Nothing is fetched again while the pins stay the same.
"""

import base64
import fnmatch
import hashlib
import json
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile

import filelock

ROOT = pathlib.Path(__file__).resolve().parent.parent
PINS = ROOT / "tools" / "book_assets.json"
VENDOR = ROOT / "book" / "_vendor"
STAMP = "fetched.json"  # a copy of the pins; book/_ext/book_fixes.py looks for it


class AssetError(RuntimeError):
    """The assets cannot be fetched here; the sentence says why."""


def sha512(data: bytes) -> str:
    """The checksum of `data` as npm writes it: "sha512-" and the digest in base64."""
    return "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()


def download(name: str, version: str, folder: pathlib.Path) -> bytes:
    """The archive of one npm package, or AssetError. npm keeps its own settings: registry, proxy, cache."""
    npm = shutil.which("npm")
    if npm is None:
        raise AssetError("npm was not found on PATH; install Node.js, which brings it")
    command = [npm, "pack", "--ignore-scripts", "--silent", f"{name}@{version}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no message"]
        raise AssetError(f"'npm pack {name}@{version}' failed: {last[0]}")
    return (folder / done.stdout.split()[-1]).read_bytes()


def unpack(archive: pathlib.Path, files: dict[str, str], target: pathlib.Path) -> None:
    """Copy the wanted `files` (pattern inside the package: folder below `target`) out of one archive."""
    with tarfile.open(archive) as tar:
        members = {m.name.removeprefix("package/"): m for m in tar.getmembers() if m.isfile()}
        for pattern, folder in files.items():
            found = fnmatch.filter(members, pattern)
            if not found:
                raise AssetError(f"{archive.name} holds no file like {pattern!r}; correct {PINS.name}")
            (target / folder).mkdir(parents=True, exist_ok=True)
            for name in found:
                data = tar.extractfile(members[name]).read()
                (target / folder / pathlib.PurePosixPath(name).name).write_bytes(data)


def fetch(vendor: pathlib.Path = VENDOR) -> pathlib.Path:
    """Make `vendor` hold exactly what the pins say, and return it; AssetError where that is impossible.

    A folder left by older pins is removed first: the book must not mix versions. An archive with another
    checksum ends the process: that is not a missing tool, and nobody should build past it. Of several builds
    that start together one fetches and the others wait for it.
    """
    pins = PINS.read_text(encoding="utf-8")
    if _holds(vendor, pins):
        return vendor
    with filelock.FileLock(vendor.with_name(f"{vendor.name}.lock")):
        if not _holds(vendor, pins):  # another build may have fetched meanwhile
            _fetch(vendor, pins)
    return vendor


def _holds(vendor: pathlib.Path, pins: str) -> bool:
    stamp = vendor / STAMP
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == pins


def _fetch(vendor: pathlib.Path, pins: str) -> None:
    shutil.rmtree(vendor, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        for name, pin in json.loads(pins).items():
            data = download(name, pin["version"], work)
            if sha512(data) != pin["integrity"]:
                sys.exit(
                    f"{name}@{pin['version']} from npm has not the checksum in {PINS.name}: not unpacked"
                )
            archive = work / "package.tgz"
            archive.write_bytes(data)
            unpack(archive, pin["files"], work / "vendor")
        shutil.copytree(work / "vendor", vendor)
    (vendor / STAMP).write_text(pins, encoding="utf-8")  # last: what holds it is whole


if __name__ == "__main__":
    try:
        print(f"Offline assets: {fetch().relative_to(ROOT)}")
    except AssetError as problem:
        sys.exit(f"No offline assets: {problem}.")
