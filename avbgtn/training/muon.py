"""Muon: momentum whose matrices are orthogonalised before each step (Jordan et al. 2024), for kernels.

A kernel ``(O, C, k, l)`` is a matrix of ``O`` rows. A step along its momentum ``M = U S V^T`` would move the
few directions with large singular values and leave the rest; a step along ``U V^T`` moves all of them alike.

torch's own Muon works in bfloat16, which loses what tells one processor's result from another's apart from
rounding, takes matrices only, and steps them one by one; here it is float32 (or the weights' own precision),
and kernels of one shape are orthogonalised together.
"""

import torch
from torch import Tensor

COEFFICIENTS = (3.4445, -4.7750, 2.0315)  # of the quintic that lifts small singular values fastest
ITERATIONS = 5
MOMENTUM = 0.95


def orthogonalised(matrices: Tensor) -> Tensor:
    """About ``U V^T`` for each ``M = U S V^T``, (..., rows, columns): singular values between 0.7 and 1.2.

    Newton-Schulz iterations ``X <- P(X X^T) X``, ``P(A) = a + b A + c A^2``, from ``M`` over its
    Frobenius norm. All of them are one polynomial in ``A = X X^T`` times the first ``X``, and are computed as
    that: ``A`` is a ninth as large as the matrix of a 3 x 3 kernel. A matrix of zeros stays one.
    """
    a, b, c = COEFFICIENTS
    wide = matrices.shape[-2] <= matrices.shape[-1]
    x = matrices if wide else matrices.mT
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    gram = x @ x.mT
    one = torch.eye(gram.shape[-1], dtype=gram.dtype, device=gram.device)
    whole = one  # of all iterations so far: X is ``whole`` times the first X
    for k in range(ITERATIONS):
        step = a * one + b * gram + c * gram @ gram
        whole = step @ whole
        if k < ITERATIONS - 1:
            gram = step @ gram @ step
    x = whole @ x
    return x if wide else x.mT


class Muon(torch.optim.Optimizer):
    """``B <- m B + (1 - m) g``, then ``W <- W - lr sqrt(max(1, rows / columns)) orthogonalised((1 - m) g + m
    B)``.

    Args:
        parameters: kernels or matrices; the first dimension counts the rows.
        lr: the length of a step in every direction, about; it does not depend on the gradient's size.
    """

    def __init__(self, parameters: list[Tensor], lr: float | Tensor):
        super().__init__(parameters, {"lr": lr})
        for p in parameters:  # now, as what is made at the first step leaves holes in memory
            self.state[p] = {"momentum": torch.zeros_like(p)}

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        for group in self.param_groups:
            alike: dict[tuple[int, int], list[Tensor]] = {}
            for p in group["params"]:
                if p.grad is not None:
                    alike.setdefault((p.shape[0], p[0].numel()), []).append(p)
            for (rows, columns), kernels in alike.items():
                looked_ahead = []
                for p in kernels:
                    momentum = self.state[p]["momentum"]
                    momentum.lerp_(p.grad, 1 - MOMENTUM)
                    looked_ahead.append(p.grad.lerp(momentum, MOMENTUM).reshape(rows, columns))
                steps = orthogonalised(torch.stack(looked_ahead)) * group["lr"]
                scale = max(1.0, rows / columns) ** 0.5
                for p, step in zip(kernels, steps, strict=True):
                    p.sub_(step.view_as(p), alpha=scale)
