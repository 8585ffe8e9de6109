"""What a picture of sound is: the numbers that lead from a waveform to a spectrogram image and back.

Importing this imports neither torch nor NumPy: a :class:`~avbgtn.config.Config` holds one. ``avbgtn.audio``
does the work.
"""

import math
from dataclasses import dataclass
from typing import Any

# Representation -> planes of its image for a stereo sound.
PLANES = {
    "magnitude_phase": 4,  # the paper's: magnitudes and phases, left and right
    "log_magnitude_phase": 4,  # the same with logarithmic magnitudes
    "complex": 4,  # real and imaginary parts, compressed
    "instantaneous_frequency": 4,  # logarithmic magnitudes, and the phase's change from frame to frame
    "log_magnitude": 2,  # logarithmic; the phase is guessed by Griffin-Lim
    "magnitude_source_phase": 2,  # logarithmic; the phase is that of the sound that came in
    "band_gain": 2,  # decibels in constant-Q bands; the sound that came in, amplified band by band
}
RATES = (4000, 48000)  # samples a second
WINDOW = 0.064  # seconds, of the band gain's window: it parts the harmonics of the lowest notes
CELL = 16  # rows and columns are multiples of it: the networks halve an image up to four times
NARROWEST = 32  # columns


@dataclass(frozen=True)
class Sound:
    """How sound is seen. :meth:`of` finds the numbers for a rate, a length and a size.

    Attributes:
        representation: one of :data:`PLANES`; the classes of ``audio/representations.py`` say what each is.
        rate: samples a second.
        fft: samples in a window of the short-time Fourier transform.
        hop: samples from window to window.
        rows, columns: height and width of the images that a network is trained on: frequencies or bands, and
            frames. Both are multiples of 16. An image of a longer sound is wider.
    """

    representation: str
    rate: int
    fft: int
    hop: int
    rows: int
    columns: int

    @classmethod
    def of(cls, representation: str, *, rate: int, seconds: float, size: int) -> "Sound":
        """The picture of ``n = round(rate * seconds)`` samples, with ``size`` rows.

        ``"band_gain"``: a window of 64 ms (the nearest power of two), two windows over every sample, and as
        many columns as fit best, so that the length is rounded. The others have one row for each frequency,
        which makes the window ``2 (size - 1)`` samples, and ``size`` columns; ``hop`` is the smallest with
        which ``n`` samples fit. At 8 kHz, 1 s and ``size=128`` that is a window of 254 samples every 63.

        Args:
            representation: one of :data:`PLANES`.
            rate: samples a second, 4,000 to 48,000.
            seconds: above 0. But for ``"band_gain"``, at most ``(size - 1)^2 / rate``: beyond that, windows
                would be more than half their length apart, and what lies between them could not be recovered.
            size: a multiple of 16 of at least 32.

        Raises:
            ValueError: one of them cannot be used; callers turn it into a
                :class:`~avbgtn.config.ConfigError`, which this file cannot import.
        """
        if representation not in PLANES:
            raise ValueError(f"representation must be one of {', '.join(PLANES)}, got {representation!r}")
        if not _whole(size) or size < NARROWEST or size % CELL:
            raise ValueError(f"size must be a multiple of {CELL} of at least {NARROWEST}, got {size!r}")
        if not _whole(rate) or not RATES[0] <= rate <= RATES[1]:
            raise ValueError(
                f"rate must be a whole number of {RATES[0]} to {RATES[1]} samples a second, got {rate!r}"
            )
        number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
        if not number or not 0 < seconds < math.inf:
            raise ValueError(f"seconds must be a finite number above 0, got {seconds!r}")
        n = round(rate * seconds)
        if representation == "band_gain":
            fft = 2 ** round(math.log2(WINDOW * rate))
            columns = max(NARROWEST, CELL * round(n / (fft // 2) / CELL))
            return cls(representation, rate, fft, fft // 2, size, columns)
        fft, hop = 2 * (size - 1), max(1, math.ceil(n / (size - 1)))
        if hop > fft // 2:
            longest = math.floor(1000 * (size - 1) * (fft // 2) / rate) / 1000
            raise ValueError(
                f"seconds must be at most {longest} for size={size} at rate={rate}, got {seconds!r}: "
                "shorten the sounds, enlarge size, lower rate, or use representation='band_gain'"
            )
        return cls(representation, rate, fft, hop, size, size)

    @property
    def planes(self) -> int:
        """Channels of the image."""
        return PLANES[self.representation]

    def frames(self, samples: int) -> int:
        """Columns that a sound of so many samples fills, before they are padded.

        Windows are centred on the samples 0, ``hop``, 2 ``hop`` and so on. For ``"band_gain"`` the last is
        the last one inside the sound, ``1 + samples // hop`` in all, and ``audio.BandGain.gain`` finds the
        gain of the window after it. For the others it is the first one at the end or beyond,
        ``1 + ceil(samples / hop)``: where a network changes the image, dividing by the tail of a lone last
        window would blow its errors up.
        """
        return 1 + (samples if self.representation == "band_gain" else samples + self.hop - 1) // self.hop

    @property
    def samples(self) -> int:
        """Length of the sounds that a network is trained on: the longest with ``columns`` frames."""
        if self.representation == "band_gain":
            return self.hop * self.columns - 1
        return self.hop * (self.columns - 1)

    @property
    def seconds(self) -> float:
        return self.samples / self.rate


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
