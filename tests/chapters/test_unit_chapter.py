"""The chapter on UNIT: the toy and its truth, equations (1) to (7) on it, and symmetries."""

import copy
import math
from dataclasses import replace

import pytest
import torch

from avbgtn.config import PRESETS
from avbgtn.models import losses
from avbgtn.models.networks import Discriminator, Encoder, Generator, ResBlock, shared_discriminator
from avbgtn_book.unit import figures as draw
from avbgtn_book.unit import toy_domains, toy_scores, toy_unit

F64 = torch.float64
PATHS = {"11": (1, 1), "22": (2, 2), "12": (1, 2), "21": (2, 1)}


def a_step(**changes):
    """A small untrained model, three runs, one step with noise."""
    model = toy_unit.ToyUNIT(toy_unit.toy_config(**changes), (0, 1, 2))
    piles = [toy_domains.UNEVEN.piles(5, seed) for seed in model.seeds]
    x1, x2 = (torch.stack([p[k] for p in piles], 1) for k in (0, 1))
    draws = torch.randn(4, 5, 3, 16, generator=torch.Generator().manual_seed(0), dtype=F64)
    noise = {f"eps/{key}": eps for key, eps in zip(("1", "2", "12", "21"), draws, strict=True)}
    return model, x1, x2, noise


# --- the data -----------------------------------------------------------------------------------------------


def test_twins_are_the_same_things_and_piles_are_not():
    world = toy_domains.UNEVEN
    kinds, x1, x2 = world.twins(200)
    angle = math.radians(world.angle)
    by_hand = torch.stack(
        [
            math.cos(angle) * x1[:, 0] - math.sin(angle) * x1[:, 1],
            math.sin(angle) * x1[:, 0] + math.cos(angle) * x1[:, 1],
        ],
        1,
    )
    torch.testing.assert_close(x2, by_hand)
    pile1, pile2 = world.piles(200, 0)
    assert (world.true_map(pile1) - pile2).abs().mean() > 0.2
    assert torch.bincount(kinds).tolist() == pytest.approx([200 * s for s in world.shares], abs=25)


def test_marginals_stay_and_the_joint_does_not():
    for agreement in (-1.0, -0.3, 0.0, 0.6, 1.0):
        table = toy_domains.joint_table(0.5, agreement)
        assert table.sum(0).tolist() == table.sum(1).tolist() == [0.5, 0.5]
    assert toy_domains.mutual_information(toy_domains.joint_table(0.5, 1)) == pytest.approx(math.log(2))
    assert toy_domains.mutual_information(toy_domains.joint_table(0.3, 0)) == pytest.approx(0, abs=1e-12)
    with pytest.raises(ValueError, match="move it towards 0"):
        toy_domains.joint_table(0.1, -1)


def test_maps_that_keep_the_marginals_are_counted():
    count = lambda *shares: len(toy_domains.exact_translations(shares, shares))  # noqa: E731
    assert [count(0.5, 0.3, 0.2), count(0.4, 0.4, 0.2), count(0.25, 0.25, 0.25, 0.25)] == [1, 2, 24]
    assert toy_domains.exact_translations((0.7, 0.3), (0.3, 0.7)) == [(1, 0)]


# --- equations (1) to (7) -----------------------------------------------------------------------------------


