"""The tests find the same environment on every machine, whatever its user has set."""

import json
import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
USERS = {
    "RANK": "1",
    "LOCAL_RANK": "1",
    "WORLD_SIZE": "2",
    "LOCAL_WORLD_SIZE": "2",
    "GROUP_RANK": "0",
    "MASTER_PORT": "1",
    "LT_DEVICES": "2",
    "SLURM_NTASKS": "2",
    "AVBGTN_PATIENCE": "0",
    "AVBGTN_RUNS": "elsewhere",
    "AVBGTN_DATA": "elsewhere",
    "AVBGTN_FOLLOWED": "1",
    "MPLBACKEND": "TkAgg",
    "PYTHONWARNINGS": "error",
    "NO_COLOR": "1",
    "FORCE_COLOR": "1",
    "COLUMNS": "20",
    "LC_ALL": "tr_TR.UTF-8",
    "LANG": "de_DE.ISO-8859-1",
    "TZ": "Asia/Kathmandu",
    "GIT_DIR": "elsewhere",
    "GIT_INDEX_FILE": "elsewhere",
    "SOURCE_DATE_EPOCH": "0",
    "JUPYTER_CONFIG_DIR": "elsewhere",
    "IPYTHONDIR": "elsewhere",
    "PYTEST_ADDOPTS": "--quiet",
}
TEST = """
import json, os, subprocess, sys, time, warnings

def test_what_there_is(tmp_path):
    warnings.warn("only a warning", DeprecationWarning)
    subprocess.run(["mkdir", tmp_path / "made"], check=True)
    found = {"environment": dict(os.environ), "zone": time.strftime("%Z"), \
"mode": (tmp_path / "made").stat().st_mode & 0o777}
    open("found.json", "w").write(json.dumps(found))
"""


def what_there_is(start, folder: Path, **environment: str) -> dict:
    """What a test finds in a session with these variables."""
    (folder / "conftest.py").write_bytes((ROOT / "conftest.py").read_bytes())
    (folder / "test_inner.py").write_text(TEST)
    session = start(
        sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "test_inner.py", cwd=folder, umask=0o077,
        environment=os.environ | environment | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )  # fmt: skip
    said = session.finish()
    assert session.returncode == 0, said
    return json.loads((folder / "found.json").read_text())


def test_a_users_settings_do_not_reach_the_tests(start, tmp_path):
    found = what_there_is(start, tmp_path, **USERS)
    left = {name for name, value in USERS.items() if found["environment"].get(name) == value}
    assert not left
    assert found["zone"] == "UTC" and found["mode"] == 0o755


def test_what_asks_for_a_way_of_testing_reaches_them(start, tmp_path):
    asked = {"AVBGTN_REQUIRE_BROWSER": "1", "AVBGTN_SHOTS": "shots", "ATEN_CPU_CAPABILITY": "default"}
    found = what_there_is(start, tmp_path, **asked)["environment"]
    assert asked.items() <= found.items()


def test_a_home_that_cannot_be_written_is_replaced(start, tmp_path):
    home = tmp_path / "home"
    home.mkdir(mode=0o555)
    if os.access(home, os.W_OK):
        pytest.skip("the superuser can write everywhere")
    found = what_there_is(start, tmp_path, HOME=str(home))["environment"]["HOME"]
    assert found != str(home)


def test_a_kernel_that_is_killed_is_said_at_once(start, tmp_path):
    """nbval alone waits for it as long as a cell may take."""
    import nbformat

    cells = [nbformat.v4.new_code_cell(f"import os; os.kill(os.getpid(), {number})") for number in (0, 9)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "inner.ipynb")
    (tmp_path / "conftest.py").write_bytes((ROOT / "conftest.py").read_bytes())
    session = start(
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "-p",
        "nbval.plugin",
        "--nbval",
        "--nbval-current-env",
        "inner.ipynb",
        cwd=tmp_path,
        environment=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )
    said = session.finish()
    assert "the kernel was killed, by a person or for want of memory" in said, said
    assert "1 failed, 1 passed" in said, said
