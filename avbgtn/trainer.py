"""One epoch of training, and everything that a continued run must remember.

The step reads: draw the batch and the noise, run every network once, update each adversary on detached tensors,
update the generators on the same tensors with their graph, average the weights. The loop around it is in ``train.py``.
"""

import torch
from lightning_fabric import Fabric
from torch import Tensor

from .avb_gtn import AVBGTN
from .config import Config
from .data import Domains
from .monitor import not_finite
from .runs import Run
from .storage import RunError, load_weights
from .unit import UNIT

MODELS = {"unit": UNIT, "avb_gtn": AVBGTN}
BETAS = (0.5, 0.999)  # of Adam, for every player, as in UNIT's code


def build(config: Config) -> UNIT:
    """The model of a config, with its initial weights."""
    model = MODELS[config.model](config)
    return model.double() if config.precision == "64-true" else model


def make_fabric(config: Config, devices: int = 1) -> Fabric:
    """Device, precision and processes, by Lightning Fabric; under ``torchrun`` it joins the processes already there."""
    return Fabric(
        accelerator=config.device,
        devices=devices,
        strategy="ddp" if devices > 1 else "auto",
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
    """The state of one training in memory: model, optimisers, averaged weights, sums for the next metrics line."""

    def __init__(self, config: Config, data: Domains, fabric: Fabric):
        self.config, self.data, self.fabric = config, data, fabric
        if config.batch % fabric.world_size:
            raise RunError(
                f"batch must be a multiple of the {fabric.world_size} processes, got {config.batch}"
            )
        self.model = build(config).to(fabric.device)
        self.players = self.model.player_parameters()
        self.optimizers = {
            name: torch.optim.Adam(
                parameters.values(), lr=step_size(config, name, 0), betas=BETAS,
                weight_decay=config.weight_decay, fused=True,
            )
            for name, parameters in self.players.items()
        }  # fmt: skip
        self.ema = {name: p.detach().clone() for name, p in self.players["generators"].items()}
        self.sums: dict[str, Tensor] = {}
        self.summed = 0

    # --- one epoch --------------------------------------------------------------------------------------------

    def update(self, epoch: int) -> None:
        """One update of every player on one batch; ``epoch`` counts from 0."""
        c, fabric = self.config, self.fabric
        share = c.batch // fabric.world_size
        samples = range(fabric.global_rank * share, (fabric.global_rank + 1) * share)
        x1, x2 = self.data.batch(epoch, c.batch, c.seed, rank=fabric.global_rank, world=fabric.world_size)
        weight = self.model.generator1.layers[-2].weight
        x1, x2 = x1.to(weight), x2.to(weight)
        noise = self.model.noise(epoch, samples)
        self._set_learning_rates(epoch)

        with fabric.autocast():
            step = self.model.step(x1, x2, noise)
        for player in self.players:
            for repetition in range(c.t_steps if player == "posterior" else 1):
                with fabric.autocast():
                    if player == "posterior":
                        parts = self.model.posterior_losses(step, noise, repetition)
                    else:
                        parts = self.model.player_losses(player, step, noise)
                self._step(player, parts["loss"])
            self._count(player, parts)
        torch._foreach_lerp_(
            list(self.ema.values()), [p.detach() for p in self.players["generators"].values()], 1 - c.ema
        )
        self.summed += 1

    def _step(self, player: str, loss: Tensor) -> None:
        optimizer = self.optimizers[player]
        optimizer.zero_grad(set_to_none=True)
        self.fabric.backward(loss)
        if (
            self.fabric.world_size > 1
        ):  # one message a player and update: the mean of the processes' gradients
            gradients = [p.grad for p in self.players[player].values()]
            mean = self.fabric.all_reduce(torch.cat([g.flatten() for g in gradients]), reduce_op="mean")
            for g, m in zip(gradients, mean.split([g.numel() for g in gradients]), strict=True):
                g.copy_(m.view_as(g))
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    def _set_learning_rates(self, epoch: int) -> None:
        for player, optimizer in self.optimizers.items():
            optimizer.param_groups[0]["lr"] = step_size(self.config, player, epoch)

    def _count(self, player: str, parts: dict[str, Tensor]) -> None:
        """Add to the sums on the device, so that the step never waits for it."""
        for name, value in parts.items():
            key, value = f"{player}/{name}", value.detach().double()
            self.sums[key] = self.sums[key] + value if key in self.sums else value

    # --- what is written down ---------------------------------------------------------------------------------

    def means(self) -> dict[str, float]:
        """Means since the last metrics line; over all processes."""
        names = list(self.sums)
        if not names:
            return {}
        values = torch.stack(list(self.sums.values())) / self.summed
        if self.fabric.world_size > 1:
            values = self.fabric.all_reduce(values, reduce_op="mean")
        return dict(zip(names, values.tolist(), strict=True))

    def forget(self) -> None:
        self.sums, self.summed = {}, 0

    def healthy(self, epoch: int) -> None:
        """Refuse to go on, or to write a checkpoint, with NaN or infinite losses or weights."""
        bad = not_finite(self.means())
        if not bad and not torch.stack([p.isfinite().all() for p in self.model.parameters()]).all():
            bad = [name for name, p in self.model.named_parameters() if not p.isfinite().all()]
        if bad:
            raise RunError(
                f"training diverged by epoch {epoch}: {', '.join(bad[:5])} not finite; the last good checkpoint is kept; "
                "lower lr, or look at the penalty and its scale"
            )

    def tensors(self) -> dict[str, dict[str, Tensor]]:
        """Everything that a continued run needs, by file."""
        optimizer = {}
        for player, parameters in self.players.items():
            for name, p in parameters.items():
                for key, value in self.optimizers[player].state[p].items():
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
        saved = run.load("optimizer", epoch)
        for player, parameters in self.players.items():
            for name, p in parameters.items():
                keys = ("step", "exp_avg", "exp_avg_sq")
                state = {key: saved[f"{player}.{name}.{key}"] for key in keys}
                # a fused step wants its counter on the parameter's device; a copy, because the file is memory-mapped
                self.optimizers[player].state[p] = {
                    key: value.to(p.device, copy=True) for key, value in state.items()
                }
        state = run.state(epoch)
        self.summed = state["summed"]
        self.sums = {
            k: torch.tensor(v, dtype=torch.float64, device=self.fabric.device)
            for k, v in state["sums"].items()
        }
