"""A small DCGAN for 28-pixel digits (Radford et al. 2016), in float32, and how its samples are judged.

What is kept of the DCGAN: strided convolutions in D, transposed ones in G, no pooling, batch norm in the
generator, ReLU in G, LeakyReLU(0.2) in D, Adam with beta1 = 0.5. What differs: no batch norm in D (so that
the R1 penalty, which wants one gradient an image, means what it says), He's initial weights in place of
N(0, 0.02), and a sigmoid at the end of G, because the digits here lie in [0, 1].
"""

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from avbgtn import streams
from avbgtn.models import losses

from ..shared.initial_weights import he_normal
from . import gan

CODE = 32  # dimensions of z


class Generator(nn.Module):
    """``G``: a code ``(n, 32)`` to a digit ``(n, 1, 28, 28)`` in (0, 1)."""

    def __init__(self, width: int = 16):
        super().__init__()
        twice = {"kernel_size": 4, "stride": 2, "padding": 1}  # sides doubled
        self.layers = nn.Sequential(
            nn.Linear(CODE, 4 * width * 49, bias=False),
            nn.Unflatten(1, (4 * width, 7, 7)),  # (4w, 7, 7)
            nn.BatchNorm2d(4 * width),
            nn.ReLU(),
            # (2w, 14, 14)
            nn.ConvTranspose2d(4 * width, 2 * width, **twice, bias=False),
            nn.BatchNorm2d(2 * width),
            nn.ReLU(),
            nn.ConvTranspose2d(2 * width, 1, **twice),  # (1, 28, 28)
            nn.Sigmoid(),
        )

    def forward(self, z: Tensor) -> Tensor:
        return self.layers(z)


class Discriminator(nn.Module):
    """``D`` before its sigmoid: a digit ``(n, 1, 28, 28)`` to a logit ``(n,)``."""

    def __init__(self, width: int = 16):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, width, 4, stride=2, padding=1),  # (w, 14, 14)
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 4 * width, 4, stride=2, padding=1),  # (4w, 7, 7)
            nn.LeakyReLU(0.2),
            nn.Flatten(),
            nn.Linear(4 * width * 49, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x).squeeze(1)


class Classifier(nn.Module):
    """The judge: a digit ``(n, 1, 28, 28)`` to ten logits. It never takes part in the game."""

    def __init__(self, width: int = 16):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, width, 5, stride=2, padding=2),  # (w, 14, 14)
            nn.ReLU(),
            nn.Conv2d(width, 2 * width, 5, stride=2, padding=2),  # (2w, 7, 7)
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(2 * width * 49, 10),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(x)


@dataclass(frozen=True)
class DigitGame:
    """What a training leaves: the generator with its weights averaged along the way (each step keeps
    99 % of the old average), the discriminator and, for each step, D's loss (2 log 2 = 1.386 where it
    can only guess)."""

    generator: Generator
    discriminator: Discriminator
    d_loss: Tensor


def one_round(
    generator: Generator,
    discriminator: Discriminator,
    g_adam: torch.optim.Optimizer,
    d_adam: torch.optim.Optimizer,
    real: Tensor,
    z: Tensor,
    r1: float,
) -> Tensor:
    """One update of D, then one of G; returns D's loss before them, without the penalty.

    Args:
        real, z: the batch, ``(n, 1, 28, 28)``, and as many codes, ``(n, 32)``.
        r1: weight of the R1 penalty in this round; 0 leaves it out.
    """
    fake = generator(z)
    logits = discriminator(real.requires_grad_(r1 > 0))
    d_loss = losses.discriminator_loss(logits, discriminator(fake.detach()))
    loss = d_loss + gan.r1_penalty(logits, real, r1) if r1 > 0 else d_loss
    d_adam.zero_grad()
    loss.backward()
    d_adam.step()

    # the generator's turn: no gradient is left behind in D
    discriminator.requires_grad_(False)
    g_adam.zero_grad()
    losses.gan_loss(discriminator(fake), form="non_saturating").backward()
    g_adam.step()
    discriminator.requires_grad_(True)
    return d_loss.detach()


def play(
    images: Tensor, *, seed: int = 0, steps: int = 1100, batch: int = 32, lr: float = 2e-3, r1: float = 0.3
) -> DigitGame:
    """Train the two against each other for ``steps`` rounds.

    Args:
        images: ``(N, 1, 28, 28)`` in [0, 1].
        r1: weight of the R1 penalty ``r1/2 E |grad_x T|^2`` on real digits, applied in every eighth step with
            eight times the weight, which costs less and does nearly the same.
    """
    generator, discriminator = Generator(), Discriminator()
    he_normal(generator, seed, "gan/digits/G")
    he_normal(discriminator, seed, "gan/digits/D")
    g_adam = torch.optim.Adam(generator.parameters(), lr=lr, betas=(0.5, 0.99))
    d_adam = torch.optim.Adam(discriminator.parameters(), lr=lr, betas=(0.5, 0.99))
    averaged = copy.deepcopy(generator)
    draw = streams.generator(seed, "gan/digits/play")
    d_loss = torch.empty(steps)
    for step in range(steps):
        real = images[torch.randint(len(images), (batch,), generator=draw)]
        z = torch.randn(batch, CODE, generator=draw)
        now = 8 * r1 if step % 8 == 0 else 0.0
        d_loss[step] = one_round(generator, discriminator, g_adam, d_adam, real, z, now)
        with torch.no_grad():
            for slow, fast in zip(
                averaged.state_dict().values(), generator.state_dict().values(), strict=True
            ):
                slow.lerp_(fast, 0.01) if slow.is_floating_point() else slow.copy_(fast)
    return DigitGame(averaged, discriminator, d_loss)


@torch.no_grad()
def samples(generator: Generator, n: int, *, seed: int = 0) -> Tensor:
    """``n`` digits, ``(n, 1, 28, 28)``, with batch norm's averages of the training in
    place of the batch's own.
    """
    generator.eval()
    return generator(torch.randn(n, CODE, generator=streams.generator(seed, "gan/digits/samples")))


def train_classifier(
    images: Tensor, labels: Tensor, *, seed: int = 0, epochs: int = 3, batch: int = 64
) -> Classifier:
    """A judge trained on real digits alone, ``epochs`` passes over them."""
    judge = Classifier()
    he_normal(judge, seed, "gan/judge")
    adam = torch.optim.Adam(judge.parameters(), lr=2e-3)
    for epoch in range(epochs):
        order = torch.randperm(len(images), generator=streams.generator(seed, "gan/judge/order", epoch))
        for index in order.split(batch):
            adam.zero_grad()
            F.cross_entropy(judge(images[index]), labels[index]).backward()
            adam.step()
    return judge.eval()


@torch.no_grad()
def nearest_distances(images: Tensor, others: Tensor) -> tuple[Tensor, Tensor]:
    """For each image the Euclidean distance, over all pixels, to the nearest of the others,
    and which one it is.
    """
    distance, index = torch.cdist(images.flatten(1), others.flatten(1)).min(dim=1)
    return distance, index


@torch.no_grad()
def judged(judge: Classifier, images: Tensor) -> tuple[Tensor, Tensor]:
    """Shares of the ten classes among the images, ``(10,)``, and the judge's confidence
    in each image, ``(n,)``.
    """
    confidence, label = judge(images).softmax(dim=1).max(dim=1)
    return torch.bincount(label, minlength=10) / len(images), confidence
