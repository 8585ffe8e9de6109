"""How a cell makes an interactive figure: the last line of the cell is an :class:`Interactive`.

On a page it is a still picture, a question and a specification in JSON; a script, one for all figures of the
book, makes it live. Without JavaScript, and on paper, the still picture and the question stand. The script is
this folder's and the chapters' ``*.js``, put together by ``book/_ext/book_interactive.py`` with some modules
of D3. D3, because its modules are small (122 kB together, where Observable Plot needs all of it and more
than 300 kB), draw SVG that takes the page's colours, and leave what a figure is to the figure.

In a notebook with a kernel the same figure is shown with ipywidgets, which ask for its ``still`` picture at
any values.

A new kind of figure is a file ``book/lib/avbgtn_book/CHAPTER/NAME.js`` that puts itself into
``Interactive.kinds`` (``interactive/figure.js`` says of what it consists) and a function in
``CHAPTER/interactive.py`` that returns an ``Interactive``. ``tests/book/test_interactive.py`` compares
the numbers of both.
"""

import html
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

from ..shared.canvas import BookFigure
from ..shared.frames import img


@dataclass(frozen=True)
class Value:
    """A number that the reader changes, from ``low`` to ``high`` in steps of ``step``.

    Attributes:
        label: what it is, as a screen reader says it.
        format: how it is written, as for Python's ``format`` (and D3's, which is the same).
    """

    label: str
    low: float
    high: float
    step: float
    start: float
    format: str = ".2f"

    def __post_init__(self):
        for name in ("high", "start"):
            steps = (getattr(self, name) - self.low) / self.step
            if steps < 0 or abs(steps - round(steps)) > 1e-6:
                raise ValueError(
                    f"{self.label}: {name} is {getattr(self, name)}, expected {self.low} and whole steps "
                    f"of {self.step}"
                )
        if self.start > self.high:
            raise ValueError(f"{self.label}: start is {self.start}, expected at most {self.high}")


@dataclass(frozen=True)
class Choice:
    """One of several words that the reader chooses."""

    label: str
    options: tuple[str, ...]
    start: str

    def __post_init__(self):
        if self.start not in self.options:
            raise ValueError(f"{self.label}: start is {self.start!r}, expected one of {self.options}")


@dataclass(frozen=True)
class Question:
    """What the reader answers before the figure answers.

    Attributes:
        choices: with ``answer`` the number of the right one, from 0; or none, and ``answer`` is a number in
            ``unit`` that the reader is to guess to ``within``.
        because: why; a sentence or two, said after the answer.
        then: values that the figure takes when it answers.
    """

    text: str
    answer: float
    because: str
    choices: tuple[str, ...] = ()
    unit: str = ""
    within: float = 0.0
    then: Mapping[str, object] | None = None

    def __post_init__(self):
        if self.choices and self.answer not in range(len(self.choices)):
            raise ValueError(
                f"the answer is {self.answer}, expected the number of one of {len(self.choices)} choices"
            )

    @property
    def right(self) -> str:
        """The answer in words."""
        return self.choices[int(self.answer)] if self.choices else f"{self.answer:g} {self.unit}"


