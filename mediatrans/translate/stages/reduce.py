"""The reduction of frames to the working size."""

import cv2
import numpy as np

from mediatrans.translate.engines.engine import Pixels

__all__ = ["overview", "reduced", "working_shape"]


def working_shape(height: int, width: int, side: int | None) -> tuple[int, int]:
    """The height and width at which a generator works on a frame.

    Args:
        height: The frame's height in pixels.
        width: The frame's width in pixels.
        side: The working size: the length of the shorter side; None is that of the frame.

    Returns:
        Height and width in the frame's proportions; the frame's own if its shorter side is not
        longer than the working size.
    """
    shorter = min(height, width)
    if side is None or shorter <= side:
        return height, width
    return round(height * side / shorter), round(width * side / shorter)


def reduced(frame: Pixels, side: int | None) -> Pixels:
    """A frame reduced to a working size by averaging areas.

    Args:
        frame: uint8 [H, W, 3].
        side: As for `working_shape`.

    Returns:
        uint8 [h, w, 3]; the frame itself if it is not larger.
    """
    height, width = working_shape(frame.shape[0], frame.shape[1], side)
    if (height, width) == frame.shape[:2]:
        return frame
    small = cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def overview(frame: Pixels, pixels: int) -> Pixels:
    """A whole frame in few pixels, by averaging areas.

    Args:
        frame: uint8 [H, W, 3].
        pixels: About the most pixels, whatever the proportions.

    Returns:
        uint8 [h, w, 3]; the frame itself if it has no more.
    """
    height, width = frame.shape[:2]
    scale = (pixels / (height * width)) ** 0.5
    if scale >= 1:
        return frame
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8)
