"""Sharpness: the gradient energy of a picture."""

import cv2
import numpy as np

from mediatrans.media.frames import Pixels

__all__ = ["gradient_energy", "sharpness_ratio"]


def gradient_energy(picture: Pixels) -> float:
    """The mean squared difference between neighbouring pixels of the luminance, both ways.

    Args:
        picture: uint8 [H, W, 3] RGB.

    Returns:
        Squared steps of the 8-bit scale, per pixel; 0 for a flat picture.
    """
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    energy = 0.0
    for axis in (0, 1):
        if grey.shape[axis] > 1:
            energy += float(np.square(np.diff(grey, axis=axis)).mean())
    return energy


def sharpness_ratio(energies: list[tuple[float, float]]) -> float | None:
    """The gradient energy of results over that of their sources, in the median.

    Not all pictures together: those of much contrast would decide alone.

    Args:
        energies: Of each source, and of its result.

    Returns:
        1 where the results are as sharp as the sources; None where all of those are flat.
    """
    ratios = [result / source for source, result in energies if source]
    return float(np.median(ratios)) if ratios else None
