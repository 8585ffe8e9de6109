"""Critics with a bounded slope: penalties, clipping, spectral norms, and the games they play."""

import copy
import math

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations

from avbgtn_book.critics import clipping, duel, lines, quality
from avbgtn_book.further import games, penalty, spectral
from avbgtn_book.further.nets import ACTIVATIONS, Nets, Shape

F64 = torch.float64


def draw(seed=0):
    return torch.Generator().manual_seed(seed)


# --- penalties ----------------------------------------------------------------------------------------------


class Linear(nn.Module):
    def __init__(self, direction):
        super().__init__()
        self.direction = nn.Parameter(torch.tensor(direction, dtype=F64))

    def forward(self, x):
        return (x @ self.direction)[..., None]


@pytest.mark.parametrize(
    "form, below, above", [("two_sided", 0.25, 4), ("one_sided", 0, 4), ("linear", 0, 2)]
)
def test_penalty_of_a_linear_critic(form, below, above):
    real, fake = torch.randn(2, 3, 50, 2, generator=draw(), dtype=F64)
    for direction, due in (([0.3, 0.4], below), ([0.0, -3.0], above)):
        got = penalty.gradient_penalty(
            Linear(direction), real, fake, weight=10.0, form=form, generator=draw()
        )
        assert got.item() == pytest.approx(10 * due)


def test_penalty_has_a_gradient_to_the_critic_and_none_to_the_samples():
    critic = Linear([0.3, 0.4])
    real = torch.randn(1, 50, 2, generator=draw(), dtype=F64)
    fake = real.clone().requires_grad_()
    penalty.gradient_penalty(critic, real, fake, weight=1.0, generator=draw()).backward()
    # (|v| - 1)^2 with |v| = 1/2: gradient 2 (1/2 - 1) v / |v|
    assert torch.allclose(critic.direction.grad, torch.tensor([-0.6, -0.8], dtype=F64))
    assert fake.grad is None


def test_places_of_the_penalty_lie_between():
    real, fake = torch.zeros(4, 100, 2, dtype=F64), torch.ones(4, 100, 2, dtype=F64)
    at = penalty.between(real, fake, generator=draw())
    assert (at >= 0).all() and (at <= 1).all() and torch.equal(at[..., 0], at[..., 1])


DISTANCES = torch.tensor([0.5, 1.0, 2.0, 6.0], dtype=F64)


@pytest.mark.parametrize("weight", [1.0, 10.0])
@pytest.mark.parametrize("form", ["two_sided", "one_sided"])
def test_best_slope_is_one_plus_distance_over_twice_lambda(weight, form):
    learnt = penalty.learn_linear(DISTANCES, weight, form)[-1]

    def objective(distance, k):
        return distance * k - weight * penalty.slope_penalty(torch.tensor(k, dtype=F64), form).item()

    for distance, slope in zip(DISTANCES.tolist(), learnt.tolist(), strict=True):
        best = penalty.optimal_slope(distance, weight)
        assert slope == pytest.approx(best, rel=1e-3)
        # the objective is concave, and both neighbours are lower
        assert objective(distance, best) > max(objective(distance, best + e) for e in (-1e-4, 1e-4))
        reported = distance + distance**2 / (2 * weight)
        assert penalty.reported_distance(distance, weight) == pytest.approx(reported)


def test_linear_penalty_is_exact_below_lambda_and_unbounded_above():
    distances = torch.tensor([6.0, 12.0], dtype=F64)
    path = penalty.learn_linear(distances, 10.0, "linear")
    assert path[-1, 0].item() == pytest.approx(1.0, abs=0.02)
    assert path[-1, 1] > 12 and path[1000, 1] > path[500, 1] + 4


def test_unknown_penalty_is_refused():
    with pytest.raises(ValueError, match="two_sided"):
        penalty.slope_penalty(torch.ones(1), "square")


# --- clipping -----------------------------------------------------------------------------------------------


def test_clipping_as_printed_throws_weights_across():
    weight = torch.tensor([-2.0, -0.005, 0.0, 0.005, 2.0])
    assert torch.equal(clipping.clip(weight, 0.01), torch.tensor([-0.01, -0.005, 0.0, 0.005, 0.01]))
    assert torch.equal(
        clipping.clip_as_printed(weight, 0.01), torch.tensor([0.01, -0.005, 0.0, 0.005, -0.01])
    )
    right = clipping.saw(clipping.clip, 0.01, step=0.003)
    printed = clipping.saw(clipping.clip_as_printed, 0.01, step=0.003)
    assert right[10:].mean() == pytest.approx(0.01) and abs(printed[10:].mean()) < 0.002


