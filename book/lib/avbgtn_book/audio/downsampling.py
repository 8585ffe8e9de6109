"""The paper's reason to keep the phase, as an experiment: make the spectrogram smaller,
and see what can be heard of it.

"Though it is known that we can reconstruct from the magnitude-only spectrogram, we find during our experiment
that quality of such reconstruction deteriorates when we down-sample the spectrogram images" (section 4.3).
"""

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from avbgtn import audio
from avbgtn.audio.representations import MagnitudePhase, log_plane
from avbgtn.config.sound import Sound

FACTORS = (1, 2, 4, 8)


def scaled_down_and_up(image: Tensor, factor: int) -> Tensor:
    """An image ``(N, planes, rows, columns)`` at ``1 / factor`` of its height and width (means over squares),
    and back at its old size (bilinear). Factor 1 changes nothing."""
    if factor == 1:
        return image
    small = interpolate(image, scale_factor=1 / factor, mode="area")
    return interpolate(small, size=image.shape[-2:], mode="bilinear", align_corners=False)


@torch.no_grad()
def ways_back(waves: Tensor, factor: int, *, rate: int, seconds: float, size: int) -> dict[str, Tensor]:
    """Three ways from a smaller picture back to sound.

    * ``Griffin-Lim``: the magnitudes are scaled down and up, the phase is guessed.
    * ``phase scaled too``: magnitudes and phases are scaled down and up, as pictures are.
    * ``phase kept whole``: the magnitudes are scaled, the phase is that of the sound, at full size.

    Args:
        waves: (N, 2, n) at ``rate``.
        rate, seconds, size: of the pictures, see :meth:`avbgtn.config.sound.Sound.of`.

    Returns:
        by way, (N, 2, n).
    """
    of = dict(rate=rate, seconds=seconds, size=size)
    whole = audio.representation(Sound.of("magnitude_phase", **of))
    guessed = audio.representation(Sound.of("log_magnitude", **of))
    image, n = whole.image(waves), waves.shape[-1]
    small = scaled_down_and_up(image, factor)
    kept = torch.cat([small[:, :2], image[:, 2:]], dim=1)
    # The same ones, as that representation has them
    magnitudes = log_plane(MagnitudePhase.magnitude(small[:, :2]))
    return {
        "Griffin-Lim": guessed.wave(magnitudes, n),
        "phase scaled too": whole.wave(small, n),
        "phase kept whole": whole.wave(kept, n),
    }
