"""Checks of the exercises of book/vae.ipynb."""

import math

import torch
from torch import Tensor

from avbgtn.models import losses

from ..shared.answers import CheckFailed, call, choice, close, function, number, passed
from . import vae

__all__ = [
    "check_vae_lazy_encoder",
    "check_vae_kl",
    "check_vae_weights",
    "check_vae_loss",
    "check_vae_draws",
    "check_vae_two_humps",
]

F64 = torch.float64


def _normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=F64)


def check_vae_lazy_encoder(answer: str) -> None:
    """Exercise 1: what an encoder that always returns the prior costs and gives."""
    why = {
        "a": "put mu = 0 and sigma = 1 into the KL of two Gaussians: is anything left to pay?",
        "c": (
            "the KL is right. But z then is the same noise for a 3 and for an 8: "
            "what can the decoder know of x?"
        ),
        "d": "the bound is finite and has gradients, of the decoder at least. What would the decoder learn?",
    }
    picked = choice(answer, ("a", "b", "c", "d"), "answer")
    if picked in why:
        raise CheckFailed(f'"{picked}" is not it: {why[picked]}')
    passed(
        "nothing is paid and nothing is told, so every picture gets the same "
        "answer. That is posterior collapse"
    )


def check_vae_kl(kl) -> None:
    """Exercise 2: KL between two Gaussians with diagonal covariances, one number a row."""
    function(kl, "kl")
    mu_q, mu_p = _normal(5, 3), _normal(5, 3, seed=1)
    sigma_q, sigma_p = 0.4 + _normal(5, 3, seed=2).abs(), 0.5 + _normal(5, 3, seed=3).abs()
    got = call(kl, mu_q, sigma_q, mu_p, sigma_p, name="kl")

    def exact(m, s, m_p, s_p):
        q, p = torch.distributions.Normal(m, s), torch.distributions.Normal(m_p, s_p)
        return torch.distributions.kl_divergence(q, p)

    each = exact(mu_q, sigma_q, mu_p, sigma_p)
    truth = each.sum(1)
    if isinstance(got, Tensor) and got.shape == each.shape:
        raise CheckFailed(
            "kl gives one number for each dimension: sum over the dimensions, one number a row is left"
        )
    if isinstance(got, Tensor) and got.numel() == 1:
        raise CheckFailed(
            "kl gives one number for the whole batch: sum over the dimensions only, keep one number a row"
        )
    wrong = [
        (
            -truth,
            "every sign is turned: log q stands first, log p is taken away from it. A KL is never negative",
        ),
        (
            exact(mu_p, sigma_p, mu_q, sigma_q).sum(1),
            "this is KL(p || q): the expectation must be over q, the first pair",
        ),
        (each.mean(1), "you average over the dimensions: nats of independent dimensions add up, so sum"),
        (2 * truth, "exactly twice too much: the 1/2 of the Gaussian's exponent is missing"),
        (
            exact(mu_q, sigma_q.sqrt(), mu_p, sigma_p.sqrt()).sum(1),
            "sigma is a standard deviation; you treat it as a variance",
        ),
        (
            exact(mu_q, sigma_q, torch.zeros_like(mu_p), torch.ones_like(sigma_p)).sum(1),
            "mu_p and sigma_p do nothing here: p is not always N(0, I)",
        ),
        (
            truth + 1.5,
            "too much by 1/2 for each dimension: subtract the 1 in mu^2 + sigma^2 - 1 - log sigma^2",
        ),
    ]
    for value, message in wrong:
        if close(got, value, atol=1e-8, name="kl(...)"):
            raise CheckFailed(message)
    if not close(got, truth, atol=1e-8, name="kl(...)"):
        row = got.reshape(-1)[0].item()
        raise CheckFailed(
            f"the first row gives {row:.4f} nats, expected {truth[0]:.4f}: try mu_q = mu_p and sigma_q = "
            "sigma_p first, which must give 0, then change one at a time"
        )
    passed("right for any two Gaussians, and in the right order")


