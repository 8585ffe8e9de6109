"""The classroom editions of the real chapters: with the solutions every check passes, without them every one
fails, and none is left in what a student gets.
"""

import contextlib
import io
import json
import pathlib
import re
import subprocess
import sys

import nbformat
import pytest
import torch
from bs4 import BeautifulSoup

import classroom
import exercises
import kit
import solutions
from avbgtn_book.checks import CheckFailed
from contents import BOOK, CHAPTERS, ROOT, sources
from leaks import check_links, leaks, plain, searchable, secrets_of

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
each_chapter = pytest.mark.parametrize("name", CHAPTERS)


@pytest.fixture(scope="module")
def editions(tmp_path_factory):
    """The editions of the real book, as `make classroom` writes them."""
    folder = tmp_path_factory.mktemp("classroom")
    command = [sys.executable, str(ROOT / "tools" / "classroom.py"), str(folder)]
    made = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert made.returncode == 0, (
        "the editions cannot be made, or the student's book not without a warning:\n"
        f"{made.stdout}{made.stderr}"
    )
    return folder


@pytest.fixture(scope="module")
def student_files(editions):
    """All text that a student gets."""
    return searchable(editions / "students", editions / "students-book")


@pytest.fixture
def as_it_was():
    """Cells may choose torch's settings; the tests after this one must not notice."""
    dtype, threads, state = torch.get_default_dtype(), torch.get_num_threads(), torch.get_rng_state()
    gradients = torch.is_grad_enabled()
    yield
    torch.set_default_dtype(dtype)
    torch.set_num_threads(threads)
    torch.set_rng_state(state)
    torch.set_grad_enabled(gradients)


def book_notebook(name):
    return nbformat.read(BOOK / f"{name}.ipynb", as_version=4)


def exercises_of(name):
    return exercises.read(book_notebook(name), f"{name}.ipynb")


def outcomes(notebook, found):
    """{check: what it raised, or None}, from the cells tagged `setup` and the exercises alone."""
    names = {"__name__": "__main__"}
    raised = {}

    def run(n):
        exec(compile(notebook.cells[n].source, f"cell {n}", "exec"), names)

    with contextlib.redirect_stdout(io.StringIO()):
        for n, cell in enumerate(notebook.cells):
            if "setup" in exercises.tags(cell):
                run(n)
        for exercise in found:
            run(exercise.code)
            try:
                run(exercise.test)
                raised[exercise.check] = None
            except Exception as problem:
                raised[exercise.check] = problem
    return raised


@each_chapter
def test_chapter_has_four_to_six_exercises_of_every_kind(name):
    found = exercises_of(name)
    assert 4 <= len(found) <= 6, f"{name} has {len(found)} exercises"
    missing = set(exercises.KINDS) - {exercise.kind for exercise in found}
    assert not missing, f"{name} has no exercise of the kind {', '.join(sorted(missing))}"
    strangers = [e.check for e in found if not e.check.startswith(f"check_{name}_")]
    assert not strangers, f"checks of {name} are named check_{name}_...; these are not: {strangers}"


@each_chapter
def test_solution_edition_passes_every_check(name, as_it_was):
    found = exercises_of(name)
    failed = {check: why for check, why in outcomes(book_notebook(name), found).items() if why is not None}
    assert not failed, f"the book's own solutions fail: {failed}"


@each_chapter
def test_stripped_edition_fails_every_check(name, as_it_was):
    found = exercises_of(name)
    raised = outcomes(exercises.cut(book_notebook(name), found), found)
    assert len(raised) == len(found)
    passed = [check for check, why in raised.items() if why is None]
    assert not passed, f"these checks pass without an answer: {passed}"
    wrong = {check: repr(why) for check, why in raised.items() if not isinstance(why, CheckFailed)}
    assert not wrong, f"an empty answer must raise CheckFailed, which says what to do: {wrong}"


