r"""UNIT in the plane: the class of ``unit.py`` with blocks of a few hundred weights, for piles of points.

Nothing of UNIT's training is rewritten: :class:`ToyUNIT` inherits ``step``, ``translate``, the players and
all their losses, and only puts small fully connected blocks where ``unit.py`` has convolutions. Float64.

Several seeds train side by side. Points are ``(N, R, 2)``: batch first, as in ``unit.py``, then ``R`` runs,
one a seed. A run sees only its own weights, points and noise. The losses are means over the runs too, so that
a run's gradient is ``1/R`` of what it would be alone, which Adam does not notice.
"""

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from avbgtn import streams
from avbgtn.config import Config
from avbgtn.models.networks import SLOPE
from avbgtn.models.step import DOMAIN_OF_ENCODER
from avbgtn.models.unit import UNIT

from .toy_domains import ToyDomains, rotation
from .toy_scores import score

F64 = torch.float64
CHUNK = 100  # updates whose batches and noise are drawn at once


def toy_config(**changes) -> Config:
    """UNIT's own lambdas, penalty and noise; what the toy does not use (files, image sizes) has any value.

    Without weight sharing say ``shared_blocks=0, private_blocks=1``: every path stays as deep as before.
    """
    values = dict(
        model="unit", dataset="toy", domains=("one", "two"), data_checksum="none", preset="toy", size=32,
        width=16, private_blocks=0, shared_blocks=1, batch=32, lr=5e-3,
    )  # fmt: skip
    return Config(**(values | changes))


class Linear(nn.Module):
    """``R`` fully connected layers side by side: ``(N, R, inputs)`` to ``(N, R, outputs)``."""

    def __init__(self, inputs: int, outputs: int, runs: int):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(runs, inputs, outputs, dtype=F64))
        self.bias = nn.Parameter(torch.empty(runs, 1, outputs, dtype=F64))

    def forward(self, x: Tensor) -> Tensor:
        return torch.baddbmm(self.bias, x.transpose(0, 1), self.weight).transpose(0, 1)


class Block(nn.Module):
    """``x + f(x)``, as UNIT's residual block, with ``f`` = linear, LeakyReLU, linear."""

    def __init__(self, width: int, runs: int):
        super().__init__()
        self.f = nn.Sequential(Linear(width, width, runs), nn.LeakyReLU(SLOPE), Linear(width, width, runs))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.f(x)


class ToyUNIT(UNIT):
    """UNIT for points of the plane: ``R`` models, one a seed, that know nothing of each other.

    Args:
        config: as ``toy_config`` gives it; ``width`` is that of every layer and of the code.
        seeds: one run each.
    """

    def __init__(self, config: Config, seeds: Sequence[int] = (0,)):
        nn.Module.__init__(self)  # not UNIT's, whose blocks are convolutions
        self.config, self.seeds = config, tuple(seeds)
        w, runs = config.width, len(self.seeds)
        for k in (1, 2):
            front = [Linear(2, w, runs), nn.LeakyReLU(SLOPE)]
            self.add_module(f"encoder{k}", _no_noise_channels(*front, *self._blocks(config.private_blocks)))
            self.add_module(
                f"generator{k}",
                nn.Sequential(*self._blocks(config.private_blocks), Linear(w, 2, runs), nn.Tanh()),
            )
            self.add_module(f"discriminator{k}", nn.Sequential(Linear(2, w, runs), nn.LeakyReLU(SLOPE)))
        self.encoder_shared = nn.Sequential(*self._blocks(config.shared_blocks))
        self.generator_shared = nn.Sequential(*self._blocks(config.shared_blocks))
        self.discriminator_shared = nn.Sequential(Linear(w, w, runs), nn.LeakyReLU(SLOPE), Linear(w, 1, runs))
        self.code_shape, self.code_dimensions = (w,), w
        self.initialise()

    def _blocks(self, number: int) -> list[nn.Module]:
        return [Block(self.config.width, len(self.seeds)) for _ in range(number)]

    @torch.no_grad()
    def initialise(self) -> None:
        """Weights N(0, 1 / inputs), biases N(0, 0.01), each from its own stream; ``init="twin"``:
        domain 2's like domain 1's.
        """
        for name, parameter in self.named_parameters():
            stream = name.replace("2.", "1.", 1) if self.config.init == "twin" else name
            std = 1 / math.sqrt(parameter.shape[1]) if name.endswith("weight") else 0.1
            for r, seed in enumerate(self.seeds):
                draw = streams.generator(seed, f"toy/weights/{stream}")
                parameter[r] = std * torch.randn(parameter[r].shape, generator=draw, dtype=F64)


