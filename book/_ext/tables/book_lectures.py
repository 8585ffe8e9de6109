"""Sphinx extension: the page "The lectures, line by line", from `lectures.yml`.

`{lectures} systems` and `{lectures} tables` list what the three lectures have, with the chapter, the outcome
and the test; `{lectures} summary` counts.
"""

import collections
import pathlib

import yaml

from book_map import short_title
from book_tables import MarkdownDirective, table


def lines_of(places):
    """`["lancho:18", "lee:5"]` to "Lancho 18, Lee 5"."""
    return ", ".join(place.replace(":", "\N{NO-BREAK SPACE}").capitalize() for place in places)


class Lectures(MarkdownDirective):
    """A part of the page."""

    required_arguments = 1

    def markdown(self):
        source = pathlib.Path(self.env.srcdir, "lectures.yml")
        self.env.note_dependency(str(source))
        listed = yaml.safe_load(source.read_text(encoding="utf-8"))
        if self.arguments[0] == "summary":
            return self.summary(listed)
        rows = []
        for entry in listed[self.arguments[0]]:
            if entry["chapter"] in listed["planned"]:
                place, outcome = "planned", listed["planned"][entry["chapter"]]
            else:
                place = f"{{doc}}`{short_title(self.env, entry['chapter'])} <{entry['chapter']}>`"
                name = entry["test"].split("::")[1].removeprefix("test_").replace("_", " ")
                outcome = f"{entry['outcome']}. *Test:* {name}"
            rows.append([f"{entry['what']} ({lines_of(entry['where'])})", place, outcome])
        return table(["What, and where", "Chapter", "What came out"], rows)

    def summary(self, listed):
        """How many entries each chapter has."""
        entries = listed["systems"] + listed["tables"]
        counts = collections.Counter(entry["chapter"] for entry in entries)
        planned = sum(n for chapter, n in counts.items() if chapter in listed["planned"])
        by_chapter = ", ".join(
            f"{n} in {{doc}}`{short_title(self.env, chapter)} <{chapter}>`"
            for chapter, n in counts.items()
            if chapter not in listed["planned"]
        )
        return [f"Of {len(entries)} entries, {len(entries) - planned} are in the book: {by_chapter}. "
                f"The other {planned} are planned."]  # fmt: skip


def setup(app):
    app.add_directive("lectures", Lectures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
