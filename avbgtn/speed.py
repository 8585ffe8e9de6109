"""Ways to train faster, or in less memory, that leave the result as it is, each with a switch of its own.

The ``speed`` parameter names them: ``auto`` is what was measured faster, or leaner, on the device (``make bench``),
``plain`` is none of them, and any others are joined by commas. Importing this imports no torch.

What the step saves by its order (every network runs once for all players, no gradients where none are needed, the way
back only after the discriminators' turn) has no switch: that is how ``unit.py`` and ``trainer.py`` are written, and
``tests/bench/reference.py`` is how it is without.
"""

import ctypes
import sys

from .config import ConfigError

SPEED_UPS = {
    "fused": "Adam as one pass over memory",
    "products": "convolutions with many weights and few places as matrix products",
    "early": "large weights are updated during the backward pass, and their gradients freed (one process)",
    "keep_memory": "freed memory is kept for the next step instead of going back to the system (Linux)",
    "background": "checkpoints are written by a thread while training goes on",
    "channels_last": "channels last in memory",
    "graph": "the step as one CUDA graph; on a CPU, the same static buffers without a graph",
}
# On a GPU nothing has been measured yet but what torch's and this project's design settle: see the page on speed.
AUTO = {"cpu": ("fused", "products", "early", "keep_memory", "background"), "cuda": ("fused", "background")}

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
NEVER = 2**30  # bytes; no piece of memory here is that large


def chosen(speed: str, device: str) -> frozenset[str]:
    """The speed-ups that ``speed`` stands for on a device.

    Raises:
        ConfigError: a name that is none.
    """
    if speed == "auto":
        return frozenset(AUTO[device])
    names = frozenset() if speed == "plain" else frozenset(name.strip() for name in speed.split(","))
    if unknown := sorted(names - set(SPEED_UPS)):
        raise ConfigError(
            f"speed must be auto, plain, or some of {','.join(SPEED_UPS)}, got {', '.join(map(repr, unknown))}"
        )
    return names


def keep_memory() -> bool:
    """Tell the C library to keep what is freed, for the rest of this process; whether it could be told.

    A step frees and takes hundreds of megabytes. By its habit, glibc gives much of it back to the system, which then
    clears it, page by page, for the next step.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        library = ctypes.CDLL(None)
        library.malloc_trim(0)  # what is free by now goes back: it was not the training's
        return bool(library.mallopt(M_MMAP_THRESHOLD, NEVER) and library.mallopt(M_TRIM_THRESHOLD, NEVER))
    except (OSError, AttributeError):  # another C library (musl) has no such calls
        return False
