"""What only a GPU can show.

``pytest -m gpu`` runs these alone; where there is no GPU they skip and say so.
"""

from dataclasses import replace

import pytest
import torch

from avbgtn.training.trainer import Trainer, make_fabric
from examples import AVB_GTN_CONFIG, UNIT_CONFIG, RandomDomains

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU that torch can use (CUDA)"),
]
each_model = pytest.mark.parametrize("config", [UNIT_CONFIG, AVB_GTN_CONFIG], ids=["unit", "avb_gtn"])


def on_gpu(config, **changes):
    return replace(config, device="cuda", batch=2, **changes)


def trained(config, speed, epochs=8):
    trainer = Trainer(config, RandomDomains(config.size), make_fabric(config), speed=speed)
    for epoch in range(epochs):
        trainer.update(epoch)
    return trainer


@each_model
def test_a_recorded_step_is_the_step(config):
    """More epochs than the warm-up, so that recording and playing take part; step sizes change on the way."""
    config = on_gpu(config, precision="64-true", lr_halve_every=5)
    plain, recorded = trained(config, "plain"), trained(config, "graph")
    assert recorded.static.graph is not None
    for name, weight in plain.model.state_dict().items():
        if not name.endswith(("conv1.bias", "conv2.bias")):  # in front of an instance norm: see test_speed.py
            torch.testing.assert_close(
                recorded.model.state_dict()[name], weight, rtol=0, atol=1e-10, msg=name
            )
    for name, value in plain.means().items():
        assert recorded.means()[name] == pytest.approx(value, rel=1e-9, abs=1e-9), name


@each_model
@pytest.mark.parametrize("speed", ["fused", "channels_last", "early"])
def test_a_speed_up_does_not_change_the_result(config, speed):
    config = on_gpu(config, precision="64-true")
    plain, fast = trained(config, "plain", 3), trained(config, speed, 3)
    for name, value in plain.means().items():
        assert fast.means()[name] == pytest.approx(value, rel=1e-9, abs=1e-9), name


@each_model
def test_nothing_in_an_epoch_waits_for_the_device(config):
    trainer = trained(on_gpu(config), "auto", 3)
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        trainer.update(3)
    finally:
        torch.cuda.set_sync_debug_mode("default")


@each_model
def test_a_step_on_the_gpu_is_the_step_on_the_cpu(config):
    """The same batch and the same noise, in double precision."""
    config = replace(config, batch=2, precision="64-true")
    here, there = trained(config, "plain", 0), trained(on_gpu(config, precision="64-true"), "plain", 0)
    inputs = x1, x2, noise = here.inputs(0)
    here._play(*inputs)
    there._play(x1.cuda(), x2.cuda(), {key: value.cuda() for key, value in noise.items()})
    here.summed = there.summed = 1
    for name, value in here.means().items():
        assert there.means()[name] == pytest.approx(value, rel=1e-9, abs=1e-9), name


@each_model
def test_losses_in_bfloat16_are_those_of_float32(config):
    full, half = (trained(on_gpu(config, precision=p), "auto", 1) for p in ("32-true", "bf16-mixed"))
    for name in ("generators/loss", "discriminators/loss"):
        assert half.means()[name] == pytest.approx(full.means()[name], rel=0.02), name
    assert all(p.dtype == torch.float32 for p in half.model.parameters())


@each_model
def test_a_run_continues_on_the_gpu_to_the_bit(config, tmp_path):
    from avbgtn.training.train import train

    torch.backends.cudnn.deterministic = True
    config = on_gpu(config)
    data = RandomDomains(config.size)
    quiet = dict(log_every=3, measure_every=6, say=lambda text: None)
    whole = train(config, data, epochs=6, run_dir=tmp_path / "whole", **quiet)
    train(config, data, epochs=3, run_dir=tmp_path / "parts", **quiet)
    parts = train(config, data, epochs=6, run_dir=tmp_path / "parts", **quiet)
    for name, tensor in whole.load("weights", 6).items():
        assert torch.equal(tensor, parts.load("weights", 6)[name]), name
