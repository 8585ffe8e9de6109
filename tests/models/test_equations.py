"""Every displayed equation of the paper against a closed form or an independent computation, in float64."""

import math

import pytest
import torch
from torch.nn import functional as F

from avbgtn.models import losses

F64 = torch.float64


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=F64)


# --- Eqs. (1)-(7): UNIT -------------------------------------------------------------------------------------


def test_eq1_is_the_sum_of_all_losses():
    t = [torch.tensor(float(2**k), dtype=F64) for k in range(6)]
    assert (
        losses.total_loss((t[0], t[1]), (t[2], t[3]), (t[4], t[5]), lambda_0=10.0)
        == 1 + 2 + 10 * (4 + 8) + 16 + 32
    )


@pytest.mark.parametrize("sigma", [1.0, 0.5, 2.0])
def test_eq2_eq3_gaussian_kl_is_torchs_own_summed_over_the_code(sigma):
    mu = normal(4, 3, 2, 2)
    q = torch.distributions.Normal(mu, torch.full_like(mu, sigma))
    p = torch.distributions.Normal(torch.zeros_like(mu), torch.ones_like(mu))
    exact = torch.distributions.kl_divergence(q, p).flatten(1).sum(1).mean()
    assert losses.gaussian_kl(mu, sigma).item() == pytest.approx(exact.item(), rel=1e-12)


def test_mean_square_is_two_over_d_times_the_unit_variance_kl():
    mu = normal(5, 7, 3)
    assert losses.mean_square_penalty(mu).item() == pytest.approx(
        2 / 21 * losses.gaussian_kl(mu).item(), rel=1e-12
    )


def test_eq2_reconstruction_is_the_laplace_likelihood_up_to_a_constant():
    a, b = normal(2, 3, 4, 4), normal(2, 3, 4, 4, seed=1)
    d = a[0].numel()
    scale = float(d)
    laplace = -torch.distributions.Laplace(a, torch.full_like(a, scale)).log_prob(b).flatten(1).sum(1).mean()
    constant = d * math.log(2 * scale)
    assert losses.reconstruction_loss(a, b).item() == pytest.approx(laplace.item() - constant, rel=1e-9)


def test_reconstruction_names_both_shapes():
    with pytest.raises(ValueError, match=r"one shape, got \(1, 3, 8, 8\) and \(1, 3, 4, 4\)"):
        losses.reconstruction_loss(torch.zeros(1, 3, 8, 8), torch.zeros(1, 3, 4, 4))


def test_eq2_eq10_vae_loss_weights_its_two_terms():
    assert losses.vae_loss(
        torch.tensor(3.0), torch.tensor(5.0), lambda_1=0.1, lambda_2=100.0
    ).item() == pytest.approx(500.3)


@pytest.mark.parametrize("direct, expected", [(0.0, 0.1 * 7 + 200), (3.0, 0.1 * (3 + 7) + 200)])
def test_eq6_eq12_cycle_loss_in_both_readings(direct, expected):
    found = losses.cycle_loss(direct, torch.tensor(7.0), torch.tensor(2.0), lambda_3=0.1, lambda_4=100.0)
    assert found.item() == pytest.approx(expected)


def test_eq4_eq5_discriminator_at_its_optimum_gives_two_js_minus_log_four():
    # Two distributions on three points; D* = p / (p + q), so the value of the game is 2 JS - log 4.
    p, q = torch.tensor([0.5, 0.3, 0.2], dtype=F64), torch.tensor([0.1, 0.3, 0.6], dtype=F64)
    logits = (p / q).log()
    n = 1000  # points repeated so that a mean over samples is an exact expectation
    real = logits.repeat_interleave((p * n).round().long())
    fake = logits.repeat_interleave((q * n).round().long())
    m = (p + q) / 2
    two_js = (p * (p / m).log()).sum() + (q * (q / m).log()).sum()
    assert -losses.discriminator_loss(real, fake).item() == pytest.approx(
        (two_js - math.log(4)).item(), abs=1e-12
    )


def test_generator_forms_are_what_they_say():
    fake = normal(50)
    d = torch.sigmoid(fake)
    assert losses.gan_loss(fake, form="minimax").item() == pytest.approx(
        (1 - d).log().mean().item(), rel=1e-12
    )
    assert losses.gan_loss(fake, form="non_saturating").item() == pytest.approx(
        -d.log().mean().item(), rel=1e-12
    )
    assert losses.gan_loss(fake, form="least_squares").item() == pytest.approx(
        (fake - 1).square().mean().item()
    )
    assert losses.discriminator_loss(fake, fake, form="least_squares").item() == pytest.approx(
        ((fake - 1).square() + fake.square()).mean().item()
    )
    with pytest.raises(ValueError, match="got 'wasserstein'"):
        losses.gan_loss(fake, form="wasserstein")


# --- Eqs. (8), (9): AVB -------------------------------------------------------------------------------------


