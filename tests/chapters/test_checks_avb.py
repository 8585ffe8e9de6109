"""The AVB chapter's checks against right answers in many hands, and wrong ones by name."""

import math

import pytest
import torch
from torch.distributions import Normal, kl_divergence
from torch.nn import functional as F

from avbgtn_book import checks
from avbgtn_book.checks import CheckFailed
from judged import judgements

LOG_TWO_PI = math.log(2 * math.pi)


def by_hand(z, mu, sigma):
    return z**2 / 2 - (z - mu) ** 2 / (2 * sigma**2) - math.log(sigma)


def log_q(z, mu, sigma):
    return by_hand(z, mu, sigma) - z**2 / 2


OPTIMAL_T = [
    by_hand,
    lambda z, m, s: Normal(m, s).log_prob(z) - Normal(0, 1).log_prob(z),
    lambda z, m, s: by_hand(z.float(), m, s),
    lambda z, m, s: by_hand(z, m, s).tolist(),
    lambda z, m, s: by_hand(z, torch.tensor(m), s).numpy(),
    lambda z, m, s: torch.log(Normal(m, s).log_prob(z).exp() / Normal(0.0, 1.0).log_prob(z).exp()),
    lambda z, m, s: z.sub_(m).div_(s).square().div(-2) + (z * s + m).square() / 2 - math.log(s),
]
NOT_OPTIMAL_T = [
    (lambda z, m, s: -by_hand(z, m, s), "this is log p - log q"),
    (lambda z, m, s: by_hand(z, m, s**0.5), "you treat it as a variance"),
    (lambda z, m, s: z**2 / 2 - (z - m) ** 2 / (2 * s) - math.log(s), "you treat it as a variance"),
    (lambda z, m, s: by_hand(z, m, s**2), "squared once too often"),
    (lambda z, m, s: log_q(z, m, s) - z**2 / 2, "the prior has the wrong sign"),
    (lambda z, m, s: Normal(m, s).log_prob(z) + Normal(0, 1).log_prob(z), "the prior has the wrong sign"),
    (lambda z, m, s: by_hand(z, m, s) + 2 * math.log(s), "log sigma has the wrong sign"),
    (lambda z, m, s: by_hand(z, m, s) - LOG_TWO_PI / 2, "a lone 2 pi"),
    (lambda z, m, s: by_hand(z, m, s) + LOG_TWO_PI / 2, "a lone 2 pi"),
    (lambda z, m, s: by_hand(z, m, s) - LOG_TWO_PI, "a lone 2 pi"),
    (lambda z, m, s: by_hand(z, m, s) + math.log(s), "log sigma is missing"),
    (lambda z, m, s: by_hand(z, m, s) + math.log(s) / 2, "half of log sigma"),
    (lambda z, m, s: Normal(m, s).log_prob(z), "log q alone"),
    (lambda z, m, s: by_hand(z, m, s) + z**2 / 2, "in front of the prior's"),
    (lambda z, m, s: z**2 / 2 - (z - m) ** 2 / 2 - math.log(s), "not divided by sigma"),
    (lambda z, m, s: z**2 / 2 - (z - m) / s / 2 - math.log(s), "not squared"),
    (lambda z, m, s: by_hand(z, m, s).exp(), "ratio of the densities"),
    (lambda z, m, s: by_hand(z, m, s) / math.log(2), "in bits"),
    (lambda z, m, s: by_hand(z, m, s) - math.log(s), "twice log sigma"),
    (lambda z, m, s: by_hand(z, m, s) - math.log(2 * math.pi * s), "log sigma is there twice"),
    (lambda z, m, s: by_hand(z, m, s) + ((z - m) / s) ** 2, "largest at mu"),
    (lambda z, m, s: by_hand(z, -m, s), "mu is added"),
    (lambda z, m, s: by_hand(z, 0.0, s), "mu is missing"),
    (lambda z, m, s: log_q(z, m, s) + (z - m) ** 2 / 2, "does not know mu"),
    (lambda z, m, s: z**2 / 2 - ((z - m) / 2 * s) ** 2 - math.log(s), "a bracket is missing"),
    (lambda z, m, s: -Normal(0, 1).log_prob(z), "-log p alone"),
    (lambda z, m, s: Normal(m, s).log_prob(z) / Normal(0, 1).log_prob(z), "one logarithm by the other"),
    (lambda z, m, s: by_hand(z, m, s) * (1 + 1e-3), "off by"),
]


