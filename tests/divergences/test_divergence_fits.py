"""One Gaussian for two humps, exactly and by games; what generators descend on; double loop, single step."""

import math

import pytest
import torch

from avbgtn_book.divergences import adversary, fits, generators, loops, rows
from avbgtn_book.gan import gan

F64 = torch.float64
OTHERS = [
    gan.Mixture((-2.0, 2.0), (0.6, 1.0), (0.33, 0.67)),
    gan.Mixture((-1.0, 1.5), (0.6, 1.0), (0.4, 0.6)),
]


@pytest.fixture(scope="module")
def exact():
    return fits.all_fits()


# --- exact fits ---------------------------------------------------------------------------------------------


def test_kl_fit_has_the_moments_of_the_data(exact):
    due = fits.moments(fits.HUMPS)
    assert exact["KL"][:2] == pytest.approx(due[:2], abs=1e-6)


def test_fits_in_the_order_of_their_widths(exact):
    order = sorted(fits.NAMES, key=lambda name: exact[name].std)
    assert order == ["reverse KL", "Jeffrey", "JS", "KL", "Pearson"]
    widths = [exact[name].std for name in order]
    assert widths == pytest.approx([1.4199, 1.4846, 1.5851, 1.6260, 1.6892], abs=1e-4)


@pytest.mark.parametrize("mixture", [fits.HUMPS, *OTHERS])
def test_each_fit_is_the_best_by_its_own_divergence(mixture):
    found = fits.table(fits.all_fits(mixture), mixture)
    assert fits.on_diagonal(found) == [True] * 5
    assert fits.missing_in_jeffrey(found).abs().max() < 1e-12
    assert found.diag().tolist() == pytest.approx([fits.fit(n, mixture).value for n in fits.NAMES])


def test_divergences_of_the_fits_are_the_rows():
    x = fits.line()
    log_p, log_q = fits.HUMPS.log_density(x), gan.bell(0.3, 1.6).log_density(x)
    for name in fits.NAMES:
        row, times = (rows.ROWS["2 JS"], 0.5) if name == "JS" else (rows.ROWS[name], 1.0)
        due = times * gan.integral(row.formula(log_p.exp(), log_q.exp())[1000:-1000], x[1000:-1000])
        assert fits.divergence(name, log_p, log_q, x).item() == pytest.approx(due.item(), abs=1e-6), name
    with pytest.raises(ValueError, match="reverse KL"):
        fits.divergence("Neyman", log_p, log_q, x)


def test_reverse_kl_drops_a_hump_when_they_are_far_apart():
    def humps(apart):
        return gan.Mixture((-apart / 2, apart / 2), (0.5, 0.8), (0.4, 0.6))

    assert fits.fit("reverse KL", humps(3.0)).std > 1.4
    far = fits.fit("reverse KL", humps(5.0))
    assert far.mean == pytest.approx(2.5, abs=0.1) and far.std == pytest.approx(0.8, abs=0.1)
    assert fits.fit("KL", humps(5.0)).std > 2.4


def test_the_printed_table_has_its_diagonal_and_misses_the_identity():
    assert fits.on_diagonal(fits.PRINTED) == [True] * 5
    missing = fits.missing_in_jeffrey(fits.PRINTED)
    assert missing.tolist() == pytest.approx([-0.0784, -0.0138, -0.0371, -0.0608, -0.1351], abs=1e-9)


# --- games --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("heads", [adversary.HEADS, adversary.BY_RATIO])
def test_heads_are_conjugates_of_their_outputs(heads):
    v = torch.linspace(-3, 1.5, 30, dtype=F64)
    for name, head in heads.items():
        row, half = (rows.ROWS["2 JS"], 0.5) if name == "JS" else (rows.ROWS[name], 1.0)
        t = head.t(v)
        inside = t / half >= row.low  # the printed formula of Pearson goes on below
        due = half * rows.conjugate(row, t / half)
        assert torch.allclose(head.charge(v)[inside], due[inside], atol=1e-12), name


def test_wanted_output_makes_the_bound_tight():
    log_ratio = torch.linspace(-4, 2, 13, dtype=F64)
    for name, head in adversary.HEADS.items():
        row, half = (rows.ROWS["2 JS"], 0.5) if name == "JS" else (rows.ROWS[name], 1.0)
        best = half * row.slope(log_ratio.exp())
        assert torch.allclose(head.t(adversary.wanted_output(name, log_ratio)), best), name


def test_slope_of_jeffreys_conjugate_is_the_best_u():
    u = torch.tensor([0.02, 0.5, 1.0, 3.0], dtype=F64)
    t = rows.ROWS["Jeffrey"].slope(u).requires_grad_()
    (found,) = torch.autograd.grad(adversary.JeffreyConjugate.apply(t).sum(), t)
    assert torch.allclose(found, u)
    assert torch.autograd.gradcheck(adversary.JeffreyConjugate.apply, t)


@pytest.mark.parametrize("samples", [True, False])
def test_a_game_is_repeatable_and_its_gaussian_widens(samples):
    played = [adversary.play(adversary.HEADS["KL"], games=2, steps=120, samples=samples) for _ in range(2)]
    assert torch.equal(played[0].means, played[1].means) and played[0].means.shape == (12, 2)
    start = math.exp(0.3)
    assert (played[0].stds[-1] > start + 0.05).all()


# --- what a generator descends on ---------------------------------------------------------------------------


@pytest.mark.parametrize("mean, std", [(0.5, 1.2), (2.0, 0.7)])
def test_frozen_minimax_gradient_is_that_of_both_halves(mean, std):
    frozen = generators.frozen_gradient(generators.LOSSES["minimax"], mean, std)
    q_half = generators.density_gradient(generators.half_of_samples, mean, std)
    p_half = generators.density_gradient(generators.half_of_data, mean, std)
    assert torch.allclose(frozen, q_half + p_half, atol=1e-9)
    assert p_half.abs().min() > 0.02  # not independent of the model


