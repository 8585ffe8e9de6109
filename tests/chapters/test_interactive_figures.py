"""Interactive figures as Python makes them: what a page is given, what Jupyter shows, and what is refused.

What the script makes of it is tested in a browser, by tests/book/test_interactive.py.
"""

import json
import math
import sys

import pytest
import torch
from bs4 import BeautifulSoup

from avbgtn import audio
from avbgtn.models import losses
from avbgtn_book.audio import interactive as audio_figures
from avbgtn_book.avb import interactive as avb_figures
from avbgtn_book.avb_gtn import interactive as avb_gtn_figures
from avbgtn_book.avb_gtn import penalties
from avbgtn_book.gan import interactive as gan_figures
from avbgtn_book.hair import interactive as hair_figures
from avbgtn_book.interactive.compare import compare, difference
from avbgtn_book.interactive.figure import Choice, Interactive, Question, Value
from avbgtn_book.shared.sheet import sheet
from avbgtn_book.unit import interactive as unit_figures
from avbgtn_book.unit.exact import best_code
from avbgtn_book.vae import interactive as vae_figures
from interactive_figures import F64, FIGURES, before_after, gap, learning, recolouring

SLOPE = Value("slope", 0.0, 2.0, 0.5, 1.0)


def draw(found, slope):
    figure, axes = sheet(height=1.5)
    axes.plot([0, 1], [0, slope])
    figure.alt = f"a line of slope {slope:g} from left to right"
    return figure


def a_line(**options):
    options = {"alt": "A line. It rises.", "numbers": lambda slope: {"rise": slope}} | options
    return Interactive("line", {"slope": SLOPE}, draw=draw, **options)


def page_of(figure):
    return BeautifulSoup(figure.html(), "html.parser")


def test_a_page_is_given_a_specification_a_still_picture_and_the_question():
    question = Question("Is 2 < 3?", choices=("yes", "<!--<script></script>"), answer=0, because="It is.")
    page = page_of(a_line(question=question, constants={"c": 2.5}))
    box = page.select_one("div.interactive")
    assert box["id"] == "interactive-line"
    spec = json.loads(box.select_one("script[type='application/json']").text)
    assert spec["values"]["slope"] == {
        "label": "slope", "low": 0.0, "high": 2.0, "step": 0.5, "start": 1.0, "format": ".2f",
    }  # fmt: skip
    assert spec["constants"] == {"c": 2.5} and spec["question"]["choices"] == ["yes", "<!--<script></script>"]
    assert [i["alt"] for i in box.select("img")] == ["a line of slope 1 from left to right"]
    assert "Is 2 < 3?" in box.select_one("p").text and "yes. It is." in box.select_one("details").text


def test_in_jupyter_the_sliders_draw_live():
    figure = a_line()
    assert {"text/html", "application/vnd.jupyter.widget-view+json"} <= set(figure._repr_mimebundle_())
    _, slider, picture = figure.live().children
    assert (slider.min, slider.max, slider.value) == (0.0, 2.0, 1.0)
    slider.value = 1.5
    assert "slope 1.5" in picture.value


def test_without_ipywidgets_the_page_figure_serves(monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    assert set(a_line()._repr_mimebundle_()) == {"text/html", "text/plain"}


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: Value("a", 0, 1, 0.3, 0), "high is 1"),
        (lambda: Value("a", 0, 1, 0.5, 0.2), "start is 0.2"),
        (lambda: Value("a", 0, 1, 0.5, 1.5), "at most 1"),
        (lambda: Choice("a", ("x", "y"), "z"), "one of"),
        (lambda: Question("a", choices=("x",), answer=1, because="b"), "one of 1 choices"),
        (lambda: a_line(plays="time"), "no values \\['time'\\]"),
        (
            lambda: a_line(question=Question("a", answer=1, because="b", then={"z": 1})),
            "no values \\['z'\\]",
        ),
    ],
)
def test_what_cannot_work_is_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()


