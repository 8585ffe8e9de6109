"""Pitch against the score: sines in and out of tune, overlaps and onsets that are not asked,
and true twins.
"""

import math

import pytest
import torch

from avbgtn.data import music
from avbgtn.metrics.pitch import f0_accuracy

RATE = 8000
NOTES = [(0.0, 0.5, 69, 80), (0.5, 0.5, 96, 80)]  # A4, then C7: 2,093 Hz


def tones(*keys):
    """Sines of half a second, one after another: (2, n)."""
    at = torch.arange(RATE // 2, dtype=torch.float64) / RATE
    sines = [0.3 * (2 * math.pi * 440 * 2 ** ((key - 69) / 12) * at).sin() for key in keys]
    return torch.cat(sines).float().expand(2, -1)


@pytest.mark.parametrize("cents, share", [(0, 1.0), (40, 1.0), (-40, 1.0), (60, 0.0), (1200, 0.0)])
def test_pitch_is_right_within_half_a_semitone(cents, share):
    played = tones(69 + cents / 100, 84 + cents / 100)
    found, frames = f0_accuracy(played, [(0.0, 0.5, 69, 80), (0.5, 0.5, 84, 80)], RATE)
    assert found == pytest.approx(share, abs=0.02)
    assert 40 <= frames <= 54  # 0.5 s less 60 ms and half a window of 48 ms, every 16 ms, twice: 52


def test_the_highest_notes_are_right_at_a_low_rate():
    found, frames = f0_accuracy(tones(69, 96), NOTES, RATE)
    assert found > 0.97 and frames > 40
    assert f0_accuracy(tones(69, 95), NOTES, RATE)[0] < 0.6
    assert f0_accuracy(tones(69, 95), NOTES, RATE, cents=110)[0] > 0.97


def test_no_pitch_is_asked_where_two_notes_sound_or_none():
    played = tones(69, 69)
    assert f0_accuracy(played, [(0.0, 1.0, 69, 80), (0.0, 1.0, 76, 80)], RATE)[1] == 0
    share, frames = f0_accuracy(played, [], RATE)
    assert math.isnan(share) and frames == 0
    share, frames = f0_accuracy(torch.zeros(2, RATE), [(0.0, 1.0, 69, 80)], RATE)
    assert math.isnan(share) and frames == 0, "silence has no pitch"
    half, whole = (f0_accuracy(played, [(0.0, length, 69, 80)], RATE)[1] for length in (0.5, 1.0))
    assert half < 0.6 * whole, "frames after the note's end are asked"
    assert f0_accuracy(played, [(0.9, 0.1, 69, 80)], RATE)[1] <= 2, "onsets are not skipped"


def test_true_twins_play_their_score():
    i = music.split()["validation"][0]
    for name in music.DOMAINS:
        share, frames = f0_accuracy(torch.from_numpy(music.play(i, name)), music.notes(i), 44100)
        assert share > 0.95 and frames > 60, name
