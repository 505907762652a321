"""The blend of a translation with its source."""

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["blend"]


def blend(
    sources: NDArray[np.uint8], translated: NDArray[np.uint8], strength: float
) -> NDArray[np.uint8]:
    """Mix a translation with its source, pixel by pixel, rounded to the nearest integer.

    Args:
        sources: The source, uint8 of any shape.
        translated: Its translation, uint8 of the same shape.
        strength: 0 gives the source, 1 the translation.
    """
    if strength == 1:
        return translated
    # OpenCV accepts at most four channels, so all axes are flattened into one.
    flat = cv2.addWeighted(
        translated.reshape(-1, 1), strength, sources.reshape(-1, 1), 1 - strength, 0
    )
    return flat.astype(np.uint8, copy=False).reshape(translated.shape)
