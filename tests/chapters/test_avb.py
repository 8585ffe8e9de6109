"""The AVB chapter: every displayed equation, the toys with known answers, and the record."""

import math

import pytest
import torch
from torch.nn import functional as F

from avbgtn import streams
from avbgtn.models import losses
from avbgtn_book import records
from avbgtn_book.avb import avb, four_points, known_kl, ring_posterior, schedules
from avbgtn_book.avb import figures as draw
from avbgtn_book.vae import vae

F64 = torch.float64


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=streams.generator(seed, "test avb"), dtype=F64)


def value(x: float) -> torch.Tensor:
    return torch.tensor(x, dtype=F64)


# --- the density-ratio trick --------------------------------------------------------------------------------


def test_implicit_encoder_is_a_function_of_image_and_noise():
    encoder = avb.ImplicitEncoder(3, 4, 2, 16, seed=0)
    x, eps = normal(5, 3), normal(5, 4, seed=1)
    z = encoder(x, eps)
    assert z.shape == (5, 2) and z.dtype == F64
    assert torch.equal(z, avb.ImplicitEncoder(3, 4, 2, 16, seed=0)(x, eps)), (
        "the seed does not fix the weights"
    )
    assert not torch.allclose(z, encoder(x, eps + 1)) and not torch.allclose(z, encoder(x + 1, eps))
    by_hand = F.linear(
        F.elu(F.linear(torch.cat([x, eps], 1), *list(encoder.parameters())[:2])),
        *list(encoder.parameters())[2:4],
    )
    by_hand = F.linear(F.elu(by_hand), *list(encoder.parameters())[4:])
    assert torch.allclose(z, by_hand)


def test_optimal_ratio_is_the_difference_of_torchs_log_densities():
    mu, sigma, z = normal(3), normal(3, seed=1).abs() + 0.2, normal(50, 3, seed=2)
    q, p = torch.distributions.Normal(mu, sigma), torch.distributions.Normal(0 * mu, torch.ones(3, dtype=F64))
    expected = (q.log_prob(z) - p.log_prob(z)).sum(1)
    assert torch.allclose(avb.optimal_ratio(z, mu, sigma), expected, atol=1e-12)


def test_ratio_loss_is_smallest_at_the_log_ratio():
    # One code that comes with density 0.7 from the encoder and 0.2 from the prior:
    # a mean over ten samples of each.
    class Constant(torch.nn.Module):
        def __init__(self, t):
            super().__init__()
            self.t = torch.nn.Parameter(value(t))

        def forward(self, x, z):
            return torch.where(z[:, 0] > 0, self.t, -10.0)

    z_q = torch.tensor([1.0] * 7 + [-1.0] * 3, dtype=F64)[:, None]
    z_p = torch.tensor([1.0] * 2 + [-1.0] * 8, dtype=F64)[:, None]
    x, best = torch.zeros(10, 1, dtype=F64), math.log(0.7 / 0.2)
    at = {t: avb.ratio_loss(Constant(t), x, z_q, z_p).item() for t in (best - 0.1, best, best + 0.1)}
    assert min(at, key=at.get) == best
    t = Constant(best)
    avb.ratio_loss(t, x, z_q, z_p).backward()
    assert abs(t.t.grad) < 1e-12


def test_ratio_loss_teaches_t_and_not_the_encoder():
    t, z = avb.Ratio(1, 2, 8, seed=0), normal(6, 2).requires_grad_()
    avb.ratio_loss(t, normal(6, 1), z, normal(6, 2, seed=1)).backward()
    assert z.grad is None and all(weight.grad is not None for weight in t.parameters())


def test_mean_of_the_best_t_is_the_kl():
    mu, sigma = value(0.8), value(0.4)
    nodes = torch.linspace(-12, 12, 20_001, dtype=F64)
    weight = torch.exp(-0.5 * nodes**2) / math.sqrt(2 * math.pi) * (nodes[1] - nodes[0])
    t = avb.optimal_ratio((mu + sigma * nodes)[:, None], mu, sigma)
    exact = losses.gaussian_kl(mu.view(1, 1), sigma).item()
    assert (weight * t).sum().item() == pytest.approx(exact, abs=1e-9)
    evenly = torch.special.ndtri((torch.arange(100_000, dtype=F64) + 0.5) / 100_000)[:, None]  # eps
    x = mu.expand(100_000, 1)
    assert avb.kl_by_ratio(BestT(0.4), x, x + sigma * evenly).item() == pytest.approx(exact, abs=1e-4)


