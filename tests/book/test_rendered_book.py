"""The rendered book, as a reader meets it: in a browser with no network, from a server and from the disk.

The book is built anew for these tests, every warning an error. The tests that look at pages need a Chromium
(`apt-get install chromium`) and npm, which brings the checker axe-core and the offline scripts. Without them
they skip and say so; where AVBGTN_REQUIRE_BROWSER=1 they fail instead. AVBGTN_SHOTS=folder keeps a picture of
every page.
"""

import functools
import http.server
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading
from urllib.parse import unquote, urldefrag, urlparse

import pytest
import yaml
from bs4 import BeautifulSoup

import api_sources
import contents
import fetch_assets
from needs import need
from print_book import BROWSERS, FLAGS, PATIENCE

ROOT = contents.ROOT

PAGES = contents.pages()
NOTEBOOK_PAGES = [
    page for page, source in zip(PAGES, contents.sources(), strict=True) if source.endswith(".ipynb")
]
DESKTOP, PHONE = 1280, 390
HEADING_BY = 130  # pixels from the top of a phone's screen to the heading

# Two lines that the widget manager's schema library writes about itself on every page with a widget.
KNOWN_WARNINGS = ("strict mode:",)

# Maths and widgets are drawn after loading: wait for them, not for a fixed time.
DRAWN = """() => (!document.querySelector('.math') || document.querySelector('mjx-container'))
    && !document.querySelector('.jupyter-widgets-view:empty')"""
TOO_WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? []
    : [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)
    .slice(0, 5).map(e => e.outerHTML.slice(0, 150))"""

# What reaches out of the column, must be scrolled or is cut off, with folded cells opened. Formulas are
# measured as they are drawn, not by the hidden copy for screen readers; no number may stand on its formula.
BEYOND_COLUMN = """() => {
    const article = document.querySelector('article.bd-article'), frame = article.getBoundingClientRect();
    const style = getComputedStyle(article), found = [], outside = new Set();
    const left = frame.left + parseFloat(style.paddingLeft);
    const right = frame.right - parseFloat(style.paddingRight);
    const say = (e, kind, pixels) => {
        const words = (e.closest('mjx-container') || e).textContent || e.alt || '';
        found.push(`${kind} by ${Math.round(pixels)} pixels: <${e.tagName.toLowerCase()} class="${
            e.getAttribute('class') || ''}"> ${words.trim().replace(/\\s+/g, ' ').slice(0, 60)}`);
    };
    document.querySelectorAll('article details').forEach(folded => { folded.open = true; });
    for (const e of article.querySelectorAll('*')) {
        const box = e.getBoundingClientRect(), style = getComputedStyle(e);
        if (!box.width || style.visibility === 'hidden') continue;
        if (e.closest('mjx-assistive-mml, .headerlink, .copybtn')) continue;
        if (outside.has(e.parentElement)) { outside.add(e); continue; }
        const out = Math.max(box.right - right, left - box.left);
        if (out > 1) { outside.add(e); say(e, 'out of the column', out); }
        if (e.closest('.math, mjx-container') || style.display === 'inline' || style.overflowX === 'visible')
            continue;
        if (e.scrollWidth > e.clientWidth + 1) say(e, 'wider than its box', e.scrollWidth - e.clientWidth);
    }
    for (const number of article.querySelectorAll('.eqno')) {
        const formula = number.parentElement.querySelector('mjx-math').getBoundingClientRect();
        const box = number.getBoundingClientRect();
        const over = Math.min(formula.right - box.left, formula.bottom - box.top, box.bottom - formula.top);
        if (over > 1) say(number, 'on its formula', over);
    }
    return found;
}"""

# Every frame of a figure with sliders is in the page; exactly one is to be seen.
SEEN_FRAMES = """figure => [...figure.querySelectorAll('img')].map((image, i) => image.offsetParent ? i : -1)
    .filter(i => i >= 0)"""

# Every player's sound, once the browser has been asked for it.
PLAYS = """all => Promise.all(all.map(a => new Promise(done => {
    const say = state => done(a.getAttribute('aria-label') + ': ' + state);
    a.onloadedmetadata = () => say(a.duration > 0.2 ? 'plays' : `${a.duration} seconds`);
    a.onerror = () => say(`error ${a.error.code} ${a.error.message}`);
    a.preload = 'metadata'; a.load();
})))"""

# What paper must not show: everything but the article, and in it what only a screen can use.
ON_SCREEN_ONLY = (
    ".bd-sidebar-primary",
    ".bd-sidebar-secondary",
    ".bd-header-article",
    ".prev-next-footer",
    ".bd-footer-content",
    "button.copybtn",
    "figure.frames input",
    ".interactive-live",
    ".player audio",
)
PALE = """() => [...document.querySelectorAll(\
'h1, article p, article li, article td, article pre, article pre span')]
    .filter(e => e.offsetParent && Math.min(...getComputedStyle(e).color.match(/\\d+/g).slice(0, 3)) > 140)
    .slice(0, 3).map(e => e.textContent.slice(0, 60))"""

on_each_page = pytest.mark.parametrize("page", PAGES)


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """The folder of the built pages."""
    folder = tmp_path_factory.mktemp("book")
    command = [sys.executable, str(ROOT / "tools" / "build_book.py"), str(folder)]
    built = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert built.returncode == 0, f"the book does not build without a warning:\n{built.stdout}{built.stderr}"
    return folder / "_build" / "html"


@pytest.fixture(scope="module")
def browser():
    """A Chromium without a network of its own."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    need(path, "no Chromium: 'apt-get install chromium' enables the tests of the rendered book")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS, timeout=PATIENCE)
        chromium.contexts_by_kind = {}  # one for each width and scheme: pages share its cache
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def axe():
    """The source of axe-core; its presence also means that the pages have their offline scripts."""
    try:
        return (fetch_assets.fetch() / "test" / "axe.min.js").read_text(encoding="utf-8")
    except fetch_assets.AssetError as problem:
        need(False, f"no axe-core, no offline scripts: {problem}")


