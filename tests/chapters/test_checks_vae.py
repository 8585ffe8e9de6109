"""The VAE chapter's checks against right answers in many hands, and wrong ones by name."""

import math

import torch
from torch.distributions import Independent, Normal, kl_divergence

from judged import each_right, each_wrong, is_refused, passes


def kl(m, s, m_p, s_p):
    return (torch.log(s_p / s) + (s**2 + (m - m_p) ** 2) / (2 * s_p**2) - 0.5).sum(1)


def shift(m, s, m_p, s_p):
    return (m - m_p) / s_p


KL = [
    kl,
    lambda m, s, a, b: kl_divergence(Independent(Normal(m, s), 1), Independent(Normal(a, b), 1)),
    lambda *given: kl(*(part.float() for part in given)),
    lambda *given: kl(*given).tolist(),
    lambda m, s, a, b: 0.5 * ((s / b) ** 2 - 1 - (s / b).square().log() + ((m - a) / b) ** 2).sum(-1).numpy(),
]
NOT_KL = [
    (lambda *a: -kl(*a), "every sign is turned"),
    (lambda *a: 2 * kl(*a), "1/2 of the Gaussian"),
    (lambda *a: kl(*a) / 2, "exactly half"),
    (lambda *a: kl(*a) + (shift(*a) - shift(*a) ** 2).sum(1) / 2, "means is not squared"),
    (lambda *a: kl(*a) + (a[1] / a[3] - (a[1] / a[3]) ** 2).sum(1) / 2, "sigmas is not squared"),
    (lambda *a: kl(*a) + 2 * (a[1] / a[3]).log().sum(1), "log sigma has the wrong sign"),
    (lambda *a: kl(*a) + (a[1] / a[3]).log().sum(1), "logarithms of the sigmas are missing"),
    (lambda *a: kl(*a) - (shift(*a) ** 2).sum(1) / 2, "means is missing"),
    (lambda *a: kl(*a) - (shift(*a) ** 2).sum(1), "means has the wrong sign"),
    (lambda *a: kl(*a) + (shift(*a) ** 2).sum(1) / 2, "in front of the squared difference"),
    (lambda *a: kl(*a) / math.log(2), "in bits"),
    (lambda *a: kl(*a)[:, None], "over which dimensions"),
]


WEIGHTS = [
    lambda w: w.softmax(0),
    lambda w: (w - w.max(0).values).exp() / (w - w.max(0).values).exp().sum(0),
    lambda w: (w - torch.logsumexp(w, 0, keepdim=True)).exp().float(),
    lambda w: w.log_softmax(dim=0).exp().tolist(),
    lambda w: torch.stack([torch.softmax(column, 0) for column in w.T], 1).numpy(),
]
NOT_WEIGHTS = [
    (lambda w: (w - w.max()).exp() / (w - w.max()).exp().sum(0), "largest of each column"),
    (lambda w: w.exp() / w.exp().sum(0), "around -2000"),
    (lambda w: w.exp() / (w.exp().sum(0) + 1e-12), "around -2000"),
    (lambda w: w.softmax(1), "stand in a column"),
    (lambda w: w.exp() / w.exp().max(0).values, "largest weight, not by the sum"),
    (lambda w: w.exp() / w.exp().mean(0), "divided by the mean"),
    (lambda w: (-w).softmax(0), "sign is turned"),
    (lambda w: w.softmax(0)[0], "over which"),
    (lambda w: w.log_softmax(0), "logarithms of the weights"),
]
CASES = {"check_vae_kl": (KL, NOT_KL), "check_vae_weights": (WEIGHTS, NOT_WEIGHTS)}


@each_right(CASES)
def test_a_right_answer_passes_however_it_is_written(name, answer, capsys):
    passes(name, answer, capsys)


@each_wrong(CASES)
def test_a_mistake_is_named(name, answer, words):
    is_refused(name, answer, words)
