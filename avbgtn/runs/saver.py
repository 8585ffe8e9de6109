"""Checkpoints off the hot path: a copy is taken at once, a thread writes it while training goes on."""

from concurrent.futures import Future, ThreadPoolExecutor

from ..storage import explained
from .run import Run
from .tensor_files import Tensors


class Saver:
    """Writes the checkpoints of one training, one at a time.

    Args:
        keep: epochs whose weights stay, as of :meth:`Run.save`.
        background: whether :meth:`save` returns before the checkpoint is on the disk. It then holds a second
            copy of everything meanwhile. What is interrupted before it is written is lost, as if the save had
            not been due yet.
    """

    def __init__(self, run: Run, keep: tuple[int, ...], *, background: bool):
        self.run, self.keep = run, keep
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="avbgtn-save") if background else None
        self._writing: Future | None = None

    def save(self, epoch: int, tensors: dict[str, Tensors], state: dict) -> None:
        """Save, or begin to.

        Raises:
            RunError: of this checkpoint, or of the one before if that was written in the background.
        """
        self.finish()
        if self._thread is None:
            self.run.save(epoch, tensors, state, keep=self.keep)
            return
        with explained(self.run.path, self.run.latest):
            copy = {
                file: {name: t.detach().to("cpu", copy=True) for name, t in named.items()}
                for file, named in tensors.items()
            }
            metrics = self.run.logged()  # now: the log grows while the thread writes
            self._writing = self._thread.submit(
                self.run.save, epoch, copy, state, keep=self.keep, metrics=metrics
            )

    def finish(self) -> None:
        """Wait until all is on the disk; raises what went wrong."""
        writing, self._writing = self._writing, None
        if writing is not None:
            writing.result()

    def __enter__(self) -> "Saver":
        return self

    def __exit__(self, kind, *exception) -> None:
        if self._thread is not None:
            self._thread.shutdown(wait=True)  # also when training failed: what was begun is good
        if kind is None:
            self.finish()
