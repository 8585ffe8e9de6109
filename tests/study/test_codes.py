"""Probes of a code, against closed forms, brute force, and codes whose content is known."""

from dataclasses import replace

import pytest
import torch

from avbgtn import streams
from avbgtn.data import Evaluation
from avbgtn.metrics import evaluate
from avbgtn.models import build
from avbgtn.study import codes
from avbgtn.study import ridge as ridges
from examples import AVB_GTN_CONFIG, UNIT_CONFIG, RandomDomains

STYLES = ("bob", "curly", "long")


def noise(name, n, channels=4, side=4):
    """Codes that hold nothing: (n, channels, side, side)."""
    return streams.normal(0, f"test/{name}", 0, range(n), (channels, side, side))


def attributes(name, n):
    """Attributes that nobody chose: uniform numbers, styles in equal parts."""
    draw = streams.normal(0, f"test/attributes/{name}", 0, range(n), (4,)).double()
    male, tone, yaw, order = (0.5 + draw.erf() / 2).T
    return {
        "style": [STYLES[k % 3] for k in order.argsort().tolist()],
        "male": male.tolist(), "tone": tone.tolist(), "yaw": (50 * yaw - 25).tolist(),
    }  # fmt: skip


def written(a, n, scale=1.0):
    """Codes that hold all attributes openly, each in channels of its own: (n, 6, 4, 4)."""
    one_hot = [[scale * (s == name) for s in a["style"]] for name in STYLES]
    planes = torch.tensor([*one_hot, a["male"], a["tone"], a["yaw"]], dtype=torch.float64).T  # (n, 6)
    return planes[:, :, None, None].expand(n, 6, 4, 4).clone()


# --- features -----------------------------------------------------------------------------------------------


def test_features_are_means_deviations_and_quarters():
    z = noise("features", 3, channels=2)
    x = codes.features(z)
    assert x.shape == (3, 12) and x.dtype == torch.float64
    one = z[1].double()
    expected = [one[c].mean() for c in range(2)]
    expected += [((one[c] - one[c].mean()) ** 2).mean().sqrt() for c in range(2)]
    expected += [one[c, r : r + 2, k : k + 2].mean() for c in range(2) for r in (0, 2) for k in (0, 2)]
    torch.testing.assert_close(x[1], torch.stack(expected))


@pytest.mark.parametrize("shape", [(3, 4, 4), (0, 2, 4, 4)])
def test_codes_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r"codes have shapes \(.*\), expected \(N, C, h, w\)"):
        codes.features(torch.zeros(shape))


def test_codes_that_are_not_finite_are_refused():
    z = noise("finite", 3)
    z[1, 0, 0, :2] = torch.nan
    with pytest.raises(ValueError, match="have 2 values that are not finite, expected none"):
        codes.features(z)


# --- ridge --------------------------------------------------------------------------------------------------


def regression(n, p):
    """Features of unlike scales, two targets of which they say something: (n, p) and (n, 2)."""
    x = noise(f"ridge/{p}", n, p, 1).flatten(1).double() * torch.arange(1, p + 1) + 7
    y = x[:, :2] / torch.arange(1, 3) + 0.5 * noise(f"targets/{p}", n, 2, 1).flatten(1) - 3
    return x, y


def solved(x, y, mean, scale, penalty):
    """Ridge with an intercept of its own that is not penalised, by the normal equations:
    estimates as a function.
    """
    s = torch.cat([(x - mean) / scale, torch.ones(len(x), 1).double()], dim=1)  # (N, P + 1)
    ridge = penalty * torch.eye(s.shape[1]).double()
    ridge[-1, -1] = 0
    w = torch.linalg.solve(s.T @ s + ridge, s.T @ y)
    return lambda new: torch.cat([(new - mean) / scale, torch.ones(len(new), 1).double()], dim=1) @ w


@pytest.mark.parametrize("n, p", [(20, 5), (12, 30)])
def test_ridge_is_the_fit_with_the_least_brute_force_leave_one_out_error(n, p):
    x, y = regression(n, p)
    mean, scale = x.mean(0), x.std(0, correction=0)

    def brute_force(weight):
        errors = []
        for i in range(n):
            rest = torch.arange(n) != i
            fit = solved(x[rest], y[rest], mean, scale, n * weight)
            errors.append((fit(x[i : i + 1]) - y[i]).square())
        return torch.cat(errors).mean().item()

    by_weight = {weight: brute_force(weight) for weight in ridges.WEIGHTS}
    ridge = ridges.Ridge(x, y)
    assert ridge.weight == min(by_weight, key=by_weight.get)
    assert min(ridges.WEIGHTS) < ridge.weight < max(ridges.WEIGHTS), "the case does not test the choice"
    assert ridge.left_out == pytest.approx(by_weight[ridge.weight], rel=1e-9)
    new = 2 * x[:3] - 1
    torch.testing.assert_close(ridge(new), solved(x, y, mean, scale, n * ridge.weight)(new))


