"""What usual mistakes make of the answers to the exercises of book/avb.ipynb, and the sentences that name
them: pairs for :func:`avbgtn_book.shared.answers.compare`, the likeliest first.
"""

import math

import torch
from torch import Tensor

LOG_TWO_PI = math.log(2 * math.pi)
Named = list[tuple[Tensor, str]]


def best_t(z: Tensor, mu: float, sigma: float) -> Tensor:
    """``log N(z; mu, sigma^2) - log N(z; 0, 1)``, what ``optimal_t`` should be."""
    return z.square() / 2 - ((z - mu) / sigma).square() / 2 - math.log(sigma)


def of_optimal_t(z: Tensor, mu: float, sigma: float) -> Named:
    """Values of ``optimal_t`` with one mistake."""
    right, log_sigma, prior = best_t(z, mu, sigma), math.log(sigma), z.square() / 2
    square = ((z - mu) / sigma).square()
    log_q = right - prior  # but for the constant
    variance = "sigma is a standard deviation, and you treat it as a variance: "
    lone = "a lone 2 pi: both densities have it, so it must stand in both logarithms or in neither"
    prior_sign = (
        "the prior has the wrong sign: log p is itself -z^2 / 2, and it is subtracted, so z^2 / 2 is added"
    )
    return [
        (
            -right,
            "the sign is wrong: this is log p - log q. Codes of the encoder are the positive class, "
            "so T is high where q is",
        ),
        (
            right + log_sigma,
            "log sigma is missing: a narrow density is also a high one, by the factor 1 / sigma",
        ),
        (
            right + 2 * log_sigma,
            "log sigma has the wrong sign: a narrow density is a high one, so -log sigma in log q",
        ),
        (
            right + log_sigma / 2,
            "half of log sigma is missing: the factor in front of the density is 1 / sigma, "
            "the root of 1 / sigma^2",
        ),
        (
            best_t(z, mu, math.sqrt(sigma)),
            variance + "q is N(mu, sigma^2), so divide by sigma before the square",
        ),
        (
            prior - (z - mu).square() / sigma / 2 - log_sigma,
            variance + "in the exponent stands (z - mu)^2 / sigma^2",
        ),
        (best_t(z, mu, sigma**2), "sigma is squared once too often: it is the standard deviation already"),
        (log_q - prior, prior_sign),
        (log_q - prior - LOG_TWO_PI, prior_sign),
        *((right + sign * part * LOG_TWO_PI, lone) for sign in (-1, 1) for part in (0.5, 1.0)),
        (right - math.sqrt(2 * math.pi), lone),
        *(
            (
                value,
                "this is log q alone: subtract log p, the prior's; it is what T's term z^2 / 2 stands for",
            )
            for value in (log_q, log_q - LOG_TWO_PI / 2)
        ),
        (
            right - log_sigma,
            "there is twice log sigma: the factor in front of the density is 1 / sigma",
        ),
        (right - log_sigma - LOG_TWO_PI, lone + "; and log sigma is there twice"),
        (right + square, "the square of q has the wrong sign: log q is largest at mu"),
        (best_t(z, -mu, sigma), "mu is added: the distance from mu is z - mu"),
        (best_t(z, 0.0, sigma), "mu is missing in log q"),
        (right - prior + (z - mu).square() / 2, "the prior does not know mu: its mean is 0, so z^2 / 2"),
        (
            prior - ((z - mu) / 2 * sigma).square() - log_sigma,
            "a bracket is missing: (z - mu) / 2 * sigma multiplies by sigma",
        ),
        *(
            (value, "this is -log p alone: log q belongs to it too")
            for value in (prior, prior + LOG_TWO_PI / 2)
        ),
        (
            (log_q - LOG_TWO_PI / 2) / (-prior - LOG_TWO_PI / 2),
            "you divide one logarithm by the other: the logarithm of a ratio is their difference",
        ),
        (2 * right + log_sigma, "the factor 1/2 in front of the squares is missing"),
        (right - square / 2, "the factor 1/2 in front of the square of q is missing"),
        (right + prior, "the factor 1/2 in front of the prior's z^2 is missing"),
        (prior - (z - mu) / sigma / 2 - log_sigma, "the distance from mu is not squared"),
        (prior - (z - mu).square() / 2 - log_sigma, "the distance from mu is not divided by sigma"),
        (right.exp(), "this is the ratio of the densities: T is its logarithm"),
        (right / math.log(2), "this is in bits: take the natural logarithm, for nats"),
    ]


