"""Drawings of the chapter on divergences."""

from collections.abc import Mapping

import torch
from torch import Tensor

from ..gan import gan
from ..shared.canvas import BLUE, COLUMN, DARK, DASHES, GREEN, GREY, PURPLE, VERMILLION, BookFigure, column
from ..shared.sheet import sheet
from . import fits, loops, rows
from .rows import Row

F64 = torch.float64
DASHED, DOTTED = DASHES[1:3]
LOOKS = {
    "reverse KL": ("black", DOTTED), "Jeffrey": (PURPLE, "-."), "JS": (GREEN, DASHED), "KL": (BLUE, "-"),
    "Pearson": (GREY, "-"),
}  # fmt: skip
SHORT = {"KL": "KL", "reverse KL": "rev.", "JS": "JS", "Jeffrey": "Jeff.", "Pearson": "Pears."}


@column
def envelope(row: Row, name: str, lines: int) -> BookFigure:
    """One frame: ``lines`` tangents of f, and the upper envelope that they make."""
    figure, axes = sheet(height=3.3, width=COLUMN)
    u = torch.linspace(0.01, 4, 400, dtype=F64)
    at = torch.linspace(0.4, 3.4, lines, dtype=F64) if lines > 1 else torch.ones(1, dtype=F64)
    for place in at:
        axes.plot(u, rows.tangent(row, place, u), color=VERMILLION, linewidth=0.9, alpha=0.7)
    axes.plot(u, row.f(u), color=BLUE, linestyle=DASHED)
    axes.plot(u, rows.twice_conjugate(row, u, row.slope(at)), color=GREEN)
    axes.text(3.0, 0.5, f"$f$ of {name}", color=DARK[BLUE])
    axes.text(3.0, 0.0, "highest of the lines", color=DARK[GREEN])
    axes.text(3.0, -0.5, "tangents", color=DARK[VERMILLION])
    axes.set(xlim=(0, 4), ylim=(-1.2, 4.2), xlabel="ratio $u$")
    figure.alt = (
        f"The function f of {name} with {lines} tangent{'s' if lines > 1 else ''} and, above each place, the "
        f"highest of them, which {'follows f closely' if lines > 8 else 'lies below f between them'}."
    )
    return figure


@column
def five_fits(mixture: gan.Mixture, found: Mapping[str, fits.Fit], apart: float) -> BookFigure:
    """One frame: the best Gaussian under each divergence over the humps."""
    figure, axes = sheet(height=3.6, width=COLUMN)
    x = torch.linspace(-6, 6, 701, dtype=F64)
    axes.fill_between(x, mixture.log_density(x).exp(), color=VERMILLION, alpha=0.25, linewidth=0)
    for name, (colour, dash) in LOOKS.items():
        at = found[name]
        label = f"{name}: width {at.std:.2f}"
        axes.plot(
            x, gan.bell(at.mean, at.std).log_density(x).exp(), color=colour, linestyle=dash, label=label
        )
    axes.legend(frameon=False, loc="upper left", borderaxespad=0)
    axes.set(xlim=(-6, 6), ylim=(0, 0.66), yticks=[], xlabel="x", title=f"humps {apart:g} apart")
    widths = ", ".join(f"{name} {found[name].std:.2f}" for name in LOOKS)
    figure.alt = f"Two humps {apart:g} apart with the best Gaussian by five divergences. Widths: {widths}."
    return figure


