"""Scores against the truth: closed forms for constant images, regions by hand,
and the sentences of errors.
"""

import math

import pytest
import torch

from avbgtn import streams
from avbgtn.metrics.images import diversity, image_scores, twin_scores
from refusals import refusal


def constant(grey, n=2, side=16):
    """Images of one grey in [0, 1], stored in [-1, 1]."""
    return torch.full((n, 3, side, side), 2.0 * grey - 1)


def noise(name, *shape):
    return torch.rand(shape, generator=streams.generator(0, name)) * 2 - 1


def test_constant_images_have_the_closed_form():
    scores = image_scores(constant(0.3), constant(0.5))
    assert scores["l1"] == pytest.approx(0.2, abs=1e-7)
    assert scores["psnr"] == pytest.approx(-20 * math.log10(0.2), abs=1e-5)
    c1 = 0.01**2  # flat images: only SSIM's luminance term is left
    assert scores["ssim"] == pytest.approx((2 * 0.3 * 0.5 + c1) / (0.3**2 + 0.5**2 + c1), abs=1e-4)


def test_equal_images():
    x = noise("metrics/equal", 2, 3, 24, 24)
    scores = image_scores(x, x.clone())
    assert scores["l1"] == 0 and scores["psnr"] == math.inf
    assert scores["ssim"] == pytest.approx(1, abs=1e-4)


def test_psnr_and_ssim_are_means_over_images():
    a, b = noise("metrics/a", 2, 3, 20, 20), noise("metrics/b", 2, 3, 20, 20)
    b[1] = (a[1] + 0.05).clamp(-1, 1)  # one bad estimate, one good: pooling the error would hide the good one
    both, single = image_scores(a, b), [image_scores(a[i : i + 1], b[i : i + 1]) for i in (0, 1)]
    for key in ("l1", "psnr", "ssim"):
        assert both[key] == pytest.approx((single[0][key] + single[1][key]) / 2, rel=1e-5), key
    assert abs(single[0]["psnr"] - single[1]["psnr"]) > 10


def test_ssim_agrees_with_a_plain_computation():
    """Gauss window of 11 pixels and sigma 1.5 on the middle of an image that the borders do not reach."""
    a, b = noise("metrics/c", 1, 3, 11, 11), noise("metrics/d", 1, 3, 11, 11)
    big_a, big_b = (torch.nn.functional.pad(x, (5, 5, 5, 5), mode="reflect") for x in (a, b))
    ramp = torch.arange(-5.0, 6.0).double()
    window = torch.exp(-(ramp**2) / (2 * 1.5**2))
    window = torch.outer(window, window) / window.sum() ** 2

    def mean(x, i, j):
        return (x[0, :, i : i + 11, j : j + 11] * window).sum((1, 2))

    p, q = (big_a.double() + 1) / 2, (big_b.double() + 1) / 2
    values = []
    for i in range(11):
        for j in range(11):
            mp, mq = mean(p, i, j), mean(q, i, j)
            vp, vq, c = mean(p * p, i, j) - mp**2, mean(q * q, i, j) - mq**2, mean(p * q, i, j) - mp * mq
            values.append((2 * mp * mq + 1e-4) * (2 * c + 9e-4) / ((mp**2 + mq**2 + 1e-4) * (vp + vq + 9e-4)))
    assert image_scores(a, b)["ssim"] == pytest.approx(torch.stack(values).mean().item(), abs=1e-4)


def test_regions_are_pooled_over_images_and_leave_the_rim_out():
    twin = constant(0.5, n=2)
    translated = twin.clone()
    mask = torch.zeros(2, 1, 16, 16)
    mask[0, :, :2], mask[1, :, :6] = 1, 1  # 2 and 6 rows of hair
    mask[:, :, 8] = 0.3  # the rim
    translated[0, :, :2] += 2 * 0.4
    translated[1, :, :6] += 2 * 0.1
    translated[:, :, 8] += 2 * 0.5
    translated[:, 0, 10:] += 2 * 0.03  # one channel in three, six rows
    scores = twin_scores(translated, twin, mask)
    assert scores["l1_hair"] == pytest.approx((2 * 0.4 + 6 * 0.1) / 8, abs=1e-6), "pooled, not per image"
    assert scores["l1_outside"] == pytest.approx(12 * 0.01 / (13 + 9), abs=1e-6), "the rim belongs to neither"
    whole = (2 * 0.4 + 6 * 0.1 + 2 * 0.5 + 12 * 0.01) / 32
    assert scores["l1_whole"] == pytest.approx(whole, abs=1e-6)
    alone = image_scores(translated, twin)
    assert (scores["psnr"], scores["ssim"]) == (alone["psnr"], alone["ssim"])
    assert all(isinstance(value, float) for value in scores.values()), "JSON needs plain numbers"


def test_diversity_is_the_spread_over_draws():
    samples = torch.stack([constant(g, n=3) for g in (0.2, 0.4, 0.9)])
    samples[:, 1] = 0.7  # one image of three is always translated alike
    spread = torch.tensor([0.2, 0.4, 0.9]).std().item()
    assert diversity(samples) == pytest.approx(spread * 2 / 3, abs=1e-6)
    assert diversity(constant(0.3).expand(4, 2, 3, 16, 16)) == 0


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: image_scores(constant(0, 2), constant(0, 1)), ["(2, 3, 16, 16)", "(1, 3, 16, 16)"]),
        (lambda: image_scores(constant(0)[0], constant(0)[0]), ["(3, 16, 16)", "(N, 3, H, W)"]),
        (lambda: image_scores(constant(0, 2, 8), constant(0, 2, 8)), ["(2, 3, 8, 8)", "11 pixels"]),
        (
            lambda: twin_scores(constant(0), constant(0), torch.ones(2, 16, 16)),
            ["(2, 16, 16)", "(2, 3, 16, 16)"],
        ),
        (lambda: twin_scores(constant(0), constant(0), torch.zeros(2, 1, 16, 16)), ["0 pixels above 0.5"]),
        (lambda: diversity(constant(0)[None]), ["(1, 2, 3, 16, 16)", "K >= 2"]),
    ],
)
def test_errors_name_what_came(call, words):
    refusal(call, *words)
