"""What usual mistakes make of the answers to the exercises of book/avb_gtn.ipynb, and the sentences that name
them: pairs for :func:`avbgtn_book.shared.answers.compare`, the likeliest first.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from . import penalties

Named = list[tuple[Tensor | float, str]]
Form = Callable[[Tensor], Tensor]


def slope(form: Form, t_of: Callable[[Tensor, Tensor], Tensor], m: float, eps: Tensor) -> float:
    """The derivative by m of ``form(t_of(z, m))`` at ``z = m + eps``, 0 where none leads to m."""
    moving = torch.tensor(m, dtype=torch.float64, requires_grad=True)
    (found,) = torch.autograd.grad(form(t_of(moving + eps, moving)), moving, allow_unused=True)
    return 0.0 if found is None else found.item()


def right_pull(form: Form, m: float, eps: Tensor) -> float:
    """What ``pull`` should be: only the m inside z moves."""
    return slope(form, lambda z, _: penalties.best_t(z, m), m, eps)


def of_pull(form: Form, m: float, eps: Tensor) -> Named:
    """Values of ``pull`` with one mistake."""
    n, right = len(eps), right_pull(form, m, eps)
    value = form(penalties.best_t(m + eps, m)).item()
    of_log_s = m * (1 - penalties.best_t(m + eps, m).sigmoid().mean()).item()

    def frozen(t_of: Callable[[Tensor], Tensor]) -> float:
        return slope(form, lambda z, _: t_of(z), m, eps)

    log_two_pi = math.log(2 * math.pi)
    half = "in log N(z; m, 1) the square has a factor 1/2"
    log_q = "that T is log q alone: subtract the prior's log density"
    return [
        (
            slope(form, penalties.best_t, m, eps),
            "T moved along with m. Frozen means that the m inside T is a plain number, and only the m inside "
            "z has a gradient",
        ),
        (
            slope(form, lambda z, moving: penalties.best_t(z.detach(), moving), m, eps),
            "the wrong m is frozen: the codes z = m + eps move, and the m inside T is a plain number",
        ),
        (-right, "it has the right size and the wrong sign: it is the derivative by m, not the step"),
        (n * right, f"it is {n} times too large: the mean over eps is asked for, not the sum"),
        (right / n, f"it is {n} times too small: the penalty has already taken the mean over eps"),
        (
            frozen(lambda z: -penalties.best_t(z, m)),
            "that T is log p - log q: codes of the encoder are the positive class, so T = log q - log p",
        ),
        (frozen(lambda z: 2 * penalties.best_t(z, m)), f"T is twice too large: {half}"),
        (frozen(lambda z: penalties.best_t(z, m) / 2), f"T is half of what it is: {half}, once"),
        (
            frozen(lambda z: m * z),
            "the constant -m^2 / 2 of T is missing: where T itself is minimised it does not matter, but a "
            "sigmoid does not forget it",
        ),
        (frozen(lambda z: m * z + m**2 / 2), "m^2 / 2 has the wrong sign in T = m z - m^2 / 2"),
        (frozen(lambda z: m * z - m**2), f"T has -m^2 in the place of -m^2 / 2: {half}"),
        (frozen(lambda z: -(z - m).square() / 2), log_q),
        (frozen(lambda z: -(z - m).square() / 2 - log_two_pi / 2), log_q),
        *(
            (
                frozen(lambda z, part=part: z.square() / 2 + part),
                "that T is -log p alone: log q belongs to it, too",
            )
            for part in (0.0, log_two_pi / 2)
        ),
        (
            frozen(lambda z: penalties.best_t(z, m) - z.square()),
            "log p is added: it is subtracted, so z^2 / 2 stands in T with a plus",
        ),
        (
            frozen(lambda z: penalties.best_t(z, m).sigmoid()),
            "T goes through a sigmoid first: the penalty takes the logit itself",
        ),
        (value, "that is the penalty, not its derivative by m: take the gradient"),
        (
            right * m,
            "that is multiplied by m: it is the derivative by log m, or the chain rule with z = m eps; here "
            "z = m + eps",
        ),
        (
            slope(form, lambda z, moving: penalties.best_t(moving * eps, m), m, eps),
            "the noise is multiplied by m: with q = N(m, 1) the codes are z = m + eps",
        ),
        (
            slope(form, lambda z, moving: penalties.best_t(moving, m), m, eps),
            "the noise is left out: the codes are z = m + eps, not m",
        ),
        (
            slope(form, lambda z, moving: penalties.best_t(moving - eps, m), m, eps),
            "the noise is subtracted: the codes are z = m + eps",
        ),
        (
            penalties.frozen_gradient(form, m)[0],
            "that is the pull over all of N(0, 1): take the mean over the eps that are given",
        ),
        (m, "that is the pull of T itself, whatever the penalty: differentiate penalty(T), not T"),
        (
            frozen(lambda z: z - m**2 / 2),
            "T is m z - m^2 / 2: its slope in z is m, which is missing in yours",
        ),
        *(
            (value, "that is right for one penalty only: differentiate the one that is given")
            for value in (of_log_s, m - of_log_s)
        ),
        (of_log_s / m, "that is the mean of 1 - sigma(T) alone: T has the slope m in z, which multiplies it"),
        (0.0, "it is 0: no gradient reaches m, which must be inside z and not be detached there"),
    ]


class Judge(nn.Module):
    """A T that can be seen through, in which x and z play different parts: ``(N, ...)`` to logits (N,)."""

    def __init__(self, scale: float, tilt: float = 0.0, shift: float = 0.0):
        super().__init__()
        self.scale, self.tilt, self.shift = scale, tilt, shift

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        of_z = z.flatten(1).mean(1)
        return self.scale * x.flatten(1).mean(1) * of_z + self.tilt * of_z + self.shift


def of_translated_penalty(t1: nn.Module, t2: nn.Module, x12: Tensor, z12: Tensor) -> Named:
    """Values of ``translated_penalty`` with one mistake, and two with two."""
    t, other, n = t2(x12, z12), t1(x12, z12), len(x12)
    log_s = F.logsigmoid
    right = log_s(t).mean()
    whose = "z12 was drawn by E2, for a picture that looks like domain 2: which T learns to know such codes?"
    one_number = "that is one value for each code: a penalty is one number, the mean over the batch"
    return [
        (log_s(other).mean(), f"it asks T1. {whose}"),
        (
            -right,
            "the sign is wrong. In a loss that is minimised, T calls codes of the encoder positive, so "
            "+log sigma(T) pulls them to the prior and -log sigma(T) drives them away",
        ),
        (
            -log_s(other).mean(),
            "two mistakes in the value: it asks T1, where z12 was drawn by E2; and the sign drives codes "
            "away from the prior",
        ),
        (n * right, "it is the sum over the batch, where every penalty of the book is a mean over it"),
        (
            -n * right,
            "it is a sum over the batch, where every penalty of the book is a mean; and its sign is wrong",
        ),
        (right / n, "it is divided by the size of the batch twice: the mean over the batch has done that"),
        (log_s(t), one_number),
        (-log_s(t), one_number),
        (t.mean(), "it is T itself, AVB's form; the paper's is log sigma(T)"),
        (-t.mean(), "it is -T, AVB's form with the wrong sign; the paper's is log sigma(T), with a plus"),
        (F.softplus(t).mean(), "it is softplus(T); the paper's is log sigma(T)"),
        (-F.softplus(t).mean(), "it is log(1 - sigma(T)): the prior's side of Eq. (9)"),
        (t.sigmoid().mean(), "it is sigma(T), a probability: the paper's penalty is its logarithm"),
        (
            t.sigmoid().mean().log(),
            "it is the logarithm of a mean: the mean over the batch is of the logarithms",
        ),
        (
            log_s(t.mean()),
            "the mean over the batch is taken of T: take it of log sigma(T), after the sigmoid",
        ),
        (
            log_s(t.sigmoid()).mean(),
            "T goes through the sigmoid twice: the package's function takes the logit itself",
        ),
        (
            log_s(t2(z12, x12)).mean(),
            "T takes the picture first and the code second: t(x12, z12)",
        ),
        *(
            (value, f"it asks both T1 and T2. {whose}")
            for value in (right + log_s(other).mean(), (right + log_s(other).mean()) / 2)
        ),
        (right / math.log(2), "that is in bits: the paper's logarithm is the natural one"),
        (2 * right, "it is twice too large: log sigma(T2) stands there once"),
    ]


def of_lambda_for_nats(lambda_1: float, width: int, size: int) -> Named:
    """Values of ``lambda_for_nats`` with one mistake."""
    d = 4 * width * (size // 4) ** 2
    side = "d counts the code, which has a quarter of the picture's side: (size / 4)^2 places"
    quarter = (
        "that is four times too small. Either the 1/2 of the KL stands on the wrong side, for mean(mu^2) = "
        "(2/d) KL, or the places are counted at half of the picture's side: the code has a quarter of it"
    )
    double = (
        "that is twice too large. Either the 1/2 of the KL is there twice, for KL = |mu|^2 / 2, or d has 2 * "
        "width channels: the code has 4 * width"
    )
    return [
        (
            lambda_1 * d / 2,
            "that is multiplied by d/2: a sum over d dimensions is far larger than their mean, so its weight "
            "must be smaller",
        ),
        (
            lambda_1 * 2 * d,
            "that is multiplied by d: divide by it, for a sum over d dimensions exceeds their mean by far",
        ),
        (
            lambda_1 * d,
            "that is multiplied by d: a sum over d dimensions is far larger than their mean, so its weight "
            "must be smaller",
        ),
        (
            lambda_1 / d,
            "the 1/2 of the KL is missing: KL = |mu|^2 / 2, and |mu|^2 = d mean(mu^2)",
        ),
        (lambda_1 / (2 * d), quarter),
        (lambda_1 * 4 / d, double),
        (lambda_1 * 2 / (4 * width * size**2), side),
        (lambda_1 * 2 / (4 * width * (size // 8) ** 2), side),
        (lambda_1 * 2 / (4 * width * (size // 16) ** 2), side),
        (
            lambda_1 * 2 / (4 * width * (size // 4)),
            "the places of the code are counted along one side only: there are (size / 4)^2",
        ),
        (lambda_1 * 2 / (width * (size // 4) ** 2), "the code has 4 * width channels, not width"),
        (lambda_1 * 2 / (4 * width), "the channels alone are counted: the code has (size / 4)^2 places each"),
        (
            lambda_1 * 2 / (size // 4) ** 2,
            "the places alone are counted: the code has 4 * width channels at each",
        ),
        (lambda_1 * 2 / (3 * size**2), "d counts the values of the code, not of the picture"),
        (lambda_1 * 2 / size**2, "d counts the values of the code, not of the picture"),
        (2 / d, "lambda_1 is missing: the new weight is in proportion to the old one"),
        (0.1 * 2 / d, "that has UNIT's 0.1, whatever the function is given: use lambda_1"),
        (lambda_1, "the weight is unchanged: a sum over d dimensions is far larger than their mean"),
        (
            d / (2 * lambda_1),
            "upside down: the new weight is in proportion to the old one, and small where d is large",
        ),
        (lambda_1 * 2 / d**0.5, "the root of d: the KL grows with d itself"),
        (lambda_1 / 2, "the 1/2 of the KL alone: a sum over d numbers is d times their mean as well"),
        (
            lambda_1 * 2 / (4 * 16 * 16**2),
            "that is d for width 16 and 64 pixels, whatever the function is given: use width and size",
        ),
        (
            lambda_1 * 2 / (4 * width + (size // 4) ** 2),
            "channels and places are added: the code has so many channels at each place, so multiply",
        ),
        (lambda_1 * (2 / d) ** 0.5, "the root of d: the KL grows with d itself"),
    ]
