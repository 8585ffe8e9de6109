"""Write the classroom editions: `python tools/classroom.py [folder]` fills `folder`
(default: build/classroom).

- `students/`: every chapter as a notebook, its solutions cut (tools/exercises.py and
  tools/solutions.py say by which rules);
- `students-book/`: the book as HTML, built from these notebooks, so that no page, no download and no search
  index holds a solution; without launch buttons, which open the repository's notebooks, solutions and all;
- `instructor/`: the notebooks with solutions as a course for nbgrader, and a README.md for the teacher;
- `kit/`: pages for the teacher: a course of lectures, figures, equations, answers and marks (tools/kit.py).

The notebooks in book/ are the only place where a solution is written. An exercise that has not the expected
form stops the tool before anything is written. nbgrader is not needed here.
"""

import pathlib
import re
import shutil
import sys
import tempfile

import nbformat
import yaml

import build_book
import exercises
import kit
import solutions
import toc

ROOT = build_book.ROOT
FOLDER = ROOT / "build" / "classroom"
COURSE = {"source", "nbgrader_config.py", "README.md"}

NBGRADER_CONFIG = f'''"""nbgrader's settings for this course; run nbgrader in this folder."""

c = get_config()  # noqa: F821  (nbgrader defines it)
c.CourseDirectory.course_id = "avb-gtn"
c.ClearSolutions.code_stub = {{"python": {solutions.OPEN!r}}}
c.ClearSolutions.text_stub = {solutions.BLANK!r}
c.Execute.timeout = 14_400  # seconds a cell; a chapter trains small networks in some of its cells
'''

README = """# The AVB-GTN book, instructor's edition

{count} exercises in {chapters} chapters, with their solutions. Do not hand out this folder. \
Copy it before you work in it: `make classroom` writes it anew.

Students need the package `avbgtn` (`pip install "avbgtn[train] @ git+{repository}"`). \
Each exercise ends with a check, a cell that prints `ok: ...` or says what is wrong with the answer, \
so most need no grading at all.

## With files

Hand out `students/` (notebooks without solutions) and, if you like, \
`students-book/` (the book as HTML without solutions; open `index.html`, no network is needed). \
The notebooks to compare with are
`source/<chapter>/<chapter>.ipynb` here. To see where a student stands, \
run the returned notebook with `jupyter nbconvert --execute --allow-errors --to notebook --inplace FILE`: \
a
cell that shows `CheckFailed` is an exercise still open.

## With nbgrader

Install nbgrader in an environment in which `import avbgtn` works, and stay in this folder:

```bash
nbgrader generate_assignment vae --create   # writes release/vae/vae.ipynb, without solutions
nbgrader collect vae                        # or put the returned notebooks into submitted/<student>/vae/
nbgrader autograde vae --create             # --create takes in students it does not know yet
nbgrader formgrader                         # written answers are graded here, by hand
nbgrader generate_feedback vae
```

A check gives one point for each minute of its exercise, or none. \
Where a written answer follows the check, half of the points are given for that answer, by hand.
nbgrader grades only what it has released: hand out `release/`, not `students/`. \
It clears all outputs there, \
and puts the line `{open}` where a solution was; students replace it. \
An exercise "debug this" shows its faulty program, with that line behind it.
Grading runs each returned notebook as a whole, which takes the CPU-seconds in the plan below.

## Lesson plan

Computed from the notebooks: \
the minutes for reading and the CPU-seconds of a run are those that the chapter states, \
the minutes for exercises are the sum over its exercises.

{plan}

## The exercises

{listing}
"""


def student_config(book: pathlib.Path) -> str:
    """The book's settings for the student edition: another title,
    and no button that leads to the solutions.
    """
    config = yaml.safe_load((book.parent / "_config.yml").read_text(encoding="utf-8"))
    config["title"] += ", student edition"
    config.pop("launch_buttons", None)
    config.setdefault("html", {}).update(
        use_repository_button=False, use_issues_button=False, use_edit_page_button=False
    )
    return yaml.safe_dump(config, sort_keys=False, allow_unicode=True)


