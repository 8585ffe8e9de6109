"""The VAE chapter's checks: a right answer passes, and each characteristic mistake is called by its name."""

import math

import pytest
import torch

from avbgtn.models import losses
from avbgtn_book import checks
from avbgtn_book.checks import CheckFailed
from avbgtn_book.vae import checks as vae_checks
from avbgtn_book.vae import vae

F64 = torch.float64
LOG_TWO = math.log(2)


def right_kl(m, s, m_p, s_p):
    return (torch.log(s_p / s) + (s**2 + (m - m_p) ** 2) / (2 * s_p**2) - 0.5).sum(1)


def right_weights(log_w):
    return log_w.softmax(0)


def right_loss(x, logits, mu, log_var):
    return -vae.bernoulli_log_likelihood(x, logits).mean() + losses.gaussian_kl(mu, (0.5 * log_var).exp())


def humps(n, g, centre=1.19, width=0.13, one=False, half=LOG_TWO, part=False):
    sign = torch.randint(0, 2, (n,), generator=g, dtype=F64) * 2 - 1
    if one:
        sign = sign.abs()
    z = sign * centre + width * torch.randn(n, generator=g, dtype=F64)
    both = torch.stack([vae.gaussian_log_density(z[:, None], s * centre, width) for s in (-1.0, 1.0)])
    if one:
        return z, both[1]
    if part:
        return z, both.max(0).values
    return z, torch.logsumexp(both, 0) - half


def one_gaussian(n, g):
    z = 1.2 * torch.randn(n, generator=g, dtype=F64)
    return z, vae.gaussian_log_density(z[:, None], 0.0, 1.2)


def unwritten(*_):
    raise NotImplementedError("your answer goes here")


def mean_over_pixels(x, logits, mu, log_var, half=0.5):
    r = torch.nn.functional.binary_cross_entropy_with_logits(logits, x)
    return r + losses.gaussian_kl(mu, (half * log_var).exp())


RIGHT = {
    "check_vae_lazy_encoder": "b",
    "check_vae_kl": right_kl,
    "check_vae_weights": right_weights,
    "check_vae_loss": right_loss,
    "check_vae_draws": 4323.0,
    "check_vae_two_humps": humps,
}
WRONG = [
    ("check_vae_lazy_encoder", "a", "is anything left to pay"),
    ("check_vae_lazy_encoder", "c", "what can the decoder know"),
    ("check_vae_lazy_encoder", "d", "the bound is finite"),
    ("check_vae_lazy_encoder", "e", "must be one of"),
    ("check_vae_kl", lambda *a: -right_kl(*a), "every sign is turned"),
    ("check_vae_kl", lambda m, s, m_p, s_p: right_kl(m_p, s_p, m, s), "KL\\(p \\|\\| q\\)"),
    ("check_vae_kl", lambda *a: right_kl(*a) / 3, "average over the dimensions"),
    ("check_vae_kl", lambda *a: right_kl(*a) * 2, "1/2"),
    ("check_vae_kl", lambda *a: right_kl(*a).mean(), "whole batch"),
    ("check_vae_kl", lambda *a: right_kl(*a) + 1.5, "subtract the 1"),
    ("check_vae_kl", lambda m, s, m_p, s_p: right_kl(m, s.sqrt(), m_p, s_p.sqrt()), "as a variance"),
    ("check_vae_kl", lambda m, s, *_: right_kl(m, s, 0 * m, s / s), "do nothing here"),
    ("check_vae_kl", lambda m, s, m_p, s_p: torch.log(s_p / s).sum(1), "the first row gives"),
    ("check_vae_kl", lambda m, s, m_p, s_p: torch.log(s_p / s), "one number for each dimension"),
    ("check_vae_weights", lambda w: w.softmax(1), "stand in a column"),
    ("check_vae_weights", lambda w: w.exp() / len(w), "divided by k"),
    ("check_vae_weights", lambda w: w.exp() / w.exp().sum(), "sum over all pictures"),
    ("check_vae_weights", lambda w: w.exp(), "divide by their sum"),
    ("check_vae_weights", lambda w: w.log_softmax(0), "logarithms of the weights"),
    ("check_vae_weights", lambda w: w / w.sum(0), "normalise the logarithms"),
    ("check_vae_weights", lambda w: w.exp() / w.exp().sum(0), "around -2000"),
    ("check_vae_weights", lambda w: (2 * w).softmax(0), "in proportion to"),
    ("check_vae_loss", lambda *a: mean_over_pixels(*a, half=1.0), "both errors"),
    ("check_vae_loss", mean_over_pixels, "as many times too much as there are pixels"),
    (
        "check_vae_loss",
        lambda x, r, m, v: -vae.bernoulli_log_likelihood(x, r).mean() + losses.gaussian_kl(m, v.exp()),
        "is a variance",
    ),
    ("check_vae_loss", lambda *a: -right_loss(*a), "training minimises"),
    ("check_vae_loss", lambda x, r, m, v: -vae.bernoulli_log_likelihood(x, r).mean(), "plain autoencoder"),
    (
        "check_vae_loss",
        lambda x, r, m, v: -vae.bernoulli_log_likelihood(x, r).mean() - losses.gaussian_kl(m, (v / 2).exp()),
        "wrong sign",
    ),
    (
        "check_vae_loss",
        lambda x, r, m, v: -vae.bernoulli_log_likelihood(x, r).sum() + losses.gaussian_kl(m, (v / 2).exp()),
        "summed over the batch",
    ),
    ("check_vae_loss", lambda *a: right_loss(*a) + 1, "print both parts"),
    ("check_vae_draws", 0.5, "not fewer"),
    ("check_vae_draws", 64, "square it"),
    ("check_vae_draws", 500, "too few"),
    ("check_vae_draws", 1e6, "too many"),
    ("check_vae_two_humps", lambda n, g: humps(n, g, half=2 * LOG_TWO), "no density can do that"),
    ("check_vae_two_humps", lambda n, g: humps(n, g, part=True), "leave out a factor"),
    ("check_vae_two_humps", lambda n, g: humps(n, g, one=True), "is the one at negative z covered"),
    ("check_vae_two_humps", one_gaussian, "a lawful bound"),
    ("check_vae_two_humps", lambda n, g: humps(n, g)[0], "two tensors"),
    ("check_vae_two_humps", lambda n, g: (torch.zeros(n, 1), torch.zeros(n)), "of shape"),
]


