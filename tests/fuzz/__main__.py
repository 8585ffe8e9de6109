"""``make fuzz``: cases of every kind, for an hour by default;
what failed is saved with a command that repeats it.

    make fuzz                                   an hour
    make fuzz ARGS="--minutes 5 --only pictures,sounds --seed 7"
    make fuzz ARGS="--repeat build/fuzz/pictures-1a2b3c4d.json"
    .venv/bin/python tests/fuzz --quick         the minute of `make test`: so many cases, the same every time

Kinds: parameters, pictures, sounds, weights, run_folders, datasets, command_line, kills. The numbers go
to ``build/fuzz.json``. Exit code 1 if anything ended in a traceback, hung, took all memory, or went
through with another result.
"""

import argparse
import hashlib
import importlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):  # before torch is imported
    os.environ[variable] = "1"
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parents[1])]

import torch  # noqa: E402

torch.set_num_threads(1)

import hypothesis.configuration  # noqa: E402
import kinds  # noqa: E402
from outcomes import KINDS, Outcome  # noqa: E402
from search import Search, Tally  # noqa: E402

SLICE = 20.0  # seconds for a kind at a time, times its share


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="make fuzz", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default=",".join(kinds.NAMES), help="kinds, joined by commas")
    parser.add_argument("--quick", action="store_true", help="a fixed number of cases instead of minutes")
    parser.add_argument(
        "--repeat", type=Path, metavar="CASE.json", help="try one saved case again and say everything"
    )
    parser.add_argument("--out", type=Path, default=Path("build"))
    args = parser.parse_args(arguments)
    chosen = args.only.split(",")
    if unknown := [name for name in chosen if name not in kinds.NAMES]:
        parser.error(f"--only must be some of {','.join(kinds.NAMES)}, got {unknown[0]!r}")

    scratch = Path(tempfile.mkdtemp(prefix="avbgtn-fuzz-"))
    hypothesis.configuration.set_hypothesis_home_dir(scratch / "hypothesis")
    for name in ("runs", "data"):
        (scratch / name).mkdir()
        os.environ[f"AVBGTN_{name.upper()}"] = str(scratch / name)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # by way of what ends and removes everything
    try:
        if args.repeat:
            return _repeat(args.repeat, scratch)
        shutil.rmtree(args.out / "fuzz", ignore_errors=True)
        (args.out / "fuzz").mkdir(parents=True)
        # all at once, so that no child imports anything of its own again and again
        searches = [Search(importlib.import_module(name), args.seed, scratch) for name in chosen]
        if args.quick:
            for search in searches:
                search.quick()
                _say(search.tally)
        else:
            _by_time(searches, 60 * args.minutes, args.out / "fuzz")
        return _report(searches, args)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _by_time(searches: list[Search], seconds: float, folder: Path) -> None:
    """Each kind in turn for a slice of the time by its share, until the time is over and
    each has its least number.
    """
    for search in searches:  # what failed once is tried in any case, and on top of the time
        search.seeds()
        _say(search.tally)
    start = time.monotonic()
    while (left := start + seconds - time.monotonic()) > 0:
        total = sum(s.kind.SHARE for s in searches)
        scale = min(1.0, left / (SLICE * total))
        for search in searches:
            search.more(10**9, until=time.monotonic() + SLICE * search.kind.SHARE * scale)
            _say(search.tally)
        _failures(searches, folder)  # now: nobody should wait an hour for the first
    if seconds >= 3600:
        for search in searches:
            search.more(max(0, getattr(search.kind, "AT_LEAST", 0) - search.tally.tried))


def _say(tally: Tally) -> None:
    wrong = sum(tally.counts[k] for k in KINDS[2:])
    print(f"{tally.kind}: {tally.tried:,} cases, {wrong:,} wrong, {len(tally.causes)} causes", flush=True)


def _report(searches: list[Search], args: argparse.Namespace) -> int:
    rows = {s.tally.kind: s.tally.row() for s in searches}
    failures = _failures(searches, args.out / "fuzz")
    found = {
        "seed": args.seed,
        "minutes": None if args.quick else args.minutes,
        "kinds": rows,
        "failures": failures,
    }
    if write_points := _write_points(args):
        found["write_points"] = write_points
    (args.out / "fuzz.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(_table(rows))
    for failure in failures:
        print(
            f"\n{failure['kind']}: {failure['outcome']}, {failure['times']} times: {failure['cause']}\n"
            f"  {failure['repeat']}"
        )
    print(f"\nwritten: {args.out / 'fuzz.json'}")
    return 1 if failures or write_points.get("failures") else 0


def _failures(searches: list[Search], folder: Path) -> list[dict]:
    """What failed so far, each saved with what repeats it."""
    return [
        _save(folder, search.tally.kind, cause, case, outcome, search.tally.seen[cause])
        for search in searches
        for cause, (case, outcome) in search.tally.causes.items()
    ]


def _write_points(args: argparse.Namespace) -> dict:
    """Every write point times every fault, in a process of its own; once, whatever the minutes."""
    if args.quick or args.only != ",".join(kinds.NAMES):
        return {}
    ended = subprocess.run([sys.executable, HERE / "write_points.py"], stdout=subprocess.PIPE, text=True)
    found = json.loads(ended.stdout)
    print(f"write points: {found['points']} points, {found['cases']} cases, {len(found['failures'])} wrong")
    return found


def _save(folder: Path, kind: str, cause: str, case, outcome: Outcome, times: int) -> dict:
    text = json.dumps(case, sort_keys=True)
    path = folder / f"{kind}-{hashlib.sha256(text.encode()).hexdigest()[:8]}.json"
    saved = {
        "kind": kind,
        "outcome": outcome.kind,
        "cause": cause,
        "times": times,
        "case": case,
        "text": outcome.text,
        "output": outcome.output[-1000:],
    }
    saved["repeat"] = f"make fuzz ARGS={shlex.quote(f'--repeat {path}')}"
    path.write_text(json.dumps(saved, indent=1) + "\n", encoding="utf-8")
    return saved


def _repeat(path: Path, scratch: Path) -> int:
    saved = json.loads(path.read_text(encoding="utf-8"))
    print(json.dumps(saved["case"], indent=1))
    outcome = Search(importlib.import_module(saved["kind"]), 0, scratch).repeat(saved["case"])
    print(
        f"{outcome.kind}: {outcome.cause}\n{outcome.text}\n{outcome.output}".encode(
            "utf-8", "backslashreplace"
        ).decode()
    )
    return 0 if outcome.right else 1


def _table(rows: dict[str, dict]) -> str:
    head = (
        "kind",
        "tried",
        "success",
        "one sentence",
        "traceback",
        "hang",
        "memory",
        "silent difference",
        "a CPU-minute",
    )
    lines = []
    for name, row in rows.items():
        rate = 60 * row["tried"] / row["cpu_seconds"] if row["cpu_seconds"] else 0
        lines.append((name, *(str(row[k]) for k in ("tried", *KINDS)), f"{rate:.0f}"))
    lines.append(("all", *(str(sum(row[k] for row in rows.values())) for k in ("tried", *KINDS)), ""))
    widths = [max(len(line[i]) for line in [head, *lines]) for i in range(len(head))]
    return "\n".join(
        "  ".join(
            text.rjust(w) if i else text.ljust(w)
            for i, (text, w) in enumerate(zip(line, widths, strict=True))
        )
        for line in [head, *lines]
    )


if __name__ == "__main__":
    sys.exit(main())
