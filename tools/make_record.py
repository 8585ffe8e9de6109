"""Run a chapter with several seeds and commit what its checks saw: the record that the bands come from.

    python tools/make_record.py book/celeba.ipynb --seeds 0 1 2

Each seed is one papermill run in a folder of its own; the numbers are those that the chapter gives to
``avbgtn.records.check``. About four CPU-minutes a seed.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from avbgtn import records
from avbgtn.provenance import provenance


def numbers_of(notebook: Path, seed: int) -> dict[str, float]:
    """All numbers that the chapter checks, from one run with this seed."""
    with tempfile.TemporaryDirectory() as folder:
        collected = Path(folder) / "numbers.jsonl"
        (Path(folder) / "data").mkdir()  # empty, so that no CelebA is found
        environment = os.environ | {
            "AVBGTN_COLLECT": str(collected), "AVBGTN_RUNS": f"{folder}/runs", "AVBGTN_DATA": f"{folder}/data",
            "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "",
        }  # fmt: skip
        command = [
            sys.executable,
            "-m",
            "papermill",
            "--no-progress-bar",
            str(notebook),
            f"{folder}/out.ipynb",
            "-p",
            "seed",
            str(seed),
        ]
        subprocess.run(command, env=environment, check=True)
        found: dict[str, float] = {}
        for line in collected.read_text().splitlines():
            found |= json.loads(line)
        return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("notebook", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    args = parser.parse_args()
    by_seed = [numbers_of(args.notebook, seed) for seed in args.seeds]
    record = {
        "command": f"python tools/make_record.py {args.notebook} --seeds {' '.join(map(str, args.seeds))}",
        "provenance": provenance(),
        "seeds": args.seeds,
        "values": {name: [round(numbers[name], 6) for numbers in by_seed] for name in by_seed[0]},
    }
    print(records.save(args.notebook.stem, record))


if __name__ == "__main__":
    main()
