"""The interactive figures in a browser: by mouse, touch and keyboard, read from the disk, without a network.

All figures of the book stand on one page here, with the script as `book/_ext/book_interactive.py` puts it
together. What the script computes is compared with Python's numbers. `test_rendered_book.py` meets the same
figures where they stand in the book.
"""

import itertools

import pytest
from test_rendered_book import PHONE, Visit, axe, browser, of_access, of_width  # noqa: F401

import book_interactive
import fetch_assets
from avbgtn_book.interactive.figure import Choice, Question
from contents import ROOT
from interactive_figures import FIGURES, gap

MOST_BYTES = 300_000
PAGE = """<!DOCTYPE html>
<html lang="en" data-theme="light"><head><title>Figures</title>
<meta name="viewport" content="width=device-width">
<style>
html {{ --pst-color-text-base: #222; --pst-color-text-muted: #555; --pst-color-background: #fff;
  --pst-color-surface: #f4f4f4; --pst-color-border: #bbb; --pst-color-primary: #0b4fa8;
  --pst-color-link: #0b4fa8; font-family: sans-serif; }}
main {{ max-width: 690px; }}
{css}</style><script defer src="interactive.js"></script></head>
<body><main><h1>Figures</h1>{figures}</main></body></html>
"""
STATE = """box => ({
    values: box.figure.now(), said: box.querySelector('.said').textContent,
    drawn: [...box.querySelectorAll('.picture path, .picture rect')].map(e => e.outerHTML).join(),
})"""


@pytest.fixture(scope="module")
def figures():
    made = {figure.name: figure for figure in (make() for make in FIGURES)}
    guess = Question("How many nats?", answer=0.81, unit="nats", within=0.1, because="So it is.")
    numeric = gap()
    numeric.name, numeric.question = "vae-gap-guessed", guess  # the kind stands twice on the page
    return made | {numeric.name: numeric}


@pytest.fixture(scope="module")
def page_address(axe, figures, tmp_path_factory):  # noqa: F811 - axe, so that there is D3 or a skip
    folder = tmp_path_factory.mktemp("figures")
    css = (ROOT / "book" / "_assets" / "interactive.css").read_text(encoding="utf-8")
    all_of_them = "\n".join(figure.html() for figure in figures.values())
    (folder / "page.html").write_text(PAGE.format(css=css, figures=all_of_them), encoding="utf-8")
    (folder / "interactive.js").write_text(book_interactive.script(fetch_assets.VENDOR), encoding="utf-8")
    return folder.as_uri() + "/"


@pytest.fixture
def open_page(browser, page_address):  # noqa: F811
    """`open_page(width)` is the visited page; what went wrong on it fails the test at its end."""
    visits = []

    def visit(width=1280):
        visits.append(Visit(browser, page_address, "page.html", width=width))
        return visits[-1].page

    yield visit
    problems = [problem for visit in visits for problem in visit.problems]
    for visit in visits:
        visit.page.close()
    assert not problems, "\n".join(problems)


def box_of(page, kind, answered=True):
    box = page.locator(f"#interactive-{kind}")
    if answered:
        page.emulate_media(reduced_motion="reduce")
        box.get_by_role("button", name="Skip").click()
        box.get_by_role("button", name="Reset").click()
        page.emulate_media(reduced_motion="no-preference")
    return box


