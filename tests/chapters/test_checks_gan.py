"""The GAN chapter's checks against right answers in many hands, and wrong ones by name."""

import math

import pytest
import torch
from torch.nn import functional as F

from avbgtn_book import checks
from avbgtn_book.checks import CheckFailed
from avbgtn_book.gan import gan, ring, ring_gan
from judged import judgements

LOG_4 = math.log(4)
log_s = F.logsigmoid


def v(real, fake):
    return log_s(real).mean() + log_s(-fake).mean()


def js(real, fake):
    return (v(real, fake) + LOG_4) / 2


def by_cross_entropy(real, fake):
    bce = F.binary_cross_entropy_with_logits
    return math.log(2) - (bce(real, torch.ones_like(real)) + bce(fake, torch.zeros_like(fake))) / 2


JS = [
    js,
    by_cross_entropy,
    lambda r, f: math.log(2) - F.softplus(-r).mean() / 2 - F.softplus(f).mean() / 2,
    lambda r, f: js(r.float(), f.float()),
    lambda r, f: js(r, f).item(),
    lambda r, f: [js(r, f)],
    lambda r, f: js(r, f).numpy(),
]
NOT_JS = [
    (lambda r, f: (log_s(r) + log_s(-f)).mean() / 2 + LOG_4 / 2, "need not be as many"),
    (lambda r, f: (log_s(r) + log_s(-f)).mean(), "that is V itself"),
    (lambda r, f: js(r, f) / math.log(2), "in bits"),
    (lambda r, f: js(f, r), "real and generated are swapped"),
    (lambda r, f: js(-r, -f), "real and generated are swapped"),
    (lambda r, f: v(r, f) / 2, "left out log 4"),
    (lambda r, f: v(r, f) + LOG_4, "halve it"),
    (lambda r, f: (LOG_4 - v(r, f)) / 2, "sign is turned"),
    (lambda r, f: (v(r, f) - LOG_4) / 2, "log 4 has the wrong sign"),
    (lambda r, f: v(r, f) + LOG_4 / 2, "V is not"),
    (lambda r, f: v(r, f) / 2 + LOG_4, "log 4 is not"),
    (lambda r, f: (v(r, f) + math.log(2)) / 2, "log 2 in place of log 4"),
    (lambda r, f: js(r.sigmoid(), f.sigmoid()), "through the sigmoid twice"),
    (lambda r, f: (r.sigmoid().mean() + (-f).sigmoid().mean() + LOG_4) / 2, "the logarithm is missing"),
    (lambda r, f: (r.sigmoid().log().mean() + (1 - f.sigmoid()).log().mean() + LOG_4) / 2, "right for small"),
    (lambda r, f: js(r.clamp(-20, 20), f.clamp(-20, 20)), "a clamp"),
    (lambda r, f: r.mean(), "KL"),
    (lambda r, f: torch.cat([log_s(r), log_s(-f)]).mean() + math.log(2), "together"),
    (lambda r, f: (log_s(r).mean() - log_s(f).mean() + LOG_4) / 2, "-log D is not"),
    (lambda r, f: -js(r, f), "every sign"),
    (lambda r, f: js(r, f) / 2, "half of it"),
    (lambda r, f: (v(r, f) + 4) / 2, "of 4 as well"),
    (lambda r, f: (v(r, f) + math.log2(4)) / 2, "of 4 as well"),
    (lambda r, f: (v(r, f) + math.log10(4)) / 2, "of 4 as well"),
    (lambda r, f: js(r, f) ** 0.5, "distance"),
    (lambda r, f: (F.softplus(r).mean() + F.softplus(-f).mean() + LOG_4) / 2, "both signs of the logits"),
    (lambda r, f: 3 * js(r, f), "term by term"),
]


def non_saturating(t):
    return F.softplus(-t).mean()


LOSS = [
    non_saturating,
    lambda t: -log_s(t).mean(),
    lambda t: F.binary_cross_entropy_with_logits(t, torch.ones_like(t)),
    lambda t: torch.logaddexp(torch.zeros_like(t), -t).sum() / len(t),
    lambda t: non_saturating(t.float()),
    lambda t: non_saturating(t).reshape(1),
]
NOT_LOSS = [
    (lambda t: -F.softplus(t).mean(), "minimax loss"),
    (lambda t: -non_saturating(t), "less convincing"),
    (lambda t: F.softplus(t).mean(), "discriminator's term"),
    (lambda t: F.softplus(-t).sum(), "you sum"),
    (lambda t: F.softplus(-t), "for each sample"),
    (lambda t: non_saturating(t) / math.log(2), "in bits"),
    (lambda t: -t.mean(), "Wasserstein"),
    (lambda t: F.relu(1 - t).mean(), "hinge"),
    (lambda t: (t - 1).square().mean(), "least-squares"),
    (lambda t: non_saturating(t).log(), "logarithm is there twice"),
    (lambda t: -t.sigmoid().mean(), "logarithm is missing"),
    (lambda t: non_saturating(t.sigmoid()), "through the sigmoid twice"),
    (lambda t: non_saturating(t).item(), "no gradient"),
    (lambda t: non_saturating(t).detach().numpy(), "no gradient"),
]