def test_equations_1_to_7_written_out():
    model, x1, x2, noise = a_step(penalty="gaussian", lambda_reading="literal", gan_loss="minimax")
    got = model.generators_losses(model.step(x1, x2, noise), noise)
    encoder, generator = (
        {k: lambda v, k=k, side=side: getattr(model, f"{side}{k}")(v) for k in (1, 2)}
        for side in ("encoder", "generator")
    )
    mu = lambda x, k: model.encoder_shared(encoder[k](x))  # noqa: E731
    picture = lambda z, k: generator[k](model.generator_shared(z))  # noqa: E731
    l1 = lambda a, b: (a - b).abs().sum() / a.numel()  # noqa: E731
    kl = lambda m: 0.5 * m.square().sum() / len(m)  # noqa: E731  (runs are part of the code here)
    c, x, total, z = model.config, {1: x1, 2: x2}, 0.0, {}
    for k in (1, 2):
        z[k] = mu(x[k], k) + noise[f"eps/{k}"]
    for k, other, there in ((1, 2, "12"), (2, 1, "21")):
        translated = picture(z[k], other)
        m = mu(translated, other)
        direct = kl(mu(x[k], k))
        vae = c.lambda_1 * direct + c.lambda_2 * l1(picture(z[k], k), x[k])
        back = picture(m + noise[f"eps/{there}"], k)
        cycle = c.lambda_3 * (direct + kl(m)) + c.lambda_4 * l1(back, x[k])
        front = getattr(model, f"discriminator{other}")
        d = torch.sigmoid(model.discriminator_shared(front(translated)))
        total = total + vae + cycle + c.lambda_0 * (1 - d).log().mean()
    assert got["loss"].item() == pytest.approx(total.item(), rel=1e-9)


def test_equations_4_and_5_of_the_discriminators():
    model, x1, x2, noise = a_step()
    step = model.step(x1, x2, noise)
    got, weighted = model.discriminators_losses(step, noise), 0.0
    for k, real, fake in ((1, x1, "21"), (2, x2, "12")):
        D = lambda v, k=k: torch.sigmoid(  # noqa: E731
            model.discriminator_shared(getattr(model, f"discriminator{k}")(v))
        )
        by_hand = -(D(real).log().mean() + (1 - D(step.image[fake])).log().mean())
        assert got[f"d{k}"].item() == pytest.approx(by_hand.item(), rel=1e-9)
        weighted += model.config.lambda_0 * by_hand.item()
    assert model.config.lambda_0 == 10 and got["loss"].item() == pytest.approx(weighted, rel=1e-9)


def test_beta_makes_units_loss_a_vae_bound():
    """lambda_1 mean(mu^2) + lambda_2 mean|.| is, up to a factor, sum|.| + beta KL."""
    g = torch.Generator().manual_seed(0)
    mu, x, y = (torch.randn(1, n, generator=g, dtype=F64) for n in (40, 30, 30))
    beta = 2 * 0.1 * 30 / (100 * 40)
    loss = 0.1 * losses.mean_square_penalty(mu) + 100 * losses.reconstruction_loss(x, y)
    bound = (x - y).abs().sum() + beta * losses.gaussian_kl(mu)
    assert loss.item() == pytest.approx(100 / 30 * bound.item(), rel=1e-12)


# --- the toy model ------------------------------------------------------------------------------------------


