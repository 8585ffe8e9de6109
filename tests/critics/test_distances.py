"""Distances between distributions that hardly touch: closed forms, linear programs, sorted piles."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import wasserstein_distance

from avbgtn_book.critics import lines, transport
from avbgtn_book.gan import gan

F64 = torch.float64


def densities(theta, thickness):
    x = gan.grid(-2, 3, 200_001)
    return gan.bell(0.0, thickness).log_density(x), gan.bell(theta, thickness).log_density(x), x


@pytest.mark.parametrize("theta", [0.0, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("thickness", [0.1, 0.03, 0.01])
def test_kl_and_js_of_thick_lines_are_the_integrals(theta, thickness):
    log_p, log_q, x = densities(theta, thickness)
    assert lines.kl(theta, thickness) == pytest.approx(gan.kl(log_p, log_q, x).item(), rel=1e-6, abs=1e-9)
    assert lines.js(theta, thickness) == pytest.approx(gan.js(log_p, log_q, x).item(), abs=1e-6)
    assert 0 <= lines.js(theta, thickness) + 1e-12 and lines.js(theta, thickness) <= math.log(2) + 1e-12


@pytest.mark.parametrize("theta", [0.0, 0.1, -0.5, 2.0])
def test_distance_of_parallel_lines_is_how_far_they_are_apart(theta):
    along = np.linspace(0, 1, 12)
    p, q = np.stack([0 * along, along], 1), np.stack([0 * along + theta, along], 1)
    masses = np.full(12, 1 / 12)
    found = transport.best_plan(masses, masses, transport.distances(p, q)).cost
    assert found == pytest.approx(lines.wasserstein(theta), abs=1e-12)


def test_a_line_is_where_it_is_said_to_be():
    draw = torch.Generator().manual_seed(0)
    points = lines.sample(4, 5000, at=0.7, thickness=0.05, generator=draw)
    assert points.shape == (4, 5000, 2) and points.dtype == F64
    assert points[..., 0].mean() == pytest.approx(0.7, abs=2e-3)
    assert points[..., 0].std() == pytest.approx(0.05, rel=0.02)
    assert points[..., 1].min() >= 0 and points[..., 1].max() <= 1


def piles(seed, n=10, m=10):
    draw = np.random.default_rng(seed)
    x, y = np.sort(3 * draw.normal(size=n)), np.sort(3 * draw.normal(size=m))
    return x, y, draw.dirichlet(np.ones(n)), draw.dirichlet(np.ones(m))


@pytest.mark.parametrize("seed", range(20))
def test_best_plan_costs_what_sorting_says(seed):
    x, y, p, q = piles(seed, 10, 7)
    cost = transport.distances(x, y)
    value, plan, (f, g) = transport.best_plan(p, q, cost)
    by_sorting = transport.sorted_distance(x, y, p, q)
    assert abs(value - by_sorting) < 1e-12
    assert abs(by_sorting - wasserstein_distance(x, y, p, q)) < 1e-12
    assert np.abs(plan.sum(1) - p).max() < 1e-12 and np.abs(plan.sum(0) - q).max() < 1e-12
    assert (plan * cost).sum() == pytest.approx(value, abs=1e-12)
    assert f @ p + g @ q == pytest.approx(value, abs=1e-12)
    assert (f[:, None] + g[None] <= cost + 1e-9).all()


@pytest.mark.parametrize("seed", range(5))
def test_potential_is_no_steeper_than_one(seed):
    x, _, p, q = piles(seed)
    f, g = transport.best_plan(p, q, transport.distances(x, x)).potentials
    assert transport.steepest(x, f) <= 1 + 1e-9
    assert np.abs(f + g).max() < 1e-9  # on one set of places, one function serves both: f and -f


def test_independent_plan_is_a_plan_and_costs_more():
    x, y, p, q = piles(3)
    plan, cost = transport.independent_plan(p, q), transport.distances(x, y)
    assert np.allclose(plan.sum(1), p) and np.allclose(plan.sum(0), q)
    assert (plan * cost).sum() > transport.best_plan(p, q, cost).cost + 0.1


def test_sorting_takes_places_in_any_order_and_equal_masses():
    x, y = np.array([3.0, 0.0, 1.0]), np.array([5.0, 6.0, 8.0])
    assert transport.sorted_distance(x, y) == pytest.approx(5.0)
    assert transport.sorted_distance([0.0], [0.0, 10.0]) == pytest.approx(5.0)


def test_impossible_piles_are_refused():
    with pytest.raises(ValueError, match="equal sums"):
        transport.best_plan([1.0], [0.5], [[1.0]])
    with pytest.raises(ValueError, match="at least 0"):
        transport.best_plan([1.5, -0.5], [1.0], [[1.0], [2.0]])
    with pytest.raises(ValueError, match="shape"):
        transport.best_plan([1.0], [1.0], [1.0, 2.0])
