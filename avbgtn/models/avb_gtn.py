r"""AVB-GTN: what the paper adds to UNIT (Griffin, Kanawati, Zhang 2018; Mescheder, Nowozin, Geiger 2017).

Three things, and nothing else:

1. noise at the encoder's input (``posterior="input"``): ``z = E([x, eps])`` has any distribution, not a
   Gaussian one (the paper's Figure 2, right); ``unit.py`` joins the noise planes to the image;
2. a posterior discriminator a domain, ``T_k(x, z)``, trained by Eq. (9) to tell codes of ``x`` from samples
   of the prior;
3. ``log s(T)`` in place of UNIT's KL terms: Eqs. (10)-(13).

The cycle terms ask the T of the domain that *encoded* (``T_2`` about ``z12``, which ``E_2`` drew for
``x12``), with the image detached: the gradient of ``T*`` with respect to its explicit ``x`` has mean zero
over the posterior, so it is noise, and G could use it to fool T through the picture instead of the code.
"""

import torch
from torch import Tensor

from ..config import Config, ConfigError
from . import losses
from .networks import PosteriorDiscriminator
from .players import Player
from .step import DOMAIN_OF_ENCODER, Noise, Step
from .unit import UNIT

T_FORMS = {  # penalties that ask T: functions of its logits
    "log_sigmoid": losses.log_sigmoid_penalty,  # the paper, Eqs. (10)-(13)
    "logit": losses.logit_penalty,  # AVB, Eq. (8)
    "softplus": losses.softplus_penalty,  # non-saturating
}


class AVBGTN(UNIT):
    """UNIT with an implicit posterior and a learnt prior penalty.

    Raises:
        ConfigError: the config varies T; :func:`avbgtn.models.build` has a class for that.
    """

    varies_t = False

    def __init__(self, config: Config):
        if not (config.t_is_the_papers or self.varies_t):
            raise ConfigError(
                "this config varies T (t_input, t_view, t_prior, t_r1): use avbgtn.build(config)"
            )
        super().__init__(config)
        self.posterior1, self.posterior2 = (self.posterior_discriminator() for _ in (1, 2))
        self.initialise("posterior1", "posterior2")

    def posterior_discriminator(self) -> PosteriorDiscriminator:
        """A new T."""
        return PosteriorDiscriminator(self.config.width, self.config.channels, self.config.code_channels)

    def players(self) -> dict[str, Player]:
        """UNIT's, and before them T (``posterior1`` is T_1), with a step size and a number of updates of its
        own. T learns whatever the penalty is, so that a control without it costs the same."""
        t = Player(
            [self.posterior1, self.posterior2], self.posterior_losses, self.config.t_lr,
            updates=self.config.t_steps, looks_back="12" in self.judged_by_t(),
        )  # fmt: skip
        return {"posterior": t, **super().players()}

    def noise(self, epoch: int, samples: range) -> Noise:
        """UNIT's noise, the prior's samples for T (one set for each of its ``t_steps``), and the extra draws
        of adaptive contrast, ``(R, N, ...)``."""
        c, noise = self.config, super().noise(epoch, samples) | self.prior_noise(epoch, samples)
        if c.adaptive_contrast:
            for key in DOMAIN_OF_ENCODER:
                noise[f"contrast/{key}"] = torch.stack(
                    [
                        self.draw(f"contrast/{key}/{r}", epoch, samples, self.noise_shape())
                        for r in range(c.adaptive_contrast)
                    ]
                )
        return noise

    def prior_noise(self, epoch: int, samples: range) -> Noise:
        """What T compares codes with: samples of ``p(z) = N(0, I)``, for each (t_steps, N, 4w, H/4, W/4)."""
        steps = range(self.config.t_steps)
        return {
            f"prior/{key}": torch.stack(
                [self.draw(f"prior/{key}/{k}", epoch, samples, self.code_shape) for k in steps]
            )
            for key in self.judged_by_t()
        }

    def prior(self, key: str, step: Step, noise: Noise, update: int) -> Tensor:
        """The codes that T is to tell from ``code[key]`` in the ``update``-th of its updates."""
        return noise[f"prior/{key}"][update]

    def judged_by_t(self) -> tuple[str, ...]:
        """The codes that T learns from: of real images only (Eq. 9), or of translated ones too."""
        return ("1", "2") if self.config.t_train_on == "real" else ("1", "2", "12", "21")

    def encode_pair(self, a: str, b: str, step: Step, noise: Noise) -> None:
        """UNIT's, then the moments of each posterior where adaptive contrast asks for them."""
        super().encode_pair(a, b, step, noise)
        if self.config.adaptive_contrast:
            with torch.no_grad():
                for key in (a, b):
                    x, domain = step.encoded_image(key), DOMAIN_OF_ENCODER[key]
                    draws = torch.stack([self.encode(x, domain, eps) for eps in noise[f"contrast/{key}"]])
                    step.moments[key] = losses.code_moments(draws)

    def judge(self, key: str, step: Step, z: Tensor) -> Tensor:
        """Logits ``T_k(x, z)`` of the domain that encoded ``code[key]``, with x detached."""
        t = self.posterior1 if DOMAIN_OF_ENCODER[key] == 1 else self.posterior2
        return t(step.encoded_image(key).detach(), z)

    def posterior_losses(
        self,
        step: Step,
        noise: Noise,
        update: int = 0,
    ) -> dict[str, Tensor]:
        """Eq. (9) for both domains: codes, detached, against the ``update``-th samples of the prior."""
        parts, keys = {}, self.judged_by_t()
        for key in keys:
            z = step.code[key].detach()
            if key in step.moments:
                z = losses.normalise_code(z, *step.moments[key])
            n, prior = z.shape[0], self.prior(key, step, noise, update)
            logits = self.judge(key, step, torch.cat([z, prior]))
            on_codes, on_prior = logits[:n], logits[n:]
            parts[f"t{key}"] = losses.posterior_discriminator_loss(on_codes, on_prior)
            parts[f"t_posterior{key}"] = on_codes.mean()
            parts[f"t_prior{key}"] = on_prior.mean()
        loss = sum(parts[f"t{key}"] for key in keys) * (2 / len(keys))
        return {"loss": loss, **parts}

    def penalties(self, step: Step) -> dict[str, Tensor]:
        """``log s(T)`` (or another form) of each of the four codes, in the place of UNIT's KL; UNIT's own are
        still to be had.

        For a domain ``k`` and the other, ``l``, :meth:`UNIT.vae_loss` and :meth:`UNIT.cycle_loss` add up to

        Eqs. (10), (11): ``lambda_1 log s(T_k(x_k, z_k)) + lambda_2 |x_k - G_k(z_k)|_1``

        Eqs. (12), (13):
        ``lambda_3 log s(T_k(x_k, z_k)) + lambda_3 log s(T_l(x_kl, z_kl)) + lambda_4 |x_k - x_klk|_1``
        """
        form = T_FORMS.get(self.config.penalty)
        if form is None:
            return super().penalties(step)
        return {key: form(self.log_ratio(key, step)) for key in DOMAIN_OF_ENCODER}

    def log_ratio(self, key: str, step: Step) -> Tensor:
        """T's estimate of ``log q(z|x) - log p(z)``, shape (N,), or (N, places) where T judges parts, nats;
        through the contrast where there is one."""
        z = step.code[key]
        if key not in step.moments:
            return self.judge(key, step, z)
        t = self.judge(key, step, losses.normalise_code(z, *step.moments[key]))
        return losses.adaptive_contrast_log_ratio(t, z, *step.moments[key])
