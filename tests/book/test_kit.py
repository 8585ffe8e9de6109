"""The teacher's kit: its plan of lectures against the chapters, and its parts on small inputs. The kit of the
real book is made, and read, in test_classroom_chapters.py.
"""

import base64
import functools
import re

import nbformat
import pytest
import yaml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import exercises
import kit
from classroom_example import DOUBLE, chapter
from contents import BOOK, CHAPTERS

COURSE = yaml.safe_load((BOOK / "course.yml").read_text(encoding="utf-8"))
SESSIONS = COURSE["sessions"]
each_session = pytest.mark.parametrize("session", SESSIONS, ids=[one["title"] for one in SESSIONS])
each_chapter = pytest.mark.parametrize("name", CHAPTERS)


@functools.cache
def notebook(name):
    return nbformat.read(BOOK / f"{name}.ipynb", as_version=4)


@functools.cache
def exercises_of(name):
    return exercises.read(notebook(name), name)


def sessions_of(name):
    return [session for session in SESSIONS if session["chapter"] == name]


# --- the plan against the chapters --------------------------------------------------------------------------


@each_session
def test_a_session_has_its_minutes(session):
    assert sum(step["minutes"] for step in session["class"]) == COURSE["minutes"]


@each_session
def test_an_exercise_in_class_has_the_time_that_it_states(session):
    found = exercises_of(session["chapter"])
    short = [
        step["what"]
        for step in session["class"]
        if "exercise" in step and step["minutes"] < found[step["exercise"] - 1].minutes
    ]
    assert not short, f"the exercise states more minutes than these steps have: {short}"


@each_session
def test_what_is_shown_exists(session):
    cells = notebook(session["chapter"]).cells
    figures = {cell.metadata.get("mystnb", {}).get("figure", {}).get("name") for cell in cells}
    path = BOOK / "equations" / f"{session['chapter']}.yml"
    equations = {entry["label"] for entry in yaml.safe_load(path.read_text(encoding="utf-8"))}
    for step in session["class"]:
        missing = set(step.get("figures", [])) - figures | set(step.get("equations", [])) - equations
        assert not missing, f"the chapter has no {', '.join(sorted(missing))}; change book/course.yml"


@each_session
def test_reading_stops_at_a_section_of_the_chapter(session):
    headings = [
        line.removeprefix("## ").strip()
        for cell in notebook(session["chapter"]).cells
        for line in cell.source.split("\n")
        if cell.cell_type == "markdown" and line.startswith("## ")
    ]
    assert session["read"].get("until", headings[0]) in headings


@each_chapter
def test_the_sessions_of_a_chapter_share_its_reading_time_goals_and_exercises(name):
    sessions = sessions_of(name)
    assert sessions, f"no session is on {name}"
    read = sum(session["read"]["before"] + session["read"]["after"] for session in sessions)
    assert read == kit.reading_minutes(notebook(name)), "the sessions share the reading time that it states"
    goals = sorted(goal for session in sessions for goal in session["goals"] + session["later"])
    assert goals == list(range(1, len(kit.goals(notebook(name))) + 1)), "every goal belongs to one session"
    in_class = [step["exercise"] for one in sessions for step in one["class"] if "exercise" in step]
    numbers = sorted(in_class + [number for session in sessions for number in session["homework"]])
    assert numbers == [exercise.number for exercise in exercises_of(name)], "every exercise has its place"
    debug = [exercise.number for exercise in exercises_of(name) if exercise.kind == "debug this"]
    assert set(debug) <= set(in_class), "a program to mend belongs into class"


def test_the_page_for_teachers_has_the_same_sessions():
    page = (BOOK / "teaching.md").read_text(encoding="utf-8")
    found = re.findall(r"^\d\. \*\*(.+?)\.\*\* .*?<(\w+)>", page, re.MULTILINE)
    assert found == [(session["title"], session["chapter"]) for session in SESSIONS]


# --- the parts ----------------------------------------------------------------------------------------------


def shown(**data):
    return new_code_cell("", outputs=[new_output("display_data", data=data)])


def test_the_picture_of_a_figure_is_the_one_that_the_page_begins_with():
    first, second = (base64.b64encode(part).decode() for part in (b"first", b"second"))
    assert kit.picture(shown(**{"image/png": first})) == ("png", b"first")
    assert kit.picture(shown(**{"image/svg+xml": "<svg/>", "image/png": first})) == ("svg", b"<svg/>")
    frames = "".join(
        f'<img src="data:image/png;base64,{part}" alt=""{hidden}>'
        for part, hidden in ((first, " hidden"), (second, ""))
    )
    assert kit.picture(shown(**{"text/html": f"<figure>{frames}</figure>"})) == ("png", b"second")
    assert kit.picture(shown(**{"text/html": "<p>none</p>"})) is kit.picture(new_code_cell("")) is None


