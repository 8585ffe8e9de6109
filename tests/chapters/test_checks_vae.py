"""The VAE chapter's checks against right answers in many hands, and wrong ones by name."""

import math

import torch
from torch.distributions import (
    Bernoulli,
    Categorical,
    Independent,
    MixtureSameFamily,
    Normal,
    kl_divergence,
)
from torch.nn import functional as F

from avbgtn.models import losses
from avbgtn_book.vae import checks as vae_checks
from avbgtn_book.vae import vae
from judged import judgements


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
    (lambda m, s, a, b: kl(m, s, a, b) + (s / b).log().sum(1) - (s / b).log2().sum(1), "in bits"),
    (lambda m, s, a, b: kl(m, s, a, b) + (s / b).log().sum(1) - (s / b).log10().sum(1), "log10"),
    (lambda *a: kl(*a) - a[0].shape[1] / 2, "too little by 1/2"),
    (
        lambda m, s, a, b: ((b / s).log() + (s**2 + (m - a) ** 2) / b**2 - 0.5).sum(1),
        "in front of both squares",
    ),
    (
        lambda m, s, a, b: ((b / s).log() + (s + (m - a) ** 2) / (2 * b) - 0.5).sum(1),
        "in the fractions you treat",
    ),
    (lambda m, s, a, b: ((b / s).log() + (b**2 + (m - a) ** 2) / (2 * s**2) - 0.5).sum(1), "changed places"),
    (lambda m, s, a, b: kl(m, s, -a, b), "the means are added"),
    (
        lambda m, s, a, b: ((b / s).log() + (s**2 + m**2 - a**2) / (2 * b**2) - 0.5).sum(1),
        "difference of the squares",
    ),
    (lambda m, s, a, b: ((b / s).log() + (s**2 + (m - a)) / (2 * b**2) - 0.5).sum(1), "means is not squared"),
    (lambda *a: kl(*a) - (a[1] / a[3]).log().sum(1), "twice the logarithm"),
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
    (lambda w: (w - w.mean(0)).exp() / (w - w.mean(0)).exp().sum(0), "not its mean"),
    (lambda w: w.softmax(1), "stand in a column"),
    (lambda w: w.exp() / w.exp().max(0).values, "largest weight, not by the sum"),
    (lambda w: w.exp() / w.exp().mean(0), "divided by the mean"),
    (lambda w: (-w).softmax(0), "sign is turned"),
    (lambda w: w.softmax(0)[0], "over which"),
    (lambda w: w.log_softmax(0), "logarithms of the weights"),
]


def bce(logits, x):
    return F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)


def loss(x, logits, mu, log_var, *, pixels=bce, power=0.5):
    return pixels(logits, x) + losses.gaussian_kl(mu, (power * log_var).exp())


def by_distributions(x, logits, mu, log_var):
    q, p = Normal(mu, log_var.exp().sqrt()), Normal(torch.zeros_like(mu), torch.ones_like(mu))
    log_p = Independent(Bernoulli(logits=logits), 3).log_prob(x)
    return (kl_divergence(q, p).sum(1) - log_p).mean()


def in_place(x, logits, mu, log_var):
    per_image = bce(logits.add_(0), x.mul_(1))
    return per_image - 0.5 * (1 + log_var - mu.square() - log_var.exp()).sum(1).mean()


LOSS = [
    loss,
    by_distributions,
    in_place,
    lambda x, logits, m, v: loss(
        x, logits, m, v, pixels=lambda t, x: -vae.bernoulli_log_likelihood(x, t).mean()
    ),
    lambda *given: loss(*(part.float() for part in given)),
    lambda x, t, m, v: torch.stack(
        [loss(*(part[None] for part in one)) for one in zip(x, t, m, v, strict=True)]
    ).mean(),
    lambda *given: loss(*given).reshape(1),
]


def parts(x, logits, mu, log_var):
    return bce(logits, x), losses.gaussian_kl(mu, (log_var / 2).exp())


def mixed(a, b):
    return lambda *given: a * parts(*given)[0] + b * parts(*given)[1]


NOT_LOSS = [
    (lambda *g: loss(*g, pixels=F.binary_cross_entropy_with_logits, power=1.0), "both errors"),
    (lambda *g: loss(*g, pixels=F.binary_cross_entropy_with_logits), "as there are pixels"),
    (lambda *g: loss(*g, power=1.0), "is a variance"),
    (lambda *g: loss(*g, power=0.25), "root is taken twice"),
    (lambda *g: loss(*g, power=-0.5), "upside down"),
    (lambda *g: loss(*g, power=0.0), "sigma is left out"),
    (mixed(1, -1), "the KL has the wrong sign"),
    (mixed(-1, 1), "the likelihood has the wrong sign"),
    (mixed(-1, -1), "the bound itself"),
    (mixed(7, 1), "the likelihood is summed over the batch"),
    (mixed(1, 7), "the KL is summed over the batch"),
    (mixed(7, 7), "both terms are summed"),
    (mixed(1 / 16, 1 / 3), "the KL over the code: nats are summed over both"),
    (mixed(1, 1 / 3), "averaged over the code, where"),
    (mixed(1 / 7, 1), "size of the batch twice"),
    (lambda x, t, m, v: loss(x, t.sigmoid(), m, v), "through the sigmoid twice"),
    (lambda *g: loss(*g, pixels=lambda t, x: F.mse_loss(t.sigmoid(), x)), "a squared error"),
    (
        lambda *g: loss(*g, pixels=lambda t, x: (t.sigmoid() - x).square().flatten(1).sum(1).mean()),
        "a squared",
    ),
    (mixed(1, 0), "plain autoencoder"),
    (mixed(0, 1), "the likelihood is gone"),
    (mixed(1 / math.log(2), 1 / math.log(2)), "in bits"),
    (lambda *g: loss(*g, pixels=lambda t, x: (t.sigmoid() - x).abs().sum() / len(x)), "an absolute error"),
    (lambda *g: loss(*g, power=2.0), "the square of the variance"),
    (
        lambda *g: loss(*g, pixels=lambda t, x: 784 * F.binary_cross_entropy_with_logits(t, x)),
        "multiply by 784",
    ),
    (lambda *g: loss(*g, pixels=lambda t, x: bce(x, t)), "changed places"),
    (lambda *g: 0, "0 for every picture"),
    (lambda *g: loss(*g) + 1e-3, "print both parts"),
    (lambda x, t, m, v: F.binary_cross_entropy_with_logits(t, x, reduction="none"), "over which"),
    (lambda *g: loss(*g).item(), "returns float"),
    (lambda *g: [loss(*g)], "returns list"),
    (lambda *g: loss(*g).detach(), "logits and mu and log_var"),
    (torch.no_grad()(loss), "logits and mu and log_var"),
    (lambda x, t, m, v: loss(x, t.detach(), m, v), "back to logits:"),
    (lambda x, t, m, v: loss(x, t, m, v.data), "back to log_var:"),
    (lambda x, t, m: 0.0, "stopped with TypeError"),
]


