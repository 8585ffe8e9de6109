"""One epoch of training, and everything that a continued run must remember.

The step reads: draw the batch and the noise, run every network once, update each adversary on detached tensors,
update the generators on the same tensors with their graph, average the weights. The loop around it is in ``train.py``,
what makes it fast is listed in ``speed.py``.
"""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ..config import Config
from ..config.speed import chosen
from ..data import Domains
from ..errors import RunError
from ..models import build
from ..models.convolution import arrange
from ..models.unit import Noise
from ..runs import Run
from ..runs.tensor_files import check_tensors, load_weights
from .cuda_graph import StaticStep
from .memory import keep_memory
from .monitor import not_finite
from .processes import ALONE, Place, patience

if TYPE_CHECKING:  # seconds to import, and who translates trains nothing
    from lightning_fabric import Fabric

BETAS = (0.5, 0.999)  # of Adam, for every player, as in UNIT's code
# Numbers in a weight: for smaller ones, a step of their own costs more time than their gradient takes memory.
LARGE = 2**18


def make_fabric(config: Config, here: Place = ALONE) -> "Fabric":
    """Device, precision and processes, by Lightning Fabric; it joins the processes that torchrun or fabric run started."""
    from lightning_fabric import Fabric
    from lightning_fabric.plugins.environments import LightningEnvironment, TorchElasticEnvironment
    from lightning_fabric.strategies import DDPStrategy

    return Fabric(
        accelerator=config.device,
        devices="auto" if "LT_DEVICES" in os.environ else here.here,  # fabric run may name the GPUs
        num_nodes=here.machines,
        strategy=DDPStrategy(timeout=patience()) if here.world > 1 else "auto",
        # named, as Fabric would take a batch job for its launcher
        plugins=TorchElasticEnvironment() if here.launched else LightningEnvironment(),
        precision=config.precision,
    )


def step_size(config: Config, player: str, epoch: int) -> float:
    """Adam's. ``lr`` and ``t_lr`` are halved every ``lr_halve_every`` epochs; a ``d_lr`` of their own is not, so that the
    discriminators keep up with generators that slow down (two time-scales, Heusel et al. 2017)."""
    if player == "discriminators" and config.d_lr:
        return config.d_lr
    halvings = epoch // config.lr_halve_every if config.lr_halve_every else 0
    return (config.t_lr if player == "posterior" else config.lr) * 0.5**halvings


