"""One training step: what is computed, who gets gradients, and which terms enter which loss."""

from dataclasses import replace

import pytest
import torch

from avbgtn.config import CHOICES, T_PENALTIES, ConfigError
from avbgtn.config.sound import Sound
from avbgtn.models import build, losses
from avbgtn.models.avb_gtn import AVBGTN, T_FORMS
from avbgtn.models.unit import CODE_PENALTIES, UNIT
from avbgtn.models.varied import VariedAVBGTN
from avbgtn.training.optimisers import decay
from examples import AVB_GTN_CONFIG, UNIT_CONFIG, RandomDomains

CONFIGS = {"unit": UNIT_CONFIG, "avb_gtn": AVB_GTN_CONFIG}


def test_the_papers_class_is_built_unless_the_study_varies_its_t():
    assert type(build(UNIT_CONFIG)) is UNIT and type(build(AVB_GTN_CONFIG)) is AVBGTN
    for change in ({"t_input": "z", "t_view": "patch"}, {"t_r1": 1.0}, {"t_input": "z", "t_prior": "other"}):
        config = replace(AVB_GTN_CONFIG, **change)
        assert type(build(config)) is VariedAVBGTN
        with pytest.raises(ConfigError, match=r"use avbgtn\.build\(config\)"):
            AVBGTN(config)


def test_every_penalty_has_one_form_that_looks_at_the_code_or_asks_t():
    assert set(T_FORMS) == set(T_PENALTIES) and not set(T_FORMS) & set(CODE_PENALTIES)
    assert {*T_FORMS, *CODE_PENALTIES} == set(CHOICES["penalty"])


def one_step(config, batch: int = 2):
    config = replace(config, batch=batch, precision="64-true")
    model = build(config)
    x1, x2 = (x.double() for x in RandomDomains(config.size).batch(0, batch, 0))
    noise = model.noise(0, range(batch))
    return model, noise, model.step(x1, x2, noise)


@pytest.mark.parametrize("name", CONFIGS)
def test_step_equals_its_parts_one_by_one(name):
    model, noise, step = one_step(CONFIGS[name])
    eps = {key: noise[f"eps/{key}"] for key in ("1", "2", "12", "21")}
    z1, z2 = model.encode(step.x[1], 1, eps["1"]), model.encode(step.x[2], 2, eps["2"])
    x12, x21 = model.decode(z1, 2), model.decode(z2, 1)
    z12, z21 = model.encode(x12, 2, eps["12"]), model.encode(x21, 1, eps["21"])
    expected = {"11": model.decode(z1, 1), "22": model.decode(z2, 2), "12": x12, "21": x21,
                "121": model.decode(z12, 1), "212": model.decode(z21, 2)}  # fmt: skip
    assert set(step.image) == set(expected)
    for key, image in expected.items():
        torch.testing.assert_close(step.image[key], image, msg=f"x{key} differs")
    for key, z in {"1": z1, "2": z2, "12": z12, "21": z21}.items():
        torch.testing.assert_close(step.code[key], z, msg=f"z{key} differs")


def test_every_network_runs_once_a_step():
    model, noise, _ = one_step(AVB_GTN_CONFIG)
    calls = {}
    for name, module in model.named_children():
        module.register_forward_hook(lambda m, i, o, name=name: calls.update({name: calls.get(name, 0) + 1}))
    x1, x2 = (x.double() for x in RandomDomains(32).batch(0, 2, 0))
    model.step(x1, x2, noise)
    # two passes a private network (real, then translated or back), two a shared block; D and T not at all
    assert calls == {
        n: 2
        for n in ("encoder1", "encoder2", "encoder_shared", "generator_shared", "generator1", "generator2")
    }


@pytest.mark.parametrize("name", CONFIGS)
def test_no_player_leaves_gradients_in_another(name):
    model, noise, step = one_step(CONFIGS[name])
    players = model.players()
    for player in players:
        model.zero_grad(set_to_none=True)
        model.player_losses(player, step, noise)["loss"].backward(retain_graph=True)
        for other, owner in players.items():
            with_gradient = {n for m in owner.modules for n, p in m.named_parameters() if p.grad is not None}
            if other == player:
                assert with_gradient, f"{player} got no gradient"
            else:
                assert not with_gradient, f"the step of {player} left gradients in {other}"
    assert all(p.requires_grad for p in model.parameters()), "frozen parameters were not thawed"


