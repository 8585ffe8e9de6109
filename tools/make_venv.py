"""Make the virtual environment the Makefile works in: `python tools/make_venv.py [.venv]`.

Installs the exact versions of requirements.lock, then this package itself, editable. uv does it where it can
be installed, since it is many times faster; pip does it elsewhere. Ends by touching `.ready` in the folder.
"""
# Written so that an old Python can read it far enough to say that it is too old.

import os
import pathlib
import shutil
import subprocess
import sys
import time

UV = "0.13.8"
NEWEST_TOO_OLD = (3, 10)
ROOT = pathlib.Path(__file__).resolve().parent.parent


def check_python():
    """End with one sentence where this Python cannot make the environment."""
    found = "%d.%d" % sys.version_info[:2]
    if sys.version_info[:2] <= NEWEST_TOO_OLD:
        needed = (
            "Python 3.11 or newer is needed, %s is %s: name a newer one, as in 'make run PYTHON=python3.12'."
        )
        sys.exit(needed % (sys.executable, found))
    try:
        import ensurepip  # noqa: F401  Debian splits it off into a package of its own
        import venv  # noqa: F401
    except ImportError:
        needed = "%s cannot make virtual environments: install the venv module (Debian: python%s-venv)."
        sys.exit(needed % (sys.executable, found))


def run(*command, **environment):
    """Run a command on view; True if it succeeded."""
    return subprocess.run(command, cwd=str(ROOT), env=dict(os.environ, **environment)).returncode == 0


def install(python):
    """Fill the environment of `python`, with uv or else with pip; True if all of it is there."""
    quiet = ("--quiet", "--disable-pip-version-check")
    if run(python, "-m", "pip", "install", *quiet, "uv==" + UV):
        # uv reads no pip settings; the one that most often matters is handed on.
        index = os.environ.get("PIP_INDEX_URL")
        settings = {"UV_DEFAULT_INDEX": index} if index and "UV_DEFAULT_INDEX" not in os.environ else {}
        uv = (python, "-m", "uv", "pip", "install", "--python", python)
        if run(*uv, "-r", "requirements.lock", **settings):
            return run(*uv, "--no-deps", "--no-build-isolation", "--editable", ".", **settings)
    print("uv could not do it: going on with pip, which takes several minutes longer.", flush=True)
    pip = (python, "-m", "pip", "install", *quiet)
    here = ("--no-deps", "--no-build-isolation", "--editable", ".")
    return run(*pip, "-r", "requirements.lock") and run(*pip, *here)


def main(folder):
    check_python()
    started = time.monotonic()
    free = shutil.disk_usage(str(ROOT)).free / 1e9
    print(
        "Filling %s from requirements.lock: about 5 GB on Linux, %.0f GB are free." % (folder, free),
        flush=True,
    )
    python = str(ROOT / folder / "bin" / "python")
    if not run(sys.executable, "-m", "venv", folder):
        sys.exit("%s could not be made: see above; if the folder is left from before, remove it." % folder)
    if not install(python):
        sys.exit("The packages could not be installed: see above. What is there is kept for the next try.")
    (ROOT / folder / ".ready").touch()
    print("%s is ready after %.0f s." % (folder, time.monotonic() - started), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:2] or [".venv"])
