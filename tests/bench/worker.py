"""A step in a process of its own, which runs when it is told to.

How memory is handled is a process's business: what one step leaves behind, or asks of the C library,
helps or hinders the next. So every step that is compared lives in its own process; they run in turn,
never at the same time.
"""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from case import Case
from measure import Memory, Meter


class Worker:
    """One process with one step.

    Args:
        case, how: what it runs; see :meth:`Case.step`.
    """

    def __init__(self, case: Case, how: str):
        self.case, self.how, self.epoch = case, how, 0
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__)), json.dumps(asdict(case)), how],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def __call__(self, epochs: int = 1) -> dict[str, float]:
        """Run some epochs: ``cpu`` and ``wall`` seconds of all of them, and ``mib``,
        the most memory so far.
        """
        self.process.stdin.write(f"{self.epoch} {epochs}\n")
        self.process.stdin.flush()
        self.epoch += epochs
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the process of {self.case} ({self.how}) ended with {self.process.wait()}")
        return json.loads(answer)

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *exception) -> None:
        self.process.stdin.close()
        self.process.wait()


def in_turn(
    case: Case, ways: list[str], *, rounds: int, warm_up: int = 2
) -> dict[str, dict[str, list[float]]]:
    """Time several ways of one case in turn, A B A B, so that a machine whose speed drifts drifts for all.

    Returns:
        by way, lists of ``cpu``, ``wall`` and ``mib`` of the counted epochs.
    """
    workers = {how: Worker(case, how) for how in ways}
    found = {how: {"cpu": [], "wall": [], "mib": []} for how in ways}
    try:
        for worker in workers.values():
            for _ in range(warm_up):
                worker()
        for _ in range(rounds):
            for how, worker in workers.items():
                for key, value in worker().items():
                    found[how][key].append(value)
    finally:
        for worker in workers.values():
            worker.__exit__()
    return found


if __name__ == "__main__":
    import torch

    torch.set_num_threads(1)
    case, how = Case(**json.loads(sys.argv[1])), sys.argv[2]
    memory, meter = Memory(case.device), Meter(case.device)
    step = case.step(how)

    def several(start: int, number: int) -> None:
        for epoch in range(start, start + number):
            step(epoch)

    for line in sys.stdin:
        start, number = map(int, line.split())
        cpu, wall = meter(lambda s: several(s, number), start)  # noqa: B023
        print(json.dumps({"cpu": cpu, "wall": wall, "mib": memory.peak()}), flush=True)
