r"""The GAN where everything can be computed: two densities on a line, the best discriminator,
and what a generator that plays against it descends on (Goodfellow et al. 2014; Arjovsky and Bottou 2017).

``p`` is the data's density, ``q`` the generator's. A discriminator is its logit ``T``, ``D = s(T)`` with the
sigmoid ``s``; losses of both players are those of :mod:`avbgtn.models.losses`. Integrals are sums over a fine
grid, in float64 and in nats.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from avbgtn import streams
from avbgtn.models import losses

F64 = torch.float64


@dataclass(frozen=True)
class Mixture:
    """A mixture of normal densities on the line.

    Attributes:
        means, stds, weights: one number a component; the weights sum to 1.
    """

    means: tuple[float, ...]
    stds: tuple[float, ...]
    weights: tuple[float, ...] = (1.0,)

    def log_density(self, x: Tensor) -> Tensor:
        """``log p(x)`` in nats, in the shape of ``x``."""
        mean, std, weight = (torch.tensor(v, dtype=x.dtype) for v in (self.means, self.stds, self.weights))
        z = (x[..., None] - mean) / std  # (..., components)
        return torch.logsumexp(weight.log() - std.log() - 0.5 * z.square(), -1) - 0.5 * math.log(2 * math.pi)

    def sample(self, n: int, *, generator: torch.Generator, dtype: torch.dtype = F64) -> Tensor:
        """``n`` draws, ``(n,)``."""
        mean, std, weight = (torch.tensor(v, dtype=dtype) for v in (self.means, self.stds, self.weights))
        which = torch.multinomial(weight, n, replacement=True, generator=generator)
        return mean[which] + std[which] * torch.randn(n, generator=generator, dtype=dtype)


def bell(mean: float = 0.0, std: float = 1.0) -> Mixture:
    """One normal density."""
    return Mixture((mean,), (std,))


def grid(low: float = -25.0, high: float = 25.0, points: int = 20_001) -> Tensor:
    """Where integrals are summed: evenly spaced, ``(points,)``, float64."""
    return torch.linspace(low, high, points, dtype=F64)


def integral(values: Tensor, x: Tensor) -> Tensor:
    """The integral of ``values`` over the grid ``x``, by the trapezoidal rule."""
    return torch.trapezoid(values, x)


# --- the best discriminator ---------------------------------------------------------------------------------


def optimal_logit(log_p: Tensor, log_q: Tensor) -> Tensor:
    r"""``T*(x) = log p(x) - log q(x)``: the logit of the best discriminator is the log density ratio."""
    return log_p - log_q


def optimal_discriminator(log_p: Tensor, log_q: Tensor) -> Tensor:
    r"""``D*(x) = p(x) / (p(x) + q(x)) = s(T*(x))`` (Goodfellow et al. 2014, Proposition 1)."""
    return torch.sigmoid(optimal_logit(log_p, log_q))


def value(logit: Tensor, log_p: Tensor, log_q: Tensor, x: Tensor) -> Tensor:
    r"""``V(D, G) = E_p log D + E_q log(1 - D)`` of any discriminator, by quadrature;
    D is given by its logit.
    """
    return integral(log_p.exp() * F.logsigmoid(logit) + log_q.exp() * F.logsigmoid(-logit), x)


def kl(log_p: Tensor, log_q: Tensor, x: Tensor) -> Tensor:
    r"""``KL(p || q) = E_p [log p - log q]``, by quadrature."""
    return integral(log_p.exp() * (log_p - log_q), x)


def js(log_p: Tensor, log_q: Tensor, x: Tensor) -> Tensor:
    r"""``JS(p, q) = KL(p || m) / 2 + KL(q || m) / 2`` with ``m = (p + q) / 2``, by quadrature;
    from 0 to log 2.
    """
    log_m = torch.logaddexp(log_p, log_q) - math.log(2)
    return (kl(log_p, log_m, x) + kl(log_q, log_m, x)) / 2


def f_divergence(f: Callable[[Tensor], Tensor], log_p: Tensor, log_q: Tensor, x: Tensor) -> Tensor:
    r"""``D_f(P || Q) = integral q(x) f(p(x) / q(x)) dx`` for a convex f (Nowozin et al. 2016),
    by quadrature.
    """
    return integral(log_q.exp() * f((log_p - log_q).exp()), x)


# --- a learnt discriminator ---------------------------------------------------------------------------------


class LineDiscriminator(nn.Module):
    """``T(x)`` for numbers: two hidden layers of tanh, float64, weights drawn from a stream."""

    def __init__(self, hidden: int = 32, *, seed: int = 0):
        super().__init__()
        sizes = (1, hidden, hidden, 1)
        self.layers = nn.ModuleList(
            nn.Linear(a, b, dtype=F64) for a, b in zip(sizes, sizes[1:], strict=False)
        )
        draw = streams.generator(seed, "gan/line/weights")
        with torch.no_grad():
            for layer in self.layers:
                layer.weight.copy_(torch.randn(layer.weight.shape, generator=draw, dtype=F64))
                layer.weight.div_(math.sqrt(layer.in_features))
                layer.bias.copy_(torch.randn(layer.bias.shape, generator=draw, dtype=F64))

    def forward(self, x: Tensor) -> Tensor:
        """``x`` (n,) to logits (n,)."""
        h = x[:, None]
        for layer in self.layers[:-1]:
            h = torch.tanh(layer(h))
        return self.layers[-1](h).squeeze(1)


def learn_discriminator(
    p: Mixture, q: Mixture, *, seed: int = 0, steps: int = 800, batch: int = 1024, lr: float = 1e-2
) -> LineDiscriminator:
    """Train D on samples alone: it never sees a density. The step size falls to zero along half a cosine."""
    discriminator = LineDiscriminator(seed=seed)
    adam = torch.optim.Adam(discriminator.parameters(), lr=lr)
    slower = torch.optim.lr_scheduler.CosineAnnealingLR(adam, steps)
    draw = streams.generator(seed, "gan/line/samples")
    for _ in range(steps):
        real, fake = p.sample(batch, generator=draw), q.sample(batch, generator=draw)
        loss = losses.discriminator_loss(discriminator(real), discriminator(fake))
        adam.zero_grad()
        loss.backward()
        adam.step()
        slower.step()
    return discriminator


# --- what the generator feels -------------------------------------------------------------------------------


def generator_gradient(mean: float, form: str, *, points: int = 20_001) -> float:
    r"""How strongly the best discriminator pulls a generator ``G(z) = mean + z`` towards data from N(0, 1).

    The derivative, with respect to the mean, of :func:`avbgtn.models.losses.gan_loss` with ``D = D*``
    **held still**, as in a real step; the mean over z is an integral. ``form``: ``"minimax"`` or
    ``"non_saturating"``.
    """
    z = grid(-12, 12, points)
    weight = bell().log_density(z).exp()
    theta = torch.tensor(mean, dtype=F64, requires_grad=True)
    # T* = log p - log q at x = theta + z; `mean` is the number D* knows
    logit = mean**2 / 2 - mean * (theta + z)
    loss = integral(weight * _per_sample(logit, form), z)
    (gradient,) = torch.autograd.grad(loss, theta)
    return gradient.item()


def _per_sample(logit: Tensor, form: str) -> Tensor:
    """The generator's loss of each sample, in the shape of the logits;
    its mean is :func:`avbgtn.models.losses.gan_loss`.
    """
    return -F.softplus(logit) if form == "minimax" else F.softplus(-logit)


def divergence_slope(mean: float, which: str, *, step: float = 1e-4) -> float:
    r"""The derivative of a divergence between N(mean, 1), as q, and N(0, 1), as p, with respect to the mean.

    By central differences of quadratures, so that it shares nothing with :func:`generator_gradient`.
    ``which``: ``"2 JS"``, ``"KL - 2 JS"`` (with ``KL(q || p)``) or ``"KL"``.
    """
    x = grid()
    log_p = bell().log_density(x)

    def at(m: float) -> float:
        log_q = bell(m).log_density(x)
        parts = {"KL": kl(log_q, log_p, x), "2 JS": 2 * js(log_p, log_q, x)}
        parts["KL - 2 JS"] = parts["KL"] - parts["2 JS"]
        return parts[which].item()

    return (at(mean + step) - at(mean - step)) / (2 * step)


# --- friction -----------------------------------------------------------------------------------------------


def r1_penalty(logits: Tensor, real: Tensor, weight: float) -> Tensor:
    r"""``R_1 = weight / 2 * E_p |grad_x T(x)|^2``: what D pays for its slope at real data
    (Mescheder et al. 2018).

    Args:
        logits: ``T(real)``, one number a data point, in any shape.
        real: the data points, ``requires_grad`` set before D saw them.
            A point's logit must not depend on the other points, so no batch norm in D.
        weight: gamma.
    """
    (slope,) = torch.autograd.grad(logits.sum(), real, create_graph=True)
    return weight / 2 * slope.square().sum() / logits.numel()
