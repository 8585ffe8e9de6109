"""Checks of the exercises of book/avb.ipynb."""

import math

import torch
from torch.nn import functional as F

from avbgtn import streams

from ..shared.answers import CheckFailed, agrees, call, choice, close, compare, function, passed, tensor
from . import mistakes, ring_posterior
from .avb import counted_kl

__all__ = [
    "check_avb_contrast",
    "check_avb_likelihood_without_t",
    "check_avb_loss_of_a_sure_t",
    "check_avb_losses",
    "check_avb_optimal_t",
    "check_avb_ring_sampler",
]
F64 = torch.float64


def _normal(*shape: int, stream: str) -> torch.Tensor:
    return torch.randn(*shape, generator=streams.generator(0, f"checks/avb/{stream}"), dtype=F64)


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
        _judge_losses(f, n, pixels)
    passed(
        "T sees x and z, codes are its positive class, the encoder minimises +T, both terms in nats per image"
    )


class _WatchedT:
    """A T of known form, which remembers how it was called."""

    def __init__(self):
        self.seen, self.z_first = [], False
        self.weight = torch.tensor([0.7, -1.1], dtype=F64)

    def __call__(self, *inputs: torch.Tensor) -> torch.Tensor:
        if len(inputs) == 1:
            self.seen.append(None)
            return inputs[0] @ self.weight
        if [k.shape[-1] for k in inputs] == [2, 3]:  # not an error of sizes, but a sentence, below
            self.z_first = True
            inputs = inputs[::-1]
        self.seen.append(inputs[0])
        return inputs[1] @ self.weight + inputs[0].sum(1)

    def always_saw(self, x: torch.Tensor) -> bool:
        """x, or x as often as there are kinds of codes."""
        return all(
            first is not None and torch.equal(first, x.repeat(max(1, len(first) // len(x)), 1))
            for first in self.seen
        )


def _judge_losses(f, n: int, pixels: int) -> None:
    x, z_q, z_p = (_normal(n, k, stream=f"losses/{k}") for k in (3, 2, 4))
    z_p = z_p[:, :2]
    log_p_pixels = -_normal(n, pixels, stream="pixels").square()
    t, z = _WatchedT(), z_q.clone().requires_grad_()
    value = call(f, t, x, z, z_p, log_p_pixels, name="avb_losses")
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise CheckFailed("avb_losses must return two numbers: the loss of T, and the loss of the encoder")
    if t.z_first:
        raise CheckFailed("t takes x first: t(x, z), the image and then the code")
    if not t.always_saw(x):
        raise CheckFailed(
            "T does not see x. Then it compares all codes together with the prior, as an adversarial "
            "autoencoder does, and its best value is log q(z) - log p(z): no longer the KL of any single "
            "posterior. Call t(x, z), for both kinds of z"
        )
    t_q, t_p = t(x, z_q), t(x, z_p)
    _judge_values(value, t_q, t_p, log_p_pixels)
    _judge_gradients(value, z)


def _judge_values(value, t_q: torch.Tensor, t_p: torch.Tensor, log_p_pixels: torch.Tensor) -> None:
    t_loss, encoder_loss = value
    right = F.softplus(-t_q).mean() + F.softplus(t_p).mean()
    right_encoder = (t_q - log_p_pixels.sum(1)).mean()
    if agrees(t_loss, right_encoder) and agrees(encoder_loss, right):
        raise CheckFailed("the losses are returned in the wrong order: T's comes first, then the encoder's")
    compare(
        t_loss,
        right,
        mistakes.of_t_loss(t_q, t_p, log_p_pixels, encoder_loss),
        name="the loss of T",
        otherwise="the loss of T is neither right nor one of the usual mistakes: it is the mean of "
        "softplus(-T) over codes plus the mean of softplus(T) over samples of the prior",
    )
    compare(
        encoder_loss,
        right_encoder,
        mistakes.of_encoder_loss(t_q, log_p_pixels),
        name="the loss of the encoder",
        otherwise="the loss of the encoder is not the mean over the batch of T minus the summed "
        "log-likelihood",
    )


def _judge_gradients(value, z: torch.Tensor) -> None:
    t_loss, encoder_loss = value
    if _slope(t_loss, z) is not None:
        raise CheckFailed(
            "the loss of T has a gradient for the encoder: one step for T would also push the codes to be "
            "told apart more easily. Detach the codes there"
        )
    if not isinstance(encoder_loss, torch.Tensor):
        raise CheckFailed(
            "the values are right, but the loss of the encoder is a plain number, through which no gradient "
            "can flow: return the tensor, without .item() or float(...)"
        )
    if _slope(encoder_loss, z) is None:
        raise CheckFailed(
            "the loss of the encoder has no gradient for z: do not detach the codes in the encoder's own loss"
        )


def _slope(loss, z: torch.Tensor) -> torch.Tensor | None:
    if not isinstance(loss, torch.Tensor) or not loss.requires_grad:
        return None
    return torch.autograd.grad(loss.sum(), z, allow_unused=True, retain_graph=True)[0]


def check_avb_contrast(answer) -> None:
    """``log_ratio(t, z, mean, std)``: T on the normalised code, plus the Gaussian
    contrast's own log-ratio, (n,).
    """
    f = function(answer, "log_ratio")
    for n, d in ((5, 3), (3, 5), (8, 2)):
        t, z = _normal(n, stream="t"), _normal(n, d, stream="z")
        mean, std = _normal(d, stream="mean"), _normal(d, stream="std").abs() + 0.3
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
    for a in (first, _normal(7, stream="likelihoods") - 2, _normal(1, stream="likelihoods")):
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
    # z ~ N(0, 1), x | z ~ N(z, 1): p(x) = N(x; 0, 2).
    z = _normal(200_000, stream="prior")
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
        eps = _normal(n, 4, stream=f"ring/{x}")
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