def test_eq9_at_the_optimum_is_the_gan_value_of_posterior_and_prior():
    # q = N(1, 1), p = N(0, 1): T* = z - 1/2. Integrated on a fine grid.
    z = torch.linspace(-12, 13, 200_001, dtype=F64)
    q, p = (
        torch.exp(-((z - 1) ** 2) / 2) / math.sqrt(2 * math.pi),
        torch.exp(-(z**2) / 2) / math.sqrt(2 * math.pi),
    )
    t, dz = z - 0.5, z[1] - z[0]
    by_grid = ((q * F.softplus(-t) + p * F.softplus(t)).sum() * dz).item()
    draws = normal(400_000)
    by_samples = losses.posterior_discriminator_loss(
        draws + 0.5, draws - 0.5
    ).item()  # T*(z) for z ~ q and z ~ p
    assert by_samples == pytest.approx(by_grid, abs=3e-3)
    assert losses.posterior_discriminator_loss(torch.zeros(3), torch.zeros(3)).item() == pytest.approx(
        losses.TWO_LOG_TWO
    )


class TinyT(torch.nn.Module):
    """A network for T on one- and two-dimensional codes of one x."""

    def __init__(self, d: int):
        super().__init__()
        torch.manual_seed(0)
        self.net = torch.nn.Sequential(
            torch.nn.Linear(d, 64),
            torch.nn.ELU(),
            torch.nn.Linear(64, 64),
            torch.nn.ELU(),
            torch.nn.Linear(64, 1),
        ).double()

    def forward(self, z):
        return self.net(z).squeeze(1)


