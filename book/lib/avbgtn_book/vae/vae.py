r"""The variational autoencoder: what it maximises, how its gradient gets through a random draw,
and a tighter bound.

Words, the same in all of the book: ``z`` the latent code, ``p(z) = N(0, I)`` the prior, ``p(x|z)`` the
likelihood (the decoder's), ``q(z|x) = N(mu(x), diag sigma(x)^2)`` the encoder's approximation of the
posterior ``p(z|x)``. Everything is in nats, summed over pixels and over the code; only the batch is averaged.
The KL term is :func:`avbgtn.models.losses.gaussian_kl`, and there is no other.

Sources: Kingma and Welling 2014, Rezende et al. 2014; the importance-weighted bound and active units,
Burda et al.
2016. The networks are in ``conv_vae.py``, the model with closed forms in ``linear_vae.py``.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from avbgtn.models.losses import gaussian_kl

__all__ = [
    "active_units",
    "bernoulli_log_likelihood",
    "elbo",
    "exact_gradient_variances",
    "gaussian_log_density",
    "importance_bound",
    "kl_per_unit",
    "pathwise_gradient",
    "reparameterise",
    "score_function_gradient",
]


# --- densities ----------------------------------------------------------------------------------------------


def gaussian_log_density(x: Tensor, mu: Tensor | float = 0.0, sigma: Tensor | float = 1.0) -> Tensor:
    r"""``log N(x; mu, diag sigma^2)`` in nats, summed over the last dimension: ``(..., d) -> (...)``."""
    sigma = torch.as_tensor(sigma, dtype=x.dtype, device=x.device)
    per_element = -0.5 * ((x - mu) / sigma).square() - sigma.log() - 0.5 * math.log(2 * math.pi)
    return per_element.sum(-1)


def bernoulli_log_likelihood(x: Tensor, logits: Tensor) -> Tensor:
    r"""``log p(x|z)`` of pixels that are ink (1) or paper (0), in nats, summed over the image:
    ``(n, ...) -> (n,)``.

    ``sum x log s(l) + (1 - x) log(1 - s(l))``, from logits ``l``,
    so that no probability is ever rounded to 0.
    """
    if x.shape != logits.shape:
        raise ValueError(
            f"x and logits must have one shape, got {tuple(x.shape)} and "
            f"{tuple(logits.shape)}: broadcasting would count pixels twice"
        )
    loss = F.binary_cross_entropy_with_logits(logits, x, reduction="none")
    return -loss.flatten(1).sum(1)


# --- the bound ----------------------------------------------------------------------------------------------


def reparameterise(mu: Tensor, sigma: Tensor | float, eps: Tensor) -> Tensor:
    """A draw from N(mu, sigma^2) as a function of its parameters:
    ``mu + sigma eps`` with ``eps`` from N(0, I).
    """
    return mu + sigma * eps


def elbo(log_likelihood: Tensor, mu: Tensor, sigma: Tensor | float) -> Tensor:
    r"""The evidence lower bound ``E_q log p(x|z) - KL(q(z|x) || p(z))``, in nats per image,
    mean over the batch.

    Args:
        log_likelihood: ``log p(x|z)`` of each image, ``(n,)``, for one draw ``z`` of ``q(z|x)``,
            or its expectation.
        mu, sigma: of ``q(z|x)``, ``(n, d)``.
    """
    return log_likelihood.mean() - gaussian_kl(mu, sigma)


def importance_bound(log_w: Tensor) -> Tensor:
    r"""The importance-weighted bound ``E log (1/k) sum_i w_i``, in nats, mean over the batch;
    ``k = 1`` is the ELBO.

    Args:
        log_w: ``log p(x|z_i) + log p(z_i) - log q(z_i|x)`` of ``k`` draws for each of
            ``n`` images, ``(k, n)``.
    """
    if log_w.ndim != 2:
        shape = tuple(log_w.shape)
        raise ValueError(f"log_w must be (k draws, n images), got {shape}")
    return (torch.logsumexp(log_w, dim=0) - math.log(len(log_w))).mean()


# --- gradients through a random draw ------------------------------------------------------------------------


def score_function_gradient(
    f: Callable[[Tensor], Tensor],
    mu: Tensor,
    sigma: float,
    eps: Tensor,
) -> Tensor:
    r"""Estimates of ``d/dmu E f(z)`` for ``z`` from N(mu, sigma^2 I), one per draw, by
    ``f(z) d/dmu log q(z)``.

    Args:
        f: ``(n, d) -> (n,)``. It is only ever evaluated; it need not have a gradient.
        mu, eps: ``(d,)`` and ``(n, d)``.

    Returns:
        ``(n, d)``; the mean over the draws is the unbiased estimate.
    """
    z = reparameterise(mu, sigma, eps)
    score = (z - mu) / sigma**2  # d/dmu log N(z; mu, sigma^2 I)
    return f(z)[:, None] * score


def pathwise_gradient(
    f: Callable[[Tensor], Tensor],
    mu: Tensor,
    sigma: float,
    eps: Tensor,
) -> Tensor:
    r"""Estimates of ``d/dmu E f(z)`` by ``d/dmu f(mu + sigma eps)``, the noise held fixed:
    one per draw, ``(n, d)``.
    """
    z = reparameterise(mu, sigma, eps).detach().requires_grad_()
    # dz/dmu = 1, so df/dz is df/dmu
    return torch.autograd.grad(f(z).sum(), z)[0]


def exact_gradient_variances(d: int, m: float, s: float) -> tuple[float, float]:
    r"""Variance of one draw's estimate of ``d/dm_1 E |z|^2``, z from N(m 1, s^2 I) in d dimensions,
    in closed form.

    With ``a = m^2 + s^2`` and ``v = 4 m^2 s^2 + 2 s^4``, the mean and variance of one ``z_j^2``, the score
    function ``|z|^2 eps_1 / s`` has the second moment
    ``(E z_1^4 eps_1^2 + 2 (m^2 + 3 s^2)(d-1) a + (d-1) v + (d-1)^2 a^2) / s^2``; the pathwise ``2 z_1`` has
    variance ``4 s^2``, whatever ``d``.

    Returns:
        of the score function, of the pathwise gradient.
    """
    a, v = m**2 + s**2, 4 * m**2 * s**2 + 2 * s**4
    first = m**4 + 18 * m**2 * s**2 + 15 * s**4  # E z_1^4 eps_1^2
    second_moment = (first + 2 * (m**2 + 3 * s**2) * (d - 1) * a + (d - 1) * v + (d - 1) ** 2 * a**2) / s**2
    return second_moment - 4 * m**2, 4 * s**2


# --- which units carry something ----------------------------------------------------------------------------


def kl_per_unit(mu: Tensor, sigma: Tensor) -> Tensor:
    """The KL of each latent unit on its own, mean over the batch, in nats: ``(n, d), (n, d) -> (d,)``."""
    return torch.stack([gaussian_kl(mu[:, [i]], sigma[:, [i]]) for i in range(mu.shape[1])])


def active_units(mu: Tensor, threshold: float = 0.01) -> int:
    """How many units' posterior means move with the image: variance over the images
    ``(n, d)`` above ``threshold``.
    """
    return int((mu.var(0) > threshold).sum())
