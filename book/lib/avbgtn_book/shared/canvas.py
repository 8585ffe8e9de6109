"""The sheet that every figure is drawn on: size, colours, and how it becomes a PNG in a notebook.

Figures are made without pyplot, so none stays open and no global setting changes. Those under ``styled`` are
4.8 inches wide with letters of 10 points; those under ``column`` fill the column of text, 7.2 inches, with
letters of 12. The sheet is white and opaque, so dark pages do not swallow black letters.
"""

import base64
import functools
import io

from matplotlib import style
from matplotlib.figure import Figure
from PIL import Image

from avbgtn.sentences import shown

WIDTH = 4.8  # inches
COLUMN = 7.2  # inches: the column of text on a wide screen
CSS_PIXELS = 96  # an inch on a web page
LETTERS = 10  # points
MOST_BYTES = 250_000  # of one PNG
DPI = 192  # sharp on a phone

# Okabe and Ito's colours, told apart by colour-blind eyes too; grey is for what is not learnt.
BLUE, VERMILLION, GREEN, PURPLE, GREY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#767676"
NAMES = {"unit": "UNIT", "avb_gtn": "AVB-GTN"}  # as configurations spell them: as people do
COLOURS = {"UNIT": BLUE, "AVB-GTN": VERMILLION}
DARK = {BLUE: "#005a8e", VERMILLION: "#a34700", GREEN: "#00684c", PURPLE: "#8f4371"}
DARK[GREY] = "#595959"  # letters on white are dark, areas behind them light
LIGHT = {BLUE: "#9ecae8", VERMILLION: "#f3c9b0"}
DASHES = ("-", (0, (5, 2)), (0, (1.2, 1.4)), (0, (6, 2, 1.5, 2)))  # lines, where colour alone would not do
OTHER_COLOURS = (GREEN, PURPLE, "#56B4E9", "#E69F00", "black")

STYLE = {
    "font.size": LETTERS, "axes.titlesize": LETTERS, "axes.labelsize": LETTERS, "xtick.labelsize": LETTERS,
    "ytick.labelsize": LETTERS, "legend.fontsize": LETTERS, "axes.spines.top": False,
    "axes.spines.right": False, "figure.facecolor": "white", "savefig.facecolor": "white",
    "text.color": "black",
}  # fmt: skip
COLUMN_STYLE = {setting: 12 if setting.endswith("size") else value for setting, value in STYLE.items()} | {
    "lines.linewidth": 2.0
}


class BookFigure(Figure):
    """A matplotlib Figure that shows itself in a notebook, with alternative text.

    Attributes:
        alt: what the picture shows, for those who cannot see it. A notebook cell passes it on in its metadata
            (``mystnb.image.alt``). Its first sentence does not depend on how a training went.
        sharpest: dots per inch of the PNG, if that is small enough.
        look: the matplotlib settings under which it is saved, those it was drawn under.
    """

    alt: str = ""
    sharpest: float = DPI
    look: dict = STYLE

    def png(self) -> bytes:
        """The PNG within 250 kB: in full colour if that fits, else in its 256 best colours, else coarser.

        The last resort, a third of the resolution in 256 colours, is taken whatever its size.
        """
        for share in (1, 2 / 3, 1 / 2, 1 / 3):
            drawn = io.BytesIO()
            for image in (image for axes in self.axes for image in axes.images):
                # Repeat pixels while each is a whole number of dots; average where they are crowded.
                image.set_interpolation("nearest" if share == 1 else "antialiased")
            with style.context(["default", self.look]):
                self.savefig(drawn, format="png", dpi=share * self.sharpest)
            picture = Image.open(drawn).convert("RGB")
            for version in (picture, picture.quantize(256, kmeans=1, dither=Image.Dither.NONE)):
                file = io.BytesIO()
                version.save(file, format="png", optimize=True)
                if file.tell() <= MOST_BYTES:
                    return file.getvalue()
        return file.getvalue()

    def _repr_mimebundle_(self, include=None, exclude=None) -> tuple[dict, dict]:
        """For notebooks: sharp on fine screens, and as wide on the page as it is in inches."""
        picture = base64.b64encode(self.png()).decode("ascii")
        width = round(self.get_figwidth() * CSS_PIXELS)
        return {"image/png": picture, "text/plain": repr(self)}, {"image/png": {"width": width}}

    def __repr__(self) -> str:
        return f"<figure: {shown(self.alt.split('. ')[0].rstrip('.'))}>" if self.alt else "<figure>"


def styled(draw, look=STYLE):
    """Run a drawing function under this file's style, whatever the reader's matplotlib settings are."""

    @functools.wraps(draw)
    def under_style(*args, **kwargs):
        with style.context(["default", look]):
            figure = draw(*args, **kwargs)
        figure.look = look
        return figure

    return under_style


def column(draw):
    """As ``styled``, for a figure as wide as the column of text, with larger letters."""
    return styled(draw, COLUMN_STYLE)


def name_of(model: str) -> str:
    """``"avb_gtn"`` to ``"AVB-GTN"``; other names stay."""
    return NAMES.get(model, model)


def listed(words: list[str]) -> str:
    """``["a", "b", "c"]`` to ``"a, b and c"``."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
