"""Checks of the exercises of book/collapse.ipynb."""

from collections.abc import Callable
from typing import Any

import torch

from ..further.outcome import outcome
from ..shared import answers as core
from ..shared.answers import CheckFailed
from . import cures, mistakes

__all__ = [
    "check_collapse_closeness",
    "check_collapse_cure",
    "check_collapse_energies",
    "check_collapse_matching",
    "check_collapse_points",
    "check_collapse_price",
]

F64 = torch.float64
STEPS, MODES, GOOD = 1200, 8, 0.4


def check_collapse_price(answer: Any) -> None:
    """Which cure pays with good samples."""
    got = core.choice(answer, ("a", "b", "c", "d"), "answer")
    hints = {
        "a": "the closeness of a batch says nothing about where a single point may lie, but D still judges "
        "each point by its features as well",
        "c": "the noise is gone at the end, so D can tell narrow modes from what lies between them",
        "d": "the penalty bounds D's slope, but D's verdict on each point is still what G follows",
    }
    if got in hints:
        raise CheckFailed(
            f"{got!r} is not it: {hints[got]}. Which generator never learns D's verdict on a single point?"
        )
    core.passed("means do not say where single points lie, so samples between the modes cost nothing")


def check_collapse_matching(answer: Callable) -> None:
    """``|E_p f - E_q f|^2`` of two batches that may differ in size."""
    ask = core.function(answer, "matching_loss")
    g = torch.Generator().manual_seed(3)
    for n, m, wide in ((6, 6, 4), (5, 9, 3)):
        real = torch.randn(n, wide, generator=g, dtype=F64)
        fake = torch.randn(m, wide, generator=g, dtype=F64) + 0.5
        try:
            got = core.tensor(core.call(ask, real, fake, name="matching_loss"), "matching_loss")
        except CheckFailed as problem:
            if n == m or not isinstance(problem.__cause__, RuntimeError | ValueError | IndexError):
                raise
            raise CheckFailed(
                f"it stops for {n} real and {m} generated points: point must not be compared with point, so "
                "the batches need not be as large as each other"
            ) from problem
        core.compare(
            got,
            mistakes.right_matching(real, fake),
            mistakes.of_matching(real, fake),
            name="matching_loss(f_real, f_fake)",
            otherwise="not |E_p f - E_q f|^2: the mean of each batch over its points, their difference, its "
            "squares, their sum",
        )
    fake = torch.randn(4, 2, generator=g, dtype=F64, requires_grad=True)
    value = core.call(ask, torch.zeros(3, 2, dtype=F64), fake, name="matching_loss")
    core.leads_back(value, "to the generated points")
    core.passed("the means are compared, and nothing else")


def check_collapse_closeness(answer: Callable) -> None:
    """How close the others of a batch are, without the point itself."""
    ask = core.function(answer, "closeness")
    g = torch.Generator().manual_seed(4)
    for shape in ((4, 2, 3), (6, 3, 2)):
        m = torch.randn(shape, generator=g, dtype=F64)
        got = core.tensor(core.call(ask, m, name="closeness"), "closeness")
        core.compare(
            got,
            mistakes.right_closeness(m),
            mistakes.of_closeness(m),
            name="closeness(m)",
            otherwise="not the mean over the others of exp(-|m_ib - m_jb|_1): (n, n, B, C) differences, "
            "summed absolute values, exponential, mean over j other than i",
        )
    core.passed("a cloud of one place has closeness 1, and a point does not count itself")


