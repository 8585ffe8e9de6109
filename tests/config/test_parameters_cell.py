"""The guard around a notebook's cell of parameters: what it lets through, and what it stops."""

import json
import os
import subprocess
import sys

import pytest

from avbgtn.config.parameters import (
    check_parameters_cell,
)
from avbgtn.errors import ConfigError

SHELL = {
    "In": [],
    "Out": {},
    "exit": None,
    "quit": None,
    "get_ipython": None,
    "open": open,
    "_i1": "",
    "_": "",
}


def test_parameters_cell_lets_parameters_through():
    before = {"np"}
    namespace = {"np": 1, "names": before, "_dh": [], **SHELL, "epochs": 5, "lr": None}
    assert json.dumps(check_parameters_cell(before, namespace)) == '{"epochs": 5, "lr": null}'


def test_parameters_cell_stops_a_misspelt_name():
    with pytest.raises(ConfigError) as error:
        check_parameters_cell(set(), SHELL | {"epochs": 5, "epoch": 50_000})
    assert str(error.value) == "unknown parameter 'epoch': did you mean 'epochs'?"


def test_parameters_cell_counts_when_it_runs_a_second_time():
    namespace = SHELL | {"epochs": 400}
    before = set(namespace)  # everything is there already
    namespace["epochs"] = 5
    assert check_parameters_cell(before, namespace) == {"epochs": 5}


CELLS = """
import avbgtn.config.parameters
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell()
for cell in (
    "before = set(globals())",
    "epochs: int = 400",
    "# Parameters\\nepochs = 5e4",
    "from avbgtn.config.parameters import check_parameters_cell as _check; \
_found = _check(before, globals())",
    "epoch = 7",
):
    shell.run_cell(cell, store_history=True).raise_error()
print(shell.user_ns["_found"])
try:
    avbgtn.config.parameters.check_parameters_cell(shell.user_ns["before"], shell.user_ns)
except avbgtn.config.parameters.ConfigError as error:
    print(error)
"""


def test_parameters_cell_in_a_real_shell(tmp_path):
    """IPython's own names change between versions, so ask the one that is installed."""
    pytest.importorskip("IPython")
    environment = os.environ | {"IPYTHONDIR": str(tmp_path)}
    found = subprocess.run([sys.executable, "-c", CELLS], capture_output=True, text=True, env=environment)
    expected = "{'epochs': 50000.0}\nunknown parameter 'epoch': did you mean 'epochs'?\n"
    assert found.stdout == expected, found.stderr
