"""The rooms of the library and the book with the arrows between them, from the imports:
`python tools/draw_house.py` writes them into CONTRIBUTING.md, between the marks there.

A room is a folder. What it imports, however indirectly, stands below it;
an arrow that follows from others is left out.
"""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MARKS = "<!-- house -->\n", "<!-- end of the house -->\n"


def modules() -> dict[str, Path]:
    """Path of each module of both packages, by its dotted name."""
    found = {}
    for place in (ROOT, ROOT / "book" / "lib"):
        for package in ("avbgtn", "avbgtn_book"):
            for path in (place / package).rglob("*.py"):
                name = ".".join(path.relative_to(place).with_suffix("").parts)
                found[name.removesuffix(".__init__")] = path
    return found


def imports(name: str, files: dict[str, Path]) -> set[str]:
    """The modules of ours that a module imports, in whatever function;
    what is for type checkers only is left out.
    """
    tree = ast.parse(files[name].read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            node.body = []
    package = name.split(".") if files[name].name == "__init__.py" else name.split(".")[:-1]
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name in files}
        elif isinstance(node, ast.ImportFrom):
            up = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*up, *([node.module] if node.module else [])])
            for alias in node.names:
                full = f"{base}.{alias.name}"
                found |= {full} if full in files else {base} & files.keys()
    return found - {name}


def graph() -> dict[str, set[str]]:
    """What each module imports."""
    files = modules()
    return {name: imports(name, files) for name in files}


def rooms() -> dict[str, set[str]]:
    """What each room of the library imports, and each room of the book of the book;
    without what follows from the rest.
    """

    def room(name: str) -> str:
        return ".".join(name.split(".")[:2])

    found: dict[str, set[str]] = {}
    for name, others in graph().items():
        here = found.setdefault(room(name), set())
        here |= {room(other) for other in others if other.split(".")[0] == name.split(".")[0]} - {room(name)}
    found = {
        name: others - {"avbgtn", "avbgtn_book"}
        for name, others in found.items()
        if "." in name and name != "avbgtn._moved"
    }

    def reaches(name: str) -> set[str]:
        return found[name].union(*(reaches(other) for other in found[name]))

    return {
        name: {o for o in others if not any(o in reaches(p) for p in others - {o})}
        for name, others in found.items()
    }


def drawing() -> str:
    """The rooms as a Mermaid graph, which the repository's page draws."""
    lines = ["```mermaid", "graph TD"]
    for package, title in (
        ("avbgtn", "avbgtn, the library"),
        ("avbgtn_book", "avbgtn_book, what only the book needs"),
    ):
        lines.append(f'  subgraph {package}["{title}"]')
        mine = {name: others for name, others in sorted(rooms().items()) if name.split(".")[0] == package}
        for name, others in mine.items():
            lines.append(f'    {name.replace(".", "_")}["{name.split(".")[1]}"]')
            lines += [
                f"    {name.replace('.', '_')} --> {other.replace('.', '_')}" for other in sorted(others)
            ]
        lines.append("  end")
    lines += ["  avbgtn_book --> avbgtn", "```", ""]
    return "\n".join(lines)


def main() -> None:
    path = ROOT / "CONTRIBUTING.md"
    before, rest = path.read_text(encoding="utf-8").split(MARKS[0])
    after = rest.split(MARKS[1])[1]
    path.write_text(before + MARKS[0] + drawing() + MARKS[1] + after, encoding="utf-8")


if __name__ == "__main__":
    main()
