"""Adam for each player: the step size by epoch, the update, and what of it a continued run must remember."""

import torch
from lightning_fabric import Fabric
from torch import Tensor

from ..config import Config
from ..errors import RunError
from ..models.players import Player
from ..models.unit import UNIT

BETAS = (0.5, 0.999)  # for every player, as in UNIT's code
# Numbers in a weight: for smaller ones, a step of their own costs more time than their gradient takes memory.
LARGE = 2**18


def step_size(player: Player, config: Config, epoch: int) -> float:
    """Adam's for a player: halved every ``lr_halve_every`` epochs where the player asks for that."""
    halvings = epoch // config.lr_halve_every if config.lr_halve_every and player.halved else 0
    return player.step_size * 0.5**halvings


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
        self.early: dict[Tensor, torch.optim.Adam] = {}
        self.adams = {name: self._adams(name) for name in self.players}

    def _adams(self, player: str) -> list[torch.optim.Adam]:
        """The player's optimiser, and with ``early`` one more for each large weight, which steps by itself as
        soon as the backward pass has its gradient; that then goes: they are never all in memory."""
        parameters = list(self.parameters[player].values())
        alone = "early" in self.speed and self.fabric.world_size == 1 and "graph" not in self.speed
        large = [p for p in parameters if alone and p.numel() > LARGE]
        for p in large:
            p.register_post_accumulate_grad_hook(self._step_now)
        self.early |= {p: self._adam(player, [p]) for p in large}
        rest = [p for p in parameters if p not in self.early]
        return [*([self._adam(player, rest)] if rest else []), *(self.early[p] for p in large)]

    def _adam(self, player: str, parameters: list[Tensor]) -> torch.optim.Adam:
        lr = step_size(self.players[player], self.config, 0)
        adam = torch.optim.Adam(
            parameters,
            # a recording knows addresses, not numbers
            lr=torch.tensor(lr, device=self.fabric.device) if self.recorded else lr,
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
        self.early[p].step()
        p.grad = None

    def set_step_sizes(self, epoch: int) -> None:
        """Those of this epoch."""
        for player, adams in self.adams.items():
            lr = step_size(self.players[player], self.config, epoch)
            for group in (adam.param_groups[0] for adam in adams):
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
        for adam in self.adams[player]:
            adam.step()  # passes over what has no gradient: those that stepped early
        for p in parameters:
            p.grad = None

    # --- what is written down -------------------------------------------------------------------------------

    def _state(self, player: str, p: Tensor) -> dict[str, Tensor]:
        adam = self.early.get(p) or self.adams[player][0]
        return adam.state[p]

    def tensors(self) -> dict[str, Tensor]:
        """Adam's state of every weight: ``generators.encoder1.layers.0.weight.exp_avg``."""
        return {
            f"{player}.{name}.{key}": value
            for player, parameters in self.parameters.items()
            for name, p in parameters.items()
            for key, value in self._state(player, p).items()
        }

    def restore(self, saved: dict[str, Tensor], source: object) -> None:
        """Continue from what :meth:`tensors` gave, to the bit.

        Raises:
            RunError: a state that Adam cannot have; the sentence names ``source``.
        """
        for player, parameters in self.parameters.items():
            for name, p in parameters.items():
                state = {key: saved[f"{player}.{name}.{key}"] for key in ("step", "exp_avg", "exp_avg_sq")}
                if state["step"] < 0 or (state["exp_avg_sq"] < 0).any():
                    raise RunError(
                        f"{source} holds a square or a count below 0, in {player}.{name}: take an earlier"
                        " checkpoint"
                    )
                # a fused step wants its counter on its parameter's device; copied: the file is memory-mapped
                self._state(player, p).update(
                    {key: value.to(p.device, copy=True) for key, value in state.items()}
                )
