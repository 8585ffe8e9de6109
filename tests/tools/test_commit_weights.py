"""The command that a record of committed weights prints is the one that makes them again."""

import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from avbgtn.__main__ import parser  # noqa: E402
from avbgtn.config import Config  # noqa: E402
from avbgtn.config.config import PRESETS  # noqa: E402
from avbgtn_book import records  # noqa: E402
from commit_weights import command  # noqa: E402


def of(config, epochs):
    return command(SimpleNamespace(config=config, latest=lambda: epochs)).split()


@pytest.mark.parametrize("name", ["heads-unit", "heads-avbgtn", "music-unit", "music-avbgtn"])
def test_it_is_that_of_the_record(name):
    record = records.load(name)
    found = of(Config.from_dict(record["config"]), record["epochs"])
    assert sorted(found) == sorted(record["command"].split())
    parser().parse_args(found[3:])  # after "python -m avbgtn"


def test_it_names_what_differs_from_the_preset_and_nothing_else():
    config = Config.from_dict(records.load("heads-unit")["config"])
    plain = replace(config, preset="modern", batch=1, lambda_0=10.0, lr_halve_every=0, **PRESETS["modern"])
    line = "python -m avbgtn train --dataset heads --preset modern --seed 0 --epochs 7 --models unit".split()
    assert of(plain, 7) == line
    assert set(of(replace(plain, init="independent", norm="instance"), 7)) - set(line) == {
        "--init", "independent", "--norm", "instance",
    }  # fmt: skip
