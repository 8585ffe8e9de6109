"""The tool that holds the processor to older instructions: what counts as run, what counts as failed,
what is kept.
"""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from avbgtn_book import records
from numerical import NUMERICAL

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools" / "variants"))

import chapter  # noqa: E402
import machine  # noqa: E402
import record  # noqa: E402
import runner  # noqa: E402
import table  # noqa: E402

CELLS = """
from avbgtn import streams
x = streams.normal(0, "a test", 0, [0], (1,)).item()
print(f"the draw is {x:.6f}")
print("the draw is finite:", x == x)
"""


@pytest.fixture
def notebook(tmp_path):
    """A chapter of two compared cells, one of them judged by a record, and one that is not compared."""

    def printed(text):
        return nbformat.v4.new_output("stream", name="stdout", text=text)

    cells = [nbformat.v4.new_code_cell(text) for text in (CELLS, "print(object())", "print(id(x))", "")]
    cells[
        3
    ].source = (
        "from avbgtn_book import records\\nwithin = records.check({'x': 1.5}, 'no such record')".replace(
            "\\n", "\n"
        )
    )
    cells[0].outputs = [printed("the draw is 0.000000\nthe draw is finite: True\n")]
    cells[1].outputs = [printed("<object object at 0x7f0123456789>\n")]
    cells[2].metadata["tags"] = ["nbval-ignore-output"]
    cells[3].outputs = [printed("ok  x: 1 to 2\n")]
    path = tmp_path / "little.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def test_a_run_names_the_lines_that_differ_and_another_seed_is_another_draw(notebook):
    first, again, other = (chapter.run(notebook, seed, "as it is") for seed in (0, 0, 1))
    assert first == again
    assert first["error"] is None and first["numbers"] == {"x": 1.5}
    assert [(cell, before) for cell, before, _ in first["differences"]] == [(0, "the draw is 0.000000")]
    assert [cell for cell, _, _ in other["differences"]] == [0]
    assert other["differences"] != first["differences"]


TRAINED = """
import avbgtn
from avbgtn.config.parameters import from_parameters
from avbgtn.training import launch
from avbgtn_book import records
launch.MINUTE = 0.0  # worth a process each, were there a core for each
e = avbgtn.resolve(from_parameters(dict(dataset="heads", preset="quick", size=32, width=2, epochs=2)))
runs = launch.train_experiment(e, log_every=1)
within = records.check({n: run.lines()[-1]["generators/loss"] for n, run in runs.items()}, "no such record")
"""


def test_another_seed_reaches_models_that_train_side_by_side(tmp_path):
    path = tmp_path / "trained.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(TRAINED)]), path)
    first, other = (chapter.run(path, seed, "as it is") for seed in (0, 1))
    assert (first["error"], other["error"]) == (None, None)
    assert all(first["numbers"][name] != other["numbers"][name] for name in ("unit", "avb_gtn"))


