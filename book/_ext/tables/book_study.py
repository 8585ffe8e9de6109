"""Sphinx extension: what pages show of the record of the study.

`{deviations-table}` shows the entries of `deviations.yml`, with `:kind:` those of one kind, each with the
difference it makes; `{deviations-count}` says how many there are and how they were measured. Where an entry
names variants of the grid, the difference is computed from the record. What the record cannot say yet is said
in words: a page never waits for it.
"""

import json
import pathlib
from dataclasses import fields

import yaml
from docutils.parsers.rst import directives

from avbgtn.config import PRESETS, Config
from avbgtn.study.grid import GRIDS
from avbgtn_book import records
from avbgtn_book.results.statistics import paired
from avbgtn_book.results.trainings import by_seed
from book_tables import MarkdownDirective

GRID = GRIDS["full"]
SCORE = ("validation", "l1_whole")  # mean absolute error to the twin, both directions
UNIT_OF_SCORE = 0.001

# Kind -> who says something else than we do, in front of each entry.
KINDS = {
    "a paper from its own program": "Text and program",
    "the paper from its sources": "Paper and source",
    "ours from the paper": "There",
}


# --- the record ---------------------------------------------------------------------------------------------


def record_path():
    return records.FOLDER / "study.json"


def load():
    """The record of the study, and None; or None, and why there is none, in words."""
    if not record_path().is_file():
        return None, "the study has no record"
    try:
        study = json.loads(record_path().read_text(encoding="utf-8"))
        grid, _ = study["grid"], [(cell["variant"], cell["seed"]) for cell in study["cells"].values()]
    except (ValueError, KeyError, TypeError, AttributeError):
        return None, "the study's record cannot be read"
    return (study, None) if grid == GRID.name else (None, f"the study's record is of the grid `{grid}`")


def by_seed_or_none(study, variant):
    """The score of each seed; of a variant without a cell, none."""
    if not any(cell["variant"] == variant for cell in study["cells"].values()):
        return {}
    return by_seed(study, variant, *SCORE)


def difference(study, a, b):
    """What the record says of two variants, in one line."""
    try:
        scores = [by_seed_or_none(study, variant) for variant in (a, b)]
        common = scores[0].keys() & scores[1].keys()
        if len(common) < 2:
            return f"`{a}` against `{b}`: not enough seeds yet: {len(common)}"
        pair = paired(*scores, names=(f"`{a}`", f"`{b}`"))
    except ValueError as error:
        return f"`{a}` against `{b}`: not compared, as {error}"
    mean, low, high = (thousandths(number) for number in (pair.mean, pair.low, pair.high))
    return (
        f"`{a}` minus `{b}`: {mean} thousandths (95 %: {low} to {high}), {len(pair.seeds)} seeds: "
        f"**{pair.verdict('lower')}**"
    )


def thousandths(number):
    """With two digits and a sign; zero is +0.00."""
    return f"{round(number / UNIT_OF_SCORE, 2) + 0.0:+.2f}".replace("-", "\N{MINUS SIGN}")


# --- the entries --------------------------------------------------------------------------------------------


def entries(path):
    return yaml.safe_load(pathlib.Path(path).read_text(encoding="utf-8"))


def pairs(effect):
    """The pairs of variants of an effect: [a, b], or a list of such."""
    compare = effect.get("compare", [])
    return [compare] if compare and isinstance(compare[0], str) else compare


def switch(setting):
    """How a setting is written down: `-p` for a notebook, a field of Config where no notebook has it."""
    name, _, value = setting.partition("=")
    if not name.startswith("Config."):
        return f"`-p {name} {value}`" if value else f"`-p {name}`"
    name = name.removeprefix("Config.")
    kind = next(f.type for f in fields(Config) if f.name == name)
    quoted = f'"{value}"' if kind is str else value
    return f"`{name}={quoted}` in `Config`" if value else f"`{name}` in `Config`"


def what_difference(effect, study, missing):
    """The sentences that say what difference an entry makes."""
    if "elsewhere" in effect:
        return effect["elsewhere"]
    if "not_measured" in effect:
        return f"not measured: {effect['not_measured']}"
    if study is None:
        return f"not measured yet: {missing}."
    return " ".join(f"{difference(study, a, b)}." for a, b in pairs(effect))


def block(entry, study, missing):
    """One entry: its title, and a short line for each thing that there is to say. Five columns would be no
    table on a phone."""
    said = {"Where": entry["where"], KINDS[entry["kind"]]: entry["they"], "Here": entry["here"]}
    if "setting" in entry:
        said["Switch"] = switch(entry["setting"])
    said["What difference it makes"] = what_difference(entry["effect"], study, missing)
    return [
        f"(deviation-{entry['id'].lower()})=",
        f"### {entry['id']}. {entry['title']}",
        "",
        *(f"- **{what}:** {' '.join(text.split())}" for what, text in said.items()),
        "",
    ]


class DeviationsTable(MarkdownDirective):
    """The entries of one kind, or all."""

    option_spec = {"kind": lambda kind: directives.choice(kind, tuple(KINDS))}

    def markdown(self):
        source = pathlib.Path(self.env.srcdir, "deviations.yml")
        for path in (source, record_path()):
            self.env.note_dependency(str(path))
        study, missing = load()
        kind = self.options.get("kind")
        chosen = [entry for entry in entries(source) if kind in (None, entry["kind"])]
        return [line for entry in chosen for line in block(entry, study, missing)]


class DeviationsCount(MarkdownDirective):
    """How many entries there are, and what the study is."""

    def markdown(self):
        source = pathlib.Path(self.env.srcdir, "deviations.yml")
        self.env.note_dependency(str(source))
        found = entries(source)
        how = {
            key: sum(key in e["effect"] for e in found) for key in ("compare", "elsewhere", "not_measured")
        }
        preset = PRESETS[GRID.preset]
        return [
            f"{len(found)} places are listed. {how['compare']} have a control in the study,"
            f" {how['elsewhere']} are measured or computed elsewhere in the book, {how['not_measured']} are"
            f" not measured. The study trains for {GRID.epochs:,} epochs, on heads of {preset['size']}"
            f" pixels, with networks of width {preset['width']}."
        ]


def setup(app):
    app.add_directive("deviations-table", DeviationsTable)
    app.add_directive("deviations-count", DeviationsCount)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
