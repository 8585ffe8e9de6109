"""Figures that move: with sliders that need no kernel on a page, and that compute live in Jupyter.

On a page all frames lie in the HTML, and a native slider (keyboard, touch and screen reader included) shows
one of them; without JavaScript, and on paper, the starting frame stands. In a notebook with a kernel the same
object is shown as ipywidgets instead, which call the drawing function for any value asked for.
"""

import base64
import html
import io
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from numbers import Real

from matplotlib import style
from PIL import Image

from .canvas import CSS_PIXELS, BookFigure

FRAME_BYTES = 60_000
DPI = 130  # of a frame: many of them lie in one page

SCRIPT = """
(() => {
  const box = document.currentScript.closest('figure');
  const sliders = [...box.querySelectorAll('input')], pictures = [...box.querySelectorAll('img')];
  const show = () => {
    let at = 0;
    for (const slider of sliders) {
      const text = JSON.parse(slider.dataset.values)[slider.value];
      at = at * (Number(slider.max) + 1) + Number(slider.value);
      slider.setAttribute('aria-valuetext', text);
      box.querySelector(`output[for="${slider.id}"]`).textContent = text;
    }
    pictures.forEach((picture, i) => { picture.hidden = i !== at; });
  };
  for (const slider of sliders) slider.addEventListener('input', show);
  show();
})();
"""


