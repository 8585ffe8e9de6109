"""What the tools take for an exercise, how they cut it, and what they refuse, on a small made-up chapter."""

import nbformat
import pytest

import classroom
import exercises
import solutions
from classroom_example import DOUBLE, GUESS, WHY, chapter, code, write_book

# --- the cutter, on strings ---------------------------------------------------------------------------------


def test_a_region_in_a_function_becomes_an_error_and_one_outside_nothing():
    assert solutions.cut_code(DOUBLE) == (
        "def double(number):\n"
        '    """Twice the number."""\n'
        '    raise NotImplementedError("your answer goes here")\n'
    )
    assert solutions.cut_code(GUESS) == 'guess = None  # "a" or "b"'


def test_methods_inner_functions_and_several_regions_keep_their_indentation():
    source = (
        "class Twice:\n"
        "    async def of(self, x):\n"
        "        def inner(y):\n"
        "            ### BEGIN SOLUTION\n"
        "            return 2 * y\n"
        "            ### END SOLUTION\n"
        "        z = inner(x)\n"
        "        ### BEGIN SOLUTION\n"
        "        z += 0\n"
        "        ### END SOLUTION\n"
        "        return z\n"
        "twice = None\n"
        "### BEGIN SOLUTION\n"
        "twice = Twice()\n"
        "### END SOLUTION\n"
        "print(twice)"
    )
    assert solutions.cut_code(source) == (
        "class Twice:\n"
        "    async def of(self, x):\n"
        "        def inner(y):\n"
        f"            {solutions.STUB}\n"
        "        z = inner(x)\n"
        f"        {solutions.STUB}\n"
        "        return z\n"
        "twice = None\n"
        "print(twice)"
    )


def test_a_model_answer_becomes_a_blank():
    text = f"Why?\n\n{WHY}\n\nThis stays."
    assert solutions.cut_text(text) == "Why?\n\n*Your answer here.*\n\nThis stays."


def test_a_source_without_a_region_stays():
    assert solutions.cut_code("x = 1\n") == "x = 1\n"
    assert solutions.cut_text("Only text.") == "Only text."


def test_text_of_the_chapter_may_stand_before_the_task_in_one_cell():
    notebook = chapter()
    notebook.cells[7].source = "*9 minutes, easy. Expected: no exercise.*\n\n" + notebook.cells[7].source
    second = exercises.read(notebook, "example.ipynb")[1]
    assert (second.title, second.minutes, second.difficulty) == ("A | letter", 10, "hard")
    assert second.expected == "a letter."


def test_what_to_expect_may_hold_formulas_and_several_lines():
    notebook = chapter()
    replaced(4, "Expected: 4 for 2.*", "Expected: for* $n = 2$ *the\nvalue* $2 * n$.")(notebook.cells)
    first = exercises.read(notebook, "example.ipynb")[0]
    assert first.expected == "for $n = 2$ the value $2 * n$."


def test_minutes_may_be_a_lower_bound():
    notebook = chapter()
    replaced(7, "10 minutes", "60 minutes or more")(notebook.cells)
    assert exercises.read(notebook, "example.ipynb")[1].minutes == 60


# --- what it refuses ----------------------------------------------------------------------------------------


def with_source(n, source):
    def change(cells):
        cells[n].source = source

    return change


def replaced(n, old, new):
    def change(cells):
        assert old in cells[n].source
        cells[n].source = cells[n].source.replace(old, new)

    return change


def without(n):
    return lambda cells: cells.pop(n)


def with_tags(n, *tags):
    def change(cells):
        cells[n].metadata["tags"] = list(tags)

    return change


def with_second_double(cells):
    cells[7:7] = [
        nbformat.from_dict(cell) for cell in (cells[4], code(DOUBLE, "exercise"), code(cells[6].source))
    ]
    cells[7].source = cells[7].source.replace("Exercise 1", "Exercise 2")
    cells[9].metadata["tags"] = ["exercise-check"]


