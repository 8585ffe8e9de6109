"""The questions that every exercise check asks first, and the sentences it answers with."""

import pytest
import torch

from avbgtn_book.shared import answers as core


def fails(words):
    return pytest.raises(core.CheckFailed, match=words)


@pytest.mark.parametrize(
    "answer", [2, 2.0, torch.tensor(2.0), torch.tensor([2.0]), torch.tensor(2.0).numpy()[()]]
)
def test_a_number_in_any_dress(answer):
    assert core.number(answer, "kl") == 2.0


@pytest.mark.parametrize(
    "answer, words",
    [
        (None, "still None"),
        ("2", r"must be one number, got '2' \(str\)"),
        (True, "must be one number"),
        (torch.ones(3), r"got a tensor of shape \(3,\)"),
        (float("nan"), "kl is nan: look for"),
    ],
)
def test_no_number(answer, words):
    with fails(words):
        core.number(answer, "kl")


def test_choices():
    assert core.choice(" B", ("a", "b"), "answer") == "b"
    for answer, words in ((None, "still None"), ("c", 'one of "a", "b"'), (1, "got 1")):
        with fails(words):
            core.choice(answer, ("a", "b"), "answer")


def test_functions():
    assert core.function(abs, "f") is abs
    for answer, words in ((None, "still None"), (3.0, r"f and not f\(\.\.\.\)")):
        with fails(words):
            core.function(answer, "f")


def test_calls_that_do_not_answer():
    def unwritten():
        raise NotImplementedError("your answer goes here")

    for f, words in (
        (unwritten, "not written yet"),
        (lambda: 1 / 0, "ZeroDivisionError"),
        (lambda: None, "return"),
    ):
        with fails(words):
            core.call(f, name="f")
    assert core.call(lambda a, *, b: a + b, 1, b=2, name="f") == 3


def test_closeness():
    assert core.close([1.0, 2.0], torch.tensor([1.0, 2.0]), atol=1e-9, name="f")
    assert not core.close([1.0, 2.1], torch.tensor([1.0, 2.0]), atol=1e-3, name="f")
    assert core.close(torch.tensor([3.0]), 3.0, atol=1e-9, name="f")
    for got, words in (
        (torch.ones(2, 2), "sum or average"),
        ("many", "only numbers"),
        ([1.0, float("inf")], "infinite"),
    ):
        with fails(words):
            core.close(got, torch.tensor([1.0, 2.0]), atol=1, name="f")


def test_failure_counts_as_assertion():
    """nbgrader takes any exception in a graded cell for a failure; pytest shows an assertion best."""
    assert issubclass(core.CheckFailed, AssertionError)
