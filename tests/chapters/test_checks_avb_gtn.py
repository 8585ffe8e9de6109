"""The AVB-GTN chapter's checks against right answers in many hands, and wrong ones by name."""

import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from torch.distributions import Normal, kl_divergence
from torch.nn import functional as F

from avbgtn.models import losses
from avbgtn_book.avb_gtn import penalties
from judged import judgements

F64 = torch.float64


def pull_by(t_of, after=lambda value, eps: value):
    """An answer with ``t_of(z, moving, m, eps)`` for T, and ``after`` on the gradient."""

    def pull(penalty, m, eps):
        moving = torch.tensor(m, dtype=F64, requires_grad=True)
        t = t_of(moving + eps, moving, m, eps)
        return after(torch.autograd.grad(penalty(t), moving)[0].item(), eps)

    return pull


def best(z, m):
    return m * z - m**2 / 2


def by_backward(penalty, m, eps):
    moving = torch.nn.Parameter(torch.tensor([m]))
    t = Normal(torch.tensor(m), 1.0).log_prob(moving + eps) - Normal(0.0, 1.0).log_prob(moving + eps)
    penalty(t).backward()
    return moving.grad


def by_differences(penalty, m, eps, step=1e-4):
    def at(moved):
        return float(penalty(best(moved + eps, m)))

    return (at(m + step) - at(m - step)) / (2 * step)


def by_hand(penalty, m, eps):
    t = best(m + eps, m).requires_grad_()
    return (torch.autograd.grad(penalty(t), t)[0] * m).sum()


def in_float32(penalty, m, eps):
    moving, eps = torch.tensor(m, requires_grad=True), eps.float()
    return torch.autograd.grad(penalty(best(moving + eps, m)), moving)[0].item()


PULL = [
    pull_by(lambda z, moving, m, eps: best(z, m)),
    pull_by(lambda z, moving, m, eps: best(z, moving.detach())),
    pull_by(lambda z, moving, m, eps: z**2 / 2 - (z - m) ** 2 / 2),
    by_backward,
    by_differences,
    by_hand,
    in_float32,
    lambda penalty, m, eps: torch.func.grad(lambda at: penalty(best(at + eps, m)))(
        torch.tensor(m, dtype=F64)
    ),
    lambda penalty, m, eps: [by_hand(penalty, m, eps).item()],
    lambda penalty, m, eps: by_hand(penalty, m, eps.mul_(1)).numpy(),
]
NOT_PULL = [
    (pull_by(lambda z, moving, m, eps: best(z, moving)), "T moved along with m"),
    (pull_by(lambda z, moving, m, eps: best(z.detach(), moving)), "the wrong m is frozen"),
    (pull_by(lambda z, moving, m, eps: best(z, m), lambda v, eps: -v), "wrong sign: it is the derivative"),
    (pull_by(lambda z, moving, m, eps: best(z, m), lambda v, eps: v * len(eps)), "7 times too large"),
    (pull_by(lambda z, moving, m, eps: best(z, m), lambda v, eps: v / len(eps)), "7 times too small"),
    (pull_by(lambda z, moving, m, eps: -best(z, m)), "log p - log q"),
    (pull_by(lambda z, moving, m, eps: z**2 - (z - m) ** 2), "twice too large"),
    (pull_by(lambda z, moving, m, eps: best(z, m) / 2), "half of what it is"),
    (pull_by(lambda z, moving, m, eps: m * z), "the constant"),
    (pull_by(lambda z, moving, m, eps: m * z + m**2 / 2), "m\\^2 / 2 has the wrong sign"),
    (pull_by(lambda z, moving, m, eps: m * z - m**2), "-m\\^2 in the place"),
    (pull_by(lambda z, moving, m, eps: Normal(m, 1).log_prob(z)), "log q alone"),
    (pull_by(lambda z, moving, m, eps: -(z - m).square() / 2), "log q alone"),
    (pull_by(lambda z, moving, m, eps: -Normal(0, 1).log_prob(z)), "log p alone"),
    (
        pull_by(lambda z, moving, m, eps: -(z - m).square() / 2 - z.square() / 2),
        "log p is added",
    ),
    (pull_by(lambda z, moving, m, eps: best(z, m).sigmoid()), "through a sigmoid first"),
    (lambda penalty, m, eps: penalty(best(m + eps, m)), "not its derivative"),
    (pull_by(lambda z, moving, m, eps: best(moving * eps, m)), "noise is multiplied by m"),
    (pull_by(lambda z, moving, m, eps: best(moving.expand(len(eps)), m)), "noise is left out"),
    (pull_by(lambda z, moving, m, eps: best(moving - eps, m)), "noise is subtracted"),
    (lambda penalty, m, eps: by_hand(penalty, m, eps) * m, "multiplied by m"),
    (lambda penalty, m, eps: penalties.frozen_gradient(penalty, m)[0], "the eps that are given"),
    (lambda penalty, m, eps: 0.0, "no gradient reaches m"),
    (lambda penalty, m, eps: m, "the pull of T itself"),
    (pull_by(lambda z, moving, m, eps: z - m**2 / 2), "its slope in z is m"),
    (lambda penalty, m, eps: by_hand(log_s, m, eps), "one penalty only"),
    (lambda penalty, m, eps: by_hand(losses.softplus_penalty, m, eps), "one penalty only"),
    (lambda penalty, m, eps: (1 - best(m + eps, m).sigmoid()).mean(), "1 - sigma\\(T\\) alone"),
    (pull_by(lambda z, moving, m, eps: best(m + eps, m)), "stopped with RuntimeError"),
    (lambda penalty, m, eps: by_hand(penalty, m, eps) + 1e-3, "within 2e-05"),
    (lambda penalty, m, eps: by_hand(penalty, m, eps) + eps, "must be one number"),
    (lambda penalty, m, eps: str(by_hand(penalty, m, eps).item()), "only numbers"),
]
log_s = losses.log_sigmoid_penalty


