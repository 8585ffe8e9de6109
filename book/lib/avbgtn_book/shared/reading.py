"""What the chapters use to show themselves: the source of a function, and what running the chapter cost."""

import ast
import datetime
import inspect
import os
import platform
import re
import resource
import sys
import textwrap
import time
from collections.abc import Callable, Sequence
from pathlib import Path

TWICE = 2  # a chapter may cost at most this many times its budget
FIXED_WORK = 0.083  # CPU-seconds of the work in `slowness` on the AMD EPYC that the budgets are measured on


def show_source(*objects: Callable | type) -> object:
    """Functions or classes of the package as they stand there, without their docstrings,
    for the end of a cell.

    Args:
        objects: one or several; each stands under the file and the name it has.

    Returns:
        An IPython ``Markdown`` object.
    """
    from IPython.display import Markdown  # a chapter's tool: training needs no IPython

    return Markdown(
        "\n\n".join(f"`{_place(thing)}`\n\n```python\n{source_of(thing)}\n```" for thing in objects)
    )


def table(head: Sequence[str], *rows: Sequence[object]) -> object:
    """A Markdown table for the end of a cell: the first column to the left, numbers to the right.

    With formulas in it, its cell needs ``mystnb.markdown_format: myst`` in its metadata.

    Returns:
        An IPython ``Markdown`` object.

    Raises:
        ValueError: a row with more or fewer cells than the head.
    """
    for row in rows:
        if len(row) != len(head):
            raise ValueError(f"the head has {len(head)} cells and the row {list(row)} has {len(row)}")
    rule = [":--"] + ["--:"] * (len(head) - 1)
    return said("\n".join(f"| {' | '.join(map(str, row))} |" for row in (head, rule, *rows)))


def said(sentence: str) -> object:
    """A sentence with computed numbers in it, set like the text around it: an IPython ``Markdown`` object."""
    from IPython.display import Markdown

    return Markdown(sentence)


def source_of(thing: Callable | type) -> str:
    """The source of a function or class without docstrings, dedented; comments stay."""
    text = textwrap.dedent(inspect.getsource(inspect.unwrap(thing)))
    lines = text.rstrip().split("\n")
    for node in reversed(list(ast.walk(ast.parse(text)))):
        if (
            isinstance(node, ast.FunctionDef | ast.ClassDef)
            and ast.get_docstring(node, clean=False) is not None
        ):
            first = node.body[0]
            if len(node.body) == 1:
                lines[first.lineno - 1 : first.end_lineno] = [" " * first.col_offset + "..."]
                continue
            after = first.end_lineno
            while after < len(lines) and not lines[after].strip():
                after += 1  # the empty lines behind it go too
            del lines[first.lineno - 1 : after]
    return "\n".join(lines)


def _place(thing: Callable | type) -> str:
    """Where it stands in the repository, and its name."""
    thing = inspect.unwrap(thing)
    package = sys.modules[thing.__module__.partition(".")[0]]
    file = Path(inspect.getsourcefile(thing)).relative_to(Path(package.__file__).parents[1])
    room = "book/lib/" if package.__name__ == "avbgtn_book" else ""
    return f"{room}{file.as_posix()}: {thing.__qualname__}"


def used_cpu_seconds() -> float:
    """CPU time of this process since its start, imports included, and of those that it waited for, which
    trained for it: it feels other programs less than a clock does.
    """
    others = os.times()
    return time.process_time() + others.children_user + others.children_system


def peak_megabytes() -> float:
    """The most memory this process has held; on Linux without what the one that started it held before, which
    ``getrusage`` counts too.
    """
    status = Path("/proc/self/status")
    if status.is_file() and (own := re.search(r"VmHWM:\s*(\d+) kB", status.read_text())):
        return int(own[1]) / 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def machine() -> str:
    """The processor's name, and how many cores this process may use."""
    from avbgtn.training.launch import cores  # imports torch

    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        models = [
            line.split(":")[1].strip()
            for line in cpuinfo.read_text().splitlines()
            if line.startswith("model name")
        ]
        name = models[0] if models else name
    return f"{name}, {cores()} cores"


def cost() -> None:
    """Print what this notebook's process has used so far, and where."""
    import torch

    print(
        f"CPU-seconds {used_cpu_seconds():.0f}, memory at most {peak_megabytes() / 1000:.1f} GB, "
        f"{machine()}, "
        f"Python {platform.python_version()}, torch {torch.__version__}, {datetime.date.today().isoformat()}"
    )


def within_budget(cpu_seconds: float, *, comparable: bool = True) -> None:
    """Print that the chapter cost at most twice its budget, or stop with what it cost.

    Twice, since processors differ, and as many times more as this one is slower;
    what grows past that has changed, and a test fails.

    Args:
        cpu_seconds: the budget.
        comparable: whether this run has the parameters the budget was made for; if not, that is said.

    Raises:
        RuntimeError: it cost more.
    """
    if not comparable:
        print("other parameters than those the budget was made for: nothing to hold the cost against")
        return
    used = used_cpu_seconds()
    if used > TWICE * cpu_seconds and used > TWICE * cpu_seconds * (slower := slowness()):
        raise RuntimeError(
            f"this chapter took {used:.0f} CPU-seconds, more than twice its budget of {cpu_seconds:g} on a "
            f"processor that is now {slower:.1f} times as slow as the author's: make it cheaper"
        )
    print(f"within twice the budget of {cpu_seconds:g} CPU-seconds: True")


def slowness() -> float:
    """How many times more CPU time this processor needs now than the one that the budgets were measured on,
    at least 1: an older one, or one whose caches other processes use. The shortest of five tries counts."""
    import torch
    from torch.nn.functional import conv2d, leaky_relu

    x = torch.linspace(-1, 1, 2 * 16 * 32 * 32).reshape(2, 16, 32, 32)
    weight = torch.linspace(-0.1, 0.1, 16 * 16 * 9).reshape(16, 16, 3, 3).requires_grad_()
    tries = []
    for _ in range(5):
        start = time.process_time()
        with torch.enable_grad():
            for _ in range(60):
                y = conv2d(conv2d(x, weight, padding=1), weight, padding=1)
                torch.autograd.grad(leaky_relu(y).square().mean(), weight)
        sum(k * k for k in range(400_000))
        tries.append(time.process_time() - start)
    return max(1.0, min(tries) / FIXED_WORK)
