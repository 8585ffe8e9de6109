"""The rendered book, as a reader meets it: in a browser with no network, from a server and from the disk.

The book is built anew for these tests, every warning an error. The tests that look at pages need a Chromium
(`apt-get install chromium`) and npm, which brings the checker axe-core and the offline scripts. Without them
they skip and say so; where AVBGTN_REQUIRE_BROWSER=1 they fail instead. AVBGTN_SHOTS=folder keeps a picture of
every page.
"""

import functools
import http.server
import os
import pathlib
import shutil
import subprocess
import sys
import threading
from urllib.parse import unquote, urldefrag, urlparse

import pytest
import yaml
from bs4 import BeautifulSoup

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import fetch_assets  # noqa: E402

CONTENTS = yaml.safe_load((ROOT / "book" / "_toc.yml").read_text(encoding="utf-8"))
SOURCES = [CONTENTS["root"], *(chapter["file"] for chapter in CONTENTS["chapters"])]
PAGES = [pathlib.PurePosixPath(source).stem + ".html" for source in SOURCES]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
FLAGS += ["--disable-component-update", "--disable-sync"]
DESKTOP, PHONE = 1280, 390

# Two lines that the widget manager's schema library writes about itself on every page with a widget.
KNOWN_WARNINGS = ("strict mode:",)

# Maths and widgets are drawn after loading: wait for them, not for a fixed time.
DRAWN = """() => (!document.querySelector('.math') || document.querySelector('mjx-container'))
    && !document.querySelector('.jupyter-widgets-view:empty')"""
TOO_WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? []
    : [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)
    .slice(0, 5).map(e => e.outerHTML.slice(0, 150))"""

on_each_page = pytest.mark.parametrize("page", PAGES)


def need(found, sentence):
    """Skip with `sentence` where something is not `found`; fail where this session may not do without."""
    if found:
        return
    if os.environ.get("AVBGTN_REQUIRE_BROWSER") == "1":
        pytest.fail(sentence)
    pytest.skip(sentence)


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
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    need(path, "no Chromium: 'apt-get install chromium' enables the tests of the rendered book")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
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
    """One page in a fresh browser context, every other host out of reach, and all that went wrong there."""

    def __init__(self, browser, base, name, *, width=DESKTOP, scheme="light"):
        self.problems = []
        self.context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        self.page = self.context.new_page()
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.problems.append(f"script error: {error}"))
        self.page.on("requestfailed", lambda request: self.problems.append(f"not loaded: {request.url}"))
        self.page.on("response", self._response)
        self.page.route("**/*", lambda route: self._route(route, base))
        self.page.goto(base + name, wait_until="load")
        self.page.wait_for_function(DRAWN)
        self.page.evaluate("() => window.MathJax && MathJax.startup && MathJax.startup.promise")
        self.page.wait_for_load_state("networkidle")
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
        self.context.close()


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


def of_access(page, axe):
    """What axe-core finds against WCAG 2, A and AA."""
    page.evaluate(axe)
    # Its preloading would fetch the style sheets again, which a page read from the disk may not.
    report = page.evaluate("() => axe.run(document, {runOnly: ['wcag2a', 'wcag2aa'], preload: false})")
    for rule in report["violations"]:
        first = rule["nodes"][0]["html"][:200]
        yield f"axe: {rule['id']} ({rule['impact']}), {len(rule['nodes'])} times, first {first}"


def of_width(page):
    """The page must not scroll sideways."""
    for element in page.evaluate(TOO_WIDE):
        yield f"wider than the screen: {element}"


def of_sliders(page):
    """Sliders are moved with the keyboard; there is no kernel, so the page alone must follow."""
    for handle in page.locator(".jupyter-widgets .noUi-handle").all():
        before = handle.get_attribute("aria-valuenow")
        handle.focus()
        page.keyboard.press("ArrowRight")
        if handle.get_attribute("aria-valuenow") == before:
            yield f"the slider {handle.get_attribute('aria-label')!r} stays at {before}"


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
        found = [*of_structure(visit.page), *of_width(visit.page), *of_access(visit.page, axe)]
        found += of_sliders(visit.page)
        found += visit.problems
    assert not found, "\n".join(found)


@pytest.mark.parametrize("source", ["served", "on disk"])
def test_search_finds_a_word(browser, axe, server, book, source):
    base = server if source == "served" else book.as_uri() + "/"
    with Visit(browser, base, "search.html?q=translation") as visit:
        visit.page.locator("#search-results li a").first.wait_for(timeout=10_000)
        found = [*visit.problems, *of_access(visit.page, axe)]
    assert not found, "\n".join(found)


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
