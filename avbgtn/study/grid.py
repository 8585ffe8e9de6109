"""What ``python -m avbgtn study`` trains, declared; ``cells.py`` does it. A cell is a variant with one seed.

Changes are changes to a :class:`~avbgtn.config.Config` that otherwise has the values of its preset, and what
tells UNIT from AVB-GTN as the papers have it: noise at the code and a mean square for UNIT, noise at the
input and T for AVB-GTN.
"""

from typing import Any, NamedTuple

from ..config import ALIGNED, OF_PRESET


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
    # What the search below found, against UNIT as written and, without T, against UNIT without its KL.
    Variant("aligned", "avb_gtn", 8, ALIGNED),
    # The control that says whether T did anything: the same network, the same noise, no gradient from T.
    Variant("avb_gtn-no-t", "avb_gtn", 8, {"lambda_1": 0.0, "lambda_3": 0.0}),
    # The other controls: what does a part do? Independent initialisation.
    Variant("unit-no-kl", "unit", 3, {"penalty": "none"}),
    Variant("unit-no-noise", "unit", 3, {"posterior": "none"}),
    Variant("avb_gtn-logit", "avb_gtn", 3, {"penalty": "logit"}),
    Variant("avb_gtn-softplus", "avb_gtn", 3, {"penalty": "softplus"}),
    Variant("avb_gtn-noise-0.05", "avb_gtn", 3, {"noise_scale": 0.05}),
    Variant("avb_gtn-contrast", "avb_gtn", 3, {"adaptive_contrast": 16}),
    Variant("avb_gtn-t-on-z", "avb_gtn", 3, {"t_input": "z"}),
    Variant("avb_gtn-literal", "avb_gtn", 3, {"lambda_reading": "literal"}),
)

# The search for a variant that beats UNIT: a third of the epochs, seed 0, as many settings for each side.
_PLACE = {"penalty": "softplus", "t_input": "z", "t_view": "place", "lambda_1": 1.0, "lambda_3": 1.0}
_BETWEEN = _PLACE | {"t_prior": "other"}
_TEN = {"lambda_1": 10.0, "lambda_3": 10.0}
SEARCH = (
    Variant("unit", "unit", 2, {}),
    Variant("unit-no-noise", "unit", 1, {"posterior": "none"}),
    Variant("unit-noise-0.3", "unit", 1, {"noise_scale": 0.3}),
    Variant("unit-noise-2", "unit", 1, {"noise_scale": 2.0}),
    Variant("unit-no-kl", "unit", 1, {"penalty": "none"}),
    Variant("unit-kl-1", "unit", 1, {"lambda_1": 1.0, "lambda_3": 1.0}),
    Variant("unit-kl-10", "unit", 1, _TEN),
    Variant("unit-code-16", "unit", 1, {"code_channels": 16}),
    Variant("unit-lr-0.002", "unit", 1, {"lr": 2e-3}),
    Variant("unit-lr-0.0005", "unit", 1, {"lr": 5e-4}),
    Variant("unit-least-squares", "unit", 1, {"gan_loss": "least_squares"}),
    Variant("unit-gan-3", "unit", 1, {"lambda_0": 3.0}),
    Variant("unit-cycle-300", "unit", 1, {"lambda_4": 300.0}),
    Variant("unit-rec-300", "unit", 1, {"lambda_2": 300.0}),
    # Second round: what did well above, on both sides, and the other ways to make T measure better.
    Variant("unit-lr-0.004", "unit", 1, {"lr": 4e-3}),
    Variant("unit-code-8", "unit", 1, {"code_channels": 8}),
    Variant("unit-no-kl-lr-0.002", "unit", 1, {"penalty": "none", "lr": 2e-3}),
    Variant("unit-lr-0.002-code-16", "unit", 1, {"lr": 2e-3, "code_channels": 16}),
    Variant("unit-gan-1", "unit", 1, {"lambda_0": 1.0}),
    Variant("unit-lr-0.002-gan-3", "unit", 1, {"lr": 2e-3, "lambda_0": 3.0}),
    Variant("unit-kl-0.01", "unit", 1, {"lambda_1": 0.01, "lambda_3": 0.01}),
    Variant("avb_gtn", "avb_gtn", 1, {}),
    Variant("prior-place", "avb_gtn", 1, _PLACE),
    Variant("prior-place-10", "avb_gtn", 1, _PLACE | _TEN),
    Variant("prior-patch", "avb_gtn", 1, _PLACE | {"t_view": "patch"}),
    Variant("domains-place", "avb_gtn", 1, _BETWEEN),
    Variant("domains-place-10", "avb_gtn", 1, _BETWEEN | _TEN),
    Variant("domains-place-code", "avb_gtn", 1, _BETWEEN | {"posterior": "code"}),
    Variant("domains-place-no-noise", "avb_gtn", 1, _BETWEEN | {"posterior": "none"}),
    Variant("domains-patch", "avb_gtn", 1, _BETWEEN | {"t_view": "patch"}),
    Variant("aligned", "avb_gtn", 2, ALIGNED),
    Variant("aligned-10", "avb_gtn", 1, ALIGNED | _TEN),
    Variant("aligned-translated", "avb_gtn", 1, ALIGNED | {"t_train_on": "real+translated"}),
    Variant("aligned-noise-2", "avb_gtn", 1, ALIGNED | {"noise_scale": 2.0}),
    Variant("domains-whole-code", "avb_gtn", 1, ALIGNED | {"t_view": "image"}),
    Variant("aligned-r1", "avb_gtn", 1, ALIGNED | {"t_r1": 1.0}),
    Variant("aligned-t-steps-3", "avb_gtn", 1, ALIGNED | {"t_steps": 3}),
    Variant("aligned-lr-0.002", "avb_gtn", 1, ALIGNED | {"lr": 2e-3}),
    Variant("aligned-lr-0.002-code-16", "avb_gtn", 1, ALIGNED | {"lr": 2e-3, "code_channels": 16}),
    Variant("aligned-gan-1", "avb_gtn", 1, ALIGNED | {"lambda_0": 1.0}),
    Variant("aligned-lr-0.002-gan-3", "avb_gtn", 1, ALIGNED | {"lr": 2e-3, "lambda_0": 3.0}),
    Variant("contrast-logit", "avb_gtn", 1, {"adaptive_contrast": 16, "penalty": "logit"}),  # as AVB has it
)