@pytest.fixture(scope="module")
def server(book):
    """The address at which the book is served, ending with a slash."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    handler = functools.partial(Quiet, directory=book)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


class Visit:
    """One page in a new tab, every other host out of reach, and all that went wrong there."""

    def __init__(self, browser, base, name, *, width=DESKTOP, scheme="light"):
        self.problems = []
        contexts = browser.contexts_by_kind
        if (width, scheme) not in contexts:
            contexts[width, scheme] = browser.new_context(
                viewport={"width": width, "height": 900}, color_scheme=scheme
            )
            contexts[width, scheme].set_default_timeout(PATIENCE)
        self.page = contexts[width, scheme].new_page()
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.problems.append(f"script error: {error}"))
        self.page.on("requestfailed", lambda request: self.problems.append(f"not loaded: {request.url}"))
        self.page.on("response", self._response)
        self.page.route("**/*", lambda route: self._route(route, base))
        self.page.goto(base + name, wait_until="load")
        self.page.wait_for_function(DRAWN)
        self.page.evaluate(
            "async () => { await window.MathJax?.startup?.promise; await document.fonts.ready; }"
        )
        if folder := os.environ.get("AVBGTN_SHOTS"):
            kind = f"{urlparse(base).scheme}-{width}-{scheme}"
            self.page.screenshot(
                path=pathlib.Path(folder, f"{kind}-{name.split('?')[0]}.png"), full_page=True
            )

    def _route(self, route, base):
        inside = route.request.url.startswith((base, "data:", "blob:"))
        route.continue_() if inside else route.abort()

    def _console(self, message):
        if message.type in ("error", "warning") and not message.text.startswith(KNOWN_WARNINGS):
            self.problems.append(f"console {message.type}: {message.text}")

    def _response(self, response):
        if response.status >= 400:
            self.problems.append(f"status {response.status}: {response.url}")

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.page.close()


def of_structure(page):
    """One title, a language, and every formula set."""
    formulas, drawn = page.locator(".math").count(), page.locator("mjx-container").count()
    if drawn != formulas:
        yield f"MathJax set {drawn} of {formulas} formulas"
    if wrong := page.locator("mjx-merror").count():
        yield f"MathJax cannot read {wrong} formulas"
    if (titles := page.locator("article h1").count()) != 1:
        yield f"the page has {titles} titles"
    if not page.locator("html").get_attribute("lang"):
        yield "the page does not say its language"


WHOLE = {"runOnly": ["wcag2a", "wcag2aa"]}
COLOURS = {"runOnly": ["color-contrast"]}
NOT_COLOURS = WHOLE | {"rules": {"color-contrast": {"enabled": False}}}


def of_access(page, axe, rules=WHOLE):
    """What axe-core finds against WCAG 2, A and AA, or against some of its rules.

    Judging colours takes most of its time, and they change with the scheme alone: once in the light,
    once in the dark.
    """
    page.evaluate(axe)
    # Its preloading would fetch the style sheets again, which a page read from the disk may not.
    report = page.evaluate(
        "rules => axe.run(document, {...rules, preload: false, resultTypes: ['violations']})", rules
    )
    for rule in report["violations"]:
        first = rule["nodes"][0]["html"][:200]
        yield f"axe: {rule['id']} ({rule['impact']}), {len(rule['nodes'])} times, first {first}"


def of_width(page):
    """The page must not scroll sideways."""
    for element in page.evaluate(TOO_WIDE):
        yield f"wider than the screen: {element}"


def of_sliders(page):
    """Sliders are moved with the keyboard; there is no kernel, so the page alone must follow."""
    for figure in page.locator("figure.frames").all():
        name = figure.get_attribute("id")
        for slider in figure.locator("input[type=range]").all():
            before, at = figure.evaluate(SEEN_FRAMES), slider.input_value()
            output = figure.locator(f"output[for='{slider.get_attribute('id')}']")
            said = output.inner_text()
            slider.focus()
            page.keyboard.press("ArrowLeft" if at == slider.get_attribute("max") else "ArrowRight")
            after = figure.evaluate(SEEN_FRAMES)
            if len(before) != 1 or len(after) != 1:
                yield f"{name} shows frames {before}, then {after}; it should be one each time"
            elif before == after:
                yield f"{name}: a key moves no picture, it stays at frame {before[0]}"
            if output.inner_text() == said or slider.get_attribute("aria-valuetext") != output.inner_text():
                yield (
                    f"{name}: the slider says {slider.get_attribute('aria-valuetext')!r}, beside it "
                    f"stands {output.inner_text()!r}"
                )
    for handle in page.locator(".jupyter-widgets .noUi-handle").all():
        before = handle.get_attribute("aria-valuenow")
        handle.focus()
        page.keyboard.press("ArrowRight")
        if handle.get_attribute("aria-valuenow") == before:
            yield f"the slider {handle.get_attribute('aria-label')!r} stays at {before}"


def of_interactives(page):
    """After the question a key moves picture and sentence; without Python, since there is none."""
    state = "box => box.querySelector('.picture').innerHTML + box.querySelector('.said').textContent"
    for box in page.locator("div.interactive").all():
        name = box.get_attribute("id")
        if not box.locator(".picture").count():
            yield f"{name} is not live"
            continue
        page.emulate_media(reduced_motion="reduce")
        if box.locator(".question").count():
            box.get_by_role("button", name="Skip").click()
        before = box.evaluate(state)
        box.locator(".handle").first.focus()
        page.keyboard.press("ArrowLeft")
        if box.evaluate(state) == before:
            yield f"{name}: a key moves nothing"
        page.emulate_media(reduced_motion="no-preference")


def of_players(page):
    """A complaint about each sound that the browser cannot load."""
    return [said for said in page.locator("audio").evaluate_all(PLAYS) if not said.endswith(": plays")]


def of_paper(page):
    """A PDF with the article's words and nothing of the navigation,
    dark on white also where the screen is dark.
    """
    title = page.locator("article h1").inner_text().rstrip("#").strip()
    page.emulate_media(media="print")
    for selector in ON_SCREEN_ONLY:
        if shown := page.locator(selector).locator("visible=true").count():
            yield f"on paper: {selector} is shown {shown} times"
    titles = page.locator("h1").locator("visible=true").all_inner_texts()  # the theme repeats it, unnumbered
    if len(titles) != 1 or not titles[0].strip() or not title.endswith(titles[0].strip()):
        yield f"on paper: the titles {titles}, on the screen {title!r}"
    if not page.locator("article p").first.is_visible():
        yield "on paper: the article is not shown"
    for text in page.evaluate(PALE):
        yield f"on paper: too pale to read, {text!r}"
    sheets = len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4")))
    if not sheets:
        yield "on paper: the PDF has no page"


@on_each_page
@pytest.mark.parametrize(
    "source, width, scheme",
    [
        ("served", DESKTOP, "light"),
        ("served", DESKTOP, "dark"),
        ("served", PHONE, "light"),
        ("served", PHONE, "dark"),
        ("on disk", DESKTOP, "light"),
    ],
)
def test_page_in_a_browser_without_a_network(browser, axe, server, book, page, source, width, scheme):
    base = server if source == "served" else book.as_uri() + "/"
    with Visit(browser, base, page, width=width, scheme=scheme) as visit:
        shown = visit.page.locator("html").get_attribute("data-theme")
        assert shown == scheme, f"the reader's system asks for {scheme}, the page is {shown}"
        found = [*of_structure(visit.page), *of_width(visit.page)]
        rules = {
            ("served", DESKTOP, "light"): WHOLE,
            ("served", DESKTOP, "dark"): COLOURS,
            ("served", PHONE, "light"): NOT_COLOURS,
        }.get((source, width, scheme))  # what is left would be the same elements in the same colours again
        found += of_access(visit.page, axe, rules) if rules else []
        found += [*of_sliders(visit.page), *of_interactives(visit.page), *of_players(visit.page)]
        if (source, width, scheme) == ("served", DESKTOP, "dark"):
            found += of_paper(visit.page)
        found += visit.problems
    assert not found, "\n".join(found)


@on_each_page
def test_a_page_begins_with_its_heading_on_a_phone(browser, axe, server, page):
    with Visit(browser, server, page, width=PHONE) as visit:
        top = visit.page.locator("article h1").bounding_box()["y"]
    assert top <= HEADING_BY, f"the heading starts {top:.0f} pixels below the top"


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_wider_than_the_column(browser, axe, server, page, width):
    """No formula, no line of visible source, no output, table or figure is cut off or has to be scrolled."""
    with Visit(browser, server, page, width=width) as visit:
        formulas, drawn = (
            visit.page.locator(f"article {what}").count() for what in (".math", "mjx-container")
        )
        assert bool(drawn) == bool(formulas), "no formula of the page is drawn, so none can be measured"
        found = visit.page.evaluate(BEYOND_COLUMN)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("source", ["served", "on disk"])
def test_search_finds_a_word(browser, axe, server, book, source):
    base = server if source == "served" else book.as_uri() + "/"
    with Visit(browser, base, "search.html?q=scrambling") as visit:
        visit.page.locator("#search-results li a").first.wait_for()
        visit.page.wait_for_load_state("networkidle")
        hits = visit.page.locator("#search-results li a").evaluate_all("links => links.map(a => a.href)")
        assert any("celeba.html" in hit for hit in hits), f"the chapter that has the word is not among {hits}"
        found = [*visit.problems, *of_access(visit.page, axe)]
    assert not found, "\n".join(found)


def test_the_audio_chapter_has_its_players(book):
    """Twins, translations by the committed weights, and the eight sounds of the paper's Figure 8."""
    titles = [a["aria-label"] for a in parsed(book / "audio.html").select("audio")]
    assert {"V→V", "V→P", "V→P→V", "P→P", "P→V", "P→V→P"} <= set(titles), titles
    assert len(titles) >= 18 and len(set(titles)) == len(titles), titles