def test_kl_by_ratio_sends_its_gradient_to_z_alone():
    t, z = avb.Ratio(1, 2, 8, seed=0), normal(6, 2).requires_grad_()
    kl = avb.kl_by_ratio(t, normal(6, 1), z)
    assert kl.item() == pytest.approx(t(normal(6, 1), z).mean().item())
    kl.backward()
    assert z.grad.abs().sum() > 0 and all(weight.grad is None for weight in t.parameters())


def test_log_prior_is_half_the_squared_length():
    x, z = normal(4, 1), normal(4, 2, seed=1)
    with_prior, without = (avb.Ratio(1, 2, 8, seed=0, log_prior=on)(x, z) for on in (True, False))
    assert torch.allclose(with_prior - without, 0.5 * z.square().sum(1))


def test_gradient_through_t_has_mean_zero_and_the_other_is_the_kls():
    mu, sigma = value(0.7).requires_grad_(), value(0.6).requires_grad_()
    eps = torch.linspace(-10, 10, 40_001, dtype=F64)
    weight = torch.exp(-0.5 * eps**2) / math.sqrt(2 * math.pi) * (eps[1] - eps[0])
    through_z, through_t = avb.gradient_parts(mu.detach(), sigma.detach(), eps)
    assert (weight[:, None] * through_t).sum(0).abs().max() < 1e-9
    exact = torch.autograd.grad(losses.gaussian_kl(mu.view(1, 1), sigma), (mu, sigma))
    assert torch.allclose((weight[:, None] * through_z).sum(0), torch.stack(exact), atol=1e-9)
    # Autograd agrees, sample by sample, with which way is which.
    e = eps[25_000]
    held = [value(0.7), value(0.6)]
    path = torch.autograd.grad(avb.optimal_ratio((mu + sigma * e).view(1), *held), (mu, sigma))
    own = torch.autograd.grad(avb.optimal_ratio((held[0] + held[1] * e).view(1), mu, sigma), (mu, sigma))
    assert torch.allclose(through_z[25_000], torch.stack(path)) and torch.allclose(
        through_t[25_000], torch.stack(own)
    )


# --- where T fails ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gap", [0.0, 0.45])
def test_kl_of_products_against_samples_and_closed_form(gap):
    q = known_kl.Posterior(5, mean=1.0, sigma=math.sqrt(0.25 - gap**2), gap=gap)
    z = q.sample(200_000, streams.generator(0, "test avb/product"))
    assert q.std == pytest.approx(0.5)
    assert z.mean().item() == pytest.approx(1.0, abs=5e-3) and z.std().item() == pytest.approx(0.5, abs=5e-3)
    assert q.log_ratio(z).mean().item() == pytest.approx(q.kl(), abs=0.03)
    assert q.kl() == pytest.approx(5 * known_kl.Posterior(1, 1.0, q.sigma, gap).kl(), rel=1e-9)
    gaussian = losses.gaussian_kl(torch.ones(1, 5, dtype=F64), 0.5).item()
    assert q.kl() == pytest.approx(gaussian, rel=1e-9) if gap == 0 else q.kl() > gaussian + 0.5


def test_density_of_the_mixture_is_one():
    q, z = known_kl.Posterior(1, 1.0, 0.2, 0.45), torch.linspace(-3, 5, 8001, dtype=F64)
    assert torch.trapezoid(q.log_q(z).exp(), z).item() == pytest.approx(1.0, abs=1e-9)


def test_small_t_reads_a_small_kl_and_not_a_large_one():
    small, large = known_kl.Posterior(1), known_kl.Posterior(64)
    assert known_kl.estimate_kl(small, 0).kl == pytest.approx(small.kl(), rel=0.15)
    assert known_kl.estimate_kl(large, 0, steps=200).kl < large.kl() / 3


@pytest.mark.parametrize("d", [2, 8])
def test_small_t_reads_a_few_nats(d):
    q = known_kl.Posterior(d)
    assert known_kl.estimate_kl(q, 0).kl == pytest.approx(q.kl(), rel=0.15)


def test_small_t_reads_less_than_a_tenth_of_two_hundred_nats():
    q = known_kl.Posterior(256)
    assert 0 < known_kl.estimate_kl(q, 0).kl < q.kl() / 10


def mixture(d: int) -> known_kl.Posterior:
    return known_kl.Posterior(d, mean=1.0, sigma=math.sqrt(0.25 - 0.45**2), gap=0.45)


def test_contrast_finds_two_humps_in_two_dimensions():
    q = mixture(2)
    estimate = known_kl.estimate_kl(q, 0, contrast=True, steps=1000)
    assert estimate.kl == pytest.approx(q.kl(), rel=0.07)
    assert estimate.by_t > 0.5 * (q.kl() - q.gaussian_part())


