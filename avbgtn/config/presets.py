"""Presets: by name, a size of the model and what trains it. Each is a set of values of a config's fields.

``quick``, ``reader`` and ``paper`` are one recipe, that of UNIT's code, at three sizes: ``paper`` to the
digit, the others with a step size that suits them, and from Kaiming's weights, as from N(0, 0.02) a short
run stays grey. ``modern`` is the size of ``quick`` with what has been learnt since about training such
networks. The losses are the same in all of them.
"""

from typing import Any

Preset = dict[str, Any]

QUICK: Preset = dict(
    size=64, width=16, private_blocks=2, shared_blocks=1,
    lr=1e-3, weight_decay=0.0, ema=0.99, weight_init="kaiming",
)  # fmt: skip
READER: Preset = dict(
    size=64, width=32, private_blocks=3, shared_blocks=1,
    lr=5e-4, weight_decay=0.0, ema=0.999, weight_init="kaiming",
)  # fmt: skip
PAPER: Preset = dict(
    size=128, width=64, private_blocks=3, shared_blocks=1,
    lr=1e-4, weight_decay=1e-4, ema=0.999, weight_init="normal",
)  # fmt: skip

# Muon needed half the updates in first trials, of one to three seeds; resized features leave no grid, as
# transposed convolutions do; steps that shrink and averages that grow need no length foreseen; both domains
# start alike, so that a translation begins as a reconstruction. A slow discriminator judges the colour of
# hair and leaves the background alone: at 1e-3 its gradient moved the walls too.
MODERN: Preset = dict(
    optimiser="muon", muon_lr=0.03, lr_inverse_sqrt=100, d_lr=5e-5, norm="layer", upsampling="resize",
    init="twin", ema=0.999, ema_warmup=10,
)  # fmt: skip

# The fields of a config that each preset sets, for pictures.
PRESETS: dict[str, Preset] = {
    "quick": QUICK,
    "reader": READER,
    "paper": PAPER,
    "aligned": QUICK,
    "modern": QUICK | MODERN,
    "modern-aligned": QUICK | MODERN,
}

# The variant that the results chapter found: T tells the codes of the two domains apart, patch by patch and
# without their images, and the noise is where UNIT has it. Fields of AVB-GTN alone; UNIT stays UNIT.
ALIGNED: Preset = dict(
    posterior="code", penalty="softplus", t_input="z", t_view="patch", t_prior="other",
    lambda_1=1.0, lambda_3=1.0,
)  # fmt: skip

# What a preset sets for AVB-GTN, where the parameter has its default. With Muon, coefficients of 1.0 held the
# reconstruction back: L1 .052 against .024 with 0.1, after 750 epochs of seed 0.
OF_PRESET: dict[str, Preset] = {
    "aligned": ALIGNED,
    "modern-aligned": ALIGNED | dict(lambda_1=0.1, lambda_3=0.1),
}

# Of sounds: the paper names none of these numbers. "kaiming_all": from N(0, 0.02) the discriminators of
# spectrograms are still at chance after 500 epochs.
_QUICK_SOUND = QUICK | dict(rate=8000, seconds=1.0, size=128, width=8, weight_init="kaiming_all")
_MODERN_SOUND = _QUICK_SOUND | MODERN | dict(d_lr=0.0)  # the slow discriminator was tried on pictures alone
SOUND_PRESETS: dict[str, Preset] = {
    "quick": _QUICK_SOUND,
    "reader": READER | dict(rate=16000, seconds=1.0, size=128, width=24, weight_init="kaiming_all"),
    "paper": PAPER | dict(rate=16000, seconds=1.0),
    "aligned": _QUICK_SOUND,
    "modern": _MODERN_SOUND,
    "modern-aligned": _MODERN_SOUND,
}
