"""A run folder: everything one training leaves behind, written so that a crash at any moment costs little.

    runs/heads-quick-avb_gtn-1a2b3c4d/
        parameters.json     the Config, as given
        provenance.json     revision, versions, device, data checksum; one entry for every (re)start
        metrics.jsonl       one JSON object a line: what training measured; no times, so it is bit-reproducible
        timings.jsonl       one JSON object a line: seconds, memory
        checkpoints/epoch-00000400/{weights,ema,optimizer}.safetensors, state.json
        latest              one line: the name of the newest complete checkpoint
        lock                held by the one process that trains here

A checkpoint is written to a temporary folder, flushed to the disk, renamed, and only then named in ``latest``. All
tensors are ``safetensors`` and the rest is JSON: opening a checkpoint from the web cannot run code.
"""

import errno
import json
import shutil
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

from filelock import FileLock, SoftFileLock, Timeout
from safetensors.torch import save

from .config import Config
from .places import runs_root
from .storage import (
    RunError,
    Tensors,
    damaged,
    explained,
    flush_to_disk,
    json_text,
    read_tensors,
    sync_folder,
    write_atomically,
    write_durably,
)

FORMAT = 1  # of the folder; a reader refuses a newer one


# A disk that knows no locks says one of these.
NO_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP}


class SharedError(RunError):
    """An error that every process of a training raises in the same words; the first one is enough to say it."""


