"""Checks of the exercises of book/unit.ipynb."""

import itertools
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from avbgtn import streams

from ..shared import answers as core
from ..shared.answers import CheckFailed
from . import mistakes
from .toy_domains import ToyDomains, exact_translations

__all__ = [
    "check_unit_count",
    "check_unit_cycle",
    "check_unit_kl_weight",
    "check_unit_one_map",
    "check_unit_symmetry",
    "check_unit_there_and_back",
]
NO_GRADIENT = (
    "return the tensor as it comes, without .item(), .detach() or numpy, or no gradient leads from the loss "
    "back to x121 and the networks that drew it"
)


def _normal(*shape: int, stream: str) -> Tensor:
    draw = streams.generator(0, f"checks/unit/{stream}")
    return torch.randn(*shape, generator=draw, dtype=torch.float64)


def check_unit_count(answer: Any) -> None:
    """How many one-to-one maps of kinds with shares 0.4, 0.2, 0.2, 0.2 keep all marginals."""
    got = core.whole(answer, "answer")
    if got == 24:
        raise CheckFailed(
            "24 counts every map between four kinds. A map that sends the kind of share 0.4 to one of share "
            "0.2 changes the marginal, and D sees it: count only those that respect the shares"
        )
    if got == 1:
        raise CheckFailed(
            "1 would be right if all four shares were different. Three are equal: what happens "
            "if two of these change places?"
        )
    if got in (3, 4):
        raise CheckFailed(
            f"{got:g} counts kinds; the question is how many ways there are to permute "
            "those that cannot be told apart"
        )
    if got in (27, 28, 256):
        raise CheckFailed(f"{got} also counts maps that send two kinds to one; these cannot be undone")
    if got == 5:
        raise CheckFailed(
            "5 are the wrong ones: the true map keeps the marginals too, so the piles leave it open as well"
        )
    if got == 2:
        raise CheckFailed("2 is right for two kinds that cannot be told apart; here three have the share 0.2")
    if got < 1:
        raise CheckFailed(
            f"{got} cannot be: the map that leaves every kind where it is keeps every marginal, so there is "
            "one at least"
        )
    if got != 6:
        raise CheckFailed(
            f"{got:g} is not it: the kind with its own share has one place to go; in how "
            "many orders can the others go?"
        )
    core.passed("6 maps, and no look at the two piles can tell the true one from the other five")


def check_unit_cycle(answer: Callable) -> None:
    """Eq. (6) read literally: ``lambda_3 (KL + KL) + lambda_4 mean |x121 - x1|``."""
    cycle = core.function(answer, "cycle")
    tried = (
        ((3, 2), 3.0, 0.8, 0.1, 100.0),
        ((2, 3, 4, 4), 0.7, 5.0, 0.3, 7.0),
        ((5, 1, 2, 3), 2.0, 1.5, 1.7, 0.4),
    )
    for shape, kl_z1, kl_z12, lambda_3, lambda_4 in tried:
        x1, x121 = _normal(*shape, stream="x1"), _normal(*shape, stream="x121")
        weights = {"lambda_3": lambda_3, "lambda_4": lambda_4}
        distance = lambda_4 * (x121 - x1).abs().mean()
        core.compare(
            core.call(cycle, 0.0, 0.0, x121, x1, name="cycle", **weights),
            distance,
            [
                (value, f"with both KL terms at 0: {hint}")
                for value, hint in mistakes.of_distance(x121, x1, **weights)
            ],
            name="cycle",
            otherwise="with both KL terms at 0, cycle should be lambda_4 times the mean absolute difference "
            f"of x121 and x1, which is {distance:.4f} here, within rounding",
        )
        _judge_kl_terms(cycle, x121, x1, weights)
        got = core.call(cycle, kl_z1, kl_z12, x121, x1, name="cycle", **weights)
        right = distance + lambda_3 * (kl_z1 + kl_z12)
        core.compare(
            got,
            right,
            mistakes.of_kl_terms(distance, kl_z1, kl_z12, **weights),
            name="cycle",
            otherwise=f"for KLs of {kl_z1:g} and {kl_z12:g}, lambda_3 = {lambda_3:g} and a distance that is "
            f"{distance:.4f} with its weight, the value should be {right:.4f}, within rounding: lambda_3 "
            "times the sum of both KLs, plus the distance",
        )
    start = _normal(3, 2, stream="x121").requires_grad_()
    if not isinstance(got, Tensor):
        raise CheckFailed(f"the values are right, but cycle returns {type(got).__name__}: {NO_GRADIENT}")
    got = core.call(cycle, 1.0, 1.0, start.clone(), x1.new_zeros(3, 2), name="cycle", **weights)
    if core.slopes(got, start) == (None,):
        raise CheckFailed(f"the values are right, but the result leads to nothing: {NO_GRADIENT}")
    core.passed("Eq. (6), both KL terms and a mean absolute difference")


