"""A run folder: everything one training leaves behind, written so that a crash at any moment costs little.

    runs/heads-quick-avb_gtn-1a2b3c4d/
        parameters.json     the Config, as given, and its fingerprint
        provenance.json     revision, versions, device, data checksum; one entry for every (re)start
        metrics.jsonl       one JSON object a line: what training measured; no times, so bit-reproducible
        timings.jsonl       one JSON object a line: seconds, memory
        checkpoints/        see checkpoints.py
        latest              one line, for people: the name of the newest complete checkpoint
        lock                held by the one process that trains here

All tensors are ``safetensors`` and the rest is JSON: opening a run from the web cannot run code. A run folder
holds its own files: a link in it is refused, as writing would follow it out of the folder.
"""

import errno
import json
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

from filelock import FileLock, SoftFileLock, Timeout

from ..config import Config
from ..config.path_values import runs_root
from ..config.stored import stored_config
from ..errors import RunError
from ..storage import (
    append,
    check_entries,
    explained,
    folder_path,
    json_text,
    parse_json,
    read_small,
    set_aside,
    write_atomically,
)
from . import logs as run_logs
from .checkpoints import Checkpoints, notice
from .logs import METRICS, TIMINGS
from .tensor_files import Tensors

FORMAT = 1  # the format of the folder; a reader refuses a newer one


# A disk that knows no locks says one of these.
NO_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP}


