"""The questions that every exercise check asks first, and the sentences it answers with."""

import math
from fractions import Fraction

import numpy as np
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


@pytest.mark.parametrize("answer", ["b", "B", " b ", "(b)", "b)", "(B)", "b.", "'b'", "[b]:", "`b`"])
def test_a_letter_in_any_dress(answer):
    assert core.choice(answer, ("a", "b", "c"), "answer") == "b"


@pytest.mark.parametrize("answer", ["b: the mean of all", "(b) Because.", "B) c is wrong", "b.\nAs said"])
def test_a_letter_with_its_option_behind_it(answer):
    assert core.choice(answer, ("a", "b", "c"), "answer") == "b"


@pytest.mark.parametrize(
    "answer", ["", "()", "b because", "e: none", "a cat", "ab", "bb", "a or b", ["b"], 2, b"b"]
)
def test_no_letter(answer):
    with fails("must be one of"):
        core.choice(answer, ("a", "b", "c"), "answer")


@pytest.mark.parametrize("answer", [np.array(2.0), np.array([2.0]), np.float32(2), Fraction(2)])
def test_a_number_of_numpy(answer):
    assert core.number(answer, "kl") == 2.0


@pytest.mark.parametrize(
    "answer", [10**400, [2.0], {}, 1 + 2j, np.ones(3), torch.tensor(True), torch.ones(0)]
)
def test_numbers_that_are_none_become_sentences(answer):
    with fails("must be one number|kl is inf"):
        core.number(answer, "kl")


def test_whole_numbers():
    assert core.whole(6.0, "planes") == core.whole(torch.tensor(6), "planes") == 6
    with fails("whole number, got 2.5"):
        core.whole(2.5, "planes")


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


def test_tolerance_follows_the_answers_precision():
    third = torch.tensor(1 / 3, dtype=torch.float64)
    assert core.close(third.float(), third, name="f") and core.close(third.half(), third, name="f")
    assert core.close(third.bfloat16(), third, name="f") and core.close(np.float32(1 / 3), third, name="f")
    assert core.close(1e4 * third.float() * 1.00001, 1e4 * third, name="f")  # as a part of the size
    assert not core.close(third + 1e-5, third, name="f")
    assert not core.close((third + 1e-3).float(), third, name="f")


@pytest.mark.parametrize(
    "got",
    [[1.0, 2.0], (1, 2), np.array([1.0, 2.0]), [torch.tensor(1.0), torch.tensor(2.0)], [np.float64(1), 2]],
)
def test_what_can_be_compared(got):
    assert core.close(got, torch.tensor([1.0, 2.0]), name="f")


@pytest.mark.parametrize("got", [{}, "12", object(), [1.0, None], [[1.0], [1.0, 2.0]], np.array(["a"]), abs])
def test_what_cannot_be_compared(got):
    with fails("only numbers"):
        core.close(got, torch.tensor([1.0, 2.0]), name="f")


def test_compare_knows_most_about_the_nearest_mistake():
    right, slips = torch.ones(2), [(-torch.ones(2), "the sign"), (torch.tensor(2.0), "a sum")]
    core.compare([1.0, 1.0], right, slips, name="f", otherwise="anything else")
    for got, words in (
        ([-1.0, -1.0], "the sign"),
        (2.0, "a sum"),
        (torch.ones(3), "over which"),
        ([1.0, math.nan], "infinite"),
        ([5.0, 5.0], "anything else"),
    ):
        with fails(words):
            core.compare(got, right, slips, name="f", otherwise="anything else")


def test_a_rounded_number_is_compared_to_what_rounding_leaves():
    mistakes = {2.0: "twice", 0.5: "half"}
    core.near(1.009, 1.0, mistakes, within=0.01, otherwise="")
    for got, words in ((1.991, "^1.991 is not it: twice"), (0.5, "half"), (1.5, "^1.5 is not it, too large")):
        with fails(words):
            core.near(got, 1.0, mistakes, within=0.01, otherwise=", too large")


def test_small_numbers_are_compared_in_proportion():
    slips = [(2e-7, "twice"), (0.0, "never"), (1e-9, "a hundredth")]

    def ask(got):
        core.in_proportion(got, 1e-7, slips, name="f", otherwise="anything else")

    for got in (1e-7, 1e-7 * (1 + 5e-7), np.float32(1e-7), torch.tensor([1e-7]), Fraction(1, 10**7)):
        ask(got)
    ask(torch.tensor(1e-7 * (1 + 1e-5)))  # float32
    core.in_proportion(torch.tensor(3), 3.0, [], name="f", otherwise="anything else")
    for got, words in (
        (2e-7, "twice"),
        (1e-9, "a hundredth"),
        (0, "anything else"),
        (-1e-7, "anything else"),
        (1e-7 * (1 + 1e-5), "anything else"),
        (torch.ones(2), "must be one number"),
        (None, "still None"),
        (math.inf, "look for"),
    ):
        with fails(words):
            ask(got)


def test_where_gradients_lead():
    a, b = (torch.ones(2, requires_grad=True) for _ in range(2))
    to_a, to_b = core.slopes((3 * a).sum(), a, b)
    assert to_a.tolist() == [3.0, 3.0] and to_b is None
    assert core.slopes(0 * a + b, a, b)[0] is None
    for nothing in (2.0, torch.ones(2), (a.sum().item(),)):
        assert core.slopes(nothing, a, b) == (None, None)


def test_a_number_too_large_for_a_float_becomes_a_sentence():
    with fails("too large for a float"):
        core.tensor([1.0, 10**400], "f")


def test_an_answer_that_works_in_place_does_not_change_the_question():
    given = torch.ones(3)
    assert core.call(lambda a: a.mul_(2), given, name="f").sum() == 6
    assert given.sum() == 3


def test_failure_counts_as_assertion():
    """nbgrader takes any exception in a graded cell for a failure; pytest shows an assertion best."""
    assert issubclass(core.CheckFailed, AssertionError)