def covered(points, centres, near, *, share=0.01, power=2.0):
    close = torch.linalg.vector_norm(points[:, None] - centres, ord=power, dim=2) < near
    return int((close.double().mean(0) >= share).sum())


def in_a_loop(points, centres, near):
    found = 0
    for centre in centres:
        inside = sum(math.dist(point, centre) < near for point in points.tolist())
        found += inside / len(points) >= 0.01
    return found


def by_nearest(points, centres, near):
    distance, which = torch.cdist(points, centres).min(1)
    held = torch.bincount(which[distance < near], minlength=len(centres))
    return (held >= 0.01 * len(points)).sum()


COVERED = [
    covered,
    in_a_loop,
    by_nearest,
    lambda p, c, near: int(((torch.cdist(p, c) < near).float().mean(0) >= 0.01).sum()),
    lambda p, c, near: float((((p[:, None] - c) ** 2).sum(2) < near**2).sum(0).ge(0.01 * len(p)).sum()),
    lambda p, c, near: covered(p.float(), c.float(), near),
]
NOT_COVERED = [
    (lambda p, c, near: 2, "a constant"),
    (lambda p, c, near: covered(p, c, near**0.5), "squared distance"),
    (lambda p, c, near: covered(p, c, near, power=1), "differences of both coordinates"),
    (lambda p, c, near: covered(p, c, near, power=math.inf), "each coordinate apart"),
    (lambda p, c, near: covered(p, c, near, share=0.0101), "exactly 1 % is enough"),
    (lambda p, c, near: covered(p, c, near, share=0.1), "10 %"),
    (lambda p, c, near: covered(p, c, near, share=1), "1 % is 0.01"),
    (lambda p, c, near: covered(p, c, near, share=1e-9), "stray point"),
    (lambda p, c, near: covered(p, c, 0.15), "a distance of your own"),
    (lambda p, c, near: covered(p, c, near, share=2 / len(p)), "two points"),
    (lambda p, c, near: int((torch.cdist(p, c) < near).any(1).sum()), "count the points"),
    (lambda p, c, near: covered(p, c, 1.15 * near), "expected"),
    (lambda p, c, near: covered(p, c, 0.85 * near), "expected"),
    (lambda p, c, near: covered(p, c, near, share=0.0085), "expected"),
    (lambda p, c, near: covered(p, c, near, share=0.0115), "expected"),
    (lambda p, c, near: covered(p, c, near) + 0.5, "whole number"),
]

CASES = {
    "check_gan_js": (JS, NOT_JS),
    "check_gan_generator_loss": (LOSS, NOT_LOSS),
    "check_gan_covered": (COVERED, NOT_COVERED),
}


test_a_right_answer_passes_however_it_is_written, test_a_mistake_is_named = judgements(CASES)


def test_r1_is_no_other_cure_than_r1():
    penalty = gan.r1_penalty
    with pytest.raises(CheckFailed, match="R1 again"):
        checks.check_gan_rescue(
            lambda steps, seed: ring_gan.play(games=3, r1=1.0, steps=steps, seed=seed, looks=1).points[-1]
        )
    assert gan.r1_penalty is penalty


def test_samples_of_the_data_are_no_rescue():
    with pytest.raises(CheckFailed, match="drawn from the data"):
        checks.check_gan_rescue(
            lambda steps, seed: ring.sample(3, 1000, generator=torch.Generator().manual_seed(seed))
        )


@pytest.mark.parametrize("dress", [list, lambda clouds: clouds.numpy()])
def test_samples_may_come_as_a_list_or_an_array(dress, capsys):
    checks.check_gan_rescue(
        lambda steps, seed: dress(
            ring_gan.play(games=3, g_start=0.5, steps=steps, seed=seed, looks=1).points[-1]
        )
    )
    assert capsys.readouterr().out.startswith("ok: 3 games")


@pytest.mark.parametrize("games", [3, 4])
def test_a_wide_start_is_a_rescue(games, capsys):
    checks.check_gan_rescue(
        lambda steps, seed: ring_gan.play(games=games, g_start=0.5, steps=steps, seed=seed, looks=1).points[
            -1
        ]
    )
    assert capsys.readouterr().out.startswith(f"ok: {games} games")


def test_a_step_is_judged_within_the_stated_hundredth(capsys):
    for answer in (1.528, 1.53, torch.tensor(1.5279), 2 / 1.30902):
        checks.check_gan_largest_step(answer)
    with pytest.raises(CheckFailed, match="0.01 is allowed"):
        checks.check_gan_largest_step(1.55)
