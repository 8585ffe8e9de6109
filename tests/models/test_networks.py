"""Shapes, parameter counts and initial weights of the full models."""

from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from avbgtn.models import build
from avbgtn.models.networks import (
    Discriminator,
    Encoder,
    Generator,
    PosteriorDiscriminator,
    ResBlock,
    ResizeConv2d,
    shared_discriminator,
)
from avbgtn.models.varied import VariedPosteriorDiscriminator
from examples import AVB_GTN_CONFIG, UNIT_CONFIG

PAPER = dict(size=128, width=64, private_blocks=3, shared_blocks=1)


def parameters(*modules: nn.Module) -> int:
    return sum(p.numel() for module in modules for p in module.parameters())


@pytest.fixture(scope="module")
def paper_unit():
    return build(replace(UNIT_CONFIG, **PAPER))


@pytest.fixture(scope="module")
def paper_avb_gtn():
    return build(replace(AVB_GTN_CONFIG, **PAPER))


def test_parameter_counts_are_those_of_units_code(paper_unit, paper_avb_gtn):
    assert parameters(*paper_unit.generators()) == 18_017_286  # "18.02 M"
    assert parameters(*paper_unit.discriminators()) == 25_240_065  # "25.24 M"
    assert parameters(*paper_avb_gtn.generators()) - parameters(*paper_unit.generators()) == 18_816
    assert parameters(*paper_avb_gtn.discriminators()) == parameters(*paper_unit.discriminators())


def test_t_has_its_pinned_size(paper_avb_gtn):
    assert parameters(paper_avb_gtn.posterior1) == parameters(paper_avb_gtn.posterior2) == 2_148_993


def test_each_parameter_belongs_to_one_player(paper_avb_gtn):
    seen = [
        id(p) for player in paper_avb_gtn.players().values() for m in player.modules for p in m.parameters()
    ]
    assert len(seen) == len(set(seen)) == len(list(paper_avb_gtn.parameters()))


def test_latent_code_of_the_paper_preset_has_262144_dimensions(paper_unit):
    assert paper_unit.code_shape == (256, 32, 32)
    assert paper_unit.code_dimensions == 262_144


def test_shapes_of_every_network():
    x, w = torch.zeros(2, 3, 64, 64), 8
    code = Encoder(w, 1)(x)
    assert code.shape == (2, 32, 16, 16)
    assert Encoder(w, 1, noise_channels=3)(torch.zeros(2, 6, 64, 64)).shape == (2, 32, 16, 16)
    assert Generator(w, 1)(code).shape == x.shape
    front = Discriminator(w)(x)
    assert front.shape == (2, 16, 16, 16)
    assert shared_discriminator(w)(front).shape == (2, 1, 1, 1)
    assert shared_discriminator(w)(Discriminator(w)(torch.zeros(2, 3, 128, 128))).shape == (2, 1, 2, 2)
    assert PosteriorDiscriminator(w)(x, code).shape == (2,)
    assert PosteriorDiscriminator(w)(x, torch.cat([code, code])).shape == (4,)


def test_t_pairs_every_code_with_its_own_image():
    t = PosteriorDiscriminator(4).double()
    x, z = torch.randn(3, 3, 32, 32).double(), torch.randn(6, 16, 8, 8).double()
    together = t(x, z)
    apart = torch.cat([t(x[[k % 3]], z[[k]]) for k in range(6)])
    torch.testing.assert_close(together, apart)


def test_t_without_the_image_does_not_depend_on_it():
    x, z = torch.randn(2, 3, 32, 32), torch.randn(4, 8, 8, 8)
    t = VariedPosteriorDiscriminator(4, code_channels=8, sees="z")
    assert torch.equal(t(x, z), t(torch.zeros_like(x), z)) and not hasattr(t.image, "weight")
    seeing = PosteriorDiscriminator(4, code_channels=8)
    assert not torch.equal(seeing(x, z), seeing(torch.zeros_like(x), z))


