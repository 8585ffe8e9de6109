"""A step that always runs on the same memory: what a CUDA graph asks for.

A small batch keeps a GPU less busy than its queue: thousands of kernels of a few microseconds, each started
by Python. A CUDA graph is the recording of one step; playing it starts them all at once. The recording knows
addresses, not tensors, so batch, noise and step sizes have to lie where they lay when it was made.
"""

from collections.abc import Callable

import torch
from torch import Tensor

WARM_UP = 3  # steps on a stream of their own before the recording: libraries choose their algorithms there


class StaticStep:
    """Call ``body(*tensors)`` on buffers of its own, into which every call copies first.

    On CUDA, the first calls run as they are (and count: they are ordinary steps), then one is recorded, and
    from then on the recording is played. Elsewhere the body simply runs, which lets a CPU test what the
    buffers do.

    Args:
        body: all that a step does on the device; its inputs are the buffers, its results stay in tensors that
            exist before (weights, optimiser states, sums). It must not wait for the device.
    """

    def __init__(self, body: Callable[..., None]):
        self.body, self.buffers, self.graph, self.calls = body, None, None, 0

    def __call__(self, *tensors: Tensor) -> None:
        """Run one step.

        Raises:
            ValueError: tensors of another number or shape than those of the first call.
        """
        if self.buffers is None:
            self.buffers = [t.clone() for t in tensors]
        shapes, given = [tuple(b.shape) for b in self.buffers], [tuple(t.shape) for t in tensors]
        if shapes != given:
            raise ValueError(f"a static step was made for shapes {shapes}, got {given}")
        for buffer, t in zip(self.buffers, tensors, strict=True):
            buffer.copy_(t, non_blocking=True)
        if self.buffers[0].device.type != "cuda":
            self.body(*self.buffers)
            return
        if self.calls < WARM_UP:
            self._warm_up()
        else:
            if self.graph is None:  # a recording runs nothing: it is played like every later one
                self.graph = torch.cuda.CUDAGraph()
                with torch.cuda.graph(self.graph):
                    self.body(*self.buffers)
            self.graph.replay()
        self.calls += 1

    def _warm_up(self) -> None:
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            self.body(*self.buffers)
        torch.cuda.current_stream().wait_stream(side)
