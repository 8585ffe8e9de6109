"""Sphinx extension: `{before-after}`, heads before and after their translation, with a line to drag.

The heads are cut out of the sheet that `tools/commit_weights.py` draws: they are what the committed weights
make of heads on which no network was trained. Without a script both pictures stand side by side.
"""

import base64
import html
import io
import pathlib

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

SHEET = "_assets/heads-sheet-12.png"  # two heads a row, four columns each: source, UNIT, AVB-GTN, twin
SIDE, PIXELS, SHOWN = 256, 64, 192  # of a head: on the sheet, as the network has it, on the page
HEADS = ((0, 0), (0, 1), (1, 0), (1, 1))  # row, which of the two; the first four, not the best four
COLUMNS = {"before": 0, "after": 2}
ALT = "Four computer-rendered heads, two above two, with brown hair and as AVB-GTN translates them to blond"


def mosaic(sheet, column):
    """The heads of one column of the sheet, two above two, as a tensor (3, H, H) in [-1, 1]."""
    import numpy as np
    import torch
    from PIL import Image

    square = Image.new("RGB", (2 * SHOWN, 2 * SHOWN))
    for n, (row, which) in enumerate(HEADS):
        x, y = (4 * which + column) * SIDE, row * SIDE
        head = sheet.crop((x, y, x + SIDE, y + SIDE)).resize((PIXELS, PIXELS), Image.Resampling.NEAREST)
        smooth = head.resize((SHOWN, SHOWN), Image.Resampling.BICUBIC)
        square.paste(smooth, (n % 2 * SHOWN, n // 2 * SHOWN))
    return torch.from_numpy(np.array(square)).permute(2, 0, 1).double() / 127.5 - 1


def side_by_side(pictures):
    """The still picture: before and after, both whole."""
    from avbgtn_book.interactive.compare import in_bytes
    from avbgtn_book.shared.sheet import sheet

    figure, axes = sheet(1, 2, height=3.4)
    for panel, (name, picture) in zip(axes, pictures.items(), strict=True):
        panel.imshow(in_bytes(picture).numpy(), interpolation="nearest")
        panel.set_title(name, loc="left")
        panel.set(xticks=[], yticks=[])
        panel.spines[:].set_visible(False)
    figure.alt = "Four rendered heads with brown hair, and beside them the same heads, made blond by AVB-GTN"
    return figure


def as_jpeg(picture):
    """A picture within an address, a tenth of its size as PNG: the first page should come quickly."""
    from PIL import Image

    from avbgtn_book.interactive.compare import in_bytes

    file = io.BytesIO()
    Image.fromarray(in_bytes(picture).numpy()).save(file, format="jpeg", quality=88, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode("ascii")


def before_after(srcdir):
    """The interactive figure of the first page."""
    from PIL import Image

    from avbgtn_book.interactive.compare import compare

    sheet = Image.open(pathlib.Path(srcdir, SHEET)).convert("RGB")
    pictures = {name: mosaic(sheet, column) for name, column in COLUMNS.items()}
    made = compare(pictures, [tuple(COLUMNS)], alt=ALT, name="index")
    made.constants["pictures"] = {name: as_jpeg(picture) for name, picture in pictures.items()}
    made.draw = lambda found, **values: side_by_side(pictures)
    return made


class BeforeAfter(SphinxDirective):
    """The figure, with the directive's content as its caption."""

    has_content = True

    def run(self):
        self.env.note_dependency(str(pathlib.Path(self.env.srcdir, SHEET)))
        caption = html.escape(" ".join(self.content))
        figure = before_after(self.env.srcdir).html()
        words = f"<figcaption><p>{caption}</p></figcaption>"
        page = f'<figure class="align-default" id="fig-index-compare">{figure}\n{words}</figure>'
        return [nodes.raw("", page, format="html")]


def setup(app):
    app.add_directive("before-after", BeforeAfter)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
