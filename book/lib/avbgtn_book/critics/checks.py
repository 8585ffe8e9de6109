"""Checks of the exercises of book/critics.ipynb."""

from collections.abc import Callable
from typing import Any

import torch

from ..further import games, penalty
from ..further.outcome import outcome
from ..shared import answers as core
from ..shared.answers import CheckFailed
from . import mistakes

__all__ = [
    "check_critics_clip",
    "check_critics_distance",
    "check_critics_linear",
    "check_critics_penalty",
    "check_critics_reported",
    "check_critics_row",
]

F64 = torch.float64


def check_critics_reported(answer: Any) -> None:
    """What a critic with penalty coefficient 10 reports at distance 6."""
    got = core.number(answer, "reported")
    right = penalty.reported_distance(6.0, 10.0)
    hints = {
        6.0: "that is the distance itself, reported by a critic of slope exactly 1. The penalty allows more",
        1.3: "that is the slope of the best critic; it reports the slope times the distance",
        9.6: "you left out the 2 of 2 lambda: the derivative of (k - 1)^2 is 2 (k - 1)",
        1.6: "that is a slope, with the 2 of 2 lambda left out",
        6.3: "you added W / (2 lambda) to the distance; it is added to the slope, which multiplies the "
        "distance",
        4.2: "the sign is turned round: a steeper critic gains, so the best slope lies above 1",
        6.9: "that subtracts the penalty: it is the value of the objective, not the mean difference reported",
        60.0: "lambda does not multiply the distance: find the slope k that maximises 6 k - 10 (k - 1)^2",
        0.3: "that is how far the slope lies above 1",
        11.0: "you exchanged W and lambda: the slope is 1 + 6/20",
    }
    otherwise = (
        f", it is too {'large' if got > right else 'small'}: set the derivative of 6 k - 10 (k - 1)^2 to "
        "zero, and multiply the k that you find by 6"
    )
    core.near(got, right, hints, within=0.01, otherwise=otherwise)
    core.passed("the slope is 1 + 6/20 = 1.3, and the critic reports 1.3 times 6")


def check_critics_penalty(answer: Callable) -> None:
    """``lambda E[(|grad f| - 1)^2]`` from gradients, where all of them may be 0 too."""
    ask = core.function(answer, "penalty_of")
    g = torch.Generator().manual_seed(3)
    for weight, shape in ((10.0, (6, 2)), (0.5, (5, 3))):
        gradients = 1.5 * torch.randn(shape, generator=g, dtype=F64)
        got = core.tensor(core.call(ask, gradients, weight, name="penalty_of"), "penalty_of")
        core.compare(
            got,
            mistakes.right_penalty(gradients, weight),
            mistakes.of_penalty(gradients, weight),
            name="penalty_of(gradients, weight)",
            otherwise="not lambda E[(|grad f| - 1)^2]: norm over the last axis, less 1, squared, mean, "
            "times lambda",
        )
    gradients = torch.tensor([[3.0, 4.0]], dtype=F64, requires_grad=True)
    value = core.call(ask, gradients, 1.0, name="penalty_of")
    core.leads_back(value, "from it, and the critic never learns from the penalty")
    core.passed("both sides of 1 cost, and the critic can learn from it")


def check_critics_clip(answer: Callable) -> None:
    """Weight clipping without the slip."""
    clip = core.function(answer, "clip")
    asked = [
        (torch.tensor([-0.5, -0.01, -0.004, 0.0, 0.004, 0.02, 3.0], dtype=F64), 0.01),
        (torch.tensor([[1.5, -2.5], [0.3, -0.2]], dtype=F64), 2.0),
    ]
    given = []
    for weights, c in asked:
        got = core.call(clip, weights.clone(), c, name="clip")
        given.append(core.tensor(got, "clip"))
    if all(_same(got, mistakes.clipped(*case)) for got, case in zip(given, asked, strict=True)):
        core.passed("a weight that wants to leave stays at the end that it reached")
        return
    for slip, sentence in mistakes.CLIPPED:
        if all(_same(got, slip(*case)) for got, case in zip(given, asked, strict=True)):
            raise CheckFailed(sentence)
    got, (weights, c) = next(
        (got, case) for got, case in zip(given, asked, strict=True) if not _same(got, mistakes.clipped(*case))
    )
    if got.shape != weights.shape:
        raise CheckFailed(
            f"weights of shape {tuple(weights.shape)} came back as {tuple(got.shape)}: keep the shape"
        )
    raise CheckFailed(
        f"for c = {c:g}, weights {weights.flatten().tolist()} became {got.flatten().tolist()}: those inside "
        "[-c, c] stay, those outside come to the nearer end"
    )


