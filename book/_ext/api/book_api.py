"""Sphinx extension: the part of the book that describes the library, made from its docstrings.

sphinx-autoapi reads the sources without importing them; what is public is found by `api_sources.py`. An entry
stands where a thing is defined and says how it is imported. `{api}` gives the entries of a module,
`{api-names}` the table of what `avbgtn` offers, `{api-chapters}` what chapters show of their own packages.
Each entry leads to its equations (`equations/*.yml`) and to the chapters that show its source, and code that
names a thing leads to its entry.
"""

import ast
import pathlib
import re

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.util.nodes import make_refnode

from api_sources import (
    PACKAGES,
    SHOWN,
    chapter_link,
    comment,
    defined,
    equations,
    file_of,
    listed,
    of_chapters,
    public,
    shown,
    statement,
    statements,
)
from book_tables import MarkdownDirective, table


def entry(env, name, members=None):
    """The lines of one entry; `members` are those to describe, if None all that have words."""
    found = env.autoapi_all_objects.get(name)
    if found is None:
        raise ValueError(f"{name} is not in the sources: correct the name, or its module's __all__")
    if members is None:
        members = [child.name for child in found.children if described_child(child)]
    lines = [f".. autoapi{found.type}:: {name}"]
    lines += [f"   :members: {', '.join(members)}"] if members else []
    lines += ["   :annotation:"] if found.type == "data" else []
    return ["```{eval-rst}", *lines, "```", ""]


def described_child(child):
    """Whether a member has an entry: it is public, has words of its own, and is not a base's."""
    return child.docstring.strip() and not child.name.startswith("_") and not child.inherited


class Api(MarkdownDirective):
    """```{api} MODULE``` gives what it lists in `__all__`; names below choose some, in this order."""

    required_arguments = 1
    has_content = True
    option_spec = {"about": directives.flag}

    def markdown(self):
        module, lines = self.arguments[0], []
        self.env.note_dependency(str(file_of(module)))
        if "about" in self.options:
            lines = ["```{eval-rst}", f".. autoapimodule:: {module}", "```", ""]
        for name in [line.strip() for line in self.content if line.strip()] or listed(module):
            lines += entry(self.env, defined(f"{module}.{name}"))
        return lines


class ApiNames(MarkdownDirective):
    """What `import avbgtn` offers, with the first sentence of each docstring."""

    def markdown(self):
        rows = []
        for name in listed("avbgtn"):
            place = defined(f"avbgtn.{name}")
            module, _, last = place.rpartition(".")
            about = ast.get_docstring(statements(module)[last]) or ""
            first = re.split(r"(?<=[.:;])\s", " ".join(about.split()))[0].rstrip(".:;")
            first = re.sub(r":\w+:`~?([^`]*)`", r"`\1`", first)
            rows.append([f"{{py:obj}}`avbgtn.{name} <{place}>`", re.sub("``", "`", first)])
        return table(["Name", "What it is"], rows)


class ApiChapters(MarkdownDirective):
    """The functions of the book's own package that an equation names or a chapter shows, by chapter."""

    def markdown(self):
        wanted, lines = of_chapters(), []
        for chapter, _ in self.chapters():
            if things := wanted.get(chapter):
                lines += [f"## {self.link(chapter)}", ""]
                for name, methods in things.items():
                    lines += entry(self.env, name, methods)
        return lines


def complete(app):
    """Give each thing that was read what its docstring does not say."""

    def below(things):
        for thing in things:
            thing.docstring = described(thing.id, thing.docstring)
            below(thing.children)

    below(app.env.autoapi_objects.values())


def described(name, docstring):
    """A docstring, or a comment in its place, and below it how the thing is imported and where the book uses
    it."""
    owner, _, last = name.rpartition(".")
    if not docstring.strip() and (node := statement(name)):
        docstring = plain(comment(owner if file_of(owner) else owner.rpartition(".")[0], node))
    fields = []
    if name in public():
        module, _, short = public()[name][0].rpartition(".")
        fields.append(f":Import: ``from {module} import {short}``")
    for chapter, row in equations().get(name, []):
        about = re.sub(r"\$([^$]+)\$", r":math:`\1`", row["what"])
        fields.append(f":Equation: :eq:`{row['label']}`, {about}, in {chapter_link(chapter)}")
    if chapters := shown().get(name):
        fields.append(f":Shown in: {', '.join(map(chapter_link, chapters))}")
    lines = docstring.rstrip().splitlines()
    gap = [] if lines and lines[-1].startswith((":", " ")) else [""]
    return "\n".join([*lines, *(gap if fields else []), *fields, ""])