@each_chapter
def test_no_solution_is_left_in_the_student_edition(name, student_files):
    lines, sentences = secrets_of(book_notebook(name))
    assert lines and sentences, f"{name} has no line of code or no sentence that only a solution holds"
    found = leaks(student_files, lines, sentences)
    assert not found, f"left in the student edition: {found}"


@each_chapter
def test_search_for_solutions_would_find_them(name):
    lines, sentences = secrets_of(book_notebook(name))
    path = BOOK / f"{name}.ipynb"
    found = {whole for file, whole in leaks(searchable(BOOK), lines, sentences) if file == path.name}
    assert found == {*lines, *sentences}, "the search misses what is in the notebook with solutions"


def test_search_covers_notebooks_pages_sources_and_index(editions, student_files):
    covered = {path.relative_to(editions).as_posix() for path in student_files}
    for name in CHAPTERS:
        wanted = {
            f"students/{name}.ipynb",
            f"students-book/{name}.html",
            f"students-book/_sources/{name}.ipynb",
        }
        assert wanted <= covered, f"not searched: {sorted(wanted - covered)}"
    assert "students-book/searchindex.js" in covered


def test_search_index_knows_no_word_that_only_solutions_hold(editions):
    from sphinx.search.en import SearchEnglish

    stem = SearchEnglish({}).stem

    def stems(text):
        return {stem(word.lower()) for word in re.findall(r"\w+", text)}

    secret, shown = set(), set()
    for name in CHAPTERS:
        lines, sentences = secrets_of(book_notebook(name))
        secret |= stems("\n".join([*lines, *sentences]))
    for page in (editions / "students-book").glob("*.html"):
        shown |= stems(plain(page.read_text(encoding="utf-8")))
    text = (editions / "students-book" / "searchindex.js").read_text(encoding="utf-8")
    index = json.loads(text[text.index("{") : text.rindex("}") + 1])
    known = {*index["terms"], *index["titleterms"]}
    assert secret - shown, "the solutions hold no word of their own, so this test would see nothing"
    assert len(known) > 500
    assert not (secret - shown) & known, "the search index of the student's book was made from the solutions"