def positions(figure):
    """Values at several places: the ends, the start, and six between; every choice."""
    ways = []
    for value in figure.values.values():
        if isinstance(value, Choice):
            ways.append(value.options)
        else:
            steps = round((value.high - value.low) / value.step)
            ways.append([value.low + value.step * (steps * k // 7) for k in range(8)] + [value.start])
    listed = list(itertools.product(*ways))
    return [dict(zip(figure.values, at, strict=True)) for at in listed[:: max(1, len(listed) // 20)]]


KINDS = (
    "vae-gap vae-two-divergences gan-discriminator gan-dirac avb-ratio avb-learning "
    "unit-square unit-balance avb-gtn-lag avb-gtn-noise hair-before-after hair-recolouring "
    "audio-window audio-partials critics-lines critics-piles critics-slope "
    "divergences-humps divergences-tangent collapse-features collapse-noise"
).split()  # the figures' names
each_kind = pytest.mark.parametrize("kind", KINDS)


def test_the_script_of_all_figures_is_small(axe):  # noqa: F811
    size = len(book_interactive.script(fetch_assets.VENDOR).encode())
    assert size <= MOST_BYTES, f"{size:,} bytes of script, at most {MOST_BYTES:,} are allowed"


def test_without_d3_there_is_no_script(tmp_path):
    assert book_interactive.script(tmp_path) is None


@each_kind
def test_numbers_are_those_of_python(open_page, figures, kind):
    figure = figures[kind]
    at = positions(figure)
    assert len(at) >= 15
    ours = "([kind, at, constants]) => at.map(values => Interactive.kinds[kind].numbers(values, constants))"
    theirs = open_page().evaluate(ours, [figure.kind, at, figure.constants])
    for values, found in zip(at, theirs, strict=True):
        assert found == pytest.approx(figure.numbers(**values), rel=1e-7, abs=1e-7), f"at {values}"


@each_kind
@pytest.mark.parametrize("width", [1280, PHONE])
def test_a_drag_changes_picture_and_sentence(open_page, figures, kind, width):
    page = open_page(width)
    box = box_of(page, kind)
    for handle in box.get_by_role("slider").and_(box.locator(".handle")).all():
        before, name = box.evaluate(STATE), handle.get_attribute("data-value")
        handle.scroll_into_view_if_needed()
        spot = handle.locator(".knob").bounding_box()
        x, y = spot["x"] + spot["width"] / 2, spot["y"] + spot["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 10, y)
        page.mouse.move(x + 24, y)
        page.mouse.up()
        after = box.evaluate(STATE)
        assert after["values"][name] > before["values"][name], f"{name} does not follow the pointer"
        assert after["said"] != before["said"] and after["drawn"] != before["drawn"], name
        spec = figures[kind].values[name]
        said = handle.get_attribute("aria-valuetext").replace("−", "-")
        assert said.startswith(f"{after['values'][name]:{spec.format}}")
        wrong = [n for n, v in after["values"].items() if n != name and v != before["values"][n]]
        assert not wrong, f"dragging {name} also moves {wrong}"


@each_kind
def test_arrow_keys_move_a_handle_by_its_step_and_to_its_ends(open_page, figures, kind):
    page = open_page()
    box = box_of(page, kind)
    for handle in box.locator(".handle").all():
        name = handle.get_attribute("data-value")
        spec, now = figures[kind].values[name], lambda name=name: box.evaluate(STATE)["values"][name]
        handle.focus()
        before = box.evaluate(STATE)
        page.keyboard.press("ArrowRight")
        assert now() == pytest.approx(before["values"][name] + spec.step)
        assert box.evaluate(STATE)["said"] != before["said"]
        page.keyboard.press("ArrowLeft")
        assert box.evaluate(STATE) == before, "back again is not where it was"
        for key, end in (("End", spec.high), ("Home", spec.low)):
            page.keyboard.press(key)
            page.keyboard.press("ArrowLeft" if key == "Home" else "ArrowRight")
            assert now() == pytest.approx(end) == float(handle.get_attribute("aria-valuenow"))
        box.get_by_role("button", name="Reset").click()


def test_the_second_number_of_a_handle_moves_up_and_down(open_page):
    page = open_page()
    box = box_of(page, "gan-dirac")
    box.locator(".handle").focus()
    page.keyboard.press("ArrowUp")
    assert box.evaluate(STATE)["values"]["psi"] == pytest.approx(0.6)
    assert box.locator(".handle").get_attribute("aria-valuetext") == "1.00 and 0.60"


def test_a_finger_drags_and_the_page_does_not_scroll(browser, page_address):  # noqa: F811
    context = browser.new_context(viewport={"width": PHONE, "height": 900}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(page_address + "page.html")
    box = box_of(page, "vae-gap")
    handle = box.locator(".handle").first
    handle.scroll_into_view_if_needed()
    reach, scrolled = handle.locator(".reach").bounding_box(), page.evaluate("scrollY")
    assert min(reach["width"], reach["height"]) >= 44, "too small for a finger"
    x, y = reach["x"] + reach["width"] / 2, reach["y"] + reach["height"] / 2
    touch = context.new_cdp_session(page)
    for kind, points in (
        ("touchStart", [{"x": x, "y": y}]),
        ("touchMove", [{"x": x + 20, "y": y - 30}]),
        ("touchMove", [{"x": x + 40, "y": y - 60}]),
        ("touchEnd", []),
    ):
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    page.wait_for_function("document.querySelector('#interactive-vae-gap').figure.values.mean > 0.5")
    assert page.evaluate("scrollY") == scrolled
    context.close()


def test_a_tap_brings_the_nearest_handle(open_page):
    page = open_page()
    box = box_of(page, "gan-dirac")
    box.locator(".picture").scroll_into_view_if_needed()
    picture = box.locator(".picture").bounding_box()
    page.mouse.click(picture["x"] + 40 + 0.25 * 350, picture["y"] + 30 + 0.25 * 350)
    values = box.evaluate(STATE)["values"]
    assert (values["theta"], values["psi"]) == pytest.approx((-1, 1), abs=0.051)


def test_the_click_that_ends_a_drag_is_no_tap(open_page):
    """In some browsers it reaches the picture, not the handle."""
    page = open_page()
    box = box_of(page, "gan-dirac")
    box.locator(".picture").scroll_into_view_if_needed()
    handle = box.locator(".handle").first
    spot = handle.locator(".knob").bounding_box()
    page.mouse.move(spot["x"] + 9, spot["y"] + 9)
    page.mouse.down()
    page.mouse.move(spot["x"] + 29, spot["y"] + 9)
    page.mouse.up()
    dragged = box.evaluate(STATE)["values"]
    picture = box.locator(".picture").bounding_box()
    at = {"clientX": picture["x"] + 60, "clientY": picture["y"] + 60, "bubbles": True}
    box.locator(".picture").dispatch_event("click", at)
    assert box.evaluate(STATE)["values"] == dragged
    page.mouse.click(at["clientX"], at["clientY"])
    assert box.evaluate(STATE)["values"] != dragged, "the next tap counts"


def test_the_answer_comes_after_the_reader_has_committed(open_page, figures):
    page = open_page()
    box, question = box_of(page, "vae-gap", answered=False), figures["vae-gap"].question
    assert not box.locator(".handle, .said, .controls").locator("visible=true").count()
    reveal = box.get_by_role("button", name="Reveal")
    assert reveal.is_disabled()
    box.get_by_label(question.choices[1]).check()
    reveal.click()
    reply = box.get_by_role("status").inner_text()
    assert reply == f"Not so: {question.right}. {question.because}"
    assert box.evaluate(STATE)["values"] == pytest.approx(dict(question.then))
    assert box.locator(".said").is_visible() and "KL 0.81" in box.locator(".said").inner_text()
    assert box.locator(".handle").first.evaluate("e => e === document.activeElement"), "the focus is lost"


def test_the_line_between_two_pictures_can_be_dragged_before_the_answer(open_page):
    page = open_page()
    box = box_of(page, "hair-before-after", answered=False)
    box.locator(".handle").focus()
    page.keyboard.press("ArrowLeft")
    state = box.evaluate(STATE)["values"]
    assert state == {"edge": pytest.approx(0.45), "pair": "source | AVB-GTN"}
    assert not box.locator(".said, .controls").locator("visible=true").count()
    box.get_by_role("button", name="Skip").click()
    assert box.evaluate(STATE)["values"]["pair"] == "AVB-GTN | true twin"
    assert "inside the hair" in box.locator(".said").inner_text()


def test_one_step_is_not_one_steps(open_page):
    page = open_page()
    box = box_of(page, "gan-dirac")
    box.get_by_label("number of steps").fill("1")
    assert box.locator(".said").inner_text().startswith("After 1 step theta")


@pytest.mark.parametrize("guess, words", [("0.75", "Right."), ("3", "It is 0.81 nats.")])
def test_a_number_can_be_guessed(open_page, guess, words):
    box = box_of(open_page(), "vae-gap-guessed", answered=False)
    box.get_by_label("Your guess").fill(guess)
    box.get_by_label("Your guess").press("Enter")
    assert box.get_by_role("status").inner_text() == f"{words} So it is."


# Within the page: on a busy machine a run is over before a click from outside arrives.
PAUSE = """box => new Promise(done => {
    const look = () => {
        if (box.figure.values.steps <= 3) return requestAnimationFrame(look);
        [...box.querySelectorAll('button')].find(b => b.textContent.trim() === 'Pause').click();
        done();
    };
    look();
})"""


def test_a_run_plays_pauses_and_is_said_at_its_end(open_page, figures):
    page = open_page()
    box = box_of(page, "gan-dirac")
    box.get_by_role("button", name="Run").click()
    assert box.locator(".said").get_attribute("aria-live") == "off"
    box.evaluate(PAUSE)
    paused = box.evaluate(STATE)["values"]["steps"]
    page.wait_for_timeout(200)
    assert box.evaluate(STATE)["values"]["steps"] == paused < 200
    box.get_by_role("button", name="Run").click()
    page.wait_for_function("document.querySelector('#interactive-gan-dirac').figure.values.steps === 200")
    box.get_by_role("button", name="Run").wait_for()
    assert box.locator(".said").get_attribute("aria-live") == "polite"
    wanted = figures["gan-dirac"].numbers(**figures["gan-dirac"].start | {"steps": 200})["distance"]
    assert f"is {wanted:.2f}." in box.locator(".said").inner_text()


def test_without_motion_a_run_is_at_its_end_at_once(open_page):
    page = open_page()
    box = box_of(page, "vae-two-divergences")
    page.emulate_media(reduced_motion="reduce")
    box.get_by_role("button", name="Run").click()
    assert box.evaluate(STATE)["values"]["steps"] == 80
    before = box.evaluate(STATE)["values"]
    box.get_by_label("minimise").select_option("KL(p‖q)")  # goes on from where the run has led
    after = box.evaluate(STATE)["values"]
    assert after["steps"] == 0 and after["mean"] == pytest.approx(before["mean"], abs=1e-9)


@pytest.mark.parametrize("width", [1280, PHONE])
@pytest.mark.parametrize("answered", [False, True])
def test_nothing_for_axe_to_find_and_nothing_too_wide(open_page, axe, width, answered):  # noqa: F811
    page = open_page(width)
    for kind in KINDS:
        box_of(page, kind, answered)
    assert [*of_access(page, axe), *of_width(page)] == []
    still = page.locator(".interactive-still").locator("visible=true").count()
    assert still == 0
    page.emulate_media(media="print")
    assert page.locator(".interactive-still img").locator("visible=true").count() == len(KINDS) + 1
    assert not page.locator(".interactive-live").locator("visible=true").count()