def contrast(t, z, mean, std):
    return t + (z**2 / 2 - ((z - mean) / std) ** 2 / 2 - std.log()).sum(1)


def standard(z):
    return Normal(torch.zeros_like(z), torch.ones_like(z)).log_prob(z).sum(1)


LOG_RATIO = [
    contrast,
    lambda t, z, m, s: t + Normal(m, s).log_prob(z).sum(1) - Normal(0, 1).log_prob(z).sum(1),
    lambda t, z, m, s: contrast(t.float(), z.float(), m.float(), s.float()),
    lambda t, z, m, s: contrast(t, z, m, s).tolist(),
    lambda t, z, m, s: (
        t + torch.distributions.MultivariateNormal(m, s.square().diag()).log_prob(z) - standard(z)
    ),
]
NOT_LOG_RATIO = [
    (lambda t, z, m, s: contrast(t, z, m, s.sqrt()), "you treat it as a variance"),
    (
        lambda t, z, m, s: t + (z**2 / 2 - (z - m) ** 2 / s / 2 - s.log()).sum(1),
        "you treat it as a variance",
    ),
    (lambda t, z, m, s: contrast(t, z, m, s**2), "squared once too often"),
    (lambda t, z, m, s: contrast(t, z, m, s) - z.square().sum(1), "the prior has the wrong sign"),
    (lambda t, z, m, s: t + Normal(m, s).log_prob(z).sum(1) + standard(z), "the prior has the wrong sign"),
    (lambda t, z, m, s: contrast(t, z, m, s) + 2 * s.log().sum(), "log sigma has the wrong sign"),
    (lambda t, z, m, s: contrast(t, z, m, s) - z.shape[1] * LOG_TWO_PI / 2, "a lone 2 pi"),
    (lambda t, z, m, s: contrast(t, z, m, s) - LOG_TWO_PI / 2, "a lone 2 pi"),
    (lambda t, z, m, s: t + Normal(m, s).log_prob(z).sum(1), "log p is missing"),
    (lambda t, z, m, s: t * contrast(0 * t, z, m, s), "T is multiplied"),
    (lambda t, z, m, s: contrast(t, z, -m, s), "the mean is added"),
    (lambda t, z, m, s: contrast(t, z * s + m, m, s), "nothing is to be undone"),
    (lambda t, z, m, s: contrast(-t, z, m, s), "T has the wrong sign"),
    (lambda t, z, m, s: contrast(t, z, m, s) + s.log().sum() - s.log().mean(), "log sigma is averaged"),
    (lambda t, z, m, s: t + contrast(0 * t, z, m, s).sum(), "summed over the codes too"),
    (
        lambda t, z, m, s: contrast(t, z, m, s) + (z**2 / 2 - ((z - m) / s) ** 2 / 2).sum(1),
        "the factor 1/2",
    ),
    (lambda t, z, m, s: contrast(t, z, m, s) + (z.shape[1] - 1) * t, "T is added in every coordinate"),
]


def losses(t, x, z_q, z_p, log_p, kl=torch.mean, t_loss=None, sign=1):
    t_q, t_p = t(x, z_q.detach()), t(x, z_p)
    told = F.softplus(-t_q).mean() + F.softplus(t_p).mean() if t_loss is None else t_loss(t_q, t_p)
    return told, sign * kl(t(x, z_q)) - log_p.sum(1).mean()


