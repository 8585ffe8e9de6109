"""Checks of the exercises of book/avb.ipynb."""

import math

import torch
from torch.nn import functional as F

from avbgtn import streams

from ..shared.answers import CheckFailed, call, choice, close, function, passed
from . import ring_posterior
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
    z = torch.linspace(-2, 3, 11, dtype=F64)
    for mu, sigma in ((1.0, 0.5), (-0.3, 1.7)):
        log_q = -0.5 * ((z - mu) / sigma) ** 2 - math.log(sigma)  # both without 1/2 log 2 pi, which cancels
        log_p = -0.5 * z**2
        right = log_q - log_p
        got = call(f, z, mu, sigma, name="optimal_t")
        if close(got, right, atol=1e-9, name="optimal_t"):
            continue
        if close(got, -right, atol=1e-9, name="optimal_t"):
            raise CheckFailed(
                "the sign is wrong: this is log p - log q. Codes of the encoder are the positive "
                "class, so T is high where q is"
            )
        if close(got, right + math.log(sigma), atol=1e-9, name="optimal_t"):
            raise CheckFailed(
                "log sigma is missing: a narrow density is also a high one, by the factor 1 / sigma"
            )
        if close(got, log_q, atol=1e-9, name="optimal_t") or close(
            got, log_q - 0.5 * math.log(2 * math.pi), atol=1e-9, name="optimal_t"
        ):
            raise CheckFailed(
                "this is log q alone: subtract log p, the prior's; it is what T's term z^2 / 2 stands for"
            )
        if close(got, 2 * (right + math.log(sigma)) - math.log(sigma), atol=1e-9, name="optimal_t"):
            raise CheckFailed("the factor 1/2 in front of the squares is missing")
        raise CheckFailed(
            f"at z = {z[0]:.1f}, mu = {mu}, sigma = {sigma} expected a value between the densities' "
            f"logarithms that differs from yours by {float(torch.as_tensor(got)[0] - right[0]):.3g}: write "
            "down log q and log p apart, then subtract"
        )
    passed("optimal_t is log q - log p, for a narrow and for a wide posterior")


