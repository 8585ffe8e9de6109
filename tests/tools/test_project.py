"""The files around the package agree with each other, and say what a stranger needs."""

import json
import pathlib
import re
import runpy
import subprocess
import sys
import tomllib
import zipfile

import pytest
import yaml
from cffconvert import Citation
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from contents import ROOT
from tracked import tracked_files

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCKED_EXTRAS = ("train", "book", "test", "kid", "celeba")
CONDA_NAMES = {"pytorch": "torch", "matplotlib-base": "matplotlib"}


def requirements(*extras):
    """The requirements of the package and of the named extras, by canonical name."""
    lines = list(PROJECT["dependencies"])
    for extra in extras:
        lines += PROJECT["optional-dependencies"][extra]
    return {canonicalize_name(wanted.name): wanted for wanted in map(Requirement, lines)}


LOCKS = ("requirements.lock", "requirements-uv.lock")


def lines_of(lock):
    """[(requirement, options)] of every line of a lock, where a line may go on behind a backslash."""
    text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return [(words[0].strip(), words[1:]) for words in (line.split(" --") for line in lines)]


def locked(lock="requirements.lock"):
    """[(name, version, requirement)] of every line of a lock."""
    pins = [Requirement(line) for line, _ in lines_of(lock)]
    for pin in pins:
        exact = [part.operator for part in pin.specifier] == ["=="]
        assert exact and pin.url is None, f"{lock}: {pin} is not pinned with =="
    return [(canonicalize_name(pin.name), next(iter(pin.specifier)).version, pin) for pin in pins]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_its_sums_and_nothing_else(lock):
    """Without a sum at one package, an installer checks none of them or refuses them all."""
    assert locked(lock)
    for line, options in lines_of(lock):
        assert line and not line.startswith("-"), f"{lock}: {line} is an option; a lock names packages alone"
        assert options, f"{lock}: {line} has no hash: compile it with --generate-hashes (its second line)"
        for option in options:
            assert re.fullmatch("hash=sha256:[0-9a-f]{64}", option.strip()), f"{lock}: {line} --{option}"


def test_lock_is_made_again_by_its_second_line():
    command = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()[1]
    assert {"--universal", "--generate-hashes", "--no-emit-index-url"} <= set(command.split()), command
    assert re.findall(r"--extra (\S+)", command) == list(LOCKED_EXTRAS), command


def test_installation_stops_at_a_package_with_another_sum():
    """Both installers' words for it, and neither is asked after the other has refused."""
    make_venv = runpy.run_path(str(ROOT / "tools" / "make_venv.py"))
    for said in (
        "  cause: Hash mismatch for `sortedcontainers==2.4.0`\n\n  Expected:\n    sha256:0000a5a0",
        "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated",
        "ERROR: Hashes are required in --require-hashes mode, but they are missing from some requirements",
        "error: In `--require-hashes` mode, all requirements must have a hash, but there were none for: six",
    ):
        with pytest.raises(SystemExit, match="its checksum is not one of those in requirements.lock"):
            make_venv["check_sums"](said)
    make_venv["check_sums"]("error: Failed to fetch: `six`\n  cause: dns error")


@pytest.mark.parametrize("uv_can", [True, False])
def test_installation_asks_for_the_sums_whichever_installer_does_it(uv_can, monkeypatch):
    make_venv, asked = runpy.run_path(str(ROOT / "tools" / "make_venv.py")), []

    def heard(*command, **environment):
        asked.append(command)
        return uv_can or "uv" not in " ".join(command), ""

    functions = make_venv["install"].__globals__
    monkeypatch.setitem(functions, "run", lambda *command, **environment: asked.append(command) or True)
    monkeypatch.setitem(functions, "run_heard", heard)
    assert make_venv["install"]("python")
    *packages, ours = asked
    assert ("uv" in ours) == uv_can and "--editable" in ours and "--no-build-isolation" in ours
    assert all("--require-hashes" in command for command in packages) and len(packages) == 2
    assert "requirements-uv.lock" in packages[0] and "requirements.lock" in packages[1]