# The best setting of each side in the search, by the mean over its seeds, at full length and with more seeds.
TUNED = tuple(v._replace(seeds=6) for v in SEARCH if v.name in ("unit-lr-0.002", "aligned-lr-0.002-code-16"))

# What each part of the preset `modern` is worth: taken away by itself, from each of three models, thrice.
_MODELS = {
    "unit": ("unit", {}), "avb_gtn": ("avb_gtn", {}), "aligned": ("avb_gtn", OF_PRESET["modern-aligned"]),
}  # fmt: skip
_WITHOUT = {
    "": {},
    "-adam": {"optimiser": "adam"},
    "-steps-stay": {"lr_inverse_sqrt": 0},
    "-quick-d": {"d_lr": 0.0},
    "-instance": {"norm": "instance"},
    "-transposed": {"upsampling": "transposed"},
    "-independent": {"init": "independent"},
}
RECIPE = tuple(
    Variant(name + part, model, 3, changes | other)
    for part, other in _WITHOUT.items()
    for name, (model, changes) in _MODELS.items()
)

# Figure 6 of the paper holds a long UNIT against a short AVB-GTN. The long one, 50,000 epochs, is the run of
# the hair chapter (`records/celeba-50000.json`, one seed); these have a fortieth of its epochs, and its size.
SHORT = (Variant("unit", "unit", 3, {}), Variant("avb_gtn", "avb_gtn", 3, {}))

GRIDS = {
    # The book's evidence: 64 px, width 16.
    "full": Grid("full", preset="quick", epochs=2000, common={}, variants=VARIANTS),
    # The same cells, small enough to see in minutes that all of them run. Their scores mean nothing.
    "toy": Grid("toy", "quick", 20, {"size": 32, "width": 4}, VARIANTS, images=8),
    "search": Grid("search", "quick", 600, {}, SEARCH, images=32),
    "tuned": Grid("tuned", "quick", 2000, {}, TUNED),
    "recipe": Grid("recipe", "modern", 750, {}, RECIPE),
    "figure-6": Grid("figure-6", "quick", 1250, {"size": 32, "width": 4}, SHORT),
    # Larger, for a GPU.
    "reader": Grid("reader", "reader", 10_000, {}, VARIANTS, device="cuda"),
    "paper": Grid("paper", "paper", 50_000, {}, VARIANTS, device="cuda"),
}
