"""The hidden signal: what a round trip owes to details that a small disturbance destroys.

CycleGAN can hide the source in a signal that is not seen, from which the way back restores it: Chu,
Zhmoginov and Sandler, "CycleGAN, a Master of Steganography", 2017. Compression or noise destroys
such a signal, and with it the round trip.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from mediatrans.quality.metrics import PSNR_CAP_DB

__all__ = ["hidden_signal", "mean_square", "with_jpeg", "with_noise"]

NOISE = 3.0
"""Standard deviation of the noise, in steps of the 8-bit scale."""

JPEG_QUALITY = 75

_GAIN = 2.0


def with_noise(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture with Gaussian noise of 3 of 255, always the same for pictures of the same size.

    Args:
        picture: uint8 [H, W, 3].
    """
    noise = np.random.default_rng(0).normal(0, NOISE, picture.shape)
    return np.rint(picture + noise).clip(0, 255).astype(np.uint8)


def with_jpeg(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture after compression as a JPEG of quality 75.

    Args:
        picture: uint8 [H, W, 3] RGB.
    """
    _, content = cv2.imencode(".jpg", picture[..., ::-1], (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY))
    decoded = cv2.imdecode(content, cv2.IMREAD_COLOR)
    assert decoded is not None
    return np.ascontiguousarray(decoded[..., ::-1], np.uint8)


def mean_square(x: NDArray[np.uint8], y: NDArray[np.uint8]) -> float:
    """Mean squared difference of two pictures of the same shape."""
    return float(np.square(x.astype(np.float32) - y.astype(np.float32)).mean())


def hidden_signal(raw_db: float, disturbed_db: float, disturbance: float) -> float:
    """What a round trip loses by a disturbance of the translation, beyond the disturbance itself.

    A way back without a hidden signal turns a disturbance of the mean square d into one of g^2 d,
    where g is what it enlarges contrasts by. A gain of 2 counts as no hidden signal.

    Args:
        raw_db: PSNR of the round trip.
        disturbed_db: PSNR of the round trip of the disturbed translation.
        disturbance: Mean squared difference between the translation and the disturbed one.

    Returns:
        Decibels from 0 up.
    """
    explained = _mean_square_of(raw_db) + _GAIN**2 * disturbance
    return max(0.0, 10 * math.log10(_mean_square_of(disturbed_db) / explained))


def _mean_square_of(psnr_db: float) -> float:
    return float(255.0**2 / 10 ** (min(psnr_db, PSNR_CAP_DB) / 10))
