"""The page about several processes and machines: every command on it is one that its program takes."""

import re
import shlex
import sys
from pathlib import Path

import click
import pytest

from avbgtn.__main__ import parser
from avbgtn.config.parameters import Parameters, from_parameters
from avbgtn.study.cells import find_cell
from avbgtn.study.grid import GRIDS
from contents import BOOK, ROOT, sources

PAGE = (BOOK / "scaling.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```bash\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
COMMANDS = [
    line for block in BLOCKS for line in block.replace("\\\n", " ").splitlines()
]  # "\\" goes on below


def check_avbgtn(words: list[str]) -> None:
    args = parser().parse_args(words)
    if args.command == "study":
        grid = GRIDS[args.grid]
        assert args.cell is None or find_cell(grid, args.cell)
        assert args.processes is None or int(args.processes) > 0
    else:
        from_parameters({k: v for k, v in vars(args).items() if k in Parameters.checks and v is not None})


def check(command: str) -> None:
    """Raises SystemExit, or AssertionError, for a command that its program would refuse."""
    program, *words = shlex.split(command)
    if program == "python":
        assert words[:2] == ["-m", "avbgtn"]
        check_avbgtn(words[2:])
    elif program == "torchrun":
        from torch.distributed.run import get_args_parser

        args = get_args_parser().parse_args(words)
        assert args.module and args.training_script == "avbgtn"
        check_avbgtn(args.training_script_args)
    elif program == "fabric":
        from lightning_fabric.cli import _main

        console = str(Path(sys.executable).with_name("avbgtn"))
        assert words[0] == "run"
        run = _main.commands["run"].make_context(
            "run", [w.replace("$(command -v avbgtn)", console) for w in words[1:]]
        )
        assert run.params["script"] == console
        check_avbgtn(list(run.params["script_args"]))
    elif program == "papermill":
        from papermill.cli import papermill

        given = papermill.make_context("papermill", words).params
        assert (ROOT / given["notebook_path"]).is_file()
        from_parameters(dict(given["parameters"]))
    else:
        assert program == "sbatch" and (ROOT / words[0]).is_file() and words[1:] in ([], ["toy"])


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_on_the_page_parse(command):
    check(command)


@pytest.mark.parametrize(
    "command",
    [
        "python -m avbgtn study --cel 3 4",
        "torchrun --nproc-per-mode 2 -m avbgtn train",
        'fabric run --device-count 2 "$(command -v avbgtn)" train --batch 2',
        "papermill book/celeba.ipynb out.ipynb -p device_count 2",
        "sbatch book/_assets/nothing.sbatch",
    ],
)
def test_a_wrong_command_would_be_found(command):
    with pytest.raises((SystemExit, AssertionError, ValueError, click.ClickException)):
        check(command)


def test_the_page_has_all_launchers_and_shows_the_script():
    assert {command.split()[0] for command in COMMANDS} == {
        "papermill",
        "python",
        "torchrun",
        "fabric",
        "sbatch",
    }
    assert "```{literalinclude} _assets/study.sbatch" in PAGE
    assert "scaling" in sources()


def test_tolerances_on_the_page_are_those_of_the_test():
    test = (Path(__file__).parent / "test_launch.py").read_text(encoding="utf-8")
    assert "WEIGHTS, LOSSES = 1e-8, 1e-11" in test and "$10^{-11}$ and $10^{-8}$" in PAGE
    assert "4e-10 in the weights, 4e-14 in the losses" in test and r"$4 \cdot 10^{-14}$" in PAGE