def translated(t1, t2, x12, z12):
    return log_s(t2(x12.detach(), z12))


def unseen(t1, t2, x12, z12):
    with torch.no_grad():
        shown = x12 * 1
    return F.logsigmoid(t2(shown, z12)).mean()


TRANSLATED = [
    translated,
    unseen,
    lambda t1, t2, x, z: -F.softplus(-t2(x.detach(), z)).mean(),
    lambda t1, t2, x, z: -F.binary_cross_entropy_with_logits(t2(x.detach(), z), torch.ones(len(x)).double()),
    lambda t1, t2, x, z: F.logsigmoid(t2(x.data, z)).sum() / len(z),
    lambda t1, t2, x, z: translated(t1, t2, x.float(), z.float()),
    lambda t1, t2, x, z: translated(t1, t2, x, z).reshape(1),
    lambda t1, t2, x, z: torch.stack(
        [F.logsigmoid(t2(a[None], b[None])) for a, b in zip(x.detach(), z, strict=True)]
    ).mean(),
    lambda t1, t2, x, z: translated(t1, t2, x.clone().detach_(), z.mul_(1)),
]


def of_t(f, sign=1):
    """An answer that asks T2 as it should, and does ``f`` with what T says."""
    return lambda t1, t2, x, z: sign * f(t2(x.detach(), z))


