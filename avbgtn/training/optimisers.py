"""The optimisers of each player: step sizes by epoch, the update, and what a continued run must remember."""

import torch
from lightning_fabric import Fabric
from torch import Tensor

from ..config import Config
from ..errors import RunError
from ..models.players import Player
from ..models.unit import UNIT
from .muon import Muon

BETAS = (0.5, 0.999)  # for every player, as in UNIT's code
# Numbers in a weight: for smaller ones, a step of their own costs more time than their gradient takes memory.
LARGE = 2**18


def decay(player: Player, config: Config, epoch: int) -> float:
    """What a player's step sizes are multiplied by, where it asks for that: halved every ``lr_halve_every``
    epochs, and over ``sqrt(1 + epoch / lr_inverse_sqrt)``, which foresees no last epoch."""
    if not player.halved:
        return 1.0
    halvings = epoch // config.lr_halve_every if config.lr_halve_every else 0
    slower = (1 + epoch / config.lr_inverse_sqrt) ** 0.5 if config.lr_inverse_sqrt else 1.0
    return 0.5**halvings / slower


class Optimisers:
    """The optimisers of all players of a model.

    Args:
        speed: the speed-ups of ``config/speed.py`` in use; no result depends on them but by rounding.
    """

    def __init__(self, model: UNIT, config: Config, fabric: Fabric, speed: frozenset[str]):
        self.config, self.fabric, self.speed = config, fabric, speed
        self.players = model.players()
        self.parameters = model.player_parameters()
        self.recorded = "graph" in speed and fabric.device.type == "cuda"
        self.kernels = set(model.kernels() if config.optimiser == "muon" else ())
        self.of: dict[Tensor, torch.optim.Optimizer] = {}  # every weight's
        self.early: set[Tensor] = set()
        self.steps = {name: self._optimisers(name) for name in self.players}

    def _optimisers(self, name: str) -> list[torch.optim.Optimizer]:
        """The player's, and with ``early`` one more for each large weight, which steps by itself as soon as
        the backward pass has its gradient; that then goes: they are never all in memory."""
        parameters, player = list(self.parameters[name].values()), self.players[name]
        alone = "early" in self.speed and self.fabric.world_size == 1 and "graph" not in self.speed
        large = {p for p in parameters if alone and p.numel() > LARGE}
        for p in large:
            p.register_post_accumulate_grad_hook(self._step_now)
        self.early |= large
        found = []
        for make, theirs in (
            (self._muon, [p for p in parameters if p in self.kernels]),
            (self._adam, [p for p in parameters if p not in self.kernels]),
        ):
            together = [p for p in theirs if p not in large]
            for some in (*([together] if together else []), *([p] for p in theirs if p in large)):
                found.append(make(player, some))
                self.of |= dict.fromkeys(some, found[-1])
        return found

    def _step_size(self, size: float) -> float | Tensor:
        # a recording knows addresses, not numbers
        return torch.tensor(size, device=self.fabric.device) if self.recorded else size

    def _muon(self, player: Player, parameters: list[Tensor]) -> Muon:
        return Muon(parameters, lr=self._step_size(self.config.muon_lr))

    def _adam(self, player: Player, parameters: list[Tensor]) -> torch.optim.Adam:
        adam = torch.optim.Adam(
            parameters,
            lr=self._step_size(player.step_size),
            betas=BETAS,
            weight_decay=self.config.weight_decay,
            fused="fused" in self.speed,
            capturable=self.recorded,
        )
        # Now, not at the first step as Adam would: what stays between a step's passing tensors leaves holes.
        for p in parameters:
            where = p.device if "fused" in self.speed or self.recorded else "cpu"
            adam.state[p] = {"step": torch.zeros((), device=where)}
            adam.state[p] |= {key: torch.zeros_like(p) for key in ("exp_avg", "exp_avg_sq")}
        return adam

    def _step_now(self, p: Tensor) -> None:
        self.of[p].step()
        p.grad = None

    def set_step_sizes(self, epoch: int) -> None:
        """Those of this epoch."""
        for name, optimisers in self.steps.items():
            player = self.players[name]
            for optimiser in optimisers:
                first = self.config.muon_lr if isinstance(optimiser, Muon) else player.step_size
                lr, group = first * decay(player, self.config, epoch), optimiser.param_groups[0]
                if isinstance(group["lr"], Tensor):
                    group["lr"].fill_(lr)
                else:
                    group["lr"] = lr

    def update(self, player: str, loss: Tensor) -> None:
        """One update of a player's weights: its gradients are made here, and gone afterwards."""
        parameters = list(self.parameters[player].values())
        for p in parameters:
            p.grad = None
        self.fabric.backward(loss)
        # One message per player and update: the mean of the processes' gradients
        if self.fabric.world_size > 1:
            gradients = [p.grad for p in parameters]
            mean = self.fabric.all_reduce(torch.cat([g.flatten() for g in gradients]), reduce_op="mean")
            for g, m in zip(gradients, mean.split([g.numel() for g in gradients]), strict=True):
                g.copy_(m.view_as(g))
        for optimiser in self.steps[player]:
            optimiser.step()  # passes over what has no gradient: those that stepped early
        for p in parameters:
            p.grad = None

    # --- what is written down -------------------------------------------------------------------------------

    def tensors(self) -> dict[str, Tensor]:
        """The state of every weight: ``generators.encoder1.layers.0.weight.exp_avg``; of Muon its
        momentum."""
        return {
            f"{player}.{name}.{key}": value
            for player, parameters in self.parameters.items()
            for name, p in parameters.items()
            for key, value in self.of[p].state[p].items()
        }

    def restore(self, saved: dict[str, Tensor], source: object) -> None:
        """Continue from what :meth:`tensors` gave, to the bit.

        Raises:
            RunError: a state that Adam cannot have; the sentence names ``source``.
        """
        for player, parameters in self.parameters.items():
            for name, p in parameters.items():
                here = self.of[p].state[p]
                state = {key: saved[f"{player}.{name}.{key}"] for key in here}
                if any(key in ("step", "exp_avg_sq") and (t < 0).any() for key, t in state.items()):
                    raise RunError(
                        f"{source} holds a square or a count below 0, in {player}.{name}: take an earlier"
                        " checkpoint"
                    )
                # a fused step wants its counter on its parameter's device; copied: the file is memory-mapped
                here.update({key: value.to(p.device, copy=True) for key, value in state.items()})
