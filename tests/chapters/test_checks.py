"""Rules for every check of the exercises; what each one says to each wrong answer is
tested with its chapter.
"""

import importlib
import inspect

import nbformat
import pytest

import exercises
import solutions
from avbgtn_book import checks
from avbgtn_book.checks import CheckFailed
from contents import CHAPTERS, ROOT

MODULES = [importlib.import_module(f"avbgtn_book.{chapter}.checks") for chapter in CHAPTERS]
CHECKS = {
    name: function
    for module in MODULES
    for name, function in inspect.getmembers(module, inspect.isfunction)
    if name.startswith("check_") and function.__module__ == module.__name__
}
each_check = pytest.mark.parametrize("name", sorted(CHECKS))


def books_exercises():
    """[(chapter, exercise, the lines of its solution)] of the whole book."""
    found = []
    for path in sorted((ROOT / "book").glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        for exercise in exercises.read(notebook, path.name):
            source = notebook.cells[exercise.code].source
            lines = source.split("\n")
            regions = solutions.regions(source, solutions.CODE_MARKERS)
            held = [line.strip() for first, last in regions for line in lines[first + 1 : last]]
            found.append((path.stem, exercise, held))
    return found


def test_every_check_belongs_to_one_exercise_and_every_exercise_has_its_check():
    used = [exercise.check for _, exercise, _ in books_exercises()]
    assert len(used) >= 20, f"the book has only {len(used)} exercises"
    assert len(used) == len(set(used)), "two exercises share a check"
    assert not set(CHECKS) - set(used), f"no exercise uses {sorted(set(CHECKS) - set(used))}"
    assert not set(used) - set(CHECKS), (
        f"no module of avbgtn_book.checks defines {sorted(set(used) - set(CHECKS))}"
    )


def test_a_check_stands_in_the_file_of_its_chapter():
    for chapter, exercise, _ in books_exercises():
        assert CHECKS[exercise.check].__module__ == f"avbgtn_book.{chapter}.checks"
        assert exercise.check.startswith(f"check_{chapter}_")


@each_check
def test_check_is_offered_by_the_package_and_documented(name):
    assert getattr(checks, name, None) is CHECKS[name], (
        f"'from avbgtn_book import checks' does not offer checks.{name}: add it to __all__ of its module"
    )
    assert inspect.getdoc(CHECKS[name]), f"{name} has no docstring"


@each_check
def test_no_answer_fails_with_a_sentence_that_helps(name, capsys):
    parameters = inspect.signature(CHECKS[name]).parameters.values()
    asked = [parameter for parameter in parameters if parameter.default is parameter.empty]
    assert asked, f"{name} asks for no answer"
    with pytest.raises(CheckFailed) as failed:
        CHECKS[name](*[None] * len(asked))
    assert len(str(failed.value).split()) >= 8, f"{name} says only {str(failed.value)!r}"
    assert "ok:" not in capsys.readouterr().out, f"{name} prints ok before it fails"


@pytest.mark.parametrize("module", [module for module in MODULES], ids=lambda module: module.__name__)
def test_no_check_holds_the_text_of_a_solution(module):
    """Students have the package: a solution's line in it would be handed to them."""
    held = {line.strip() for line in inspect.getsource(module).split("\n")}
    given = [
        (exercise.check, line)
        for _, exercise, solution in books_exercises()
        for line in solution
        if len(line) >= 12 and line in held
    ]
    assert not given, f"{module.__name__} repeats lines of solutions: {given}"