def test_a_constant_feature_is_switched_off():
    x, y = regression(20, 5)
    plain = ridges.Ridge(x, y)
    with_constant = ridges.Ridge(torch.cat([x, torch.full((20, 1), 0.1).double()], dim=1), y)
    seen = torch.cat([x, torch.full((20, 1), 5.0).double()], dim=1)
    torch.testing.assert_close(with_constant(seen), plain(x))


def test_ridge_refuses_rows_that_do_not_belong_together():
    x, y = regression(20, 5)
    for a, b in ((x, y[:-1]), (x, y[:, 0]), (x[:1], y[:1])):
        with pytest.raises(ValueError, match="features and targets have shapes"):
            ridges.Ridge(a, b)


# --- the domain ---------------------------------------------------------------------------------------------


def piles(n1, n2, shift, name="domain"):
    """Noise in both domains, with one channel of domain 2 shifted."""
    z1, z2 = noise(f"{name}/1", n1), noise(f"{name}/2", n2)
    z2[:, 1] += shift
    return z1, z2


def test_a_domain_that_is_written_into_one_channel_is_read():
    assert codes.domain_probe(*piles(60, 60, 5.0), *piles(40, 40, 5.0, "held")) == 1.0
    z1, z2 = piles(40, 40, 5.0, "held")
    assert codes.domain_probe(*piles(60, 60, 5.0), z2, z1) == 0.0, "the sign must be the training's"


def test_codes_of_one_law_leave_the_probe_at_chance():
    assert codes.domain_probe(*piles(150, 150, 0.0), *piles(100, 100, 0.0, "held")) == pytest.approx(
        0.5, abs=0.1
    )


def test_codes_that_are_the_same_in_both_domains_are_at_chance_exactly():
    z = noise("held", 30)
    assert codes.domain_probe(*piles(40, 40, 1.0), z, z) == 0.5
    assert codes.domain_probe(*4 * [torch.ones(5, 2, 4, 4)]) == 0.5


def test_a_domain_with_few_images_weighs_as_much_as_one_with_many():
    # The mean of a channel over 16 places has deviation 1/4, so the shift is 2 of those:
    # Phi(1) = 0.84 at best.
    few = codes.domain_probe(*piles(20, 400, 0.5), *piles(200, 200, 0.5, "held"))
    many = codes.domain_probe(*piles(400, 400, 0.5), *piles(200, 200, 0.5, "held"))
    assert many == pytest.approx(0.84, abs=0.04)
    assert few > 0.72, f"{few}: the larger pile takes nearly everything"


def test_codes_of_two_models_are_refused():
    with pytest.raises(ValueError, match=r"codes have shapes .*\(5, 3, 4, 4\), expected .* with one C, h, w"):
        codes.domain_probe(*piles(5, 5, 0.0), noise("a", 5), noise("b", 5, channels=3))


# --- attributes ---------------------------------------------------------------------------------------------


def test_attributes_that_are_written_into_channels_are_read():
    a, b = attributes("train", 60), attributes("held", 40)
    found = codes.attribute_probe(written(a, 60), a, written(b, 40), b)
    assert list(found) == ["style", "male", "tone", "yaw"]
    assert found["style"] == 1.0 and found["male"] >= 0.975
    assert found["tone"] == pytest.approx(1, abs=1e-4) and found["yaw"] == pytest.approx(1, abs=1e-4)


def test_noise_says_nothing_about_the_head():
    a, b = attributes("train", 200), attributes("held", 100)
    found = codes.attribute_probe(noise("train", 200), a, noise("held", 100), b)
    assert found["style"] == pytest.approx(1 / 3, abs=0.15) and found["male"] == pytest.approx(0.5, abs=0.15)
    assert -0.3 < found["tone"] < 0.05 and -0.3 < found["yaw"] < 0.05


