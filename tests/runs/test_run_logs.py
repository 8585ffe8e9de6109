"""What is damaged beside the checkpoints of a run costs no result, is said in one sentence,
and leads nowhere else.
"""

import errno
import json
import os
import shutil
from dataclasses import replace

import pytest
import torch

from avbgtn import storage
from avbgtn.errors import RunError
from avbgtn.runs import Run
from avbgtn.storage import json_text
from avbgtn.training.train import train
from examples import UNIT_CONFIG, RandomDomains

TINY = replace(UNIT_CONFIG, width=2)


def train_tiny(folder, epochs=4, **options):
    quiet = dict(log_every=1, measure_every=100, save_minutes=0.0, say=lambda text: None) | options
    return train(TINY, RandomDomains(), epochs=epochs, run_dir=folder, **quiet)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Trained to 4 epochs, and to 6."""
    place = tmp_path_factory.mktemp("trained")
    train_tiny(place / "run")
    train_tiny(shutil.copytree(place / "run", place / "straight"), epochs=6)
    return place


@pytest.fixture
def run(trained, tmp_path):
    return Run(shutil.copytree(trained / "run", tmp_path / "run"))


def same_bits(run, trained):
    for name in ("weights", "ema", "optimizer"):
        left, right = run.load(name, 6), Run(trained / "straight").load(name, 6)
        assert all(torch.equal(left[k], right[k]) for k in right), name


@pytest.mark.parametrize("file", ["metrics.jsonl", "timings.jsonl"])
@pytest.mark.parametrize("harm", ["no JSON", "a number", "binary", "no epoch", "order", "deep"])
def test_one_bad_line_costs_no_other(file, harm, run, trained):
    path = run.path / file
    lines = path.read_bytes().splitlines(keepends=True)
    lines[1] = {
        "no JSON": b'{"epoch": 2, \n', "a number": b"7\n", "binary": b"\xff\x00\n", "no epoch": b"{}\n",
        "order": lines[0], "deep": b"[" * 100_000 + b"\n",
    }[harm]  # fmt: skip
    path.write_bytes(b"".join(lines))
    before, said = path.read_bytes(), []
    run.say = said.append
    assert [line["epoch"] for line in run.lines(file)] == [1, 3, 4], "a reader loses what follows"
    assert len(said) == 1 and f"{file} is damaged (line 2" in said[0]
    said.clear()
    train_tiny(run.path, epochs=6, say=said.append)
    aside = run.path / file.replace(".", ".damaged-1.", 1)
    assert aside.read_bytes() == before
    assert sum(f"{file} is damaged (line 2" in line and aside.name in line for line in said) == 1
    assert [line["epoch"] for line in run.lines(file)] == [1, 3, 4, 5, 6]
    same_bits(run, trained)


def test_a_digit_that_changed_in_the_metrics_is_noticed(run, trained):
    path = run.path / "metrics.jsonl"
    text = path.read_text()
    changed = text.replace('"generators/loss": ', '"generators/loss": 1', 1)
    path.write_text(changed)
    said = []
    train_tiny(run.path, epochs=6, say=said.append)
    assert any("metrics.jsonl is damaged (it is not what it was when epoch 4 was saved)" in s for s in said)
    assert (run.path / "metrics.damaged-1.jsonl").read_text() == changed
    same_bits(run, trained)


def test_only_a_last_line_that_was_cut_short_goes_without_a_word(run, trained):
    with open(run.path / "metrics.jsonl", "a") as f:
        f.write('{"epoch": 5, "gener')
    said = []
    train_tiny(run.path, epochs=6, say=said.append)
    assert not any("damaged" in line for line in said) and not list(run.path.glob("*damaged*"))
    assert (run.path / "metrics.jsonl").read_bytes() == (trained / "straight/metrics.jsonl").read_bytes()


def test_metrics_that_are_gone_are_missed(run, trained):
    (run.path / "metrics.jsonl").unlink()
    said = []
    train_tiny(run.path, epochs=6, say=said.append)
    assert any("metrics.jsonl is missing" in line for line in said)
    same_bits(run, trained)


@pytest.mark.parametrize("text", ["", "{", "null", "{}", "[1]", "\xff", "[" * 100_000])
def test_a_damaged_provenance_file_is_kept_and_a_new_one_goes_on(text, run, trained):
    path = run.path / "provenance.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(RunError, match="provenance.json cannot be read"):
        run.provenance()
    said, seconds = [], sum(run.cpu_seconds())
    train_tiny(run.path, epochs=6, say=said.append)
    assert any("provenance.json is damaged" in line and "provenance.damaged-1.json" in line for line in said)
    assert (run.path / "provenance.damaged-1.json").read_text(encoding="latin-1") == text
    assert len(run.provenance()) == 1 and sum(run.cpu_seconds()) >= seconds, (
        "times of earlier starts are lost"
    )
    same_bits(run, trained)


@pytest.mark.parametrize(
    "text",
    ["null", "[]", "7", '{"format": "1"}', '{"format": 1}', '{"format": 1, "config": []}', "[" * 100_000],
)
def test_a_parameters_file_that_is_none(text, run):
    (run.path / "parameters.json").write_text(text)
    with pytest.raises(
        RunError, match="parameters.json cannot be read .* move the folder away to start afresh"
    ) as caught:
        Run(run.path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text", [b"\xff\xfe", b"epoch-x", b"../../etc", b"epoch-00000009", "epoch-\u00b2".encode(), b"x" * 100]
)
def test_garbage_in_latest_is_said_and_not_believed(text, run, trained):
    (run.path / "latest").write_bytes(text)
    said = []
    train_tiny(run.path, epochs=6, say=said.append)
    assert any(
        "latest is damaged or names a checkpoint that is gone; the newest checkpoint is that of epoch 4" in s
        for s in said
    )
    same_bits(run, trained)
    assert (run.path / "latest").read_text() == "epoch-00000006\n"


# --- links --------------------------------------------------------------------------------------------------

NAMES = (
    ".latest.new",
    ".provenance.json.new",
    ".metrics.jsonl.new",
    ".parameters.json.new",
    "metrics.jsonl",
    "timings.jsonl",
    "provenance.json",
    "parameters.json",
    "latest",
    "lock",
    "checkpoints",
    "checkpoints/.writing-epoch-00000005",
    "checkpoints/epoch-00000004",
    "checkpoints/epoch-00000004/weights.safetensors",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_link_in_a_run_folder_is_refused_and_not_followed(name, run, tmp_path):
    path, outside = run.path / name, tmp_path / "outside"
    if path.exists():
        path.rename(outside)
    else:
        outside.write_text("somebody's thesis")
    path.symlink_to(outside)
    before = outside.read_bytes() if outside.is_file() else sorted(p.name for p in outside.iterdir())
    for use in (lambda: train_tiny(run.path, epochs=6), lambda: Run(run.path)):
        with pytest.raises(RunError, match="is a symbolic link, and a run folder holds its own files only"):
            use()
    assert before == (
        outside.read_bytes() if outside.is_file() else sorted(p.name for p in outside.iterdir())
    )


def test_a_link_in_an_empty_folder_is_refused(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "run/checkpoints").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RunError, match="is a symbolic link"):
        train_tiny(tmp_path / "run", epochs=1)
    assert not any((tmp_path / "elsewhere").iterdir())


def test_a_pipe_in_a_run_folder_is_refused_and_not_waited_for(run):
    (run.path / "metrics.jsonl").unlink()
    os.mkfifo(run.path / "metrics.jsonl")
    with pytest.raises(RunError, match="is a pipe, a socket or a device"):
        train_tiny(run.path, epochs=6)


def test_the_run_folder_itself_may_be_reached_through_a_link(run, tmp_path):
    (tmp_path / "link").symlink_to(run.path)
    assert train_tiny(tmp_path / "link", epochs=5).latest() == 5


@pytest.mark.parametrize("write", [
    lambda path: storage.write_atomically(path, "new"), lambda path: storage.write_durably(path, b"new"),
    lambda path: storage.append(path, "new"),
])  # fmt: skip
def test_a_link_that_appears_while_training_is_not_followed(write, tmp_path):
    (tmp_path / "outside").write_text("old")
    for name in ("file", ".file.new"):
        (tmp_path / name).symlink_to(tmp_path / "outside")
    try:
        write(tmp_path / "file")
    except OSError as error:
        assert error.errno == errno.ELOOP
    assert (tmp_path / "outside").read_text() == "old"


# --- errors of the disk -------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", sorted(errno.errorcode))
def test_every_error_of_the_disk_is_one_sentence(number, tmp_path):
    with pytest.raises(RunError) as caught, storage.explained(tmp_path, lambda: 7):
        raise OSError(number, os.strerror(number), str(tmp_path / "x"))
    assert "\n" not in str(caught.value) and "the checkpoint of epoch 7 is safe" in str(caught.value)


def test_no_memory_is_one_sentence_and_no_checkpoint_is_said_so(tmp_path):
    with (
        pytest.raises(RunError, match="no memory left .*; there is no checkpoint yet"),
        storage.explained(tmp_path, lambda: None),
    ):
        raise MemoryError
    with pytest.raises(RunError, match="cannot be read or written"), storage.explained(tmp_path):
        raise OSError("without a number")


def test_a_closed_disk_says_nothing_about_checkpoints(tmp_path):
    def gone():
        raise OSError(errno.EIO, "Input/output error")

    with (
        pytest.raises(RunError, match="whether a checkpoint is left cannot be seen now"),
        storage.explained(tmp_path, gone),
    ):
        raise OSError(errno.EIO, os.strerror(errno.EIO))


def test_set_aside_never_takes_a_name_twice(tmp_path):
    for number in (1, 2, 3):
        (tmp_path / "a.json").write_text(str(number))
        assert storage.set_aside(tmp_path / "a.json").name == f"a.damaged-{number}.json"
    assert json.loads((tmp_path / "a.damaged-2.json").read_text()) == 2 and json_text(2) == "2\n"
