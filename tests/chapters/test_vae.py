"""The VAE chapter's equations against closed forms and integrals, and its networks."""

import math

import pytest
import torch

from avbgtn.models import losses
from avbgtn_book.shared import digits
from avbgtn_book.shared import initial_weights as initial
from avbgtn_book.vae import conv_vae, linear_vae, vae

F64 = torch.float64


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=F64)


def a_model() -> linear_vae.LinearGaussian:
    return linear_vae.LinearGaussian(normal(3, 2), normal(3, seed=1), 0.6)


# --- codes, evidence, KL ------------------------------------------------------------------------------------


def test_an_autoencoder_does_not_know_where_its_codes_are():
    x, encoder, decoder, a = normal(20, 5), normal(2, 5, seed=1), normal(5, 2, seed=2), normal(2, 2, seed=3)
    picture = x @ (decoder @ encoder).T
    same = (x @ (a @ encoder).T) @ (decoder @ torch.linalg.inv(a)).T
    torch.testing.assert_close(picture, same, atol=1e-12, rtol=1e-12)
    assert (x @ encoder.T - x @ (a @ encoder).T).abs().max() > 0.5


def test_evidence_and_posterior_by_integration():
    model, x = a_model(), normal(1, 3, seed=4)
    axis = torch.linspace(-8, 8, 801, dtype=F64)
    z = torch.cartesian_prod(axis, axis)
    log_joint = model.log_likelihood(x, z) + vae.gaussian_log_density(z)
    cell = 2 * math.log(16 / 800)
    assert model.log_evidence(x).item() == pytest.approx(
        (torch.logsumexp(log_joint, 0) + cell).item(), abs=1e-9
    )
    weight = log_joint.softmax(0)
    mean = weight @ z
    covariance = (z - mean).T @ (weight[:, None] * (z - mean))
    exact_mean, exact_covariance = model.posterior(x)
    torch.testing.assert_close(exact_mean[0], mean, atol=1e-9, rtol=0)
    torch.testing.assert_close(exact_covariance, covariance, atol=1e-9, rtol=0)


def test_evidence_is_torchs_multivariate_normal():
    model, x = a_model(), normal(7, 3, seed=4)
    covariance = model.weight @ model.weight.T + model.noise**2 * torch.eye(3, dtype=F64)
    truth = torch.distributions.MultivariateNormal(model.mean, covariance).log_prob(x)
    torch.testing.assert_close(model.log_evidence(x), truth, atol=1e-12, rtol=1e-12)


def covariance_of(seed: int) -> torch.Tensor:
    root = normal(3, 3, seed=seed)
    return root @ root.T + 0.3 * torch.eye(3, dtype=F64)


def test_kl_between_is_torchs_own_and_not_symmetric():
    m, c, m_p, c_p = normal(4, 3), covariance_of(1), normal(4, 3, seed=2), covariance_of(3)
    q, p = (torch.distributions.MultivariateNormal(*pair) for pair in ((m, c), (m_p, c_p)))
    truth = torch.distributions.kl_divergence(q, p).mean()
    found = linear_vae.kl_between(m, c, m_p, c_p)
    assert found.item() == pytest.approx(truth.item(), rel=1e-12)
    assert abs(found - linear_vae.kl_between(m_p, c_p, m, c)) > 0.1
    assert linear_vae.kl_between(m, c, m, c).item() == pytest.approx(0, abs=1e-12)


def test_gaussian_kl_by_integration():
    mu, sigma = torch.tensor([[0.7]], dtype=F64), torch.tensor([[0.4]], dtype=F64)
    z = torch.linspace(-12, 12, 48_001, dtype=F64)[:, None]
    log_q, log_p = vae.gaussian_log_density(z, mu, sigma), vae.gaussian_log_density(z)
    by_integration = (log_q.exp() * (log_q - log_p)).sum() * 24 / 48_000
    assert losses.gaussian_kl(mu, sigma).item() == pytest.approx(by_integration.item(), abs=1e-10)


def test_unit_variance_kl_is_d_halves_times_the_mean_square():
    mu = normal(2, 4, 5, 5)
    assert losses.gaussian_kl(mu, 1.0).item() == pytest.approx(
        100 / 2 * losses.mean_square_penalty(mu).item(), rel=1e-12
    )


