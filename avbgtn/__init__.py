"""AVB-GTN: UNIT whose KL terms are replaced by AVB's posterior discriminator, and the models on the way to it.

    >>> import avbgtn
    >>> blond = avbgtn.load("heads-avbgtn").translate("portrait.jpg")

Names are imported on first use, so that ``avbgtn.config`` can check parameters before torch is loaded.
"""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

_PUBLIC = {
    "AVBGTN": "avb_gtn", "UNIT": "unit", "Config": "config", "ConfigError": "config", "from_parameters": "parameters",
    "Run": "runs", "RunError": "storage", "train": "train", "build": "trainer", "Translator": "translator", "load": "translator",
}  # fmt: skip

__all__ = [*_PUBLIC, "__version__"]

try:
    __version__ = version("avbgtn")
except PackageNotFoundError:  # a bare checkout on the path
    __version__ = "0+unknown"


def __getattr__(name: str):
    if name in _PUBLIC:
        return getattr(import_module(f".{_PUBLIC[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted(__all__)
