"""Every notebook of the book is fit to be compared, read and run.

nbval compares printed output, but it passes cells that were never run and cells marked as ignored. The
tests here close those holes, and hold what papermill, the HTML build and the reader's screen reader need.
What holds for the teaching chapters alone is in test_chapters.py.
"""

import ast
import io
import json
import re
import tokenize

import jupytext
import nbformat
import pytest

from contents import BOOK, ROOT, sources
from execute import WIDGET, sources_hash
from write_text import text_path

NOTEBOOKS = sorted(BOOK.glob("*.ipynb"))
COMPARED_AT_LEAST = 8

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def code_cells(path):
    """(number, cell) of each code cell with anything in it."""
    cells = nbformat.read(path, as_version=4).cells
    return [(n, cell) for n, cell in enumerate(cells) if cell.cell_type == "code" and cell.source.strip()]


def tags(cell):
    return set(cell.metadata.get("tags", []))


def is_compared(cell):
    """True for a cell whose printed output strict nbval compares: run, not ignored, more than a picture."""
    if cell.execution_count is None or tags(cell) & {"nbval-ignore-output", "nbval-skip"}:
        return False
    return any(
        output.output_type == "stream" or ("data" in output and "image/png" not in output.data)
        for output in cell.outputs
    )


def pictures(cell):
    return [output for output in cell.outputs if "image/png" in output.get("data", {})]


def test_contents_list_every_notebook_and_no_other():
    listed = {source for source in sources() if source.endswith(".ipynb")}
    assert listed == {path.name for path in NOTEBOOKS}, (
        "book/_toc.yml and book/*.ipynb name different chapters"
    )


@each_notebook
def test_executed_once_from_top_to_bottom(path):
    cells = code_cells(path)
    exempt = {"remove-cell", "nbval-skip"}
    never = [n for n, cell in cells if cell.execution_count is None and not tags(cell) & exempt]
    assert not never, (
        f"cells {never} were never run, so nbval would pass them unseen: run the notebook, save it"
    )
    counts = [cell.execution_count for _, cell in cells if cell.execution_count is not None]
    straight = list(range(1, len(counts) + 1))
    assert counts == straight, (
        f"execution counts {counts} are not 1, 2, 3, ...: restart the kernel and run all"
    )


@each_notebook
def test_no_committed_error(path):
    wrong = [
        n
        for n, cell in code_cells(path)
        if any(output.output_type == "error" for output in cell.outputs)
        and not tags(cell) & {"raises-exception", "nbval-raises-exception"}
    ]
    assert not wrong, f"cells {wrong} show an error and are not tagged raises-exception"


@each_notebook
def test_enough_cells_are_compared(path):
    compared = [n for n, cell in code_cells(path) if is_compared(cell)]
    assert len(compared) >= COMPARED_AT_LEAST, f"only cells {compared} have output that nbval compares"


@each_notebook
def test_every_ignored_output_has_its_check(path):
    cells = code_cells(path)
    followers = [cell for _, cell in cells[1:]] + [None]
    for (n, cell), follower in zip(cells, followers, strict=True):
        if "nbval-ignore-output" in tags(cell):
            checked = follower is not None and "check" in tags(follower) and is_compared(follower)
            assert checked, (
                f"the output of cell {n} is ignored, and no compared cell tagged 'check' comes next"
            )


@each_notebook
def test_no_path_of_one_machine(path):
    """A path in a source breaks the next machine; one in an output says that the notebook printed it."""
    pattern = re.compile(
        r"(?<![\w.:/~])/(?:home|root|tmp|usr|opt|mnt|var|work|Users|private)/\S*|\b[A-Z]:\\\\\S*"
    )
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            for kind in [
                kind for kind in output.get("data", {}) if kind.startswith(("image/p", "image/j", "audio/"))
            ]:
                del output.data[kind]  # base64
    found = sorted(set(pattern.findall(json.dumps(notebook, ensure_ascii=False))))
    assert not found, f"paths that exist on one machine only: {found}"


@each_notebook
def test_recorded_run_is_that_of_this_code(path):
    """The page of runs speaks of the code as it stands, and of a machine with a name."""
    notebook = nbformat.read(path, as_version=4)
    run = notebook.metadata.get("avbgtn", {}).get("last_run")
    assert run, f"{path.name} holds no record of its last run: 'python tools/execute.py book/{path.name}'"
    assert run["sources"] == sources_hash(notebook), (
        f"{path.name}: a code cell changed after the run that is recorded: run tools/execute.py again"
    )
    for key in ("date", "cpu_seconds", "wall_seconds", "peak_mb", "machine", "python", "torch"):
        assert run.get(key), f"{path.name}: the record of its last run has no {key}"


