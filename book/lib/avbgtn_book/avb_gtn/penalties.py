r"""What each form of the prior penalty really minimises, exact on a line.

Posterior ``q = N(m, s^2)``, prior ``p = N(0, 1)``. The best T is known, ``T* = log q - log p``, and every
expectation is a sum over a fine grid in float64, so nothing here is estimated. The forms are the functions of
:mod:`avbgtn.models.losses`, not copies of them. Symbols: ``m`` the distance, ``s`` the spread, both 0-d
tensors or floats; divergences in nats.

*Frozen* means that T keeps the shape it had before the step: the encoder moves its codes under a T that does
not move with them. That is how every AVB is trained (Mescheder et al. 2017, Prop. 2; Algorithm 1).
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from avbgtn.models import losses

Form = Callable[[Tensor], Tensor]  # from losses.py: logits T to one number

FORMS: dict[str, Form] = {
    "logit": losses.logit_penalty,  # T, AVB's Eq. (8)
    "log_sigmoid": losses.log_sigmoid_penalty,  # log s(T), the paper's Eqs. (10)-(13)
    "softplus": losses.softplus_penalty,  # -log(1 - s(T))
}
NODES = torch.linspace(-12, 12, 2401, dtype=torch.float64)  # eps; a Gaussian beyond 12 is below 1e-31
WEIGHTS = torch.exp(-0.5 * NODES.square()) * (24 / 2400) / math.sqrt(2 * math.pi)


def wrong_sign(t: Tensor) -> Tensor:
    """``-log s(T)``: "the negative output of T", put into a loss that is *minimised*.

    A mistake, kept to be shown.
    """
    return -losses.log_sigmoid_penalty(t)


def best_t(z: Tensor, m: Tensor | float, s: Tensor | float = 1.0) -> Tensor:
    """``T*(z) = log q(z) - log p(z)`` for ``q = N(m, s^2)`` and ``p = N(0, 1)``."""
    s = torch.as_tensor(s, dtype=torch.float64)
    return 0.5 * z.square() - 0.5 * ((z - m) / s).square() - s.log()


def expected(form: Form, t: Tensor) -> Tensor:
    """``E form(T)`` over the grid: ``form`` at each node, times the weight of the node."""
    return (WEIGHTS * torch.vmap(form)(t)).sum()


def frozen_gradient(form: Form, m: float, s: float = 1.0) -> tuple[float, float]:
    """What the encoder follows: the derivatives of ``E_q form(T)`` by ``m`` and by ``log s``
    with T frozen at its best.

    The codes ``z = m + s eps`` depend on ``m`` and ``s``, T does not.
    """
    at = torch.tensor([m, math.log(s)], dtype=torch.float64, requires_grad=True)
    z = at[0] + at[1].exp() * NODES
    (gradient,) = torch.autograd.grad(expected(form, best_t(z, m, s)), at)
    return gradient[0].item(), gradient[1].item()


def kl(m: Tensor | float, s: Tensor | float = 1.0) -> Tensor:
    """``KL(q || p) = (m^2 + s^2 - 1) / 2 - log s``, in closed form."""
    m, s = (torch.as_tensor(v, dtype=torch.float64) for v in (m, s))
    return 0.5 * (m.square() + s.square() - 1) - s.log()


def two_js(m: Tensor | float, s: Tensor | float = 1.0) -> Tensor:
    """``2 JS(q || p) = KL(q || r) + KL(p || r)`` with ``r = (q + p) / 2``, by quadrature;
    at most ``2 log 2``.
    """
    m, s = (torch.as_tensor(v, dtype=torch.float64) for v in (m, s))
    on_q, on_p = best_t(m + s * NODES, m, s), best_t(NODES, m, s)
    softplus = torch.nn.functional.softplus
    return 2 * math.log(2) - (WEIGHTS * (softplus(-on_q) + softplus(on_p))).sum()


DIVERGENCES: dict[str, Callable[..., Tensor]] = {
    "logit": kl,
    "log_sigmoid": two_js,
    "softplus": lambda m, s=1.0: kl(m, s) - two_js(m, s),
}


def true_gradient(form: str, m: float, s: float = 1.0) -> tuple[float, float]:
    """The derivatives, by ``m`` and by ``log s``, of the divergence that belongs to a form,
    with nothing frozen.
    """
    at = torch.tensor([m, math.log(s)], dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(DIVERGENCES[form](at[0], at[1].exp()), at)
    return gradient[0].item(), gradient[1].item()


def descend(form: Form, m: float, s: float, *, steps: int, lr: float) -> list[tuple[float, float, float]]:
    """Gradient descent on a penalty alone, with a T that is perfect again before each step.

    Returns:
        ``(m, s, KL(q || p))`` before the first step and after each;
        it ends early where the KL passes 1000 nats.
    """
    path = [(m, s, kl(m, s).item())]
    for _ in range(steps):
        by_m, by_log_s = frozen_gradient(form, m, s)
        m, s = m - lr * by_m, s * math.exp(-lr * by_log_s)
        path.append((m, s, kl(m, s).item()))
        if path[-1][2] > 1000:
            break
    return path


def gap_between_domains(m: float, s: float = 1.0) -> tuple[float, float]:
    """Two domains whose codes are ``q_1 = N(m, s^2)`` and ``q_2 = N(-m, s^2)``:
    what two penalties see of the gap.

    Returns:
        UNIT's mean square of the mean codes, the same in both domains, ``m^2``; and ``E_{q_1} T_1*`` for the
        best T between the domains, ``T_1* = log q_1 - log q_2 = 2 m z / s^2``, which is
        ``KL(q_1 || q_2) = 2 m^2 / s^2``.
    """
    z = m + s * NODES
    t = best_t(z, m, s) - best_t(z, -m, s)
    square = losses.mean_square_penalty(torch.tensor([m, -m], dtype=torch.float64))
    return square.item(), expected(losses.logit_penalty, t).item()


def explicit_image_gradient(a: float, s: float, x: float) -> tuple[float, float]:
    """Mean and standard deviation, over ``q(z|x) = N(a x, s^2)``, of the derivative of ``T*(x, z)`` by
    the ``x`` that T is shown, at codes that stay where they are. The mean is zero whatever ``a``, ``s``
    and ``x``."""
    shown = torch.full_like(NODES, x).requires_grad_()
    z = a * x + s * NODES
    (gradient,) = torch.autograd.grad(best_t(z, a * shown, s).sum(), shown)
    mean = (WEIGHTS * gradient).sum()
    return mean.item(), (WEIGHTS * (gradient - mean).square()).sum().sqrt().item()
