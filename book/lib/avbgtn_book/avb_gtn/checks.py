"""Checks of the exercises of book/avb_gtn.ipynb."""

import dataclasses
import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from avbgtn import streams
from avbgtn.config import PRESETS, Config, default_posterior
from avbgtn.config.config import T_PENALTIES
from avbgtn.config.table import TABLE
from avbgtn.errors import ConfigError
from avbgtn.models import losses

from ..shared.answers import (
    CheckFailed,
    agrees,
    call,
    choice,
    close,
    compare,
    function,
    in_proportion,
    number,
    passed,
    slopes,
    tensor,
    whole,
)
from . import mistakes, penalties

__all__ = [
    "check_avb_gtn_design",
    "check_avb_gtn_lambda_for_nats",
    "check_avb_gtn_noise_planes",
    "check_avb_gtn_pull",
    "check_avb_gtn_strongest_pull",
    "check_avb_gtn_translated_penalty",
]
F64 = torch.float64


def _normal(*shape: int, stream: str) -> Tensor:
    return torch.randn(*shape, generator=streams.generator(0, f"checks/avb_gtn/{stream}"), dtype=F64)


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


FORMS = {
    "losses.log_sigmoid_penalty": losses.log_sigmoid_penalty,  # tells apart what T itself does not
    "losses.softplus_penalty": losses.softplus_penalty,
    "losses.logit_penalty": losses.logit_penalty,
}
ROOM = 2e-5  # for an answer that computes in float32 and returns a float


def check_avb_gtn_pull(pull: Callable[[Callable, float, Tensor], float]) -> None:
    """Exercise 2: the gradient that the encoder follows, with T frozen."""
    pull = function(pull, "pull")
    probabilities = (torch.arange(2000, dtype=F64) + 0.5) / 2000
    spread = math.sqrt(2) * torch.erfinv(2 * probabilities - 1)  # evenly over N(0, 1)
    draws = ((0.7, _normal(7, stream="few")), (-1.2, _normal(40, stream="many")), (2.3, spread))
    for name, form in FORMS.items():
        for m, eps in draws:
            got = call(pull, form, m, eps, name="pull")
            where = f"pull({name}, {m}, eps)"
            frozen = mistakes.right_pull(form, m, eps)
            if close(got, frozen, atol=ROOM, name=where):
                continue
            value = number(got, where)
            found = f"{where}, with {len(eps)} values in eps, is {value:.4f}, expected {frozen:.4f}"
            for wrong, sentence in mistakes.of_pull(form, m, eps):
                if abs(value - wrong) <= ROOM:
                    raise CheckFailed(f"{found}: {sentence}")
            raise CheckFailed(
                f"{found}, within {ROOM:g}: with q = N(m, 1), T*(z) is the logarithm of q's density at z "
                "minus that of the prior's, and z = m + eps"
            )
    passed("the frozen gradients of T, log sigma(T) and softplus(T) are those of KL, 2 JS and KL - 2 JS")


def check_avb_gtn_translated_penalty(penalty: Callable[..., Tensor]) -> None:
    """Exercise 3: the penalty of z12, which has three mistakes to be found."""
    penalty = function(penalty, "translated_penalty")
    shapes = (((3, 2), (3, 2)), ((4, 3, 8, 8), (4, 4, 2, 2)), ((5, 6), (5, 9)))
    for k, (of_picture, of_code) in enumerate(shapes):
        start_x, start_z = _normal(*of_picture, stream=f"x{k}"), _normal(*of_code, stream=f"z{k}")
        t1, t2 = mistakes.Judge(-1.5, 0.8 + k, 0.3), mistakes.Judge(2.0, -0.6 - k, -0.2)
        _judge_penalty(penalty, t1, t2, start_x.requires_grad_(), start_z.requires_grad_())
    for logit in (-2000.0, 2000.0):
        x, z = _normal(2, 2, stream="x0"), _normal(2, 2, stream="z0")
        sure = mistakes.Judge(0.0, shift=logit)
        got = call(penalty, t1, sure, x, z, name="translated_penalty")
        if not tensor(got, "translated_penalty(...)").isfinite().all():
            raise CheckFailed(
                f"at the logit {logit:g} it is not finite: the logarithm of a sigmoid that has become 0. Use "
                "the package's function, which never takes that logarithm"
            )
        if not agrees(got, min(logit, 0.0)):
            raise CheckFailed(
                f"at the logit {logit:g} it is {number(got, 'it'):.4g}, expected {min(logit, 0.0):g}: a "
                "clamp or a small constant hides that the sigmoid has become 0, and with it the gradient. "
                "Use the package's function, which needs neither"
            )
    passed("the right T, the right sign, x12 cut off inside T and z12 not")


