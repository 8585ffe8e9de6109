r"""Every displayed equation of the paper as a pure function.

Conventions, the same for all of them:

* tensors first, options by keyword; images ``(N, C, H, W)`` in [-1, 1], codes ``(N, ...)``, logits ``(N,)``
  or any shape;
* what a function returns is to be **minimised** by its player, also where the paper writes ``max``;
* reductions are spelt out: "event" dimensions are all but the first. KL-like terms are **summed** over the
  code (nats) and averaged over the batch; the L1 terms are **means** over pixels, as in UNIT's code;
* log-sigmoids go through ``softplus``, never through clamped probabilities: ``log s(t) = -softplus(-t)``.

Equation numbers are those of the AVB-GTN paper (Griffin, Kanawati, Zhang 2018). Eqs. (2)-(7) are UNIT's,
(8)-(9) AVB's, (10)-(13) the paper's own.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = [
    "adaptive_contrast_log_ratio",
    "code_moments",
    "cycle_loss",
    "discriminator_loss",
    "gan_loss",
    "gaussian_kl",
    "log_sigmoid_penalty",
    "logit_penalty",
    "mean_square_penalty",
    "normalise_code",
    "posterior_discriminator_loss",
    "reconstruction_loss",
    "scale_penalty",
    "softplus_penalty",
    "total_loss",
    "vae_loss",
]


# --- the likelihood -----------------------------------------------------------------------------------------


def reconstruction_loss(estimate: Tensor, truth: Tensor) -> Tensor:
    r"""``-log p_G(x | z)`` of Eqs. (2), (3), (6), (7) for a Laplace likelihood, up to a constant: the mean
    absolute difference over all elements.

    ``-log p = |x - x'|_1 / b + d log 2b`` for ``d`` values of an image and scale ``b``. The mean is
    ``b = d``, UNIT's choice: lambda_2 = 100 then means the same at every image size, and is no longer an
    honest likelihood.
    """
    if estimate.shape != truth.shape:
        raise ValueError(
            f"estimate and truth must have one shape, got {tuple(estimate.shape)} and {tuple(truth.shape)}"
        )
    return (estimate - truth).abs().mean()


# --- the prior penalty, UNIT's forms ------------------------------------------------------------------------


def gaussian_kl(mu: Tensor, sigma: Tensor | float = 1.0) -> Tensor:
    r"""``KL(N(mu, sigma^2 I) || N(0, I))`` of Eqs. (2), (3), (6), (7), in nats: summed over the code, mean
    over the batch.

    ``1/2 sum(mu^2 + sigma^2 - 1 - log sigma^2)``; with UNIT's unit variance, ``|mu|^2 / 2``.
    """
    sigma = torch.as_tensor(sigma, dtype=mu.dtype, device=mu.device)
    per_element = 0.5 * (mu.square() + sigma.square() - 1) - sigma.log()
    return per_element.flatten(1).sum(1).mean()


def mean_square_penalty(mu: Tensor) -> Tensor:
    r"""What UNIT's code minimises in place of the KL: ``mean(mu^2)`` over batch and code. It is the exact KL
    of a unit-variance posterior times ``2/d``, for a code of ``d`` dimensions."""
    return mu.square().mean()


# --- the prior penalty, by a posterior discriminator --------------------------------------------------------


def posterior_discriminator_loss(t_posterior: Tensor, t_prior: Tensor) -> Tensor:
    r"""Eq. (9), negated: what T minimises, in nats.

    ``-E_q log s(T(x, z)) - E_p log(1 - s(T(x, z)))``. Codes from the encoder are the positive class, so that
    at the optimum ``T* = log q(z|x) - log p(z)`` (Mescheder et al. 2017, Prop. 1). At chance the loss is
    2 log 2.
    """
    return F.softplus(-t_posterior).mean() + F.softplus(t_prior).mean()


def logit_penalty(t: Tensor) -> Tensor:
    r"""Eq. (8)'s ``T*(x, z)``, the AVB form, unbounded: for an optimal T, ``E_q T`` is the KL, in nats."""
    return t.mean()


def log_sigmoid_penalty(t: Tensor) -> Tensor:
    r"""Eqs. (10)-(13)'s ``log s(T(x, z))``, the paper's form, in nats; in [-log 2, 0] for an optimal T.

    With T held at its optimum its gradient is that of ``2 JS(q || p)``, not of the KL, and it dies when T is
    sure: the weight of T's gradient is ``1 - s(T)``.
    """
    return -F.softplus(-t).mean()


def softplus_penalty(t: Tensor) -> Tensor:
    r"""``-log(1 - s(T))``, the non-saturating form, in nats. With T held at its optimum its gradient is that
    of ``KL(q || p) - 2 JS(q || p)``; added to the log-sigmoid form it is the AVB form:
    ``T = log s(T) + softplus(T)``."""
    return F.softplus(t).mean()


# --- adaptive contrast --------------------------------------------------------------------------------------


