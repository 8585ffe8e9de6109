"""The parameters of one training: their names, which values they may have, and what follows from them.

Importing this imports no torch.
"""

from ..errors import ConfigError
from .config import (
    ALIGNED,
    CHOICES,
    LATER,
    MODELS,
    OF_PRESET,
    PRESETS,
    T_PENALTIES,
    Config,
    default_posterior,
)
from .parameters import Parameters, check_parameters_cell, from_parameters

__all__ = [
    "ALIGNED",
    "CHOICES",
    "LATER",
    "MODELS",
    "OF_PRESET",
    "PRESETS",
    "T_PENALTIES",
    "Config",
    "ConfigError",
    "Parameters",
    "check_parameters_cell",
    "default_posterior",
    "from_parameters",
]
