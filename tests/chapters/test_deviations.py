"""The list of what differs, the directive that shows it, and the checklists: what they name exists,
what they compute is right.
"""

import json
import math
import re
from dataclasses import fields, replace
from types import SimpleNamespace

import pytest
import yaml

from avbgtn.config import Config
from avbgtn.config.parameters import Parameters
from avbgtn.config.sound_parameters import SoundParameters
from avbgtn.study import cells as study
from avbgtn.study.grid import GRIDS
from avbgtn_book import records
from avbgtn_book.results.statistics import paired
from avbgtn_book.results.trainings import by_seed
from contents import BOOK, sources

pytest.importorskip("sphinx", reason="needs Sphinx, of the extra 'book'")
import book_study

ENTRIES = yaml.safe_load((BOOK / "deviations.yml").read_text(encoding="utf-8"))
LETTERS = {"C": "a paper from its own program", "S": "the paper from its sources", "O": "ours from the paper"}
NEEDED, ALLOWED = {"id", "kind", "title", "where", "they", "here", "effect"}, {"setting"}
PAGES = {source.removesuffix(".ipynb").removesuffix(".md") for source in sources()} | {
    "deviations",
    "checklist",
}
TO_COME = {"results", "objections"}
VARIANTS = {variant.name: variant for variant in GRIDS["full"].variants}
each_entry = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["id"])


def page(name):
    path = BOOK / f"{name}.md"
    return (path if path.is_file() else BOOK / "text" / f"{name}.md").read_text(encoding="utf-8")


# --- what is listed -----------------------------------------------------------------------------------------


def test_entries_are_numbered_by_kind_without_a_gap():
    assert tuple(book_study.KINDS) == tuple(LETTERS.values()) and len(ENTRIES) >= 20
    for letter, kind in LETTERS.items():
        ids = [entry["id"] for entry in ENTRIES if entry["kind"] == kind]
        assert ids == [f"{letter}{n}" for n in range(1, len(ids) + 1)] and ids, kind
    assert sum(entry["kind"] in LETTERS.values() for entry in ENTRIES) == len(ENTRIES)


@each_entry
def test_an_entry_says_what_is_needed_and_nothing_else(entry):
    assert NEEDED <= set(entry) <= NEEDED | ALLOWED
    for key in NEEDED - {"effect"}:
        assert isinstance(entry[key], str) and entry[key].strip() == entry[key] != "", key
    effect = entry["effect"]
    assert len(effect) == 1 and set(effect) <= {"compare", "elsewhere", "not_measured"}
    if "elsewhere" in effect:
        assert "{doc}`" in effect["elsewhere"], "where is it?"
    if "not_measured" in effect:
        assert not effect["not_measured"].startswith(("not", "Not")), (
            "the page says 'not measured: ' in front"
        )


@each_entry
def test_what_switches_it_exists_and_takes_the_value(entry):
    if "setting" not in entry:
        return
    name, _, value = entry["setting"].partition("=")
    value = yaml.safe_load(value) if value else None
    if name.startswith("Config."):
        name = name.removeprefix("Config.")
        assert name in {f.name for f in fields(Config)}
        if value is not None:
            models = (
                study.find_cell(GRIDS["full"], cell).config("0") for cell in ("unit-seed0", "avb_gtn-seed0")
            )
            assert any(takes(lambda c=config: replace(c, **{name: value})) for config in models)
    else:
        assert name in set(Parameters.checks) | set(SoundParameters.checks)
        if value is not None:
            kinds = [kind for kind in (Parameters, SoundParameters) if name in kind.checks]
            assert any(takes(lambda k=kind: k.checks[name](name, value)) for kind in kinds)


def takes(try_it):
    try:
        try_it()
    except ValueError:
        return False
    return True


@each_entry
def test_what_is_compared_is_in_the_grid_and_differs_by_the_switch(entry):
    for pair in book_study.pairs(entry["effect"]):
        a, b = (VARIANTS[name] for name in pair)
        assert a != b
        name, _, value = entry.get("setting", "").removeprefix("Config.").partition("=")
        if value:
            settings = [variant.changes.get(name) for variant in (a, b)]
            assert yaml.safe_load(value) in settings and settings[0] != settings[1] and a.model == b.model


def test_every_control_of_the_grid_is_compared():
    """A variant with more changes than two is a model of its own, not a control."""
    named = {name for entry in ENTRIES for pair in book_study.pairs(entry["effect"]) for name in pair}
    assert named >= {name for name, variant in VARIANTS.items() if len(variant.changes) <= 2}


# --- what is linked -----------------------------------------------------------------------------------------


def linked_texts():
    yield from ((entry["id"], yaml.safe_dump(entry, width=10**6, allow_unicode=True)) for entry in ENTRIES)
    yield from ((name, page(name)) for name in ("deviations", "checklist"))


