"""Trainings compared over seeds: differences by pairs, and what so few pairs can say.

A seed gives two variants the same order of the data and the same initial common weights, so variants are
compared seed by seed: what a seed does to both is not in their difference. Nothing here draws at random.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

import numpy as np
from scipy import stats

from .curve import is_finite

LEVEL = 0.05  # of the test, and one minus the interval's share
MOST = 20  # pairs; 2^20 sign patterns are 8 MB
TIE = 1e-9  # of the sum of sizes; decimal numbers that tie differ by 1e-14 in binary

# --- pairs --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Paired:
    """Two variants compared seed by seed, as :func:`paired` makes it; all but p in the unit of the score."""

    seeds: tuple[int, ...]  # rising
    differences: tuple[float, ...]  # a - b, one a seed
    mean: float
    low: float  # of the 95 % interval of the mean
    high: float
    p: float  # two-sided, in (0, 1], of the mean
    p_ranks: float  # the same of the signed ranks, which one far difference cannot carry away
    names: tuple[str, str] = ("a", "b")

    @property
    def smallest_p(self) -> float:
        """``2 / 2^n``: what n pairs can reach at best, when all differences share a sign.

        Above 0.05 for n < 6.
        """
        return 2 / 2 ** len(self.seeds)

    @property
    def found(self) -> bool:
        """Whether p is at most 0.05 and the interval leaves out 0."""
        return self.p <= LEVEL and not self.low <= 0 <= self.high

    def verdict(self, better: str = "lower") -> str:
        """What the pairs say, in fixed words with the names in the place of a and b.

        The rule:

        * n of 6 or more: "a is better" or "b is better" where p is at most 0.05 and the 95 % interval leaves
          out 0; else "no difference found", which is not "there is none".
        * n of 3 to 5, where no p can be so small: "a hint that a is better" (or b) where all differences
          share a sign, as they do by chance once in ``2^(n - 1)``; else, and for 2, "no difference seen".

        Args:
            better: "lower" or "higher" scores.

        Raises:
            ValueError: another word.
        """
        a_is = _sign(better) * self.mean > 0
        winner = self.names[0] if a_is else self.names[1]
        if self.smallest_p <= LEVEL:
            return f"{winner} is better" if self.found else "no difference found"
        one_sign = all(d > 0 for d in self.differences) or all(d < 0 for d in self.differences)
        return f"a hint that {winner} is better" if one_sign and len(self.seeds) > 2 else "no difference seen"


def _sign(better: str) -> int:
    """1 where a positive difference is good for a, else -1."""
    if better not in ("lower", "higher"):
        raise ValueError(f'got better={better!r}, expected "lower" or "higher": say which scores are good')
    return 1 if better == "higher" else -1


def paired(a: Mapping[int, float], b: Mapping[int, float], names: tuple[str, str] = ("a", "b")) -> Paired:
    """Compare two variants by the seeds that both have.

    Equations, with d = a - b over n seeds: the mean of d; its interval ``mean +- t_{n-1} s / sqrt(n)``,
    Student's, for normal differences; and p of Fisher's sign-flip test, :func:`sign_flip_p`, which needs no
    normality, of the differences and of their signed ranks (Wilcoxon's test).

    Args:
        a, b: a score by seed, ``{0: 0.061, 1: 0.058, ...}``.
        names: of a and b, for the verdict and for figures.

    Raises:
        ValueError: fewer than 2 common seeds, more than 20, or a score that is not finite.
    """
    seeds = tuple(sorted(a.keys() & b.keys()))
    if len(seeds) < 2:
        raise ValueError(
            f"{names[0]} has the seeds {sorted(a)} and {names[1]} {sorted(b)}, expected 2 or more in "
            "common: train both with the same"
        )
    for who, scores in zip(names, (a, b), strict=True):
        for seed in seeds:
            if not is_finite(scores[seed]):
                raise ValueError(
                    f"the score of {who}, seed {seed}, is {scores[seed]!r}, expected a "
                    "finite number: leave the seed out"
                )
    differences = tuple(float(a[seed] - b[seed]) for seed in seeds)
    n, mean = len(seeds), fmean(differences)
    margin = t_quantile(n - 1, 1 - LEVEL) * stdev(differences) / math.sqrt(n)
    p, p_ranks = sign_flip_p(differences), sign_flip_p(_signed_ranks(differences))
    return Paired(seeds, differences, mean, mean - margin, mean + margin, p, p_ranks, names)


def _signed_ranks(differences: Sequence[float]) -> list[float]:
    """The ranks of the sizes, from 1 up, with the signs of the differences;
    equal sizes share the mean of their ranks, and 0 stays 0."""
    return (np.sign(differences) * stats.rankdata(np.abs(differences))).tolist()


def sign_flip_p(differences: Sequence[float]) -> float:
    """Exact two-sided p of the hypothesis that each difference could as well have had the other sign.

    Equation: the share of all ``2^n`` sign patterns s with ``|mean(s_i d_i)| >= |mean(d_i)|``, ties included;
    it is at least ``2 / 2^n`` unless all differences are 0, which give 1.

    Source: R. A. Fisher, The Design of Experiments, 1935, section 21.

    Raises:
        ValueError: no difference, more than 20, or one that is not finite.
    """
    n = len(differences)
    if not 1 <= n <= MOST or not all(is_finite(d) for d in differences):
        raise ValueError(f"got {n} differences, expected 1 to {MOST} finite numbers: leave out what diverged")
    observed = abs(math.fsum(differences)) - TIE * math.fsum(abs(d) for d in differences)
    return float(np.mean(np.abs(_flipped_sums(differences)) >= observed))


def _flipped_sums(differences: Sequence[float]) -> np.ndarray:
    """The sum under each of the ``2^n`` sign patterns; the patterns come in one order for
    every ``differences``.
    """
    sums = np.zeros(1)
    for d in differences:
        sums = np.concatenate([sums + d, sums - d])
    return sums


def t_quantile(freedom: int, inside: float = 0.95) -> float:
    """The t that a Student variable stays within, ``P(|T| <= t) = inside``: 12.706 for 1 degree of freedom,
    2.365 for 7.

    Args:
        freedom: whole degrees of freedom, at least 1.
        inside: in (0, 1).

    Raises:
        ValueError: either outside its range.
    """
    if freedom < 1 or not 0 < inside < 1:
        raise ValueError(
            f"got {freedom} degrees of freedom and a share of {inside}, expected 1 or more and a share "
            "between 0 and 1: check n and the level"
        )
    return float(stats.t.ppf((1 + inside) / 2, freedom))


def joint_p(comparisons: Mapping[str, Paired]) -> dict[str, float]:
    """p of several comparisons of the same seeds, adjusted so that the chance of any false find
    stays below the level.

    Equation: all differences of a seed flip their sign together; ``p_i`` is the share of the ``2^n`` patterns
    under which the largest ``|t|`` of all comparisons is at least the observed ``|t_i|``. With the sum S and
    the sum of squares Q of n differences, ``|t|`` rises with ``|S| / sqrt(Q)``. Unlike Holm's correction it
    may reach ``2 / 2^n`` however many scores are looked at, since scores of one training move together.

    Source: P. H. Westfall and S. S. Young, Resampling-based multiple testing, 1993,
    section 2.2 (single-step maxT).

    Raises:
        ValueError: comparisons of different seeds.
    """
    if len({c.seeds for c in comparisons.values()}) > 1:
        every = sorted({c.seeds for c in comparisons.values()})
        raise ValueError(
            f"got comparisons of the seeds {every}, expected the same for all: leave out the others"
        )
    size = {
        name: np.abs(_flipped_sums(c.differences))
        / (math.sqrt(math.fsum(d * d for d in c.differences)) or 1.0)
        for name, c in comparisons.items()
    }
    largest = np.max(list(size.values()), axis=0) if size else np.zeros(1)
    # The first pattern has no sign flipped: it is what was observed.
    return {name: float(np.mean(largest >= t[0] - TIE)) for name, t in size.items()}


# --- order --------------------------------------------------------------------------------------------------


def spearman(x: Sequence[float], y: Sequence[float]) -> float:
    """Spearman's rank correlation, in [-1, 1]: Pearson's of the ranks,
    where equal values share the mean of theirs.

    Raises:
        ValueError: not as many of both, fewer than 2, values that are not finite, or all of one side equal.
    """
    if len(x) != len(y) or len(x) < 2 or not all(map(is_finite, (*x, *y))):
        raise ValueError(f"got {len(x)} x and {len(y)} y, expected as many finite numbers of both, 2 or more")
    if len(set(x)) == 1 or len(set(y)) == 1:
        raise ValueError(
            "all values of one side are equal, expected two different ones or more: they have no order"
        )
    return float(stats.spearmanr(x, y).statistic)
