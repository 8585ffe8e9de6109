"""No damage to a checkpoint or a file of weights goes unnoticed, and none ends in a traceback."""

import json
import os
import shutil
import signal
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file

import avbgtn
from avbgtn.errors import RunError
from avbgtn.runs import Run, checkpoints
from avbgtn.storage import json_text
from avbgtn.training import train as training
from avbgtn.training.train import Interrupted, train
from avbgtn.training.trainer import Trainer, make_fabric
from avbgtn.translators.loading import export, run_model
from examples import UNIT_CONFIG, RandomDomains

TINY = replace(UNIT_CONFIG, width=2)
TENSORS = ("weights", "ema", "optimizer")


def train_tiny(folder, config=TINY, epochs=4, **options):
    quiet = dict(log_every=2, measure_every=100, say=lambda text: None) | options
    return train(config, RandomDomains(), epochs=epochs, run_dir=folder, **quiet)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained") / "run"
    train_tiny(folder, save_minutes=0.0)
    return folder


@pytest.fixture
def run(trained, tmp_path):
    return Run(shutil.copytree(trained, tmp_path / "run"))


def flip(path, at=None):
    data = bytearray(path.read_bytes())
    data[len(data) * 3 // 4 if at is None else at] ^= 1
    path.write_bytes(data)


def state_of(run, epoch=4):
    return run.checkpoint(epoch) / "state.json"


def before_sums(run):
    """The folder as it was written before there were sums."""
    for epoch in run.checkpoints():
        state = json.loads(state_of(run, epoch).read_text())
        old = {k: v for k, v in state.items() if k not in ("files", "fingerprint", "sha256", "metrics")}
        state_of(run, epoch).write_text(json_text(old | {"format": 1}))
    file = run.path / "parameters.json"
    file.write_text(json_text({"format": 1, "config": json.loads(file.read_text())["config"]}))
    return run


# --- sums ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TENSORS)
@pytest.mark.parametrize("epochs", [4, 6])
def test_one_flipped_bit_is_refused_when_training_goes_on(name, epochs, run):
    flip(run.checkpoint(4) / f"{name}.safetensors")
    with pytest.raises(
        RunError, match=rf"{name}.safetensors is truncated or damaged \(its SHA-256 is .* delete its folder"
    ):
        train_tiny(run.path, epochs=epochs)


@pytest.mark.parametrize("name, ema", [("ema", True), ("weights", False)])
def test_one_flipped_bit_is_refused_when_the_weights_are_used(name, ema, run, tmp_path):
    flip(run.checkpoint(4) / f"{name}.safetensors")
    match = rf"{name}.safetensors is truncated or damaged \(its SHA-256"
    with pytest.raises(RunError, match=match):
        avbgtn.load(run.path, ema=ema)
    with pytest.raises(RunError, match=match):
        run_model(run, ema=ema)
    if ema:
        with pytest.raises(RunError, match=match):
            export(run, tmp_path / "out.safetensors")
        assert not (tmp_path / "out.safetensors").exists()


@pytest.mark.parametrize("what", ["sums", "summed", "epoch", "format", "files", "fingerprint", "sha256"])
def test_a_changed_or_missing_entry_of_the_state_is_damage(what, run):
    state = json.loads(state_of(run).read_text())
    changed = {
        "sums": {"generators/loss": 1.0},
        "summed": 7,
        "epoch": 5,
        "format": 1,
        "files": {},
        "fingerprint": "0" * 8,
    }
    for other in ([state | {what: changed[what]}] if what in changed else []) + [
        {k: v for k, v in state.items() if k != what}
    ]:
        state_of(run).write_text(json_text(other))
        with pytest.raises(RunError, match=r"state.json is truncated or damaged \("):
            train_tiny(run.path, epochs=6)


def test_a_sum_that_is_missing_from_the_new_form_is_damage(run):
    state = json.loads(state_of(run).read_text())
    del state["files"]["ema.safetensors"]
    state["sha256"] = checkpoints._sum_of(state)
    state_of(run).write_text(json_text(state))
    with pytest.raises(
        RunError, match=r"ema.safetensors is truncated or damaged \(state.json has no sum of it\)"
    ):
        avbgtn.load(run.path)


def test_a_checkpoint_before_sums_is_used_with_one_sentence_and_the_next_has_them(run, trained, tmp_path):
    before_sums(run)
    said = []
    train_tiny(run.path, epochs=6, say=said.append)
    assert sum("was written before checkpoints had checksums" in line for line in said) == 1
    train_tiny(shutil.copytree(trained, tmp_path / "other"), epochs=6)
    for name in TENSORS:
        left, right = run.load(name, 6), Run(tmp_path / "other").load(name, 6)
        assert all(torch.equal(left[k], right[k]) for k in left), name
    flip(run.checkpoint(6) / "ema.safetensors")
    with pytest.raises(RunError, match="its SHA-256 is"):
        avbgtn.load(run.path)


def test_an_old_checkpoint_is_translated_from_with_one_sentence(run, capsys):
    before_sums(run)
    avbgtn.load(run.path)
    assert capsys.readouterr().err.count("was written before checkpoints had checksums") == 1


def test_an_edited_parameters_file_is_noticed(run):
    file = run.path / "parameters.json"
    stored = json.loads(file.read_text())
    stored["config"]["lr"] = 0.001
    file.write_text(json_text(stored))
    with pytest.raises(RunError, match=r"parameters.json was changed after it was written: .* restore it"):
        Run(run.path)
    del stored["fingerprint"]
    file.write_text(json_text(stored))
    for use in (
        lambda: train_tiny(run.path, replace(TINY, lr=0.001), epochs=6),
        lambda: avbgtn.load(run.path),
    ):
        with pytest.raises(
            RunError, match=r"parameters.json was changed after training began: .* restore it"
        ):
            use()


# --- what is in the files -----------------------------------------------------------------------------------


def rewrite(path, change):
    """Change the tensors of a file as somebody with a Python prompt would."""
    tensors = {k: v.clone() for k, v in load_file(path).items()}
    change(tensors)
    save_file(tensors, path)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
@pytest.mark.parametrize("name", TENSORS)
def test_numbers_that_are_not_finite_are_refused(name, bad, run):
    def spoil(tensors):
        next(iter(tensors.values())).view(-1)[:1].fill_(bad)

    rewrite(before_sums(run).checkpoint(4) / f"{name}.safetensors", spoil)
    with pytest.raises(RunError, match=rf"{name}.safetensors holds numbers that are not finite"):
        train_tiny(run.path, epochs=6)
    if name != "optimizer":
        with pytest.raises(RunError, match="not finite"):
            avbgtn.load(run.path, ema=name == "ema")


@pytest.mark.parametrize("kind", [torch.float16, torch.float64, torch.int32, torch.bfloat16])
@pytest.mark.parametrize("name", TENSORS)
def test_another_type_of_number_is_refused(name, kind, run):
    def convert(tensors):
        tensors |= {k: v.to(kind) for k, v in tensors.items()}

    rewrite(before_sums(run).checkpoint(4) / f"{name}.safetensors", convert)
    with pytest.raises(RunError, match=r"expected float32 or float64|belongs to another precision"):
        train_tiny(run.path, epochs=6)


@pytest.mark.parametrize("harm", ["lacks", "surplus", "shape", "negative"])
def test_an_optimiser_file_that_does_not_fit_is_refused(harm, run):
    def spoil(tensors):
        square = next(k for k in tensors if k.endswith("exp_avg_sq"))
        if harm == "lacks":
            del tensors[square]
        elif harm == "surplus":
            tensors["more"] = torch.zeros(1)
        elif harm == "shape":
            tensors[square] = torch.zeros(1)
        else:
            tensors[square] -= 1

    rewrite(before_sums(run).checkpoint(4) / "optimizer.safetensors", spoil)
    with pytest.raises(
        RunError, match=r"optimizer.safetensors (belongs to another architecture|holds a square)"
    ):
        train_tiny(run.path, epochs=6)


# --- what is not written ------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["ema", "optimizer", "weights"])
def test_no_checkpoint_is_written_of_what_is_not_finite(where):
    trainer = Trainer(TINY, RandomDomains(), make_fabric(TINY))
    trainer.healthy(0)
    next(iter(trainer.tensors()[where].values())).view(-1)[:1].fill_(torch.inf)
    with pytest.raises(
        RunError,
        match=(
            r"training diverged by epoch 3: .* not finite; "
            r"the last good checkpoint is kept, that of epoch 2;"
        ),
    ):
        trainer.healthy(3, lambda: 2)
    with pytest.raises(RunError, match=r"not finite; there is no checkpoint yet; lower lr"):
        trainer.healthy(3)


def test_a_kill_while_a_checkpoint_is_removed_leaves_no_half_of_one(run, monkeypatch):
    seen = []

    def killed(path, ignore_errors=False):
        seen.append(path.name)
        (path / "weights.safetensors").unlink(missing_ok=True)

    with monkeypatch.context() as patch:
        patch.setattr(checkpoints.shutil, "rmtree", killed)
        train_tiny(run.path, epochs=6, save_minutes=0.0)
    assert seen and all(name.startswith((".removing-", ".writing-")) for name in seen)
    assert run.checkpoints() == [5, 6] and list((run.path / "checkpoints").glob(".removing-*"))
    train_tiny(run.path, epochs=7)
    assert not list((run.path / "checkpoints").glob(".*")), "what a kill left is still there"


@pytest.mark.parametrize(
    "file", ["weights.safetensors", "ema.safetensors", "optimizer.safetensors", "state.json"]
)
def test_a_file_that_is_gone_from_the_newest_checkpoint_is_missed(file, run):
    (run.checkpoint(4) / file).unlink()
    for epochs in (4, 6):
        with pytest.raises(
            RunError, match=rf"{file} is truncated or damaged .* continues from the checkpoint before it"
        ):
            train_tiny(run.path, epochs=epochs)


@pytest.mark.parametrize("epochs", [4, 6])
@pytest.mark.parametrize(
    "name",
    ["parameters.json", "provenance.json", "metrics.jsonl", "timings.jsonl", "latest", "lock",
     *(f"checkpoints/epoch-00000004/{file}" for file in ("weights.safetensors", "state.json"))],
)  # fmt: skip
def test_a_folder_in_the_place_of_a_file_is_told(name, epochs, run):
    path = run.path / name
    path.unlink(missing_ok=True)
    path.mkdir()
    with pytest.raises(RunError, match=f"{path.name} is (a folder where|truncated or damaged)") as caught:
        train_tiny(run.path, epochs=epochs)
    assert str(caught.value).isprintable()


def test_half_a_folder_of_an_earlier_version_is_no_checkpoint(run):
    (run.checkpoint(3) / "ema.safetensors").unlink()
    assert run.checkpoints() == [4] and run.latest() == 4


# --- stopping -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at, kind, words", [
    (3, Interrupted, "interrupted at once; the checkpoint of epoch 2 is safe, the same command continues"),
    (1, KeyboardInterrupt, "interrupted before its first checkpoint was written"),
])  # fmt: skip
def test_a_second_ctrl_c_ends_at_once_and_says_what_is_safe(at, kind, words, tmp_path, monkeypatch):
    def update(self, epoch):
        if epoch == at - 1:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
        return real(self, epoch)

    real = Trainer.update
    monkeypatch.setattr(training.Trainer, "update", update)
    with pytest.raises(KeyboardInterrupt, match=words) as caught:
        train_tiny(tmp_path / "run", epochs=9, save_minutes=0.0)
    assert type(caught.value) is kind


def test_a_finished_run_on_a_read_only_disk_is_used(run, monkeypatch):
    real = os.open

    def read_only(path, flags, *args, **options):
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            raise OSError(30, "Read-only file system", str(path))
        return real(path, flags, *args, **options)

    monkeypatch.setattr(os, "open", read_only)
    said = []
    train_tiny(run.path, say=said.append)
    assert said == ["run: all 4 epochs are there, nothing to train"]
    avbgtn.load(run.path)
    with pytest.raises(
        RunError, match=r"cannot be written \(Read-only file system\): choose another run_dir"
    ):
        train_tiny(run.path, epochs=6)