def test_goals_and_minutes_are_read_from_the_opening():
    opening = (
        "**After this chapter you can**\n\n- say what $T$ is;\n- count.\n\n*You need:* nothing.\n\n"
        "*To read: about 45 minutes. To run: 3 CPU-seconds.*"
    )
    of = new_notebook(cells=[new_markdown_cell(opening)])
    assert kit.goals(of) == ["say what $T$ is", "count"] and kit.reading_minutes(of) == 45
    assert kit.goals(new_notebook()) == [] and kit.reading_minutes(new_notebook()) == 0


PAGE = """<html><head><script src="{mathjax}"></script></head><body><h1>How much is twice?<a
class="headerlink" href="#how">#</a></h1>
<figure id="fig-twice"><img><figcaption><p><span class="caption-number">Fig. 1.1 </span>
<span class="caption-text">Of <a href="#x">two</a>: \\(2x\\).</span></p></figcaption></figure>
<figure id="fig-file"><img src="m/drawn.svg"><figcaption><span class="caption-number">Fig. 1.2 </span>
<span class="caption-text">A file.</span></figcaption></figure>
<div class="math" id="equation-eq-twice"><span class="eqno">(1.1)<a class="headerlink" href="#e">#</a></span>
\\[ x &lt; 2x \\]</div></body></html>"""


@pytest.fixture
def written(tmp_path):
    """A kit of the made-up chapter, with one figure and one equation more; its folder."""
    whole = chapter()
    png = {"image/png": base64.b64encode(b"picture").decode()}
    figure = shown(**png)
    figure.metadata["mystnb"] = {"figure": {"name": "fig-twice", "caption": "Of two: $2x$."}}
    whole.cells.append(figure)
    whole.cells[4].source += " See {numref}`fig-twice`, {eq}`eq-twice` and {doc}`a page <plain>` {cite:p}`x`."
    (tmp_path / "book").mkdir()
    (tmp_path / "pages" / "m").mkdir(parents=True)
    (tmp_path / "pages" / "m" / "mathjax.js").write_text("// MathJax")
    (tmp_path / "pages" / "m" / "drawn.svg").write_text("<svg/>")
    (tmp_path / "pages" / "example.html").write_text(PAGE.replace("{mathjax}", "m/mathjax.js?v=1"))
    chapters = {"example": (whole, exercises.read(whole, "example"))}
    kit.write(chapters, tmp_path / "book", tmp_path / "pages", tmp_path / "kit")
    return tmp_path / "kit"


def test_figures_and_equations_have_the_books_numbers(written):
    assert (written / "figures" / "1.1-twice.png").read_bytes() == b"picture"
    assert (written / "figures" / "1.2-file.svg").read_text() == "<svg/>"
    page = (written / "figures.html").read_text(encoding="utf-8")
    assert 'src="figures/1.1-twice.png"' in page and "<b>Fig. 1.1</b> Of two: \\(2x\\)." in page
    page = (written / "equations.html").read_text(encoding="utf-8")
    assert "<b>(1.1)</b>" in page and "\\[ x &lt; 2x \\]" in page and "#" not in page[page.index("<h2>") :]


def test_answers_have_task_solution_and_marks(written):
    page = (written / "answers.html").read_text(encoding="utf-8")
    assert "15 marks, 5 of them by hand." in page
    assert "5 marks by <code>checks.check_example_double</code>." in page
    assert "5 marks by <code>checks.check_example_guess</code>, 5 by hand" in page
    assert "Double it. See Fig. 1.1, (1.1) and a page." in page
    assert "doubled_secretly = 2 * number" in page and "SOLUTION" not in page and "SOLUTION" in DOUBLE
    assert "Nobody knows a better question!" in page


def test_a_page_brings_its_mathematics(written):
    assert (written / "mathjax" / "mathjax.js").read_text() == "// MathJax"
    for name in kit.PAGES:
        page = (written / f"{name}.html").read_text(encoding="utf-8")
        assert '<script defer src="mathjax/mathjax.js"></script>' in page
        assert all(f'href="{other}.html"' in page for other in kit.PAGES)


def test_a_figure_without_a_picture_stops_the_tool(tmp_path):
    whole = chapter()
    whole.cells[2].metadata["mystnb"] = {"figure": {"name": "fig-twice"}}
    (tmp_path / "example.html").write_text(PAGE)
    made = kit.Kit({"example": (whole, [])}, tmp_path, tmp_path)
    with pytest.raises(ValueError, match="example.ipynb: the figure fig-twice has no picture"):
        made.figures(tmp_path / "figures")
