"""One line of what can be printed, and one sentence for every error of the system."""

import errno
import json
import os
import re

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from avbgtn import __main__
from avbgtn.__main__ import main
from avbgtn.errors import ConfigError, DataError, RunError, one_sentence
from avbgtn.metrics import evaluate
from avbgtn.sentences import got, in_brief, in_markdown, of_error, shown
from avbgtn.training.processes import Interrupted
from avbgtn_book.shared import translations as figures
from avbgtn_book.shared.players import Player
from contents import BOOK

NAMES = {
    "plain": "plain",
    "Grüße 猫": "Grüße 猫",
    "a\nb\rc\td": "a\\nb\\rc\\td",
    "\x1b[31mred": "\\x1b[31mred",
    "\udcff": "\\xff",
    "Zoë 写真 😀.png": "Zoë 写真 😀.png",
    "\u2028\u202e": "\\u2028\\u202e",
}


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_names_are_shown_on_one_line(name):
    assert shown(name) == NAMES[name] == shown(shown(name))
    assert shown(name).encode()  # lone surrogates have no bytes
    for kind in (ConfigError, DataError, RunError):
        assert str(kind(f"got {name}")) == f"got {NAMES[name]}"


@settings(max_examples=100, derandomize=True, deadline=None, database=None)
@given(st.text())
def test_any_text_is_shown_on_one_line(text):
    assert shown(text).isprintable() and got(text).isprintable() and len(got(text)) < 200


def test_where_an_object_lies_is_not_told():
    assert got(object()) == "<object object>" and got([object(), 1]) == "[<object object>, 1]"
    assert got("see <a at 0x1> b") == "'see <a> b'" and got("at 0x12") == "'at 0x12'"


def test_long_values_are_cut():
    assert got("a" * 1000) == "'" + "a" * 119 + "... (1,002 characters)"
    assert in_brief("one " + "a" * 1000 + " two") == "one " + "a" * 120 + "... (1,000 characters) two"
    assert in_brief("word " * 1000) == ("word " * 192) + "... (5,000 characters)"
    assert in_brief("as it is") == "as it is"
    assert got(10**5000) == got([10**5000]) == "a number with thousands of digits"


ERRORS = [
    *(
        OSError(number, os.strerror(number), "a\nb")
        for number in sorted(errno.errorcode)
        if number != errno.EPIPE
    ),
    OSError(errno.EXDEV, "other disk", "a", None, "b"),
    OSError("no number"),
    OSError(),
    MemoryError(),
    RuntimeError(
        "[enforce fail at alloc_cpu.cpp:113] DefaultCPUAllocator: can't allocate memory: "
        "you tried to allocate 4 bytes"
    ),
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20 GiB"),
    UnicodeDecodeError("utf-8", b"\xff\n", 0, 1, "invalid start byte"),
    UnicodeEncodeError("utf-8", "\udcff", 0, 1, "surrogates not allowed"),
    BrokenPipeError(errno.EPIPE, "Broken pipe"),
    RuntimeError("Could not determine home directory."),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: f"{type(e).__name__}-{getattr(e, 'errno', '')}")
def test_every_error_of_the_system_is_one_sentence_and_exit_code_2(error, monkeypatch, capsys):
    def fail(*args):
        raise error

    said = of_error(error)
    assert said and said.isprintable() and len(said) > 20
    monkeypatch.setitem(__main__.COMMANDS, "study", fail)
    assert main(["study"]) == 2
    out, err = capsys.readouterr()
    assert err == f"error: {said}\n" and not out
    if not isinstance(error, BrokenPipeError):
        with pytest.raises(RunError) as found, one_sentence():  # what a notebook sees
            fail()
        assert str(found.value) == said


@pytest.mark.parametrize(
    "error", [KeyError("a"), TypeError("b"), ValueError("c"), RuntimeError("d"), AssertionError()], ids=repr
)
def test_a_mistake_in_the_program_keeps_its_traceback(error, monkeypatch):
    def fail(*args):
        raise error

    monkeypatch.setitem(__main__.COMMANDS, "study", fail)
    with pytest.raises(type(error)):
        main(["study"])
    with pytest.raises(type(error)), one_sentence():
        fail()


