"""Ten f-divergences: their conjugates, their formulas, and the bound that a discriminator reaches."""

import math

import pytest
import torch

from avbgtn_book.divergences import bound, rows
from avbgtn_book.gan import gan

F64 = torch.float64
ROWS = rows.ROWS
each_row = pytest.mark.parametrize("name", ROWS)
U = torch.linspace(-18, 14, 400_001, dtype=F64).exp()


def slopes(row, n=25):
    """Slopes inside the domain of f*, away from where it grows without limit."""
    low = max(row.low, -5.0) + 0.01
    high = min(row.high - 0.05, 2.0) if row.high < math.inf else 2.0
    return torch.linspace(low, high, n, dtype=F64)


@each_row
def test_conjugate_is_what_a_search_finds(name):
    row = ROWS[name]
    t = slopes(row)
    assert torch.allclose(rows.conjugate(row, t), rows.conjugate_by_search(row, t, U), rtol=0, atol=3e-8)


@each_row
def test_conjugate_beyond_its_domain(name):
    """Below, the best u is 0; above, no u is the best. The printed formulas of two rows say otherwise."""
    row = ROWS[name]
    u = torch.cat([torch.zeros(1, dtype=F64), torch.tensor(1e-300, dtype=F64)[None], U])
    if row.low > -math.inf:
        t = torch.tensor([row.low - 2.0, row.low - 0.3], dtype=F64)
        assert torch.allclose(rows.conjugate(row, t), rows.conjugate_by_search(row, t, u), atol=1e-12)
        assert not torch.allclose(rows.conjugate(row, t), row.conjugate(t), atol=0.01)
    if row.high < math.inf:
        t = torch.tensor([row.high + 0.1], dtype=F64)
        assert rows.conjugate(row, t).item() == math.inf
        assert rows.conjugate_by_search(row, t, u).item() > 1000


@each_row
def test_slope_is_the_derivative_and_f_is_convex(name):
    row = ROWS[name]
    u = torch.linspace(0.05, 4, 80, dtype=F64).requires_grad_()
    (slope,) = torch.autograd.grad(row.f(u).sum(), u)
    assert torch.allclose(slope, row.slope(u.detach()))
    assert (row.slope(u.detach()).diff() >= 0).all()


@each_row
def test_twice_conjugate_is_f_again(name):
    row = ROWS[name]
    u = torch.linspace(0.2, 3, 15, dtype=F64)
    t = row.slope(torch.linspace(0.1, 4, 3901, dtype=F64))
    assert torch.allclose(rows.twice_conjugate(row, u, t), row.f(u), atol=1e-6)
    few = rows.twice_conjugate(row, u, t[::300])
    assert (few <= row.f(u) + 1e-12).all()


@each_row
def test_tangent_touches_and_stays_below(name):
    row = ROWS[name]
    at, u = torch.tensor(0.7, dtype=F64), torch.linspace(0.01, 5, 500, dtype=F64)
    line = rows.tangent(row, at, u)
    assert (line <= row.f(u) + 1e-12).all()
    assert rows.tangent(row, at, at).item() == pytest.approx(row.f(at).item(), abs=1e-12)


@each_row
def test_f_at_one_is_zero_but_for_the_gans(name):
    due = -math.log(4) if name == "GAN" else 0.0
    assert ROWS[name].f(torch.ones(1, dtype=F64)).item() == pytest.approx(due, abs=1e-12)


@each_row
def test_divergence_is_at_least_f_of_one_by_jensen(name):
    g = torch.Generator().manual_seed(0)
    for _ in range(20):
        p, q = torch.rand(2, 6, generator=g, dtype=F64) + 0.01
        left, right = bound.weighted_mean_of_f(ROWS[name], p / p.sum(), q / q.sum())
        assert left >= right - 1e-12
        assert right.item() == pytest.approx(ROWS[name].f(torch.ones(1, dtype=F64)).item(), abs=1e-12)


@each_row
def test_divergence_is_its_formula(name):
    log_p, log_q, x = bound.two_gaussians(4001)
    row = ROWS[name]
    given = bound.divergence(row, log_p, log_q, x)
    assert given.item() == pytest.approx(bound.by_formula(row, log_p, log_q, x).item(), abs=1e-12)


def test_formulas_are_those_of_closed_forms():
    """Two Gaussians: what is known of them without any integral."""
    log_p, log_q, x = bound.two_gaussians()
    d, s = 0.5, 1.2
    forward = math.log(s) + (1 + d * d) / (2 * s * s) - 0.5
    backward = -math.log(s) + (s * s + d * d) / 2 - 0.5
    affinity = math.sqrt(2 * s / (1 + s * s)) * math.exp(-d * d / (4 * (1 + s * s)))
    pearson = s * s / math.sqrt(2 * s * s - 1) * math.exp(d * d / (2 * s * s - 1)) - 1
    due = {
        "KL": forward, "reverse KL": backward, "Jeffrey": forward + backward, "Pearson": pearson,
        "squared Hellinger": 2 - 2 * affinity, "2 JS": 2 * gan.js(log_p, log_q, x).item(),
        "GAN": 2 * gan.js(log_p, log_q, x).item() - math.log(4),
    }  # fmt: skip
    for name, value in due.items():
        got = bound.divergence(ROWS[name], log_p, log_q, x).item()
        assert got == pytest.approx(value, abs=1e-8), name


@each_row
def test_bound_is_tight_at_the_best_discriminator_and_lower_elsewhere(name):
    log_p, log_q, x = bound.two_gaussians()
    row = ROWS[name]
    best = bound.best(row, log_p, log_q)
    due = bound.divergence(row, log_p, log_q, x)
    assert bound.bound(row, best, log_p, log_q, x).item() == pytest.approx(due.item(), abs=1e-12)
    assert bound.bound(row, best - 0.1 * x.sin().abs(), log_p, log_q, x) < due - 1e-3


@each_row
def test_cost_of_supports_that_do_not_meet(name):
    """``f(0)`` and the limit of ``f(u) / u``, and their sum for two disjoint distributions."""
    row = ROWS[name]
    small, large = torch.tensor([1e-250, 1e12], dtype=F64)
    for value, limit in ((row.f(small), row.samples), (row.f(large) / large, row.data)):
        assert value.item() > 20 if limit == math.inf else value.item() == pytest.approx(limit, abs=1e-5)
    e = 1e-9
    p, q = torch.tensor([[1 - e, e], [e, 1 - e]], dtype=F64)
    found = row.formula(p, q).sum().item()
    due = row.samples + row.data
    assert found > 15 if due == math.inf else found == pytest.approx(due, abs=1e-3)


def test_omega_solves_its_equation_where_lambert_would_overflow():
    t = torch.tensor([-700.0, -5.0, 0.0, 3.0, 800.0, 1e6], dtype=F64)
    w = rows.omega(t)
    assert torch.allclose(w + w.log(), t)