def test_generators_loss_is_equation_1_written_out():
    model, noise, step = one_step(
        replace(UNIT_CONFIG, lambda_0=3.0, lambda_1=0.7, lambda_2=11.0, lambda_3=0.3, lambda_4=5.0)
    )
    parts = model.player_losses("generators", step, noise)
    x = step.x

    def l1(a, b):
        return (a - b).abs().mean()

    fake = model.discriminate({1: step.image["21"], 2: step.image["12"]})
    expected = (
        3.0 * (torch.nn.functional.softplus(-fake[1]).mean() + torch.nn.functional.softplus(-fake[2]).mean())
        + 0.7 * (step.mu["1"].square().mean() + step.mu["2"].square().mean())
        + 11.0 * (l1(step.image["11"], x[1]) + l1(step.image["22"], x[2]))
        + 0.3 * (step.mu["12"].square().mean() + step.mu["21"].square().mean())
        + 5.0 * (l1(step.image["121"], x[1]) + l1(step.image["212"], x[2]))
    )
    torch.testing.assert_close(parts["loss"], expected)


def test_literal_reading_counts_the_direct_penalty_lambda1_plus_lambda3_times():
    model, noise, step = one_step(UNIT_CONFIG)
    as_code = model.player_losses("generators", step, noise)
    object.__setattr__(model, "config", replace(model.config, lambda_reading="literal"))
    literal = model.player_losses("generators", step, noise)
    extra = model.config.lambda_3 * (as_code["pen1"] + as_code["pen2"])
    torch.testing.assert_close(literal["loss"] - as_code["loss"], extra)


def test_cycle_terms_ask_the_t_of_the_domain_that_encoded():
    model, noise, step = one_step(AVB_GTN_CONFIG)
    for key, t in (
        ("1", model.posterior1),
        ("2", model.posterior2),
        ("12", model.posterior2),
        ("21", model.posterior1),
    ):
        torch.testing.assert_close(
            model.judge(key, step, step.code[key]), t(step.encoded_image(key), step.code[key])
        )


def test_x_is_detached_inside_t_so_g_cannot_fool_it_through_the_picture():
    model, noise, step = one_step(AVB_GTN_CONFIG)
    z = step.code["12"].detach()
    for p in model.posterior2.parameters():
        p.requires_grad_(False)
    assert not model.judge("12", step, z).requires_grad, "a gradient reaches x12 through T's image input"


def test_posterior_loss_is_equation_9_for_both_domains_on_detached_codes():
    model, noise, step = one_step(AVB_GTN_CONFIG)
    expected = sum(
        losses.posterior_discriminator_loss(
            t(step.x[k], step.code[str(k)]), t(step.x[k], noise[f"prior/{k}"][0])
        )
        for k, t in ((1, model.posterior1), (2, model.posterior2))
    )
    torch.testing.assert_close(model.player_losses("posterior", step, noise)["loss"], expected)


def test_t_can_learn_from_translated_pairs_too():
    model, noise, step = one_step(replace(AVB_GTN_CONFIG, t_train_on="real+translated"))
    parts = model.player_losses("posterior", step, noise)
    assert {"t1", "t2", "t12", "t21"} <= set(parts)
    torch.testing.assert_close(parts["loss"], (parts["t1"] + parts["t2"] + parts["t12"] + parts["t21"]) / 2)


@pytest.mark.parametrize("penalty", ["log_sigmoid", "logit", "softplus", "mean_square", "none"])
def test_every_penalty_of_avb_gtn_trains_the_encoder_or_says_zero(penalty):
    model, noise, step = one_step(replace(AVB_GTN_CONFIG, penalty=penalty))
    value = model.penalties(step)["1"]
    assert value.shape == ()
    assert value.requires_grad == (penalty != "none")


def test_gaussian_penalty_is_the_exact_kl_of_the_code():
    model, noise, step = one_step(replace(UNIT_CONFIG, penalty="gaussian"))
    torch.testing.assert_close(model.penalties(step)["12"], losses.gaussian_kl(step.mu["12"], 1.0))


