"""AVB-GTN: UNIT with AVB's posterior discriminator in place of its KL terms, and the models on the way to it.

    >>> import avbgtn
    >>> blond = avbgtn.load("heads-avbgtn").translate("portrait.jpg")

Names are imported on first use, so that ``avbgtn.config`` can check parameters before torch is loaded.
"""

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

from ._moved import install as _install
from .errors import one_sentence as _one_sentence

_PUBLIC = {
    "AVBGTN": "models.avb_gtn", "UNIT": "models.unit", "Config": "config", "ConfigError": "errors",
    "from_parameters": "config.parameters", "Run": "runs", "RunError": "errors", "train": "training.train",
    "build": "models", "resolve": "training.experiment", "Translator": "translators.loading",
    "load": "translators.loading",
}  # fmt: skip

__all__ = [*_PUBLIC, "__version__"]

try:
    __version__ = version("avbgtn")
except PackageNotFoundError:  # a bare checkout on the path
    __version__ = "0+unknown"

_install()


def __getattr__(name: str):
    if name in _PUBLIC:
        with _one_sentence():
            return getattr(import_module(f".{_PUBLIC[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted(__all__)
