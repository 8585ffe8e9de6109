"""Sphinx extension: the objections of `book/lib/avbgtn_book/results/objections.py` with their outcomes, for
the page that lists them."""

import json

from avbgtn_book import records
from avbgtn_book.results.objections import OBJECTIONS
from book_tables import MarkdownDirective

RECORD = records.FOLDER / "study.json"


class Objections(MarkdownDirective):
    """For each objection what it says, what answers it, and the outcome."""

    def markdown(self):
        self.env.note_dependency(str(RECORD))
        study = json.loads(RECORD.read_text(encoding="utf-8"))
        lines = []
        for objection in OBJECTIONS:
            name, outcome = objection.name, objection.came_out(study)
            lines += [f"**{name[0].upper()}{name[1:]}.** {objection.objection}", ""]
            lines += [f"*What answers it:* {objection.answer}", ""]
            lines += [f"*Outcome:* {outcome[0].upper()}{outcome[1:]}", ""]
        return lines


def setup(app):
    app.add_directive("objections", Objections)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
