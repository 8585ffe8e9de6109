"""Drawings of the AVB-GTN chapter.

The block diagrams of the paper's Figures 1 to 3 are in ``book/lib/avbgtn_book/avb_gtn/diagrams.py``.
"""

from collections.abc import Mapping, Sequence

import torch
from matplotlib.ticker import FuncFormatter, NullFormatter
from torch import Tensor

from ..shared.canvas import BLUE, COLUMN, DARK, DASHES, GREEN, GREY, PURPLE, VERMILLION, BookFigure, column
from ..shared.sheet import sheet
from . import penalties

# The three forms keep their colour, dash and name in every picture of the chapter.
LOOKS = {
    "logit": dict(color=BLUE, linestyle=DASHES[0]),
    "log_sigmoid": dict(color=VERMILLION, linestyle=DASHES[1]),
    "softplus": dict(color=GREEN, linestyle=DASHES[2]),
    "reconstruction": dict(color=GREY, linestyle=DASHES[3]),
    "wrong": dict(color=PURPLE, linestyle=DASHES[3]),
}
WORDS = {
    "logit": "$T$",
    "log_sigmoid": r"$\log\,\sigma(T)$",
    "softplus": r"softplus$(T)$",
    "reconstruction": "reconstruction",
    "wrong": r"$-\log\,\sigma(T)$",
}
MARKERS = {"logit": "o", "log_sigmoid": "s", "softplus": "^", "reconstruction": "D", "wrong": "x"}


def _name(axes, form: str, x: float, y: float, **how) -> None:
    """The name of a form, in its colour, beside its line."""
    axes.text(x, y, WORDS[form], color=DARK[LOOKS[form]["color"]], **({"va": "center"} | how))


def _grid(axes) -> None:
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)


@column
def gradient_sizes(distances: Sequence[float], gradients: Mapping[str, Sequence[float]]) -> BookFigure:
    """How hard each form pulls a Gaussian at distance m back to the prior, on a logarithmic axis.

    Args:
        distances: m.
        gradients: by form, the frozen derivatives by m, one a distance.
    """
    figure, axes = sheet(height=3.6, width=COLUMN)
    for form, values in gradients.items():
        axes.plot(distances, values, **LOOKS[form])
    _name(axes, "logit", 0.35, 2.2)
    _name(axes, "softplus", 3.6, 1.1)
    _name(axes, "log_sigmoid", 5.75, 2e-3, ha="right")
    axes.set(yscale="log", xlabel="distance $m$ of the posterior's mean", ylim=(1e-6, 30), xlim=(0, 10.2))
    axes.set_title("pull on the mean: the size of the derivative by $m$", loc="left")
    _grid(axes)
    figure.alt = (
        f"Curves of the gradient of three penalties for distances from {min(distances):g} to "
        f"{max(distances):g}, logarithmic axis. T grows in proportion to the distance and "
        "softplus(T) soon runs along it; log sigma(T) rises to a low hump before distance 2 and then "
        "falls by five orders of magnitude."
    )
    return figure


@column
def frame(m: float) -> BookFigure:
    """One frame of the moving figure: both densities, the three penalties along z, and the three pulls."""
    figure = BookFigure(figsize=(COLUMN, 6.5))
    densities, forms, bars = (
        figure.add_axes((0.145, bottom, 0.84, height))
        for bottom, height in ((0.775, 0.18), (0.385, 0.3), (0.06, 0.16))
    )
    z = torch.linspace(-4, 14, 721, dtype=torch.float64)
    p, q = (torch.exp(-0.5 * (z - at).square()) / (2 * torch.pi) ** 0.5 for at in (0.0, m))
    for values, colour, name, dash, at in ((p, GREY, "$p$", DASHES[1], 0.0), (q, PURPLE, "$q$", "-", m)):
        densities.fill_between(z, values, color=colour, alpha=0.2, linewidth=0)
        densities.plot(z, values, color=colour, linestyle=dash)
        aside = 0 if m >= 1.2 else 0.7 if name == "$q$" else -0.7  # where the tops are too close
        densities.text(at + aside, 0.43, name, color=DARK[colour], ha="center")
    densities.set(ylim=(0, 0.56), yticks=[], xlim=(-4, 14), xticklabels=[])
    densities.spines["left"].set_visible(False)
    densities.set_title(rf"posterior $q=\mathcal{{N}}({m:g},1)$ and prior $p=\mathcal{{N}}(0,1)$", loc="left")

    t = penalties.best_t(z, m)
    near = (z - m).abs() <= 2  # where q has its codes
    for name, form in penalties.FORMS.items():
        look, height = LOOKS[name], torch.vmap(form)(t)
        forms.plot(z, height, **(look | {"linewidth": 1, "alpha": 0.5}))
        forms.plot(z[near], height[near], **(look | {"linewidth": 3.4}))
    low, high = min(-2.0, -1.2 * m), max(3.0, penalties.best_t(torch.tensor(m + 2.0), m).item() * 1.06)
    forms.set(ylim=(low, high), xlim=(-4, 14), xlabel="code $z$")
    forms.set_title("penalty of a code, thick where $q$ has its codes", loc="left")
    _grid(forms)

    pulls = {name: penalties.frozen_gradient(form, m)[0] for name, form in penalties.FORMS.items()}
    for place, (name, pull) in enumerate(pulls.items()):
        bars.barh(place, max(pull, 1e-9), color=LOOKS[name]["color"], height=0.62)
        bars.text(max(pull, 1.15e-6) * 1.2, place, f"{pull:.2g}", va="center")
    bars.set(xscale="log", xlim=(1e-6, 60), yticks=range(3), yticklabels=[WORDS[name] for name in pulls])
    for label, name in zip(bars.get_yticklabels(), pulls, strict=True):
        label.set_color(DARK[LOOKS[name]["color"]])
    bars.invert_yaxis()
    bars.xaxis.set_minor_formatter(NullFormatter())
    bars.set_title("average slope over $q$: the pull on $m$", loc="left")
    figure.alt = (
        f"At distance {m:g}: the pulls on the mean are {pulls['logit']:.2g} for T, "
        f"{pulls['log_sigmoid']:.2g} for log sigma(T) and {pulls['softplus']:.2g} for softplus(T). Above the "
        "bars, the two densities and the three penalties along z."
    )
    return figure


