"""What the AVB-GTN chapter leans on: exact penalties on a line, probes of a model, and diagrams."""

import inspect
import math
from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

import contents
from avbgtn import streams
from avbgtn.models import avb_gtn, build, losses
from avbgtn.models.avb_gtn import AVBGTN
from avbgtn.training.trainer import Trainer, make_fabric
from avbgtn_book.avb_gtn import diagrams, penalties, probe
from avbgtn_book.avb_gtn import figures as plots
from contents import BOOK, ROOT
from examples import AVB_GTN_CONFIG, UNIT_CONFIG, RandomDomains

F64 = torch.float64


def one_step(config):
    model = build(replace(config, precision="64-true"))
    noise = model.noise(0, range(2))
    x1, x2 = (streams.normal(0, name, 0, range(2), (3, 32, 32), dtype=F64).tanh() for name in ("x1", "x2"))
    return model, noise, model.step(x1, x2, noise)


# --- Eqs. (7), (10)-(13) in the model -----------------------------------------------------------------------


def test_eq10_to_eq13_are_units_losses_with_log_sigmoid_of_the_right_t():
    config = replace(
        AVB_GTN_CONFIG,
        lambda_0=3.0,
        lambda_1=0.7,
        lambda_2=11.0,
        lambda_3=0.3,
        lambda_4=5.0,
        lambda_reading="literal",
    )
    model, noise, step = one_step(config)
    found = model.player_losses("generators", step, noise)["loss"]
    x, z, made = step.x, step.code, step.image
    t1, t2 = model.posterior1, model.posterior2

    def log_s(t, image, code):
        return torch.sigmoid(t(image, code)).log().mean()

    def l1(a, b):
        return (a - b).abs().mean()

    eq10 = 0.7 * log_s(t1, x[1], z["1"]) + 11 * l1(made["11"], x[1])
    eq11 = 0.7 * log_s(t2, x[2], z["2"]) + 11 * l1(made["22"], x[2])
    eq12 = 0.3 * (log_s(t1, x[1], z["1"]) + log_s(t2, made["12"], z["12"])) + 5 * l1(made["121"], x[1])
    eq13 = 0.3 * (log_s(t2, x[2], z["2"]) + log_s(t1, made["21"], z["21"])) + 5 * l1(made["212"], x[2])
    fake = model.discriminate({1: made["21"], 2: made["12"]})
    gan = 3 * sum(-torch.sigmoid(logits).log().mean() for logits in fake.values())
    torch.testing.assert_close(found, eq10 + eq11 + eq12 + eq13 + gan, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("config", [UNIT_CONFIG, AVB_GTN_CONFIG], ids=["unit", "avb_gtn"])
def test_eq7_eq13_of_domain_2_are_those_of_domain_1_with_the_domains_exchanged(config):
    model, noise, step = one_step(config)
    other = build(replace(config, precision="64-true"))
    swap = str.maketrans("12", "21")

    def exchanged(name):  # encoder1 to encoder2, and so on; the numbers of layers stay
        head, *rest = name.split(".")
        return ".".join([head.translate(swap), *rest])

    other.load_state_dict({exchanged(name): value for name, value in model.state_dict().items()})
    turned = {
        key.split("/")[0] + "/" + key.split("/")[1].translate(swap): value for key, value in noise.items()
    }
    mirrored = other.step(step.x[2], step.x[1], turned)
    ours, theirs = (
        m.player_losses("generators", s, n) for m, s, n in ((model, step, noise), (other, mirrored, turned))
    )
    assert set(ours) == set(theirs)
    for key, value in ours.items():
        torch.testing.assert_close(theirs[key.translate(swap)], value, rtol=1e-7, atol=1e-9, msg=key)


# --- exact penalties on a line ------------------------------------------------------------------------------


@pytest.mark.parametrize("m, s", [(0.0, 1.0), (2.0, 1.0), (-1.0, 0.3), (3.0, 1.4)])
def test_best_t_is_the_log_ratio_and_its_mean_the_kl(m, s):
    q, p = (
        torch.distributions.Normal(torch.tensor(m, dtype=F64), s),
        torch.distributions.Normal(torch.tensor(0.0, dtype=F64), 1.0),
    )
    z = torch.linspace(-5, 5, 41, dtype=F64)
    torch.testing.assert_close(penalties.best_t(z, m, s), q.log_prob(z) - p.log_prob(z))
    exact = torch.distributions.kl_divergence(q, p).item()
    assert penalties.kl(m, s).item() == pytest.approx(exact, abs=1e-12)
    on_codes = penalties.best_t(m + s * penalties.NODES, m, s)
    assert penalties.expected(losses.logit_penalty, on_codes).item() == pytest.approx(exact, abs=1e-9)


def js_by_density(m, s):
    """2 JS from densities on a plain grid, without T."""
    z = torch.linspace(-30, 30, 60001, dtype=F64)
    q = torch.exp(-0.5 * ((z - m) / s).square()) / (s * math.sqrt(2 * math.pi))
    p = torch.exp(-0.5 * z.square()) / math.sqrt(2 * math.pi)
    r = (q + p) / 2
    return sum(torch.xlogy(d, d / r.clamp_min(1e-300)).sum().item() for d in (q, p)) * 60 / 60000


@pytest.mark.parametrize("m, s", [(0.0, 1.0), (1.0, 1.0), (2.0, 0.3), (6.0, 1.0)])
def test_two_js_is_the_value_of_the_game_and_agrees_with_an_integral_of_densities(m, s):
    found = penalties.two_js(m, s).item()
    assert found == pytest.approx(js_by_density(m, s), abs=1e-8)
    assert 0 - 1e-12 <= found <= 2 * math.log(2) + 1e-12


@pytest.mark.parametrize("m, s", [(1.0, 1.0), (2.0, 0.3), (6.0, 1.0)])
def test_no_other_t_makes_the_game_worth_more(m, s):
    """The best T reaches 2 JS - 2 log 2; a T that is bent away from it, to either side, stays below."""

    def game(delta):
        on_q, on_p = m + s * penalties.NODES, penalties.NODES  # codes, samples of the prior
        t_q, t_p = (penalties.best_t(z, m, s) + delta * z.sin() for z in (on_q, on_p))
        return (penalties.WEIGHTS * (F.logsigmoid(t_q) + F.logsigmoid(-t_p))).sum().item()

    best = js_by_density(m, s) - 2 * math.log(2)
    assert game(0.0) == pytest.approx(best, abs=1e-8)
    for delta in (-0.1, 0.1):
        assert game(delta) < best - 1e-6, delta


TABLE = {  # frozen gradients by m: T, log s(T), softplus(T)
    1: (1.000, 0.398, 0.602), 2: (2.000, 0.450, 1.550), 4: (4.000, 0.137, 3.863),
    8: (8.00, 3.9e-4, 7.9996), 10: (10.0, 4.5e-6, 10.0),
}  # fmt: skip


@pytest.mark.parametrize("m", TABLE)
def test_frozen_gradients_have_the_sizes_of_the_table(m):
    for form, expected in zip(penalties.FORMS.values(), TABLE[m], strict=True):
        assert penalties.frozen_gradient(form, float(m))[0] == pytest.approx(
            expected, rel=0.02 if m >= 8 else 2e-3
        )


@pytest.mark.parametrize(
    "m, s", [(1.0, 1.0), (2.0, 1.0), (4.0, 1.0), (8.0, 1.0), (10.0, 1.0), (2.0, 0.3), (0.5, 1.6)]
)
def test_frozen_gradients_are_those_of_kl_two_js_and_their_difference(m, s):
    h = 1e-4
    by_difference = {  # of the integral of densities and of the closed form: no autograd, no T
        "m": (js_by_density(m + h, s) - js_by_density(m - h, s)) / (2 * h),
        "log s": (js_by_density(m, s * math.exp(h)) - js_by_density(m, s * math.exp(-h))) / (2 * h),
    }
    exact_kl = {"m": m, "log s": s * s - 1}
    for at, parameter in enumerate(("m", "log s")):
        js, kl = by_difference[parameter], exact_kl[parameter]
        for form, expected in (("logit", kl), ("log_sigmoid", js), ("softplus", kl - js)):
            assert penalties.frozen_gradient(penalties.FORMS[form], m, s)[at] == pytest.approx(
                expected, abs=1e-5
            )
            assert penalties.true_gradient(form, m, s)[at] == pytest.approx(expected, abs=1e-5)


def test_log_sigmoid_leaves_one_minus_sigmoid_of_the_gradient():
    z = torch.linspace(-6, 6, 25, dtype=F64, requires_grad=True)
    t = 1.7 * z - 0.4
    (gradient,) = torch.autograd.grad(losses.log_sigmoid_penalty(t) * len(z), z)
    torch.testing.assert_close(gradient, (1 - torch.sigmoid(t.detach())) * 1.7)


def test_the_printed_value_has_half_the_slope_that_is_followed():
    m = torch.tensor(2.0, dtype=F64, requires_grad=True)
    value = penalties.expected(losses.log_sigmoid_penalty, penalties.best_t(m + penalties.NODES, m))
    (slope,) = torch.autograd.grad(value, m)
    assert 2 * slope.item() == pytest.approx(
        penalties.frozen_gradient(losses.log_sigmoid_penalty, 2.0)[0], rel=1e-9
    )


def test_right_forms_come_home_and_the_wrong_sign_runs_away():
    for name, form in penalties.FORMS.items():
        assert penalties.descend(form, 1.5, 0.6, steps=200, lr=0.1)[-1][2] < 1e-4, name
    away = [kl for *_, kl in penalties.descend(penalties.wrong_sign, 1.5, 0.6, steps=100, lr=0.1)]
    assert all(b > a for a, b in zip(away, away[1:], strict=False)) and away[-1] > 4 * away[0]
    stuck = penalties.descend(losses.log_sigmoid_penalty, 6.0, 0.6, steps=100, lr=0.1)
    assert stuck[-1][2] > 0.98 * stuck[0][2]


@pytest.mark.parametrize("m, s", [(0.0, 1.0), (0.5, 1.0), (2.0, 0.7)])
def test_t_between_domains_reads_the_kl_that_the_mean_square_cannot_see(m, s):
    square, by_t = penalties.gap_between_domains(m, s)
    q1, q2 = (torch.distributions.Normal(torch.tensor(v, dtype=F64), s) for v in (m, -m))
    assert by_t == pytest.approx(torch.distributions.kl_divergence(q1, q2).item(), abs=1e-9)
    assert square == pytest.approx(m * m) == pytest.approx(penalties.gap_between_domains(-m, s)[0])
    both = losses.mean_square_penalty(torch.tensor([m, m], dtype=F64)).item()
    assert square == pytest.approx(both), "one cloud and two clouds are the same to it"


def test_gradient_by_the_shown_image_is_pure_noise():
    for a, s, x in ((0.9, 0.3, 1.7), (0.5, 0.8, -2.0)):
        mean, std = penalties.explicit_image_gradient(a, s, x)
        assert abs(mean) < 1e-9 and std == pytest.approx(a / s, rel=1e-9)


# --- probes -------------------------------------------------------------------------------------------------


def test_pulls_are_weighted_and_tied_by_the_identity_and_leave_no_gradient():
    trainer = Trainer(AVB_GTN_CONFIG, RandomDomains(), make_fabric(AVB_GTN_CONFIG))
    before = {name: p.clone() for name, p in trainer.model.named_parameters()}
    found = probe.pulls(trainer, 0)
    gate = 1 - torch.sigmoid(torch.tensor(found["t"])).item()
    assert found["log_sigmoid"] == pytest.approx(gate * found["logit"], rel=1e-4)
    assert found["softplus"] == pytest.approx((1 - gate) * found["logit"], rel=1e-4)
    heavier = Trainer(
        replace(AVB_GTN_CONFIG, lambda_1=1.0, lambda_2=50.0), RandomDomains(), make_fabric(AVB_GTN_CONFIG)
    )
    other = probe.pulls(heavier, 0)
    assert other["logit"] == pytest.approx(10 * found["logit"], rel=1e-4)
    assert other["reconstruction"] == pytest.approx(found["reconstruction"] / 2, rel=1e-4)
    for name, p in trainer.model.named_parameters():
        assert p.grad is None and torch.equal(p, before[name]), name


def test_watching_changes_nothing_of_the_training():
    watched, alone = (Trainer(AVB_GTN_CONFIG, RandomDomains(), make_fabric(AVB_GTN_CONFIG)) for _ in range(2))
    lines = probe.watch(watched, epochs=5, every=2)
    for epoch in range(5):
        alone.update(epoch)
    assert [line["epoch"] for line in lines] == [0, 2, 4, 5]
    assert lines[0]["t_loss"] == losses.TWO_LOG_TWO
    assert all(
        torch.equal(a, b) for a, b in zip(watched.model.parameters(), alone.model.parameters(), strict=True)
    )


def test_noise_use_of_a_known_posterior():
    model = build(replace(UNIT_CONFIG, noise_scale=0.5))
    x = RandomDomains().evaluation("validation").x1
    use = probe.noise_use(model, x, 1, 2, draws=16)
    assert use.images.shape == (16, 6, 3, 32, 32)
    assert use.code_over_noise == pytest.approx(0.5, rel=0.03)
    assert use.code_share == pytest.approx(use.code_over_noise / use.code_over_images)
    silent = probe.noise_use(build(replace(AVB_GTN_CONFIG, noise_scale=0.0)), x, 1, 2, draws=3)
    assert silent.code_share < 1e-5 and silent.picture_share < 1e-5


# --- diagrams and drawings ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "figure, part", [(f, p) for f, parts in diagrams.PARTS.items() for p in parts], ids=str
)
def test_part_of_a_diagram_names_a_line_of_the_source(figure, part):
    assert part.line in inspect.getsource(part.source()), f"{part.where} has no line {part.line!r}"
    table = diagrams.parts_table(figure).data
    assert part.symbol in table and part.where.split(".", 1)[1] in table and "$" not in table
    assert diagrams.lines_stand(figure)


