"""The book's table of contents, for the tests that go through its pages."""

import pathlib
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
from toc import sources  # noqa: E402

BOOK = ROOT / "book"
EXPERIMENTS = ("celeba", "audio", "results")  # which have rules of their own
CHAPTERS = tuple(
    path.stem
    for path in map(pathlib.PurePosixPath, sources())
    if path.suffix == ".ipynb" and path.stem not in EXPERIMENTS
)


def pages() -> list[str]:
    """The names of the rendered pages: `vae.html` for `vae.ipynb`."""
    return [pathlib.PurePosixPath(source).stem + ".html" for source in sources()]


def repository() -> dict:
    """The one setting that says where the repository is: `url`, `path_to_book`, `branch`."""
    return yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]


def binder(stem: str) -> str:
    """The address at which Binder opens a chapter."""
    at = repository()
    name = at["url"].removeprefix("https://github.com/")
    path = f"{at['path_to_book']}/{stem}.ipynb"
    return f"https://mybinder.org/v2/gh/{name}/{at['branch']}?urlpath=lab/tree/{path}"


def colab(stem: str) -> str:
    """The address at which Colab opens a chapter."""
    at = repository()
    name = at["url"].removeprefix("https://github.com/")
    path = f"{at['path_to_book']}/{stem}.ipynb"
    return f"https://colab.research.google.com/github/{name}/blob/{at['branch']}/{path}"