def test_no_marker_output_or_widget_state_is_left(editions):
    for path in (editions / "students").glob("*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        assert "widgets" not in notebook.metadata, f"{path.name} still holds widget states"
        for n, cell in enumerate(notebook.cells):
            assert not solutions.ANY_MARKER.search(cell.source), (
                f"{path.name}, cell {n} holds a solution marker"
            )
            if exercises.tags(cell) & {"exercise", "exercise-check"}:
                assert not cell.outputs and cell.execution_count is None, (
                    f"{path.name}, cell {n} holds output"
                )
                assert "hide-input" not in exercises.tags(cell), f"{path.name}, cell {n} hides the stub"


def test_cells_that_are_no_exercise_are_untouched(editions):
    celeba = "celeba.ipynb"
    assert (editions / "students" / celeba).read_bytes() == (BOOK / celeba).read_bytes()
    assert {path.name for path in (editions / "students").iterdir()} == {
        path.name for path in BOOK.glob("*.ipynb")
    }
    for name in CHAPTERS:
        whole = book_notebook(name).cells
        cut = nbformat.read(editions / "students" / f"{name}.ipynb", as_version=4).cells
        moved = {exercise.text for exercise in exercises_of(name) if exercise.program}
        assert len(whole) == len(cut)
        for n, (before, after) in enumerate(zip(whole, cut, strict=True)):
            if exercises.tags(before) & {"exercise", "exercise-check", "solution"} or n in moved:
                continue
            for output in before.get("outputs", []):
                output.get("data", {}).pop(exercises.WIDGET_VIEW, None)
            for output in after.get("outputs", []):
                output.get("data", {}).pop(exercises.WIDGET_VIEW, None)
            assert before == after, f"{name}, cell {n} is no exercise and was changed"


def test_student_book_is_whole_and_leads_to_no_solution(editions):
    pages = editions / "students-book"
    names = [pathlib.PurePosixPath(source).stem for source in sources()]
    missing = [name for name in names if not (pages / f"{name}.html").is_file()]
    assert not missing, f"the student's book lacks {missing}"
    check_links(editions)


def test_student_book_reads_offline(editions):
    if not (BOOK / "_vendor" / "fetched.json").is_file():
        pytest.skip("the offline scripts are not there (npm fetches them); the book links a CDN instead")
    pages = editions / "students-book"
    for page in sorted(pages.glob("*.html")):
        soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
        for element in soup.select("script[src], link[rel=stylesheet], img[src]"):
            target = element.get("src") or element.get("href")
            if not target.startswith("data:"):
                assert (pages / target.split("?")[0]).is_file(), (
                    f"{page.name} loads {target}, not in the folder"
                )


def test_instructor_edition_holds_every_solution_and_mark(editions):
    course = editions / "instructor"
    compile((course / "nbgrader_config.py").read_text(encoding="utf-8"), "nbgrader_config.py", "exec")
    assert {path.name for path in (course / "source").iterdir()} == set(CHAPTERS)
    text = (course / "README.md").read_text(encoding="utf-8")
    ids = []
    for name in CHAPTERS:
        notebook = nbformat.read(course / "source" / name / f"{name}.ipynb", as_version=4)
        found = exercises_of(name)
        debug = {exercise.code for exercise in exercises_of(name) if exercise.program}
        for n, (cell, of_book) in enumerate(zip(notebook.cells, book_notebook(name).cells, strict=True)):
            assert n in debug or cell.source == of_book.source
        roles = [cell.metadata.nbgrader for cell in notebook.cells if "nbgrader" in cell.metadata]
        ids += [role["grade_id"] for role in roles]
        assert sum(role.get("points", 0) for role in roles) == sum(exercise.minutes for exercise in found)
        for exercise in found:
            assert f"`checks.{exercise.check}`" in text
        facts = classroom.of_chapter(notebook)
        silent = [what for what, fact in facts.items() if not fact]
        assert not silent, f"the lesson plan cannot read from {name}: {', '.join(silent)}"
    assert len(ids) == len(set(ids)) and all(re.fullmatch(r"[A-Za-z0-9_-]+", grade_id) for grade_id in ids)


def test_kit_has_every_figure_equation_and_answer_by_the_books_numbers(editions):
    pages, made = editions / "students-book", editions / "kit"
    texts = {name: (made / f"{name}.html").read_text(encoding="utf-8") for name in kit.PAGES}
    numbers = []
    for path in sorted((editions / "students").glob("*.ipynb")):
        soup = BeautifulSoup((pages / f"{path.stem}.html").read_text(encoding="utf-8"), "html.parser")
        numbers += [number.get_text().strip() for number in soup.select("figcaption .caption-number")]
        for number in soup.select(".math .eqno"):
            assert f"<b>{number.get_text().strip('#')}</b>" in texts["equations"]
    assert len(numbers) > 50 and len(numbers) == len(set(numbers))
    for number in numbers:
        assert f"<b>{number}</b>" in texts["figures"]
        assert len(list((made / "figures").glob(f"{number.removeprefix('Fig. ')}-*"))) == 1
    for name in CHAPTERS:
        for exercise in exercises_of(name):
            assert f"checks.{exercise.check}<" in texts["answers"]
    for name, text in texts.items():
        words = BeautifulSoup(text, "html.parser").get_text()
        assert not re.search(r"\{\w+(:\w+)?\}`", words), f"{name}.html shows a role of MyST"
        assert "SOLUTION" not in words


def test_kit_is_small(editions):
    size = sum(path.stat().st_size for path in (editions / "kit").rglob("*") if path.is_file())
    assert size < 25e6, f"the kit has {size / 1e6:.0f} MB"
