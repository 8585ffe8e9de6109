"""Checks of the exercises of book/avb.ipynb."""

import math

import torch
from torch.nn import functional as F

from ..shared.answers import CheckFailed, call, choice, close, compare, function, passed, tensor
from . import mistakes, ring_posterior
from .avb import counted_kl
from .judge_losses import judge, normal

__all__ = [
    "check_avb_contrast",
    "check_avb_likelihood_without_t",
    "check_avb_loss_of_a_sure_t",
    "check_avb_losses",
    "check_avb_optimal_t",
    "check_avb_ring_sampler",
]
F64 = torch.float64


def check_avb_loss_of_a_sure_t(answer) -> None:
    """The loss of T at its optimum between N(6, 1) and N(0, 1): "a", "b" or "c"."""
    letter = choice(answer, ("a", "b", "c"), "loss_of_t")
    if letter == "a":
        raise CheckFailed(
            "18 is the KL. T's loss is another number: it measures how well T tells the two "
            "apart, and falls as they part"
        )
    if letter == "b":
        raise CheckFailed(
            "2 log 2 is the loss of a T at chance, one that cannot tell the two apart. Six "
            "standard deviations apart, it can"
        )
    z = torch.linspace(-9, 15, 24_001, dtype=F64)
    p, q = (torch.exp(-0.5 * (z - m) ** 2) / math.sqrt(2 * math.pi) for m in (0, 6))
    t = 6 * z - 18  # log q - log p
    loss = torch.trapezoid(q * F.softplus(-t) + p * F.softplus(t), z).item()
    passed(f"T's loss is {loss:.4f} at its best; a KL of 18 nats and one of 180 look nearly alike to it")


def check_avb_optimal_t(answer) -> None:
    """``optimal_t(z, mu, sigma)``: ``log N(z; mu, sigma^2) - log N(z; 0, 1)``."""
    f = function(answer, "optimal_t")
    for n, mu, sigma in ((11, 1.0, 0.5), (7, -0.3, 1.7), (4, 2.1, 0.8)):
        z = torch.linspace(-2, 3, n, dtype=F64)
        right = mistakes.best_t(z, mu, sigma)
        got = tensor(call(f, z, mu, sigma, name="optimal_t"), "optimal_t")
        off = float(got.flatten()[0] - right[0]) if got.numel() else math.nan
        compare(
            got,
            right,
            mistakes.of_optimal_t(z, mu, sigma),
            name="optimal_t",
            otherwise=f"at z = {z[0]:.1f}, mu = {mu}, sigma = {sigma} your value is off by {off:.3g}: write "
            "down log q and log p apart, then subtract",
        )
    passed("optimal_t is log q - log p, for a narrow and for a wide posterior")


def check_avb_losses(answer) -> None:
    """``avb_losses(t, x, z_posterior, z_prior, log_p_pixels)`` -> (T's loss, encoder's loss),
    one mistake named at a time.
    """
    f = function(answer, "avb_losses")
    for n, pixels in ((6, 5), (4, 9)):
        judge(f, n, pixels)
    passed(
        "T sees x and z, codes are its positive class, the encoder minimises +T, both terms in nats per image"
    )


def check_avb_contrast(answer) -> None:
    """``log_ratio(t, z, mean, std)``: T on the normalised code, plus the Gaussian
    contrast's own log-ratio, (n,).
    """
    f = function(answer, "log_ratio")
    for n, d in ((5, 3), (3, 5), (8, 2)):
        t, z = normal(n, stream="t"), normal(n, d, stream="z")
        mean, std = normal(d, stream="mean"), normal(d, stream="std").abs() + 0.3
        got = tensor(call(f, t, z, mean, std, name="log_ratio"), "log_ratio")
        if got.shape == (n, d):
            raise CheckFailed(
                "one number a code is asked for, (n,), not one a coordinate: logarithms of a "
                "product of densities are summed"
            )
        compare(
            got,
            t + mistakes.log_r_of(z, mean, std) - mistakes.log_p_of(z),
            mistakes.of_log_ratio(t, z, mean, std),
            name="log_ratio",
            otherwise="not T + log r - log p: compare your log r with torch.distributions.Normal(mean, std)",
        )
    passed("with T at zero this is log r - log p, so for a Gaussian posterior it is exact")