def plain(text):
    """A comment as reStructuredText: its signs stand for themselves, what it sets as code is code."""
    parts = re.split(r"``?([^`]+)``?", text)
    signs = re.compile(r"([*|\\`]|_(?=\W|$))")
    return "".join(
        f"``{part}``" if i % 2 else signs.sub(r"\\\1", part) for i, part in enumerate(parts)
    ).strip()


# --- links from elsewhere -----------------------------------------------------------------------------------


def find(env, name):
    """(page, anchor) of a thing's entry; of a method without one that of its class; None without either."""
    known = env.domains["py"].objects
    place = defined(name) or name
    for candidate in (place, place.rpartition(".")[0] if not file_of(place.rpartition(".")[0]) else ""):
        if candidate in known and known[candidate].objtype != "module":
            return known[candidate].docname, known[candidate].node_id
    return None


def resolve_name(app, env, node, content):
    """An annotation may name what has no entry: torch's own, or a type inside the library. A role may not."""
    if node.get("refdomain") != "py":
        return None
    target, module = node["reftarget"], node.get("py:module")
    for name in [f"{module}.{target}"] * bool(module) + [target]:
        if place := find(env, name):
            return make_refnode(app.builder, node["refdoc"], *place, content, target)
    in_signature = any(isinstance(above, addnodes.desc_signature) for above in ancestors(node))
    ours = target.partition(".")[0] in PACKAGES
    return content if in_signature or ("." in target and not ours) else None


def ancestors(node):
    while node := node.parent:
        yield node


def link_code(app, doctree, docname):
    """Code on a page that is the name of an entry, or the head of a source, leads to the entry."""
    ends = {}
    for full in app.env.domains["py"].objects:
        parts = full.split(".")
        for start in range(1, len(parts)):
            ends.setdefault(".".join(parts[start:]), set()).add(full)
    for literal in list(doctree.findall(nodes.literal)):
        if any(isinstance(above, nodes.reference | addnodes.desc) for above in ancestors(literal)):
            continue
        text = literal.astext()
        if source := SHOWN.fullmatch(text):
            text = f"{source[1].replace('/', '.')}.{source[2]}"
        elif not text.startswith("avbgtn"):
            in_table = any(isinstance(above, nodes.entry) for above in ancestors(literal))
            matching = ends.get(text, ()) if docname == "notation" and in_table else ()
            text = next(iter(matching)) if len(matching) == 1 else ""
        if re.fullmatch(r"avbgtn\w*(\.\w+)+", text) and (place := find(app.env, text)):
            link = make_refnode(app.builder, docname, *place, literal.deepcopy(), text)
            literal.replace_self(link)


# --- the setting of the tools -------------------------------------------------------------------------------


def restrict(app, config):
    """sphinx-autoapi reads the modules that have an entry, and no others.

    What belongs to it is set here and not in `_config.yml`, which builds pages without this extension too.
    """
    config.autoapi_generate_api_docs = False  # the pages are ours; the directives above fill them
    config.autodoc_member_order = "bysource"
    config.napoleon_use_ivar = True
    wanted = {place.rpartition(".")[0] for place in public()}
    for page in pathlib.Path(app.srcdir).glob("api*.md"):
        for module in re.findall(r"^```\{api\} (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE):
            wanted.add(module)
    for things in of_chapters().values():
        wanted |= {name.rpartition(".")[0] for name in things}
    files = {file_of(module) for module in wanted}
    config.autoapi_dirs = [str(folder) for folder in PACKAGES.values()]
    config.autoapi_ignore = [
        str(path) for folder in PACKAGES.values() for path in folder.rglob("*.py") if path not in files
    ]


def setup(app):
    app.setup_extension("sphinx.ext.napoleon")
    app.setup_extension("autoapi.extension")
    app.add_directive("api", Api)
    app.add_directive("api-names", ApiNames)
    app.add_directive("api-chapters", ApiChapters)
    app.connect("config-inited", restrict)
    app.connect("builder-inited", complete, priority=900)
    app.connect("missing-reference", resolve_name)
    app.connect("doctree-resolved", link_code)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