def stage(book: pathlib.Path, notebooks: dict[str, str], folder: pathlib.Path) -> pathlib.Path:
    """Lay out the sources of the student's book below `folder`, the notebooks' text replaced;
    return their folder.
    """
    staged = folder / book.name
    leave = ("*.ipynb", "text", "_build", "_vendor*", "__pycache__", ".*")
    shutil.copytree(book, staged, ignore=shutil.ignore_patterns(*leave))
    (staged / "_vendor").symlink_to((book / "_vendor").resolve())  # filled by the build, where npm is there
    for name, text in notebooks.items():
        (staged / name).write_text(text, encoding="utf-8")
    (folder / "_config.yml").write_text(student_config(book), encoding="utf-8")
    return staged


def build_students_book(book: pathlib.Path, notebooks: dict[str, str], target: pathlib.Path) -> None:
    """Build the student edition as HTML into `target`, every warning an error."""
    with tempfile.TemporaryDirectory() as folder:
        staged = stage(book, notebooks, pathlib.Path(folder))
        page = build_book.build(pathlib.Path(folder), staged)
        left = ("*.doctree", "environment.pickle", ".buildinfo", ".DS_Store")
        shutil.copytree(page.parent, target, ignore=shutil.ignore_patterns(*left))


def of_chapter(notebook) -> dict[str, str]:
    """What a chapter says about itself: title, minutes to read, what a run costs;
    "" for what it does not say.
    """
    words = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    title = re.search(r"^# +(.+)$", words, re.MULTILINE)
    plain = re.sub(r"[*_]", "", words)
    reading = re.search(r"To read: (?:about )?(\d+) minutes", plain)
    running = re.search(r"To run: (?:about )?([\d,]+) CPU-seconds(?:, ([\d.]+) GB)?", plain)
    found = {"title": title, "read": reading, "run": running}
    facts = {key: match[1].strip() if match else "" for key, match in found.items()}
    return facts | {"memory": (running[2] or "") if running else ""}


def in_cell(value) -> str:
    """Text for one cell of a Markdown table; a dash for nothing."""
    return " ".join(str(value).split()).replace("|", "\\|") or "-"


def table(head: list[str], rows: list[list]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(in_cell, line)) + " |" for line in lines)


def lesson_plan(chapters: dict) -> str:
    """The table of all chapters: what reading, running and the exercises take."""
    rows = []
    for name, (notebook, found) in chapters.items():
        facts = of_chapter(notebook)
        kinds = [f"{kind} {count}" for kind in exercises.KINDS if (count := _count(found, kind))]
        minutes = sum(exercise.minutes for exercise in found)
        cost = [facts["title"], facts["read"], facts["run"], facts["memory"]]
        rows.append([f"`{name}`", *cost, len(found) or "", ", ".join(kinds), minutes or ""])
    head = ["Chapter", "Title", "Minutes to read", "CPU-seconds to run", "GB of memory"]
    return table([*head, "Exercises", "Kinds", "Minutes for exercises"], rows)


def _count(found, kind):
    return sum(exercise.kind == kind for exercise in found)


def listing(chapters: dict) -> str:
    """A table of the exercises of each chapter that has some."""
    head = ["No.", "Title", "Kind", "Minutes", "Difficulty", "Expected", "Check", "Points"]
    parts = []
    for name, (_, found) in chapters.items():
        rows = []
        for exercise in found:
            checked, by_hand = exercises.points(exercise)
            given = f"{checked} and {by_hand} by hand" if by_hand else checked
            what = [exercise.title, exercise.kind, exercise.minutes, exercise.difficulty, exercise.expected]
            rows.append([exercise.number, *what, f"`checks.{exercise.check}`", given])
        if rows:
            parts.append(f"### `{name}`\n\n{table(head, rows)}")
    return "\n\n".join(parts)


def readme(chapters: dict, repository: str) -> str:
    """What the teacher reads first."""
    with_some = [found for _, found in chapters.values() if found]
    return README.format(
        count=sum(map(len, with_some)),
        chapters=len(with_some),
        repository=repository,
        open=solutions.OPEN,
        plan=lesson_plan(chapters),
        listing=listing(chapters),
    )