def test_a_part_whose_line_is_gone_is_seen(monkeypatch):
    gone = replace(diagrams.PARTS["noise"][0], line="return mu + eps * 2")
    monkeypatch.setitem(diagrams.PARTS, "noise", (gone, diagrams.PARTS["noise"][1]))
    assert not diagrams.lines_stand("noise")


class Metadata:
    """What an installation says of the package."""

    def __init__(self, *urls):
        self.urls = list(urls)

    def get_all(self, name):
        return self.urls or None


def test_parts_link_to_their_files_where_the_repository_is_known(monkeypatch):
    address = "https://example.org/someone/book"
    known = Metadata("Homepage, https://example.org", f"Repository, {address}")
    monkeypatch.setattr(diagrams.metadata, "metadata", lambda name: known)
    assert (
        f"[`UNIT.encode_pair`]({address}/blob/HEAD/avbgtn/models/unit.py)"
        in diagrams.parts_table("unit").data
    )
    monkeypatch.setattr(diagrams.metadata, "metadata", lambda name: Metadata())
    assert (
        "`UNIT.encode_pair`" in diagrams.parts_table("unit").data
        and "](" not in diagrams.parts_table("unit").data
    )

    def absent(name):
        raise diagrams.metadata.PackageNotFoundError

    monkeypatch.setattr(diagrams.metadata, "metadata", absent)
    assert diagrams.repository() == ""


