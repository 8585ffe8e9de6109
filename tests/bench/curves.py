"""How time and memory grow: doubling the pixels, the batch or the epochs should never
more than double them.
"""

import statistics
from collections.abc import Callable
from math import log

from case import Case
from worker import Worker

SLACK = 1.10  # of a doubling: what may be measured above it
PIXELS = {"cpu": ("quick", (32, 48, 64, 96, 128)), "cuda": ("paper", (64, 96, 128, 192, 256))}
BATCHES = {"cpu": (1, 2, 4, 8, 16), "cuda": (1, 2, 4, 8, 16, 32)}
EPOCHS = (4, 8, 16, 32)  # and how many of them at once


def measure(device: str, *, small: bool = False, say: Callable[[str], None] = print) -> dict:
    """By model and by what grows (``"area"``, ``"batch"``, ``"epochs"``): seconds and MiB at each size,
    and the growth from each to the next, per doubling."""
    preset, sizes = ("quick", (32, 48)) if small else PIXELS[device]
    batches = (1, 2) if small else BATCHES[device]
    widest = max(sizes)
    found = {}
    for model in ("unit", "avb_gtn"):
        area = [Case(model, preset, s, 1, device=device) for s in sizes]
        batch = [Case(model, preset, widest, b, device=device) for b in batches]
        found[model] = {
            "area": _curve([c.size**2 for c in area], area, device),
            "batch": _curve([c.batch for c in batch], batch, device),
            "epochs": _epochs(Case(model, preset, sizes[0], 1, device=device), device),
        }
        for what, curve in found[model].items():
            for point, growth in zip(curve["points"][1:], curve["growth"], strict=True):
                say(f"{model}, {preset}, {what} {point['at']}: {point['seconds']:.3f} s, {point['mib']} MiB; "
                    f"growth a doubling: time {growth['seconds']:.2f}, memory {growth['mib']}")  # fmt: skip
    return {"preset": preset, "slack": SLACK, "models": found}


def per_doubling(a: float, b: float, factor: float) -> float:
    """By how much a cost that went from ``a`` to ``b`` as its cause grew ``factor``-fold grows when that
    doubles: 2 is in proportion."""
    return 2 ** (log(b / a) / log(factor))


def _curve(places: list[int], cases: list[Case], device: str) -> dict:
    """Seconds and MiB of one epoch at each place."""
    points = []
    for at, case in zip(places, cases, strict=True):
        with Worker(case, "auto") as worker:
            worker(2)
            found = [worker() for _ in range(4)]
        points.append(_point(at, case, statistics.median(f["cpu"] for f in found), found[-1]["mib"]))
    return {"points": points, "growth": _growth(points)}


def _epochs(case: Case, device: str) -> dict:
    """Seconds of n epochs in a row, and the MiB after them."""
    points = []
    with Worker(case, "auto") as worker:
        worker(4)
        for n in EPOCHS:
            found = worker(n)
            points.append(_point(n, case, found["cpu"], found["mib"]))
    return {"points": points, "growth": _growth(points)}


def _point(at: int, case: Case, seconds: float, mib: float | None) -> dict:
    return {"at": at, "size": case.size, "batch": case.batch, "seconds": round(seconds, 4), "mib": mib}


def _growth(points: list[dict]) -> list[dict]:
    pairs = list(zip(points, points[1:], strict=False))
    return [
        {
            "seconds": round(per_doubling(a["seconds"], b["seconds"], b["at"] / a["at"]), 3),
            "mib": None
            if not (a["mib"] and b["mib"])
            else round(per_doubling(a["mib"], b["mib"], b["at"] / a["at"]), 3),
        }
        for a, b in pairs
    ]