def two(logits, other):
    ones = F.binary_cross_entropy_with_logits(logits, torch.ones_like(logits))
    return ones + F.binary_cross_entropy_with_logits(other, torch.zeros_like(other))


LOSSES = [
    losses,
    lambda *a: losses(*a, t_loss=two),
    lambda *a: list(losses(*a, t_loss=lambda q, p: -(F.logsigmoid(q).mean() + F.logsigmoid(-p).mean()))),
    lambda *a: losses(*a, t_loss=lambda q, p: -q.sigmoid().log().mean() - (1 - p.sigmoid()).log().mean()),
    lambda *a: tuple(part.float() for part in losses(*a)),
]
NOT_LOSSES = [
    (
        lambda *a: losses(*a, kl=lambda t: F.logsigmoid(t).mean()),
        "log sigma\\(T\\), the form of the AVB-GTN paper",
    ),
    (lambda *a: losses(*a, kl=lambda t: F.softplus(t).mean()), "a softplus of T"),
    (lambda *a: losses(*a, kl=lambda t: F.softplus(-t).mean()), "a softplus of T"),
    (lambda *a: losses(*a, kl=lambda t: t.sigmoid().mean()), "is a probability"),
    (lambda *a: losses(*a, kl=torch.sum), "T is summed over the batch"),
    (lambda *a: losses(*a, sign=0), "T is missing"),
    (lambda *a: losses(*a)[::-1], "in the wrong order"),
    (lambda *a: losses(*a, t_loss=lambda q, p: F.softplus(-q).mean()), "one kind of code only"),
    (lambda *a: losses(*a, t_loss=lambda q, p: F.softplus(p).mean()), "one kind of code only"),
    (lambda *a: losses(*a, t_loss=lambda q, p: p.mean() - q.mean()), "Wasserstein"),
    (lambda *a: losses(*a, t_loss=lambda q, p: two(q, p) / math.log(2)), "in bits"),
    (lambda *a: losses(*a, t_loss=lambda q, p: two(q, -p)), "calls samples of the prior positive"),
    (lambda *a: tuple(part.item() for part in losses(*a)), "T learns nothing"),
    (lambda *a: (losses(*a)[0].item(), losses(*a)[1]), "T learns nothing"),
    (lambda *a: (losses(*a)[0].detach(), losses(*a)[1]), "T learns nothing"),
    (lambda *a: (losses(*a)[0], losses(*a)[1].item()), "plain number"),
    (
        lambda *a: losses(*a, t_loss=lambda q, p: F.softplus(-q).mean() - 1 + F.logsigmoid(p).mean()),
        "1 - log",
    ),
    (
        lambda t, x, q, p, log_p: (losses(t, x, q, p, log_p)[0], losses(t, x, p, p, log_p)[1]),
        "samples of the",
    ),
    (lambda t, x, q, p, log_p: losses(t, x, q, p, log_p.T), "stopped with|an image's pixels stand in a row"),
    (lambda t, x, q, p, log_p: losses(t, x, q, p, log_p.exp()), "logarithms already"),
    (lambda *a: (losses(*a)[0], losses(*a)[1].detach()), "no gradient for z"),
    (lambda *a: (None, losses(*a)[1]), "only numbers"),
    (lambda *a: (losses(*a)[0].expand(3), losses(*a)[1]), "must be one number"),
]


def log_mean(a):
    return torch.logsumexp(a, 0) - math.log(len(a))


