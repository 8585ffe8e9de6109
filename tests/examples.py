"""Small configs and data that several tests share."""

from dataclasses import replace

import torch

from avbgtn import streams
from avbgtn.config import Config
from avbgtn.data import Domains, Evaluation

UNIT_CONFIG = Config(
    model="unit", dataset="heads", domains=("brown", "blond"), data_checksum="0" * 16, preset="quick",
    size=32, width=4, private_blocks=1, shared_blocks=1, noise_channels=3, batch=1, seed=0,
    posterior="code", noise_scale=1.0, penalty="mean_square", penalty_scale="as_written", adaptive_contrast=0,
    gan_loss="non_saturating", init="independent", weight_init="normal",
    lambda_0=10.0, lambda_1=0.1, lambda_2=100.0, lambda_3=0.1, lambda_4=100.0, lambda_reading="code",
    lr=5e-4, t_lr=5e-4, weight_decay=0.0, lr_halve_every=0, t_steps=1, t_train_on="real", ema=0.9,
    precision="32-true", device="cpu",
)  # fmt: skip
AVB_GTN_CONFIG = replace(UNIT_CONFIG, model="avb_gtn", posterior="input", penalty="log_sigmoid")


class RandomDomains(Domains):
    """Coloured noise in two domains, made from streams: quick, and different for every sample."""

    name, domains, has_twins = "heads", ("brown", "blond"), True
    checksum, lengths = "0" * 16, (5, 7)

    def __init__(self, size: int = 32):
        self.size = size

    def _images(self, name: str, n: int, shift: float) -> torch.Tensor:
        noise = streams.normal(0, name, 0, range(n), (3, self.size, self.size))
        return (0.3 * noise + shift).clamp(-1, 1)

    def image(self, domain, index):
        return ((self._images(f"train{domain}", index + 1, 0.2 * domain)[index] + 1) * 127.5).byte()

    def batch(self, epoch, batch, seed, *, rank=0, world=1):
        share = range(rank * batch // world, (rank + 1) * batch // world)
        return tuple(
            (0.3 * streams.normal(seed, f"batch/{d}", epoch, share, (3, self.size, self.size)) + shift).clamp(
                -1, 1
            )
            for d, shift in ((1, -0.2), (2, 0.3))
        )

    def evaluation(self, split, limit=None):
        n = min(limit or 6, 6)
        x1, x2 = self._images(f"{split}1", n, -0.2), self._images(f"{split}2", n, 0.3)
        mask = torch.zeros(n, 1, self.size, self.size)
        mask[:, :, : self.size // 2] = 1
        ids = tuple(f"{split}-{k}" for k in range(n))
        return Evaluation(
            x1=x1, x2=x2, twin12=x1 + 0.1, twin21=x2 - 0.1, mask1=mask, mask2=mask, ids1=ids, ids2=ids
        )