def log_r_of(z: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    """The Gaussian contrast's log density at each code, (n,)."""
    return torch.distributions.Normal(mean, std).log_prob(z).sum(1)


def log_p_of(z: Tensor) -> Tensor:
    """The prior's log density at each code, (n,)."""
    return log_r_of(z, torch.zeros_like(z[0]), torch.ones_like(z[0]))


def of_log_ratio(t: Tensor, z: Tensor, mean: Tensor, std: Tensor) -> Named:
    """Values of ``log_ratio`` with one mistake."""
    n, d = z.shape
    log_r, log_p, log_std = log_r_of(z, mean, std), log_p_of(z), std.log().sum()
    gaussian = log_r - log_p
    right, squares = t + gaussian, (((z - mean) / std).square() - z.square()).sum(1)
    variance = "std is a standard deviation, and you treat it as a variance"
    prior_sign = "the prior has the wrong sign: log p is subtracted, so |z|^2 / 2 is added"
    lone = "a lone 2 pi: both densities have it in each coordinate, so it stands in both or in neither"
    return [
        (
            right + log_std,
            "log sigma is missing: r is higher where it is narrower, by 1 / sigma in each coordinate",
        ),
        (
            right + 2 * log_std,
            "log sigma has the wrong sign: a narrow density is a high one, so -log sigma",
        ),
        (gaussian, "T is missing: the contrast gives what the Gaussian explains, T adds what it does not"),
        (t, "this is T alone: it says how q differs from the contrast r; add log r(z) - log p(z)"),
        (
            t - gaussian,
            "log p - log r has been added: T is log q - log r, so log r must enter with a plus to cancel",
        ),
        (gaussian - t, "T has the wrong sign: it is log q - log r, so it is added to log r"),
        (t + gaussian / d, "averaged over coordinates: nats of independent coordinates are summed"),
        (t - log_std, "the prior has been asked at the normalised code: log p belongs to z itself"),
        (t + log_r_of(z, mean, std.sqrt()) - log_p, variance),
        (right + (std - 1).mul(((z - mean) / std).square()).sum(1) / -2, variance),
        (t + log_r_of(z, mean, std.square()) - log_p, "std is squared once too often: it is no variance"),
        (t + log_r + log_p, prior_sign),
        (t + log_r + log_p + d * LOG_TWO_PI, prior_sign),
        *(
            (right + sign * part * LOG_TWO_PI, lone)
            for sign in (-1, 1)
            for part in {0.5, 1.0, d / 2, float(d)}
        ),
        *(
            (value, "log p is missing: subtract the prior's log density, or nothing ties the codes to it")
            for value in (t + log_r, t + log_r + d * LOG_TWO_PI / 2)
        ),
        (t * gaussian, "T is multiplied: logarithms of a product are added"),
        (t + log_r_of(z, -mean, std) - log_p, "the mean is added: the distance from it is z - mean"),
        (
            t + log_r_of(z * std + mean, mean, std) - log_p_of(z * std + mean),
            "z is what the encoder gave, not yet normalised: nothing is to be undone before log r and log p",
        ),
        (right - squares / 2, "the factor 1/2 in front of the squares is missing"),
        (right + log_std - std.log().mean(), "log sigma is averaged over coordinates: its sum is asked for"),
        (t + gaussian.sum(), "summed over the codes too: one number a code is asked for"),
        (t + gaussian.mean(), "averaged over the codes: one number a code is asked for"),
        (
            gaussian.expand(n) + d * t,
            "T is added in every coordinate before the sum: it is one number a code, add it once",
        ),
    ]


def of_log_p_x(a: Tensor) -> Named:
    """Values of ``log_p_x`` with one mistake."""
    n = len(a)
    total = torch.logsumexp(a, 0)
    no_log = "what is subtracted is the natural logarithm of n, since the sum is divided by n"
    right = total - math.log(n)
    return [
        (
            a.mean(),
            "a mean of logarithms: that is E_p log p(x|z), far below log p(x). Average the "
            "probabilities, then take the logarithm",
        ),
        (total, "a sum, not a mean: subtract log n, else more samples make the model look better"),
        (right.exp(), "this is p(x), not log p(x)"),
        (total.exp(), "this is n times p(x), and no logarithm"),
        (total + math.log(n), "log n is added: a mean is the sum divided by n, so subtract log n"),
        (
            total / n,
            "the logarithm is divided by n: divide the sum of probabilities by n, then take the logarithm",
        ),
        (-right, "the sign is turned: log p(x) is asked for, not a loss"),
        (right / math.log(2), "this is in bits: take the natural logarithm, for nats"),
        *((total - wrong, no_log) for wrong in (n, math.log2(n), math.log10(n))),
        (
            total - math.log(4),
            f"log 4 is subtracted whatever comes in: here there are {n} values, so log {n}",
        ),
        *(
            (value, "what was taken out before exp has to be added again: log p = largest + log mean exp")
            for value in (right - a.max(), a.max() * (right - a.max()))
        ),
        (a.median(), "the median of the logarithms: average the probabilities"),
        (a.sum(), "a sum of logarithms is the logarithm of a product: average the probabilities"),
        (
            a.max(),
            f"this is the best draw alone: expected {right:.4f}, the logarithm of the mean over all draws",
        ),
    ]