def _judge_kl_terms(cycle: Callable, x121: Tensor, x1: Tensor, weights: dict[str, float]) -> None:
    """Where x121 is x1 only the KL terms are left, so that a mistake in them stands alone."""
    lambda_3 = weights["lambda_3"]
    for kl_z1, kl_z12 in ((0.7, 1.9), (3.0, 0.0), (0.0, 5.0)):
        right = lambda_3 * (kl_z1 + kl_z12)
        core.compare(
            core.call(cycle, kl_z1, kl_z12, x1.clone(), x1, name="cycle", **weights),
            right,
            mistakes.of_kl_terms(x1.new_zeros(()), kl_z1, kl_z12, **weights),
            name="cycle",
            otherwise=f"for KLs of {kl_z1:g} and {kl_z12:g} and nothing else the value should be "
            f"{right:.4f}, lambda_3 = {lambda_3:g} times their sum",
        )


def check_unit_there_and_back(answer: Callable) -> None:
    """x121 = G1(E2(G2(E1(x1)))), tried with maps of which no two commute."""
    there_and_back = core.function(answer, "there_and_back")
    for n, d in ((2, 3), (5, 2), (1, 4)):
        x1 = _normal(n, d, stream="pictures")
        maps = {name: _affine(d, name) for name in mistakes.NAMES}
        got = core.call(there_and_back, x1, *maps.values(), name="there_and_back")
        if isinstance(got, tuple) or callable(got):
            what = "several things" if isinstance(got, tuple) else "a function"
            raise CheckFailed(f"there_and_back returns {what}: return the picture x121 alone")
        core.compare(
            got,
            mistakes.through(x1, maps, ("E1", "G2", "E2", "G1")),
            ((mistakes.through(x1, maps, path), _of_path(path)) for path in mistakes.paths()),
            name="there_and_back",
            otherwise="this is no path through the four maps: follow the picture step by step, and say its "
            "domain at each",
        )
    if isinstance(got, Tensor):
        start = x1.clone().requires_grad_()
        got = core.call(there_and_back, start.clone(), *maps.values(), name="there_and_back")
        if core.slopes(got, start) == (None,):
            raise CheckFailed(
                "the picture is right, but no gradient leads from it back to x1: without detach and no_grad, "
                "or the cycle teaches the networks on the way there nothing"
            )
    core.passed("there with E1 and G2, back with E2 and G1: each encoder sees its own domain only")


def _affine(d: int, name: str) -> Callable[[Tensor], Tensor]:
    matrix, shift = _normal(d, d, stream=name), _normal(d, stream=f"shift of {name}")
    return lambda x: x @ matrix.to(x.dtype) + shift.to(x.dtype)


def _of_path(path: tuple[str, ...]) -> str:
    return mistakes.OF_PATHS.get(path) or (
        f"your picture goes through {', '.join(path)}, in this order: say at each step whether a picture or "
        "a code comes in, and of which domain"
    )


def check_unit_symmetry(answer: Any) -> None:
    """Which losses notice a symmetry of domain 2 that changes lengths."""
    got = core.choice(answer, ("a", "b", "c", "d", "e"), "answer")
    why = {
        "a": (
            "that holds for a map that keeps absolute differences. This one doubles differences in one "
            "direction and halves those in the other: along which paths does a difference pass through it?"
        ),
        "b": (
            "that term changes, but it is not alone: which other path ends with a picture of domain 2 that "
            "is compared with a real one?"
        ),
        "d": (
            "one of the cycles ends in domain 1: there the map was applied on the way, and "
            "taken back before the comparison"
        ),
        "e": (
            "D2 turns its input back before it looks, and the pile is where it was: nothing "
            "reaches it but what it saw before"
        ),
    }
    if got != "c":
        raise CheckFailed(f"not {got}: {why[got]}")
    core.passed("an error e of domain 2 becomes S(e); paths that end in domain 1, codes and D do not notice")


