"""The command that a record of committed weights prints is the one that makes them again."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from avbgtn.__main__ import parser
from avbgtn.config import Config
from avbgtn.config.config import PRESETS
from avbgtn_book import records
from commit_weights import command


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
