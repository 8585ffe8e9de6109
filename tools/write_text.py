"""Write the paired text of notebooks: `python tools/write_text.py book/*.ipynb` fills book/text/*.md.

The notebooks are the truth; the text (MyST Markdown, no outputs) makes a change readable as a diff.
tests/book/test_notebooks.py compares the two. jupytext's --sync is never used: it trusts file times, which a
fresh clone does not have.
"""

import pathlib
import sys

import jupytext
import nbformat


def text_of(notebook: pathlib.Path) -> str:
    """The MyST text of one notebook: its cells and their metadata, without outputs and run-time metadata."""
    content = nbformat.read(notebook, as_version=4)
    kept = ("kernelspec", "language_info")  # papermill's and the widgets' change with every run
    content.metadata = nbformat.from_dict(
        {key: content.metadata[key] for key in kept if key in content.metadata}
    )
    return jupytext.writes(content, fmt="md:myst")


def text_path(notebook: pathlib.Path) -> pathlib.Path:
    """book/celeba.ipynb -> book/text/celeba.md"""
    return notebook.parent / "text" / f"{notebook.stem}.md"


if __name__ == "__main__":
    for name in map(pathlib.Path, sys.argv[1:]):
        path = text_path(name)
        path.parent.mkdir(exist_ok=True)
        path.write_text(text_of(name), encoding="utf-8")
        print(f"{name} -> {path}")
