"""The UNIT chapter's checks against right answers in many hands, and wrong ones by name."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from avbgtn.models import losses
from avbgtn_book import checks
from avbgtn_book.checks import CheckFailed
from judged import judgements


def cycle(kl, kl12, x121, x1, *, lambda_3, lambda_4):
    return lambda_3 * (kl + kl12) + lambda_4 * (x121 - x1).abs().mean()


def with_distance(l1):
    """An answer whose distance is ``l1(x121, x1, lambda_3, lambda_4)``, and whose KL terms are right."""
    return lambda kl, kl12, x121, x1, *, lambda_3, lambda_4: (
        lambda_3 * (kl + kl12) + l1(x121, x1, lambda_3, lambda_4)
    )


def with_kls(terms):
    """An answer whose KL terms are ``terms(kl, kl12, lambda_3, lambda_4)``, and whose distance is right."""
    return lambda kl, kl12, x121, x1, *, lambda_3, lambda_4: (
        terms(kl, kl12, lambda_3, lambda_4) + lambda_4 * (x121 - x1).abs().mean()
    )


def in_steps(kl, kl12, x121, x1, *, lambda_3, lambda_4):
    value = torch.zeros(())
    for term in (kl, kl12):
        value = value + lambda_3 * term
    for mine, true in zip(x121, x1, strict=True):
        value = value + lambda_4 * F.l1_loss(mine, true) / len(x1)
    return value


CYCLE = [
    cycle,
    in_steps,
    with_distance(lambda a, b, k, w: w * F.l1_loss(a, b)),
    with_distance(lambda a, b, k, w: w * losses.reconstruction_loss(a, b)),
    with_distance(lambda a, b, k, w: w * torch.linalg.vector_norm(a - b, ord=1) / a.numel()),
    with_distance(lambda a, b, k, w: w * torch.where(a > b, a - b, b - a).flatten(1).mean(1).mean()),
    with_distance(lambda a, b, k, w: w * a.float().sub(b.float()).abs().mean()),
    with_distance(lambda a, b, k, w: a.sub_(b).abs_().mul_(w).mean()),
    lambda *a, **k: cycle(*a, **k).reshape(1),
    lambda *a, **k: cycle(*map(torch.as_tensor, a), **k).double(),
]
NOT_CYCLE = [
    (with_distance(lambda a, b, k, w: w * (a - b).abs().sum()), "sum over pixels and batch"),
    (with_distance(lambda a, b, k, w: w * (a - b).abs().flatten(1).sum(1).mean()), "sum over pixels;"),
    (with_distance(lambda a, b, k, w: w * F.mse_loss(a, b)), "you square"),
    (with_distance(lambda a, b, k, w: w * (a - b).square().sum()), "you square"),
    (with_distance(lambda a, b, k, w: w * F.mse_loss(a, b).sqrt()), "root of the mean square"),
    (with_distance(lambda a, b, k, w: w * (a - b).norm()), "Euclidean norm"),
    (with_distance(lambda a, b, k, w: -w * (a - b).abs().mean()), "the sign is turned"),
    (with_distance(lambda a, b, k, w: w * (a - b).mean()), "before the mean"),
    (with_distance(lambda a, b, k, w: w * (b - a).mean()), "before the mean"),
    (with_distance(lambda a, b, k, w: w * (a - b).mean().abs()), "before the mean"),
    (with_distance(lambda a, b, k, w: (a - b).abs().mean()), "lambda_4 is missing"),
    (with_distance(lambda a, b, k, w: k * (a - b).abs().mean()), "the distance carries lambda_3"),
    (with_distance(lambda a, b, k, w: (k + w) * (a - b).abs().mean()), "carries both weights"),
    (with_distance(lambda a, b, k, w: k * w * (a - b).abs().mean()), "close the bracket sooner"),
    (with_distance(lambda a, b, k, w: (a - b).abs().mean() / w), "divided by lambda_4"),
    (with_distance(lambda a, b, k, w: w * (a - b).abs().mean() / 2), "half of the distance"),
    (with_distance(lambda a, b, k, w: w * (a - b).abs().mean() / len(a)), "a second time"),
    (with_distance(lambda a, b, k, w: w * (a - b).abs().flatten(1).mean(1)), "for each image"),
    (with_distance(lambda a, b, k, w: w * (a - b).abs()), "for each element"),
    (with_distance(lambda a, b, k, w: w * (a - b).abs().max()), "largest error"),
    (with_distance(lambda a, b, k, w: w * (a - b).abs().flatten(1).sum(1)), "for each image"),
    (with_distance(lambda a, b, k, w: w * (a - b).flatten(1).norm(dim=1).mean()), "Euclidean norm"),
    (with_distance(lambda a, b, k, w: w * F.mse_loss(a, b) / 2), "you square"),
    (with_distance(lambda a, b, k, w: w * (a - b).abs().median()), "the median"),
    (with_distance(lambda a, b, k, w: 0 * a.sum()), "the distance is missing"),
    (with_distance(lambda a, b, k, w: w * (a + b).abs().mean()), "the pictures are added"),
    (with_distance(lambda a, b, k, w: w * a.abs().mean()), "one of the two pictures is not used"),
    (with_distance(lambda a, b, k, w: w * b.abs().mean()), "one of the two pictures is not used"),
    (with_distance(lambda a, b, k, w: w * (a.abs() - b.abs()).mean()), "before the difference"),
    (with_distance(lambda a, b, k, w: w * F.smooth_l1_loss(a, b)), "mean absolute difference of x121"),
    (with_kls(lambda one, two, k, w: k * two), "the KL of z1 is missing"),
    (with_kls(lambda one, two, k, w: k * one), "z12, should enter"),
    (with_kls(lambda one, two, k, w: 0), "both KL terms are missing"),
    (with_kls(lambda one, two, k, w: one + two), "lambda_3 is missing"),
    (with_kls(lambda one, two, k, w: w * (one + two)), "carry lambda_4"),
    (with_kls(lambda one, two, k, w: k * one + two), "only one of the KL terms"),
    (with_kls(lambda one, two, k, w: -k * (one + two)), "the wrong sign"),
    (with_kls(lambda one, two, k, w: k * (one - two)), "are subtracted"),
    (with_kls(lambda one, two, k, w: k * (one + two) / 2), "you average the KL terms"),
    (with_kls(lambda one, two, k, w: k * one * two), "you multiply"),
    (with_kls(lambda one, two, k, w: 2 * k * one), "that of z12 is missing"),
    (with_kls(lambda one, two, k, w: 2 * k * two), "that of z1 is missing"),
    (with_kls(lambda one, two, k, w: 2 * k * (one + two)), "terms are there twice"),
    (with_kls(lambda one, two, k, w: k * one + w * two), "carry lambda_4"),
    (with_kls(lambda one, two, k, w: k * (one + two) ** 2), "and nothing else"),
    (lambda *a, **k: cycle(*a, **k) if a[0] == 0 else k["lambda_3"] * (a[0] + a[1]), "the distance is lost"),
    (lambda *a, **k: cycle(*a, **k) * (1 + (a[0] > 0) * (a[2] != a[3]).any() / 9), "with its weight"),
    (lambda *a, **k: cycle(*a, **k).item(), "no gradient leads"),
    (lambda *a, **k: cycle(*a, **k).detach(), "no gradient leads"),
    (lambda *a, **k: cycle(*a, **k).detach().numpy(), "no gradient leads"),
    (lambda *a, **k: [cycle(*a, **k)], "returns list"),
    (lambda *a, **k: "0.3", "only numbers"),
    (lambda kl, kl12, x121, x1: 0.0, "stopped with TypeError"),
]


def back(x, E1, G1, E2, G2):
    return G1(E2(G2(E1(x))))


def in_a_loop(x, E1, G1, E2, G2):
    for step in (E1, G2, E2, G1):
        x = step(x)
    return x


BACK = [
    back,
    in_a_loop,
    lambda x, *maps: back(x.float(), *maps),
    lambda x, *maps: back(x, *maps).tolist(),
    lambda x, *maps: back(x, *maps).detach().numpy(),
    lambda x, *maps: torch.stack([back(row, *maps) for row in x]),
    lambda x, *maps: [back(row, *maps) for row in x],
    lambda x, E1, G1, E2, G2: torch.nn.Sequential(*map(Called, (E1, G2, E2, G1)))(x),
    lambda x, E1, *maps: back(x.mul_(1), E1, *maps),
]


class Called(torch.nn.Module):
    def __init__(self, of):
        super().__init__()
        self.forward = of


NOT_BACK = [
    (lambda x, E1, G1, E2, G2: G1(E1(G2(E1(x)))), "E1 encodes it"),
    (lambda x, E1, G1, E2, G2: G1(E1(x)), "reconstruction"),
    (lambda x, E1, G1, E2, G2: G2(E1(x)), "way back"),
    (lambda x, E1, G1, E2, G2: G1(E1(G2(E2(x)))), "enters through E2"),
    (lambda x, E1, G1, E2, G2: G2(E1(G1(E2(x)))), "cycle of domain 2"),
    (lambda x, E1, G1, E2, G2: G2(E2(G2(E1(x)))), "last generator"),
    (lambda x, E1, G1, E2, G2: G2(E2(G1(E1(x)))), "have changed places"),
    (lambda x, E1, G1, E2, G2: G1(E1(G1(E1(x)))), "reconstructs x1 twice"),
    (lambda x, E1, G1, E2, G2: G1(E2(G1(E1(x)))), "the first generator"),
    (lambda x, E1, G1, E2, G2: E2(G2(E1(x))), "this is z12"),
    (lambda x, E1, G1, E2, G2: E1(G2(E1(x))), "two things to repair"),
    (lambda x, E1, G1, E2, G2: E1(x), "this is the code z1"),
    (lambda x, E1, G1, E2, G2: G1(G2(E1(x))), "not from a picture"),
    (lambda x, E1, G1, E2, G2: G1(G2(E2(E1(x)))), "in the wrong order"),
    (lambda x, E1, G1, E2, G2: E1(G2(E2(G1(x)))), "applied in reverse"),
    (lambda x, E1, G1, E2, G2: x, "step by step"),
    (lambda x, E1, G1, E2, G2: G2(E2(x)), "goes through E2, G2, in this order"),
    (lambda x, *maps: 2 * back(x, *maps), "no path through"),
    (lambda x, *maps: back(x, *maps).mean(), "over which"),
    (lambda x, *maps: (x, back(x, *maps)), "x121 alone"),
    (lambda x, E1, G1, E2, G2: G1, "returns a function"),
    (lambda x, E1, G1, E2, G2: G1(E2(G2(E1(x)).detach())), "no gradient leads"),
    (lambda x, E1, G1, E2: x, "stopped with TypeError"),
]


def weight(be, b, w, d, D):
    return be * w * b * d / (2 * D)


def from_the_penalties(be, b, w, d, D):
    """Both penalties of random tensors, small ones in the place of the large, and their ratio."""
    mu, off = torch.ones(1, 6).double() * 0.3, torch.full((1, 9), 0.2).double()
    of_square = losses.mean_square_penalty(mu) / losses.gaussian_kl(mu) * 6 / d  # one nat's mean square
    of_l1 = off.abs().mean() / (off.abs().sum() / b) * 9 / D
    return be * w * of_l1 / of_square


WEIGHT = [
    weight,
    from_the_penalties,
    lambda be, b, w, d, D: torch.tensor(be * w * b).float() * d / D / 2,
    lambda be, b, w, d, D: np.float32(be * b) * np.float32(w / 2) * np.float32(d / D),
    lambda be, b, w, d, D: torch.tensor([weight(be, b, w, d, D)]),
    lambda be, b, w, d, D: np.array(be * (w * b / D) * (d / 2)),
    lambda be, b, w, d, D: math.exp(math.log(be) + math.log(w) + math.log(b) + math.log(d / D)) / 2,
    lambda *a: torch.tensor(weight(*a), requires_grad=True),
]
NOT_WEIGHT = [
    (lambda *a: 2 * weight(*a), "twice too large"),
    (lambda *a: 4 * weight(*a), "four times too large"),
    (lambda *a: weight(*a) / 2, "twice too small"),
    (lambda be, b, w, d, D: be * w * d / (2 * D), "scale one"),
    (lambda be, b, w, d, D: be * w / b * d / (2 * D), "the scale stands on the wrong side"),
    (lambda be, b, w, d, D: be * w * b**2 * d / (2 * D), "the scale is squared"),
    (lambda be, b, w, d, D: be * w * 2 * b**2 * d / (2 * D), "the scale is squared"),
    (lambda be, b, w, d, D: w * b * d / (2 * D), "beta is missing"),
    (lambda be, b, w, d, D: w * b * d / (2 * D) / be, "beta stands on the wrong side"),
    (lambda be, b, w, d, D: be * b * d / (2 * D), "lambda_2 is missing"),
    (lambda be, b, w, d, D: be / w * b * d / (2 * D), "lambda_2 stands on the wrong side"),
    (lambda be, b, w, d, D: be * w * b, "numbers of values are missing"),
    (lambda be, b, w, d, D: be * w * b * d / 2, "number of picture values is missing"),
    (lambda be, b, w, d, D: be * w * b / (2 * D), "number of code values is missing"),
    (lambda be, b, w, d, D: be * w * b * D / (2 * d), "changed places"),
    (lambda be, b, w, d, D: 2 * be * w * b * D / d, "and the 2 with them"),
    (lambda be, b, w, d, D: be * w * b / 2, "numbers of values are missing"),
    (lambda be, b, w, d, D: be * w * b * d * D / 2, "multiplies"),
    (lambda *a: 1 / weight(*a), "upside down"),
    (lambda be, b, w, d, D: 2 * D * be / (w * b * d), "solved for beta"),
    (lambda be, b, w, d, D: 2 * D * be * b / (w * d), "solved for beta"),
    (lambda be, b, w, d, D: be * w * b * (d / D) ** 0.5 / 2, "no root"),
    (lambda be, b, w, d, D: be * 100 * b * 262_144 / (2 * 49_152), "UNIT's numbers"),
    (lambda be, b, w, d, D: be * 2 * D / (w * d), "solve it for lambda_1"),
    (lambda be, b, w, d, D: weight(be, b, w, 262_144, 49_152), "UNIT's sizes"),
    (lambda be, b, w, d, D: weight(be, b, 100, d, D), "UNIT's 100"),
    (lambda *a: weight(*a) * (1 + 1e-4), "set their ratio"),
    (lambda *a: np.float32(weight(*a) * (1 + 1e-4)), "set their ratio"),
    (lambda *a: 5.33, "one case alone"),
    (lambda *a: 0, "set their ratio"),
    (lambda *a: [weight(*a)], "one number"),
    (lambda *a: torch.full((2,), weight(*a)), "one number"),
    (lambda *a: weight(*a) * math.inf, "look for a division"),
    (lambda *a: str(weight(*a)), "one number"),
]

CASES = {
    "check_unit_cycle": (CYCLE, NOT_CYCLE),
    "check_unit_there_and_back": (BACK, NOT_BACK),
    "check_unit_kl_weight": (WEIGHT, NOT_WEIGHT),
}


test_a_right_answer_passes_however_it_is_written, test_a_mistake_is_named = judgements(CASES)


def test_units_weight_is_the_one_that_the_exercise_states():
    assert weight(1, 0.02, 100, 262_144, 49_152) == pytest.approx(5.33, abs=0.005)


@pytest.mark.parametrize("answer", [lambda x, *maps: x, lambda x, *maps: 2 * x])
def test_no_sentence_gives_the_way_back_away(answer):
    with pytest.raises(CheckFailed) as problem:
        checks.check_unit_there_and_back(answer)
    assert "G1(" not in str(problem.value)
