"""The picture of the page on speed: how the cost of an epoch grows."""

from collections.abc import Mapping

from avbgtn_book.shared.canvas import COLOURS, BookFigure, name_of, styled
from avbgtn_book.shared.sheet import sheet

AXES = {"area": "pixels of an image", "batch": "images of each domain", "epochs": "epochs"}
MARKS = {"unit": ("o", "-"), "avb_gtn": ("s", (0, (5, 2)))}


@styled
def cost_curves(models: Mapping[str, Mapping[str, dict]]) -> BookFigure:
    """CPU-seconds against pixels, batch and epochs, one panel each, both axes logarithmic, with a line of
    slope 1.

    Args:
        models: ``{"unit": {"area": {"points": [{"at": 1024, "seconds": 0.05}, ...]}, ...}}``, as ``make
            bench`` writes it; see ``tests/bench/curves.py``.
    """
    figure, axes = sheet(rows=3, height=2.1)
    for ax, (what, label) in zip(axes, AXES.items(), strict=True):
        for model, curves in models.items():
            points = curves[what]["points"]
            mark, line = MARKS[model]
            name = name_of(model)
            ax.loglog(
                [p["at"] for p in points], [p["seconds"] for p in points],
                marker=mark, ls=line, ms=4, color=COLOURS[name], label=name,
            )  # fmt: skip
        first, last = points[0], points[-1]
        ax.loglog(
            [first["at"], last["at"]], [first["seconds"], first["seconds"] * last["at"] / first["at"]],
            color="grey", lw=1, ls=":", label="in proportion",
        )  # fmt: skip
        ax.set(xlabel=label, ylabel="CPU-seconds")
        places = [p["at"] for p in points]
        ax.set_xticks(places, [f"{at:,}" for at in places])
        ax.minorticks_off()
    axes[0].legend(frameon=False)
    worst = {
        what: max(g["seconds"] for curves in models.values() for g in curves[what]["growth"]) for what in AXES
    }
    figure.alt = (
        "Three panels of CPU-seconds on logarithmic axes, against the pixels of an image, the batch and the"
        " number of epochs, for UNIT and AVB-GTN, each beside a dotted line in proportion. "
        + "The steepest growth a doubling is "
        + ", ".join(f"{growth:.2f} for {AXES[what]}" for what, growth in worst.items())
        + "."
    )
    return figure
