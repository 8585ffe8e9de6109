"""The page "The lectures, line by line" says of every entry where it is, and its chapters and tests exist."""

import functools
import re

import pytest
import yaml
from test_chapters import known_tests, notebook

from contents import BOOK, CHAPTERS

LONGEST = {"lancho": 711, "verbeek": 1785, "lee": 930}  # lines of the transcripts


@functools.cache
def listed():
    return yaml.safe_load((BOOK / "lectures.yml").read_text(encoding="utf-8"))


def entries():
    return listed()["systems"] + listed()["tables"]


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry["what"][:40])
def test_entry_has_its_chapter_and_its_test(entry):
    for place in entry["where"]:
        lecture, line = place.split(":")
        assert 1 <= int(line) <= LONGEST[lecture], place
    if entry["chapter"] in listed()["planned"]:
        assert set(entry) == {"what", "where", "chapter"}, "a planned entry has no outcome yet"
        return
    assert entry["chapter"] in CHAPTERS and len(entry["outcome"].split()) >= 2
    file = entry["test"].split("::")[0]
    assert entry["test"] in known_tests(file), f"there is no test {entry['test']}"


def test_a_chapter_that_is_written_is_not_planned():
    assert not set(listed()["planned"]) & set(CHAPTERS)
    planned = {entry["chapter"] for entry in entries()} - set(CHAPTERS)
    assert planned == set(listed()["planned"])


def test_no_entry_stands_twice():
    names = [entry["what"] for entry in entries()]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", ["critics", "divergences", "collapse"])
def test_a_chapter_of_the_part_names_the_lectures_that_it_checks(name):
    """What the page says of a chapter, the chapter says too: it cites each lecture that it has entries of."""
    lectures = {place.split(":")[0] for e in entries() if e["chapter"] == name for place in e["where"]}
    text = "\n".join(cell.source for cell in notebook(name).cells if cell.cell_type == "markdown")
    cited = set(re.findall(r"lecture-(\w+)", text))
    assert lectures <= cited


def test_slips_that_are_named_stand_on_the_errata():
    errata = (BOOK / "errata.md").read_text(encoding="utf-8")
    named = {n for e in entries() for n in re.findall(r"\bL\d+\b", e.get("outcome", ""))}
    assert named and all(f"**{slip}.**" in errata for slip in named)
