"""Cures of mode collapse on the hard ring: modes and good samples after a short and after a long training.

    .venv/bin/python tools/measure_collapse.py              # what is missing; a quarter of an hour of CPU
    .venv/bin/python tools/measure_collapse.py --cures none features --steps 1200
    .venv/bin/python tools/measure_collapse.py --commit     # into the book's records

Each cell is a cure and a number of updates, eight games side by side, and is written to build/collapse.json
as soon as it is done, so a run that was stopped goes on where it ended. `--commit` copies the cells that are
there into book/lib/avbgtn_book/records/collapse.json, for the same settings only.
"""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "book" / "lib"), str(ROOT / "tools")]

import game_records  # noqa: E402
from avbgtn_book.collapse import cures  # noqa: E402

RECORD = ROOT / "book" / "lib" / "avbgtn_book" / "records" / "collapse.json"
ALL = cures.CURES | cures.CONTROLS
STEPS, BATCH, GAMES, SEED, LOOKS = (1200, 6000), 64, 8, 0, 3


def measured(cure: str, steps: int, count: int) -> dict:
    """One cell: modes and good share of each game at each look, and the processor time of all games."""
    played = cures.play(ALL[cure], games=count, seed=SEED, steps=steps, batch=BATCH, looks=LOOKS)
    seen = [list(zip(*played.counts(look), strict=True)) for look in range(LOOKS)]
    return {
        "steps": played.steps,
        "modes": [list(modes) for modes, _ in seen],
        "good": [[round(share, 3) for share in good] for _, good in seen],
        "cpu_seconds": round(played.seconds, 1),
    }


def main() -> None:
    game_records.main(
        __doc__.splitlines()[0],
        {"cures": list(ALL), "steps": STEPS},
        measured,
        lambda cell: (cell["modes"][-1], cell["good"][-1]),
        settings={"games": GAMES, "batch": BATCH, "seed": SEED},
        build=ROOT / "build" / "collapse.json",
        into=RECORD,
    )


if __name__ == "__main__":
    main()
