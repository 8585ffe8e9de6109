"""What can be wrong with a run folder, each with its sentence; and that nothing is lost by it."""

import errno
import os
import pickle
from dataclasses import replace

import pytest
import torch
from safetensors.torch import save

from avbgtn import storage
from avbgtn.errors import RunError
from avbgtn.models import build
from avbgtn.runs import Run, checkpoints, tensor_files
from avbgtn.runs import run as runs
from avbgtn.training.train import train
from examples import AVB_GTN_CONFIG, UNIT_CONFIG, RandomDomains

TINY = replace(UNIT_CONFIG, width=2)


def train_tiny(folder, config=TINY, epochs=4, **options):
    quiet = dict(log_every=2, measure_every=100, say=lambda text: None) | options
    return train(config, RandomDomains(), epochs=epochs, run_dir=folder, **quiet)


@pytest.fixture
def finished(tmp_path):
    train_tiny(tmp_path / "run", save_minutes=0.0)
    return tmp_path / "run"


def test_other_parameters_are_refused_by_name(finished):
    with pytest.raises(
        RunError,
        match=(
            r"holds another run: lr = 0.0005 there and 0.001 now; "
            r"choose another run_dir, or leave run_dir out"
        ),
    ):
        train_tiny(finished, replace(TINY, lr=1e-3))


def test_another_model_is_refused(finished):
    with pytest.raises(RunError, match=r"model = 'unit' there and 'avb_gtn' now"):
        train_tiny(finished, replace(AVB_GTN_CONFIG, width=2))


def test_epochs_may_not_shrink(finished):
    with pytest.raises(
        RunError, match=r"epochs may grow, not shrink: .* has 4 epochs, got epochs=3; ask for at least 4"
    ):
        train_tiny(finished, epochs=3)


def test_equal_epochs_train_nothing_and_say_so(finished):
    said = []
    before = (finished / "metrics.jsonl").read_bytes()
    train_tiny(finished, say=said.append)
    assert any("all 4 epochs are there, nothing to train" in line for line in said)
    assert (finished / "metrics.jsonl").read_bytes() == before


def test_wrong_architecture_names_the_first_difference(finished):
    tensors = Run(finished).load("weights")
    with pytest.raises(
        RunError,
        match=(
            r"encoder1.layers.0.weight has shape \(2, 3, 7, 7\) in the file "
            r"and \(4, 3, 7, 7\) in the model"
        ),
    ):
        tensor_files.load_weights(build(UNIT_CONFIG).state_dict(), tensors, "x.safetensors")
    with pytest.raises(RunError, match=r"another architecture: the file lacks 'posterior1.image.0.weight'"):
        tensor_files.load_weights(
            build(replace(TINY, model="avb_gtn", penalty="log_sigmoid")).state_dict(),
            tensors,
            "x.safetensors",
        )
    with pytest.raises(RunError, match=r"another architecture: the model lacks 'surplus'"):
        tensor_files.load_weights(
            build(TINY).state_dict(), tensors | {"surplus": torch.zeros(1)}, "x.safetensors"
        )


def test_truncated_checkpoint_says_what_to_do_and_the_one_before_serves(finished):
    run = Run(finished)
    straight = {k: v.clone() for k, v in run.load("weights").items()}  # the file is memory-mapped
    file = run.checkpoint(4) / "weights.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(
        RunError,
        match=(
            r"truncated or damaged .* delete its folder and run again: training continues "
            r"from the checkpoint before it"
        ),
    ):
        train_tiny(finished, epochs=6)
    for part in run.checkpoint(4).iterdir():
        part.unlink()
    run.checkpoint(4).rmdir()
    assert run.latest() == 3
    train_tiny(finished, epochs=4)
    assert all(torch.equal(straight[k], v) for k, v in run.load("weights").items())


@pytest.mark.parametrize("protocol", [2, 5])
def test_a_pickle_is_never_opened(finished, protocol):
    class Bomb:
        def __reduce__(self):
            return (os.mkdir, (str(finished / "exploded"),))

    file = Run(finished).checkpoint(4) / "weights.safetensors"
    file.write_bytes(pickle.dumps(Bomb(), protocol=protocol))
    with pytest.raises(RunError, match="is a pickle .* avbgtn never unpickles weights"):
        train_tiny(finished, epochs=6)
    torch.save({"a": torch.zeros(1)}, file)
    with pytest.raises(RunError, match="is a pickle"):
        Run(finished).load("weights")
    assert not (finished / "exploded").exists()


@pytest.mark.parametrize("first", [b"\x80", b"PK"])
def test_safetensors_whose_length_looks_like_a_pickles_first_bytes_are_read(first, tmp_path):
    """A safetensors file begins with the length of its header, which may be any number."""
    tensors = {"a": torch.arange(3.0)}
    for padding in range(70_000):
        data = save(tensors, metadata={"x": "y" * padding}) if padding < 200 or padding > 19_000 else b""
        if data.startswith(first):
            break
    (tmp_path / "w.safetensors").write_bytes(data)
    assert data.startswith(first)
    assert torch.equal(tensor_files.read_tensors(tmp_path / "w.safetensors")["a"], tensors["a"])


