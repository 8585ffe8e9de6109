r"""The linear-Gaussian model (probabilistic PCA): a VAE in which nothing has to be estimated.

``z`` from N(0, I), ``x = W z + mean + noise eps``. Evidence, posterior, bound and best weights are closed
forms, so whatever a chapter claims of a VAE can be compared with the truth here. Use float64.

Sources: Tipping and Bishop 1999; for the collapse of its units, Lucas et al. 2019.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from avbgtn.models.losses import gaussian_kl

from .vae import gaussian_log_density

__all__ = ["LinearGaussian", "best_weight", "kl_between", "train_linear_vae"]


@dataclass(frozen=True)
class LinearGaussian:
    """A latent-variable model with closed forms.

    Attributes:
        weight: ``W``, (D, d).
        mean: (D,).
        noise: standard deviation of the observation noise.
    """

    weight: Tensor
    mean: Tensor
    noise: float

    def log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
        """``log p(x|z)``: ``(..., D), (..., d) -> (...)``."""
        return gaussian_log_density(x, z @ self.weight.T + self.mean, self.noise)

    def log_evidence(self, x: Tensor) -> Tensor:
        """``log p(x)``, for p(x) = N(mean, W W' + noise^2 I): ``(n, D) -> (n,)``."""
        size = len(self.mean)
        identity = torch.eye(size, dtype=x.dtype)
        covariance = self.weight @ self.weight.T + self.noise**2 * identity
        difference = x - self.mean
        solved = torch.linalg.solve(covariance, difference.T).T
        distance = (difference * solved).sum(1)
        constant = size * math.log(2 * math.pi)
        return -0.5 * (distance + torch.logdet(covariance) + constant)

    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean (n, d) and covariance (d, d) of ``p(z|x)``, Gaussian;
        the covariance is the same for all ``x``.
        """
        identity = torch.eye(self.weight.shape[1], dtype=x.dtype)
        precision = identity + self.weight.T @ self.weight / self.noise**2
        covariance = torch.linalg.inv(precision)
        mean = (x - self.mean) @ self.weight @ covariance / self.noise**2
        return mean, covariance

    def elbo(self, x: Tensor, mu: Tensor, covariance: Tensor) -> Tensor:
        r"""The bound for ``q = N(mu, covariance)``, no sampling, mean over the batch; ``mu`` (n, d),
        covariance (d, d).

        ``E_q |x - W z - mean|^2 = |x - W mu - mean|^2 + tr(W' W covariance)``.
        """
        spread = torch.trace(self.weight.T @ self.weight @ covariance) / (2 * self.noise**2)
        prior_mean, prior_covariance = torch.zeros_like(mu), torch.eye(mu.shape[1], dtype=mu.dtype)
        return (self.log_likelihood(x, mu) - spread).mean() - kl_between(
            mu, covariance, prior_mean, prior_covariance
        )


def kl_between(mu: Tensor, covariance: Tensor, mu_p: Tensor, covariance_p: Tensor) -> Tensor:
    """``KL(N(mu, covariance) || N(mu_p, covariance_p))`` in nats, mean over the batch of means (n, d).

    A KL does not change when both densities are mapped alike. So the second is mapped to N(0, I), the first
    is turned until its covariance is diagonal, and :func:`avbgtn.models.losses.gaussian_kl` does the rest.
    """
    whiten = torch.linalg.inv(torch.linalg.cholesky(covariance_p))
    variance, axes = torch.linalg.eigh(whiten @ covariance @ whiten.T)
    return gaussian_kl((mu - mu_p) @ whiten.T @ axes, variance.sqrt())


def best_weight(eigenvalues: Tensor, noise: float, units: int) -> Tensor:
    r"""Maximum likelihood ``W`` for data whose covariance is ``diag(eigenvalues)``,
    largest first: (D, units).

    Column ``i`` is ``sqrt(max(v_i - noise^2, 0))`` along axis ``i`` (Tipping and Bishop 1999):
    a direction in which the data vary less than the noise gets nothing.
    """
    lengths = (eigenvalues[:units] - noise**2).clamp(min=0).sqrt()
    return torch.eye(len(eigenvalues), units, dtype=eigenvalues.dtype) * lengths


def train_linear_vae(
    eigenvalues: Tensor, noise: float, units: int, generator: torch.Generator, steps: int = 60
) -> tuple[Tensor, Tensor, Tensor]:
    """Train a linear VAE, not knowing the solution, on data with covariance ``diag(eigenvalues)``.

    The expectation over data and noise is exact, so L-BFGS sees no sampling error. The decoder is ``W z``,
    the encoder ``q(z|x) = N(V x, diag sigma^2)``.

    Returns:
        KL of each unit, mean over the data, in nats, (units,); variance of each unit's posterior mean,
        (units,); the bound, (). Units in falling order of their KL.
    """
    size = len(eigenvalues)
    draw = {"generator": generator, "dtype": eigenvalues.dtype}
    weight = (0.3 * torch.randn(size, units, **draw)).requires_grad_()
    encoder = (0.3 * torch.randn(units, size, **draw)).requires_grad_()
    log_sigma = torch.zeros(units, dtype=eigenvalues.dtype, requires_grad=True)

    def parts() -> tuple[Tensor, Tensor, Tensor]:
        variance_of_mean = (encoder.square() * eigenvalues).sum(1)  # of each unit, over the data
        variance = (2 * log_sigma).exp()
        rest = torch.eye(size, dtype=eigenvalues.dtype) - weight @ encoder
        error = (rest.square() * eigenvalues).sum() + (weight.square() * variance).sum()
        log_likelihood = -0.5 * (error / noise**2 + size * math.log(2 * math.pi * noise**2))
        kl = 0.5 * (variance_of_mean + variance - 1) - log_sigma
        return log_likelihood - kl.sum(), kl, variance_of_mean

    optimiser = torch.optim.LBFGS(
        [weight, encoder, log_sigma], max_iter=20, tolerance_grad=1e-10, line_search_fn="strong_wolfe"
    )

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = -parts()[0]
        loss.backward()
        return loss

    for _ in range(steps):
        optimiser.step(closure)
    with torch.no_grad():
        bound, kl, variance_of_mean = parts()
        order = kl.argsort(descending=True)
        return kl[order], variance_of_mean[order], bound
