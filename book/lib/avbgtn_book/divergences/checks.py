"""Checks of the exercises of book/divergences.ipynb."""

import math
from collections.abc import Callable
from typing import Any

import torch

from ..gan import gan
from ..shared import answers as core
from ..shared.answers import CheckFailed
from . import fits, mistakes

__all__ = [
    "check_divergences_js",
    "check_divergences_mixture",
    "check_divergences_neyman",
    "check_divergences_order",
    "check_divergences_outputs",
    "check_divergences_ratio",
]

F64 = torch.float64
NEAR = 0.1  # root mean square of the logarithms, of a table that is as good as the lecture's


def check_divergences_order(answer: Any) -> None:
    """The five divergences from the narrowest fit to the widest."""
    if answer is None:
        raise CheckFailed("order is still None: give it a list of five names, then run this cell again")
    if isinstance(answer, str):
        answer = answer.replace("<", ",").replace(";", ",").split(",")
    if not isinstance(answer, list | tuple):
        raise CheckFailed(f"order must be a list of five names, got {type(answer).__name__}")
    order = tuple(_plain(name) for name in answer)
    if unknown := [name for name in order if name not in mistakes.ORDER]:
        raise CheckFailed(f"{unknown[0]!r} is none of the five names: {', '.join(fits.NAMES)}")
    if twice := [name for name in mistakes.ORDER if order.count(name) > 1]:
        raise CheckFailed(f"{twice[0]!r} stands twice: each of the five names once")
    if missing := [name for name in mistakes.ORDER if name not in order]:
        raise CheckFailed(f"{missing[0]!r} is missing: all five names, please")
    if order != mistakes.ORDER:
        raise CheckFailed(mistakes.of_order(order))
    core.passed("from seeking a hump to covering both: the widths are 1.42, 1.48, 1.59, 1.63 and 1.69")


def _plain(name: Any) -> str:
    text = str(name).lower().replace("-", " ").replace("_", " ").strip()
    other = {
        "kl rev": "reverse kl", "rev kl": "reverse kl", "reversed kl": "reverse kl",
        "jensen shannon": "js", "kullback leibler": "kl",
    }  # fmt: skip
    return other.get(text, text)


def check_divergences_neyman(answer: Callable) -> None:
    """Neyman's conjugate, below 1 and above."""
    ask = core.function(answer, "conjugate")
    for t in (torch.linspace(-3, 0.9, 9, dtype=F64), torch.tensor([[-0.5, 0.25], [0.7, -2.0]], dtype=F64)):
        got = core.tensor(core.call(ask, t, name="conjugate"), "conjugate")
        core.compare(
            got,
            mistakes.right_neyman(t),
            mistakes.of_neyman(t),
            name="conjugate(t)",
            otherwise="not the maximum of u t - f(u) over u > 0: where is its derivative t - 1 + 1/u^2 zero?",
        )
    t = torch.tensor([0.5, 1.5, 3.0], dtype=F64)
    above = core.tensor(core.call(ask, t, name="conjugate"), "conjugate").to(F64)[1:]
    if above.isnan().any():
        raise CheckFailed(
            "right for t up to 1, but nan above, from the root of a negative number: what is the maximum of "
            "u t - f(u) there?"
        )
    if not (above == math.inf).all():
        raise CheckFailed(
            f"right for t up to 1, but {above[0].item():g} at t = 1.5: there u t - f(u) grows "
            "with u without limit"
        )
    core.passed("right up to t = 1, and infinite above")


def check_divergences_js(answer: Callable) -> None:
    """The JS of two distributions on finitely many outcomes."""
    ask = core.function(answer, "js")
    g = torch.Generator().manual_seed(2)
    for n in (5, 7):
        p, q = torch.rand(2, n, generator=g, dtype=F64) + 0.02
        p, q = p / p.sum(), q / q.sum()
        core.compare(
            core.tensor(core.call(ask, p, q, name="js"), "js"),
            mistakes.right_js(p, q),
            mistakes.of_js(p, q),
            name="js(p, q)",
            otherwise="not the JS: with m = (p + q)/2 it is half of KL(p || m) + KL(q || m)",
        )
    core.passed("the JS in nats, at most log 2")


def check_divergences_ratio(answer: Callable) -> None:
    """From the best discriminator of five divergences back to the density ratio."""
    ask = core.function(answer, "ratio")
    for name in mistakes.RATIOS:
        t = torch.tensor([-1.5, -0.7, -0.3], dtype=F64)
        got = core.tensor(core.call(ask, name, t, name="ratio"), "ratio")
        wrong = [(value, f"{name}: {words}") for value, words in mistakes.of_ratio(name, t)]
        core.compare(
            got,
            mistakes.right_ratio(name, t),
            wrong,
            name=f'ratio("{name}", t)',
            otherwise=f"{name}: f'(u) is not t at the u that you return; solve f'(u) = t for u",
        )
    core.passed("any of the five discriminators is a density ratio in disguise")


