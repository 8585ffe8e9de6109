"""Checks of the exercises of book/unit.ipynb."""

from collections.abc import Callable
from typing import Any

import torch

from ..shared import answers as core
from ..shared.answers import CheckFailed
from .toy_domains import ToyDomains, exact_translations

__all__ = [
    "check_unit_count",
    "check_unit_cycle",
    "check_unit_kl_weight",
    "check_unit_one_map",
    "check_unit_symmetry",
    "check_unit_there_and_back",
]


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
    if got == 256:
        raise CheckFailed("256 also counts maps that send two kinds to one; these cannot be undone")
    if got != 6:
        raise CheckFailed(
            f"{got:g} is not it: the kind with its own share has one place to go; in how "
            "many orders can the others go?"
        )
    core.passed("6 maps, and no look at the two piles can tell the true one from the other five")


def check_unit_cycle(answer: Callable) -> None:
    """Eq. (6) read literally: ``lambda_3 (KL + KL) + lambda_4 mean |x121 - x1|``."""
    cycle = core.function(answer, "cycle")
    x1 = torch.tensor([[0.5, -0.25], [0.0, 1.0], [0.75, 0.5]], dtype=torch.float64)
    x121 = x1 + torch.tensor([[0.5, -0.25], [1.0, 0.0], [-0.25, 0.5]], dtype=torch.float64)
    off = (x121 - x1).abs()

    def value(kl=0.0, kl12=0.0, at=x121, lambda_3=0.1, lambda_4=100.0):
        return core.call(cycle, kl, kl12, at, x1, name="cycle", lambda_3=lambda_3, lambda_4=lambda_4)

    distance = value()
    if not core.close(distance, 100 * off.mean(), atol=1e-9, name="cycle"):
        hints = {
            "you sum over pixels and batch; UNIT's L1 is the mean over all elements": 100 * off.sum(),
            (
                "you sum over pixels; UNIT's L1 is the mean over all elements, so that lambda_4 "
                "means the same at every size"
            ): 100 * off.sum(1).mean(),
            (
                "you square: that is a Gaussian likelihood; the paper's is a Laplace, so take absolute values"
            ): 100 * (off**2).mean(),
            (
                "the sign is turned: log p of Eq. (6) stands with a minus, so the distance is to be minimised"
            ): -100 * off.mean(),
            "take the absolute value before the mean, else errors of both signs cancel": 100
            * (x121 - x1).mean(),
            "lambda_4 is missing in front of the distance": off.mean(),
            "the distance carries lambda_3; it belongs to the KL terms": 0.1 * off.mean(),
        }
        for hint, wrong in hints.items():
            if core.close(distance, wrong, atol=1e-9, name="cycle"):
                raise CheckFailed(f"with both KL terms at 0: {hint}")
        raise CheckFailed(
            "with both KL terms at 0, cycle should be lambda_4 times the mean "
            "absolute difference of x121 and x1"
        )
    direct, translated = value(kl=3.0, at=x1), value(kl12=5.0, at=x1)
    if not core.close(direct, 0.3, atol=1e-9, name="cycle"):
        if core.close(direct, 0.0, atol=1e-9, name="cycle"):
            raise CheckFailed(
                "the KL of z1 is missing: read literally, Eq. (6) has it a second "
                "time (UNIT's code leaves it out)"
            )
        raise CheckFailed("with a KL of z1 of 3 and nothing else, the value should be lambda_3 times 3")
    if not core.close(translated, 0.5, atol=1e-9, name="cycle"):
        raise CheckFailed("the KL of the translation's code, z12, should enter with the weight lambda_3")
    core.passed("Eq. (6), both KL terms and a mean absolute difference")