def test_unit_refuses_a_penalty_that_needs_t():
    model, noise, step = one_step(UNIT_CONFIG)
    model.config = replace(AVB_GTN_CONFIG, penalty="logit")
    with pytest.raises(ValueError, match="'logit' needs a posterior discriminator T: use model='avb_gtn'"):
        model.penalties(step)


def test_adaptive_contrast_uses_moments_of_other_draws_without_gradient():
    model, noise, step = one_step(replace(AVB_GTN_CONFIG, adaptive_contrast=3))
    assert noise["contrast/1"].shape == (3, 2, 3, 32, 32)
    mean, std = step.moments["12"]
    assert not mean.requires_grad and mean.shape == step.code["12"].shape
    draws = torch.stack([model.encode(step.image["12"], 2, eps) for eps in noise["contrast/12"]])
    torch.testing.assert_close(mean, draws.mean(0).detach())
    assert not any(torch.equal(noise["eps/1"], draw) for draw in noise["contrast/1"]), (
        "the sample is in its own mean"
    )
    model.player_losses("generators", step, noise)["loss"].backward()


@pytest.mark.parametrize("view", ["image", "patch", "place"])
def test_r1_is_half_the_squared_slope_of_t_at_the_codes_and_leaves_nothing_behind(view):
    """T linear in z, T = <a, z> / places: the slope is a / places everywhere, whatever z;
    a number for each place, too, is taken as their mean, as the loss takes it."""
    model = build(replace(AVB_GTN_CONFIG, t_input="z", t_view=view, t_r1=3.0))
    x1, x2 = RandomDomains().batch(0, 2, 0)
    noise = model.noise(0, range(2))
    step = model.step(x1, x2, noise)
    weight = torch.randn(1, 16, 1, 1)
    for t in (model.posterior1, model.posterior2):
        t.joint = torch.nn.Conv2d(16, 1, 1)
        t.joint.weight.data.copy_(weight)
    expected = (weight.square().sum() / 64) / 2
    torch.testing.assert_close(model.steepness("1", step), expected)
    with_r1 = model.posterior_losses(step, noise)
    plain = with_r1["t1"] + with_r1["t2"]
    torch.testing.assert_close(with_r1["loss"], plain + 3.0 * 2 * expected)
    with_r1["loss"].backward()
    assert all(p.grad is None for m in model.generators() for p in m.parameters())


def test_with_the_other_prior_t_tells_the_codes_of_one_domain_from_those_of_the_other():
    """Eq. (9) with the other encoder's codes in the place of the prior's samples;
    no sample of a prior is drawn.
    """
    config = replace(AVB_GTN_CONFIG, t_input="z", t_view="place", t_prior="other", penalty="softplus")
    model, noise, step = one_step(replace(config, t_train_on="real+translated"))
    assert not any(name.startswith("prior/") for name in noise)
    parts = model.posterior_losses(step, noise)
    for key, other in (("1", "2"), ("2", "1"), ("12", "21"), ("21", "12")):
        own, others = (model.judge(key, step, step.code[k]) for k in (key, other))
        torch.testing.assert_close(parts[f"t{key}"], losses.posterior_discriminator_loss(own, others))
    parts["loss"].backward()
    assert all(p.grad is None for m in model.generators() for p in m.parameters())


def test_a_narrow_code_has_its_channels_and_reaches_every_network():
    model = build(replace(AVB_GTN_CONFIG, code_channels=5, t_input="z", t_view="place", penalty="softplus"))
    x1, x2 = RandomDomains().batch(0, 1, 0)
    noise = model.noise(0, range(1))
    step = model.step(x1, x2, noise)
    assert model.code_shape == (5, 8, 8) and {z.shape for z in step.code.values()} == {(1, 5, 8, 8)}
    assert step.image["12"].shape == x1.shape and model.code_dimensions == 320
    parts = model.generators_losses(step, noise)
    assert parts["pen1"].shape == () and model.log_ratio("1", step).shape == (1, 64)


