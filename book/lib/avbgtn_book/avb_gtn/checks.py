"""Checks of the exercises of book/avb_gtn.ipynb."""

import dataclasses
import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from avbgtn.config import PRESETS, Config, default_posterior
from avbgtn.config.config import T_PENALTIES
from avbgtn.errors import ConfigError
from avbgtn.models import losses

from ..shared.answers import CheckFailed, call, choice, close, function, number, passed, whole
from . import penalties

__all__ = [
    "check_avb_gtn_design",
    "check_avb_gtn_lambda_for_nats",
    "check_avb_gtn_noise_planes",
    "check_avb_gtn_pull",
    "check_avb_gtn_strongest_pull",
    "check_avb_gtn_translated_penalty",
]


def check_avb_gtn_strongest_pull(answer: str | None) -> None:
    """Exercise 1: how the pull of log s(T) on the mean changes with the distance."""
    wrong = {
        "a": (
            "in proportion to the distance pulls T itself, whose E is the KL. Here the factor 1 - sigma(T) "
            "stands before T's slope: what does it do where T is large?"
        ),
        "b": (
            "that the penalty is bounded by 0 does not hold its slope up, on the contrary: a curve that "
            "levels off has a slope that goes to zero"
        ),
        "d": (
            "at m = 0 posterior and prior are equal and T* is zero everywhere: which slope is left to follow?"
        ),
    }
    given = choice(answer, ("a", "b", "c", "d"), "answer")
    if given in wrong:
        raise CheckFailed(f'not "{given}": {wrong[given]}')
    distances = torch.linspace(0.1, 10, 100).tolist()
    pulls = [penalties.frozen_gradient(losses.log_sigmoid_penalty, m)[0] for m in distances]
    top = distances[pulls.index(max(pulls))]
    passed(
        f"the pull has its top, {max(pulls):.2f}, near m = {top:.1f}, and is below "
        f"{pulls[-1] * 1.01:.1g} at m = 10"
    )


def check_avb_gtn_pull(pull: Callable[[Callable, float, Tensor], float]) -> None:
    """Exercise 2: the gradient that the encoder follows, with T frozen."""
    pull = function(pull, "pull")
    probabilities = (torch.arange(2000, dtype=torch.float64) + 0.5) / 2000
    eps = math.sqrt(2) * torch.erfinv(2 * probabilities - 1)  # evenly spread over N(0, 1)
    named = (
        ("losses.logit_penalty", losses.logit_penalty),
        ("losses.log_sigmoid_penalty", losses.log_sigmoid_penalty),
        ("losses.softplus_penalty", losses.softplus_penalty),
    )
    for name, form in named:
        for m in (2.3, 0.7):
            frozen, moving = (_pull(form, m, eps, freeze) for freeze in (True, False))
            got = call(pull, form, m, eps, name="pull")
            where = f"pull({name}, {m}, eps)"
            if close(got, frozen, atol=1e-6, name=where):
                continue
            value = number(got, where)
            if abs(value + frozen) < 1e-6:
                raise CheckFailed(
                    f"{where} has the right size and the wrong sign: it is the derivative by m, not the step"
                )
            if abs(value - len(eps) * frozen) < 1e-3:
                raise CheckFailed(
                    f"{where} is {len(eps)} times too large: the mean over eps is asked for, not the sum"
                )
            if abs(value - moving) < 1e-6:
                raise CheckFailed(
                    f"{where} is {value:.4f}, expected {frozen:.4f}: T moved along with m. Frozen means that "
                    "the m inside T is a plain number, and only the m inside z has a gradient"
                )
            if abs(value - frozen / 2) < 1e-6 or abs(value - frozen * 2) < 1e-6:
                raise CheckFailed(
                    f"{where} is off by a factor of two: in log N(z; m, 1) the square has a factor 1/2"
                )
            raise CheckFailed(
                f"{where} is {value:.4f}, expected {frozen:.4f}: with q = N(m, 1), T*(z) is the logarithm of "
                "q's density at z minus that of the prior's, and z = m + eps"
            )
    passed("the frozen gradients of T, log sigma(T) and softplus(T) are those of KL, 2 JS and KL - 2 JS")


def _pull(form: Callable, at: float, eps: Tensor, freeze: bool) -> float:
    m = torch.tensor(at, dtype=torch.float64, requires_grad=True)
    t = penalties.best_t(m + eps, m.detach() if freeze else m)
    return torch.autograd.grad(form(t), m)[0].item()


class _Judge(nn.Module):
    """A T that can be seen through: ``scale * mean(x) * mean(z) + shift``."""

    def __init__(self, scale: float, shift: float = 0.0):
        super().__init__()
        self.scale, self.shift = scale, shift

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        return self.scale * x.flatten(1).mean(1) * z.flatten(1).mean(1) + self.shift


