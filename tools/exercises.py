"""The exercises of a notebook: found, checked for their form, cut for students, marked for nbgrader.

An exercise is three cells in a row, and a fourth where the answer is prose:

1. Markdown: `### Exercise 2: complete the code. Its title`, then `*10 minutes, medium. Expected: ...*`,
   then the task.
2. Code tagged `exercise`: what the student gets, with the solution between `### BEGIN SOLUTION`
   and `### END SOLUTION`.
3. Code tagged `exercise-check`: one call, `checks.check_chapter_what(answer)`.
4. Markdown tagged `solution`: a model answer between `<!-- BEGIN SOLUTION -->` and `<!-- END SOLUTION -->`.

Of the kind "debug this", the task holds the faulty program (faulty.py), which students get in cell 2.

What departs from this raises Malformed, whose sentence names the notebook and the cell: a solution that is
not recognised would be handed to the students.
"""

import ast
import builtins
import copy
import dataclasses
import re
import symtable

import faulty
from solutions import ANY_MARKER, CODE_MARKERS, TEXT_MARKERS, cut_code, cut_text, regions

KINDS = ("predict first", "complete the code", "debug this", "open-ended")
DIFFICULTIES = ("easy", "medium", "hard")
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"

HEADING = re.compile(r"^### Exercise (\d+): ([^.\n]+)\. +(\S.*)", re.MULTILINE)
TERMS = re.compile(r"^\*(\d+) minutes(?: or more)?, (\w+)\. Expected: ((?:.+\n?)+)", re.MULTILINE)


class Malformed(ValueError):
    """An exercise has not the form that the tools rely on; the sentence says where and what."""


@dataclasses.dataclass(frozen=True)
class Exercise:
    """One exercise; `text`, `code`, `test` and `answer` are numbers of cells, counted from 0; `program` is
    the faulty one of "debug this".
    """

    number: int
    kind: str
    title: str
    minutes: int
    difficulty: str
    expected: str
    check: str
    text: int
    code: int
    test: int
    answer: int | None
    program: str | None = None


def tags(cell) -> set[str]:
    return set(cell.metadata.get("tags", []))


def _names(source: str) -> tuple[set[str], set[str]]:
    """(bound, only read): the global names of a cell."""
    symbols = symtable.symtable(source, "cell", "exec").get_symbols()
    bound = {symbol.get_name() for symbol in symbols if symbol.is_assigned() or symbol.is_imported()}
    return bound, {symbol.get_name() for symbol in symbols if symbol.is_referenced()} - bound


def _unstressed(text: str) -> str:
    """One line without the stars of emphasis, which stops before a formula and goes on behind it."""
    parts = " ".join(text.split()).split("$")
    return "$".join(part if n % 2 else part.replace("*", "") for n, part in enumerate(parts)).strip()


