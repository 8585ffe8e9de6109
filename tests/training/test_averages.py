"""The averaged weights, against their definition."""

from dataclasses import replace

import pytest
import torch

from avbgtn.training.trainer import Trainer, make_fabric
from examples import UNIT_CONFIG, RandomDomains


@pytest.mark.parametrize("changes", [dict(ema=0.9), dict(ema=0.4, ema_warmup=5)], ids=["constant", "warm-up"])
def test_they_are_what_the_decays_say(changes):
    config = replace(UNIT_CONFIG, width=2, precision="64-true", **changes)
    trainer = Trainer(config, RandomDomains(config.size), make_fabric(config))
    name, p = next(iter(trainer.averaged.items()))
    expected = p.detach().clone()
    for epoch in range(6):
        trainer.update(epoch)
        decay = config.ema
        if config.ema_warmup:
            decay = min(decay, (1 + epoch) / (5 + epoch))
        expected = decay * expected + (1 - decay) * p.detach()
    torch.testing.assert_close(trainer.ema[name], expected)


def test_a_warm_up_averages_over_the_same_share_of_a_short_and_of_a_long_training():
    """With ``w``, the weight of epoch ``t`` among ``n`` is about ``(w - 1) / n (t / n)^(w - 2)``."""
    config = replace(UNIT_CONFIG, ema=0.99999, ema_warmup=10)
    for n in (300, 3000):
        weights, rest = [], 1.0
        for epoch in reversed(range(n)):
            weights.append(rest * (1 - config.averaging(epoch)))
            rest *= config.averaging(epoch)
        age = sum(k * w for k, w in enumerate(weights)) / n
        assert age == pytest.approx(1 / 10, rel=0.02) and rest < 1e-9
