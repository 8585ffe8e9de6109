"""Sphinx extension of this book: offline assets, and repairs to what the theme stack writes.

Offline assets: where `tools/fetch_assets.py` has filled `book/_vendor`, pages load maths and widgets from
there; where it could not (no npm), the defaults stay, which link a CDN.
"""

import html
import pathlib
import re

VENDOR = "_vendor"
WIDGETS = "vendor/@jupyter-widgets/html-manager"

# MathJax 3 has no Hub, but the widget manager still hands every label to MathJax 2's queue.
MATHJAX_QUEUE = """
document.addEventListener('DOMContentLoaded', () => {
  if (!window.MathJax || MathJax.Hub) return;
  MathJax.Hub = {Queue: (job) => job && job[2] && MathJax.typesetPromise && MathJax.typesetPromise([job[2]])};
});
"""

# The handles of slider widgets have a role but no name; a screen reader needs the label next to them.
SLIDER_NAMES = """
new MutationObserver(() => {
  for (const handle of document.querySelectorAll('.jupyter-widgets .noUi-handle:not([aria-label])')) {
    const label = handle.closest('.widget-inline-hbox')?.querySelector('.widget-label')?.textContent;
    handle.setAttribute('aria-label', label || 'slider');
  }
}).observe(document.documentElement, {childList: true, subtree: true});
"""

# Search fetches each page that it found, to quote it; a page read from the disk may not fetch another.
SEARCH_ON_DISK = """
document.addEventListener('DOMContentLoaded', () => {
  if (location.protocol === 'file:') DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
});
"""


# What a cell printed, and the mark of columns in it: words or numbers with several blanks between them.
PRINTED = re.compile(
    r'(?P<before><div class="output stream[^>]*><div class="highlight">)<pre>(?P<text>.*?)</pre>', re.DOTALL
)
COLUMNS = re.compile(r"\S {2,}\S.*\S {2,}\S")


# Pages by the name that they once had.
MOVED = {"attacks": "objections"}
MOVED_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<meta http-equiv="refresh" content="0; url={address}">
<link rel="canonical" href="{address}">
</head>
<body><p>This page has moved: <a href="{address}">{title}</a>.</p></body>
</html>
"""


def use_offline_assets(app, config):
    """Point MathJax, requirejs and the widget manager at the fetched copies, if they are there."""
    if not pathlib.Path(app.srcdir, VENDOR, "fetched.json").is_file():
        return
    config.html_static_path = [*config.html_static_path, f"{VENDOR}/static"]
    # The widget manager asks for its icon font relative to the page, not to itself.
    config.html_extra_path = [*config.html_extra_path, f"{VENDOR}/page"]
    config.mathjax_path = "vendor/mathjax/tex-mml-chtml.js"
    config.nb_ipywidgets_js = {
        "vendor/require.js": {},
        f"{WIDGETS}/dist/embed-amd.js": {"data-jupyter-widgets-cdn": "_static/vendor/"},
    }


def repair_page(app, pagename, templatename, context, doctree):
    """Leave out what this book does not use, and correct what a screen reader or the browser trips over."""
    # thebe needs a kernel on the network and is not offered; its script comes twice, and the second throws.
    scripts = context.get("script_files", [])
    context["script_files"] = [script for script in scripts if not _is_of_thebe(script)]
    context["default_mode"] = "auto"  # light or dark as the reader's system has it
    if "body" in context:
        body = context["body"]
        # docutils puts entries of a deprecated role into a list that may hold list items only
        body = body.replace('role="doc-biblioentry"', 'role="listitem"')
        # a table wider than the page scrolls in this box, which the keyboard must be able to reach
        box = '<div class="pst-scrollable-table-container"'
        body = body.replace(box, f'{box} tabindex="0" role="region" aria-label="table"')
        context["body"] = PRINTED.sub(_keep_columns, body)


def _keep_columns(printed):
    """Printed sentences wrap; a printed table scrolls in its box instead, which the keyboard must be able to
    reach."""
    aligned = [line for line in printed["text"].splitlines() if COLUMNS.search(line)]
    if len(aligned) < 2:
        return printed[0]
    return (
        f'{printed["before"]}<pre class="columns" tabindex="0" role="region" aria-label="printed'
        f' table">{printed["text"]}</pre>'
    )


def _is_of_thebe(script):
    return (
        "thebe"
        in f"{getattr(script, 'filename', '')} {getattr(script, 'attributes', {}).get('body', '')}".lower()
    )


def drop_font_preloads(app, error):
    """Take out the hints that fetch icon fonts early: read from the disk, a browser refuses them, loudly."""
    if error or app.builder.format != "html":
        return
    for page in pathlib.Path(app.outdir).glob("*.html"):
        text = page.read_text(encoding="utf-8")
        page.write_text(re.sub(r'<link rel="preload" as="font"[^>]*>', "", text), encoding="utf-8")


def leave_addresses_of_before(app, error):
    """Where a page has a new name, its old address leads there."""
    if error or app.builder.format != "html":
        return
    for old, new in MOVED.items():
        if new not in app.env.titles:
            continue  # of another edition, or of a page that stands alone
        title = app.env.titles[new].astext()
        page = MOVED_PAGE.format(address=f"{new}.html", title=html.escape(title))
        pathlib.Path(app.outdir, f"{old}.html").write_text(page, encoding="utf-8")


def setup(app):
    app.connect("config-inited", use_offline_assets, priority=100)
    app.connect("html-page-context", repair_page, priority=900)
    app.add_js_file(None, body=MATHJAX_QUEUE, priority=100)
    app.connect("build-finished", drop_font_preloads)
    app.connect("build-finished", leave_addresses_of_before)
    app.add_js_file(None, body=SEARCH_ON_DISK, priority=100)
    app.add_js_file(None, body=SLIDER_NAMES, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
