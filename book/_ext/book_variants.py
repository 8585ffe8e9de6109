"""Sphinx extension: `{variants}`, the last result of `make variants`: which notebooks held on which instruction sets."""

from book_tables import MarkdownDirective, table

from avbgtn import records


class Variants(MarkdownDirective):
    """One row for each variant with what the libraries really used, and one column for each notebook."""

    def markdown(self):
        self.env.note_dependency(str(records.FOLDER / "variants.json"))
        record = records.load("variants")
        return variants_tables(record)


def variants_tables(record):
    """The lines of both tables, for a record that `tools/variants --commit` wrote."""
    rows = record["rows"]
    what = list(dict.fromkeys(row["what"] for row in rows))
    variants = [name for name in record["variants"] if any(row["variant"] == name for row in rows)]
    found = {(row["what"], row["variant"]): row for row in rows}
    sets = [
        [f"*{v}*", u["capability"].lower(), u["convolutions"]]
        for v, u in record["variants"].items()
        if v in variants
    ]
    body = [[f"*{v}*", *(outcome(found.get((w, v))) for w in what)] for v in variants]
    return [
        *table(["Variant", "torch's loops", "convolutions"], sets), "",
        *table(["Passed of runs", *what], body), "",
        f"Processor: {record['processor']}. A variant that changed no bit on it was not run.",
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
