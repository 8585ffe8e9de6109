"""The checks of the chapter on critics against right answers in many hands, and wrong ones by name."""

import numpy as np
import pytest
import torch
from scipy.stats import wasserstein_distance

from avbgtn_book import checks
from avbgtn_book.checks import CheckFailed
from avbgtn_book.critics import transport
from avbgtn_book.further import games
from finished_games import FinishedGames
from judged import judgements

REPORTED = [7.8, torch.tensor(7.8), np.float64(6 * 1.3)]
NOT_REPORTED = [
    (None, "still None"),
    (6, "distance itself"),
    (1.3, "the slope of the best"),
    (9.6, "left out the 2"),
    (6.3, "added to the slope"),
    (4.2, "sign"),
    (6.9, "subtracts the penalty"),
    (60.0, "does not multiply"),
    (9.0, "too large"),
    (5.0, "too small"),
]


def two_sided(g, weight):
    return weight * ((g.norm(dim=1) - 1) ** 2).mean()


def by_squares(g, weight):
    return weight * (torch.sqrt((g * g).sum(-1)) - 1).square().sum() / len(g)


def by_linalg(g, weight):
    return torch.stack([weight * (torch.linalg.vector_norm(row) - 1) ** 2 for row in g]).mean()


PENALTY = [two_sided, by_squares, by_linalg, lambda g, w: two_sided(g.float(), w)]
NOT_PENALTY = [
    (None, "still None|function"),
    (lambda g, w: two_sided(g, 1.0), "lambda is missing"),
    (lambda g, w: w * ((g.square().sum(1) - 1) ** 2).mean(), "squared norm"),
    (lambda g, w: w * ((g - 1) ** 2).mean(), "every entry"),
    (lambda g, w: w * (g.norm() - 1) ** 2, "whole batch"),
    (lambda g, w: w * (g.norm(dim=1).mean() - 1) ** 2, "mean norm"),
    (lambda g, w: w * ((g.norm(dim=1) - 1).clamp(min=0) ** 2).mean(), "one-sided"),
    (lambda g, w: w * (g.norm(dim=1) - 1).clamp(min=0).mean(), "slide"),
    (lambda g, w: w * (g.norm(dim=1) - 1).abs().mean(), "squared"),
    (lambda g, w: w * g.norm(dim=1).square().mean(), "the 1 is missing"),
    (lambda g, w: w * (g.norm(dim=1) - 1).square().sum(), "you sum"),
    (lambda g, w: two_sided(g, w) / 2, "1/2"),
    (lambda g, w: two_sided(g, w).detach(), "no gradient"),
    (lambda g, w: 7 * two_sided(g, w), "norm over the last"),
]


def in_place(w, c):
    w[w > c] = c
    w[w < -c] = -c
    return w


CLIP = [
    lambda w, c: w.clamp(-c, c),
    lambda w, c: torch.where(w > c, c, torch.where(w < -c, -c, w)),
    lambda w, c: torch.minimum(torch.maximum(w, torch.tensor(-c)), torch.tensor(c)),
    in_place,
]
NOT_CLIP = [
    (lambda w, c: None, "returned None"),
    (lambda w, c: torch.where(w > c, -c, w), "a weight outside|above c|not|stay"),
    (lambda w, c: torch.where(w > c, -c, torch.where(w < -c, c, w)), "other end"),
    (lambda w, c: torch.where(w > c, -c, w).clamp(min=-c), "still thrown"),
    (lambda w, c: w.clamp(max=c), "below -c"),
    (lambda w, c: w.clamp(min=-c), "above c"),
    (lambda w, c: w, "nothing is clipped"),
    (lambda w, c: w.abs().clamp(max=c), "sign is lost"),
    (lambda w, c: c * w.sign(), "inside"),
    (lambda w, c: torch.where(w.abs() > c, 0.0, w), "becomes 0"),
    (lambda w, c: w.clamp(-1, 1), "clip at 1"),
    (lambda w, c: w.clamp(-c, c).flatten()[:2], "keep the shape"),
]


def sorting(x, y, p, q):
    places, order = torch.cat([x, y]).sort()
    return (torch.cat([p, -q])[order].cumsum(0)[:-1].abs() * places.diff()).sum()


def by_program(x, y, p, q):
    x, y, p, q = (v.numpy() for v in (x, y, p, q))
    return transport.best_plan(p, q, transport.distances(x, y)).cost