LOG_P_X = [
    log_mean,
    lambda a: a.max() + (a - a.max()).exp().mean().log(),
    lambda a: log_mean(a.float()),
    lambda a: log_mean(a).item(),
    lambda a: torch.logsumexp(a - math.log(a.numel()), dim=0, keepdim=True),
    lambda a: [float(log_mean(a))],
]
NOT_LOG_P_X = [
    (lambda a: a.mean(), "a mean of logarithms"),
    (lambda a: torch.logsumexp(a, 0), "subtract log n"),
    (lambda a: torch.logsumexp(a, 0) + math.log(len(a)), "log n is added"),
    (lambda a: torch.logsumexp(a, 0) / len(a), "logarithm is divided by n"),
    (lambda a: log_mean(a) / math.log(2), "in bits"),
    (lambda a: -log_mean(a), "not a loss"),
    (lambda a: a.sum(), "a product"),
    (lambda a: a.max(), "best draw alone"),
    (lambda a: a.exp().mean().log(), "exp of them is 0"),
    (lambda a: (a.exp().mean() + 1e-300).log(), "a small constant"),
    (lambda a: torch.logsumexp(a, 0) - math.log(4), "whatever comes in"),
    (lambda a: torch.logsumexp(a, 0) - len(a), "natural logarithm of n"),
    (lambda a: torch.logsumexp(a, 0) - math.log2(len(a)), "natural logarithm of n"),
    (lambda a: torch.logsumexp(a, 0) - math.log10(len(a)), "natural logarithm of n"),
    (lambda a: log_mean(a) - a.max(), "added again"),
    (lambda a: a.max() * (log_mean(a) - a.max()), "added again"),
    (lambda a: a.median(), "median"),
    (lambda a: a.min() + (a - a.min()).exp().mean().log(), "0, -900 and -2000"),
    (lambda a: a.mean() + (a - a.mean()).exp().mean().log(), "0, -900 and -2000"),
    (lambda a: log_mean(a) + 1e-2, "expected"),
]


def ring(x, eps, *, peak=None, width=0.19):
    way = eps[:, :2] / torch.linalg.vector_norm(eps[:, :2], dim=1, keepdim=True)
    return way * ((peak or inner)(x) + width * eps[:, 2:3]).abs()


def inner(x):
    return (x + math.sqrt(x**2 + 0.1664)) / 2.08


def by_angle(x, eps):
    angle = math.tau * Normal(0, 1).cdf(eps[:, 3])
    radius = inner(x) + 0.19 * eps[:, 0]
    return torch.stack([radius * angle.cos(), radius * angle.sin()], 1)


RING = [ring, by_angle, lambda x, eps: ring(x, eps.float()), lambda x, eps: ring(x, eps).numpy()]
NOT_RING = [
    (lambda x, eps: ring(x, eps, peak=lambda x: x, width=0.2), "The prior is left out"),
    (lambda x, eps: ring(x, eps, peak=lambda x: x + 0.04 / x, width=0.2), "The prior is left out"),
    (lambda x, eps: ring(x, eps, width=0.0), "no width"),
    (lambda x, eps: torch.tensor([x, 0.0]) + 0.2 * eps[:, :2], "one side of the ring"),
    (lambda x, eps: ring(x, eps, width=0.5), "the gaps at x"),
    (lambda x, eps: eps[:, :2], "the gaps at x"),
    (lambda x, eps: ring(x, eps).T, "codes of shape"),
    (lambda x, eps: ring(x, eps) / 0, "not finite"),
]

CASES = {
    "check_avb_optimal_t": (OPTIMAL_T, NOT_OPTIMAL_T),
    "check_avb_contrast": (LOG_RATIO, NOT_LOG_RATIO),
    "check_avb_losses": (LOSSES, NOT_LOSSES),
    "check_avb_likelihood_without_t": (LOG_P_X, NOT_LOG_P_X),
    "check_avb_ring_sampler": (RING, NOT_RING),
}


test_a_right_answer_passes_however_it_is_written, test_a_mistake_is_named = judgements(CASES)


def test_the_kl_for_t_is_one_number_too_few():
    with pytest.raises(CheckFailed, match="got one number"):
        checks.check_avb_optimal_t(
            lambda z, m, s: kl_divergence(Normal(m, s), Normal(torch.tensor(0.0), torch.tensor(1.0)))
        )
