"""Where the modules of before are now: their old names still work, with a warning that names the new place.

The package was once one folder of modules; now it is rooms, and ``avbgtn_book`` is what only the book needs.
"""

import sys
import warnings
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from types import ModuleType

# By new place: the old names, with their new one where it is another.
_BY_PLACE = {
    "avbgtn.config": (
        "parameters sound_parameters table values path_values places=path_values config.places=path_values"
        " sound speed"
    ),
    "avbgtn.models": "losses networks convolution unit avb_gtn",
    "avbgtn.audio": "spectrum representations loudness sound_pieces=pieces",
    "avbgtn.files": (
        "user_files data.own_files=own_files data.picture_files=picture_files"
        " data.colour_profiles=colour_profiles data.sound_files=sound_files data.sound_headers=sound_headers"
        " data.sound_kinds=sound_kinds data.sound_writing=sound_writing"
    ),
    "avbgtn.data.celeba": "data.celeba_layouts=layouts data.celeba_lists=lists",
    "avbgtn.data.sources": (
        "data.archives=archives data.download=download data.folders=folders data.pinned=pinned"
        " data.roots=roots"
    ),
    "avbgtn.runs": "saver provenance checkpoints run_logs=logs weights_files tensor_files",
    "avbgtn.translators": (
        "translator=loading picture_translator=pictures sound_translator=sounds colour_change"
        " translate_command=command"
    ),
    "avbgtn.metrics": (
        "features=kid attributes baselines evaluate sound_metrics=sounds instrument sound_baselines"
        " sound_evaluate pitch"
    ),
    "avbgtn.training": "trainer monitor processes launch experiment static_step=cuda_graph",
    "avbgtn.study": "grid study_record=record codes shifts ridge",
    "avbgtn_book.audio": "downsampling",
    "avbgtn_book.avb": "avb known_kl ring_posterior four_points",
    "avbgtn_book.avb_gtn": "penalties probe diagrams",
    "avbgtn_book.gan": "gan dirac_gan ring_gan dcgan data.ring=ring",
    "avbgtn_book": "records checks",
    "avbgtn_book.results": "trainings evidence=statistics compare claims attacks=objections",
    "avbgtn_book.shared": (
        "canvas charts=curves figures=translations frames players reading initial=initial_weights"
        " data.digits=digits"
    ),
    "avbgtn_book.unit": "toy_unit data.toy_domains=toy_domains",
    "avbgtn_book.vae": "vae linear_vae conv_vae",
}
MOVED = {
    f"avbgtn.{old}": f"{place}.{new or old.rpartition('.')[2]}"
    for place, names in _BY_PLACE.items()
    for old, _, new in (word.partition("=") for word in names.split())
}
GONE = {  # what cannot be had under its old name, and what to say
    "avbgtn.train": "avbgtn.train is a function; its module is avbgtn.training.train",
    "avbgtn.plots": "the drawings are avbgtn_book.CHAPTER.figures now, as in avbgtn_book.vae.figures",
}


class Finder:
    """Asked by Python's import before everything else, as old folders may be left where the package was
    updated; it knows the old names only."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: ModuleType | None = None) -> ModuleSpec | None:
        for old, words in GONE.items():
            if name == old or name.startswith(old + "."):
                raise ModuleNotFoundError(words)
        return spec_from_loader(name, _Loader(MOVED[name])) if name in MOVED else None


class _Loader:
    """Gives the module of the new name under the old one: the same object, not a copy."""

    def __init__(self, new: str):
        self.new = new

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        warnings.warn(f"{spec.name} is {self.new} now: import that", DeprecationWarning, stacklevel=2)
        module = import_module(self.new)
        self.spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self.spec  # Python has just put the old name's in its place

    def get_code(self, name: str) -> object:
        """For ``python -m``: a program that runs the new module."""
        run = f"import runpy; runpy.run_module({self.new!r}, run_name='__main__', alter_sys=True)"
        return compile(run, name, "exec")


def install() -> None:
    if not any(isinstance(finder, Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, Finder())
