"""The AVB-GTN paper's Figures 1 to 3 as block diagrams, and where each block stands in the package.

A block carries its symbol in the paper and, beneath, the class or the name that it has in ``avbgtn``.
:data:`PARTS` names for each part the function, and the line of it, that does the work; a test holds
both to the source.
"""

import inspect
from dataclasses import dataclass
from importlib import import_module, metadata

import torch
from torch import Tensor

from avbgtn import streams

from ..shared.canvas import BLUE, COLUMN, DARK, GREEN, GREY, PURPLE, VERMILLION, BookFigure, column
from .blocks import PALE, Sheet
from .unit_blocks import LEFT, MIDDLE, RIGHT, unit_blocks


@dataclass(frozen=True)
class Part:
    """One block or arrow of a figure: ``where`` is a function or class of the package,
    ``line`` a line in it.
    """

    symbol: str  # as in the figure; no TeX, tables of outputs have none
    what: str  # in words
    where: str  # "unit.UNIT.sample_code", in avbgtn.models
    line: str = ""  # as it stands in the source

    def source(self) -> object:
        """The function or class itself."""
        module, *names = self.where.split(".")
        thing = import_module(f"avbgtn.models.{module}")
        for name in names:
            thing = getattr(thing, name)
        return thing


_ENCODER = Part(
    "E₁, E₂", "private halves of the encoders, image to features", "networks.Encoder",
    "nn.Conv2d(channels + noise_channels, width, 7, padding=3),",
)  # fmt: skip
_SHARED = Part(
    "shared", "the last residual block of both encoders: one module, both domains", "unit.UNIT.encode_pair",
    "mu = self.encoder_shared(torch.cat(private))",
)  # fmt: skip
_INPUT = Part(
    "ε beside x", "noise at the input: planes of it, joined to the image", "unit.UNIT.features",
    "x = torch.cat([x, eps], dim=1)",
)  # fmt: skip
_CODE = Part(
    "z = μ + ε", "noise at the code: a Gaussian posterior of unit variance", "unit.UNIT.sample_code",
    "return mu + self.config.noise_scale * eps",
)  # fmt: skip

PARTS: dict[str, tuple[Part, ...]] = {
    "unit": (
        _ENCODER,
        _SHARED,
        _CODE,
        Part(
            "G₁, G₂",
            "shared residual block, then the private halves of the generators",
            "unit.UNIT.decode",
            "return generator(self.generator_shared(z))",
        ),
        Part(
            "x₁₂",
            "a translation: encode with E₁, decode with G₂",
            "unit.UNIT.translate",
            "return self.decode(self.encode(x, source, eps), target)",
        ),
        Part(
            "D₁, D₂",
            "private fronts and shared deep layers: real, or translated?",
            "unit.UNIT.discriminate",
            "logits = in_full(self.discriminator_shared(torch.cat(fronts))).flatten(1)",
        ),
    ),
    "noise": (_CODE, _INPUT),
    "avb_gtn": (
        _INPUT,
        Part(
            "T₁, T₂",
            "one posterior discriminator a domain: did z come from the encoder of x, or from the prior?",
            "networks.PosteriorDiscriminator",
            "seen = torch.cat([features, z], dim=1)",
        ),
        Part(
            "z ~ p",
            "samples of the prior, for T to compare with",
            "avb_gtn.AVBGTN.prior_noise",
            '[self.draw(f"prior/{key}/{k}", epoch, samples, self.code_shape) for k in steps]',
        ),
        Part(
            "T learns",
            "Eq. (9), on codes that are cut off from the encoder",
            "avb_gtn.AVBGTN.posterior_losses",
            'parts[f"t{key}"] = losses.posterior_discriminator_loss(on_codes, on_prior)',
        ),
        Part(
            "E is judged",
            "Eqs. (10)-(13): log σ(T) where UNIT has a KL",
            "avb_gtn.AVBGTN.penalties",
            "return {key: form(self.log_ratio(key, step)) for key in DOMAIN_OF_ENCODER}",
        ),
    ),
}


def repository() -> str:
    """Address of the package's repository, from the project's settings;
    empty where the package is not installed with it.
    """
    try:
        urls = metadata.metadata("avbgtn").get_all("Project-URL") or []
    except metadata.PackageNotFoundError:
        urls = []
    return next(
        (url.strip() for name, _, url in (u.partition(",") for u in urls) if name == "Repository"), ""
    )


