"""The players of a game of several networks, as a model declares them to whoever trains it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from torch import Tensor, nn

from .step import Noise, Step


@dataclass(frozen=True)
class Player:
    """One of those who are trained with or against each other, each with an optimiser of its own.

    Attributes:
        modules: what it updates; a module belongs to one player.
        losses: of a step, its noise and the number of the update in this epoch; what the player minimises is
            ``"loss"``, the rest are the parts of it.
        step_size: of Adam, in the first epoch.
        halved: whether the step size falls as ``lr_halve_every`` and ``lr_inverse_sqrt`` say.
        updates: how many in an epoch.
        looks_back: whether its losses need the second half of a step: z12, z21; x121, x212.
    """

    modules: list[nn.Module]
    losses: Callable[[Step, Noise, int], dict[str, Tensor]]
    step_size: float
    halved: bool = True
    updates: int = 1
    looks_back: bool = False


@contextmanager
def frozen(modules: list[nn.Module]) -> Iterator[None]:
    """Gradients flow through these modules, none stay: one player's step must leave none in another's."""
    parameters = [p for module in modules for p in module.parameters()]
    for p in parameters:
        p.requires_grad_(False)
    try:
        yield
    finally:
        for p in parameters:
            p.requires_grad_(True)
