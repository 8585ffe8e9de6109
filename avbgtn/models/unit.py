r"""UNIT: two VAE-GANs that share a latent space (Liu, Breuel, Kautz 2017), read from top to bottom.

One step of training computes every code and every image exactly once (:meth:`UNIT.step`); the players'
losses are functions of that one :class:`~avbgtn.models.step.Step`. ``avb_gtn.py`` holds what the paper adds.

Symbols are the paper's: ``x1, x2`` images, ``z1, z2`` codes, ``x12`` domain 1 translated to domain 2, ``z12``
its code (so drawn by ``E_2``), ``x121`` the way back. ``mu`` is what the encoder puts out before the noise at
the code.
"""

import math

import torch
from torch import Tensor, nn

from .. import streams
from ..config import Config
from . import losses
from .networks import Discriminator, Encoder, Generator, ResBlock, in_full, initialise, shared_discriminator
from .players import Player, frozen
from .step import DOMAIN_OF_ENCODER, Noise, Step

# Penalties that look at a code's mean, and the noise added to it; those that ask T are in avb_gtn.py.
CODE_PENALTIES = {
    "mean_square": lambda mu, noise_scale: losses.mean_square_penalty(mu),
    "gaussian": losses.gaussian_kl,
    "none": lambda mu, noise_scale: mu.new_zeros(()),
}