@pytest.mark.parametrize(("who", "text"), list(linked_texts()))
def test_links_lead_somewhere(who, text):
    text = text.replace("''", "'").replace('\\"', '"')
    found = re.findall(r"\{doc\}`(?:[^`<]*<)?([\w-]+)>?`", text)
    assert len(found) == text.count("{doc}"), "a link in another form"
    for name in found:
        assert name in PAGES | TO_COME, f"{who} links {name}"
    for title, name in re.findall(r"\{ref\}`([^`<]*) <([\w-]+)>`", text):
        known = {f"deviation-{entry['id'].lower()}" for entry in ENTRIES}
        assert name in known or f"({name})=" in page("errata"), f"{who} refers to {name}"
        assert name not in known or name == f"deviation-{title.lower()}", f"{who} calls {name} {title}"
    for number in re.findall(r"<errata>`, ([A-Z]\d+)", text):
        assert re.search(rf"(?:^### |\*\*){number}\.", page("errata"), re.MULTILINE), f"{who}: {number}"
    for name, section in re.findall(r"<(\w+)>`, \"([^\"]+)\"", text):
        headings = [re.sub(r"[$\\]", "", h) for h in re.findall(r"^#+ (.+)$", page(name), re.MULTILINE)]
        assert section.removesuffix(",") in headings, f"{who}: {name} has no section {section!r}"


# --- what is computed ---------------------------------------------------------------------------------------


def invented(scores):
    """A record: {variant: [score of seed 0, of seed 1, ...]}."""
    cells = {
        f"{variant}-seed{seed}": {"variant": variant, "seed": seed, "validation": {"l1_whole": value}}
        for variant, values in scores.items()
        for seed, value in enumerate(values)
    }
    return {"grid": "full", "cells": cells}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    return tmp_path


@pytest.fixture
def write(folder):
    return lambda record: (folder / "study.json").write_text(json.dumps(record), encoding="utf-8")


def shown(kind=None):
    """What the directive makes, and the files that it depends on."""
    depends = []
    env = SimpleNamespace(srcdir=BOOK, note_dependency=depends.append)
    directive = SimpleNamespace(env=env, options={"kind": kind} if kind else {})
    return "\n".join(book_study.DeviationsTable.markdown(directive)), depends


def line_of(text, number):
    block = text.split(f"(deviation-{number.lower()})=\n")[1].split("\n(deviation-")[0]
    return re.search(r"^- \*\*What difference it makes:\*\* (.+)$", block, re.MULTILINE)[1]


def test_the_difference_is_that_of_the_pairs(write):
    """0.001, 0.002, 0.003: mean 0.002, deviation 0.001, and Student's t for two
    degrees of freedom is 4.3027.
    """
    record = invented({"unit": [0.041, 0.052, 0.063, 0.9], "unit-no-kl": [0.040, 0.050, 0.060]})
    write(record)
    margin = 4.3027 * 1 / math.sqrt(3)
    low, high = f"\N{MINUS SIGN}{margin - 2:.2f}", f"+{2 + margin:.2f}"
    assert (low, high) == ("\N{MINUS SIGN}0.48", "+4.48")
    assert line_of(shown()[0], "C3") == (
        f"`unit` minus `unit-no-kl`: +2.00 thousandths (95 %: {low} to {high}), 3 seeds: **a hint "
        "that `unit-no-kl` is better**."
    )
    pair = paired(*(by_seed(record, v, "validation", "l1_whole") for v in ("unit", "unit-no-kl")))
    assert pair.mean == pytest.approx(0.002) and pair.high == pytest.approx(0.002 + margin / 1000, abs=1e-7)


def test_two_seeds_are_enough_for_an_interval(write):
    """0.001 and 0.002: half their distance times Student's 12.706 for one degree of freedom."""
    write(invented({"unit": [0.041, 0.052], "unit-no-kl": [0.040, 0.050]}))
    margin = 12.706 * 0.5
    assert line_of(shown()[0], "C3").startswith(
        f"`unit` minus `unit-no-kl`: +1.50 thousandths (95 %: \N{MINUS SIGN}{margin - 1.5:.2f} to "
        f"+{margin + 1.5:.2f}), 2 seeds"
    )


def test_eight_seeds_can_find_a_difference_and_each_pair_has_its_sentence(write):
    better = [0.040 + k / 1000 for k in range(8)]
    write(invented({
        "unit": [x + 0.004 + k / 10_000 for k, x in enumerate(better)], "avb_gtn": better,
        "unit-twin": better, "avb_gtn-twin": [x + (-1) ** k / 1000 for k, x in enumerate(better)],
    }))  # fmt: skip
    first, second, end = line_of(shown()[0], "S1").split("**.")
    assert first.startswith("`avb_gtn` minus `unit`: \N{MINUS SIGN}4.35 thousandths (95 %: \N{MINUS SIGN}4.5")
    assert first.endswith("8 seeds: **`avb_gtn` is better") and not end
    assert second.startswith(
        " `avb_gtn-twin` minus `unit-twin`: +0.00 thousandths (95 %: \N{MINUS SIGN}0.89 to +0.89)"
    )
    assert second.endswith("8 seeds: **no difference found")


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        ({"unit": [0.04, 0.05], "unit-no-kl": [0.04]}, "not enough seeds yet: 1."),
        ({"unit": [0.04, 0.05]}, "not enough seeds yet: 0."),
        ({}, "not enough seeds yet: 0."),
        (
            {"unit": [0.04, 0.05], "unit-no-kl": [0.04, math.nan]},
            "not compared, as unit-no-kl, seed 1, has nan",
        ),
    ],
)
def test_what_cannot_be_compared_yet_is_said(write, scores, said):
    write(invented(scores))
    line = line_of(shown()[0], "C3")
    assert line.startswith(f"`unit` against `unit-no-kl`: {said}"), line


