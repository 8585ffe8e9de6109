"""The book's table of contents, for the tools that go through its pages."""

import pathlib
from collections.abc import Iterator

import yaml

BOOK = pathlib.Path(__file__).resolve().parent.parent / "book"


def entries(book: pathlib.Path = BOOK) -> list[dict]:
    """Every entry of `_toc.yml` with a file, in reading order; parts and sections included."""
    contents = yaml.safe_load((book / "_toc.yml").read_text(encoding="utf-8"))

    def below(entry: dict) -> Iterator[dict]:
        if "file" in entry:
            yield entry
        for key in ("parts", "chapters", "sections"):
            for inner in entry.get(key, []):
                yield from below(inner)

    return [{"file": contents["root"]}, *below(contents)]


def sources(book: pathlib.Path = BOOK) -> list[str]:
    """Every file that `_toc.yml` names, in reading order, as it names it."""
    return [entry["file"] for entry in entries(book)]


def stems(book: pathlib.Path = BOOK) -> list[str]:
    """The names of all pages without their endings: `vae` for `vae.ipynb`."""
    return [pathlib.PurePosixPath(source).stem for source in sources(book)]


def titles(book: pathlib.Path = BOOK) -> dict[str, str]:
    """The short title of each page that has one: {"vae": "VAE"}."""
    return {pathlib.PurePosixPath(e["file"]).stem: e["title"] for e in entries(book) if "title" in e}
