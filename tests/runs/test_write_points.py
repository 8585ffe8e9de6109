"""Wherever writing fails, or a kill comes, a good checkpoint is left and the run ends with the same bits.

Each kind of write point with one fault here, all points with all faults in ``make fuzz``.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "fuzz" / "write_points.py"


def test_each_kind_of_write_point_fails_well():
    # a process of its own, because it forks
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--quick"],
        capture_output=True,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert not found["failures"] and found["cases"] >= 40
    assert found["sentence"] >= 20 and found["killed"] >= 8, "the faults were not met"