def check_avb_likelihood_without_t(answer) -> None:
    """``log_p_x(log_p_x_given_z)``: log of the mean of exp, from samples of the prior."""
    f = function(answer, "log_p_x")

    def ask(a: torch.Tensor) -> torch.Tensor:
        return tensor(call(f, a, name="log_p_x"), "log_p_x")

    first = torch.tensor([-1.0, -2.0, -0.5, -7.0], dtype=F64)
    for a in (first, normal(7, stream="likelihoods") - 2, normal(1, stream="likelihoods")):
        right = torch.logsumexp(a, 0) - math.log(len(a))
        got = ask(a)
        compare(
            got,
            right,
            mistakes.of_log_p_x(a),
            name="log_p_x",
            otherwise=f"for {len(a)} values between {a.min():.2g} and {a.max():.2g} expected {right:.4f}, "
            f"got {_first(got):.4f}",
        )
    far = ask(first - 2000)
    if not far.isfinite().all():
        raise CheckFailed(
            f"with values near -2000, which an image easily has, the answer is {_first(far)}: exp of them is "
            "0 in float64. torch.logsumexp takes the largest out first"
        )
    if not close(far, torch.logsumexp(first, 0) - math.log(4) - 2000, name="log_p_x"):
        raise CheckFailed(
            f"with values near -2000, which an image easily has, the answer is {_first(far):.2f}: a clamp or "
            "a small constant hides that exp of them is 0. torch.logsumexp takes the largest out first"
        )
    apart = torch.tensor([0.0, -900.0, -2000.0], dtype=F64)
    if not close(ask(apart).nan_to_num(math.inf).clamp(max=1e9), -math.log(3), name="log_p_x"):
        raise CheckFailed(
            "right where the values are alike, but not for 0, -900 and -2000: what is taken out before exp "
            "must be the largest of them, so that no exp is above 1; torch.logsumexp does it"
        )
    # z ~ N(0, 1), x | z ~ N(z, 1): p(x) = N(x; 0, 2).
    z = normal(200_000, stream="prior")
    x = 0.7
    estimate = _first(ask(-0.5 * (x - z) ** 2 - 0.5 * math.log(2 * math.pi)))
    exact = -0.25 * x**2 - 0.5 * math.log(4 * math.pi)
    if not abs(estimate - exact) <= 0.02:
        raise CheckFailed(
            f"where log p(x) is {exact:.3f} your function says {estimate:.3f}; 0.02 are allowed"
        )
    passed(f"log p(x) = {exact:.2f} found with no encoder and no T")


def _first(got: torch.Tensor) -> float:
    return float(got.detach().flatten()[0]) if got.numel() else math.nan


def check_avb_ring_sampler(answer) -> None:
    """``sample(x, eps)``: codes near the ring posterior, by hand; eps (n, 4) -> z (n, 2)."""
    f = function(answer, "sample")
    n, gaps, radii = 40_000, [], []
    seen = (0.8, 1.5, 2.3)
    for x in seen:
        eps = normal(n, 4, stream=f"ring/{x}")
        z = call(f, x, eps, name="sample")
        z = tensor(z, "sample").detach().to(F64)
        if z.shape != (n, 2):
            raise CheckFailed(
                f"sample must return codes of shape ({n}, 2) for noise of shape ({n}, 4), got "
                f"{tuple(z.shape)}"
            )
        if not z.isfinite().all():
            raise CheckFailed("some codes are not finite: is something divided by a length of zero?")
        radius, bias = torch.linalg.vector_norm(z, dim=1), float(torch.linalg.vector_norm(z.mean(0)))
        if radius.std() < 0.05:
            raise CheckFailed(
                "the ring has no width: then q has no density and its KL is infinite. x differs from |z| by "
                "noise of 0.2, so the radius must vary too"
            )
        if bias > 0.5 * x:
            raise CheckFailed(
                f"for x = {x} the codes have their mean {bias:.2f} from the origin: they cover one side of "
                "the ring. The direction is free: let it come from eps"
            )
        radii.append(radius.mean().item())
        gaps.append(counted_kl(z, ring_posterior.exact_posterior(x, 0.1)[0], reach=ring_posterior.REACH))
    if max(gaps) > 0.3:
        raise CheckFailed(
            f"the gaps at x = 0.8, 1.5 and 2.3 are {', '.join(f'{gap:.2f}' for gap in gaps)} nats, "
            "expected below 0.3 each: draw the posterior over your codes; is the ring too wide, "
            "too thin, or of another radius?"
        )
    # Near the origin the prior hardly pulls.
    if all(_nearer_without_prior(radius, x) for radius, x in list(zip(radii, seen, strict=True))[1:]):
        raise CheckFailed(
            f"the gaps are below 0.3 nats, but the ring has the radius of the likelihood alone: at x = 2.3 "
            f"codes are {radii[-1]:.3f} from the origin on average, and {_mean_radius(2.3):.3f} under the "
            "posterior. The prior is left out: it pulls every code inwards, by |z| times the variance 0.04"
        )
    passed(
        "no more than 0.3 nats from the exact posterior at each of three x; the best Gaussian is "
        "0.9 nats away or more at each"
    )


def _mean_radius(x: float, *, prior: bool = True) -> float:
    """The mean of |z| under the ring posterior of x, or under its likelihood alone."""
    r = torch.linspace(0, ring_posterior.REACH, 4001, dtype=F64)[1:]
    log_density = -0.5 * ((x - r) / ring_posterior.NOISE).square() + r.log() - prior * r.square() / 2
    return float(log_density.softmax(0) @ r)


def _nearer_without_prior(radius: float, x: float) -> bool:
    """Whether a ring of this mean radius ignores the prior: beyond half-way to the radius without it."""
    return radius > (_mean_radius(x) + min(x, _mean_radius(x, prior=False))) / 2