def code_moments(draws: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of the posterior, from other draws than the one that is judged.

    Args:
        draws: ``(R, N, ...)``, ``R >= 2`` codes of the same images. No gradient flows through the moments.

    Returns:
        mean and standard deviation, each ``(N, ...)``; a variance of 1e-4 is added, as in AVB's code, to both
        places that use it.
    """
    if draws.shape[0] < 2:
        needs = "adaptive contrast needs at least 2 draws for a variance"
        raise ValueError(f"{needs}, got {draws.shape[0]}")
    draws = draws.detach()
    return draws.mean(0), (draws.var(0) + 1e-4).sqrt()


def normalise_code(z: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    """What T sees under adaptive contrast: ``(z - mean) / std``, against samples of N(0, I)."""
    return (z - mean) / std


def adaptive_contrast_log_ratio(
    t: Tensor,
    z: Tensor,
    mean: Tensor,
    std: Tensor,
) -> Tensor:
    r"""``T(x, z~) + log r(z|x) - log p(z)`` for the contrast ``r = N(mean, std^2)``, shape ``(N,)``, in nats.

    It stands where ``T(x, z)`` stood (Mescheder et al. 2017, section 4): T then has to learn only what the
    Gaussian with the posterior's own moments misses. On image codes read it as a regulariser, not as a KL.
    """
    z_tilde = normalise_code(z, mean, std)
    # the two log(2 pi) cancel
    log_r_over_p = 0.5 * (z.square() - z_tilde.square()) - std.log()
    return t + log_r_over_p.flatten(1).sum(1)


# --- the scale of the penalty -------------------------------------------------------------------------------


def scale_penalty(
    penalty: Tensor,
    *,
    form: str,
    scale: str,
    dimensions: int,
) -> Tensor:
    r"""The penalty on another scale: ``as_written`` leaves it, ``nats`` and ``per_dimension`` convert.

    Nats are summed over the code; per dimension is nats times ``2/d``, the scale of UNIT's ``mean(mu^2)``.
    The mean square is per dimension as written, every other form is in nats as written.
    """
    if scale == "as_written":
        return penalty
    in_nats = penalty * (dimensions / 2) if form == "mean_square" else penalty
    if scale == "nats":
        return in_nats
    if scale == "per_dimension":
        return in_nats * (2 / dimensions)
    known = "'as_written', 'per_dimension' or 'nats'"
    raise ValueError(f"scale must be {known}, got {scale!r}")


# --- the GAN ------------------------------------------------------------------------------------------------


def discriminator_loss(
    real: Tensor,
    fake: Tensor,
    *,
    form: str = "non_saturating",
) -> Tensor:
    r"""Eqs. (4), (5), negated, without lambda_0: ``-E log D(x) - E log(1 - D(G(z)))`` on logits, or, for
    ``least_squares``, ``E (D(x) - 1)^2 + E D(G(z))^2``. The minimax and non-saturating games share it."""
    if form == "least_squares":
        return (real - 1).square().mean() + fake.square().mean()
    _check_gan_form(form)
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def gan_loss(fake: Tensor, *, form: str = "non_saturating") -> Tensor:
    r"""The generators' side of Eqs. (4), (5), without lambda_0.

    ``minimax``: ``E log(1 - D(G(z)))`` as the paper writes it; ``non_saturating``: ``-E log D(G(z))`` as
    UNIT's code has it; ``least_squares``: ``E (D(G(z)) - 1)^2``.
    """
    if form == "least_squares":
        return (fake - 1).square().mean()
    _check_gan_form(form)
    if form == "minimax":
        return -F.softplus(fake).mean()
    return F.softplus(-fake).mean()


def _check_gan_form(form: str) -> None:
    if form not in ("non_saturating", "minimax"):
        raise ValueError(f"form must be 'non_saturating', 'minimax' or 'least_squares', got {form!r}")


# --- the weighted sums --------------------------------------------------------------------------------------


def vae_loss(
    penalty: Tensor,
    reconstruction: Tensor,
    *,
    lambda_1: float,
    lambda_2: float,
) -> Tensor:
    """Eqs. (2), (3) with a KL for the penalty, Eqs. (10), (11) with ``log s(T)``:
    ``lambda_1 penalty(z_k) + lambda_2 L1(x_kk, x_k)``."""
    return lambda_1 * penalty + lambda_2 * reconstruction


def cycle_loss(
    direct_penalty: Tensor | float,
    translated_penalty: Tensor,
    cycle: Tensor,
    *,
    lambda_3: float,
    lambda_4: float,
) -> Tensor:
    """Eqs. (6), (7) with a KL for the penalties, Eqs. (12), (13) with ``log s(T)``.

    ``lambda_3 (direct + translated) + lambda_4 L1(x_121, x_1)``. The direct penalty, on ``z_1`` of ``x_1``,
    is already in the VAE loss; no published code counts it twice, so the models pass 0.0 here unless
    ``lambda_reading="literal"``.
    """
    return lambda_3 * (direct_penalty + translated_penalty) + lambda_4 * cycle


def total_loss(
    vae: tuple[Tensor, Tensor], gan: tuple[Tensor, Tensor], cycle: tuple[Tensor, Tensor], *, lambda_0: float
) -> Tensor:
    """Eq. (1), encoders' and generators' side: VAE, GAN (times lambda_0) and cycle losses of both domains."""
    return sum(vae) + lambda_0 * sum(gan) + sum(cycle)


TWO_LOG_TWO = 2 * math.log(2)  # the loss of a discriminator at chance
