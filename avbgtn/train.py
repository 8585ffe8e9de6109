"""The one training loop, for every model of the book.

An *epoch* here is what the paper calls one: **one update of every player on one batch** (the configuration file of
UNIT's code calls its iterations epochs; 50,000 passes over CelebA at batch 1 would be 1.5 thousand million updates).

The loop reads: draw the batch and the noise, run every network once, update each adversary on detached tensors, update
the generators on the same tensors with their graph, average the weights, and now and then write something down.
"""

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import torch
from lightning_fabric import Fabric
from torch import Tensor
from tqdm import tqdm

from .avb_gtn import AVBGTN
from .config import Config
from .data import Domains
from .monitor import Monitor, alarms, not_finite
from .provenance import provenance
from .runs import Run, RunError, load_weights
from .unit import UNIT

MODELS = {"unit": UNIT, "avb_gtn": AVBGTN}
BETAS = (0.5, 0.999)  # of Adam, for every player, as in UNIT's code


class Interrupted(KeyboardInterrupt):
    """SIGTERM or Ctrl-C: a checkpoint was saved, the same command continues. The command line exits with EXIT_CODE."""

    EXIT_CODE = 75  # "temporary failure, try again" of sysexits.h: a batch system can requeue on it


def build(config: Config) -> UNIT:
    """The model of a config, with its initial weights."""
    model = MODELS[config.model](config)
    return model.double() if config.precision == "64-true" else model


def make_fabric(config: Config, devices: int = 1) -> Fabric:
    """Device, precision and processes, by Lightning Fabric; under ``torchrun`` it joins the processes already there."""
    return Fabric(
        accelerator=config.device, devices=devices, strategy="ddp" if devices > 1 else "auto", precision=config.precision
    )