def check_avb_gtn_translated_penalty(penalty: Callable[..., Tensor]) -> None:
    """Exercise 3: the penalty of z12, which has three mistakes to be found."""
    penalty = function(penalty, "translated_penalty")
    t1, t2 = _Judge(-1.5), _Judge(2.0)

    def ask(t1: nn.Module, t2: nn.Module) -> tuple[Tensor, Tensor, Tensor]:
        x12 = torch.tensor([[0.5, 1.5], [2.0, -0.5]], dtype=torch.float64, requires_grad=True)
        z12 = torch.tensor([[0.3, 0.9], [-1.0, 0.2]], dtype=torch.float64, requires_grad=True)
        return call(penalty, t1, t2, x12, z12, name="translated_penalty"), x12, z12

    got, x12, z12 = ask(t1, t2)

    def expected(t: nn.Module) -> Tensor:
        return F.logsigmoid(t(x12, z12)).mean().detach()

    right, other = expected(t2), expected(t1)
    if not close(got, right, atol=1e-9, name="translated_penalty(...)"):
        value = number(got, "translated_penalty(...)")
        guesses = [
            (
                other,
                (
                    "it asks T1. z12 was drawn by E2, for a picture that looks like domain 2: which "
                    "T learns to know such codes?"
                ),
            ),
            (
                -right,
                "the sign is wrong. In a loss that is minimised, T calls codes of the encoder positive, so "
                "+log sigma(T) pulls them to the prior and -log sigma(T) drives them away",
            ),
            (
                -other,
                (
                    "two mistakes in the value: it asks T1, where z12 was drawn by E2; and the sign "
                    "drives codes away from the prior"
                ),
            ),
            (
                2 * right,
                "it is the sum over the batch, where every penalty of the book is a mean over it",
            ),
            (
                t2(x12, z12).mean().detach(),
                "it is T itself, AVB's form; the paper's is log sigma(T)",
            ),
            (F.softplus(t2(x12, z12)).mean().detach(), "it is softplus(T); the paper's is log sigma(T)"),
            (
                -F.softplus(t2(x12, z12)).mean().detach(),
                "it is log(1 - sigma(T)): the prior's side of Eq. (9)",
            ),
        ]
        for guess, sentence in guesses:
            if abs(value - guess.item()) < 1e-9:
                raise CheckFailed(sentence)
        raise CheckFailed(
            f"on a small example the value is {value:.4f}, expected {right.item():.4f}, the "
            "mean of log sigma(T2(x12, z12))"
        )
    if not isinstance(got, Tensor) or not got.requires_grad:
        raise CheckFailed(
            "no gradient reaches z12: it must stay attached, as it is what the encoder improves"
        )
    to_x, to_z = torch.autograd.grad(got.sum(), (x12, z12), allow_unused=True)
    if to_z is None or not to_z.abs().sum() > 0:
        raise CheckFailed(
            "no gradient reaches z12: it must stay attached, as it is what the encoder improves"
        )
    if to_x is not None and to_x.abs().sum() > 0:
        raise CheckFailed(
            "a gradient reaches x12 through T: G1 and G2 could make T content by changing the picture. T may "
            "look at the picture, but what it is shown must be cut off"
        )
    if not torch.as_tensor(ask(t1, _Judge(0.0, shift=-2000.0))[0]).isfinite().all():
        raise CheckFailed(
            "at the logit -2000 it is infinite: the logarithm of a sigmoid that has become 0. Use the "
            "package's function, which never takes that logarithm"
        )
    passed("the right T, the right sign, x12 cut off inside T and z12 not")


