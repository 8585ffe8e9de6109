"""The paper's Figure 7 as a block diagram: from a violin's waveform to a piano's by way
of spectrogram images.
"""

import math

import torch
from matplotlib.patches import FancyBboxPatch
from torchaudio.functional import resample

from avbgtn import audio
from avbgtn.data import music
from avbgtn.data.sampler import RATE

from ..avb_gtn.blocks import PALE, Sheet
from ..shared.canvas import BLUE, COLUMN, GREEN, PURPLE, VERMILLION, BookFigure, styled
from .figures import ANGLE, LOUD, show


@styled
def pipeline() -> BookFigure:
    """The paper's Figure 7: violin to piano by way of spectrogram images,
    and the three phases that may stand at the end.

    The pictures are a phrase of the built-in music by both instruments, not a translation.
    """
    rate, fft, hop = 8000, 256, 64
    phrase = music.split()["validation"][0]
    height = 5.75
    diagram = Sheet(height, BookFigure(figsize=(COLUMN, height)))
    diagram.axes.set(xlim=(0, COLUMN))
    left, right, middle = 1.3, COLUMN - 1.3, COLUMN / 2
    wave_y, block_y, loud_y, angle_y, low_y = (height - d for d in (0.6, 1.4, 2.5, 3.72, 5.05))
    box = (2.2, 0.9)  # inches, of a picture

    def axes_at(x: float, y: float, tall: float):
        place = (x - box[0] / 2) / COLUMN, (y - tall / 2) / height, box[0] / COLUMN, tall / height
        axes = diagram.figure.add_axes(place)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set(visible=True, color="#a6a6a6", linewidth=0.6)
        return axes

    for x, name, colour in ((left, "violin", VERMILLION), (right, "piano", BLUE)):
        wave = resample(torch.from_numpy(music.play(phrase, name))[0], RATE, rate)[: round(1.6 * rate)]
        spectrum = audio.stft(wave, fft, hop)
        diagram.words(x, height - 0.17, name, colour="black", weight="bold")
        axes = axes_at(x, wave_y, 0.5)
        axes.plot(wave, color=colour, linewidth=0.4)
        axes.margins(x=0)
        show(axes_at(x, loud_y, box[1]), audio.decibels(spectrum.abs()), LOUD, audio.FLOOR, -20)
        show(axes_at(x, angle_y, box[1]), spectrum.angle(), ANGLE, -math.pi, math.pi)
        diagram.words(x, loud_y - 0.57, "magnitude")
        diagram.words(x, angle_y - 0.57, "phase")
        diagram.axes.add_patch(
            FancyBboxPatch(
                (x - 1.1, angle_y - 0.64), 2.2, loud_y - angle_y + 1.09, boxstyle="round,pad=0.07",
                facecolor="white", edgecolor=PALE, linewidth=1,
            )
        )  # fmt: skip
    diagram.words(left - 0.07, angle_y - 0.86, "image $x_2$", ha="right", colour="black")
    diagram.words(right + 0.07, angle_y - 0.86, "image $x_{21}$", ha="left", colour="black")
    diagram.block(left, block_y, "STFT", "stft", width=1.44)
    diagram.block(right, block_y, "inverse STFT", "istft", width=1.44)
    diagram.block(left, low_y, "$E_2$", "Encoder", colour=VERMILLION, width=1.44)
    diagram.block(right, low_y, "$G_1$", "Generator", colour=BLUE, width=1.44)
    diagram.node(middle, low_y, "$z$", colour=PURPLE)

    diagram.arrow((left, wave_y - 0.25), (left, block_y + 0.26))
    diagram.arrow((left, block_y - 0.26), (left, loud_y + 0.53))
    diagram.arrow((left, angle_y - 0.71), (left, low_y + 0.27))
    diagram.arrow((left + 0.72, low_y), (middle - 0.28, low_y))
    diagram.arrow((middle + 0.28, low_y), (right - 0.73, low_y))
    diagram.arrow((right, low_y + 0.26), (right, angle_y - 0.72))
    diagram.arrow((right, loud_y + 0.52), (right, block_y - 0.27))
    diagram.arrow((right, block_y + 0.26), (right, wave_y - 0.26))

    choice = (1.5, 1.0)  # inches, of the box that names the three phases
    edge, under = middle - choice[0] / 2, block_y - choice[1] / 2
    diagram.block(middle, block_y, "", width=choice[0], height=choice[1], colour=GREEN)
    for k, words in enumerate(("phase, one of", "1 the source's", "2 the image's", "3 Griffin-Lim")):
        diagram.words(edge + 0.08, block_y + 0.3 - 0.2 * k, words, ha="left", colour="black")
    diagram.arrow((edge + choice[0], block_y), (right - 0.73, block_y), colour=GREEN)
    for number, x, y, start in (
        (1, middle - 0.36, angle_y, left + box[0] / 2),
        (2, middle, angle_y, right - box[0] / 2),
        (3, middle + 0.36, loud_y, right - box[0] / 2),
    ):
        diagram.arrow((start, y), (x, y), (x, under), colour=GREEN, dashed=number == 1)
        diagram.words(x - 0.09, under - 0.22, str(number), colour="black")
    diagram.words(middle, 0.14, "Pictures: one phrase by both, left channel; the right is alike.")
    diagram.figure.alt = (
        "Block diagram in the shape of a U. On the left, downwards: a violin's waveform, the short-time "
        "Fourier transform, and its magnitude and phase, which are the image. Along the bottom: encoder E2, "
        "code z, generator G1. On the right, upwards: the translated magnitude and phase, the inverse "
        "transform, a piano's waveform. In the middle a box names three phases that the inverse transform "
        "may take: the source's, the translated image's own, or one that Griffin-Lim finds for the magnitude."
    )
    return diagram.figure
