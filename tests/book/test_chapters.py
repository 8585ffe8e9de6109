"""The teaching chapters are built alike: what each says first, its equations, moving figures,
exercises and end.

The experiments, celeba.ipynb and audio.ipynb, keep a form of their own. The exercises' cells are read by
tools/exercises.py, which refuses what it does not know; tests/book/test_classroom_chapters.py runs them.
"""

import ast
import base64
import functools
import importlib
import json
import re

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup

import exercises
from contents import BOOK, CHAPTERS, ROOT, repository

FIRST_CELL = """try:
    import avbgtn
except ModuleNotFoundError:  # on Colab
    %pip install --quiet "avbgtn[train] @ git+{url}\""""
LONGEST_CELL = 16  # lines of code that a reader meets without asking for them
FRAME_BYTES, FRAMES_BYTES = 60_000, 1_200_000
OPEN_CELLS = ("hide-input", "hide-cell", "remove-cell", "remove-input")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
each_chapter = pytest.mark.parametrize("name", CHAPTERS)


@functools.cache
def notebook(name):
    path = BOOK / f"{name}.ipynb"
    assert path.is_file(), f"book/{name}.ipynb is missing"
    return nbformat.read(path, as_version=4)


def tags(cell):
    return set(cell.metadata.get("tags", []))


def code(name):
    return [cell for cell in notebook(name).cells if cell.cell_type == "code"]


def prose(name):
    return "\n\n".join(cell.source for cell in notebook(name).cells if cell.cell_type == "markdown")


def opening(name):
    """The text above the first section."""
    return re.split(r"^## ", prose(name), maxsplit=1, flags=re.MULTILINE)[0]


def sections(name):
    return re.findall(r"^## +(.+?) *$", prose(name), re.MULTILINE)


# --- how it begins ------------------------------------------------------------------------------------------


@each_chapter
def test_first_cell_installs_the_package_on_colab(name):
    first = notebook(name).cells[0]
    assert first.cell_type == "code" and tags(first) == {"remove-cell", "nbval-skip"}
    assert first.source.strip() == FIRST_CELL.format(url=repository()["url"])


@each_chapter
def test_opening_says_question_goals_needs_and_time(name):
    text = opening(name)
    assert len(re.findall(r"^# ", text, re.MULTILINE)) == 1, "a chapter has one title"
    assert re.search(r"^\*\*[^*]+\*\*$", text, re.MULTILINE), (
        "no line in bold that says the chapter's question"
    )
    assert re.search(r"After this chapter you can[^\n]*\n(?:\s*\n)?(?:- .+\n?){2,}", text), (
        "no list of at least two goals"
    )
    assert "You need" in text, "it does not say what the reader has to know"
    read = re.search(r"To read:\W*(\d+) minutes", text)
    run = re.search(r"To run:\W*(?:about )?(\d+) CPU-seconds", text)
    assert read and 5 <= int(read[1]) <= 60, "no 'To read: N minutes' with a sensible number"
    assert run, "no 'To run: N CPU-seconds'"
    last = notebook(name).metadata["avbgtn"]["last_run"]
    measured = last["cpu_seconds"] / last.get("slowness", 1.0)
    assert measured / 1.6 <= int(run[1]) <= measured * 1.6, (
        f"it says {run[1]} CPU-seconds, its last run took {measured:.0f}"
    )


@each_chapter
def test_setup_cells_only_import(name):
    """Exercises stand on these cells alone, so they must be cheap;
    they come first among what a reader sees.
    """
    cells = [cell for cell in code(name) if "remove-cell" not in tags(cell)]
    assert "setup" in tags(cells[0]), "the first cell that readers see is not tagged 'setup'"
    for cell in [cell for cell in cells if "setup" in tags(cell)]:
        for statement in ast.parse(cell.source).body:
            text = ast.unparse(statement)
            allowed = isinstance(statement, ast.Import | ast.ImportFrom) or text.startswith("torch.set_")
            assert allowed, f"a setup cell does more than import: {text[:80]!r}"


@each_chapter
def test_what_is_imported_is_used(name):
    trees = [ast.parse(re.sub(r"^\s*%.*$", "", cell.source, flags=re.MULTILINE)) for cell in code(name)[1:]]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    imports = [
        alias for node in nodes if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names
    ]
    bound = {(alias.asname or alias.name).split(".")[0] for alias in imports}
    unused = bound - {node.id for node in nodes if isinstance(node, ast.Name)}
    assert not unused, f"imported and never used: {sorted(unused)}"


# --- how it reads -------------------------------------------------------------------------------------------


@each_chapter
def test_no_wall_of_code(name):
    long = {}
    for n, cell in enumerate(notebook(name).cells):
        if cell.cell_type == "code" and not tags(cell) & set(OPEN_CELLS):
            lines = sum(bool(line.strip()) for line in cell.source.splitlines())
            if lines > LONGEST_CELL:
                long[n] = lines
    assert not long, f"cells with more than {LONGEST_CELL} visible lines, cell: lines {long}"


