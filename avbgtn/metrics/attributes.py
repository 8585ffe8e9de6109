"""A small classifier that tells the two domains apart: do translations arrive in the target domain?

It is trained on the spot, on training images alone, so it needs no download and knows nothing of twins. What
it learns is whatever separates the two piles fastest, which for hair colour is colour: it is easily pleased,
and a high accuracy is a condition to meet rather than a result. Read it beside the scores of
:mod:`avbgtn.metrics.images`.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .. import streams

WIDTH = 16  # channels after the first convolution; doubled by each of the next three
HALF_BATCH = 16  # images of each domain an update
LR = 2e-3
HOLD_OUT = 10  # every tenth image of each domain is kept for the classifier's own accuracy
CHUNK = 64  # images at a time when nothing is learnt


class AttributeClassifier(nn.Module):
    """Four Conv3 of stride 2 with batch norm and ReLU, the mean over positions, one logit.

    The logit is ``log p(domain 2 | x) / p(domain 1 | x)``. Any image side from 16 pixels on fits, but a
    classifier should judge images of the size that it learned from.

    Attributes:
        held_out_accuracy: share of the held-out training images that it gets right; NaN before training.
        held_out: how many those were.
    """

    def __init__(self, seed: int, width: int = WIDTH):
        super().__init__()
        widths = [3, width, 2 * width, 4 * width, 8 * width]
        layers: list[nn.Module] = []
        for i, (a, b) in enumerate(zip(widths, widths[1:], strict=False)):
            layers += [_conv(a, b, seed, i), nn.BatchNorm2d(b), nn.ReLU()]  # (b, H / 2^(i+1), W / 2^(i+1))
        self.layers = nn.Sequential(*layers)
        self.weight = nn.Parameter(torch.zeros(8 * width))  # from zero: the first guess is even odds
        self.bias = nn.Parameter(torch.zeros(()))
        self.dimensions = 8 * width
        self.held_out_accuracy, self.held_out = float("nan"), 0

    def features(self, x: Tensor) -> Tensor:
        """What the logit is linear in: (N, 3, H, W) in [-1, 1] to (N, 128)."""
        return self.layers(x).mean(dim=(2, 3))

    def forward(self, x: Tensor) -> Tensor:
        """Logits of domain 2, (N,)."""
        return self.features(x) @ self.weight + self.bias


def train_attribute_classifier(
    x1: Tensor, x2: Tensor, *, seed: int, epochs: int = 200, say: Callable[[str], None] | None = None
) -> AttributeClassifier:
    """Learn to tell domain 1 from domain 2.

    One epoch is one Adam update on 16 images of each domain, flipped at random (no colour jitter: colour is
    the attribute). Every tenth image is held out for the classifier's own accuracy. The loss is
    ``mean softplus(-s logit)`` with ``s = +1`` for domain 2 and -1 for domain 1; the learning rate falls to
    zero along half a cosine. Same arguments, same classifier; torch's global generator is left alone.

    Args:
        x1, x2: training images, (N1, 3, H, W) and (N2, 3, H, W) in [-1, 1], at least ten each.
        seed: of the initial weights, the order and the flips.
        epochs: updates.
        say: gets one sentence with the held-out accuracy; None keeps quiet.

    Returns:
        The classifier, in evaluation mode, on the device of ``x1``.

    Raises:
        ValueError: other shapes, too few images, or no epochs.
    """
    for x in (x1, x2):
        if x.ndim != 4 or x.shape[1] != 3 or x.shape[0] < HOLD_OUT or min(x.shape[2:]) < 16:
            raise ValueError(
                f"images have shapes {tuple(x1.shape)} and {tuple(x2.shape)}, expected (N, 3, H, W) with "
                f"at least {HOLD_OUT} images of 16 pixels or more: pass the training images of both domains"
            )
    if isinstance(epochs, bool) or not isinstance(epochs, int) or epochs < 1:
        raise ValueError(f"epochs must be a positive whole number of updates, got {epochs!r}")

    train, held_out = zip(*(_split(x) for x in (x1, x2)), strict=True)
    classifier = AttributeClassifier(seed).to(x1.device)
    optimiser = torch.optim.Adam(classifier.parameters(), lr=LR)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs)
    sign = torch.ones(2 * HALF_BATCH, device=x1.device)
    sign[:HALF_BATCH] = -1
    for epoch in range(epochs):
        batch = torch.cat([_sample(x, seed, k, epoch) for k, x in enumerate(train, 1)])  # (32, 3, H, W)
        loss = F.softplus(-sign * classifier(batch)).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    classifier.eval().requires_grad_(False)

    # Both domains weigh the same, however unlike their sizes: always guessing one would score 0.5.
    shares = [attribute_accuracy(classifier, x, k) for k, x in enumerate(held_out, 1)]
    classifier.held_out_accuracy, classifier.held_out = sum(shares) / 2, sum(len(x) for x in held_out)
    if say is not None:
        say(
            f"attribute classifier: {classifier.held_out_accuracy:.1%} right on {classifier.held_out} "
            "training images that it did not learn from"
        )
    return classifier


@torch.no_grad()
def attribute_accuracy(classifier: AttributeClassifier, translated: Tensor, target_domain: int) -> float:
    """Share of the images that the classifier puts into the target domain, in [0, 1].

    Args:
        classifier: from :func:`train_attribute_classifier`.
        translated: (N, 3, H, W) in [-1, 1].
        target_domain: 1 or 2. For ``x12`` it is 2.

    Raises:
        ValueError: another domain or shape.
    """
    if target_domain not in (1, 2) or isinstance(target_domain, bool):
        raise ValueError(f"target_domain must be 1 or 2, got {target_domain!r}")
    if translated.ndim != 4 or translated.shape[1] != 3 or not translated.shape[0]:
        raise ValueError(
            f"images have shape {tuple(translated.shape)}, expected (N, 3, H, W): stack them into one batch"
        )
    device = classifier.weight.device
    logits = torch.cat([classifier(part.to(device)) for part in translated.split(CHUNK)])
    return ((logits > 0) == (target_domain == 2)).double().mean().item()


def _conv(inputs: int, outputs: int, seed: int, layer: int) -> nn.Conv2d:
    """A convolution whose weights come from a stream of their own, and not from torch's global generator."""
    conv = nn.utils.skip_init(nn.Conv2d, inputs, outputs, 3, stride=2, padding=1, bias=False)
    draw = streams.generator(seed, "attribute/weights", layer)
    nn.init.kaiming_normal_(conv.weight, nonlinearity="relu", generator=draw)
    return conv


def _split(x: Tensor) -> tuple[Tensor, Tensor]:
    """Nine of ten images to learn from, every tenth held out."""
    held_out = torch.arange(len(x), device=x.device) % HOLD_OUT == HOLD_OUT - 1
    return x[~held_out], x[held_out]


def _sample(x: Tensor, seed: int, domain: int, epoch: int) -> Tensor:
    """Half a batch of one domain, with replacement, each image flipped at odds of one half."""
    draw = streams.generator(seed, f"attribute/batch/{domain}", epoch)
    chosen = x[torch.randint(len(x), (HALF_BATCH,), generator=draw).to(x.device)]
    flip = (torch.rand(HALF_BATCH, generator=draw) < 0.5).to(x.device)
    return torch.where(flip[:, None, None, None], chosen.flip(-1), chosen)
