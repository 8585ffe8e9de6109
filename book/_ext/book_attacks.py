"""Sphinx extension: the objections of `avbgtn/attacks.py` with their outcomes, for the page that lists them."""

import json

from book_tables import MarkdownDirective

from avbgtn import records
from avbgtn.attacks import ATTACKS

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
