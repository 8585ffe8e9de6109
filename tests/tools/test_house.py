"""The plan of the house: the library's floors, one way, and the wall between the library and the book."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import avbgtn
import draw_house
from avbgtn._moved import GONE, MOVED
from contents import ROOT

# A module may import from its own floor's folder and from what stands before it here,
# never from what comes after.
FLOORS = (
    "_moved output sentences streams",
    "errors",
    "storage",
    "config",
    "files",
    "models",
    "audio",
    "data",
    "runs",
    "translators",
    "metrics",
    "training",
    "study",
    "__main__",
)
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names.split()}
LONGEST_FILE = 300
MOST_MODULES = {"data": 15}  # of a folder; 12 elsewhere


FILES = draw_house.modules()
GRAPH = draw_house.graph()


def room(name):
    """``avbgtn.models.losses`` stands in ``models``."""
    return name.split(".")[1] if "." in name else ""


def test_the_graph_is_the_real_one():
    assert {"avbgtn.models.losses", "avbgtn.config"} <= GRAPH["avbgtn.models.unit"]
    assert "avbgtn.training.train" in GRAPH["avbgtn.__main__"]  # in a function


def test_the_library_never_imports_the_book():
    through = [
        (a, b) for a in GRAPH for b in GRAPH[a] if a.split(".")[0] == "avbgtn" and b.split(".")[0] != "avbgtn"
    ]
    assert not through, f"the library imports the book: {through}"


def test_floors_are_one_way():
    library = [name for name in FILES if name.startswith("avbgtn.")]
    assert {room(name) for name in library} == set(FLOOR), "a room of avbgtn has no floor: give it one"
    up = [
        (a, b)
        for a in library
        for b in GRAPH[a]
        if room(b) and room(a) != room(b) and FLOOR[room(b)] >= FLOOR[room(a)]
    ]
    assert not up, f"imports from the same floor or from above: {up}"


def test_the_picture_of_the_house_is_that_of_the_imports():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert draw_house.drawing() in text, "run: python tools/draw_house.py"


def test_no_module_leads_back_to_itself():
    state = {}

    def visit(name, path):
        if state.get(name) == "open":
            pytest.fail("a circle of imports: " + " -> ".join([*path[path.index(name) :], name]))
        if name not in state:
            state[name] = "open"
            for other in sorted(GRAPH[name]):
                visit(other, [*path, name])
            state[name] = "done"

    for name in GRAPH:
        visit(name, [])


def test_a_chapter_of_the_book_uses_the_shared_and_its_neighbours_before_it():
    order = (
        "shared interactive records vae gan avb unit avb_gtn hair audio results further critics "
        "divergences collapse checks"
    ).split()
    for a in GRAPH:
        for b in GRAPH[a]:
            if a.startswith("avbgtn_book.") and b.startswith("avbgtn_book."):
                assert order.index(room(b)) <= order.index(room(a)), f"{a} imports {b}"


def test_files_and_folders_are_small():
    extensions = list(ROOT.glob("book/_ext/**/*.py"))
    ours = [*FILES.values(), *extensions, *ROOT.glob("tools/**/*.py")]
    long = {str(p): k for p in ours if (k := len(p.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE}
    assert not long, f"files above {LONGEST_FILE} lines: {long}"
    folders = {}
    for path in (*FILES.values(), *extensions):
        folders.setdefault(path.parent, []).append(path.name)
    full = {str(f): len(n) for f, n in folders.items() if len(n) > MOST_MODULES.get(f.name, 12)}
    assert not full, f"folders with too many modules: {full}"


# --- names --------------------------------------------------------------------------------------------------


def test_public_names_are_the_same_thing_each_time_and_after_every_module_is_imported():
    code = (
        "import importlib, pkgutil, avbgtn\n"
        "first = {name: getattr(avbgtn, name) for name in avbgtn.__all__}\n"
        "for m in pkgutil.walk_packages(avbgtn.__path__, 'avbgtn.'):\n"
        "    m.name.endswith('__main__') or importlib.import_module(m.name)\n"
        "other = [name for name, thing in first.items() if getattr(avbgtn, name) is not thing]\n"
        "assert not other, other\n"
        "assert callable(avbgtn.train) and callable(avbgtn.load)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


@pytest.mark.parametrize("old", sorted(MOVED))
def test_an_old_name_is_the_module_of_the_new_one_and_says_so(old, monkeypatch):
    monkeypatch.delitem(sys.modules, old, raising=False)
    with pytest.warns(DeprecationWarning, match=f"{old} is {MOVED[old]} now"):
        module = __import__(old, fromlist=["*"])
    assert module is sys.modules[MOVED[old]]
    assert module.__spec__.name == module.__name__ == MOVED[old]


@pytest.mark.parametrize("old", sorted(GONE))
def test_an_old_name_that_is_gone_says_what_there_is(old):
    with pytest.raises(ModuleNotFoundError) as error:
        __import__(f"{old}.vae")
    assert str(error.value) == GONE[old]


def test_from_avbgtn_import_plots_says_what_there_is():
    with pytest.raises(ImportError, match="the drawings are avbgtn_book.CHAPTER.figures now"):
        from avbgtn import plots  # noqa: F401


def test_an_empty_folder_of_before_does_not_hide_what_has_moved(tmp_path, monkeypatch):
    (tmp_path / "checks" / "__pycache__").mkdir(parents=True)
    monkeypatch.setattr(avbgtn, "__path__", [str(tmp_path), *avbgtn.__path__])
    monkeypatch.delitem(sys.modules, "avbgtn.checks", raising=False)
    with pytest.warns(DeprecationWarning, match="avbgtn.checks is avbgtn_book.checks now"):
        checks = importlib.import_module("avbgtn.checks")
    assert checks.check_vae_kl


def test_what_is_new_has_no_old_name():
    assert not set(MOVED) & set(FILES)
    assert set(MOVED.values()) <= set(FILES)


def test_parameters_of_before_say_how_they_are_resolved_now():
    parameters = avbgtn.from_parameters({"dataset": "heads"})
    with pytest.raises(avbgtn.ConfigError, match=r"call that instead|avbgtn.resolve\(parameters\)"):
        parameters.resolve()


def test_a_record_that_names_an_old_module_can_be_made_again():
    record = (ROOT / "book" / "lib" / "avbgtn_book" / "records" / "four-points.json").read_text(
        encoding="utf-8"
    )
    assert "avbgtn.four_points" in record
    command = [sys.executable, "-W", "ignore", "-m", "avbgtn.four_points", "--help"]
    assert "--seeds" in subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout


def test_nothing_of_ours_uses_an_old_name():
    ours = [
        *FILES.values(),
        *(ROOT / "tests").rglob("*.py"),
        *(ROOT / "tools").rglob("*.py"),
        *ROOT.glob("book/_ext/**/*.py"),
    ]
    for path in ours:
        tree = ast.parse(Path(path).read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and not node.level and node.module:
                names = {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
                assert not names & set(MOVED), f"{path}: {names & set(MOVED)}"
