"""Sphinx extension: `{variants}`, the last result of `make variants`: which notebooks held on which
instruction sets."""

from avbgtn_book import records
from book_tables import MarkdownDirective, table


class Variants(MarkdownDirective):
    """One row for each variant with what the libraries really used, and one column for each notebook."""

    def markdown(self):
        self.env.note_dependency(str(records.FOLDER / "variants.json"))
        record = records.load("variants")
        return variants_tables(record)


def variants_tables(record):
    """The lines of both tables, for a record that `tools/variants --commit` wrote. A variant is named once
    for each kind of processor that it ran on."""
    rows = record["rows"]
    what = list(dict.fromkeys(row["what"] for row in rows))
    sets = {}
    for row in rows:
        sets.setdefault((row["variant"], row["use"]["bits"]), row)
    found = {(row["what"], row["variant"], row["use"]["bits"]): row for row in rows}
    used = [
        [
            f"{k}",
            f"*{row['variant']}*",
            row["processor"],
            row["use"]["capability"].lower(),
            row["use"]["convolutions"],
        ]
        for k, row in enumerate(sets.values(), 1)
    ]
    body = [
        [f"{k} *{key[0]}*", *(outcome(found.get((w, *key))) for w in what)] for k, key in enumerate(sets, 1)
    ]
    return [
        *table(["", "Variant", "processor", "torch's loops", "convolutions"], used), "",
        *table(["Passed of runs", *what], body), "",
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
