r"""The DiracGAN: the smallest GAN that fails to converge, and what cures it (Mescheder et al. 2018).

All data are the number 0, the generator always says ``theta``, and the discriminator is the line
``T(x) = psi x``. Everything about the game is a formula: its vector field, the Jacobian at the equilibrium
(0, 0), the eigenvalues.
"""

import math

import numpy as np
import torch
from torch import Tensor

from avbgtn.models import losses

F64 = torch.float64


def field(
    theta: Tensor, psi: Tensor, *, r1: float = 0.0, noise: float = 0.0, form: str = "minimax"
) -> Tensor:
    r"""``(-dL_G/dtheta, -dL_D/dpsi)``: where both players, each on its own loss, want to go.

    Without noise, minimax: ``(psi s(psi theta), -theta s(psi theta) - gamma psi)``. Computed by automatic
    differentiation of :mod:`avbgtn.models.losses`; the tests compare it with this formula.

    Args:
        theta, psi: any one shape.
        r1: gamma of the penalty ``gamma/2 psi^2``, D's squared slope on the data.
        noise: standard deviation of the noise that is added to real and to fake numbers (integrated exactly
            enough, by Gauss-Hermite quadrature).
        form: of the generator's loss, ``"minimax"`` or ``"non_saturating"``.

    Returns:
        ``(2, *shape)``.
    """
    theta, psi = (torch.as_tensor(v, dtype=F64).detach().requires_grad_() for v in (theta, psi))
    shift, weight = _noise(noise)  # (k,), (k,)
    d_loss = g_loss = 0.0
    for e, w in zip(shift, weight, strict=True):
        real, fake = psi * e, psi * (theta + e)
        d_loss = d_loss + w * losses.discriminator_loss(real, fake)
        g_loss = g_loss + w * losses.gan_loss(fake, form=form)
    n = theta.numel()  # the losses are means over all places; each place is a game of its own
    d_loss = n * d_loss + r1 / 2 * psi.square().sum()
    (g_slope,) = torch.autograd.grad(n * g_loss, theta, retain_graph=True)
    (d_slope,) = torch.autograd.grad(d_loss, psi)
    return torch.stack([-g_slope, -d_slope])


def jacobian(*, r1: float = 0.0, noise: float = 0.0) -> Tensor:
    r"""The vector field's Jacobian at the equilibrium: ``[[0, 1/2], [-1/2, -gamma - sigma^2 / 2]]``.

    Either cure puts friction on D alone: R1 with weight gamma, or instance noise of variance sigma^2,
    which acts like R1 with ``gamma = sigma^2 / 2`` here. Both forms of the generator's loss give the same.
    """
    return torch.tensor([[0.0, 0.5], [-0.5, -(r1 + noise**2 / 2)]], dtype=F64)


def eigenvalues(*, r1: float = 0.0, noise: float = 0.0) -> tuple[complex, complex]:
    r"""``kappa = (-c +- sqrt(c^2 - 1)) / 2`` with the friction ``c = gamma + sigma^2 / 2``,
    upper sign first.
    """
    c = r1 + noise**2 / 2
    root = complex(c * c - 1) ** 0.5
    return (-c + root) / 2, (-c - root) / 2


def growth(step: float, *, r1: float = 0.0, noise: float = 0.0) -> float:
    r"""``max |1 + h kappa|``: by what factor a simultaneous step of size h multiplies the distance to
    (0, 0), near it and in the long run. Below 1 the game converges, above 1 it spirals out."""
    return max(abs(1 + step * root) for root in eigenvalues(r1=r1, noise=noise))


def trajectory(
    step: float = 0.2,
    steps: int = 200,
    *,
    start: tuple[float, float] = (1.0, 0.5),
    alternating: bool = False,
    **cure,
) -> Tensor:
    """Gradient descent of both players at once, or one after the other (D first):
    ``(steps + 1, 2)`` of theta, psi.

    Args:
        step: h, the learning rate of both.
        cure: ``r1``, ``noise`` and ``form`` as for :func:`field`.
    """
    at = torch.tensor(start, dtype=F64)
    path = [at]
    for _ in range(steps):
        if alternating:
            at = at + step * field(*at, **cure) * torch.tensor([0.0, 1.0], dtype=F64)
            at = at + step * field(*at, **cure) * torch.tensor([1.0, 0.0], dtype=F64)
        else:
            at = at + step * field(*at, **cure)
        path.append(at)
    return torch.stack(path)


def _noise(sigma: float) -> tuple[Tensor, Tensor]:
    """Nodes and weights that integrate against N(0, sigma^2); one node where there is no noise."""
    if sigma == 0:
        return torch.zeros(1, dtype=F64), torch.ones(1, dtype=F64)
    nodes, weights = np.polynomial.hermite_e.hermegauss(21)
    return sigma * torch.from_numpy(nodes), torch.from_numpy(weights) / math.sqrt(2 * math.pi)


def numerical_jacobian(*, step: float = 1e-5, **cure) -> Tensor:
    """The Jacobian at (0, 0) by central differences of :func:`field`:
    an independent look at :func:`jacobian`.
    """
    columns = []
    for direction in torch.eye(2, dtype=F64):
        ahead, behind = step * direction, -step * direction
        columns.append((field(*ahead, **cure) - field(*behind, **cure)) / (2 * step))
    return torch.stack(columns, dim=1)
