"""The scoring protocol, its tables, and the bands of a record."""

import json
from dataclasses import replace

import pytest
import torch

from avbgtn.metrics import evaluate
from avbgtn.metrics import images as metrics
from avbgtn.models import build
from avbgtn_book import records
from examples import AVB_GTN_CONFIG, UNIT_CONFIG, RandomDomains


@pytest.fixture(scope="module")
def held_out():
    return RandomDomains().evaluation("validation", limit=3)


def test_unit_from_its_mean_is_the_plain_translation(held_out):
    model = build(UNIT_CONFIG)
    scores = evaluate.score(model, held_out, how="mean")
    with torch.no_grad():
        x12 = model.translate(held_out.x1, 1, 2)
        back = model.translate(x12, 2, 1)
    expected = metrics.twin_scores(x12, held_out.twin12, held_out.mask1)
    assert scores["12"]["l1_hair"] == pytest.approx(expected["l1_hair"], rel=1e-5)
    assert scores["12"]["cyc"] == pytest.approx(metrics.image_scores(back, held_out.x1)["l1"], rel=1e-5)
    assert "diversity" not in scores["12"]


def test_draws_average_the_scores_and_measure_diversity(held_out):
    model = build(AVB_GTN_CONFIG)
    each = [
        metrics.twin_scores(
            evaluate.translations(model, held_out.x2, 2, 1, k), held_out.twin21, held_out.mask2
        )["l1_whole"]
        for k in range(4)
    ]
    assert len(set(each)) == 4, "draws must differ"
    scores = evaluate.score(model, held_out, how="draws", draws=4)
    assert scores["21"]["l1_whole"] == pytest.approx(sum(each) / 4, rel=1e-6)
    assert scores["21"]["diversity"] > 0


def test_a_draw_of_an_image_does_not_depend_on_the_images_beside_it(held_out):
    model = build(AVB_GTN_CONFIG)
    together = evaluate.translations(model, held_out.x1, 1, 2, draw=2)
    torch.testing.assert_close(together[:1], evaluate.translations(model, held_out.x1[:1], 1, 2, draw=2))


def test_no_noise_no_draws(held_out):
    with pytest.raises(
        ValueError, match="how='draws' needs a posterior with noise, this model has posterior='none'"
    ):
        evaluate.score(build(replace(UNIT_CONFIG, posterior="none")), held_out, how="draws")


def test_rows_name_what_was_scored(held_out):
    assert list(evaluate.model_rows("U", build(UNIT_CONFIG), held_out)) == ["U, mean code", "U, one sample"]
    assert list(evaluate.model_rows("A", build(AVB_GTN_CONFIG), held_out, draws=2)) == ["A, mean of 2 draws"]


def test_baselines_are_fitted_on_training_images_only(held_out):
    training = RandomDomains().evaluation("train", limit=4)
    rows = evaluate.baseline_rows(held_out, training)
    assert rows["copy"]["12"]["l1_whole"] == pytest.approx(0.05, abs=1e-6)
    assert list(rows) == ["copy", "global colour transfer", "colour transfer with the true mask"]
    flat = evaluate.flat(rows)
    assert flat["copy / 12 / l1_whole"] == rows["copy"]["12"]["l1_whole"]


def test_markdown_table_shows_a_dash_for_a_score_that_is_not_there():
    rows = {"copy": {"12": {"l1_hair": 0.2228}}, "net": {"12": {"l1_hair": 0.05, "rec": 0.01}}}
    assert evaluate.markdown_table(rows, "12").splitlines() == [
        "| translator | hair L1 | rec. L1 |",
        "|---|--:|--:|",
        "| copy | 0.223 | – |",
        "| net | 0.050 | 0.010 |",
    ]


def of(*values):
    """As many runs as make a range, with these values among them."""
    return [*values] + [values[0]] * (records.ENOUGH - len(values))


def test_band_is_the_range_of_the_runs_on_a_logarithmic_scale_as_long_again_at_each_end():
    assert records.band(of(1.0)) == pytest.approx((1 / 1.3, 1.3))  # never of no width
    assert records.band(of(0.2, 0.3, 0.4)) == pytest.approx((0.1, 0.8))  # a factor of 2, and of 2 at each end
    assert records.band(of(0.0)) == (0.0, 0.0)
    assert records.band(of(0.0, 1.0)) == (-1.0, 2.0)
    assert records.band(of(-1.0, 1.0)) == (-3.0, 3.0)


def test_numbers_that_differ_too_much_or_were_seen_too_rarely_have_no_band():
    assert records.band(of(0.1, 1.0, 1.5)) is None
    assert records.band(of(1.0)[:-1]) is None


def test_a_band_takes_in_nearly_all_draws_of_what_it_was_made_of():
    draw = torch.Generator().manual_seed(0)
    seen = torch.randn(500, 32, generator=draw, dtype=torch.float64).mul(0.1).exp()
    new = torch.randn(500, 200, generator=draw, dtype=torch.float64).mul(0.1).exp()
    limits = torch.tensor([records.band(runs.tolist()) for runs in seen])
    outside = (new < limits[:, :1]) | (new > limits[:, 1:])
    assert outside.double().mean() < 3e-5


def test_check_prints_a_line_a_number_and_finds_what_is_off(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    records.save("r", {"values": {"a": of(1.0), "b": [5.0]}})
    said = []
    assert records.check({"a": 1.1}, "r", say=said.append)
    assert said == ["ok  a: 0.7692 to 1.3"]
    assert not records.check({"a": 1.4, "c": 0.0}, "r", say=said.append)
    assert said[1:] == ["OUTSIDE  a: 0.7692 to 1.3, got 1.4", "MISSING  c: not in the record 'r'"]
    assert records.check({"a": 99.0}, "r", comparable=False, say=said.append)
    assert "other parameters than those of the record" in said[-1]


def test_a_number_without_a_range_is_shown_and_only_asked_to_be_finite(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    records.save("r", {"values": {"loss of D": of(0.001, 2.1), "rare": [0.5, 0.7]}})
    said = []
    assert records.check({"loss of D": 1e-9}, "r", say=said.append)
    assert said == ["ok  loss of D: finite; 0.001 to 2.1 in 32 runs were seen, too wide to judge by"]
    assert records.check({"rare": 9.0}, "r", say=said.append)
    assert said[-1] == "ok  rare: finite; 0.5 to 0.7 in 2 runs were seen, too few to judge by"
    assert not records.check({"loss of D": float("nan")}, "r", say=said.append)
    assert not records.check({"loss of D": float("inf")}, "r", say=said.append)


def test_check_collects_for_the_record_only_when_asked(tmp_path, monkeypatch):
    monkeypatch.setenv("AVBGTN_COLLECT", str(tmp_path / "n.jsonl"))
    assert records.check({"a": 1.5}, "a record that is still to be made", say=lambda text: None)
    assert json.loads((tmp_path / "n.jsonl").read_text()) == {"a": 1.5}
