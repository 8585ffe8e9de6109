"""Muon: what it steps along, against the singular value decomposition and against torch's own."""

from dataclasses import replace

import pytest
import torch

from avbgtn.models import build
from avbgtn.runs import Run
from avbgtn.training.muon import Muon, orthogonalised
from avbgtn.training.train import train
from examples import AVB_GTN_CONFIG, UNIT_CONFIG, RandomDomains


def test_singular_values_are_brought_near_one_and_the_singular_vectors_stay():
    draw = torch.Generator().manual_seed(0)
    for rows, columns in ((8, 72), (72, 8), (16, 16)):
        m = torch.randn(3, rows, columns, generator=draw, dtype=torch.float64)
        u, s, vt = torch.linalg.svd(m, full_matrices=False)
        inside = u.mT @ orthogonalised(m) @ vt.mT  # diagonal: the singular vectors are those of m
        diagonal = inside.diagonal(dim1=-2, dim2=-1)
        assert (inside - torch.diag_embed(diagonal)).abs().max() < 1e-9
        assert 0.6 < diagonal[s > 0.02 * s.amax(-1, keepdim=True)].min() and diagonal.max() < 1.25
    assert not orthogonalised(torch.zeros(2, 3, 4)).any(), "no gradient, no step"


def test_a_matrix_with_small_singular_values_is_orthogonalised_in_float32_as_in_float64():
    """The products are of the matrix's square, where what is small is smaller still."""
    draw = torch.Generator().manual_seed(3)
    m = torch.randn(16, 144, generator=draw, dtype=torch.float64)
    u, _, vt = torch.linalg.svd(m, full_matrices=False)
    m = u @ torch.diag(torch.logspace(0, -7, 16, dtype=torch.float64)) @ vt
    assert (orthogonalised(m.float()) - orthogonalised(m)).abs().max() < 1e-2


def test_a_step_is_torchs_but_for_its_bfloat16():
    draw = torch.Generator().manual_seed(1)
    ours, theirs = (torch.nn.Parameter(torch.ones(12, 30)) for _ in range(2))
    one, other = Muon([ours], lr=0.1), torch.optim.Muon([theirs], lr=0.1, weight_decay=0.0)
    for _ in range(5):
        ours.grad = theirs.grad = torch.randn(12, 30, generator=draw)
        one.step(), other.step()
    moved, apart = (ours - 1).norm(), (ours - theirs).norm()
    assert apart < 0.02 * moved, f"{apart:.4f} apart after a way of {moved:.4f}"


def test_kernels_of_one_shape_are_stepped_together_as_each_by_itself():
    draw = torch.Generator().manual_seed(2)
    shapes = [(4, 3, 3, 3), (4, 3, 3, 3), (6, 2, 1, 1)]
    together = [torch.nn.Parameter(torch.randn(shape, generator=draw)) for shape in shapes]
    alone = [torch.nn.Parameter(p.detach().clone()) for p in together]
    for p, q in zip(together, alone, strict=True):
        p.grad = q.grad = torch.randn(p.shape, generator=draw)
    Muon(together, lr=0.1).step()
    for p, q in zip(together, alone, strict=True):
        Muon([q], lr=0.1).step()
        torch.testing.assert_close(p, q)


@pytest.mark.parametrize("config", [UNIT_CONFIG, AVB_GTN_CONFIG], ids=lambda c: c.model)
def test_it_moves_kernels_of_encoders_and_generators_and_not_what_makes_the_colours(config):
    model = build(replace(config, optimiser="muon"))
    moved = {name for name, p in model.named_parameters() if any(p is q for q in model.kernels())}
    assert {name.split(".")[0] for name in moved} == {
        "encoder1", "encoder2", "encoder_shared", "generator_shared", "generator1", "generator2",
    }  # fmt: skip
    assert all(name.endswith("weight") for name in moved)
    last = [name for name, p in model.generator1.named_parameters() if p.ndim == 4][-1]
    assert f"generator1.{last}" not in moved


NEW = dict(optimiser="muon", norm="layer", upsampling="resize", lr_inverse_sqrt=8, width=2)


@pytest.mark.parametrize("speed", ["plain", "auto", "graph"])
def test_a_run_goes_on_to_the_bit(tmp_path, speed):
    config, data = replace(AVB_GTN_CONFIG, **NEW), RandomDomains()
    options = dict(log_every=4, measure_every=8, speed=speed, say=lambda text: None)
    for folder, parts in (("a", (9,)), ("b", (4, 9))):
        for epochs in parts:
            train(config, data, epochs=epochs, run_dir=tmp_path / folder, **options)
    a, b = Run(tmp_path / "a"), Run(tmp_path / "b")
    for name in ("weights", "ema", "optimizer"):
        left, right = a.load(name), b.load(name)
        assert left.keys() == right.keys() and all(torch.equal(left[k], right[k]) for k in left), name
    assert any(key.endswith(".momentum") for key in a.load("optimizer"))