@column
def tables(found: Mapping[str, Tensor]) -> BookFigure:
    """Tables of fits, each column divided by its least entry: ``{title: (5, 5)}``."""
    figure, panels = sheet(1, len(found), height=3.1, width=COLUMN, sharey=True)
    for axes, (title, table) in zip(panels, found.items(), strict=True):
        relative = table / table.min(0).values
        axes.imshow(relative.log(), cmap="Blues", vmin=0, vmax=1.2, aspect="auto")
        for i in range(5):
            for j in range(5):
                least = bool(relative[i, j] == relative[:, j].min())
                colour = "white" if relative[i, j] > 1.9 else "black"
                weight = "bold" if least else "normal"
                size = 9.5
                axes.text(
                    j, i, f"{relative[i, j]:.2f}", ha="center", va="center", color=colour, weight=weight,
                    fontsize=size,
                )  # fmt: skip
        axes.set(title=title, xticks=range(5), yticks=range(5))
        axes.set_xticklabels(SHORT.values(), fontsize=10, rotation=45)
        axes.set_yticklabels(SHORT.values(), fontsize=10)
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
    panels[0].set_ylabel("fitted by")
    panels[len(found) // 2].set_xlabel("tested by")
    figure.alt = (
        "Tables of five by five numbers, each column relative to its least entry, which is bold. In the "
        "exact table and in the lecture's the bold entries form the diagonal."
    )
    return figure


@column
def outputs(x: Tensor, density: Tensor, wanted: Mapping[str, Tensor], learnt: Mapping[str, Tensor]):
    """What a network has to return (lines) and what it has learnt (dashed), over where the samples lie."""
    figure, panels = sheet(2, 1, height=1.9, width=COLUMN, sharex=True, height_ratios=[1, 3])
    panels[0].fill_between(x, density, color=BLUE, alpha=0.3, linewidth=0)
    panels[0].set(yticks=[], ylim=(0, 0.3))
    panels[0].text(x[0], 0.2, "samples of the generator", color=DARK[BLUE])
    axes = panels[1]
    for name, line in wanted.items():
        colour, _ = LOOKS[name]
        axes.plot(x, line, color=colour, label=f"{name}, wanted")
        axes.plot(x, learnt[name], color=colour, linestyle=DASHED, label=f"{name}, learnt")
    axes.set(ylim=(-25, 5), xlabel="x", ylabel="output of the network")
    axes.legend(frameon=False, loc="lower center", ncols=1)
    figure.alt = (
        "What the discriminator has to return along x and what it has learnt, for two divergences. The "
        "wanted line of Jeffrey falls out of the picture on both sides, and the learnt one does not follow."
    )
    return figure


@column
def halves(means: Tensor, curves: Mapping[str, Tensor], at: float) -> BookFigure:
    """The gradient by the generator's mean of both halves of 2 JS and of their sum, against the mean."""
    figure, axes = sheet(height=3.6, width=COLUMN)
    looks = ((VERMILLION, DASHED), (GREEN, "-."), (BLUE, "-"))
    for (name, curve), (colour, dash) in zip(curves.items(), looks, strict=True):
        axes.plot(means, curve, color=colour, linestyle=dash, label=name)
    axes.axhline(0, color="black", linewidth=0.8)
    axes.axvline(at, color=GREY, linewidth=1)
    sum_, kept = list(curves.values())[2], list(curves.values())[0]
    axes.fill_between(
        means, *axes.get_ylim(), where=(sum_ * kept < 0).numpy(), color=GREY, alpha=0.2, linewidth=0
    )
    axes.set(xlabel="mean of the generator", ylabel="gradient by the mean", xlim=(means[0], means[-1]))
    axes.legend(frameon=False, loc="upper left")
    figure.alt = (
        "Gradients by the generator's mean of both halves of 2 JS and of their sum. In a grey strip the half "
        "that one lecture keeps and the sum have opposite signs."
    )
    return figure


@column
def spirals(paths: Mapping[str, loops.Path]) -> BookFigure:
    """Where the generator goes, mean across and width up, in one panel per game: ``{title: path}``."""
    figure, panels = sheet(2, 2, height=2.6, width=COLUMN, sharex=True, sharey=True)
    for axes, (title, path) in zip(panels.flat, paths.items(), strict=True):
        axes.plot(path.means, path.stds, color=BLUE, linewidth=1.3)
        axes.plot(path.means[:1], path.stds[:1], "s", color=GREY, markersize=7)
        axes.plot(*loops.DATA, "o", color=VERMILLION, markersize=8)
        axes.set(title=title, xlim=(-1.3, 1.9), ylim=(0.2, 1.9))
    for axes in panels[1]:
        axes.set_xlabel("mean of the generator")
    for axes in panels[:, 0]:
        axes.set_ylabel("its width")
    panels[0, 0].text(-1.0, 1.22, "start", color="#595959", ha="center")
    panels[0, 0].text(1.2, 0.55, "data", color=DARK[VERMILLION])
    figure.alt = (
        "Paths of a generator in the plane of its mean and width, from the start to the data, in four games. "
        "The single step with equal step sizes overshoots widely again and again, the others less far."
    )
    return figure
