"""Checks of the exercises of book/gan.ipynb."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ..shared import answers as core
from ..shared.answers import CheckFailed
from . import dirac_gan, gan, mistakes, ring

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
    first = (
        torch.tensor([1.5, 0.25, 2.0, -0.5], dtype=F64),
        torch.tensor([-1.0, -2.5, 0.5, 0.0], dtype=F64),
    )
    for real, fake in (first, _logits(5, 3), _logits(2, 7)):
        got = _ask_js(js, real, fake)
        core.compare(
            got,
            mistakes.right_js(real, fake),
            [(value, f"not the JS divergence: {hint}") for value, hint in mistakes.of_js(real, fake)],
            name="js_from_logits(real, fake)",
            otherwise=f"not the JS divergence: {_off(got, mistakes.right_js(real, fake))}",
        )
    # A real sample that D takes for generated, and the reverse
    for place in ((-800.0, 1.0), (1.0, 800.0)):
        far = [torch.tensor([t], dtype=F64) for t in place]
        value = core.tensor(core.call(js, *far, name="js_from_logits"), "js_from_logits").detach()
        if not value.isfinite().all():
            raise CheckFailed(
                f"right for small logits, but {float(value)} for the logits {place[0]:g} on a "
                f"real and {place[1]:g} on a generated sample: there the sigmoid is exactly 0 or 1 "
                "before the logarithm sees it. Take F.logsigmoid, which never goes through the "
                "sigmoid; log(1 - s(t)) is log s(-t)"
            )
        if not core.close(value, mistakes.right_js(*far), name="js_from_logits"):
            raise CheckFailed(
                f"right for small logits, but off for {place[0]:g} and {place[1]:g}: a clamp or a small "
                "constant stands where the sigmoid rounds. F.logsigmoid needs neither"
            )
    core.passed("V* plus log 4, halved, is the JS divergence in nats")


def _logits(real: int, fake: int) -> tuple[torch.Tensor, torch.Tensor]:
    g = torch.Generator().manual_seed(real)
    return tuple(2 * torch.randn(n, generator=g, dtype=F64) + shift for n, shift in ((real, 1), (fake, -1)))


def _ask_js(js: Callable, real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    try:
        return core.tensor(core.call(js, real, fake, name="js_from_logits"), "js_from_logits")
    except CheckFailed as problem:
        if len(real) == len(fake) or not isinstance(problem.__cause__, RuntimeError):
            raise
        raise CheckFailed(
            f"it stops for {len(real)} real and {len(fake)} generated samples: the two need not be as many. "
            "Average each kind apart, then add the two means"
        ) from problem


def check_gan_generator_loss(answer: Callable) -> None:
    """The non-saturating loss on logits that may be large."""
    loss = core.function(answer, "generator_loss")
    for easy in (torch.tensor([0.5, -1.0, 2.0], dtype=F64), _logits(6, 1)[0]):
        got = core.tensor(core.call(loss, easy, name="generator_loss"), "generator_loss")
        right = F.softplus(-easy).mean()
        core.compare(
            got,
            right,
            [(value, f"not -E log D: {hint}") for value, hint in mistakes.of_generator_loss(easy)],
            name="generator_loss(logits)",
            otherwise=f"not -E log D: {_off(got, right)}",
        )
    for place in (-800.0, 800.0):
        logits = torch.tensor([place], dtype=F64, requires_grad=True)
        value = core.call(loss, logits, name="generator_loss")
        if not core.tensor(value, "generator_loss").isfinite().all():
            raise CheckFailed(
                f"right for small logits, but at {place:g} it is "
                f"{float(torch.as_tensor(value).detach())}: the sigmoid has rounded to 0 before the "
                "logarithm sees it. Write log s(t) with softplus, in one function"
            )
        core.leads_back(value, "to the logits, so that G has nothing to learn from")
        (slope,) = torch.autograd.grad(value.sum(), logits)
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
    otherwise = (
        ": both eigenvalues are real and negative. For which h does the larger factor |1 + "
        "h kappa| reach 1? "
        f"{'Yours diverges' if got > right else 'Yours converges, and a larger one would too'}. "
        "An error of 0.01 is allowed"
    )
    core.near(got, right, hints, within=0.01, otherwise=otherwise)
    core.passed("the fast eigenvalue's factor 1 + h kappa stays above -1 as long as h < 2 / 1.30902 = 1.528")


def check_gan_covered(answer: Callable) -> None:
    """How many modes have at least 1 % of all points within `near`."""
    count = core.function(answer, "covered")
    asked = mistakes.clouds()
    given = [
        core.whole(core.call(count, *cloud, name="covered"), "covered(points, centres, near)")
        for cloud in asked
    ]
    right = [mistakes.modes(*cloud) for cloud in asked]
    if given == right:
        core.passed("two modes; a stray point and a bridge between modes do not count")
        return
    if len(set(given)) == 1 and given[0] > 0 and given[0] in right:
        raise CheckFailed(
            f"{given[0]} for every cloud: right for one of them, as a constant may be. Count from the points"
        )
    for slip, sentence in mistakes.COVERED:
        if [slip(*cloud) for cloud in asked] == given:
            raise CheckFailed(sentence)
    got, expected, (points, _, near) = next(
        row for row in zip(given, right, asked, strict=True) if row[0] != row[1]
    )
    raise CheckFailed(
        f"{got} modes, expected {expected}, for {len(points)} points and near = {near:g}: compare the "
        "distance to each centre with `near`, then count per centre; at least 1 % of all points are asked for"
    )


def check_gan_rescue(answer: Callable) -> None:
    """A cure other than R1, played by the check: 300 steps of at least three games."""
    rescue = core.function(answer, "rescue")
    clouds, penalised = _watched(rescue, 300)  # without a cure: 1, 1 and 2 modes
    if not isinstance(clouds, torch.Tensor) or clouds.ndim != 3 or clouds.shape[-1] != 2:
        found = f"shape {tuple(clouds.shape)}" if isinstance(clouds, torch.Tensor) else type(clouds).__name__
        raise CheckFailed(
            f"rescue must return samples of each game in one tensor of shape (games, n, 2), got {found}: "
            "of what ring_gan.play returns, that is points[-1]"
        )
    if penalised:
        raise CheckFailed(
            "that is R1 again: gan.r1_penalty was called. It works, and the exercise asks for another way; "
            "leave r1 at 0"
        )
    games, n, _ = clouds.shape
    if games < 3:
        raise CheckFailed(f"{games} games: one or two can be luck, in both directions; play at least 3")
    if n < 200:
        raise CheckFailed(f"{n} samples of each game: to say that a mode has 1 % of them, show at least 200")
    if not clouds.isfinite().all():
        raise CheckFailed("samples are infinite or not a number: a player has run away; try smaller steps")
    counts = [ring.covered(cloud.detach().to(F64))[:2] for cloud in clouds]
    fewest, poorest = min(modes for modes, _ in counts), min(share for _, share in counts)
    if fewest == ring.MODES and poorest > 0.95 and _ready_at_once(rescue):
        raise CheckFailed(
            "the samples are as good after 10 steps as after 300, and no generator learns the ring in 10: "
            "are they drawn from the data? Return what G makes"
        )
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


def _watched(rescue: Callable, steps: int) -> tuple[Any, bool]:
    """What ``rescue`` returns, and whether the book's R1 penalty was used on the way, with a weight."""
    original, used = gan.r1_penalty, []

    def watching(logits, real, gamma, *args, **options):
        used.append(gamma)
        return original(logits, real, gamma, *args, **options)

    gan.r1_penalty = watching
    try:
        made = core.call(rescue, steps=steps, seed=2, name="rescue")
        if type(made) in (list, tuple) and all(isinstance(part, Tensor | np.ndarray) for part in made):
            made = core.tensor([torch.as_tensor(part) for part in made], "rescue(...)")
        return torch.from_numpy(made) if isinstance(made, np.ndarray) else made, bool(used)
    finally:
        gan.r1_penalty = original


def _ready_at_once(rescue: Callable) -> bool:
    try:
        early, _ = _watched(rescue, 10)
        return all(ring.covered(cloud.detach().to(F64))[1] > 0.95 for cloud in early)
    except Exception:  # a right answer may need more steps than 10
        return False


def _off(got: torch.Tensor, right: torch.Tensor) -> str:
    value = float(got.detach().flatten()[0]) if got.numel() else math.nan
    return f"got {value:.4f} where {right:.4f} is due; go through the formula term by term"
