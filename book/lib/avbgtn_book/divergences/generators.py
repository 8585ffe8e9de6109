r"""What a generator descends on when the best discriminator is held still, as in a real step.

The step moves the samples, and with them q, while T keeps its values. The generator is a Gaussian,
``G(z) = mean + std z``, and gradients are with respect to its mean and to the logarithm of its std.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from ..gan import gan
from . import fits

F64 = torch.float64
Loss = Callable[[Tensor], Tensor]

LOSSES: dict[str, Loss] = {  # of a sample, from the best logit log p - log q
    "minimax": lambda logit: -F.softplus(logit),  # log(1 - D)
    "least squares": lambda logit: (torch.sigmoid(logit) - 1).square(),
}


def log_normal(x: Tensor, mean: Tensor, log_std: Tensor) -> Tensor:
    """``log N(x; mean, std^2)``, with gradients to both."""
    z = (x - mean) / log_std.exp()
    return -0.5 * z.square() - log_std - 0.5 * math.log(2 * math.pi)


def frozen_gradient(loss: Loss, mean: float, std: float, mixture: gan.Mixture = fits.HUMPS) -> Tensor:
    """The gradient of ``E_z[loss(T*(G(z)))]`` with T* held still, by the mean and by log std: ``(2,)``.

    T* is the logit of the best discriminator for this mean and std; only where the samples lie changes.
    """
    z = gan.grid(-10, 10, 8001)
    weight = gan.bell().log_density(z).exp()
    at = torch.tensor([mean, math.log(std)], dtype=F64, requires_grad=True)
    x = at[0] + at[1].exp() * z
    logit = mixture.log_density(x) - log_normal(x, *at.detach())
    return torch.autograd.grad(gan.integral(weight * loss(logit), z), at)[0]


def density_gradient(
    what: Callable[[Tensor, Tensor, Tensor], Tensor],
    mean: float,
    std: float,
    mixture: gan.Mixture = fits.HUMPS,
) -> Tensor:
    """The gradient of ``what(log_p, log_q, x)``, of the densities, by mean and log std: ``(2,)``."""
    x = fits.line(8001)
    at = torch.tensor([mean, math.log(std)], dtype=F64, requires_grad=True)
    return torch.autograd.grad(what(mixture.log_density(x), log_normal(x, *at), x), at)[0]


def half_of_samples(log_p: Tensor, log_q: Tensor, x: Tensor) -> Tensor:
    """``KL(q || m)``, the half of 2 JS that one lecture keeps."""
    return gan.kl(log_q, _middle(log_p, log_q), x)


def half_of_data(log_p: Tensor, log_q: Tensor, x: Tensor) -> Tensor:
    """``KL(p || m)``, the half that the lecture calls independent of the model; m contains q."""
    return gan.kl(log_p, _middle(log_p, log_q), x)


def _middle(log_p: Tensor, log_q: Tensor) -> Tensor:
    return torch.logaddexp(log_p, log_q) - math.log(2)


# --- least squares ------------------------------------------------------------------------------------------


def least_squares_loss(d: Tensor, log_p: Tensor, log_q: Tensor, x: Tensor) -> Tensor:
    """What D minimises: ``E_p[(D - 1)^2] + E_q[D^2]``, by quadrature."""
    return gan.integral(log_p.exp() * (d - 1).square() + log_q.exp() * d.square(), x)


def pearson_to_middle(log_p: Tensor, log_q: Tensor, x: Tensor) -> Tensor:
    r"""``integral (q - m)^2 / m`` with ``m = (p + q) / 2``: Pearson's divergence of m and q, from 0 to 1."""
    log_m = _middle(log_p, log_q)
    return gan.integral((log_q - log_m).mul(2).add(log_m).exp(), x) - 1


def least_squares_f(u: Tensor) -> Tensor:
    r"""The f whose divergence G's own loss ``E_q[(D - 1)^2]`` descends on: ``f'' = 2 / (u (1 + u)^3)``, and
    ``f(1) = f'(1) = 0``."""
    inner = 2 * torch.special.xlogy(u, u / (1 + u)) - 1 / (1 + u)
    return inner + (2 * math.log(2) - 1.25) * u + 1.75


def fit_least_squares(mixture: gan.Mixture = fits.HUMPS) -> dict[str, fits.Fit]:
    """The best Gaussians under both divergences of the least-squares GAN."""
    x = fits.line()
    both = {
        "D's loss": pearson_to_middle,
        "G's own loss": lambda p, q, x: gan.f_divergence(least_squares_f, p, q, x),
    }
    return {name: fits.least(value, mixture, x) for name, value in both.items()}
