"""Every interactive figure of the book, for the tests of what a page is given and of what it does there."""

import functools

import torch

from avbgtn import data
from avbgtn.metrics.baselines import ColourTransfer
from avbgtn_book import records
from avbgtn_book.audio import interactive as audio_figures
from avbgtn_book.avb import interactive as avb_figures
from avbgtn_book.avb_gtn import interactive as avb_gtn_figures
from avbgtn_book.collapse import interactive as collapse_figures
from avbgtn_book.critics import interactive as critics_figures
from avbgtn_book.divergences import interactive as divergences_figures
from avbgtn_book.gan import interactive as gan_figures
from avbgtn_book.hair import interactive as hair_figures
from avbgtn_book.interactive.figure import Interactive
from avbgtn_book.unit import interactive as unit_figures
from avbgtn_book.vae import interactive as vae_figures
from avbgtn_book.vae.linear_vae import LinearGaussian

F64 = torch.float64


def gap() -> Interactive:
    """The figure of the VAE chapter, with its model and its observation."""
    model = LinearGaussian(torch.tensor([[1.2]], dtype=F64), torch.zeros(1, dtype=F64), 0.48**0.5)
    return vae_figures.gap(model, torch.tensor([[1.6]], dtype=F64))


def learning() -> Interactive:
    """The trainings of the AVB chapter, from their record."""
    return avb_figures.learning(records.load("known-kl"))


@functools.cache
def heads():
    """Training heads and nine validation heads, as the chapter on hair colour has them."""
    pictures = data.load("heads", size=64)
    return pictures.evaluation("train"), pictures.evaluation("validation", limit=9)


def before_after() -> Interactive:
    """The figure of the chapter on hair colour, with a recoloured head in place of a translated one."""
    pile, seen = heads()
    made = ColourTransfer.fit(pile.x1, pile.x2)(seen.x1[2:3])[0]
    return hair_figures.before_after(seen.x1[2], made, seen.twin12[2], seen.mask1[2])


def recolouring() -> Interactive:
    """The figure of the chapter on hair colour, on its head."""
    pile, seen = heads()
    return hair_figures.recolouring(
        seen.x1[8], seen.twin12[8], seen.mask1[8],
        everywhere=ColourTransfer.fit(pile.x1, pile.x2),
        in_hair=ColourTransfer.fit(pile.x1, pile.x2, pile.mask1, pile.mask2),
    )  # fmt: skip


FIGURES = (
    gap,
    vae_figures.two_divergences,
    gan_figures.discriminator,
    gan_figures.dirac,
    unit_figures.square,
    unit_figures.balance,
    avb_gtn_figures.lag,
    avb_gtn_figures.noise,
    audio_figures.window,
    audio_figures.partials,
    avb_figures.ratio,
    learning,
    before_after,
    recolouring,
    critics_figures.two_lines,
    critics_figures.piles,
    critics_figures.slope,
    divergences_figures.humps,
    divergences_figures.tangent,
    collapse_figures.matching,
    collapse_figures.pulls,
)