def _judge_penalty(penalty: Callable, t1: nn.Module, t2: nn.Module, start_x: Tensor, start_z: Tensor) -> None:
    """Its value, then where its gradient leads; the answer gets copies, which it may detach in place."""
    x12, z12 = start_x.clone(), start_z.clone()
    got = call(penalty, t1, t2, x12, z12, name="translated_penalty")
    if not x12.requires_grad or not z12.requires_grad:
        raise CheckFailed(
            "it detaches its argument itself, so that every other loss of this picture or code loses its "
            "gradient too: x.detach() makes a copy that is cut off, x.detach_() cuts x"
        )
    with torch.no_grad():
        right = F.logsigmoid(t2(start_x, start_z)).mean()
        wrong = mistakes.of_translated_penalty(t1, t2, start_x, start_z)
    compare(
        got,
        right,
        wrong,
        name="translated_penalty(...)",
        otherwise=f"on a small example with a batch of {len(start_x)} the value should be {right:.4f}, the "
        "mean of log sigma(T2(x12, z12)), within rounding",
    )
    if not isinstance(got, Tensor):
        raise CheckFailed(
            "no gradient reaches z12, since the result is a plain number: return the tensor, without .item() "
            "or float(...)"
        )
    to_x, to_z = slopes(got, start_x, start_z)
    if to_z is None:
        raise CheckFailed(
            "no gradient reaches z12: it must stay attached, as it is what the encoder improves"
        )
    if to_x is not None:
        raise CheckFailed(
            "a gradient reaches x12 through T: G1 and G2 could make T content by changing the picture. T may "
            "look at the picture, but what it is shown must be cut off"
        )


def check_avb_gtn_lambda_for_nats(lambda_for_nats: Callable[[float, int, int], float]) -> None:
    """Exercise 4: the weight that gives a penalty in nats the size of UNIT's mean square."""
    lambda_for_nats = function(lambda_for_nats, "lambda_for_nats")
    for lambda_1, width, size in ((0.3, 5, 52), (0.1, 16, 64), (2.0, 24, 48), (0.01, 64, 256)):
        got = call(lambda_for_nats, lambda_1, width, size, name="lambda_for_nats")
        where = f"lambda_for_nats({lambda_1}, {width}, {size})"
        value = number(got, where)
        right = lambda_1 * 2 / (4 * width * (size // 4) ** 2)
        if value == 0:
            raise CheckFailed(f"{where} is 0: // rounds down, so divide with /")
        in_proportion(
            got,
            right,
            (
                (wrong, f"{where} is {value:.4g}: {sentence}")
                for wrong, sentence in mistakes.of_lambda_for_nats(lambda_1, width, size)
            ),
            name=where,
            otherwise=f"{where} is {value:.4g}, expected {right:.4g} within rounding. Begin with d = "
            "channels x places of the code, then with the weight w for which w KL = lambda_1 mean(mu^2)",
        )
    passed(
        "a literal swap of the mean square for nats is d/2 times too heavy; this coefficient takes that back"
    )


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
        5: "5 is 16 / 3 rounded down: a plane of noise is one number at each place, not three as a colour is",
        6: "6 is 16 / 3 rounded up: a plane of noise is one number at each place, not three as a colour is",
        48: "48 is three times what is needed: a plane of noise is one number at each place, without colours",
        1: "1 plane has 64 x 64 numbers: how many does the code have?",
        1024: "1,024 divides by the side of the plane alone: a plane has 64 x 64 numbers",
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
    """Exercise 6: settings under which T could stand in for a KL."""
    if design is None:
        raise CheckFailed(
            "design is still None: make it a dictionary of parameters, such as the penalty and the "
            "posterior, then run this cell again"
        )
    if not isinstance(design, dict):
        raise CheckFailed(f"design must be a dictionary of parameters, got {type(design).__name__}")
    known = {f.name for f in dataclasses.fields(Config)}
    if unknown := sorted(map(str, set(design) - known - set(TABLE))):
        raise CheckFailed(
            f"no parameter is called {', '.join(unknown)}; see the parameters of the hair chapter"
        )
    base = dict(
        model="avb_gtn", dataset="heads", domains=("brown", "blond"), data_checksum="", preset="quick",
        **PRESETS["quick"], **default_posterior("avb_gtn"),
    )  # fmt: skip
    try:
        config = Config(**base | {name: value for name, value in design.items() if name in known})
    except ConfigError as problem:
        raise CheckFailed(f"these settings are refused: {problem}") from None
    if config.penalty == "log_sigmoid":
        raise CheckFailed("with log_sigmoid the encoder follows 2 JS: which form follows the KL?")
    if config.penalty == "softplus":
        raise CheckFailed("with softplus the encoder follows KL - 2 JS: close when far off, but not the KL")
    if config.penalty not in T_PENALTIES:
        raise CheckFailed(
            f"the penalty {config.penalty} does not ask T at all; the exercise is "
            "about a T that stands in for the KL"
        )
    enough = config.posterior == "code" or (
        config.posterior == "input"
        and 16 * config.noise_channels >= (config.code_channels or 4 * config.width)
    )
    if not enough or config.noise_scale == 0:
        raise CheckFailed(
            "the posterior has no density: there are fewer numbers of noise than of code, so the KL is "
            "infinite and no T can stand in for it"
        )
    if config.t_prior != "normal":
        raise CheckFailed(
            f"with t_prior={config.t_prior!r} T tells the codes of the two domains apart, and never sees the "
            "prior: it cannot stand in for the KL to it"
        )
    if config.lambda_1 == config.lambda_3 == 0:
        raise CheckFailed(
            "lambda_1 and lambda_3 are 0, so T is trained and nobody listens to it: that is the control"
        )
    if not config.adaptive_contrast:
        raise CheckFailed(
            "without adaptive contrast T would have to read a KL of tens of thousands of nats: let a "
            "Gaussian take most of it away"
        )
    if config.penalty_scale != "per_dimension" and config.lambda_1 == Config.lambda_1:
        raise CheckFailed(
            "the penalty is in nats, summed over the code, with the weight of a mean: it is d/2 times "
            "heavier than UNIT's. Change its scale, or lambda_1"
        )
    passed(
        "T itself, a posterior with a density, adaptive contrast, and a scale that was thought about; now "
        "run it, with controls and seeds"
    )