def parts_table(figure: str) -> object:
    """The parts of ``"unit"``, ``"noise"`` or ``"avb_gtn"`` as an IPython ``Markdown`` table: part,
    work and line, function.

    A function links to its file in :func:`repository`, where that is known.
    """
    from IPython.display import Markdown

    at = repository()
    rows = ["| part, and the line that does its work | where |", "|---|---|"]
    for part in PARTS[figure]:
        file, name = part.where.split(".", 1)
        where = f"[`{name}`]({at}/blob/HEAD/avbgtn/models/{file}.py)" if at else f"`{name}`"
        rows.append(f"| **{part.symbol}**: {part.what}<br>`{part.line}` | `models/{file}.py`<br>{where} |")
    return Markdown("\n".join(rows))


def lines_stand(figure: str) -> bool:
    """Whether the line of every part of a figure stands in the function that the part names."""
    return all(part.line in inspect.getsource(part.source()) for part in PARTS[figure])


# --- the figures --------------------------------------------------------------------------------------------


@column
def unit_figure() -> BookFigure:
    """The paper's Figure 1: UNIT, two VAE-GANs around one code."""
    top = 7.0
    rows = dict(zip(
        ("image", "encoder", "share in", "code", "share out", "generator", "made", "judge", "verdict"),
        (top - d for d in (0.35, 1.1, 1.9, 2.72, 3.54, 4.34, 5.06, 5.8, 6.6)), strict=True,
    ))  # fmt: skip
    sheet = Sheet(top)
    unit_blocks(sheet, rows, pale=False)
    sheet.node(MIDDLE + 1.25, rows["code"], r"$\varepsilon$", colour=GREEN, dashed=True)
    sheet.arrow((MIDDLE + 0.98, rows["code"]), (MIDDLE + 0.29, rows["code"]), colour=GREEN, dashed=True)
    sheet.words(MIDDLE + 1.25, rows["code"] - 0.4, "noise at the code", colour=DARK[GREY])
    sheet.words(MIDDLE - 0.9, rows["image"], "domain 1")
    sheet.words(MIDDLE + 0.9, rows["image"], "domain 2")
    sheet.words(0.3, rows["code"] + 0.1, "real\nimages", ha="left")
    figure = sheet.figure
    figure.alt = (
        "Block diagram of UNIT. From top to bottom: images x1 and x2, the encoders E1 and E2, one "
        "shared block, the code z, to which noise is added, another shared block, the generators G1 and "
        "G2, and the discriminators D1 and D2 with their shared end, which see the generators' images "
        "and, along the margins, the real ones."
    )
    return figure


@column
def avb_gtn_figure() -> BookFigure:
    """The paper's Figure 3: AVB-GTN. UNIT is pale; what the paper adds is not."""
    top = 7.4
    rows = dict(zip(
        ("image", "encoder", "share in", "code", "share out", "generator", "made", "judge", "verdict"),
        (top - d for d in (0.38, 1.15, 1.95, 2.98, 3.98, 4.76, 5.48, 6.22, 7.02)), strict=True,
    ))  # fmt: skip
    sheet = Sheet(top)
    unit_blocks(sheet, rows, pale=True)
    for k, x, colour in ((1, LEFT, BLUE), (2, RIGHT, VERMILLION)):
        side = -1 if k == 1 else 1
        at = MIDDLE + side * 1.75
        inner = x - side * 0.8
        sheet.node(inner, rows["image"], r"$\varepsilon$", colour=GREEN, dashed=True, radius=0.23)
        sheet.arrow(
            (inner, rows["image"] - 0.23), (x - side * 0.4, rows["encoder"] + 0.29), colour=GREEN, heavy=True
        )  # fmt: skip
        sheet.block(
            at,
            rows["code"],
            f"$T_{k}$",
            "Posterior-\nDiscriminator",
            colour=colour,
            heavy=True,
            height=0.84,
            width=1.75,
        )
        sheet.arrow(
            (MIDDLE + side * 0.28, rows["code"]), (at - side * 0.88, rows["code"]), colour=colour, heavy=True
        )  # fmt: skip
        lane = MIDDLE + side * 2.3
        sheet.arrow(
            (x + side * 0.2, rows["image"] - 0.19), (lane, rows["image"] - 0.52), (lane, rows["code"] + 0.43),
            colour=colour, heavy=True,
        )  # fmt: skip
        sheet.node(at, rows["code"] - 0.88, r"$z\!\sim\!p$", colour=GREEN, dashed=True, radius=0.29)
        sheet.arrow(
            (at, rows["code"] - 0.59), (at, rows["code"] - 0.4), colour=GREEN, heavy=True, dashed=False
        )
    sheet.figure.alt = (
        "Block diagram of AVB-GTN: UNIT in pale grey, the additions in colour. Noise enters beside the "
        "images x1 and x2 instead of at the code. Two posterior discriminators, T1 and T2, stand left and "
        "right of the code z; each is given the image of its domain, the code, and samples of the prior."
    )
    return sheet.figure


