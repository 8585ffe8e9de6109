"""What a translator must beat: copying, and moving the colours without looking at the picture."""

from dataclasses import dataclass

import torch
from torch import Tensor

from .images import HAIR

CHUNK = 64  # images summed at a time
SMALLEST = 1e-6  # a standard deviation below this is rounding error


@dataclass(frozen=True)
class ColourTransfer:
    """An affine map of each colour channel that gives source pixels the target's mean and spread.

    ``y_c = (x_c - m_c) s'_c / s_c + m'_c``, clipped to [-1, 1], where ``m, s`` are mean and standard
    deviation of channel ``c`` over the source pixels and ``m', s'`` over the target's. Fitted without masks
    it repaints the whole picture. Fitted with masks it uses, and repaints, only pixels whose mask is above
    0.5: that is a cheat, as it is told where the hair is, and so a mark for what the right place alone is
    worth.

    Source: Reinhard et al., Color transfer between images (2001), here in RGB.

    Attributes:
        mean_source, std_source, mean_target, std_target: (3,) each, for images in [-1, 1].
        masked: whether it was fitted, and is applied, inside masks only.
    """

    mean_source: Tensor
    std_source: Tensor
    mean_target: Tensor
    std_target: Tensor
    masked: bool

    @classmethod
    def fit(
        cls,
        source: Tensor,
        target: Tensor,
        mask_source: Tensor | None = None,
        mask_target: Tensor | None = None,
    ) -> "ColourTransfer":
        """Measure both piles of images; they need no pairs, and may differ in number and size.

        Args:
            source, target: (N, 3, H, W) and (M, 3, H', W') in [-1, 1].
            mask_source, mask_target: (N, 1, H, W) and (M, 1, H', W') in [0, 1], both or neither.

        Raises:
            ValueError: wrong shapes, one mask without the other, masks without hair, or a source channel
                that is constant.
        """
        if (mask_source is None) != (mask_target is None):
            raise ValueError(
                "got a mask for one domain only, expected both masks or neither: pass mask_source and"
                " mask_target"
            )
        mean_source, std_source = _statistics(source, mask_source)
        mean_target, std_target = _statistics(target, mask_target)
        if not (std_source > SMALLEST).all():
            raise ValueError(
                f"the source's channels have standard deviations {std_source.tolist()}, expected none to be"
                " 0: fit on more than one colour"
            )
        return cls(mean_source, std_source, mean_target, std_target, mask_source is not None)

    def __call__(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Repaint ``x``, (N, 3, H, W) in [-1, 1]; with ``mask``, (N, 1, H, W), only where it is above 0.5.

        Raises:
            ValueError: wrong shapes, no mask although fitted with masks, or a mask although fitted without.
        """
        if self.masked != (mask is not None):
            had, has = ("masks", "none") if self.masked else ("no masks", "one")
            raise ValueError(f"this transfer was fitted with {had} and got {has} now: fit and call it alike")
        _check(x, mask)
        like = {"dtype": torch.float64, "device": x.device}
        scale = (self.std_target / self.std_source).to(**like)[:, None, None]  # (3, 1, 1)
        shift_from, shift_to = (m.to(**like)[:, None, None] for m in (self.mean_source, self.mean_target))
        painted = ((x.double() - shift_from) * scale + shift_to).clamp(-1, 1).to(x.dtype)
        return painted if mask is None else torch.where(mask > HAIR, painted, x)


def _statistics(images: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each channel over all pixels, or all pixels of hair: (3,) twice.

    Summed in float64 a few images at a time: a whole domain in float64 might not fit into memory.
    """
    _check(images, mask)
    count, total, squares = 0, torch.zeros(3, dtype=torch.float64), torch.zeros(3, dtype=torch.float64)
    for start in range(0, len(images), CHUNK):
        part = images[start : start + CHUNK].detach().cpu().double()  # (n, 3, H, W)
        hair = torch.ones_like(part[:, :1])
        if mask is not None:
            hair = (mask[start : start + CHUNK].cpu() > HAIR).double()  # (n, 1, H, W)
        count += int(hair.sum())
        total += (part * hair).sum(dim=(0, 2, 3))
        squares += (part.square() * hair).sum(dim=(0, 2, 3))
    if count < 2:
        raise ValueError(
            f"got {count} pixels to fit on (images {tuple(images.shape)}), expected at least 2: "
            f"check that the mask is above {HAIR} somewhere"
        )
    mean = total / count
    return mean, (squares / count - mean.square()).clamp(min=0).sqrt()


def _check(images: Tensor, mask: Tensor | None) -> None:
    if images.ndim != 4 or images.shape[1] != 3:
        raise ValueError(
            f"images have shape {tuple(images.shape)}, expected (N, 3, H, W): stack them into one batch"
        )
    expected = (images.shape[0], 1, *images.shape[2:])
    if mask is not None and tuple(mask.shape) != expected:
        raise ValueError(
            f"the mask has shape {tuple(mask.shape)} and the images {tuple(images.shape)}, expected a mask of"
            f" {expected}: one channel for every image"
        )