def test_largest_slope_of_a_clipped_net_is_reached_by_equal_weights():
    net = Nets(2, 1, 1, Shape(width=5, depth=3), generator=draw())
    games.clip_(net.parameters(), 0.1)
    assert max(parameter.abs().max() for parameter in net.parameters()) <= 0.1
    x = torch.linspace(0.1, 3, 50, dtype=F64).view(1, -1, 1).expand(2, -1, 1)
    bound = clipping.largest_slope(0.1, (5, 5, 5))
    assert (penalty.slopes(net, x) <= bound + 1e-12).all()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.fill_(0.1)
    assert torch.allclose(penalty.slopes(net, x), torch.tensor(bound, dtype=F64))


# --- spectral norms -----------------------------------------------------------------------------------------


def test_power_iteration_comes_from_below():
    weight = torch.randn(6, 20, 30, generator=draw(), dtype=F64)
    top = torch.linalg.matrix_norm(weight, 2)
    u = nn.functional.normalize(torch.randn(6, 30, generator=draw(1), dtype=F64), dim=-1)
    found = [spectral.power_iteration(weight, u, steps)[0] for steps in (1, 5, 50, 400)]
    for less, more in zip(found, found[1:] + [top], strict=True):
        assert (less <= more + 1e-12).all()
    assert torch.allclose(found[-1], top, rtol=1e-3)


def test_gap_of_power_iteration_falls_with_the_ratio_of_singular_values():
    weight = torch.diag(torch.tensor([1.0, 0.9], dtype=F64))
    u = torch.tensor([1.0, 1.0], dtype=F64) / math.sqrt(2)
    for steps in (1, 3, 10):
        found = spectral.power_iteration(weight, u, steps)[0].item()
        # v and the next u: each product shrinks the second component by .9
        share = 0.9 ** (4 * steps - 2), 0.9 ** (4 * steps)
        v = torch.tensor([1.0, math.sqrt(share[0])], dtype=F64)
        w = torch.tensor([1.0, math.sqrt(share[1])], dtype=F64)
        due = (v @ weight @ w) / (v.norm() * w.norm())
        assert found == pytest.approx(due.item(), abs=1e-12) and 0.9 < found < 1


def test_spectral_norm_is_torchs():
    layer = nn.Linear(7, 5, bias=False, dtype=F64)
    with torch.no_grad():
        layer.weight.copy_(torch.randn(5, 7, generator=draw(), dtype=F64))
    ours = spectral.SpectralNorm(layer.weight, generator=draw(1))
    weight = layer.weight.detach().clone()
    for _ in range(400):
        ours(weight)
    theirs = parametrizations.spectral_norm(copy.deepcopy(layer), n_power_iterations=400)
    assert torch.allclose(ours(weight), theirs.weight, atol=1e-8)
    assert torch.linalg.matrix_norm(ours(weight), 2).item() == pytest.approx(1.0, abs=1e-8)


def test_gradient_of_the_normalised_weight_is_that_of_the_quotient():
    weight = torch.randn(4, 3, generator=draw(), dtype=F64, requires_grad=True)
    norm = spectral.SpectralNorm(weight, generator=draw(1))
    for _ in range(300):
        norm(weight.detach())
    probe = torch.randn(4, 3, generator=draw(2), dtype=F64)
    (ours,) = torch.autograd.grad((norm(weight) * probe).sum(), weight)
    (due,) = torch.autograd.grad((weight / torch.linalg.matrix_norm(weight, 2) * probe).sum(), weight)
    assert torch.allclose(ours, due, atol=1e-9)


def test_product_of_norms_bounds_the_net():
    net = Nets(3, 2, 1, games.LEAKY, generator=draw())
    weights = [layer.weight for layer in (*net.hidden, net.last)]
    bound = spectral.product_bound(weights)
    steepest = penalty.slopes(net, torch.randn(3, 500, 2, generator=draw(1), dtype=F64)).max(1).values
    assert (steepest <= bound).all() and (steepest > 0).all()


@pytest.mark.parametrize("activation", ACTIVATIONS[:3])
def test_bounded_net_has_slope_times_at_most(activation):
    net = Nets(2, 2, 1, Shape(16, 3, activation), generator=draw(), bounded=True, times=4.0)
    x = 2 * torch.randn(2, 300, 2, generator=draw(1), dtype=F64)
    for _ in range(200):
        net(x)
    assert (penalty.slopes(net, x) <= 4.0 + 1e-3).all()


def test_reshaped_kernel_is_not_the_convolution():
    kernel = torch.randn(8, 4, 3, 3, generator=draw(), dtype=F64)
    matrix = spectral.convolution_matrix(kernel, 8)
    x = torch.randn(1, 4, 8, 8, generator=draw(1), dtype=F64)
    assert torch.allclose(matrix @ x.flatten(), nn.functional.conv2d(x, kernel, padding=1).flatten())
    true = torch.linalg.matrix_norm(matrix, 2).item()
    assert spectral.convolution_norm(kernel, 8) == pytest.approx(true, rel=1e-3)
    reshaped = spectral.reshaped_norm(kernel)
    assert 1.2 * reshaped < true <= 3 * reshaped + 1e-9


