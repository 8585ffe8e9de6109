"""The checks of the chapter on divergences against right answers in many hands, and wrong ones by name."""

import math

import numpy as np
import torch
from scipy.optimize import minimize_scalar
from scipy.spatial.distance import jensenshannon

from avbgtn_book.gan import gan
from judged import judgements

# --- the order of the fits ----------------------------------------------------------------------------------

NAMES = ["reverse KL", "Jeffrey", "JS", "KL", "Pearson"]
ORDER = [
    NAMES,
    tuple(NAMES),
    ["KL-rev", "Jeffrey", "JS", "KL", "Pearson"],
    "reverse KL, jeffrey, js, kl, pearson",
]
NOT_ORDER = [
    (None, "still None"),
    (3, "list of five"),
    (NAMES[::-1], "turned round"),
    (["KL", "Jeffrey", "JS", "reverse KL", "Pearson"], "exchanged"),
    (["reverse KL", "Jeffrey", "JS", "Pearson", "KL"], "not last"),
    (["reverse KL", "JS", "KL", "Jeffrey", "Pearson"], "sum of the two"),
    (["JS", "reverse KL", "Jeffrey", "KL", "Pearson"], "treats p and q alike"),
    (["reverse KL", "JS", "Jeffrey", "KL", "Pearson"], "JS and Jeffrey"),
    (["reverse KL", "Jeffrey", "JS", "KL", "Neyman"], "none of the five"),
    (["reverse KL", "Jeffrey", "JS", "KL", "KL"], "stands twice"),
    (["reverse KL", "Jeffrey", "JS", "KL"], "is missing"),
]

# --- Neyman's conjugate -------------------------------------------------------------------------------------


def by_where(t):
    return torch.where(t <= 1, 2 - 2 * (1 - t).clamp(min=0).sqrt(), math.inf)


def by_masks(t):
    found = torch.full_like(t, float("inf"))
    found[t <= 1] = 2 * (1 - torch.sqrt(1 - t[t <= 1]))
    return found


def by_search(t):
    def one(slope):
        if slope > 1:
            return math.inf
        found = minimize_scalar(
            lambda v: (1 - math.exp(v)) ** 2 / math.exp(v) - slope * math.exp(v), bounds=(-5, 5),
            method="bounded", options={"xatol": 1e-9},
        )  # fmt: skip
        return -found.fun

    return torch.tensor([one(slope) for slope in t.flatten().tolist()], dtype=t.dtype).reshape(t.shape)


def by_numpy(t):
    with np.errstate(invalid="ignore"):
        return np.where(t.numpy() <= 1, 2 - 2 * np.sqrt(1 - t.numpy()), np.inf)


def root(t):
    return (1 - t).sqrt()


NEYMAN = [by_where, by_masks, by_search, by_numpy]
NOT_NEYMAN = [
    (None, "still None|function"),
    (lambda t: t**2 / 4 + t, "Pearson's"),
    (lambda t: t / (1 - t), "Hellinger"),
    (lambda t: 2 + 2 * root(t), "sign of the root"),
    (lambda t: 1 - root(t), "factor 2"),
    (lambda t: -2 * root(t), "the 2 of f"),
    (lambda t: 2 * root(t) - 2, "sign is turned round"),
    (lambda t: 1 / root(t), "insert it"),
    (lambda t: (1 - 1 / root(t)) ** 2 * root(t), "f at the best u"),
    (lambda t: (1 - t) ** 2 / t, "f itself"),
    (lambda t: 1 - 1 / t**2, "derivative"),
    (lambda t: 2 - 2 * root(t), "nan above"),
    (lambda t: 2 - 2 * (1 - t).clamp(min=0).sqrt(), "without limit"),
    (lambda t: 3 - 2 * root(t), "not the maximum"),
]

# --- the JS -------------------------------------------------------------------------------------------------


def twice(p, q):
    u = p / q
    return (q * (u * u.log() - (u + 1) * ((1 + u) / 2).log())).sum()


def kl(p, q):
    return (p * (p / q).log()).sum()


JS = [
    lambda p, q: twice(p, q) / 2,
    lambda p, q: 0.5 * kl(p, (p + q) / 2) + 0.5 * kl(q, (p + q) / 2),
    lambda p, q: jensenshannon(p.numpy(), q.numpy()) ** 2,
    lambda p, q: torch.special.entr((p + q) / 2).sum() - torch.special.entr(torch.stack([p, q])).sum() / 2,
]
NOT_JS = [
    (None, "still None|function"),
    (twice, "twice the JS"),
    (lambda p, q: twice(p, q) / 4, "half of the JS"),
    (lambda p, q: twice(p, q) - math.log(4), "the GAN's game"),
    (lambda p, q: twice(p, q) / 2 / math.log(2), "in bits"),
    (lambda p, q: twice(p, q) / math.log(2), "changes the unit"),
    (lambda p, q: twice(p, q) / math.log(4), "in bits|makes the maximum 1"),
    (lambda p, q: twice(p, q) / len(p), "average the terms"),
    (lambda p, q: kl(p, (p + q) / 2), "one half of 2 JS"),
    (kl, "KL divergence of p"),
    (lambda p, q: (kl(p, q) + kl(q, p)) / 2, "Jeffrey"),
    (lambda p, q: (twice(p, q) / 2).sqrt(), "root of the JS"),
    (lambda p, q: twice(p, q) + 1, "not the JS"),
]

# --- ratios -------------------------------------------------------------------------------------------------


def by_cases(name, t):
    if name == "KL":
        return torch.exp(t - 1)
    if name == "reverse KL":
        return -1 / t
    if name == "Pearson":
        return t / 2 + 1
    if name == "squared Hellinger":
        return (1 - t) ** -2
    return torch.exp(t) / (1 - torch.exp(t))