def check_vae_weights(normalised_weights) -> None:
    """Exercise 3: weights of importance-weighted draws, normalised over the draws of one image."""
    function(normalised_weights, "normalised_weights")
    log_w = 3 * _normal(6, 4, seed=4)
    truth = log_w.softmax(0)
    got = call(normalised_weights, log_w, name="normalised_weights")
    wrong = [
        (
            log_w.softmax(1),
            "each row adds up to 1; the weights of the k draws of one image stand in a column",
        ),
        (log_w.exp() / len(log_w), "divided by k, but not by their sum: the columns do not add up to 1"),
        (
            log_w.exp() / log_w.exp().sum(),
            (
                "divided by the sum over all pictures: each picture's draws have a sum of their "
                "own, so sum down the columns"
            ),
        ),
        (log_w.exp(), "these are the weights themselves: divide by their sum over the draws"),
        (log_w.log_softmax(0), "these are the logarithms of the weights"),
        (log_w / log_w.sum(0), "you normalise the logarithms: first w = exp(log w)"),
    ]
    for value, message in wrong:
        if close(got, value, atol=1e-9, name="normalised_weights(...)"):
            raise CheckFailed(message)
    if not close(got, truth, atol=1e-9, name="normalised_weights(...)"):
        raise CheckFailed("the columns must be in proportion to exp(log_w), and each must add up to 1")
    far = call(normalised_weights, log_w - 2000, name="normalised_weights")
    if not torch.as_tensor(far).isfinite().all() or not close(
        far, truth, atol=1e-9, name="normalised_weights(...)"
    ):
        raise CheckFailed(
            "right for small numbers, but for log weights around -2000, which images have, exp gives 0 and 0 "
            "/ 0: subtract the largest of a column first, or use a function of torch that does"
        )
    passed("the columns add up to 1, even for log weights around -2000")


def check_vae_loss(loss) -> None:
    """Exercise 4: the repaired negative bound in nats an image."""
    function(loss, "loss")
    x = (_normal(7, 1, 4, 4, seed=5) > 0).to(F64)
    logits, mu, log_var = 2 * _normal(7, 1, 4, 4, seed=6), _normal(7, 3, seed=7), _normal(7, 3, seed=8) - 1
    got = call(loss, x, logits, mu, log_var, name="loss")
    reconstruction = vae.bernoulli_log_likelihood(x, logits).neg().mean()
    kl = losses.gaussian_kl(mu, torch.exp(0.5 * log_var))
    wrong_kl = losses.gaussian_kl(mu, log_var.exp())
    pixels = x[0].numel()
    wrong = [
        (
            reconstruction / pixels + wrong_kl,
            "both errors are still there: look at what is averaged, and at what log_var is the logarithm of",
        ),
        (
            reconstruction / pixels + kl,
            (
                "the KL is right. The likelihood is an average over pixels where the KL is a sum over the "
                "code: the KL then weighs as many times too much as there are pixels"
            ),
        ),
        (
            reconstruction + wrong_kl,
            "the likelihood is right. exp(log_var) is a variance; gaussian_kl wants a standard deviation",
        ),
        (
            reconstruction - kl,
            "the KL has the wrong sign: minimising this drives the codes away from the prior",
        ),
        (-reconstruction - kl, "this is the bound itself: training minimises, so return its negative"),
        (7 * reconstruction + kl, "the likelihood is summed over the batch, the KL averaged over it"),
        (reconstruction, "the KL is gone: that is a plain autoencoder"),
    ]
    for value, message in wrong:
        if close(got, value, atol=1e-8, name="loss(...)"):
            raise CheckFailed(message)
    if not close(got, reconstruction + kl, atol=1e-8, name="loss(...)"):
        raise CheckFailed(
            f"loss gives {float(got):.4f} where {(reconstruction + kl).item():.4f} nats are due, "
            f"{reconstruction.item():.4f} of the likelihood and {kl.item():.4f} of the KL: print "
            "both parts and see which differs"
        )
    passed("pixels are summed, the batch averaged, and sigma is a standard deviation")