@column
def descents(near: Mapping[str, Sequence[float]], far: Mapping[str, Sequence[float]]) -> BookFigure:
    """KL along gradient descent on each penalty alone, from a near start and from a far one."""
    figure, panels = sheet(1, 2, height=3.7, width=COLUMN, sharey=True)
    titles = "a start at $m = 1.5$", "a start at $m = 6$"
    for axes, paths, title in zip(panels, (near, far), titles, strict=True):
        for form, kls in paths.items():
            axes.plot(range(len(kls)), kls, **LOOKS[form])
        axes.set(yscale="log", ylim=(1e-4, 100), title=title, xlabel="step of gradient descent")
        _grid(axes)
    panels[0].set_ylabel("KL to the prior, nats")
    _name(panels[0], "wrong", 195, 13, ha="right")
    panels[0].text(70, 0.05, WORDS["log_sigmoid"] + ", dashed", color=DARK[VERMILLION], va="center")
    _name(panels[0], "logit", 26, 4e-4, ha="right")
    panels[0].text(70, 0.016, WORDS["softplus"] + ", dotted", color=DARK[GREEN], va="center")
    panels[1].text(
        195, 45, "both signs of $\\log\\,\\sigma(T)$", color=DARK[VERMILLION], ha="right", va="center"
    )
    _name(panels[1], "logit", 40, 4e-4, ha="right")
    _name(panels[1], "softplus", 100, 4e-4)
    figure.alt = (
        "Two panels with the KL along gradient descent. From nearby, T, log sigma(T) and softplus(T) all "
        "bring it down and minus log sigma(T) drives it up. From far off, T and softplus(T) bring it down as "
        "before, while log sigma(T) stays level at its start."
    )
    return figure


@column
def pulls_on_heads(lines: Sequence[Mapping[str, float]]) -> BookFigure:
    """T's loss, and how hard each term pulls at a code of a real head,
    along the first updates of a training.
    """
    figure, (above, below) = sheet(2, height=2.9, width=COLUMN, sharex=True, height_ratios=(1, 1.7))
    epochs = [line["epoch"] for line in lines]
    above.plot(epochs, [line["t_loss"] for line in lines], color="black", marker="o")
    above.axhline(2 * torch.log(torch.tensor(2.0)).item(), color=GREY, linewidth=1)
    above.text(epochs[-1], 1.8, "chance", color=DARK[GREY], ha="right", va="bottom")
    above.set(yscale="log", ylim=(None, 8))
    above.set_title("loss of $T$, nats (mean of $T_1$ and $T_2$)", loc="left")
    for name in ("reconstruction", "logit", "softplus", "log_sigmoid"):
        below.plot(epochs, [line[name] for line in lines], marker=MARKERS[name], markersize=6, **LOOKS[name])
    last, end = lines[-1], epochs[-1] * 1.03
    _name(below, "reconstruction", end, last["reconstruction"])
    below.text(
        end, last["logit"], f"{WORDS['logit']} and\n{WORDS['softplus']}", color=DARK[BLUE], va="center"
    )
    _name(below, "log_sigmoid", end, last["log_sigmoid"])
    below.set(yscale="log", xlabel="epoch", xlim=(-epochs[-1] * 0.02, epochs[-1] * 1.3))
    below.set_xticks(epochs[::2])
    below.set_title(r"size of $\lambda\,\times$ gradient at the code $z_1$", loc="left")
    for axes in (above, below):
        _grid(axes)
    figure.alt = (
        "Two panels along the first epochs. The loss of T falls from chance by orders of "
        "magnitude. The gradients of T and of softplus(T) at the code grow; that of log sigma(T) "
        "falls by orders of magnitude."
    )
    return figure