@pytest.mark.parametrize("make", FIGURES)
def test_every_figure_asks_shows_itself_and_is_described(make):
    figure = make()
    assert figure.question and figure.question.because and len(figure.alt.split()) >= 10
    still = figure.still(**figure.start)
    assert len(still.alt.split()) >= 10 and len(figure.html()) < 100_000
    assert all(isinstance(number, float) for number in figure.numbers(**figure.start).values())
    assert len(figure.live().children) == len(figure.values) + 2


def test_the_questions_answers_are_right():
    wide, narrow = (gap().numbers(1.0, width) for width in (1.0, 0.25))
    assert wide["kl"] > narrow["kl"] > 0.3 and wide["elbo"] + wide["kl"] == pytest.approx(wide["evidence"])
    start = {"mean": 0.5, "width": 0.5, "steps": 80}
    on_one = vae_figures.two_divergences().numbers(**start, objective=vae_figures.FORWARD)
    assert on_one["mean"] == pytest.approx(2, abs=0.01) and on_one["width"] == pytest.approx(0.5, abs=0.01)
    assert on_one["forward"] == pytest.approx(torch.tensor(2.0).log().item(), abs=0.01)  # half of p is missed
    over_both = vae_figures.two_divergences().numbers(**start, objective=vae_figures.BACKWARD)
    assert over_both["mean"] == pytest.approx(0, abs=0.05) and over_both["width"] == pytest.approx(
        (2.0**2 + 0.5**2) ** 0.5, abs=0.01
    )  # the moments of p
    near, far = (gan_figures.discriminator().numbers(0.0, mean, 1.0)["js"] for mean in (4.0, 8.0))
    assert near < far < 1.12 * near
    out, level, cured = (
        gan_figures.dirac().numbers(1.0, 0.5, rule, 0.2, 200)["distance"] for rule in gan_figures.RULES
    )
    assert out > 2 > level > 0.8 and cured < 0.01
    near, far = (avb_figures.ratio().numbers(mean, 0.5) for mean in (1.0, 3.0))
    assert 5.5 < far["kl"] / near["kl"] < 6.5 and far["loss"] < near["loss"] / 5
    ends = [learning().numbers("64", updates, 40) for updates in ("500", "2000", "8000")]
    assert ends[0]["reading"] < ends[1]["reading"] < ends[2]["reading"] < ends[2]["exact"] / 3
    assert [end["done"] for end in ends] == [500, 2000, 8000]
    none, full = (recolouring().numbers(strength, hair_figures.EVERYWHERE) for strength in (0.0, 1.0))
    assert full["whole"] == pytest.approx(none["whole"], rel=0.02) and full["hair"] < 0.55 * none["hair"]
    assert recolouring().numbers(1.0, hair_figures.IN_HAIR)["outside"] == none["outside"]
    figure = before_after()
    wrong = figure.numbers(0.5, figure.question.then["pair"])
    assert figure.question.answer == (wrong["outside"] > wrong["inside"])
    at_once, apart, both = (
        audio_figures.window().numbers(length, 40) for length in (20, 112, 40)
    )  # the longest window whose beginning is sharp does not separate the tones
    assert at_once["smear"] < 20 and at_once["valley"] == 0
    assert apart["valley"] > 20 and apart["smear"] > 50
    assert both["smear"] < 20 and both["valley"] == 0
    turned = audio_figures.partials().numbers(180, 180)
    assert turned["difference"] == pytest.approx(2) and turned["change"] < 1e-12


