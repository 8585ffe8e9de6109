"""Solution regions in the source of one cell: found, and cut as a student gets it.

Code has nbgrader's markers, `### BEGIN SOLUTION` and `### END SOLUTION`; Markdown has HTML comments,
which no page shows.
"""

import ast
import re

CODE_MARKERS = ("### BEGIN SOLUTION", "### END SOLUTION")
TEXT_MARKERS = ("<!-- BEGIN SOLUTION -->", "<!-- END SOLUTION -->")
STUB = 'raise NotImplementedError("your answer goes here")'
OPEN = "...  # your answer goes here"  # nbgrader's, which puts it behind values and programs, too
BLANK = "*Your answer here.*"
ANY_MARKER = re.compile(r"\b(begin|end)[ _-]*solutions?\b", re.IGNORECASE)


def regions(source: str, markers: tuple[str, str]) -> list[tuple[int, int]]:
    """The first and last line, both markers, of every solution region; ValueError where they do not pair."""
    found, begun = [], None
    for n, line in enumerate(source.split("\n")):
        if not ANY_MARKER.search(line):
            continue
        if line.strip() not in markers:
            raise ValueError(f"{line.strip()!r} is not exactly {markers[0]!r} or {markers[1]!r}")
        begins = line.strip() == markers[0]
        if begins and begun is not None:
            raise ValueError("a second solution region begins before the first has ended")
        if not begins and begun is None:
            raise ValueError("a solution region ends that never began")
        if begins:
            begun = n
        else:
            found.append((begun, n))
            begun = None
    if begun is not None:
        raise ValueError("a solution region begins and never ends")
    return found


def cut_code(source: str) -> str:
    """The source without its solutions: a region inside a function becomes STUB, one outside nothing."""
    functions = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    lines = source.split("\n")
    for first, last in reversed(regions(source, CODE_MARKERS)):
        inside = any(function.lineno <= first + 1 <= function.end_lineno for function in functions)
        margin = lines[first][: len(lines[first]) - len(lines[first].lstrip())]
        lines[first : last + 1] = [margin + STUB] if inside else []
    return "\n".join(lines)


def cut_text(source: str) -> str:
    """The Markdown with BLANK where a model answer stood."""
    lines = source.split("\n")
    for first, last in reversed(regions(source, TEXT_MARKERS)):
        lines[first : last + 1] = [BLANK]
    return "\n".join(lines)
