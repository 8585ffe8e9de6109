"""Run notebooks and save them as they are committed: `python tools/execute.py book/vae.ipynb ...`.

Each notebook runs from top to bottom in a fresh kernel: on the CPU, with one thread, with an empty
folder for runs, in the folder of the notebook. Then what must not be committed is taken out (times of
single cells, the state of widgets), what the run cost is written into the notebook's metadata, where the
page "when each chapter last ran" reads it, and the paired text is written anew. A cell that fails stops
it and nothing is saved.
"""

import argparse
import datetime
import hashlib
import json
import os
import pathlib
import sys
import tempfile
import time

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from write_text import text_of, text_path

WIDGET = "application/vnd.jupyter.widget-view+json"
READINGS = """
import importlib.metadata, json, platform
from avbgtn.runs import provenance
from avbgtn_book.shared import reading
print(json.dumps({
    "cpu_seconds": round(reading.used_cpu_seconds()), "slowness": round(reading.slowness(), 2), \
"peak_mb": round(reading.peak_megabytes()),
    "machine": reading.machine(), "python": platform.python_version(),
    "torch": importlib.metadata.version("torch"), "revision": provenance.revision(),
}))
"""


def sources_hash(notebook: nbformat.NotebookNode) -> str:
    """What the code cells of a notebook were when it ran: twelve hexadecimal digits."""
    sources = "\0".join(cell.source.strip() for cell in notebook.cells if cell.cell_type == "code")
    return hashlib.sha256(sources.encode()).hexdigest()[:12]


def run(path: pathlib.Path) -> nbformat.NotebookNode:
    """The executed notebook, fit to be committed; CellExecutionError where a cell fails."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    client = NotebookClient(
        notebook,
        # seconds that only a hang needs
        timeout=14_400,
        startup_timeout=600,
        iopub_timeout=600,
        kernel_name="python3",
        resources={"metadata": {"path": path.parent}},
        record_timing=False,
        coalesce_streams=True,
    )
    notebook.cells.append(nbformat.v4.new_code_cell(READINGS))  # taken out again below
    started = time.monotonic()
    with client.setup_kernel():
        for index, cell in enumerate(notebook.cells):
            client.execute_cell(cell, index)
    wall = time.monotonic() - started
    readings = notebook.cells.pop()
    notebook.metadata["avbgtn"] = {
        "last_run": {
            "date": datetime.date.today().isoformat(),
            "wall_seconds": round(wall),
            **json.loads("".join(output.text for output in readings.outputs)),
            "sources": sources_hash(notebook),
        }
    }
    strip(notebook)
    return notebook


def strip(notebook: nbformat.NotebookNode) -> None:
    """Take out what changes with every run and what only a running kernel can show."""
    notebook.metadata.pop("widgets", None)
    notebook.metadata.pop("papermill", None)
    for cell in notebook.cells:
        for key in ("execution", "papermill"):
            cell.metadata.pop(key, None)
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET, None)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("notebooks", type=pathlib.Path, nargs="+")
    paths = parser.parse_args().notebooks
    if missing := [str(path) for path in paths if not path.is_file()]:
        sys.exit(f"{', '.join(missing)}: no such notebook; expected paths such as book/vae.ipynb")
    for name in ("MPLBACKEND", "AVBGTN_DATA", "AVBGTN_COLLECT"):
        os.environ.pop(name, None)
    os.environ |= {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "JUPYTER_PREFER_ENV_PATH": "1"}
    for path in paths:
        with tempfile.TemporaryDirectory() as folder:
            os.environ["AVBGTN_RUNS"] = folder
            try:
                notebook = run(path.resolve())
            except CellExecutionError as problem:
                sys.exit(f"{path} was not saved: a cell failed.\n{problem}")
        nbformat.write(notebook, path)
        text_path(path).write_text(text_of(path), encoding="utf-8")
        last = notebook.metadata["avbgtn"]["last_run"]
        print(
            f"{path}: {last['cpu_seconds']} CPU-seconds, {last['peak_mb']} MB, "
            f"{path.stat().st_size / 1e6:.2f} MB on disk"
        )


if __name__ == "__main__":
    main()