def test_every_check_is_tested():
    assert set(RIGHT) == set(vae_checks.__all__) == {name for name, *_ in WRONG}


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_answer_passes_and_none_fails(name, capsys):
    getattr(checks, name)(RIGHT[name])
    assert capsys.readouterr().out.startswith("ok: ")
    with pytest.raises(CheckFailed, match="still None"):
        getattr(checks, name)(None)
    if callable(RIGHT[name]):
        with pytest.raises(CheckFailed, match="not written yet"):
            getattr(checks, name)(unwritten)


@pytest.mark.parametrize("name, answer, message", WRONG, ids=lambda v: v if isinstance(v, str) else "-")
def test_a_wrong_answer_is_named(name, answer, message):
    with pytest.raises(CheckFailed, match=message):
        getattr(checks, name)(answer)


def test_no_gaussian_passes_the_last_exercise():
    """Every Gaussian on a grid of means and widths stays more than 0.1 nats below log p(x)."""
    grid = torch.linspace(-6, 6, 4001, dtype=F64)
    joint = vae_checks.two_humps_log_joint(grid)
    truth = torch.logsumexp(joint, 0) + math.log(12 / 4000)
    best = -math.inf
    for m in torch.linspace(0, 1.6, 33, dtype=F64):
        for s in torch.logspace(-1.3, 0.3, 30, dtype=F64):
            log_q = vae.gaussian_log_density(grid[:, None], m, s)
            best = max(best, ((log_q.exp() * (joint - log_q)).sum() * 12 / 4000).item())
    assert truth.item() - best > 0.5


def test_the_humps_are_where_the_model_answer_says():
    """Centre 1.21 and width 0.12: the joint density is flat there, and its curvature is 64.7."""
    x, noise = vae_checks.TWO_HUMPS
    centre = torch.tensor([(x - noise**2 / 2) ** 0.5], dtype=F64, requires_grad=True)
    (slope,) = torch.autograd.grad(vae_checks.two_humps_log_joint(centre).sum(), centre, create_graph=True)
    (curvature,) = torch.autograd.grad(slope.sum(), centre)
    assert slope.item() == pytest.approx(0, abs=1e-12) and centre.item() == pytest.approx(1.21, abs=0.005)
    assert -curvature.item() == pytest.approx(4 * x / noise**2 - 2) == pytest.approx(64.7, abs=0.05)
    assert (-curvature.item()) ** -0.5 == pytest.approx(0.12, abs=0.005)
