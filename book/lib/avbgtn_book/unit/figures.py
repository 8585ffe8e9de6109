"""Figures of the chapter on UNIT: piles of points, trainings, and maps that no loss tells apart."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from ..shared.canvas import (
    BLUE,
    COLUMN,
    DARK,
    DASHES,
    GREEN,
    GREY,
    PURPLE,
    VERMILLION,
    BookFigure,
    column,
    listed,
)
from .network_figure import anatomy, network  # noqa: F401 - for the cells of the chapter
from .toy_domains import ToyDomains, rotation
from .toy_unit import Training, exact_losses

KINDS = ((BLUE, "o"), (VERMILLION, "^"), (GREEN, "s"), (PURPLE, "D"), ("black", "v"))
SMALL = 10.5  # points, for what stands inside a picture


def _plain(axes, title: str = "", reach: float = 1.05) -> None:
    """A square piece of the plane without numbers."""
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), xticks=[], yticks=[], aspect="equal")
    axes.spines[["top", "right"]].set_visible(True)
    for spine in axes.spines.values():
        spine.set_color("#bbbbbb")
    axes.set_title(title, loc="left")


def _points(axes, x: Tensor, kinds: Tensor, size: float = 9) -> None:
    for k, (colour, mark) in enumerate(KINDS[: int(kinds.max()) + 1]):
        axes.scatter(*x[kinds == k].T, s=size, color=colour, marker=mark, linewidths=0)


# --- the problem --------------------------------------------------------------------------------------------


@column
def same_marginals(correlations: Sequence[float], n: int = 500, seed: int = 0) -> BookFigure:
    """Joint Gaussians with standard normal marginals: histograms above and beside each cloud,
    equal in all panels.
    """
    from avbgtn import streams

    draw = streams.generator(seed, "unit/marginals")
    a, b = torch.randn(2, n, generator=draw, dtype=torch.float64)
    # Draws whose sample moments are exactly 0, 1 and uncorrelated, so that what differs is the pairing alone.
    a = (a - a.mean()) / a.std()
    b = b - b.mean() - (a * b).mean() / (a * a).mean() * a
    b = b / b.std()
    figure = BookFigure(figsize=(COLUMN, 3.0), layout="constrained")
    grid = figure.subplots(
        2,
        2 * len(correlations),
        width_ratios=[4, 1] * len(correlations),
        height_ratios=[1, 4],
        squeeze=False,
    )
    line = torch.linspace(-3.2, 3.2, 61)
    bell = (-line.square() / 2).exp()
    for i, rho in enumerate(correlations):
        top, corner, cloud, side = grid[0, 2 * i], grid[0, 2 * i + 1], grid[1, 2 * i], grid[1, 2 * i + 1]
        corner.axis("off")
        cloud.scatter(a, rho * a + (1 - rho**2) ** 0.5 * b, s=6, color=BLUE, alpha=0.6, linewidths=0)
        cloud.set(xlim=(-3.2, 3.2), ylim=(-3.2, 3.2), xticks=[], yticks=[], xlabel="$x_1$")
        top.fill_between(line, bell, color=GREY, linewidth=0)
        side.fill_betweenx(line, bell, color=GREY, linewidth=0)
        top.set(xlim=(-3.2, 3.2), xticks=[], yticks=[])
        side.set(ylim=(-3.2, 3.2), xticks=[], yticks=[])
        for axes in (top, side):
            axes.axis("off")
        top.text(0, 1.15, f"correlation {rho:g}", ha="center", transform=top.get_xaxis_transform())
        if i == 0:
            cloud.set_ylabel("$x_2$")
    figure.alt = (
        f"Three clouds of pairs with correlations {listed([f'{r:g}' for r in correlations])}; the bell "
        "curves above and beside the clouds are the same."
    )
    return figure


@column
def piles(domains: ToyDomains, n: int = 250) -> BookFigure:
    """What training sees, two uncoloured piles, and what scoring sees: the same things in both domains,
    marked by kind.
    """
    x1, x2 = domains.piles(n, 0)
    kinds, t1, t2 = domains.twins(n)
    figure = BookFigure(figsize=(COLUMN, 6.9), layout="constrained")
    axes = figure.subplots(2, 2)
    for side, (pile, twin) in enumerate(((x1, t1), (x2, t2))):
        axes[0, side].scatter(*pile.T, s=12, color=GREY, linewidths=0)
        _points(axes[1, side], twin, kinds, 16)
        _plain(axes[0, side], f"domain {side + 1}: pile", 1.2)
        _plain(axes[1, side], f"domain {side + 1}: twins", 1.2)
    figure.alt = (
        f"Four panels. Above, two grey piles of points. Below, the same places with {len(domains.shares)} "
        f"kinds marked by colour and shape; domain 2 is turned by {domains.angle:g} degrees."
    )
    return figure


# --- trainings ----------------------------------------------------------------------------------------------


@column
def moment(training: Training, update: int, runs: Mapping[str, int]) -> BookFigure:
    """Translations of the same things at one update, one panel a run;
    places of the truth as large grey marks.

    Args:
        runs: ``{"run 0": 0}``: title and number of each panel.
    """
    figure = BookFigure(figsize=(COLUMN, 4.4), layout="constrained")
    panels = figure.subplots(1, len(runs), squeeze=False)[0]
    heard = []
    for axes, (title, r) in zip(panels, runs.items(), strict=True):
        domains, x12 = training.domains[r], training.seen[update][:, r]
        kinds = domains.twins(len(x12))[0]
        for (x, y), (_, mark) in zip(
            domains.true_map(torch.tensor(domains.places, dtype=torch.float64)), KINDS, strict=False
        ):
            axes.scatter(x, y, s=620, color="#dddddd", marker=mark, linewidths=0)
        _points(axes, x12, kinds, 13)
        s = {name: value[r].item() for name, value in training.scores[update].items()}
        _plain(axes, title)
        axes.set_xlabel(
            f"reconstruction {s['rec']:.2f}, cycle {s['cycle']:.2f}\n"
            f"$D_2$ {s['d2']:.2f}, translation error {s['error']:.2f}"
        )
        heard.append(
            f"{title}: reconstruction {s['rec']:.2f}, cycle {s['cycle']:.2f}, "
            f"translation error {s['error']:.2f}"
        )
    figure.suptitle(f"after {update} updates", fontsize=12)
    figure.alt = f"Translated points of {len(runs)} runs after {update} updates. {'; '.join(heard)}."
    return figure


COLUMNS = {
    "error": "translation error",
    "cycle": "cycle\nerror",
    "rec": "reconstruction\nerror",
    "gap": "distance\nto pile 2",
}


@column
def parts_compared(scores: Mapping[str, Mapping[str, Tensor]]) -> BookFigure:
    """One row a variant, one panel a score, one dot a seed, a bar at the mean;
    all scores are better when small; logarithmic axes.
    """
    names = list(scores)
    figure = BookFigure(figsize=(COLUMN, 0.46 * len(names) + 1.1), layout="constrained")
    panels = figure.subplots(1, len(COLUMNS), sharey=True, width_ratios=[1.5, 1, 1, 1])
    for axes, (key, label) in zip(panels, COLUMNS.items(), strict=True):
        for row, name in enumerate(names):
            values = scores[name][key].clamp(min=0.001)  # the energy distance can fall below 0 by chance
            colour = BLUE if row == 0 else "#444444"
            axes.plot([values.mean()] * 2, [row - 0.33, row + 0.33], color=VERMILLION, linewidth=3)
            offset = torch.linspace(-0.2, 0.2, len(values))
            axes.scatter(values, row + offset, s=22, facecolors="white", edgecolors=colour, zorder=3)
        axes.set_title(label, fontsize=11)
        axes.set_xscale("log")
        axes.minorticks_off()
        if key == "error":  # right maps lie left of the middle tick, wrong ones right of it
            axes.set_xticks([0.03, 0.1, 0.3], ["0.03", "0.1", "0.3"])
        axes.grid(axis="y", color="#eeeeee")
        axes.set_axisbelow(True)
        axes.tick_params(left=False)
        axes.tick_params(axis="x", labelsize=SMALL)
    panels[0].set_yticks(range(len(names)), names)
    panels[0].set_ylim(len(names) - 0.5, -0.5)
    said = "; ".join(f"{n}: translation error {scores[n]['error'].mean():.2f}" for n in names)
    figure.alt = (
        f"Dots of {len(names)} variants, a dot for each seed, in {len(COLUMNS)} "
        f"panels of errors. Means: {said}."
    )
    return figure


@column
def error_by_angle(angles: Sequence[float], error: Tensor, copying: Sequence[float]) -> BookFigure:
    """Translation error ``(angles, seeds)`` against the angle of the true map,
    with that of copying the input.
    """
    figure = BookFigure(figsize=(COLUMN, 3.6), layout="constrained")
    axes = figure.subplots()
    axes.plot(angles, copying, color=GREY, linestyle=DASHES[1])
    for seed in range(error.shape[1]):
        axes.plot(angles, error[:, seed], "o", color=BLUE, markersize=6, markerfacecolor="white")
    axes.plot(angles, error.mean(1), color=BLUE)
    axes.text(124, 0.63, "UNIT, matched initialisation", color=BLUE)
    axes.text(116, 0.83, "copying the input", color=DARK[GREY], ha="right")
    axes.set(xlabel="angle of the true map, degrees", ylabel="translation error", xticks=angles)
    axes.set_ylim(0, None)
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    figure.alt = (
        "Translation error against the angle of the true map: small for small angles, then a jump to values "
        "as large as those of a wrong map."
    )
    return figure


# --- symmetry -----------------------------------------------------------------------------------------------


@column
def learnt_maps(training: Training, runs: Sequence[int]) -> BookFigure:
    """The twins of domain 1, and what some runs translate them to, with their losses and errors."""
    figure = BookFigure(figsize=(COLUMN, 7.6), layout="constrained")
    panels = figure.subplots(2, 2).flat
    n = len(training.seen[max(training.seen)])
    kinds, x1, _ = training.domains[0].twins(n)
    first, *others = panels
    _points(first, x1, kinds, 14)
    _plain(first, "$x_1$, and its true twin", 0.85)
    heard = []
    for axes, r in zip(others, runs, strict=False):
        s = {name: value[r].item() for name, value in training.final.items()}
        _points(axes, training.seen[max(training.seen)][:, r], kinds, 14)
        _plain(axes, f"$x_{{12}}$ of seed {training.model.seeds[r]}", 0.85)
        axes.set_xlabel(
            f"reconstruction {s['rec']:.2f}, cycle {s['cycle']:.2f}, $D_2$ {s['d2']:.2f}\n"
            f"translation error {s['error']:.2f}"
        )
        heard.append(f"{s['error']:.2f}")
    figure.alt = (
        "Four clouds at the corners of a square, and the translations of three runs: the same square with "
        f"its corners exchanged. Translation errors {listed(heard)}, all other losses alike."
    )
    return figure


@column
def turned_world(degrees: float, n: int = 450, seed: int = 0, spread: float = 0.4) -> BookFigure:
    """A round cloud and its translation by a model that turns: pictures and
    closed-form losses at one angle.
    """
    import matplotlib

    from avbgtn import streams

    x1 = spread * torch.randn(n, 2, generator=streams.generator(seed, "unit/round"), dtype=torch.float64)
    hue = (torch.atan2(x1[:, 1], x1[:, 0]) / (2 * torch.pi)) % 1
    colours = matplotlib.colormaps["hsv"](hue.numpy())
    R = rotation(degrees)
    letters = {
        name: 0.75 * torch.tensor([torch.cos(a), torch.sin(a)], dtype=torch.float64)
        for name, a in zip("ABC", torch.tensor([0.4, 2.0, 4.3]), strict=True)
    }
    figure = BookFigure(figsize=(COLUMN, 4.6), layout="constrained")
    panels = figure.subplots(1, 2)
    for axes, turn, title in zip(
        panels, (torch.eye(2, dtype=torch.float64), R), ("domain 1", "translated"), strict=True
    ):
        axes.scatter(*(x1 @ turn.T).T, s=12, c=colours, linewidths=0)
        for name, at in letters.items():
            axes.text(
                *(turn @ at),
                name,
                ha="center",
                va="center",
                fontsize=15,
                fontweight="bold",
                bbox={"boxstyle": "circle,pad=0.15", "facecolor": "white", "edgecolor": "black"},
            )
        _plain(axes, title, 1.1)
    s = exact_losses(degrees, spread=spread)
    panels[0].set_xlabel(
        f"reconstruction {s['reconstruction']:.4f}, cycle {s['cycle']:.4f}\n"
        f"penalties {s['mean mu^2']:.2f}, {s['mean mu12^2']:.2f}\n"
        f"best $D$ {s['best D']:.4f}"
    )
    panels[1].set_xlabel(f"turned by {degrees:g} degrees\ntranslation error\n{s['translation error']:.4f}")
    figure.alt = (
        "A round cloud with a wheel of hues and three lettered points, and the same cloud turned by "
        f"{degrees:g} degrees. Translation error {s['translation error']:.3f}; reconstruction, cycle, "
        "penalties and discriminator as at every other angle."
    )
    return figure
