"""Every way to be faster changes nothing but the time: against the plain step,
and the plain step against the base code's.
"""

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from avbgtn.config import speed
from avbgtn.errors import ConfigError
from avbgtn.models import convolution
from avbgtn.training import memory, optimisers
from avbgtn.training.cuda_graph import StaticStep
from avbgtn.training.trainer import Trainer, make_fabric
from bench.reference import Reference
from examples import AVB_GTN_CONFIG, UNIT_CONFIG, RandomDomains

CONFIGS = {
    "unit": UNIT_CONFIG,
    "avb_gtn": AVB_GTN_CONFIG,
    "avb_gtn, T on translations": replace(AVB_GTN_CONFIG, t_train_on="real+translated", t_steps=2),
    "avb_gtn, T on places of a narrow code": replace(
        AVB_GTN_CONFIG, t_input="z", t_view="place", t_r1=1.0, code_channels=4, penalty="softplus"
    ),
}
each_model = pytest.mark.parametrize("name", CONFIGS)
EPOCHS = 4
TOLERANCE = dict(rtol=0, atol=1e-10)  # float64; weights are of the order of 0.1, losses up to 100


def counts(key):
    """A bias in front of an instance norm changes nothing, so its gradient is rounding; divided by its own
    size, as Adam does, that moves the bias by up to a whole step. All others must agree."""
    return not any(part in key for part in ("conv1.bias", "conv2.bias"))


@pytest.fixture(autouse=True)
def every_layer_counts_as_wide(monkeypatch):
    """The networks of a test are small: take all of D's shared layers as products."""
    monkeypatch.setattr(convolution, "MANY_WEIGHTS", 0)
    monkeypatch.setattr(optimisers, "LARGE", 100)


def trained(config, names, epochs=EPOCHS):
    trainer = Trainer(config, RandomDomains(config.size), make_fabric(config), speed=names)
    for epoch in range(epochs):
        trainer.update(epoch)
    return trainer


def double(name, **changes):
    return replace(CONFIGS[name], batch=2, precision="64-true", **changes)


def assert_same(a, b, exact=False):
    for kind, tensors in a.tensors().items():
        for key, tensor in tensors.items():
            if not counts(key) and not exact:
                continue
            torch.testing.assert_close(
                b.tensors()[kind][key],
                tensor,
                **dict(rtol=0, atol=0) if exact else TOLERANCE,
                msg=lambda m, key=key: f"{key}: {m}",
            )
    assert a.means().keys() == b.means().keys()
    for key, value in a.means().items():
        assert b.means()[key] == pytest.approx(value, rel=1e-10, abs=1e-10), key


@pytest.mark.parametrize("name", ["unit", "avb_gtn"])
def test_our_step_computes_what_the_base_codes_step_computes(name):
    config = double(name)
    ours, theirs = trained(config, "plain", epochs=0), Reference(config, RandomDomains(config.size))
    for epoch in range(EPOCHS):
        found = theirs.epoch(epoch)
        ours.forget()
        ours.update(epoch)
        for player, loss in found.items():
            assert loss.item() == pytest.approx(ours.means()[f"{player}/loss"], rel=1e-10), (epoch, player)
    for key, tensor in ours.model.state_dict().items():
        if counts(key):
            torch.testing.assert_close(theirs.model.state_dict()[key], tensor, **TOLERANCE, msg=key)


@pytest.mark.parametrize("which", sorted(set(speed.SPEED_UPS) - {"background"}))
@each_model
def test_a_speed_up_does_not_change_the_result(name, which):
    config = double(name)
    assert_same(trained(config, "plain"), trained(config, which))


@each_model
def test_all_speed_ups_together_do_not_change_the_result(name):
    assert_same(trained(double(name), "plain"), trained(double(name), ",".join(speed.SPEED_UPS)))


@each_model
def test_static_buffers_give_the_same_to_the_bit(name):
    config = replace(CONFIGS[name], batch=2)
    assert_same(trained(config, "plain"), trained(config, "graph"), exact=True)


def test_a_product_runs_where_it_should_and_nowhere_else(monkeypatch):
    def layers(trainer):
        return [m for m in trainer.model.modules() if getattr(m, "as_product", False)]

    assert len(layers(trained(double("avb_gtn"), "products", epochs=0))) == 4  # D's shared ones
    assert layers(trained(double("avb_gtn"), "plain", epochs=0)) == []
    monkeypatch.undo()
    assert layers(trained(double("avb_gtn"), "products", epochs=0)) == []  # too small to be worth it
    paper = [layer.weight.numel() for layer in _paper_discriminator()]
    assert [n > convolution.MANY_WEIGHTS for n in paper] == [False, False, True, True]


