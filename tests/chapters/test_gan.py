"""The GAN chapter: its equations against closed forms or independent computations, its toys, its checks."""

import math

import pytest
import torch
from torch.nn import functional as F

from avbgtn.models import losses
from avbgtn_book import checks
from avbgtn_book.checks import CheckFailed
from avbgtn_book.gan import dcgan, dirac_figures, dirac_gan, gan, ring, ring_gan
from avbgtn_book.gan import figures as draw
from avbgtn_book.gan import sample_figures as gan_samples

F64 = torch.float64
P = gan.Mixture((-1.5, 1.5), (0.5, 0.8), (0.4, 0.6))
Q = gan.bell(0.5, 1.2)
X = gan.grid()
LOG_P, LOG_Q = P.log_density(X), Q.log_density(X)


# --- densities and quadrature -------------------------------------------------------------------------------


def test_densities_integrate_to_one_and_samples_follow_them():
    assert gan.integral(LOG_P.exp(), X).item() == pytest.approx(1, abs=1e-10)
    draws = P.sample(200_000, generator=torch.Generator().manual_seed(0))
    assert draws.mean().item() == pytest.approx(0.4 * -1.5 + 0.6 * 1.5, abs=0.02)


def test_kl_of_two_bells_is_the_closed_form():
    exact = torch.distributions.kl_divergence(
        torch.distributions.Normal(1.0, 1.0), torch.distributions.Normal(0.5, 1.2)
    )
    found = gan.kl(gan.bell(1.0).log_density(X), LOG_Q, X)
    assert found.item() == pytest.approx(exact.item(), abs=1e-6)


# --- the best discriminator ---------------------------------------------------------------------------------


def test_value_is_minus_the_loss_on_samples():
    generator = torch.Generator().manual_seed(1)
    real, fake = P.sample(400_000, generator=generator), Q.sample(400_000, generator=generator)
    loss = losses.discriminator_loss(torch.sin(real), torch.sin(fake))
    assert gan.value(torch.sin(X), LOG_P, LOG_Q, X).item() == pytest.approx(-loss.item(), abs=0.005)


def test_no_discriminator_beats_the_optimal_one():
    best = gan.optimal_logit(LOG_P, LOG_Q)
    top = gan.value(best, LOG_P, LOG_Q, X)
    for bump in (torch.sin(X), torch.ones_like(X), -torch.tanh(X)):
        for size in (-0.5, 0.05, 0.5):
            assert gan.value(best + size * bump, LOG_P, LOG_Q, X) < top
    d = gan.optimal_discriminator(LOG_P, LOG_Q)
    inside = X.abs() < 8
    ratio = LOG_P.exp() / (LOG_P.exp() + LOG_Q.exp())
    torch.testing.assert_close(d[inside], ratio[inside], atol=1e-12, rtol=0)


def test_logit_of_the_optimal_discriminator_is_the_log_ratio():
    d = gan.optimal_discriminator(LOG_P, LOG_Q)
    inside = X.abs() < 6
    torch.testing.assert_close(
        torch.logit(d)[inside], gan.optimal_logit(LOG_P, LOG_Q)[inside], atol=1e-6, rtol=1e-6
    )


def test_value_at_the_optimum_is_twice_js_minus_log_four():
    found = gan.value(gan.optimal_logit(LOG_P, LOG_Q), LOG_P, LOG_Q, X)
    assert found.item() == pytest.approx(2 * gan.js(LOG_P, LOG_Q, X).item() - math.log(4), abs=1e-9)
    far = gan.bell(18.0).log_density(X)
    assert gan.js(gan.bell().log_density(X), far, X).item() == pytest.approx(math.log(2), abs=1e-9)


# --- the generator's losses ---------------------------------------------------------------------------------


@pytest.mark.parametrize("form, which", [("minimax", "2 JS"), ("non_saturating", "KL - 2 JS")])
@pytest.mark.parametrize("mean", [0.5, 1.0, 2.0, 4.0, 8.0])
def test_gradient_with_frozen_d_is_the_divergences(form, which, mean):
    assert gan.generator_gradient(mean, form) == pytest.approx(gan.divergence_slope(mean, which), abs=1e-7)


@pytest.mark.parametrize("form", ["minimax", "non_saturating"])
def test_loss_of_each_sample_is_gan_loss_of_it(form):
    t = torch.tensor([-800.0, -3.0, 0.0, 0.4, 800.0], dtype=F64)
    one_by_one = torch.stack([losses.gan_loss(one, form=form) for one in t])
    assert torch.equal(gan._per_sample(t, form), one_by_one)


