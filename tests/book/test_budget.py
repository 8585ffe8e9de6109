"""What the chapters may cost: each has a budget that its last cell holds it to, and those up to the evidence
together fit a coffee break. Those that go further are read one at a time.
"""

import re

import nbformat
import pytest
import yaml

from contents import ROOT

NOTEBOOKS = sorted((ROOT / "book").glob("*.ipynb"))
# CPU-seconds on one thread: a chapter; the two experiments, of which the first trains both models side by
# side; the results, which read records; and the five chapters that teach together
CHAPTER, TEACHING = 90, 330
MOST = {"celeba": 420, "audio": 240, "results": 60}
ALL_CHAPTERS = TEACHING + sum(MOST.values())

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def budget_of(path):
    """The budget that the notebook's last code cell names, in CPU-seconds."""
    last = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"][-1]
    found = re.search(r"reading\.within_budget\(cpu_seconds=([\d.]+)", last.source)
    assert found, f"{path.name}: the last code cell is no reading.within_budget(cpu_seconds=...)"
    assert "nbval-ignore-output" not in last.metadata.get("tags", []), (
        f"{path.name}: the budget is not compared"
    )
    return float(found[1])


def last_run(path):
    """What tools/execute.py wrote into the notebook."""
    return nbformat.read(path, as_version=4).metadata["avbgtn"]["last_run"]


def cost_of(path):
    """CPU-seconds of the last run, on the processor that the budgets were made for:
    another one is so many times slower.
    """
    run = last_run(path)
    return run["cpu_seconds"] / run.get("slowness", 1.0)


def further():
    """The chapters of the part *Going further*."""
    parts = yaml.safe_load((ROOT / "book" / "_toc.yml").read_text(encoding="utf-8"))["parts"]
    (part,) = (part for part in parts if part["caption"] == "Going further")
    return {chapter["file"].removesuffix(".ipynb") for chapter in part["chapters"]}


@pytest.mark.parametrize("count", [budget_of, cost_of], ids=["budgets", "last runs"])
def test_chapters_up_to_the_evidence_fit_together(count):
    found = {path.stem: count(path) for path in NOTEBOOKS if path.stem not in further()}
    assert sum(found.values()) <= ALL_CHAPTERS, f"{sum(found.values()):g} CPU-seconds together: {found}"


@each_notebook
def test_no_chapter_may_cost_more_than_its_kind(path):
    most = MOST.get(path.stem, CHAPTER)
    assert budget_of(path) <= most, f"the chapter {path.stem} may cost {most} CPU-seconds"


@each_notebook
def test_the_last_run_kept_its_budget(path):
    cost, budget = cost_of(path), budget_of(path)
    assert cost <= 1.25 * budget, (
        f"{path.name} took {cost:.0f} CPU-seconds when its outputs were made, its budget is {budget:g}: "
        "make it cheaper, or raise the budget and what the chapter says that it costs"
    )
