"""UNIT as blocks, from the images to the discriminators: what the paper's Figures 1 and 3 share."""

from ..shared.canvas import BLUE, COLUMN, PURPLE, VERMILLION
from .blocks import Sheet

LEFT, MIDDLE, RIGHT = 1.75, COLUMN / 2, COLUMN - 1.75


def unit_blocks(sheet: Sheet, rows: dict[str, float], *, pale: bool) -> None:
    """UNIT from the images to the discriminators, domain 1 left and domain 2 right."""
    y = rows

    def shared(row: str, name: str, width: float = 2.15) -> None:
        sheet.block(MIDDLE, y[row], "shared", name, colour=PURPLE, width=width, heavy=not pale, pale=pale)

    for k, x, colour in ((1, LEFT, BLUE), (2, RIGHT, VERMILLION)):
        other = 3 - k
        inward = 0.28 if k == 1 else -0.28
        sheet.node(x, y["image"], f"$x_{k}$", colour=colour, pale=pale)
        sheet.arrow((x, y["image"] - 0.27), (x, y["encoder"] + 0.26), pale=pale)
        sheet.block(x, y["encoder"], f"$E_{k}$", "Encoder", colour=colour, pale=pale)
        sheet.arrow(
            (x + inward, y["encoder"] - 0.26), (MIDDLE - inward * 1.7, y["share in"] + 0.26), pale=pale
        )
        sheet.arrow(
            (MIDDLE - inward * 1.7, y["share out"] - 0.26), (x + inward, y["generator"] + 0.26), pale=pale
        )
        sheet.block(x, y["generator"], f"$G_{k}$", "Generator", colour=colour, pale=pale)
        sheet.arrow((x, y["generator"] - 0.26), (x, y["made"] + 0.23), pale=pale)
        sheet.block(
            x,
            y["made"],
            f"$x_{{{k}{k}}},\\;x_{{{other}{k}}}$",
            colour=colour,
            height=0.46,
            width=1.3,
            pale=pale,
        )
        sheet.arrow((x, y["made"] - 0.22), (x, y["judge"] + 0.26), pale=pale)
        sheet.block(x, y["judge"], f"$D_{k}$", "Discriminator", colour=colour, pale=pale)
        sheet.arrow((x + inward, y["judge"] - 0.26), (MIDDLE - inward * 1.7, y["verdict"] + 0.26), pale=pale)
        margin = 0.16 if k == 1 else COLUMN - 0.16
        out = -0.27 if k == 1 else 0.27
        sheet.arrow(
            (x + out, y["image"]),
            (margin, y["image"]),
            (margin, y["judge"]),
            (x + 3.55 * out, y["judge"]),
            pale=pale,
        )
    shared("share in", "encoder_shared")
    sheet.arrow((MIDDLE, y["share in"] - 0.26), (MIDDLE, y["code"] + 0.27), pale=pale)
    sheet.node(MIDDLE, y["code"], "$z$", colour=PURPLE, pale=pale)
    sheet.arrow((MIDDLE, y["code"] - 0.27), (MIDDLE, y["share out"] + 0.26), pale=pale)
    shared("share out", "generator_shared")
    shared("verdict", "discriminator_shared", width=2.6)
