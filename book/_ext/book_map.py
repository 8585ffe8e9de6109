"""Sphinx extension: the map of the book, a picture with a list, on the first page.

Both are made from `_toc.yml`; which chapter builds on which stands in `NEEDS` below.
"""

import html
import posixpath
import re

import nbformat
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

# Chapter: what it builds on, and its place in the picture (column, row).
NEEDS = {
    "vae": ([], (0, 0)),
    "gan": ([], (1, 0)),
    "avb": (["vae", "gan"], (0, 1)),
    "unit": (["vae", "gan"], (1, 1)),
    "avb_gtn": (["avb", "unit"], (0.5, 2)),
    "celeba": (["avb_gtn"], (0, 3)),
    "audio": (["avb_gtn"], (1, 3)),
    "results": (["celeba", "audio"], (0.5, 4)),
    "critics": (["gan"], (2, 1)),
    "divergences": (["gan"], (3, 1)),
    "collapse": (["critics"], (2, 2)),
}
BOX, STEP, MARGIN = (132, 44), (176, 84), 8
LETTER = 8.4  # a letter of a label is at most so wide, on average


def parts_of(app):
    """[(caption, [docname, ...])] of every part of the contents, in their order."""
    site = app.env.external_site_map
    without_ending = re.compile(r"\.(ipynb|md)$")
    return [
        (tree.caption or "", [without_ending.sub("", name) for name in tree.files()])
        for tree in site.root.subtrees
    ]


def short_title(env, docname):
    """The title that `_toc.yml` gives to a page, else its heading."""
    site = env.external_site_map
    for name in (docname, f"{docname}.ipynb", f"{docname}.md"):
        if name in site and site[name].title:
            return site[name].title
    return env.titles[docname].astext()


def chapter_number(app, docname):
    """ "3" for the third numbered chapter, "" for a page without a number."""
    return ".".join(map(str, app.env.toc_secnumbers.get(docname, {}).get("", ()) or ()))


def address(app, source, docname):
    """The link from one page to another; also from a page to itself, where Sphinx gives an empty one."""
    return app.builder.get_relative_uri(source, docname) or posixpath.basename(
        app.builder.get_target_uri(docname)
    )


class book_map(nodes.General, nodes.Element):
    """Where the map is drawn; the titles it shows are known only when every page has been read."""


class BookMap(SphinxDirective):
    """```{book-map}``` draws the map and lists all chapters with their questions."""

    def run(self):
        return [book_map()]


def time_needed(app, docname):
    """ "14 minutes to read, 61 CPU-seconds to run", from the chapter's own words; "" where it says
    nothing."""
    path = app.env.doc2path(docname)
    if not str(path).endswith(".ipynb"):
        return ""
    texts = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown"]
    text = re.sub(r"[*_]", "", "\n".join(texts))
    found = []
    if reading := re.search(r"To read: ([\w -]+? minutes)", text):
        found.append(f"{reading[1]} to read")
    if running := re.search(r"To run: ([^.,\n]+)", text):
        found.append(f"{running[1]} to run")
    return ", ".join(found)


def picture(app, source):
    """The chapters as boxes with arrows, each a link."""
    width, height = BOX
    names = [name for _, files in parts_of(app) for name in files if name in NEEDS]

    def corner(name):
        column, row = NEEDS[name][1]
        return MARGIN + column * STEP[0], MARGIN + row * STEP[1]

    drawn = []
    for name in names:
        x, y = corner(name)
        for needed in NEEDS[name][0]:
            u, v = corner(needed)
            aside = 22 * ((u > x) - (u < x))  # two arrows end beside each other
            drawn.append(
                f'<path class="arrow" d="M{u + width / 2:g} {v + height:g} L{x + width / 2 + aside:g}'
                f' {y - 3:g}" marker-end="url(#book-map-tip)"/>'
            )
    for name in names:
        x, y = corner(name)
        label = f"{chapter_number(app, name)} {short_title(app.env, name)}".strip()
        target, wide = address(app, source, name), max(width, LETTER * len(label) + 2 * MARGIN)
        drawn.append(
            f'<a href="{target}"><rect x="{x + (width - wide) / 2:g}" y="{y:g}" width="{wide:g}"'
            f' height="{height}" rx="8"/>'
            f'<text x="{x + width / 2:g}" y="{y + height / 2:g}">{html.escape(label)}</text></a>'
        )
    rows = 1 + max((NEEDS[name][1][1] for name in names), default=0)
    columns = max((NEEDS[name][1][0] for name in names), default=0)
    size = (2 * MARGIN + columns * STEP[0] + width, 2 * MARGIN + (rows - 1) * STEP[1] + height)
    tip = (
        '<defs><marker id="book-map-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7"'
        ' orient="auto"><path d="M0 0 L8 4 L0 8 z"/></marker></defs>'
    )
    return (
        f'<svg class="book-map" viewBox="0 0 {size[0]:g} {size[1]:g}" role="group"'
        ' aria-label="Map of the chapters: an arrow leads from a chapter to those that build on it">'
        f"{tip}{''.join(drawn)}</svg>"
    )


def listing(app, source):
    """Every page, by part, with its question and the time it takes."""
    parts = []
    for caption, names in parts_of(app):
        entries = []
        for name in names:
            label = html.escape(f"{chapter_number(app, name)} {short_title(app.env, name)}".strip())
            heading = app.env.titles[name].astext()
            words = "" if heading == short_title(app.env, name) else f": {html.escape(heading)}"
            needed = [html.escape(short_title(app.env, other)) for other in NEEDS.get(name, ([],))[0]]
            small = [f"builds on {' and '.join(needed)}"] if needed else []
            small += [html.escape(time_needed(app, name))]
            note = "; ".join(filter(None, small))
            target = address(app, source, name)
            entries.append(
                f'<li><a href="{target}">{label}</a>{words}'
                + (f'<br><span class="book-map-note">{note}</span>' if note else "")
                + "</li>"
            )
        parts.append(f"<li><strong>{html.escape(caption)}</strong><ul>{''.join(entries)}</ul></li>")
    return f'<ul class="book-map-list">{"".join(parts)}</ul>'


def draw_map(translator, node):
    app, source = translator.builder.app, translator.builder.current_docname
    translator.body.append(f'<div class="book-map-box">{picture(app, source)}{listing(app, source)}</div>')
    raise nodes.SkipNode


def leave_out(translator, node):
    raise nodes.SkipNode


def setup(app):
    others = {name: (leave_out, None) for name in ("latex", "text", "man", "texinfo")}
    app.add_node(book_map, html=(draw_map, None), **others)
    app.add_directive("book-map", BookMap)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