class Run:
    """One run folder. ``Run.create`` makes or continues one; ``Run(path)`` opens one to read.

    Raises:
        RunError: the folder is missing, holds another run, or is damaged; the sentence says which and what to do.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path).expanduser().resolve()
        file = self.path / "parameters.json"
        if not file.is_file():
            raise RunError(
                f"{self.path} is not a run folder: it has no parameters.json; give the folder that training printed"
            )
        try:
            stored = json.loads(file.read_text(encoding="utf-8"))
            if stored.get("format", 0) > FORMAT:
                raise RunError(
                    f"{self.path} was written by a newer avbgtn (format {stored['format']}, this one reads {FORMAT}); update avbgtn"
                )
            self.config = Config.from_dict(stored["config"])
        except (ValueError, KeyError, TypeError) as error:
            raise RunError(
                f"{file} cannot be read ({error}); restore it, or move the folder away to start afresh"
            ) from error

    @classmethod
    def create(cls, config: Config, path: str | Path | None = None) -> "Run":
        """The run folder of ``config``: made if new, continued if it is there, refused if it holds another run.

        Args:
            path: an explicit folder, or None for ``runs_root()/dataset-preset-model-fingerprint``.
        """
        name = f"{config.dataset}-{config.preset}-{config.model}-{config.fingerprint()}"
        folder = Path(path).expanduser().resolve() if path else runs_root() / name
        if folder.exists() and not folder.is_dir():
            raise RunError(f"run_dir must be a folder, {folder} is a file; give another name")
        if (folder / "parameters.json").exists():
            run = cls(folder)
            different = [
                f.name for f in fields(Config) if getattr(run.config, f.name) != getattr(config, f.name)
            ]
            if different:
                changes = ", ".join(
                    f"{k} = {getattr(run.config, k)!r} there and {getattr(config, k)!r} now"
                    for k in different
                )
                raise RunError(
                    f"{folder} holds another run: {changes}; choose another run_dir, or leave run_dir out"
                )
            return run
        ours = (
            "lock",
            "checkpoints",
            ".parameters.json.new",
        )  # what a start that was cut short may have left
        if folder.is_dir() and any(p.name not in ours for p in folder.iterdir()):
            raise RunError(
                f"{folder} is not empty and not a run folder (no parameters.json); choose another run_dir"
            )
        with explained(folder):
            folder.mkdir(parents=True, exist_ok=True)
            write_atomically(
                folder / "parameters.json", json_text({"format": FORMAT, "config": config.to_dict()})
            )
            (folder / "checkpoints").mkdir(exist_ok=True)
        return cls(folder)

    @contextmanager
    def locked(self):
        """Hold the folder for one training; a second process is refused. The lock dies with its process."""
        lock = FileLock(self.path / "lock", timeout=0)
        try:
            with explained(self.path):
                lock.acquire()
            if isinstance(lock, SoftFileLock):  # filelock's way out: a file, which outlives its process
                lock.release()
                raise NotImplementedError("flock is missing")
        except Timeout:
            raise RunError(
                f"{self.path} is in use by another process; wait for it, stop it, or choose another run_dir"
            ) from None
        except (NotImplementedError, OSError) as error:
            if isinstance(error, OSError) and error.errno not in NO_LOCKS:
                raise
            raise RunError(
                f"the disk of {self.path} cannot lock files ({error}), so nothing would keep two trainings apart; set AVBGTN_RUNS or run_dir to another disk"
            ) from error
        try:
            yield self
        finally:
            lock.release()

    # --- lines ------------------------------------------------------------------------------------------------

    def append(self, file: str, record: dict[str, Any]) -> None:
        """Add one JSON line to ``metrics.jsonl`` or ``timings.jsonl``."""
        with explained(self.path), open(self.path / file, "a", encoding="utf-8") as f:
            f.write(json.dumps(record) + "\n")

    def lines(self, file: str = "metrics.jsonl") -> list[dict[str, Any]]:
        """All complete lines of a ``.jsonl`` file; a last line cut short by a crash is left out."""
        path = self.path / file
        if not path.exists():
            return []
        records = []
        for text in path.read_text(encoding="utf-8").splitlines():
            try:
                records.append(json.loads(text))
            except ValueError:
                break
        return records

    def cut_after(self, epoch: int) -> None:
        """Drop the lines past a checkpoint, so that a continued run writes each line once."""
        for file in ("metrics.jsonl", "timings.jsonl"):
            if (self.path / file).exists():
                kept = [r for r in self.lines(file) if r["epoch"] <= epoch]
                with explained(self.path):
                    write_atomically(self.path / file, "".join(json.dumps(r) + "\n" for r in kept))

    def provenance(self) -> list[dict[str, Any]]:
        """One entry for every start and restart, oldest first."""
        path = self.path / "provenance.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []

    def cpu_seconds(self) -> list[float]:
        """CPU-seconds of each stretch of training between a start and a stop; their sum is what the run cost."""
        last = {line["start"]: line["cpu_seconds"] for line in self.lines("timings.jsonl")}
        return list(last.values())

    def add_provenance(self, entry: dict[str, Any]) -> None:
        with explained(self.path):
            write_atomically(self.path / "provenance.json", json_text([*self.provenance(), entry]))

    # --- checkpoints ------------------------------------------------------------------------------------------

    def checkpoint(self, epoch: int) -> Path:
        return self.path / "checkpoints" / f"epoch-{epoch:08d}"

    def checkpoints(self) -> list[int]:
        """Epochs of the complete checkpoints, in order. Older ones may hold weights only (no optimiser)."""
        return sorted(
            int(p.name[6:]) for p in (self.path / "checkpoints").glob("epoch-*") if p.name[6:].isdigit()
        )

    def latest(self) -> int | None:
        """The epoch to continue from, or None. ``latest`` is believed only if its folder is still there."""
        pointer = self.path / "latest"
        if pointer.exists():
            name = pointer.read_text(encoding="utf-8").strip()
            if name.startswith("epoch-") and (self.path / "checkpoints" / name).is_dir():
                return int(name[6:])
        whole = [e for e in self.checkpoints() if (self.checkpoint(e) / "optimizer.safetensors").exists()]
        return whole[-1] if whole else None

    def save(
        self, epoch: int, tensors: dict[str, Tensors], state: dict[str, Any], *, keep: tuple[int, ...] = ()
    ) -> Path:
        """Write the checkpoint of ``epoch``; afterwards only it, the one before, and the weights of ``keep`` remain.

        Args:
            tensors: by file: ``weights``, ``ema``, ``optimizer``.
            state: what is not a tensor.

        Raises:
            RunError: the disk is full or read-only; the last good checkpoint is untouched.
        """
        final = self.checkpoint(epoch)
        temporary = final.with_name(f".writing-{final.name}")
        previous = self.latest()
        try:
            with explained(self.path, last_good=previous):
                for file in ("metrics.jsonl", "timings.jsonl"):
                    flush_to_disk(
                        self.path / file
                    )  # no line may be younger than the checkpoint that counts on it
                shutil.rmtree(temporary, ignore_errors=True)
                temporary.mkdir(parents=True)
                for name, group in tensors.items():
                    write_durably(
                        temporary / f"{name}.safetensors",
                        save({k: t.detach().contiguous() for k, t in group.items()}),
                    )
                write_durably(
                    temporary / "state.json", json_text({"format": FORMAT, "epoch": epoch, **state}).encode()
                )
                sync_folder(temporary)
                if final.exists():
                    shutil.rmtree(final)
                temporary.rename(final)
                sync_folder(final.parent)
                write_atomically(self.path / "latest", final.name + "\n")
        except RunError:
            shutil.rmtree(temporary, ignore_errors=True)  # give the space back
            raise
        self._tidy(keep, newest={epoch, previous})
        return final

    def _tidy(self, keep: tuple[int, ...], newest: set[int | None]) -> None:
        for epoch in self.checkpoints():
            if epoch in newest:
                continue
            if epoch in keep or not (self.checkpoint(epoch) / "optimizer.safetensors").exists():
                # without its optimiser it was kept on purpose, perhaps by a call that named other epochs
                (self.checkpoint(epoch) / "optimizer.safetensors").unlink(missing_ok=True)
            else:
                shutil.rmtree(self.checkpoint(epoch), ignore_errors=True)
        for leftover in (self.path / "checkpoints").glob(".writing-*"):
            shutil.rmtree(leftover, ignore_errors=True)

    def load(self, name: str, epoch: int | None = None) -> Tensors:
        """The tensors of one file (``weights``, ``ema`` or ``optimizer``) of a checkpoint, the newest by default."""
        epoch = self.latest() if epoch is None else epoch
        if epoch is None or not self.checkpoint(epoch).is_dir():
            raise RunError(
                f"{self.path} has no checkpoint{'' if epoch is None else f' of epoch {epoch}'}; it has {self.checkpoints()}"
            )
        return read_tensors(self.checkpoint(epoch) / f"{name}.safetensors")

    def state(self, epoch: int) -> dict[str, Any]:
        path = self.checkpoint(epoch) / "state.json"
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise RunError(damaged(path, error)) from error
