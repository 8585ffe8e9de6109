"""The attribute classifier: good on real heads, the same for the same seed,
and silent about global randomness.
"""

import time

import pytest
import torch

from avbgtn import data, streams
from avbgtn.metrics.attributes import AttributeClassifier, attribute_accuracy, train_attribute_classifier
from avbgtn_book.shared import reading
from refusals import refusal


def dark_and_light(n=20, side=16):
    x = 0.2 * streams.normal(0, "attributes/test", 0, range(n), (3, side, side))
    return x - 0.5, x + 0.5


def test_heads_are_told_apart():
    heads = data.load("heads", size=64)
    train, validation = heads.evaluation("train"), heads.evaluation("validation")
    said, start = [], time.process_time()
    classifier = train_attribute_classifier(train.x1, train.x2, seed=0, say=said.append)
    seconds = time.process_time() - start
    assert seconds < 25 * reading.slowness(), f"training took {seconds:.0f} CPU-seconds"
    assert classifier.held_out == 52 and classifier.held_out_accuracy >= 0.97 and "52" in said[0]
    accuracy = [attribute_accuracy(classifier, x, k) for k, x in ((1, validation.x1), (2, validation.x2))]
    assert sum(accuracy) / 2 >= 0.97, f"brown {accuracy[0]:.3f}, blond {accuracy[1]:.3f}"
    assert attribute_accuracy(classifier, validation.x1, 2) == pytest.approx(1 - accuracy[0]), "copying"


def test_same_arguments_same_classifier_and_the_global_generator_is_left_alone():
    x1, x2 = dark_and_light()
    state = torch.get_rng_state()
    first, again, other = (train_attribute_classifier(x1, x2, seed=s, epochs=3) for s in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), state), "the global generator was used"
    for name, value in first.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name
    assert not torch.equal(first.features(x1), other.features(x1))
    assert not first.training and not any(p.requires_grad for p in first.parameters())


def test_held_out_images_are_not_learned_from():
    x1, x2 = dark_and_light()
    spoiled1, spoiled2 = x1.clone(), x2.clone()
    spoiled1[9::10], spoiled2[9::10] = x2[9::10], x1[9::10]  # swapped labels, in the held-out tenth only
    clean = train_attribute_classifier(x1, x2, seed=0, epochs=30)
    spoiled = train_attribute_classifier(spoiled1, spoiled2, seed=0, epochs=30)
    assert torch.equal(clean.weight, spoiled.weight)
    assert (clean.held_out_accuracy, spoiled.held_out_accuracy) == (1, 0)


def test_logit_is_linear_in_the_features():
    x1, x2 = dark_and_light()
    classifier = train_attribute_classifier(x1, x2, seed=0, epochs=5)
    features = classifier.features(x2)
    assert features.shape == (20, classifier.dimensions) and classifier.dimensions == 128
    torch.testing.assert_close(classifier(x2), features @ classifier.weight + classifier.bias)
    assert AttributeClassifier(0)(x1).abs().max() == 0, "an untrained classifier must give even odds"


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda x: train_attribute_classifier(x[:5], x, seed=0), ["(5, 3, 16, 16)", "at least 10"]),
        (lambda x: train_attribute_classifier(x, x[0], seed=0), ["(3, 16, 16)", "(N, 3, H, W)"]),
        (lambda x: train_attribute_classifier(x, x, seed=0, epochs=0), ["epochs", "got 0"]),
        (lambda x: attribute_accuracy(AttributeClassifier(0), x, 3), ["1 or 2", "got 3"]),
        (lambda x: attribute_accuracy(AttributeClassifier(0), x[0], 1), ["(3, 16, 16)"]),
    ],
)
def test_errors_name_what_came(call, words):
    refusal(lambda: call(dark_and_light()[0]), *words)
