"""The interactive figures of the VAE chapter, each with what it computes and how it looks standing still.

Their scripts are ``gap.js`` and ``two_divergences.js``.
"""

import math
from collections.abc import Mapping
from functools import partial

import torch
from torch import Tensor

from ..interactive.figure import Choice, Interactive, Question, Value
from ..shared.canvas import BLUE, COLUMN, DARK, DASHES, LIGHT, VERMILLION, BookFigure, column
from ..shared.sheet import sheet
from . import linear_vae, vae
from .figures import bell

F64 = torch.float64
HUMPS = {"centre": 2.0, "spread": 0.5}  # p: two equally probable Gaussians at +-centre
DESCENT = {"rate": 0.1, "most": 0.1}  # step size, and the most that a coordinate moves in one step
MOST_STEPS = 80
FORWARD, BACKWARD = "KL(q‖p)", "KL(p‖q)"


# --- the bound and its gap ----------------------------------------------------------------------------------


def gap(model: linear_vae.LinearGaussian, x: Tensor) -> Interactive:
    """Drag q over the posterior, and see how log p(x) divides into ELBO and KL.

    Args:
        model: with one code and one observed number, of mean 0.
        x: the observation, (1, 1).
    """
    exact_mean, exact_variance = model.posterior(x)

    def numbers(mean: float, width: float) -> dict[str, float]:
        q = torch.tensor([[mean]], dtype=F64), torch.tensor([[width**2]], dtype=F64)
        kl = linear_vae.kl_between(*q, exact_mean, exact_variance)
        return {"elbo": model.elbo(x, *q).item(), "kl": kl.item(), "evidence": model.log_evidence(x).item()}

    posterior = exact_mean.item(), exact_variance.item() ** 0.5
    wide, narrow = (numbers(posterior[0], factor * posterior[1])["kl"] for factor in (2, 1 / 2))
    question = Question(
        "Suppose that the mean of q is right. Which loses more: a q that is twice as wide as the posterior, "
        "or one that is half as wide?",
        choices=("Twice as wide loses more", "Half as wide loses more", "Both lose the same"),
        answer=0,
        because=f"The losses are {wide:.2f} nats and {narrow:.2f}. The KL is an average "
        "over draws from q: a q that is too wide draws codes which the posterior finds very improbable, "
        "whereas one that is too narrow draws only codes that the posterior likes.",
        then={"mean": posterior[0], "width": 2 * posterior[1]},
    )

    return Interactive(
        "vae-gap",
        {
            "mean": Value("mean of q", -0.8, 2.6, 0.05, 0.0),
            "width": Value("width of q", 0.1, 1.5, 0.05, 1.0),
        },
        numbers=numbers,
        draw=partial(_gap_still, posterior),
        alt="An approximate posterior q(z) over the exact posterior p(z|x). Below it a ruler in nats, on "
        "which the ELBO and the KL together reach log p(x).",
        constants={"weight": model.weight.item(), "noise": model.noise, "seen": x.item()},
        question=question,
    )


@column
def _gap_still(
    posterior: tuple[float, float], found: Mapping[str, float], mean: float, width: float
) -> BookFigure:
    elbo, kl, evidence = found["elbo"], found["kl"], found["evidence"]
    figure, (top, bottom) = sheet(2, 1, height=2, width=COLUMN, height_ratios=[4, 1])
    axis = torch.linspace(-2, 3.2, 261)
    top.fill_between(axis, bell(axis, *posterior), color=LIGHT[VERMILLION], linewidth=0)
    top.plot(axis, bell(axis, *posterior), color=VERMILLION, linestyle=DASHES[1])
    top.plot(axis, bell(axis, mean, width), color=BLUE, linewidth=2.6)
    top.set(xlim=(-2, 3.2), ylim=(0, 1.7), yticks=[], xlabel="$z$")
    top.text(-2, 1.75, "approximate posterior $q(z)$", color=DARK[BLUE])
    top.text(3.2, 1.75, "posterior $p(z|x)$", color=DARK[VERMILLION], ha="right")
    bottom.barh([0], [elbo + 14], left=-14, color=LIGHT[BLUE])
    bottom.barh([0], [evidence - elbo], left=elbo, color=LIGHT[VERMILLION])
    bottom.axvline(evidence, color="black", linewidth=1.4)
    bottom.set(xlim=(-14, 0), yticks=[], xlabel="nats", ylim=(-0.4, 0.4))
    bottom.text(-14, 0.5, f"ELBO {elbo:.2f}", color=DARK[BLUE])
    bottom.text((evidence - 14) / 2, 0.5, f"KL {kl:.2f}", color=DARK[VERMILLION], ha="center")
    bottom.text(0, 0.5, rf"$\log p(x)$ {evidence:.2f}", ha="right")
    for axes in (top, bottom):
        axes.spines["left"].set_visible(False)
    figure.alt = (
        f"q with mean {mean:g} and width {width:g} over the posterior with mean {posterior[0]:.2f} and "
        f"width {posterior[1]:.2f}: the ELBO {elbo:.2f} and the KL {kl:.2f} are together {evidence:.2f} nats."
    )
    return figure


# --- the two divergences ------------------------------------------------------------------------------------


