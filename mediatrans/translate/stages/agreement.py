"""The running average of the source, and how far it agrees with the source of now."""

import cv2
import numpy as np

from mediatrans.translate.engines.engine import Pixels
from mediatrans.translate.motion import contrast, largest, moved
from mediatrans.translate.stages.recolour import Floats
from mediatrans.translate.stages.running_average import TOLERANCE

__all__ = ["agreement", "carried"]

_CLEAN = 2.0**2
"""The squared difference, in steps of the 8-bit scale, at which half the past is given up."""

_NOISE = 5.0**2
"""How many times the squared median of the difference is allowed besides."""

_FLAT, _PER_VARIANCE = 0.5, 1 / 25
"""The noise at rest, and what the variance around a pixel that moves adds: flow is not exact."""


_MOVING_PX = 0.25
"""The motion from which on all of that counts, in pixels."""

_AROUND = np.ones((3, 3), np.uint8)


def carried(average: Floats, source: Pixels, flow: Floats) -> Floats:
    """The average of the source moved along a flow, and kept within the values around a pixel.

    Args:
        average: float32 [h, w, 3].
        source: uint8 [h, w, 3], the frame that the flow leads to.
        flow: float32 [h, w, 2], see `mediatrans.translate.motion.Motion`.

    Returns:
        float32 [h, w, 3].
    """
    there = moved(average, flow, cv2.INTER_CUBIC) if flow.any() else average
    low, high = cv2.erode(source, _AROUND), cv2.dilate(source, _AROUND)
    kept = np.minimum(np.maximum(there, low - TOLERANCE), high + TOLERANCE)
    return np.asarray(kept, np.float32)


def agreement(average: Floats, source: Pixels, flow: Floats) -> Floats:
    """The share of the past that a pixel may keep, where the past is another thing by mistake.

    A translation's average is wrong where that of the source is: behind an object, where the flow
    took the background along, and where a slow edge changes less from frame to frame than noise
    does. The share falls as the weight of an outlier (a redescending M-estimator), so an error of
    some steps is forgotten at once and noise is averaged. The scale is that of the frame's own
    noise.

    Args:
        average: float32 [h, w, 3], the average of the source, moved to where its pixels are now.
        source: uint8 [h, w, 3].
        flow: float32 [h, w, 2], the motion along which the average was moved.

    Returns:
        float32 [h, w], 0 to 1.
    """
    size = largest(np.asarray(cv2.absdiff(average, source.astype(np.float32)), np.float32))
    noise = float(np.median(size[::2, ::2]))
    around = contrast(np.asarray(cv2.cvtColor(source, cv2.COLOR_RGB2GRAY), np.uint8))
    moves = np.minimum(cv2.magnitude(*cv2.split(flow)) / _MOVING_PX, 1)
    allowed = np.float32(_CLEAN) + np.float32(_NOISE * noise**2) * (
        np.float32(_FLAT) + np.float32(_PER_VARIANCE) * around * moves
    )
    return np.asarray(1 / (1 + (size * size / allowed) ** 2), np.float32)