@pytest.mark.parametrize("posterior, shape", [("code", (16, 8, 8)), ("input", (3, 32, 32)), ("none", None)])
def test_noise_goes_where_the_posterior_says(posterior, shape):
    model = build(replace(UNIT_CONFIG, posterior=posterior, penalty="mean_square"))
    assert model.noise_shape() == shape
    x = RandomDomains(32).batch(0, 1, 0)[0]
    if shape is None:
        assert model.noise(0, range(1)) == {}
        return
    eps = model.noise(0, range(1))["eps/1"]
    assert not torch.equal(model.encode(x, 1, eps), model.encode(x, 1))
    if posterior == "code":
        torch.testing.assert_close(model.encode(x, 1, eps) - model.encode(x, 1), eps, atol=1e-5, rtol=0)


def test_shared_blocks_are_one_module_and_step_once():
    model, noise, step = one_step(UNIT_CONFIG)
    model.config = replace(model.config, lambda_0=1e-9)  # the same graph, a harmless loss
    before = model.encoder_shared[0].conv1.weight.clone()
    optimizer = torch.optim.Adam([p for m in model.generators() for p in m.parameters()], lr=0.1)
    model.player_losses("generators", step, noise)["loss"].backward()
    optimizer.step()
    moved = (model.encoder_shared[0].conv1.weight - before).abs().max().item()
    assert moved == pytest.approx(0.1, rel=1e-3), "Adam's first step moves a weight by lr, once"


def test_kaiming_all_starts_the_judges_louder_too():
    """ "kaiming" leaves D and T at N(0, 0.02); "kaiming_all" does not. E and G are the same under both."""
    some, all_ = (build(replace(AVB_GTN_CONFIG, weight_init=w)) for w in ("kaiming", "kaiming_all"))
    spread = {}
    for name in ("encoder1", "generator2", "discriminator1", "discriminator_shared", "posterior2"):
        a, b = (next(p for p in m.get_submodule(name).parameters() if p.ndim == 4) for m in (some, all_))
        spread[name] = torch.equal(a, b), a.std().item(), b.std().item()
    assert spread["encoder1"][0] and spread["generator2"][0]
    for name in ("discriminator1", "discriminator_shared", "posterior2"):
        _, before, after = spread[name]
        assert before == pytest.approx(0.02, rel=0.2) and after > 2 * before, name


def test_models_of_sound_have_its_planes_and_shape():
    sound = Sound("magnitude_phase", rate=8000, fft=126, hop=63, rows=64, columns=32)
    model = build(replace(AVB_GTN_CONFIG, dataset="music", size=64, sound=sound))
    x = torch.zeros(2, 4, 64, 32)
    step = model.step(x, x, model.noise(0, range(2)))
    assert {image.shape for image in step.image.values()} == {x.shape}
    assert {z.shape[1:] for z in step.code.values()} == {(16, 16, 8)} == {model.code_shape}
    for player in model.players():
        assert model.player_losses(player, step, model.noise(0, range(2)))["loss"].isfinite()
    wide = torch.zeros(1, 4, 64, 48)
    assert model.translate(wide, eps=torch.zeros(1, *model.noise_shape((64, 48)))).shape == wide.shape


def test_only_a_step_size_of_the_discriminators_own_is_not_halved():
    c = replace(AVB_GTN_CONFIG, lr=0.4, t_lr=0.2, lr_halve_every=10)

    def step(config, name, epoch):
        player = build(config).players()[name]
        return player.step_size * decay(player, config, epoch)

    for epoch, factor in ((0, 1), (9, 1), (10, 0.5), (25, 0.25)):
        steps = {player: step(c, player, epoch) for player in ("posterior", "discriminators", "generators")}
        assert steps == {
            "posterior": 0.2 * factor,
            "discriminators": 0.4 * factor,
            "generators": 0.4 * factor,
        }
        assert step(replace(c, d_lr=0.3), "discriminators", epoch) == 0.3
        assert step(replace(c, d_lr=0.3), "generators", epoch) == 0.4 * factor
    assert step(replace(c, lr_halve_every=0), "generators", 1000) == 0.4


def test_step_sizes_fall_with_the_inverse_square_root_of_the_epoch():
    c = replace(AVB_GTN_CONFIG, lr_inverse_sqrt=100)
    for name, player in build(c).players().items():
        assert [decay(player, c, epoch) for epoch in (0, 300, 9900)] == pytest.approx([1, 1 / 2, 1 / 10]), (
            name
        )
    player = build(replace(c, d_lr=0.3)).players()["discriminators"]
    assert decay(player, c, 300) == 1, "a step size of its own stays"