# --- the bound ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_elbo_gap_is_the_kl(seed):
    model, x = a_model(), normal(1, 3, seed=4)
    root = normal(2, 2, seed=seed + 10)
    q = normal(1, 2, seed=seed), root @ root.T + 0.1 * torch.eye(2, dtype=F64)
    gap = linear_vae.kl_between(*q, *model.posterior(x))
    assert (model.elbo(x, *q) + gap).item() == pytest.approx(model.log_evidence(x).item(), abs=1e-11)
    exact = model.posterior(x)
    assert model.elbo(x, *exact).item() == pytest.approx(model.log_evidence(x).item(), abs=1e-11)


def test_elbo_by_sampling_is_the_closed_form():
    model, x = a_model(), normal(1, 3, seed=4)
    mu, sigma = normal(1, 2, seed=5), torch.tensor([[0.4, 0.7]], dtype=F64)
    z = vae.reparameterise(mu, sigma, normal(400_000, 2, seed=6))
    sampled = vae.elbo(model.log_likelihood(x, z), mu, sigma).item()
    assert sampled == pytest.approx(model.elbo(x, mu, torch.diag(sigma[0] ** 2)).item(), abs=0.02)


def test_bernoulli_is_torchs_own_summed_over_pixels():
    x, logits = (normal(3, 1, 4, 4) > 0).to(F64), 3 * normal(3, 1, 4, 4, seed=1)
    truth = torch.distributions.Bernoulli(logits=logits).log_prob(x).sum((1, 2, 3))
    torch.testing.assert_close(vae.bernoulli_log_likelihood(x, logits), truth)
    with pytest.raises(ValueError, match="must have one shape"):
        vae.bernoulli_log_likelihood(x, logits[:1])


def test_importance_bound_rises_from_the_elbo_to_the_evidence():
    model, x = a_model(), normal(1, 3, seed=4)
    mean, covariance = model.posterior(x)
    sigma = 1.3 * covariance.diagonal().sqrt()[None]
    z = vae.reparameterise(mean, sigma, normal(240_000, 2, seed=6))
    log_w = (
        model.log_likelihood(x, z) + vae.gaussian_log_density(z) - vae.gaussian_log_density(z, mean, sigma)
    )
    bounds = [vae.importance_bound(log_w.view(-1, k).T).item() for k in (1, 2, 5, 20, 200)]
    truth = model.log_evidence(x).item()
    assert bounds[0] == pytest.approx(model.elbo(x, mean, torch.diag(sigma[0] ** 2)).item(), abs=0.01)
    assert bounds == sorted(bounds) and bounds[-1] == pytest.approx(truth, abs=0.003)
    at_posterior = torch.full((5, 3), truth, dtype=F64)
    assert vae.importance_bound(at_posterior).item() == pytest.approx(truth, rel=1e-14)
    with pytest.raises(ValueError, match="k draws, n images"):
        vae.importance_bound(log_w)


# --- gradients ----------------------------------------------------------------------------------------------


def test_both_gradients_are_unbiased():
    mu, eps = torch.tensor([0.5, -1.0], dtype=F64), normal(400_000, 2)
    truth = torch.tensor([3 * 0.5**2 + 3 * 0.49, 2 * -1.0], dtype=F64)  # of E (z_1^3 + z_2^2), sigma = 0.7

    def f(z):
        return z[:, 0] ** 3 + z[:, 1] ** 2

    for estimate in (vae.score_function_gradient, vae.pathwise_gradient):
        draws = estimate(f, mu, 0.7, eps)
        error = (draws.mean(0) - truth).abs() / (draws.var(0) / len(draws)).sqrt()
        assert error.max() < 4, f"{estimate.__name__} is {error.max():.1f} standard errors off"


@pytest.mark.parametrize("m, s", [(1.0, 1.0), (0.5, 2.0)])
def test_gradient_variances_by_exact_moments(m, s):
    """Gauss-Hermite in one dimension, exact for these polynomials; independent components for the rest."""
    import numpy as np

    e, w = np.polynomial.hermite_e.hermegauss(20)
    w = w / w.sum()
    z2 = (m + s * e) ** 2
    for d in (1, 3, 64):
        a, second = (w * z2).sum(), (w * z2**2).sum()
        rest, rest2 = (d - 1) * a, (d - 1) * (second - a**2) + ((d - 1) * a) ** 2
        moment = (w * z2**2 * e**2).sum() + 2 * rest * (w * z2 * e**2).sum() + rest2
        score = moment / s**2 - (2 * m) ** 2
        assert vae.exact_gradient_variances(d, m, s) == pytest.approx((score, 4 * s**2), rel=1e-10)
    assert vae.exact_gradient_variances(64, 1, 1)[0] == 4 * 64**2 + 14 * 64 + 12