def check_divergences_outputs(answer: Any) -> None:
    """What the networks of Jeffrey and of the reverse KL have to return where q = 100 p."""
    if answer is None:
        raise CheckFailed("outputs is still None: give it two numbers, (Jeffrey, reverse KL)")
    if not isinstance(answer, list | tuple) and getattr(answer, "ndim", 0) != 1:
        raise CheckFailed("outputs must be two numbers, (Jeffrey, reverse KL)")
    if len(answer) != 2:
        raise CheckFailed(f"outputs has {len(answer)} entries: two numbers, (Jeffrey, reverse KL)")
    jeffrey, reverse = (core.number(v, name) for v, name in zip(answer, ("Jeffrey", "reverse"), strict=True))
    if abs(jeffrey - mistakes.REVERSE) < 0.05 and abs(reverse - mistakes.JEFFREY) < 0.6:
        raise CheckFailed("the two are exchanged: Jeffrey comes first")
    for name, got, right, wrong, within in (
        ("Jeffrey", jeffrey, mistakes.JEFFREY, mistakes.OF_JEFFREY, 0.3),
        ("reverse KL", reverse, mistakes.REVERSE, mistakes.OF_REVERSE, 0.05),
    ):
        core.near(
            got,
            right,
            wrong,
            within=within,
            otherwise=f", it is too {'large' if got > right else 'small'}: u = p/q is 1/100 here; insert it "
            "in f', and undo the output activation where there is one",
            name=name,
        )
    core.passed("-103.6 against -4.6: both T* grow like q/p, but only one network has to")


def check_divergences_mixture(answer: Callable) -> None:
    """A mixture whose five fits give nearly the table of the lecture."""
    ask = core.function(answer, "behind")
    mixture = core.call(ask, name="behind")
    if not isinstance(mixture, gan.Mixture):
        raise CheckFailed(
            f"behind must return a gan.Mixture, got {type(mixture).__name__}: for example "
            "gan.Mixture((0.0, 3.0), (0.5, 1.0), (0.4, 0.6))"
        )
    if not len(mixture.means) == len(mixture.stds) == len(mixture.weights) == 2:
        raise CheckFailed("two humps are asked for: two means, two widths and two weights")
    if min(mixture.stds) <= 0:
        raise CheckFailed(f"widths are positive, got {mixture.stds}")
    if min(mixture.weights) <= 0 or abs(sum(mixture.weights) - 1) > 1e-6:
        raise CheckFailed(f"weights are positive and sum to 1, got {mixture.weights}")
    if abs(mixture.means[0] - mixture.means[1]) > 12 or max(mixture.stds) > 4 or min(mixture.stds) < 0.1:
        raise CheckFailed("keep the humps within 12 of each other and their widths between 0.1 and 4")
    middle = sum(mixture.means) / 2
    centred = gan.Mixture(
        tuple(m - middle for m in mixture.means), tuple(mixture.stds), tuple(mixture.weights)
    )
    apart, found = misfit(centred)
    if apart <= NEAR:
        core.passed(f"{100 * apart:.0f} % away in the mean, with the JS counted twice")
        return
    diagonal, printed = found.diag(), fits.PRINTED.diag()
    if (diagonal < 0.9 * printed).all():
        raise CheckFailed(
            f"{100 * apart:.0f} % away: all your divergences are too small, so one Gaussian fits your humps "
            "too well. Move them further apart"
        )
    if (diagonal > 1.1 * printed).all():
        raise CheckFailed(
            f"{100 * apart:.0f} % away: all your divergences are too large. Move the humps closer together"
        )
    worst = int((diagonal.log() - printed.log()).abs().argmax())
    raise CheckFailed(
        f"{100 * apart:.0f} % away, where {100 * NEAR:.0f} % are asked for. The diagonal is worst for "
        f"{fits.NAMES[worst]}: {diagonal[worst]:.3f}, and the lecture has {printed[worst]:.3f}. One hump "
        "should be much narrower than the other"
    )


def misfit(mixture: gan.Mixture) -> tuple[float, torch.Tensor]:
    """How far the table of a mixture is from the lecture's, as root mean square of the logarithms of all 25
    quotients, and the table, in which the JS is doubled."""
    x = gan.grid(-16, 16, 1601)
    found = fits.table(fits.all_fits(mixture, x, close=1e-5), mixture, x)
    found[:, 2] *= 2
    return (found.log() - fits.PRINTED.log()).square().mean().sqrt().item(), found
