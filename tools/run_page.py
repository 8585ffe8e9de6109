"""Make one executed notebook a page to read: `python tools/run_page.py build/celeba.ipynb` writes
`build/celeba.html` and, with what it needs, `build/celeba_files/`.

The page looks like the book's and is made by the same theme and extensions; nothing is run. It can be read
without a network, from any folder that holds both. Its references to the rest of the book are links to the
repository, and its sources stand at its end.
"""

import pathlib
import re
import shutil
import sys
import tempfile

import nbformat
import yaml
from bs4 import BeautifulSoup

import build_book
import toc

# On a page that stands alone there is nowhere to go and nothing else to search. Hidden, not taken out: the
# theme's scripts ask for these elements.
NAVIGATION = (
    ".bd-header, .bd-sidebar-primary, .overlay-primary, .primary-toggle, .prev-next-footer, .search-button, "
    ".search-button__wrapper"
)
HIDE = f"<style>{NAVIGATION} {{ display: none !important; }}</style>"
SOURCES = "## Sources\n\n```{bibliography}\n```"
LABELS = re.compile(
    r'"name": "(fig-[\w-]+)"|:(?:name|label): ([\w-]+)|(?:^|")\(([\w-]+)\)=|\$\$ \(([\w-]+)\)', re.MULTILINE
)
OWN_FILES = re.compile(r"^(?:\./)?(_static|_images|_downloads)/")


def settings() -> dict:
    """The book's `_config.yml`."""
    return yaml.safe_load((build_book.ROOT / "_config.yml").read_text(encoding="utf-8"))


def heading(text: str) -> str:
    """The first heading of a page or a notebook, as plain text."""
    found = re.search(r'^(?: *")?# +(.+?)(?:\\n)?"?,?$', text, re.MULTILINE)
    return found[1].replace("*", "") if found else ""


def elsewhere(repository: dict, book: pathlib.Path = build_book.BOOK) -> tuple[dict, dict]:
    """{page: [title, short title, address]} and {label: page} of the whole book."""
    pages, labels = {}, {}
    short = toc.titles(book)
    at = f"{repository['url']}/blob/{repository['branch']}/{repository['path_to_book']}"
    for source in toc.sources(book):
        name = pathlib.PurePosixPath(source).stem
        path = next(path for path in (book / source, book / f"{source}.md") if path.is_file())
        text = path.read_text(encoding="utf-8")
        title = heading(text) or name
        pages[name] = [title, short.get(name, title), f"{at}/{path.name}"]
        for found in LABELS.findall(text):
            labels["".join(found)] = name
    return pages, labels


def config_of_page(notebook: pathlib.Path) -> str:
    """The book's settings without what leads elsewhere: buttons, and numbers of chapters."""
    config = settings()
    pages, labels = elsewhere(config["repository"])
    config.pop("launch_buttons", None)
    config["title"] = f"{notebook.name}, made with {config['title']}"
    config["html"]["use_repository_button"] = False
    sphinx = config["sphinx"]
    sphinx["recursive_update"] = True  # the theme keeps its other options
    # The others are for pages that are no notebooks, and take seconds to import.
    sphinx["local_extensions"] = dict.fromkeys(
        ("book_fixes", "book_identity", "book_elsewhere", "book_interactive"), "book/_ext/"
    )
    # A run that took hours gets its page whatever is in it: what cannot be linked is shown as its words.
    sphinx["config"] |= {
        "elsewhere_pages": pages,
        "elsewhere_labels": labels,
        "html_theme_options": {"use_download_button": False, "show_prev_next": False},
        "html_sidebars": {"**": []},
        "html_copy_source": False,
        "suppress_warnings": ["myst.xref_missing"],
    }
    return yaml.safe_dump(config, sort_keys=False, allow_unicode=True)


def stage(notebook: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
    """Lay out a book of one page below `folder`; return the folder of its sources."""
    source = folder / build_book.BOOK.name
    source.mkdir()
    for name in ("_assets", "_ext", "_vendor", "references.bib"):
        (source / name).symlink_to(build_book.BOOK / name)
    content = nbformat.read(notebook, as_version=4)
    if any("{cite" in cell.source for cell in content.cells if cell.cell_type == "markdown"):
        content.cells.append(nbformat.v4.new_markdown_cell(SOURCES))
    nbformat.write(content, source / notebook.name)
    contents = yaml.safe_dump({"format": "jb-book", "root": notebook.stem})  # quotes a name like 2026
    (source / "_toc.yml").write_text(contents, encoding="utf-8")
    (folder / "_config.yml").write_text(config_of_page(notebook), encoding="utf-8")
    return source


def alone(html: str, files: str) -> str:
    """The page without its navigation, its own files looked for in the folder `files` beside it.

    Tables that a cell made name pages of the book by their files.
    """
    pages, _ = elsewhere(settings()["repository"])
    page = BeautifulSoup(html, "html.parser")
    for link in page.select("link[rel=index], link[rel=search]"):
        link.decompose()
    for form in page.select("form[action]"):
        del form["action"]
    for link in page.select("article a[href]"):
        name = link["href"].partition("#")[0].removesuffix(".html")
        if name in pages:
            link["href"] = pages[name][2]
    page.head.append(BeautifulSoup(HIDE, "html.parser"))
    for element in page.find_all(True):
        for name in ("src", "href", "poster", "data-jupyter-widgets-cdn"):
            if name in element.attrs:
                element[name] = OWN_FILES.sub(rf"{files}/\1/", element[name])
    return str(page)


def make(notebook: pathlib.Path) -> pathlib.Path:
    """Write the page beside `notebook` and return it; SystemExit where Sphinx cannot."""
    notebook = notebook.resolve()
    page, files = notebook.with_suffix(".html"), notebook.with_name(f"{notebook.stem}_files")
    with tempfile.TemporaryDirectory() as folder:
        source = stage(notebook, pathlib.Path(folder))
        built = build_book.build(pathlib.Path(folder), source, quiet=True).parent
        html = alone((built / page.name).read_text(encoding="utf-8"), files.name)
        unused = ["*.map", "locales", "*.ipynb"]
        if "jupyter-widgets" not in html:
            unused += ["@jupyter-widgets", "require.js"]
        shutil.rmtree(files, ignore_errors=True)
        files.mkdir()
        for name in ("_static", "_images", "_downloads"):
            if (built / name).is_dir():
                shutil.copytree(built / name, files / name, ignore=shutil.ignore_patterns(*unused))
        page.write_text(html, encoding="utf-8")
    return page


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python tools/run_page.py NOTEBOOK.ipynb")
    make(pathlib.Path(sys.argv[1]))
