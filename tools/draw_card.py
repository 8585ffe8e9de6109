"""Draw the card of the book: `python tools/draw_card.py` writes `book/_assets/card.jpg`.

It is what a link to the book looks like where people share it: the title, and heads of the validation split
as AVB-GTN's committed weights translate them. The heads are cut out of the sheet of sixteen that
`tools/commit_weights.py` draws, so the card is drawn anew after it.
"""

import pathlib

import matplotlib
from PIL import Image, ImageDraw, ImageFont

ASSETS = pathlib.Path(__file__).resolve().parent.parent / "book" / "_assets"
SIZE = (1200, 630)
PAPER, INK, BROWN, BLOND, LENS = "#fbf7f0", "#222832", "#8a5228", "#e3bd69", "#5f3a1c"
TITLE = "The AVB-GTN\nbook"
WORDS = """Brown hair to blond,
without one pair to learn from:
VAEs, GANs, adversarial
variational Bayes, UNIT and
AVB-GTN, with code that runs."""

# The sheet: two heads a row, four columns each (source, UNIT, AVB-GTN, twin), 256 pixels a picture.
SIDE, COLUMNS, PIXELS = 256, {"source": 0, "AVB-GTN": 2}, 64
HEADS = ((4, 1), (5, 1), (3, 0))  # row, which of the two


def font(size: int, weight: str = "") -> ImageFont.FreeTypeFont:
    """The font that matplotlib brings."""
    folder = pathlib.Path(matplotlib.get_data_path(), "fonts", "ttf")
    return ImageFont.truetype(str(folder / f"DejaVuSans{weight}.ttf"), size)


def head(sheet: Image.Image, row: int, which: int, column: int, side: int) -> Image.Image:
    """One picture of the sheet, from its own pixels to `side`."""
    x, y = (4 * which + column) * SIDE, row * SIDE
    small = sheet.crop((x, y, x + SIDE, y + SIDE)).resize((PIXELS, PIXELS), Image.Resampling.NEAREST)
    return small.resize((side, side), Image.Resampling.BICUBIC)


def draw_mark(card: Image.Image, x: int, y: int, r: int, scale: int = 4) -> None:
    """The logo: two discs and the z where they overlap (`logo.svg`)."""
    k = r * scale
    mark = Image.new("RGB", (3 * k, 2 * k), PAPER)
    left, right = (Image.new("L", mark.size, 0) for _ in range(2))
    ImageDraw.Draw(left).ellipse((0, 0, 2 * k, 2 * k), fill=255)
    ImageDraw.Draw(right).ellipse((k, 0, 3 * k, 2 * k), fill=255)
    mark.paste(BROWN, mask=left)
    mark.paste(BLOND, mask=right)
    lens = Image.new("L", mark.size, 0)
    lens.paste(right, mask=left)
    mark.paste(LENS, mask=lens)
    z = [(1.28 * k, 0.73 * k), (1.72 * k, 0.73 * k), (1.28 * k, 1.27 * k), (1.72 * k, 1.27 * k)]
    pen = ImageDraw.Draw(mark)
    pen.line(z, fill="white", width=round(0.15 * k), joint="curve")
    for px, py in z:
        dot = 0.075 * k
        pen.ellipse((px - dot, py - dot, px + dot, py + dot), fill="white")
    card.paste(mark.resize((3 * r, 2 * r), Image.Resampling.LANCZOS), (x, y))


def card() -> Image.Image:
    """The card."""
    picture = Image.new("RGB", SIZE, PAPER)
    pen = ImageDraw.Draw(picture)
    for x in range(SIZE[0]):  # the bar on top of every page
        share = x / SIZE[0]
        pen.line((x, 0, x, 11), fill=blend(BROWN, BLOND, share))
    draw_mark(picture, 60, 78, 40)
    pen.multiline_text((58, 186), TITLE, font=font(58, "-Bold"), fill=INK, spacing=14)
    pen.multiline_text((60, 364), WORDS, font=font(25), fill=INK, spacing=13)
    sheet = Image.open(ASSETS / "heads-sheet-12.png").convert("RGB")
    side, gap, left = 204, 10, 520
    for n, (row, which) in enumerate(HEADS):
        for k, column in enumerate(COLUMNS.values()):
            at = (left + n * (side + gap), 105 + k * (side + 52))
            picture.paste(head(sheet, row, which, column, side), at)
    for k, name in enumerate(COLUMNS):
        pen.text((left, 70 + k * (side + 52)), name, font=font(23), fill=INK)
    return picture


def blend(one: str, other: str, share: float) -> tuple[int, ...]:
    """A colour between two, as red, green and blue."""
    pairs = ((int(one[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5))
    return tuple(round(a + (b - a) * share) for a, b in pairs)


if __name__ == "__main__":
    card().save(ASSETS / "card.jpg", quality=90, optimize=True)