@each_chapter
def test_text_is_plain_markdown(name):
    """Colab and Jupyter show directives as they are written."""
    boxes = re.findall(r"^:::|^```\{", prose(name), re.MULTILINE)
    assert len(boxes) <= 4, f"{len(boxes)} lines that open or close a box; two boxes are the most"


@each_chapter
def test_sources_of_cells_are_stable(name):
    for n, cell in enumerate(notebook(name).cells):
        if cell.cell_type == "code":
            assert "%matplotlib" not in cell.source and "tqdm" not in cell.source, f"cell {n}"
            printed = "".join(
                o.get("text", "") + str(o.get("data", {}).get("text/plain", "")) for o in cell.outputs
            )
            ignored = "nbval-ignore-output" in tags(cell)
            assert ignored or not re.search(r"\bat 0x[0-9a-f]{6}", printed), f"cell {n} prints an address"
            assert not any("image/svg+xml" in o.get("data", {}) for o in cell.outputs), f"cell {n} shows SVG"


# --- equations ----------------------------------------------------------------------------------------------


def labels(name):
    return re.findall(r"\$\$\s*\((eq-[^)\s]+)\)", prose(name))


@functools.cache
def equations(name):
    path = BOOK / "equations" / f"{name}.yml"
    assert path.is_file(), f"book/equations/{name}.yml is missing"
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@each_chapter
def test_equations_of_the_text_and_of_the_list_are_the_same(name):
    in_text, listed = labels(name), [equation["label"] for equation in equations(name)]
    assert in_text, "the chapter has no labelled equation"
    assert sorted(in_text) == sorted(listed), (
        f"without a line in book/equations/{name}.yml: {sorted(set(in_text) - set(listed))}; "
        f"listed, but not in the chapter: {sorted(set(listed) - set(in_text))}"
    )
    assert len(set(listed)) == len(listed), "a label occurs twice"
    start = (f"eq-{name}-", f"eq-{name.replace('_', '-')}-")
    strange = [label for label in listed if not label.startswith(start)]
    assert not strange, f"labels that do not begin with {start[1]}: {strange}"


@each_chapter
def test_equations_have_their_function_and_their_test(name):
    for equation in equations(name):
        assert set(equation) == {"label", "what", "function", "test"}, f"{equation}"
        assert len(equation["what"].split()) >= 2, f"{equation['label']}: say what it is"
        if equation["function"] is not None:
            assert callable(found(equation["function"])), f"{equation['function']} is no function"
        test = equation["test"].split("[")[0]
        assert test in known_tests(test.split("::")[0]), (
            f"{equation['label']}: there is no test {equation['test']}"
        )


def found(dotted):
    """The object that a dotted name means; AssertionError where there is none."""
    parts = dotted.split(".")
    for end in range(len(parts), 0, -1):
        try:
            thing = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        for part in parts[end:]:
            assert hasattr(thing, part), f"{dotted}: no {part!r} in {thing}"
            thing = getattr(thing, part)
        return thing
    raise AssertionError(f"{dotted} cannot be imported")


@functools.cache
def known_tests(file):
    """Every test of a file as pytest names it, without parameters: file::test_x, file::TestY::test_x."""
    path = ROOT / file
    assert path.is_file(), f"there is no {file}"
    tests = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        inner = node.body if isinstance(node, ast.ClassDef) else [node]
        above = f"{file}::{node.name}" if isinstance(node, ast.ClassDef) else file
        tests |= {
            f"{above}::{f.name}"
            for f in inner
            if isinstance(f, ast.FunctionDef) and f.name.startswith("test")
        }
    return tests


# --- figures that move --------------------------------------------------------------------------------------


def moving_figures(name):
    """[(cell number, figure)] of every figure with sliders."""
    found = []
    for n, cell in enumerate(notebook(name).cells):
        for output in cell.get("outputs", []):
            page = BeautifulSoup("".join(output.get("data", {}).get("text/html", "")), "html.parser")
            found += [(n, figure) for figure in page.select("figure.frames")]
    return found