class Trainer:
    """The state of one training in memory: model, optimisers, averaged weights, sums for the next metrics line."""

    def __init__(self, config: Config, data: Domains, fabric: Fabric):
        self.config, self.data, self.fabric = config, data, fabric
        if config.batch % fabric.world_size:
            raise RunError(f"batch must be a multiple of the {fabric.world_size} processes, got {config.batch}")
        self.model = build(config).to(fabric.device)
        self.players = self.model.player_parameters()
        self.optimizers = {
            name: torch.optim.Adam(
                parameters.values(), lr=config.t_lr if name == "posterior" else config.lr, betas=BETAS,
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
        torch._foreach_lerp_(list(self.ema.values()), [p.detach() for p in self.players["generators"].values()], 1 - c.ema)
        self.summed += 1

    def _step(self, player: str, loss: Tensor) -> None:
        optimizer = self.optimizers[player]
        optimizer.zero_grad(set_to_none=True)
        self.fabric.backward(loss)
        if self.fabric.world_size > 1:  # one message a player and update: the mean of the processes' gradients
            gradients = [p.grad for p in self.players[player].values()]
            mean = self.fabric.all_reduce(torch.cat([g.flatten() for g in gradients]), reduce_op="mean")
            for g, m in zip(gradients, mean.split([g.numel() for g in gradients]), strict=True):
                g.copy_(m.view_as(g))
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    def _set_learning_rates(self, epoch: int) -> None:
        c = self.config
        factor = 0.5 ** (epoch // c.lr_halve_every) if c.lr_halve_every else 1.0
        for player, optimizer in self.optimizers.items():
            optimizer.param_groups[0]["lr"] = factor * (c.t_lr if player == "posterior" else c.lr)

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
        bad += [name for name, p in self.model.named_parameters() if not torch.isfinite(p).all()][: 0 if bad else 3]
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
        return {"summed": self.summed, "sums": {k: v.item() for k, v in self.sums.items()}}

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
                self.optimizers[player].state[p] = {key: value.to(p.device, copy=True) for key, value in state.items()}
        state = run.state(epoch)
        self.summed = state["summed"]
        self.sums = {k: torch.tensor(v, dtype=torch.float64, device=self.fabric.device) for k, v in state["sums"].items()}


def train(
    config: Config,
    data: Domains,
    *,
    epochs: int,
    run_dir: str | Path | None = None,
    keep: Iterable[int] = (),
    log_every: int = 50,
    measure_every: int = 200,
    save_minutes: float = 1.0,
    devices: int = 1,
    say: Callable[[str], None] = print,
) -> Run:
    """Train, or go on training, the run of ``config`` up to ``epochs``.

    Args:
        epochs: updates of every player, in all; may grow from call to call, not shrink.
        run_dir: an explicit run folder; by default it follows from the config.
        keep: epochs whose weights stay in the folder (for figures along the training).
        log_every: epochs a metrics line; alarms are raised there.
        measure_every: epochs between scores on validation images, a multiple of ``log_every``.
        save_minutes: how much work a crash may cost.
        say: where lines for people go.

    Raises:
        RunError: the folder holds another run, is in use, full or damaged; the training diverged; epochs shrank.
        Interrupted: SIGTERM or Ctrl-C, after a checkpoint was saved.
    """
    fabric = make_fabric(config, devices)
    fabric.launch()
    first = fabric.is_global_zero
    run = Run.create(config, run_dir) if first else None
    fabric.barrier()
    run = run or Run.create(config, run_dir)
    if not first:
        return _train(run, config, data, fabric, epochs, keep, log_every, measure_every, save_minutes, lambda text: None)
    with run.locked():
        return _train(run, config, data, fabric, epochs, keep, log_every, measure_every, save_minutes, say)


def _train(run, config, data, fabric, epochs, keep, log_every, measure_every, save_minutes, say) -> Run:
    done = run.latest() or 0
    if done > epochs:
        raise RunError(f"epochs may grow, not shrink: {run.path} has {done:,} epochs, got epochs={epochs:,}; ask for at least {done:,}")
    first = fabric.is_global_zero
    if first:
        _note_start(run, done, fabric, say)
    if done == epochs:
        say(f"{run.path.name}: all {epochs:,} epochs are there, nothing to train")
        return run

    trainer = Trainer(config, data, fabric)
    if done:
        trainer.restore(run, done)
        say(f"{run.path.name}: continues from epoch {done:,}")
    if first:
        run.cut_after(done)
    fabric.barrier()
    monitor = Monitor.of(data) if first else None
    keep = tuple(sorted({int(k) for k in keep} | {epochs}))
    clock = _Clock()
    say_every = max(log_every, -(-epochs // 20 // log_every) * log_every)

    def save(epoch: int) -> None:
        trainer.healthy(epoch)
        if first:
            run.save(epoch, trainer.tensors(), trainer.state(), keep=keep)
        clock.saved()
        fabric.barrier()

    with _Signals() as signals, tqdm(total=epochs, initial=done, disable=not (first and sys.stderr.isatty())) as bar:
        for epoch in range(done, epochs):
            trainer.update(epoch)
            now = epoch + 1
            bar.update()
            if now % log_every == 0 or now == epochs:
                line = _metrics_line(trainer, monitor, now, measure=now % measure_every == 0 or now == epochs)
                if first:
                    run.append("metrics.jsonl", line)
                    run.append("timings.jsonl", clock.line(now, fabric))
                    for alarm in line.get("alarms", []):
                        bar.write(f"  alarm at epoch {now:,}: {alarm}", file=sys.stdout)
                    if now % say_every == 0 or now == epochs:
                        say(_line_for_people(line, epochs, clock.seconds / (now - done)))
                trainer.forget()
            stop = signals.received if fabric.world_size == 1 else _agree(fabric, signals.received, now)
            if now == epochs or now in keep or stop or clock.due(save_minutes, fabric, now):
                save(now)
            if stop and now < epochs:
                raise Interrupted(f"{run.path.name}: stopped at epoch {now:,}, checkpoint saved; the same command continues")
    return run


def _metrics_line(trainer: Trainer, monitor: Monitor | None, epoch: int, *, measure: bool) -> dict:
    """Means of the losses since the last line, scores now and then, alarms; the same to the bit for the same run."""
    trainer.healthy(epoch)
    line = {"epoch": epoch, **trainer.means()}
    if measure and monitor is not None:
        line |= monitor.measure(trainer.model, trainer.ema)
    if found := alarms(line):
        line["alarms"] = found
    return line


def _line_for_people(line: dict, epochs: int, seconds: float) -> str:
    parts = [f"epoch {line['epoch']:>6,}/{epochs:,}", f"generators {line['generators/loss']:7.3f}", f"D {line['discriminators/loss']:7.3f}"]
    if "posterior/loss" in line:
        parts.append(f"T {line['posterior/loss']:.2e}")
    if "val_ema/l1_whole_12" in line:
        parts.append(f"L1 to the twin (EMA) {(line['val_ema/l1_whole_12'] + line['val_ema/l1_whole_21']) / 2:.4f}")
    return "  ".join([*parts, f"{seconds:.3f} s an epoch"])


def _note_start(run: Run, done: int, fabric: Fabric, say) -> None:
    entry = provenance(fabric.device) | {"from_epoch": done, "processes": fabric.world_size}
    earlier = run.provenance()
    if earlier and earlier[-1]["revision"] != entry["revision"]:
        say(f"warning: {run.path.name} was trained by revision {earlier[-1]['revision']}, this is {entry['revision']}; continuing")
    run.add_provenance(entry)


def _agree(fabric: Fabric, received: bool, epoch: int) -> bool:
    """All processes stop at the same epoch: they ask each other every tenth one."""
    if epoch % 10:
        return False
    return bool(fabric.all_reduce(torch.tensor(float(received), device=fabric.device), reduce_op="sum") > 0)


class _Clock:
    """Times of this process; kept apart from the metrics, which must not depend on them."""

    def __init__(self):
        self.start, self.cpu, self.last_save = time.perf_counter(), time.process_time(), time.perf_counter()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.start

    def saved(self) -> None:
        self.last_save = time.perf_counter()

    def due(self, minutes: float, fabric: Fabric, epoch: int) -> bool:
        if fabric.world_size > 1:
            late = float(time.perf_counter() - self.last_save > 60 * minutes)
            return epoch % 10 == 0 and bool(fabric.broadcast(late))
        return time.perf_counter() - self.last_save > 60 * minutes

    def line(self, epoch: int, fabric: Fabric) -> dict:
        line = {"epoch": epoch, "seconds": round(self.seconds, 3), "cpu_seconds": round(time.process_time() - self.cpu, 3)}
        if fabric.device.type == "cuda":
            line["peak_gpu_mib"] = round(torch.cuda.max_memory_allocated(fabric.device) / 2**20, 1)
        return line


class _Signals:
    """Turn SIGTERM and SIGINT into a flag, read between two epochs; a second Ctrl-C interrupts at once."""

    def __init__(self):
        self.received, self.old = False, {}

    def __enter__(self) -> "_Signals":
        if threading.current_thread() is threading.main_thread():  # Python delivers signals to no other
            self.old = {s: signal.signal(s, self._note) for s in (signal.SIGTERM, signal.SIGINT)}
        return self

    def _note(self, number, frame) -> None:
        if self.received and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.received = True

    def __exit__(self, *exception) -> None:
        for s, handler in self.old.items():
            signal.signal(s, handler)
