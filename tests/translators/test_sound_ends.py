"""A translated sound ends no louder than its middle, whatever its length:
no window is divided by its own tail.
"""

import math

import pytest
import torch

import avbgtn
from avbgtn import audio, streams
from avbgtn.config.sound import Sound

RATE, HOP = 16000, 512
WAY = audio.representation(Sound.of("band_gain", rate=RATE, seconds=2, size=64))


def sound(what, n, rate=RATE):
    time = torch.arange(n) / rate
    if what == "tone":
        return (0.1 * torch.sin(2 * math.pi * 440 * time)).expand(2, -1).contiguous()
    return 0.1 * (torch.rand((2, n), generator=streams.generator(0, "test/ends", n)) * 2 - 1)


def changed(image, amount=24.0):
    """Every band of every frame up or down by at most ``amount / 2`` dB, by chance."""
    draw = torch.rand(image.shape, generator=streams.generator(0, "test/change", image.shape[-1]))
    return image + amount * 2 / 60 * (draw - 0.5)


def louder_at_the_end(y, hop):
    """Peak of the last hop over that of the middle, in dB."""
    end, middle = y[:, -hop:].abs().max(), y[:, 2 * hop : -2 * hop].abs().max()
    return 20 * math.log10(end / middle)


@pytest.mark.parametrize("what", ["noise", "tone"])
def test_the_end_is_no_louder_at_every_length(what):
    x = sound(what, 8 * HOP + HOP)
    bad = {}
    for residue in range(HOP):
        n = 8 * HOP + residue
        there = x[:, :n]
        excess = louder_at_the_end(WAY.wave(changed(WAY.image(there)), n, there), HOP)
        if excess > 0.5:
            bad[residue] = round(excess, 1)
    assert not bad, f"lengths mod {HOP} that end louder than their middle, in dB: {bad}"


@pytest.mark.parametrize("residue", [0, 1, 200, 463, 464, 500, 511])
def test_an_unchanged_picture_gives_the_end_back(residue):
    x = sound("noise", 8 * HOP + residue).double()
    assert (WAY.wave(WAY.image(x), x.shape[-1], x) - x).abs().max() < 1e-12


@pytest.mark.parametrize("n", [1, 100, 511, 512, 513, 1024])
def test_sounds_shorter_than_a_window(n):
    x = sound("noise", n).double()
    assert (WAY.wave(WAY.image(x), n, x) - x).abs().max() < 1e-12
    assert WAY.wave(changed(WAY.image(x)), n, x).abs().max() < 4 * x.abs().max(), "12 dB are a factor of 4"


@pytest.mark.parametrize("rate", [8000, 11025, 44100, 96000])
def test_the_gain_is_the_same_at_another_rate(rate):
    low = sound("noise", RATE // 2)
    there = sound("noise", rate // 2, rate)
    gain = WAY.gain(WAY.image(low) + 6 * 2 / 60, low)
    assert gain.shape[-1] == 1 + math.ceil(low.shape[-1] / HOP)
    raised = WAY.amplified(there, gain, rate)
    middle = there.shape[-1] // 4, -there.shape[-1] // 4
    change = 20 * (raised[:, slice(*middle)].norm() / there[:, slice(*middle)].norm()).log10().item()
    if rate <= RATE:
        assert change == pytest.approx(6, abs=0.1)
    else:  # noise up to half the rate, of which the part above the picture stays
        share = RATE / rate
        assert change == pytest.approx(10 * math.log10(share * 10**0.6 + 1 - share), abs=0.3)
    assert torch.allclose(WAY.amplified(there, 0 * gain, rate), there, atol=1e-5)


def test_at_another_rate_too_the_end_is_no_louder():
    for residue in range(0, 1411, 83):
        high = sound("noise", 8 * 1411 + residue, 44100)
        low = avbgtn.files.sound_files.to_rate(high, 44100, RATE)
        y = WAY.amplified(high, WAY.gain(changed(WAY.image(low)), low), 44100)
        assert louder_at_the_end(y, 1411) < 2, residue  # the highest peak of noise alone varies by as much


@pytest.mark.parametrize("weights", ["music-avbgtn", "music-unit"])
def test_committed_weights_end_without_a_spike(weights):
    """A second of a tone or of noise, of lengths that ended up to 1,200 times too loud."""
    translator = avbgtn.load(weights)
    for what in ("tone", "noise"):
        for n in (15871, 30 * HOP + 464, 30 * HOP + 490, 30 * HOP + 511):
            for to in translator.domains:
                x = sound(what, n)
                y = translator.translate(x, to)
                excess = louder_at_the_end(y, HOP)
                assert excess < 3, f"{what} of {n} samples to {to}: the end is {excess:.1f} dB louder"
                level = 20 * (y.norm() / x.norm()).log10().item()
                assert abs(level) < 3, f"{what} of {n} samples to {to}: {level:.1f} dB louder than it was"