def test_a_shift_between_the_domains_costs_the_transfer_its_square():
    """Estimates that are all off by c have ``R^2 = 1 - M c^2 / SST``;
    10 degrees say nothing about the tone.
    """
    a, b = attributes("train", 60), attributes("held", 40)
    moved = written(b, 40)
    moved[:, 5] += 10
    found = codes.attribute_probe(written(a, 60), a, moved, b)
    yaw = torch.tensor(b["yaw"], dtype=torch.float64)
    assert found["yaw"] == pytest.approx(1 - 100 / yaw.var(correction=0).item(), rel=1e-2)
    assert found["tone"] == pytest.approx(1, abs=1e-2)


def test_a_style_that_training_never_had_is_never_named():
    a, b = attributes("train", 60), attributes("held", 40)
    z = written(b, 40)
    b["style"] = ["mohawk"] * 10 + b["style"][10:]
    assert codes.attribute_probe(written(a, 60), a, z, b)["style"] == 0.75


def test_attributes_of_other_heads_are_refused():
    a, b = attributes("train", 9), attributes("held", 8)
    with pytest.raises(ValueError, match="got 8 values of 'style' for 9 codes"):
        codes.attribute_probe(noise("train", 9), a, noise("held", 9), b)
    with pytest.raises(ValueError, match="got 0 values of 'yaw' for 9 codes"):
        codes.attribute_probe(
            noise("train", 9), {k: a[k] for k in ("style", "male", "tone")}, noise("held", 8), b
        )


def test_an_attribute_without_spread_has_no_r2():
    a, b = attributes("train", 9), attributes("held", 8) | {"tone": [0.25] * 8}
    with pytest.raises(ValueError, match="the held-out tone is 0.25 for all of the 8 codes"):
        codes.attribute_probe(noise("train", 9), a, noise("held", 8), b)


# --- twins --------------------------------------------------------------------------------------------------


def test_twin_distance_is_0_for_one_code_and_2_for_strangers():
    z1, z2 = noise("strangers/1", 200), noise("strangers/2", 200)
    assert codes.twin_distance(z1, z1) == 0
    assert codes.twin_distance(z1, z2) == pytest.approx(2, abs=0.05)
    assert codes.twin_distance(3 * z1 + 1, 3 * z2 + 1) == pytest.approx(codes.twin_distance(z1, z2))


def test_twin_distance_is_the_sum_that_a_pencil_gives():
    """Codes 0, 2 and 1, 5: squares 1 and 9, variances 2 and 8."""
    z1, z2 = (torch.tensor(v).view(2, 1, 1, 1) for v in ([0.0, 2.0], [1.0, 5.0]))
    assert codes.twin_distance(z1, z2) == pytest.approx(5 / 5)


def test_twin_retrieval_finds_twins_and_is_at_chance_among_strangers():
    z1, z2 = noise("strangers/1", 200), noise("strangers/2", 200)
    assert codes.twin_retrieval(z1, z1 + 0.1 * z2) == 1
    assert codes.twin_retrieval(z1, z2) < 0.03
    assert codes.twin_retrieval(z1, z1.flip(0)) == 0
    assert codes.twin_retrieval(torch.ones(8, 2, 4, 4), torch.ones(8, 2, 4, 4)) == 1 / 8
    far = 1e7 + 0.01 * z1.double()
    assert codes.twin_retrieval(far, far + 0.001 * z2) == 1, (
        "codes far from 0 and close together are mixed up"
    )


def test_twin_retrieval_is_the_mean_of_both_directions():
    """Heads on a line, at 0, 1, 2 in domain 1 and at 0, 1.4, 1.1 in domain 2."""
    z1, z2 = (torch.tensor(v).view(3, 1, 1, 1) for v in ([0.0, 1.0, 2.0], [0.0, 1.4, 1.1]))
    # From 1: 0 -> 0, 1 -> 1.1 (wrong), 2 -> 1.4 (wrong). From 2: 0 -> 0, 1.4 -> 1, 1.1 -> 1 (wrong).
    assert codes.twin_retrieval(z1, z2) == pytest.approx((1 / 3 + 2 / 3) / 2)


@pytest.mark.parametrize("ask", [codes.twin_distance, codes.twin_retrieval])
def test_codes_that_are_no_twins_are_refused(ask):
    for n1, n2 in ((3, 4), (1, 1)):
        with pytest.raises(ValueError, match="codes of twins have shapes"):
            ask(noise("a", n1), noise("b", n2))


def test_codes_that_ignore_the_image_have_no_distance():
    with pytest.raises(ValueError, match="the codes of all 3 images are equal in both domains"):
        codes.twin_distance(torch.ones(3, 2, 4, 4), torch.zeros(3, 2, 4, 4))