def by_functions(x, y, p, q):
    places = torch.cat([x, y]).sort().values
    total = 0.0
    for a, b in zip(places, places[1:], strict=False):
        total += (p[x <= a].sum() - q[y <= a].sum()).abs() * (b - a)
    return total


DISTANCE = [sorting, by_program, by_functions, lambda *piles: wasserstein_distance(*piles)]
NOT_DISTANCE = [
    (lambda x, y, p, q: (p @ x - q @ y).abs(), "difference of the means"),
    (lambda x, y, p, q: ((p[:, None] * q) * (x[:, None] - y).abs()).sum(), "independent plan"),
    (lambda x, y, p, q: sorting(x, y, 0 * p + 1 / len(p), 0 * q + 1 / len(q)), "masses are ignored"),
    (lambda x, y, p, q: sorting(x, y, p, -q), "subtracted"),
    (lambda x, y, p, q: (x.sort().values - y.sort().values).abs().mean(), "masses are ignored"),
    (
        lambda x, y, p, q: (torch.cat([p, -q]).cumsum(0)[:-1].abs() * torch.cat([x, y]).diff().abs()).sum(),
        "places are not sorted",
    ),
    (
        lambda x, y, p, q: (
            torch.cat([p, -q]).cumsum(0)[:-1].abs() * torch.cat([x, y]).sort().values.diff()
        ).sum(),
        "together with its place",
    ),
    (lambda x, y, p, q: sorting(x, y, p, q) / (len(x) + len(y) - 1), "average over the gaps"),
    (lambda x, y, p, q: 1.7 * sorting(x, y, p, q), "not the distance"),
    (lambda x, y, p, q: sorting(x, y, p, q) + 0 * (x + y).sum(), "need not be as many"),
]

LINEAR = ["c", "C", "(c)"]
NOT_LINEAR = [
    (None, "still None"),
    ("a", "Compare both"),
    ("b", "squared penalty"),
    ("d", "negative derivative"),
    (3, "must be one of"),
    ("e", "must be one of"),
]

test_right_answers_pass, test_wrong_answers_are_told_why = judgements(
    {
        "check_critics_reported": (REPORTED, NOT_REPORTED),
        "check_critics_penalty": (PENALTY, NOT_PENALTY),
        "check_critics_clip": (CLIP, NOT_CLIP),
        "check_critics_distance": (DISTANCE, NOT_DISTANCE),
        "check_critics_linear": (LINEAR, NOT_LINEAR),
    }
)


@pytest.mark.parametrize(
    "method",
    [
        games.Method("a penalty", weight=0.1),
        games.Method("steeper", bounded=True, times=30.0),
        games.Method("slower", d_steps=2, lr=5e-4),
    ],
)
def test_any_cure_that_reaches_the_mark_passes(method, monkeypatch, capsys):
    monkeypatch.setattr(games, "play", lambda *_, **__: FinishedGames([(5, 0.1), (8, 0.3), (6, 0.2)]))
    checks.check_critics_row(lambda: method)
    assert capsys.readouterr().out.startswith("ok: ")


@pytest.mark.parametrize(
    "method, counts, words",
    [
        (None, [], "returned None"),
        ({"weight": 1.0}, [], "must return a games.Method"),
        (games.METHODS["penalty"], [], "keeps the logarithm"),
        (games.METHODS["log"], [], "as it stands"),
        (games.Method("a", d_steps=9), [], "at most 5"),
        (games.Method("a", weight=-1.0), [], "rewards slopes"),
        (games.Method("a", lr=3.0), [], "step size"),
        (games.Method("a", weight=1.0), [(4, 0.5), (8, 0.5), (8, 0.5)], "too few modes"),
        (games.Method("a", weight=1.0), [(8, 0.02), (8, 0.5), (8, 0.5)], "hardly on the modes"),
        (games.Method("a", weight=1.0), [(1, 0.02), (8, 0.5), (8, 0.5)], "how steep"),
    ],
)
def test_what_misses_the_mark_is_told_why(method, counts, words, monkeypatch):
    monkeypatch.setattr(games, "play", lambda *_, **__: FinishedGames(counts))
    with pytest.raises(CheckFailed, match=words):
        checks.check_critics_row(lambda: method)
