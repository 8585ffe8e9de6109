r"""What a code tells: the domain, which a shared latent space should not know, and the head, which it should.

UNIT assumes a shared latent space: an image and its true translation (its "twin") have the same code. Probes
here are linear and learn from codes of training images only, so they ask for what lies open, not for all that
a code holds; a number says something beside that of another model, or beside chance. Symbols: codes ``z1``,
``z2``, (N, C, h, w), of images of domains 1 and 2, drawn by ``E_1`` and ``E_2``. All in float64 and on the
CPU; nothing is drawn at random.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from ..data import Evaluation
from ..metrics.evaluate import CHUNK
from ..models.unit import UNIT
from .ridge import Ridge

GRID = 2  # a code is also seen through the means of GRID x GRID parts: where, and not only how much
Attributes = dict[str, list]


def features(z: Tensor) -> Tensor:
    """What the probes see of a code: the mean and the standard deviation of each channel over its places, and
    the means of its four quarters.

    Args:
        z: (N, C, h, w); sides that are odd make quarters that overlap in a row.

    Returns:
        (N, 6 C), float64: C means, C deviations (with ``h w``, not ``h w - 1``), then 4 means a channel.

    Raises:
        ValueError: another shape, or values that are not finite.
    """
    _check(z)
    z = z.detach().cpu().double()
    quarters = F.adaptive_avg_pool2d(z, GRID).flatten(1)  # (N, 4 C)
    return torch.cat([z.mean((2, 3)), z.std((2, 3), correction=0), quarters], dim=1)


# --- probes -------------------------------------------------------------------------------------------------


def domain_probe(train1: Tensor, train2: Tensor, held1: Tensor, held2: Tensor) -> float:
    """How well a line tells codes of domain 1 from codes of domain 2: the share it gets right, in [0, 1].

    Ridge regression to -1 (domain 1) and +1 (domain 2); the threshold is halfway between the mean estimates
    of the two training piles, which is 0 for piles of one size. Chance is 0.5: both domains weigh the same,
    whatever their sizes. With twins as ``held1`` and ``held2`` a head by itself says nothing.

    Args:
        train1, train2: codes to learn from, (N1, C, h, w) and (N2, C, h, w).
        held1, held2: codes to be judged, of images that none of the others show.

    Raises:
        ValueError: codes of other shapes.
    """
    _check(train1, train2, held1, held2)
    seen = [features(z) for z in (train1, train2)]
    y = torch.cat(
        [torch.full((len(s), 1), sign, dtype=torch.float64) for s, sign in zip(seen, (-1, 1), strict=True)]
    )
    probe = Ridge(torch.cat(seen), y)
    threshold = sum(probe(s).mean() for s in seen) / 2
    right = [(probe(features(held1)) <= threshold), (probe(features(held2)) > threshold)]
    return sum(r.double().mean().item() for r in right) / 2


def attribute_probe(
    train: Tensor, train_attributes: Attributes, held: Tensor, held_attributes: Attributes
) -> dict[str, float]:
    """How well a line reads off a code whose head it is of.

    Four ridge regressions. With codes of both domains in ``train``, this is what lies open in a code. With
    the codes of one domain in ``train`` and of the other in ``held`` it is the transfer that a shared latent
    space promises: twins that have one code cost it nothing, while a mere shift between the domains can push
    R^2 far below 0.

    Args:
        train, held: codes, (N, C, h, w) and (M, C, h, w).
        train_attributes, held_attributes: lists ``style``, ``male``, ``tone``, ``yaw``, an entry a code; see
            :func:`avbgtn.data.heads.attributes`.

    Returns:
        ``style``: share of hair styles named right, the largest of one estimate a style of the training;
        ``male``: share put on the right side of 0.5; ``tone``, ``yaw``: ``R^2 = 1 - SSE / SST`` on ``held``,
        0 for its own mean. To guess the commonest answer scores its share in ``style`` and ``male``, which is
        well above one half.

    Raises:
        ValueError: codes of other shapes, lists of other lengths, or a constant held-out ``tone`` or ``yaw``.
    """
    _check(train, held)
    _check_attributes(train, train_attributes)
    _check_attributes(held, held_attributes)
    x, x_held = features(train), features(held)

    styles = sorted(set(train_attributes["style"]))
    one_hot = torch.tensor([[float(s == name) for name in styles] for s in train_attributes["style"]])
    named = Ridge(x, one_hot.double())(x_held).argmax(1)  # (M,)
    right = [styles[k] == s for k, s in zip(named.tolist(), held_attributes["style"], strict=True)]
    found = {"style": sum(right) / len(right)}
    for name in ("male", "tone", "yaw"):
        y, truth = (_column(a[name]) for a in (train_attributes, held_attributes))
        estimate = Ridge(x, y)(x_held)  # (M, 1)
        if name == "male":
            found[name] = ((estimate > 0.5) == (truth > 0.5)).double().mean().item()
            continue
        spread = (truth - truth.mean()).square().sum().item()  # SST
        if spread == 0:
            raise ValueError(
                f"the held-out {name} is {truth[0].item()} for all of the {len(truth)} codes, expected values"
                " that differ: R^2 needs a spread to explain, so pass more heads"
            )
        found[name] = 1 - (estimate - truth).square().sum().item() / spread
    return found


# --- twins --------------------------------------------------------------------------------------------------


def twin_distance(z1: Tensor, z2: Tensor) -> float:
    """How far apart the codes of twins are: ``mean (z1 - z2)^2`` over the mean of both domains' variances.

    The variance of each value of a code is over images (with ``N - 1``). 0: twins have one code. 2: they have
    no more in common than any two images, if the domains' codes have the same mean; a shift between the
    domains adds to it.

    Args:
        z1, z2: codes of the same heads in the same order, (N, C, h, w) each, N >= 2.

    Raises:
        ValueError: shapes that differ, a single head, or codes that are all the same.
    """
    z1, z2 = _twins(z1, z2)
    spread = ((z1.var(0) + z2.var(0)) / 2).mean().item()
    if spread == 0:
        raise ValueError(
            f"the codes of all {len(z1)} images are equal in both domains, expected some spread: the encoders"
            " ignore the image, so train on or read another checkpoint"
        )
    return (z1 - z2).square().mean().item() / spread


def twin_retrieval(z1: Tensor, z2: Tensor) -> float:
    """The share of codes whose nearest code in the other domain (Euclidean, whole code) is their twin's.

    The mean of both directions, in [0, 1]; chance is ``1 / N``, so scores of different N do not compare.

    Args:
        z1, z2: codes of the same heads in the same order, (N, C, h, w) each, N >= 2.

    Raises:
        ValueError: shapes that differ, or a single head.
    """
    z1, z2 = (z.flatten(1) for z in _twins(z1, z2))
    # Not by |a|^2 + |b|^2 - 2ab: where codes are nearly equal, its rounding would choose.
    distance = torch.cdist(z1, z2, compute_mode="donot_use_mm_for_euclid_dist")  # (N, N)
    twin = torch.arange(len(z1))
    return sum((distance.argmin(k) == twin).double().mean().item() for k in (0, 1)) / 2


# --- a trained model ----------------------------------------------------------------------------------------


@torch.no_grad()
def encode(model: UNIT, x: Tensor, domain: int, stream: str) -> Tensor:
    """Codes of images (N, 3, H, W) of ``domain``, (N, C, H/4, W/4), on the CPU: draw 0 of ``stream`` where
    the noise is at the input, the mean code elsewhere."""
    like, codes = next(model.parameters()), []
    for start in range(0, len(x), CHUNK):
        part, eps = x[start : start + CHUNK].to(like), None
        if model.config.posterior == "input":
            eps = model.draw(stream, 0, range(start, start + len(part)), model.noise_shape(x.shape[-2:]))
        codes.append(model.encode(part, domain, eps).cpu())
    return torch.cat(codes)


def read_codes(
    model: UNIT,
    training: Evaluation,
    held_out: Evaluation,
    training_attributes1: Attributes,
    training_attributes2: Attributes,
    held_attributes: Attributes,
) -> dict[str, float]:
    """Every number of this file for one model.

    Args:
        training: what the probes learn from, ``x1`` and ``x2`` alone; no twin is looked at.
        held_out: heads in both colours, in one order.
        training_attributes1, training_attributes2, held_attributes: of ``training.x1``, ``training.x2`` and
            ``held_out``.

    Returns:
        ``domain``; ``style``, ``male``, ``tone``, ``yaw``, learnt from and tested on both domains;
        ``transfer_style`` and so on, learnt from one domain and tested on the other, mean of both ways;
        ``twin_distance``, ``twin_retrieval``; ``mean_square``: mean of ``z^2`` over the held-out codes of
        both domains; codes are UNIT's means, one draw of AVB-GTN's. Samples of the prior have 1; so has a
        code of AVB-GTN that matches it, while UNIT's means would then have 0.

    Raises:
        ValueError: held-out images that are no twins, and what the functions above raise.
    """
    if held_out.ids1 != held_out.ids2:
        raise ValueError(
            f"held_out has {len(held_out.ids1)} and {len(held_out.ids2)} images that are not the same heads"
            " in the same order, expected twins: pass the validation or the test split"
        )
    # The scores' own noise for what is held out. Other noise for what is learnt from: with the same, a probe
    # that knows the noise of image i by heart would be right about the held-out image i.
    train1, train2 = encode(model, training.x1, 1, "codes/12"), encode(model, training.x2, 2, "codes/21")
    held1, held2 = encode(model, held_out.x1, 1, "evaluate/12"), encode(model, held_out.x2, 2, "evaluate/21")
    a1, a2, a = training_attributes1, training_attributes2, held_attributes

    # The held-out heads are the same in both domains, so one R^2 over both is the mean of the two.
    both = attribute_probe(
        torch.cat([train1, train2]), _joined(a1, a2), torch.cat([held1, held2]), _joined(a, a)
    )
    over = [attribute_probe(train1, a1, held2, a), attribute_probe(train2, a2, held1, a)]
    return {
        "domain": domain_probe(train1, train2, held1, held2),
        **both,
        **{f"transfer_{name}": (over[0][name] + over[1][name]) / 2 for name in both},
        "twin_distance": twin_distance(held1, held2),
        "twin_retrieval": twin_retrieval(held1, held2),
        "mean_square": torch.cat([held1, held2]).double().square().mean().item(),
    }


def _joined(a: Attributes, b: Attributes) -> Attributes:
    return {name: [*a[name], *b[name]] for name in ("style", "male", "tone", "yaw")}


def _column(values: list) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)[:, None]


def _twins(z1: Tensor, z2: Tensor) -> tuple[Tensor, Tensor]:
    _check(z1, z2)
    if z1.shape != z2.shape or len(z1) < 2:
        raise ValueError(
            f"codes of twins have shapes {tuple(z1.shape)} and {tuple(z2.shape)}, expected one shape (N, C,"
            " h, w) with N of at least 2: pass the codes of the same heads in both domains"
        )
    return z1.detach().cpu().double(), z2.detach().cpu().double()


def _check(*codes: Tensor) -> None:
    for z in codes:
        if z.ndim != 4 or not z.numel() or z.shape[1:] != codes[0].shape[1:]:
            shapes = " and ".join(str(tuple(c.shape)) for c in codes)
            raise ValueError(
                f"codes have shapes {shapes}, expected (N, C, h, w) with one C, h, w: pass what one model"
                " encodes"
            )
        if not z.isfinite().all():
            raise ValueError(
                f"codes of shape {tuple(z.shape)} have {int((~z.isfinite()).sum())} values that are not"
                " finite, expected none: the training diverged, so take an earlier checkpoint"
            )


def _check_attributes(z: Tensor, attributes: Attributes) -> None:
    for name in ("style", "male", "tone", "yaw"):
        if len(attributes.get(name, ())) != len(z):
            raise ValueError(
                f"got {len(attributes.get(name, ()))} values of {name!r} for {len(z)} codes, expected one a"
                " code in the same order: take heads.attributes of the same split"
            )
