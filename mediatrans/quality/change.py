"""Change: how far a translation is from its source, in all and in low frequencies, and where."""

import cv2
import numpy as np
from numpy.typing import NDArray

from mediatrans.quality.metrics import l1

__all__ = ["WHITE", "change", "change_map", "low_change"]

_CELLS = 24
_SMOOTHING = 120

WHITE = 96
"""The difference, of 255, from which on a change map is white: a strong one."""


def change(source: NDArray[np.uint8], result: NDArray[np.uint8]) -> float:
    """The mean absolute difference.

    Args:
        source: uint8 [H, W, 3] RGB.
        result: uint8 [H, W, 3] RGB.

    Returns:
        Steps of the 8-bit scale, 0 to 255.
    """
    return l1(source, result)


def low_change(source: NDArray[np.uint8], result: NDArray[np.uint8]) -> float:
    """The mean absolute difference of the means over square cells, 24 along the shorter side.

    Noise, texture and compression hardly count, since they average out in a cell.

    Args:
        source: uint8 [H, W, 3] RGB.
        result: uint8 [H, W, 3] RGB.

    Returns:
        Steps of the 8-bit scale, 0 to 255.
    """
    return float(np.abs(_cells(source) - _cells(result)).mean())


def change_map(source: NDArray[np.uint8], result: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Where a translation changed its source: from black (not at all) over red to white.

    Single pixels are smoothed, so that areas show.

    Args:
        source: uint8 [H, W, 3] RGB.
        result: uint8 [H, W, 3] RGB.

    Returns:
        uint8 [H, W, 3] RGB.
    """
    difference = cv2.absdiff(source, result).mean(axis=2)
    sigma = max(0.5, min(difference.shape) / _SMOOTHING)
    smooth = cv2.GaussianBlur(difference, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    steps = np.rint(smooth * (255 / WHITE)).clip(0, 255).astype(np.uint8)
    coloured = cv2.applyColorMap(steps, cv2.COLORMAP_HOT)
    return np.asarray(coloured[..., ::-1], np.uint8)


def _cells(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    height, width = picture.shape[:2]
    side = max(1, min(height, width) // _CELLS)
    size = max(1, width // side), max(1, height // side)
    return np.asarray(
        cv2.resize(picture.astype(np.float32), size, interpolation=cv2.INTER_AREA), np.float32
    )