class Trainer:
    """The state of one training in memory: model, optimisers, averaged weights, sums for the next metrics line.

    Args:
        speed: which of ``speed.SPEED_UPS``; no result depends on it but by rounding.
    """

    def __init__(self, config: Config, data: Domains, fabric: "Fabric", speed: str = "auto"):
        self.config, self.data, self.fabric = config, data, fabric
        self.speed = chosen(speed, fabric.device.type)
        if "graph" in self.speed and fabric.world_size > 1:
            raise RunError(
                f"speed=graph is for one process, and there are {fabric.world_size}; leave graph out"
            )
        if "keep_memory" in self.speed:
            keep_memory()
        self.model = build(config).to(fabric.device)
        self.layout = torch.channels_last if "channels_last" in self.speed else torch.contiguous_format
        arrange(self.model, products="products" in self.speed, channels_last="channels_last" in self.speed)
        self.players = self.model.player_parameters()
        self.static = StaticStep(self._play_static) if "graph" in self.speed else None
        self.early: dict[Tensor, torch.optim.Adam] = {}
        self.optimizers = {name: self._adams(name) for name in self.players}
        self.ema = {name: p.detach().clone() for name, p in self.players["generators"].items()}
        self.sums: dict[str, Tensor] = {}
        self.summed = 0
        self.noise_names: tuple[str, ...] = ()

    def _adams(self, player: str) -> list[torch.optim.Adam]:
        """The player's optimiser, and with ``early`` one more for each large weight, which steps by itself as soon as the
        backward pass has its gradient; the gradient then goes, so that never all of them are in memory."""
        parameters = list(self.players[player].values())
        alone = "early" in self.speed and self.fabric.world_size == 1 and self.static is None
        large = [p for p in parameters if alone and p.numel() > LARGE]
        for p in large:
            p.register_post_accumulate_grad_hook(self._step_now)
        self.early |= {p: self._adam(player, [p]) for p in large}
        rest = [p for p in parameters if p not in self.early]
        return [*([self._adam(player, rest)] if rest else []), *(self.early[p] for p in large)]

    def _adam(self, player: str, parameters: list[Tensor]) -> torch.optim.Adam:
        recorded = self.static is not None and self.fabric.device.type == "cuda"
        lr = step_size(self.config, player, 0)
        adam = torch.optim.Adam(
            parameters,
            # a recording knows addresses, not numbers
            lr=torch.tensor(lr, device=self.fabric.device) if recorded else lr,
            betas=BETAS,
            weight_decay=self.config.weight_decay,
            fused="fused" in self.speed,
            capturable=recorded,
        )
        # Now, not at the first step as Adam would: between the passing tensors of a step, what stays leaves holes.
        for p in parameters:
            where = p.device if "fused" in self.speed or recorded else "cpu"
            adam.state[p] = {"step": torch.zeros((), device=where)}
            adam.state[p] |= {key: torch.zeros_like(p) for key in ("exp_avg", "exp_avg_sq")}
        return adam

    def _step_now(self, p: Tensor) -> None:
        self.early[p].step()
        p.grad = None

    # --- one epoch --------------------------------------------------------------------------------------------

    def update(self, epoch: int) -> None:
        """One update of every player on one batch; ``epoch`` counts from 0."""
        x1, x2, noise = self.inputs(epoch)
        self._set_learning_rates(epoch)
        if self.static is None:
            self._play(x1, x2, noise)
        else:
            self.noise_names = tuple(noise)
            self.static(x1, x2, *noise.values())
        self.summed += 1

    def inputs(self, epoch: int) -> tuple[Tensor, Tensor, Noise]:
        """This process's share of the epoch's batch and noise, on the device."""
        c, fabric = self.config, self.fabric
        share = c.batch // fabric.world_size
        samples = range(fabric.global_rank * share, (fabric.global_rank + 1) * share)
        batch = self.data.batch(epoch, c.batch, c.seed, rank=fabric.global_rank, world=fabric.world_size)
        return *(self._to_device(x) for x in batch), self.model.noise(epoch, samples)

    def _to_device(self, x: Tensor) -> Tensor:
        weight = self.model.generator1.layers[-2].weight
        if weight.device.type == "cuda":
            x = x.pin_memory()  # from other memory a copy would wait until the device has finished
        return x.to(weight.device, weight.dtype, non_blocking=True, memory_format=self.layout)

    def _play_static(self, x1: Tensor, x2: Tensor, *noise: Tensor) -> None:
        self._play(x1, x2, dict(zip(self.noise_names, noise, strict=True)))

    def _play(self, x1: Tensor, x2: Tensor, noise: Noise) -> None:
        """All that an epoch does on the device; nothing here waits for it."""
        model, whole = self.model, False
        with self.fabric.autocast():
            step = model.there(x1, x2, noise)
        for player in self.players:
            if model.looks_back(player) and not whole:  # not before: it would lie in memory while D learns
                with self.fabric.autocast():
                    step, whole = model.back(step, noise), True
            for repetition in range(self.config.t_steps if player == "posterior" else 1):
                with self.fabric.autocast():
                    if player == "posterior":
                        parts = model.posterior_losses(step, noise, repetition)
                    else:
                        parts = model.player_losses(player, step, noise)
                self._step(player, parts["loss"])
            self._count(player, parts)
        torch._foreach_lerp_(
            list(self.ema.values()),
            [p.detach() for p in self.players["generators"].values()],
            1 - self.config.ema,
        )

    def _step(self, player: str, loss: Tensor) -> None:
        parameters = list(self.players[player].values())
        for p in parameters:
            p.grad = None
        self.fabric.backward(loss)
        if (
            self.fabric.world_size > 1
        ):  # one message a player and update: the mean of the processes' gradients
            gradients = [p.grad for p in parameters]
            mean = self.fabric.all_reduce(torch.cat([g.flatten() for g in gradients]), reduce_op="mean")
            for g, m in zip(gradients, mean.split([g.numel() for g in gradients]), strict=True):
                g.copy_(m.view_as(g))
        for optimizer in self.optimizers[player]:
            optimizer.step()  # passes over what has no gradient: those that stepped early
        for p in parameters:
            p.grad = None

    def _set_learning_rates(self, epoch: int) -> None:
        for player, optimizers in self.optimizers.items():
            lr = step_size(self.config, player, epoch)
            for group in (optimizer.param_groups[0] for optimizer in optimizers):
                if isinstance(group["lr"], Tensor):
                    group["lr"].fill_(lr)
                else:
                    group["lr"] = lr

    def _state(self, player: str, p: Tensor) -> dict:
        """Adam's, of a parameter: empty before its first step."""
        optimizer = self.early.get(p) or self.optimizers[player][0]
        return optimizer.state[p]

    def _count(self, player: str, parts: dict[str, Tensor]) -> None:
        """Add to the sums on the device, so that the step never waits for it."""
        for name, value in parts.items():
            key, value = f"{player}/{name}", value.detach().double()
            if key in self.sums:
                self.sums[key] += value
            else:
                self.sums[key] = value.clone()

    # --- what is written down ---------------------------------------------------------------------------------

    def means(self) -> dict[str, float]:
        """Means since the last metrics line; over all processes."""
        if not self.summed:
            return {}
        names = list(self.sums)
        values = torch.stack(list(self.sums.values())) / self.summed
        if self.fabric.world_size > 1:
            values = self.fabric.all_reduce(values, reduce_op="mean")
        return dict(zip(names, values.tolist(), strict=True))

    def forget(self) -> None:
        self.summed = 0
        for total in self.sums.values():
            total.zero_()  # in place: a recorded step adds to this very memory

    def healthy(
        self, epoch: int, latest: Callable[[], int | None] = lambda: None, *, everything: bool = True
    ) -> None:
        """Refuse to go on, or to write a checkpoint, with NaN or infinite losses, weights, averages or optimiser state.

        Args:
            latest: gives the epoch of the newest checkpoint, for the sentence.
            everything: whether averages and optimiser state are looked at too, as before a checkpoint; that takes thrice
                as long as losses and weights.
        """
        bad = not_finite(self.means())
        if not bad:
            whole = self.tensors()
            looked_at = whole.values() if everything else [whole["weights"]]
            flags: dict[
                torch.device, list[Tensor]
            ] = {}  # one question to each device, not one to each tensor
            for t in (t for named in looked_at for t in named.values()):
                flags.setdefault(t.device, []).append(t.isfinite().all())
            if not all(torch.stack(found).all() for found in flags.values()):
                bad = [name for named in looked_at for name, t in named.items() if not t.isfinite().all()]
        if bad:
            kept = latest()
            safe = (
                "there is no checkpoint yet"
                if kept is None
                else f"the last good checkpoint is kept, that of epoch {kept:,}"
            )
            raise RunError(
                f"training diverged by epoch {epoch}: {', '.join(bad[:5])} not finite; {safe}; "
                "lower lr, or look at the penalty and its scale"
            )

    def tensors(self) -> dict[str, dict[str, Tensor]]:
        """Everything that a continued run needs, by file."""
        optimizer = {}
        for player, parameters in self.players.items():
            for name, p in parameters.items():
                for key, value in self._state(player, p).items():
                    optimizer[f"{player}.{name}.{key}"] = value
        return {"weights": dict(self.model.state_dict()), "ema": self.ema, "optimizer": optimizer}

    def state(self) -> dict:
        """The sums of the metrics line in progress, as means over the processes; called by all of them."""
        values = list(self.sums.values())
        if values and self.fabric.world_size > 1:
            values = self.fabric.all_reduce(torch.stack(values), reduce_op="mean").unbind()
        return {
            "summed": self.summed,
            "sums": {k: v.item() for k, v in zip(self.sums, values, strict=True)},
        }

    def restore(self, run: Run, epoch: int) -> None:
        """Continue from a checkpoint, to the bit."""
        load_weights(self.model.state_dict(), run.load("weights", epoch), run.checkpoint(epoch))
        load_weights(self.ema, run.load("ema", epoch), run.checkpoint(epoch))
        saved, source = run.load("optimizer", epoch), run.checkpoint(epoch) / "optimizer.safetensors"
        check_tensors(self.tensors()["optimizer"], saved, source)
        for player, parameters in self.players.items():
            for name, p in parameters.items():
                state = {key: saved[f"{player}.{name}.{key}"] for key in ("step", "exp_avg", "exp_avg_sq")}
                if state["step"] < 0 or (state["exp_avg_sq"] < 0).any():
                    raise RunError(
                        f"{source} holds a square or a count below 0, in {player}.{name}: take an earlier checkpoint"
                    )
                # a fused step wants its counter on the parameter's device; a copy, because the file is memory-mapped
                self._state(player, p).update(
                    {key: value.to(p.device, copy=True) for key, value in state.items()}
                )
        state = run.state(epoch)
        self.summed = state["summed"]
        self.sums = {
            k: torch.tensor(v, dtype=torch.float64, device=self.fabric.device)
            for k, v in state["sums"].items()
        }
