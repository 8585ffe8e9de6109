"""What every test may rely on: one thread, empty folders, the same environment on every machine, no notebook
on a GPU."""

import contextlib
import glob
import os
import queue
import re
import shutil
import signal
import sys
import tempfile
import threading
import time
import warnings

import pytest

# Before torch is imported; two threads on a busy machine are far slower. `make variants` asks for two.
os.environ["OMP_NUM_THREADS"] = os.environ.get("AVBGTN_TEST_THREADS", "1")

# As after `make test &` in a script: what a test starts would not hear Ctrl-C either.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

if "torch" in sys.modules:  # a plugin was first, so the variable came too late
    sys.modules["torch"].set_num_threads(int(os.environ["OMP_NUM_THREADS"]))

PREFIX = "avbgtn-tests-"
PATIENCE = 600  # seconds for a kernel to answer at all, however busy the machine
CELL = 14_400  # seconds for a cell, which may print nothing until its end

# Variables that change what is tested or printed: this project's, but for what asks for a way of testing; a
# launcher's; Python's and a terminal's; the language and the place; a git hook's.
FOREIGN = re.compile(
    r"AVBGTN_(?!REQUIRE_BROWSER$|SHOTS$|TEST_THREADS$|FUZZ)|(LOCAL_|GROUP_|ROLE_)?(RANK|WORLD_SIZE)$"
    r"|ROLE_NAME$|MASTER_(ADDR|PORT)$|TORCHELASTIC_|LT_|SLURM_"
    r"|PYTHON(WARNINGS|OPTIMIZE|STARTUP|INSPECT|VERBOSE|DEVMODE|IOENCODING|UNBUFFERED)$"
    r"|PYTEST_ADDOPTS$|MPLBACKEND$|TQDM_|(NO|FORCE|PY)_COLORS?$|CLICOLOR|COLUMNS$|LINES$|LANG$|LANGUAGE$|LC_"
    r"|SOURCE_DATE_EPOCH$|GIT_(DIR|WORK_TREE|INDEX_FILE|PREFIX)$|JUPYTER_|IPYTHON"
)
# Of the user's settings, which a kernel would read; a kernel also writes its ports there.
SETTINGS = {
    "JUPYTER_CONFIG_DIR": "jupyter",
    "JUPYTER_DATA_DIR": "jupyter",
    "JUPYTER_RUNTIME_DIR": "kernels",
    "IPYTHONDIR": "ipython",
}


def pytest_configure(config):
    """Give the whole session, its workers and its notebook kernels new empty folders and a plain environment.

    A run left by an earlier session would otherwise be continued, trained no further, and pass.
    """
    _end_on_sigterm(config)
    os.umask(0o022)
    if getattr(config.option, "nbval", False):
        _prepare_nbval(config.option)
    if hasattr(config, "workerinput"):
        return  # a worker of xdist inherits the environment of the process that started it
    if os.environ.get("PYTHONWARNINGS"):  # this process has read it
        sys.warnoptions.clear()
        warnings.resetwarnings()
    for name in filter(FOREIGN.match, list(os.environ)):
        del os.environ[name]
    _remove_left_folders()
    folder = tempfile.mkdtemp(prefix=PREFIX)
    config.avbgtn_folder, config.avbgtn_lock = folder, _held(folder)
    for name in ("runs", "data"):
        os.environ[f"AVBGTN_{name.upper()}"] = os.path.join(folder, name)
    os.environ |= {name: os.path.join(folder, part) for name, part in SETTINGS.items()}
    os.environ |= {"JUPYTER_PREFER_ENV_PATH": "1", "TZ": "UTC"}
    time.tzset()
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", None):  # every process would compile torch's files again
        os.environ["PYTHONPYCACHEPREFIX"] = os.path.join(folder, "bytecode")
    if not os.access(os.path.expanduser("~"), os.W_OK):  # where libraries keep what they have compiled
        os.environ["HOME"] = os.path.join(folder, "home")
    for name in ("runs", "data", "home", "kernels"):
        os.mkdir(os.path.join(folder, name))


def pytest_unconfigure(config):
    if hasattr(config, "avbgtn_folder"):
        shutil.rmtree(config.avbgtn_folder, ignore_errors=True)
        config.avbgtn_lock.release()
    if hasattr(config, "avbgtn_sigterm"):
        signal.signal(signal.SIGTERM, config.avbgtn_sigterm)


def _end_on_sigterm(config):
    """SIGTERM ends the tests as Ctrl-C does, so that finalisers run."""

    def stop(number, frame):
        raise KeyboardInterrupt("SIGTERM")

    if threading.current_thread() is threading.main_thread():
        config.avbgtn_sigterm = signal.signal(signal.SIGTERM, stop)


def _held(folder):
    """The lock of a session's folder; the system gives it up when the session is gone."""
    from filelock import FileLock

    lock = FileLock(os.path.join(folder, "lock"))
    lock.acquire(timeout=0)
    return lock


def _remove_left_folders():
    """Remove the folders of sessions that were killed."""
    from filelock import Timeout

    for path in glob.glob(os.path.join(tempfile.gettempdir(), PREFIX + "*", "lock")):
        with contextlib.suppress(Timeout, OSError):  # it is in use, or another user's
            lock = _held(os.path.dirname(path))
            shutil.rmtree(os.path.dirname(path), ignore_errors=True)
            lock.release()


def _prepare_nbval(option):
    # Its list of fonts is made now; a kernel that makes it says so in its output
    import matplotlib.font_manager  # noqa: F401
    from nbval.kernel import RunningKernel

    option.nbval_cell_timeout, option.nbval_kernel_startup_timeout = CELL, PATIENCE
    RunningKernel.get_message = _patient(RunningKernel.get_message)


def _patient(get_message):
    """nbval's way to a kernel's next message, which gives a live kernel time and does not wait for a dead
    one."""

    def get(kernel, stream, timeout=None):
        longest = (
            float("inf") if timeout is None else timeout if stream == "iopub" else max(timeout, PATIENCE)
        )
        until = time.monotonic() + longest
        while True:
            try:
                return get_message(kernel, stream, timeout=min(longest, 5))
            except queue.Empty:
                if not kernel.is_alive():
                    raise RuntimeError("the kernel was killed, by a person or for want of memory") from None
                if time.monotonic() >= until:
                    raise

    return get


def pytest_collection_modifyitems(items):
    """Start each notebook's kernel as the book's outputs were made: on the CPU, with inline pictures."""
    cells = [item for item in items if type(item).__name__ == "IPyNbCell"]
    for notebook in {item.parent for item in cells}:
        notebook.setup = _like_the_author(notebook.setup)
    for cell in cells:
        cell.output_timeout = PATIENCE  # between a cell's end and its last output, 5 otherwise


def _like_the_author(setup):
    def start_kernel():
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("CUDA_VISIBLE_DEVICES", "")
            patch.delenv("MPLBACKEND", raising=False)  # with it set, pictures do not reach the notebook
            setup()

    return start_kernel
