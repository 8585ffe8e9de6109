"""AVB-GTN with another T than the paper's, as the study of its claims and the preset ``aligned`` have it.

``t_input="z"`` hides the image from T; ``t_view`` has it judge patches or places of a code;
``t_prior="other"`` has it tell the codes of the two domains apart instead of codes and prior; ``t_r1`` holds
it flat at the codes.
"""

import torch
from torch import Tensor

from .avb_gtn import AVBGTN
from .networks import IMAGE_CHANNELS, PosteriorDiscriminator, in_full, joint
from .step import Noise, Step

# The code that the other encoder made in the same half of a step.
OTHER = {"1": "2", "2": "1", "12": "21", "21": "12"}


class VariedPosteriorDiscriminator(PosteriorDiscriminator):
    """A T that sees, or judges, something else than the paper's.

    Args:
        sees: ``"xz"``, or ``"z"``: no image, so that T compares the codes of all images with the prior.
        view: ``"image"``: one logit per image, the mean of the map. ``"patch"``: the map, a logit for each
            patch of the code. ``"place"``: 1 x 1 convolutions alone, a logit for each place of the code by
            itself.
    """

    def __init__(
        self, width: int, channels: int = IMAGE_CHANNELS, code_channels: int = 0, *,
        sees: str = "xz", view: str = "image",
    ):  # fmt: skip
        super().__init__(width, channels, code_channels)
        self.view = view
        if sees == "z":
            self.image = None
        of_image = 2 * width if sees == "xz" else 0
        shape = dict(kernel_size=1) if view == "place" else {}
        self.joint = joint(of_image + (code_channels or 4 * width), width, **shape)

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        """As the paper's; logits are (M,), or (M, places) where T judges parts of a code."""
        logits = in_full(self.joint(z)) if self.image is None else self.map(x, z)
        return logits.mean(dim=(1, 2, 3)) if self.view == "image" else logits.flatten(1)


class VariedAVBGTN(AVBGTN):
    """AVB-GTN by the settings ``t_input``, ``t_view``, ``t_prior`` and ``t_r1``."""

    varies_t = True

    def posterior_discriminator(self) -> VariedPosteriorDiscriminator:
        c = self.config
        return VariedPosteriorDiscriminator(
            c.width, c.channels, c.code_channels, sees=c.t_input, view=c.t_view
        )

    def prior_noise(self, epoch: int, samples: range) -> Noise:
        return super().prior_noise(epoch, samples) if self.config.t_prior == "normal" else {}

    def prior(self, key: str, step: Step, noise: Noise, update: int) -> Tensor:
        if self.config.t_prior == "other":
            return step.code[OTHER[key]].detach()
        return super().prior(key, step, noise, update)

    def posterior_losses(self, step: Step, noise: Noise, update: int = 0) -> dict[str, Tensor]:
        """Eq. (9), and ``t_r1`` times the gradient penalty of each T."""
        parts, keys = super().posterior_losses(step, noise, update), self.judged_by_t()
        if self.config.t_r1:
            for key in keys:
                parts[f"r1{key}"] = self.steepness(key, step)
            r1 = sum(parts[f"r1{key}"] for key in keys)
            parts["loss"] = parts["loss"] + self.config.t_r1 * r1 * (2 / len(keys))
        return parts

    def steepness(self, key: str, step: Step) -> Tensor:
        """``E_q |dT/dz|^2 / 2``, the gradient penalty at codes of the encoder ("R1", Mescheder et al. 2018).

        T is the mean of its numbers where it gives several for a code, as in the loss. Contrast and R1 do not
        go together: T would be held flat where it is not asked.
        """
        z = step.code[key].detach().requires_grad_()
        (slope,) = torch.autograd.grad(
            self.judge(key, step, z).reshape(len(z), -1).mean(1).sum(), z, create_graph=True
        )
        return slope.square().flatten(1).sum(1).mean() / 2
