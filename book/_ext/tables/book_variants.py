"""Sphinx extension: `{variants}`, the last result of `make variants`: which notebooks held on which
instruction sets."""

from avbgtn_book import records
from book_tables import MarkdownDirective, table


class Variants(MarkdownDirective):
    """A line for each variant with what the libraries really used, and a row with what held."""

    def markdown(self):
        self.env.note_dependency(str(records.FOLDER / "variants.json"))
        record = records.load("variants")
        return variants_tables(record)


def variants_tables(record):
    """The lines of the list of variants and of the table of what held, for a record that
    `tools/variants --commit` wrote. A variant is named once for each kind of processor that it ran on."""
    rows = record["rows"]
    what = list(dict.fromkeys(row["what"] for row in rows))
    sets = {}
    for row in rows:
        sets.setdefault((row["variant"], row["use"]["bits"]), row)
    found = {(row["what"], row["variant"], row["use"]["bits"]): row for row in rows}
    used = [
        f"{k}. *{row['variant']}* on {row['processor']}: torch's loops {row['use']['capability'].lower()}, "
        f"convolutions {row['use']['convolutions']}."
        for k, row in enumerate(sets.values(), 1)
    ]
    body = []
    for k, key in enumerate(sets, 1):
        here = {w: found.get((w, *key)) for w in what}
        notebooks = [w for w in what if w != "tests" and here[w]]
        held = sum(not here[w]["failed"] for w in notebooks)
        lost = [f"{w} {outcome(here[w])}" for w in notebooks if here[w]["failed"]]
        missing = [w for w in what if w != "tests" and not here[w]]
        body.append([
            k, f"{held} of {len(notebooks)}", outcome(here.get("tests")),
            ", ".join(lost) or "none", ", ".join(missing) or "none",
        ])  # fmt: skip
    return [
        *used, "",
        *table(["", "Notebooks held", "Tests", "Held in part", "Not run"], body), "",
        "A variant that changed no bit on its processor was not run.",
    ]  # fmt: skip


def outcome(row):
    """`8 of 8`: in how many of the runs (seeds; for the tests, tests) everything came out as committed."""
    if row is None:
        return "not run"
    failed = row["failed"].values()
    lost = len(failed) if row["what"] == "tests" else len({seed for seeds in failed for seed in seeds})
    return f"{row['runs'] - lost} of {row['runs']}"


def setup(app):
    app.add_directive("variants", Variants)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