def _same(got: torch.Tensor, due: torch.Tensor) -> bool:
    return got.shape == due.shape and torch.allclose(got.to(F64), due, rtol=0, atol=1e-6)


def check_critics_distance(answer: Callable) -> None:
    """W of piles with unequal masses at places in any order."""
    ask = core.function(answer, "distance")
    g = torch.Generator().manual_seed(5)
    for n, m in ((4, 4), (3, 6)):
        x, y = (3 * torch.randn(k, generator=g, dtype=F64) for k in (n, m))
        p, q = (torch.rand(k, generator=g, dtype=F64) + 0.1 for k in (n, m))
        p, q = p / p.sum(), q / q.sum()
        try:
            got = core.tensor(core.call(ask, x, y, p, q, name="distance"), "distance")
        except CheckFailed as problem:
            if n == m or not isinstance(problem.__cause__, RuntimeError | ValueError | IndexError):
                raise
            raise CheckFailed(
                f"it stops for {n} and {m} piles: the two need not be as many. Put all places in one row, "
                "with p and -q as the changes"
            ) from problem
        core.compare(
            got,
            mistakes.right_distance(x, y, p, q),
            mistakes.of_distance(x, y, p, q),
            name="distance(x, y, p, q)",
            otherwise="not the distance: sort all places, add up p and -q from left to right, and sum the "
            "absolute values times the gaps",
        )
    core.passed("unequal masses, any order, and as many piles as you like")


def check_critics_linear(answer: Any) -> None:
    """What the slide's linear penalty does beyond lambda."""
    got = core.choice(answer, ("a", "b", "c", "d"), "answer")
    hints = {
        "a": "a would hold if the penalty grew faster than the gain. Compare both at k = 2: 12 k against "
        "10 (k - 1)",
        "b": "b is the optimum of the squared penalty. Here the derivative of the objective does not "
        "depend on k once k is above 1",
        "d": "d would need a negative derivative already below 1, where there is no penalty at all",
    }
    if got in hints:
        raise CheckFailed(hints[got])
    core.passed("above slope 1 the objective is 12 k - 10 (k - 1) = 10 + 2 k, which has no maximum")


def check_critics_row(answer: Callable) -> None:
    """A change to the log loss that passes the row without normalisation, played by the check."""
    ask = core.function(answer, "rescue")
    row = "no normalisation"
    method = core.call(ask, name="rescue")
    if not isinstance(method, games.Method):
        raise CheckFailed(
            f"rescue must return a games.Method, got {type(method).__name__}: for example "
            'games.Method("mine", weight=1.0)'
        )
    if method.loss != "log":
        raise CheckFailed(f"the loss is {method.loss!r}: the exercise keeps the logarithm, loss='log'")
    if method.d_steps > 5:
        raise CheckFailed(f"{method.d_steps} updates of D per update of G: at most 5, as the critics have")
    if method == games.METHODS["log"]:
        raise CheckFailed("that is the log loss as it stands, which fails this row: change one thing")
    if method.weight is not None and method.weight < 0:
        raise CheckFailed(f"a penalty of weight {method.weight:g} rewards slopes: take a positive one")
    if method.lr <= 0 or method.lr > 0.1:
        raise CheckFailed(f"a step size of {method.lr:g}: take one between 0 and 0.1")
    played = games.play(method, row, games=3, seed=1, steps=400)
    fewest, poorest, said = outcome(played)
    if fewest < 5 and poorest >= 0.1:
        raise CheckFailed(
            f"modes (good samples): {said}. Good samples, on too few modes: D is too steep or too sure"
        )
    if fewest >= 5 and poorest < 0.1:
        raise CheckFailed(
            f"modes (good samples): {said}. All around, but hardly on the modes: allow a steeper D"
        )
    if fewest < 5:
        raise CheckFailed(
            f"modes (good samples): {said}. All three games should reach 5 modes and 10 % good samples: "
            "how steep must D be to tell modes of width 0.05 apart?"
        )
    core.passed(f"modes (good samples): {said}; the cure kept the logarithm")