def test_the_maps_that_cost_nothing_are_those_that_keep_the_shares():
    """Of the eight symmetries of a square equal shares leave all, unequal ones only the truth."""
    figure = unit_figures.square()
    free = {}
    for shares in unit_figures.SHARES:
        turns = [(there, mirrored) for there in range(-175, 181, 5) for mirrored in unit_figures.MIRROR]
        lost = {at: figure.numbers(at[0], -at[0], at[1], shares) for at in turns}
        assert all(numbers["cycle"] < 1e-9 for numbers in lost.values())
        free[shares] = [at for at, numbers in lost.items() if numbers["distance"] < 1e-9]
        assert [at for at in free[shares] if lost[at]["error"] < 1e-9] == [(0, "no")]
    assert len(free["all equal"]) == 8 and free["all different"] == [(0, "no")]
    asked = figure.numbers(**figure.start | dict(figure.question.then))
    assert max(asked["distance"], asked["cycle"]) < 1e-9 and asked["error"] == pytest.approx(0.5)
    assert min(figure.numbers(**figure.start).values()) > 0.01


def test_the_best_code_is_best_and_collapses_where_the_question_says():
    for beta, spread in ((2.5e-4, 0.4), (0.01, 0.8), (0.2, 0.4), (1.0, 0.4)):
        best = best_code(beta, spread)
        u = torch.linspace(0, 3 * best["square"] + 1, 200_001, dtype=torch.float64)
        loss = spread * (2 / torch.pi) ** 0.5 / (1 + u).sqrt() + beta * u / 2
        assert best["error"] + beta * best["kl"] == pytest.approx(loss.min().item(), abs=1e-9)
        assert best["square"] == pytest.approx(u[loss.argmin()].item(), abs=1e-2)
    question = unit_figures.balance().question
    assert unit_figures.balance().numbers(**question.then)["kl"] == 0
    assert unit_figures.balance().numbers(unit_figures.UNITS_BETA, 0.4)["kl"] > 10


def test_the_best_generator_of_a_code_leaves_that_error():
    """Independent of the closed form: points, codes and a least-squares line through them."""
    draw = torch.Generator().manual_seed(0)
    x, eps = (
        0.4 * torch.randn(400_000, generator=draw, dtype=torch.float64),
        torch.randn(400_000, generator=draw, dtype=torch.float64),
    )
    best = best_code(0.05, 0.4)
    z = best["square"] ** 0.5 / 0.4 * x + eps
    off = (x - (z @ x) / (z @ z) * z).abs().mean().item()
    assert off == pytest.approx(best["error"], rel=0.01)


@pytest.mark.parametrize("m, old", [(3.0, 1.0), (1.0, 3.0), (-1.0, 2.0), (2.5, 2.5)])
def test_a_t_that_lags_reads_the_kl_less_the_kl_to_what_it_has_learnt(m, old):
    found = avb_gtn_figures.lag().numbers(m, old)
    now, then, prior = (torch.distributions.Normal(torch.tensor(at, dtype=F64), 1.0) for at in (m, old, 0.0))
    kls = [torch.distributions.kl_divergence(now, other).item() for other in (prior, then)]
    assert [found["kl"], found["short"]] == pytest.approx(kls)
    assert found["reads"] == pytest.approx(kls[0] - kls[1])
    if m == old:  # what the chapter's exact gradients say of a perfect T
        assert found["pull"] == pytest.approx(penalties.frozen_gradient(losses.log_sigmoid_penalty, m)[0])
    assert found["paper"] <= min(0.0, found["reads"])


@pytest.mark.parametrize("m, s, bend", [(0.0, 1.0, 0.0), (0.7, 0.3, 0.0), (0.0, 0.04, 0.8), (-1.0, 0.5, 1.5)])
def test_the_kl_of_bent_noise_is_that_of_its_density(m, s, bend):
    """By quadrature over the code, from the density that belongs to each noise."""
    noise = torch.linspace(-10, 10, 400_001, dtype=F64)
    z, slope = avb_gtn_figures.encoded(noise, m, s, bend)
    normal = torch.distributions.Normal(torch.tensor(0.0, dtype=F64), 1.0)
    log_q = normal.log_prob(noise) - slope.log()
    by_density = torch.trapezoid(log_q.exp() * (log_q - normal.log_prob(z)), z).item()
    found = avb_gtn_figures.noise_kl(m, s, bend)
    assert found == pytest.approx(by_density, abs=1e-6)
    if not bend:
        assert found == pytest.approx(penalties.kl(m, s).item(), abs=1e-9)


