"""Ridge regression with an exact leave-one-out error, for the probes of :mod:`avbgtn.study.codes`; in float64, nothing is drawn."""

from dataclasses import dataclass

import torch
from torch import Tensor

WEIGHTS = tuple(10 ** (k / 2) for k in range(-6, 7))  # of the ridge, a training image: 0.001 to 1000
CONSTANT = 1e-12  # a feature whose spread is below this share of its mean is rounding error


@dataclass(frozen=True)
class Ridge:
    """A fitted linear map from features to targets; :func:`fit_ridge` makes it.

    Attributes:
        mean, scale: (P,), of the training features; infinite where a feature is constant, which switches it off.
        slope, intercept: (P, T) and (T,), on standardised features.
        weight: the chosen one of :data:`WEIGHTS`.
        left_out: mean squared leave-one-out error at that weight, in squared units of the targets.
    """

    mean: Tensor
    scale: Tensor
    slope: Tensor
    intercept: Tensor
    weight: float
    left_out: float

    def __call__(self, x: Tensor) -> Tensor:
        """Features (N, P) to estimates (N, T)."""
        return (x - self.mean) / self.scale @ self.slope + self.intercept


def fit_ridge(x: Tensor, y: Tensor) -> Ridge:
    r"""Ridge regression whose weight ``a`` is the one of :data:`WEIGHTS` with the least leave-one-out error.

    ``min |y - b - s W|^2 + N a |W|^2`` over ``W`` and ``b``, where ``s`` are the features, standardised by their mean and
    deviation. With the singular values ``s = U D V'``, image ``i`` has the leverage
    ``h_i = 1/N + sum_k U_ik^2 D_k^2 / (D_k^2 + N a)``, and the error at ``i`` of the fit to all other images (same scale,
    same ``N a``) is ``e_i / (1 - h_i)``: exact, without fitting again.

    Args:
        x: features, (N, P) float64; P may exceed N.
        y: targets, (N, T) float64; all T share one weight.

    Raises:
        ValueError: shapes that do not belong together, or fewer than two images.

    Source: Allen, The relationship between variable selection and data augmentation and a method for prediction (1974).
    """
    if x.ndim != 2 or y.ndim != 2 or len(x) != len(y) or len(x) < 2:
        raise ValueError(
            f"features and targets have shapes {tuple(x.shape)} and {tuple(y.shape)}, expected (N, P) and (N, T) "
            "with N of at least 2: pass a row for every image"
        )
    mean, scale = x.mean(0), x.std(0, correction=0)
    scale = torch.where(scale > CONSTANT * mean.abs(), scale, torch.inf)
    intercept = y.mean(0)  # the standardised features have mean 0, so no weight moves it
    u, d, v = torch.linalg.svd((x - mean) / scale, full_matrices=False)  # (N, K), (K,), (K, P)
    along = u.T @ (y - intercept)  # (K, T)

    def left_out(weight: float) -> float:
        shrink = d.square() / (d.square() + len(x) * weight)  # (K,)
        leverage = 1 / len(x) + u.square() @ shrink  # (N,)
        residual = y - intercept - u @ (shrink[:, None] * along)  # (N, T)
        return (residual / (1 - leverage)[:, None]).square().mean().item()

    errors = {weight: left_out(weight) for weight in WEIGHTS}
    weight = min(errors, key=errors.get)
    slope = v.T @ ((d / (d.square() + len(x) * weight))[:, None] * along)  # (P, T)
    return Ridge(mean, scale, slope, intercept, weight, errors[weight])
