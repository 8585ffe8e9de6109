"""Scores of the audio chapter: rows for models and marks, and the sounds of the paper's Figure 8."""

from dataclasses import replace

import pytest
import torch

from avbgtn.config.sound import Sound
from avbgtn.data import load_sound
from avbgtn.metrics import sound_evaluate
from avbgtn.metrics import sounds as sound_metrics
from avbgtn.metrics.evaluate import markdown_table
from avbgtn.metrics.instrument import train_classifier
from avbgtn.models import build
from avbgtn_book.audio import downsampling
from examples import AVB_GTN_CONFIG, UNIT_CONFIG

SOUND = Sound.of("magnitude_source_phase", rate=8000, seconds=0.25, size=64)
ABOUT = dict(dataset="music", domains=("piano", "violin"), size=64, sound=SOUND)


@pytest.fixture(scope="module")
def music():
    return load_sound("music", sound=SOUND)


@pytest.fixture(scope="module")
def held_out(music):
    return music.evaluation("validation", limit=4)


@pytest.fixture(scope="module")
def heard(music):
    return [torch.stack([music.image(k, i) for i in range(12)]) for k in (1, 2)]


@pytest.fixture(scope="module")
def classifier(heard, held_out):
    return train_classifier(*heard, held_out.rate, 0)


def test_marks_are_in_their_order(held_out, heard, classifier):
    rows = sound_evaluate.baseline_rows(held_out, *heard, classifier)
    assert list(rows) == ["copy", "equaliser", "nearest clip", "unrelated phrases", "true twins"]
    for direction in ("12", "21"):
        at = {name: by[direction] for name, by in rows.items()}
        assert at["true twins"]["log_band"] < 1e-3 and at["copy"]["chroma"] == pytest.approx(1, abs=1e-6)
        assert at["true twins"]["log_band"] < at["copy"]["log_band"] < at["unrelated phrases"]["log_band"]
        assert at["true twins"]["chroma"] > at["unrelated phrases"]["chroma"] + 0.2
    assert "copy" in markdown_table(rows, "12", sound_evaluate.COLUMNS)


def test_partners_are_of_another_tune():
    ids = ("a-1", "a-2", "b-3", "b-4", "c-5", "a-6")
    found = sound_evaluate.partners(ids)
    assert all(ids[k][0] != ids[other][0] for k, other in enumerate(found))
    assert sound_evaluate.partners(("a-1", "a-2")) == [1, 0], "a single tune: nothing better is there"


def test_bars_are_made_of_the_marks():
    rows = {
        "equaliser": {"12": {"log_band": 0.8}},
        "unrelated phrases": {"12": {"chroma": 0.2}},
        "true twins": {"12": {"chroma": 0.9}},
    }
    expected = {"log_band": 0.6, "chroma": 0.76, "instrument": 0.9, "f0": 0.85}
    assert sound_evaluate.bars(rows, "12") == pytest.approx(expected)


@pytest.mark.parametrize("config, name", [(UNIT_CONFIG, "mean code"), (AVB_GTN_CONFIG, "mean of 2 draws")])
def test_a_model_has_a_row(config, name, held_out, classifier):
    model = build(replace(config, **ABOUT)).eval()
    rows = sound_evaluate.model_rows("it", model, held_out, classifier, draws=2)
    assert list(rows) == [f"it, {name}"]
    for scores in rows[f"it, {name}"].values():
        assert set(scores) == {"log_band", "chroma", "instrument", "rec_snr", "rec_lsd"}
        assert all(torch.tensor(v).isfinite() for v in scores.values())
        assert 0 <= scores["instrument"] <= 1 and scores["log_band"] > 0.1, "an untrained model is no good"


def test_conversions_are_those_of_figure_8(held_out):
    model = build(replace(AVB_GTN_CONFIG, **ABOUT)).eval()
    sounds = sound_evaluate.conversions(model, held_out.wave1[0], held_out.wave2[0], draw=0)
    assert list(sounds) == ["V", "V→V", "V→P", "V→P→V", "P", "P→P", "P→V", "P→V→P"]
    assert torch.equal(sounds["V"], held_out.wave2[0]) and torch.equal(sounds["P"], held_out.wave1[0])
    assert all(x.shape == held_out.wave1[0].shape and x.isfinite().all() for x in sounds.values())
    different = {tuple(x[0, 1000:1010].tolist()) for x in sounds.values()}
    assert len(different) == 8, "two conversions are the same sound"


def test_phase_swaps_take_their_halves_from_where_they_say(held_out, monkeypatch):
    sound = Sound.of("magnitude_phase", rate=8000, seconds=0.25, size=64)
    model = build(replace(UNIT_CONFIG, **ABOUT | {"sound": sound})).eval()
    x = held_out.wave1[:2]
    swaps = sound_evaluate.phase_swaps(model, x, 1)
    assert len(swaps) == 3 and len({tuple(y[0, 0, 500:510].tolist()) for y in swaps.values()}) == 3
    # with a network that returns its input all three are the source
    monkeypatch.setattr(model, "translate", lambda image, source, target, eps=None: image)
    for title, y in sound_evaluate.phase_swaps(model, x, 1).items():
        assert sound_metrics.snr(y, x).min() > 60, title
    with pytest.raises(ValueError, match="to swap phases, got 'magnitude_source_phase'"):
        sound_evaluate.phase_swaps(build(replace(UNIT_CONFIG, **ABOUT)), x, 1)


# --- downsampling -------------------------------------------------------------------------------------------


def test_scaling_keeps_a_flat_picture_and_averages_squares():
    flat = torch.full((1, 2, 16, 16), 0.3)
    for factor in downsampling.FACTORS:
        assert torch.allclose(downsampling.scaled_down_and_up(flat, factor), flat)
    x = torch.rand(1, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    assert torch.equal(downsampling.scaled_down_and_up(x, 1), x)
    whole = downsampling.scaled_down_and_up(x, 16)
    assert torch.allclose(whole, x.mean().expand_as(whole), atol=1e-6)


def test_without_scaling_the_ways_with_a_phase_are_exact(held_out):
    x = held_out.wave1[:2, :, :8000]
    ways = downsampling.ways_back(x, 1, rate=8000, seconds=1, size=128)
    assert list(ways) == ["Griffin-Lim", "phase scaled too", "phase kept whole"]
    assert sound_metrics.snr(ways["phase scaled too"], x).min() > 60
    assert sound_metrics.snr(ways["phase kept whole"], x).min() > 60
    assert sound_metrics.log_spectral_distance(ways["Griffin-Lim"], x, 8000).max() < 6


def test_a_scaled_phase_is_lost_and_a_whole_one_is_not(held_out):
    x = held_out.wave2[:2, :, :8000]
    ways = downsampling.ways_back(x, 4, rate=8000, seconds=1, size=128)
    assert (
        sound_metrics.snr(ways["phase kept whole"], x).min()
        > sound_metrics.snr(ways["phase scaled too"], x).max() + 3
    )