@each_notebook
def test_no_state_of_widgets(path):
    """Pages have no kernel: what only a kernel can show would be an empty place there."""
    notebook = nbformat.read(path, as_version=4)
    shown = [n for n, cell in code_cells(path) if any(WIDGET in o.get("data", {}) for o in cell.outputs)]
    assert "widgets" not in notebook.metadata and not shown, f"widgets are left in cells {shown}"


@each_notebook
def test_kernel_and_size(path):
    kernel = nbformat.read(path, as_version=4).metadata.kernelspec.name
    assert kernel == "python3", f"the kernel is {kernel!r}; only 'python3' exists everywhere"
    assert path.stat().st_size < 3e6, f"{path.stat().st_size / 1e6:.1f} MB; make the pictures smaller"


@each_notebook
def test_every_picture_has_alternative_text_and_caption(path):
    for n, cell in code_cells(path):
        if not pictures(cell):
            continue
        words = cell.metadata.get("mystnb", {})
        alt = words.get("image", {}).get("alt", "")
        caption = words.get("figure", {}).get("caption", "")
        assert len(alt.split()) >= 5, f"cell {n} shows a picture; its metadata mystnb.image.alt is {alt!r}"
        assert not re.search(r"\.(png|jpe?g)\b", alt), (
            f"cell {n}: the alternative text {alt!r} is a file name"
        )
        assert caption.strip(), f"cell {n} shows a picture without mystnb.figure.caption in its metadata"
        assert alt.strip() != caption.strip(), f"cell {n}: alternative text and caption say the same"


def parameters_of(path):
    """(statements, lines) of the one cell tagged `parameters`; None where there is none."""
    cells = [cell for _, cell in code_cells(path) if "parameters" in tags(cell)]
    assert len(cells) <= 1, f"{len(cells)} cells are tagged 'parameters'; papermill uses the first alone"
    return cells[0].source if cells else None


@each_notebook
def test_parameters_have_type_default_and_comment(path):
    """papermill --help-notebook prints exactly these; a parameter without them is a riddle."""
    source = parameters_of(path)
    if source is None:
        return
    readable = tokenize.generate_tokens(io.StringIO(source).readline)
    commented = {
        token.start[0] for token in readable if token.type == tokenize.COMMENT and len(token.string) > 5
    }
    for statement in ast.parse(source).body:
        text = ast.unparse(statement)
        plain = isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)
        assert plain and statement.value is not None, f"{text!r} is not of the form 'name: type = default'"
        ast.literal_eval(statement.value)  # a ValueError here: the default must be a literal
        assert statement.end_lineno in commented, f"{text!r} has no comment on its line"


@pytest.mark.parametrize("name", ["celeba", "audio"])
def test_experiments_offer_the_parameters_that_the_package_knows(name):
    """All of them, with the same defaults: a run from the shell and one of the notebook
    are then the same run.
    """
    from avbgtn.config.parameters import Parameters, defaults, from_parameters
    from avbgtn.config.sound_parameters import SoundParameters

    path, kind = BOOK / f"{name}.ipynb", {"celeba": Parameters, "audio": SoundParameters}[name]
    source = parameters_of(path)
    assert source, (
        f"{path.name} has no cell tagged 'parameters', so papermill's settings would be overwritten"
    )
    offered = {s.target.id: ast.literal_eval(s.value) for s in ast.parse(source).body}
    assert set(offered) == set(kind.checks), "the notebook and the package differ"
    asked = from_parameters(offered, kind)
    assert {n: getattr(asked, n) for n in kind.checks} == {n: defaults(kind)[n] for n in kind.checks}


@each_notebook
def test_text_says_the_same(path):
    text = text_path(path)
    assert text.is_file(), f"{text.relative_to(ROOT)} is missing; 'make text' writes it"

    def cells(notebook):
        return [(cell.cell_type, cell.source.strip(), sorted(tags(cell))) for cell in notebook.cells]

    ours, theirs = cells(nbformat.read(path, as_version=4)), cells(jupytext.read(text, fmt="md:myst"))
    different = [n for n, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b]
    assert ours == theirs, (
        f"{text.relative_to(ROOT)} differs from the notebook from cell {(different or ['last'])[0]} on: "
        "'make text' writes it anew; to take over an edit of the text, see CONTRIBUTING.md"
    )


def test_every_text_has_its_notebook():
    stray = {path.stem for path in (BOOK / "text").glob("*.md")} - {path.stem for path in NOTEBOOKS}
    assert not stray, f"book/text holds {sorted(stray)}, of which there is no notebook"
