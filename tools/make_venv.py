"""Make the virtual environment the Makefile works in: `python tools/make_venv.py [.venv]`.

Installs the exact versions of requirements.lock, each file checked against the SHA-256 sums there, then this
package itself, editable. uv (of requirements-uv.lock, checked likewise) does it where it can be installed,
since it is many times faster; pip does it elsewhere. Ends by touching `.ready` in the folder.
"""
# Written so that an old Python can read it far enough to say that it is too old.

import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

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


def run_heard(*command, **environment):
    """Run a command on view; whether it succeeded, and what it wrote as errors."""
    environment = dict(os.environ, **environment)
    child = subprocess.Popen(
        command, cwd=str(ROOT), env=environment, stderr=subprocess.PIPE, universal_newlines=True
    )
    said = []
    for line in child.stderr:
        sys.stderr.write(line)
        said.append(line)
    return child.wait() == 0, "".join(said)


def check_sums(said):
    """End with one sentence where an installer refused a file for its sum;
    another installer must not try it again.
    """
    if re.search("hash mismatch|do not match the hashes|hashes are required|must have .*hash", said, re.I):
        sys.exit(
            "A package was refused and not installed: its checksum is not one of those in requirements.lock "
            "or requirements-uv.lock (see above). Its file was changed on the way or at the package index: "
            "try again later, or with another index."
        )


def install(python):
    """Fill the environment of `python`, with uv or else with pip; True if all of it is there."""
    quiet = ("--quiet", "--disable-pip-version-check")
    pip = (python, "-m", "pip", "install") + quiet
    locked = ("--require-hashes", "-r", "requirements.lock")
    tools = ("--build-constraints", "requirements.lock")  # what builds a source package is locked too
    # Builds with the setuptools that is locked
    here = ("--no-deps", "--no-build-isolation", "--editable", ".")
    done, said = run_heard(*pip, "--require-hashes", "-r", "requirements-uv.lock")
    check_sums(said)
    if done:
        # uv reads no pip settings; the one that most often matters is handed on.
        index = os.environ.get("PIP_INDEX_URL")
        settings = {"UV_DEFAULT_INDEX": index} if index and "UV_DEFAULT_INDEX" not in os.environ else {}
        uv = (python, "-m", "uv", "pip", "install", "--python", python)
        done, said = run_heard(*(uv + locked + tools), **settings)
        check_sums(said)
        if done:
            return run(*(uv + here), **settings)
    print("uv could not do it: going on with pip, which takes several minutes longer.", flush=True)
    done, said = run_heard(*(pip + locked))
    check_sums(said)
    return done and run(*(pip + here))


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
