"""The book's table of contents, for the tools that go through its pages."""

import pathlib
from collections.abc import Iterator

import yaml

BOOK = pathlib.Path(__file__).resolve().parent.parent / "book"


def sources(book: pathlib.Path = BOOK) -> list[str]:
    """Every file that `_toc.yml` names, in reading order, as it names it; parts and sections included."""
    contents = yaml.safe_load((book / "_toc.yml").read_text(encoding="utf-8"))

    def below(entry: dict) -> Iterator[str]:
        if "file" in entry:
            yield entry["file"]
        for key in ("parts", "chapters", "sections"):
            for inner in entry.get(key, []):
                yield from below(inner)

    return [contents["root"], *below(contents)]


def stems(book: pathlib.Path = BOOK) -> list[str]:
    """The names of all pages without their endings: `vae` for `vae.ipynb`."""
    return [pathlib.PurePosixPath(source).stem for source in sources(book)]
