"""Colour transfer: moments by construction, and the published table of the built-in heads."""

import pytest
import torch

from avbgtn import data, streams
from avbgtn.metrics.baselines import ColourTransfer
from avbgtn.metrics.images import twin_scores
from refusals import refusal

# L1 on test inside the hair, outside it, and whole. Fitted on both colours of all training heads,
# twins included.
TABLE = {
    (128, "12", "copy"): (0.2228, 0.0040, 0.0594),
    (128, "12", "global"): (0.1032, 0.0407, 0.0555),
    (128, "12", "mask"): (0.0491, 0.0040, 0.0173),
    (128, "21", "copy"): (0.2228, 0.0040, 0.0594),
    (128, "21", "global"): (0.1366, 0.0539, 0.0735),
    (128, "21", "mask"): (0.0479, 0.0040, 0.0170),
    (64, "12", "copy"): (0.2218, 0.0037, 0.0593),
    (64, "12", "global"): (0.1015, 0.0407, 0.0549),
    (64, "12", "mask"): (0.0455, 0.0037, 0.0168),
    (64, "21", "copy"): (0.2218, 0.0037, 0.0593),
    (64, "21", "global"): (0.1349, 0.0542, 0.0730),
    (64, "21", "mask"): (0.0449, 0.0037, 0.0167),
}
# The same on test at 64 px, fitted as a user without twins must: brown of train_a, blond of train_b.
UNPAIRED = {
    ("12", "global"): (0.1011, 0.0408, 0.0549),
    ("12", "mask"): (0.0455, 0.0037, 0.0168),
    ("21", "global"): (0.1351, 0.0546, 0.0734),
    ("21", "mask"): (0.0462, 0.0037, 0.0170),
}


def noise(name, n, side=6):
    return torch.rand((n, 3, side, side), generator=streams.generator(0, name)) - 0.5


def test_repainted_pixels_have_the_moments_of_the_target():
    source, target = noise("baselines/source", 4), 0.3 * noise("baselines/target", 7, 5) + 0.2
    out = ColourTransfer.fit(source, target)(source)
    for moment in (torch.mean, lambda x, **how: torch.std(x, correction=0, **how)):
        got, wanted = moment(out, dim=(0, 2, 3)), moment(target, dim=(0, 2, 3))
        torch.testing.assert_close(got, wanted, atol=1e-6, rtol=0)
    back = ColourTransfer.fit(target, source)(out)
    torch.testing.assert_close(back, source, atol=1e-5, rtol=0)


def test_mask_decides_what_is_measured_and_what_is_painted():
    source, target = noise("baselines/a", 3), noise("baselines/b", 3)
    mask = torch.zeros(3, 1, 6, 6)
    mask[:, :, :3], mask[:, :, 3] = 1, 0.4
    transfer = ColourTransfer.fit(source, target, mask, mask)
    top = ColourTransfer.fit(source[:, :, :3], target[:, :, :3])
    torch.testing.assert_close(transfer.mean_source, top.mean_source)
    out = transfer(source, mask)
    torch.testing.assert_close(out[:, :, :3], top(source[:, :, :3]))
    assert torch.equal(out[:, :, 3:], source[:, :, 3:]), "pixels outside the mask were painted"


def test_result_stays_a_picture():
    out = ColourTransfer.fit(0.01 * noise("baselines/c", 2), noise("baselines/d", 2))(noise("baselines/e", 2))
    assert out.dtype == torch.float32 and out.min() == -1 and out.max() == 1


def pooled_l1(estimate, truth, mask):
    """The three numbers of the table, computed anew."""
    error = (estimate - truth).abs().mean(1) / 2
    regions = mask[:, 0] > 0.5, mask[:, 0] < 0.02, mask[:, 0] > -1
    return [error[region].double().mean().item() for region in regions]


@pytest.mark.parametrize("size", [64, 128])
def test_table_of_the_built_in_heads(size):
    heads = data.load("heads", size=size)
    train, test = heads.evaluation("train"), heads.evaluation("test")
    brown, blond = torch.cat([train.x1, train.twin21]), torch.cat([train.twin12, train.x2])
    mask = torch.cat([train.mask1, train.mask2])
    for way, source, target, x, twin, where in (
        ("12", brown, blond, test.x1, test.twin12, test.mask1),
        ("21", blond, brown, test.x2, test.twin21, test.mask2),
    ):
        for name, out in (
            ("copy", x),
            ("global", ColourTransfer.fit(source, target)(x)),
            ("mask", ColourTransfer.fit(source, target, mask, mask)(x, where)),
        ):
            got = pooled_l1(out, twin, where)
            assert got == pytest.approx(TABLE[size, way, name], abs=5e-4), f"{name}, {way}, {size} px"


def test_twin_scores_of_the_unpaired_fit():
    heads = data.load("heads", size=64)
    train, test = heads.evaluation("train"), heads.evaluation("test")
    for way, fit, x, twin, where in (
        ("12", (train.x1, train.x2, train.mask1, train.mask2), test.x1, test.twin12, test.mask1),
        ("21", (train.x2, train.x1, train.mask2, train.mask1), test.x2, test.twin21, test.mask2),
    ):
        for name, out in (
            ("global", ColourTransfer.fit(*fit[:2])(x)),
            ("mask", ColourTransfer.fit(*fit)(x, where)),
        ):
            scores = twin_scores(out, twin, where)
            got = [scores[key] for key in ("l1_hair", "l1_outside", "l1_whole")]
            assert got == pytest.approx(UNPAIRED[way, name], abs=5e-4), f"{name}, {way}"


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda x, m: ColourTransfer.fit(x, x, m), ["one domain only"]),
        (lambda x, m: ColourTransfer.fit(x[0], x), ["(3, 6, 6)", "(N, 3, H, W)"]),
        (lambda x, m: ColourTransfer.fit(x, x, m[:1], m), ["(1, 1, 6, 6)", "(2, 3, 6, 6)"]),
        (lambda x, m: ColourTransfer.fit(x, x, 0 * m, m), ["0 pixels", "mask"]),
        (lambda x, m: ColourTransfer.fit(0 * x, x), ["standard deviations", "to be 0"]),
        (lambda x, m: ColourTransfer.fit(x, x)(x, m), ["fitted with no masks", "one"]),
        (lambda x, m: ColourTransfer.fit(x, x, m, m)(x), ["fitted with masks", "none"]),
    ],
)
def test_errors_name_what_came(call, words):
    refusal(lambda: call(noise("baselines/f", 2), torch.ones(2, 1, 6, 6)), *words)