# --- networks and games -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", games.ARCHITECTURES)
def test_seeds_side_by_side_do_not_touch(name):
    for shape in games.ARCHITECTURES[name]:
        net = Nets(2, 2, 1, shape, generator=draw())
        x = torch.randn(2, 9, 2, generator=draw(1), dtype=F64)
        other = x.clone()
        other[1] += 1
        a, b = net(x), net(other)
        assert a.shape == (2, 9, 1) and torch.equal(a[0], b[0]) and not torch.equal(a[1], b[1])


@pytest.mark.parametrize("method", games.METHODS)
def test_a_few_steps_of_every_method(method):
    played = games.play(games.METHODS[method], "no normalisation", games=2, steps=4, looks=2, batch=8)
    again = games.play(games.METHODS[method], "no normalisation", games=2, steps=4, looks=2, batch=8)
    assert played.points.shape == (2, 2, 2000, 2) and played.losses.shape == (2, 2)
    assert played.steps == [2, 4] and torch.equal(played.points, again.points)
    assert len(played.counts()) == 2


def test_losses_of_the_methods():
    real, fake = torch.tensor([[1.0, 3.0]]), torch.tensor([[0.0, 1.0]])
    by = games.METHODS
    assert games.discriminator_loss(by["penalty"], real, fake).item() == pytest.approx(-1.5)
    assert games.generator_loss(by["clip"], fake).item() == pytest.approx(-0.5)
    assert games.discriminator_loss(by["least_squares"], real, fake).item() == pytest.approx(2.5)
    assert games.generator_loss(by["least_squares"], fake).item() == pytest.approx(0.5)
    assert games.generator_loss(by["bounded"], fake).item() == pytest.approx(
        (math.log(2) + math.log(1 + math.exp(-1))) / 2
    )


def test_bounded_critic_comes_near_the_distance_and_not_beyond():
    net = duel.between_gaussians("bounded", seeds=2, steps=250)
    real, fake = duel.gaussians(4000, 2)
    got = duel.estimate(net, real(draw()), fake(draw(1)))
    assert ((got > 5) & (got < 6.1)).all(), got  # with 1000 steps, within 1 % of 6


def test_least_squares_critic_of_fixed_densities_is_the_ratio():
    """(D - 1)^2 p + D^2 q is least at p / (p + q)."""
    p, q = torch.tensor(0.3, dtype=F64), torch.tensor(0.5, dtype=F64)
    d = torch.tensor(0.1, dtype=F64, requires_grad=True)
    (slope,) = torch.autograd.grad(p * (d - 1) ** 2 + q * d**2, d)
    at = d.detach() - slope / (2 * (p + q))  # a quadratic: one step of Newton's
    assert at.item() == pytest.approx(0.375)


def test_discriminator_of_two_lines_reports_log_two_and_falls_silent():
    def line(at):
        return lambda g: lines.sample(2, 64, at=at, thickness=0.01, generator=g)

    method = duel.KINDS["log"]
    net = duel.learn(method, line(0.0), line(1.0), shape=games.LEAKY, inputs=2, seeds=2, steps=300)
    real, fake = line(0.0)(draw()), line(1.0)(draw(1))
    assert (duel.js_reported(net, real, fake) - math.log(2)).abs().max() < 1e-2
    assert duel.pull(method, net, fake).median() < 2e-2


# --- quality and directions ---------------------------------------------------------------------------------


def test_energy_distance_of_equal_and_of_shifted_clouds():
    a, b = torch.randn(2, 2000, 1, generator=draw(), dtype=F64)
    assert abs(quality.energy_distance(a, b)) < 0.01
    # far apart it is 2 shift - 2 E|x - x'|, with E|x - x'| = 2 / sqrt(pi) for unit normal draws
    far = quality.energy_distance(a, b + 20)
    assert far == pytest.approx(40 - 4 / math.sqrt(math.pi), rel=0.01)


def test_rank_correlation_sees_order_alone():
    losses = torch.tensor([[1.0, 5.0], [2.0, 4.0], [9.0, 3.0]])
    quality_ = torch.tensor([[0.1, 1.0], [0.2, 2.0], [0.3, 3.0]])
    assert quality.rank_correlation(losses, quality_) == pytest.approx([1.0, -1.0])


def test_rank_of_the_jacobian_is_at_most_the_codes_length():
    for k in (1, 2):
        net = Nets(1, k, 3, Shape(activation="tanh"), generator=draw())
        codes = torch.randn(20, k, generator=draw(1), dtype=F64)
        assert quality.jacobian_rank(lambda z, net=net: net(z[None])[0], codes).tolist() == [k] * 20
