"""The exercises "debug this": students get the program with its faults, run it, and mend them one by one."""

import contextlib
import io

import nbformat
import pytest
import torch

import exercises
import faulty
import solutions
from avbgtn_book import checks
from avbgtn_book.checks import CheckFailed
from classroom_example import chapter
from contents import BOOK, CHAPTERS

each_chapter = pytest.mark.parametrize("name", CHAPTERS)

# --- the form, on the small made-up chapter -----------------------------------------------------------------

TASK = """### Exercise 1: debug this. Doubling

*5 minutes, easy. Expected: 4 for 2.*

It gives 3 for 2.

```python
def double(number):
    return number + 1


double(2)
```

Mend it."""


def with_task(task):
    notebook = chapter()
    notebook.cells[4].source = task
    return notebook


def test_the_program_moves_from_the_task_into_the_cell():
    notebook = with_task(TASK)
    found = exercises.read(notebook, "example.ipynb")
    assert [exercise.program is None for exercise in found] == [False, True]
    cells = exercises.cut(notebook, found).cells
    assert cells[5].source == "def double(number):\n    return number + 1\n\n\ndouble(2)"
    assert cells[5].outputs == [] and cells[5].metadata == {"tags": ["exercise"]}
    assert cells[4].source == TASK.replace(TASK[TASK.index("```") : TASK.rindex("\n\n")], faulty.IN_THE_CELL)
    assert notebook.cells[4].source == TASK, "the book's own notebook was changed"


def test_nbgrader_gets_the_program_and_behind_it_the_solution():
    notebook = with_task(TASK)
    cell = exercises.mark(notebook, exercises.read(notebook, "example.ipynb")).cells[5]
    program, solution = cell.source.split(f"\n{solutions.CODE_MARKERS[0]}\n")
    assert program.strip() == faulty.program(TASK, notebook.cells[5].source)
    assert solutions.cut_code(cell.source).strip() == program.strip()
    assert not solutions.ANY_MARKER.search(solution.removesuffix(solutions.CODE_MARKERS[1]))
    names = {}
    exec(cell.source, names)
    assert names["double"](2) == 4
    exec(
        cell.source.replace(f"{solutions.CODE_MARKERS[0]}\n{solution}", solutions.OPEN), names
    )  # what it cuts
    assert names["double"](2) == 3


@pytest.mark.parametrize(
    "task, words",
    [
        (TASK.replace("```python", "```"), "holds 0 blocks"),
        (f"{TASK}\n\n```python\ndouble(3)\n```", "holds 2 blocks"),
        (TASK.replace("number):", "number)"), "does not parse (line 1"),
        (TASK.replace("def double(number)", "def twice(number)"), "does not define double(number)"),
        (TASK.replace("def double(number)", "def double(n)"), "does not define double(number)"),
    ],
)
def test_a_task_without_a_program_to_mend_is_refused(task, words):
    with pytest.raises(exercises.Malformed) as refused:
        exercises.read(with_task(task), "example.ipynb")
    assert str(refused.value).startswith("example.ipynb, cell 4 (") and words in str(refused.value)


def test_of_the_other_kinds_a_block_is_an_example():
    task = TASK.replace("debug this", "complete the code")
    assert exercises.read(with_task(task), "example.ipynb")[0].program is None


# --- the book's programs ------------------------------------------------------------------------------------

