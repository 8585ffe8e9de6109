"""Without the extra ``train``: weights load and files are translated, and the rest names what it lacks."""

import json
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions, requires

import pytest
import soundfile
import torch
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from PIL import Image

from avbgtn.errors import PackageError, one_sentence
from avbgtn.sentences import OF_TRAINING, of_error
from contents import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# As if these modules were not installed, for whoever imports them and for whoever asks for them.
WITHOUT = """
import json, sys
from importlib.machinery import PathFinder
class Without:
    @staticmethod
    def find_spec(name, path=None, target=None):
        return None if name.split(".")[0] in gone else PathFinder.find_spec(name, path, target)
gone = set(json.loads(sys.argv.pop(1)))
sys.meta_path = [Without if finder is PathFinder else finder for finder in sys.meta_path]
"""


def without(gone, code, *arguments):
    command = [sys.executable, "-c", WITHOUT + code, json.dumps(sorted(gone)), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT)


def beyond_the_core() -> set[str]:
    """Every installed module that ``pip install avbgtn`` would not bring."""
    core, new = set(), [Requirement(line) for line in PROJECT["dependencies"]]
    while new:
        wanted = new.pop()
        name = canonicalize_name(wanted.name)
        if name not in core and (wanted.marker is None or wanted.marker.evaluate({"extra": ""})):
            core.add(name)
            new += map(Requirement, requires(name) or [])
    of = packages_distributions().items()
    return {module for module, names in of if not core & set(map(canonicalize_name, names))} - {
        "avbgtn",
        "avbgtn_book",
    }


def test_the_extra_and_the_modules_that_are_told_of_are_the_same():
    extra = [Requirement(line).name for line in PROJECT["optional-dependencies"]["train"]]
    assert sorted(OF_TRAINING.values()) == sorted(extra)
    installed = packages_distributions()
    for module, package in OF_TRAINING.items():
        assert package in map(canonicalize_name, installed[module])


TRANSLATE = """
import avbgtn
from avbgtn.__main__ import main
picture, sound, folder = sys.argv[1:]
assert avbgtn.load("heads-unit").translate(picture).size
for file, output in ((picture, folder + "/blond.png"), (sound, folder + "/violin.wav")):
    assert main(["translate", file, "-o", output]) == 0
"""


def test_the_core_loads_weights_and_translates(tmp_path):
    gone = beyond_the_core()
    assert set(OF_TRAINING) < gone and not {"torch", "numpy", "PIL"} & gone
    Image.new("RGB", (90, 70), (120, 80, 60)).save(tmp_path / "me.png")
    soundfile.write(tmp_path / "my.wav", 0.3 * torch.linspace(0, 4000, 32000).sin().numpy(), 16000)
    done = without(gone, TRANSLATE, tmp_path / "me.png", tmp_path / "my.wav", tmp_path)
    assert done.returncode == 0, done.stderr
    assert Image.open(tmp_path / "blond.png").size == (90, 70) and (tmp_path / "violin.wav").is_file()


NEEDED = (
    "training, scoring and drawing need the package {}, which is not installed here: "
    'pip install "avbgtn[train]"'
)


def test_training_without_its_packages_names_one_on_the_command_line(tmp_path):
    code = "from avbgtn.__main__ import main; sys.exit(main(sys.argv[1:]))"
    done = without(OF_TRAINING, code, "train", "--epochs", "3", "--run_dir", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"error: {NEEDED.format('lightning-fabric')}\n"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("statement", ["avbgtn.train", "from avbgtn import train"])
def test_training_without_its_packages_names_one_in_python(statement):
    code = f"import avbgtn\ntry:\n    {statement}\n"
    code += "except ImportError as error:\n    print(type(error).__name__, error)"
    done = without(OF_TRAINING, code)
    assert done.stdout == f"PackageError {NEEDED.format('lightning-fabric')}\n", done.stderr


def test_a_package_is_named_as_pip_knows_it_and_only_one_of_the_extra():
    missing = ModuleNotFoundError("No module named 'sklearn'", name="sklearn.linear_model")
    with (
        pytest.raises(PackageError, match="the package scikit-learn, which is not installed"),
        one_sentence(),
    ):
        raise missing
    assert of_error(ModuleNotFoundError("No module named 'torch'", name="torch")) is None
    assert of_error(ModuleNotFoundError("raised by hand")) is None
