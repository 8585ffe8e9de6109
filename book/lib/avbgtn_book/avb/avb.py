r"""AVB: an encoder that is only a sampler, and a network T that stands for its KL (Mescheder,
Nowozin, Geiger 2017).

Three players, each a small MLP here, and two losses that take turns:

1. ``T(x, z)`` learns to tell codes of the encoder from samples of the prior (:func:`ratio_loss`);
2. encoder ``z = f(x, eps)`` and decoder ``p(x | z)`` learn with ``T`` in the place of the
   KL (:func:`avb_loss`).

The losses themselves are in ``losses.py``; this file holds what they are applied to.
Everything is float64 and small enough for one CPU core.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from avbgtn import streams
from avbgtn.models import losses

from ..vae import vae

F64 = torch.float64
Sampler = Callable[[int, torch.Generator], Tensor]


def mlp(
    sizes: list[int], seed: int, stream: str, *, last: float = 1.0, dtype: torch.dtype = F64
) -> nn.Sequential:
    """Linear layers with ELU between them: weights N(0, 2 / fan_in) from a stream of their own, biases 0.

    ``sizes`` is ``[inputs, hidden, ..., outputs]``; ``last`` scales the last layer's weights,
    so that a T that should begin near zero can.
    """
    layers: list[nn.Module] = []
    g = streams.generator(seed, f"weights/{stream}")
    for k, (fan_in, fan_out) in enumerate(zip(sizes[:-1], sizes[1:], strict=True)):
        layer = nn.utils.skip_init(nn.Linear, fan_in, fan_out, dtype=dtype)
        scale = math.sqrt(2 / fan_in) * (last if k == len(sizes) - 2 else 1.0)
        with torch.no_grad():
            layer.weight.copy_(torch.randn(layer.weight.shape, generator=g, dtype=F64) * scale)
            layer.bias.zero_()
        layers += [layer, nn.ELU()]
    return nn.Sequential(*layers[:-1])


class ImplicitEncoder(nn.Module):
    """``z = f(x, eps)`` with ``eps ~ N(0, I)``: a posterior one can sample from and whose
    density nobody can write.
    """

    def __init__(
        self,
        x_dim: int,
        eps_dim: int,
        z_dim: int,
        width: int,
        seed: int,
        *,
        hidden: int = 2,
        dtype: torch.dtype = F64,
    ):
        super().__init__()
        self.eps_dim = eps_dim
        self.f = mlp([x_dim + eps_dim, *[width] * hidden, z_dim], seed, "implicit encoder", dtype=dtype)

    def forward(self, x: Tensor, eps: Tensor) -> Tensor:
        """``x`` (N, x_dim), ``eps`` (N, eps_dim) -> one code each, (N, z_dim)."""
        return self.f(torch.cat([x, eps], dim=1))


class GaussianEncoder(nn.Module):
    """The VAE's posterior, for comparison: ``z = mu(x) + sigma(x) eps``."""

    def __init__(
        self, x_dim: int, z_dim: int, width: int, seed: int, *, hidden: int = 2, dtype: torch.dtype = F64
    ):
        super().__init__()
        self.eps_dim = z_dim
        self.f = mlp([x_dim, *[width] * hidden, 2 * z_dim], seed, "gaussian encoder", dtype=dtype)

    def moments(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mu, log_sigma = self.f(x).chunk(2, dim=1)
        return mu, log_sigma.exp()

    def forward(self, x: Tensor, eps: Tensor) -> Tensor:
        return vae.reparameterise(*self.moments(x), eps)


class Ratio(nn.Module):
    r"""``T(x, z)``: one number for each pair, to become ``log q(z|x) - log p(z)``.

    With ``log_prior=True`` (the default, as in AVB's code) the network's output is added to ``|z|^2 / 2``,
    which is ``-log p(z)`` but for a constant: what is left to learn is ``log q(z|x)`` alone.
    """

    def __init__(
        self, x_dim: int, z_dim: int, width: int, seed: int, *, hidden: int = 2, log_prior: bool = True,
        dtype: torch.dtype = F64,
    ):  # fmt: skip
        super().__init__()
        self.log_prior = log_prior
        self.net = mlp([x_dim + z_dim, *[width] * hidden, 1], seed, "T", last=0.1, dtype=dtype)

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        """``x`` (N, x_dim), ``z`` (N, z_dim) -> logits (N,)."""
        t = self.net(torch.cat([x, z], dim=1)).squeeze(1)
        return t + 0.5 * z.square().sum(1) if self.log_prior else t


def ratio_loss(
    t: Ratio,
    x: Tensor,
    z_posterior: Tensor,
    z_prior: Tensor,
) -> Tensor:
    r"""What T minimises: ``-E_q log s(T(x, z)) - E_p log(1 - s(T(x, z)))``, nats.

    Codes of the encoder are the positive class. They are detached: this step teaches T and nobody else.
    """
    both = torch.cat([z_posterior.detach(), z_prior])
    logits = t(torch.cat([x, x]), both)
    return losses.posterior_discriminator_loss(*logits.split(len(x)))


def kl_by_ratio(t: Ratio, x: Tensor, z: Tensor) -> Tensor:
    r"""``E_q T(x, z)``, which stands for ``KL(q(z|x) || p(z))``, nats. T's weights are held;
    the gradient goes through ``z`` to the encoder (Prop. 2 of the AVB paper)."""
    held = {name: weight.detach() for name, weight in t.named_parameters()}
    return losses.logit_penalty(torch.func.functional_call(t, held, (x, z)))


def avb_loss(
    t: Ratio,
    x: Tensor,
    z: Tensor,
    log_likelihood: Tensor,
) -> Tensor:
    r"""What encoder and decoder minimise: ``E[T(x, z) - log p(x | z)]``, nats per image.

    ``log_likelihood`` is (N,), *summed* over an image's pixels: T is in nats per image,
    so the other term must be too.
    """
    if log_likelihood.shape != z.shape[:1]:
        raise ValueError(
            "log_likelihood must be one number per image, "
            f"shape {tuple(z.shape[:1])}, got {tuple(log_likelihood.shape)}: "
            "sum it over the pixels"
        )
    return kl_by_ratio(t, x, z) - log_likelihood.mean()


def optimal_ratio(z: Tensor, mu: Tensor, sigma: Tensor) -> Tensor:
    r"""``T*(z) = log q(z) - log p(z)`` where it can be written: ``q = N(mu, sigma^2)``, ``p = N(0, 1)``,
    summed over the last dimension, nats."""
    return vae.gaussian_log_density(z, mu, sigma) - vae.gaussian_log_density(z)


def gradient_parts(mu: Tensor, sigma: Tensor, eps: Tensor) -> tuple[Tensor, Tensor]:
    r"""Both ways from ``(mu, sigma)`` to ``T*(z)``, ``z = mu + sigma eps``, for each sample of eps (n,).

    Returns:
        the gradient through z, and the one through T* itself, with z held; each (n, 2), d/d mu and d/d sigma.
    """
    z = mu + sigma * eps
    slope = z - (z - mu) / sigma.square()  # dT*/dz
    through_z = torch.stack([slope, slope * eps], dim=1)
    off = (z - mu) / sigma
    through_t = torch.stack([off / sigma, (off.square() - 1) / sigma], dim=1)  # the score of q
    return through_z, through_t


def counted_kl(z: Tensor, p: Tensor, *, reach: float) -> float:
    """``KL(q || p)`` from many codes in two dimensions by counting them in squares, nats:
    a check that asks no T.

    Squares hide what is finer than they are (the value falls). Few codes a square pretend to detail (it
    rises, by about half the occupied squares over the codes; that is taken off).

    Args:
        z: codes of q, (n, 2).
        p: probability of each square of a grid over ``[-reach, reach]^2``, (side^2,), first coordinate first.
    """
    side = math.isqrt(len(p))
    cell = ((z + reach) * (side / (2 * reach))).long().clamp(0, side - 1)
    counts = torch.bincount(cell[:, 0] * side + cell[:, 1], minlength=len(p)).to(p.dtype)
    seen = counts > 0
    q = counts[seen] / len(z)
    return (q * (q / p[seen].clamp_min(1e-300)).log()).sum().item() - (int(seen.sum()) - 1) / (2 * len(z))