# --- a model ------------------------------------------------------------------------------------------------


def pictures(name, n):
    """The same pictures in both domains."""
    x = (0.4 * noise(f"pictures/{name}", n, 3, 32)).clamp(-1, 1)
    ids = tuple(f"{name}-{k}" for k in range(n))
    return Evaluation(x1=x, x2=x.clone(), ids1=ids, ids2=ids)


def read(config, training, held_out):
    model = config if isinstance(config, torch.nn.Module) else build(config)
    n1, n2, n = len(training.x1), len(training.x2), len(held_out.x1)
    return codes.read_codes(
        model, training, held_out, attributes("1", n1), attributes("2", n2), attributes("held", n)
    )


def test_codes_are_those_whose_translations_are_scored():
    x, n = pictures("held", 40).x1, codes.CHUNK
    assert len(x) > n, "one chunk tests nothing"
    for config, draw in (
        (AVB_GTN_CONFIG, 0),
        (UNIT_CONFIG, None),
        (replace(UNIT_CONFIG, posterior="none"), None),
    ):
        model = build(config)
        z = codes.encode(model, x, 2, "evaluate/21")
        assert z.shape == (40, 16, 8, 8) and not z.requires_grad
        with torch.no_grad():
            torch.testing.assert_close(model.decode(z, 1), evaluate.translations(model, x, 2, 1, draw))


def test_a_model_is_read_with_every_number_from_its_own_codes():
    data = RandomDomains()
    training, held_out = pictures("train", 12), data.evaluation("validation")
    model = build(AVB_GTN_CONFIG)
    found = read(model, training, held_out)
    probes = ["style", "male", "tone", "yaw"]
    assert list(found) == [
        "domain",
        *probes,
        *(f"transfer_{p}" for p in probes),
        "twin_distance",
        "twin_retrieval",
        "mean_square",
    ]
    assert all(type(v) is float for v in found.values())
    assert read(AVB_GTN_CONFIG, training, held_out) == found, (
        "the same model has other numbers the second time"
    )

    z1 = codes.encode(model, held_out.x1, 1, "evaluate/12")
    z2 = codes.encode(model, held_out.x2, 2, "evaluate/21")
    t1 = codes.encode(model, training.x1, 1, "codes/12")
    t2 = codes.encode(model, training.x2, 2, "codes/21")
    a1, a2, a = (attributes(name, n) for name, n in (("1", 12), ("2", 12), ("held", 6)))
    assert found["domain"] == codes.domain_probe(t1, t2, z1, z2)
    assert found["twin_distance"] == codes.twin_distance(z1, z2)
    assert found["twin_retrieval"] == codes.twin_retrieval(z1, z2)
    assert found["mean_square"] == pytest.approx((z1.square().mean() + z2.square().mean()).item() / 2)
    together = {k: a1[k] + a2[k] for k in probes}
    own = [codes.attribute_probe(torch.cat([t1, t2]), together, z, a) for z in (z1, z2)]
    over = [codes.attribute_probe(t1, a1, z2, a), codes.attribute_probe(t2, a2, z1, a)]
    for name in probes:
        assert found[name] == pytest.approx((own[0][name] + own[1][name]) / 2)
        assert found[f"transfer_{name}"] == pytest.approx((over[0][name] + over[1][name]) / 2)


def test_encoders_that_agree_share_everything():
    found = read(replace(UNIT_CONFIG, init="twin"), pictures("train", 12), pictures("held", 8))
    assert found["domain"] == 0.5 and found["twin_distance"] == 0 and found["twin_retrieval"] == 1


def test_noise_alone_does_not_give_the_domain_away():
    """An encoder that sees its noise only: with one noise for training and held-out images,
    a probe knows it again.
    """
    model = build(replace(AVB_GTN_CONFIG, init="twin"))
    with torch.no_grad():
        for encoder in (model.encoder1, model.encoder2):
            encoder.layers[0].weight[:, :3] = 0
    found = read(model, pictures("train", 40), pictures("held", 40))
    assert found["domain"] == pytest.approx(0.5, abs=0.15)
    assert found["twin_distance"] == pytest.approx(2, abs=0.2), "both domains got the same noise"


def test_held_out_heads_must_be_twins():
    held_out = replace(pictures("held", 4), ids2=("a", "b", "c", "d"))
    with pytest.raises(ValueError, match="held_out has 4 and 4 images that are not the same heads"):
        read(UNIT_CONFIG, pictures("train", 4), held_out)