def in_order(book: pathlib.Path) -> list[pathlib.Path]:
    """The notebooks in the order of the contents, those that it does not list last."""
    place = {name: n for n, name in enumerate(toc.stems(book))}
    return sorted(book.glob("*.ipynb"), key=lambda path: (place.get(path.stem, len(place)), path.stem))


def read(book: pathlib.Path) -> dict:
    """{chapter: (notebook, exercises)} of all notebooks; Malformed where an exercise has not its form."""
    chapters, checked = {}, {}
    for path in in_order(book):
        notebook = nbformat.read(path, as_version=4)
        found = exercises.read(notebook, path.name)
        for exercise in found:
            if exercise.check in checked:
                raise exercises.Malformed(
                    f"{path.name}, cell {exercise.test}: {exercise.check} already checks an exercise of "
                    f"{checked[exercise.check]}."
                )
            checked[exercise.check] = path.name
        chapters[path.stem] = (notebook, found)
    return chapters


def student_notebooks(book: pathlib.Path, chapters: dict) -> dict[str, str]:
    """{file name: text} of the notebooks for students; a notebook with nothing to cut keeps every byte."""
    texts = {}
    for name, (notebook, found) in chapters.items():
        cut = exercises.cut(notebook, found)
        path = book / f"{name}.ipynb"
        same = cut == notebook
        texts[path.name] = path.read_text(encoding="utf-8") if same else nbformat.writes(cut) + "\n"
    return texts


def write_course(chapters: dict, repository: str, target: pathlib.Path) -> None:
    """Write the instructor's edition: nbgrader's source/<chapter>/<chapter>.ipynb,
    its settings, the README.
    """
    for name, (notebook, found) in chapters.items():
        if not found:
            continue
        path = target / "source" / name / f"{name}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(nbformat.writes(exercises.mark(notebook, found)) + "\n", encoding="utf-8")
    (target / "nbgrader_config.py").write_text(NBGRADER_CONFIG, encoding="utf-8")
    (target / "README.md").write_text(readme(chapters, repository), encoding="utf-8")


def make(folder: pathlib.Path = FOLDER, book: pathlib.Path = build_book.BOOK) -> None:
    """Write the editions into `folder`, in place of those of an earlier call.

    SystemExit, before anything there is touched, where an exercise is malformed, where the student's
    book does not build without a warning, or where the instructor's folder holds work that this tool
    did not write.
    """
    course = folder / "instructor"
    theirs = sorted({path.name for path in course.glob("*")} - COURSE)
    if theirs:
        sys.exit(
            f"{course} holds {', '.join(theirs)}, not written by this tool: move that folder away first."
        )
    try:
        chapters = read(book)
    except exercises.Malformed as problem:
        sys.exit(str(problem))
    if not any(found for _, found in chapters.values()):
        sys.exit(f"No notebook in {book} has an exercise (a code cell tagged 'exercise').")
    notebooks = student_notebooks(book, chapters)
    settings = yaml.safe_load((book.parent / "_config.yml").read_text(encoding="utf-8"))
    repository = settings.get("repository", {}).get("url", "")
    with tempfile.TemporaryDirectory() as made:
        made = pathlib.Path(made)
        (made / "students").mkdir()
        for name, text in notebooks.items():
            (made / "students" / name).write_text(text, encoding="utf-8")
        write_course(chapters, repository, made / "instructor")
        build_students_book(book, notebooks, made / "students-book")
        kit.write(chapters, book, made / "students-book", made / "kit")
        folder.mkdir(parents=True, exist_ok=True)
        for edition in ("students", "students-book", "instructor", "kit"):
            shutil.rmtree(folder / edition, ignore_errors=True)
            shutil.copytree(made / edition, folder / edition)
    count = sum(len(found) for _, found in chapters.values())
    print(f"{count} exercises. For students: {folder}/students and {folder}/students-book/index.html")
    print(f"For the teacher, with solutions: {folder}/instructor/README.md and {folder}/kit/index.html")


if __name__ == "__main__":
    make(*map(pathlib.Path, sys.argv[1:2]))
