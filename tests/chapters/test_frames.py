"""Figures with sliders: what lies in the page, what Jupyter shows, and what is refused."""

import base64
import io
import json
import os
import subprocess
import sys

import pytest
from bs4 import BeautifulSoup
from PIL import Image

from avbgtn_book.shared.frames import FRAME_BYTES, Frames
from avbgtn_book.shared.sheet import sheet


def draw(k, a=1.0):
    figure, axes = sheet(height=1.5)
    axes.plot([0, 1], [0, a * k])
    figure.alt = f"a line of slope {a * k:g}"
    return figure


def page_of(frames):
    return BeautifulSoup(frames.html(), "html.parser")


def test_every_value_has_its_frame_and_one_is_shown():
    frames = Frames(draw, {"slope": [1, 2, 3]}, start={"slope": 3}, caption="A line & its <slope>.")
    page = page_of(frames)
    pictures = page.select("img")
    assert [p["alt"] for p in pictures] == ["a line of slope 1", "a line of slope 2", "a line of slope 3"]
    assert [p.has_attr("hidden") for p in pictures] == [True, True, False]
    slider = page.select_one("input[type=range]")
    assert (slider["min"], slider["max"], slider["value"]) == ("0", "2", "2")
    assert slider["aria-valuetext"] == "3" == page.select_one("output").text
    assert json.loads(slider["data-values"]) == ["1", "2", "3"]
    assert page.select_one("label")["for"] == slider["id"]
    assert page.select_one("figcaption").text == "A line & its <slope>."


def test_two_sliders_count_rows_first():
    """The script finds a frame as row times width plus column; the frames must lie in that order."""
    page = page_of(Frames(draw, {"slope": [1, 2], "factor": [1.0, 3.0, 5.0]}, caption="Two sliders."))
    slopes = [p["alt"].rsplit(" ", 1)[1] for p in page.select("img")]
    assert slopes == ["1", "3", "5", "2", "6", "10"]
    shown = [i for i, p in enumerate(page.select("img")) if not p.has_attr("hidden")]
    assert shown == [1 * 3 + 1]  # the middle value of each


def test_frames_are_small_pictures():
    for picture in page_of(Frames(draw, {"slope": [1, 2]}, caption="x")).select("img"):
        data = base64.b64decode(picture["src"].split(",", 1)[1])
        assert len(data) <= FRAME_BYTES
        assert Image.open(io.BytesIO(data)).width >= 250


def test_in_jupyter_the_sliders_compute_live():
    drawn = []

    def watched(a):
        drawn.append(a)
        return draw(a)

    frames = Frames(watched, {"slope": [0.0, 0.5, 1.0]}, start={"slope": 0.5}, caption="x")
    bundle = frames._repr_mimebundle_()
    assert {"text/html", "application/vnd.jupyter.widget-view+json"} <= set(bundle)
    slider = frames.live().children[0]
    assert (slider.min, slider.max, slider.value) == (0.0, 1.0, 0.5)
    slider.value = 0.3
    assert drawn[-1] == pytest.approx(0.3), "a value between the frames must be drawn by the kernel"


def test_without_ipywidgets_the_page_figure_serves(monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    bundle = Frames(draw, {"slope": [1, 2]}, caption="x")._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}


@pytest.mark.parametrize(
    "values, start, words",
    [
        ({}, None, "one or two sliders"),
        ({"a": [1]}, None, "at least two values"),
        ({"a": [1, 2], "b": [1, 2], "c": [1, 2]}, None, "one or two sliders"),
        ({"a": [1, 2]}, {"a": 3}, "starts at 3"),
        ({"a": [1, 2]}, {"b": 1}, "start names"),
    ],
)
def test_what_cannot_be_shown_is_refused(values, start, words):
    with pytest.raises(ValueError, match=words):
        Frames(draw, values, start=start, caption="x")


def test_a_frame_without_alternative_text_is_refused():
    with pytest.raises(ValueError, match="alternative text"):
        Frames(lambda k: sheet()[0], {"slope": [1, 2]}, caption="x").html()


def test_a_slider_leaves_other_figures_as_they_are(tmp_path):
    """Once matplotlib's inline backend is active it draws every later figure its own way,
    smaller and without our size.
    """
    script = tmp_path / "in_ipython.py"
    script.write_text(
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\n"
        "from matplotlib.figure import Figure\n"
        "from avbgtn_book.shared.frames import Frames\n"
        "from avbgtn_book.shared.sheet import sheet\n"
        "def draw(k):\n"
        "    figure, axes = sheet()\n"
        "    figure.alt = 'an empty sheet'\n"
        "    return figure\n"
        "before = shell.display_formatter.format(draw(1))[0]['image/png']\n"
        "Frames(draw, {'k': [1, 2]}, caption='x')._repr_mimebundle_()\n"
        "after = shell.display_formatter.format(draw(1))[0]['image/png']\n"
        "print('the same', before == after)\n"
    )
    as_in_a_kernel = os.environ | {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, env=as_in_a_kernel)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().splitlines()[-1] == "the same True", done.stdout
