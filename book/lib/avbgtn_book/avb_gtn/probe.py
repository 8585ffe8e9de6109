r"""Looking into a model while it learns, and after: how hard each penalty pulls,
and whether the noise is used.

Nothing here changes what a training does: gradients are asked for by name and stay nowhere,
noise comes from streams of its own. Shapes: images (N, 3, H, W) in [-1, 1], codes (N, 4w, H/4, W/4).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from avbgtn.config import PRESETS, default_posterior
from avbgtn.data import Domains
from avbgtn.models import losses
from avbgtn.models.unit import UNIT
from avbgtn.training.trainer import Trainer

from .penalties import FORMS


def quick_settings(data: Domains) -> dict:
    """The fields of :class:`~avbgtn.config.Config` of an AVB-GTN with the quick preset, as the paper has it,
    on a data set.
    """
    quick = PRESETS["quick"]
    return dict(
        model="avb_gtn", dataset=data.name, domains=data.domains, data_checksum=data.checksum, preset="quick",
        **quick, t_lr=quick["lr"], **default_posterior("avb_gtn"),
    )  # fmt: skip


def pulls(trainer: Trainer, epoch: int) -> dict[str, float]:
    """How hard each term of Eq. (10) pulls at ``z1`` on the next batch: the norms of its gradients,
    and the logit of T.

    Returns:
        ``{"t": T(x1, z1), "logit": lambda_1 |dT/dz|, "log_sigmoid": lambda_1 |d log s(T)/dz|,
        "softplus": ..., "reconstruction": lambda_2 |d L1(x11, x1)/dz|}``
    """
    c, model = trainer.config, trainer.model
    x1, x2 = trainer.data.batch(epoch, c.batch, c.seed)
    step = model.step(x1, x2, model.noise(epoch, range(c.batch)))
    z = step.code["1"]
    t = model.judge("1", step, z)
    terms = {name: c.lambda_1 * form(t) for name, form in FORMS.items()}
    terms["reconstruction"] = c.lambda_2 * losses.reconstruction_loss(step.image["11"], step.x[1])
    norms = {
        name: torch.autograd.grad(term, z, retain_graph=True)[0].norm().item() for name, term in terms.items()
    }
    return {"t": t.mean().item(), **norms}


def watch(trainer: Trainer, epochs: int, every: int) -> list[dict[str, float]]:
    """Train, and measure the pulls before epochs 0, ``every``, ... and after the last: one line each.

    ``t_loss`` is the mean loss of T1 and T2 over the epochs since the line before, in nats;
    at chance it is 2 log 2.
    """
    lines = []
    for epoch in range(epochs + 1):
        if epoch % every == 0 or epoch == epochs:
            means = trainer.means()
            trainer.forget()
            loss = means["posterior/loss"] / 2 if means else losses.TWO_LOG_TWO
            lines.append({"epoch": epoch, "t_loss": loss, **pulls(trainer, epoch)})
        if epoch < epochs:
            trainer.update(epoch)
    return lines


@dataclass(frozen=True)
class NoiseUse:
    """What the noise does to codes and translations of the same images.

    Attributes:
        images: translations, (draws, N, 3, H, W).
        code_over_noise, code_over_images: standard deviation of the code over the noise of one image,
            and of its mean code over the images; root mean squares over all values of the code.
        picture_over_noise, picture_over_images: the same of the translations.
    """

    images: Tensor
    code_over_noise: float
    code_over_images: float
    picture_over_noise: float
    picture_over_images: float

    @property
    def code_share(self) -> float:
        """0: the noise is ignored. Infinite: the image is."""
        return self.code_over_noise / self.code_over_images

    @property
    def picture_share(self) -> float:
        """The same share, of the translations."""
        return self.picture_over_noise / self.picture_over_images


@torch.no_grad()
def noise_use(model: UNIT, x: Tensor, source: int, target: int, *, draws: int = 8) -> NoiseUse:
    """Encode and translate the same images with ``draws`` draws of the posterior's noise."""
    codes, images = [], []
    for draw in range(draws):
        eps = model.draw(f"probe/noise-use/{draw}", 0, range(len(x)), model.noise_shape())
        codes.append(model.encode(x, source, eps))
        images.append(model.decode(codes[-1], target))
    spreads = []
    for values in (torch.stack(codes), torch.stack(images)):  # (draws, N, ...)
        spreads += [values.var(0).mean().sqrt().item(), values.mean(0).var(0).mean().sqrt().item()]
    return NoiseUse(torch.stack(images), *spreads)
