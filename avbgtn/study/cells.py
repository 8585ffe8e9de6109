"""A grid as a job array: every cell is one training in one process, in a run folder of its own, with a record
at its end.

    $AVBGTN_RUNS/study-full/
        unit-seed0/            a run folder, as in runs/run.py
            record.json        written last: scores, cost, config and where they come from; the cell is done
        logs/unit-seed0.txt    what the cell said, where :func:`run_all` started it

Importing this imports no torch: to list a grid, or to find a cell done, takes a moment.
"""

import difflib
import json
import os
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..config import Config
from ..config.datasets import PICTURES
from ..config.parameters import Parameters, config_of
from ..config.path_values import runs_root
from ..errors import ConfigError
from ..sentences import got, shown
from ..training.processes import FOLLOWED, SAVED, Interrupted, Signals
from .grid import GRIDS, Grid, Variant

Say = Callable[[str], None]

DATASET = "heads"  # of every grid: what can be had everywhere
RECORD = "record.json"
VERSION = 2  # of a record, as in record.py, which needs torch


@dataclass(frozen=True)
class Cell:
    """One training of a grid."""

    grid: Grid
    number: int  # in the grid, from 0; changes with the grid
    variant: Variant
    seed: int

    @property
    def name(self) -> str:
        """What stays the cell's when others are added."""
        return f"{self.variant.name}-seed{self.seed}"

    @property
    def epochs(self) -> int:
        return self.grid.epochs

    @property
    def folder(self) -> Path:
        return runs_root() / f"study-{self.grid.name}" / self.name

    def config(self, data_checksum: str) -> Config:
        """Raises ConfigError where the declared changes make no sense."""
        base = config_of(
            Parameters(), self.variant.model, dataset=DATASET, domains=PICTURES[DATASET].domains,
            data_checksum=data_checksum, preset=self.grid.preset, device=self.grid.device,
        )  # fmt: skip
        return replace(base, **self.grid.common, **self.variant.changes, seed=self.seed)

    def record(self) -> dict[str, Any] | None:
        """What the finished cell left; None if it is not there, or of other epochs or another config."""
        try:
            found = json.loads((self.folder / RECORD).read_text(encoding="utf-8"))
            config = self.config(found["config"]["data_checksum"]).to_dict()
            wanted = (VERSION, self.epochs, config)
            return found if (found["version"], found["epochs"], found["config"]) == wanted else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def state(self) -> str:
        """ "done", "open", or the epoch of the last checkpoint."""
        if self.record():
            return "done"
        try:
            return f"epoch {int((self.folder / 'latest').read_text(encoding='utf-8').strip()[6:]):,}"
        except (OSError, ValueError):
            return "open"


def cells(grid: Grid) -> list[Cell]:
    """All cells in their order: seed 0 of every variant first, so that a stopped study can be compared."""
    most = max(variant.seeds for variant in grid.variants)
    pairs = [(v, seed) for seed in range(most) for v in grid.variants if seed < v.seeds]
    return [Cell(grid, number, variant, seed) for number, (variant, seed) in enumerate(pairs)]


def find_grid(name: str) -> Grid:
    """Raises ConfigError for a name that no grid has."""
    if name not in GRIDS:
        raise ConfigError(f"grid must be one of {', '.join(GRIDS)}, got {got(name)}")
    return GRIDS[name]


def find_cell(grid: Grid, which: str) -> Cell:
    """A cell by its number or its name. Raises ConfigError where there is none."""
    there = {cell.name: cell for cell in cells(grid)}
    if which in there:
        return there[which]
    if which.isascii() and which.isdigit() and len(which) < 10 and int(which) < len(there):
        return list(there.values())[int(which)]
    near = difflib.get_close_matches(which, there, n=1)
    hint = f"did you mean {near[0]}?" if near else f"python -m avbgtn study --grid {grid.name} lists them"
    raise ConfigError(
        f"cell must be a number from 0 to {len(there) - 1} or a name such as {next(iter(there))}, got"
        f" {got(which)}; {hint}"
    )


def listing(grid: Grid) -> str:
    """The cells, one a line: number, name, what differs from the model as written, epochs, state."""
    lines, done = [], 0
    for cell in cells(grid):
        differs = ", ".join(f"{key}={value}" for key, value in cell.variant.changes.items()) or "as written"
        state = cell.state()
        done += state == "done"
        lines.append(f"{cell.number:>3}  {cell.name:<25}  {differs:<27}  {cell.epochs:>6,} epochs  {state}")
    common = "".join(f", {key} {value}" for key, value in grid.common.items())
    where = runs_root() / f"study-{grid.name}"
    return "\n".join(
        [*lines, f"{done} of {len(lines)} done; preset {grid.preset}{common}; the runs are in {shown(where)}"]
    )