def two_humps(n, generator, *, width=0.13, centre=1.19, dtype=torch.float64, extra=0.0):
    side = 2.0 * torch.randint(0, 2, (n,), generator=generator, dtype=dtype) - 1
    z = side * centre + width * torch.randn(n, generator=generator, dtype=dtype)
    both = torch.stack([Normal(at, width).log_prob(z) for at in (-centre, centre)])
    return z, both.logsumexp(0) - math.log(2) + extra


def not_drawn(n, generator, *, width=0.0144, sides=None):
    """A log_q that is good, and z that are drawn from something else."""
    log_q = two_humps(n, generator)[1]
    side = 2.0 * torch.randint(0, 2, (sides or n,), generator=generator, dtype=torch.float64) - 1
    z = side * (1.19 + width * torch.randn(n, generator=generator, dtype=torch.float64))
    both = torch.stack([Normal(at, 0.13).log_prob(z) for at in (-1.19, 1.19)])
    assert both.logsumexp(0).shape == log_q.shape
    return z, both.logsumexp(0) - math.log(2)


def mixture(n, generator):
    torch.manual_seed(0)  # distributions have no generator
    humps = MixtureSameFamily(
        Categorical(torch.ones(2)), Normal(torch.tensor([-1.19, 1.19]), torch.tensor([0.13, 0.13]))
    )
    z = humps.sample((n,))
    return z, humps.log_prob(z)


def by_a_table(n, generator):
    """The posterior itself in 2,400 bins: draws by their probability, and the height of the bin."""
    edges = torch.linspace(-3, 3, 2401, dtype=torch.float64)
    middle, bin_width = (edges[1:] + edges[:-1]) / 2, 6 / 2400
    p = vae_checks.two_humps_log_joint(middle).softmax(0)
    k = torch.multinomial(p, n, replacement=True, generator=generator)
    z = edges[:-1][k] + bin_width * torch.rand(n, generator=generator, dtype=torch.float64)
    return z, (p[k] / bin_width).log()


HUMPS = [
    two_humps,
    mixture,
    by_a_table,
    lambda n, g: list(two_humps(n, g, dtype=torch.float32)),
    lambda n, g: tuple(part.numpy() for part in two_humps(n, g)),
    lambda n, g: tuple(part.tolist() for part in two_humps(n, g, width=0.14)),
    lambda n, g: tuple(part.requires_grad_() for part in two_humps(n, g)),
]
NOT_HUMPS = [
    (lambda n, g: two_humps(n, g, extra=math.log(2)), "leave out a factor"),
    (lambda n, g: two_humps(n, g, extra=-math.log(2)), "no density can do that"),
    (lambda n, g: two_humps(n, g, extra=-math.log(2 * math.pi) / 2), "no density can do that"),
    (lambda n, g: (1.2 * torch.randn(n, generator=g), torch.zeros(n)), "is the one at negative z"),
    (lambda n, g: two_humps(n, g, width=0.3), "a lawful bound"),
    (lambda n, g: two_humps(n, g, centre=0.9), "a lawful bound"),
    (not_drawn, "your z do not come from it: .* too many"),
    (lambda n, g: not_drawn(n, g, width=0.13, sides=1), "your z do not come from it"),
    (lambda n, g: two_humps(n, g)[0], "two tensors"),
    (lambda n, g: (two_humps(n, g)[0], two_humps(n, g)[1].mean()), "of shape"),
    (lambda n, g: (two_humps(n, g)[0], two_humps(n, g)[1] / 0), "infinite or not a number"),
    (lambda n, g: (two_humps(n, g)[0], None), "only numbers"),
    (lambda n: two_humps(n, None), "stopped with TypeError"),
]
CASES = {
    "check_vae_kl": (KL, NOT_KL),
    "check_vae_weights": (WEIGHTS, NOT_WEIGHTS),
    "check_vae_loss": (LOSS, NOT_LOSS),
    "check_vae_two_humps": (HUMPS, NOT_HUMPS),
}


test_a_right_answer_passes_however_it_is_written, test_a_mistake_is_named = judgements(CASES)
