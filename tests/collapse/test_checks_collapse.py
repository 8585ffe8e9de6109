"""The checks of the chapter on mode collapse against right answers in many hands, and wrong ones by name."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from avbgtn_book import checks
from avbgtn_book.checks import CheckFailed
from avbgtn_book.collapse import batches, cures
from finished_games import FinishedGames
from judged import judgements

PRICE = ["b", "B", "(b)"]
NOT_PRICE = [
    (None, "still None"),
    ("a", "closeness of a batch"),
    ("c", "noise is gone"),
    ("d", "penalty bounds"),
    ("e", "must be one of"),
    (2, "must be one of"),
]


def by_means(r, f):
    return ((r.mean(0) - f.mean(0)) ** 2).sum()


def by_norm(r, f):
    return torch.linalg.vector_norm(r.mean(dim=0) - f.mean(dim=0)) ** 2


def by_loop(r, f):
    return sum((r[:, k].sum() / len(r) - f[:, k].sum() / len(f)) ** 2 for k in range(r.shape[1]))


MATCHING = [by_means, by_norm, by_loop, lambda r, f: batches.feature_matching_loss(r, f)]
NOT_MATCHING = [
    (None, "still None|function"),
    (lambda r, f: None, "returned None"),
    (lambda r, f: ((r - f) ** 2).sum(1).mean(), "take the two means first"),
    (lambda r, f: (r[:, None] - f[None]).square().sum(-1).mean(), "all pairs"),
    (lambda r, f: by_means(r, f).sqrt(), "its square"),
    (lambda r, f: ((r.mean(0) - f.mean(0)) ** 2).mean(), "averaged over the features"),
    (lambda r, f: (r.mean(0) - f.mean(0)).abs().sum(), "squared, not made positive"),
    (lambda r, f: (r.mean(0) - f.mean(0)).sum(), "without a square"),
    (lambda r, f: (r.mean(0) - f.mean(0)).sum() ** 2, "cancel first"),
    (lambda r, f: ((r.sum(0) - f.sum(0)) ** 2).sum(), "compare sums"),
    (lambda r, f: (r.mean() - f.mean()) ** 2, "its own"),
    (lambda r, f: ((r.var(0) - f.var(0)) ** 2).sum(), "variances"),
    (lambda r, f: -by_means(r, f), "sign"),
    (lambda r, f: by_means(r, f) + 0 * (r + f).sum(), "need not be"),
    (lambda r, f: by_means(r, f).detach(), "no gradient"),
    (lambda r, f: by_means(r, f).item(), "no gradient"),
    (lambda r, f: 3 * by_means(r, f), "mean of each batch"),
]


def by_broadcast(m):
    near = torch.exp(-(m[:, None] - m[None]).abs().sum(-1))
    return (near.sum(1) - 1) / (len(m) - 1)


def by_mask(m):
    near = torch.exp(-(m.unsqueeze(0) - m.unsqueeze(1)).abs().sum(dim=3))  # (n, n, B)
    keep = ~torch.eye(len(m), dtype=torch.bool)
    return (near * keep[..., None]).sum(0) / keep.sum(0)[:, None]


def by_rows(m):
    rows = []
    for i in range(len(m)):
        others = torch.cat([m[:i], m[i + 1 :]])
        rows.append(torch.exp(-(others - m[i]).abs().sum(-1)).mean(0))
    return torch.stack(rows)


def signed(m):
    return torch.exp(-(m[:, None] - m[None]).sum(-1))


def near(m):
    return torch.exp(-(m[:, None] - m[None]).abs().sum(-1))


CLOSENESS = [by_broadcast, by_mask, by_rows, batches.closeness]
NOT_CLOSENESS = [
    (None, "still None|function"),
    (lambda m: signed(m).mean(1), "two faults"),
    (lambda m: (signed(m).sum(1) - 1) / (len(m) - 1), "absolute values"),
    (lambda m: near(m).mean(1), "counts each point itself"),
    (lambda m: near(m).sum(1), "not a sum"),
    (lambda m: near(m).sum(1) / (len(m) - 1), "counts each point itself"),
    (lambda m: (near(m).sum(1) - 1) / len(m), "n - 1 others"),
    (lambda m: near(m).sum(1) - 1, "sum over the others"),
    (
        lambda m: (torch.exp(-(m[:, None] - m[None]).square().sum(-1)).sum(1) - 1) / (len(m) - 1),
        "squares the differences",
    ),
    (
        lambda m: (torch.exp(-(m[:, None] - m[None]).norm(dim=-1)).sum(1) - 1) / (len(m) - 1),
        "Euclidean",
    ),
    (
        lambda m: (torch.exp(-(m[:, None] - m[None]).abs().mean(-1)).sum(1) - 1) / (len(m) - 1),
        "averaged over C",
    ),
    (lambda m: 1 - by_broadcast(m), "how far"),
    (lambda m: (m[:, None] - m[None]).abs().sum(-1).sum(1) / (len(m) - 1), "exponential is missing"),
    (lambda m: near(m).amax(1), "nearest point"),
    (lambda m: near(m), "shape"),
    (lambda m: 0.5 * by_broadcast(m), "mean over j"),
]


def plain_energies(e_real, e_fake, margin):
    return e_real.mean() + F.relu(margin - e_fake).mean(), e_fake.mean()


def by_clamp(e_real, e_fake, margin):
    lift = (margin - e_fake).clamp(min=0)
    return [e_real.sum() / len(e_real) + lift.sum() / len(lift), e_fake.sum() / len(e_fake)]


def by_maximum(e_real, e_fake, margin):
    lift = torch.maximum(torch.zeros_like(e_fake), margin - e_fake)
    return torch.mean(e_real) + torch.mean(lift), torch.mean(e_fake)


def changed(change):
    def energies(r, f, m):
        d, g = plain_energies(r, f, m)
        return change(r, f, m, d, g)

    return energies


ENERGIES = [plain_energies, by_clamp, by_maximum]
NOT_ENERGIES = [
    (None, "still None|function"),
    (changed(lambda r, f, m, d, g: d), "two losses"),
    (changed(lambda r, f, m, d, g: (g, d)), "exchanged"),
    (changed(lambda r, f, m, d, g: (r.mean() + m - f.mean(), g)), "without end"),
    (changed(lambda r, f, m, d, g: (r.mean() - f.mean(), g)), "margin is missing"),
    (changed(lambda r, f, m, d, g: (r.mean() + F.relu(m - f.mean()), g)), "maximum is taken of the mean"),
    (changed(lambda r, f, m, d, g: (F.relu(m - r).mean() + f.mean(), g)), "changed places"),
    (changed(lambda r, f, m, d, g: (r.mean() + F.relu(f - m).mean(), g)), "sign inside"),
    (changed(lambda r, f, m, d, g: (r.mean() - F.relu(m - f).mean(), g)), "has to be added"),
    (changed(lambda r, f, m, d, g: (r.mean() + F.relu(1 - f).mean(), g)), "margin 1"),
    (changed(lambda r, f, m, d, g: (d, -g)), "G's sign"),
    (changed(lambda r, f, m, d, g: (d, F.relu(m - f).mean())), "without a margin"),
    (changed(lambda r, f, m, d, g: (d, g - r.mean())), "generated points only"),
    (changed(lambda r, f, m, d, g: (r.sum() + F.relu(m - f).sum(), f.sum())), "you sum"),
    (changed(lambda r, f, m, d, g: (F.relu(m - f).mean(), g)), "their term is missing"),
    (changed(lambda r, f, m, d, g: (r, g)), "one number"),
    (changed(lambda r, f, m, d, g: (7 * d, g)), "for D and"),
]

POINTS = [65, torch.tensor(65), np.int64(65), 65.0]
NOT_POINTS = [
    (None, "still None"),
    (64, "one more"),
    (1, "its own features"),
    (2, "by accident"),
    (8, "number of modes"),
    (128, "not two"),
    (66, "one too many"),
    (500, "too large"),
    (20, "too small"),
    (64.5, "whole"),
]

test_right_answers_pass, test_wrong_answers_are_told_why = judgements(
    {
        "check_collapse_price": (PRICE, NOT_PRICE),
        "check_collapse_matching": (MATCHING, NOT_MATCHING),
        "check_collapse_closeness": (CLOSENESS, NOT_CLOSENESS),
        "check_collapse_energies": (ENERGIES, NOT_ENERGIES),
        "check_collapse_points": (POINTS, NOT_POINTS),
    }
)


@pytest.mark.parametrize(
    "cure",
    [
        cures.Cure("steeper, smaller steps", times=20.0, d_lr=5e-3),
        cures.Cure("a penalty", weight=0.1, d_lr=5e-3, cooling=True),
        cures.Cure("batches", minibatch=True, noise=0.2),
    ],
)
def test_any_cure_that_reaches_the_mark_passes(cure, monkeypatch, capsys):
    monkeypatch.setattr(cures, "play", lambda *_, **__: FinishedGames([(8, 0.4), (8, 0.7), (8, 0.6)]))
    checks.check_collapse_cure(lambda: cure)
    assert capsys.readouterr().out.startswith("ok: ")


@pytest.mark.parametrize(
    "cure, counts, words",
    [
        (None, [], "returned None"),
        ({"r1": 0.05}, [], "must return a cures.Cure"),
        (cures.Cure("mine"), [], "as it stands"),
        (cures.Cure("a", d_lr=3.0), [], "step sizes"),
        (cures.Cure("a", start=5.0), [], "covers the ring"),
        (cures.Cure("a", r1=-1.0), [], "negative penalty"),
        (cures.Cure("a", code=4), [], "jumps about"),
        (cures.Cure("a", features=True), [(8, 0.3), (8, 0.2), (8, 0.3)], "between the modes"),
        (cures.Cure("a", r1=1.0), [(3, 0.9), (8, 0.9), (8, 0.9)], "too few modes"),
        (cures.Cure("a", r1=1.0), [(3, 0.1), (8, 0.9), (8, 0.9)], "begin with one"),
    ],
)
def test_what_misses_the_mark_is_told_why(cure, counts, words, monkeypatch):
    monkeypatch.setattr(cures, "play", lambda *_, **__: FinishedGames(counts))
    with pytest.raises(CheckFailed, match=words):
        checks.check_collapse_cure(lambda: cure)


def test_games_that_ran_away_are_told(monkeypatch):
    gone = FinishedGames([(0, 0.0)] * 3)
    gone.points = torch.full((1,), torch.nan)
    monkeypatch.setattr(cures, "play", lambda *_, **__: gone)
    with pytest.raises(CheckFailed, match="run away"):
        checks.check_collapse_cure(lambda: cures.Cure("a", d_lr=0.05))
