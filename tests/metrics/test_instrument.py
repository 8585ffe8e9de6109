"""The instrument classifier: right on real phrases, deaf to loudness and to equalisers,
the same every time.
"""

import pytest
import torch
from torchaudio.functional import resample

from avbgtn import streams
from avbgtn.data import music
from avbgtn.metrics import instrument
from avbgtn.metrics.instrument import InstrumentClassifier, train_classifier
from avbgtn.metrics.sound_baselines import Equaliser

RATE = 8000


def played(part, count, name):
    """Every second phrase of a part of the split, as neighbours come from one tune: (count, 2, 16000)."""
    waves = [torch.from_numpy(music.play(i, name)) for i in music.split()[part][: 2 * count : 2]]
    return resample(torch.stack(waves), 44100, RATE)[..., : 2 * RATE]


@pytest.fixture(scope="module")
def training():
    return played("train_a", 20, "piano"), played("train_b", 20, "violin")


@pytest.fixture(scope="module")
def real():
    return played("validation", 8, "piano"), played("validation", 8, "violin")


@pytest.fixture(scope="module")
def classifier(training):
    return train_classifier(*training, RATE, 0)


def test_real_phrases_of_other_tunes_are_told_apart(classifier, real):
    assert classifier.accuracy(*real) == 1
    assert classifier.accuracy(*reversed(real)) == 0
    assert classifier.share(real[0], 1) == 1 and classifier.share(real[0], 2) == 0
    probability = classifier.probability(torch.cat(real))
    assert probability.shape == (16,) and (probability[:8] < 0.5).all() and (probability[8:] > 0.5).all()


def test_loudness_says_nothing(classifier, real):
    quieter = classifier.probability(0.01 * real[1])
    torch.testing.assert_close(quieter, classifier.probability(real[1]), atol=0.02, rtol=0)


def test_neither_an_equaliser_nor_noise_makes_another_instrument(classifier, training, real):
    for source, target in ((0, 1), (1, 0)):
        equalised = Equaliser.fit(training[source], training[target], RATE)(real[source])
        assert classifier.share(equalised, target + 1) <= 1 / 8
        hiss = 0.008 * torch.randn(real[source].shape, generator=streams.generator(0, "instrument/hiss"))
        assert classifier.share(real[source] + hiss, source + 1) == 1, "20 dB below the music"


def test_silence_is_no_instrument(classifier):
    silence = torch.zeros(3, 2, RATE)
    assert classifier.probability(silence).tolist() == [0.5] * 3
    assert classifier.share(silence, 1) == 0 and classifier.share(silence, 2) == 0


def test_the_same_arguments_give_the_same_classifier(training, monkeypatch):
    monkeypatch.setattr(instrument, "UPDATES", 2)
    few = [x[:10, :, :RATE] for x in training]
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first, again, other = (train_classifier(*few, RATE, seed).state_dict() for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), before), "the global generator was used"
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert not torch.equal(first["layers.0.weight"], other["layers.0.weight"])


def test_short_clips_can_be_learnt_from_and_judged(monkeypatch, training):
    monkeypatch.setattr(instrument, "UPDATES", 1)
    short = [x[..., :1600] for x in training]  # 0.2 s: fewer frames than an update looks at
    assert train_classifier(*short, RATE, 0).probability(short[0]).isfinite().all()


def test_errors_say_what_came_and_what_to_do(classifier, training):
    with pytest.raises(ValueError, match="got 9 and 20 clips, expected at least 10"):
        train_classifier(training[0][:9], training[1], RATE, 0)
    for target in (0, 3, True):
        with pytest.raises(ValueError, match="target must be 1 or 2, got"):
            classifier.share(training[0], target)
    with pytest.raises(ValueError, match="expected \\(N, 2, n\\)"):
        InstrumentClassifier(RATE, 0).eval().probability(training[0][0])