@functools.cache
def parsed(path):
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


@on_each_page
def test_pictures_have_real_alternative_texts(book, page):
    for picture in parsed(book / page).select("article img"):
        alt = picture.get("alt", "")
        assert len(alt.split()) >= 3 and "_images/" not in alt, f"{picture.get('src')}: the text is {alt!r}"


@on_each_page
def test_links_within_the_book_lead_somewhere(book, page):
    dead = []
    for element in parsed(book / page).select("[href], [src]"):
        target, anchor = urldefrag(element.get("href") or element.get("src"))
        if urlparse(target).scheme or target.startswith("//"):
            continue
        path = (book / page).parent / unquote(urlparse(target).path or page)
        if not path.is_file():
            dead.append(f"{target} does not exist")
        elif anchor and path.suffix == ".html" and not parsed(path).find(id=unquote(anchor)):
            dead.append(f"{target}#{anchor}: no such place")
    assert not dead, "\n".join(dead)


@on_each_page
def test_no_reference_is_left_open(book, page):
    text = parsed(book / page).select_one("article").get_text(" ")
    for sign in ("[??]", "{cite", "{numref}", "{eq}", "{doc}", "%s"):
        assert sign not in text, f"{page} shows {sign!r}, a reference nobody resolved"


def test_contents_reach_every_page(book):
    links = {urldefrag(link["href"])[0] for link in parsed(book / "index.html").select("nav a[href]")}
    assert set(PAGES[1:]) <= links, f"the contents lead to {sorted(links)}"


