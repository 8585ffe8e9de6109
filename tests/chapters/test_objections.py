"""The list of objections: every outcome comes from a record, and follows it."""

import itertools
import re
from statistics import fmean

import pytest

from avbgtn_book import records
from avbgtn_book.results import claims, compare, objections
from avbgtn_book.results.claims import CLAIMS
from avbgtn_book.results.findings import outcomes, scores
from contents import BOOK
from invented_study import study


def test_every_objection_has_an_answer_and_an_outcome_from_the_record():
    committed = records.load("study")
    for objection in objections.OBJECTIONS:
        outcome = objection.came_out(committed)
        assert len(objection.objection) > 20 and len(objection.answer) > 10, objection.name
        assert outcome.endswith((".", "|")), objection.name
        for path in re.findall(r"`((?:tests|avbgtn)/[\w./-]+)`", objection.answer):
            assert (BOOK.parent / path).exists(), f"{objection.name} names {path}"
    assert len({a.name for a in objections.OBJECTIONS}) == len(objections.OBJECTIONS)


def test_every_outcome_can_be_computed_where_nothing_is_missing():
    """A wrong path in a record would else read "open: the record does not say", and pass."""
    s = study()
    for objection in objections.OBJECTIONS:
        assert objection.outcome(s).endswith((".", "|")), objection.name
    for claim in CLAIMS:
        found = claim.find(claims.load()._replace(study=s))
        assert found.verdict and found.text.endswith((".", "|")), claim.name


def test_outcomes_count_what_they_say():
    s = study()
    for split in ("validation", "test"):
        s["cells"]["unit-seed2"][split] = s["cells"]["unit-seed2"][split] | {"l1_whole": 0.07}
    assert compare.worse_than_copying(s, "unit") == [2] and compare.worse_than_copying(s, "aligned") == []
    counted = outcomes.scrambling(s)
    assert "| UNIT, independent | 1 of 8 |" in counted and "| AVB-GTN, independent | 0 of 8 |" in counted
    assert "AVB-GTN 0 of 16, UNIT 1 of 16" in scores.in_the_end(claims.load()._replace(study=s)).text
    assert "AVB-GTN's median pair ahead at 3 of 3" in outcomes.checkpoints(s)
    assert "0 heads are in two of the four parts" in outcomes.twins(s)
    for seed in range(8):
        s["cells"][f"avb_gtn-seed{seed}"]["cpu_seconds"] = 60.0
    assert "| independent | 1.50 |" in outcomes.budgets(s)
    assert re.search(r"without seeds 0 and 1 \| .* \| 6 \| ", outcomes.choosers(s))
    assert "72 of 72" in outcomes.looks(s)


def test_pairs_belong_together_by_seed_and_not_by_place():
    s = study(0.04, 0.05)
    whole = compare.final(s, "l1_whole")["independent"].p
    del s["cells"]["unit-seed0"], s["cells"]["avb_gtn-seed7"]
    fewer = compare.final(s, "l1_whole")["independent"]
    assert fewer.seeds == tuple(range(1, 7)) and whole == 2 / 2**8
    assert f" | {fewer.p:.3f} |" in outcomes.shared_order(s)


def test_permutation_p_is_that_of_all_deals():
    x, y = [0.1, 0.4, 0.35], [0.5, 0.6, 0.45, 0.7]
    values, hits, ways = [*x, *y], 0, 0
    for chosen in itertools.combinations(range(7), 3):
        rest = [values[i] for i in range(7) if i not in chosen]
        ways += 1
        hits += abs(fmean(values[i] for i in chosen) - fmean(rest)) >= abs(fmean(x) - fmean(y)) - 1e-12
    assert outcomes.permutation_p(x, y) == pytest.approx(hits / ways)
    assert outcomes.permutation_p([1.0, 2.0], [1.0, 2.0]) == 1.0
