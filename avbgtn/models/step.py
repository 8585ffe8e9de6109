"""What the networks produced in one step of training; the players' losses are functions of it.

Symbols are the paper's: ``x12`` is domain 1 translated to domain 2, ``z12`` its code (so drawn by ``E_2``),
``x121`` the way back. ``mu`` is what the encoder puts out before the noise at the code.
"""

from dataclasses import dataclass, field

from torch import Tensor

Noise = dict[str, Tensor]
# Who encodes what: x12 looks like domain 2, so E2 does.
DOMAIN_OF_ENCODER = {"1": 1, "2": 2, "12": 2, "21": 1}


@dataclass
class Step:
    """What one forward pass of all networks produced; ``code["12"]`` is z12, ``image["121"]`` is x121."""

    x: dict[int, Tensor]  # the real images, by domain: (N, 3, H, W)
    mu: dict[str, Tensor] = field(default_factory=dict)  # "1", "2", "12", "21": (N, 4w, H/4, W/4)
    code: dict[str, Tensor] = field(default_factory=dict)  # the same, with the noise
    # "11", "22", "12", "21", "121", "212": (N, 3, H, W)
    image: dict[str, Tensor] = field(default_factory=dict)
    moments: dict[str, tuple[Tensor, Tensor]] = field(default_factory=dict)  # adaptive contrast, AVB-GTN only

    def encoded_image(self, key: str) -> Tensor:
        """The image whose code is ``code[key]``: x1 for "1", x12 for "12"."""
        return self.x[int(key)] if len(key) == 1 else self.image[key]