# --- blur and collapse --------------------------------------------------------------------------------------


def test_the_best_picture_is_the_weighted_mean():
    x = (normal(6, 9) > 0).to(F64)
    weight = normal(6, seed=1).abs()
    logits = torch.zeros(9, dtype=F64, requires_grad=True)
    best = (weight @ x / weight.sum()).clamp(1e-9, 1 - 1e-9)
    with torch.no_grad():
        logits.copy_(torch.logit(best))
    score = (weight * vae.bernoulli_log_likelihood(x, logits.expand_as(x))).sum()
    (gradient,) = torch.autograd.grad(score, logits)
    assert gradient.abs().max() < 1e-7, "the weighted mean is no stationary point of the Bernoulli likelihood"
    s = best.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(-(weight * (x - s).square().sum(1)).sum(), s)
    assert gradient.abs().max() < 1e-7


def test_best_weight_is_a_maximum_of_the_evidence():
    eigenvalues = torch.tensor([3.0, 1.5, 0.4], dtype=F64)
    noise = 0.8

    def evidence(weight):  # expected log p(x) over data N(0, diag(eigenvalues)), up to a constant
        c = weight @ weight.T + noise**2 * torch.eye(3, dtype=F64)
        return -0.5 * (torch.logdet(c) + torch.trace(torch.linalg.solve(c, torch.diag(eigenvalues))))

    best = linear_vae.best_weight(eigenvalues, noise, 2)
    assert torch.equal(linear_vae.best_weight(eigenvalues, 1.5, 2)[:, 1], torch.zeros(3, dtype=F64))
    leaf = best.clone().requires_grad_()
    assert torch.autograd.grad(evidence(leaf), leaf)[0].abs().max() < 1e-12
    for seed in range(20):
        assert evidence(best + 0.1 * normal(3, 2, seed=seed)) < evidence(best)


@pytest.mark.parametrize("noise_variance", [0.3, 1.2, 4.4])
def test_trained_linear_vae_collapses_where_the_formula_says(noise_variance):
    eigenvalues = torch.tensor([4.0, 2.0, 1.0, 0.5], dtype=F64)
    generator = torch.Generator().manual_seed(1)
    kl, moving, bound = linear_vae.train_linear_vae(eigenvalues, noise_variance**0.5, 3, generator, steps=15)
    formula = (0.5 * (eigenvalues[:3] / noise_variance).log()).clamp(min=0)
    torch.testing.assert_close(kl, formula, atol=1e-4, rtol=0)
    assert int((moving > 0.01).sum()) == int((eigenvalues[:3] > noise_variance).sum())
    model = linear_vae.LinearGaussian(
        linear_vae.best_weight(eigenvalues, noise_variance**0.5, 3),
        torch.zeros(4, dtype=F64),
        noise_variance**0.5,
    )
    c = model.weight @ model.weight.T + noise_variance * torch.eye(4, dtype=F64)
    log_p = -0.5 * (torch.logdet(c) + (eigenvalues / c.diagonal()).sum() + 4 * math.log(2 * math.pi))
    assert bound.item() == pytest.approx(log_p.item(), abs=1e-5), "the bound of the best linear VAE is tight"


def test_units_are_counted_and_their_kls_add_up():
    mu, sigma = normal(50, 3) * torch.tensor([1.0, 0.5, 0.01], dtype=F64), 0.1 + normal(50, 3, seed=1).abs()
    assert vae.active_units(mu) == 2
    assert vae.kl_per_unit(mu, sigma).sum().item() == pytest.approx(
        losses.gaussian_kl(mu, sigma).item(), rel=1e-12
    )


# --- the convolutional VAE ----------------------------------------------------------------------------------


