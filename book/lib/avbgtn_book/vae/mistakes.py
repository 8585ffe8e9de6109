"""What usual mistakes make of the answers to the exercises of book/vae.ipynb, and the sentences that name
them: pairs for :func:`avbgtn_book.shared.answers.compare`, the likeliest first.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from avbgtn.models import losses

from . import vae

Named = list[tuple[Tensor, str]]


def each_kl(m: Tensor, s: Tensor, m_p: Tensor, s_p: Tensor) -> Tensor:
    """``KL(N(m, s^2) || N(m_p, s_p^2))`` of each dimension."""
    q, p = torch.distributions.Normal(m, s), torch.distributions.Normal(m_p, s_p)
    return torch.distributions.kl_divergence(q, p)


def of_kl(m: Tensor, s: Tensor, m_p: Tensor, s_p: Tensor) -> Named:
    """Values of ``kl`` with one mistake."""
    each = each_kl(m, s, m_p, s_p)
    truth, d = each.sum(1), m.shape[1]
    logs, shift, ratio = (s / s_p).log().sum(1), (m - m_p) / s_p, s / s_p
    distance = shift.square().sum(1)
    return [
        (
            -truth,
            "every sign is turned: log q stands first, log p is taken away from it. A KL is never negative",
        ),
        (
            each_kl(m_p, s_p, m, s).sum(1),
            "this is KL(p || q): the expectation must be over q, the first pair",
        ),
        (each.mean(1), "you average over the dimensions: nats of independent dimensions add up, so sum"),
        (2 * truth, "exactly twice too much: the 1/2 of the Gaussian's exponent is missing"),
        (truth / 2, "exactly half: the 1/2 is there twice"),
        (
            each_kl(m, s.sqrt(), m_p, s_p.sqrt()).sum(1),
            "sigma is a standard deviation; you treat it as a variance",
        ),
        (
            each_kl(m, s, torch.zeros_like(m), torch.ones_like(s)).sum(1),
            "mu_p and sigma_p do nothing here: p is not always N(0, I)",
        ),
        (
            truth + d / 2,
            "too much by 1/2 for each dimension: subtract the 1 in mu^2 + sigma^2 - 1 - log sigma^2",
        ),
        (
            truth - d / 2,
            "too little by 1/2 for each dimension: without the logarithms, 1/2 is subtracted, not 1",
        ),
        (
            truth + (shift.square() + ratio.square()).sum(1) / 2,
            "the 1/2 is missing in front of both squares, although log sigma and the constant have it",
        ),
        (truth + 2 * logs, "log sigma has the wrong sign: a narrow q costs more, so -log sigma_q"),
        (truth + logs, "the logarithms of the sigmas are missing"),
        (truth - logs, "there is twice the logarithm: half of log sigma^2 is log sigma"),
        (truth + logs / 2, "log sigma^2 is twice log sigma: half of the logarithm is missing"),
        (truth + (shift - shift.square()).sum(1) / 2, "the difference of the means is not squared"),
        (
            truth + (ratio - ratio.square()).sum(1) / 2,
            "the ratio of the sigmas is not squared",
        ),
        (truth - distance / 2, "the difference of the means is missing"),
        (truth - distance, "the difference of the means has the wrong sign: any distance costs"),
        (truth + distance / 2, "the 1/2 is missing in front of the squared difference of the means"),
        (
            truth + ((m - m_p).square().sum(1) - distance) / 2,
            "the difference of the means is not divided by sigma_p",
        ),
        (
            truth + ((m + m_p).square() / s_p.square() - shift.square()).sum(1) / 2,
            "the means are added: what costs is their difference, which is squared",
        ),
        (
            truth + ((m.square() - m_p.square()) / s_p.square() - shift.square()).sum(1) / 2,
            "that is the difference of the squares: the square of the difference is asked for",
        ),
        *(
            (truth + (unsquared - shift.square()).sum(1) / 2, "the difference of the means is not squared")
            for unsquared in ((m - m_p) / s_p.square(), shift.abs())
        ),
        (
            (-logs + ((s + (m - m_p).square()) / s_p).sum(1) / 2 - d / 2),
            "sigma is a standard deviation; in the fractions you treat it as a variance",
        ),
        (
            each_kl(m_p, s_p, m, s).sum(1) - 2 * logs,
            "in the fractions sigma_q and sigma_p have changed places: what is divided by is sigma_p, the "
            "second argument's",
        ),
        *(
            (value, "this is in bits: take the natural logarithm, for nats")
            for value in (truth / math.log(2), truth + logs - logs / math.log(2))
        ),
        (truth + logs - logs / math.log(10), "log10 is no natural logarithm: take log, for nats"),
    ]


def of_weights(log_w: Tensor) -> Named:
    """Values of ``normalised_weights`` with one mistake."""
    w = log_w.exp()
    return [
        (
            log_w.softmax(1),
            "each row adds up to 1; the weights of the k draws of one image stand in a column",
        ),
        (w / len(w), "divided by k, but not by their sum: the columns do not add up to 1"),
        (
            w / w.sum(),
            "divided by the sum over all pictures: each picture's draws have a sum of their own, so sum down "
            "the columns",
        ),
        (w, "these are the weights themselves: divide by their sum over the draws"),
        (log_w.log_softmax(0), "these are the logarithms of the weights"),
        (log_w / log_w.sum(0), "you normalise the logarithms: first w = exp(log w)"),
        (
            w / w.max(0).values,
            "divided by the largest weight, not by the sum: the columns do not add up to 1",
        ),
        (w / w.mean(0), "divided by the mean: the columns add up to k, not to 1"),
        ((-log_w).softmax(0), "the sign is turned: the draw with the largest log weight counts most"),
    ]


def parts_of_loss(x: Tensor, logits: Tensor, mu: Tensor, log_var: Tensor) -> tuple[Tensor, Tensor]:
    """What the likelihood and what the KL cost, in nats an image; ``loss`` is their sum."""
    likelihood = vae.bernoulli_log_likelihood(x, logits).neg().mean()
    return likelihood, losses.gaussian_kl(mu, torch.exp(0.5 * log_var))


def of_loss(x: Tensor, logits: Tensor, mu: Tensor, log_var: Tensor) -> Named:
    """Values of ``loss`` with one mistake, and some with two."""
    likelihood, kl = parts_of_loss(x, logits, mu, log_var)
    n, pixels, d = len(x), x[0].numel(), mu.shape[1]
    wrong_kl = losses.gaussian_kl(mu, log_var.exp())
    probabilities = logits.sigmoid()
    twice = F.binary_cross_entropy_with_logits(probabilities, x, reduction="sum") / n
    squares = (probabilities - x).square().sum() / n
    no_likelihood = "is not the likelihood of these pixels, which are 0 or 1: that is the cross-entropy"
    return [
        (
            likelihood / pixels + wrong_kl,
            "both errors are still there: look at what is averaged, and at what log_var is the logarithm of",
        ),
        (
            likelihood / pixels + kl,
            "the KL is right. The likelihood is an average over pixels where the KL is a sum over the code: "
            "the KL then weighs as many times too much as there are pixels",
        ),
        (
            likelihood + wrong_kl,
            "the likelihood is right. exp(log_var) is a variance; gaussian_kl wants a standard deviation",
        ),
        (
            likelihood + losses.gaussian_kl(mu, torch.exp(0.25 * log_var)),
            "the root is taken twice: exp(log_var / 2) is the standard deviation already",
        ),
        (
            likelihood + losses.gaussian_kl(mu, torch.exp(-0.5 * log_var)),
            "sigma is upside down: log_var is the logarithm of the variance, not of its inverse",
        ),
        (
            likelihood + losses.gaussian_kl(mu),
            "sigma is left out, which says that every posterior has the width of the prior: pass it on",
        ),
        (
            likelihood - kl,
            "the KL has the wrong sign: minimising this drives the codes away from the prior",
        ),
        (
            kl - likelihood,
            "the likelihood has the wrong sign: minimising this makes the pictures as unlikely as possible",
        ),
        (-likelihood - kl, "this is the bound itself: training minimises, so return its negative"),
        (n * likelihood + kl, "the likelihood is summed over the batch, the KL averaged over it"),
        (likelihood + n * kl, "the KL is summed over the batch, the likelihood averaged over it"),
        (
            n * (likelihood + kl),
            "both terms are summed over the batch: then twice the batch is twice the step. Average over it",
        ),
        (
            likelihood / pixels + kl / d,
            "the likelihood is averaged over pixels and the KL over the code: nats are summed over both",
        ),
        (
            likelihood + kl / d,
            "the KL is averaged over the code, where the likelihood is summed over pixels: nats are summed",
        ),
        (
            likelihood / n + kl,
            "the likelihood is divided by the size of the batch twice: the mean over the batch has done that",
        ),
        (
            twice + kl,
            "the logits go through the sigmoid twice: the function with logits in its name takes the logits",
        ),
        *((value + kl, f"a squared error {no_likelihood}") for value in (squares, squares / pixels)),
        ((probabilities - x).abs().sum() / n + kl, f"an absolute error {no_likelihood}"),
        (
            likelihood + losses.gaussian_kl(mu, torch.exp(2 * log_var)),
            "exp(2 log_var) is the square of the variance: its root is asked for, exp(log_var / 2)",
        ),
        (
            likelihood * 784 / pixels + kl,
            f"you multiply by 784: these pictures have {pixels} pixels, so let the sum count them",
        ),
        (
            F.binary_cross_entropy_with_logits(x, logits, reduction="sum") / n + kl,
            "logits and x have changed places: the function takes what the network says first",
        ),
        (x.new_tensor(0.0), "0 for every picture: return the reconstruction plus the KL"),
        (likelihood, "the KL is gone: that is a plain autoencoder"),
        (kl, "the likelihood is gone: nothing then tells the codes what they stand for"),
        ((likelihood + kl) / math.log(2), "this is in bits: take the natural logarithm, for nats"),
    ]