NOT_TRANSLATED = [
    (lambda t1, t2, x, z: log_s(t1(x, z)).neg(), "two mistakes in the value"),
    (lambda t1, t2, x, z: log_s(t1(x.detach(), z)), "it asks T1"),
    (of_t(log_s, -1), "the sign is wrong"),
    (of_t(lambda t: F.logsigmoid(t).sum()), "it is the sum over the batch"),
    (of_t(lambda t: F.logsigmoid(t).sum(), -1), "and its sign is wrong"),
    (of_t(lambda t: F.logsigmoid(t).mean() / len(t)), "size of the batch twice"),
    (of_t(F.logsigmoid), "one value for each code"),
    (of_t(losses.logit_penalty), "AVB's form; the"),
    (of_t(losses.logit_penalty, -1), "-T, AVB's form with the wrong sign"),
    (of_t(losses.softplus_penalty), "it is softplus\\(T\\)"),
    (of_t(losses.softplus_penalty, -1), "the prior's side"),
    (of_t(lambda t: t.sigmoid().mean()), "a probability"),
    (of_t(lambda t: t.sigmoid().mean().log()), "logarithm of a mean"),
    (of_t(lambda t: F.logsigmoid(t.mean())), "taken of T"),
    (of_t(lambda t: log_s(t.sigmoid())), "the sigmoid twice"),
    (lambda t1, t2, x, z: log_s(t2(z, x.detach())), "picture first"),
    (lambda t1, t2, x, z: log_s(t1(x, z)) + log_s(t2(x, z)), "both T1 and T2"),
    (of_t(log_s, 1 / math.log(2)), "in bits"),
    (of_t(log_s, 2), "twice too large"),
    (lambda t1, t2, x, z: log_s(t2(x, z)), "a gradient reaches x12"),
    (lambda t1, t2, x, z: translated(t1, t2, x, z.detach()), "no gradient reaches z12"),
    (lambda *a: translated(*a).detach(), "no gradient reaches z12"),
    (torch.no_grad()(translated), "no gradient reaches z12"),
    (lambda *a: translated(*a).item(), "plain number"),
    (lambda *a: [translated(*a)], "plain number"),
    (lambda *a: translated(*a).detach().numpy(), "plain number"),
    (lambda t1, t2, x, z: log_s(t2(x.detach_(), z)), "detaches its argument itself"),
    (of_t(lambda t: t.sigmoid().log().mean()), "at the logit -2000 it is not finite"),
    (of_t(lambda t: (t.sigmoid() + 1e-12).log().mean()), "at the logit -2000 it is -27.63, expected -2000"),
    (of_t(lambda t: F.logsigmoid(t.clamp(-50, 50)).mean()), "at the logit -2000 it is -50, expected"),
    (of_t(lambda t: t.mean() - (1 + t.exp()).log().mean()), "at the logit 2000 it is not finite"),
    (of_t(lambda t: 3 * t.mean()), "on a small example"),
    (lambda t1, t2, x: 0.0, "stopped with TypeError"),
]


