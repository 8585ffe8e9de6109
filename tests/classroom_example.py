"""A book of one chapter with every kind of exercise, small enough to be cut and built in seconds."""

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

SECRET_LINES = ("doubled_secretly = 2 * number", "return doubled_secretly")
SECRET_SENTENCES = ("Because forty-two was asked for.", "Nobody knows a better question!")

DOUBLE = f'''def double(number):
    """Twice the number."""
    ### BEGIN SOLUTION
    {SECRET_LINES[0]}
    {SECRET_LINES[1]}
    ### END SOLUTION
'''
GUESS = """guess = None  # "a" or "b"
### BEGIN SOLUTION
guess = "b"  # a secret guess
### END SOLUTION"""
WHY = f"""<!-- BEGIN SOLUTION -->
{SECRET_SENTENCES[0]}
{SECRET_SENTENCES[1]}
<!-- END SOLUTION -->"""
CHECKS = """import types


def check_example_double(double):
    try:
        assert double(2) == 4
    except NotImplementedError:
        raise AssertionError("write it") from None


def check_example_guess(guess):
    assert guess == "b"


checks = types.SimpleNamespace(\
check_example_double=check_example_double, check_example_guess=check_example_guess)"""


def code(source, *tags, text=None, **metadata):
    outputs = [new_output("stream", text=text)] if text else []
    return new_code_cell(
        source, outputs=outputs, metadata={**metadata, "tags": list(tags)}, execution_count=1
    )


def chapter():
    """The notebook; its cells 4 to 6 and 7 to 10 are exercises."""
    prompts = {"code_prompt_show": "Show the solution", "code_prompt_hide": "Hide the solution"}
    view = {"text/html": "<p>a slider</p>", "application/vnd.jupyter.widget-view+json": {"model_id": "m"}}
    cells = [
        new_markdown_cell(
            "# How much is twice?\n\n*To read: 3 minutes. To run: 1 CPU-seconds, 0.1 GB.*\n\n## Exercises"
        ),
        code(CHECKS, "setup"),
        code("steps: int = 3  # how often", "parameters", text="three\n"),
        new_code_cell("'a widget'", outputs=[new_output("display_data", data=view)], execution_count=1),
        new_markdown_cell(
            "### Exercise 1: complete the code. Doubling\n\n"
            "*5 minutes, easy. Expected: 4 for 2.*\n\n"
            "Double it."
        ),
        code(DOUBLE, "exercise", "hide-input", text="leaks 4\n", mystnb=prompts),
        code("checks.check_example_double(double)", "exercise-check", text="ok: 4\n"),
        new_markdown_cell(
            "### Exercise 2: predict first. A | letter\n\n*10 minutes, hard. Expected: a letter.*\n\nGuess."
        ),
        code(GUESS, "exercise", "hide-input", mystnb=prompts),
        code("checks.check_example_guess(guess)", "exercise-check", text="ok: b it is\n"),
        new_markdown_cell(WHY, metadata={"tags": ["solution"]}),
        new_markdown_cell("## What this chapter cost\n\nNothing."),
    ]
    for n, cell in enumerate(cells):
        cell.id = f"cell-{n}"
    python = {"name": "python3", "display_name": "Python 3", "language": "python"}
    state = {
        "application/vnd.jupyter.widget-state+json": {"state": {"m": {"state": {"value": SECRET_LINES[0]}}}}
    }
    lexer = {"name": "python", "pygments_lexer": "ipython3"}
    return new_notebook(
        cells=cells, metadata={"kernelspec": python, "language_info": lexer, "widgets": state}
    )


def write_book(folder, notebook=None):
    """A book of a first page and this chapter in `folder`/book; returns that folder."""
    book = folder / "book"
    (book / "text").mkdir(parents=True)
    (book / "text" / "example.md").write_text(DOUBLE)
    (folder / "_config.yml").write_text(
        "title: An example\n"
        "only_build_toc_files: true\n"
        "exclude_patterns: [_vendor/*, text/*]\n"
        "execute: {execute_notebooks: 'off'}\n"
        "repository: {url: 'https://github.com/example/book', path_to_book: book, branch: main}\n"
        "launch_buttons: {binderhub_url: 'https://mybinder.org', "
        "colab_url: 'https://colab.research.google.com'}\n"
    )
    (book / "_toc.yml").write_text(
        "format: jb-book\nroot: index\nchapters: [{file: example.ipynb}, {file: plain.ipynb}]\n"
    )
    (book / "index.md").write_text("# An example\n\nA page.\n")
    nbformat.write(notebook or chapter(), book / "example.ipynb")
    plain = new_notebook(cells=[new_markdown_cell("# No exercise", id="only")])
    (book / "plain.ipynb").write_text(nbformat.writes(plain, indent=3) + "\n\n")  # a format of its own
    return book