def test_the_half_that_the_lecture_keeps_can_have_the_other_sign():
    frozen = generators.frozen_gradient(generators.LOSSES["minimax"], 0.5, 1.2)[0].item()
    kept = generators.density_gradient(generators.half_of_samples, 0.5, 1.2)[0].item()
    assert frozen == pytest.approx(-0.0047, abs=1e-4) and kept == pytest.approx(0.0221, abs=1e-4)


def test_least_squares_loss_of_the_best_d_is_a_pearson_divergence():
    x = fits.line()
    log_p, log_q = fits.HUMPS.log_density(x), gan.bell(0.5, 1.2).log_density(x)
    best = gan.optimal_discriminator(log_p, log_q)
    least = generators.least_squares_loss(best, log_p, log_q, x)
    due = 0.5 - generators.pearson_to_middle(log_p, log_q, x) / 2
    assert least.item() == pytest.approx(due.item(), abs=1e-12)
    for wrong in (best + 0.05, best * 0.9):
        assert generators.least_squares_loss(wrong, log_p, log_q, x) > least
    middle = torch.logaddexp(log_p, log_q) - math.log(2)
    pearson = rows.ROWS["Pearson"].formula(log_q.exp(), middle.exp())
    assert generators.pearson_to_middle(log_p, log_q, x).item() == pytest.approx(
        gan.integral(pearson, x).item(), abs=1e-12
    )


@pytest.mark.parametrize("mean, std", [(0.5, 1.2), (2.0, 0.7)])
def test_least_squares_generator_descends_on_its_f(mean, std):
    frozen = generators.frozen_gradient(generators.LOSSES["least squares"], mean, std)

    def own(log_p, log_q, x):
        return gan.f_divergence(generators.least_squares_f, log_p, log_q, x)

    assert torch.allclose(frozen, generators.density_gradient(own, mean, std), atol=1e-9)


def test_f_of_the_least_squares_generator():
    u = torch.linspace(0.1, 5, 50, dtype=F64).requires_grad_()
    (first,) = torch.autograd.grad(generators.least_squares_f(u).sum(), u, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), u)
    assert torch.allclose(second, 2 / (u * (1 + u) ** 3))
    one = torch.ones(1, dtype=F64, requires_grad=True)
    (slope,) = torch.autograd.grad(generators.least_squares_f(one), one)
    assert generators.least_squares_f(one).item() == pytest.approx(0, abs=1e-12) and abs(slope) < 1e-12


def test_least_squares_fits():
    found = generators.fit_least_squares()
    assert found["D's loss"].std == pytest.approx(1.6150, abs=1e-3)
    assert found["G's own loss"][:2] == pytest.approx((1.4143, 0.8903), abs=1e-3)


# --- double loop, single step -------------------------------------------------------------------------------


def test_gradients_of_the_gaussian_game_are_those_of_its_value():
    theta = torch.tensor([0.3, -0.5, 0.2], dtype=F64, requires_grad=True)
    at = torch.tensor([-0.4, 0.3], dtype=F64, requires_grad=True)
    real = loops.features(loops.DATA[0] + loops.DATA[1] * loops.NODES)
    fake = loops.features(at[0] + at[1].exp() * loops.NODES)
    log = torch.nn.functional.logsigmoid
    value = (loops.WEIGHTS * (log(theta @ real) + log(-(theta @ fake)))).sum()
    up, down = torch.autograd.grad(value, (theta, at))
    assert torch.allclose(loops.discriminator_gradient(theta.detach(), at.detach()), up)
    assert torch.allclose(loops.generator_gradient(theta.detach(), at.detach()), down)


def test_single_step_takes_both_gradients_at_the_same_point():
    path, theta = loops.play(1, steps=2), torch.zeros(3, dtype=F64)
    at = torch.tensor([loops.START[0], math.log(loops.START[1])], dtype=F64)
    for k in (1, 2):
        up, down = loops.discriminator_gradient(theta, at), loops.generator_gradient(theta, at)
        theta, at = theta + 0.3 * up, at - 0.3 * down
        assert path.means[k].item() == pytest.approx(at[0].item())
        assert path.stds[k].item() == pytest.approx(at[1].exp().item())
    late = loops.play(2, steps=1)
    assert late.means[1] != pytest.approx(path.means[1].item())


def test_kl_of_the_path_is_the_integral():
    path = loops.play(1, steps=3)
    x = gan.grid(-20, 20, 8001)
    log_p = gan.bell(*loops.DATA).log_density(x)
    for mean, std, value in zip(path.means.tolist(), path.stds.tolist(), path.kl().tolist(), strict=True):
        assert gan.kl(log_p, gan.bell(mean, std).log_density(x), x).item() == pytest.approx(value, abs=1e-9)


def test_double_loop_settles_in_fewer_updates_and_so_does_a_slow_g_beside_a_fast_d():
    single, five, twenty = (loops.play(k, steps=1000).settled() for k in (1, 5, 20))
    assert twenty < five < single
    careful = loops.play(1, steps=1000, for_d=0.5, for_g=0.05).settled()
    assert careful < single
    alone = loops.play(1, steps=1000, for_g=0.05).settled()
    larger = loops.play(1, steps=1000, for_d=0.5, for_g=0.5).settled()
    assert careful < larger < single <= alone, "smaller steps of G alone do not help"
    # gradients of D and of G together: the price is about the same
    assert 2 * careful < 1.3 * 6 * five and 2 * careful < 1.1 * 21 * twenty
