"""Sphinx extension: tables that are made from what they describe, and the one address of the repository.

`{equations}` lists the displayed equations of every chapter (`equations/*.yml`) with the function that
computes each and the test that holds it. `{last-runs}` says when, where and how long each notebook last ran,
from the record that `tools/execute.py` leaves in its metadata. `{{ repository }}` on a page is the address in
`_config.yml`.
"""

import datetime
import pathlib
import re

import nbformat
import yaml
from sphinx.util.docutils import SphinxDirective

from avbgtn.sentences import in_markdown
from book_map import short_title


def cell(text):
    """Text for one cell of a Markdown table."""
    return " ".join(str(text).split()).replace("|", "\\|")


def table(head, rows):
    """The lines of a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return ["| " + " | ".join(map(cell, line)) + " |" for line in lines]


class MarkdownDirective(SphinxDirective):
    """A directive that is replaced by the Markdown it makes."""

    def run(self):
        return self.parse_text_to_nodes("\n".join(self.markdown()), allow_section_headings=True)

    def chapters(self):
        """(docname, path) of every notebook, in the order of the contents."""
        site = self.env.external_site_map
        names = [re.sub(r"\.ipynb$", "", name) for tree in site.root.subtrees for name in tree.files()]
        paths = [(name, pathlib.Path(self.env.srcdir, f"{name}.ipynb")) for name in names]
        return [(name, path) for name, path in paths if path.is_file()]

    def link(self, name):
        """A link to a page, under its short title."""
        return f"{{doc}}`{short_title(self.env, name)} <{name}>`"


class Equations(MarkdownDirective):
    """The table of all displayed equations."""

    def markdown(self):
        lines = []
        for name, _ in self.chapters():
            source = pathlib.Path(self.env.srcdir, "equations", f"{name}.yml")
            if not source.is_file():
                continue
            self.env.note_dependency(str(source))
            rows = []
            for equation in yaml.safe_load(source.read_text(encoding="utf-8")):
                function = equation["function"]
                made = f"`{function}`" if function else "an identity; nothing computes it"
                rows.append(
                    [
                        f"{{eq}}`{equation['label']}`",
                        equation["what"],
                        f"{made}; tested by `{equation['test']}`",
                    ]
                )
            lines += [f"**{self.link(name)}**", "", *table(["", "What it is", "Function and test"], rows), ""]
        return lines or ["No chapter has a numbered equation yet."]


def where(run):
    """The machine and the versions of one run, as one phrase."""
    facts = [run["machine"], f"Python {run['python']}", f"torch {run['torch']}"]
    return ", ".join(facts + ([f"revision {run['revision']}"] if run.get("revision") else []))


class LastRuns(MarkdownDirective):
    """When and how long each notebook last ran; below it, where."""

    def markdown(self):
        rows, places = [], {}
        for name, path in self.chapters():
            self.env.note_dependency(str(path))
            run = nbformat.read(path, as_version=4).metadata.get("avbgtn", {}).get("last_run")
            if run is None:
                rows.append([self.link(name), "not recorded", "", "", ""])
                continue
            date = datetime.date.fromisoformat(run["date"][:10])
            numbers = [f"{run[key]:,.0f}" for key in ("cpu_seconds", "wall_seconds", "peak_mb")]
            rows.append(
                [self.link(name), f"{date.day}\N{NO-BREAK SPACE}{date:%b\N{NO-BREAK SPACE}%Y}", *numbers]
            )
            places.setdefault(where(run), []).append(self.link(name))
        lines = table(["Chapter", "Date", "CPU s", "Clock s", "MB"], rows)
        return [
            *lines,
            "",
            *(f"- {', '.join(names)}: {in_markdown(place)}." for place, names in places.items()),
        ]


def offer_repository(app, config):
    """Let pages write {{ repository }}."""
    url = config.html_theme_options.get("repository_url", "")
    config.myst_substitutions = {**config.myst_substitutions, "repository": f"[{url}]({url})"}


def setup(app):
    app.add_directive("equations", Equations)
    app.add_directive("last-runs", LastRuns)
    app.connect("config-inited", offer_repository, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