def test_contrast_finds_none_of_the_humps_in_64_dimensions():
    q = mixture(64)
    estimate = known_kl.estimate_kl(q, 0, contrast=True, steps=1000)
    assert abs(estimate.by_t) < 1 and estimate.loss == pytest.approx(losses.TWO_LOG_TWO, abs=0.02)
    assert estimate.kl == pytest.approx(q.gaussian_part(), rel=0.02) and q.kl() - q.gaussian_part() > 10


def test_contrast_splits_the_kl_in_two():
    q = known_kl.Posterior(3, 1.0, math.sqrt(0.0475), 0.45)
    z = q.sample(300_000, streams.generator(1, "test avb/contrast"))
    mean, std = torch.full((3,), 1.0, dtype=F64), torch.full((3,), 0.5, dtype=F64)
    gaussian_part = losses.adaptive_contrast_log_ratio(torch.zeros(len(z), dtype=F64), z, mean, std)
    assert gaussian_part.mean().item() == pytest.approx(q.gaussian_part(), abs=0.02)
    r = torch.distributions.Normal(mean, std)
    best_t = q.log_q(z).sum(1) - r.log_prob(z).sum(1)  # log q / r
    whole = losses.adaptive_contrast_log_ratio(best_t, z, mean, std)
    assert torch.allclose(whole, q.log_ratio(z), atol=1e-9)
    assert whole.mean().item() == pytest.approx(q.kl(), abs=0.03)


def test_moments_of_ten_draws_leave_t_some():
    # E log r^ of N(mu, sigma^2) under a contrast with the mean and the variance of n draws, in closed form.
    q, n, g = known_kl.Posterior(256), 10, streams.generator(0, "test avb/moments")
    mean, std = losses.code_moments(q.sample(n * 2000, g).view(n, 2000, 256))
    found = losses.adaptive_contrast_log_ratio(torch.zeros(2000, dtype=F64), q.sample(2000, g), mean, std)
    half = value((n - 1) / 2)
    lost = 0.5 * ((1 + 1 / n) * (n - 1) / (n - 3) - 1) + 0.5 * (torch.digamma(half) - half.log())
    assert found.mean().item() == pytest.approx(q.kl() - 256 * lost.item(), abs=1.0)
    assert 256 * lost == pytest.approx(38.3, abs=0.1)


def test_contrast_of_a_gaussian_leaves_t_nothing():
    estimate = known_kl.estimate_kl(known_kl.Posterior(4), 0, contrast=True, steps=50)
    assert abs(estimate.by_t) < 0.1 and estimate.kl == pytest.approx(known_kl.Posterior(4).kl(), abs=0.25)


# --- the game -----------------------------------------------------------------------------------------------


class BestT(torch.nn.Module):
    """T* of N(x, sigma^2), as a module with nothing to learn."""

    def __init__(self, sigma: float):
        super().__init__()
        self.sigma = sigma

    def forward(self, x, z):
        return avb.optimal_ratio(z, x.detach(), value(self.sigma))


def test_negative_elbo_with_the_best_t_is_the_one_with_the_exact_kl():
    mu = torch.full((400_000, 1), 0.6, dtype=F64)
    z = mu + 0.5 * normal(400_000, 1)
    log_p = -0.5 * (1.0 - z[:, 0]) ** 2
    exact = losses.gaussian_kl(mu, 0.5) - log_p.mean()
    assert avb.avb_loss(BestT(0.5), mu, z, log_p).item() == pytest.approx(exact.item(), abs=5e-3)


def test_game_gives_the_encoder_the_gradient_of_the_elbo():
    mu = value(0.6).requires_grad_()
    x = mu.expand(400_000, 1)
    z = x + 0.5 * normal(400_000, 1)
    log_p = -0.5 * (1.0 - z[:, 0]) ** 2
    found = torch.autograd.grad(avb.avb_loss(BestT(0.5), x, z, log_p), mu)[0]
    assert found.item() == pytest.approx(
        0.6 - (1.0 - 0.6), abs=0.01
    )  # d KL / d mu = mu, d -log p / d mu = mu - 1


def test_game_wants_one_likelihood_an_image():
    with pytest.raises(
        ValueError, match=r"one number per image, shape \(4,\), got \(4, 784\): sum it over the pixels"
    ):
        avb.avb_loss(avb.Ratio(1, 2, 4, 0), normal(4, 1), normal(4, 2), normal(4, 784))


# --- the ring -----------------------------------------------------------------------------------------------


