"""Scores of sounds as tables that fit a page as narrow as a phone.

Each function returns an IPython ``Markdown`` object, for the end of a cell.
"""

from collections.abc import Mapping

from avbgtn.metrics import evaluate
from avbgtn.sentences import in_markdown

from ..shared import reading, scores

WAYS = {"12": "piano to violin", "21": "violin to piano"}
# A phone holds a name and four numbers. These first: close to the twin, the same music, the other instrument?
FIRST = {
    "log_band": ("distance", 2),
    "chroma": ("chroma", 2),
    "instrument": ("other", 2),
    "f0": ("in tune", 2),
}
MORE = {"rec_snr": ("rec. SNR, dB", 1), "rec_lsd": ("rec. LSD, dB", 1)}
TARGETS = {
    "instrument": ("taken for the other instrument, at least", False),
    "chroma": ("chroma cosine, at least", False),
    "log_band": ("log-band distance, at most", True),
    "f0": ("in tune, at least", False),
}


def score_tables(rows: evaluate.Rows, directions: Mapping[str, str], note: str = "") -> object:
    """For each direction a table of four scores, and below it, folded, how well the models reconstruct.

    Args:
        rows: as of :func:`avbgtn.metrics.sound_evaluate.model_rows`.
        directions: what stands over each, ``{"12": "piano to violin, 60 test phrases", ...}``.
        note: a sentence below the tables.
    """
    parts = []
    for direction, title in directions.items():
        made = {name: by for name, by in rows.items() if MORE.keys() & by[direction].keys()}
        parts += [f"**{in_markdown(title)}**", evaluate.markdown_table(rows, direction, FIRST)]
        if made:
            again = evaluate.markdown_table(made, direction, MORE)
            parts.append(scores.folded("More scores: the reconstructions", again))
    return reading.said("\n\n".join([*parts, note]).strip())


def training_table(trained: Mapping[str, Mapping]) -> object:
    """How committed weights were trained, a column per model, and the commands folded below."""
    rows = {
        "epochs": lambda how: f"{how['epochs']:,}",
        "clips of each domain per epoch": lambda how: how["config"]["batch"],
        "parameters of the networks": lambda how: f"{how['parameters']:,}",
        "CPU-hours": lambda how: how["cpu_hours"],
    }
    lines = ([words, *(cell(how) for how in trained.values())] for words, cell in rows.items())
    table = reading.table(["", *trained], *lines)
    commands = "\n\n".join(scores.command(how["command"]) for how in trained.values())
    return reading.said(f"{table.data}\n\n{scores.folded('The commands', commands)}")


def target_tables(rows: evaluate.Rows, models: list[str], targets: Mapping[str, Mapping]) -> object:
    """For each direction what was to be reached and what each model reached; what misses it is in bold."""
    names = {model: next(name for name in rows if name.startswith(model)) for model in models}
    parts = []
    for way, words in WAYS.items():
        lines = []
        for key, (title, most) in TARGETS.items():
            target, cells = targets[way][key], []
            for name in names.values():
                value = rows[name][way][key]
                reached = value <= target if most else value >= target
                cells.append(f"{value:.2f}" if reached else f"**{value:.2f}**")
            lines.append([title, f"{target:.2f}", *cells])
        parts += [f"**{words}**", reading.table(["", "target", *names], *lines).data]
    return reading.said("\n\n".join(parts))
