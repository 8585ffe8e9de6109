"""Scores of sounds against closed forms: sines, noise, silence, and a few phrases of the built-in music."""

import math

import numpy as np
import pytest
import torch
from torchaudio.functional import resample

from avbgtn import streams
from avbgtn.data import music
from avbgtn.metrics.sounds import (
    BANDS,
    HIGHEST,
    LOWEST,
    band_levels,
    chroma,
    chroma_cosine,
    log_band_distance,
    log_spectral_distance,
    snr,
    wrapped_phase_difference,
)

RATE = 8000


def tone(*pitches, seconds=1.0, rate=RATE, amplitude=0.3):
    """Sines one after another, given as frequencies in Hz, the same in both channels: (1, 2, n)."""
    at = torch.arange(round(seconds * rate), dtype=torch.float64) / rate
    wave = torch.cat([amplitude * (2 * math.pi * f * at).sin() for f in pitches])
    return wave.float().expand(1, 2, -1)


def noise(name, *shape, size=0.1):
    return size * torch.randn(shape, generator=streams.generator(0, f"sound_metrics/{name}"))


@pytest.fixture(scope="module")
def twins():
    """Three phrases of different tunes by piano and by violin, (3, 2, 16000) each."""
    chosen = music.split()["validation"][:6:2]
    played = [torch.stack([torch.from_numpy(music.play(i, name)) for i in chosen]) for name in music.DOMAINS]
    return [resample(x, 44100, RATE)[..., : 2 * RATE] for x in played]


@pytest.mark.parametrize("rate", [4000, 8000, 22050, 48000])
def test_a_sine_is_in_the_band_of_its_frequency(rate):
    levels = band_levels(tone(1000.0, rate=rate), rate)  # (1, 64, frames)
    centres = np.geomspace(LOWEST, min(HIGHEST, 0.95 * rate / 2), BANDS)
    assert levels.shape[:2] == (1, BANDS)
    assert levels.shape[2] == pytest.approx(1 / 0.016, abs=2), "the hop is not 16 ms at this rate"
    assert levels.max() == 0 and levels.min() == -60
    assert levels[0, :, 30].argmax() == np.abs(np.log(centres / 1000)).argmin()


def test_bands_do_not_cancel_between_channels_and_do_not_hear_which_is_which():
    x = noise("channels", 2, 2, RATE)
    assert torch.equal(band_levels(x.flip(1), RATE), band_levels(x, RATE))
    opposed = torch.stack([x[:, 0], -x[:, 0]], 1)
    same = torch.stack([x[:, 0], x[:, 0]], 1)
    assert torch.equal(band_levels(opposed, RATE), band_levels(same, RATE))


def test_log_band_distance_is_that_of_standardised_pictures():
    a, b = noise("a", 3, 2, RATE), tone(440.0, amplitude=0.5).expand(3, 2, -1) + noise("b", 3, 2, RATE)
    expected = [
        math.sqrt(2 - 2 * np.corrcoef(p.flatten(), q.flatten())[0, 1])
        for p, q in zip(band_levels(a, RATE).numpy(), band_levels(b, RATE).numpy(), strict=True)
    ]
    found = log_band_distance(a, b, RATE)
    assert found.tolist() == pytest.approx(expected, abs=1e-4)
    assert log_band_distance(a[1:2], b[1:2], RATE).item() == pytest.approx(expected[1], abs=1e-4)


def test_log_band_distance_of_equal_louder_and_silent_sounds():
    a, silence = noise("equal", 2, 2, RATE), torch.zeros(2, 2, RATE)
    assert log_band_distance(a, a.clone(), RATE).max() < 1e-3
    assert log_band_distance(a, 0.01 * a, RATE).max() < 1e-2, "loudness counts"
    assert log_band_distance(a, silence, RATE).tolist() == pytest.approx([math.sqrt(2)] * 2)
    assert log_band_distance(silence, silence, RATE).tolist() == [0, 0]


def test_own_twin_is_nearest_and_the_same_music(twins):
    piano, violin = (x.repeat_interleave(3, 0) if k == 0 else x.repeat(3, 1, 1) for k, x in enumerate(twins))
    for distance in (log_band_distance, lambda a, b, rate: 1 - chroma_cosine(a, b, rate)):
        table = distance(piano, violin, RATE).reshape(3, 3)  # (piano, violin)
        others = table + 9 * torch.eye(3)
        assert (others.amin(1) - table.diag()).min() > 0.2, table


