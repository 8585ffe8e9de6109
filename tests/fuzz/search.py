"""Trying many cases of one kind: hypothesis makes them up from a seed, and makes small what fails.

Cases are JSON. The same seed gives the same cases, in the same order, on any machine;
what is tried longer goes further along the same road.
"""

import json
import os
import shutil
import tempfile
import time
import zlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis.errors import Flaky
from outcomes import KINDS, Outcome, run

BATCH = 50  # cases from one seed; each new cause of a failure ends its batch
SHRINKS = 80  # cases spent on making one failure smaller


@dataclass
class Tally:
    """What was tried of one kind, and what went wrong, by cause."""

    kind: str
    counts: Counter = field(default_factory=Counter)
    causes: dict[str, tuple[Any, Outcome]] = field(default_factory=dict)  # the smallest case of each
    seen: Counter = field(default_factory=Counter)  # how often each cause came up
    seconds: float = 0.0  # by the clock, of everything
    cpu_seconds: float = 0.0  # of the cases that count, not of those that make a failure smaller

    digest: int = 0  # of all cases that count, in their order: equal where the same was tried

    @property
    def tried(self) -> int:
        return sum(self.counts.values())

    def row(self) -> dict[str, Any]:
        return (
            {"tried": self.tried}
            | {name: self.counts[name] for name in KINDS}
            | {
                "digest": f"{self.digest:08x}",
                "seconds": round(self.seconds, 1),
                "cpu_seconds": round(self.cpu_seconds, 1),
            }
        )


class _New(Exception):
    """A failure whose cause is new: raised for hypothesis, which then makes the case smaller."""


class Search:
    """The cases of one kind.

    Args:
        kind: a module with ``cases`` (a strategy of JSON values), ``run(case, folder, originals)``,
            which is called in the child, and perhaps ``SEEDS`` (cases that failed once),
            ``prepare(originals)`` and ``judge``.
        seed: of everything that is drawn.
        scratch: a folder for what the cases write.
    """

    def __init__(self, kind: ModuleType, seed: int, scratch: Path):
        self.kind, self.seed, self.scratch = kind, seed, scratch
        self.originals = scratch / f"{kind.__name__}-originals"
        self.tally, self.batch = Tally(kind.__name__), 0
        self.prepared = False

    def prepare(self) -> None:
        """Make what all cases start from, once, in a child of its own."""
        if self.prepared:
            return
        self.originals.mkdir(parents=True)
        if hasattr(self.kind, "prepare"):
            made = self.one(lambda folder: self.kind.prepare(self.originals), judged=False)
            if made.kind != "success":
                raise RuntimeError(
                    f"{self.kind.__name__}: the originals could not be made: {made.text} {made.output}"
                )
        self.prepared = True

    def one(self, call, judged: bool = True) -> Outcome:
        folder = Path(tempfile.mkdtemp(dir=self.scratch))
        try:
            return run(lambda: call(folder), folder, getattr(self.kind, "judge", None) if judged else None)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def repeat(self, case: Any) -> Outcome:
        """One case again."""
        self.prepare()
        case = json.loads(json.dumps(case))  # lists for tuples, as it is when it comes from a file
        return self.one(lambda folder: self.kind.run(case, folder, self.originals))

    def seeds(self, which: tuple[int, ...] | None = None) -> None:
        """The cases that are always tried, or some of them: each was a fault once, or may well be one."""
        self.prepare()
        start, cases = time.monotonic(), getattr(self.kind, "SEEDS", ())
        for case in cases if which is None else [cases[k] for k in which]:
            before = _worked()
            self._note(case, self.repeat(case))
            self.tally.cpu_seconds += _worked() - before
        self.tally.seconds += time.monotonic() - start

    def quick(self) -> None:
        """The minute of `make test`: the seeds, and then so many cases, whatever time they take."""
        self.prepare()
        self.seeds(getattr(self.kind, "EVERY_MINUTE", None))
        self.more(self.kind.QUICK)

    def more(self, cases: int = BATCH, until: float = float("inf")) -> None:
        """So many cases more, in batches; none after the moment ``until`` (of ``time.monotonic``)."""
        self.prepare()
        start, goal = time.monotonic(), self.tally.tried + cases
        while self.tally.tried < goal and time.monotonic() < until:
            self._one_batch(min(BATCH, goal - self.tally.tried), until)
        self.tally.seconds += time.monotonic() - start

    def _one_batch(self, cases: int, until: float) -> None:
        number = zlib.crc32(f"{self.seed}/{self.kind.__name__}/{self.batch}".encode())
        self.batch += 1
        known: dict[str, Outcome] = {}
        state = {"left": cases, "target": None, "shrinks": SHRINKS}

        @seeded(number)
        @settings(
            max_examples=cases,
            deadline=None,
            database=None,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate, Phase.shrink),
        )
        @given(self.kind.cases)
        def attempt(case):
            key = json.dumps(case, sort_keys=True)
            if key not in known:
                target = state["target"]
                budget = "left" if target is None else "shrinks"
                if state[budget] <= 0 or time.monotonic() > until:
                    return
                state[budget] -= 1
                before = _worked()
                known[key] = self.repeat(case)
                self.tally.cpu_seconds += (_worked() - before) * (target is None)
                if target is None and self._note(case, known[key]):
                    state["target"] = known[key].cause
                    if known[key].kind in ("hang", "memory"):  # each takes long: not made smaller
                        state["shrinks"] = 0
                elif target is not None and known[key].cause == target:
                    self.tally.causes[target] = case, known[key]  # hypothesis only tries smaller ones
            if state["target"] is not None and known[key].cause == state["target"]:
                raise _New(state["target"])

        try:
            attempt()
        except (_New, Flaky):  # flaky: what depends on the moment, such as a kill, need not fail again
            pass

    def _note(self, case: Any, outcome: Outcome) -> bool:
        """Count an outcome; whether it is a failure of a new cause."""
        self.tally.counts[outcome.kind] += 1
        self.tally.digest = zlib.crc32(json.dumps(case, sort_keys=True).encode(), self.tally.digest)
        if outcome.right:
            return False
        self.tally.seen[outcome.cause] += 1
        new = outcome.cause not in self.tally.causes
        if new:
            self.tally.causes[outcome.cause] = case, outcome
        return new


def _worked() -> float:
    """CPU-seconds of this process and of all children that have ended."""
    return sum(os.times()[:4])