class Frames:
    """A figure for every value of one slider, or of two.

    Args:
        draw: ``draw(value)`` or ``draw(value, value)`` to a
            :class:`~avbgtn_book.shared.canvas.BookFigure` with ``alt``.
        values: ``{"what the slider changes": [value, value, ...]}``, one or two of them. Numbers or strings.
        start: ``{"what the slider changes": value}``; the middle one where it says nothing.
        caption: one that can be read alone.
        name: unique on the page where two figures of one page share slider names; else made from these.

    Raises:
        ValueError: no or more than two sliders, a slider with fewer than two values,
            a start that is none of them, or a frame without alternative text or of more than 60 kB.
    """

    def __init__(
        self,
        draw: Callable[..., BookFigure],
        values: Mapping[str, Sequence],
        *,
        start: Mapping[str, object] | None = None,
        caption: str,
        name: str | None = None,
    ):
        self.values = {label: list(choices) for label, choices in values.items()}
        if len(self.values) not in (1, 2) or any(len(choices) < 2 for choices in self.values.values()):
            counts = {label: len(choices) for label, choices in self.values.items()}
            raise ValueError(f"expected one or two sliders of at least two values each, got {counts}")
        self.start = []
        for label, choices in self.values.items():
            value = (start or {}).get(label, choices[len(choices) // 2])
            if value not in choices:
                raise ValueError(f"slider {label!r} starts at {value!r}, expected one of {choices}")
            self.start.append(choices.index(value))
        if unknown := set(start or {}) - set(self.values):
            raise ValueError(f"start names {sorted(unknown)}, expected sliders: {list(self.values)}")
        self.draw, self.caption = draw, caption
        self.name = "frames-" + (
            name or "-".join("".join(c for c in label if c.isalnum()) for label in self.values)
        )

    def html(self) -> str:
        """The figure for a page: pictures, sliders, caption and a short script."""
        pictures = []
        for at, chosen in enumerate(itertools.product(*self.values.values())):
            pictures.append(img(self.draw(*chosen), hidden=at != self._start_frame()))
        controls = [
            self._slider(i, label, list(map(_said, choices)))
            for i, (label, choices) in enumerate(self.values.items())
        ]
        return (
            f'<figure class="frames" id="{self.name}">\n'
            f'<div class="frames-picture">\n{chr(10).join(pictures)}\n</div>\n'
            f"{chr(10).join(controls)}\n<figcaption>{html.escape(self.caption)}</figcaption>\n"
            f"<script>{SCRIPT}</script>\n</figure>"
        )

    def live(self):
        """The ipywidgets version, for a running kernel: any value between the smallest
        and the largest number.
        """
        import ipywidgets

        sliders = {}
        for i, (label, choices) in enumerate(self.values.items()):
            how = {
                "description": label,
                "style": {"description_width": "initial"},
                "continuous_update": False,
            }
            value = choices[self.start[i]]
            if all(isinstance(v, float) for v in choices) and _evenly(choices):
                step = (choices[1] - choices[0]) / 5  # finer than the page's frames
                sliders[label] = ipywidgets.FloatSlider(
                    value=value, min=choices[0], max=choices[-1], step=step, **how
                )
            else:
                sliders[label] = ipywidgets.SelectionSlider(
                    options=[(_said(v), v) for v in choices], value=value, **how
                )
        picture = ipywidgets.HTML()

        def draw(change=None):
            # Not into ipywidgets.Output: a run without a front end (nbconvert, papermill) answers that
            # widget, and ipykernel 7 then sometimes loses the reply and waits for ever.
            picture.value = img(self.draw(*(slider.value for slider in sliders.values())))

        for slider in sliders.values():
            slider.observe(draw, names="value")
        draw()
        return ipywidgets.VBox([*sliders.values(), picture, ipywidgets.HTML(html.escape(self.caption))])

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        """Widgets where a front end can show them, the page's figure where not."""
        bundle = {"text/html": self.html(), "text/plain": repr(self)}
        try:
            bundle |= self.live()._repr_mimebundle_()
        except ImportError:
            pass  # without ipywidgets the page's figure serves in Jupyter too
        return bundle | {"text/plain": repr(self)}

    def __repr__(self) -> str:
        return f"<figure with sliders: {', '.join(self.values)}>"

    def _start_frame(self) -> int:
        at = 0
        for choices, index in zip(self.values.values(), self.start, strict=True):
            at = at * len(choices) + index
        return at

    def _slider(self, i: int, label: str, texts: list[str]) -> str:
        name, start = f"{self.name}-{i}", self.start[i]
        values = html.escape(json.dumps(texts))
        return (
            f'<label for="{name}">{html.escape(label)}: <output '
            f'for="{name}">{html.escape(texts[start])}</output></label>\n'
            f'<input type="range" id="{name}" min="0" max="{len(texts) - 1}" step="1" value="{start}" '
            f'autocomplete="off" data-values="{values}" aria-valuetext="{html.escape(texts[start])}">'
        )


def _said(value: object) -> str:
    """A slider's value as people write it: 0.1 and not 0.1000000001."""
    return f"{value:g}" if isinstance(value, Real) and not isinstance(value, bool | int) else str(value)


def _evenly(choices: Sequence[float]) -> bool:
    steps = [b - a for a, b in itertools.pairwise(choices)]
    return steps[0] > 0 and all(abs(step - steps[0]) < 1e-9 * max(map(abs, choices)) for step in steps)


def img(figure: BookFigure, hidden: bool = False) -> str:
    """One frame as HTML, its picture inside."""
    if not figure.alt:
        raise ValueError("a frame has no alternative text: set figure.alt, to what this very frame shows")
    width = round(figure.get_figwidth() * CSS_PIXELS)
    data = base64.b64encode(_small_png(figure)).decode("ascii")
    return (
        f'<img src="data:image/png;base64,{data}" alt="{html.escape(figure.alt)}" '
        f'width="{width}"{" hidden" * hidden}>'
    )


def _small_png(figure: BookFigure) -> bytes:
    """A frame in at most 256 colours, coarser until it fits."""
    for dpi in (DPI, 100, 80, 60):
        drawn = io.BytesIO()
        with style.context(["default", figure.look]):
            figure.savefig(drawn, format="png", dpi=dpi)
        picture = Image.open(drawn).convert("RGB").quantize(256, dither=Image.Dither.NONE)
        file = io.BytesIO()
        picture.save(file, format="png", optimize=True)
        if file.tell() <= FRAME_BYTES:
            return file.getvalue()
    raise ValueError(
        f"the frame '{figure.alt}' takes {file.tell():,} bytes at {dpi} dots an inch, at most "
        f"{FRAME_BYTES:,} are allowed: draw less, or make it smaller"
    )
