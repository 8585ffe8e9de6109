"""The teacher's kit, written by tools/classroom.py from the chapters and from the students' built book.

- `index.html`: the course of book/course.yml, its goals, times and exercises read from the chapters;
- `figures.html` and `figures/`: every numbered figure of the notebooks, at the size at which it is committed,
  with its number and caption; of a figure that moves, the frame that it begins with;
- `equations.html`: every displayed equation, with its number and what it says;
- `answers.html`: task, model answer and marks of every exercise.

Numbers and captions are those of the built pages, so a figure has one number in the book and in the kit.
Maths is set by the copy of MathJax that the book carries, or by the CDN's where the book has none.
"""

import base64
import html
import pathlib
import re
import shutil

import yaml
from bs4 import BeautifulSoup
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

import exercises
import solutions

PAGES = {
    "index": "Course",
    "figures": "Figures",
    "equations": "Equations",
    "answers": "Answers and marks",
}
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem }
nav a { margin-right: 1.2em } img { max-width: 100%; height: auto } figure { margin: 2rem 0 }
figcaption, .small { font-size: 0.9rem; color: #444 } h2, h3 { break-after: avoid; margin-top: 2rem }
pre { background: #f4f4f4; padding: 0.7em; overflow-x: auto; font-size: 0.85rem }
table { border-collapse: collapse; width: 100% } td, th { border-bottom: 1px solid #ccc; padding: 0.3em 0.5em;
text-align: left; vertical-align: top } .math { overflow-x: auto } .number { white-space: nowrap }
figure, tr, .equation { break-inside: avoid } @media print { nav { display: none } body { max-width: none } }
"""
CITED = re.compile(r"\s*\{cite(?::\w+)?\}`[^`]*`")
ROLES = re.compile(r"\{(\w+(?::\w+)?)\}`(?:([^`<]*?)\s*<)?([^`>]+)>?`")


def goals(notebook) -> list[str]:
    """The goals with which a chapter opens, as Markdown."""
    words = "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    found = re.search(r"After this chapter you can\W*\n+((?:- .+\n?)+)", words)
    return re.findall(r"^- (.+?)[;.]?$", found[1], re.MULTILINE) if found else []


def reading_minutes(notebook) -> int:
    """The minutes of reading that a chapter states, 0 for none."""
    words = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    found = re.search(r"To read:\D*(\d+) minutes", re.sub(r"[*_]", "", words))
    return int(found[1]) if found else 0


def picture(cell) -> tuple[str, bytes] | None:
    """(ending, content) of the figure that a cell shows, None where it shows none."""
    for data in (output.get("data", {}) for output in cell.get("outputs", [])):
        if "image/svg+xml" in data:
            return "svg", data["image/svg+xml"].encode()
        if "image/png" in data:
            return "png", base64.b64decode(data["image/png"])
        shown = BeautifulSoup(data.get("text/html", ""), "html.parser").select("img[src]")
        for image in [one for one in shown if not one.has_attr("hidden")]:
            kind, _, content = image["src"].partition(";base64,")
            if kind == "data:image/png":
                return "png", base64.b64decode(content)
    return None


class Kit:
    """Reads the built pages once; each of its methods writes the body of one page."""

    def __init__(self, chapters: dict, book: pathlib.Path, pages: pathlib.Path):
        self.chapters, self.book, self.folder = chapters, book, pages
        self.pages = {name: self._soup(pages / f"{name}.html") for name in chapters}
        self.titles = {name: soup.h1.get_text().strip("#\n ") for name, soup in self.pages.items() if soup.h1}
        self.numbers = {}  # of figures and equations, by label
        for soup in self.pages.values():
            for number in soup.select("figcaption .caption-number"):
                label = number.find_parent(id=True)["id"]
                self.numbers[label] = number.get_text().strip()
            for number in soup.select(".math .eqno"):
                label = number.find_parent(id=True)["id"].removeprefix("equation-")
                self.numbers[label] = number.get_text().strip("#\n ")
        self.markdown = MarkdownIt("commonmark", {"html": True}).enable("table")
        self.markdown.use(dollarmath_plugin, renderer=self._math)

    @staticmethod
    def _soup(page: pathlib.Path) -> BeautifulSoup:
        soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
        for link in soup.select("a.headerlink"):
            link.decompose()
        return soup

    @staticmethod
    def _math(content: str, options: dict) -> str:
        left, right = (r"\[", r"\]") if options["display_mode"] else (r"\(", r"\)")
        return f"{left}{html.escape(content.strip())}{right}"

    def _role(self, match: re.Match) -> str:
        _, text, target = match.groups()
        return text or self.numbers.get(target) or self.titles.get(target, target)

    def rendered(self, text: str, *, inline: bool = False) -> str:
        """MyST Markdown as HTML, its roles as plain text."""
        plain = ROLES.sub(self._role, CITED.sub("", text))
        return self.markdown.renderInline(plain) if inline else self.markdown.render(plain)

    # --- the course -----------------------------------------------------------------------------------------

    def index(self) -> str:
        path = self.book / "course.yml"
        if not path.is_file():
            return "<p>This book has no plan of lectures.</p>"
        course = yaml.safe_load(path.read_text(encoding="utf-8"))
        sessions = enumerate(course["sessions"], 1)
        return "\n".join(
            [
                f"<p>{len(course['sessions'])} sessions of {course['minutes']} minutes. Students read before "
                "a session; reading times, goals and exercises are those that the chapters state.</p>",
                *(self._session(n, session) for n, session in sessions),
            ]
        )

    def _session(self, n: int, session: dict) -> str:
        notebook, found = self.chapters[session["chapter"]]
        aims, read = goals(notebook), session["read"]
        until = (
            f", up to the section “{self.rendered(read['until'], inline=True)}”" if "until" in read else ""
        )
        lines = [f"<h2>{n}. {html.escape(session['title'])}</h2>"]
        title = html.escape(self.titles[session["chapter"]])
        lines.append(f"<p><b>Before</b> ({read['before']} minutes): read <i>{title}</i>{until}.</p>")
        lines.append("<p><b>Goals.</b> Afterwards students can</p><ul>")
        lines += [f"<li>{self.rendered(aims[k - 1], inline=True)}</li>" for k in session["goals"]]
        lines.append(
            "</ul><table><tr><th>Minutes</th><th>In class</th><th>To show</th><th>Exercise</th></tr>"
        )
        for step in session["class"]:
            shown = [self.numbers[label] for label in step.get("figures", [])]
            shown += [f"Eq. {self.numbers[label]}" for label in step.get("equations", [])]
            exercise = found[step["exercise"] - 1] if "exercise" in step else None
            cells = [
                step["minutes"],
                self.rendered(step["what"], inline=True),
                "<br>".join(f'<span class="number">{what}</span>' for what in shown),
                f"{exercise.number}. {html.escape(exercise.title)}" if exercise else "",
            ]
            lines.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
        lines.append("</table>")
        home = ", ".join(f"{k} ({found[k - 1].minutes} minutes)" for k in session["homework"])
        rest = f"read the rest of the chapter ({read['after']} minutes); " if read["after"] else ""
        lines.append(f"<p><b>Afterwards</b>: {rest}exercises {home}.</p>")
        return "\n".join(lines)

    # --- figures and equations ------------------------------------------------------------------------------

    def figures(self, folder: pathlib.Path) -> str:
        folder.mkdir(parents=True)
        body = ["<p>Text and figures: CC BY 4.0. A figure that moves in the book is shown as it begins.</p>"]
        for name, (notebook, _) in self.chapters.items():
            cells = {
                cell.metadata["mystnb"]["figure"]["name"]: cell
                for cell in notebook.cells
                if cell.metadata.get("mystnb", {}).get("figure", {}).get("name")
            }
            captions = self.pages[name].select("figcaption .caption-text")
            body += [f"<h2>{html.escape(self.titles[name])}</h2>"] if captions else []
            for caption in captions:
                figure = caption.find_parent(id=True)
                label = figure["id"]
                found = picture(cells[label]) if label in cells else self._file(figure)
                if found is None:
                    raise ValueError(f"{name}.ipynb: the figure {label} has no picture among its outputs")
                number = self.numbers[label].removeprefix("Fig. ")
                file = folder / f"{number}-{label.removeprefix('fig-')}.{found[0]}"
                file.write_bytes(found[1])
                for link in caption.select("a"):
                    link.unwrap()
                image = f'<img src="{folder.name}/{file.name}" alt="">'
                said = f"<b>{self.numbers[label]}</b> {caption.decode_contents()}"
                body.append(f"<figure>{image}<figcaption>{said}</figcaption></figure>")
        return "\n".join(body)

    def _file(self, figure) -> tuple[str, bytes] | None:
        """(ending, content) of a figure of the text, which is a file beside the built pages."""
        image = figure.select_one("img[src]")
        path = self.folder / image["src"] if image else None
        return (path.suffix.removeprefix("."), path.read_bytes()) if path and path.is_file() else None

    def equations(self) -> str:
        body = []
        for name, soup in self.pages.items():
            path = self.book / "equations" / f"{name}.yml"
            known = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else []
            says = {entry["label"]: entry["what"] for entry in known}
            found = [block for block in soup.select("div.math") if block.get_text().strip()]
            body += [f"<h2>{html.escape(self.titles[name])}</h2>"] if found else []
            for block in found:
                label = block.get("id", "").removeprefix("equation-")
                what = self.rendered(says[label], inline=True) if label in says else ""
                number = f"<b>{self.numbers[label]}</b> " if label in self.numbers else ""
                for part in block.select(".eqno"):
                    part.decompose()
                tex = html.escape(block.get_text().strip())
                body.append(f'<div class="equation"><p>{number}{what}</p><div class="math">{tex}</div></div>')
        return "\n".join(body)

    # --- answers --------------------------------------------------------------------------------------------

    def answers(self) -> str:
        body = ["<p>A check gives one mark for each minute of its exercise, or none; where a written answer "
                "follows it, half of the marks are for that answer, by hand.</p>"]  # fmt: skip
        for name, (notebook, found) in self.chapters.items():
            if found:
                checked, by_hand = map(sum, zip(*map(exercises.points, found), strict=True))
                body.append(f"<h2>{html.escape(self.titles[name])}</h2>")
                body.append(f'<p class="small">{checked + by_hand} marks, {by_hand} of them by hand.</p>')
            body += [self._answer(notebook, exercise) for exercise in found]
        return "\n".join(body)

    def _answer(self, notebook, exercise: exercises.Exercise) -> str:
        checked, by_hand = exercises.points(exercise)
        task = notebook.cells[exercise.text].source
        task = task[task.rindex("\n### Exercise") if "\n### Exercise" in task else 0 :].strip()
        task = task.split("\n", 1)[1]  # its heading is written below
        code = notebook.cells[exercise.code].source.split("\n")
        code = "\n".join(line for line in code if not solutions.ANY_MARKER.search(line))
        marks = f"{checked} marks by <code>checks.{exercise.check}</code>"
        marks += f", {by_hand} by hand for the written answer" if by_hand else ""
        parts = [
            f"<h3>{exercise.number}. {html.escape(exercise.title)}</h3>",
            f'<p class="small">{exercise.kind.capitalize()}. {marks}.</p>',
            self.rendered(task),
            f"<p><b>Answer</b></p><pre>{html.escape(code)}</pre>",
        ]
        if exercise.answer is not None:
            said = notebook.cells[exercise.answer].source
            said = re.sub(r"</?details>|<summary>.*?</summary>|<!--.*?-->", "", said)
            parts.append(self.rendered(said.strip()))
        return "\n".join(parts)


def _mathjax(pages: pathlib.Path, target: pathlib.Path) -> str:
    """The element that loads MathJax; its files are copied from the built book, where that has them."""
    for page in sorted(pages.glob("*.html")):
        soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
        script = soup.find("script", src=re.compile("mathjax", re.IGNORECASE))
        if script is None:
            continue
        source = script["src"].partition("?")[0]
        if "://" not in source:
            folder = (pages / source).parent
            shutil.copytree(folder, target / "mathjax", dirs_exist_ok=True)
            source = f"mathjax/{pathlib.PurePosixPath(source).name}"
        return f'<script defer src="{html.escape(source)}"></script>'
    return ""


def write(chapters: dict, book: pathlib.Path, pages: pathlib.Path, target: pathlib.Path) -> None:
    """Write the kit into `target`, which is new: `chapters` as tools/classroom.py reads them, `pages` the
    folder of the students' built book.
    """
    kit = Kit(chapters, book, pages)
    target.mkdir(parents=True)
    bodies = {
        "index": kit.index(),
        "figures": kit.figures(target / "figures"),
        "equations": kit.equations(),
        "answers": kit.answers(),
    }
    script = _mathjax(pages, target)
    links = " ".join(f'<a href="{name}.html">{title}</a>' for name, title in PAGES.items())
    for name, title in PAGES.items():
        page = (
            f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<style>{STYLE}</style>\n{script}</head>\n<body><nav>{links}</nav><h1>{title}</h1>\n"
            f"{bodies[name]}\n</body></html>\n"
        )
        (target / f"{name}.html").write_text(page, encoding="utf-8")