REFUSED = {
    "unclosed": (replaced(5, "    ### END SOLUTION", ""), 5, "begins and never ends"),
    "unopened": (replaced(5, "    ### BEGIN SOLUTION", ""), 5, "ends that never began"),
    "nested": (
        replaced(8, 'guess = "b"', "### BEGIN SOLUTION\nguess = 'b'"),
        8,
        "before the first has ended",
    ),
    "misspelt": (replaced(8, "### BEGIN", "# BEGIN"), 8, "is not exactly '### BEGIN SOLUTION'"),
    "no region": (with_source(5, "def double(number):\n    return 4"), 5, "no solution between"),
    "not Python": (replaced(5, "def double(number):", "def double(number)"), 5, "does not parse (line 1"),
    "not Python once cut": (
        with_source(
            8, "guess = None\nif True:\n    ### BEGIN SOLUTION\n    guess = 'b'\n    ### END SOLUTION"
        ),
        8,
        "does not parse once the solution is cut",
    ),
    "name only in the solution": (
        replaced(8, 'guess = None  # "a" or "b"\n', ""),
        9,
        "the check reads guess",
    ),
    "no check": (without(6), 5, "its check (code tagged 'exercise-check') must be the next cell"),
    "check apart": (with_tags(5, "other"), 4, "the code of this exercise (tag 'exercise')"),
    "check alone": (without(5), 4, "must be the next cell"),
    "check of nothing": (with_tags(3, "exercise-check"), 3, "must directly follow the code of its exercise"),
    "two calls": (
        with_source(6, "checks.check_example_double(double)\nprint('done')"),
        6,
        "a check cell is one call",
    ),
    "no check function": (with_source(6, "print(double(2))"), 6, "a check cell is one call"),
    "same check twice": (with_second_double, 9, "check_example_double already checks exercise 1"),
    "no heading": (
        replaced(4, "Exercise 1: complete the code. D", "Exercise 1: d"),
        4,
        "starts with a line like",
    ),
    "no task": (with_tags(3, "exercise"), 3, "no Markdown cell with the task"),
    "wrong number": (replaced(7, "Exercise 2", "Exercise 3"), 7, "this one is number 2"),
    "unknown kind": (replaced(7, "predict first", "guess"), 7, "is one of predict first, complete the code"),
    "no minutes": (replaced(4, "5 minutes, ", ""), 4, "lacks its line with minutes, difficulty"),
    "no difficulty": (replaced(4, ", easy", ""), 4, "lacks its line with minutes, difficulty"),
    "unknown difficulty": (replaced(4, "easy", "trivial"), 4, "one of easy, medium, hard, not 'trivial'"),
    "nothing expected": (replaced(4, "Expected: 4 for 2.", ""), 4, "lacks its line with minutes, difficulty"),
    "answer without markers": (with_source(10, "Because."), 10, "no model answer stands between"),
    "answer left open": (replaced(10, "<!-- END SOLUTION -->", ""), 10, "begins and never ends"),
    "answer misspelt": (replaced(10, "<!-- END", "<!--END"), 10, "is not exactly '<!-- BEGIN SOLUTION -->'"),
    "heading after the answer": (
        replaced(10, "<!-- END SOLUTION -->", "<!-- END SOLUTION -->\n\n## More"),
        10,
        "a heading follows the model answer",
    ),
    "answer not tagged": (with_tags(10), 10, "its solution would not be cut"),
    "answer apart": (lambda cells: cells.insert(10, cells[11]), 11, "must directly follow the check"),
    "solution elsewhere": (with_source(2, GUESS), 2, "its solution would not be cut"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_malformed_exercise_is_refused_with_one_sentence(case):
    change, cell, words = REFUSED[case]
    notebook = chapter()
    change(notebook.cells)
    with pytest.raises(exercises.Malformed) as refused:
        exercises.read(notebook, "example.ipynb")
    sentence = str(refused.value)
    assert sentence.startswith(f"example.ipynb, cell {cell} (") and words in sentence, sentence
    assert "\n" not in sentence and sentence.endswith("."), sentence


def test_one_check_for_two_chapters_is_refused(tmp_path):
    book = write_book(tmp_path)
    nbformat.write(chapter(), book / "second.ipynb")
    with pytest.raises(
        exercises.Malformed, match=r"second.ipynb, cell 6: .*already checks.*example.ipynb\.$"
    ):
        classroom.read(book)
