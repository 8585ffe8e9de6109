"""Build the book as HTML: `python tools/build_book.py [folder]` writes `folder`/_build/html (default: here).

The notebooks are not run: their committed outputs are shown, which `make test` proves by running them.
Every warning is an error, and every page is written anew, since Sphinx repeats no warning about a page
that it kept from an earlier build.
"""

import pathlib
import subprocess
import sys

import fetch_assets

ROOT = fetch_assets.ROOT
BOOK = ROOT / "book"


def build(folder: pathlib.Path = ROOT, source: pathlib.Path = BOOK, quiet: bool = False) -> pathlib.Path:
    """Build `source` below `folder` and return the first page; SystemExit with the status
    of a build that fails.

    The settings, and the extensions they name, are those of the `_config.yml` nearest above `source`.
    With `quiet` only warnings are shown, and they stop nothing.
    """
    try:
        fetch_assets.fetch()
    except fetch_assets.AssetError as problem:
        print(
            f"{problem}.\nThe book will link the CDN for maths and widgets, so reading it needs a network, "
            "and figures of which one drags something will be still pictures.",
            flush=True,
        )
    jupyter_book = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()"]  # it has no -m
    command = [*jupyter_book, "build", str(source), "-n", "--keep-going", "--all"]
    if (folder, source) != (ROOT, BOOK):
        command += ["--path-output", str(folder)]
    command += [] if quiet else ["-W"]
    shown = subprocess.DEVNULL if quiet else None
    status = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=shown).returncode
    if status:
        sys.exit(status)
    return folder / "_build" / "html" / "index.html"


if __name__ == "__main__":
    print(f"The book: {build(*map(pathlib.Path, sys.argv[1:2]))}")