def test_conv_vae_learns_and_repeats_itself():
    x = digits.binarised(digits.load("test")[0][:256])
    first, second = (conv_vae.ConvVAE(2) for _ in range(2))
    history = conv_vae.fit(first, x, steps=30, batch=32)
    assert history == conv_vae.fit(second, x, steps=30, batch=32), "the same seed gave another training"
    assert sum(history[-5:]) < 0.6 * sum(history[:5])
    other = conv_vae.ConvVAE(2, seed=1)
    assert not torch.equal(other.decoder[0].weight, conv_vae.ConvVAE(2).decoder[0].weight)
    mu, sigma = first.encode(x[:3])
    assert mu.shape == sigma.shape == (3, 2) and sigma.min() > 0
    assert first.decode(mu).shape == (3, 1, 28, 28)


@pytest.mark.parametrize("draw, gain", [(initial.he_normal, 2), (initial.lecun_uniform, 1)])
def test_first_weights_have_the_variance_they_say_and_keep_a_signals_size(draw, gain):
    x = torch.randn(64, 32, 16, 16, generator=torch.Generator().manual_seed(0))
    for layer in (torch.nn.Conv2d(32, 32, 3), torch.nn.ConvTranspose2d(32, 32, 4, stride=2, padding=1)):
        draw(layer, 0, "test")
        assert layer.bias.abs().max() == 0
        inside = layer(x)[..., 2:-2, 2:-2]  # an output at the border sees less
        assert inside.var().item() == pytest.approx(gain, rel=0.05)


def test_plain_loss_has_no_kl_and_no_noise():
    x = digits.binarised(digits.load("test")[0][:8])
    model = conv_vae.ConvVAE(2, plain=True)
    a, b = (model.loss(x, torch.full((8, 2), value)) for value in (0.0, 5.0))
    assert a == b == -vae.bernoulli_log_likelihood(x, model.decode(model.encode(x)[0])).mean()
    model.plain = False
    mu, sigma = model.encode(x)
    expected = -vae.bernoulli_log_likelihood(x, model.decode(mu)).mean() + losses.gaussian_kl(mu, sigma)
    assert model.loss(x, torch.zeros(8, 2)).item() == pytest.approx(expected.item(), rel=1e-5)


def test_grid_sums_to_the_evidence():
    """A decoder that ignores z has log p(x) = log p(x|z); and the joint is the two parts,
    picture by picture.
    """
    x = digits.binarised(digits.load("test")[0][:4])
    model = conv_vae.ConvVAE(2)
    grid, cell = conv_vae.code_grid(61, reach=6.0)
    with torch.no_grad():
        by_hand = torch.stack(
            [vae.bernoulli_log_likelihood(x, model.decode(z[None]).expand_as(x)) for z in grid[:5]]
        ).T + vae.gaussian_log_density(grid[:5])
    joint = conv_vae.log_joint_on_grid(model, x, grid)
    torch.testing.assert_close(joint[:, :5], by_hand, atol=1e-3, rtol=1e-5)
    with torch.no_grad():
        model.decoder[0].weight.zero_()
        constant = vae.bernoulli_log_likelihood(x, model.decode(torch.zeros(1, 2)).expand_as(x))
    total = torch.logsumexp(conv_vae.log_joint_on_grid(model, x, grid), 1) + math.log(cell)
    torch.testing.assert_close(total, constant, atol=1e-2, rtol=0)
    with pytest.raises(ValueError, match="grid has 2 dimensions and the model's code 3"):
        conv_vae.log_joint_on_grid(conv_vae.ConvVAE(3), x, grid)


def test_posterior_window_holds_the_posterior():
    x = digits.binarised(digits.load("test")[0][:256])
    model = conv_vae.ConvVAE(2)
    conv_vae.fit(model, x, steps=100, batch=32)
    grid, _ = conv_vae.code_grid(151)
    joint = conv_vae.log_joint_on_grid(model, x[:1], grid)[0]
    first, second, density, log_evidence = conv_vae.posterior_window(model, x[:1], grid, joint)
    assert density.shape == (81, 81) and density.sum().item() == pytest.approx(1, abs=1e-4)
    finest, smallest = conv_vae.code_grid(301)
    truth = torch.logsumexp(conv_vae.log_joint_on_grid(model, x[:1], finest)[0], 0) + math.log(smallest)
    assert log_evidence.item() == pytest.approx(truth.item(), abs=0.05)
    mu, sigma = model.encode(x[:1])
    assert first[0] <= (mu - 2.9 * sigma)[0, 0] and second[-1] >= (mu + 2.9 * sigma)[0, 1]