@column
def noise_figure() -> BookFigure:
    """The paper's Figure 2: noise after the encoder, and noise before it,
    each with what it makes of one image.
    """
    height = 6.3
    sheet = Sheet(height)
    top = height - 0.3
    for x, colour, title in (
        (1.8, BLUE, "UNIT: noise at the code"),
        (5.4, VERMILLION, "AVB: noise at the input"),
    ):
        sheet.words(x, top, title, colour="black", weight="bold")
        late = x < COLUMN / 2
        sheet.node(x - (0 if late else 0.42), top - 0.55, "$x$", colour=colour)
        if late:
            sheet.arrow((x, top - 0.82), (x, top - 1.12))
        else:
            sheet.node(x + 0.42, top - 0.55, r"$\varepsilon$", colour=GREEN, dashed=True)
            sheet.arrow((x - 0.42, top - 0.82), (x - 0.3, top - 1.12))
            sheet.arrow((x + 0.42, top - 0.82), (x + 0.3, top - 1.12), colour=GREEN, dashed=True)
        sheet.block(x, top - 1.38, "$E$", "Encoder", colour=colour)
        sheet.arrow((x, top - 1.64), (x, top - 1.96))
        if late:
            sheet.words(x - 0.13, top - 1.8, r"$\mu$", ha="right", colour="black")
            sheet.node(x + 0.8, top - 2.23, r"$\varepsilon$", colour=GREEN, dashed=True)
            sheet.arrow((x + 0.53, top - 2.23), (x + 0.28, top - 2.23), colour=GREEN, dashed=True)
        sheet.node(x, top - 2.23, "$z$", colour=PURPLE)
        sheet.arrow((x, top - 2.5), (x, top - 2.8))
        sheet.block(x, top - 3.06, "$G$", "Generator", colour=colour)
    gaussian, bent = example_codes()
    for x, colour, codes, alt in ((0.8, BLUE, gaussian, 0), (4.4, VERMILLION, bent, 1)):
        axes = sheet.figure.add_axes((x / COLUMN, 0.42 / height, 2.0 / COLUMN, 2.0 / height))
        axes.scatter(*codes.T.numpy(), s=5, color=colour, alpha=0.55, linewidths=0, marker="os"[alt])
        axes.set(xlim=(-3.4, 3.4), ylim=(-3.4, 3.4), xticks=[], yticks=[], xlabel="codes $z$ of one $x$")
        axes.spines[["top", "right"]].set_visible(True)
        for spine in axes.spines.values():
            spine.set_color(PALE)
    sheet.figure.alt = (
        "Two block diagrams side by side. Left, UNIT: image, encoder, mean mu, noise added to give "
        "the code z, generator; below, its codes of one image are a round Gaussian cloud. Right, "
        "AVB: image and noise enter the encoder together, then code and generator; below, the codes "
        "of one image form two bent bands."
    )
    return sheet.figure


def example_codes(n: int = 1500) -> tuple[Tensor, Tensor]:
    """Codes of one image in two dimensions, (n, 2) each: a Gaussian,
    and what a small bent map makes of the same noise.

    The map is made by hand, to show what noise at the input *can* do: it is no trained encoder.
    """
    eps = torch.randn(n, 2, generator=streams.generator(0, "diagrams/codes"), dtype=torch.float64)
    angle, side = 0.9 * eps[:, 0], torch.where(eps[:, 1] > 0, 1.0, -1.0)
    radius = 1.7 + 0.22 * eps[:, 1].abs()
    bent = torch.stack(
        [side * (radius * angle.cos() - 0.55), radius * angle.sin() * side - 0.5 * side], dim=1
    )
    return eps * 0.55 + torch.tensor([0.7, 0.5], dtype=torch.float64), bent
