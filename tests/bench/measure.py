"""How a step is measured: CPU time, wall time, FLOPs, and the most memory it takes."""

import gc
import platform
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the tests' helpers

from avbgtn.runs.provenance import provenance  # noqa: E402
from avbgtn_book.shared import reading  # noqa: E402

Step = Callable[[int], object]  # what runs one epoch, given its number


def machine(device: str) -> dict:
    """The machine's name, and what else a number depends on."""
    return provenance(device) | {"machine": reading.machine(), "system": platform.system()}


def gflop(step: Step) -> float:
    """10^9 floating-point operations of one epoch: two for each multiplication and addition of convolutions
    and matrix products, forward and backward."""
    with FlopCounterMode(display=False) as counter:
        step(0)
    return counter.get_total_flops() / 1e9


class Meter:
    """CPU and wall seconds of single calls; on CUDA, both are the time until the device has finished."""

    def __init__(self, device: str):
        self.cuda = device == "cuda"

    def __call__(self, step: Step, epoch: int) -> tuple[float, float]:
        if self.cuda:
            torch.cuda.synchronize()
        cpu, wall = time.process_time(), time.perf_counter()
        step(epoch)
        if self.cuda:
            torch.cuda.synchronize()
            elapsed = time.perf_counter() - wall
            return elapsed, elapsed
        return time.process_time() - cpu, time.perf_counter() - wall


def median_ratio(a: list[float], b: list[float]) -> float:
    """The median of the ratios a/b, pair by pair: what both suffer from the machine cancels."""
    return statistics.median(x / y for x, y in zip(a, b, strict=True))


class Memory:
    """The most memory in MiB that a process takes above what it had when this was made; on CUDA,
    the most that tensors take. Linux only, as far as the CPU goes: elsewhere :meth:`peak` is None."""

    def __init__(self, device: str):
        self.cuda = device == "cuda"
        gc.collect()
        if self.cuda:
            torch.cuda.reset_peak_memory_stats()
            return
        self.before = self._read("VmRSS")
        try:
            Path("/proc/self/clear_refs").write_text("5")  # resets VmHWM, see man 5 proc
        except OSError:
            self.before = None

    def peak(self) -> float | None:
        if self.cuda:
            return round(torch.cuda.max_memory_allocated() / 2**20, 1)
        most = self._read("VmHWM")
        return None if most is None or self.before is None else round(most - self.before, 1)

    @staticmethod
    def _read(field: str) -> float | None:
        try:
            lines = Path("/proc/self/status").read_text().splitlines()
        except OSError:
            return None
        return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(field)), None)