def log_humps(z: Tensor, *, centre: float = HUMPS["centre"], spread: float = HUMPS["spread"]) -> Tensor:
    """The logarithm of the density with two humps, ``(n, 1) -> (n,)``."""
    sides = [vae.gaussian_log_density(z, side * centre, spread) for side in (-1, 1)]
    return torch.logsumexp(torch.stack(sides), 0) - math.log(2)


def both_divergences(mean: Tensor, width: Tensor) -> tuple[Tensor, Tensor]:
    """``KL(q || p)`` and ``KL(p || q)`` of q = N(mean, width^2) and the two humps, in nats, by quadrature."""
    z = torch.linspace(-24, 24, 4801, dtype=F64)[:, None]
    log_q, log_p = vae.gaussian_log_density(z, mean, width), log_humps(z)
    forward, backward = log_q.exp() * (log_q - log_p), log_p.exp() * (log_p - log_q)
    return torch.trapezoid(forward, z[:, 0]), torch.trapezoid(backward, z[:, 0])


def fitted(mean: float, width: float, objective: str, steps: int) -> tuple[float, float]:
    """Mean and width of q after gradient descent on its mean and log width, no coordinate by more than
    ``DESCENT["most"]`` in a step; the gradient by automatic differentiation of the quadrature.
    """
    at = torch.tensor([mean, math.log(width)], dtype=F64)
    for _ in range(steps):
        at = at.detach().requires_grad_()
        divergence = both_divergences(at[0], at[1].exp())[objective == BACKWARD]
        (slope,) = torch.autograd.grad(divergence, at)
        at = at + (-DESCENT["rate"] * slope).clamp(-DESCENT["most"], DESCENT["most"])
    return at[0].item(), at[1].exp().item()


def two_divergences() -> Interactive:
    """Fit one Gaussian to two humps by either divergence: drag where it starts, and let it run."""

    def numbers(mean: float, width: float, objective: str, steps: int) -> dict[str, float]:
        mean, width = fitted(mean, width, objective, steps)
        forward, backward = both_divergences(*torch.tensor([mean, width], dtype=F64))
        return {"mean": mean, "width": width, "forward": forward.item(), "backward": backward.item()}

    start = {"mean": 0.5, "width": 0.5}
    end = numbers(**start, objective=FORWARD, steps=MOST_STEPS)
    question = Question(
        "Gradient descent makes KL(q‖p) as small as it can, starting from this narrow q between the humps. "
        "Where does q end?",
        choices=("Wide, over both humps", "On one of the humps", "Between the humps, and narrow"),
        answer=1,
        because=f"It ends on the nearer hump, where KL(q‖p) is {end['forward']:.2f} nats. A q over both "
        "humps would put mass between them, where p has next to none, and this divergence makes that "
        "expensive; it asks nothing about the hump that q leaves out. KL(p‖q) does, and it is "
        f"{end['backward']:.1f} nats here. Minimise that one from where q is now, and q becomes wide.",
    )

    return Interactive(
        "vae-two-divergences",
        {
            "mean": Value("mean of q", -3.0, 3.0, 0.05, start["mean"]),
            "width": Value("width of q", 0.2, 2.5, 0.05, start["width"]),
            "objective": Choice("minimise", (FORWARD, BACKWARD), FORWARD),
            "steps": Value("steps of gradient descent", 0, MOST_STEPS, 1, 0, format="d"),
        },
        numbers=numbers,
        draw=_divergences_still,
        alt="A density p with two humps and one Gaussian q. Below them a bar for each of both divergences.",
        constants=HUMPS | DESCENT,
        question=question,
        plays="steps",
    )


@column
def _divergences_still(found: Mapping[str, float], **values: object) -> BookFigure:
    mean, width, forward, backward = (found[name] for name in ("mean", "width", "forward", "backward"))
    figure, (top, bottom) = sheet(2, 1, height=2.1, width=COLUMN, height_ratios=[3, 1])
    z = torch.linspace(-4, 4, 401, dtype=F64)
    p = log_humps(z[:, None]).exp()
    top.fill_between(z, p, color=LIGHT[VERMILLION], linewidth=0)
    top.plot(z, p, color=VERMILLION, linestyle=DASHES[1])
    top.plot(z, bell(z, mean, width), color=BLUE, linewidth=2.6)
    top.set(xlim=(-4, 4), ylim=(0, 1), yticks=[], xlabel="$z$")
    top.text(-4, 1.03, "$q$, one Gaussian", color=DARK[BLUE])
    top.text(4, 1.03, "$p$, two humps", color=DARK[VERMILLION], ha="right")
    top.spines["left"].set_visible(False)
    names = [r"$\mathrm{KL}(q \| p)$", r"$\mathrm{KL}(p \| q)$"]
    bottom.barh([1, 0], [forward, backward], color=LIGHT[BLUE])
    for height, value in ((1, forward), (0, backward)):
        bottom.text(value + 0.1, height, f"{value:.2f}", va="center")
    bottom.set(xlim=(0, 20), yticks=[1, 0], yticklabels=names, xlabel="nats")
    figure.alt = (
        f"A density with two humps and a Gaussian of mean {mean:.2f} and width {width:.2f}: KL(q||p) is "
        f"{forward:.2f} nats, KL(p||q) {backward:.2f}."
    )
    return figure
