"""Many runs of notebooks, some at a time; each result is a line of a file,
so that what was stopped goes on where it was.
"""

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from machine import processor

from avbgtn.runs.provenance import revision

HERE = Path(__file__).resolve().parent
Job = tuple[Path, int, str]  # notebook, seed, variant


def sources(notebook: Path) -> str:
    """What the code cells are, as twelve hexadecimal digits: a run of other cells is another run."""
    cells = nbformat.read(notebook, as_version=4).cells
    text = "\0".join(cell.source.strip() for cell in cells if cell.cell_type == "code")
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def read(file: Path) -> list[dict]:
    """The results so far; a last line cut short by a stop is left out."""
    if not file.exists():
        return []
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith("\n")]


def run_all(jobs: Iterable[Job], file: Path, used: dict[str, dict[str, str]], *, processes: int) -> None:
    """Run what has no result yet for the cells as they are, each in a process of its own.

    Args:
        used: what the libraries use under each variant here, which is kept with each result.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    now = {path: sources(path) for path in {job[0] for job in jobs}}
    done = {(r["notebook"], r["sources"], r["seed"], r["variant"], r["use"]["bits"]) for r in read(file)}
    left = [job for job in jobs if (job[0].stem, now[job[0]], *job[1:], used[job[2]]["bits"]) not in done]
    print(f"{len(left)} of {len(jobs)} runs are still to be done, {processes} at a time", flush=True)

    here = {"revision": revision(), "processor": processor()}

    def one(job: Job) -> None:
        path, seed, variant = job
        started = time.monotonic()
        command = [sys.executable, str(HERE / "chapter.py"), str(path), str(seed), variant]
        child = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if child.returncode:
            raise RuntimeError(f"{path}, seed {seed}, {variant}: {child.stderr.strip().splitlines()[-1]}")
        result = {"notebook": path.stem, "sources": now[path], "seed": seed, "variant": variant} | here
        result |= {"use": used[variant]} | json.loads(child.stdout.splitlines()[-1])
        with open(file, "a", encoding="utf-8") as f:
            f.write(json.dumps(result) + "\n")
        words = result["error"] or f"{len(result['differences'])} lines differ"
        print(f"{path.stem}, seed {seed}, {variant}: {words}, {time.monotonic() - started:.0f} s", flush=True)

    with ThreadPoolExecutor(processes) as pool:
        list(pool.map(one, left))
