"""The AVB chapter's checks: a right answer passes, and each characteristic mistake is called by its name."""

import math

import pytest
import torch
from torch.nn import functional as F

from avbgtn.models import losses
from avbgtn_book import checks
from avbgtn_book.avb import avb

F64 = torch.float64


def says(check, answer, *words: str) -> None:
    with pytest.raises(checks.CheckFailed) as failure:
        check(answer)
    for word in words:
        assert word in str(failure.value), f"{check.__name__} said: {failure.value}"


def test_check_loss_of_a_sure_t(capsys):
    checks.check_avb_loss_of_a_sure_t("c")
    assert capsys.readouterr().out.startswith("ok: T's loss is 0.00")
    says(checks.check_avb_loss_of_a_sure_t, None, "still None")
    says(checks.check_avb_loss_of_a_sure_t, "a", "18 is the KL")
    says(checks.check_avb_loss_of_a_sure_t, "b", "at chance")


def test_check_optimal_t(capsys):
    def right(z, mu, sigma):
        return avb.optimal_ratio(z[:, None], torch.tensor(mu, dtype=F64), torch.tensor(sigma, dtype=F64))

    check = checks.check_avb_optimal_t
    check(right)
    assert capsys.readouterr().out.startswith("ok:")
    says(check, None, "still None")
    says(check, lambda z, m, s: None, "returned None")
    says(check, lambda z, m, s: -right(z, m, s), "sign is wrong")
    says(check, lambda z, m, s: right(z, m, s) + math.log(s), "log sigma is missing")
    says(check, lambda z, m, s: right(z, m, s) - 0.5 * z**2, "log q alone")
    says(check, lambda z, m, s: z**2 - ((z - m) / s) ** 2 - math.log(s), "factor 1/2")
    says(check, lambda z, m, s: z, "write down log q and log p apart")
    says(check, lambda z, m, s: right(z, m, s).mean(), "one number")


def test_check_losses_names_each_mistake(capsys):
    def losses_with(
        *,
        t_of_z=False,
        z_first=False,
        swapped=False,
        factor=1.0,
        sign=1,
        pixels="sum",
        attached=False,
        up=False,
        batch=1,
        likelihoods=1,
    ):
        def avb_losses(t, x, z_q, z_p, log_p_pixels):
            judge = (lambda z: t(z)) if t_of_z else (lambda z: t(z, x)) if z_first else (lambda z: t(x, z))
            at_q, at_p = judge(z_q if attached else z_q.detach()), judge(z_p)
            if swapped:
                at_q, at_p = at_p, at_q
            loss_t = F.softplus(-at_q).mean() + F.softplus(at_p).mean()
            log_p = likelihoods * (log_p_pixels.sum(1) if pixels == "sum" else log_p_pixels.mean(1))
            return factor * loss_t, batch * (sign * judge(z_q) + (log_p if up else -log_p)).mean()

        return avb_losses

    check, n = checks.check_avb_losses, 6  # the check's batch
    check(losses_with())
    assert capsys.readouterr().out.startswith("ok:")
    says(check, None, "still None")
    says(check, losses_with(t_of_z=True), "T does not see x", "adversarial autoencoder")
    says(check, losses_with(z_first=True), "t takes x first")
    says(check, losses_with(swapped=True), "real and fake are swapped")
    says(check, losses_with(swapped=True, factor=0.5), "real and fake are swapped")
    says(check, losses_with(factor=-1), "the loss of T has the wrong sign", "the objective of T is a maximum")
    says(check, losses_with(factor=0.5), "half the loss of T", "harmless")
    says(check, losses_with(factor=n), "the loss of T is summed over the batch")
    says(check, losses_with(sign=-1), "the encoder minimises -T")
    says(check, losses_with(sign=-1, pixels="mean"), "the encoder minimises -T")
    says(check, losses_with(up=True), "the likelihood has the wrong sign")
    says(check, losses_with(pixels="mean"), "different scales", "sum over an image's pixels")
    says(check, losses_with(batch=n), "the loss of the encoder is summed over the batch")
    says(check, losses_with(likelihoods=n), "the likelihood is summed over the batch")
    says(check, losses_with(attached=True), "Detach the codes")
    says(check, lambda *a: 1.0, "must return two numbers")

    # Two mistakes that cancel: it would train, but T would be minus the KL.
    says(
        check, losses_with(swapped=True, sign=-1), "real and fake are swapped", "this cancels", "with a plus"
    )
    with pytest.raises(checks.CheckFailed) as failure:
        check(losses_with(swapped=True))
    assert "cancels" not in str(failure.value)

    def in_one_call(t, x, z_q, z_p, log_p_pixels):  # as avb.ratio_loss does
        at_q, at_p = t(torch.cat([x, x]), torch.cat([z_q.detach(), z_p])).split(len(x))
        return F.softplus(-at_q).mean() + F.softplus(at_p).mean(), (t(x, z_q) - log_p_pixels.sum(1)).mean()

    check(in_one_call)
    says(check, lambda t, x, q, p, log_p: in_one_call(t, 0 * x, q, p, log_p), "T does not see x")

    def broken(t, x, z_posterior, z_prior, log_p_pixels):  # as the chapter prints it
        loss_t = (F.softplus(t(z_posterior)) + F.softplus(-t(z_prior))).mean()
        return loss_t, -t(z_posterior).mean() - log_p_pixels.mean()

    says(check, broken, "T does not see x")


