"""Scores, trainings and commands, set so that they fit a page as narrow as a phone.

Each function returns an IPython ``Markdown`` object, for the end of a cell.
"""

import shlex
from collections.abc import Mapping, Sequence

from avbgtn.metrics import evaluate
from avbgtn.sentences import in_markdown

from . import reading

# A phone holds a name and four numbers. These first: is the colour right, is the rest as it was, ...
FIRST = {
    "l1_hair": ("hair", 3),
    "l1_outside": ("outside", 3),
    "ssim": ("SSIM", 3),
    "cyc": ("cycle", 3),
}
MORE = {
    "l1_whole": ("whole", 3),
    "psnr": ("PSNR", 1),
    "rec": ("rec.", 3),
    "diversity": ("diversity", 4),
}
CODE = 76  # characters in a line of a command


def score_tables(rows: evaluate.Rows, directions: Mapping[str, str]) -> object:
    """The scores of translators: for each direction a table of four scores, and the others folded below it.

    Args:
        rows: as of :func:`avbgtn.metrics.evaluate.model_rows`.
        directions: what stands over each, ``{"12": "brown to blond, 68 test heads", ...}``, names in it as
            they are.
    """
    parts = []
    for direction, title in directions.items():
        measured = {key for by in rows.values() for key in by[direction]}
        few = len(measured) <= len(FIRST)
        parts.append(f"**{in_markdown(title)}**")
        parts.append(evaluate.markdown_table(rows, direction, FIRST | MORE if few else FIRST))
        if not few:
            parts.append(
                folded(
                    "More scores: whole picture, PSNR, reconstruction, diversity",
                    evaluate.markdown_table(rows, direction, MORE),
                )
            )
    return reading.said("\n\n".join(parts))


def training_table(record: Mapping, metrics: Mapping[str, Sequence[Mapping]]) -> object:
    """How committed weights were trained, a column per model, and the commands folded below.

    Args:
        record: its ``"training"`` has ``epochs``, ``parameters``, ``cpu_hours`` and ``command`` per model.
        metrics: of each model, the lines that were measured along its training.
    """
    trained = record["training"]
    outside = {name: [_outside(line) for line in metrics[name]] for name in trained}
    best = {name: values.index(min(values)) for name, values in outside.items()}
    memory = {name: [_memory(line) for line in metrics[name]] for name in trained}
    rows = {
        "epochs": lambda name: f"{trained[name]['epochs']:,}",
        "parameters of the networks": lambda name: f"{trained[name]['parameters']:,}",
        "CPU-hours": lambda name: trained[name]["cpu_hours"],
        "outside, lowest": lambda name: f"{outside[name][best[name]]:.3f}",
        "at epoch": lambda name: f"{metrics[name][best[name]]['epoch']:,}",
        "outside, at the end": lambda name: f"{outside[name][-1]:.3f}",
        "D's memory, at that epoch": lambda name: f"{memory[name][best[name]]:.2f}",
        "D's memory, at the end": lambda name: f"{memory[name][-1]:.2f}",
    }
    table = reading.table(["", *trained], *([words, *map(cell, trained)] for words, cell in rows.items()))
    commands = "\n\n".join(command(how["command"]) for how in trained.values())
    return reading.said(f"{table.data}\n\n{folded('The commands', commands)}")


def command(line: str) -> str:
    """A command of a shell as a block of code, broken where a new option begins."""
    lines = [""]
    for word in shlex.split(line):
        word = shlex.quote(word)
        option = word.startswith("-") and len(lines[-1]) > CODE - 28
        if option or len(lines[-1]) + len(word) > CODE - 2:
            lines.append("   ")
        lines[-1] += f" {word}" if lines[-1] else word
    return "```sh\n" + " \\\n".join(lines) + "\n```"


def folded(summary: str, markdown: str) -> str:
    """Markdown that opens on demand."""
    return f"<details>\n<summary>{summary}</summary>\n\n{markdown}\n\n</details>"


def _outside(line: Mapping[str, float]) -> float:
    """The error outside the hair, the mean of both directions."""
    return (line["val_ema/l1_outside_12"] + line["val_ema/l1_outside_21"]) / 2


def _memory(line: Mapping[str, float]) -> float:
    """By how much the discriminators find training pictures more real than unseen ones, in logits."""
    return sum(line[f"d{k}_real_train"] - line[f"d{k}_real_val"] for k in (1, 2)) / 2
