"""The faulty program of an exercise "debug this": read from its task, and given to the students in its cell.

The task holds the program once, as its only fenced block of Python, and says what is wrong with what it
does. For students the block moves from the task into the cell below, where it takes the place of the
solution: they run it, see what it does, and mend it there. nbgrader gets the program with the solution behind
it, since what nbgrader cuts is a region.
"""

import ast
import re

from solutions import ANY_MARKER, CODE_MARKERS

BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
IN_THE_CELL = "*The program stands in the next cell. Run it, call the check, and mend it there.*"


def _functions(source: str) -> dict[str, str]:
    """{name: its arguments} of the functions that `source` defines."""
    return {node.name: ast.unparse(node.args) for node in ast.parse(source).body if _defines(node)}


def _defines(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def program(task: str, solution: str) -> str:
    """The program in `task`, whose solution is the cell `solution`; ValueError where it cannot be mended
    into that.
    """
    blocks = BLOCK.findall(task)
    if len(blocks) != 1:
        raise ValueError(
            f"the task holds {len(blocks)} blocks '```python ... ```', not the one faulty program"
        )
    try:
        given = _functions(blocks[0])
    except SyntaxError as problem:
        raise ValueError(
            f"the faulty program does not parse (line {problem.lineno} of it: {problem.msg}); its fault is "
            "to be found by running it"
        ) from None
    wanted = _functions(solution)
    if not wanted or any(given.get(name) != arguments for name, arguments in wanted.items()):
        heads = " and ".join(f"{name}({arguments})" for name, arguments in wanted.items()) or "a function"
        raise ValueError(f"the faulty program does not define {heads}, as its solution does")
    return blocks[0].rstrip("\n")


def without_program(task: str) -> str:
    """The task for students, who have the program in the next cell."""
    return BLOCK.sub(lambda _: IN_THE_CELL, task)


def with_solution(faulty: str, solution: str) -> str:
    """The faulty program, and behind it the solution as one region, which defines the same names again."""
    lines = [line for line in solution.split("\n") if not ANY_MARKER.search(line)]
    return "\n".join([faulty, "", "", CODE_MARKERS[0], *lines, CODE_MARKERS[1]])
