"""Every place where a training writes, and what becomes of the run when writing fails there.

A tiny training is run in a child, which counts its calls that change the disk (the *write points*); then once
more for each point and fault, with that fault at that point. Afterwards the newest checkpoint must be whole,
and the run, continued without a fault, must end with the bits of a run that nothing disturbed.

    python tests/fuzz/write_points.py [--quick]      prints the counts as JSON; exit code 1 if a case failed

Children are forked from this process, which has imported torch and runs one thread,
as starting Python anew costs more than such a training. So run it in a process of its own.
"""

import argparse
import errno
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch  # noqa: E402

import avbgtn.training.train
from avbgtn.errors import RunError  # noqa: E402
from avbgtn.runs import Run  # noqa: E402
from examples import AVB_GTN_CONFIG, RandomDomains  # noqa: E402

FAULTS = ("ENOSPC", "EROFS", "EIO", "SIGKILL")
CALLS = ("open", "write", "fsync", "replace", "rename", "mkdir", "unlink")  # of os; and shutil.rmtree
CONFIG = replace(AVB_GTN_CONFIG, width=2)
HALFWAY, EPOCHS = 2, 4
HANG = 600  # seconds without an end; a training takes less than one
# A removal that fails is tried again later; the folder of a continued run is there whether
# or not it can be made.
TOLERATED = ("rmtree", "unlink", "rename", "mkdir .")