def test_a_record_that_is_not_there_or_another_is_said(folder, write):
    compared = [entry["id"] for entry in ENTRIES if "compare" in entry["effect"]]
    for content, why in (
        (None, "the study has no record"),
        ("{", "the study's record cannot be read"),
        ("[]", "the study's record cannot be read"),
        ('{"grid": "full", "cells": {"a": {"seed": 0}}}', "the study's record cannot be read"),
        (json.dumps(invented({}) | {"grid": "toy"}), "the study's record is of the grid `toy`"),
    ):
        if content:
            (folder / "study.json").write_text(content, encoding="utf-8")
        text = shown()[0]
        assert {line_of(text, number) for number in compared} == {f"not measured yet: {why}."}


def test_what_is_written_is_shown_as_it_is_whatever_the_committed_record_holds():
    text = shown()[0]
    for entry in ENTRIES:
        line = line_of(text, entry["id"])
        if "compare" not in entry["effect"]:
            (said,) = entry["effect"].values()
            assert line == ("not measured: " if "not_measured" in entry["effect"] else "") + said


def test_kinds_part_the_list_and_both_files_are_watched(folder):
    parts = {kind: shown(kind)[0] for kind in LETTERS.values()}
    assert "\n".join(parts.values()) == shown()[0]
    for letter, kind in LETTERS.items():
        assert set(re.findall(r"^### ([A-Z])\d+\. ", parts[kind], re.MULTILINE)) == {letter}
    assert shown()[1] == [str(BOOK / "deviations.yml"), str(folder / "study.json")]
    to_kind = book_study.DeviationsTable.option_spec["kind"]
    assert to_kind("ours from the paper") == "ours from the paper"
    with pytest.raises(ValueError):
        to_kind("ours from the papers")


def test_switches_are_written_as_one_types_them():
    assert (
        book_study.switch("penalty=logit") == "`-p penalty logit`"
        and book_study.switch("t_lr") == "`-p t_lr`"
    )
    assert book_study.switch("Config.t_input=z") == '`t_input="z"` in `Config`'
    assert book_study.switch("Config.noise_channels=8") == "`noise_channels=8` in `Config`"
    assert book_study.switch("Config.weight_decay") == "`weight_decay` in `Config`"


def test_the_count_is_of_the_list_and_of_the_grid():
    env = SimpleNamespace(srcdir=BOOK, note_dependency=lambda path: None)
    (text,) = book_study.DeviationsCount.markdown(SimpleNamespace(env=env))
    numbers = [int(n.replace(",", "")) for n in re.findall(r"\d[\d,]*", text)]
    compared, elsewhere, not_measured = (
        sum(key in entry["effect"] for entry in ENTRIES) for key in ("compare", "elsewhere", "not_measured")
    )
    config = study.find_cell(GRIDS["full"], "unit-seed0").config("0")
    assert numbers == [len(ENTRIES), compared, elsewhere, not_measured, 2000, config.size, config.width]


# --- the pages ----------------------------------------------------------------------------------------------


def test_the_page_shows_every_kind_once_and_names_no_find():
    text = page("deviations")
    assert re.findall(r"```\{deviations-table\}\n:kind: (.+)\n```", text) == list(LETTERS.values())
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [
        kind[0].upper() + kind[1:] for kind in LETTERS.values()
    ]
    assert "is better" not in text


def test_every_question_of_the_checklists_is_answered_for_the_paper_and_for_the_book():
    text = page("checklist")
    answer = r": \*\*{}: (?:yes|no|partly|not applicable)\.\*\* [^\n]+\n"
    item = re.compile(
        rf"^([A-Z][\w ]*): [^\n]+\?\n{answer.format('The paper')}{answer.format('This book')}(?:\n|\Z)",
        re.MULTILINE,
    )
    asked = item.findall(text)
    assert (
        len(asked) == text.count("?\n: ") == text.count("\n: **The paper:") == text.count("\n: **This book:")
    )
    assert len(set(asked)) == len(asked)
    conference, machine_learning = text.split("## The reproducibility checklist")
    assert len(item.findall(conference)) == 15 and len(item.findall(machine_learning)) == 21