def test_check_contrast(capsys):
    def right(t, z, mean, std):
        return losses.adaptive_contrast_log_ratio(t, z, mean, std)

    check = checks.check_avb_contrast
    check(right)
    assert capsys.readouterr().out.startswith("ok:")
    says(check, None, "still None")
    says(check, lambda t, z, m, s: right(t, z, m, s) + s.log().sum(), "log sigma is missing")
    says(check, lambda t, z, m, s: right(t, z, m, s) + 2 * s.log().sum(), "log sigma has the wrong sign")
    says(check, lambda t, z, m, s: right(0 * t, z, m, s), "T is missing")
    says(check, lambda t, z, m, s: t, "T alone")
    says(check, lambda t, z, m, s: 2 * t - right(t, z, m, s), "must enter with a plus")
    says(check, lambda t, z, m, s: t - s.log().sum(), "log p belongs to z itself")
    says(check, lambda t, z, m, s: t[:, None] + z, "not one a coordinate")
    says(check, lambda t, z, m, s: t + right(0 * t, z, m, s) / 3, "averaged over coordinates")
    says(check, lambda t, z, m, s: 3 * t, "not T + log r - log p")


def test_check_likelihood_without_t(capsys):
    check = checks.check_avb_likelihood_without_t
    check(lambda a: torch.logsumexp(a, 0) - math.log(len(a)))
    assert capsys.readouterr().out.startswith("ok:")
    says(check, None, "still None")
    says(check, lambda a: a.mean(), "a mean of logarithms")
    says(check, lambda a: torch.logsumexp(a, 0), "subtract log n")
    says(check, lambda a: a.exp().mean(), "not log p(x)")
    says(check, lambda a: a.exp().mean().log(), "logsumexp")
    says(check, lambda a: a.max(), "expected")


def test_check_ring_sampler(capsys):
    def ring(x, eps, width=0.19, radius=0.98):
        direction = eps[:, :2] / eps[:, :2].norm(dim=1, keepdim=True)
        return direction * (radius * x + width * eps[:, 2:3]).abs()

    check = checks.check_avb_ring_sampler
    check(ring)
    assert capsys.readouterr().out.startswith("ok:")
    says(check, None, "still None")
    says(check, lambda x, eps: eps[:, :1], "codes of shape")
    says(check, lambda x, eps: ring(x, eps, width=0.0), "no width")
    says(check, lambda x, eps: torch.tensor([x, 0.0]) + 0.2 * eps[:, :2], "one side of the ring")
    says(check, lambda x, eps: ring(x, eps, width=0.6), "the gaps at x")
