"""What ``python -m avbgtn study`` trains, declared; ``study.py`` does it. A cell is a variant with one seed.

Changes are changes to a :class:`~avbgtn.config.Config` that otherwise has the values of its preset, and what tells UNIT
from AVB-GTN as the papers have it: noise at the code and a mean square for UNIT, noise at the input and T for AVB-GTN.
"""

from typing import Any, NamedTuple


class Variant(NamedTuple):
    """One setting, to be trained with the seeds 0, 1, ..., ``seeds - 1``."""

    name: str
    model: str  # "unit" or "avb_gtn"
    seeds: int
    changes: dict[str, Any]


class Grid(NamedTuple):
    """Every variant at one size."""

    name: str
    preset: str
    epochs: int
    common: dict[str, Any]  # changes that all cells share
    variants: tuple[Variant, ...]
    device: str = "cpu"  # what can be had everywhere, and gives everywhere the same
    images: int | None = None  # so many of each split are scored; None is all


VARIANTS = (
    # The comparison: both models as written, from independent and from twin initialisation.
    Variant("unit", "unit", 8, {}),
    Variant("avb_gtn", "avb_gtn", 8, {}),
    Variant("unit-twin", "unit", 8, {"init": "twin"}),
    Variant("avb_gtn-twin", "avb_gtn", 8, {"init": "twin"}),
    # Controls: what does a part do? Independent initialisation.
    Variant("unit-no-kl", "unit", 3, {"penalty": "none"}),
    Variant("unit-no-noise", "unit", 3, {"posterior": "none"}),
    Variant("avb_gtn-logit", "avb_gtn", 3, {"penalty": "logit"}),
    Variant("avb_gtn-softplus", "avb_gtn", 3, {"penalty": "softplus"}),
    Variant("avb_gtn-noise-0.05", "avb_gtn", 3, {"noise_scale": 0.05}),
    Variant("avb_gtn-no-t", "avb_gtn", 3, {"lambda_1": 0.0, "lambda_3": 0.0}),
    Variant("avb_gtn-contrast", "avb_gtn", 3, {"adaptive_contrast": 16}),
    Variant("avb_gtn-t-on-z", "avb_gtn", 3, {"t_input": "z"}),
    Variant("avb_gtn-literal", "avb_gtn", 3, {"lambda_reading": "literal"}),
)

# Figure 6 of the paper holds a long UNIT against a short AVB-GTN. The long one, 50,000 epochs, is the run of the hair
# chapter (`records/celeba-50000.json`, one seed); these have a fortieth of its epochs, and its size.
SHORT = (Variant("unit", "unit", 3, {}), Variant("avb_gtn", "avb_gtn", 3, {}))

GRIDS = {
    # The book's evidence: 64 px, width 16.
    "full": Grid("full", preset="quick", epochs=2000, common={}, variants=VARIANTS),
    # The same cells, small enough to see in minutes that all of them run. Their scores mean nothing.
    "toy": Grid("toy", "quick", 20, {"size": 32, "width": 4}, VARIANTS, images=8),
    "figure-6": Grid("figure-6", "quick", 1250, {"size": 32, "width": 4}, SHORT),
    # Larger, for a GPU.
    "reader": Grid("reader", "reader", 10_000, {}, VARIANTS, device="cuda"),
    "paper": Grid("paper", "paper", 50_000, {}, VARIANTS, device="cuda"),
}
