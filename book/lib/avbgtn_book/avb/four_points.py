r"""The four-point example of the AVB paper: four images, a code of two numbers, VAE against AVB.

    python -m avbgtn_book.avb.four_points            # the committed record, five seeds, about 12 CPU-minutes

An image has 2 x 2 binary pixels of which exactly one is on; four such images, all equally likely. No
model can give them a higher mean log-likelihood than ``-log 4``, and a decoder reaches it only if the
four posteriors share the prior out between them without gap or overlap. Four Gaussians cannot; four
slices of a cake can.

The log-likelihood is integrated over a grid of codes (:func:`log_likelihood`). It asks the decoder alone,
not the encoder and not T.
"""

import argparse
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from avbgtn import streams
from avbgtn.models import losses
from avbgtn.runs.provenance import provenance

from .. import records
from ..vae import vae
from . import avb

TRUE_LOG_LIKELIHOOD = -math.log(4)
CODE = 2  # numbers in a code
BETAS = (0.5, 0.9)  # of Adam: T's loss changes under it, so a short memory


@dataclass(frozen=True)
class Schedule:
    """How long and how large: the same for both models, but that the VAE has no T."""

    steps: int = 10_000  # updates of encoder and decoder
    per_point: int = 64  # codes of each of the four images in a batch
    width: int = 64  # of every hidden layer
    noise: int = 4  # dimensions of eps
    t_steps: int = 2  # updates of T for one of encoder and decoder
    lr: float = 2e-3  # constant for the first half, then linearly to 0
    t_lr: float = 4e-3


CHAPTER = Schedule(steps=1000, per_point=32, width=32)
RECORD = Schedule()


@dataclass
class Fit:
    """A trained model and what was measured on the way."""

    encoder: nn.Module
    decoder: nn.Module
    t: avb.Ratio | None  # None for the VAE
    curve: list[dict] = field(default_factory=list)
    codes: dict[int, Tensor] = field(default_factory=dict)  # step -> (4, 250, 2)


def images() -> Tensor:
    """The four images, flat: (4, 4)."""
    return torch.eye(4, dtype=torch.float64)


def log_bernoulli(logits: Tensor, x: Tensor) -> Tensor:
    """``log p(x | z)`` for binary pixels, summed over them: (..., 4), (..., 4) -> (...), nats.

    :func:`avbgtn_book.vae.vae.bernoulli_log_likelihood`, but that shapes broadcast: every code of a grid,
    for every image.
    """
    return (x * logits - F.softplus(logits)).sum(-1)


def fit(model: str, seed: int, schedule: Schedule = CHAPTER, *, moments: Sequence[int] = ()) -> Fit:
    """Train one model; ``moments`` are the steps at which to measure and to keep codes."""
    if model not in ("VAE", "AVB"):
        raise ValueError(f"model must be 'VAE' or 'AVB', got {model!r}")
    s, width = schedule, schedule.width
    x = images().repeat_interleave(s.per_point, 0)  # (n, 4)
    n = len(x)
    decoder = avb.mlp([CODE, width, width, 4], seed, "decoder")
    if model == "AVB":
        encoder: nn.Module = avb.ImplicitEncoder(4, s.noise, CODE, width, seed)
        t = avb.Ratio(4, CODE, width, seed)
        t_optimizer = torch.optim.Adam(t.parameters(), s.t_lr, betas=BETAS, fused=True)
    else:
        encoder, t = avb.GaussianEncoder(4, CODE, width, seed), None
    optimizer = torch.optim.Adam(
        [*encoder.parameters(), *decoder.parameters()], s.lr, betas=BETAS, fused=True
    )
    found = Fit(encoder, decoder, t)
    g = streams.generator(seed, f"four points/{model}")

    def normal(dimensions: int) -> Tensor:
        return torch.randn(n, dimensions, generator=g, dtype=torch.float64)

    for step in range(s.steps):
        decay = min(1.0, 2 * (1 - step / s.steps))
        optimizer.param_groups[0]["lr"] = s.lr * decay
        if t is not None:
            t_optimizer.param_groups[0]["lr"] = s.t_lr * decay
            for _ in range(s.t_steps):
                with torch.no_grad():
                    z = encoder(x, normal(s.noise))
                t_optimizer.zero_grad()
                avb.ratio_loss(t, x, z, normal(CODE)).backward()
                t_optimizer.step()
        z = encoder(x, normal(encoder.eps_dim))
        log_p = log_bernoulli(decoder(z), x)  # (n,), summed over pixels
        if t is not None:
            loss = avb.avb_loss(t, x, z, log_p)
        else:
            loss = losses.gaussian_kl(*encoder.moments(x)) - log_p.mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step + 1 in moments:
            found.curve.append({"step": step + 1, **measure(found, seed)})
            found.codes[step + 1] = codes(encoder, 250, seed)
    return found