class Points:
    """Counts the calls that change what is under ``root``, and lets one of them fail."""

    def __init__(self, root: Path, at: int = -1, fault: str = ""):
        self.root, self.at, self.fault = str(root), at, fault
        self.names: list[str] = []
        self.files: dict[int, str] = {}
        self.real = {name: getattr(os, name) for name in CALLS} | {"rmtree": shutil.rmtree}

    def __enter__(self) -> "Points":
        for name in CALLS:
            setattr(os, name, getattr(self, f"_{name}", None) or self._of_path(name))
        shutil.rmtree = self._rmtree
        return self

    def __exit__(self, *exception) -> None:
        for name in CALLS:
            setattr(os, name, self.real[name])
        shutil.rmtree = self.real["rmtree"]

    def _point(self, call: str, path: str, before_kill: Callable[[], None] = lambda: None) -> None:
        self.names.append(f"{call} {os.path.relpath(path, self.root)}")
        if len(self.names) - 1 != self.at:
            return
        before_kill()
        if self.fault == "SIGKILL":
            os.kill(os.getpid(), signal.SIGKILL)
        number = getattr(errno, self.fault)
        raise OSError(number, os.strerror(number), path)

    def _inside(self, path: object) -> bool:
        return isinstance(path, str | os.PathLike) and os.fspath(path).startswith(self.root)

    def _of_path(self, name: str) -> Callable:
        def call(path, *args, **options):
            if self._inside(path):
                self._point(name, os.fspath(path))
            return self.real[name](path, *args, **options)

        return call

    def _open(self, path, flags, *args, **options):
        writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if writes and self._inside(path):
            self._point("open", os.fspath(path))
        handle = self.real["open"](path, flags, *args, **options)
        if self._inside(path):
            self.files[handle] = os.fspath(path)
        else:
            self.files.pop(handle, None)  # a number that was used before
        return handle

    def _write(self, handle, data):
        if handle in self.files:  # a disk that fails has taken a part
            half = bytes(data[: len(data) // 2])
            self._point("write", self.files[handle], lambda: self.real["write"](handle, half))
        return self.real["write"](handle, data)

    def _fsync(self, handle):
        if handle in self.files:
            self._point("fsync", self.files[handle])
        return self.real["fsync"](handle)

    def _rmtree(self, path, ignore_errors=False, **options):
        def half() -> None:
            for file in sorted(Path(path).iterdir())[::2]:
                file.unlink() if file.is_file() else None

        if self._inside(path) and os.path.exists(path):
            try:
                self._point("rmtree", os.fspath(path), half)
            except OSError:
                if ignore_errors:
                    return None
                raise
        return self.real["rmtree"](path, ignore_errors=ignore_errors, **options)


def train(folder: Path, epochs: int, speed: str) -> None:
    avbgtn.training.train.train(
        CONFIG,
        RandomDomains(),
        epochs=epochs,
        run_dir=folder,
        log_every=1,
        measure_every=2,
        save_minutes=0.0,
        speed=speed,
        say=lambda text: None,
    )


def in_a_child(work: Callable[[], object], result: Path) -> dict:
    """What ``work()`` came to in a forked child:
    ``{"end": done, sentence, traceback, killed or hang, "text": ...}``.
    """
    result.unlink(missing_ok=True)
    child = os.fork()
    if child == 0:
        try:
            try:
                found = {"end": "done", "value": work()}
            except RunError as error:
                found = {"end": "sentence", "text": str(error)}
            except BaseException:
                found = {"end": "traceback", "text": traceback.format_exc()}
            result.write_text(json.dumps(found))
        finally:
            os._exit(0)
    deadline = time.monotonic() + HANG
    while os.waitpid(child, os.WNOHANG)[0] == 0:
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return {"end": "hang", "text": f"no end after {HANG} s"}
        time.sleep(0.002)
    return json.loads(result.read_text()) if result.exists() else {"end": "killed", "text": ""}


def outcome(folder: Path) -> dict[str, str]:
    """Everything that must agree to the bit, by file."""
    run = Run(folder)
    files = {p.name: p for p in run.checkpoint(run.latest()).iterdir()} | {
        "metrics": folder / "metrics.jsonl"
    }
    return {name: path.read_bytes().hex() for name, path in files.items()}


def every_point(
    *, quick: bool = False, speed: str = "plain", say: Callable[[str], None] = lambda text: None
) -> dict:
    """All write points of a new and of a continued training, times all faults.

    Args:
        quick: each kind of point once, with one of the faults, instead of all points with all.

    Returns:
        how many ``points`` and ``cases`` there were, how they ended (``sentence``, ``killed``, ``went on``),
        and a sentence for each one that went wrong (``failures``; empty is good).
    """
    torch.set_num_threads(1)
    counts: Counter[str] = Counter()
    failures: list[str] = []
    with tempfile.TemporaryDirectory() as place:
        root, result = Path(place).resolve(), Path(place).resolve() / "result.json"
        avbgtn.training.train.provenance = lambda device: {
            "revision": "of the test"
        }  # git takes longer than the training
        in_a_child(lambda: train(root / "straight", EPOCHS, speed), result)
        expected = outcome(root / "straight")
        in_a_child(lambda: train(root / "halfway", HALFWAY, speed), result)

        def begin(folder: Path, scenario: str) -> None:
            shutil.rmtree(folder, ignore_errors=True)
            if scenario == "continued":
                shutil.copytree(root / "halfway", folder)

        def disturbed(folder: Path, at: int, fault: str) -> list[str]:
            with Points(folder, at, fault) as points:
                train(folder, EPOCHS, speed)
            return points.names

        def continued(folder: Path) -> dict[str, str]:
            if (folder / "parameters.json").exists() and (epoch := Run(folder).latest()) is not None:
                Run(folder).verify(epoch)
            train(folder, EPOCHS, speed)
            return outcome(folder)

        folder, number, seen = root / "run", 0, set()
        for scenario in ("new", "continued"):
            begin(folder, scenario)
            names = in_a_child(lambda: disturbed(folder, -1, ""), result)["value"]
            counts["points"] += len(names)
            for at, name in enumerate(names):
                kind = re.sub("[0-9]+", "N", name)
                if quick and kind in seen:
                    continue
                seen.add(kind)
                number += 1
                for fault in (FAULTS[number % 4],) if quick else FAULTS:
                    begin(folder, scenario)
                    first = in_a_child(lambda at=at, fault=fault: disturbed(folder, at, fault), result)
                    had_one = scenario == "continued" and Run(folder).latest() is None
                    second = in_a_child(lambda: continued(folder), result)
                    end = "went on" if first["end"] == "done" else first["end"]
                    counts["cases"] += 1
                    counts[end] += 1
                    wrong = judge(name, fault, end, first, second, expected, had_one)
                    if wrong:
                        failures.append(f"{scenario}, point {at} ({name}), {fault}: {wrong}")
                        say(failures[-1])
    return {**counts, "failures": failures}


def judge(name: str, fault: str, end: str, first: dict, second: dict, expected: dict, lost: bool) -> str:
    """What is wrong with a case, or an empty text."""
    if fault == "SIGKILL" and end != "killed":
        return f"expected to be killed, got {end}"
    if fault != "SIGKILL" and end != "sentence" and not (end == "went on" and name.startswith(TOLERATED)):
        return f"expected one sentence, got {end}: {first.get('text', '')}"
    if "\n" in first.get("text", ""):
        return f"more than one line: {first['text']!r}"
    if lost:
        return "no good checkpoint is left"
    if second["end"] != "done":
        return f"cannot be continued: {second['end']}, {second.get('text', '')}"
    different = [
        file for file in {*expected, *second["value"]} if expected.get(file) != second["value"].get(file)
    ]
    return f"other bits in {', '.join(sorted(different))}" if different else ""


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--quick", action="store_true", help="each kind of point once")
    options.add_argument(
        "--speed", default="plain", help="as the parameter; auto writes checkpoints in a thread"
    )
    given = options.parse_args()
    found = every_point(
        quick=given.quick, speed=given.speed, say=lambda text: print(text, file=sys.stderr, flush=True)
    )
    print(json.dumps(found, indent=1))
    sys.exit(bool(found["failures"]))