def test_lock_is_exact_and_within_the_ranges():
    pins = locked()
    for name, wanted in requirements(*LOCKED_EXTRAS).items():
        versions = [version for pinned, version, _ in pins if pinned == name]
        assert versions, f"requirements.lock lacks {name}: compile it again (the command is its second line)"
        for version in versions:
            assert wanted.specifier.contains(version), f"requirements.lock: {name} {version} is not {wanted}"


def test_installed_versions_are_the_locked_ones():
    """Otherwise a pass says nothing about the environment others get."""
    import importlib.metadata

    try:
        importlib.metadata.distribution("uv")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip(
            "this is not the environment of the Makefile; 'make test' compares its versions with the lock"
        )
    wrong = {}
    for name, version, pin in locked():
        if pin.marker is None or pin.marker.evaluate():
            found = importlib.metadata.version(name)
            if found != version:
                wrong[name] = f"{found}, locked {version}"
    assert not wrong, f"the environment differs from requirements.lock: {wrong}"


def test_conda_environment_has_the_ranges_of_the_package():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert environment["channels"][0] == "conda-forge"
    wanted = requirements(*LOCKED_EXTRAS)
    by_pip = [
        line for entry in environment["dependencies"] if isinstance(entry, dict) for line in entry["pip"]
    ]
    assert by_pip == ["-e .[train,book,test]"], (
        "pip must install this folder, with what the book and the tests need"
    )
    for entry in environment["dependencies"]:
        if isinstance(entry, dict) or entry == "pip":
            continue
        conda = Requirement(entry)
        if conda.name == "python":
            assert str(conda.specifier) == PROJECT["requires-python"]
            continue
        name = CONDA_NAMES.get(conda.name, conda.name)
        assert name in wanted, f"environment.yml has {conda.name}, which pyproject.toml does not ask for"
        same = conda.specifier == wanted[name].specifier
        assert same, f"environment.yml has {entry}, pyproject.toml has {wanted[name]}"


def test_citation_is_valid_and_names_what_the_book_builds_on():
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    Citation(text).validate()
    citation = yaml.safe_load(text)
    assert citation["version"] == PROJECT["version"], (
        "CITATION.cff and pyproject.toml give different versions"
    )
    titles = " ".join(work["title"] for work in citation["references"])
    for work in (
        "Generative Translation Network",
        "Image-to-Image Translation Networks",
        "Unifying Variational",
    ):
        assert work in titles, f"CITATION.cff names no work with '{work}' in its title"


def test_licence_covers_code_text_and_data():
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    for words in (
        "MIT License",
        "Permission is hereby granted",
        "CC BY 4.0",
        "by/4.0/legalcode",
        "CC0 1.0",
        "CC BY-SA 3.0",
    ):
        assert words in text, f"LICENSE does not contain {words!r}"
    assert PROJECT["license"] == "MIT AND CC-BY-4.0 AND CC0-1.0 AND CC-BY-SA-3.0"


def test_every_fetched_asset_is_pinned():
    pins = json.loads((ROOT / "tools" / "book_assets.json").read_text(encoding="utf-8"))
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    for name, pin in pins.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", pin["version"]), (
            f"{name}: {pin['version']} is not one exact version"
        )
        assert re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", pin["integrity"]), f"{name} has no SHA-512 sum"
        assert name in licence and pin["licence"] in licence, (
            f"LICENSE does not mention {name} ({pin['licence']})"
        )


def test_both_kinds_of_ci_run_the_tests_with_a_browser():
    workflow = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text(encoding="utf-8"))
    steps = workflow["jobs"]["test"]["steps"]
    commands = "\n".join(step.get("run", "") for step in steps)
    assert re.search(r"^make test$", commands, re.M), ".github/workflows/test.yml does not call 'make test'"
    assert any("AVBGTN_REQUIRE_BROWSER" in step.get("env", {}) for step in steps)
    script = ROOT / ".ci" / "run"
    text = script.read_text(encoding="utf-8")
    assert script.stat().st_mode & 0o111, ".ci/run is not executable"
    assert "set -euo pipefail" in text and "make test" in text and "AVBGTN_REQUIRE_BROWSER=1" in text


