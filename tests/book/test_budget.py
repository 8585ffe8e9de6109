"""What the chapters may cost: each has a budget that its last cell holds it to,
and together they fit a coffee break.
"""

import pathlib
import re

import nbformat
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "book").glob("*.ipynb"))
# CPU-seconds on one thread: the five chapters that teach; the two experiments, of which the first trains
# both models side by side; the results, which read records
TEACHING, HAIR, AUDIO, RESULTS = 330, 420, 240, 60
ALL_CHAPTERS = TEACHING + HAIR + AUDIO + RESULTS

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


def test_all_chapters_fit_their_budget():
    budgets = {path.stem: budget_of(path) for path in NOTEBOOKS}
    assert sum(budgets.values()) <= ALL_CHAPTERS, f"{sum(budgets.values()):g} CPU-seconds together: {budgets}"
    for name, most in (("celeba", HAIR), ("audio", AUDIO), ("results", RESULTS)):
        assert budgets[name] <= most, f"the chapter {name} may cost {most} CPU-seconds"
    spent = {path.stem: cost_of(path) for path in NOTEBOOKS}
    assert sum(spent.values()) <= ALL_CHAPTERS, (
        f"the last runs took {sum(spent.values()):.0f} CPU-seconds: {spent}"
    )


@each_notebook
def test_the_last_run_kept_its_budget(path):
    cost, budget = cost_of(path), budget_of(path)
    assert cost <= 1.25 * budget, (
        f"{path.name} took {cost:.0f} CPU-seconds when its outputs were made, its budget is {budget:g}: "
        "make it cheaper, or raise the budget and what the chapter says that it costs"
    )
