"""Distances between two pictures: PSNR, SSIM and L1, all on 8-bit pixels.

Pictures are compared strip by strip, so that the memory does not grow with their size.
"""

import math
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["PSNR_CAP_DB", "l1", "psnr", "ssim"]

PSNR_CAP_DB = 100.0
"""The result of `psnr` for identical pictures, whose ratio is infinite."""

_WINDOW = 11
_SIGMA = 1.5
_STRIP_PIXELS = 1 << 15


def psnr(x: NDArray[np.uint8], y: NDArray[np.uint8]) -> float:
    """Peak signal-to-noise ratio over all pixels and channels.

    Args:
        x: uint8 [H, W, C].
        y: uint8 [H, W, C].

    Returns:
        Decibels, at most `PSNR_CAP_DB`; the peak is 255.
    """
    counts = _differences(x, y)
    mean_square = int(counts @ np.arange(256) ** 2) / x.size
    if mean_square == 0.0:
        return PSNR_CAP_DB
    return min(PSNR_CAP_DB, 10.0 * math.log10(255.0**2 / mean_square))


def l1(x: NDArray[np.uint8], y: NDArray[np.uint8]) -> float:
    """Mean absolute difference, in steps of the 8-bit scale (0 to 255).

    Args:
        x: uint8 [H, W, C].
        y: uint8 [H, W, C].
    """
    return int(_differences(x, y) @ np.arange(256)) / x.size


def ssim(x: NDArray[np.uint8], y: NDArray[np.uint8]) -> float:
    """Structural similarity: Wang, Bovik, Sheikh and Simoncelli, IEEE TIP 13(4), 2004.

    Gaussian window of 11 pixels and sigma 1.5, K1 0.01, K2 0.03. The result is averaged over the
    channels and over the positions where the window lies inside the picture. In pictures smaller
    than the window the border is reflected.

    Args:
        x: uint8 [H, W, C].
        y: uint8 [H, W, C].

    Returns:
        At most 1, for identical pictures.
    """
    height, width, channels = x.shape
    if min(height, width) < _WINDOW:
        return float(np.mean(_similarity(x, y), dtype=np.float64))
    edge = _WINDOW // 2
    total = 0.0
    for first, end in _strips(height - 2 * edge, width):
        rows = slice(first, end + 2 * edge)
        inside = _similarity(x[rows], y[rows])[edge:-edge, edge:-edge]
        total += float(np.sum(inside, dtype=np.float64))
    return total / int((height - 2 * edge) * (width - 2 * edge) * channels)


def _similarity(x: NDArray[np.uint8], y: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The similarity at each position, with the border reflected; float64 [H, W, C].

    In float32 the variances, which are small differences of large numbers, would be off.
    """
    a, b = x.astype(np.float64), y.astype(np.float64)
    mean_a, mean_b = _blur(a), _blur(b)
    product, squares = mean_a * mean_b, mean_a * mean_a + mean_b * mean_b
    variances = _blur(a * a + b * b) - squares
    covariance = _blur(a * b) - product
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    luminance = (2 * product + c1) / (squares + c1)
    structure = (2 * covariance + c2) / (variances + c2)
    return np.asarray(luminance * structure, np.float64)


def _differences(x: NDArray[np.uint8], y: NDArray[np.uint8]) -> NDArray[np.int64]:
    """How often each absolute difference from 0 to 255 occurs."""
    counts = np.zeros(256, np.int64)
    for first, end in _strips(*x.shape[:2]):
        counts += np.bincount(cv2.absdiff(x[first:end], y[first:end]).ravel(), minlength=256)
    return counts


def _strips(height: int, width: int) -> Iterator[tuple[int, int]]:
    """The first row of each strip, and the row after its last one."""
    rows = max(1, _STRIP_PIXELS // width)
    for first in range(0, height, rows):
        yield first, min(first + rows, height)


def _blur(image: NDArray[np.float64]) -> NDArray[np.float64]:
    blurred = cv2.GaussianBlur(
        image, (_WINDOW, _WINDOW), sigmaX=_SIGMA, borderType=cv2.BORDER_REFLECT
    )
    return blurred.astype(np.float64, copy=False).reshape(image.shape)