@pytest.mark.parametrize("kind", [ConfigError, DataError, RunError])
def test_refusals_are_printed_on_one_line_and_the_traceback_on_demand(kind, monkeypatch, capsys):
    def fail(*args):
        raise kind("no file a\nb \x1b[31m\udcff")

    monkeypatch.setitem(__main__.COMMANDS, "study", fail)
    monkeypatch.delenv("AVBGTN_TRACEBACK", raising=False)
    assert main(["study"]) == 2
    sentence = "error: no file a\\nb \\x1b[31m\\xff\n"
    assert capsys.readouterr().err == sentence
    monkeypatch.setenv("AVBGTN_TRACEBACK", "1")
    assert main(["study"]) == 2
    found = capsys.readouterr().err
    assert found.startswith("Traceback") and "in fail" in found and found.endswith(sentence)


def test_an_interruption_says_what_is_saved_and_no_more(monkeypatch, capsys):
    def stop(*args):
        raise Interrupted("stopped at epoch 7, checkpoint saved")

    monkeypatch.setitem(__main__.COMMANDS, "study", stop)
    assert main(["study"]) == 75 and capsys.readouterr().err == "stopped at epoch 7, checkpoint saved\n"


# --- names in Markdown, HTML and pictures -------------------------------------------------------------------

ODD = "<b>|x `y` $z$ _u_ *v* [w](k) a_b \\"


def rendered(text: str) -> str:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": True}).enable("table").render(text)


def test_a_name_in_markdown_is_read_as_it_is():
    import html

    inside = re.fullmatch(r"<h1>(.*)</h1>\n", rendered(f"# {in_markdown(ODD)}"))[1]
    assert html.unescape(inside) == ODD and "<" not in inside
    assert in_markdown("AVB-GTN, EMA (brown to blond) avb_gtn") == "AVB-GTN, EMA (brown to blond) avb_gtn"
    assert in_markdown("a\nb") == "a\\\\nb"


def test_a_name_in_a_table_of_scores_is_read_as_it_is():
    table = evaluate.markdown_table({f"copy, {ODD}": {"12": {"rec": 0.5}}}, "12")
    page = rendered(table)
    assert page.count("<td") == 2 and "<b>" not in page and "<code>" not in page and "<em>" not in page, page
    assert "&lt;b&gt;|x `y` $z$ _u_ *v* [w](k) a_b" in page


def test_a_name_in_a_figure_is_drawn_as_it_is():
    for name in (ODD, "$\\frac$", "a\nb"):
        figure = figures.image_rows({name: torch.zeros(2, 3, 32, 32), "other": torch.zeros(2, 3, 32, 32)})
        assert figure.png() and name in figure.alt and repr(figure).isprintable()


def test_a_name_over_a_sound_is_read_as_it_is():
    page = Player(ODD, b"", 1.0, 8000)._repr_html_()
    assert "<b>" not in page and "&lt;b&gt;|x" in page


# --- what is committed --------------------------------------------------------------------------------------


def test_no_output_of_a_notebook_and_no_page_holds_an_address():
    found = []
    for path in sorted(BOOK.glob("*.ipynb")):
        for k, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"]):
            for output in cell.get("outputs", []):
                parts = {m: v for m, v in output.get("data", {}).items() if m.startswith("text/plain")}
                text = json.dumps([output.get("text", ""), parts])
                found += [
                    f"{path.name}, cell {k}: {hit}" for hit in re.findall(r".{0,40}\b0x[0-9a-f]{6,}", text)
                ]
    for path in [*BOOK.glob("*.md"), *BOOK.glob("text/*.md")]:
        text = path.read_text(encoding="utf-8")
        found += [f"{path.name}: {hit}" for hit in re.findall(r".{0,40}\b0x[0-9a-f]{6,}", text)]
    assert not found, found[:3]


def test_what_parameters_are_made_of_is_no_parameter():
    """The last cell of the hair chapter prints all of these."""
    from avbgtn.config.parameters import Parameters
    from avbgtn.config.sound_parameters import SoundParameters

    for kind in (Parameters, SoundParameters):
        p = kind()
        printed = repr({name: getattr(p, name) for name in p.__dataclass_fields__}) + repr(p) + repr(p.checks)
        assert "0x" not in printed and not {"checks", "presets"} & set(p.__dataclass_fields__)
