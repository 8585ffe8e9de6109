"""The success matrix of the chapter on critics: seven architectures, five losses, eight games each.

    .venv/bin/python tools/measure_critics.py              # what is missing; about ten CPU-minutes in all
    .venv/bin/python tools/measure_critics.py --rows "no normalisation" --games 1
    .venv/bin/python tools/measure_critics.py --commit     # into the book's records

Each cell is written to build/critics.json as soon as it is done, so a run that was stopped goes on where it
ended. `--commit` copies the cells that are there into book/lib/avbgtn_book/records/critics.json, for the same
number of games and the same settings only.
"""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "book" / "lib"), str(ROOT / "tools")]

import game_records  # noqa: E402
from avbgtn_book.further import games  # noqa: E402

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
    game_records.main(
        __doc__.splitlines()[0],
        {"rows": list(games.ARCHITECTURES), "methods": list(games.METHODS)},
        measured,
        lambda cell: (cell["modes"], cell["good"]),
        settings={"games": GAMES, "steps": STEPS, "batch": BATCH, "seed": SEED},
        build=ROOT / "build" / "critics.json",
        into=RECORD,
    )


if __name__ == "__main__":
    main()