def check_unit_there_and_back(answer: Callable) -> None:
    """x121 = G1(E2(G2(E1(x1)))), tried with four maps that do not commute."""
    there_and_back = core.function(answer, "there_and_back")
    names = {"E1": (2.0, 1.0), "G1": (0.5, -3.0), "E2": (3.0, 0.5), "G2": (0.25, 2.0)}
    maps = {k: (lambda x, a=a, b=b: a * x + b) for k, (a, b) in names.items()}
    x1 = torch.tensor([[1.0], [-2.0]], dtype=torch.float64)
    got = core.call(there_and_back, x1, maps["E1"], maps["G1"], maps["E2"], maps["G2"], name="there_and_back")

    def through(*path):
        x = x1
        for step in path:
            x = maps[step](x)
        return x

    if core.close(got, through("E1", "G2", "E2", "G1"), atol=1e-9, name="there_and_back"):
        core.passed("there with E1 and G2, back with E2 and G1: each encoder sees its own domain only")
        return
    hints = {
        "the translation x12 looks like domain 2, but E1 encodes it: whose pictures does E1 know?": (
            "E1",
            "G2",
            "E1",
            "G1",
        ),
        "this is x11, the reconstruction: no picture of domain 2 is ever drawn": ("E1", "G1"),
        "this is x12: the way back is missing": ("E1", "G2"),
        "x1 enters through E2, which knows domain 2 only": ("E2", "G2", "E1", "G1"),
        "the last generator must be that of domain 1: a cycle ends where it began": ("E1", "G2", "E2", "G2"),
    }
    for hint, path in hints.items():
        if core.close(got, through(*path), atol=1e-9, name="there_and_back"):
            raise CheckFailed(hint)
    raise CheckFailed(
        "this is none of the usual mistakes: follow the picture step by step, and say its domain at each"
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
    for beta, scale, lambda_2, code, image in ((1.0, 0.05, 100.0, 262_144, 49_152), (0.3, 3.0, 7.0, 50, 400)):
        got = core.number(
            core.call(weight, beta, scale, lambda_2, code, image, name="lambda_1_for"), "lambda_1_for"
        )
        right = beta * lambda_2 * scale * code / (2 * image)
        if abs(got - right) <= 1e-9 * right:
            continue
        hints = {
            "twice too large: mean(mu^2) is the KL, |mu|^2 / 2, times 2 / d": right * 2,
            "four times too large: mean(mu^2) is the KL times 2 / d, not divided by 2 d": right * 4,
            "this is the weight for scale one: with scale b, how many nats are a difference of 1?": right
            / scale,
            (
                "the scale stands on the wrong side: a small b makes a difference worth more nats, so the L1 "
                "of fixed weight counts less for each"
            ): right / scale**2,
            "beta is missing: a heavier KL needs a larger lambda_1": right / beta,
            "the numbers of values are missing: both penalties are means, and the sums are what counts": beta
            * lambda_2
            * scale,
            (
                "the two dimensions have changed places: the L1 is divided by the "
                "image's, the penalty by the code's"
            ): beta * lambda_2 * scale * image / (2 * code),
            "upside down: lambda_1 grows with beta": 1 / right,
        }
        for hint, wrong in hints.items():
            if abs(got - wrong) <= 1e-9 * abs(wrong):
                raise CheckFailed(hint)
        raise CheckFailed(
            f"for beta = {beta}, scale = {scale}, lambda_2 = {lambda_2}, {code:,} code values and {image:,} "
            f"pixel values, got {got:.4g}: write lambda_2 times the mean as a weight times -log p, lambda_1 "
            "times the mean square as a weight times the KL, and set their ratio to beta"
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
    if min(answer.shares) < 0.02:
        raise CheckFailed(
            f"a kind of share {min(answer.shares):g} hardly ever shows: in a batch of 32 it is mostly "
            "missing, and nothing is learnt about it. Give every kind at least 0.02"
        )
    maps = len(exact_translations(answer.shares, answer.shares))
    ordered = sorted(answer.shares)
    if maps == 1 and min(b - a for a, b in zip(ordered, ordered[1:], strict=False)) < 0.02:
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
