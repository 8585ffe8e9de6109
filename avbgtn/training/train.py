"""The one training loop, for every model of the book.

An *epoch* here is what the paper calls one: **one update of every player on one batch** (the configuration
file of UNIT's code calls its iterations epochs; 50,000 passes over CelebA at batch 1 would be 1.5 thousand
million updates).

The epoch itself is in ``trainer.py``; here is the loop around it: logs, checkpoints, signals, and what is
said of them.
"""

import os
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path

import torch
from lightning_fabric import Fabric
from tqdm import tqdm

from ..config import Config
from ..data import Domains
from ..errors import ReadOnlyError, RunError, SharedError, one_sentence
from ..runs import Run
from ..runs.provenance import provenance
from ..runs.saver import Saver
from ..runs.tensor_files import read_header
from ..runs.weights_files import check_fit
from .monitor import Monitor, alarms
from .processes import SAVED, Interrupted, Signals, check_fabric_run, not_alone, place, together
from .trainer import Trainer, make_fabric


@one_sentence()
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
    speed: str = "auto",
    say: Callable[[str], None] = print,
) -> Run:
    """Train, or go on training, the run of ``config`` up to ``epochs``; where torchrun or fabric run started
    this process, together with the others that they started (see ``processes.py``).

    Args:
        epochs: updates of every player, in all; may grow from call to call, not shrink.
        run_dir: an explicit run folder; by default it follows from the config.
        keep: epochs whose weights stay in the folder (for figures along the training).
        log_every: epochs per metrics line; alarms are raised there.
        measure_every: epochs between scores on validation images, a multiple of ``log_every``.
        save_minutes: how much work a crash may cost.
        speed: which of ``speed.SPEED_UPS``; ``"auto"`` is what was measured faster on the device.
        say: where lines for people go; those of the first process.

    Raises:
        ConfigError: the batch cannot be shared equally by the processes.
        RunError: the folder holds another run, is in use, full or damaged; the training diverged; epochs
            shrank; another process was lost.
        Interrupted: SIGTERM or Ctrl-C, after a checkpoint was saved.
    """
    here = place()
    here.check(config.batch)
    check_fabric_run(config)
    with not_alone(here), ExitStack() as stack:
        fabric = make_fabric(config, here)
        if "LT_CLI_USED" not in os.environ:  # fabric run has launched it
            fabric.launch()
        run = together(fabric, lambda: _open(config, run_dir, epochs, stack) if here.first else None)
        folder = fabric.broadcast(run and str(run.path))
        run = together(fabric, lambda: run or _found(config, folder))
        return _train(
            run, config, data, fabric, epochs, keep, log_every, measure_every, save_minutes, speed,
            say if here.first else lambda text: None,
        )  # fmt: skip


def _open(config: Config, run_dir: str | Path | None, epochs: int, stack: ExitStack) -> Run:
    """The run folder, made or found, and held until the training ends."""
    run = Run.create(config, run_dir)
    try:
        stack.enter_context(run.locked())
    except ReadOnlyError:
        if run.latest() != epochs:  # a finished run is not written to, so it needs no lock
            raise
    return run


def _found(config: Config, folder: str) -> Run:
    """The run folder that the first process made, as the others find it."""
    if not (Path(folder) / "parameters.json").is_file():
        raise RunError(
            f"{folder} is not seen by every process: several machines need a run folder on a disk that they"
            " share; set AVBGTN_RUNS or run_dir"
        )
    return Run.create(config, folder)  # refuses the folder of other parameters


