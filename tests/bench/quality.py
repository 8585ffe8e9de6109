"""Time to quality: the CPU-seconds of training after which the translated validation heads are as near to
their twins as asked. What a step costs says little where one recipe needs half the steps of another.
"""

import statistics
import time
from collections.abc import Callable

from avbgtn import data
from avbgtn.metrics import evaluate
from avbgtn.training.monitor import ema_weights
from avbgtn.training.trainer import Trainer, make_fabric

from case import Case  # isort: skip

TARGET = 0.045  # L1 to the twin over the whole picture, averaged weights, mean of the two directions
PRESETS = ("quick", "modern")
SEEDS = (0, 1, 2, 3)
EVERY = 50  # epochs between two scores
MOST = 5000  # epochs; who is not there by then has failed


def measure(device: str, *, small: bool = False, say: Callable[[str], None] = print) -> dict:
    """By preset and seed: epochs and seconds to the target, the curve on the way; the ratio of the medians.

    Scores cost no time: the clock stands still while the heads are translated.
    """
    seeds, target, most = ((0,), 1.0, EVERY) if small else (SEEDS, TARGET, MOST)
    found: dict = {"target": target, "every": EVERY, "most": most, "presets": {}}
    for preset in PRESETS:
        runs = [_until(preset, seed, target, most, device) for seed in seeds]
        for run in runs:
            reached = f"{run['seconds']:.0f} s" if run["seconds"] else "not reached"
            say(f"L1 {target} with {preset}, seed {run['seed']}: {reached}, {run['epochs']:,} epochs")
        found["presets"][preset] = runs
    first, second = (median([r["seconds"] for r in found["presets"][p]]) for p in PRESETS)
    found["ratio"] = round(second / first, 3) if first and second else None
    say(f"{PRESETS[1]} against {PRESETS[0]}, median of {len(seeds)} seeds: {found['ratio']}")
    return found


def median(seconds: list[float | None]) -> float | None:
    """None, a run that did not arrive, is later than all others."""
    middle = statistics.median([float("inf") if s is None else s for s in seconds])
    return None if middle == float("inf") else middle


def _until(preset: str, seed: int, target: float, most: int, device: str) -> dict:
    heads = data.load("heads", size=64)
    config = Case("unit", preset, 64, 1, device=device, seed=seed).config()
    trainer, held_out = Trainer(config, heads, make_fabric(config)), heads.evaluation("validation")
    used, curve = 0.0, []
    for epoch in range(most):
        start = time.process_time()
        trainer.update(epoch)
        used += time.process_time() - start
        if (epoch + 1) % EVERY == 0:
            with ema_weights(trainer.model, trainer.ema):
                scores = evaluate.score(trainer.model, held_out, how="mean")
            l1 = (scores["12"]["l1_whole"] + scores["21"]["l1_whole"]) / 2
            curve.append([epoch + 1, round(used, 2), round(l1, 4)])
            if l1 <= target:
                return {"seed": seed, "seconds": round(used, 2), "epochs": epoch + 1, "curve": curve}
    return {"seed": seed, "seconds": None, "epochs": most, "curve": curve}
