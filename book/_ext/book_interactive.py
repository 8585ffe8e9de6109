"""Sphinx extension of this book: the script of the interactive figures, one file for all pages with one.

It is D3's modules, as `tools/fetch_assets.py` has them, then the scripts beside the Python they belong to:
`avbgtn_book/interactive/*.js`, then those of the chapters. Where D3 could not be fetched, pages keep the
figures' still pictures.
"""

import pathlib

LIBRARY = pathlib.Path(__file__).resolve().parent.parent / "lib" / "avbgtn_book"
# in the order in which they need each other
OURS = "panel", "elements", "handle", "densities", "figure", "compare"
FILE = "interactive.js"


def script(vendor: pathlib.Path) -> str | None:
    """Everything that makes the figures live, or None where `vendor` holds no D3."""
    modules = list((vendor / "script" / "d3").glob("*.js"))
    if not modules:
        return None
    # D3's modules add themselves to one global, and would ask requirejs to, which pages with widgets have.
    d3 = "\n".join(path.read_text(encoding="utf-8") for path in sorted(modules, key=_needed))
    kinds = sorted(path for path in LIBRARY.glob("*/*.js") if path.parent.name != "interactive")
    ours = [*(LIBRARY / "interactive" / f"{name}.js" for name in OURS), *kinds]
    shielded = f"(() => {{ let define, module, exports;\n{d3}\n}})();"
    return "\n".join([shielded, *(path.read_text(encoding="utf-8") for path in ours)])


def _needed(path: pathlib.Path) -> int:
    """Where a module of D3 stands in the order in which they need each other."""
    order = "array color format interpolate path time time-format scale shape selection axis".split()
    return order.index(path.name.removeprefix("d3-").removesuffix(".min.js"))


def write_script(app):
    """Before any page is written, since a page names the script's checksum."""
    if app.builder.format != "html":
        return
    text = script(pathlib.Path(app.srcdir, "_vendor"))
    file = pathlib.Path(app.outdir, "_static", FILE)
    file.unlink(missing_ok=True)  # of an earlier build, which had D3
    if text:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def load_where_needed(app, pagename, templatename, context, doctree):
    """Only a page with such a figure loads the script."""
    if (
        'class="interactive"' in context.get("body", "")
        and pathlib.Path(app.outdir, "_static", FILE).is_file()
    ):
        app.add_js_file(FILE, loading_method="defer")
        app.add_css_file("interactive.css")


def setup(app):
    app.connect("builder-inited", write_script)
    app.connect("html-page-context", load_where_needed)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
