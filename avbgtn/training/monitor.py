"""What a training run watches while it learns, and when it raises an alarm.

Everything here is deterministic and read-only: it draws from streams of its own and leaves no gradient. The
thresholds are rules of thumb, not tests: an alarm says "look at this", it does not stop the run.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from ..data import Domains, Evaluation
from ..metrics import images as metrics
from ..models import losses
from ..models.unit import UNIT

# Thresholds, with the reason for each.
T_SATURATED = (
    0.01  # T's loss in nats; at chance it is 1.386. Below, log s(T) passes on less than 1 % of T's gradient
)
T_CHANCE = 0.02  # nats around 2 log 2
CODE_USES_IMAGE = 1.0  # std over noise / std over images; a matched prior would have it far above 1
D_GAP = 3.0  # logits: training reals judged this much more real than unseen reals (odds of 20)
SCRAMBLED_CYCLE = 0.5  # the cycle is closed to better than this share of what copying costs


@contextmanager
def ema_weights(model: UNIT, ema: dict[str, Tensor]) -> Iterator[UNIT]:
    """The model with its averaged encoders and generators within the ``with`` block; nothing is copied."""
    parameters = dict(model.named_parameters())

    def swap() -> None:
        for name, average in ema.items():
            parameters[name].data, ema[name] = average, parameters[name].data

    swap()
    # ``ema`` now holds the raw weights; swap back with the names in the same order.
    try:
        yield model
    finally:
        for name, raw in list(ema.items()):
            parameters[name].data, ema[name] = raw, parameters[name].data


@dataclass
class Monitor:
    """Scores a model on a few validation images, and turns what it finds into alarms.

    Args:
        validation: images never trained on; with twins, translations are scored against them.
        training: as many training images, for the discriminators' memory.
    """

    validation: Evaluation
    training: Evaluation

    @classmethod
    def of(cls, data: Domains, limit: int = 16) -> "Monitor":
        return cls(data.evaluation("validation", limit=limit), data.evaluation("train", limit=limit))

    def to(self, like: Tensor, evaluation: Evaluation) -> tuple[Tensor, Tensor]:
        return evaluation.x1.to(like), evaluation.x2.to(like)

    @torch.no_grad()
    def measure(self, model: UNIT, ema: dict[str, Tensor]) -> dict[str, float]:
        """One line's worth of numbers; L1 in [0, 1], logits as they are."""
        line = {f"val/{key}": value for key, value in self._translations(model).items()}
        with ema_weights(model, ema):
            line |= {f"val_ema/{key}": value for key, value in self._translations(model).items()}
        line |= self._discriminators(model)
        line["val/noise_share"] = self._noise_share(model)
        return line

    def _translations(self, model: UNIT) -> dict[str, float]:
        like = next(model.parameters())
        x1, x2 = self.to(like, self.validation)
        e = self._noise(model, "monitor", x1)
        x12, x21 = model.translate(x1, 1, 2, e), model.translate(x2, 2, 1, e)
        found = {
            "rec": (_l1(model.translate(x1, 1, 1, e), x1) + _l1(model.translate(x2, 2, 2, e), x2)) / 2,
            "cyc": (_l1(model.translate(x12, 2, 1, e), x1) + _l1(model.translate(x21, 1, 2, e), x2)) / 2,
        }
        if self.validation.twin12 is None:
            return found
        for key, x, twin, mask in (
            ("12", x12, self.validation.twin12, self.validation.mask1),
            ("21", x21, self.validation.twin21, self.validation.mask2),
        ):
            if mask is None:  # a spectrogram: no hair
                found[f"l1_whole_{key}"] = _l1(x.cpu().float(), twin)
                continue
            scores = metrics.twin_scores(x.cpu().float(), twin, mask)
            found |= {f"{name}_{key}": scores[name] for name in ("l1_hair", "l1_outside", "l1_whole", "psnr")}
        found["copy"] = (
            _l1(x1, self.validation.twin12.to(like)) + _l1(x2, self.validation.twin21.to(like))
        ) / 2
        return found

    def _noise(self, model: UNIT, stream: str, x: Tensor) -> Tensor | None:
        """One draw for an implicit posterior; none for UNIT, which is judged by its mean code."""
        if model.config.posterior != "input":
            return None
        return model.draw(stream, 0, range(len(x)), model.noise_shape(x.shape[-2:]))

    def _discriminators(self, model: UNIT) -> dict[str, float]:
        like = next(model.parameters())
        found = {}
        for split, evaluation in (("train", self.training), ("val", self.validation)):
            x1, x2 = self.to(like, evaluation)
            found |= {
                f"d{k}_real_{split}": logits.mean().item()
                for k, logits in model.discriminate({1: x1, 2: x2}).items()
            }
        return found

    def _noise_share(self, model: UNIT, images: int = 4, draws: int = 4) -> float:
        """Of the code, ``std over noise / std over images``: 0, the noise is ignored; infinite, the image."""
        if model.noise_shape() is None:
            return 0.0
        x1, _ = self.to(next(model.parameters()), self.validation)
        images = min(images, len(x1))
        if images < 2:
            return math.nan  # one image has no spread
        # (draws, images, 4w, H/4, W/4)
        codes = torch.stack(
            [
                model.encode(
                    x1[:images],
                    1,
                    model.draw(f"monitor/share/{r}", 0, range(images), model.noise_shape(x1.shape[-2:])),
                )
                for r in range(draws)
            ]
        )
        return (codes.var(0).mean().sqrt() / codes.mean(0).var(0).mean().sqrt()).item()


def alarms(line: dict[str, float], t_prior: str = "normal") -> list[str]:
    """Sentences for what looks wrong in one metrics line; empty when nothing does.

    Args:
        t_prior: as in ``Config``: a T that tells the two domains' codes apart is meant to end at chance.
    """
    found = []
    t = [line[key] for key in ("posterior/t1", "posterior/t2") if key in line]
    if t and min(t) < T_SATURATED:
        found.append(
            f"T is saturated: its loss is {min(t):.2g} nats (chance is {losses.TWO_LOG_TWO:.3f}), so"
            " log s(T), s the logistic function, hardly moves the encoder"
        )
    share = line.get("val/noise_share")
    if (
        t
        and t_prior == "normal"
        and share is not None
        and share < CODE_USES_IMAGE
        and all(abs(x - losses.TWO_LOG_TWO) < T_CHANCE for x in t)
    ):
        found.append(
            "T is at chance while the code is still mostly a function of the image (noise share"
            f" {share:.2f}): T is too weak or was fooled"
        )
    for k in (1, 2):
        gap = line.get(f"d{k}_real_train", 0.0) - line.get(f"d{k}_real_val", 0.0)
        if gap > D_GAP:
            found.append(
                f"D{k} memorises: it judges training images {gap:.1f} logits more real than unseen ones"
            )
    if "val_ema/copy" in line:
        translation = (line["val_ema/l1_whole_12"] + line["val_ema/l1_whole_21"]) / 2
        copy, cycle = line["val_ema/copy"], line["val_ema/cyc"]
        if cycle < SCRAMBLED_CYCLE * copy and translation > copy:
            found.append(
                f"colour scrambling: the cycle closes (L1 {cycle:.3f}) but translations are worse than"
                f" copying ({translation:.3f} against {copy:.3f})"
            )
    return found


def not_finite(values: dict[str, float]) -> list[str]:
    """The names of the values that are NaN or infinite."""
    return [name for name, value in values.items() if not math.isfinite(value)]


def _l1(a: Tensor, b: Tensor) -> float:
    return (a - b).abs().mean().item() / 2  # images are in [-1, 1], scores in [0, 1]