@pytest.mark.parametrize("d, mean, std", [(1, 1.0, 0.6), (2, 0.9, 0.6)])
def test_eq9_trained_t_estimates_the_kl_of_gaussians(d, mean, std):
    g = torch.Generator().manual_seed(1)
    t = TinyT(d)
    optimizer = torch.optim.Adam(t.parameters(), 3e-3)
    for step in range(700):
        if step == 500:
            optimizer.param_groups[0]["lr"] = 5e-4
        q = mean + std * torch.randn(512, d, generator=g, dtype=F64)
        loss = losses.posterior_discriminator_loss(t(q), t(torch.randn(512, d, generator=g, dtype=F64)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    exact = losses.gaussian_kl(torch.full((1, d), mean, dtype=F64), std).item()
    with torch.no_grad():
        estimate = losses.logit_penalty(t(mean + std * torch.randn(20_000, d, generator=g, dtype=F64))).item()
    assert estimate == pytest.approx(exact, abs=0.1)


def optimal_t(mu: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
    """T* of a unit-variance posterior N(mu, I): mu.z - |mu|^2 / 2."""
    return (mu * z).flatten(1).sum(1) - 0.5 * mu.square().flatten(1).sum(1)


def test_eq8_the_optimal_t_gives_the_exact_gradient():
    mu = normal(1, 6).requires_grad_()
    eps = normal(20_000, 6, seed=2)
    losses.logit_penalty(
        optimal_t(mu.detach(), mu + eps)
    ).backward()  # T frozen at its optimum, gradient through z
    torch.testing.assert_close(
        mu.grad, mu.detach(), atol=1e-12, rtol=1e-12
    )  # = d KL / d mu, without sampling error


def test_the_wrong_sign_runs_away():
    def after(sign: float) -> float:
        mu = torch.full((1, 1), 1.5, dtype=F64, requires_grad=True)
        for k in range(60):
            (grad,) = torch.autograd.grad(
                sign * losses.log_sigmoid_penalty(optimal_t(mu.detach(), mu + normal(256, 1, seed=k))), mu
            )
            mu = (mu - 0.2 * grad).detach().requires_grad_()
        return losses.gaussian_kl(mu).item()

    start = 1.5**2 / 2
    assert after(+1.0) < 0.1 * start, "minimising +log s(T) must pull the posterior to the prior"
    assert after(-1.0) > 1.5 * start, "minimising -log s(T) must push it away"


# --- Eqs. (10)-(13): AVB-GTN --------------------------------------------------------------------------------


def divergences(m: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """KL(q||p) and 2 JS(q||p) for q = N(m, 1), p = N(0, 1), by quadrature; differentiable in m."""
    z = torch.linspace(-14, 22, 60_001, dtype=F64)
    dz = z[1] - z[0]
    log_q, log_p = (
        -((z - m) ** 2) / 2 - 0.5 * math.log(2 * math.pi),
        -(z**2) / 2 - 0.5 * math.log(2 * math.pi),
    )
    log_m = torch.logaddexp(log_q, log_p) - math.log(2)
    kl = (log_q.exp() * (log_q - log_p)).sum() * dz
    two_js = (log_q.exp() * (log_q - log_m)).sum() * dz + (log_p.exp() * (log_p - log_m)).sum() * dz
    return kl, two_js


@pytest.mark.parametrize("m", [1.0, 2.0, 4.0])
def test_eq10_frozen_gradients_are_those_of_kl_2js_and_kl_minus_2js(m):
    centre = torch.tensor(m, dtype=F64, requires_grad=True)
    kl, two_js = divergences(centre)
    (d_kl,) = torch.autograd.grad(kl, centre, retain_graph=True)
    (d_2js,) = torch.autograd.grad(two_js, centre)

    eps = torch.linspace(-9, 9, 60_001, dtype=F64)
    weight = torch.exp(-(eps**2) / 2)
    weight = weight / weight.sum()

    def frozen_gradient(penalty) -> float:
        mu = torch.tensor(m, dtype=F64, requires_grad=True)
        t = m * (mu + eps) - m**2 / 2  # T*, with its parameter m held fixed; (grid points,)
        # the package's penalty on one point at a time is elementwise;
        # the expectation over eps is by quadrature
        values = torch.stack([penalty(t[None, i]) for i in range(0, len(t), 200)])
        w = weight[::200] / weight[::200].sum()
        return torch.autograd.grad((w * values).sum(), mu)[0].item()

    assert frozen_gradient(losses.logit_penalty) == pytest.approx(d_kl.item(), abs=1e-6)
    assert frozen_gradient(losses.log_sigmoid_penalty) == pytest.approx(d_2js.item(), abs=1e-6)
    assert frozen_gradient(losses.softplus_penalty) == pytest.approx((d_kl - d_2js).item(), abs=1e-6)


def test_eq10_value_at_the_optimum_is_kl_to_the_mixture_minus_log_two():
    z = torch.linspace(-12, 14, 200_001, dtype=F64)
    q, p = torch.exp(-((z - 2) ** 2) / 2), torch.exp(-(z**2) / 2)
    q, p = q / q.sum(), p / p.sum()
    kl_to_mixture = (q * (q / ((q + p) / 2)).log()).sum().item()
    t = (q / p).log()  # T*
    some = range(0, len(z), 100)  # the package's penalty point by point, weighted by q
    points = torch.stack([losses.log_sigmoid_penalty(t[None, i]) for i in some])
    weight = q[::100] / q[::100].sum()
    value = (weight * points).sum().item()
    assert value == pytest.approx(kl_to_mixture - math.log(2), abs=1e-6)
    assert -math.log(2) <= value <= 0


def test_logit_is_log_sigmoid_plus_softplus():
    t = 30 * normal(1000)
    whole = losses.logit_penalty(t)
    parts = losses.log_sigmoid_penalty(t) + losses.softplus_penalty(t)
    assert parts.item() == pytest.approx(whole.item(), rel=1e-12)


def test_log_sigmoid_survives_logits_that_break_a_clamped_probability():
    t = torch.tensor([-200.0, 200.0], dtype=torch.float32, requires_grad=True)
    losses.log_sigmoid_penalty(t).backward()
    assert losses.log_sigmoid_penalty(t).item() == pytest.approx(-100.0)
    assert t.grad.tolist() == [0.5, 0.0]


# --- adaptive contrast, scales ------------------------------------------------------------------------------


def test_adaptive_contrast_is_exact_for_a_gaussian_posterior_with_its_own_moments():
    # With r = q, T has nothing to learn: T = 0, and E_q[log r - log p] is the KL itself.
    mean, std = normal(1, 5), 0.3 + normal(1, 5, seed=1).abs()
    z = mean + std * normal(400_000, 5, seed=2)
    estimate = losses.adaptive_contrast_log_ratio(torch.zeros(len(z), dtype=F64), z, mean, std).mean().item()
    assert estimate == pytest.approx(losses.gaussian_kl(mean, std).item(), abs=0.02)


def test_code_moments_have_no_gradient_and_need_two_draws():
    draws = normal(16, 2, 3).requires_grad_()
    mean, std = losses.code_moments(draws)
    assert not mean.requires_grad and not std.requires_grad
    torch.testing.assert_close(std, (draws.detach().var(0) + 1e-4).sqrt())
    with pytest.raises(ValueError, match="at least 2 draws for a variance, got 1"):
        losses.code_moments(draws[:1])


def test_scales_convert_into_each_other():
    mu = normal(3, 8)
    as_written = losses.mean_square_penalty(mu)
    nats = losses.scale_penalty(as_written, form="mean_square", scale="nats", dimensions=8)
    assert nats.item() == pytest.approx(losses.gaussian_kl(mu).item(), rel=1e-12)
    t = torch.tensor(12.0)
    assert losses.scale_penalty(t, form="logit", scale="as_written", dimensions=8) == 12.0
    assert losses.scale_penalty(t, form="logit", scale="nats", dimensions=8) == 12.0
    assert losses.scale_penalty(t, form="logit", scale="per_dimension", dimensions=8) == 3.0
    with pytest.raises(ValueError, match="got 'bits'"):
        losses.scale_penalty(t, form="logit", scale="bits", dimensions=8)