def test_t_of_places_judges_each_place_by_itself_and_t_of_patches_does_not():
    """One changed place of the code changes one logit of 64; a patch of 3 x 3, twice in steps of two,
    sees 7 x 7 places.
    """
    x, z = torch.randn(1, 3, 32, 32), torch.randn(1, 16, 8, 8)
    other = z.clone()
    other[..., 3, 5] += 1
    for view, logits, moved in (("place", 64, 1), ("patch", 4, 4)):
        t = VariedPosteriorDiscriminator(4, sees="z", view=view)
        before, after = t(x, z), t(x, other)
        assert before.shape == (1, logits)
        assert int((before != after).sum()) <= moved and not torch.equal(before, after)
        if view == "place":
            assert (before != after).view(8, 8).nonzero().tolist() == [[3, 5]]


def test_t_of_the_whole_code_is_the_mean_of_its_patches():
    x, z = torch.randn(2, 3, 32, 32), torch.randn(2, 16, 8, 8)
    whole, patches = PosteriorDiscriminator(4), VariedPosteriorDiscriminator(4, view="patch")
    patches.load_state_dict(whole.state_dict())
    torch.testing.assert_close(whole(x, z), patches(x, z).mean(1))


def test_res_block_is_the_identity_plus_a_normalised_branch():
    block, x = ResBlock(4).double(), torch.randn(2, 4, 8, 8).double()
    branch = block(x) - x
    torch.testing.assert_close(branch.mean((2, 3)), torch.zeros(2, 4).double(), atol=1e-7, rtol=0)
    torch.testing.assert_close(
        branch.var((2, 3), unbiased=False), torch.ones(2, 4).double(), atol=5e-3, rtol=0
    )


def test_a_resize_convolution_is_a_convolution_of_every_pixel_four_times():
    layer, x = ResizeConv2d(3, 2).double(), torch.randn(2, 3, 5, 4, dtype=torch.float64, requires_grad=True)
    enlarged = F.interpolate(x, scale_factor=2.0, mode="nearest")
    expected = F.conv2d(enlarged, layer.weight, layer.bias, padding=1)
    torch.testing.assert_close(layer(x), expected)
    wanted = (*layer.parameters(), x)
    ours, theirs = (torch.autograd.grad(y.square().sum(), wanted) for y in (layer(x), expected))
    torch.testing.assert_close(ours, theirs)


def test_initial_weights_are_normal_with_std_002_and_biases_are_torchs(paper_unit):
    weight, bias = paper_unit.encoder1.layers[6].conv1.weight, paper_unit.encoder1.layers[6].conv1.bias
    assert weight.std().item() == pytest.approx(0.02, rel=0.01)
    assert bias.abs().max().item() <= 1 / (256 * 9) ** 0.5
    assert bias.std().item() == pytest.approx(1 / (256 * 9) ** 0.5 / 3**0.5, rel=0.15)


def test_unit_and_avb_gtn_start_from_equal_common_weights(paper_unit, paper_avb_gtn):
    theirs = paper_avb_gtn.state_dict()
    for name, weight in paper_unit.state_dict().items():
        common = (
            theirs[name][:, :3]
            if name in ("encoder1.layers.0.weight", "encoder2.layers.0.weight")
            else theirs[name]
        )
        assert torch.equal(weight, common), name


def test_noise_scale_shrinks_the_noise_channels_only():
    full, small = build(AVB_GTN_CONFIG), build(replace(AVB_GTN_CONFIG, noise_scale=0.05))
    a, b = full.encoder1.layers[0].weight, small.encoder1.layers[0].weight
    torch.testing.assert_close(b[:, 3:], 0.05 * a[:, 3:])
    assert torch.equal(a[:, :3], b[:, :3])


def test_twin_initialisation_makes_the_domains_equal_and_independent_does_not():
    for init, expected in (("twin", True), ("independent", False)):
        model = build(replace(AVB_GTN_CONFIG, init=init))
        for a, b in (("encoder1", "encoder2"), ("generator1", "generator2"), ("posterior1", "posterior2")):
            first, second = (model.get_submodule(n).state_dict() for n in (a, b))
            assert all(torch.equal(first[k], second[k]) for k in first) is expected, (init, a)


def test_weights_depend_on_the_seed_and_not_on_torchs_global_state():
    torch.manual_seed(1)
    a = build(UNIT_CONFIG).state_dict()
    torch.manual_seed(2)
    b, c = build(UNIT_CONFIG).state_dict(), build(replace(UNIT_CONFIG, seed=1)).state_dict()
    assert all(torch.equal(a[k], b[k]) for k in a)
    assert not any(torch.equal(a[k], c[k]) for k in a)