def check_collapse_energies(answer: Callable) -> None:
    """The two losses of an energy-based GAN with a margin."""
    ask = core.function(answer, "energy_losses")
    g = torch.Generator().manual_seed(6)
    for n, m, margin in ((5, 5, 0.6), (4, 7, 2.0)):
        real, fake = torch.rand(n, generator=g, dtype=F64), 2 * torch.rand(m, generator=g, dtype=F64)
        value = core.call(ask, real, fake, margin, name="energy_losses")
        if not isinstance(value, tuple | list) or len(value) != 2:
            raise CheckFailed("energy_losses must return two losses, D's and then G's: return loss_d, loss_g")
        got = torch.stack([core.tensor(part, "energy_losses").to(F64).reshape(-1).mean() for part in value])
        if any(core.tensor(part, "energy_losses").numel() != 1 for part in value):
            raise CheckFailed("each loss is one number, the mean over its batch")
        core.compare(
            got,
            mistakes.right_energies(real, fake, margin),
            mistakes.of_energies(real, fake, margin),
            name="energy_losses(e_real, e_fake, margin)",
            otherwise="not E_p[E] + E_q[max(0, m - E)] for D and E_q[E] for G",
        )
    core.passed("D lowers the energy of the data and lifts that of generated points up to the margin")


def check_collapse_points(answer: Any) -> None:
    """How few points can have the same means of 64 features."""
    got = core.whole(answer, "points_enough")
    hints = {
        64: "64 means are 64 conditions, but the weights also have to sum to 1, which is one more",
        1: "one point has its own features; their mean over the ring is a mixture, and in general not the "
        "features of any single point",
        2: "two points lie on a line of features; the mean of the ring lies on it by accident only",
        8: "the number of modes does not matter: count the conditions, one for each feature, and one more",
        128: "each condition takes one point, not two",
        66: "one too many: 64 conditions for the features, one for the sum of the weights",
    }
    core.near(
        got,
        65,
        hints,
        within=0.5,
        otherwise=f", it is too {'large' if got > 65 else 'small'}: a vertex of a linear program has as many "
        "points as there are conditions",
    )
    core.passed("64 means and the sum of the weights are 65 linear conditions, which 65 points can meet")


def check_collapse_cure(answer: Callable) -> None:
    """A cure that covers the ring with good samples, played by the check."""
    ask = core.function(answer, "cure")
    mine = core.call(ask, name="cure")
    if not isinstance(mine, cures.Cure):
        raise CheckFailed(
            f"cure must return a cures.Cure, got {type(mine).__name__}: for example "
            'cures.Cure("mine", r1=0.05)'
        )
    plain = cures.CURES["none"]
    if mine == cures.Cure(mine.name):
        raise CheckFailed("that is the game as it stands, which collapses: change something")
    if not (0 < mine.g_lr <= 0.1 and 0 < mine.d_lr <= 0.1):
        raise CheckFailed(f"step sizes of {mine.g_lr:g} and {mine.d_lr:g}: take them between 0 and 0.1")
    if mine.start > 1:
        raise CheckFailed(
            f"G starts at {mine.start:g} times He's weights: at most 1, or the start covers the ring"
        )
    if (mine.weight or 0) < 0 or mine.r1 < 0 or mine.noise < 0:
        raise CheckFailed("a negative penalty rewards slopes, and noise has no negative size")
    if mine.code is not None and mine.d_lr == plain.d_lr:
        raise CheckFailed("an autoencoder at D's large step size jumps about: make d_lr smaller first")
    played = cures.play(mine, games=3, seed=1, steps=STEPS)
    fewest, poorest, said = outcome(played)
    if fewest >= MODES and poorest >= GOOD:
        core.passed(f"modes (good samples): {said}")
    elif fewest >= MODES:
        raise CheckFailed(
            f"modes (good samples): {said}. All around, but too many samples lie between the modes: D must "
            "be able to tell a mode from what lies beside it, and the steps have to become small enough"
        )
    elif poorest >= GOOD:
        raise CheckFailed(
            f"modes (good samples): {said}. Good samples, on too few modes: D is too sure too early"
        )
    else:
        raise CheckFailed(
            f"modes (good samples): {said}. All three games should reach {MODES} modes and "
            f"{100 * GOOD:.0f} % good samples: begin with one of the cures of the table"
        )
