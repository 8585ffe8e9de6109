r"""Two domains whose true translation is known: piles of points in the plane, cut from one family of things.

A *thing* has a kind ``k`` and a content ``c``: a point near the kind's place. Domain 1 shows the content as
it is, ``x1 = c``; domain 2 shows it turned by a known angle, ``x2 = f(c)``. So ``f`` is the true
translation, and two points are *twins* if they show the same thing. Training sees piles of different things;
twins are for scoring.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

import torch
from torch import Tensor

from avbgtn import streams

F64 = torch.float64


@dataclass(frozen=True)
class ToyDomains:
    """Kinds of things, how frequent they are, and the map from domain 1 to domain 2.

    Attributes:
        name: for streams and figures.
        places: ``(K, 2)``, where each kind lies in domain 1.
        shares: ``(K,)``, how frequent each kind is; they sum to 1.
        spread: standard deviation of a kind around its place, the same in both directions.
        angle: of the true map, in degrees, counter-clockwise.
    """

    name: str
    places: tuple[tuple[float, float], ...]
    shares: tuple[float, ...]
    spread: float = 0.06
    angle: float = 0.0

    def __post_init__(self):
        if len(self.places) != len(self.shares) or abs(sum(self.shares) - 1) > 1e-9:
            raise ValueError(
                f"{len(self.places)} places need as many shares that sum to 1, got {self.shares}"
            )

    def true_map(self, x1: Tensor) -> Tensor:
        """Domain 1 to domain 2: points ``(..., 2)`` to their twins ``(..., 2)``."""
        return x1 @ rotation(self.angle).T

    def things(self, n: int, seed: int, name: str) -> tuple[Tensor, Tensor]:
        """``n`` things from the stream ``name``: kinds ``(n,)`` and contents ``(n, 2)``."""
        draw = streams.generator(seed, f"toy/{self.name}/{name}")
        kinds = torch.multinomial(torch.tensor(self.shares, dtype=F64), n, replacement=True, generator=draw)
        around = torch.randn(n, 2, generator=draw, dtype=F64) * self.spread
        return kinds, torch.tensor(self.places, dtype=F64)[kinds] + around

    def piles(self, n: int, seed: int) -> tuple[Tensor, Tensor]:
        """What training sees: ``n`` points of each domain, of *different* things, each ``(n, 2)``."""
        return self.things(n, seed, "pile 1")[1], self.true_map(self.things(n, seed, "pile 2")[1])

    def twins(self, n: int, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
        """What scoring sees: kinds ``(n,)`` and the same things in both domains, each ``(n, 2)``."""
        kinds, content = self.things(n, seed, "twins")
        return kinds, content, self.true_map(content)


def rotation(degrees: float) -> Tensor:
    """The matrix ``(2, 2)`` that turns column vectors counter-clockwise; exact at multiples of 90 degrees."""
    exact = {0: (1.0, 0.0), 90: (0.0, 1.0), 180: (-1.0, 0.0), 270: (0.0, -1.0)}
    radians = math.radians(degrees)
    c, s = exact.get(degrees % 360, (math.cos(radians), math.sin(radians)))
    return torch.tensor([[c, -s], [s, c]], dtype=F64)


def exact_translations(shares1: Sequence[float], shares2: Sequence[float]) -> list[tuple[int, ...]]:
    """All one-to-one translations of kinds that turn one marginal into the other, exactly.

    ``(2, 0, 1)`` sends kind 0 to kind 2, kind 1 to kind 0, kind 2 to kind 1. It counts if
    ``shares2[m[k]] = shares1[k]`` for every kind: then no look at the two marginals can tell it from
    the truth.
    """
    kinds = range(len(shares1))
    return [m for m in permutations(kinds) if all(abs(shares1[k] - shares2[m[k]]) < 1e-12 for k in kinds)]


def joint_table(share: float, agreement: float) -> Tensor:
    """A joint distribution ``(2, 2)`` of two binary domains, each with marginal ``(share, 1 - share)``.

    ``agreement`` in [-1, 1] times the largest covariance that the marginals allow: 1 pairs equals,
    0 is independence, -1 the opposite (possible down to -1 for ``share`` = 1/2).
    """
    p = torch.tensor([share, 1 - share], dtype=F64)
    c = agreement * share * (1 - share)
    table = torch.outer(p, p) + c * torch.tensor([[1.0, -1.0], [-1.0, 1.0]], dtype=F64)
    if table.min() < -1e-12:
        raise ValueError(
            f"no joint distribution of share {share} has agreement {agreement}: move it towards 0"
        )
    return table.clamp(min=0)


def mutual_information(table: Tensor) -> float:
    """``KL(p(a, b) || p(a) p(b))`` of a joint table ``(A, B)``, in nats:
    what one side says about the other.
    """
    independent = table.sum(1, keepdim=True) * table.sum(0, keepdim=True)
    seen = table > 0
    return (table[seen] * (table[seen] / independent[seen]).log()).sum().item()


UNEVEN = ToyDomains(
    "uneven",
    places=((-0.6, -0.5), (-0.6, 0.1), (-0.6, 0.6), (0.0, -0.5), (0.6, -0.5)),
    shares=(0.30, 0.10, 0.25, 0.15, 0.20),
    spread=0.08,
    angle=50.0,
)
SQUARE = ToyDomains(
    "square",
    places=((0.5, 0.5), (-0.5, 0.5), (-0.5, -0.5), (0.5, -0.5)),
    shares=(0.25, 0.25, 0.25, 0.25),
    spread=0.08,
)