def by_table(name, t):
    table = {
        "KL": lambda t: t.exp() / math.e, "reverse KL": lambda t: 1 / t.abs(),
        "Pearson": lambda t: (t + 2) / 2, "squared Hellinger": lambda t: 1 / (t - 1) ** 2,
        "GAN": lambda t: 1 / ((-t).exp() - 1),
    }  # fmt: skip
    return table[name](t)


def by_bisection(name, t):
    slope = {
        "KL": lambda u: u.log() + 1, "reverse KL": lambda u: -1 / u, "Pearson": lambda u: 2 * (u - 1),
        "squared Hellinger": lambda u: 1 - u**-0.5, "GAN": lambda u: (u / (1 + u)).log(),
    }[name]  # fmt: skip
    low, high = torch.full_like(t, 1e-6), torch.full_like(t, 1e3)
    for _ in range(200):
        middle = (low + high) / 2
        low, high = torch.where(slope(middle) < t, middle, low), torch.where(slope(middle) < t, high, middle)
    return middle


def but(name, wrong):
    return lambda asked, t: wrong(t) if asked == name else by_cases(asked, t)


RATIO = [by_cases, by_table, by_bisection]
NOT_RATIO = [
    (None, "still None|function"),
    (but("KL", torch.exp), "KL: the derivative"),
    (but("KL", lambda t: torch.exp(t + 1)), "other side"),
    (but("reverse KL", lambda t: 1 / t), "a sign is lost"),
    (but("reverse KL", lambda t: torch.exp(-t)), "inverts -log u"),
    (but("reverse KL", lambda t: -t), "that is q/p"),
    (but("Pearson", lambda t: t / 2), "the 1 is missing"),
    (but("Pearson", lambda t: 1 + t), "the 2 is missing"),
    (but("squared Hellinger", lambda t: 1 / (1 - t)), "inverse of its square"),
    (but("squared Hellinger", lambda t: (1 - t) ** 2), "that is q/p"),
    (but("GAN", torch.exp), "that is D"),
    (but("GAN", torch.sigmoid), "for a logit"),
    (but("GAN", lambda t: t.exp() / (2 - t.exp())), "the row of 2 JS"),
    (but("Pearson", lambda t: 1 / (1 + t / 2)), "that is q/p"),
    (but("GAN", lambda t: 7 + t), "GAN: f'"),
]

# --- outputs ------------------------------------------------------------------------------------------------

LOG = math.log(100)
OUTPUTS = [(-99 - LOG, -LOG), [-103.6, -4.6], np.array([-103.605, -4.605]), (torch.tensor(-103.6), -4.61)]
NOT_OUTPUTS = [
    (None, "still None"),
    (-103.6, "two numbers"),
    ((-103.6,), "1 entries"),
    ((-4.6, -103.6), "exchanged"),
    ((1 - 0.01 + LOG, -LOG), "you took u = 100"),
    ((-99, -LOG), "left out"),
    ((-100, -LOG), "of the reverse KL"),
    ((1 - 100 + LOG, -LOG), "log u is negative"),
    ((1 - LOG, -LOG), "T\\* of the KL"),
    ((-100 - LOG, -LOG), "the 1 in"),
    ((99 + LOG, -LOG), "sign is turned round"),
    ((-99 - LOG, -100), "that is T\\* itself"),
    ((-99 - LOG, LOG), "needs a negative v"),
    ((-99 - LOG, 0.01), "that is u"),
    ((-99 - LOG, -2), "base e"),
    ((-300, -LOG), "too small"),
]

# --- the mixture --------------------------------------------------------------------------------------------


def mixture(means, stds, weights):
    return lambda: gan.Mixture(means, stds, weights)


MIXTURE = [
    mixture((0.0, 3.63), (0.32, 1.68), (0.33, 0.67)),
    mixture((3.63, 0.0), (1.68, 0.32), (0.67, 0.33)),
    mixture((0.0, -3.63), (0.32, 1.68), (0.33, 0.67)),
    mixture([5.0, 8.6], [0.33, 1.66], [0.33, 0.67]),
]
NOT_MIXTURE = [
    (None, "still None|function"),
    (lambda: None, "returned None"),
    (lambda: ((0, 3), (1, 1)), "gan.Mixture"),
    (mixture((0.0, 3.0, 4.0), (1.0, 1.0, 1.0), (0.3, 0.3, 0.4)), "two humps"),
    (mixture((0.0, 3.0), (1.0, -1.0), (0.5, 0.5)), "positive"),
    (mixture((0.0, 3.0), (1.0, 1.0), (0.5, 0.7)), "sum to 1"),
    (mixture((0.0, 30.0), (1.0, 1.0), (0.5, 0.5)), "within 12"),
    (mixture((0.0, 1.5), (1.0, 1.0), (0.5, 0.5)), "further apart"),
    (mixture((0.0, 6.0), (0.5, 1.0), (0.4, 0.6)), "closer together"),
    (mixture((0.0, 3.3), (0.6, 1.0), (0.5, 0.5)), "much narrower|too"),
]

test_right_answers_pass, test_wrong_answers_are_told_why = judgements(
    {
        "check_divergences_order": (ORDER, NOT_ORDER),
        "check_divergences_neyman": (NEYMAN, NOT_NEYMAN),
        "check_divergences_js": (JS, NOT_JS),
        "check_divergences_ratio": (RATIO, NOT_RATIO),
        "check_divergences_outputs": (OUTPUTS, NOT_OUTPUTS),
        "check_divergences_mixture": (MIXTURE, NOT_MIXTURE),
    }
)