class _Reader:
    """Reads one notebook; keeps its name for the sentences."""

    def __init__(self, notebook, name):
        self.cells, self.name, self.setup = notebook.cells, name, set(dir(builtins))

    def stop(self, n, sentence):
        first = next((line.strip() for line in self.cells[n].source.split("\n") if line.strip()), "empty")
        raise Malformed(f"{self.name}, cell {n} ({first[:60]!r}): {sentence}.")

    def parsed(self, n, source, when=""):
        try:
            return ast.parse(source)
        except SyntaxError as problem:
            self.stop(n, f"the code does not parse{when} (line {problem.lineno}: {problem.msg})")

    def regions(self, n, markers):
        try:
            return regions(self.cells[n].source, markers)
        except ValueError as problem:
            self.stop(n, str(problem))

    def has(self, n, kind, tag=None):
        """True where there is a cell n of this kind with this tag."""
        if not 0 <= n < len(self.cells) or self.cells[n].cell_type != kind:
            return False
        return tag is None or tag in tags(self.cells[n])

    def exercises(self):
        found, seen = [], {}
        for n, cell in enumerate(self.cells):
            if self.has(n, "code", "setup"):
                self.parsed(n, cell.source)
                self.setup |= _names(cell.source)[0]
            elif self.has(n, "code", "exercise"):
                exercise = self.exercise(n, len(found) + 1)
                if exercise.check in seen:
                    self.stop(
                        exercise.test, f"{exercise.check} already checks exercise {seen[exercise.check]}"
                    )
                seen[exercise.check] = exercise.number
                found.append(exercise)
            elif self.has(n, "code", "exercise-check") and not self.has(n - 1, "code", "exercise"):
                self.stop(n, "a check must directly follow the code of its exercise (tag 'exercise')")
            elif self.has(n, "markdown", "solution"):
                if not self.has(n - 1, "code", "exercise-check"):
                    self.stop(n, "a model answer must directly follow the check of its exercise")
            elif "\n### Exercise " in f"\n{cell.source}" and not self.has(n + 1, "code", "exercise"):
                self.stop(n, "the code of this exercise (tag 'exercise') must be the next cell")
            elif not self.has(n, "code", "exercise-check") and ANY_MARKER.search(cell.source):
                self.stop(
                    n,
                    "it holds a solution marker, but is neither code tagged 'exercise' "
                    "nor Markdown tagged 'solution', so its solution would not be cut",
                )
        return found

    def exercise(self, n, number):
        cell = self.cells[n]
        if not self.has(n - 1, "markdown"):
            self.stop(n, "no Markdown cell with the task stands directly before this exercise")
        text = self.task(n - 1, number)
        self.parsed(n, cell.source)
        if not self.regions(n, CODE_MARKERS):
            self.stop(n, f"the exercise has no solution between {CODE_MARKERS[0]!r} and {CODE_MARKERS[1]!r}")
        cut = cut_code(cell.source)
        self.parsed(n, cut, " once the solution is cut")
        if not self.has(n + 1, "code", "exercise-check"):
            self.stop(n, "its check (code tagged 'exercise-check') must be the next cell")
        program = self.program(n) if text["kind"] == "debug this" else None
        check = self.check(n + 1, _names(program or cut)[0])
        answer = n + 2 if self.has(n + 2, "markdown", "solution") else None
        if answer:
            self.model_answer(answer)
        return Exercise(**text, check=check, text=n - 1, code=n, test=n + 1, answer=answer, program=program)

    def program(self, n):
        try:
            return faulty.program(self.cells[n - 1].source, self.cells[n].source)
        except ValueError as problem:
            self.stop(n - 1, str(problem))

    def model_answer(self, n):
        found = self.regions(n, TEXT_MARKERS)
        if not found:
            self.stop(n, f"no model answer stands between {TEXT_MARKERS[0]!r} and {TEXT_MARKERS[1]!r}")
        rest = self.cells[n].source.split("\n")[found[-1][1] + 1 :]
        if any(line.startswith("#") for line in rest):
            self.stop(n, "a heading follows the model answer; what follows belongs into a cell of its own")

    def task(self, n, number):
        source = self.cells[n].source
        headings = list(HEADING.finditer(source))  # text of the chapter may stand before it in the same cell
        if not headings:
            self.stop(n, "an exercise starts with a line like '### Exercise 2: complete the code. Its title'")
        heading = headings[-1]
        if int(heading[1]) != number:
            self.stop(n, f"the exercises are numbered 1, 2, 3, ..., so this one is number {number}")
        kind = heading[2].strip().lower()
        if kind not in KINDS:
            self.stop(n, f"the kind of an exercise is one of {', '.join(KINDS)}, not {kind!r}")
        terms = TERMS.search(source, heading.end())
        if not terms:
            self.stop(
                n,
                "the task lacks its line with minutes, difficulty and what to expect, such as "
                "'*10 minutes, medium. Expected: a number near 0.168.*'",
            )
        if terms[2] not in DIFFICULTIES:
            self.stop(n, f"the difficulty is one of {', '.join(DIFFICULTIES)}, not {terms[2]!r}")
        return {
            "number": number,
            "kind": kind,
            "title": heading[3].strip(),
            "minutes": int(terms[1]),
            "difficulty": terms[2],
            "expected": _unstressed(terms[3]),
        }

    def check(self, n, bound):
        source = self.cells[n].source
        match self.parsed(n, source).body:
            case [ast.Expr(ast.Call(ast.Attribute(ast.Name("checks"), name)))] if name.startswith("check_"):
                pass
            case _:
                self.stop(n, "a check cell is one call, such as 'checks.check_vae_gap(answer)'")
        missing = sorted(_names(source)[1] - bound - self.setup - {"checks"})
        if missing:
            self.stop(
                n,
                f"the check reads {', '.join(missing)}, which without the solution no cell "
                "tagged 'setup' and nothing in the exercise defines; write a line such as "
                "'answer = None' above the solution",
            )
        return name