def test_first_page_has_the_whole_map(book):
    index = parsed(book / "index.html")
    listed = [link["href"] for link in index.select(".book-map-list a")]
    assert listed == PAGES[1:], "the list below the map does not follow the contents"
    drawn = {link["href"] for link in index.select("svg.book-map a")}
    assert drawn == set(NOTEBOOK_PAGES), f"the picture of the map shows {sorted(drawn)}"


def test_the_old_address_of_a_page_leads_to_the_new_one(book):
    """Links to the objections of before, from outside the book."""
    moved = parsed(book / "attacks.html")
    assert moved.select_one("meta[http-equiv=refresh]")["content"] == "0; url=objections.html"
    assert moved.select_one("a")["href"] == "objections.html" and (book / "objections.html").is_file()


def test_the_first_page_compares_before_and_after_without_a_script(book):
    box = parsed(book / "index.html").select_one("#interactive-index")
    pictures = json.loads(box.select_one("script").text)["constants"]["pictures"]
    assert list(pictures) == ["before", "after"]
    assert all(address.startswith("data:image/jpeg;base64,") for address in pictures.values())
    assert len(box.select_one(".interactive-still img")["alt"].split()) > 10


@on_each_page
def test_sidebar_leads_to_every_page_and_marks_this_one(book, page):
    links = parsed(book / page).select(".bd-sidebar-primary nav.bd-links li > a[href]")
    here = [link for link in links if "current" in link.parent.get("class", [])]
    assert [link["href"] for link in here] == ["#"], f"{len(here)} pages are marked as this one"
    assert [page if link in here else link["href"] for link in links] == PAGES
    assert not parsed(book / page).select("article nav"), "a second list of pages stands in the article"


