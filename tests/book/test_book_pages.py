"""The pages around the chapters: what they name exists, and there is one address of the repository."""

import importlib
import json
import re
import tomllib

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup

import book_fixes
from avbgtn.config.parameters import Parameters
from avbgtn.models import losses, networks
from contents import BOOK, ROOT, binder, colab, repository, sources
from tracked import tracked_files

PAGES = (
    "index", "how-to", "teaching", "notation", "errata", "objections", "deviations", "checklist", "speed",
    "scaling", "runs", "references", "api", "api-load", "api-train", "api-losses", "api-models", "api-data",
    "api-chapters",
)  # fmt: skip
each_page = pytest.mark.parametrize("page", PAGES)


def text(page):
    return (BOOK / f"{page}.md").read_text(encoding="utf-8")


def in_code(page):
    """Everything that a page sets as code: inline, and the lines of its blocks."""
    source = text(page)
    blocks = re.findall(r"^```(?:bash|python)\n(.*?)^```", source, re.MULTILINE | re.DOTALL)
    return re.findall(r"(?<!`)(?<!\})`([^`\n]+)`", source) + [
        line for block in blocks for line in block.splitlines()
    ]


# --- what the pages name ------------------------------------------------------------------------------------


@each_page
def test_files_named_exist(page):
    for code in in_code(page):
        for path in re.findall(r"\b(?:avbgtn|book|tests|tools)/[\w./-]*\w", code):
            if "NAME" not in path:
                assert (ROOT / path).exists(), f"{page} names {path}"


@each_page
def test_targets_named_exist(page):
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for code in in_code(page):
        for target in re.findall(r"\bmake ([a-z]+)", code):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"{page} names 'make {target}'"


@each_page
def test_functions_and_settings_named_exist(page):
    settings = set(Parameters.__dataclass_fields__)
    for name in re.findall(r"settings? `(\w+)`", text(page)):
        assert name in settings, f"{page}: {name} is no setting of the experiment"
    for code in in_code(page):
        for module, name in re.findall(r"\b(losses|networks)\.(\w+)", code):
            assert hasattr({"losses": losses, "networks": networks}[module], name), f"{page}: {module}.{name}"
        for option in re.findall(r"-p (\w+)", code):
            assert option in settings, f"{page}: '-p {option}' is no setting of the experiment"


def test_names_in_the_symbol_table_are_those_of_the_code():
    """The middle column of the first table; words without a backtick are not code."""
    table = text("notation").split("## The paper's equations")[0]
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "avbgtn").rglob("*.py"))
    for row in re.findall(r"^\| (?!Paper|---)(.+) \|$", table, re.MULTILINE):
        for name in re.findall(r"`([\w.]+)(?:\[[^]]*\])?`", row.split(" | ")[1]):
            assert re.search(rf"\b{re.escape(name.split('.')[-1])}\b", code), f"no {name} in the package"


def test_paper_equations_all_have_a_place_in_the_package():
    table = text("notation").split("## The paper's equations")[1].split("## The book's equations")[0]
    numbers = [
        int(n)
        for row in re.findall(r"^\| (\([^|]+) \|", table, re.MULTILINE)
        for n in re.findall(r"\d+", row)
    ]
    assert numbers == list(range(1, 14))
    models = importlib.import_module("avbgtn.models.unit").UNIT
    for name in re.findall(r"`([\w.]+)`", table):
        owner = models if name.startswith("UNIT.") else losses
        assert hasattr(owner, name.split(".")[-1]), f"{name} does not exist"


def test_errata_are_numbered_without_a_gap():
    for letter, pattern in (("P", r"^### P(\d+)\. "), ("U", r"^- \*\*U(\d+)\."), ("L", r"^- \*\*L(\d+)\.")):
        numbers = [int(n) for n in re.findall(pattern, text("errata"), re.MULTILINE)]
        assert numbers == list(range(1, len(numbers) + 1)) and numbers, f"{letter}: {numbers}"
    for page in PAGES:
        known = set(re.findall(r"(?:^### |\*\*)([PUL]\d+)\.", text("errata"), re.MULTILINE))
        for number in re.findall(r"errata[^\n]{0,12}, ([PUL]\d+)\)", text(page)):
            assert number in known, f"{page} sends its readers to {number}"


def test_factors_of_the_errata_follow_from_the_model():
    """d/2 at UNIT's width; 2,000,000 to 50,000; passes over the blond pictures."""
    page = text("errata")
    for size, said in ((64, "32,768 times at 64"), (128, "131,072 times at 128")):
        assert f"{256 * (size // 4) ** 2 // 2:,}" in said and said in page
    assert f"factor of {2_000_000 // 50_000}" in page and f"{50_000 / 29_983:.1f} passes" in page
    assert 1.4e9 < 50_000 * 29_983 < 1.6e9 and "one and a half thousand million updates" in page


