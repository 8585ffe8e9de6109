"""What every test may rely on: one thread, empty folders for runs and data, notebooks without a GPU."""

import os
import shutil
import sys
import tempfile

import pytest

os.environ["OMP_NUM_THREADS"] = "1"  # before torch is imported; two threads on a busy machine are far slower

if "torch" in sys.modules:  # a plugin was first, so the variable came too late
    sys.modules["torch"].set_num_threads(1)


def pytest_configure(config):
    """Give the whole session, its workers and its notebook kernels new empty run and data folders.

    A run left by an earlier session would otherwise be continued, trained no further, and pass.
    """
    if hasattr(config, "workerinput"):
        return  # a worker of xdist inherits the environment of the process that started it
    config.avbgtn_folder = tempfile.mkdtemp(prefix="avbgtn-tests-")
    for name in ("runs", "data"):
        folder = os.path.join(config.avbgtn_folder, name)
        os.mkdir(folder)
        os.environ[f"AVBGTN_{name.upper()}"] = folder


def pytest_unconfigure(config):
    if hasattr(config, "avbgtn_folder"):
        shutil.rmtree(config.avbgtn_folder, ignore_errors=True)


def pytest_collection_modifyitems(items):
    """Start each notebook's kernel as the book's outputs were made: on the CPU, with inline pictures."""
    for notebook in {item.parent for item in items if type(item).__name__ == "IPyNbCell"}:
        notebook.setup = _like_the_author(notebook.setup)


def _like_the_author(setup):
    def start_kernel():
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("CUDA_VISIBLE_DEVICES", "")
            patch.delenv("MPLBACKEND", raising=False)  # with it set, pictures do not reach the notebook
            setup()

    return start_kernel
