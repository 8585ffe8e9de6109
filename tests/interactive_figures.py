"""Every interactive figure of the book, for the tests of what a page is given and of what it does there."""

import torch

from avbgtn_book.audio import interactive as audio_figures
from avbgtn_book.avb_gtn import interactive as avb_gtn_figures
from avbgtn_book.gan import interactive as gan_figures
from avbgtn_book.interactive.figure import Interactive
from avbgtn_book.unit import interactive as unit_figures
from avbgtn_book.vae import interactive as vae_figures
from avbgtn_book.vae.linear_vae import LinearGaussian

F64 = torch.float64


def gap() -> Interactive:
    """The figure of the VAE chapter, with its model and its observation."""
    model = LinearGaussian(torch.tensor([[1.2]], dtype=F64), torch.zeros(1, dtype=F64), 0.48**0.5)
    return vae_figures.gap(model, torch.tensor([[1.6]], dtype=F64))


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
)
