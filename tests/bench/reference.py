"""The reference step: the semantics of UNIT's NIPS code (branch version_02),
written anew for this comparison.

What it does as that code does, and ours does not:

* the discriminators' loss back-propagates through the generators, whose gradients are then thrown away;
* every player computes the codes and the translations it needs anew;
* while the generators learn, gradients of the discriminators (and of T) are computed and thrown away;
* torch's default Adam, contiguous tensors, and gradients that stay in memory between steps.

Networks, losses and noise are the package's, so that both steps compute the same numbers and only the way
there differs. For AVB-GTN, whose code was never published, T's step is written in the same manner.
"""

import torch
from torch import Tensor

from avbgtn.config import Config
from avbgtn.data import Domains
from avbgtn.models import build, losses
from avbgtn.models.step import DOMAIN_OF_ENCODER, Noise, Step
from avbgtn.training.optimisers import BETAS


class Reference:
    """Model and optimisers of one reference training.

    Args:
        config, data: as for the package's own trainer.
    """

    def __init__(self, config: Config, data: Domains, device: str = "cpu"):
        self.config, self.data = config, data
        self.model = build(config).to(device)
        players = self.model.player_parameters()
        self.parameters = [p for player in players.values() for p in player.values()]
        self.optimizers = {
            name: torch.optim.Adam(
                player.values(),
                lr=config.t_lr if name == "posterior" else config.lr,
                betas=BETAS,
                weight_decay=config.weight_decay,
            )
            for name, player in players.items()
        }

    def epoch(self, number: int) -> dict[str, Tensor]:
        """One update of every player on the batch and the noise of this epoch,
        which are those of our step.
        """
        c, weight = self.config, self.parameters[0]
        x1, x2 = (x.to(weight) for x in self.data.batch(number, c.batch, c.seed))
        return self.update(x1, x2, self.model.noise(number, range(c.batch)))

    def update(self, x1: Tensor, x2: Tensor, noise: Noise) -> dict[str, Tensor]:
        """One update of every player on one batch; the losses."""
        found = {}
        for player, optimizer in self.optimizers.items():
            for p in self.parameters:  # as old versions of torch did: filled with zeros, not freed
                if p.grad is not None:
                    p.grad.zero_()
            loss = getattr(self, player)(x1, x2, noise)
            loss.backward()
            optimizer.step()
            found[player] = loss.detach()
        return found

    # --- the players' losses, each from the images up -------------------------------------------------------

    def posterior(self, x1: Tensor, x2: Tensor, noise: Noise) -> Tensor:
        step = self._encoded(x1, x2, noise)
        total = 0.0
        for key in ("1", "2"):
            n = step.code[key].shape[0]
            logits = self.model.judge(key, step, torch.cat([step.code[key], noise[f"prior/{key}"][0]]))
            total = total + losses.posterior_discriminator_loss(logits[:n], logits[n:])
        return total

    def discriminators(self, x1: Tensor, x2: Tensor, noise: Noise) -> Tensor:
        step, n = self._translated(x1, x2, noise), x1.shape[0]
        logits = self.model.discriminate(
            {1: torch.cat([x1, step.image["21"]]), 2: torch.cat([x2, step.image["12"]])}
        )
        form = self.config.gan_loss
        return self.config.lambda_0 * sum(
            losses.discriminator_loss(logits[k][:n], logits[k][n:], form=form) for k in (1, 2)
        )

    def generators(self, x1: Tensor, x2: Tensor, noise: Noise) -> Tensor:
        c, model, step = self.config, self.model, self._translated(x1, x2, noise)
        for key, back in (("12", "121"), ("21", "212")):
            self._encode(step, (key,), noise)
            step.image[back] = model.decode(step.code[key], int(back[-1]))
        fake = model.discriminate({1: step.image["21"], 2: step.image["12"]})
        penalty, x = model.penalties(step), step.x
        loss = 0.0
        for k, there, back in ((1, "12", "121"), (2, "21", "212")):
            loss = loss + c.lambda_0 * losses.gan_loss(fake[k], form=c.gan_loss)
            loss = loss + c.lambda_1 * penalty[str(k)] + c.lambda_3 * penalty[there]
            loss = loss + c.lambda_2 * losses.reconstruction_loss(step.image[f"{k}{k}"], x[k])
            loss = loss + c.lambda_4 * losses.reconstruction_loss(step.image[back], x[k])
        return loss

    # --- what they share: code, not results -----------------------------------------------------------------

    def _encode(self, step: Step, keys: tuple[str, ...], noise: Noise) -> None:
        private = [
            self.model.features(step.encoded_image(k), DOMAIN_OF_ENCODER[k], noise.get(f"eps/{k}"))
            for k in keys
        ]
        mu = self.model.encoder_shared(torch.cat(private)).split(step.x[1].shape[0])
        for key, m in zip(keys, mu, strict=True):
            step.mu[key], step.code[key] = m, self.model.sample_code(m, noise.get(f"eps/{key}"))

    def _encoded(self, x1: Tensor, x2: Tensor, noise: Noise) -> Step:
        step = Step(x={1: x1, 2: x2})
        self._encode(step, ("1", "2"), noise)
        return step

    def _translated(self, x1: Tensor, x2: Tensor, noise: Noise) -> Step:
        step, n = self._encoded(x1, x2, noise), x1.shape[0]
        features = self.model.generator_shared(torch.cat([step.code["1"], step.code["2"]]))
        step.image["11"], step.image["21"] = self.model.generator1(features).split(n)
        step.image["12"], step.image["22"] = self.model.generator2(features).split(n)
        return step