def test_both_losses_of_the_generator_add_up_to_the_log_ratio():
    t = torch.linspace(-30, 30, 301, dtype=F64)
    both = losses.gan_loss(t, form="minimax") + losses.gan_loss(t, form="non_saturating")
    assert both.item() == pytest.approx(-t.mean().item(), abs=1e-12)
    for value in (-5.0, 0.3, 8.0):
        one = torch.tensor([value], dtype=F64)
        both = losses.gan_loss(one, form="minimax") + losses.gan_loss(one, form="non_saturating")
        assert both.item() == pytest.approx(-value, abs=1e-12)
    for mean in (1.0, 4.0):
        both = gan.generator_gradient(mean, "minimax") + gan.generator_gradient(mean, "non_saturating")
        assert both == pytest.approx(mean, abs=1e-9)  # KL is mean^2 / 2


def test_losses_of_the_generator_are_logarithms_of_d():
    t = torch.tensor([0.3, -1.2], dtype=F64)
    d = torch.sigmoid(t)
    assert losses.gan_loss(t, form="minimax").item() == pytest.approx((1 - d).log().mean().item())
    assert losses.gan_loss(t, form="non_saturating").item() == pytest.approx(-d.log().mean().item())


# --- other divergences --------------------------------------------------------------------------------------


def test_f_divergence_gives_pearson_with_q_below_and_twice_js():
    p, q = gan.bell().log_density(X), gan.bell(0.5, 1.2).log_density(X)
    below_q = gan.integral((p.exp() - q.exp()).square() / q.exp().clamp_min(1e-300), X)
    assert gan.f_divergence(lambda u: (u - 1) ** 2, p, q, X).item() == pytest.approx(below_q.item(), abs=1e-9)
    near = X.abs() < 12  # u log u has no value where q is 0 in float64
    twice_js = gan.f_divergence(
        lambda u: u * u.log() - (u + 1) * ((1 + u) / 2).log(), p[near], q[near], X[near]
    )
    assert twice_js.item() == pytest.approx(2 * gan.js(p, q, X).item(), abs=1e-9)


# --- the DiracGAN -------------------------------------------------------------------------------------------


def test_field_is_its_formula():
    theta, psi = torch.tensor([0.7, -1.1], dtype=F64), torch.tensor([-0.4, 1.3], dtype=F64)
    s = torch.sigmoid(psi * theta)
    expected = torch.stack([psi * s, -theta * s - 0.3 * psi])
    torch.testing.assert_close(dirac_gan.field(theta, psi, r1=0.3), expected)


@pytest.mark.parametrize("form", ["minimax", "non_saturating"])
@pytest.mark.parametrize("cure", [{}, {"r1": 0.3}, {"noise": 0.7}, {"r1": 1.2, "noise": 0.5}])
def test_jacobian_and_eigenvalues_are_those_of_the_field(cure, form):
    found = dirac_gan.numerical_jacobian(**cure, form=form)
    torch.testing.assert_close(found, dirac_gan.jacobian(**cure), atol=1e-6, rtol=0)
    roots = torch.linalg.eigvals(dirac_gan.jacobian(**cure))
    for root in dirac_gan.eigenvalues(**cure):
        assert (roots - root).abs().min() < 1e-9


def test_simultaneous_steps_move_outwards_by_exactly_this_much():
    step = 0.2
    path = dirac_gan.trajectory(step, 50)
    before, after = path[:-1], path[1:]
    s = torch.sigmoid(before.prod(dim=1))
    torch.testing.assert_close(
        after.square().sum(1), before.square().sum(1) * (1 + step**2 * s**2), atol=1e-12, rtol=1e-12
    )


@pytest.mark.parametrize("r1", [0.0, 0.1, 0.6, 1.0])
def test_growth_is_the_rate_of_many_small_steps(r1):
    one_step = torch.eye(2, dtype=F64) + 0.2 * dirac_gan.numerical_jacobian(r1=r1)
    many = torch.linalg.matrix_norm(torch.linalg.matrix_power(one_step, 2000), 2).item()
    assert many ** (1 / 2000) == pytest.approx(dirac_gan.growth(0.2, r1=r1), abs=0.005)


def test_instance_noise_is_r1_of_half_its_variance():
    torch.testing.assert_close(dirac_gan.jacobian(noise=0.8), dirac_gan.jacobian(r1=0.32))


# --- the ring and the digits --------------------------------------------------------------------------------


def test_ring_counts_its_own_samples():
    cloud = ring.sample(20_000, generator=torch.Generator().manual_seed(0))
    modes, good, counts = ring.covered(cloud)
    assert modes == 8 and good == pytest.approx(1 - math.exp(-4.5), abs=0.004)
    assert counts.sum().item() == round(good * 20_000)
    with pytest.raises(ValueError, match=r"shape \(n, 2\)"):
        ring.covered(torch.zeros(4, 3))


def test_ring_games_are_independent_and_repeatable():
    one, two = (ring_gan.play(games=2, steps=6, batch=8, hidden=8, looks=2, r1=0.1) for _ in range(2))
    assert one.points.shape == (2, 2, 1000, 2) and one.steps == [3, 6]
    torch.testing.assert_close(one.points, two.points)
    assert len(one.counts()) == 2


