"""``make bench``: what a training step costs, against the base code's step, and how the cost grows.

    make bench                               everything, about an hour on one core
    make bench ARGS="--only steps --small"   one part; networks of toy size, in seconds, to see that it works
    make bench ARGS="--device cuda"          on a GPU

Both steps run side by side in one process, in turn, after a warm-up; what is printed are medians, and
medians of the ratios pair by pair. Peak memory is measured in a process for each. The numbers go to
``build/bench.json``.
"""

import argparse
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import torch  # noqa: E402

torch.set_num_threads(1)

import curves  # noqa: E402
import quality  # noqa: E402
import steps  # noqa: E402
import throughput  # noqa: E402
from measure import machine  # noqa: E402

PARTS = {
    "steps": lambda a, say: steps.measure(a.device, small=a.small, say=say),
    "speed_ups": lambda a, say: steps.measure_speed_ups(a.device, small=a.small, say=say),
    "curves": lambda a, say: curves.measure(a.device, small=a.small, say=say),
    "quality": lambda a, say: quality.measure(a.device, small=a.small, say=say),
    "data": lambda a, say: throughput.throughput(pictures=24 if a.small else 240),
}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="make bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default=",".join(PARTS), help=f"some of {','.join(PARTS)}")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--small", action="store_true", help="toy sizes: the numbers mean nothing")
    parser.add_argument("--out", type=Path, default=Path("build/bench.json"))
    args = parser.parse_args(arguments)
    chosen = args.only.split(",")
    if unknown := [name for name in chosen if name not in PARTS]:
        parser.error(f"--only must be some of {','.join(PARTS)}, got {unknown[0]!r}")
    if args.device == "cuda" and not torch.cuda.is_available():
        parser.error("--device cuda was asked for and torch sees no CUDA device")

    # Parts that were measured before stay, so that the whole can be measured piece by piece.
    found = json.loads(args.out.read_text()) if args.out.exists() else {}
    where = machine(args.device)
    print(f"{where['machine']}; {where['device']}; torch {where['versions']['torch']}", flush=True)
    failed = []
    for name in chosen:
        try:
            result = PARTS[name](args, lambda text: print(text, flush=True))
        except steps.WrongFlops as error:
            failed.append(str(error))
            continue
        found[name] = {"machine": where, "small": args.small, "found": result}
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(f"written: {args.out}")
    for text in failed:
        print(f"error: {text}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
