"""What a claim is compared with, and what a finding consists of."""

import json
from pathlib import Path
from typing import NamedTuple

from ... import records
from ..compare import Study


class Evidence(NamedTuple):
    """The records that the claims are compared with."""

    study: Study
    long: Study  # the run of 50,000 epochs of the hair chapter, UNIT alone
    short: Study  # of the grid figure-6
    music: Study  # the test of the audio chapter


class Finding(NamedTuple):
    """What the records say of a claim."""

    verdict: str  # a few words
    text: str  # sentences and tables with the numbers, in Markdown
    sure: str = ""  # how many seeds, which test, where no table has it


def load(study: str = "study") -> Evidence:
    """The committed records; ``study`` is a name of a record or the path of a file of the same form."""
    path = Path(study)
    found = json.loads(path.read_text(encoding="utf-8")) if path.suffix == ".json" else records.load(study)
    return Evidence(found, *map(records.load, ("celeba-50000", "figure-6", "music-test")))