def test_a_run_that_stops_says_what_stopped_it(tmp_path):
    path = tmp_path / "broken.ipynb"
    cells = [nbformat.v4.new_code_cell("raise ValueError('no such thing')")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    assert "no such thing" in chapter.run(path, 0, "as it is")["error"]


def test_a_variant_sets_what_it_says_and_nothing_of_the_callers(monkeypatch):
    monkeypatch.setenv("MKL_CBWR", "AVX2")
    assert "MKL_CBWR" not in machine.environment("avx2")
    assert machine.environment("avx2")["ATEN_CPU_CAPABILITY"] == "avx2"
    assert machine.environment("avx2")["OMP_NUM_THREADS"] == "1"
    assert machine.environment("two threads")["OMP_NUM_THREADS"] == "2"


def test_what_the_libraries_use_is_read_from_them():
    use = machine.in_use("sse41")
    assert use["capability"] == "DEFAULT" and len(use["bits"]) == 12


def test_a_variant_that_the_processor_lacks_is_left_out_and_another_fault_is_told(monkeypatch):
    monkeypatch.setattr(machine, "PROBE", "import os, signal; os.kill(os.getpid(), signal.SIGILL)")
    assert machine.in_use("avx512") is None
    monkeypatch.setattr(machine, "PROBE", "raise SystemExit('no torch here')")
    with pytest.raises(RuntimeError, match="variant 'avx512': no torch here"):
        machine.in_use("avx512")


def test_a_variant_that_changes_no_bit_counts_as_not_run():
    used = {"as it is": {"bits": "a"}, "avx512": {"bits": "a"}, "avx2": {"bits": "b"}}
    assert machine.distinct(used) == ["as it is", "avx2"]


def result(seed, variant, **changes):
    return {
        "notebook": "c",
        "sources": "s",
        "seed": seed,
        "variant": variant,
        "differences": [],
        "numbers": {"a": 1.0 + seed},
        "error": None,
        "revision": "r1",
        "processor": "one",
        "use": {"bits": variant, "capability": "AVX2"},
    } | changes


SETS = ("as it is", "avx512", "avx2", "sse41")


def test_a_range_needs_eight_seeds_on_four_sets_that_differ():
    runs = [result(seed, variant) for variant in SETS for seed in range(8)]
    assert record.complete(runs) == runs
    assert record.complete(runs[:-1]) == []
    same = {"use": {"bits": "avx2", "capability": "AVX2"}}
    assert record.complete([run | (same if run["variant"] == "sse41" else {}) for run in runs]) == []
    made = record.chapter_record(Path("c.ipynb"), runs)
    assert made["values"] == {"a": [1.0 + seed for _ in SETS for seed in range(8)]}
    assert made["runs"][9] == [1, "avx512"]
    assert made["provenance"]["revision"] == "r1"
    made = record.chapter_record(Path("c.ipynb"), [*runs, result(8, "avx2", revision="r2")])
    assert made["provenance"]["revision"] == "r1, r2"


def test_results_of_another_processor_stay_in_the_table():
    def row(what, bits, runs):
        return {"what": what, "variant": "as it is", "use": {"bits": bits}, "runs": runs}

    old = [row("audio", "a", 8), row("audio", "b", 8), row("unit", "a", 8)]
    assert record.merged(old, [row("audio", "b", 1)]) == [old[0], old[2], row("audio", "b", 1)]


def test_the_table_names_lines_and_numbers_and_the_seeds_on_which_they_failed(
    tmp_path, notebook, monkeypatch
):
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    records.save("little", {"values": {"a": [1.0, 1.1] * 16}})
    now = {"notebook": "little", "sources": runner.sources(notebook)}
    lines = [
        result(0, "avx2", **now),
        result(1, "avx2", **now),
        result(2, "avx2", **now | {"differences": [[3, "True", "False"]]}),
    ]
    file = tmp_path / "runs.jsonl"
    file.write_text("".join(f"{runner.json.dumps(line)}\n" for line in lines) + '{"cut sho')
    (row,) = table.outcomes([notebook], file, tmp_path / "none.jsonl")
    assert (row["variant"], row["runs"], row["revision"]) == ("avx2", 3, "r1")
    assert row["use"]["capability"] == "AVX2"
    assert row["failed"] == {"OUTSIDE  a": [1, 2], "cell 3: False": [2]}
    assert "cell 3: False (seeds 2)" in table.markdown([row])


def test_every_file_of_numerical_tests_is_there():
    found = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "--collect-only",
            "-m",
            "numerical",
            "tests/chapters/test_vae.py",
            "tests/runs/test_runs.py",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    ).stdout
    assert "tests/chapters/test_vae.py::" in found and "tests/runs/test_runs.py::" not in found
    assert not [name for name in NUMERICAL if not list((ROOT / "tests").rglob(f"test_{name}.py"))]


def test_runs_of_other_cells_do_not_count(tmp_path, notebook):
    file = tmp_path / "runs.jsonl"
    file.write_text(runner.json.dumps(result(0, "avx2", notebook="little", sources="of before")) + "\n")
    assert table.outcomes([notebook], file, tmp_path / "none.jsonl") == []


@pytest.mark.parametrize("name", ["audio", "celeba"])
def test_no_range_of_a_chapter_rests_on_fewer_than_eight_seeds_and_four_sets(name):
    made = records.load(name)
    assert all(len(values) == len(made["runs"]) for values in made["values"].values())
    assert records.ENOUGH == record.SEEDS * record.SETS
    if len(made["runs"]) < records.ENOUGH:
        assert all(records.band(values) is None for values in made["values"].values())
        return
    bits = {variant: use["bits"] for variant, use in made["variants"].items()}
    seeds = {}
    for seed, variant in made["runs"]:
        seeds.setdefault(bits[variant], set()).add(seed)
    assert len([found for found in seeds.values() if len(found) >= record.SEEDS]) >= record.SETS


def test_a_record_is_not_replaced_by_one_of_fewer_runs(tmp_path, notebook, monkeypatch):
    monkeypatch.setattr(records, "FOLDER", tmp_path)
    records.save("variants", {"rows": []})
    now = {"notebook": "little", "sources": runner.sources(notebook)}
    file, tests = tmp_path / "runs.jsonl", tmp_path / "none.jsonl"
    file.write_text("".join(f"{runner.json.dumps(result(seed, 'avx2', **now))}\n" for seed in range(2)))
    assert record.commit([notebook], file, tests) == 1  # few, and written: nothing judges by them
    assert records.load("little")["runs"] == [[0, "avx2"], [1, "avx2"]]
    file.write_text(f"{runner.json.dumps(result(0, 'avx2', **now))}\n")
    assert record.commit([notebook], file, tests) == 1
    assert len(records.load("little")["runs"]) == 2