def test_ring_model_and_its_evidence_on_the_grid():
    x = 1.5
    z = torch.tensor([[0.0, 1.5], [1.0, 0.0]], dtype=F64)
    expected = torch.distributions.Normal(torch.linalg.vector_norm(z, dim=1), 0.2).log_prob(value(x))
    assert torch.allclose(ring_posterior.log_likelihood(torch.full((2,), x, dtype=F64), z), expected)
    r = torch.linspace(0, 6, 60_001, dtype=F64)  # |z| has the Rayleigh density r exp(-r^2 / 2)
    density = (
        r * torch.exp(-0.5 * r**2) * torch.exp(-0.5 * ((x - r) / 0.2) ** 2) / (0.2 * math.sqrt(2 * math.pi))
    )
    posterior, log_evidence = ring_posterior.exact_posterior(x)
    assert log_evidence == pytest.approx(math.log(torch.trapezoid(density, r).item()), abs=1e-5)
    assert posterior.sum().item() == pytest.approx(1.0)


def test_best_gaussian_is_best_nearby():
    mean, covariance, gap = ring_posterior.best_gaussian(1.5)
    p, z = ring_posterior.exact_posterior(1.5, 0.1)[0], ring_posterior.cells(0.1)

    def gap_of(m, c):
        log_q = torch.distributions.MultivariateNormal(m, c).log_prob(z)
        log_q = log_q - torch.logsumexp(log_q, 0)
        return (log_q.exp() * (log_q - p.clamp_min(1e-300).log())).sum().item()

    assert gap_of(mean, covariance) == pytest.approx(gap, abs=1e-6)
    tilt = torch.tensor([[0.0, 0.02], [0.02, 0.0]], dtype=F64)
    for m, c in (
        (mean + 0.05, covariance),
        (mean - 0.05, covariance),
        (mean, covariance * 1.1),
        (mean, covariance * 0.9),
        (mean, covariance + tilt),
    ):
        assert gap_of(m, c) > gap


def test_best_gaussian_of_a_small_ring_sits_over_its_hole():
    mean, covariance, gap = ring_posterior.best_gaussian(0.8)
    p, z = ring_posterior.exact_posterior(0.8, 0.1)[0], ring_posterior.cells(0.1)
    log_q = -0.5 * z.square().sum(1) / 0.552**2
    log_q = log_q - torch.logsumexp(log_q, 0)
    centred = (log_q.exp() * (log_q - p.clamp_min(1e-300).log())).sum().item()
    assert gap <= centred + 1e-9 and gap == pytest.approx(0.993, abs=1e-3)
    assert mean.norm() < 1e-3 and covariance.diag().sqrt().tolist() == pytest.approx([0.552] * 2, abs=1e-3)
    assert (
        ring_posterior.best_gaussian(0.6)[0].norm() < 1e-3
    )  # the chapter's x: 0.6 centred, the others an arc
    for x in (0.9, 1.2, 1.5, 1.8, 2.1, 2.4):
        assert ring_posterior.best_gaussian(x)[0].norm() > 0.7 * x


def test_counted_kl_of_a_gaussian():
    z = 0.5 + 0.7 * normal(300_000, 2)
    exact = losses.gaussian_kl(torch.full((1, 2), 0.5, dtype=F64), 0.7).item()
    assert avb.counted_kl(z, four_points.prior_squares(), reach=6.0) == pytest.approx(exact, abs=0.01)


def test_ring_learns_and_keeps_moments():
    found = ring_posterior.learn(0, steps=120, moments=(0, 60, 120))
    assert sorted(found.codes) == [0, 60, 120] and found.codes[60].shape == (500, 2)
    before, after = (abs(found.codes[k].norm(dim=1) - 1.5).mean() for k in (0, 120))
    assert after < before / 2


# --- four images --------------------------------------------------------------------------------------------


def test_log_likelihood_on_the_grid():
    decoder = avb.mlp([2, 8, 4], 0, "test")
    everything = torch.cartesian_prod(*[torch.tensor([0.0, 1.0], dtype=F64)] * 4)
    assert four_points.log_likelihood(decoder, everything).exp().sum().item() == pytest.approx(1.0, abs=1e-6)
    z = normal(400_000, 2)
    with torch.no_grad():
        log_p = four_points.log_bernoulli(decoder(z)[None], four_points.images()[:, None])
    by_samples = torch.logsumexp(log_p, 1) - math.log(400_000)
    assert torch.allclose(four_points.log_likelihood(decoder), by_samples, atol=0.02)
    x, logits = everything[torch.arange(50) % 16], decoder(z[:50])
    assert torch.allclose(four_points.log_bernoulli(logits, x), vae.bernoulli_log_likelihood(x, logits))
    probability = torch.sigmoid(decoder(z[:3]))[:, 0]
    assert torch.allclose(
        four_points.log_bernoulli(decoder(z[:3]), everything[8])[:],
        probability.log() + (1 - torch.sigmoid(decoder(z[:3]))[:, 1:]).log().sum(1),
    )