class UNIT(nn.Module):
    """Encoders ``E1, E2``, generators ``G1, G2`` and discriminators ``D1, D2``, with their shared blocks.

    Args:
        config: the resolved parameters of one training; see :class:`avbgtn.config.Config`.
    """

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        w, blocks, shared = config.width, config.private_blocks, config.shared_blocks
        noise_channels = config.noise_channels if config.posterior == "input" else 0
        channels, norm, up = config.channels, config.norm, config.upsampling
        self.encoder1, self.encoder2 = (Encoder(w, blocks, noise_channels, channels, norm) for _ in (1, 2))
        c = config.code_channels
        narrow, widen = ([nn.Conv2d(4 * w, c, 1)], [nn.Conv2d(c, 4 * w, 1)]) if c else ([], [])
        self.encoder_shared = nn.Sequential(*[ResBlock(4 * w, norm) for _ in range(shared)], *narrow)
        self.generator_shared = nn.Sequential(*widen, *[ResBlock(4 * w, norm) for _ in range(shared)])
        self.generator1, self.generator2 = (Generator(w, blocks, channels, norm, up) for _ in (1, 2))
        self.discriminator1, self.discriminator2 = (Discriminator(w, channels) for _ in (1, 2))
        self.discriminator_shared = shared_discriminator(w)
        self.code_shape = (c or 4 * w, config.shape[0] // 4, config.shape[1] // 4)
        self.code_dimensions = math.prod(self.code_shape)  # d in the docstrings of losses.py
        self.initialise(*(name for name, _ in self.named_children()))

    def initialise(self, *names: str) -> None:
        """Draw the initial weights of these children, each from its own stream."""
        # Asked for its shapes alone: a draw on "meta" would import torch's compiler, which takes ten seconds.
        if self.device.type == "meta":
            return
        for name in names:
            module = self.get_submodule(name)
            # "twin" starts the private halves of both domains alike: domain 2 uses domain 1's stream.
            stream = name.replace("2", "1") if self.config.init == "twin" else name
            # With "kaiming", D and T keep UNIT's N(0, 0.02): on the heads, larger weights put D ahead of G
            # from the start. On spectrograms it is the other way round: D stays at chance for hundreds of
            # epochs, hence "kaiming_all".
            asked, theirs = self.config.weight_init, name.startswith(("encoder", "generator"))
            kind = "kaiming" if asked == "kaiming_all" or (asked == "kaiming" and theirs) else "normal"
            initialise(module, self.config.seed, stream, weight_init=kind)
            if isinstance(module, Encoder) and module.noise_channels:
                with torch.no_grad():
                    module.layers[0].weight[:, -module.noise_channels :] *= self.config.noise_scale

    # --- the players ----------------------------------------------------------------------------------------

    def players(self) -> dict[str, Player]:
        """Who learns, in the order of one training step; the generators come last.

        A step size of the discriminators' own, ``d_lr``, is never halved, so that they keep up with
        generators that slow down (two time-scales, Heusel et al. 2017).
        """
        c = self.config
        return {
            "discriminators": Player(
                self.discriminators(), self.discriminators_losses, c.d_lr or c.lr, halved=not c.d_lr
            ),
            "generators": Player(self.generators(), self.generators_losses, c.lr, looks_back=True),
        }

    def player_parameters(self) -> dict[str, dict[str, nn.Parameter]]:
        """The named parameters of each player; a shared block belongs to one player and appears once."""
        owner = {
            p: name for name, player in self.players().items() for m in player.modules for p in m.parameters()
        }
        found: dict[str, dict[str, nn.Parameter]] = {player: {} for player in self.players()}
        for name, p in self.named_parameters():
            found[owner[p]][name] = p
        return found

    def generators(self) -> list[nn.Module]:
        """Encoders and generators, which minimise Eq. (1) together."""
        return [
            self.encoder1, self.encoder2, self.encoder_shared,
            self.generator_shared, self.generator1, self.generator2,
        ]  # fmt: skip

    def kernels(self) -> list[nn.Parameter]:
        """What Muon moves: the kernels of encoders and generators, but for those that make the colours."""
        found = [p for m in self.generators() for p in m.parameters() if p.ndim == 4]
        last = [list(g.parameters())[-2] for g in (self.generator1, self.generator2)]
        return [p for p in found if all(p is not q for q in last)]

    def discriminators(self) -> list[nn.Module]:
        """Both fronts and the shared deep layers."""
        return [self.discriminator1, self.discriminator2, self.discriminator_shared]

    def adversaries(self) -> list[nn.Module]:
        """Everything that stays frozen while the generators learn."""
        return [m for name, player in self.players().items() if name != "generators" for m in player.modules]

    @property
    def device(self) -> torch.device:
        return next(self.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        return next(self.parameters()).dtype

    # --- noise ----------------------------------------------------------------------------------------------

    def noise_shape(self, image: tuple[int, int] | None = None) -> tuple[int, ...] | None:
        """Shape of an image's noise: a code, or ``noise_channels`` planes for ``posterior="input"``.

        Args:
            image: height and width, multiples of 4; by default those of the training images.
        """
        height, width = image or self.config.shape
        if self.config.posterior == "code":
            return (self.code_shape[0], height // 4, width // 4)
        if self.config.posterior == "input":
            return (self.config.noise_channels, height, width)
        return None

    def noise(self, epoch: int, samples: range) -> Noise:
        """All noise of one training step for these samples of the batch, by stream: ``eps/1`` is for z1."""
        shape = self.noise_shape()
        if shape is None:
            return {}
        return {f"eps/{key}": self.draw(f"eps/{key}", epoch, samples, shape) for key in DOMAIN_OF_ENCODER}

    def draw(self, stream: str, epoch: int, samples: range | list[int], shape: tuple[int, ...]) -> Tensor:
        """Standard normal noise on the model's device, ``(len(samples), *shape)``."""
        return streams.normal(
            self.config.seed, stream, epoch, samples, shape, device=self.device, dtype=self.dtype
        )

    # --- encoding, decoding, translating --------------------------------------------------------------------

    def features(self, x: Tensor, domain: int, eps: Tensor | None) -> Tensor:
        """The private half of ``E_domain``; noise at the input, if any, is joined to the image here."""
        encoder = self.encoder1 if domain == 1 else self.encoder2
        if encoder.noise_channels:
            if eps is None:
                eps = x.new_zeros(x.shape[0], encoder.noise_channels, *x.shape[2:])
            x = torch.cat([x, eps], dim=1)  # (N, 3 + noise, H, W)
        return encoder(x)

    def sample_code(self, mu: Tensor, eps: Tensor | None) -> Tensor:
        """``z = mu + noise_scale eps`` with noise at the code, else ``z = mu``."""
        if self.config.posterior != "code" or eps is None:
            return mu
        return mu + self.config.noise_scale * eps

    def encode(self, x: Tensor, domain: int, eps: Tensor | None = None) -> Tensor:
        """Images ``(N, 3, H, W)`` of ``domain`` to codes ``(N, 4w, H/4, W/4)``; without ``eps``, noise is
        zero (for UNIT that is the mean of the posterior)."""
        return self.sample_code(self.encoder_shared(self.features(x, domain, eps)), eps)

    def decode(self, z: Tensor, domain: int) -> Tensor:
        """Codes to images of ``domain``, in [-1, 1]."""
        generator = self.generator1 if domain == 1 else self.generator2
        return generator(self.generator_shared(z))

    def translate(self, x: Tensor, source: int = 1, target: int = 2, eps: Tensor | None = None) -> Tensor:
        """``G_target(E_source(x))``: images to images, both in [-1, 1]; ``source == target`` reconstructs."""
        return self.decode(self.encode(x, source, eps), target)

    def step(self, x1: Tensor, x2: Tensor, noise: Noise) -> Step:
        """Four encodings and six decodings, each once; the shared blocks see both domains as one batch."""
        return self.back(self.there(x1, x2, noise), noise)

    def there(self, x1: Tensor, x2: Tensor, noise: Noise) -> Step:
        """The first half of a step, which is all that the discriminators need: z1, z2; x11, x22, x12, x21."""
        step, n = Step(x={1: x1, 2: x2}), x1.shape[0]
        self.encode_pair("1", "2", step, noise)
        features = self.generator_shared(torch.cat([step.code["1"], step.code["2"]]))  # (2N, 4w, H/4, W/4)
        step.image["11"], step.image["21"] = self.generator1(features).split(n)
        step.image["12"], step.image["22"] = self.generator2(features).split(n)
        return step

    def back(self, step: Step, noise: Noise) -> Step:
        """The second half: z12, z21; x121, x212."""
        n = step.x[1].shape[0]
        self.encode_pair("12", "21", step, noise)
        features = self.generator_shared(torch.cat([step.code["12"], step.code["21"]]))
        step.image["121"] = self.generator1(features[:n])
        step.image["212"] = self.generator2(features[n:])
        return step

    def encode_pair(self, a: str, b: str, step: Step, noise: Noise) -> None:
        """Codes of an image that looks like domain 1 and one like domain 2, or the other way round."""
        eps = [noise.get(f"eps/{key}") for key in (a, b)]
        private = [
            self.features(step.encoded_image(key), DOMAIN_OF_ENCODER[key], e)
            for key, e in zip((a, b), eps, strict=True)
        ]
        mu = self.encoder_shared(torch.cat(private))  # (2N, 4w, H/4, W/4)
        for key, m, e in zip((a, b), mu.split(step.x[1].shape[0]), eps, strict=True):
            step.mu[key], step.code[key] = m, self.sample_code(m, e)

    # --- losses ---------------------------------------------------------------------------------------------

    def discriminate(self, images: dict[int, Tensor]) -> dict[int, Tensor]:
        """Logits of ``D1`` and ``D2``: private fronts; the deep layers see both domains as one batch."""
        fronts = [self.discriminator1(images[1]), self.discriminator2(images[2])]
        logits = in_full(self.discriminator_shared(torch.cat(fronts))).flatten(1)  # (N1 + N2, places)
        return dict(zip((1, 2), logits.split([images[1].shape[0], images[2].shape[0]]), strict=True))

    def player_losses(self, player: str, step: Step, noise: Noise, update: int = 0) -> dict[str, Tensor]:
        """What ``player`` minimises in its ``update``-th update, as ``"loss"``, and the parts of it."""
        return self.players()[player].losses(step, noise, update)

    def discriminators_losses(self, step: Step, noise: Noise, update: int = 0) -> dict[str, Tensor]:
        """Eqs. (4), (5) on detached translations; reconstructions are not shown to D."""
        n, form = step.x[1].shape[0], self.config.gan_loss
        logits = self.discriminate(
            {
                1: torch.cat([step.x[1], step.image["21"].detach()]),
                2: torch.cat([step.x[2], step.image["12"].detach()]),
            }
        )
        parts = {f"d{k}": losses.discriminator_loss(logits[k][:n], logits[k][n:], form=form) for k in (1, 2)}
        return {"loss": self.config.lambda_0 * (parts["d1"] + parts["d2"]), **parts}

    def generators_losses(self, step: Step, noise: Noise, update: int = 0) -> dict[str, Tensor]:
        """Eq. (1): VAE, GAN and cycle losses of both domains, with D (and T) frozen."""
        c = self.config
        with frozen(self.adversaries()):
            fake = self.discriminate({1: step.image["21"], 2: step.image["12"]})
            gan = {k: losses.gan_loss(fake[k], form=c.gan_loss) for k in (1, 2)}
            written = self.penalties(step)  # by code: "1", "2", "12", "21"
        penalty = {
            key: losses.scale_penalty(
                p, form=c.penalty, scale=c.penalty_scale, dimensions=self.code_dimensions
            )
            for key, p in written.items()
        }
        x = step.x
        rec = {k: losses.reconstruction_loss(step.image[f"{k}{k}"], x[k]) for k in (1, 2)}
        cyc = {k: losses.reconstruction_loss(step.image[back], x[k]) for k, back in ((1, "121"), (2, "212"))}
        vae = tuple(self.vae_loss(penalty[str(k)], rec[k]) for k in (1, 2))
        cycle = tuple(
            self.cycle_loss(penalty[str(k)], penalty[there], cyc[k]) for k, there in ((1, "12"), (2, "21"))
        )
        loss = losses.total_loss(vae, (gan[1], gan[2]), cycle, lambda_0=c.lambda_0)
        return {
            "loss": loss,
            **{f"gan{k}": gan[k] for k in (1, 2)},
            **{f"rec{k}": rec[k] for k in (1, 2)},
            **{f"cyc{k}": cyc[k] for k in (1, 2)},
            **{f"pen{key}": p for key, p in written.items()},
        }

    def vae_loss(self, penalty: Tensor, rec: Tensor) -> Tensor:
        """Eqs. (2), (3), or (10), (11): ``lambda_1 KL(q_k(z_k | x_k) || p(z)) + lambda_2 |x_k - G_k(z_k)|_1``
        with the penalty of ``z_k`` in the place of the KL."""
        return losses.vae_loss(penalty, rec, lambda_1=self.config.lambda_1, lambda_2=self.config.lambda_2)

    def cycle_loss(self, penalty: Tensor, penalty_there: Tensor, cyc: Tensor) -> Tensor:
        """Eqs. (6), (7), or (12), (13):
        ``lambda_3 KL(q_k(z_k | x_k) || p(z)) + lambda_3 KL(q_l(z_kl | x_kl) || p(z))
        + lambda_4 |x_k - x_klk|_1``.

        Eqs. (2), (3) have its first term too; UNIT's code has it once, ``lambda_reading="literal"`` twice.
        """
        c = self.config
        again = penalty if c.lambda_reading == "literal" else 0.0
        return losses.cycle_loss(again, penalty_there, cyc, lambda_3=c.lambda_3, lambda_4=c.lambda_4)

    def penalties(self, step: Step) -> dict[str, Tensor]:
        """The prior penalty of each code, as written: UNIT's mean square, the exact KL, or none."""
        form = CODE_PENALTIES.get(self.config.penalty)
        if form is None:
            raise ValueError(
                f"penalty {self.config.penalty!r} needs a posterior discriminator T: use model='avb_gtn'"
            )
        return {key: form(in_full(mu), self.config.noise_scale) for key, mu in step.mu.items()}
