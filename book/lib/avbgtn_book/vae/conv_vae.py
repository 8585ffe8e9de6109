"""A small convolutional VAE of 28 x 28 digits, its training, and its evidence where that can be computed.

Float32, a few seconds per epoch on one core. With ``plain=True`` the same network is an autoencoder: no
noise at the code, no KL. With a two-dimensional code ``log p(x)`` is an integral over a plane, and a
grid computes it.
"""

import torch
from torch import Tensor, nn

from avbgtn import streams

from ..shared.initial_weights import lecun_uniform
from .vae import bernoulli_log_likelihood, elbo, gaussian_log_density, reparameterise

__all__ = ["ConvVAE", "code_grid", "fit", "log_joint_on_grid", "posterior_window"]


class ConvVAE(nn.Module):
    """Encoder and decoder for binary images ``(n, 1, 28, 28)`` and codes ``(n, code)``.

    Attributes:
        code: number of latent dimensions.
        plain: an ordinary autoencoder: the code is ``mu(x)``, and the loss has no KL.
    """

    def __init__(self, code: int, *, plain: bool = False, seed: int = 0, width: int = 8, hidden: int = 128):
        super().__init__()
        self.code, self.plain = code, plain
        self.encoder = nn.Sequential(
            nn.Conv2d(1, width, 4, stride=2, padding=1), nn.SiLU(),  # (w, 14, 14)
            nn.Conv2d(width, 2 * width, 4, stride=2, padding=1), nn.SiLU(),  # (2w, 7, 7)
            nn.Flatten(), nn.Linear(98 * width, hidden), nn.SiLU(),
            nn.Linear(hidden, 2 * code),  # mu and log sigma
        )  # fmt: skip
        self.decoder = nn.Sequential(
            nn.Linear(code, hidden), nn.SiLU(), nn.Linear(hidden, hidden), nn.SiLU(),
            nn.Linear(hidden, 98 * width), nn.SiLU(), nn.Unflatten(1, (2 * width, 7, 7)),
            nn.ConvTranspose2d(2 * width, width, 4, stride=2, padding=1), nn.SiLU(),  # (w, 14, 14)
            nn.ConvTranspose2d(width, 1, 4, stride=2, padding=1),  # (1, 28, 28): logits of ink
        )  # fmt: skip
        lecun_uniform(self, seed, "vae/weights")

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """``mu(x)`` and ``sigma(x)`` of q(z|x), each ``(n, code)``."""
        mu, log_sigma = self.encoder(x).chunk(2, dim=1)
        return mu, log_sigma.exp()

    def decode(self, z: Tensor) -> Tensor:
        """Logits of ink, ``(n, 1, 28, 28)``; their sigmoid is the mean picture of p(x|z)."""
        return self.decoder(z)

    def loss(self, x: Tensor, eps: Tensor) -> Tensor:
        """What training minimises, in nats per image: the negative bound for one draw,
        or the plain reconstruction.
        """
        mu, sigma = self.encode(x)
        if self.plain:
            return -bernoulli_log_likelihood(x, self.decode(mu)).mean()
        z = reparameterise(mu, sigma, eps)
        return -elbo(bernoulli_log_likelihood(x, self.decode(z)), mu, sigma)


def fit(
    model: ConvVAE, images: Tensor, *, steps: int, batch: int = 64, lr: float = 3e-3, seed: int = 0
) -> list[float]:
    """Train with Adam; the step size falls to zero along a cosine. Returns the loss of every step,
    in nats per image.

    Batches and noise depend on ``seed`` and the step alone, so two models see the same
    images in the same order.
    """
    optimiser = torch.optim.Adam(model.parameters(), lr, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    per_epoch = len(images) // batch
    history = []
    for step in range(steps):
        if step % per_epoch == 0:
            order = torch.randperm(
                len(images), generator=streams.generator(seed, "vae/order", step // per_epoch)
            )
        x = images[order[step % per_epoch * batch :][:batch]]
        eps = torch.randn(batch, model.code, generator=streams.generator(seed, "vae/eps", step))
        optimiser.zero_grad()
        loss = model.loss(x, eps)
        loss.backward()
        optimiser.step()
        schedule.step()
        history.append(loss.item())
    return history


def code_grid(points: int, reach: float = 6.0) -> tuple[Tensor, float]:
    """A square grid of two-dimensional codes, ``(points^2, 2)``, and the area of one cell."""
    axis = torch.linspace(-reach, reach, points)
    step = (axis[1] - axis[0]).item()
    return torch.cartesian_prod(axis, axis), step**2


@torch.no_grad()
def log_joint_on_grid(model: ConvVAE, x: Tensor, grid: Tensor, chunk: int = 2000) -> Tensor:
    """``log p(x|z) + log p(z)`` for every image and every code of a grid: ``(n, codes)``, in nats.

    Its log-sum-exp over the grid, plus the log of a cell's area, is ``log p(x)``;
    its softmax is the posterior.
    """
    if model.code != grid.shape[1]:
        raise ValueError(f"the grid has {grid.shape[1]} dimensions and the model's code {model.code}")
    ink, rows = x.flatten(1), []
    for z in grid.split(chunk):
        logits = model.decode(z).flatten(1)  # (chunk, 784)
        log_paper = -nn.functional.softplus(logits).sum(1)  # log p(no ink anywhere | z)
        rows.append(ink @ logits.T + log_paper + gaussian_log_density(z))
    return torch.cat(rows, dim=1)


def posterior_window(
    model: ConvVAE, x: Tensor, grid: Tensor, log_joint: Tensor, points: int = 81
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The exact posterior of one image, on a square window that holds it and the encoder's Gaussian.

    Args:
        x: (1, 1, 28, 28).
        grid, log_joint: coarse codes of the whole plane, from :func:`code_grid`, and the image's row of
            :func:`log_joint_on_grid`, (codes,); they find the window.

    Returns:
        coordinates along z1 and along z2, (points,), the posterior there, (points, points) adding up to 1,
        first index z1, and ``log p(x)`` by the window's finer grid, ().
    """
    heavy = grid[log_joint > log_joint.max() - 7]  # a thousandth of the peak, and more
    with torch.no_grad():
        mu, sigma = model.encode(x)
    spacing = (grid[1] - grid[0]).abs().max()
    low = torch.minimum(heavy.min(0).values - 2 * spacing, (mu - 3 * sigma)[0])
    high = torch.maximum(heavy.max(0).values + 2 * spacing, (mu + 3 * sigma)[0])
    centre, reach = (low + high) / 2, (high - low).max() / 2
    steps = torch.linspace(-1, 1, points) * reach
    first, second = centre[0] + steps, centre[1] + steps
    fine = log_joint_on_grid(model, x, torch.cartesian_prod(first, second))[0]
    log_evidence = torch.logsumexp(fine, 0) + 2 * (steps[1] - steps[0]).log()
    return first, second, fine.softmax(0).view(points, points), log_evidence
