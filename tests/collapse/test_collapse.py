"""Batches, noise, energies: each displayed equation of the chapter on mode collapse against an independent
computation, and the games' parts.
"""

import math

import pytest
import torch
from scipy.optimize import brentq, minimize_scalar

from avbgtn_book.collapse import batches, cures, energy, features, flat, noise
from avbgtn_book.further import penalty
from avbgtn_book.further.nets import Nets
from avbgtn_book.gan import ring

F64 = torch.float64


def draw(seed=0):
    return torch.Generator().manual_seed(seed)


def uniform(*shape, seed=0):
    return torch.rand(*shape, generator=draw(seed), dtype=F64)


# --- one point at a time ------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_a_loss_that_is_a_mean_over_points_is_least_at_a_single_place(seed):
    cost = torch.nn.functional.softplus(-3 * torch.randn(40, generator=draw(seed), dtype=F64))
    place, least = features.cheapest(cost)
    assert cost[place] == least == cost.min()
    clouds = uniform(2000, 40, seed=seed) ** 6  # some spread, some nearly at one place
    clouds = clouds / clouds.sum(1, keepdim=True)
    assert (features.mean_cost(clouds, cost) >= least).all()
    alone = torch.zeros(40, dtype=F64)
    alone[place] = 1
    assert features.mean_cost(alone, cost) == least


# --- feature matching ---------------------------------------------------------------------------------------


def test_feature_matching_is_the_squared_distance_of_the_means():
    real, fake = torch.randn(2, 3, 7, 5, generator=draw(), dtype=F64)
    fake = fake.requires_grad_()
    got = batches.feature_matching_loss(real, fake)
    by_hand = [sum((r[:, k].sum() / 7 - f[:, k].sum() / 7) ** 2 for k in range(5))
               for r, f in zip(real, fake, strict=True)]  # fmt: skip
    assert torch.allclose(got, torch.stack(by_hand))
    shuffled = fake[:, torch.randperm(7, generator=draw(1))]
    assert torch.allclose(batches.feature_matching_loss(real, shuffled), got)


def test_feature_matching_sends_no_gradient_to_the_data():
    real, fake = torch.randn(2, 1, 4, 3, generator=draw(), dtype=F64).requires_grad_()
    (to_real,) = torch.autograd.grad(batches.feature_matching_loss(real, fake).sum(), real, allow_unused=True)
    assert to_real is None


@pytest.mark.parametrize("mean, spread", [(0.0, 1.0), (1.0, 0.3), (0.4, 0.05)])
def test_loss_and_good_share_of_a_gaussian_are_the_integrals(mean, spread):
    x = torch.linspace(-12, 12, 480_001, dtype=F64)
    q = torch.exp(-0.5 * ((x - mean) / spread) ** 2) / spread / math.sqrt(2 * math.pi)
    s = features.SPREAD
    p = sum(torch.exp(-0.5 * ((x - m) / s) ** 2) / s / math.sqrt(2 * math.pi) for m in (-1, 1)) / 2
    first, second = (torch.trapezoid(x**k * (q - p), x).item() for k in (1, 2))
    assert features.moment_loss(mean, spread) == pytest.approx(first**2 + second**2, abs=1e-8)
    near = ((x + 1).abs() < 3 * s) | ((x - 1).abs() < 3 * s)
    assert features.good_share(mean, spread) == pytest.approx(
        torch.trapezoid(torch.where(near, q, 0.0), x).item(), abs=2e-4
    )


def test_two_different_clouds_have_the_same_feature_means():
    """The Gaussian that matches mean and square exactly has few good samples."""
    best = features.matching_spread()
    assert features.moment_loss(0.0, best) < 1e-24
    assert features.good_share(0.0, best) < 0.3 and features.good_share(1.0, features.SPREAD) > 0.49
    assert features.moment_loss(1.0, features.SPREAD) == pytest.approx(1.0)


def test_k_means_are_matched_by_k_plus_one_points():
    """Caratheodory: by linear programming, whose basic solutions have no more points than conditions."""
    points = ring.sample(300, generator=draw())
    values = torch.cat([points, torch.tanh(points @ torch.randn(2, 4, generator=draw(1), dtype=F64))], 1)
    weights = features.few_points(values)
    assert (weights > 1e-9).sum() <= values.shape[1] + 1
    assert weights.sum().item() == pytest.approx(1) and weights.min() >= -1e-12
    assert torch.allclose(weights @ values, values.mean(0), atol=1e-9)


# --- minibatch discrimination -------------------------------------------------------------------------------


def test_closeness_by_loops():
    m = torch.randn(5, 3, 4, generator=draw(), dtype=F64)
    due = torch.zeros(5, 3, dtype=F64)
    for i in range(5):
        for b in range(3):
            others = [math.exp(-(m[i, b] - m[j, b]).abs().sum().item()) for j in range(5) if j != i]
            due[i, b] = sum(others) / 4
    assert torch.allclose(batches.closeness(m), due, atol=1e-12)


