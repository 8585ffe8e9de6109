"""Scores of images whose truth is known, and of the spread between several answers.

Images come in [-1, 1], as everywhere in the package, and are scored in [0, 1]: an L1 of 0.05 is a mean error
of 5 % of the way from black to white. Scores that need no truth are in :mod:`avbgtn.metrics.kid`. Everything
but SSIM is in float64, so that a score does not depend on how many images are summed; SSIM's windows are in
float32, which is ten times faster and right to 1e-4.
"""

import torch
from torch import Tensor

HAIR, OUTSIDE = 0.5, 0.02  # mask above: hair; mask below: outside; the rim between them is left out of both
WINDOW = 11  # side of SSIM's Gaussian window, in pixels


@torch.no_grad()
def image_scores(estimate: Tensor, truth: Tensor) -> dict[str, float]:
    """How close images are to their truth.

    * ``l1``: ``mean |estimate - truth|`` over all images, channels and pixels at once.
    * ``psnr``: ``-10 log10(MSE)`` in dB, with the MSE of one image over its channels and pixels; then the
      mean over images. Infinite if an image equals its truth.
    * ``ssim``: structural similarity with a Gaussian window (11 pixels, sigma 1.5; k1 = 0.01, k2 = 0.03) and
      reflected borders; mean over channels and pixels, then over images. 1 for equal images.

    The data range is 1: images are mapped from [-1, 1] to [0, 1] first. Nothing is clipped, resized or
    rounded to 8 bits, so numbers at different image sizes are different scores.

    Args:
        estimate, truth: (N, 3, H, W) in [-1, 1], sides of at least 11 pixels.

    Returns:
        ``l1`` in [0, 1], ``psnr`` in dB, ``ssim`` at most 1.

    Raises:
        ValueError: shapes that differ or are no batch of images.

    Source: Wang et al., Image quality assessment: from error visibility to structural similarity (2004), as
    computed by torchmetrics.
    """
    # here, because it takes seconds to import, and who translates scores nothing
    from torchmetrics.functional.image import peak_signal_noise_ratio, structural_similarity_index_measure

    _check_images(estimate, truth)
    a, b = _unit(estimate), _unit(truth)
    psnr = peak_signal_noise_ratio(a, b, data_range=1.0, dim=(1, 2, 3), reduction="none")  # (N,)
    ssim = structural_similarity_index_measure(a.float(), b.float(), data_range=1.0, reduction="none")  # (N,)
    return {
        "l1": (a - b).abs().mean().item(),
        "psnr": psnr.mean().item(),
        "ssim": ssim.double().mean().item(),
    }


@torch.no_grad()
def twin_scores(translated: Tensor, twin: Tensor, mask: Tensor) -> dict[str, float]:
    """How close translations are to their twins: inside the hair, outside it, and over the whole image.

    The absolute error of a pixel is its mean over the three channels, in [0, 1]. ``l1_hair`` is the mean over
    all pixels of all images whose mask is above 0.5, pooled: a head with much hair weighs more than one with
    little. ``l1_outside`` pools the pixels whose mask is below 0.02; the rim between the two belongs to
    neither. ``l1_whole`` pools every pixel. ``psnr`` and ``ssim`` are those of :func:`image_scores`.

    Args:
        translated, twin: (N, 3, H, W) in [-1, 1], sides of at least 11 pixels.
        mask: (N, 1, H, W) in [0, 1]; 1 is hair.

    Returns:
        ``l1_hair``, ``l1_outside``, ``l1_whole``, ``psnr``, ``ssim``.

    Raises:
        ValueError: shapes that do not belong together, or a mask without hair or without background.
    """
    whole = image_scores(translated, twin)
    _check_mask(translated, mask)
    error = (_unit(translated) - _unit(twin)).abs().mean(dim=1, keepdim=True)  # (N, 1, H, W)
    hair, outside = mask > HAIR, mask < OUTSIDE
    if not hair.any() or not outside.any():
        raise ValueError(
            f"the masks have {int(hair.sum())} pixels above {HAIR} (hair) and {int(outside.sum())} below "
            f"{OUTSIDE} (outside), expected some of both: pass masks in [0, 1] of images with hair"
        )
    return {
        "l1_hair": error[hair].mean().item(),
        "l1_outside": error[outside].mean().item(),
        "l1_whole": whole["l1"],
        "psnr": whole["psnr"],
        "ssim": whole["ssim"],
    }


@torch.no_grad()
def diversity(samples: Tensor) -> float:
    """How much several translations of the same image differ: 0 if the noise is ignored.

    The standard deviation over the ``K`` draws (with ``K - 1``) of each channel of each pixel of each image,
    in units of [0, 1], then the mean of all of them. It says that answers differ, not that they are good:
    blurred or noisy images differ too.

    Args:
        samples: (K, N, 3, H, W) in [-1, 1], K >= 2; ``samples[:, n]`` are translations of image ``n``.

    Raises:
        ValueError: another shape, or a single draw.
    """
    if samples.ndim != 5 or samples.shape[0] < 2 or samples.shape[2] != 3 or samples.numel() == 0:
        raise ValueError(
            f"samples have shape {tuple(samples.shape)}, expected (K, N, 3, H, W) with K >= 2 draws: "
            "stack the translations that different noise gives"
        )
    return _unit(samples).std(dim=0).mean().item()


def _unit(x: Tensor) -> Tensor:
    """[-1, 1] to [0, 1], in float64 and on the CPU."""
    return (x.detach().cpu().double() + 1) / 2


def _check_images(estimate: Tensor, truth: Tensor) -> None:
    if estimate.shape != truth.shape or estimate.ndim != 4 or estimate.shape[1] != 3 or not estimate.shape[0]:
        raise ValueError(
            f"images have shapes {tuple(estimate.shape)} and {tuple(truth.shape)}, expected (N, 3, H, W) "
            "twice: score every image against its own truth"
        )
    if min(estimate.shape[2:]) < WINDOW:
        raise ValueError(
            f"images have shapes {tuple(estimate.shape)} and {tuple(truth.shape)}, expected sides of at least"
            f" {WINDOW} pixels: SSIM's window does not fit"
        )


def _check_mask(images: Tensor, mask: Tensor) -> None:
    n, _, height, width = images.shape
    if tuple(mask.shape) != (n, 1, height, width):
        raise ValueError(
            f"the mask has shape {tuple(mask.shape)} and the images {tuple(images.shape)}, expected a mask of"
            f" {(n, 1, height, width)}: one channel for every image"
        )
