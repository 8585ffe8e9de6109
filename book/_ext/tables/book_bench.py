"""Sphinx extension: the tables and the figure of the page on speed, from the record of `make bench`."""

import base64
import html
import json

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from avbgtn_book import records
from book_tables import MarkdownDirective, table
from cost_curves import cost_curves

RECORD = records.FOLDER / "bench.json"
MODELS = {"unit": "UNIT", "avb_gtn": "AVB-GTN"}


def part(directive, name):
    """What the record says of one part, and where it was measured."""
    directive.env.note_dependency(str(RECORD))
    found = json.loads(RECORD.read_text(encoding="utf-8"))[name]
    m = found["machine"]
    where = (
        f"{m['machine']}, one thread; torch {m['versions']['torch']}, revision {m['revision']},"
        f" {m['started'][:10]}."
    )
    return found["found"], f"*Measured on {where}*"


def share(number):
    return "" if number is None else f"{number:.2f}"


class Steps(MarkdownDirective):
    """Our step against the reference step."""

    def markdown(self):
        found, where = part(self, "steps")
        names = [f"{MODELS[r['model']]}, {r['preset']}, {r['size']} px, batch {r['batch']}" for r in found]
        seconds = [
            [
                name, f"{r['cpu_seconds']['reference']:.2f}", f"{r['cpu_seconds']['ours']:.2f}",
                share(r["ratio"]["cpu"]),
            ]
            for name, r in zip(names, found, strict=True)
        ]  # fmt: skip
        others = [
            [name, *(share(r["ratio"][key]) for key in ("gflop", "wall", "memory"))]
            for name, r in zip(names, found, strict=True)
        ]
        return [
            "**CPU-seconds of a step**", "",
            *table(["Setting", "Reference", "Ours", "Ratio"], seconds), "",
            "**Ratios of the rest**", "",
            *table(["Setting", "GFLOP", "Clock time", "Memory"], others), "",
            where,
        ]  # fmt: skip


class SpeedUps(MarkdownDirective):
    """Each speed-up by itself."""

    def markdown(self):
        found, where = part(self, "speed_ups")
        lines = []
        for preset, size in dict.fromkeys((r["preset"], r["size"]) for r in found):
            rows = []
            for r in (r for r in found if (r["preset"], r["size"]) == (preset, size)):
                name, by_default = r["speed"], "yes" if r["on"] else "no"
                numbers = f"{r['cpu_seconds']:.3f}", f"{r['of_plain']:.2f}", f"{r['mib']:,.0f}"
                rows.append([f"`{name}`", "" if name in ("plain", "auto") else by_default, *numbers])
            head = ["Speed-up", "Default", "CPU s", "Ratio", "MiB"]
            lines += [f"**Preset `{preset}`, {size} pixels**", "", *table(head, rows), ""]
        return [*lines, where]


class Data(MarkdownDirective):
    """How fast pictures come."""

    def markdown(self):
        found, where = part(self, "data")
        rows = [
            [name, f"{way['pictures_per_s']:,.0f}", f"{way['cpu_ms_per_picture']:.2f}"]
            for name, way in found["ways"].items()
        ]
        return [*table(["Way", "Pictures per second", "CPU-ms per picture"], rows), "", where]


class Growth(MarkdownDirective):
    """The steepest growth per doubling."""

    def markdown(self):
        found, where = part(self, "curves")
        rows = []
        for model, curves in found["models"].items():
            for what, curve in curves.items():
                steepest = {
                    key: max(g[key] for g in curve["growth"] if g[key] is not None)
                    for key in ("seconds", "mib")
                }
                rows.append([MODELS[model], what, share(steepest["seconds"]), share(steepest["mib"])])
        head = ["Model", "Doubled", "Time, at most", "Memory, at most"]
        return [*table(head, rows), "", where]


class Curves(SphinxDirective):
    """The figure of the cost curves."""

    def run(self):
        found, _ = part(self, "curves")
        figure = cost_curves(found["models"])
        picture = base64.b64encode(figure.png()).decode("ascii")
        width = round(figure.get_figwidth() * 96)
        caption = (
            "The cost of a training against the area of its images, its batch and its number of epochs:"
            " CPU-seconds per epoch in the two upper panels and of all epochs in the lowest, preset"
            f" {found['preset']}, all axes logarithmic. Upper panel: batch 1. Middle: the largest image."
            " Dotted lines grow in proportion, from"
            " the smallest point of AVB-GTN."
        )
        return [
            nodes.raw(
                "",
                f'<figure class="align-default"><img src="data:image/png;base64,{picture}" width="{width}"'
                f' alt="{html.escape(figure.alt)}">'
                f"<figcaption><p>{html.escape(caption)}</p></figcaption></figure>",
                format="html",
            )
        ]


def setup(app):
    app.add_directive("bench-steps", Steps)
    app.add_directive("bench-speed-ups", SpeedUps)
    app.add_directive("bench-growth", Growth)
    app.add_directive("bench-curves", Curves)
    app.add_directive("bench-data", Data)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