def check_unit_kl_weight(answer: Callable) -> None:
    """lambda_1 = beta lambda_2 b d / (2 D)."""
    weight = core.function(answer, "lambda_1_for")
    for beta, scale, lambda_2, code, image in (
        (0.3, 0.05, 70.0, 50, 384),
        (1.0, 0.02, 100.0, 262_144, 49_152),
        (2.5, 3.0, 7.0, 1_024, 192),
        (0.01, 0.4, 0.6, 96, 3_072),
    ):
        got = core.call(weight, beta, scale, lambda_2, code, image, name="lambda_1_for")
        core.in_proportion(
            got,
            beta * lambda_2 * scale * code / (2 * image),
            mistakes.of_kl_weight(beta, scale, lambda_2, code, image),
            name="lambda_1_for",
            otherwise=f"for beta = {beta}, scale = {scale}, lambda_2 = {lambda_2}, {code:,} code values and "
            f"{image:,} picture values, got {core.number(got, 'lambda_1_for'):.4g}: write lambda_2 times the "
            "mean as a weight times -log p, lambda_1 times the mean square as a weight times the KL, and set "
            "their ratio to beta; it must be right within rounding",
        )
    core.passed("at UNIT's sizes and a scale of 0.02, beta = 1 takes a lambda_1 of 5.33; UNIT's is 0.1")


def check_unit_one_map(answer: ToyDomains) -> None:
    """A world of four kinds whose two marginals leave one map of kinds, the true one."""
    if answer is None:
        raise CheckFailed(
            "world is still None: make one with replace(toy_domains.SQUARE, ...), then run this cell again"
        )
    if not isinstance(answer, ToyDomains):
        raise CheckFailed(
            f"world must be a ToyDomains, got {type(answer).__name__}: "
            "replace(toy_domains.SQUARE, ...) gives one"
        )
    if len(answer.places) != 4:
        raise CheckFailed(
            f"world has {len(answer.places)} kinds; keep the four of the square, or the comparison is unfair"
        )
    if not all(isinstance(share, float | int) and math.isfinite(share) for share in answer.shares):
        raise CheckFailed(f"the shares must be four plain numbers that sum to 1, got {answer.shares}")
    if min(answer.shares) < 0.02 - 1e-9:
        raise CheckFailed(
            f"a kind of share {min(answer.shares):g} hardly ever shows: in a batch of 32 it is mostly "
            "missing, and nothing is learnt about it. Give every kind at least 0.02"
        )
    if answer.spread > 0.5 * _nearest_places(answer):
        raise CheckFailed(
            f"two places lie {_nearest_places(answer):.2g} apart, where a kind has a spread of "
            f"{answer.spread:g}: the two run into each other, so nobody could say which kind a point is of. "
            "Move the places apart, or choose a smaller spread"
        )
    maps = len(exact_translations(answer.shares, answer.shares))
    ordered = sorted(answer.shares)
    if maps == 1 and min(b - a for a, b in zip(ordered, ordered[1:], strict=False)) < 0.02 - 1e-9:
        raise CheckFailed(
            "two kinds have shares that differ by less than 0.02. In a pile of 1,000 things a share of 0.25 "
            "is off by 0.014 by chance alone: on paper one map fits, in the piles nobody could tell"
        )
    if maps > 1:
        raise CheckFailed(
            f"{maps} maps of kinds keep both marginals here. Moving or turning the corners does not help, "
            "since a network may send any kind anywhere; kinds of equal share can always change places"
        )
    core.passed(
        "one map of kinds fits both marginals. That it can be known does not mean "
        "that training finds it: test it"
    )


def _nearest_places(world: ToyDomains) -> float:
    return min(math.dist(a, b) for a, b in itertools.combinations(world.places, 2))
