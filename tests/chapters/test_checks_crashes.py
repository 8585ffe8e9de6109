"""Whatever an answer returns, a check answers with a sentence and never with an error of its own."""

import numpy as np
import pytest
import torch

from avbgtn_book import checks
from avbgtn_book.checks import CheckFailed

OF_FUNCTIONS = """
    vae_kl vae_weights vae_loss vae_two_humps gan_js gan_generator_loss gan_covered gan_rescue
    avb_optimal_t avb_losses avb_contrast avb_likelihood_without_t avb_ring_sampler
    unit_cycle unit_there_and_back unit_kl_weight avb_gtn_pull avb_gtn_translated_penalty
    avb_gtn_lambda_for_nats
""".split()


def stops(*_, **__):
    raise RuntimeError("sizes differ")


def unwritten(*_, **__):
    raise NotImplementedError("your answer goes here")


JUNK = {
    "a float": 0.123,
    "a list": [1.0, 2.0],
    "an empty list": [],
    "nothing": None,
    "an array": np.ones(3),
    "words": "right",
    "a dictionary": {},
    "an iterator": iter([1.0]),
    "a truth value": True,
    "a huge number": 10**400,
    "another shape": torch.ones(2, 3, 4),
    "no element": torch.ones(0),
    "no number": torch.full((1,), torch.nan),
    "complex numbers": torch.ones(3, dtype=torch.complex128),
    "a pair": (torch.ones(2), None),
}


@pytest.mark.parametrize("name", OF_FUNCTIONS)
def test_junk_becomes_a_sentence(name):
    check = getattr(checks, f"check_{name}")
    for what, junk in JUNK.items():
        with pytest.raises(CheckFailed) as failed:
            check(lambda *_, junk=junk, **__: junk)
        assert len(str(failed.value).split()) >= 5, what
    with pytest.raises(CheckFailed, match="stopped with RuntimeError: sizes differ|it stops for"):
        check(stops)
    with pytest.raises(CheckFailed, match="not written yet"):
        check(unwritten)


@pytest.mark.parametrize("answer, words", [(2.5, "whole number"), ([6], "one number"), ("6", "one number")])
def test_counts_are_whole_numbers(answer, words):
    for check in (checks.check_unit_count, checks.check_avb_gtn_noise_planes):
        with pytest.raises(CheckFailed, match=words):
            check(answer)


def test_a_letter_may_stand_in_brackets(capsys):
    for answer in ("(c)", "c)", "C", " c "):
        checks.check_unit_symmetry(answer)
        checks.check_avb_gtn_strongest_pull(answer)
        checks.check_gan_vanishing(answer)
    assert capsys.readouterr().out.count("ok:") == 12