@each_chapter
def test_moving_figures_are_there_small_and_described(name):
    figures = moving_figures(name)
    assert figures, "the chapter has no figure that moves (avbgtn_book.shared.frames.Frames)"
    names = [figure["id"] for _, figure in figures]
    assert len(set(names)) == len(names), f"two figures have one name: {names}"
    total = 0
    for n, figure in figures:
        steps = [int(slider["max"]) + 1 for slider in figure.select("input[type=range]")]
        assert len(steps) in (1, 2), f"cell {n}: {len(steps)} sliders"
        assert max(steps) <= (16 if len(steps) == 1 else 9), f"cell {n}: {steps} steps"
        images = figure.select("img")
        frames = steps[0] * (steps[1] if len(steps) == 2 else 1)
        assert len(images) == frames, f"cell {n}: {len(images)} frames for sliders of {steps} steps"
        assert len({image["src"] for image in images}) == frames, f"cell {n}: two frames are the same picture"
        assert sum("hidden" not in image.attrs for image in images) == 1, f"cell {n}: one frame is to be seen"
        sizes = [len(base64.b64decode(image["src"].split(",", 1)[1])) for image in images]
        assert max(sizes) <= FRAME_BYTES, f"cell {n}: a frame of {max(sizes):,} bytes"
        total += sum(sizes)
        alts = [image["alt"] for image in images]
        short = [alt for alt in alts if len(alt.split()) < 5]
        assert not short, f"cell {n}: too short to say what is to be seen: {short[:3]}"
        assert len(set(alts)) > 1, f"cell {n}: every frame has the same alternative text"
        caption = figure.select_one("figcaption").get_text().strip()
        assert len(caption.split()) >= 5 and caption not in alts, f"cell {n}: caption {caption!r}"
    assert total <= FRAMES_BYTES, f"{total:,} bytes of frames"


@each_chapter
def test_moving_figures_are_checked(name):
    """nbval is told to pass over them, so a compared cell follows (test_notebooks.py sees that it does)."""
    for n, figure in moving_figures(name):
        assert "nbval-ignore-output" in tags(notebook(name).cells[n]), f"cell {n}: {figure['id']}"


# --- interactive figures ------------------------------------------------------------------------------------

# Chapters with figures of which the reader drags something. All are the aim, with two each at least;
# a chapter joins the list when it has them.
INTERACTIVE = [
    "vae",
    "gan",
    "avb",
    "unit",
    "avb_gtn",
    "celeba",
    "audio",
    "critics",
    "divergences",
    "collapse",
]


@pytest.mark.parametrize("name", INTERACTIVE)
def test_interactive_figures_are_numbered_described_and_asked_about(name):
    figures = []
    for n, cell in enumerate(notebook(name).cells):
        for output in cell.get("outputs", []):
            page = BeautifulSoup("".join(output.get("data", {}).get("text/html", "")), "html.parser")
            figures += [(n, cell, figure) for figure in page.select("div.interactive")]
    assert len(figures) >= 2, f"{len(figures)} figures of avbgtn_book.interactive"
    ids = [figure["id"] for _, _, figure in figures]
    assert len(set(ids)) == len(ids), f"two figures have one id, give them names: {ids}"
    for n, cell, figure in figures:
        spec = json.loads(figure.select_one("script").text)
        assert spec["question"] and len(spec["alt"].split()) >= 10, f"cell {n}: no question, or not described"
        assert len(figure.select_one("img")["alt"].split()) >= 5, f"cell {n}: the still picture"
        words = cell.metadata["mystnb"]["figure"]
        assert words["name"].startswith("fig-") and len(words["caption"].split()) >= 5, f"cell {n}"
        assert "nbval-ignore-output" in tags(cell), f"cell {n}: a picture is not compared"


# --- how it ends --------------------------------------------------------------------------------------------


@each_chapter
def test_ends_with_what_to_take_away_exercises_and_cost(name):
    assert sections(name)[-3:] == ["What to take away", "Exercises", "What this chapter cost"]
    lessons = re.search(r"^## What to take away\n(.*?)(?=^## |\Z)", prose(name), re.MULTILINE | re.DOTALL)[1]
    assert 3 <= len(re.findall(r"^- ", lessons, re.MULTILINE)) <= 6, "three to six lessons"
    cost, budget = code(name)[-2:]
    assert "reading.cost()" in cost.source and "nbval-ignore-output" in tags(cost)
    assert re.search(r"reading\.within_budget\(cpu_seconds=\d+", budget.source) and "check" in tags(budget)


@each_chapter
def test_exercises_are_of_every_kind_and_come_last(name):
    cells = notebook(name).cells
    listed = exercises.read(notebook(name), name)
    assert 4 <= len(listed) <= 6, f"{len(listed)} exercises"
    assert [exercise.number for exercise in listed] == list(range(1, len(listed) + 1))
    missing = set(exercises.KINDS) - {exercise.kind for exercise in listed}
    assert not missing, f"no exercise of the kind {sorted(missing)}"
    heading = next(
        n for n, cell in enumerate(cells) if re.search(r"^## Exercises", cell.source, re.MULTILINE)
    )
    cost = next(n for n, cell in enumerate(cells) if "## What this chapter cost" in cell.source)
    for exercise in listed:
        assert heading <= exercise.text and exercise.test < cost, f"exercise {exercise.number} is elsewhere"
        cell = cells[exercise.code]
        words = cell.metadata.get("mystnb", {})
        assert "hide-input" in tags(cell) and "solution" in words.get("code_prompt_show", ""), (
            f"exercise {exercise.number}: its solution is not folded away under 'Show the solution'"
        )
        assert exercise.check.startswith(f"check_{name}_"), f"{exercise.check} is not named after {name}"
