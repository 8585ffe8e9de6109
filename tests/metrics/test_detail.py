"""The face and the finest grid, against pictures whose scores are known."""

import pytest
import torch
from torch.nn import functional as F

from avbgtn import data
from avbgtn.metrics.detail import face_masks, grid_energy, masked_l1


def picture(size=32):
    """A sloping background, a face in the middle, hair above it; and where they are."""
    x = torch.linspace(-0.5, -0.1, size).expand(3, size, size).clone()
    face, hair = torch.zeros(size, size, dtype=torch.bool), torch.zeros(size, size)
    face[12:, 10:22] = True
    hair[6:12, 8:24] = 1.0
    x[:, face] = 0.4 + 0.05 * torch.randn(3, int(face.sum()), generator=torch.Generator().manual_seed(0))
    x[:, hair > 0] = -0.9
    return x[None], face[None, None], hair[None, None]


def test_the_grid_is_what_a_checkerboard_has_and_a_slope_has_not():
    row, column = torch.meshgrid(torch.arange(16), torch.arange(16), indexing="ij")
    checkers = (0.1 * (-1.0) ** (row + column)).expand(2, 3, 16, 16)  # in [-1, 1]: 0.05 of [0, 1]
    assert grid_energy(checkers) == pytest.approx(4 * 0.05)
    assert grid_energy(0.02 * row.expand(1, 3, 16, 16) - 0.01 * column) == pytest.approx(0, abs=1e-7)
    stripes = (0.1 * (-1.0) ** row).expand(1, 3, 16, 16)
    assert grid_energy(stripes) == pytest.approx(0, abs=1e-7), "stripes are no grid"
    both = torch.cat([checkers, torch.zeros_like(checkers)])
    assert grid_energy(both) == pytest.approx(4 * 0.05 / 2**0.5), "over all pictures at once"


def test_the_face_is_what_is_neither_hair_nor_background():
    x, face, hair = picture()
    found = face_masks(x, hair)
    wider = F.max_pool2d(face.float(), 3, stride=1, padding=1).bool()
    assert found[face].all() and not found[~wider].any(), "but for the pixel beside its edge"
    nobody = x[:, :, :1].expand_as(x)
    assert not face_masks(nobody, torch.zeros_like(hair)).any()


def test_the_error_in_the_face_is_the_mean_over_it():
    x, face, hair = picture()
    other = x.clone()
    other[:, 1][face[:, 0]] += 0.3  # one of three channels; 0.15 in [0, 1]
    other[hair.expand_as(x) > 0] = 1.0
    assert masked_l1(other, x, face) == pytest.approx(0.15 / 3)
    assert masked_l1(other, x, ~face & (hair == 0)) == 0


def test_a_built_in_head_has_a_face_and_its_twin_the_same():
    heads = data.load("heads", size=64).evaluation("validation")
    faces, of_twins = face_masks(heads.x1, heads.mask1), face_masks(heads.twin12, heads.mask1)
    share = faces.double().mean((1, 2, 3))
    assert 0.08 < share.min() and share.max() < 0.6, share
    assert (faces != of_twins).double().mean() < 0.02
    assert not (faces & (heads.mask1 > 0.5)).any()