def read(notebook, name: str) -> list[Exercise]:
    """The exercises of `notebook` in their order; Malformed, with `name` in its sentence,
    where one is none.
    """
    return _Reader(notebook, name).exercises()


def _unfold(cell) -> None:
    """Take the button "Show the solution" off a cell that no longer hides one."""
    cell.metadata.tags = [tag for tag in cell.metadata.tags if tag not in ("hide-input", "hide-cell")]
    book = cell.metadata.get("mystnb", {})
    for prompt in ("code_prompt_show", "code_prompt_hide"):
        book.pop(prompt, None)
    if not book:
        cell.metadata.pop("mystnb", None)


def cut(notebook, exercises: list[Exercise]):
    """A copy for students: no solution, no output of an exercise or its check, no widget state.

    Where there is a faulty program, it moves from the task into the cell. The hidden cell of an exercise is
    shown, since what it holds is now theirs to fill.
    """
    notebook = copy.deepcopy(notebook)
    for exercise in exercises:
        cell = notebook.cells[exercise.code]
        cell.source = exercise.program or cut_code(cell.source)
        if exercise.program:
            task = notebook.cells[exercise.text]
            task.source = faulty.without_program(task.source)
        for n in (exercise.code, exercise.test):
            notebook.cells[n].outputs = []
            notebook.cells[n].execution_count = None
        _unfold(cell)
        if exercise.answer is not None:
            notebook.cells[exercise.answer].source = cut_text(notebook.cells[exercise.answer].source)
    if notebook.metadata.pop("widgets", None) is not None:
        for output in (output for cell in notebook.cells for output in cell.get("outputs", [])):
            # Without its state it would be an error on the page
            output.get("data", {}).pop(WIDGET_VIEW, None)
    return notebook


def mark(notebook, exercises: list[Exercise]):
    """A copy with nbgrader's metadata, solutions left in: a check gives a point for each minute.

    nbgrader wants written answers to be graded; they get half of the points, by hand.
    """
    notebook = copy.deepcopy(notebook)

    def set_role(n, grade_id, points=None, *, solution):
        role = {"schema_version": 3, "grade_id": grade_id, "task": False, "solution": solution}
        role |= {"grade": points is not None, "locked": not solution}
        notebook.cells[n].metadata["nbgrader"] = role if points is None else role | {"points": points}

    for exercise in exercises:
        what = exercise.check.removeprefix("check_").replace("_", "-")
        checked, by_hand = points(exercise)
        _unfold(notebook.cells[exercise.code])
        if exercise.program:
            code = notebook.cells[exercise.code]
            code.source = faulty.with_solution(exercise.program, code.source)
        set_role(exercise.code, what, solution=True)
        set_role(exercise.test, f"{what}-check", checked, solution=False)
        if exercise.answer is not None:
            set_role(exercise.answer, f"{what}-answer", by_hand, solution=True)
    return notebook


def points(exercise: Exercise) -> tuple[int, int]:
    """(for the check, by hand): one for each minute, shared where a written answer follows the check."""
    by_hand = exercise.minutes // 2 if exercise.answer is not None else 0
    return exercise.minutes - by_hand, by_hand