def _no_noise_channels(*layers: nn.Module) -> nn.Sequential:
    encoder = nn.Sequential(*layers)
    encoder.noise_channels = 0  # UNIT.features asks: only AVB-GTN's encoder sees noise
    return encoder


@dataclass
class Training:
    """What a training left: the model, and at some moments how it translated and scored.

    Attributes:
        model: all runs, trained.
        domains: one a run.
        seen: ``{update: points (n, R, 2)}``: the translations of the same ``n`` points of domain 1.
        scores: ``{update: {name: (R,)}}``, see :func:`score`; the last update is always there.
    """

    model: ToyUNIT
    domains: list[ToyDomains]
    seen: dict[int, Tensor] = field(default_factory=dict)
    scores: dict[int, dict[str, Tensor]] = field(default_factory=dict)

    @property
    def final(self) -> dict[str, Tensor]:
        return self.scores[max(self.scores)]


def train(
    config: Config,
    domains: ToyDomains | Sequence[ToyDomains],
    seeds: Sequence[int],
    *,
    updates: int = 500,
    pile: int = 1000,
    keep: Sequence[int] = (),
) -> Training:
    """Train one run a seed on two piles of ``pile`` points of different things, and score it with twins.

    Step sizes fall linearly to zero over the second half.

    Args:
        domains: for all runs, or one for each.
        keep: updates after which translations and scores are kept, besides the last.
    """
    domains = [domains] * len(seeds) if isinstance(domains, ToyDomains) else list(domains)
    model = ToyUNIT(config, seeds)
    piles = [one.piles(pile, seed) for one, seed in zip(domains, seeds, strict=True)]
    x = {k: torch.stack([p[k - 1] for p in piles], 1) for k in (1, 2)}  # (pile, R, 2)
    optimizers = {
        player: torch.optim.Adam(parameters.values(), lr=config.lr, betas=(0.5, 0.999), fused=True)
        for player, parameters in model.player_parameters().items()
    }
    training = Training(model, domains)
    for update in range(updates + 1):
        if update in keep or update == updates:
            training.scores[update], training.seen[update] = score(model, domains)
        if update == updates:
            return training
        if update % CHUNK == 0:
            order, eps = _draws(config, seeds, update, pile)
        at, noise = update % CHUNK, {}
        x1, x2 = (x[k].gather(0, order[at, k - 1, :, :, None].expand(-1, -1, 2)) for k in (1, 2))
        if config.posterior == "code":
            noise = {f"eps/{key}": eps[at, i] for i, key in enumerate(DOMAIN_OF_ENCODER)}
        step = model.step(x1, x2, noise)
        for player, optimizer in optimizers.items():
            optimizer.param_groups[0]["lr"] = config.lr * min(1.0, 2 - 2 * update / updates)
            optimizer.zero_grad()
            model.player_losses(player, step, noise)["loss"].backward()
            optimizer.step()


def _draws(config: Config, seeds: Sequence[int], update: int, pile: int) -> tuple[Tensor, Tensor]:
    """Batches and noise of the next updates, each run from its own streams: ``(CHUNK, 2, N, R)``,
    ``(CHUNK, 4, N, R, w)``.
    """
    order, eps = [], []
    for seed in seeds:
        draw = streams.generator(seed, "toy/order", update)
        order.append(torch.randint(pile, (CHUNK, 2, config.batch), generator=draw))
        draw = streams.generator(seed, "toy/eps", update)
        eps.append(torch.randn(CHUNK, 4, config.batch, config.width, generator=draw, dtype=F64))
    return torch.stack(order, 3), torch.stack(eps, 3)


