"""Ways to train faster, or in less memory, that leave the result as it is, each with a switch of its own.

The ``speed`` parameter names them: ``auto`` is what ``make bench`` found faster, or leaner, on the device,
``plain`` is none of them, and any others are joined by commas. Importing this imports no torch.

What the step saves by its order (every network runs once for all players, no gradients where none are needed,
the way back only after the discriminators' turn) has no switch: that is how ``models/unit.py`` and
``training/trainer.py`` are written, and ``tests/bench/reference.py`` is how it is without.
"""

from ..errors import ConfigError

SPEED_UPS = {
    "fused": "Adam as one pass over memory",
    "products": "convolutions with many weights and few places as matrix products",
    "early": "large weights are updated during the backward pass, and their gradients freed (one process)",
    "keep_memory": "freed memory is kept for the next step instead of going back to the system (Linux)",
    "background": "checkpoints are written by a thread while training goes on",
    "channels_last": "experimental, on no GPU measured yet: channels last in memory",
    "graph": (
        "experimental, on no GPU measured yet: the step as one CUDA graph; on a CPU, the same static buffers"
        " without a graph"
    ),
}
# On a GPU nothing is measured yet but what torch's and this project's design settle: see the page on speed.
AUTO = {"cpu": ("fused", "products", "early", "keep_memory", "background"), "cuda": ("fused", "background")}


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
            f"speed must be auto, plain, or some of {','.join(SPEED_UPS)}, got"
            f" {', '.join(map(repr, unknown))}"
        )
    return names
