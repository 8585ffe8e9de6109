"""Checks of the exercises of book/vae.ipynb."""

import math

import torch
from torch import Tensor

from ..shared.answers import (
    CheckFailed,
    agrees,
    call,
    choice,
    compare,
    function,
    number,
    passed,
    slopes,
    tensor,
)
from . import mistakes, vae

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
    for n, d in ((5, 3), (4, 7), (3, 2)):
        mu_q, mu_p = _normal(n, d), _normal(n, d, seed=1)
        sigma_q, sigma_p = 0.4 + _normal(n, d, seed=2).abs(), 0.5 + _normal(n, d, seed=3).abs()
        given = (mu_q, sigma_q, mu_p, sigma_p)
        got = tensor(call(kl, *given, name="kl"), "kl(...)")
        each = mistakes.each_kl(*given)
        if got.shape == each.shape:
            raise CheckFailed(
                "kl gives one number for each dimension: sum over the dimensions, one number a row is left"
            )
        if got.numel() == 1:
            raise CheckFailed(
                "kl gives one number for the whole batch: sum over the dimensions only, keep one number a row"
            )
        truth = each.sum(1)
        row = float(got.detach().flatten()[0]) if got.numel() else math.nan
        compare(
            got,
            truth,
            mistakes.of_kl(*given),
            name="kl(...)",
            otherwise=f"the first row gives {row:.4f} nats, expected {truth[0]:.4f}: try mu_q = mu_p and "
            "sigma_q = sigma_p first, which must give 0, then change one at a time",
        )
    passed("right for any two Gaussians, and in the right order")


def check_vae_weights(normalised_weights) -> None:
    """Exercise 3: weights of importance-weighted draws, normalised over the draws of one image."""
    function(normalised_weights, "normalised_weights")

    def ask(log_w: Tensor) -> Tensor:
        return tensor(call(normalised_weights, log_w, name="normalised_weights"), "normalised_weights(...)")

    for k, n in ((6, 4), (3, 8), (5, 1)):
        log_w = 3 * _normal(k, n, seed=4)
        compare(
            ask(log_w),
            log_w.softmax(0),
            mistakes.of_weights(log_w),
            name="normalised_weights(...)",
            otherwise="the columns must be in proportion to exp(log_w), and each must add up to 1",
        )
    log_w = 3 * _normal(6, 4, seed=4)
    if not agrees(ask(log_w - 2000), log_w.softmax(0)):
        raise CheckFailed(
            "right for small numbers, but for log weights around -2000, which images have, exp gives 0 and 0 "
            "/ 0: subtract the largest of a column first, or use a function of torch that does"
        )
    apart = torch.tensor([0.0, -900.0, -2000.0], dtype=F64)[:, None]
    if not agrees(ask(apart), apart.softmax(0)):
        raise CheckFailed(
            "right where the log weights of a column are alike, but not where its best draw lies hundreds of "
            "nats above the others, as happens for pictures: subtract the largest of the column, not its "
            "mean, so that no exp is above 1"
        )
    mixed = log_w + torch.tensor([0.0, -2000.0, 900.0, -700.0], dtype=F64)
    if not agrees(ask(mixed), log_w.softmax(0)):
        raise CheckFailed(
            "right where all columns are alike, but not where one image has log weights near 0 and the next "
            "near -2000: what is subtracted must be the largest of each column, not of the whole table"
        )
    passed("the columns add up to 1, even for log weights around -2000")


def check_vae_loss(loss) -> None:
    """Exercise 4: the repaired negative bound in nats per image."""
    function(loss, "loss")
    for n, h, w, d in ((7, 4, 4, 3), (3, 5, 2, 6), (2, 1, 9, 1)):
        x = (_normal(n, 1, h, w, seed=5) > 0).to(F64)
        logits, mu, log_var = (
            2 * _normal(n, 1, h, w, seed=6),
            _normal(n, d, seed=7),
            _normal(n, d, seed=8) - 1,
        )
        got = call(loss, x, logits, mu, log_var, name="loss")
        likelihood, kl = mistakes.parts_of_loss(x, logits, mu, log_var)
        first = tensor(got, "loss(...)").detach().flatten()
        compare(
            got,
            likelihood + kl,
            mistakes.of_loss(x, logits, mu, log_var),
            name="loss(...)",
            otherwise=f"loss gives {first[0] if len(first) else math.nan:.4f} where {likelihood + kl:.4f} "
            f"nats are due, {likelihood:.4f} of the likelihood and {kl:.4f} of the KL: print both parts and "
            "see which differs",
        )
    _judge_what_trains(loss, x, {"logits": logits, "mu": mu, "log_var": log_var}, got)
    passed("pixels are summed, the batch averaged, and sigma is a standard deviation")


def _judge_what_trains(loss, x: Tensor, of_networks: dict[str, Tensor], got) -> None:
    if not isinstance(got, Tensor):
        raise CheckFailed(
            f"the value is right, but loss returns {type(got).__name__}, through which no gradient can flow: "
            "return the tensor as it comes, without .item(), float(...) or numpy, or nothing is trained"
        )
    starts = [value.requires_grad_() for value in of_networks.values()]
    got = call(loss, x, *(start.clone() for start in starts), name="loss")
    cut = [name for name, slope in zip(of_networks, slopes(got, *starts), strict=True) if slope is None]
    if cut:
        raise CheckFailed(
            f"the value is right, but no gradient leads from it back to {' and '.join(cut)}: return the "
            "tensor without .item(), .detach() or no_grad, or the network behind is not trained"
        )


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
    if not isinstance(made, tuple | list) or len(made) != 2:
        raise CheckFailed("propose must return two tensors: the draws z, and log q(z) of each")
    z, log_q = (tensor(part, "each of the two").detach().to(F64) for part in made)
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
    _judge_draws(z, log_q)
    passed(f"the bound is within 0.1 nats of log p(x) = {truth:.3f}, where no Gaussian can be")


def _judge_draws(z: Tensor, log_q: Tensor) -> None:
    """Whether z has the density that log_q says: the mean of 1 / q over the draws in an interval is its
    length. A log_q near the posterior gives a good bound with any z, since log p(x, z) - log q is flat.
    """
    for side in (-1, 1):
        for low in (1.1, 1.2):
            inside = (side * z > low) & (side * z < low + 0.1)
            length = ((-log_q).exp() * inside).mean().item()
            if not 0.07 < length < 0.13:
                raise CheckFailed(
                    f"log_q is good, but your z do not come from it: between {side * low:.1f} and "
                    f"{side * (low + 0.1):.1f} lie {int(inside.sum())} of 20,000 draws, "
                    f"{'too few' if length < 0.1 else 'too many'} for that log_q. Draw z, each with a side "
                    "of its own, from the density that you return"
                )
