"""Sphinx extension: the objections of `book/lib/avbgtn_book/results/objections.py` with their outcomes, for
the page that lists them."""

import json

from avbgtn_book import records
from avbgtn_book.results.objections import ATTACKS
from book_tables import MarkdownDirective

RECORD = records.FOLDER / "study.json"


class Attacks(MarkdownDirective):
    """A section an objection: who says what, what answers it, and the outcome."""

    def markdown(self):
        self.env.note_dependency(str(RECORD))
        study = json.loads(RECORD.read_text(encoding="utf-8"))
        lines = []
        for attack in ATTACKS:
            outcome = attack.came_out(study)
            lines += [f"**{attack.name[0].upper()}{attack.name[1:]}.** {attack.objection}", ""]
            lines += [f"- *What answers it:* {attack.answer}", f"- *Outcome:* {outcome}", ""]
        return lines


def setup(app):
    app.add_directive("attacks", Attacks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