def check_avb_losses(answer) -> None:
    """``avb_losses(t, x, z_posterior, z_prior, log_p_pixels)`` -> (T's loss, encoder's loss),
    one mistake named at a time.
    """
    f = function(answer, "avb_losses")
    n = 6
    x, z_q, z_p = (_normal(n, k, stream=f"losses/{k}") for k in (3, 2, 4))
    z_p = z_p[:, :2]
    log_p_pixels = -_normal(n, 5, stream="pixels").square()
    seen, z_first = [], []
    weight = torch.tensor([0.7, -1.1], dtype=F64)

    def t(*inputs):
        if len(inputs) == 1:
            seen.append(None)
            return inputs[0] @ weight
        if [k.shape[-1] for k in inputs] == [2, 3]:  # not an error of sizes, but a sentence, below
            z_first.append(True)
            inputs = inputs[::-1]
        seen.append(inputs[0])
        return inputs[1] @ weight + inputs[0].sum(1)

    def sees_x(first) -> bool:  # x, or x as often as there are kinds of codes
        return first is not None and torch.equal(first, x.repeat(max(1, len(first) // n), 1))

    z = z_q.clone().requires_grad_()
    value = call(f, t, x, z, z_p, log_p_pixels, name="avb_losses")
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise CheckFailed("avb_losses must return two numbers: the loss of T, and the loss of the encoder")
    t_loss, encoder_loss = value
    if z_first:
        raise CheckFailed("t takes x first: t(x, z), the image and then the code")
    if not all(sees_x(first) for first in seen):
        raise CheckFailed(
            "T does not see x. Then it compares all codes together with the prior, as an adversarial "
            "autoencoder does, and its best value is log q(z) - log p(z): no longer the KL of any single "
            "posterior. Call t(x, z), for both kinds of z"
        )
    t_q, t_p = t(x, z_q), t(x, z_p)
    right, swapped = (F.softplus(-s * t_q).mean() + F.softplus(s * t_p).mean() for s in (1, -1))
    kl, by_sum, by_mean = t_q.mean(), log_p_pixels.sum(1).mean(), log_p_pixels.mean()

    def is_t_loss(*expected) -> bool:
        return any(close(t_loss, e, atol=1e-9, name="the loss of T") for e in expected)

    def is_encoder_loss(*expected) -> bool:
        return any(close(encoder_loss, e, atol=1e-9, name="the loss of the encoder") for e in expected)

    if not is_t_loss(right):
        if is_t_loss(swapped, swapped / 2, n * swapped):
            cancels = is_encoder_loss(-kl - by_sum, -kl - by_mean)
            raise CheckFailed(
                "real and fake are swapped: T learns log p - log q, and E_q T is then minus the KL. Codes of "
                "the encoder are the positive class: their loss is softplus(-T)"
                + " (together with the minus in your encoder's loss this cancels, but here T is to "
                "stand for the KL with a plus)" * cancels
            )
        if is_t_loss(-right, -right / 2, -n * right):
            raise CheckFailed(
                "the loss of T has the wrong sign: the objective of T is a maximum, an optimiser minimises"
            )
        if is_t_loss(right / 2):
            raise CheckFailed(
                "this is half the loss of T, a mean over codes and samples of the prior together: "
                "harmless, for it pulls in the same direction, but at chance it reads log 2 and not 2 log "
                "2. Average each kind apart, then add"
            )
        if is_t_loss(n * right):
            raise CheckFailed(
                "the loss of T is summed over the batch: then twice the batch is "
                "twice the step. Average over it"
            )
        raise CheckFailed(
            "the loss of T is neither right nor one of the usual mistakes: it is the mean of softplus(-T) "
            "over codes plus the mean of softplus(T) over samples of the prior"
        )
    if is_encoder_loss(-kl - by_sum, -kl - by_mean):
        raise CheckFailed(
            "the encoder minimises -T: it runs away from the prior, and its KL grows without end. T stands "
            "for the KL, and a KL is to be small: +T in a loss"
        )
    if is_encoder_loss(kl + by_sum, kl + by_mean):
        raise CheckFailed("the likelihood has the wrong sign: it is to be large, so its minus is minimised")
    if is_encoder_loss(kl - by_mean):
        raise CheckFailed(
            "the two terms are on different scales: T is in nats an image, the likelihood is averaged "
            "over pixels too. With 784 pixels T would weigh 784 times too much: sum over an image's "
            "pixels, then average over the batch"
        )
    if is_encoder_loss(n * (kl - by_sum)):
        raise CheckFailed(
            "the loss of the encoder is summed over the batch: then twice the batch is "
            "twice the step. Average over it"
        )
    if is_encoder_loss(kl - n * by_sum):
        raise CheckFailed(
            "the likelihood is summed over the batch and T is averaged over it: sum over an image's "
            "pixels, then average over the batch"
        )
    if not is_encoder_loss(kl - by_sum):
        raise CheckFailed(
            "the loss of the encoder is not the mean over the batch of T minus the summed log-likelihood"
        )
    if t_loss.requires_grad and torch.autograd.grad(t_loss, z, allow_unused=True)[0] is not None:
        raise CheckFailed(
            "the loss of T has a gradient for the encoder: one step for T would also push the codes to be "
            "told apart more easily. Detach the codes there"
        )
    if encoder_loss.requires_grad is False:
        raise CheckFailed(
            "the loss of the encoder has no gradient for z: do not detach the codes in the encoder's own loss"
        )
    passed(
        "T sees x and z, codes are its positive class, the encoder minimises +T, both terms in nats an image"
    )


def check_avb_contrast(answer) -> None:
    """``log_ratio(t, z, mean, std)``: T on the normalised code, plus the Gaussian
    contrast's own log-ratio, (n,).
    """
    f = function(answer, "log_ratio")
    n, d = 5, 3
    t, z = _normal(n, stream="t"), _normal(n, d, stream="z")
    mean, std = _normal(d, stream="mean"), _normal(d, stream="std").abs() + 0.3
    log_r = torch.distributions.Normal(mean, std).log_prob(z).sum(1)
    log_p = torch.distributions.Normal(torch.zeros(d, dtype=F64), torch.ones(d, dtype=F64)).log_prob(z).sum(1)
    got = call(f, t, z, mean, std, name="log_ratio")
    if torch.is_tensor(got) and got.shape == (n, d):
        raise CheckFailed(
            "one number a code is asked for, (n,), not one a coordinate: logarithms of a "
            "product of densities are summed"
        )

    def is_it(expected) -> bool:
        return close(got, expected, atol=1e-9, name="log_ratio")

    right = t + log_r - log_p
    if is_it(right):
        return passed("with T at zero this is log r - log p, so for a Gaussian posterior it is exact")
    for wrong, sentence in (
        (
            right + std.log().sum(),
            "log sigma is missing: r is higher where it is narrower, by 1 / sigma in each coordinate",
        ),
        (
            right + 2 * std.log().sum(),
            "log sigma has the wrong sign: a narrow density is a high one, so -log sigma",
        ),
        (
            log_r - log_p,
            "T is missing: the contrast gives what the Gaussian explains, T adds what it does not",
        ),
        (t, "this is T alone: it says how q differs from the contrast r; add log r(z) - log p(z)"),
        (
            t - (log_r - log_p),
            "log p - log r has been added: T is log q - log r, so log r must enter with a plus to cancel",
        ),
        (t + (log_r - log_p) / d, "averaged over coordinates: nats of independent coordinates are summed"),
        (t - std.log().sum(), "the prior has been asked at the normalised code: log p belongs to z itself"),
    ):
        if is_it(wrong):
            raise CheckFailed(sentence)
    raise CheckFailed("not T + log r - log p: compare your log r with torch.distributions.Normal(mean, std)")


def check_avb_likelihood_without_t(answer) -> None:
    """``log_p_x(log_p_x_given_z)``: log of the mean of exp, from samples of the prior."""
    f = function(answer, "log_p_x")
    a = torch.tensor([-1.0, -2.0, -0.5, -7.0], dtype=F64)
    right = torch.logsumexp(a, 0) - math.log(4)
    got = call(f, a, name="log_p_x")
    if close(got, a.mean(), atol=1e-9, name="log_p_x"):
        raise CheckFailed(
            "a mean of logarithms: that is E_p log p(x|z), far below log p(x). Average the "
            "probabilities, then take the logarithm"
        )
    if close(got, right + math.log(4), atol=1e-9, name="log_p_x"):
        raise CheckFailed("a sum, not a mean: subtract log n, else more samples make the model look better")
    if close(got, right.exp(), atol=1e-9, name="log_p_x"):
        raise CheckFailed("this is p(x), not log p(x)")
    if not close(got, right, atol=1e-9, name="log_p_x"):
        raise CheckFailed(
            f"for four values between -7 and -0.5 expected {right:.4f}, got {float(torch.as_tensor(got)):.4f}"
        )
    far = call(f, a - 2000, name="log_p_x")
    if not math.isfinite(float(far)):
        raise CheckFailed(
            f"with values near -2000, which an image easily has, the answer is {float(far)}: exp of them is "
            "0 in float64. torch.logsumexp takes the largest out first"
        )
    # z ~ N(0, 1), x | z ~ N(z, 1): p(x) = N(x; 0, 2).
    z = _normal(200_000, stream="prior")
    x = 0.7
    estimate = float(f(-0.5 * (x - z) ** 2 - 0.5 * math.log(2 * math.pi)))
    exact = -0.25 * x**2 - 0.5 * math.log(4 * math.pi)
    if abs(estimate - exact) > 0.02:
        raise CheckFailed(f"where log p(x) is {exact:.3f} your function says {estimate:.3f}")
    passed(f"log p(x) = {exact:.2f} found with no encoder and no T")


def check_avb_ring_sampler(answer) -> None:
    """``sample(x, eps)``: codes near the ring posterior, by hand; eps (n, 4) -> z (n, 2)."""
    f = function(answer, "sample")
    n, gaps = 40_000, []
    for x in (0.8, 1.5, 2.3):
        eps = _normal(n, 4, stream=f"ring/{x}")
        z = call(f, x, eps, name="sample")
        if not torch.is_tensor(z) or z.shape != (n, 2):
            raise CheckFailed(
                f"sample must return codes of shape ({n}, 2) for noise of shape ({n}, 4), got "
                f"{tuple(getattr(z, 'shape', ()))}"
            )
        z = z.to(F64)
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
        gaps.append(counted_kl(z, ring_posterior.exact_posterior(x, 0.1)[0], reach=ring_posterior.REACH))
    if max(gaps) > 0.3:
        raise CheckFailed(
            f"the gaps at x = 0.8, 1.5 and 2.3 are {', '.join(f'{gap:.2f}' for gap in gaps)} nats, "
            "expected below 0.3 each: draw the posterior over your codes; is the ring too wide, "
            "too thin, or of another radius?"
        )
    passed(
        "no more than 0.3 nats from the exact posterior at each of three x; the best Gaussian is "
        "0.9 nats away or more at each"
    )
