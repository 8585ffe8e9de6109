"""The command line's refusals that need no training: one sentence, before the work."""

import contextlib
import os
import subprocess
import sys

import pytest
from PIL import Image

from avbgtn.__main__ import main, parser
from avbgtn.config.table import TABLE
from avbgtn.training.processes import LAUNCHER, place
from avbgtn.translators import loading as translator


@pytest.fixture
def picture(tmp_path):
    Image.new("RGB", (64, 64), (120, 90, 60)).save(tmp_path / "me.png")
    return str(tmp_path / "me.png")


@pytest.mark.parametrize(
    "output, words",
    [
        ("missing/me.png", "missing is no folder, create it or name another"),
        ("", "is a folder: name a file in it"),
        ("me.xyz", "pictures are not written as '.xyz': choose a name that ends in .png or .jpg"),
        ("me", "pictures are not written as 'files without an ending': choose a name"),
    ],
)
def test_where_a_picture_cannot_be_written_is_said_before_the_work(
    output, words, picture, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(translator.Translator, "translate", lambda *a, **k: pytest.fail("the work was done"))
    assert main(["translate", picture, "-o", os.path.join(tmp_path, output)]) == 2
    found = capsys.readouterr().err
    assert found.startswith("error: ") and words in found and found.count("\n") == 1


def test_several_processes_train_no_study(monkeypatch, capsys):
    monkeypatch.setattr("avbgtn.__main__.stop_without_parent", lambda: None)
    for name, value in dict(RANK="0", WORLD_SIZE="2", LOCAL_WORLD_SIZE="2").items():
        monkeypatch.setenv(name, value)
    assert main(["study"]) == 2
    assert (
        "study trains a cell in one process, and the launcher started 2 processes" in capsys.readouterr().err
    )
    monkeypatch.setenv("WORLD_SIZE", "3")
    assert main(["study"]) == 2
    assert "every machine must start as many processes, got 2 of 3 on this one" in capsys.readouterr().err


def test_patience_is_a_number(monkeypatch):
    from avbgtn.errors import ConfigError
    from avbgtn.training.processes import patience

    assert patience().total_seconds() == 600
    monkeypatch.setenv("AVBGTN_PATIENCE", "soon")
    with pytest.raises(ConfigError, match=r"\$AVBGTN_PATIENCE must be a number above 0, got 'soon'"):
        patience()


# --- the launcher's variables -------------------------------------------------------------------------------

LEFT = [{"RANK": "0"}, {"RANK": "1", "WORLD_SIZE": "2", "LOCAL_RANK": "0"}, {"WORLD_SIZE": "x"}]
WRONG = [
    ({"LOCAL_WORLD_SIZE": "2"}, "RANK must be a whole number, as torchrun sets it, and it is missing"),
    (
        {"RANK": "0", "LOCAL_WORLD_SIZE": "2"},
        "WORLD_SIZE must be a whole number, as torchrun sets it, and it is missing",
    ),
    (
        {"RANK": "\x1b", "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"},
        "RANK must be a whole number, as torchrun sets it, got '\\x1b'",
    ),
    (
        {"RANK": "0", "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "0"},
        "RANK=0, WORLD_SIZE=2 and LOCAL_WORLD_SIZE=0 do not fit together",
    ),
    (
        {"RANK": "2", "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"},
        "RANK=2, WORLD_SIZE=2 and LOCAL_WORLD_SIZE=2 do not fit together",
    ),
    ({"RANK": "0", "WORLD_SIZE": "9" * 99, "LOCAL_WORLD_SIZE": "1"}, "WORLD_SIZE must be a whole number"),
    (
        {
            "RANK": "0",
            "WORLD_SIZE": "1",
            "LOCAL_WORLD_SIZE": "1",
            "TORCHELASTIC_USE_AGENT_STORE": "True",
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": "x",
        },
        (
            "the variables of torchrun are set, and none answers at 127.0.0.1:x; start it "
            "under torchrun, or remove RANK"
        ),
    ),
]


@pytest.fixture
def environment(monkeypatch):
    monkeypatch.setattr("avbgtn.__main__.stop_without_parent", lambda: None)
    for name in LAUNCHER:
        monkeypatch.delenv(name, raising=False)

    def put(values):
        for name, value in values.items():
            monkeypatch.setenv(name, value)

    return put


@pytest.mark.parametrize("values", LEFT, ids=str)
def test_variables_that_a_launcher_left_are_ignored_with_one_sentence(values, environment, capsys):
    environment(values)
    assert main(["study"]) == 0
    said = f"note: {', '.join(values)} ignored: no torchrun started this process, which trains alone\n"
    assert capsys.readouterr().err == said and not set(values) & set(os.environ)


@pytest.mark.parametrize(
    "values, words", WRONG, ids=[str(sorted(values)) + str(k) for k, (values, _) in enumerate(WRONG)]
)
def test_a_launcher_that_cannot_be_is_refused_with_one_sentence(values, words, environment, capsys):
    environment(values)
    assert main(["study"]) == 2
    found = capsys.readouterr().err
    assert found.startswith(f"error: {words}") and found.count("\n") == 1


def test_a_launcher_that_is_gone_is_noticed(environment, capsys, monkeypatch):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        environment({"RANK": "0", "WORLD_SIZE": "1", "LOCAL_WORLD_SIZE": "1", "MASTER_ADDR": "127.0.0.1",
                     "MASTER_PORT": str(port), "TORCHELASTIC_USE_AGENT_STORE": "True"})  # fmt: skip
        assert place().launched
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    assert main(["study"]) == 2
    assert f"none answers at 127.0.0.1:{port}" in capsys.readouterr().err


# --- numbers, names and pipes -------------------------------------------------------------------------------


@pytest.mark.parametrize("keep", ["-5", "1e9999", "0", "5,,6", "1.5", "nan", "9" * 5000, "x"])
def test_epochs_to_keep_are_whole_numbers(keep, capsys):
    for command in (["train"], ["resume", "runs/none", "--epochs", "5"]):
        assert main([*command, f"--keep={keep}"]) == 2
        assert capsys.readouterr().err.startswith(
            "error: keep must be epochs separated by commas, whole numbers from 1"
        )


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "--seed", str(2**64)],
        ["train", "--epochs", "9" * 5000],
        ["train", "--lr", "1e308"],
        ["train", "--run_dir", "a" * 300],
        ["train", "--run_dir", "~nobody_/x"],
        ["train", "--root", ""],
        ["train", "--image", "a\nb"],
        ["train", "--\x1b[31m"],
        ["train", "--dataset", "music", "--seconds", "1e400"],
        ["translate", "a.png", "--seed", "9" * 30],
        ["translate", "a.png", "--seed=-1"],
        ["resume", "~nobody_/x", "--epochs", "5"],
        ["resume", "a" * 300, "--epochs", "5"],
        ["study", "--processes", "1" + "0" * 400],
        ["study", "--cell", "9" * 5000],
        ["study", "--grid", "\udcff\n"],
        ["resume", "x", "--epochs", "5", "--log_every", "1e400"],
    ],
    ids=lambda a: " ".join(a)[:30],
)
def test_what_nobody_means_is_refused_with_one_sentence(arguments, capsys):
    try:
        assert main(arguments) == 2
    except SystemExit as stopped:  # argparse's
        assert stopped.code == 2
    found = capsys.readouterr().err
    assert (
        found.startswith("error: ")
        and found.count("\n") == 1
        and found[:-1].isprintable()
        and len(found) < 1200
    )


