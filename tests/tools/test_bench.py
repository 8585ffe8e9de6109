"""The benchmark: what it compares is what it says, and its record is what the book shows."""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "bench"))

import curves  # noqa: E402
import quality  # noqa: E402
import steps  # noqa: E402
from case import REFERENCE, Case  # noqa: E402
from measure import gflop, median_ratio  # noqa: E402
from worker import in_turn  # noqa: E402

from avbgtn.config import speed  # noqa: E402
from avbgtn_book import records  # noqa: E402


@pytest.fixture(scope="module")
def reference_gflop():
    return gflop(Case("unit", "paper", 64, 1).step(REFERENCE))


def test_the_reference_step_does_the_arithmetic_of_the_base_code(reference_gflop):
    """128 GFLOP at 64 pixels and batch 1. At 128 pixels it is four times as much, as every layer sees four
    times the places; the benchmark measures that too, here it would take a quarter of a minute."""
    steps.check_flops(reference_gflop, 64)
    assert reference_gflop == pytest.approx(128.0, rel=0.02)


def test_the_benchmark_fails_for_another_step(reference_gflop):
    with pytest.raises(steps.WrongFlops, match=r"does 12\d\.\d GFLOP, expected 512"):
        steps.check_flops(reference_gflop, 128)


def test_our_step_does_less(reference_gflop):
    """No gradients of the generators for D's loss, none of D for the generators', one set of translations."""
    assert gflop(Case("unit", "paper", 64, 1).step("plain")) / reference_gflop == pytest.approx(
        0.64, abs=0.01
    )


def test_growth_a_doubling():
    assert curves.per_doubling(1, 2, 2) == pytest.approx(2)
    assert curves.per_doubling(1, 9, 3) == pytest.approx(2 ** (math.log(9) / math.log(3)))
    assert curves.per_doubling(3, 12, 4) == pytest.approx(2)
    assert curves.per_doubling(5, 5, 2) == pytest.approx(1)


def test_ratios_are_taken_pair_by_pair():
    assert median_ratio([1, 20, 3], [2, 40, 3]) == 0.5


def test_a_worker_runs_its_step_and_measures_it():
    case = Case("unit", "quick", 32, 1, width=2)
    found = in_turn(case, [REFERENCE], rounds=2, warm_up=1)[REFERENCE]
    assert len(found["cpu"]) == len(found["wall"]) == 2 and min(found["cpu"]) > 0
    assert all(mib is None or mib > 0 for mib in found["mib"])


def test_the_bench_writes_what_it_found_and_keeps_what_was_there(tmp_path):
    out = tmp_path / "bench.json"
    out.write_text(json.dumps({"steps": "of an earlier call"}))
    done = subprocess.run(
        [sys.executable, "tests/bench", "--small", "--only", "data", "--out", str(out)],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(out.read_text())
    assert found["steps"] == "of an earlier call"
    assert found["data"]["small"] is True and found["data"]["machine"]["machine"]
    assert found["data"]["found"]["ways"]["heads"]["cpu_ms_per_picture"] > 0


def test_the_way_to_a_quality_is_measured_in_cpu_seconds_of_training():
    said = []
    found = quality.measure("cpu", small=True, say=said.append)
    for preset, (run,) in found["presets"].items():
        epochs, seconds, l1 = run["curve"][-1]
        assert (epochs, l1 <= 1.0) == (run["epochs"], True) and seconds == run["seconds"] > 0, preset
    modern, quick = (found["presets"][p][0]["seconds"] for p in ("modern", "quick"))
    assert found["ratio"] == pytest.approx(modern / quick, abs=1e-3) and len(said) == 3
    assert quality.median([3.0, None, 1.0]) == 3.0 and quality.median([3.0, None, None]) is None


def test_a_wrong_part_is_refused():
    done = subprocess.run(
        [sys.executable, "tests/bench", "--only", "step"], cwd=ROOT, capture_output=True, text=True
    )
    assert (
        done.returncode == 2
        and "--only must be some of steps,speed_ups,curves,quality,data, got 'step'" in done.stderr
    )


# --- the committed record -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def record():
    return records.load("bench")


def test_the_record_is_whole(record):
    assert set(record) == {"steps", "speed_ups", "curves", "data"}
    for part in record.values():
        assert not part["small"] and part["machine"]["machine"] and part["machine"]["revision"]
    settings = {(r["model"], r["preset"], r["size"], r["batch"]) for r in record["steps"]["found"]}
    assert settings == {
        (m, p, s, b)
        for m in ("unit", "avb_gtn")
        for p in ("paper", "reader")
        for s in (64, 128)
        for b in (1, 8)
    }


def test_the_record_keeps_the_bars_that_the_page_says_are_kept(record):
    """CPU time of the paper preset at batch 1; what AVB-GTN costs beside UNIT."""
    found = {
        (r["model"], r["size"]): r
        for r in record["steps"]["found"]
        if (r["preset"], r["batch"]) == ("paper", 1)
    }
    for (model, size), row in found.items():
        assert row["ratio"]["cpu"] <= {64: 0.55, 128: 0.60}[size], (model, size)
    for size in (64, 128):
        ours = {m: found[m, size]["cpu_seconds"]["ours"] for m in ("unit", "avb_gtn")}
        assert ours["avb_gtn"] <= 1.15 * ours["unit"], size


def test_what_is_on_by_default_was_measured(record):
    """Each speed-up of ``auto`` that can be timed was timed, and together they are not
    slower than the plain step.
    """
    rows = record["speed_ups"]["found"]
    names = {row["speed"] for row in rows}
    assert set(speed.AUTO["cpu"]) - {"background"} <= names
    assert torch.tensor([row["of_plain"] for row in rows if row["speed"] == "auto"]).max() < 1.05
