"""Judges the two losses of AVB in an answer: what it asked of T, the values, where gradients lead."""

import torch
from torch.nn import functional as F

from avbgtn import streams

from ..shared.answers import CheckFailed, agrees, call, compare
from . import loss_mistakes

F64 = torch.float64


def normal(*shape: int, stream: str) -> torch.Tensor:
    return torch.randn(*shape, generator=streams.generator(0, f"checks/avb/{stream}"), dtype=F64)


class WatchedT:
    """A T of known form, which remembers how it was called."""

    def __init__(self):
        self.seen, self.z_first = [], False
        self.weight = torch.tensor([0.7, -1.1], dtype=F64, requires_grad=True)  # what T learns

    def __call__(self, *inputs: torch.Tensor) -> torch.Tensor:
        if len(inputs) == 1:
            self.seen.append(None)
            return inputs[0] @ self.weight
        if [k.shape[-1] for k in inputs] == [2, 3]:  # not an error of sizes, but a sentence, below
            self.z_first = True
            inputs = inputs[::-1]
        self.seen.append(inputs[0])
        return inputs[1] @ self.weight + inputs[0].sum(1)

    def always_saw(self, x: torch.Tensor) -> bool:
        """x, or x as often as there are kinds of codes."""
        return all(
            first is not None and torch.equal(first, x.repeat(max(1, len(first) // len(x)), 1))
            for first in self.seen
        )


def judge(f, n: int, pixels: int) -> None:
    x, z_q, z_p = (normal(n, k, stream=f"losses/{k}") for k in (3, 2, 4))
    z_p = z_p[:, :2]
    log_p_pixels = -normal(n, pixels, stream="pixels").square()
    t, z = WatchedT(), z_q.clone().requires_grad_()
    value = call(f, t, x, z, z_p, log_p_pixels, name="avb_losses")
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise CheckFailed("avb_losses must return two numbers: the loss of T, and the loss of the encoder")
    if t.z_first:
        raise CheckFailed("t takes x first: t(x, z), the image and then the code")
    if not t.always_saw(x):
        raise CheckFailed(
            "T does not see x. Then it compares all codes together with the prior, as an adversarial "
            "autoencoder does, and its best value is log q(z) - log p(z): no longer the KL of any single "
            "posterior. Call t(x, z), for both kinds of z"
        )
    t_q, t_p = t(x, z_q), t(x, z_p)
    _judge_values(value, t_q, t_p, log_p_pixels)
    _judge_gradients(value, z, t.weight)


def _judge_values(value, t_q: torch.Tensor, t_p: torch.Tensor, log_p_pixels: torch.Tensor) -> None:
    t_loss, encoder_loss = value
    right = F.softplus(-t_q).mean() + F.softplus(t_p).mean()
    right_encoder = (t_q - log_p_pixels.sum(1)).mean()
    if agrees(t_loss, right_encoder) and agrees(encoder_loss, right):
        raise CheckFailed("the losses are returned in the wrong order: T's comes first, then the encoder's")
    compare(
        t_loss,
        right,
        loss_mistakes.of_t_loss(t_q, t_p, log_p_pixels, encoder_loss),
        name="the loss of T",
        otherwise="the loss of T is neither right nor one of the usual mistakes: it is the mean of "
        "softplus(-T) over codes plus the mean of softplus(T) over samples of the prior",
    )
    compare(
        encoder_loss,
        right_encoder,
        loss_mistakes.of_encoder_loss(t_q, t_p, log_p_pixels),
        name="the loss of the encoder",
        otherwise="the loss of the encoder is not the mean over the batch of T minus the summed "
        "log-likelihood",
    )


def _judge_gradients(value, z: torch.Tensor, of_t: torch.Tensor) -> None:
    t_loss, encoder_loss = value
    if _slope(t_loss, of_t) is None:
        raise CheckFailed(
            "the values are right, but no gradient leads from the loss of T to its network: return the "
            "tensor, without .item(), float(...) or no_grad, or T learns nothing"
        )
    if _slope(t_loss, z) is not None:
        raise CheckFailed(
            "the loss of T has a gradient for the encoder: one step for T would also push the codes to be "
            "told apart more easily. Detach the codes there"
        )
    if not isinstance(encoder_loss, torch.Tensor):
        raise CheckFailed(
            "the values are right, but the loss of the encoder is a plain number, through which no gradient "
            "can flow: return the tensor, without .item() or float(...)"
        )
    if _slope(encoder_loss, z) is None:
        raise CheckFailed(
            "the loss of the encoder has no gradient for z: do not detach the codes in the encoder's own loss"
        )


def _slope(loss, z: torch.Tensor) -> torch.Tensor | None:
    if not isinstance(loss, torch.Tensor) or not loss.requires_grad:
        return None
    return torch.autograd.grad(loss.sum(), z, allow_unused=True, retain_graph=True)[0]