def test_a_folder_of_runs_of_nobody(monkeypatch, capsys):
    monkeypatch.setenv("AVBGTN_RUNS", "~nobody_")
    assert main(["study"]) == 2
    assert (
        capsys.readouterr().err
        == "error: $AVBGTN_RUNS must be a folder, got '~nobody_', whose home is unknown\n"
    )


def shell(line: str, **more) -> subprocess.CompletedProcess:
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line}"],
        capture_output=True,
        env=os.environ | {"PY": sys.executable} | more,
    )


def test_whoever_reads_only_the_head_ends_it_quietly():
    found = shell("$PY -m avbgtn study | true")
    assert (found.returncode, found.stdout, found.stderr) == (141, b"", b"")
    found = shell("$PY -m avbgtn study | head -1")
    assert found.returncode in (0, 141) and found.stdout.count(b"\n") == 1 and not found.stderr


@pytest.mark.parametrize(
    "odd", [["1" * 10_000], ["train", *["odd"] * 5000], ["train", "--epochs=" + "é" * 9000]]
)
def test_an_argument_of_thousands_of_characters_is_cut_in_the_sentence(odd, capsys):
    with pytest.raises(SystemExit) if odd[-1][0] != "-" else contextlib.nullcontext():
        assert main(odd) == 2
    told = capsys.readouterr().err
    assert told.startswith("error: ") and "characters)" in told and len(told) < 1300 and told.count("\n") == 1


