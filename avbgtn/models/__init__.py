"""The models: losses, networks, UNIT and AVB-GTN."""

from ..config import Config
from .avb_gtn import AVBGTN
from .unit import UNIT

MODELS = {"unit": UNIT, "avb_gtn": AVBGTN}


def build(config: Config) -> UNIT:
    """The model of a config, with its initial weights."""
    model = MODELS[config.model](config)
    return model.double() if config.precision == "64-true" else model
