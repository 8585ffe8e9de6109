"""What usual mistakes make of the answers to the exercises of book/divergences.ipynb, and the sentences that
name them.
"""

import math

from torch import Tensor

Named = list[tuple[Tensor, str]]
ORDER = ("reverse kl", "jeffrey", "js", "kl", "pearson")  # from the narrowest fit to the widest


def of_order(order: tuple[str, ...]) -> str:
    """Why an order of the five fits is wrong; the five names are all there."""
    place = {name: order.index(name) for name in ORDER}
    if order == ORDER[::-1]:
        return "the order is right but turned round: the narrowest fit comes first"
    if place["kl"] < place["reverse kl"]:
        return (
            "the KL and the reverse KL are exchanged: KL(p || q) charges for data without samples, so its "
            "Gaussian has to cover both humps and the valley"
        )
    if place["pearson"] != 4:
        return (
            "Pearson is not last: it divides (p - q)^2 by q, so thin tails of the Gaussian over data cost "
            "even more than in the KL"
        )
    if not place["reverse kl"] < place["jeffrey"] < place["kl"]:
        return "Jeffrey is the sum of the two KL divergences, so its fit lies between theirs"
    if not place["reverse kl"] < place["js"] < place["kl"]:
        return "the JS treats p and q alike, so its fit lies between those of the two KL divergences"
    return (
        "JS and Jeffrey are exchanged: both treat p and q alike, but Jeffrey charges without limit for "
        "samples where there are hardly any data, which pulls its fit together"
    )


# --- Neyman's conjugate -------------------------------------------------------------------------------------


def right_neyman(t: Tensor) -> Tensor:
    """``2 - 2 sqrt(1 - t)`` for t up to 1."""
    return 2 - 2 * (1 - t).sqrt()


def of_neyman(t: Tensor) -> Named:
    root = (1 - t).sqrt()
    return [
        (t.square() / 4 + t, "that is Pearson's conjugate, of f(u) = (u - 1)^2; Neyman divides by u"),
        (t / (1 - t), "that is the conjugate of the squared Hellinger distance"),
        (2 + 2 * root, "the sign of the root is turned round: u has to be positive, u = 1 / sqrt(1 - t)"),
        (1 - root, "a factor 2 is missing: u t and -1/u both contribute a root"),
        (-2 * root, "the 2 of f(u) = 1/u - 2 + u is missing"),
        (2 - root, "one of two roots is missing: u (t - 1) and -1/u are -sqrt(1 - t) each"),
        (-right_neyman(t), "the sign is turned round: f*(t) is the maximum of u t - f(u)"),
        (1 / root, "that is the u at which the line touches; insert it in u t - f(u)"),
        (t / root, "that is u t at the best u; f(u) has to be subtracted"),
        (t / root - right_f(1 / root) * 2, "f(u) is subtracted twice"),
        (right_f(1 / root), "that is f at the best u; the conjugate is u t - f(u)"),
        (2 - 2 * (1 + t).abs().sqrt(), "the root contains 1 - t: set the derivative of u t - f(u) to zero"),
        (right_f(t), "that is f itself, with t in the place of u"),
        (1 - 1 / t.square(), "that is the derivative f', with t in the place of u"),
    ]


def right_f(u: Tensor) -> Tensor:
    """Neyman's f."""
    return (1 - u).square() / u


# --- JS, with its factor ------------------------------------------------------------------------------------


def right_js(p: Tensor, q: Tensor) -> Tensor:
    """``JS(p, q)`` in nats of probabilities on the same outcomes."""
    m = (p + q) / 2
    return ((p * (p / m).log()).sum() + (q * (q / m).log()).sum()) / 2


def of_js(p: Tensor, q: Tensor) -> Named:
    js, m, u = right_js(p, q), (p + q) / 2, p / q
    f = u * u.log() - (u + 1) * ((1 + u) / 2).log()
    return [
        (2 * js, "that is still twice the JS: compare it with log 2, which no JS exceeds"),
        (js / 2, "that is half of the JS: one factor 1/2 is enough"),
        (4 * js, "that is four times the JS: the factor belongs below"),
        (2 * js - math.log(4), "that is the value of the GAN's game, 2 JS - log 4"),
        (js / math.log(2), "that is the JS in bits, or as a share of its maximum; nats are asked for"),
        (2 * js / math.log(2), "dividing by log 2 changes the unit, not the factor 2"),
        (2 * js / math.log(4), "dividing by log 4 makes the maximum 1; nats are asked for"),
        ((p * f).sum() / 2, "the factor is right, but the mean is taken over p: D_f is the mean of f over q"),
        ((p * f).sum(), "the mean is taken over p: D_f is the mean of f over q"),
        ((q * f).mean(), "you average the terms; q has the weights already, so they are added up"),
        (f.mean() / 2, "the mean is to be taken with the probabilities q, not with equal ones"),
        (
            (p * (p / m).log()).sum(),
            "that is one half of 2 JS, KL(p || m): the other half, KL(q || m), counts too",
        ),
        ((p * u.log()).sum(), "that is the KL divergence of p from q"),
        (
            ((p * u.log()).sum() - (q * u.log()).sum()) / 2,
            "that is half of Jeffrey's divergence, which has no middle m",
        ),
        (js.sqrt(), "that is the root of the JS, which is a distance, but not the divergence"),
    ]