def test_map_knows_every_chapter_and_what_it_builds_on():
    book_map = pytest.importorskip("book_map", reason="needs Sphinx, of the extra 'book'")
    order = [source.removesuffix(".ipynb") for source in sources() if source.endswith(".ipynb")]
    assert list(book_map.NEEDS) == order, (
        "NEEDS in book/_ext/book_map.py and _toc.yml name different chapters"
    )
    for name, (needed, _) in book_map.NEEDS.items():
        for other in needed:
            assert order.index(other) < order.index(name), f"{name} builds on {other}, which comes later"
    places = [place for _, place in book_map.NEEDS.values()]
    assert len(set(places)) == len(places), "two chapters are drawn in one place"


# --- the address of the repository --------------------------------------------------------------------------


def tracked_texts():
    """(path, text) of every file that is, or would be, committed; of notebooks the cells' sources alone."""
    for path in tracked_files():
        if b"\0" not in (data := path.read_bytes()):
            content = data.decode("utf-8")
            if path.suffix == ".ipynb":
                content = "\n".join(cell.source for cell in nbformat.reads(content, as_version=4).cells)
            yield path.relative_to(ROOT).as_posix(), content


def wrong_addresses(content, at, chapters):
    """Addresses in `content` that mean this repository and are not the one of the setting."""
    owner, name = at["url"].removeprefix("https://github.com/").split("/")
    for url, whose, which in re.findall(r"(https?://github\.com/([\w-]+)/([\w-]+)(?:\.git)?)", content):
        if (whose.lower() == owner.lower() or "avbgtn" in (whose + which).lower()) and url != at["url"]:
            yield url
    for url in re.findall(r"git\+(https?://[^\s\"'`\\)@]+)", content):
        if url != at["url"] and "/example/" not in url:
            yield url
    launched = {address(chapter) for address in (binder, colab) for chapter in chapters}
    pattern = r"https://(?:mybinder\.org/v2|colab\.research\.google\.com/github)/[\w-]+/[^\s\"'`<>){]+"
    for url in re.findall(pattern, content):
        if url not in launched:
            yield url


def test_every_address_is_the_one_of_the_setting():
    at, chapters = repository(), [s.removesuffix(".ipynb") for s in sources() if s.endswith(".ipynb")]
    wrong = [
        f"{path}: {url}"
        for path, content in tracked_texts()
        if path != "tests/book/test_book_pages.py"
        for url in wrong_addresses(content, at, chapters)
    ]
    assert not wrong, f"_config.yml has {at['url']}; other addresses in\n" + "\n".join(wrong)


@pytest.mark.parametrize(
    "content",
    [
        "https://github.com/someone/avbgtn-book",
        "http://github.com/avbgtn/avbgtn-book",
        "https://github.com/avbgtn/avbgtn-book.git",
        "%pip install git+https://example.org/avbgtn",
        "https://colab.research.google.com/github/avbgtn/avbgtn-book/blob/master/book/vae.ipynb",
        "https://mybinder.org/v2/gh/avbgtn/avbgtn-book/main?urlpath=tree/book/vae.ipynb",
    ],
)
def test_a_wrong_address_would_be_found(content):
    at = {"url": "https://github.com/avbgtn/avbgtn-book"}
    assert list(wrong_addresses(content, at, ["vae"]))


def test_places_that_must_name_the_repository_do():
    url = repository()["url"]
    assert re.fullmatch(r"https://github\.com/[\w-]+/[\w-]+", url), f"{url}: Binder and Colab need this form"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["urls"]["Repository"] == url
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["repository-code"] == url
    assert url in (ROOT / "README.md").read_text(encoding="utf-8")


def test_pages_take_the_address_from_the_setting():
    for page in PAGES:
        assert "github.com" not in text(page), f"{page}.md writes the address; use {{{{ repository }}}}"
    assert "{{ repository }}" in text("how-to")


def test_binder_and_colab_find_what_they_need():
    """Binder reads environment.yml in the root, Colab opens the notebooks of the folder in the setting."""
    assert (ROOT / "environment.yml").is_file() and not (ROOT / "binder").exists()
    for source in sources():
        if source.endswith(".ipynb"):
            assert (ROOT / repository()["path_to_book"] / source).is_file()
            assert json.loads((BOOK / source).read_text(encoding="utf-8"))["nbformat"] == 4


# --- printed output -----------------------------------------------------------------------------------------


def printed(text):
    body = (
        '<div class="output stream highlight-myst-ansi notranslate">'
        f'<div class="highlight"><pre>{text}</pre></div></div>'
    )
    return book_fixes.PRINTED.sub(book_fixes._keep_columns, body)


def test_a_printed_table_keeps_its_columns_and_can_be_scrolled_by_keyboard():
    page = BeautifulSoup(
        printed("d      exact     by T\n1     0.8188   0.7511\n256   209.61    11.70\n"), "html.parser"
    )
    assert page.pre["class"] == ["columns"] and page.pre["tabindex"] == "0" and page.pre["aria-label"]
    assert page.pre.text.splitlines()[1] == "1     0.8188   0.7511"


@pytest.mark.parametrize(
    "text",
    [
        "one line with  two  wide gaps\n",
        "a sentence, and\nanother one: True\n",
        "2 numbers:  between 1 and 2: True\n",
    ],
)
def test_printed_sentences_wrap(text):
    assert "columns" not in printed(text)
