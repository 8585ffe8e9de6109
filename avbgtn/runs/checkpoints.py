"""The checkpoints of one run folder: written whole or not at all, and checked to the last bit when read.

    checkpoints/epoch-00000400/{weights,ema,optimizer}.safetensors, state.json
    latest              one line, for people: the name of the newest complete checkpoint

``state.json`` holds what is not a tensor, the SHA-256 of the other files and of itself, and the fingerprint
of the config. A checkpoint is written to a temporary folder, flushed to the disk and renamed; one that goes
is renamed before it is removed. So every folder called ``epoch-...`` is whole.
"""

import hashlib
import json
import math
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from safetensors.torch import save

from ..errors import RunError
from ..storage import (
    explained,
    flush_to_disk,
    json_text,
    parse_json,
    read_small,
    sync_folder,
    write_atomically,
    write_durably,
)
from . import logs as run_logs
from .tensor_files import Tensors, check_sum, damaged, read_tensors

FORMAT = 2  # of state.json: 1 had no sums; a reader refuses a newer one
STATE, OPTIMIZER = "state.json", "optimizer.safetensors"
ALWAYS = ("weights.safetensors", "ema.safetensors", STATE)  # also where the optimiser was dropped
CHECKS = ("files", "fingerprint", "sha256")  # what format 2 has and format 1 has not


def notice(text: str) -> None:
    """A sentence for people where nobody asked for output."""
    print(text, file=sys.stderr, flush=True)


