"""The success matrix of the chapter on critics: seven architectures, five losses, eight games each.

    .venv/bin/python tools/measure_critics.py              # what is missing; about ten CPU-minutes in all
    .venv/bin/python tools/measure_critics.py --rows "no normalisation" --games 1
    .venv/bin/python tools/measure_critics.py --commit     # into the book's records

Each cell is written to build/critics.json as soon as it is done, so a run that was stopped goes on where it
ended. `--commit` copies the cells that are there into book/lib/avbgtn_book/records/critics.json, for the same
number of games and the same settings only.
"""

import argparse
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "book" / "lib"), str(ROOT / "tools")]

import torch  # noqa: E402

from avbgtn_book.further import games  # noqa: E402
from game_records import commit, read, write  # noqa: E402

RECORD = ROOT / "book" / "lib" / "avbgtn_book" / "records" / "critics.json"
STEPS, BATCH, GAMES, SEED = 400, 64, 8, 0


def measured(row: str, method: str, count: int) -> dict:
    """One cell: modes and good share of each game, and the processor time of all."""
    played = games.play(games.METHODS[method], row, games=count, seed=SEED, steps=STEPS, batch=BATCH)
    modes, good = zip(*played.counts(), strict=True)
    return {
        "modes": list(modes), "good": [round(g, 3) for g in good], "cpu_seconds": round(played.seconds, 1)
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--rows", nargs="+", choices=list(games.ARCHITECTURES), default=list(games.ARCHITECTURES)
    )
    parser.add_argument("--methods", nargs="+", choices=list(games.METHODS), default=list(games.METHODS))
    parser.add_argument("--games", type=int, default=GAMES, help="games of each cell")
    parser.add_argument(
        "--commit", action="store_true", help="copy what was measured into the book's records"
    )
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "critics.json")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    settings = {"games": asked.games, "steps": STEPS, "batch": BATCH, "seed": SEED}
    record = read(asked.build, settings)
    if asked.commit:
        commit(record, RECORD)
        return
    for row in asked.rows:
        for method in asked.methods:
            key = f"{row} | {method}"
            if key not in record["cells"]:
                record["cells"][key] = measured(row, method, asked.games)
                write(asked.build, record)
            cell = record["cells"][key]
            print(key, cell["modes"], cell["good"], f"{cell['cpu_seconds']} CPU s", flush=True)


if __name__ == "__main__":
    main()