@on_each_page
def test_a_page_has_its_card_its_logo_and_its_icon(book, page):
    soup = parsed(book / page)
    said = {tag["property"]: tag["content"] for tag in soup.select("meta[property^='og:']")}
    assert said["og:title"] and said["og:title"] in soup.select_one("article h1").get_text()
    assert 15 < len(said["og:description"]) <= 200, said["og:description"]
    assert said["og:image"].startswith("https://") and len(said["og:image:alt"].split()) > 3
    assert [tag["content"] for tag in soup.select("meta[name=description]")] == [said["og:description"]]
    logo, icon = soup.select_one("img.logo__image"), soup.select_one("link[rel=icon]")
    assert len(logo["alt"].split()) > 3 and "logo" in logo["src"]
    assert (book / icon["href"]).is_file()


@on_each_page
def test_launch_links_follow_the_one_setting(book, page):
    soup = parsed(book / page)
    links = {link["href"] for link in soup.select("a[href]")}
    stem = pathlib.PurePosixPath(page).stem
    found = {link for link in links if "mybinder" in link or "colab" in link}
    wanted = {contents.binder(stem), contents.colab(stem)} if page in NOTEBOOK_PAGES else set()
    assert found == wanted
    assert contents.repository()["url"] in links, "no link to the repository"


