"""Figures of images: right pictures in right places, small files, alternative text, no trace left behind."""

import base64
import io

import matplotlib
import numpy as np
import pytest
import torch
from PIL import Image

from avbgtn import data, streams
from avbgtn_book.shared.canvas import MOST_BYTES, BookFigure, listed, name_of
from avbgtn_book.shared.translations import (
    ERROR_BLACK,
    outside_picture,
    training_progress,
    translation_grid,
)
from refusals import refusal


def flat(grey, side=32):
    return torch.full((3, side, side), 2.0 * grey - 1)


def progress(side=32, epochs=(5000, 50000, 20000)):
    """Every cell its own grey; the epochs out of order."""
    greys = iter(np.linspace(0.1, 0.95, 20))
    return {
        way: (
            flat(next(greys), side),
            {e: {m: flat(next(greys), side) for m in ("unit", "avb_gtn")} for e in epochs},
        )
        for way in ("blond to brown", "brown to blond")
    }


def pixels(figure):
    return np.asarray(Image.open(io.BytesIO(figure.png())).convert("RGB"))


def cells(figure):
    """The images of a figure, row by row: their mean grey in [0, 1]."""

    def place(axes):
        box = axes.get_position()
        return round(-box.y0, 4), box.x0

    return [float(np.asarray(axes.images[0].get_array()).mean()) for axes in sorted(figure.axes, key=place)]


def texts(figure):
    return [text.get_text() for text in figure.texts]


def test_progress_has_a_panel_per_direction_a_row_per_model_and_a_column_per_epoch():
    given = progress()
    twins = {"blond to brown": flat(0.97), "brown to blond": flat(0.99)}
    figure = training_progress(given, twins)
    wanted = []
    for way, (original, epochs) in given.items():
        for model in ("unit", "avb_gtn"):
            row = [original, *(epochs[epoch][model] for epoch in (5000, 20000, 50000)), twins[way]]
            wanted += [float((x.mean() + 1) / 2) for x in row]
    assert cells(figure) == pytest.approx(wanted, abs=1e-6)
    words = texts(figure)
    for label in (
        "(a) blond to brown",
        "(b) brown to blond",
        "original",
        "UNIT",
        "AVB-GTN",
        "epoch 5,000",
        "epoch 50,000",
        "twin",
    ):
        assert label in words, f"{label!r} is not in the figure: {words}"
    for word in ("blond to brown", "UNIT", "epoch 50,000 and twin"):
        assert word in figure.alt
    assert "twin" not in texts(training_progress(given)) and len(cells(training_progress(given))) == 16


def test_pixels_are_drawn_as_equal_squares():
    """A chequered image comes out as squares of whole dots: sharp, and in its own two greys only."""
    board = flat(0.2)
    board[:, ::2, ::2] = board[:, 1::2, 1::2] = 2 * 0.8 - 1
    figure = outside_picture(board, {"unit": board, "avb_gtn": board}, direction="brown to blond")
    drawn = pixels(figure)
    row = drawn[drawn.shape[0] - drawn.shape[0] // 3, :, 0]
    changes = np.flatnonzero(np.diff(row.astype(int)))
    widths = np.diff(changes[:20])
    assert set(row.tolist()) == {50, 204, 255} and len(set(widths.tolist())) == 1, widths
    assert figure.sharpest >= 130


def test_grid_shows_the_error_of_the_named_model():
    source, twin = flat(0.2)[None], flat(0.6)[None]
    models = {"unit": flat(0.5)[None], "avb_gtn": flat(0.45)[None]}
    for error_of, error in ((None, 0.15), ("unit", 0.1)):
        figure = translation_grid(source, models, twin, direction="brown to blond", error_of=error_of)
        assert cells(figure) == pytest.approx([0.2, 0.5, 0.45, 0.6, error], abs=1e-6)
        assert f"|error| of\n{name_of(error_of or 'avb_gtn')}" in texts(figure)
        assert str(ERROR_BLACK) in figure.alt and str(ERROR_BLACK) in texts(figure)[-1]
    figure = translation_grid(source, models, direction="brown to blond")
    assert len(cells(figure)) == 3 and "error" not in figure.alt


def test_files_stay_small():
    x = data.load("heads", size=128).evaluation("validation", limit=6)
    models = {"unit": x.x1, "avb_gtn": x.twin12}
    file = translation_grid(x.x1, models, x.twin12, direction="brown to blond").png()
    assert len(file) <= MOST_BYTES, f"{len(file):,} bytes"
    width, height = Image.open(io.BytesIO(file)).size
    assert width > 600 and height > 600, "small only because it is coarse"


def test_even_noise_is_made_to_fit():
    x = streams.normal(0, "figures/noise", 0, range(6), (3, 64, 64)).clamp(-1, 1)
    file = translation_grid(x, {"unit": x, "avb_gtn": x}, x, direction="noise to noise").png()
    assert len(file) <= MOST_BYTES, f"{len(file):,} bytes"


def test_figure_shows_itself_without_pyplot():
    figure = outside_picture(flat(0.2), {"unit": flat(0.3)}, direction="brown to blond")
    bundle, metadata = figure._repr_mimebundle_()
    png = base64.b64decode(bundle["image/png"])
    assert png == figure.png() and png.startswith(b"\x89PNG"), "the same figure gave other bytes"
    assert bundle["text/plain"] == repr(figure) and "0x" not in repr(figure)
    assert metadata["image/png"]["width"] == 691, "it must fill the column of a page"


def test_sheet_is_white_and_opaque_whatever_the_reader_has_set():
    with matplotlib.rc_context(
        {"figure.facecolor": "black", "savefig.transparent": True, "text.color": "white"}
    ):
        before = dict(matplotlib.rcParams)
        figure = outside_picture(flat(0.2), {"unit": flat(0.3)}, direction="brown to blond")
        drawn = pixels(figure)
        assert dict(matplotlib.rcParams) == before, "a setting of matplotlib was changed"
    assert drawn[0, 0].tolist() == [255, 255, 255] and drawn.min() < 40, "black letters on white"


def test_no_figure_stays_open():
    plt = pytest.importorskip("matplotlib.pyplot")
    opened = plt.get_fignums()
    training_progress(progress()).png()
    assert plt.get_fignums() == opened


def test_words():
    assert listed(["a"]) == "a" and listed(["a", "b", "c"]) == "a, b and c"
    assert name_of("avb_gtn") == "AVB-GTN" and name_of("copying") == "copying"
    assert repr(BookFigure()) == "<figure>"


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: training_progress({}), ["no direction"]),
        (
            lambda: training_progress({"a": (flat(0), {1: {"unit": flat(0)}, 2: {"x": flat(0)}})}),
            ["['unit']", "['x']"],
        ),
        (
            lambda: training_progress({"a": (flat(0), {1: {"unit": flat(0)[None]}})}),
            ["(1, 3, 32, 32)", "(3, H, H)"],
        ),
        (lambda: outside_picture(flat(0), {}, direction="a"), ["at least one model"]),
        (
            lambda: outside_picture(flat(0), {"unit": flat(0, 64)}, direction="a"),
            ["(3, 32, 32)", "(3, 64, 64)"],
        ),
        (
            lambda: translation_grid(flat(0)[None], {"unit": flat(0)}, direction="a"),
            ["(3, 32, 32)", "(1, 3, 32, 32)"],
        ),
        (
            lambda: translation_grid(flat(0)[None], {"unit": flat(0)[None]}, direction="a", error_of="x"),
            ["error_of must be one of unit", "'x'"],
        ),
    ],
)
def test_errors_name_what_came(call, words):
    refusal(call, *words)
