"""Checks of the exercises of book/gan.ipynb."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional as F

from avbgtn.models import losses

from ..shared import answers as core
from ..shared.answers import CheckFailed
from . import dirac_gan, ring

__all__ = [
    "check_gan_covered",
    "check_gan_generator_loss",
    "check_gan_js",
    "check_gan_largest_step",
    "check_gan_rescue",
    "check_gan_vanishing",
]

F64 = torch.float64


def check_gan_vanishing(answer: Any) -> None:
    """The size of the minimax gradient at distance 20, given that at distance 10."""
    got = core.choice(answer, ("a", "b", "c"), "answer")
    if got == "a":
        raise CheckFailed(
            "a falls like 1 / distance. The gradient is that of 2 JS, which is flat but for the Gaussians' "
            "overlap: how fast does the tail of a Gaussian fall?"
        )
    if got == "b":
        raise CheckFailed(
            "b takes the logarithm of the gradient to be in proportion to the distance. The logarithm of a "
            "Gaussian's tail goes with the square of the distance: which power is that at twice the distance?"
        )
    core.passed("it falls like exp(-mu^2 / 8): twice the distance, the fourth power, about 2e-22")


def check_gan_js(answer: Callable) -> None:
    """The Jensen-Shannon divergence from optimal logits on real and on generated samples."""
    js = core.function(answer, "js_from_logits")
    real = torch.tensor([1.5, 0.25, 2.0, -0.5], dtype=F64)
    fake = torch.tensor([-1.0, -2.5, 0.5, 0.0], dtype=F64)
    v_star = -losses.discriminator_loss(real, fake)
    right = 0.5 * v_star + math.log(2)
    got = core.call(js, real, fake, name="js_from_logits")
    if core.close(got, right, atol=1e-9, name="js_from_logits(real, fake)"):
        # A real sample that D takes for generated, and the reverse
        for place in ((-800.0, 1.0), (1.0, 800.0)):
            far = [torch.tensor([t], dtype=F64) for t in place]
            value = torch.as_tensor(core.call(js, *far, name="js_from_logits"))
            if not value.isfinite().all():
                raise CheckFailed(
                    f"right for small logits, but {float(value.detach())} for the logits {place[0]:g} on a "
                    f"real and {place[1]:g} on a generated sample: there the sigmoid is exactly 0 or 1 "
                    "before the logarithm sees it. Take F.logsigmoid, which never goes through the "
                    "sigmoid; log(1 - s(t)) is log s(-t)"
                )
        core.passed("V* plus log 4, halved, is the JS divergence in nats")
        return
    hints = {
        "that is V itself: solve V = 2 JS - log 4 for JS": v_star,
        "you left out log 4: two equal densities would get a negative divergence": v_star / 2,
        "that is 2 JS: halve it": v_star + math.log(4),
        "the sign is turned round: V is minus the discriminator's loss": (-v_star + math.log(4)) / 2,
        "you score generated samples as if they were real: their term is log(1 - D), log s(-T)": (
            F.logsigmoid(real).mean() + F.logsigmoid(fake).mean() + math.log(4)
        )
        / 2,
        "you sum over samples; an expectation is a mean": (
            F.logsigmoid(real).sum() + F.logsigmoid(-fake).sum() + math.log(4)
        )
        / 2,
    }
    raise CheckFailed(f"not the JS divergence: {_hint(got, hints)}")


def check_gan_generator_loss(answer: Callable) -> None:
    """The non-saturating loss on logits that may be large."""
    loss = core.function(answer, "generator_loss")
    easy = torch.tensor([0.5, -1.0, 2.0], dtype=F64)
    got = core.call(loss, easy, name="generator_loss")
    hints = {
        "that is still the minimax loss, log(1 - D), which saturates": -F.softplus(easy).mean(),
        "the sign is turned round: G would make its samples less convincing": -F.softplus(-easy).mean(),
        "that is the discriminator's term for generated samples, -log(1 - D)": F.softplus(easy).mean(),
        "you sum; the loss is a mean over the batch": F.softplus(-easy).sum(),
    }
    if not core.close(got, F.softplus(-easy).mean(), atol=1e-9, name="generator_loss(logits)"):
        raise CheckFailed(f"not -E log D: {_hint(got, hints)}")
    for place in (-800.0, 800.0):
        logits = torch.tensor([place], dtype=F64, requires_grad=True)
        value = core.call(loss, logits, name="generator_loss")
        if not torch.isfinite(torch.as_tensor(value)).all():
            raise CheckFailed(
                f"right for small logits, but at {place:g} it is "
                f"{float(torch.as_tensor(value).detach())}: the sigmoid has rounded to 0 before the "
                "logarithm sees it. Write log s(t) with softplus, in one function"
            )
        if not isinstance(value, torch.Tensor) or not value.requires_grad:
            raise CheckFailed(
                "the value is right, but no gradient leads from it back to the logits: return the tensor "
                "itself, without .item(), .detach() or no_grad, or G has nothing to learn from"
            )
        (slope,) = torch.autograd.grad(value, logits)
        wanted = -1.0 if place < 0 else 0.0
        if not torch.isfinite(slope).all() or abs(slope.item() - wanted) > 1e-6:
            raise CheckFailed(
                f"its slope at the logit {place:g} is {slope.item():g}, expected {wanted:g}: a clamp stops "
                "the gradient just where G needs it"
            )
    core.passed("finite everywhere, and its slope is -1 where D is sure: the generator is never left alone")


def check_gan_largest_step(answer: Any) -> None:
    """The largest stable simultaneous step for R1 weight 1.5, where both eigenvalues are real."""
    got = core.number(answer, "largest_step")
    right = -2 / dirac_gan.eigenvalues(r1=1.5)[1].real  # the faster eigenvalue's factor reaches -1
    hints = {
        6.0: (
            "that is 4 gamma, from c > h/4. That rule is for complex eigenvalues; "
            "at gamma = 1.5 both are real"
        ),
        10.472: "that is where the slow eigenvalue's factor reaches -1. The other one is there much earlier",
        2.667: "you took -gamma / 2 for the eigenvalue: with a real root, one lies further left than that",
        1.333: "you took -gamma for the eigenvalue; it is near, but compute the root",
        0.764: "there the fast factor is 0, the best step; it may go down to -1",
        4.0: "that is the answer at gamma = 1; here gamma is 1.5",
        1.5: "that is gamma; compute the eigenvalues, then the h at which a factor reaches -1",
    }
    if abs(got - right) <= 0.01:
        core.passed(
            "the fast eigenvalue's factor 1 + h lambda stays above -1 as long as h < 2 / 1.30902 = 1.528"
        )
        return
    for wrong, hint in hints.items():
        if abs(got - wrong) < 0.01:
            raise CheckFailed(f"{got:g} is not it: {hint}")
    raise CheckFailed(
        f"{got:g} is not it: both eigenvalues are real and negative. For which h does the larger factor |1 + "
        "h lambda| reach 1? "
        f"{'Yours diverges' if got > right else 'Yours converges, and a larger one would too'}"
    )


def check_gan_covered(answer: Callable) -> None:
    """How many modes have at least 1 % of all points within `near`."""
    count = core.function(answer, "covered")
    centres = ring.centres()
    cloud = torch.cat(
        [
            centres[0].repeat(150, 1),
            centres[3].repeat(40, 1),
            centres[5].repeat(1, 1),  # a stray: one point of 200
            (0.5 * centres[6]).repeat(9, 1),  # nearest to mode 6, but nowhere near it
        ]
    )
    got = core.number(
        core.call(count, cloud, centres, 0.15, name="covered"), "covered(points, centres, near)"
    )
    if got == 2:
        core.passed("two modes; a stray point and a bridge between modes do not count")
        return
    raise CheckFailed(
        {
            3: (
                "3 modes: a mode that one stray point of 200 hits is not covered; ask for at least 1 % of "
                "all points, or you count points that are nearest to a centre but not near it"
            ),
            4: (
                "4 modes: every mode that is the nearest of some point counts for you; ask "
                "for the distance, and for 1 %"
            ),
            8: "8 modes: you count the centres, not the points near them",
        }.get(
            got,
            f"{got:g} modes, expected 2: compare the distance to each centre with "
            "`near`, then count per centre",
        )
    )


def check_gan_rescue(answer: Callable) -> None:
    """A cure other than R1, played by the check: 300 steps of at least three games."""
    rescue = core.function(answer, "rescue")
    clouds = core.call(rescue, steps=300, seed=2, name="rescue")  # without a cure: 1, 1 and 2 modes
    if not isinstance(clouds, torch.Tensor) or clouds.ndim != 3 or clouds.shape[-1] != 2:
        found = f"shape {tuple(clouds.shape)}" if isinstance(clouds, torch.Tensor) else type(clouds).__name__
        raise CheckFailed(
            f"rescue must return samples of each game in one tensor of shape (games, n, 2), got {found}: "
            "of what ring_gan.play returns, that is points[-1]"
        )
    games, n, _ = clouds.shape
    if games < 3:
        raise CheckFailed(f"{games} games: one or two can be luck, in both directions; play at least 3")
    if n < 200:
        raise CheckFailed(f"{n} samples of each game: to say that a mode has 1 % of them, show at least 200")
    if not clouds.isfinite().all():
        raise CheckFailed("samples are infinite or not a number: a player has run away; try smaller steps")
    counts = [ring.covered(cloud.detach())[:2] for cloud in clouds]
    fewest, poorest = min(modes for modes, _ in counts), min(share for _, share in counts)
    if poorest < 0.1 and fewest >= 5:
        raise CheckFailed(
            f"all around, but in one game only {100 * poorest:.0f} % of the samples are good: "
            "points strewn everywhere cover too"
        )
    if fewest < 5:
        raise CheckFailed(
            f"the games cover {', '.join(str(modes) for modes, _ in counts)} modes after 300 steps: the mean "
            "is no comfort to who gets the worst seed; all should reach 5. What do the samples share when "
            "they move? Try one thing that makes them differ"
        )
    core.passed(f"{games} games, and each covers at least 5 modes after 300 steps")


def _hint(got: Any, hints: dict[str, Any]) -> str:
    for hint, wrong in hints.items():
        if core.close(got, wrong, atol=1e-6, name="the value"):
            return hint
    return f"got {float(got):.4f}; go through the formula term by term"