@torch.no_grad()
def codes(encoder: nn.Module, each: int, seed: int) -> Tensor:
    """Fresh codes of each image: (4, each, 2)."""
    g = streams.generator(seed, "four points/codes")
    x = images().repeat_interleave(each, 0)
    eps = torch.randn(len(x), encoder.eps_dim, generator=g, dtype=torch.float64)
    return encoder(x, eps).view(4, each, CODE)


def code_grid(side: int = 201, reach: float = 6.0) -> tuple[Tensor, Tensor]:
    """A square grid of codes, (side^2, 2), and the log of prior density times cell
    area at each, (side^2,).
    """
    axis = torch.linspace(-reach, reach, side, dtype=torch.float64)
    z = torch.cartesian_prod(axis, axis)
    return z, vae.gaussian_log_density(z) + 2 * math.log(2 * reach / (side - 1))


@torch.no_grad()
def log_likelihood(decoder: nn.Module, x: Tensor | None = None, *, side: int = 201) -> Tensor:
    r"""``log p(x) = log int p(x|z) p(z) dz`` of each image, (N,), nats: a sum over a grid of codes,
    no encoder, no T.
    """
    x = images() if x is None else x
    z, log_weight = code_grid(side)
    log_p_x_given_z = log_bernoulli(decoder(z)[None], x[:, None])  # (N, side^2)
    return torch.logsumexp(log_p_x_given_z + log_weight, dim=1)


def prior_squares(bin_width: float = 0.1, reach: float = 6.0) -> Tensor:
    """Probability of each square under N(0, I), exact: (side^2,)."""
    edges = torch.linspace(-reach, reach, round(2 * reach / bin_width) + 1, dtype=torch.float64)
    one = torch.special.ndtr(edges[1:]) - torch.special.ndtr(edges[:-1])
    return torch.outer(one, one).flatten()


@torch.no_grad()
def measure(found: Fit, seed: int, *, each: int = 2000, side: int = 201) -> dict[str, float]:
    """Reconstruction and KL as the training saw them, and the log-likelihood that asks
    neither encoder nor T.
    """
    x = images().repeat_interleave(each, 0)
    z = codes(found.encoder, each, seed).view(-1, CODE)
    t = found.t
    kl = losses.logit_penalty(t(x, z)) if t is not None else losses.gaussian_kl(*found.encoder.moments(x))
    reconstruction = -log_bernoulli(found.decoder(z), x).mean()
    return {
        "log-likelihood": log_likelihood(found.decoder, side=side).mean().item(),
        "reconstruction": reconstruction.item(),
        "KL": kl.item(),
        "ELBO": -(reconstruction + kl).item(),
    }


def counted_elbo(found: Fit, seed: int, *, each: int = 200_000) -> dict[str, float]:
    """The ELBO with the KL counted in squares instead of asked from T,
    and ``KL(q(z) || p(z))`` of all codes.
    """
    z, p = codes(found.encoder, each, seed), prior_squares()
    kl = sum(avb.counted_kl(z[k], p, reach=6.0) for k in range(4)) / 4
    reconstruction = -log_bernoulli(found.decoder(z), images()[:, None]).mean().item()
    return {
        "KL counted": kl,
        "ELBO counted": -(reconstruction + kl),
        "KL of all codes": avb.counted_kl(z.view(-1, CODE), p, reach=6.0),
    }


def make_record(seeds: Sequence[int], schedule: Schedule = RECORD, *, say=print) -> dict:
    """Both models with every seed, as the committed record holds them."""
    torch.set_num_threads(1)
    began, moments = provenance(), [schedule.steps * k // 20 for k in range(1, 21)]
    values: dict[str, list[float]] = {}
    curves: dict[str, list] = {}
    kept: dict[str, list] = {}
    for seed in seeds:
        for model in ("VAE", "AVB"):
            cpu = time.process_time()
            found = fit(model, seed, schedule, moments=moments)
            numbers = measure(found, seed, each=20_000, side=401) | counted_elbo(found, seed)
            numbers["CPU-seconds"] = time.process_time() - cpu
            for name, value in numbers.items():
                values.setdefault(f"{model} / {name}", []).append(round(value, 5))
            for name in ("log-likelihood", "ELBO"):
                line = [round(measured[name], 4) for measured in found.curve]
                curves.setdefault(f"{model} / {name}", []).append(line)
            if seed == seeds[0]:
                clouds = codes(found.encoder, 150, seed).tolist()
                kept[model] = [[[round(v, 2) for v in z] for z in cloud] for cloud in clouds]
            say(f"seed {seed}, {model}: " + ", ".join(f"{k} {v:.4f}" for k, v in numbers.items()))
    return {
        "command": "python -m avbgtn_book.avb.four_points --seeds " + " ".join(map(str, seeds)),
        "provenance": began,
        "schedule": vars(schedule),
        "seeds": list(seeds),
        "values": values,
        "steps": moments,
        "curves": curves,
        f"codes of seed {seeds[0]}": kept,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    args = parser.parse_args()
    print(records.save("four-points", make_record(args.seeds)))


if __name__ == "__main__":
    main()