def test_runs_know_nothing_of_each_other():
    together = toy_unit.train(toy_unit.toy_config(), toy_domains.UNEVEN, (3, 5), updates=20)
    alone = toy_unit.train(toy_unit.toy_config(), toy_domains.UNEVEN, (5,), updates=20)
    torch.testing.assert_close(together.seen[20][:, 1], alone.seen[20][:, 0], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(together.final["error"][1], alone.final["error"][0], atol=1e-5, rtol=1e-5)


def test_sharing_is_one_module_and_not_sharing_is_none():
    shared, apart = (
        toy_unit.ToyUNIT(toy_unit.toy_config(shared_blocks=s, private_blocks=1 - s)) for s in (1, 0)
    )
    assert len(list(shared.encoder_shared.parameters())) == 4
    assert not list(apart.encoder_shared.parameters()) and not list(apart.generator_shared.parameters())
    x = torch.zeros(2, 1, 2, dtype=F64)
    assert shared.translate(x).shape == apart.translate(x).shape == (2, 1, 2)


def test_twin_start_makes_both_halves_alike():
    model = toy_unit.ToyUNIT(toy_unit.toy_config(init="twin"), (0, 4))
    torch.testing.assert_close(model.encoder1[0].weight, model.encoder2[0].weight)
    x = torch.rand(3, 2, 2, generator=torch.Generator().manual_seed(0), dtype=F64)
    torch.testing.assert_close(model.translate(x, 1, 2), model.translate(x, 1, 1))
    independent = toy_unit.ToyUNIT(toy_unit.toy_config(), (0, 4))
    assert (independent.encoder1[0].weight - independent.encoder2[0].weight).abs().max() > 0.1


def test_a_start_near_the_truth_ends_at_it():
    near, far = (replace(toy_domains.UNEVEN, angle=angle) for angle in (20.0, 180.0))
    run = toy_unit.train(toy_unit.toy_config(init="twin"), (near, far), (0, 0), updates=300)
    error = run.final["error"]
    assert error[0] < 0.12 < 0.4 < error[1], error.tolist()
    assert toy_unit.kind_maps(run)[0] == (0, 1, 2, 3, 4)


def test_energy_distance_against_its_definition_and_zero():
    g = torch.Generator().manual_seed(0)
    a, b = torch.randn(1, 7, 2, generator=g, dtype=F64), torch.randn(1, 5, 2, generator=g, dtype=F64) + 1

    def mean(p, q, same):
        pairs = [(i, j) for i in range(len(p)) for j in range(len(q)) if not (same and i == j)]
        return sum((p[i] - q[j]).norm() for i, j in pairs) / len(pairs)

    by_hand = 2 * mean(a[0], b[0], False) - mean(a[0], a[0], True) - mean(b[0], b[0], True)
    assert toy_scores.energy_distance(a, b).item() == pytest.approx(by_hand.item(), rel=1e-6)
    same = torch.randn(2, 1, 2000, 2, generator=g, dtype=F64)
    assert abs(toy_scores.energy_distance(same[0], same[1]).item()) < 0.01


def test_chance_of_a_split():
    assert toy_unit.chance_of_split(2, 0, 2) == pytest.approx(1 / 6)
    assert toy_unit.chance_of_split(0, 0, 8) == 1
    assert toy_unit.chance_of_split(8, 0, 8) < 1e-3


# --- symmetry -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_model_has_the_same_losses(degrees):
    model, x1, x2, noise = a_step()
    other, turn = toy_unit.turned(model, degrees), toy_unit.Turn(degrees)
    a, b = model.step(x1, x2, noise), other.step(x1, turn(x2), noise)
    for player in ("generators", "discriminators"):
        one, two = model.player_losses(player, a, noise), other.player_losses(player, b, noise)
        for key in one:
            assert two[key].item() == pytest.approx(one[key].item(), abs=1e-12), key
    torch.testing.assert_close(b.image["12"], turn(a.image["12"]))
    assert (b.image["12"] - a.image["12"]).abs().mean() > 0.05


class Ellipse(torch.nn.Module):
    """S(a, b) = (-2 b, a / 2), which leaves N(0, diag(4, 1)) as it is, or its inverse (2 b, -a / 2)."""

    def __init__(self, back=False):
        super().__init__()
        self.sign = -1 if back else 1

    def forward(self, x):
        return self.sign * torch.stack([-2 * x[..., 1], x[..., 0] / 2], -1)


def test_a_symmetry_that_stretches_changes_what_ends_in_domain_2():
    """The answer of exercise 4; the model's losses, term by term."""
    model, x1, x2, noise = a_step()
    other, S, back = copy.deepcopy(model), Ellipse(), Ellipse(back=True)
    torch.testing.assert_close(back(S(x2)), x2)
    matrix = S(torch.eye(2, dtype=F64)).T
    spread = torch.diag(torch.tensor([4.0, 1.0], dtype=F64))
    torch.testing.assert_close(matrix @ spread @ matrix.T, spread)  # the pile stays
    other.generator2 = torch.nn.Sequential(other.generator2, S)
    encoder2 = torch.nn.Sequential(back, other.encoder2)
    encoder2.noise_channels = 0
    other.encoder2, other.discriminator2 = encoder2, torch.nn.Sequential(back, other.discriminator2)
    losses_of = [
        {**m.generators_losses(step, noise), **m.discriminators_losses(step, noise)}
        for m, step in ((model, model.step(x1, x2, noise)), (other, other.step(x1, S(x2), noise)))
    ]
    changed = {key for key in losses_of[0] if abs(losses_of[0][key] - losses_of[1][key]) > 1e-9}
    assert changed - {"loss"} == {"rec2", "cyc2"}, changed


def test_exact_losses_by_sampling():
    g, gain, spread, n = torch.Generator().manual_seed(0), 3.0, 0.5, 400_000
    x1, eps, eps2 = (torch.randn(n, 2, generator=g, dtype=F64) for _ in range(3))
    x1 = spread * x1
    R = toy_domains.rotation(70.0)
    x12 = (x1 + eps / gain) @ R.T
    mu12 = gain * x12 @ R
    x121 = (mu12 + eps2) / gain
    exact = toy_unit.exact_losses(70.0, gain=gain, spread=spread)
    assert exact["reconstruction"] == pytest.approx((eps / gain).abs().mean().item(), rel=0.01)
    assert exact["cycle"] == pytest.approx((x121 - x1).abs().mean().item(), rel=0.01)
    assert exact["translation error"] == pytest.approx((x12 - x1).abs().mean().item(), rel=0.01)
    assert exact["mean mu^2"] == pytest.approx((gain * x1).square().mean().item(), rel=0.01)
    assert exact["mean mu12^2"] == pytest.approx(mu12.square().mean().item(), rel=0.01)
    v, w = spread**2, spread**2 + 1 / gain**2
    log_ratio = lambda x: math.log(w / v) + x.square().sum(1) / 2 * (1 / w - 1 / v)  # noqa: E731
    best = losses.discriminator_loss(log_ratio(x1), log_ratio(x12))
    assert exact["best D"] == pytest.approx(best.item(), rel=0.01)


# --- figures ------------------------------------------------------------------------------------------------


def test_the_drawn_network_is_the_real_one():
    parts = draw.anatomy(toy_unit.toy_config(**PRESETS["paper"]))
    generators = sum(n for name, (n, _) in parts.items() if name.startswith(("encoder", "generator")))
    assert generators == 18_017_286 and sum(n for n, _ in parts.values()) - generators == 25_240_065
    small = draw.anatomy(toy_unit.toy_config(size=64, width=4, private_blocks=1))
    x = torch.zeros(1, 3, 64, 64)
    code = ResBlock(16)(Encoder(4, 1)(x))
    front = Discriminator(4)(x)
    real = {
        "encoder1": code,
        "generator2": Generator(4, 1)(code),
        "discriminator1": front,
        "discriminator_shared": shared_discriminator(4)(front),
    }
    for name, tensor in real.items():
        assert small[name][1] == tuple(tensor.shape[1:]), name


def test_every_figure_says_what_it_shows():
    run = toy_unit.train(toy_unit.toy_config(), toy_domains.SQUARE, (0, 1, 2), updates=2, keep=(0,))
    drawn = [
        draw.same_marginals((-0.9, 0, 0.9)),
        draw.piles(toy_domains.UNEVEN, 20),
        draw.network(toy_unit.toy_config(**PRESETS["paper"])),
        draw.moment(run, 0, {"one": 0, "two": 1}),
        draw.parts_compared({"UNIT": run.final, "no cycle": run.final}),
        draw.error_by_angle([0.0, 30.0], run.final["error"].repeat(2, 1), [0.1, 0.2]),
        draw.learnt_maps(run, [0, 1, 2]),
        draw.turned_world(60.0, n=20),
    ]
    for figure in drawn:
        assert len(figure.alt.split()) >= 8 and len(figure.png()) <= 250_000