# --- from T* to the ratio -----------------------------------------------------------------------------------

RATIOS = ("KL", "reverse KL", "Pearson", "squared Hellinger", "GAN")


def right_ratio(name: str, t: Tensor) -> Tensor:
    """The u at which ``f'(u) = t``."""
    return {
        "KL": lambda: (t - 1).exp(),
        "reverse KL": lambda: -1 / t,
        "Pearson": lambda: 1 + t / 2,
        "squared Hellinger": lambda: 1 / (1 - t).square(),
        "GAN": lambda: t.exp() / (1 - t.exp()),
    }[name]()


def of_ratio(name: str, t: Tensor) -> Named:
    right, e = right_ratio(name, t), t.exp()
    special: dict[str, Named] = {
        "KL": [
            (e, "the derivative of u log u is log u + 1, not log u"),
            ((t + 1).exp(), "the 1 in f'(u) = log u + 1 has to go to the other side with a minus"),
            (t, "that is T itself; solve log u + 1 = t for u"),
        ],
        "reverse KL": [
            (1 / t, "the derivative of -log u is -1/u: a sign is lost"),
            ((-t).exp(), "that inverts -log u itself; T* is its derivative, -1/u"),
            (-t, "that is q/p: the ratio asked for is u = p/q"),
        ],
        "Pearson": [
            (t / 2, "the derivative of (u - 1)^2 is 2 (u - 1): the 1 is missing"),
            (1 + t, "the derivative of (u - 1)^2 is 2 (u - 1): the 2 is missing"),
            (1 + 2 * t, "t has to be divided by 2, not multiplied"),
            (1 + t.abs().sqrt(), "that inverts f itself; T* is its derivative, 2 (u - 1)"),
        ],
        "squared Hellinger": [
            (1 / (1 - t), "1 - t is 1/sqrt(u), so u is the inverse of its square"),
            ((1 - t).square(), "that is q/p: the ratio asked for is u = p/q"),
            (1 / (1 + t).square(), "the derivative is 1 - 1/sqrt(u), so 1/sqrt(u) = 1 - t"),
            (1 / (1 - t).abs().sqrt(), "1/sqrt(u) = 1 - t has to be squared, not rooted"),
        ],
        "GAN": [
            (e, "that is D; T* is its logarithm, and u = D / (1 - D)"),
            (e / (1 + e), "that takes T for a logit; in the GAN's row T is log D"),
            (e / (2 - e), "that belongs to the row of 2 JS, whose f differs by log 2"),
            (e - 1, "e^t is u / (1 + u): solve for u"),
        ],
    }
    common = [
        (1 / right, "that is q/p: the ratio asked for is u = p/q"),
        (right.log(), "that is the logarithm of the ratio"),
        (-right, "the sign is turned round: a ratio of densities is positive"),
    ]
    return special[name] + common


# --- what a network has to return ---------------------------------------------------------------------------

JEFFREY, REVERSE = 1 - 100 - math.log(100), -math.log(100)

OF_JEFFREY = {
    5.595: "you took u = 100. The generator has 100 times as much as the data, so u = p/q = 1/100",
    -99.0: "the logarithm in f'(u) = 1 - 1/u + log u is left out",
    -100.0: "that is T* of the reverse KL, -1/u; Jeffrey's f' is 1 - 1/u + log u",
    -4.605: "that is log u alone; the term -1/u is the large one",
    -3.605: "that is T* of the KL, 1 + log u; Jeffrey has -1/u besides",
    -94.395: "log u is negative here, since u = 1/100 is below 1",
    -104.605: "the 1 in f'(u) = 1 - 1/u + log u is left out",
    103.605: "the sign is turned round: f decreases below u = 1, so its slope is negative",
    4.559: "that is f(u) itself; T* is its derivative",
    -1.98: "that is T* of Pearson, 2 (u - 1)",
}
OF_REVERSE = {
    -100.0: "that is T* itself. The network's output v goes through T = -exp(-v), so v is much smaller",
    4.605: "the sign is turned round: -exp(-v) = -100 needs a negative v",
    -99.0: "that is Jeffrey's, without its logarithm; solve -exp(-v) = -1/u for v",
    0.01: "that is u; solve -exp(-v) = -1/u for v",
    100.0: "that is 1/u; solve -exp(-v) = -1/u for v",
    -103.605: "that is Jeffrey's; for the reverse KL solve -exp(-v) = -1/u",
    -2.0: "the logarithm is to base e: log(1/100) = -4.6",
}