def _train(
    run, config, data, fabric, epochs, keep, log_every, measure_every, save_minutes, speed, say
) -> Run:
    done = fabric.broadcast(run.latest() or 0)
    if done > epochs:
        raise SharedError(
            f"epochs may grow, not shrink: {run.path} has {done:,} epochs, got epochs={epochs:,}; ask for at"
            f" least {done:,}"
        )
    first, run.say = fabric.is_global_zero, say
    if done:
        together(fabric, lambda: _check_checkpoint(run, done))
    if done == epochs:
        together(fabric, lambda: run.verify(done))
        say(f"{run.path.name}: all {epochs:,} epochs are there, nothing to train")
        return run

    trainer = Trainer(config, data, fabric, speed)

    def start() -> int:
        if done:
            trainer.restore(run, done)
        number = _note_start(run, done, fabric, trainer.speed, say) if first else 0
        if done:
            say(f"{run.path.name}: continues from epoch {done:,}")
        if first:
            run.tidy()
            run.cut_after(done)
        return number

    number = together(fabric, start)
    monitor = Monitor.of(data) if first else None
    keep = tuple(sorted({int(k) for k in keep} | {epochs}))
    clock, rung = _Clock(), set()
    say_every = max(log_every, -(-epochs // 20 // log_every) * log_every)

    def latest() -> int | None:
        if first:
            saver.finish()  # what is being written counts too
        return run.latest()

    def save(epoch: int, stop: bool) -> None:
        trainer.healthy(epoch, latest)
        state = trainer.state()
        if first:
            saver.save(epoch, trainer.tensors(), state)
            if epoch == epochs or epoch in keep or stop:  # whichever process was asked to
                saver.finish()  # before anybody is told
        clock.saved()

    try:
        with (
            Signals() as signals,
            Saver(run, keep, background="background" in trainer.speed) as saver,
            tqdm(total=epochs, initial=done, disable=not (first and sys.stderr.isatty())) as bar,
        ):
            for epoch in range(done, epochs):
                trainer.update(epoch)
                now = epoch + 1
                bar.update()
                if now % log_every == 0 or now == epochs:
                    line = _metrics_line(
                        trainer, monitor, now, latest, measure=now % measure_every == 0 or now == epochs
                    )
                    if first:
                        run.append("metrics.jsonl", line)
                        run.append("timings.jsonl", {"start": number, **clock.line(now, fabric)})
                        for alarm in line.get("alarms", []):  # each kind once; the metrics keep them all
                            if (kind := alarm.split(":")[0]) not in rung:
                                say(f"  alarm at epoch {now:,}: {alarm}")
                                rung.add(kind)
                        if now % say_every == 0 or now == epochs:
                            say(_line_for_people(line, epochs, clock.seconds / (now - done)))
                    trainer.forget()
                stop, due = _agree(fabric, now, signals.received, clock.due(save_minutes))
                if now == epochs or now in keep or stop or due:
                    together(fabric, lambda now=now, stop=stop: save(now, stop))
                if stop and now < epochs:
                    raise Interrupted(f"{run.path.name}: stopped at epoch {now:,}, {SAVED}")
    except Interrupted:
        raise
    except KeyboardInterrupt:  # a second Ctrl-C: at once, whatever was going on
        if (safe := run.latest()) is None:
            raise KeyboardInterrupt(
                f"{run.path.name}: interrupted before its first checkpoint was written"
            ) from None
        raise Interrupted(
            f"{run.path.name}: interrupted at once; the checkpoint of epoch {safe:,} is safe, the same"
            " command continues"
        ) from None
    return run


def _check_checkpoint(run: Run, epoch: int) -> None:
    """Refuse a checkpoint of other parameters, or a file that is none, before a model is built."""
    run.state(epoch)
    source = run.checkpoint(epoch) / "weights.safetensors"
    remedy = (
        "delete its folder and run again: training continues from the checkpoint before it, if there is one"
    )
    check_fit(run.config, read_header(source, remedy).shapes, source, generators=False)


def _metrics_line(
    trainer: Trainer, monitor: Monitor | None, epoch: int, latest: Callable[[], int | None], *, measure: bool
) -> dict:
    """Mean losses since the last line, scores now and then, alarms; the same to the bit for the same run."""
    together(trainer.fabric, lambda: trainer.healthy(epoch, latest, everything=False))
    line = {"epoch": epoch, **trainer.means()}
    if measure and monitor is not None:
        line |= monitor.measure(trainer.model, trainer.ema)
    if found := alarms(line, trainer.model.config.t_prior):
        line["alarms"] = found
    return line


def _line_for_people(line: dict, epochs: int, seconds: float) -> str:
    parts = [
        f"epoch {line['epoch']:>6,}/{epochs:,}",
        f"generators {line['generators/loss']:7.3f}",
        f"D {line['discriminators/loss']:7.3f}",
    ]
    if "posterior/loss" in line:
        parts.append(f"T {line['posterior/loss']:.2e}")
    if "val_ema/l1_whole_12" in line:
        parts.append(
            f"L1 to the twin (EMA) {(line['val_ema/l1_whole_12'] + line['val_ema/l1_whole_21']) / 2:.4f}"
        )
    return "  ".join([*parts, f"{seconds:.3f} s an epoch"])


def _note_start(run: Run, done: int, fabric: Fabric, speed: Iterable[str], say) -> int:
    """Write down where what follows comes from; returns the number of the start, from 1."""
    entry = provenance(fabric.device) | {
        "from_epoch": done,
        "processes": fabric.world_size,
        "speed": sorted(speed),
    }
    number, before = run.add_provenance(entry)
    earlier = before.get("revision", entry["revision"])
    if earlier != entry["revision"]:
        say(
            f"warning: {run.path.name} was trained by revision {earlier}, this is {entry['revision']};"
            " continuing"
        )
    return number


def _agree(fabric: Fabric, epoch: int, *flags: bool) -> tuple[bool, ...]:
    """Each flag, raised if any process raised it, so that all save and stop at the same epoch. On CPUs they
    ask each other at every epoch, because torchrun grants them 30 s to stop and epochs can be long; on GPUs
    at every tenth, because to ask is to wait for the device."""
    if fabric.world_size == 1:
        return flags
    if fabric.device.type != "cpu" and epoch % 10:
        return (False,) * len(flags)
    raised = fabric.all_reduce(
        torch.tensor(flags, dtype=torch.float32, device=fabric.device), reduce_op="sum"
    )
    return tuple((raised > 0).tolist())


class _Clock:
    """Times of this process; kept apart from the metrics, which must not depend on them."""

    def __init__(self):
        self.start, self.cpu, self.last_save = time.perf_counter(), time.process_time(), time.perf_counter()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.start

    def saved(self) -> None:
        self.last_save = time.perf_counter()

    def due(self, minutes: float) -> bool:
        return time.perf_counter() - self.last_save > 60 * minutes

    def line(self, epoch: int, fabric: Fabric) -> dict:
        line = {
            "epoch": epoch,
            "seconds": round(self.seconds, 3),
            "cpu_seconds": round(time.process_time() - self.cpu, 3),
        }
        if fabric.device.type == "cuda":
            line["peak_gpu_mib"] = round(torch.cuda.max_memory_allocated(fabric.device) / 2**20, 1)
        return line