def test_a_home_without_a_place_for_settings_is_not_talked_about(tmp_path):
    """matplotlib, which torchmetrics imports, said it in two lines before the sentence."""
    run = tmp_path / "run"
    tiny = "train --epochs 1 --size 32 --width 2 --models unit --run_dir".split()
    assert main([*tiny, str(run)]) == 0
    found = shell(f"$PY -m avbgtn resume {run}/unit --epochs 1 --log_every 0", HOME="/dev/null")
    assert found.returncode == 2 and found.stderr.count(b"\n") == 1, found.stderr
    found = shell(f"$PY -m avbgtn resume {run}/unit --epochs 1", HOME="/dev/null")
    assert found.returncode == 0 and not found.stderr, found.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
@pytest.mark.parametrize("command", ["study", "--help", "train --help"])
def test_an_output_that_is_full_is_one_sentence(command):
    """argparse says nothing of a long help that could not be written, and ended with exit code 0."""
    found = shell(f"PYTHONUNBUFFERED= $PY -m avbgtn {command} > /dev/full")
    assert (
        found.returncode == 2
        and found.stderr.startswith(b"error: No space left on device")
        and found.stderr.count(b"\n") == 1
    )


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
@pytest.mark.parametrize(
    "error, code, said",
    [
        ('shell.ConfigError("bad")', 2, b"error: bad\n"),
        ("KeyboardInterrupt", 130, b"interrupted before there was anything to save\n"),
    ],
    ids=["error", "interrupted"],
)
def test_another_end_with_an_output_that_is_full_is_one_sentence_too(error, code, said):
    """What had been printed before was flushed as Python ended: a second message, and exit code 120."""
    program = f"""if True:
        import sys
        from avbgtn import __main__ as shell
        def fails(args, here):
            print("x")
            raise {error}
        shell.COMMANDS["study"] = fails
        sys.exit(shell.main(["study"]))"""
    found = shell(f"PYTHONUNBUFFERED= $PY -c '{program}' > /dev/full")
    assert (found.returncode, found.stderr) == (code, said)


def test_unprintable_names_are_printed_in_any_terminal(tmp_path):
    """The file used to be written, and then the print of its name ended in a traceback."""
    for encoding in ("ascii", "utf-8"):
        found = shell(
            "AVBGTN_RUNS=$1/$'\\xff\\n' $PY -m avbgtn study".replace("$1", str(tmp_path)),
            PYTHONIOENCODING=encoding,
            LC_ALL="C.UTF-8",
        )
        assert found.returncode == 0 and not found.stderr, found.stderr
        assert found.stdout.decode().splitlines()[-1].endswith("\\xff\\n/study-full")


def test_every_option_says_what_it_is_for_and_what_it_may_be():
    train = next(a for a in parser()._actions if a.dest == "command").choices["train"]
    for action in train._actions:
        assert action.help and not action.help.startswith(("(", "default")), action.dest
        if action.dest in TABLE:
            assert action.help.startswith(TABLE[action.dest].help.replace("%", "%%")), action.dest
    text = " ".join(train.format_help().split())  # wherever its lines are broken
    assert "log_sigmoid | logit" in text and "default unit,avb_gtn" in text
    assert set(TABLE) >= {a.dest for a in train._actions} - {"help", "keep"}