def dimensions(width, size):
    return 4 * width * (size // 4) ** 2


def fair(lam, width, size):
    return 2 * lam / dimensions(width, size)


def from_a_code(lam, width, size):
    """Both penalties of one random code, and their ratio."""
    code = torch.randn(2, 4 * width, size // 4, size // 4, generator=torch.Generator().manual_seed(0))
    return lam * losses.mean_square_penalty(code.double()) / losses.gaussian_kl(code.double())


FAIR = [
    fair,
    from_a_code,
    lambda lam, w, s: lam * 8 / (w * s**2),
    lambda lam, w, s: float(Fraction(2, dimensions(w, s))) * lam,
    lambda lam, w, s: Fraction(lam) * Fraction(2, dimensions(w, s)),
    lambda lam, w, s: torch.tensor(fair(lam, w, s), dtype=torch.float32),
    lambda lam, w, s: np.float32(lam) / np.float32(dimensions(w, s) / 2),
    lambda lam, w, s: np.array([fair(lam, w, s)]),
    lambda lam, w, s: lam * 2 / torch.empty(4 * w, s // 4, s // 4).numel(),
    lambda lam, w, s: (
        lam * float(kl_divergence(Normal(1.0, 1.0), Normal(0.0, 1.0))) * 4 / torch.tensor(dimensions(w, s))
    ),
]
NOT_FAIR = [
    (lambda lam, w, s: lam * dimensions(w, s) / 2, "multiplied by d/2"),
    (lambda lam, w, s: lam * dimensions(w, s), "multiplied by d"),
    (lambda lam, w, s: lam * 2 * dimensions(w, s), "divide by it"),
    (lambda lam, w, s: lam / dimensions(w, s), "1/2 of the KL is missing"),
    (lambda lam, w, s: lam / (2 * dimensions(w, s)), "on the wrong side, for"),
    (lambda lam, w, s: 4 * lam / dimensions(w, s), "there twice, for"),
    (lambda lam, w, s: 2 * lam / (4 * w * s * s), "quarter of the picture's side"),
    (lambda lam, w, s: 2 * lam / (4 * w * (s // 2) ** 2), "half of the picture's side"),
    (lambda lam, w, s: 2 * lam / (4 * w * (s // 8) ** 2), "quarter of the picture's side"),
    (lambda lam, w, s: 2 * lam / (4 * w * (s // 4)), "along one side only"),
    (lambda lam, w, s: 2 * lam / (w * (s // 4) ** 2), "4 \\* width channels, not width"),
    (lambda lam, w, s: 2 * lam / (2 * w * (s // 4) ** 2), "d has 2 \\* width channels"),
    (lambda lam, w, s: 2 * lam / (4 * w), "channels alone"),
    (lambda lam, w, s: 2 * lam / (s // 4) ** 2, "places alone"),
    (lambda lam, w, s: 2 * lam / (3 * s * s), "not of the picture"),
    (lambda lam, w, s: 2 / dimensions(w, s), "lambda_1 is missing"),
    (lambda lam, w, s: 0.2 / dimensions(w, s), "UNIT's 0.1"),
    (lambda lam, w, s: lam, "unchanged"),
    (lambda lam, w, s: 2 * lam / dimensions(w, s) ** 0.5, "the root of d"),
    (lambda lam, w, s: lam / 2, "1/2 of the KL alone"),
    (lambda lam, w, s: 2 * lam / dimensions(16, 64), "use width and size"),
    (lambda lam, w, s: 2 * lam / (4 * w + (s // 4) ** 2), "are added"),
    (lambda lam, w, s: 1 / fair(lam, w, s), "upside down"),
    (lambda lam, w, s: lam * (2 / dimensions(w, s)) ** 0.5, "the root of d"),
    (lambda lam, w, s: 2 * lam // dimensions(w, s), "// rounds down"),
    (lambda lam, w, s: 1.2e-5, "Begin with d"),
    (lambda lam, w, s: fair(lam, w, s) * 1.0001, "Begin with d"),
    (lambda lam, w, s: 7.0, "Begin with d"),
    (lambda lam, w, s: str(fair(lam, w, s)), "must be one number"),
    (lambda lam, w, s: [fair(lam, w, s)], "must be one number"),
    (lambda lam, w, s: math.nan, "look for a division"),
]

CASES = {
    "check_avb_gtn_pull": (PULL, NOT_PULL),
    "check_avb_gtn_translated_penalty": (TRANSLATED, NOT_TRANSLATED),
    "check_avb_gtn_lambda_for_nats": (FAIR, NOT_FAIR),
}


test_a_right_answer_passes_however_it_is_written, test_a_mistake_is_named = judgements(CASES)


def test_the_numbers_that_the_exercises_state():
    weighted = torch.distributions.Normal(0, 1).icdf((torch.arange(20_000, dtype=F64) + 0.5) / 20_000)
    forms = (losses.logit_penalty, losses.log_sigmoid_penalty, losses.softplus_penalty)
    found = [float(by_hand(form, 2.0, weighted)) for form in forms]
    assert found == pytest.approx([2.00, 0.450, 1.55], abs=0.005)
    assert fair(0.1, 16, 64) == pytest.approx(1.2e-5, rel=0.02)
