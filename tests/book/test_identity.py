"""What the book is known by: its accent can be read, its logo and its card are what they say."""

import re
from xml.etree import ElementTree

import pytest
from docutils.core import publish_doctree
from PIL import Image

from contents import BOOK, ROOT, repository

book_identity = pytest.importorskip("book_identity", reason="needs Sphinx, of the extra 'book'")

CSS = (BOOK / "_assets" / "book.css").read_text(encoding="utf-8")
# The theme's colours behind the text: the page, and the grey of tables and code.
BEHIND = {"light": ("#ffffff", "#f3f4f5"), "dark": ("#121212", "#29313d")}
AA = 4.5


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_that_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)  # the known near miss


@pytest.mark.parametrize("scheme", BEHIND)
@pytest.mark.parametrize("name", ["accent", "accent-strong"])
def test_the_accent_can_be_read(scheme, name):
    block = re.search(rf'html\[data-theme="{scheme}"\] {{([^}}]*--{name}:[^}}]*)}}', CSS)[1]
    colour = re.search(rf"--{name}: (#[0-9a-f]{{6}});", block)[1]
    for behind in BEHIND[scheme]:
        assert contrast(colour, behind) >= AA, f"{colour} on {behind} has {contrast(colour, behind):.2f}"


@pytest.mark.parametrize("name", ["logo.svg", "favicon.svg"])
def test_the_drawings_say_what_they_show_and_are_small(name):
    path = BOOK / "_assets" / name
    root = ElementTree.parse(path).getroot()
    assert root.find("{http://www.w3.org/2000/svg}title").text and path.stat().st_size < 2_000
    assert "href" not in path.read_text(encoding="utf-8")


def test_the_card_is_there_in_the_size_that_is_announced():
    name, width, height = book_identity.CARD
    assert Image.open(BOOK / name).size == (width, height) and (BOOK / name).stat().st_size < 200_000
    options = {
        "repository_url": repository()["url"],
        "repository_branch": repository()["branch"],
        "path_to_docs": repository()["path_to_book"],
    }
    address = book_identity.image_address(options)
    assert address.startswith("https://raw.githubusercontent.com/") and "github.com/" not in address[8:]
    assert address.endswith(f"/{repository()['branch']}/book/{name}")
    assert (ROOT / repository()["path_to_book"] / name).is_file()


@pytest.mark.parametrize(
    "text, said",
    [
        ("A *question*?\n\nMore.", "A question?"),
        ("- a list\n\nThen a\nparagraph.", "Then a paragraph."),
        ("A sentence long enough to stand here alone, for it has many words. " + "word " * 40, None),
        ("word " * 80, None),
        ("", ""),
    ],
)
def test_a_page_is_described_by_its_first_paragraph(text, said):
    found = book_identity.description(publish_doctree(f"Title\n=====\n\nBefore\n------\n\n{text}"))
    if said is not None:
        assert found == said
    else:
        assert 60 < len(found) <= book_identity.LONGEST and found.endswith((".", " …")), found