def test_the_answers_of_the_avb_gtn_chapter_are_right():
    kls = [avb_gtn_figures.noise_kl(0.0, s, 0.0) for s in (0.4, 0.2, 0.04, 0.02)]
    assert kls == sorted(kls) and kls[3] - kls[2] == pytest.approx(math.log(2), abs=1e-3)
    assert avb_gtn_figures.noise_kl(0.0, 0.04, 0.5) < kls[2]


def test_the_window_figure_shows_the_transform_of_the_chapter():
    """Its cells are the levels of avbgtn.audio.stft where the window is whole."""
    samples, rate = 80, audio_figures.TONES["rate"]
    wave = audio_figures.tones(torch.arange(rate, dtype=torch.float64), 40)
    ours = audio.stft(wave, samples, samples // 4).abs()
    rows, times, level = audio_figures.levels(40, 40)
    first, last = round(rows[0].item() / (rate / samples)), round(rows[-1].item() / (rate / samples))
    after = (times - audio_figures.TONES["onset"]) * rate / (samples // 4)
    late = after >= 0
    wanted = ours[first : last + 1][:, after[late].round().long()]
    assert (10 ** (level[:, late] / 20) - wanted).abs().max() < 1e-6


def test_a_window_resolves_tones_that_are_four_rows_apart():
    for apart in (40, 80, 100):
        null = audio_figures.resolution(4000 / apart, apart)  # four rows: half-way lies a null
        assert null["valley"] == audio_figures.TONES["deepest"]
        assert audio_figures.resolution(1800 / apart, apart)["valley"] == 0  # less than two rows
        assert audio_figures.resolution(2200 / apart, apart)["valley"] > 0


def test_the_lags_of_the_partials_are_those_of_a_sum_of_cosines():
    found = audio_figures.compared(90, -45)
    wanted = sum(a**2 * (2 - 2 * math.cos(math.radians(lag))) for a, lag in ((0.8, 90), (0.6, -45))) / (
        1 + 0.8**2 + 0.6**2
    )
    assert found["difference"] == pytest.approx(wanted)
    assert [found[f"magnitude{k}"] for k in (1, 2, 3)] == pytest.approx(audio_figures.LOUDNESS)


def test_two_figures_of_one_kind_have_two_ids():
    ids = [page_of(a_line(name=name)).select_one("div.interactive")["id"] for name in ("one", "other", None)]
    assert ids == ["interactive-one", "interactive-other", "interactive-line"]


def test_a_difference_is_that_of_the_pixels_of_a_part():
    black, other = -torch.ones(3, 4, 4), -torch.ones(3, 4, 4)
    other[:, :2] = 1.0  # white in the upper half
    mask = torch.zeros(1, 4, 4)
    mask[:, 0] = 1.0
    assert difference(black, other, mask) == {"whole": 0.5, "inside": 1.0, "outside": pytest.approx(1 / 3)}
    assert difference(other, other) == {"whole": 0.0}


@pytest.mark.parametrize(
    "pictures, pairs, words",
    [
        ({"a": torch.zeros(3, 4, 4), "b": torch.zeros(3, 5, 5)}, [("a", "b")], "expected one"),
        ({"a": torch.zeros(3, 4, 4)}, [], "at least one"),
        ({"a": torch.zeros(3, 4, 4)}, [("a", "b")], "unknown: \\['b'\\]"),
    ],
)
def test_pictures_that_cannot_be_compared_are_refused(pictures, pairs, words):
    with pytest.raises(ValueError, match=words):
        compare(pictures, pairs, alt="two pictures")
