"""Rivals of a sound translator and the row of scores, on made-up sounds whose answers are known."""

import math

import pytest
import torch

from avbgtn import streams
from avbgtn.data import music
from avbgtn.metrics import evaluate, sound_evaluate
from avbgtn.metrics.instrument import InstrumentClassifier
from avbgtn.metrics.sound_baselines import COLUMNS, Equaliser, NearestClip, copy, score_sounds
from avbgtn_book import records

RATE = 8000


def noise(name, n, seconds=1.0):
    draw = streams.generator(0, f"sound_baselines/{name}")
    return 0.1 * torch.randn(n, 2, round(seconds * RATE), generator=draw)


def gained(x, gain):
    """Amplitudes multiplied by ``gain(Hz)``."""
    spectrum = torch.fft.rfft(x)
    hertz = torch.fft.rfftfreq(x.shape[-1], 1 / RATE)
    return torch.fft.irfft(spectrum * gain(hertz), n=x.shape[-1])


def tune(*keys, overtones=1):
    """Notes of a quarter of a second: (2, n)."""
    at = torch.arange(RATE // 4) / RATE
    pitch = [440 * 2 ** ((key - 69) / 12) for key in keys]
    notes = [sum((2 * math.pi * k * f * at).sin() / k for k in range(1, overtones + 1)) for f in pitch]
    return 0.2 * torch.cat(notes).expand(2, -1)


def scored(*keys):
    return [(0.25 * k, 0.25, key, 80) for k, key in enumerate(keys)]


def test_copy_is_a_copy():
    x = noise("copy", 2)
    assert torch.equal(copy(x), x)


def test_equaliser_finds_the_filter_between_unpaired_sounds():
    def tilt(hertz):
        return (hertz.clamp(min=100) / 1000) ** -0.5  # -3 dB an octave

    fitted = Equaliser.fit(noise("source", 12), gained(noise("target", 9, 1.5), tilt), RATE)
    hertz = torch.linspace(0, RATE / 2, len(fitted.gain))
    inside = (hertz > 300) & (hertz < 3500)
    error = 20 * (fitted.gain / tilt(hertz))[inside].log10()
    assert error.abs().max() < 1, "dB"
    x = noise("new", 2)
    torch.testing.assert_close(fitted(x)[..., 800:-800], gained(x, tilt)[..., 800:-800], atol=0.03, rtol=0)


def test_equaliser_between_equal_piles_changes_nothing_and_a_louder_target_is_louder():
    x = noise("same", 4)
    torch.testing.assert_close(Equaliser.fit(x, x, RATE)(x), x, atol=1e-5, rtol=0)
    torch.testing.assert_close(Equaliser.fit(x, 2 * x, RATE)(x), 2 * x, atol=1e-5, rtol=0)
    limited = Equaliser.fit(x, 1e5 * x, RATE)(x)
    torch.testing.assert_close(limited, 100 * x, atol=1e-3, rtol=0)  # 40 dB


def test_nearest_clip_plays_the_same_pitches_and_is_not_transposed():
    clips = torch.stack(
        [tune(60, 64, 67, 64), tune(62, 66, 69, 66), tune(67, 64, 60, 64), tune(72, 76, 79, 76)]
    )
    nearest = NearestClip.fit(clips[:3], RATE)
    wanted = torch.stack([tune(62, 66, 69, 66, overtones=3), tune(60, 64, 67, 67, overtones=3)])
    torch.testing.assert_close(nearest(wanted), clips[[1, 0]], rtol=0, atol=0)
    assert torch.equal(nearest(clips[3:]), clips[:1]), "an octave up is the same music"


def test_row_of_a_translator():
    keys = (69, 72, 76, 71)
    source, twin = (torch.stack([tune(*keys, overtones=k)] * 2) for k in (3, 1))
    classifier = InstrumentClassifier(
        RATE, 0
    ).eval()  # untrained: even odds for every sound, so none is the target
    row = score_sounds(twin, source, twin, RATE, classifier, 2, notes=[scored(*keys), scored(*keys)])
    assert row["log_band"] < 1e-3 and row["chroma"] > 0.9 and row["instrument"] == 0
    assert row["f0"] > 0.95 and row["f0_frames"] > 40
    assert set(row) == set(COLUMNS)
    bare = score_sounds(source, source, None, RATE, classifier, 2)
    assert set(bare) == {"chroma", "instrument"} and bare["chroma"] == pytest.approx(1, abs=1e-6)


def test_instrument_is_asked_of_the_translation():
    class Loud:
        """Whatever is loud is domain 2."""

        rate = RATE

        def share(self, waves, target):
            return ((waves.abs().amax((1, 2)) > 0.5) == (target == 2)).double().mean().item()

    x = noise("judge", 2, 0.3)
    assert score_sounds(20 * x, x, None, RATE, Loud(), 2)["instrument"] == 1
    assert score_sounds(20 * x, x, None, RATE, Loud(), 1)["instrument"] == 0


def test_pitch_is_pooled_over_frames_of_the_clips_with_a_score():
    right, wrong = tune(69, 72, 76, 71), tune(69, 73, 77, 72)
    waves = torch.stack([right, wrong, wrong])
    classifier = InstrumentClassifier(RATE, 0).eval()
    whole, first_note = scored(69, 72, 76, 71), scored(69)
    one = score_sounds(waves, waves, None, RATE, classifier, 1, notes=[whole])
    two = score_sounds(waves, waves, None, RATE, classifier, 1, notes=[whole, whole])
    assert one["f0"] > 0.95 and two["f0"] == pytest.approx(5 / 8, abs=0.1)  # wrong has one note in four right
    assert two["f0_frames"] == pytest.approx(2 * one["f0_frames"], abs=3)
    uneven = score_sounds(waves[:2], waves[:2], None, RATE, classifier, 1, notes=[first_note, whole])
    assert uneven["f0"] == pytest.approx(2 / 5, abs=0.1), "clips were averaged, not frames"
    silent = score_sounds(0 * waves, waves, None, RATE, classifier, 1, notes=[whole])
    assert silent["f0_frames"] == 0 and "f0" not in silent


def test_errors_say_what_came_and_what_to_do():
    x, classifier = noise("errors", 2, 0.3), InstrumentClassifier(16000, 0).eval()
    with pytest.raises(
        ValueError, match="at 8000 samples a second and the classifier learned at 16000: train"
    ):
        score_sounds(x, x, x, RATE, classifier, 1)
    with pytest.raises(ValueError, match="got 3 scores for 2 sounds"):
        score_sounds(x, x, None, RATE, InstrumentClassifier(RATE, 0).eval(), 1, notes=[[]] * 3)
    with pytest.raises(ValueError, match="are silent, expected some sound"):
        Equaliser.fit(x, 0 * x, RATE)
    with pytest.raises(ValueError, match="expected one length: cut them"):
        NearestClip.fit(x, RATE)(x[..., :-1])


# --- the committed record -----------------------------------------------------------------------------------


def test_the_record_holds_every_row_and_its_bars():
    record = records.load("music-baselines")
    values = {name: by_seed[0] for name, by_seed in record["values"].items()}
    assert record["parameters"]["data"] == music.checksum(), "other music: run tools/measure_music.py again"
    assert record["parameters"]["limit"] is None and record["parameters"]["split"] == "validation"
    names = ("copy", "equaliser", "nearest clip", "unrelated phrases", "true twins")
    rows = {
        n: {d: {key: values[f"{n} / {d} / {key}"] for key in COLUMNS} for d in ("12", "21")} for n in names
    }
    for direction in ("12", "21"):
        for key, bar in sound_evaluate.bars(rows, direction).items():
            assert values[f"bar / {direction} / {key}"] == pytest.approx(bar, abs=1e-5)
        table = evaluate.markdown_table(rows, direction, COLUMNS)
        assert table.count("\n") == len(names) + 1 and "–" not in table
        twins, equaliser = rows["true twins"][direction], rows["equaliser"][direction]
        assert twins["instrument"] > 0.95 and twins["f0"] > 0.95, "the true twins miss the bars"
        assert equaliser["instrument"] < 0.1, "an equaliser passes for an instrument"
