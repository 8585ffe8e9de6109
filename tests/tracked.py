"""Which files belong to the project, for the tests that go through all of them."""

import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent


def tracked_files():
    """Every file that is, or would be, committed; what .gitignore names is none of them."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs git and a clone: only there is it known which files belong to the project")
    return [ROOT / name for name in listed.splitlines() if (ROOT / name).is_file()]