# What a student changes, one fault after the other, and what the check says before: (words, old, new).
MENDED = {
    "vae": [
        ("both errors are still there", "log_var.exp()", "(log_var / 2).exp()"),
        ("as there are pixels", "bce(logits, x)", "bce(logits, x, reduction='sum') / len(x)"),
    ],
    "gan": [
        ("minimax loss", "torch.log(1 - d).mean()", "-torch.log(d).mean()"),
        ("right for small logits, but at -800", "-torch.log(d)", "torch.nn.functional.softplus(-logits)"),
    ],
    "avb": [
        ("T does not see x", "t(z_p", "t(x, z_p"),
        ("real and fake are swapped", "softplus(t(x, z_posterior))", "softplus(-t(x, z_posterior))"),
        ("calls samples of the prior positive", "softplus(-t(x, z_prior))", "softplus(t(x, z_prior))"),
        ("runs away from the prior", "= -t(x", "= t(x"),
        ("different scales", "log_p_pixels.mean()", "log_p_pixels.sum(1).mean()"),
        ("Detach the codes", "-t(x, z_posterior)", "-t(x, z_posterior.detach())"),
    ],
    "unit": [("E1 encodes it", "z = E1(x12)", "z = E2(x12)")],
    "avb_gtn": [
        ("two mistakes in the value", ".neg()", ""),
        ("it asks T1", "t1(x12, z12)", "t2(x12, z12)"),
        ("a gradient reaches x12", "t2(x12, z12)", "t2(x12.detach(), z12)"),
    ],
    "critics": [
        ("there are two faults", "c, -c, weights", "c, c, weights"),
        ("a weight below -c stays there", "torch.where(weights > c, c, weights)", "weights.clamp(-c, c)"),
    ],
    "divergences": [("still twice the JS", "(q * f).sum()", "(q * f).sum() / 2")],
    "collapse": [
        ("two faults", "difference.sum(-1)", "difference.abs().sum(-1)"),
        ("counts each point itself", ".mean(1)", ".sum(1).sub(1) / (len(m) - 1)"),
    ],
}


def shown(source, names):
    """The value of the last line of a cell, which Jupyter would show; its other lines are run."""
    *lines, last = source.rstrip().split("\n")
    exec("\n".join(lines), names)
    return eval(last, names)


def students_cells(name):
    """(the names that the cells before it gave, the program, the check) of the chapter's exercise."""
    notebook = nbformat.read(BOOK / f"{name}.ipynb", as_version=4)
    found = exercises.read(notebook, name)
    (debug,) = (exercise for exercise in found if exercise.kind == "debug this")
    cells, names = exercises.cut(notebook, found).cells, {}
    for cell in cells:
        if "setup" in exercises.tags(cell):
            exec(cell.source.replace("torch.set_num_threads(1)", ""), names)
    return names, cells[debug.code].source, cells[debug.test].source


@each_chapter
def test_the_program_runs_its_check_names_each_fault_and_the_mended_one_passes(name, capsys):
    names, source, check = students_cells(name)
    for words, old, new in MENDED[name]:
        shown(source, names)
        with pytest.raises(CheckFailed, match=words):
            exec(check, names)
        assert old in source, f"{old} is not in the program:\n{source}"
        source = source.replace(old, new)
    exec(source, names)
    exec(check, names)
    assert capsys.readouterr().out.startswith("ok: ")


@each_chapter
def test_the_last_line_shows_a_symptom_that_is_gone_once_mended(name):
    names, source, _ = students_cells(name)
    before = shown(source, names)
    for _, old, new in MENDED[name]:
        source = source.replace(old, new)
    after = shown(source, names)
    wrong, right = SYMPTOMS[name]
    assert wrong(before) and right(after), f"{before} before, {after} after"


def near(*values):
    return lambda got: torch.allclose(
        torch.stack([*got]).flatten().float(), torch.tensor([*map(float, values)]), atol=1e-3
    )


SYMPTOMS = {
    "vae": (lambda got: got < 1, lambda got: abs(got - 543.427) < 0.01),
    "gan": (lambda got: got[0][0] == 0 and got[0][2].isnan(), near(-1 / 3, -1 / 6, 0)),
    "avb": (near(18, -9), near(0, 9)),
    "unit": (lambda got: got == "G1(E1(G2(E1(x1))))", lambda got: got == "G1(E2(G2(E1(x1))))"),
    "avb_gtn": (near(-0.5, -0.5), lambda got: got[0] is None and got[1] == 1.5),
    "critics": (near(-0.02, -0.005, 0.005, -0.01, -0.01), near(-0.01, -0.005, 0.005, 0.01, 0.01)),
    "divergences": (lambda got: got > 1.3, lambda got: 0.65 < got < 0.69),
    "collapse": (near(1.859, 0.684), near(0.368, 0.368)),
}


# --- how a wrong answer looks in a notebook -----------------------------------------------------------------


def test_jupyter_shows_the_sentence_of_a_check_and_no_traceback():
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    shell = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
    shell.user_ns |= {"checks": checks}
    with contextlib.redirect_stdout(io.StringIO()) as out:
        shell.run_cell("checks.check_vae_lazy_encoder('a')")
    said = out.getvalue()
    assert (
        said.startswith('CheckFailed: "a" is not it') and "Traceback" not in said and "checks.py" not in said
    )
    assert max(map(len, said.split("\n"))) <= 79
