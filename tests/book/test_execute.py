"""tools/execute.py: what a notebook looks like after it, and that a failing one is not saved."""

import subprocess
import sys

import nbformat
import pytest

import execute
from contents import ROOT

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def notebook(folder, *sources):
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    made = nbformat.v4.new_notebook(
        cells=cells,
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    path = folder / "demo.ipynb"
    (folder / "text").mkdir()
    nbformat.write(made, path)
    return path


def run(path):
    return subprocess.run(
        [sys.executable, ROOT / "tools" / "execute.py", path], capture_output=True, text=True, cwd=path.parent
    )


def test_outputs_cost_and_text_are_written(tmp_path):
    widget = "import ipywidgets\nipywidgets.IntSlider(description='x')"
    path = notebook(tmp_path, "import os\nprint(os.environ['OMP_NUM_THREADS'])", widget)
    done = run(path)
    assert done.returncode == 0, done.stderr
    after = nbformat.read(path, as_version=4)
    assert after.cells[0].outputs[0].text == "1\n" and len(after.cells) == 2
    assert [cell.execution_count for cell in after.cells] == [1, 2]
    assert "widgets" not in after.metadata
    assert execute.WIDGET not in after.cells[1].outputs[0].data
    last = after.metadata.avbgtn.last_run
    assert last.sources == execute.sources_hash(after) and last.cpu_seconds >= 0 and last.peak_mb > 50
    assert "OMP_NUM_THREADS" in (tmp_path / "text" / "demo.md").read_text(encoding="utf-8")


def test_a_failing_cell_stops_it_and_nothing_is_saved(tmp_path):
    path = notebook(tmp_path, "1 / 0")
    before = path.read_bytes()
    done = run(path)
    assert done.returncode != 0 and "was not saved" in done.stderr and "ZeroDivisionError" in done.stderr
    assert path.read_bytes() == before


def test_a_missing_notebook_is_named(tmp_path):
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "execute.py", "nowhere.ipynb"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode != 0 and "nowhere.ipynb: no such notebook" in done.stderr


def test_hash_changes_with_code_and_only_with_code(tmp_path):
    path = notebook(tmp_path, "print(1)")
    made = nbformat.read(path, as_version=4)
    first = execute.sources_hash(made)
    made.cells.append(nbformat.v4.new_markdown_cell("words"))
    assert execute.sources_hash(made) == first
    made.cells[0].source = "print(2)"
    assert execute.sources_hash(made) != first