@pytest.mark.parametrize("shape", [(5, 3), (2, 4, 3)])
def test_r1_of_a_linear_logit_is_half_gamma_times_its_squared_slope(shape):
    """T(x) = w.x has the slope w at every point: R1 = gamma/2 |w|^2, and D is pushed by gamma w."""
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(shape, generator=draw, dtype=F64, requires_grad=True)
    w = torch.tensor([0.5, -2.0, 1.5], dtype=F64, requires_grad=True)
    penalty = gan.r1_penalty(x @ w, x, 0.3)
    assert penalty.item() == pytest.approx(0.3 / 2 * (0.25 + 4 + 2.25), abs=1e-12)
    torch.testing.assert_close(torch.autograd.grad(penalty, w)[0], 0.3 * w.detach())


def test_both_games_pay_r1_as_often_and_as_much_as_they_say(monkeypatch):
    paid = []
    penalty = gan.r1_penalty
    monkeypatch.setattr(gan, "r1_penalty", lambda t, x, weight: paid.append(weight) or penalty(t, x, weight))
    ring_gan.play(games=2, steps=3, batch=8, hidden=8, looks=1, r1=0.05)
    assert paid == [0.05] * 3
    paid.clear()
    dcgan.play(
        torch.rand(40, 1, 28, 28, generator=torch.Generator().manual_seed(0)), steps=9, batch=8, r1=0.3
    )
    assert paid == [8 * 0.3] * 2, "every eighth step with eight times the weight"
    paid.clear()
    ring_gan.play(games=2, steps=3, batch=8, hidden=8, looks=1)
    assert not paid


