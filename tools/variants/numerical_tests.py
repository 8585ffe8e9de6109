"""The tests marked `numerical`, those whose verdict rests on float32 arithmetic, once under each variant."""

import json
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from pathlib import Path

from machine import environment, processor

from avbgtn.runs.provenance import revision

ROOT = Path(__file__).resolve().parents[2]


def run_tests(
    variants: Iterable[str], file: Path, used: dict[str, dict[str, str]], *, processes: int
) -> None:
    """Run them under each variant; a line of ``file`` for each: how many ran, and which failed."""
    here = {"revision": revision(), "processor": processor()}
    for variant in variants:
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder, "report.xml")
            command = [
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "-m",
                "numerical",
                "-n",
                str(processes),
                "--dist",
                "loadfile",
            ]
            subprocess.run([*command, f"--junitxml={report}", "tests"], cwd=ROOT, env=environment(variant))
            if not report.exists():
                sys.exit(f"the tests did not run under {variant}; pytest says why above")
            cases = list(ElementTree.parse(report).iter("testcase"))
        failed = [
            f"{c.get('classname')}::{c.get('name')}"
            for c in cases
            if c.find("failure") is not None or c.find("error") is not None
        ]
        file.parent.mkdir(parents=True, exist_ok=True)
        with open(file, "a", encoding="utf-8") as f:
            result = {"variant": variant, "use": used[variant], "tests": len(cases), "failed": failed}
            f.write(json.dumps(result | here) + "\n")
        print(f"tests, {variant}: {len(cases)} ran, {len(failed)} failed", flush=True)
