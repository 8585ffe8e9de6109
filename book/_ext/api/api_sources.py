"""The library read from its sources: what is public, where it is defined, where the book uses it.

Public is what `avbgtn` offers (`_PUBLIC`) and what a module lists in `__all__`.
"""

import ast
import functools
import importlib.util
import json
import pathlib
import re

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[3]
# The students' edition is built away from the library, and then reads the one that is installed.
LIBRARY = ROOT / "avbgtn"
if not LIBRARY.is_dir():
    LIBRARY = pathlib.Path(importlib.util.find_spec("avbgtn").origin).parent
PACKAGES = {"avbgtn": LIBRARY, "avbgtn_book": ROOT / "book" / "lib" / "avbgtn_book"}
SHOWN = re.compile(r"(?:book/lib/)?(avbgtn[\w/]*)\.py: (\w[\w.]*)")  # as `reading.show_source` heads a source


@functools.cache
def file_of(module):
    """The file of one of our modules, None where there is none."""
    package, _, inside = module.partition(".")
    if package not in PACKAGES:
        return None
    place = PACKAGES[package].joinpath(*inside.split(".") if inside else ())
    return next((f for f in (place / "__init__.py", place.with_suffix(".py")) if f.is_file()), None)


@functools.cache
def tree_of(module):
    return ast.parse(file_of(module).read_text(encoding="utf-8"))


@functools.cache
def statements(module):
    """{name: the statement that gives a module this name}."""
    found = {}
    for node in tree_of(module).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = node
        elif isinstance(node, ast.Assign):
            found |= {target.id: node for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.AnnAssign):
            found[node.target.id] = node
        elif isinstance(node, ast.ImportFrom):
            found |= {alias.asname or alias.name: node for alias in node.names}
    return found


def listed(module):
    """The names in a module's `__all__`; of `avbgtn` those that it imports on first use."""
    if module == "avbgtn":
        return list(ast.literal_eval(statements(module)["_PUBLIC"].value))
    stated = statements(module).get("__all__")
    return ast.literal_eval(stated.value) if stated else []


def defined(name):
    """Where a dotted name of ours is defined, through imports; None for what is not ours or not there."""
    module, rest = name, []
    while module and not file_of(module):
        module, _, last = module.rpartition(".")
        rest.insert(0, last)
    if not module:
        return None
    if not rest:
        return module
    if module == "avbgtn" and rest[0] in listed(module):
        lazy = ast.literal_eval(statements(module)["_PUBLIC"].value)
        return defined(".".join([module, lazy[rest[0]], *rest]))
    node = statements(module).get(rest[0])
    if node is None:
        return None
    if not isinstance(node, ast.ImportFrom):
        return f"{module}.{'.'.join(rest)}"
    origin = next(alias.name for alias in node.names if (alias.asname or alias.name) == rest[0])
    package = module.split(".") if file_of(module).name == "__init__.py" else module.split(".")[:-1]
    base = package[: len(package) - node.level + 1] if node.level else []
    return defined(".".join([*base, *filter(None, [node.module]), origin, *rest[1:]]))


def all_modules(package):
    """The dotted names of a package's modules."""
    folder = PACKAGES[package]
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder).with_suffix("").parts
        yield ".".join([package, *(parts[:-1] if parts[-1] == "__init__" else parts)])


@functools.cache
def public():
    """{where a thing is defined: its public names, the shortest first}."""
    names = {}
    for module in all_modules("avbgtn"):
        for name in listed(module):
            names.setdefault(defined(f"{module}.{name}"), []).append(f"{module}.{name}")
    return {place: sorted(given, key=lambda name: (name.count("."), name)) for place, given in names.items()}


@functools.cache
def equations():
    """{function: [(chapter, the equation's row)]}."""
    found = {}
    for path in sorted((ROOT / "book" / "equations").glob("*.yml")):
        for row in yaml.safe_load(path.read_text(encoding="utf-8")):
            if row["function"]:
                found.setdefault(row["function"], []).append((path.stem, row))
    return found


@functools.cache
def chapter_link(chapter):
    """A chapter by the short title that `_toc.yml` gives it, in reStructuredText."""
    contents = yaml.safe_load((ROOT / "book" / "_toc.yml").read_text(encoding="utf-8"))
    entries = [entry for part in contents["parts"] for entry in part["chapters"]]
    title = next(entry["title"] for entry in entries if entry["file"].split(".")[0] == chapter)
    return f":doc:`{title} </{chapter}>`"


@functools.cache
def shown():
    """{function: the chapters that show its source}."""
    found = {}
    for path in sorted((ROOT / "book").glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        outputs = json.dumps([cell.get("outputs", []) for cell in cells])
        for file, name in SHOWN.findall(outputs):
            chapters = found.setdefault(f"{file.replace('/', '.')}.{name}", [])
            chapters += [path.stem] if path.stem not in chapters else []
    return found


def of_chapters():
    """{chapter: {function or class of the book's own package: its methods that are wanted}}."""
    wanted, seen = {}, set()
    uses = [(rows[0][0], name) for name, rows in equations().items()]
    for chapter, name in uses + [(chapters[0], name) for name, chapters in shown().items()]:
        if name.startswith("avbgtn_book.") and name not in seen:
            seen.add(name)
            owner, _, last = name.rpartition(".")
            method = not file_of(owner)
            known = next((c for c, things in wanted.items() if method and owner in things), chapter)
            methods = wanted.setdefault(known, {}).setdefault(owner if method else name, [])
            methods += [last] if method and not last.startswith("_") else []
    return wanted


def statement(name):
    """The statement that defines a thing of a module, or a field of a class; None for other things."""
    owner, _, last = name.rpartition(".")
    if file_of(owner):
        return statements(owner).get(last)
    module, _, owner = owner.rpartition(".")
    whole = statements(module).get(owner) if file_of(module) else None
    fields = [part for part in getattr(whole, "body", []) if isinstance(part, ast.AnnAssign)]
    return next((part for part in fields if ast.unparse(part.target) == last), None)


def comment(module, node):
    """The comment on the lines of a statement, or else right above it; "" where there is none."""
    lines = file_of(module).read_text(encoding="utf-8").splitlines()
    behind = [re.search(r"\s#:? (.*)$", line) for line in lines[node.lineno - 1 : node.end_lineno]]
    if node.col_offset or node.lineno == node.end_lineno:
        if said := " ".join(found[1] for found in behind if found and not found[1].startswith("fmt:")):
            return said
    above = node.lineno - 2
    while above >= 0 and lines[above].startswith("# ") and not lines[above].startswith("# ---"):
        above -= 1
    return " ".join(line[2:] for line in lines[above + 1 : node.lineno - 1])
