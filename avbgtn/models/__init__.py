"""The models: losses, networks, UNIT and AVB-GTN."""

from ..config import Config
from .avb_gtn import AVBGTN
from .unit import UNIT
from .varied import VariedAVBGTN

MODELS = {"unit": UNIT, "avb_gtn": AVBGTN}


def build(config: Config) -> UNIT:
    """The model of a config, with its initial weights."""
    model = (MODELS[config.model] if config.t_is_the_papers else VariedAVBGTN)(config)
    return model.double() if config.precision == "64-true" else model