def test_four_points_training_is_a_function_of_its_seed():
    short = four_points.Schedule(steps=5, per_point=4, width=8)
    for model in ("VAE", "AVB"):
        a, b, c = (four_points.fit(model, seed, short, moments=(5,)) for seed in (0, 0, 1))
        assert torch.equal(a.codes[5], b.codes[5]) and not torch.equal(a.codes[5], c.codes[5])
        assert set(a.curve[0]) == {"step", "log-likelihood", "reconstruction", "KL", "ELBO"}
    with pytest.raises(ValueError, match="'VAE' or 'AVB', got 'GAN'"):
        four_points.fit("GAN", 0, short)


def test_record_is_made_as_it_is_read():
    record = four_points.make_record(
        [0], four_points.Schedule(steps=20, per_point=4, width=8), say=lambda _: None
    )
    committed = records.load("four-points")
    assert record.keys() == committed.keys() and record["values"].keys() == committed["values"].keys()
    assert record["curves"].keys() == committed["curves"].keys() and len(record["steps"]) == 20


def test_record_of_the_trainings_that_are_played_is_made_as_it_is_read():
    record = records.load("known-kl")
    assert record["found"].keys() == record["exact"].keys() == set(map(str, schedules.DIMENSIONS))
    for length in schedules.LENGTHS:
        moments = schedules.moments(length)
        assert record["moments"][str(length)] == moments and moments[-1] == length
        assert len(set(moments)) == schedules.MOMENTS + 1
    assert record["exact"]["64"] == pytest.approx(known_kl.Posterior(64).kl())
    anew = schedules.along(1, 500)
    assert anew.keys() == record["found"]["1"]["500"].keys()
    for name, values in anew.items():
        assert values == pytest.approx(record["found"]["1"]["500"][name], abs=0.01), name
    estimate = known_kl.estimate_kl(known_kl.Posterior(1), 0)
    assert anew["reading"][-1] == pytest.approx(estimate.kl, abs=1e-4), "the end is the chapter's own reading"


def test_record_avb_beats_the_vae_by_008_nats_in_five_of_five_seeds():
    record = records.load("four-points")
    values = record["values"]
    assert record["schedule"] == vars(four_points.RECORD) and record["seeds"] == [0, 1, 2, 3, 4]
    gains = [
        a - v for a, v in zip(values["AVB / log-likelihood"], values["VAE / log-likelihood"], strict=True)
    ]
    assert len(gains) == 5 and min(gains) >= 0.08
    assert max(values["AVB / log-likelihood"]) < four_points.TRUE_LOG_LIKELIHOOD
    assert all(e > ll for e, ll in zip(values["AVB / ELBO"], values["AVB / log-likelihood"], strict=True))


# --- the drawings -------------------------------------------------------------------------------------------


def test_drawings_say_what_they_show():
    p, _ = ring_posterior.exact_posterior(1.5, 0.1)
    mean, covariance, gap = ring_posterior.best_gaussian(1.5)
    line, cloud = torch.linspace(-2.5, 3, 9, dtype=F64), normal(40, 2)
    figures = [
        draw.gaussian_on_ring(p, 4.0, mean, covariance),
        draw.ratio_on_a_line(line, line, line, line, line),
        draw.share_by_dimension({"after 9 updates": {1: 1.0, 8: 0.4}}, [(1, 0.5)], of="the KL"),
        draw.ratio_against_exact(8, cloud[:, 0], cloud[:, 1], 20, kl=6.5),
        draw.codes_of_four({"VAE": normal(4, 9, 2), "AVB": normal(4, 9, 2)}),
        draw.four_points_along(records.load("four-points")),
        draw.ring_along(p, 4.0, {0: cloud, 9: cloud}),
        draw.ring_for(1.5, p, 4.0, cloud, mean, covariance, gaussian_gap=gap, avb_gap=0.1),
        draw.ring_for(0.6, p, 4.0, cloud, 0 * mean, covariance, gaussian_gap=gap, avb_gap=0.1),
    ]
    assert "covers one arc" in figures[-2].alt and "over its hole" in figures[-1].alt
    for figure in figures:
        assert len(figure.alt.split()) >= 5 and 1000 < len(figure.png()) <= 250_000
