"""Does the book hold on another processor? Runs every notebook, and every test marked `numerical`,
under each variant.

    python tools/variants                      every variant once, and the table; `make variants` is the same
    python tools/variants --only audio,gan     some notebooks
    python tools/variants --seeds 8 --gather   eight seeds on the first four variants that differ here:
                                               what ranges are made of
    python tools/variants --table              only the table of what was run so far
    python tools/variants --commit             write what was run into the records: the table, and the numbers
                                               of each chapter

A variant holds torch, oneDNN and MKL to an older instruction set (machine.py). One that changes no bit here
counts as not run. What is done is kept in build/variants/ and not done again while a notebook's cells are the
same; stop and go on as you like. Once through all variants takes about an hour and a half of two cores, the
eight seeds three hours.
"""

import argparse
import os
import sys
from pathlib import Path

from machine import VARIANTS, distinct, in_use
from numerical_tests import run_tests
from record import commit
from runner import run_all
from table import markdown, outcomes

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "build" / "variants"
CHAPTERS = (
    "vae", "gan", "avb", "unit", "avb_gtn", "celeba", "audio", "results", "critics", "divergences", "collapse"
)  # fmt: skip
GATHER = 4  # instruction sets that a range is made of


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python tools/variants",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--only", default=",".join((*CHAPTERS, "tests")), help="notebooks, and `tests`, by commas"
    )
    parser.add_argument("--variants", help="some of: " + ", ".join(VARIANTS))
    parser.add_argument("--seeds", type=int, default=1, help="how many, from 0 on; 0 is the committed one")
    parser.add_argument(
        "--gather", action="store_true", help=f"only the first {GATHER} variants that differ here"
    )
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--table", action="store_true", help="run nothing")
    parser.add_argument("--commit", action="store_true", help="run nothing, write the records")
    args = parser.parse_args()
    chosen = args.variants.split(",") if args.variants else list(VARIANTS)
    if unknown := [name for name in chosen if name not in VARIANTS]:
        parser.error(f"unknown variants {', '.join(unknown)}: expected some of {', '.join(VARIANTS)}")
    only = args.only.split(",")
    if unknown := [name for name in only if name not in (*CHAPTERS, "tests")]:
        parser.error(
            f"unknown notebooks {', '.join(unknown)}: expected some of {', '.join((*CHAPTERS, 'tests'))}"
        )

    used = {}
    for name in chosen:
        if use := in_use(name):
            used[name] = use
        else:
            print(f"{name}: this processor lacks the instructions, so it is not run", flush=True)
    different = distinct(used)
    for name, use in used.items():
        words = "" if name in different else "; no bit differs from a variant above, so it counts as not run"
        print(f"{name}: torch {use['capability']}, convolutions {use['convolutions']}{words}", flush=True)
    if args.gather:
        different = different[:GATHER]
        if len(different) < GATHER:
            sys.exit(
                f"This processor knows {len(different)} variants that differ, {GATHER} "
                "are needed: use a newer one."
            )

    chapters = [ROOT / "book" / f"{name}.ipynb" for name in only if name != "tests"]
    file = RESULTS / "runs.jsonl"
    if not (args.table or args.commit):
        jobs = [
            (path, seed, variant) for path in chapters for seed in range(args.seeds) for variant in different
        ]
        run_all(jobs, file, used, processes=args.processes)
        if "tests" in only:
            run_tests(different, RESULTS / "tests.jsonl", used, processes=args.processes)
    if args.commit:
        return commit(chapters, file, RESULTS / "tests.jsonl")
    found = outcomes(chapters, file, RESULTS / "tests.jsonl")
    print(markdown(found))
    return 0 if all(not row["failed"] for row in found) else 1


if __name__ == "__main__":
    sys.exit(main())
