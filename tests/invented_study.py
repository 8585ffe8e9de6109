"""A record of a study that never was, whose scores are what a test says."""

import copy

from avbgtn.study.grid import VARIANTS


def cell(variant, seed, whole, *, t=None):
    """An invented training whose every score is ``whole``, falling to it along the curve."""
    epochs = [100, 200, 300, 400]
    fall = [4 * whole, 2 * whole, 1.5 * whole, whole]
    scores = dict.fromkeys(
        ("l1_whole", "l1_hair", "l1_outside", "rec", "cyc", "diversity", "ssim", "psnr"), whole
    )
    curve = {"epoch": epochs, "cpu_seconds": [0.1 * x for x in epochs], "l1_whole": fall, "noise_share": fall}
    if t:
        curve["t_loss"] = [t] * 4
    split = scores | {key: dict(scores) for key in ("12", "21", "sample", "raw")}
    probes = dict.fromkeys(
        ("domain", "style", "yaw", "tone", "transfer_style", "transfer_yaw", "twin_distance"), 0.5
    )
    return {
        "variant": variant,
        "seed": seed,
        "model": variant.split("-")[0],
        "cpu_seconds": 40.0,
        "curve": curve,
        "revision": "1234567",
        "validation": split,
        "test": copy.deepcopy(split),
        "seen": scores,
        "codes": probes,
        "shifts": {name: dict(scores) for name in ("darker", "turned", "closer")},
        "epochs": 400,
    }


def study(ours=0.04, theirs=0.05, seeds=8, more=0.0):
    """AVB-GTN at ``ours`` and UNIT at ``theirs``, controls with ``more``,
    plus a little that differs by seed.
    """
    cells = {}
    for variant in VARIANTS:
        for seed in range(seeds if variant.seeds == 8 else 3):
            level = ours if variant.model == "avb_gtn" else theirs
            level += more * (variant.seeds == 3)
            own = cell(
                variant.name, seed, level + 1e-4 * (seed % 3), t=1e-5 if variant.model == "avb_gtn" else None
            )
            cells[f"{variant.name}-seed{seed}"] = own
    copying = {"copy": {"l1_whole": 0.06}}
    return {
        "grid": "full",
        "epochs": 400,
        "cells": cells,
        "references": {"validation": copying, "test": copying},
    }
