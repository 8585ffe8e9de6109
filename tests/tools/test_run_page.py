"""The page of a run, as `make run` and `make study` write it: no raw markup, no network."""

import re
import shutil
import subprocess
import sys
from urllib.parse import unquote, urlparse

import nbformat
import pytest
from bs4 import BeautifulSoup

from contents import BOOK, ROOT, repository
from needs import need

import fetch_assets  # isort: skip (contents names its folder)
import run_page

# One reference of each kind to a page that is not there, and some to nothing at all.
REFERENCES = """## References to other pages

{doc}`vae`, {doc}`that one <gan>`, [a link](unit.ipynb), [](avb.ipynb), {eq}`eq-vae-elbo`,
{numref}`fig-vae-map`, {ref}`words <audio-committed>`, {ref}`audio-committed`,
{numref}`fig-results-curves`, {eq}`eq-results-aligned`, {doc}`nowhere`, {ref}`no-such-label`,
{eq}`eq-none`, {numref}`fig-none`, [a dead link](nowhere.md), {cite}`liu2017unit`.
"""
RAW = re.compile(r"\{[a-z][\w:-]*\}|```|:::|\[\?\?\]|\$\$|\\begin\{")


@pytest.fixture(scope="module", params=["celeba", "results-toy"])
def page(request, tmp_path_factory):
    """A page made of a committed notebook; that of the results has another name and more references."""
    try:
        fetch_assets.fetch()
    except fetch_assets.AssetError as problem:
        need(False, f"without its scripts no page can be read offline: {problem}")
    folder = tmp_path_factory.mktemp("a run")
    notebook = folder / f"{request.param}.ipynb"
    shutil.copy(BOOK / f"{request.param.removesuffix('-toy')}.ipynb", notebook)
    if request.param == "results-toy":
        content = nbformat.read(notebook, as_version=4)
        content.cells.append(nbformat.v4.new_markdown_cell(REFERENCES))
        nbformat.write(content, notebook)
    before = notebook.read_bytes()
    command = [sys.executable, ROOT / "tools" / "run_page.py", notebook]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    assert not done.stdout and not done.stderr, f"it has something to say:\n{done.stdout}{done.stderr}"
    assert notebook.read_bytes() == before
    names = {path.name for path in folder.iterdir()}
    assert names == {notebook.name, f"{request.param}.html", f"{request.param}_files"}
    return notebook.with_suffix(".html")


@pytest.fixture(scope="module")
def soup(page):
    return BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")


def test_no_markup_is_left_raw(soup):
    article = BeautifulSoup(str(soup.select_one("article")), "html.parser")
    for code in article.select("pre, code, .math"):
        code.decompose()
    found = RAW.search(text := article.get_text(" "))
    assert not found, f"the page shows {text[found.start() - 40 : found.end() + 40]!r}"
    assert len(text.split()) > 500


def test_every_picture_has_an_alternative_text(soup):
    pictures = soup.select("article img")
    assert len(pictures) >= 9
    for picture in pictures:
        alt = picture.get("alt", "")
        assert len(alt.split()) >= 3 and "_images" not in alt, f"{picture['src']}: the text is {alt!r}"


def test_nothing_is_loaded_from_a_network_and_everything_is_there(page, soup):
    loaded = [e["src"] for e in soup.select("[src]")] + [e["href"] for e in soup.select("link[href]")]
    assert any("mathjax" in address for address in loaded)
    for address in loaded:
        target = urlparse(address)
        assert not target.scheme and not target.netloc or target.scheme == "data", f"it loads {address}"
        assert target.scheme == "data" or (page.parent / unquote(target.path)).is_file(), f"no {address}"
    for sheet in page.parent.rglob("*.css"):
        assert not re.search(r"(?:url\(|@import)\W*(?:https?:)?//", sheet.read_text(encoding="utf-8")), sheet
    assert not re.search(r"<form[^>]*action", str(soup))


def test_links_lead_to_a_place_in_the_page_or_to_the_repository(page, soup):
    at = repository()
    start = f"{at['url']}/blob/{at['branch']}/"
    within = elsewhere = 0
    for link in soup.select("article a[href]"):
        address = link["href"]
        if address.startswith("#"):
            assert address == "#" or soup.find(id=unquote(address[1:])), f"no place {address}"
            within += 1
        elif address.startswith(start):
            assert (ROOT / address.removeprefix(start)).is_file(), address
            elsewhere += 1
        else:
            outside = address.startswith(("https://", "http://"))
            assert outside or (page.parent / unquote(address)).is_file(), address
    assert within and elsewhere


def test_references_say_what_they_mean(page, soup):
    section = soup.find("section", id="references-to-other-pages")
    assert (section is not None) == (page.stem == "results-toy"), "the references are not on their page"
    if section is None:
        return
    said = " ".join(section.p.get_text().replace("’", "'").split())
    assert said.startswith(
        "Can a network that compresses pictures also invent them?, that one, a link, AVB, "
        "the equation in VAE, the figure in VAE, words, Piano and violin, Fig. "
    ), said
    assert re.search(
        r"Fig\. \d+, \(\d+\), nowhere, no-such-label, eq-none, fig-none, a dead link, \[\d\]\.$", said
    ), said


def test_the_pages_sources_stand_at_its_end(soup):
    assert soup.select("article section:last-of-type div.citation"), "no list of sources"
    assert soup.select_one("article h1") and soup.select("article div.cell_output")


def test_titles_and_labels_of_the_book_are_found():
    pages, labels = run_page.elsewhere(repository())
    assert pages["vae"][1] == "VAE" and pages["vae"][0].endswith("?") and len(pages) > 15
    assert labels["eq-vae-elbo"] == "vae" and labels["fig-celeba-50000"] == "celeba"
    assert labels["committed-weights"] == "celeba" and "stdout" not in labels


def test_makefile_writes_both_pages_with_it():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "nbconvert" not in makefile
    for notebook in ("build/celeba.ipynb", "build/results-$(GRID).ipynb"):
        assert f"tools/run_page.py {notebook}" in makefile
        assert notebook.replace(".ipynb", ".html") in makefile