def test_notation_lists_every_equation_with_function_and_test(book):
    article = parsed(book / "notation.html").select_one("article")
    text = " ".join(article.get_text(" ").split()).replace("’", "'")  # the page sets typographic apostrophes
    links = {link["href"] for link in article.select("a[href]")}
    for path in sorted((ROOT / "book" / "equations").glob("*.yml")):
        for equation in yaml.safe_load(path.read_text(encoding="utf-8")):
            place = f"{path.stem}.html#equation-{equation['label']}"
            assert place in links, f"no link to {place}"
            for said in filter(None, (equation["what"], equation["function"], equation["test"])):
                # a description with a formula is not its own text on the page
                assert "$" in said or said in text, f"{said!r} is not in the table"


def test_runs_page_has_a_row_for_every_notebook(book):
    rows = parsed(book / "runs.html").select_one("article table").select("tbody tr")
    assert [row.select_one("a")["href"] for row in rows] == NOTEBOOK_PAGES


# --- the part on the library --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def entries(book):
    """{dotted name: (page, what stands in the entry)} of everything that the part describes."""
    return {
        head["id"]: (page, head.parent.find("dd", recursive=False))
        for page in PAGES
        if page.startswith("api")
        for head in parsed(book / page).select("dl.py > dt.sig[id]")
    }


def test_every_public_name_has_an_entry_with_words(entries):
    for place, names in api_sources.public().items():
        assert place in entries, f"{names[0]} has no entry: give it one on a page of the part on the library"
        said = " ".join(entries[place][1].get_text(" ").split())
        assert len(said.split()) > 6, f"the entry of {names[0]} says only {said!r}"
        module = names[0].rpartition(".")[0]
        assert f"from {module} import" in said, f"{names[0]}: how is it imported?"


def test_first_page_lists_what_the_package_offers(book):
    links = {link.get_text(): link["href"] for link in parsed(book / "api.html").select("article table a")}
    for name in api_sources.listed("avbgtn"):
        assert links[f"avbgtn.{name}"].endswith("#" + api_sources.defined(f"avbgtn.{name}")), name


def test_function_and_equation_lead_to_each_other(entries, book):
    notation = {link["href"] for link in parsed(book / "notation.html").select("article table a[href]")}
    for path in sorted((contents.BOOK / "equations").glob("*.yml")):
        for row in yaml.safe_load(path.read_text(encoding="utf-8")):
            if not (name := row["function"]):
                continue
            assert name in entries, f"{name} computes {row['label']} and has no entry"
            page, text = entries[name]
            links = {link["href"] for link in text.select("a[href]")}
            assert f"{path.stem}.html#equation-{row['label']}" in links, f"{name}: no link to {row['label']}"
            assert f"{path.stem}.html" in links, f"{name}: no link to its chapter"
            assert f"{page}#{name}" in notation, f"notation: no link to {name}"


def test_a_chapter_leads_to_the_functions_that_it_shows(entries, book):
    for name, chapters in api_sources.shown().items():
        target = name if name in entries else name.rpartition(".")[0]
        for chapter in chapters:
            links = {link["href"] for link in parsed(book / f"{chapter}.html").select("article a[href]")}
            assert f"{entries[target][0]}#{target}" in links, f"{chapter} shows {name} without a link"


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
@pytest.mark.parametrize("page", [page for page in PAGES if page.startswith("api")])
def test_no_entry_is_wider_than_the_column(browser, axe, server, page, width):
    with Visit(browser, server, page, width=width) as visit:
        found = visit.page.evaluate(BEYOND_COLUMN)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("name", ["cycle_loss", "from_parameters"])
def test_search_finds_a_function(browser, axe, server, name):
    with Visit(browser, server, f"search.html?q={name}") as visit:
        visit.page.locator(f"#search-results a[href*='api-'][href*='{name}']").first.wait_for()
        visit.page.wait_for_load_state("networkidle")
        assert not visit.problems