class Checkpoints:
    """The checkpoints of the run folder ``run``.

    Args:
        fingerprint: of the run's config; a checkpoint of another one is refused.
        say: where sentences for people go.
    """

    def __init__(self, run: Path, fingerprint: str, say: Callable[[str], None] = notice):
        self.run, self.fingerprint, self.say = run, fingerprint, say
        self.folder = run / "checkpoints"
        self._told: set[int] = set()

    def path(self, epoch: int) -> Path:
        return self.folder / f"epoch-{epoch:08d}"

    def epochs(self) -> list[int]:
        """Of the complete checkpoints, in order. Older ones may hold weights only (no optimiser)."""
        if not self.folder.is_dir():
            return []
        found = (epoch_of(p.name) for p in self.folder.iterdir())
        return sorted(e for e in found if e is not None and self._has(e, *ALWAYS))

    def latest(self) -> int | None:
        """The epoch to continue from, or None: the newest checkpoint that has everything. One that ``latest``
        names counts even if a file of it is gone: it was whole once, and to load it says what is missing."""
        whole = [e for e in self.epochs() if self._has(e, OPTIMIZER)]
        named = self._named()
        if named is not None and self.path(named).is_dir():
            whole.append(named)
        return max(whole, default=None)

    def _has(self, epoch: int, *files: str) -> bool:
        return all((self.path(epoch) / file).is_file() for file in files)

    def _named(self) -> int | None:
        """The epoch in the file ``latest``; None if it is missing or says something else."""
        try:
            return epoch_of(read_small(self.run / "latest").decode("ascii").strip())
        except (FileNotFoundError, ValueError):
            return None

    def pointer_problem(self) -> str | None:
        """A sentence if the file ``latest`` names no checkpoint that ever was; what counts is the folders."""
        newest, named, pointer = self.latest(), self._named(), self.run / "latest"
        if not pointer.exists():  # killed before the first was named
            return None
        if named is not None and newest is not None and named <= newest:
            return None
        goes = (
            "there is no checkpoint"
            if newest is None
            else f"the newest checkpoint is that of epoch {newest:,}"
        )
        return f"{pointer} is damaged or names a checkpoint that is gone; {goes}"

    # --- writing --------------------------------------------------------------------------------------------

    def save(
        self, epoch: int, tensors: dict[str, Tensors], state: dict[str, Any], *, metrics: int | None = None
    ) -> Path:
        """Write the checkpoint of ``epoch``.

        Args:
            tensors: by file: ``weights``, ``ema``, ``optimizer``.
            state: what is not a tensor.
            metrics: bytes of ``metrics.jsonl`` that belong to it; all by default.

        Raises:
            RunError: the disk is full, read-only or broken; the last good checkpoint is untouched.
        """
        final = self.path(epoch)
        temporary = final.with_name(f".writing-{final.name}")
        log = self.run / run_logs.METRICS
        try:
            with explained(self.run, self.latest):
                for file in (run_logs.METRICS, run_logs.TIMINGS):
                    # no line may be younger than the checkpoint that counts on it
                    flush_to_disk(self.run / file)
                length = run_logs.size(log) if metrics is None else metrics
                shutil.rmtree(temporary, ignore_errors=True)
                temporary.mkdir(parents=True)
                files = {}
                for name, group in tensors.items():
                    data = save({k: t.detach().contiguous() for k, t in group.items()})
                    files[f"{name}.safetensors"] = hashlib.sha256(data).hexdigest()
                    write_durably(temporary / f"{name}.safetensors", data)
                    del data
                whole = {"format": FORMAT, "epoch": epoch, "fingerprint": self.fingerprint, "files": files}
                whole |= {"metrics": run_logs.mark(log, length), **state}
                whole["sha256"] = _sum_of(whole)
                write_durably(temporary / STATE, json_text(whole).encode())
                sync_folder(temporary)
                if final.exists():
                    _remove(final)
                temporary.rename(final)
                sync_folder(final.parent)
                write_atomically(self.run / "latest", final.name + "\n")
        except RunError:
            shutil.rmtree(temporary, ignore_errors=True)  # give the space back
            raise
        return final

    def tidy(self, keep: tuple[int, ...] = (), newest: set[int | None] | None = None) -> None:
        """Remove what a kill left, and with ``newest`` all checkpoints but these and the weights of ``keep``.

        What cannot be removed now (on a network disk, a file that somebody reads) is tried again next time.
        """
        if not self.folder.is_dir():
            return
        for leftover in [*self.folder.glob(".writing-*"), *self.folder.glob(".removing-*")]:
            shutil.rmtree(leftover, ignore_errors=True)
        for epoch in self.epochs() if newest is not None else ():
            if epoch in newest:
                continue
            try:
                if epoch in keep or not self._has(epoch, OPTIMIZER):
                    # without its optimiser it was kept on purpose, perhaps by a call that named other epochs
                    (self.path(epoch) / OPTIMIZER).unlink(missing_ok=True)
                else:
                    _remove(self.path(epoch))
            except OSError:
                continue

    # --- reading --------------------------------------------------------------------------------------------

    def state(self, epoch: int) -> dict[str, Any]:
        """What is not a tensor, checked.

        Raises:
            RunError: it is missing or damaged, of a newer version, or of another config than the folder's.
        """
        path = self.path(epoch) / STATE
        try:
            state = parse_json(read_small(path))
            if not isinstance(state, dict):
                raise ValueError("no JSON object")
            before_sums = state.get("format") == 1 and not any(name in state for name in CHECKS)
            if not before_sums and state.get("sha256") != _sum_of(state):
                raise ValueError("its own sum is missing or belongs to another text")
            if not before_sums and state.get("format") != FORMAT:
                raise RunError(
                    f"{path} was written by another avbgtn (format {state.get('format')}, this one reads"
                    f" {FORMAT}); update avbgtn"
                )
            _check_state(state, epoch)
        except (OSError, ValueError) as error:
            raise RunError(damaged(path, error, self._remedy(epoch))) from error
        if not before_sums and state.get("fingerprint") != self.fingerprint:
            raise RunError(
                f"{self.run / 'parameters.json'} was changed after training began: its fingerprint is"
                f" {self.fingerprint}, and epoch {epoch} was trained with {state.get('fingerprint')}; restore"
                " it, or train other parameters in another run_dir"
            )
        return state

    def load(self, name: str, epoch: int | None = None) -> Tensors:
        """A file's tensors (``weights``, ``ema`` or ``optimizer``); by default, the newest checkpoint's.

        Raises:
            RunError: no such checkpoint, or the file is not what was written.
        """
        epoch = self.latest() if epoch is None else epoch
        if epoch is None or not self.path(epoch).is_dir():
            raise RunError(
                f"{self.run} has no checkpoint{'' if epoch is None else f' of epoch {epoch}'}; it has"
                f" {self.epochs()}"
            )
        state, path = self.state(epoch), self.path(epoch) / f"{name}.safetensors"
        # First: it knows precise words for what may be wrong
        tensors = read_tensors(path, self._remedy(epoch))
        self._check_file(path, state, epoch)
        return tensors

    def verify(self, epoch: int) -> None:
        """Compare all files of a whole checkpoint with their sums.

        Raises:
            RunError: the first that is damaged.
        """
        state = self.state(epoch)
        for file in (*ALWAYS, OPTIMIZER):
            if file != STATE:
                self._check_file(self.path(epoch) / file, state, epoch)

    def _check_file(self, path: Path, state: dict[str, Any], epoch: int) -> None:
        if "files" not in state:
            self._tell(epoch)
        elif not isinstance(state["files"], dict) or not isinstance(state["files"].get(path.name), str):
            raise RunError(damaged(path, f"{STATE} has no sum of it", self._remedy(epoch)))
        else:
            check_sum(path, state["files"][path.name], self._remedy(epoch))

    def _tell(self, epoch: int) -> None:
        if epoch not in self._told:
            self.say(
                f"{self.path(epoch)} was written before checkpoints had checksums, so damage would not be"
                " seen; the next one has them"
            )
        self._told.add(epoch)

    def _remedy(self, epoch: int) -> str:
        """What to do about a checkpoint that is damaged."""
        if not self._has(epoch, OPTIMIZER) and epoch != self.latest():
            return "its epoch is lost; use another checkpoint"
        earlier = [e for e in self.epochs() if e < epoch and self._has(e, OPTIMIZER)]
        goes = (
            "continues from the checkpoint before it"
            if earlier
            else "starts again, as there is none before it"
        )
        return f"delete its folder and run again: training {goes}"


def epoch_of(name: str) -> int | None:
    """The epoch in the name of a checkpoint's folder, or None."""
    if re.fullmatch(r"epoch-[0-9]{8,18}", name) and name == f"epoch-{int(name[6:]):08d}":
        return int(name[6:])
    return None


def _remove(folder: Path) -> None:
    """Remove a checkpoint. Renamed first, so that no kill leaves half of one under a name that counts."""
    going = folder.with_name(f".removing-{folder.name}")
    shutil.rmtree(going, ignore_errors=True)
    folder.rename(going)
    shutil.rmtree(going, ignore_errors=True)


def _sum_of(state: dict[str, Any]) -> str:
    """SHA-256 of a state without its own sum, however the text is laid out."""
    rest = {name: value for name, value in state.items() if name != "sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _check_state(state: dict[str, Any], epoch: int) -> None:
    """Raises ValueError where what a continued training needs is missing or of another kind."""
    if state.get("epoch") != epoch:
        raise ValueError(f"it belongs to epoch {state.get('epoch')}")
    summed, sums = state.get("summed"), state.get("sums")
    if type(summed) is not int or summed < 0 or not isinstance(sums, dict):
        raise ValueError("it has no sums of the losses")
    for name, value in sums.items():
        if type(value) not in (int, float) or not math.isfinite(value):
            raise ValueError(f"the sum of {name} is no finite number")
