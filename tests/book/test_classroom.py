"""The classroom editions of a small book with one made-up chapter (classroom_example.py): what the tool
writes, and what it refuses. The real chapters are in test_classroom_chapters.py.
"""

import filecmp

import nbformat
import pytest

import classroom
import solutions
from classroom_example import DOUBLE, SECRET_LINES, SECRET_SENTENCES, chapter, write_book
from leaks import check_links, leaks, searchable

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


# --- what the tool refuses ----------------------------------------------------------------------------------


def test_tool_stops_with_the_sentence_and_leaves_what_was_there(tmp_path):
    notebook = chapter()
    notebook.cells[5].source = DOUBLE.replace("### END SOLUTION", "")
    book = write_book(tmp_path, notebook)
    (tmp_path / "out" / "students").mkdir(parents=True)
    with pytest.raises(SystemExit, match=r"^example.ipynb, cell 5 .*never ends\.$"):
        classroom.make(tmp_path / "out", book)
    assert [path.name for path in (tmp_path / "out").rglob("*")] == ["students"]


def test_book_without_exercises_is_refused(tmp_path):
    book = write_book(tmp_path)
    (book / "example.ipynb").unlink()
    with pytest.raises(SystemExit, match="has an exercise"):
        classroom.make(tmp_path / "out", book)


def test_work_of_a_teacher_is_not_overwritten(tmp_path):
    (tmp_path / "instructor" / "submitted").mkdir(parents=True)
    with pytest.raises(SystemExit, match="holds submitted, not written by this tool"):
        classroom.make(tmp_path, write_book(tmp_path / "src"))


# --- one small book, whole ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """Two runs of the tool on the small book: (folder with the book, first editions, second editions)."""
    folder = tmp_path_factory.mktemp("example")
    book = write_book(folder)
    classroom.make(folder / "first", book)
    (folder / "second" / "students").mkdir(parents=True)
    (folder / "second" / "students" / "old.ipynb").write_text("left by an earlier call")
    classroom.make(folder / "second", book)
    return book, folder / "first", folder / "second"


def files_below(folder):
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


def test_two_runs_write_the_same_bytes(example):
    _, first, second = example
    assert files_below(first) == files_below(second)
    same, different, unread = filecmp.cmpfiles(first, second, files_below(first), shallow=False)
    assert not different and not unread, f"these differ from run to run: {different + unread}"
    assert len(same) > 20


def test_student_notebook_of_the_example(example):
    _, editions, _ = example
    whole = chapter()
    cut = nbformat.read(editions / "students" / "example.ipynb", as_version=4)
    assert cut.cells[5].source == solutions.cut_code(DOUBLE) and cut.cells[10].source == solutions.BLANK
    for n in (5, 6, 8, 9):
        assert cut.cells[n].outputs == [] and cut.cells[n].execution_count is None
    assert cut.cells[5].metadata == {"tags": ["exercise"]}, "the stub must be shown"
    assert cut.cells[6].metadata == {"tags": ["exercise-check"]}
    for n in (0, 1, 2, 4, 6, 7, 9, 11):
        assert cut.cells[n].source == whole.cells[n].source
    assert cut.cells[2] == whole.cells[2], "a parameters cell and its output stay"
    assert "widgets" not in cut.metadata
    assert cut.cells[3].outputs[0].data == {"text/html": "<p>a slider</p>"}
    assert [cell.id for cell in cut.cells] == [cell.id for cell in whole.cells]


def test_notebook_with_nothing_to_cut_keeps_every_byte(example):
    book, editions, _ = example
    assert (editions / "students" / "plain.ipynb").read_bytes() == (book / "plain.ipynb").read_bytes()


def test_example_has_no_secret_left(example):
    book, editions, _ = example
    students = searchable(editions / "students", editions / "students-book")
    assert not leaks(students, SECRET_LINES, SECRET_SENTENCES)
    assert not any("leaks4" in text or "okbitis" in text for _, text in students.values()), "outputs are left"
    whole = searchable(book)
    found = {needle for _, needle in leaks(whole, SECRET_LINES, SECRET_SENTENCES)}
    assert found == {*SECRET_LINES, *SECRET_SENTENCES}, "the search for secrets would miss some"


def test_student_book_offers_only_the_cut_notebooks(example):
    _, editions, _ = example
    check_links(editions)
    page = (editions / "students-book" / "example.html").read_text(encoding="utf-8")
    assert "student edition" in page and "mybinder.org/v2" not in page and "colab.research" not in page


def test_instructor_notebook_of_the_example(example):
    _, editions, _ = example
    cells = nbformat.read(
        editions / "instructor" / "source" / "example" / "example.ipynb", as_version=4
    ).cells
    assert [cell.source for cell in cells] == [cell.source for cell in chapter().cells]
    base = {"schema_version": 3, "task": False}
    roles = {n: cell.metadata["nbgrader"] for n, cell in enumerate(cells) if "nbgrader" in cell.metadata}
    solution = base | {"grade": False, "solution": True, "locked": False}
    check = base | {"grade": True, "solution": False, "locked": True}
    assert roles == {
        5: solution | {"grade_id": "example-double"},
        6: check | {"grade_id": "example-double-check", "points": 5},
        8: solution | {"grade_id": "example-guess"},
        9: check | {"grade_id": "example-guess-check", "points": 5},
        10: solution | {"grade_id": "example-guess-answer", "grade": True, "points": 5},
    }
    assert not (editions / "instructor" / "source" / "plain").exists()


def test_readme_of_the_example(example):
    _, editions, _ = example
    text = (editions / "instructor" / "README.md").read_text(encoding="utf-8")
    assert "2 exercises in 1 chapters" in text and "{" not in text
    assert (
        "| `example` | How much is twice? | 3 | 1 | 0.1 | 2 | predict first 1, complete the code 1 | 15 |"
        in text
    )
    assert (
        "| 1 | Doubling | complete the code | 5 | easy | 4 for 2. | `checks.check_example_double` | 5 |"
        in text
    )
    assert "A \\| letter | predict first | 10 | hard |" in text and "5 and 5 by hand" in text
    assert "git+https://github.com/example/book" in text


def test_order_follows_the_contents(tmp_path):
    book = write_book(tmp_path)
    nbformat.write(nbformat.v4.new_notebook(), book / "a_stray.ipynb")
    (book / "_toc.yml").write_text(
        "root: index\n"
        "parts: [{caption: Part, chapters: [{file: plain.ipynb}, {file: example.ipynb, title: E}]}]"
    )
    assert [path.stem for path in classroom.in_order(book)] == ["plain", "example", "a_stray"]