def run_cell(cell: Cell, *, say: Say = print) -> dict[str, Any]:
    """Train one cell to its end, from wherever it is, and write its record; a finished one is left as it is.

    Returns:
        the record.

    Raises:
        RunError: as :func:`avbgtn.training.train.train`; another process has the cell, its folder holds
            another run, it diverged.
        Interrupted: SIGTERM or Ctrl-C, after a checkpoint was saved.
    """
    if record := cell.record():
        say(f"{cell.name}: done, {cell.epochs:,} epochs by revision {record['revision']}")
        return record
    import torch

    from ..runs import Run
    from ..storage import json_text, write_atomically
    from ..training.train import train
    from . import record as study_record

    _check_device(cell.grid)
    torch.set_num_threads(1)
    faces = study_record.load_heads(cell.config("").size)
    every = max(1, min(50, cell.epochs // 4))  # a curve has four points at least
    run = train(
        cell.config(faces.checksum), faces, epochs=cell.epochs, run_dir=cell.folder,
        log_every=every, measure_every=100 if every == 50 else every, say=say,
    )  # fmt: skip
    found = study_record.cell_record(Run(run.path), faces, epochs=cell.epochs, images=cell.grid.images)
    about = dict(grid=cell.grid.name, cell=cell.name, variant=cell.variant.name, seed=cell.seed,
                 model=cell.variant.model, changes=cell.variant.changes)  # fmt: skip
    record = about | found
    write_atomically(run.path / RECORD, json_text(record))
    say(f"{cell.name}: done, {record['cpu_seconds']:.0f} CPU-seconds; {run.path / RECORD}")
    return record


def _check_device(grid: Grid) -> None:
    if grid.device != "cuda":
        return
    import torch

    if not torch.cuda.is_available():
        raise ConfigError(
            f"grid {grid.name} is for a GPU and torch sees no CUDA device; look at the driver (nvidia-smi),"
            " or use --grid full"
        )


# --- all cells, in parallel ---------------------------------------------------------------------------------


def run_all(grid: Grid, processes: int, *, say: Say = print) -> int:
    """Train all open cells, so many at a time, each in a process of one thread. A cell that fails does not
    stop the others; it is reported at the end.

    Returns:
        the exit code: 0, or 2 if a cell failed, or 75 if one was stopped and has a checkpoint.

    Raises:
        ConfigError: a grid for a GPU where there is none.
        Interrupted: SIGTERM or Ctrl-C, after the cells that ran saved their checkpoints.
    """
    _check_device(grid)
    everything = cells(grid)
    waiting = deque(cell for cell in everything if cell.record() is None)
    done = len(everything) - len(waiting)
    say(f"study {grid.name}: {done} of {len(everything)} cells done, {len(waiting)} open")
    running: dict[subprocess.Popen, tuple[Cell, float]] = {}
    failed, stopped = {}, []
    try:
        with Signals(on_first=lambda: [process.terminate() for process in running]) as signals:
            while running or (waiting and not signals.received):
                while waiting and len(running) < processes and not signals.received:
                    cell = waiting.popleft()
                    process = _start(cell)
                    running[process] = cell, time.monotonic()
                    # It came while the process started, and was handed to the others only
                    if signals.received:
                        process.terminate()
                for process in [p for p in running if p.poll() is not None]:
                    cell, since = running.pop(process)
                    if process.returncode == 0:
                        done += 1
                        say(
                            f"{cell.name}: done in {time.monotonic() - since:.0f} s ({done} of"
                            f" {len(everything)})"
                        )
                    elif process.returncode == 75:
                        stopped.append(cell.name)
                    else:
                        failed[cell.name] = _last_words(cell, process.returncode)
                        say(f"{cell.name}: failed, {failed[cell.name]}")
                time.sleep(0.05)
    finally:
        for process in running:  # only where the loop was left by an error or a second Ctrl-C
            process.kill()
        for process in running:
            process.wait()
    if signals.received:
        raise Interrupted(f"study {grid.name}: stopped with {done} of {len(everything)} cells done, {SAVED}")
    for name, words in failed.items():
        say(f"FAILED  {name}: {words}")
    if stopped:
        say(f"stopped by a signal, the same command continues: {', '.join(stopped)}")
    say(f"study {grid.name}: {done} of {len(everything)} cells done, {len(failed)} failed")
    return 2 if failed else 75 if stopped else 0


def _log(cell: Cell) -> Path:
    return cell.folder.parent / "logs" / f"{cell.name}.txt"


def _start(cell: Cell) -> subprocess.Popen:
    _log(cell).parent.mkdir(parents=True, exist_ok=True)
    with open(_log(cell), "ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "avbgtn", "study", "--grid", cell.grid.name, "--cell", cell.name],
            # Nothing is written to the pipe: it ends with this process, however that ends; the cell notices.
            stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT,
            env=os.environ | {"OMP_NUM_THREADS": "1", FOLLOWED: "1"},
            start_new_session=True,  # a terminal's Ctrl-C comes to the parent, which hands it on
        )  # fmt: skip


def _last_words(cell: Cell, code: int) -> str:
    lines = _log(cell).read_text(encoding="utf-8", errors="replace").splitlines() or [""]
    said = next((line for line in reversed(lines) if line.startswith("error: ")), lines[-1])
    how = f"killed by signal {-code}" if code < 0 else f"exit {code}"
    return f"{how}: {shown(said)} ({shown(_log(cell))})"
