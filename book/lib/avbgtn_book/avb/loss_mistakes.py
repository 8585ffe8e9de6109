"""What usual mistakes make of AVB's two losses in book/avb.ipynb, and the sentences that name them: pairs
for :func:`avbgtn_book.shared.answers.compare`, the likeliest first.
"""

import math

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid as log_s

from ..shared.answers import agrees

Named = list[tuple[Tensor, str]]


def of_t_loss(t_q: Tensor, t_p: Tensor, log_p_pixels: Tensor, encoder_loss) -> Named:
    """Values of T's loss with one mistake; the encoder's own loss may cancel one of them."""
    n = len(t_q)
    right, swapped = (-log_s(s * t_q).mean() - log_s(-s * t_p).mean() for s in (1, -1))
    by_sum, by_mean = log_p_pixels.sum(1).mean(), log_p_pixels.mean()
    cancels = any(agrees(encoder_loss, -t_q.mean() - likelihood) for likelihood in (by_sum, by_mean))
    roles = (
        "real and fake are swapped: T learns log p - log q, and E_q T is then minus the KL. Codes of "
        "the encoder are the positive class: their loss is softplus(-T)"
        + " (together with the minus in your encoder's loss this cancels, but here T is to "
        "stand in for the KL with a plus)" * cancels
    )
    sign = "the loss of T has the wrong sign: the objective of T is a maximum, an optimiser minimises"
    one_kind = "T learns from one kind of code only, and calls everything by its name: it needs both, "
    return [
        *((part * swapped, roles) for part in (1, 0.5, n)),
        *((-part * right, sign) for part in (1, 0.5, n)),
        (
            right / 2,
            "this is half the loss of T, a mean over codes and samples of the prior together: "
            "harmless, for it pulls in the same direction, but at chance it reads log 2 and not 2 log "
            "2. Average each kind apart, then add",
        ),
        (
            n * right,
            "the loss of T is summed over the batch: then twice the batch is twice the step. Average over it",
        ),
        (-log_s(t_q).mean(), one_kind + "also samples of the prior"),
        (-log_s(-t_p).mean(), one_kind + "also codes of the encoder"),
        (
            -log_s(t_q).mean() - log_s(t_p).mean(),
            "T calls samples of the prior positive as well: their loss is softplus(+T)",
        ),
        (right / math.log(2), "this is in bits: take the natural logarithm, for nats"),
        (
            t_p.mean() - t_q.mean(),
            "this is the critic of a Wasserstein GAN: its best T is no log density ratio. Take the softplus",
        ),
        (
            -torch.sigmoid(t_q).log().mean() - torch.sigmoid(-t_p).mean(),
            "the logarithm of the prior's term is missing: log(1 - sigma(T))",
        ),
        (
            -log_s(t_q).mean() - (1 - log_s(t_p)).mean(),
            "1 - log sigma(T) is not log(1 - sigma(T)): the latter is log sigma(-T)",
        ),
    ]


def of_encoder_loss(t_q: Tensor, t_p: Tensor, log_p_pixels: Tensor) -> Named:
    """Values of the encoder's loss with one mistake."""
    n = len(t_q)
    kl, by_sum, by_mean = t_q.mean(), log_p_pixels.sum(1).mean(), log_p_pixels.mean()
    away = (
        "the encoder minimises -T: it runs away from the prior, and its KL grows without end. T stands "
        "for the KL, and a KL is to be small: +T in a loss"
    )
    up = "the likelihood has the wrong sign: it is to be large, so its minus is minimised"
    batch = (
        "the loss of the encoder is summed over the batch: then twice the batch is twice the step. "
        "Average over it"
    )
    papers = (
        "the encoder minimises log sigma(T), the form of the AVB-GTN paper: that follows 2 JS and goes quiet "
        "where T is sure. In AVB T itself stands in for the KL"
    )
    return [
        (-kl - by_sum, away),
        (-kl - by_mean, away),
        (kl + by_sum, up),
        (kl + by_mean, up),
        (
            kl - by_mean,
            "the two terms are on different scales: T is in nats per image, the likelihood is averaged "
            "over pixels too. With 784 pixels T would weigh 784 times too much: sum over an image's "
            "pixels, then average over the batch",
        ),
        (n * (kl - by_sum), batch),
        (
            kl - n * by_sum,
            "the likelihood is summed over the batch and T is averaged over it: sum over an image's "
            "pixels, then average over the batch",
        ),
        (n * kl - by_sum, "T is summed over the batch and the likelihood is averaged: average both"),
        *((log_s(t_q).mean() - likelihood, papers) for likelihood in (by_sum, by_mean)),
        *(
            (
                -log_s(sign * t_q).mean() - by_sum,
                "the encoder minimises a softplus of T, the loss of a generator in a GAN: that is another "
                "divergence. In AVB T itself stands in for the KL",
            )
            for sign in (-1, 1)
        ),
        (
            torch.sigmoid(t_q).mean() - by_sum,
            "sigma(T) is a probability: the KL is the mean of T itself, in nats",
        ),
        (t_p.mean() - by_sum, "T is asked about samples of the prior: the KL is its mean over codes"),
        (
            kl - log_p_pixels.sum(0).mean(),
            "summed over the batch: an image's pixels stand in a row, dimension 1",
        ),
        (
            kl - log_p_pixels.exp().sum(1).mean(),
            "log_p_pixels are logarithms already: of a product of probabilities they are added as they are",
        ),
        (kl, "the likelihood is missing: nothing then tells the codes what they stand for"),
        (-by_sum, "T is missing: without the KL that is a plain autoencoder"),
        (by_sum - kl, away + "; and the likelihood is to be large"),
    ]
