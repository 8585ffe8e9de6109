"""The search for solutions in what students get: every file is read in every way that could show one."""

import html
import json
import pathlib
import re

from bs4 import BeautifulSoup

import solutions

SHORTEST = 12  # characters from which a line of code, or of prose, can give something away


def squeezed(text):
    return re.sub(r"\s+", "", text)


def letters(text):
    return re.sub(r"[\W_]+", "", text).lower()


def strings(value):
    """Every string in a JSON value, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from strings(inner)
    elif isinstance(value, list):
        if value and all(isinstance(inner, str) for inner in value):
            yield "".join(value)
        for inner in value:
            yield from strings(inner)


def plain(text):
    """The text of a page, its tags taken out: highlighted code is cut up by them."""
    return html.unescape(re.sub(r"<[^>]*>", "", text))


def searchable(*folders):
    """{file: (all its text without blanks, the same with letters and digits only)},
    read in every way it can be.
    """
    found = {}
    for path in [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]:
        if "vendor" in path.parts:
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a picture or a font
        readings = [text, html.unescape(text), plain(text)]
        if path.suffix == ".ipynb":
            content = "\n".join(strings(json.loads(text)))
            readings += [content, plain(content)]
        found[path] = ("\n".join(map(squeezed, readings)), "\n".join(map(letters, readings)))
    return found


def leaks(students, lines, sentences):
    """[(file name, line or sentence)] of all that is found."""
    needles = [(0, squeezed(line), line) for line in lines]
    needles += [(1, letters(sentence), sentence) for sentence in sentences]
    return [
        (path.name, whole)
        for path, readings in students.items()
        for way, needle, whole in needles
        if needle in readings[way]
    ]


def secrets_of(notebook):
    """(lines, sentences) that only the solutions of a notebook hold."""
    lines, sentences, others = [], [], []
    for cell in notebook.cells:
        markers = solutions.CODE_MARKERS if cell.cell_type == "code" else solutions.TEXT_MARKERS
        source = cell.source.split("\n")
        inside = {
            n for first, last in solutions.regions(cell.source, markers) for n in range(first, last + 1)
        }
        others += [line for n, line in enumerate(source) if n not in inside]
        held = [line.strip() for n, line in enumerate(source) if n in inside and line.strip() not in markers]
        if cell.cell_type == "code":
            lines += held
        else:
            sentences += re.split(r"(?<=[.!?:])\s+", "\n".join(held))
    elsewhere = squeezed("\n".join(others))
    lines = [line for line in lines if len(line) >= SHORTEST and squeezed(line) not in elsewhere]
    return sorted(set(lines)), sorted({text for text in sentences if len(letters(text)) >= SHORTEST})


def check_links(editions):
    """No page leads to a notebook with solutions, and every download is the notebook of the students."""
    pages = editions / "students-book"
    for page in sorted(pages.glob("*.html")):
        links = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser").select("a[href], form[action]")
        for target in [link.get("href") or link.get("action") for link in links]:
            launches = re.search(r"mybinder\.org/v2|colab\.research\.google\.com/github", target)
            assert not launches, f"{page.name} launches {target}, which holds the solutions"
            if target.endswith(".ipynb") and "://" not in target:
                handed_out = editions / "students" / pathlib.PurePosixPath(target).name
                assert (pages / target).read_bytes() == handed_out.read_bytes(), f"{page.name}: {target}"
    copies = [path for path in pages.rglob("*") if path.suffix == ".ipynb"]
    assert {path.parent.name for path in copies} == {"_sources"}
    for path in copies:
        assert path.read_bytes() == (editions / "students" / path.name).read_bytes()
