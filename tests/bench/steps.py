"""Our step against the reference step, and each speed-up by itself."""

import statistics
from collections.abc import Callable
from dataclasses import replace

from case import REFERENCE, Case
from measure import gflop, median_ratio
from worker import in_turn

from avbgtn.config import speed

# Operations of the base code's step at its own width and batch 1 (facts of the code, measured on it):
# our reference step has to do as many, else it is not that step.
BASE_GFLOP = {64: 128.0, 128: 512.0}
MAY_DIFFER = 0.02
Say = Callable[[str], None]


class WrongFlops(AssertionError):
    """The reference step does not do the arithmetic of the base code's."""


def check_flops(found: float, size: int) -> None:
    """Raises :class:`WrongFlops` if UNIT's reference step at batch 1 is not the base code's."""
    expected = BASE_GFLOP[size]
    if abs(found / expected - 1) > MAY_DIFFER:
        raise WrongFlops(
            f"the reference step of UNIT at {size} px does {found:.1f} GFLOP, expected {expected:.0f} within "
            f"{MAY_DIFFER:.0%}: it is no longer the step of the base code"
        )


def cases(device: str, small: bool) -> list[Case]:
    """What is measured: the two models, 64 and 128 px, batch 1 and 8,
    of the paper's width and of the reader's.
    """
    if small:
        return [Case(m, "quick", 32, b, width=2, device=device) for m in ("unit", "avb_gtn") for b in (1, 2)]
    return [
        Case(model, preset, size, batch, device=device)
        for preset in ("paper", "reader")
        for size in (64, 128)
        for batch in (1, 8)
        for model in ("unit", "avb_gtn")
    ]


def measure(device: str, *, small: bool = False, say: Say = print) -> list[dict]:
    """One record a case: seconds, GFLOP and MiB of both steps, and their ratios,
    ours over the reference's.
    """
    found = []
    for case in cases(device, small):
        single = replace(case, batch=1)  # twice the images are twice the operations
        flops = {
            who: case.batch * gflop(single.step(how))
            for who, how in (("reference", REFERENCE), ("ours", "plain"))
        }
        if (case.model, case.preset, case.batch, small) == ("unit", "paper", 1, False):
            check_flops(flops["reference"], case.size)
        large = flops["reference"] > 1000  # half a minute a step
        rounds, warm_up = (1, 1) if large else (2, 2) if case.batch > 1 else (5, 2)
        seconds = in_turn(case, [REFERENCE, "auto"], rounds=rounds, warm_up=warm_up)
        seconds = {"reference": seconds[REFERENCE], "ours": seconds["auto"]}
        memory = {who: v["mib"][-1] for who, v in seconds.items()}
        record = {
            **{k: getattr(case, k) for k in ("model", "preset", "size", "batch")},
            "gflop": {k: round(v, 2) for k, v in flops.items()},
            "cpu_seconds": {k: round(statistics.median(v["cpu"]), 4) for k, v in seconds.items()},
            "wall_seconds": {k: round(statistics.median(v["wall"]), 4) for k, v in seconds.items()},
            "all_cpu_seconds": {k: [round(t, 4) for t in v["cpu"]] for k, v in seconds.items()},
            "mib": memory,
            "ratio": {
                "gflop": round(flops["ours"] / flops["reference"], 3),
                "cpu": round(median_ratio(seconds["ours"]["cpu"], seconds["reference"]["cpu"]), 3),
                "wall": round(median_ratio(seconds["ours"]["wall"], seconds["reference"]["wall"]), 3),
                "memory": memory["ours"] and round(memory["ours"] / memory["reference"], 3),
            },
        }
        found.append(record)
        r, s = record["ratio"], record["cpu_seconds"]
        say(
            f"{case}: {s['reference']:.3f} -> {s['ours']:.3f} s; of the reference's: "
            f"CPU time {r['cpu']:.2f}, wall {r['wall']:.2f}, GFLOP {r['gflop']:.2f}, memory {r['memory']}"
        )
    return found


def measure_speed_ups(device: str, *, small: bool = False, say: Say = print) -> list[dict]:
    """Each speed-up by itself against the plain step, and what ``auto`` makes of them,
    in three sizes of UNIT.
    """
    sizes = [("quick", 32, 1)] if small else [("quick", 64, 1), ("paper", 64, 1), ("paper", 128, 1)]
    names = [
        name for name in speed.SPEED_UPS if name != "background" and (name != "graph" or device == "cuda")
    ]
    ways = ["plain", *names, "auto"]
    found = []
    for preset, size, batch in sizes:
        case = Case("unit", preset, size, batch, width=2 if small else None, device=device)
        seconds = in_turn(case, ways, rounds=2 if small else 15 if preset == "quick" else 5)
        for way in ways:
            ratio = median_ratio(seconds[way]["cpu"], seconds["plain"]["cpu"])
            found.append(
                {
                    "preset": preset,
                    "size": size,
                    "batch": batch,
                    "speed": way,
                    "on": way in speed.AUTO[device],
                    "cpu_seconds": round(statistics.median(seconds[way]["cpu"]), 4),
                    "of_plain": round(ratio, 3),
                    "mib": seconds[way]["mib"][-1],
                }
            )
            say(f"{case}: {way:14s} {found[-1]['cpu_seconds']:.3f} s, {ratio:.2f} of plain")
    return found