def test_read_only_folder(tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(runs.Path, "mkdir", refuse)  # root may write anywhere, so the refusal is staged
    with pytest.raises(
        RunError,
        match=r"cannot be written \(Read-only file system\): choose another run_dir, or set AVBGTN_RUNS",
    ):
        train_tiny(tmp_path / "run")


def test_no_space_keeps_the_last_good_checkpoint(finished, monkeypatch):
    straight = Run(finished).load("weights")

    def full(path, data):
        path.write_bytes(data[: len(data) // 2])  # half a file is there when the disk is full
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(
            checkpoints,
            "write_durably",
            lambda path, data: full(path, data) if path.suffix == ".safetensors" else path.write_bytes(data),
        )
        with pytest.raises(
            RunError, match=r"no space left .* the checkpoint of epoch 4 is safe, run the same command again"
        ):
            train_tiny(finished, epochs=8)
    run = Run(finished)
    assert run.latest() == 4
    assert not list((finished / "checkpoints").glob(".writing-*")), (
        "the half-written checkpoint still takes space"
    )
    assert all(torch.equal(straight[k], v) for k, v in run.load("weights").items())
    train_tiny(finished, epochs=8)
    assert run.latest() == 8


def test_run_dir_that_is_a_file_or_holds_other_things(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(RunError, match="run_dir must be a folder, .*file is a file; give another name"):
        train_tiny(tmp_path / "file")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.tex").write_text("x")
    with pytest.raises(
        RunError, match=r"is not empty and not a run folder \(no parameters.json\); choose another run_dir"
    ):
        train_tiny(tmp_path / "full")


def test_a_start_that_was_cut_short_does_not_block_the_folder(tmp_path):
    (tmp_path / "run" / "checkpoints").mkdir(parents=True)
    (tmp_path / "run" / ".parameters.json.new").write_text("{")
    assert train_tiny(tmp_path / "run", epochs=1).latest() == 1


def test_an_empty_latest_file_is_not_believed(finished):
    (finished / "latest").write_text("")
    assert Run(finished).latest() == 4


def test_what_was_kept_once_stays_kept(tmp_path):
    train_tiny(tmp_path / "run", epochs=4, keep=(1, 2), save_minutes=0.0)
    train_tiny(tmp_path / "run", epochs=8, save_minutes=0.0)  # the command line, say, which names no moments
    assert Run(tmp_path / "run").checkpoints() == [1, 2, 7, 8]


def test_a_finished_run_is_not_said_to_be_made_by_a_later_revision(finished):
    before = Run(finished).provenance()
    train_tiny(finished, epochs=4)
    assert Run(finished).provenance() == before


def test_a_full_quota_is_a_full_disk(tmp_path):
    with pytest.raises(RunError, match="no space left"), storage.explained(tmp_path):
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))


def test_opening_what_is_no_run(tmp_path, finished):
    with pytest.raises(RunError, match="is not a run folder: it has no parameters.json"):
        Run(tmp_path)
    (finished / "parameters.json").write_text("{")
    with pytest.raises(RunError, match="parameters.json cannot be read"):
        Run(finished)


def test_missing_checkpoint_lists_those_there_are(finished):
    with pytest.raises(RunError, match=r"has no checkpoint of epoch 77; it has \[3, 4\]"):
        Run(finished).load("weights", 77)


def test_divergence_without_a_checkpoint_says_that_there_is_none(tmp_path):
    bad = replace(TINY, lr=1e30)
    with pytest.raises(
        RunError,
        match=r"training diverged by epoch \d+: .* not finite; there is no checkpoint yet; lower lr",
    ):
        train_tiny(tmp_path / "run", bad, epochs=20)
    assert Run(tmp_path / "run").latest() is None


def test_default_folder_is_dataset_preset_model_fingerprint(tmp_path, monkeypatch):
    monkeypatch.setenv("AVBGTN_RUNS", str(tmp_path))
    run = train_tiny(None, epochs=1)
    assert run.path == tmp_path / f"heads-quick-unit-{TINY.fingerprint()}"


def test_another_revision_continues_with_a_warning(finished):
    run = Run(finished)
    entries = run.provenance()
    entries[-1]["revision"] = "0123456789ab"
    storage.write_atomically(finished / "provenance.json", storage.json_text(entries))
    said = []
    train_tiny(finished, epochs=5, say=said.append)
    assert any(
        line.startswith("warning:") and "was trained by revision 0123456789ab" in line for line in said
    )


def test_a_folder_of_pictures_refuses_a_run_on_sound(tmp_path):
    """Each has a field that the other has not."""
    from avbgtn.config.sound import Sound

    Run.create(UNIT_CONFIG, tmp_path / "run")
    sound = Sound("complex", rate=8000, fft=62, hop=31, rows=32, columns=32)
    with pytest.raises(RunError, match="holds another run: .*sound = None there and Sound"):
        Run.create(replace(UNIT_CONFIG, sound=sound), tmp_path / "run")


@pytest.mark.parametrize(
    "error", [NotImplementedError("no flock"), OSError(errno.ENOLCK, "No locks available")]
)
def test_a_disk_without_locks_says_so(error, finished, monkeypatch):
    def acquire(self):
        raise error

    monkeypatch.setattr(runs.FileLock, "acquire", acquire)
    with (
        pytest.raises(
            RunError, match="the disk of .* cannot lock files .*; set AVBGTN_RUNS or run_dir to another disk"
        ),
        Run(finished).locked(),
    ):
        pass


def test_a_lock_that_outlives_its_process_is_none(finished, monkeypatch):
    (finished / "lock").unlink()
    monkeypatch.setattr(runs, "FileLock", runs.SoftFileLock)  # what filelock falls back to
    with pytest.raises(RunError, match="cannot lock files"), Run(finished).locked():
        pass
    assert not (finished / "lock").exists() or not (finished / "lock").read_text()
