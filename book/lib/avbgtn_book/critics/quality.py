"""Does a loss say how good the samples are? And in how many directions can a generator move?"""

import torch
from scipy.stats import spearmanr
from torch import Tensor

from ..further import games
from ..gan import ring

F64 = torch.float64


def energy_distance(x: Tensor, y: Tensor) -> float:
    r"""``2 E|x - y| - E|x - x'| - E|y - y'|`` of two clouds ``(n, d)``, ``(m, d)``: 0 only for equal
    distributions. Pairs of a point with itself are left out, so equal clouds give 0 on average.
    """
    n, m = len(x), len(y)
    within_x = torch.cdist(x, x).sum() / (n * (n - 1))
    within_y = torch.cdist(y, y).sum() / (m * (m - 1))
    return (2 * torch.cdist(x, y).mean() - within_x - within_y).item()


def along(played: games.Played, *, n: int = 500, seed: int = 0) -> Tensor:
    """The energy distance to the ring at each look of each game, ``(looks, games)``."""
    real = ring.sample(n, generator=torch.Generator().manual_seed(seed))
    return torch.tensor(
        [[energy_distance(cloud[:n], real) for cloud in look] for look in played.points], dtype=F64
    )


def rank_correlation(losses: Tensor, quality: Tensor) -> list[float]:
    """Spearman's rank correlation of both over the looks, for each game: 1 where one falls whenever the
    other does."""
    pairs = zip(losses.T.tolist(), quality.T.tolist(), strict=True)
    return [float(spearmanr(a, b).statistic) for a, b in pairs]


def jacobian_rank(generator, codes: Tensor, *, least: float = 1e-6) -> Tensor:
    """In how many directions the samples can move when the code moves: the rank of dG/dz at each code.

    Args:
        generator: ``(n, k)`` codes to ``(n, d)`` samples, each on its own.
        codes: ``(n, k)``.
        least: singular values below this share of the largest count as 0.

    Returns:
        ``(n,)``, each at most min(k, d).
    """
    jacobian = torch.func.vmap(torch.func.jacrev(lambda z: generator(z[None])[0]))(codes)  # (n, d, k)
    values = torch.linalg.svdvals(jacobian)
    return (values > least * values[:, :1]).sum(1)
