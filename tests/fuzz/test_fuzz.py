"""A minute of the fuzzer: the same cases every time, and none may end in a traceback, hang, fill the memory,
or go through with another result. `make fuzz` tries others for an hour."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
_spec = importlib.util.spec_from_file_location("fuzz_kinds", HERE / "kinds.py")
kinds = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(kinds)

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="each case runs in a forked process")


@pytest.fixture(scope="module")
def found(tmp_path_factory, request):
    """The record of one run over the kinds that were selected, in a process of its own: it forks,
    and pytest has threads.
    """
    here = [item for item in request.session.items if item.path == Path(__file__)]
    chosen = [name for name in kinds.NAMES if any(f"[{name}]" in item.name for item in here)]
    out = tmp_path_factory.mktemp("fuzz")
    command = [
        sys.executable,
        str(HERE),
        "--quick",
        "--only",
        ",".join(chosen or kinds.NAMES),
        "--out",
        str(out),
    ]
    # no limit of time here: the fuzzer itself ends what hangs
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        printed, _ = process.communicate()
    finally:
        process.terminate()
        process.wait()
    assert process.returncode in (0, 1) and (out / "fuzz.json").exists(), printed[-4000:]
    return json.loads((out / "fuzz.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("kind", kinds.NAMES)
def test_odd_input_ends_well(kind, found):
    row = found["kinds"][kind]
    assert row["tried"] >= 3 and row["success"] + row["sentence"] > 0, f"{kind}: nothing was tried"
    wrong = [
        (
            f"{f['outcome']}, {f['times']} times: {f['cause']}\n"
            f"  case: {json.dumps(f['case'])}\n"
            f"{f['text'][-800:]}"
        )
        for f in found["failures"]
        if f["kind"] == kind
    ]
    assert not wrong, f"{kind}, {len(wrong)} causes:\n" + "\n\n".join(wrong)
