"""Ridge regression with an exact leave-one-out error, for the probes of :mod:`avbgtn.study.codes`; in
float64, nothing is drawn."""

import numpy as np
import torch
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor

WEIGHTS = tuple(10 ** (k / 2) for k in range(-6, 7))  # of the ridge, per training image: 0.001 to 1000


class Ridge:
    r"""A linear map of features to targets; of :data:`WEIGHTS`, ``a`` has the least leave-one-out error.

    ``min |y - b - s W|^2 + N a |W|^2`` over ``W`` and ``b``, where ``s`` are the features, standardised by
    their mean and deviation; a constant feature is switched off. The error at each image of the fit to all
    others (same scale, same ``N a``) is exact, without fitting again (:class:`sklearn.linear_model.RidgeCV`).

    Args:
        x: features, (N, P) float64; P may exceed N.
        y: targets, (N, T) float64; all T share one weight.

    Attributes:
        weight: the chosen one of :data:`WEIGHTS`.
        left_out: mean squared leave-one-out error at that weight, in squared units of the targets.

    Raises:
        ValueError: shapes that do not belong together, or fewer than two images.

    Source: Allen, The relationship between variable selection and data augmentation and a method for
    prediction (1974).
    """

    def __init__(self, x: Tensor, y: Tensor):
        if x.ndim != 2 or y.ndim != 2 or len(x) != len(y) or len(x) < 2:
            raise ValueError(
                f"features and targets have shapes {tuple(x.shape)} and {tuple(y.shape)}, expected (N, P) and"
                " (N, T) with N of at least 2: pass a row for every image"
            )
        ridge = RidgeCV(alphas=len(x) * np.array(WEIGHTS))
        self.fit: Pipeline = make_pipeline(StandardScaler(), ridge).fit(x.numpy(), y.numpy())
        self.weight = min(WEIGHTS, key=lambda weight: abs(len(x) * weight - ridge.alpha_))
        self.left_out = -float(ridge.best_score_)

    def __call__(self, x: Tensor) -> Tensor:
        """Features (N, P) to estimates (N, T)."""
        return torch.from_numpy(self.fit.predict(x.numpy())).reshape(len(x), -1)
