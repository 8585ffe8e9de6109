"""Print the built book: `python tools/print_book.py [html folder] [pdf folder]` writes one PDF a page,
in reading order.

Chromium prints each page as its print dialogue would: navigation, buttons and sliders are left out, a
figure with sliders shows its starting one, maths is set before the page is printed. Nothing is fetched
from a network.
"""

import pathlib
import shutil
import sys

from toc import stems

ROOT = pathlib.Path(__file__).resolve().parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
FLAGS += ["--disable-component-update", "--disable-sync"]
PATIENCE = 600_000  # milliseconds that a browser may take for anything: a busy machine is slow
DRAWN = "() => !document.querySelector('.math') || document.querySelector('mjx-container')"


def print_book(html: pathlib.Path, folder: pathlib.Path) -> list[pathlib.Path]:
    """Print every page below `html` into `folder`; SystemExit where the book or the browser is missing."""
    if not (html / "index.html").is_file():
        sys.exit(f"{html}/index.html is not there: build the book first, with 'make book'")
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit(
            "no Chromium or Chrome was found: 'apt-get install chromium' brings one; any browser's own "
            "print dialogue does the same"
        )
    from playwright.sync_api import sync_playwright

    folder.mkdir(parents=True, exist_ok=True)
    printed = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=FLAGS, timeout=PATIENCE)
        page = chromium.new_page(color_scheme="light")
        page.set_default_timeout(PATIENCE)
        page.route(
            "**/*",
            lambda route: (
                route.continue_() if route.request.url.startswith(("file:", "data:")) else route.abort()
            ),
        )
        for number, name in enumerate(stems()):
            page.goto((html / f"{name}.html").resolve().as_uri(), wait_until="load")
            page.wait_for_function(DRAWN)
            page.evaluate("() => window.MathJax && MathJax.startup && MathJax.startup.promise")
            printed.append(folder / f"{number:02d}-{name}.pdf")
            margin = {side: "18mm" for side in ("top", "bottom", "left", "right")}
            page.pdf(path=printed[-1], format="A4", margin=margin, print_background=True)
        chromium.close()
    return printed


if __name__ == "__main__":
    html, folder = (list(map(pathlib.Path, sys.argv[1:3])) + [None, None])[:2]
    for path in print_book(html or ROOT / "_build" / "html", folder or ROOT / "build" / "pdf"):
        print(path)