def test_the_chapter_as_it_is_printed_links_its_parts_to_the_repository():
    printed = (BOOK / "avb_gtn.ipynb").read_text(encoding="utf-8")
    for parts in diagrams.PARTS.values():
        for file in {part.where.split(".")[0] for part in parts}:
            path = f"avbgtn/models/{file}.py"
            assert (ROOT / path).is_file()
            assert f"]({contents.repository()['url']}/blob/HEAD/{path})" in printed, (
                f"no link to {path}: was the package installed anew after its address "
                "was set, then the chapter run?"
            )


def test_everything_drawn_has_alternative_text_and_fits():
    lines = [
        {"epoch": e, "t_loss": 1.0, "logit": 1.0, "log_sigmoid": 0.5, "softplus": 0.5, "reconstruction": 2.0}
        for e in (0, 5)
    ]
    curves = {name: [0.1, 0.2] for name in penalties.FORMS}
    drawn = [
        diagrams.unit_figure(),
        diagrams.noise_figure(),
        diagrams.avb_gtn_figure(),
        plots.frame(0.5),
        plots.frame(10),
        plots.gradient_sizes([1, 2], curves),
        plots.descents(curves, curves),
        plots.pulls_on_heads(lines),
        plots.long_run([200, 400], [18.0, 19.0], [-20.0, -21.0]),
        plots.scale_bars({"a": (2.0, "black")}),
        plots.noise_draws(torch.zeros(3, 8, 8), {"UNIT": torch.zeros(4, 3, 8, 8)}, black=0.1),
    ]
    for figure in drawn:
        assert len(figure.alt.split()) >= 8, figure.alt
        assert figure.get_figwidth() == pytest.approx(7.2) and len(figure.png()) < 250_000


def test_the_forms_of_the_chapter_are_penalties_of_the_model():
    assert penalties.FORMS.items() <= avb_gtn.T_FORMS.items()
    assert AVBGTN.generators_losses is AVBGTN.__mro__[1].generators_losses, "Eq. (1) is UNIT's own"
