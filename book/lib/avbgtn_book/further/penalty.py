r"""Penalties on a critic's slope, and what they make of the best critic (Gulrajani et al. 2017).

A critic ``f`` is to have slope 1 at most. Instead of forbidding more, one adds ``lambda E[pen(|grad f|)]`` to
its loss, at places between real and generated points.
"""

from collections.abc import Callable

import torch
from torch import Tensor

FORMS = ("two_sided", "one_sided", "linear")


def between(real: Tensor, fake: Tensor, *, generator: torch.Generator) -> Tensor:
    """A point at random on the line from each real to its generated point, ``(..., n, d)``."""
    share = torch.rand((*real.shape[:-1], 1), generator=generator, dtype=real.dtype)
    return share * real + (1 - share) * fake


def slope_penalty(slope: Tensor, form: str) -> Tensor:
    """``(slope - 1)^2``, the same above 1 only (``one_sided``), or the slide's ``max(0, slope - 1)``."""
    if form not in FORMS:
        raise ValueError(f"form must be one of {', '.join(FORMS)}, got {form!r}")
    if form == "two_sided":
        return (slope - 1).square()
    above = (slope - 1).clamp(min=0)
    return above if form == "linear" else above.square()


def slopes(critic: Callable[[Tensor], Tensor], x: Tensor, *, create_graph: bool = False) -> Tensor:
    """``|grad f|`` at each point of ``(..., n, d)``: ``(..., n)``; each point's value must be its own."""
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(critic(x).sum(), x, create_graph=create_graph)
    return gradient.norm(dim=-1)


def gradient_penalty(
    critic: Callable[[Tensor], Tensor],
    real: Tensor,
    fake: Tensor,
    *,
    weight: float,
    form: str = "two_sided",
    generator: torch.Generator,
) -> Tensor:
    """``lambda E[pen(|grad f|)]`` at random places between ``real`` and ``fake``, one number.

    Args:
        critic: ``(..., n, d)`` to ``(..., n, 1)``.
        weight: lambda.
    """
    at = between(real, fake.detach(), generator=generator)
    slope = slopes(critic, at, create_graph=True)
    return weight * slope_penalty(slope, form).mean()


def optimal_slope(distance: float, weight: float) -> float:
    r"""``1 + W / (2 lambda)``: the slope that maximises ``W k - lambda (k - 1)^2``.

    Exact for a critic that is linear along the way (two points, parallel lines); both squares give it.
    """
    return 1 + distance / (2 * weight)


def reported_distance(distance: float, weight: float) -> float:
    r"""``W + W^2 / (2 lambda)``: the mean difference ``E_p f - E_q f`` of that critic."""
    return distance * optimal_slope(distance, weight)


def learn_linear(
    distance: Tensor, weight: float, form: str, *, steps: int = 1500, lr: float = 2e-2, start: float = 0.5
) -> Tensor:
    """The slope of the critic ``f(x) = k x`` between two points along its training by Adam, whose step size
    falls to zero. It maximises ``distance k - lambda pen(|k|)``.

    Args:
        distance: of the two points; one critic for each, ``(n,)``.

    Returns:
        ``(steps + 1, n)``.
    """
    slope = torch.full_like(distance, start, requires_grad=True)
    adam = torch.optim.Adam([slope], lr=lr, betas=(0.5, 0.99))
    slower = torch.optim.lr_scheduler.CosineAnnealingLR(adam, steps)
    path = [slope.detach().clone()]
    for _ in range(steps):
        loss = weight * slope_penalty(slope.abs(), form) - distance * slope
        adam.zero_grad()
        loss.sum().backward()
        adam.step()
        slower.step()
        path.append(slope.detach().clone())
    return torch.stack(path)