class Run:
    """One run folder. ``Run.create`` makes or continues one; ``Run(path)`` opens one to read.

    Attributes:
        say: where sentences for people go that nobody waits for; the standard error output.

    Raises:
        RunError: the folder is missing, damaged, or holds another run; a sentence says which and what to do.
    """

    def __init__(self, path: str | Path):
        self.path = folder_path(path)
        file = self.path / "parameters.json"
        remedy = "restore it, or move the folder away to start afresh"
        with explained(self.path):
            if not file.is_file() and not file.is_symlink():
                raise RunError(
                    f"{self.path} is not a run folder: it has no parameters.json; give the folder that"
                    " training printed"
                )
            check_entries(self.path)
            try:
                stored = parse_json(read_small(file))
                if not isinstance(stored, dict) or type(stored.get("format", 0)) is not int:
                    raise ValueError("it is not what training wrote")
                if stored.get("format", 0) > FORMAT:
                    raise RunError(
                        f"{self.path} was written by a newer avbgtn (format {stored['format']}, this one"
                        f" reads {FORMAT}); update avbgtn"
                    )
            except ValueError as error:
                raise RunError(f"{file} cannot be read ({error}); {remedy}") from error
        self.config = stored_config(stored.get("config"), file, remedy)
        # written since checkpoints have sums; a folder without a checkpoint has nothing else to compare with
        if stored.get("fingerprint", self.config.fingerprint()) != self.config.fingerprint():
            raise RunError(
                f"{file} was changed after it was written: its fingerprint is {self.config.fingerprint()},"
                f" and it says {stored['fingerprint']}; restore it, or train other parameters in another"
                " run_dir"
            )
        self._checkpoints = Checkpoints(self.path, self.config.fingerprint(), lambda text: self.say(text))
        self.say: Callable[[str], None] = notice
        self._told: set[str] = set()

    @classmethod
    def create(cls, config: Config, path: str | Path | None = None) -> "Run":
        """The run folder of ``config``: made if new, continued if there, refused if it holds another run.

        Args:
            path: an explicit folder, or None for ``runs_root()/dataset-preset-model-fingerprint``.
        """
        name = f"{config.dataset}-{config.preset}-{config.model}-{config.fingerprint()}"
        folder = folder_path(path) if path else runs_root() / name
        if folder.exists() and not folder.is_dir():
            raise RunError(f"run_dir must be a folder, {folder} is a file; give another name")
        with explained(folder):
            if folder.is_dir():
                check_entries(folder)
            there = (folder / "parameters.json").exists()
        if there:
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
        # What a start that was cut short may have left
        ours = ("lock", "checkpoints", ".parameters.json.new")
        about = {"format": FORMAT, "config": config.to_dict(), "fingerprint": config.fingerprint()}
        with explained(folder):
            if folder.is_dir() and any(p.name not in ours for p in folder.iterdir()):
                raise RunError(
                    f"{folder} is not empty and not a run folder (no parameters.json); choose another run_dir"
                )
            folder.mkdir(parents=True, exist_ok=True)
            write_atomically(folder / "parameters.json", json_text(about))
            (folder / "checkpoints").mkdir(exist_ok=True)
        return cls(folder)

    @contextmanager
    def locked(self):
        """Hold the folder for one training; a second process is refused. The lock dies with its process.

        Raises:
            ReadOnlyError: nothing can be written there.
            RunError: it is in use, or its disk knows no locks.
        """
        lock = FileLock(self.path / "lock", timeout=0)
        try:
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
                with explained(self.path):
                    raise
            raise RunError(
                f"the disk of {self.path} cannot lock files ({error}), so nothing would keep two trainings"
                " apart; set AVBGTN_RUNS or run_dir to another disk"
            ) from error
        try:
            yield self
        finally:
            lock.release()

    # --- lines ----------------------------------------------------------------------------------------------

    def append(self, file: str, record: dict[str, Any]) -> None:
        """Add one JSON line to ``metrics.jsonl`` or ``timings.jsonl``."""
        with explained(self.path, self.latest):
            append(self.path / file, json.dumps(record) + "\n")

    def lines(self, file: str = METRICS) -> list[dict[str, Any]]:
        """All complete lines of a ``.jsonl`` file; a last line cut short by a crash is left out, and so, with
        a sentence, are lines that cannot be read."""
        with explained(self.path):
            log = run_logs.read_log(self.path / file)
        if log.problem and file not in self._told:
            self.say(f"{self.path / file} is damaged ({log.problem}); the other lines are used")
            self._told.add(file)
        return log.records

    def cut_after(self, epoch: int) -> None:
        """Drop the lines past a checkpoint, so that a continued run writes each line once. A log that is
        damaged is kept under another name, which is said."""
        marks = {METRICS: self.state(epoch).get("metrics") if epoch else None}
        for file in (METRICS, TIMINGS):
            with explained(self.path, self.latest):
                if said := run_logs.cut_after(self.path / file, epoch, marks.get(file)):
                    self.say(said)

    def provenance(self) -> list[dict[str, Any]]:
        """One entry for every start and restart, oldest first.

        Raises:
            RunError: the file is damaged.
        """
        path = self.path / "provenance.json"
        try:
            entries = parse_json(read_small(path)) if path.exists() else []
            if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
                raise ValueError("it is no list of starts")
        except (OSError, ValueError) as error:
            raise RunError(
                f"{path} cannot be read ({error}); move it away, the next start of the training makes a"
                " new one"
            ) from error
        return entries

    def cpu_seconds(self) -> list[float]:
        """CPU-seconds of each stretch of training between a start and a stop; the run cost their sum."""
        last = {line["start"]: line["cpu_seconds"] for line in self.lines(TIMINGS)}
        return list(last.values())

    def add_provenance(self, entry: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Note a start; returns its number, from 1, and the entry before it, empty for the first. A file that
        is damaged is kept under another name, which is said."""
        path = self.path / "provenance.json"
        with explained(self.path, self.latest):
            try:
                earlier = self.provenance()
            except RunError as error:  # not a disk that cannot be read: that ends the reading below
                aside, earlier = set_aside(path), []
                self.say(
                    f"{path} is damaged ({error.__cause__}): it is kept as {aside.name}, and a new file"
                    " goes on"
                )
            write_atomically(path, json_text([*earlier, entry]))
            # the times are numbered by start: no number may come twice when earlier starts are forgotten
            timed = (line["start"] for line in run_logs.read_log(self.path / TIMINGS).records)
            number = max([len(earlier) + 1, *(int(start) + 1 for start in timed)])
        return number, earlier[-1] if earlier else {}

    # --- checkpoints ----------------------------------------------------------------------------------------

    def checkpoint(self, epoch: int) -> Path:
        return self._checkpoints.path(epoch)

    def checkpoints(self) -> list[int]:
        """Epochs of the complete checkpoints, in order. Older ones may hold weights only (no optimiser)."""
        return self._checkpoints.epochs()

    def latest(self) -> int | None:
        """The epoch to continue from, or None: the newest checkpoint that has everything."""
        return self._checkpoints.latest()

    def tidy(self) -> None:
        """Say what is wrong with ``latest``, if anything, and remove what a kill left."""
        if problem := self._checkpoints.pointer_problem():
            self.say(problem)
        self._checkpoints.tidy()

    def save(
        self, epoch: int, tensors: dict[str, Tensors], state: dict[str, Any], *,
        keep: tuple[int, ...] = (), metrics: int | None = None,
    ) -> Path:  # fmt: skip
        """Write the checkpoint of ``epoch``; afterwards only it, the one before, and the weights of ``keep``
        remain. For the arguments and the errors see :meth:`Checkpoints.save`."""
        previous = self.latest()
        final = self._checkpoints.save(epoch, tensors, state, metrics=metrics)
        self._checkpoints.tidy(keep, newest={epoch, previous})
        return final

    def logged(self) -> int:
        """Bytes of ``metrics.jsonl`` so far."""
        return run_logs.size(self.path / METRICS)

    def load(self, name: str, epoch: int | None = None) -> Tensors:
        """Tensors of ``weights``, ``ema`` or ``optimizer``, checked; by default the newest checkpoint's."""
        return self._checkpoints.load(name, epoch)

    def verify(self, epoch: int) -> None:
        """Compare all files of a checkpoint with their sums, reading no tensor.

        Raises:
            RunError: the first that is damaged.
        """
        self._checkpoints.verify(epoch)

    def state(self, epoch: int) -> dict[str, Any]:
        """What a checkpoint holds beside tensors; checked, also that ``parameters.json`` is what it was."""
        return self._checkpoints.state(epoch)