def test_no_file_knows_one_machine_or_one_registry():
    """Such a line works for its author and for nobody else."""
    forbidden = {
        "a path of one machine": re.compile(r"(?<![\w.~-])/" r"(?:work|root|farm)/|\.\./" r"shared\b"),
        "a package registry": re.compile(
            r"https?://[^\s\"'`]*(?:/simple\b|pythonhosted|npmjs\.org|artifactory|nexus)"
            r"|--(?:extra-)?index-url|--find-links|\"resolved\":"
        ),
    }
    found = []
    for path in tracked_files():
        data = path.read_bytes()
        if b"\0" in data or path == pathlib.Path(__file__):
            continue
        for number, line in enumerate(data.decode("utf-8").splitlines(), 1):
            if len(line) < 20_000:  # longer lines are pictures in base64
                place = f"{path.relative_to(ROOT)}:{number}"
                found += [f"{place}: {what}" for what, pattern in forbidden.items() if pattern.search(line)]
    assert not found, "\n".join(found)


def test_no_file_is_too_large_for_a_clone():
    large = [str(path.relative_to(ROOT)) for path in tracked_files() if path.stat().st_size > 12e6]
    assert not large, f"over 12 MB: {large}"


def test_wheel_holds_every_packed_file(tmp_path):
    """What lies beside the modules must travel with them, or an installed package has no faces."""
    source = tmp_path / "source"
    for path in tracked_files():
        inside = path.relative_to(ROOT)
        packaged = inside.parts[0] == "avbgtn" or inside.parts[:2] == ("book", "lib")
        if packaged or inside.name in ("pyproject.toml", "README.md", "LICENSE"):
            (source / inside).parent.mkdir(parents=True, exist_ok=True)
            (source / inside).write_bytes(path.read_bytes())
    code = "import sys, setuptools.build_meta as backend; backend.build_wheel(sys.argv[1])"
    built = subprocess.run([sys.executable, "-c", code, tmp_path], cwd=source, capture_output=True, text=True)
    assert built.returncode == 0, f"the wheel cannot be built: {built.stderr[-2000:]}"
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        inside = set(wheel.namelist())
    ours = {
        str(path.relative_to(place))
        for place, package in ((source, "avbgtn"), (source / "book" / "lib", "avbgtn_book"))
        for path in (place / package).rglob("*")
        if path.is_file()
    }
    missing = sorted(ours - inside)
    assert not missing, f"the wheel lacks {missing}: see package-data in pyproject.toml"
    assert any(name.startswith("avbgtn/data/packs/heads128/") for name in ours), (
        "the package has lost its faces"
    )


def test_ruff_is_content():
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format", "concise", "."]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stdout[-4000:]}{done.stderr[-2000:]}"


def test_readme_table_is_the_record_of_the_test_split():
    rows = json.loads(
        (ROOT / "book" / "lib" / "avbgtn_book" / "records" / "heads-test.json").read_text(encoding="utf-8")
    )["rows"]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    names = {
        "copying the input": "copy",
        "global colour transfer": "global colour transfer",
        "UNIT, mean code": "UNIT, EMA, mean code",
        "AVB-GTN, mean of 8 draws": "AVB-GTN, EMA, mean of 8 draws",
    }
    for title, name in names.items():
        cells = [
            f"{rows[name]['12'][k]:.3f} / {rows[name]['21'][k]:.3f}"
            for k in ("l1_hair", "l1_outside", "l1_whole")
        ]
        assert f"| {title} | {' | '.join(cells)} |" in readme, f"the README's row {title!r} is not {cells}"