def check_avb_gtn_lambda_for_nats(lambda_for_nats: Callable[[float, int, int], float]) -> None:
    """Exercise 4: the weight that gives a penalty in nats the size of UNIT's mean square."""
    lambda_for_nats = function(lambda_for_nats, "lambda_for_nats")
    for width, size in ((16, 64), (64, 128), (24, 64)):
        got = number(
            call(lambda_for_nats, 0.1, width, size, name="lambda_for_nats"),
            f"lambda_for_nats(0.1, {width}, {size})",
        )
        d = width * size**2 // 4
        right = 0.1 * 2 / d
        mistakes = [
            (
                0.1 * d / 2,
                (
                    "that is multiplied by d/2: a sum over d dimensions is far larger than their mean, "
                    "so its weight must be smaller"
                ),
            ),
            (0.1 / d, "the 1/2 of the KL is missing: KL = |mu|^2 / 2, and |mu|^2 = d mean(mu^2)"),
            (0.1 / (2 * d), "the 1/2 of the KL stands on the wrong side: mean(mu^2) = (2/d) KL"),
            (
                0.1 * 2 / (4 * width * size**2),
                "d counts the code, which has a quarter of the picture's side: (size / 4)^2 places",
            ),
            (0.1 * 2 / (width * (size // 4) ** 2), "the code has 4 * width channels, not width"),
            (0.1 * 2 / (3 * size**2), "d counts the values of the code, not of the picture"),
            (2 / d, "lambda_1 is missing: the new weight is in proportion to the old one"),
        ]
        if abs(got / right - 1) < 1e-6:
            continue
        for value, sentence in mistakes:
            if abs(got / value - 1) < 1e-6:
                raise CheckFailed(f"lambda_for_nats(0.1, {width}, {size}) is {got:.4g}: {sentence}")
        raise CheckFailed(
            f"lambda_for_nats(0.1, {width}, {size}) is {got:.4g}, expected {right:.4g}. Begin with d = "
            "channels x places of the code, then with the weight w for which w KL = 0.1 mean(mu^2)"
        )
    passed("a literal swap of the mean square for nats is d/2 times too heavy; this weight takes that back")


def check_avb_gtn_noise_planes(answer: int | None) -> None:
    """Exercise 5: planes of noise that a code of 64 x 64 pictures at width 64 needs at least."""
    planes = whole(answer, "planes")
    if planes == 16:
        passed("16 planes of 64 x 64 are as many numbers as the code has; with fewer, the KL is infinite")
        return
    known = {
        3: "3 is what the package's default has: 12,288 numbers of noise for a code of how many?",
        256: (
            "256 is the number of channels of the code, whose planes are 16 x 16; a plane of noise is 64 x 64"
        ),
        65536: "65,536 is the number of values of the code; how many does one plane of noise bring?",
        4: "4 planes would do for width 16; the question is about width 64",
        15: "15 is not enough: count the values that are left without noise",
        17: "17 is one more than needed: as many numbers as the code has are enough",
        64: (
            "64 is the width, and what comes out when the square is forgotten on both sides: the code has "
            "256 channels of 16 x 16 places, a plane has 64 x 64"
        ),
    }
    hint = known.get(
        planes,
        "the code of a 64-pixel picture has 4 * 64 channels of 16 x 16 places, a "
        "plane of noise 64 x 64 values",
    )
    raise CheckFailed(f"not {planes:g}: {hint}")


def check_avb_gtn_design(design: dict | None) -> None:
    """Exercise 6: settings under which T could stand for a KL."""
    if design is None:
        raise CheckFailed(
            "design is still None: make it a dictionary of parameters, such as the penalty and the "
            "posterior, then run this cell again"
        )
    if not isinstance(design, dict):
        raise CheckFailed(f"design must be a dictionary of parameters, got {type(design).__name__}")
    known = {f.name for f in dataclasses.fields(Config)}
    if unknown := sorted(map(str, set(design) - known)):
        raise CheckFailed(
            f"no parameter is called {', '.join(unknown)}; see the parameters of the hair chapter"
        )
    base = dict(
        model="avb_gtn", dataset="heads", domains=("brown", "blond"), data_checksum="", preset="quick",
        **PRESETS["quick"], **default_posterior("avb_gtn"),
    )  # fmt: skip
    try:
        config = Config(**base | design)
    except ConfigError as problem:
        raise CheckFailed(f"these settings are refused: {problem}") from None
    if config.penalty == "log_sigmoid":
        raise CheckFailed("with log_sigmoid the encoder follows 2 JS: which form follows the KL?")
    if config.penalty == "softplus":
        raise CheckFailed("with softplus the encoder follows KL - 2 JS: close when far off, but not the KL")
    if config.penalty not in T_PENALTIES:
        raise CheckFailed(
            f"the penalty {config.penalty} does not ask T at all; the exercise is "
            "about a T that stands for the KL"
        )
    enough = config.posterior == "code" or (
        config.posterior == "input" and 16 * config.noise_channels >= 4 * config.width
    )
    if not enough or config.noise_scale == 0:
        raise CheckFailed(
            "the posterior has no density: there are fewer numbers of noise than of code, so the KL is "
            "infinite and no T can stand for it"
        )
    if not config.adaptive_contrast:
        raise CheckFailed(
            "without adaptive contrast T would have to read a KL of tens of thousands of nats: let a "
            "Gaussian take most of it away"
        )
    if config.penalty_scale == "as_written" and config.lambda_1 == 0.1:
        raise CheckFailed(
            "the penalty is in nats, summed over the code, with the weight of a mean: it is d/2 times "
            "heavier than UNIT's. Change its scale, or lambda_1"
        )
    passed(
        "T itself, a posterior with a density, adaptive contrast, and a scale that was thought about; now "
        "run it, with controls and seeds"
    )