# --- symmetry -----------------------------------------------------------------------------------------------


class Turn(nn.Module):
    """Points turned about the origin; by 90 degrees it swaps the coordinates and flips one sign, exactly."""

    def __init__(self, degrees: float):
        super().__init__()
        self.matrix = rotation(degrees)

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.matrix.T


def turned(model: ToyUNIT, degrees: float) -> ToyUNIT:
    """A copy in which ``G2`` turns what it draws, and ``E2`` and ``D2`` turn it back before they look.

    For a multiple of 90 degrees every loss on ``(x1, turned x2)`` is what the original's is on ``(x1, x2)``:
    L1 does not see such a turn. If domain 2 is symmetric, turned and unturned points are equally probable, so
    the expected losses agree.
    """
    other = copy.deepcopy(model)
    other.generator2 = nn.Sequential(other.generator2, Turn(degrees))
    other.encoder2 = _no_noise_channels(Turn(-degrees), other.encoder2)
    other.discriminator2 = nn.Sequential(Turn(-degrees), other.discriminator2)
    return other


def exact_losses(degrees: float, *, gain: float = 4.0, spread: float = 0.4) -> dict[str, float]:
    r"""UNIT's losses in closed form, where both domains are ``N(0, spread^2 I)`` in the plane and
    the true map is "stay".

    The model: ``mu1 = gain x1``, ``G1 = z / gain``; domain 2 the same but turned: ``mu2 = gain R^T x2``,
    ``G2 = R z / gain``. So ``x11 = x1 + eps / gain``, ``x12 = R (x1 + eps / gain)`` and
    ``x121 = x1 + (eps + eps') / gain``. The mean of ``|N(0, s^2)|`` is ``s sqrt(2 / pi)``. ``best D`` is the
    least loss that any discriminator can reach, computed from the radii alone.
    """
    half = math.sqrt(2 / math.pi)
    noise = 1 / gain
    chord = 2 - 2 * rotation(degrees)[0, 0].item()  # |R x - x|^2 / |x|^2
    return {
        "reconstruction": half * noise,
        "cycle": half * noise * math.sqrt(2),
        "mean mu^2": (gain * spread) ** 2,
        "mean mu12^2": (gain * spread) ** 2 + 1,
        "best D": _best_discriminator_loss(spread**2, spread**2 + noise**2),
        "translation error": half * math.sqrt(chord * spread**2 + noise**2),
    }


def _best_discriminator_loss(v: float, w: float) -> float:
    """``-E_p log D* - E_q log(1 - D*)`` for ``p = N(0, v I)``, ``q = N(0, w I)`` in the plane:
    an integral over squared radii.
    """
    r = torch.linspace(0, 40 * max(v, w), 40_001, dtype=F64)
    p, q = (-r / (2 * v)).exp() / (2 * v), (-r / (2 * w)).exp() / (2 * w)  # densities of |x|^2
    log_ratio = math.log(w / v) + r / 2 * (1 / w - 1 / v)  # log p/q
    log_d, log_not = -nn.functional.softplus(-log_ratio), -nn.functional.softplus(log_ratio)
    return -torch.trapezoid(p * log_d + q * log_not, r).item()


def kind_maps(training: Training) -> list[tuple[int, ...]]:
    """For each run, the kind whose place most translations of kind 0, 1, ... lie nearest to;
    the truth is ``(0, 1, ...)``.
    """
    seen, found = training.seen[max(training.seen)], []
    for r, one in enumerate(training.domains):
        places = one.true_map(torch.tensor(one.places, dtype=F64))
        kinds = one.twins(len(seen))[0]
        nearest = torch.cdist(seen[:, r], places).argmin(-1)
        found.append(tuple(nearest[kinds == k].mode().values.item() for k in range(len(places))))
    return found


def chance_of_split(first: int, second: int, runs: int) -> float:
    """If ``first + second`` good runs fell on two groups of ``runs`` by lot,
    how often the first got ``first`` or more.
    """
    good = first + second
    ways = [math.comb(runs, k) * math.comb(runs, good - k) for k in range(first, min(good, runs) + 1)]
    return sum(ways) / math.comb(2 * runs, good)