@column
def long_run(epochs: Sequence[int], on_codes: Sequence[float], on_prior: Sequence[float]) -> BookFigure:
    """T's mean logits along the committed training, and the factor 1 - s(T) that log s(T)
    leaves of T's gradient.
    """
    figure, (above, below) = sheet(2, height=2.4, width=COLUMN, sharex=True)
    above.plot(epochs, on_codes, color=PURPLE, marker="o")
    above.plot(epochs, on_prior, color=GREY, marker="s", linestyle=DASHES[1])
    above.axhline(0, color="black", linewidth=0.8)
    above.text(epochs[-1], on_codes[-1] - 5, "codes of heads", color=DARK[PURPLE], ha="right", va="top")
    above.text(
        epochs[-1], on_prior[-1] + 5, "samples of the prior", color=DARK[GREY], ha="right", va="bottom"
    )
    above.set_title("mean logit of $T_1$ and $T_2$", loc="left")
    gate = torch.sigmoid(-torch.tensor(on_codes, dtype=torch.float64))
    below.plot(epochs, gate, color=VERMILLION, marker="s", linestyle=DASHES[1])
    below.axhline(0.5, color=GREY, linewidth=1)
    below.text(epochs[-1], 0.9, "at chance", ha="right", va="bottom", color=DARK[GREY])
    below.set(yscale="log", ylim=(1e-12, 1e3), xlabel="epoch")
    below.set_title(r"factor $1-\sigma(T)$ on the gradient of $T$", loc="left")
    below.xaxis.set_major_formatter(FuncFormatter(lambda epoch, _: f"{epoch:,.0f}"))
    for axes in (above, below):
        _grid(axes)
    figure.alt = (
        "Two panels along three thousand epochs. T's logits stay near 20 on codes and near minus 20 on "
        "samples of the prior; the factor 1 minus sigma(T) stays below one millionth all along."
    )
    return figure


@column
def scale_bars(rows: Mapping[str, tuple[float, str]]) -> BookFigure:
    """Sizes of terms of the loss, on a logarithmic axis.

    Args:
        rows: ``{"label": (value, colour)}``.
    """
    figure, axes = sheet(height=0.8 + 0.62 * len(rows), width=COLUMN)
    for place, (label, (size, colour)) in enumerate(rows.items()):
        axes.barh(place, size, color=colour, height=0.34)
        axes.text(1e-10, place - 0.36, label, va="center")
        axes.text(size * 1.6, place, f"{size:.2g}" if size < 100 else f"{size:,.0f}", va="center")
    axes.set(xscale="log", xlim=(1e-10, 4e6), yticks=[], ylim=(len(rows) - 0.6, -0.65))
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("size in the loss, logarithmic")
    axes.xaxis.set_minor_formatter(NullFormatter())
    figure.alt = "Horizontal bars on a logarithmic axis: " + "; ".join(
        f"{label}, {size:.2g}" for label, (size, _) in rows.items()
    )
    return figure


@column
def noise_draws(x: Tensor, rows: Mapping[str, Tensor], *, black: float) -> BookFigure:
    """One head, translations of it under several draws of the noise, and where they differ.

    Args:
        x: the image, (3, H, W) in [-1, 1].
        rows: by model, its translations, (draws, 3, H, W); the first three are shown,
            all count for the spread.
        black: the standard deviation, in [0, 2], that is drawn black.
    """
    figure = BookFigure(figsize=(COLUMN, 0.4 + 1.45 * len(rows)), layout="constrained")
    panels = figure.subplots(len(rows), 5, squeeze=False)
    for line, (name, images) in zip(panels, rows.items(), strict=True):
        shown = [x, *images[:3]]
        for axes, image in zip(line, shown, strict=False):
            axes.imshow(((image.clamp(-1, 1) + 1) / 2).permute(1, 2, 0).numpy())
        spread = images.std(0).mean(0)  # (H, W)
        line[4].imshow(spread.numpy(), cmap="Greys", vmin=0, vmax=black)
        line[0].set_ylabel(name)
        for axes in line:
            axes.set(xticks=[], yticks=[])
    for axes, title in zip(panels[0], ("original", "draw 1", "draw 2", "draw 3", "spread"), strict=True):
        axes.set_title(title)
    figure.alt = (
        "A brown-haired head, three blond translations of it and a map of their spread, one row each for "
        f"{' and '.join(rows)}. Within a row the three translations look the same."
    )
    return figure
