"""SIGKILL at any moment of a training, and the training continued:
no bit may differ from one that was never killed.

The moment is a share of the work that the whole training takes, so that it falls into every part of it,
on a busy machine too.
"""

import os
import runpy
import signal
import sys
import time
from pathlib import Path

import psutil
from hypothesis import strategies as st
from outcomes import SilentDifference

from avbgtn.runs import Run

SHARE, QUICK = 2, 3
AT_LEAST = 100  # in the hour
SCRIPT = Path(__file__).resolve().parents[1] / "train_tiny.py"
EPOCHS = 10

cases = st.fixed_dictionaries(
    {
        "model": st.sampled_from(["unit", "avb_gtn"]),
        "at": st.lists(st.integers(0, 1000), min_size=1, max_size=3),
    }
)


def prepare(originals):
    for model in ("unit", "avb_gtn"):
        _train(model, originals / "warm" / model)
        start = time.process_time()
        _train(model, originals / model)
        (originals / f"{model}.seconds").write_text(str(time.process_time() - start))


def run(case, folder, originals):
    seconds = float((originals / f"{case['model']}.seconds").read_text())
    path = folder / "run"
    killed = 0
    for share in case["at"]:
        child = os.fork()
        if child == 0:
            try:
                _train(case["model"], path)
            finally:
                os._exit(0)
        killed += _kill_after(child, seconds * share / 1000)
    _train(case["model"], path)
    found, right = everything(path), everything(originals / case["model"])
    if different := sorted(
        name for name in found.keys() | right.keys() if found.get(name) != right.get(name)
    ):
        raise SilentDifference(f"killed {len(case['at'])} times and continued, {different} differ")
    return f"killed {killed} times"


def _kill_after(child: int, seconds: float) -> bool:
    """Kill a child that has worked so long; False if it was done before."""
    process = psutil.Process(child)
    while process.status() != psutil.STATUS_ZOMBIE and sum(process.cpu_times()[:2]) < seconds:
        time.sleep(0.001)
    os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) < 0


def _train(model: str, folder: Path) -> None:
    sys.argv = [str(SCRIPT), model, str(EPOCHS), str(folder)]
    runpy.run_path(str(SCRIPT), run_name="__main__")


def everything(folder: Path) -> dict[str, bytes]:
    """What must agree to the bit: weights, averages, optimiser, its state, and the metrics."""
    run = Run(folder)
    files = {p.name: p.read_bytes() for p in run.checkpoint(run.latest()).iterdir()}
    return files | {"metrics.jsonl": (folder / "metrics.jsonl").read_bytes()}