class Interactive:
    """An interactive figure.

    Args:
        kind: the name under which its script stands in ``Interactive.kinds``.
        values: what the reader changes, by name.
        numbers: ``numbers(**values)`` is what the script's ``numbers(values, constants)`` must be too.
        draw: ``draw(found, **values)`` is the figure as a still picture, with ``alt``; ``found`` is what
            ``numbers`` gives.
        alt: what kind of picture it is, whatever its values: for those who cannot see it.
        constants: numbers that the script needs and nobody changes.
        question: asked first; the figure answers.
        plays: the value that a button lets run, from its lowest to its highest.
        name: of this figure among those of its page; needed where two of one kind stand on it.
    """

    def __init__(
        self,
        kind: str,
        values: Mapping[str, Value | Choice],
        *,
        numbers: Callable[..., Mapping[str, float]],
        draw: Callable[..., BookFigure],
        alt: str,
        constants: Mapping[str, object] | None = None,
        question: Question | None = None,
        plays: str | None = None,
        name: str | None = None,
    ):
        self.name = name or kind
        self.kind, self.values, self.numbers, self.draw = kind, dict(values), numbers, draw
        self.alt, self.constants, self.question, self.plays = alt, dict(constants or {}), question, plays
        named = set(question.then or {}) if question else set()
        if unknown := (named | ({plays} if plays else set())) - set(self.values):
            raise ValueError(f"{kind} has no values {sorted(unknown)}, only {list(self.values)}")

    @property
    def start(self) -> dict[str, object]:
        """The values at which the figure begins."""
        return {name: value.start for name, value in self.values.items()}

    def still(self, **values: object) -> BookFigure:
        """The figure at these values, as a still picture."""
        return self.draw(self.numbers(**values), **values)

    def spec(self) -> dict:
        """All that the script is told."""
        question = asdict(self.question) if self.question else None
        if question:
            question |= {"choices": question["choices"] or None, "then": dict(question["then"] or {})}
        return {
            "kind": self.kind, "values": {name: asdict(value) for name, value in self.values.items()},
            "constants": self.constants, "question": question, "plays": self.plays, "alt": self.alt,
        }  # fmt: skip

    def html(self) -> str:
        """The figure for a page: specification, still picture, question with its answer folded away."""
        # whatever is in a script, no "<" may be read as HTML
        spec = json.dumps(self.spec(), ensure_ascii=False).replace("<", "\\u003c")
        return (
            f'<div class="interactive" id="interactive-{self.name}">\n'
            f'<script type="application/json">{spec}</script>\n'
            f'<div class="interactive-still">\n{img(self.still(**self.start))}\n{self._asked()}</div>\n</div>'
        )

    def live(self):
        """The ipywidgets version, for a running kernel."""
        import ipywidgets

        look = {"style": {"description_width": "initial"}}
        controls = {}
        for name, value in self.values.items():
            if isinstance(value, Choice):
                options = {"options": value.options, "value": value.start, "description": value.label}
                controls[name] = ipywidgets.Dropdown(**options, **look)
            else:
                bounds = {"min": value.low, "max": value.high, "step": value.step, "value": value.start}
                options = {"description": value.label, "continuous_update": False}
                slider = ipywidgets.IntSlider if isinstance(value.step, int) else ipywidgets.FloatSlider
                controls[name] = slider(**bounds, **options, **look)
        picture = ipywidgets.HTML()

        def show(change=None):
            picture.value = img(self.still(**{name: control.value for name, control in controls.items()}))

        for control in controls.values():
            control.observe(show, names="value")
        show()
        return ipywidgets.VBox([ipywidgets.HTML(self._asked()), *controls.values(), picture])

    def _asked(self) -> str:
        """The question where no script asks it."""
        if not self.question:
            return ""
        text, answer = html.escape(self.question.text), html.escape(self.question.right)
        because = html.escape(self.question.because)
        choices = "".join(f"<li>{html.escape(choice)}</li>" for choice in self.question.choices)
        return (
            f"<p>{text}</p>\n{f'<ul>{choices}</ul>' if choices else ''}\n"
            f"<details><summary>The answer</summary><p>{answer}. {because}</p></details>\n"
        )

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        """Widgets where a front end can show them, the page's figure where not."""
        bundle = {"text/html": self.html()}
        try:
            bundle |= self.live()._repr_mimebundle_()
        except ImportError:
            pass  # without ipywidgets the still picture serves in Jupyter too
        return bundle | {"text/plain": repr(self)}

    def __repr__(self) -> str:
        return f"<interactive figure: {self.alt.split('. ')[0].rstrip('.')}>"