def test_a_tone_has_its_pitch_class_in_every_octave():
    for octave in (220.0, 440.0, 880.0):
        found = chroma(tone(octave), RATE)[0, :, 5:-5]
        assert (found.argmax(0) == 9).all(), f"{octave} Hz is no A"
        assert torch.allclose(found.norm(dim=0), torch.ones(()).double())
    assert chroma_cosine(tone(440.0), tone(880.0), RATE) > 0.95
    assert chroma_cosine(tone(440.0), tone(622.25), RATE) < 0.2, "a tritone is no octave"


def test_chroma_cosine_counts_frames_and_not_energies():
    loud, faded = tone(440.0, 440.0), tone(440.0, 440.0)
    faded = torch.cat([faded[..., :RATE], 0.05 * faded[..., RATE:]], -1)
    assert chroma_cosine(loud, faded, RATE) > 0.97, "a quiet second half counts less"
    gone = torch.cat([faded[..., :RATE], torch.zeros(1, 2, RATE)], -1)
    assert chroma_cosine(loud, gone, RATE).item() == pytest.approx(math.sqrt(0.5), abs=0.02)
    assert chroma_cosine(loud, torch.zeros_like(loud), RATE) == 0
    assert chroma_cosine(loud, 0.01 * loud, RATE).item() == pytest.approx(1, abs=1e-5)


def test_snr_has_the_closed_form():
    x = noise("snr", 2, 2, 500)
    assert snr(0.9 * x, x).tolist() == pytest.approx([20, 20], abs=1e-3)
    assert snr(-x, x).tolist() == pytest.approx([-20 * math.log10(2)] * 2, abs=1e-5)
    assert snr(x, x.clone()).tolist() == [math.inf] * 2
    assert snr(x, torch.zeros_like(x)).tolist() == [-math.inf] * 2
    worse = torch.cat([x[:1] * 0.9, x[1:] * 0.99])
    assert snr(worse, x).tolist() == pytest.approx([20, 40], abs=1e-2), "clips are pooled"


def test_log_spectral_distance_has_the_closed_form_and_is_blind_to_the_phase():
    x = noise("lsd", 2, 2, RATE)
    half = log_spectral_distance(0.5 * x, x, RATE)  # a few bins lie below the floor
    assert half.tolist() == pytest.approx([20 * math.log10(2)] * 2, abs=2e-3)
    assert log_spectral_distance(-x, x, RATE).tolist() == [0, 0]
    silence = torch.zeros_like(x)
    assert log_spectral_distance(silence, silence, RATE).tolist() == [0, 0]


def test_log_spectral_distance_is_a_mean_over_frames_of_roots():
    """Half the frames 20 dB off and half right: 10 dB, where the root of the mean square would be 14."""
    x = noise("halves", 1, 2, 2 * RATE)
    y = torch.cat([x[..., :RATE], 0.1 * x[..., RATE:]], -1)
    assert log_spectral_distance(y, x, RATE).item() == pytest.approx(10, abs=0.2)


def test_phase_difference_of_turned_and_of_unrelated_sounds():
    x = noise("phase", 2, 2, 2 * RATE)
    assert wrapped_phase_difference(x, x.clone(), 256, 64) == pytest.approx(0, abs=1e-6)
    assert wrapped_phase_difference(x, -0.1 * x, 256, 64) == pytest.approx(math.pi, abs=1e-6)
    other = noise("another", 2, 2, 2 * RATE)
    assert wrapped_phase_difference(x, other, 256, 64) == pytest.approx(math.pi / 2, abs=0.02)
    turned = torch.fft.irfft(torch.fft.rfft(x) * torch.exp(torch.tensor(1j)), n=x.shape[-1])
    assert wrapped_phase_difference(turned, x, 256, 64) == pytest.approx(1, abs=0.02)
    assert math.isnan(wrapped_phase_difference(torch.zeros_like(x), x, 256, 64))


def test_quiet_bins_have_no_say_in_the_phase():
    loud = tone(1000.0, seconds=4.0)
    hiss = noise("hiss", 1, 2, 4 * RATE, size=1e-7)
    assert wrapped_phase_difference(loud, loud + hiss, 256, 64) < 0.01


def test_errors_say_what_came_and_what_to_do():
    x = torch.zeros(1, 2, 800)
    with pytest.raises(ValueError, match=r"rate must be from 4000 to 48000 .* got 3999"):
        band_levels(x, 3999)
    with pytest.raises(ValueError, match=r"shape \(1, 1, 800\), expected \(N, 2, n\): stack"):
        chroma(x[:, :1], RATE)
    with pytest.raises(ValueError, match=r"\(1, 2, 800\) and \(1, 2, 700\), expected the same: cut"):
        snr(x, x[..., :700])
    with pytest.raises(ValueError, match="not finite"):
        log_band_distance(x, x / 0, RATE)