def _paper_discriminator():
    from avbgtn.models.networks import shared_discriminator

    with torch.device("meta"):
        return [layer for layer in shared_discriminator(64) if isinstance(layer, convolution.Conv2d)]


@pytest.mark.parametrize("shape", [(2, 3, 8, 8), (1, 3, 7, 10), (3, 3, 1, 1), (2, 3, 2, 5)])
@pytest.mark.parametrize("stride, padding, kernel", [(2, 1, 3), (1, 1, 3), (1, 0, 1), (2, 3, 7)])
def test_a_product_is_the_convolution(shape, stride, padding, kernel):
    draw = torch.Generator().manual_seed(0)
    layer = convolution.Conv2d(3, 5, kernel, stride=stride, padding=padding).double()
    x = torch.randn(shape, generator=draw, dtype=torch.float64, requires_grad=True)
    expected = F.conv2d(x, layer.weight, layer.bias, stride=stride, padding=padding)
    layer.as_product = True
    got = layer(x)
    torch.testing.assert_close(got, expected, rtol=0, atol=1e-12)
    toward = torch.randn(got.shape, generator=draw, dtype=torch.float64)
    wanted = torch.autograd.grad(expected, (x, layer.weight, layer.bias), toward)
    found = torch.autograd.grad(got, (x, layer.weight, layer.bias), toward)
    for a, b in zip(found, wanted, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-12)


class _Waits(TorchDispatchMode):
    """Notes every operation that would make the host wait for a device."""

    NAMES = ("_local_scalar_dense", "nonzero", "is_nonzero", "equal", "unique", "masked_select", "_to_cpu")

    def __init__(self):
        super().__init__()
        self.found = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        if any(part in self.NAMES for part in str(function).split(".")):
            self.found.append(str(function))
        return function(*args, **(kwargs or {}))


@each_model
@pytest.mark.parametrize("precision", ["32-true", "64-true"])
def test_nothing_in_a_step_waits_for_the_device(name, precision):
    trainer = trained(replace(CONFIGS[name], precision=precision), "fused", epochs=1)
    x1, x2, noise = trainer.inputs(1)
    with _Waits() as waits:
        trainer._play(x1, x2, noise)
    assert waits.found == []
    with _Waits() as waits:
        trainer.healthy(2)
    assert waits.found  # the watch does see what waits


def test_the_way_back_is_not_in_memory_while_the_discriminators_learn():
    trainer = trained(double("avb_gtn"), "plain", epochs=1)
    seen = {}

    def watched(name, player):
        def losses(step, noise, update):
            seen[name] = set(step.image)
            return player.losses(step, noise, update)

        return replace(player, losses=losses)

    trainer.players = {name: watched(name, player) for name, player in trainer.players.items()}
    trainer.update(1)
    assert seen == {
        "posterior": {"11", "12", "21", "22"},
        "discriminators": {"11", "12", "21", "22"},
        "generators": {"11", "12", "21", "22", "121", "212"},
    }


def test_static_buffers_refuse_another_shape():
    step = StaticStep(lambda x: None)
    step(torch.zeros(2, 3))
    with pytest.raises(ValueError, match=r"made for shapes \[\(2, 3\)\], got \[\(1, 3\)\]"):
        step(torch.zeros(1, 3))


def test_names_of_speed_ups():
    assert speed.chosen("auto", "cpu") == set(speed.AUTO["cpu"]) <= set(speed.SPEED_UPS)
    assert speed.chosen("auto", "cuda") == set(speed.AUTO["cuda"]) <= set(speed.SPEED_UPS)
    assert speed.chosen("plain", "cpu") == set()
    assert speed.chosen("fused, products", "cpu") == {"fused", "products"}
    with pytest.raises(ConfigError, match="speed must be auto, plain, or some of fused,.*, got 'turbo'"):
        speed.chosen("fused,turbo", "cpu")


def test_the_memory_setting_says_whether_it_was_taken(monkeypatch):
    monkeypatch.setattr(memory.sys, "platform", "darwin")
    assert memory.keep_memory() is False