def test_a_cloud_of_one_point_has_closeness_one_and_far_points_zero():
    alone = torch.ones(6, 2, 3, dtype=F64)
    assert torch.allclose(batches.closeness(alone), torch.ones(6, 2, dtype=F64))
    apart = 100.0 * torch.arange(6, dtype=F64).view(6, 1, 1).expand(6, 2, 3)
    assert batches.closeness(apart).max() < 1e-30
    assert batches.closeness(torch.zeros(2, 9, 6, 4, dtype=F64)).shape == (2, 9, 6)


def test_closeness_does_not_depend_on_the_batch_of_another_seed():
    layer = batches.MinibatchDiscrimination(2, 5, generator=draw())
    f = torch.randn(2, 7, 5, generator=draw(1), dtype=F64)
    other = f.clone()
    other[1] += 1
    a, b = layer(f), layer(other)
    assert a.shape == (2, 7, 13) and torch.equal(a[0], b[0]) and torch.equal(a[..., :5], f)


@pytest.mark.parametrize("spread, apart", [(0.0, 0.7), (0.3, 0.0), (0.05, 2.0), (1.5, 1.0)])
def test_closeness_of_gaussians_is_the_integral(spread, apart):
    if spread == 0:
        due = math.exp(-apart)
    else:
        u = torch.linspace(-30, 30, 600_001, dtype=F64)
        t = math.sqrt(2) * spread
        density = torch.exp(-0.5 * ((u - apart) / t) ** 2) / t / math.sqrt(2 * math.pi)
        due = torch.trapezoid(density * torch.exp(-u.abs()), u).item()
    assert batches.gaussian_closeness(spread, apart) == pytest.approx(due, abs=1e-6)


# --- instance noise -----------------------------------------------------------------------------------------


def test_schedule_falls_in_a_line_and_ends_at_zero():
    got = [noise.schedule(k, 100, 0.5) for k in (0, 45, 90, 99)]
    assert got == pytest.approx([0.5, 0.25, 0.0, 0.0])
    assert noise.schedule(10, 100, 0.0) == 0


@pytest.mark.parametrize("distance, spread", [(0.765, 0.5), (0.765, 0.2), (2.0, 1.0), (3.0, 0.9)])
def test_pull_is_the_slope_of_the_best_logit(distance, spread):
    x = torch.zeros(1, dtype=F64, requires_grad=True)  # the generator's middle; the other mode lies right

    def log_bell(at):
        return -0.5 * ((x - at) / spread) ** 2

    logit = torch.logaddexp(log_bell(0.0), log_bell(distance)) - math.log(2) - log_bell(0.0)
    (slope,) = torch.autograd.grad(logit.sum(), x)
    assert noise.pull(distance, spread) == pytest.approx(slope.item(), rel=1e-9)


@pytest.mark.parametrize("distance", [0.3, 0.765, 2.0])
def test_best_spread_is_where_the_pull_is_largest(distance):
    best = noise.best_spread(distance)
    found = minimize_scalar(
        lambda s: -noise.pull(distance, s), bounds=(0.1 * distance, 3 * distance), method="bounded"
    ).x
    assert best == pytest.approx(found, rel=1e-4)
    u = brentq(lambda u: (u - 1) * math.exp(u) - 1, 1, 2)
    assert best == pytest.approx(distance / math.sqrt(2 * u))
    assert noise.pull(distance, 0.01 * distance) == 0


# --- energies -----------------------------------------------------------------------------------------------


def two_masses(seed):
    p, q = uniform(2, 30, seed=seed) ** 4
    return p / p.sum(), q / q.sum()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("margin", [0.3, 2.0])
def test_best_energy_costs_the_margin_less_total_variation(seed, margin):
    p, q = two_masses(seed)

    def cost(e):
        return (p * e + q * (margin - e).clamp(min=0)).sum().item()

    best = energy.best_energy(p, q, margin)
    least = margin * (1 - energy.total_variation(p, q)).item()
    assert cost(best) == pytest.approx(least, abs=1e-12)
    assert energy.least_energy_loss(p, q, margin).item() == pytest.approx(least, abs=1e-12)
    others = 1.5 * margin * uniform(500, 30, seed=seed + 10)
    assert min(cost(e) for e in others) > least


def test_energy_losses_of_a_batch():
    real, fake = torch.tensor([[0.1, 0.3]], dtype=F64), torch.tensor([[0.2, 5.0]], dtype=F64)
    assert energy.energy_loss(real, fake, 1.0).item() == pytest.approx(0.2 + 0.4)
    assert energy.generator_energy(fake).item() == pytest.approx(2.6)