def check_vae_draws(answer: float) -> None:
    """Exercise 5: score-function draws that equal one pathwise draw in 64 dimensions."""
    guess = number(answer, "answer")
    score, pathwise = vae.exact_gradient_variances(64, 1.0, 1.0)
    ratio = score / pathwise
    if guess <= 1:
        raise CheckFailed(
            "the score function needs more draws than the pathwise gradient, not fewer: the answer is above 1"
        )
    if abs(math.log(guess / math.sqrt(ratio))) < math.log(2):
        raise CheckFailed(
            "this is near the ratio of the standard errors. An error falls with the square root of "
            "the number of draws: square it"
        )
    if abs(math.log(guess / ratio)) > math.log(3):
        direction = "few" if guess < ratio else "many"
        raise CheckFailed(
            f"too {direction}, by more than a factor 3: the mean of n draws has variance (variance of one) / "
            "n; the figure shows both variances"
        )
    passed(
        f"within a factor 3 of the exact {ratio:,.0f}: that many decoder evaluations, saved by one derivative"
    )


TWO_HUMPS = (1.5, 0.3)  # the observed x and the standard deviation of its noise: x = z^2 + 0.3 eps


def two_humps_log_joint(z: Tensor) -> Tensor:
    """``log p(x, z)`` of exercise 6: z from N(0, 1), x = z^2 + 0.3 eps, observed x = 1.5;
    ``(n,) -> (n,)``.
    """
    x, noise = TWO_HUMPS
    likelihood = vae.gaussian_log_density(torch.full_like(z, x)[:, None], z.square()[:, None], noise)
    return likelihood + vae.gaussian_log_density(z[:, None])


def check_vae_two_humps(propose) -> None:
    """Exercise 6: a q whose bound is within 0.1 nats of log p(x), where no Gaussian is."""
    function(propose, "propose")
    made = call(propose, 20_000, torch.Generator().manual_seed(0), name="propose")
    if not isinstance(made, tuple) or len(made) != 2:
        raise CheckFailed("propose must return two tensors: the draws z, and log q(z) of each")
    z, log_q = (torch.as_tensor(part, dtype=F64) for part in made)
    if z.shape != (20_000,) or log_q.shape != (20_000,):
        raise CheckFailed(
            "propose(20000, generator) must return two tensors of shape (20000,), got "
            f"{tuple(z.shape)} and {tuple(log_q.shape)}"
        )
    if not (z.isfinite().all() and log_q.isfinite().all()):
        raise CheckFailed("z or log_q holds values that are infinite or not a number")
    grid = torch.linspace(-6, 6, 24_001, dtype=F64)
    truth = (torch.logsumexp(two_humps_log_joint(grid), 0) + math.log(12 / 24_000)).item()
    log_w = two_humps_log_joint(z) - log_q
    evidence = (torch.logsumexp(log_w, 0) - math.log(len(z))).item()  # unbiased before the logarithm
    bound, gap = log_w.mean().item(), truth - log_w.mean().item()
    if gap < -0.02 or evidence > truth + 0.05:
        raise CheckFailed(
            f"your bound is {bound:.3f} and the weights average to exp({evidence:.3f}), above log p(x) = "
            f"{truth:.3f}: no density can do that, so log_q is not the density of your z. Does q integrate "
            "to 1? Is it the log of the whole mixture, or only of the part that z came from?"
        )
    if evidence < truth - 0.4:
        raise CheckFailed(
            f"your draws see only a part of p(x): their weights average to exp({evidence:.2f}), log p(x) is "
            f"{truth:.2f}. A whole hump weighs log 2 = 0.69: is the one at negative z covered? Or does log_q "
            "leave out a factor, such as the 1/2 of each half?"
        )
    if gap > 0.1:
        raise CheckFailed(
            f"a lawful bound, {gap:.2f} nats under log p(x) = {truth:.3f}; 0.10 are allowed. Draw both log q "
            "and log p(x, z) over z: where does q put mass that the posterior does not?"
        )
    passed(f"the bound is within 0.1 nats of log p(x) = {truth:.3f}, where no Gaussian can be")
