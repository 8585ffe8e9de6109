"""Shifts: known changes, made alike to a picture, its twin and its mask."""

from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from torch.nn import functional as F
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as TF

from avbgtn import data
from avbgtn.data import Evaluation
from avbgtn.metrics import images as metrics
from avbgtn.study.shifts import SHIFTS, shifted
from examples import RandomDomains


def with_hair(height=40, width=40):
    """Noise whose twin is lighter by 0.3 in a square of hair, and nowhere else."""
    x = 0.6 * torch.rand(3, 3, height, width, generator=torch.Generator().manual_seed(0)) - 0.3
    mask = torch.zeros(3, 1, height, width)
    mask[:, :, 5:22, 12:25] = 1
    ids = ("a", "b", "c")
    return Evaluation(
        x1=x, x2=x + 0.3 * mask, twin12=x + 0.3 * mask, twin21=x, mask1=mask, mask2=mask, ids1=ids, ids2=ids
    )


def picture(x):
    """An evaluation of one picture."""
    return Evaluation(x1=x, x2=x, ids1=("a",), ids2=("a",))


@pytest.mark.parametrize("name", SHIFTS)
def test_shapes_names_and_ranges_stay(name):
    before = RandomDomains().evaluation("validation")
    after = shifted(before, name)
    for field in fields(Evaluation):
        a, b = getattr(before, field.name), getattr(after, field.name)
        if field.name.startswith("ids"):
            assert a == b
        else:
            assert a.shape == b.shape and a.dtype == b.dtype
    for key in ("x1", "x2", "twin12", "twin21"):
        low, high = getattr(after, key).aminmax()
        assert -1 <= low and high <= getattr(before, key).max(), key
    assert after.mask1.min() >= 0 and after.mask1.max() <= 1
    assert not torch.equal(after.x1, before.x1), "nothing was changed"
    torch.testing.assert_close(shifted(before, name).x2, after.x2, rtol=0, atol=0)


@pytest.mark.parametrize("name, light", [("darker", 0.6), ("turned", 1.0), ("closer", 1.0)])
def test_source_twin_and_mask_are_changed_alike(name, light):
    after = shifted(with_hair(), name)
    for x, twin, mask, sign in (
        (after.x1, after.twin12, after.mask1, 1),
        (after.x2, after.twin21, after.mask2, -1),
    ):
        torch.testing.assert_close(twin - x, (sign * light * 0.3 * mask).expand_as(x), rtol=0, atol=1e-5)
        assert (twin - x)[(mask == 0).expand_as(x)].abs().max() < 1e-6
        assert (mask == 1).any() and (mask == 0).any()


@pytest.mark.parametrize("name", SHIFTS)
def test_copying_a_changed_head_is_right_outside_the_hair(name):
    after = shifted(data.load("heads", size=32).evaluation("validation", 8), name)
    scores = metrics.twin_scores(after.x1, after.twin12, after.mask1)
    assert scores["l1_outside"] < 0.01 and scores["l1_hair"] > 0.1


def test_darker_leaves_six_tenths_of_the_light_and_all_of_the_mask():
    before = with_hair()
    after = shifted(before, "darker")
    for key in ("x1", "x2", "twin12", "twin21"):
        torch.testing.assert_close((getattr(after, key) + 1) / 2, 0.6 * (getattr(before, key) + 1) / 2)
    assert torch.equal(after.mask1, before.mask1) and torch.equal(after.mask2, before.mask2)


@pytest.mark.parametrize("height, width", [(40, 40), (40, 64)])
def test_turned_is_torchvision_s_rotation_of_the_picture_between_mirrors(height, width):
    before = with_hair(height, width)
    after = shifted(before, "turned")
    for x, turned in ((before.x1, after.x1), (before.mask1, after.mask1)):
        mirrored = torch.from_numpy(np.pad(x.numpy(), ((0, 0), (0, 0), (16, 16), (16, 16)), mode="symmetric"))
        expected = TF.rotate(mirrored, 15.0, InterpolationMode.BILINEAR)[..., 16:-16, 16:-16]
        torch.testing.assert_close(turned, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("name", ["turned", "closer"])
def test_rounding_does_not_leave_the_range(name):
    grey = torch.ones(1, 3, 64, 64)
    assert torch.equal(shifted(picture(grey), name).x1, grey)


def test_closer_is_the_middle_enlarged():
    before = with_hair()  # 40 pixels, so that 80 % are 32
    middle = before.x1[:, :, 4:36, 4:36]
    expected = F.interpolate(middle, size=(40, 40), mode="bilinear", align_corners=False)
    # At the border the crop has no neighbours to read from, the whole picture has.
    after = shifted(before, "closer").x1
    torch.testing.assert_close(after[..., 1:-1, 1:-1], expected[..., 1:-1, 1:-1], rtol=0, atol=1e-5)


def test_closer_flattens_a_slope_to_eight_tenths():
    slope = torch.linspace(-0.975, 0.975, 40).expand(1, 3, 24, 40)
    torch.testing.assert_close(shifted(picture(slope), "closer").x1, 0.8 * slope, rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", SHIFTS)
def test_what_nobody_knows_stays_unknown(name):
    before = replace(with_hair(), twin12=None, twin21=None, mask1=None, mask2=None)
    after = shifted(before, name)
    assert after.twin12 is after.twin21 is after.mask1 is after.mask2 is None


@pytest.mark.parametrize("name", SHIFTS)
def test_what_came_in_is_left_as_it_is(name):
    before = with_hair()
    shifted(before, name)
    assert torch.equal(before.x1, with_hair().x1) and torch.equal(before.mask1, with_hair().mask1)


def test_an_unknown_shift_is_refused():
    with pytest.raises(ValueError, match="unknown shift 'lighter': expected one of darker, turned, closer"):
        shifted(with_hair(), "lighter")