def test_energy_of_an_autoencoder_is_how_far_it_moves_a_point():
    net = energy.Autoencoder(2, 1, generator=draw())
    x = torch.randn(2, 6, 2, generator=draw(1), dtype=F64)
    moved = net.decoder(net.encoder(x))
    assert torch.allclose(net(x)[..., 0], (moved - x).square().sum(-1).sqrt()) and net(x).shape == (2, 6, 1)


def test_ascent_on_the_log_density_ends_on_the_centres_and_langevin_on_the_data():
    start = 1.5 * (2 * uniform(1, 2000, 2) - 1)
    top = energy.ascend(ring_log_density, start, steps=600, size=1e-3)
    distance = torch.cdist(top[0], ring.centres()).min(1).values
    assert distance.median() < 1e-3
    walked = energy.ascend(ring_log_density, start, steps=600, size=1e-4, noise=True, generator=draw())
    near = torch.cdist(walked[0], ring.centres()).min(1).values
    spread = (near[near < ring.NEAR].square().mean() / 2).sqrt().item()
    assert spread == pytest.approx(ring.SPREAD, rel=0.15)


def ring_log_density(x):
    return energy.ring_log_density(x)


def test_log_density_of_the_ring_has_mass_one():
    line = torch.linspace(-1.6, 1.6, 641, dtype=F64)
    grid = torch.cartesian_prod(line, line)
    mass = energy.ring_log_density(grid).exp().sum() * (line[1] - line[0]) ** 2
    assert mass.item() == pytest.approx(1, abs=1e-6)


# --- flat in the end ----------------------------------------------------------------------------------------


def test_slope_on_the_data_of_a_linear_discriminator():
    class Linear(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.direction = torch.nn.Parameter(torch.tensor([[3.0, 4.0], [0.0, 1.0]], dtype=F64))

        def forward(self, x):
            return (x * self.direction[:, None]).sum(-1, keepdim=True)

    assert flat.slope_on_data(Linear()).tolist() == pytest.approx([5.0, 1.0])


def test_best_discriminator_of_equal_densities_is_flat():
    """With p = q the loss is least at T = 0, everywhere: its derivative there is 0, and it is convex."""
    t = torch.linspace(-3, 3, 61, dtype=F64, requires_grad=True)
    loss = torch.nn.functional.softplus(-t) + torch.nn.functional.softplus(t)
    (slope,) = torch.autograd.grad(loss.sum(), t)
    assert loss.argmin() == 30 and abs(slope[30]) < 1e-12 and (slope.diff() > 0).all()


def test_a_discriminator_against_itself_becomes_flatter():
    d = cures.play(cures.CURES["none"], games=2, steps=60).discriminator
    at, found = flat.against_itself(d, steps=80, looks=2, r1=0.5)
    assert at == [0, 40, 80] and found.shape == (3, 2) and (found[-1] < found[0]).all()


# --- the games ----------------------------------------------------------------------------------------------


ALL = cures.CURES | cures.CONTROLS


@pytest.mark.parametrize("name", ALL)
def test_a_few_steps_of_every_cure(name):
    played = cures.play(ALL[name], games=2, steps=4, looks=2, batch=8)
    again = cures.play(ALL[name], games=2, steps=4, looks=2, batch=8)
    assert played.points.shape == (2, 2, 2000, 2) and played.steps == [2, 4]
    assert torch.equal(played.points, again.points) and len(played.counts()) == 2
    assert flat.slope_on_data(played.discriminator).shape == (2,)


def test_a_longer_game_passes_through_a_shorter_one():
    """Where nothing depends on the number of steps, so that a record of 6000 has what 1200 gave."""
    short = cures.play(cures.CURES["none"], games=2, steps=4)
    long = cures.play(cures.CURES["none"], games=2, steps=8, looks=2)
    assert torch.equal(short.points[-1], long.points[0])


def test_games_side_by_side_do_not_touch():
    for name in ("minibatch", "energy"):
        cure = cures.CURES[name]
        d = (
            cures.Discriminator(2, cure, generator=draw())
            if cure.code is None
            else energy.Autoencoder(2, cure.code, generator=draw())
        )
        x = torch.randn(2, 9, 2, generator=draw(1), dtype=F64)
        other = x.clone()
        other[1] += 1
        assert torch.equal(d(x)[0], d(other)[0]) and not torch.equal(d(x)[1], d(other)[1])


def test_bounded_discriminator_is_no_steeper_than_it_may():
    d = cures.Discriminator(2, cures.CURES["slope"], generator=draw())
    x = torch.randn(2, 200, 2, generator=draw(1), dtype=F64)
    for _ in range(100):
        d(x)
    assert (penalty.slopes(d, x) <= 20 + 1e-2).all()


def test_features_of_a_network_are_what_its_last_layer_sees():
    net = Nets(2, 2, 1, generator=draw(), times=3.0)
    x = torch.randn(2, 5, 2, generator=draw(1), dtype=F64)
    assert torch.equal(3.0 * net.last(net.features(x)), net(x)) and net.features(x).shape == (2, 5, 64)