def test_digit_game_runs_and_is_repeatable():
    images = torch.rand(40, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    games = [dcgan.play(images, steps=3, batch=8) for _ in range(2)]
    shown = [dcgan.samples(game.generator, 4) for game in games]
    assert shown[0].shape == (4, 1, 28, 28) and 0 <= shown[0].min() and shown[0].max() <= 1
    torch.testing.assert_close(shown[0], shown[1])
    distance, index = dcgan.nearest_distances(images[:3], images)
    assert index.tolist() == [0, 1, 2] and distance.max() < 0.05
    judge = dcgan.train_classifier(images, torch.arange(40) % 10, epochs=1)
    shares, confidence = dcgan.judged(judge, images)
    assert shares.sum().item() == pytest.approx(1) and confidence.shape == (40,)


def test_every_drawing_says_what_it_shows():
    x = torch.linspace(-3, 3, 20, dtype=F64)
    cloud = torch.zeros(2, 30, 2, dtype=F64)
    digits = torch.zeros(20, 1, 28, 28)
    figures = [
        draw.learnt_against_exact(x, x.exp(), x.exp(), x, [x]),
        draw.gradients_against_distance(x.exp(), x.exp(), x.exp()),
        draw.pull_towards_data(2.0),
        dirac_figures.vector_field(0.2, steps=5),
        draw.three_players({k: dirac_gan.trajectory(0.2, 4) for k in "abcd"}),
        gan_samples.ring_clouds({"a": cloud, "b": cloud}, {"a": [(1, 0.5)] * 2, "b": [(8, 0.5)] * 2}),
        gan_samples.digit_rows({"a": digits, "b": digits}),
        gan_samples.judgement(
            {"a": torch.ones(10) / 10, "b": torch.ones(10) / 10}, {"a": torch.ones(9), "b": torch.ones(9)}
        ),
    ]
    for figure in figures:
        assert len(figure.alt.split()) > 5 and figure.png()


# --- the exercises ------------------------------------------------------------------------------------------


def said(check, answer):
    with pytest.raises(CheckFailed) as caught:
        check(answer)
    return str(caught.value)


def test_check_vanishing(capsys):
    checks.check_gan_vanishing("c")
    assert capsys.readouterr().out.startswith("ok: ")
    assert "1 / distance" in said(checks.check_gan_vanishing, "a")
    assert "square of the distance" in said(checks.check_gan_vanishing, "b")
    assert "still None" in said(checks.check_gan_vanishing, None)
    assert gan.generator_gradient(10.0, "minimax") == pytest.approx(4.5e-6, rel=0.02)
    assert gan.generator_gradient(20.0, "minimax") == pytest.approx(2.4e-22, rel=0.02)


def test_check_js(capsys):
    def value(r, f):
        return F.logsigmoid(r).mean() + F.logsigmoid(-f).mean()

    checks.check_gan_js(lambda r, f: (value(r, f) + math.log(4)) / 2)
    assert capsys.readouterr().out.startswith("ok: ")
    assert "left out log 4" in said(checks.check_gan_js, lambda r, f: value(r, f) / 2)
    assert "halve it" in said(checks.check_gan_js, lambda r, f: value(r, f) + math.log(4))
    assert "as if they were real" in said(checks.check_gan_js, lambda r, f: (value(r, -f) + math.log(4)) / 2)
    assert "never goes through the sigmoid" in said(
        checks.check_gan_js,
        lambda r, f: (r.sigmoid().log().mean() + (1 - f.sigmoid()).log().mean() + math.log(4)) / 2,
    )
    assert "still None" in said(checks.check_gan_js, None)


def test_check_generator_loss(capsys):
    checks.check_gan_generator_loss(lambda t: F.softplus(-t).mean())
    assert capsys.readouterr().out.startswith("ok: ")
    check = checks.check_gan_generator_loss
    assert "minimax" in said(check, lambda t: torch.log(1 - torch.sigmoid(t)).mean())
    assert "rounded to 0" in said(check, lambda t: -torch.log(torch.sigmoid(t)).mean())
    assert "clamp" in said(check, lambda t: -torch.log(torch.sigmoid(t).clamp_min(1e-8)).mean())
    assert "you sum" in said(check, lambda t: F.softplus(-t).sum())
    assert "no gradient" in said(check, lambda t: F.softplus(-t).mean().detach())
    assert "no gradient" in said(check, lambda t: F.softplus(-t).mean().item())
    assert "still None" in said(check, None)


def test_check_largest_step(capsys):
    checks.check_gan_largest_step(1.528)
    assert capsys.readouterr().out.startswith("ok: ")
    assert "for complex eigenvalues" in said(checks.check_gan_largest_step, 4 * 1.5)
    assert "slow eigenvalue" in said(checks.check_gan_largest_step, 10.472)
    assert "further left" in said(checks.check_gan_largest_step, 2 / 0.75)
    assert "-gamma for the eigenvalue" in said(checks.check_gan_largest_step, 2 / 1.5)
    assert "the best step" in said(checks.check_gan_largest_step, 1 / 1.30902)
    assert "gamma = 1;" in said(checks.check_gan_largest_step, 4)
    assert "that is gamma;" in said(checks.check_gan_largest_step, 1.5)
    assert "Yours diverges" in said(checks.check_gan_largest_step, 3)
    assert "Yours converges" in said(checks.check_gan_largest_step, 1)
    assert "still None" in said(checks.check_gan_largest_step, None)
    assert dirac_gan.growth(1.527, r1=1.5) < 1 < dirac_gan.growth(1.529, r1=1.5)


def test_check_covered(capsys):
    def right(points, centres, near):
        return int(((torch.cdist(points, centres) < near).double().mean(0) >= 0.01).sum())

    checks.check_gan_covered(right)
    assert capsys.readouterr().out.startswith("ok: ")
    check = checks.check_gan_covered
    assert "stray point" in said(check, lambda p, c, near: int((torch.cdist(p, c) < near).any(0).sum()))
    assert "nearest of some point" in said(
        check, lambda p, c, near: len(torch.cdist(p, c).argmin(1).unique())
    )
    assert "count the centres" in said(check, lambda p, c, near: len(c))
    assert "still None" in said(check, None)


def test_check_rescue(capsys):
    check, draw = checks.check_gan_rescue, torch.Generator().manual_seed(0)
    round_the_ring = ring.sample(3, 400, generator=draw)
    round_the_ring[:, 360:] = 0.0  # as of a generator, which never learns all of the ring
    check(lambda steps, seed: round_the_ring)
    assert capsys.readouterr().out == "ok: 3 games, and each covers at least 5 modes after 300 steps\n"
    strewn = round_the_ring.clone()
    strewn[1, 38:] = 0.0
    one_lost = round_the_ring.clone()
    one_lost[2] = ring.centres()[3]
    assert "cover 8, 8, 1 modes" in said(check, lambda steps, seed: one_lost)
    assert "strewn everywhere" in said(check, lambda steps, seed: strewn)
    assert "luck" in said(check, lambda steps, seed: round_the_ring[:2])
    assert "at least 200" in said(check, lambda steps, seed: round_the_ring[:, :50])
    assert "run away" in said(check, lambda steps, seed: round_the_ring / 0)
    assert "(games, n, 2)" in said(check, lambda steps, seed: round_the_ring[0])
    assert "points[-1]" in said(check, lambda steps, seed: [("8", 0.5)] * 3)
    assert "stopped with TypeError" in said(check, lambda: None)
    assert "must be a function" in said(check, [("8", 0.5)] * 3)
    assert "still None" in said(check, None)


def test_no_game_without_a_cure_passes_the_rescue():
    said(
        checks.check_gan_rescue,
        lambda steps, seed: ring_gan.play(games=3, steps=steps, seed=seed, looks=1).points[-1],
    )
