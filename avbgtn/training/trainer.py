"""One epoch of training, and everything that a continued run must remember.

The step reads: draw the batch and the noise, run every network once, update each adversary on detached
tensors, update the generators on the same tensors with their graph, average the weights. Who plays is the
model's to say (:meth:`avbgtn.models.unit.UNIT.players`), their updates are in ``optimisers.py``, the loop
around an epoch is in ``train.py``, and what makes it fast is listed in ``config/speed.py``.
"""

import os
from collections.abc import Callable

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments import LightningEnvironment, TorchElasticEnvironment
from lightning_fabric.strategies import DDPStrategy
from torch import Tensor

from ..config import Config
from ..config.speed import chosen
from ..data import Domains
from ..errors import RunError
from ..models import build
from ..models.convolution import arrange
from ..models.step import Noise
from ..runs import Run
from ..runs.tensor_files import check_tensors, load_weights
from .cuda_graph import StaticStep
from .memory import keep_memory
from .monitor import not_finite
from .optimisers import Optimisers
from .processes import ALONE, Place, patience


def make_fabric(config: Config, here: Place = ALONE) -> Fabric:
    """Device, precision and processes, by Lightning Fabric; it joins what torchrun or fabric run started."""
    return Fabric(
        accelerator=config.device,
        devices="auto" if "LT_DEVICES" in os.environ else here.here,  # fabric run may name the GPUs
        num_nodes=here.machines,
        strategy=DDPStrategy(timeout=patience()) if here.world > 1 else "auto",
        # named, as Fabric would take a batch job for its launcher
        plugins=TorchElasticEnvironment() if here.launched else LightningEnvironment(),
        precision=config.precision,
    )


class Trainer:
    """A training's state in memory: model, optimisers, averaged weights, sums for the next metrics line.

    Args:
        speed: which of ``speed.SPEED_UPS``; no result depends on it but by rounding.
    """

    def __init__(self, config: Config, data: Domains, fabric: Fabric, speed: str = "auto"):
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
        self.static = StaticStep(self._play_static) if "graph" in self.speed else None
        self.optimisers = Optimisers(self.model, config, fabric, self.speed)
        self.players = self.optimisers.players
        self.averaged = self.optimisers.parameters["generators"]  # whose averages are kept
        self.ema = {name: p.detach().clone() for name, p in self.averaged.items()}
        self.sums: dict[str, Tensor] = {}
        self.summed = 0
        self.noise_names: tuple[str, ...] = ()

    # --- one epoch ------------------------------------------------------------------------------------------

    def update(self, epoch: int) -> None:
        """One update of every player on one batch; ``epoch`` counts from 0."""
        x1, x2, noise = self.inputs(epoch)
        self.optimisers.set_step_sizes(epoch)
        if self.static is None:
            self._play(x1, x2, noise)
        else:
            self.noise_names = tuple(noise)
            self.static(x1, x2, *noise.values())
        self._average(epoch)
        self.summed += 1

    def _average(self, epoch: int) -> None:
        weights = [p.detach() for p in self.averaged.values()]
        torch._foreach_lerp_(list(self.ema.values()), weights, 1 - self.config.averaging(epoch))

    def inputs(self, epoch: int) -> tuple[Tensor, Tensor, Noise]:
        """This process's share of the epoch's batch and noise, on the device."""
        c, fabric = self.config, self.fabric
        share = c.batch // fabric.world_size
        samples = range(fabric.global_rank * share, (fabric.global_rank + 1) * share)
        batch = self.data.batch(epoch, c.batch, c.seed, rank=fabric.global_rank, world=fabric.world_size)
        return *(self._to_device(x) for x in batch), self.model.noise(epoch, samples)

    def _to_device(self, x: Tensor) -> Tensor:
        if self.model.device.type == "cuda":
            x = x.pin_memory()  # from other memory a copy would wait until the device has finished
        return x.to(self.model.device, self.model.dtype, non_blocking=True, memory_format=self.layout)

    def _play_static(self, x1: Tensor, x2: Tensor, *noise: Tensor) -> None:
        self._play(x1, x2, dict(zip(self.noise_names, noise, strict=True)))

    def _play(self, x1: Tensor, x2: Tensor, noise: Noise) -> None:
        """All that an epoch does on the device; nothing here waits for it."""
        model, whole = self.model, False
        with self.fabric.autocast():
            step = model.there(x1, x2, noise)
        for name, player in self.players.items():
            if player.looks_back and not whole:  # not before: it would lie in memory while D learns
                with self.fabric.autocast():
                    step, whole = model.back(step, noise), True
            for update in range(player.updates):
                with self.fabric.autocast():
                    parts = player.losses(step, noise, update)
                self.optimisers.update(name, parts["loss"])
            self._count(name, parts)

    def _count(self, player: str, parts: dict[str, Tensor]) -> None:
        """Add to the sums on the device, so that the step never waits for it."""
        for name, value in parts.items():
            key, value = f"{player}/{name}", value.detach().double()
            if key in self.sums:
                self.sums[key] += value
            else:
                self.sums[key] = value.clone()

    # --- what is written down -------------------------------------------------------------------------------

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
        """Refuse to go on, or to save, with NaN or infinite losses, weights, averages or optimiser state.

        Args:
            latest: gives the epoch of the newest checkpoint, for the sentence.
            everything: whether averages and optimiser state are looked at too, as before a checkpoint; that
                takes thrice as long as losses and weights.
        """
        bad = not_finite(self.means())
        if not bad:
            whole = self.tensors()
            looked_at = whole.values() if everything else [whole["weights"]]
            # one question to each device, not one to each tensor
            flags: dict[torch.device, list[Tensor]] = {}
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
        weights = dict(self.model.state_dict())
        return {"weights": weights, "ema": self.ema, "optimizer": self.optimisers.tensors()}

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
        check_tensors(self.optimisers.tensors(), saved, source)
        self.optimisers.restore(saved, source)
        state = run.state(epoch)
        self.summed = state["summed"]
        self.sums = {
            k: torch.tensor(v, dtype=torch.float64, device=self.fabric.device)
            for k, v in state["sums"].items()
        }
