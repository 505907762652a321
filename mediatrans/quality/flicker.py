"""The flicker of a translated video: its changes between frames that motion does not explain."""

from collections.abc import Iterable
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mediatrans.quality.metrics import l1

__all__ = ["Flicker", "change_along", "measure_flicker", "optical_flow"]


class Flicker(NamedTuple):
    """The mean change between consecutive frames of a video, in steps of the 8-bit scale.

    Attributes:
        source: The change of the source along its own motion: grain, light, and motion that
            optical flow misses.
        output: The change of the translation along the source's motion.
        pairs: The number of compared pairs of frames.
    """

    source: float
    output: float
    pairs: int

    @property
    def ratio(self) -> float:
        """The output's change divided by the source's; infinite if the source does not change."""
        return self.output / self.source if self.source else float("inf")


def optical_flow(previous: NDArray[np.uint8], following: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The position of each pixel of a frame in the frame before, by dense inverse search.

    Kroeger, Timofte, Dai and Van Gool, ECCV 2016, in OpenCV's medium preset.

    Args:
        previous: uint8 [H, W, 3] RGB.
        following: uint8 [H, W, 3] RGB.

    Returns:
        float32 [H, W, 2]: the offset in columns and rows from a position in `following`.
    """
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    here = cv2.cvtColor(following, cv2.COLOR_RGB2GRAY)
    there = cv2.cvtColor(previous, cv2.COLOR_RGB2GRAY)
    return np.asarray(search.calc(here, there, np.zeros((*here.shape, 2), np.float32)), np.float32)


def change_along(
    flow: NDArray[np.float32], previous: NDArray[np.uint8], following: NDArray[np.uint8]
) -> float:
    """Mean absolute difference between a frame and the one before, moved along the flow.

    Pixels that come from outside the frame are ignored.

    Args:
        flow: float32 [H, W, 2], the result of `optical_flow`.
        previous: uint8 [H, W, 3].
        following: uint8 [H, W, 3].

    Returns:
        Steps of the 8-bit scale; 0 if no pixel of the frame was in the one before.
    """
    height, width = flow.shape[:2]
    rows, columns = np.indices((height, width), dtype=np.float32)
    x, y = columns + flow[..., 0], rows + flow[..., 1]
    moved = cv2.remap(previous, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    known = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    if not known.any():
        return 0.0
    return l1(moved[known].astype(np.uint8, copy=False), following[known])


def measure_flicker(
    frames: Iterable[tuple[NDArray[np.uint8], NDArray[np.uint8]]],
) -> Flicker:
    """Measure how much a video and its translation change from frame to frame.

    Args:
        frames: Pairs of source and translated frame, uint8 [H, W, 3] RGB of the same size.

    Raises:
        ValueError: There are fewer than two frames.
    """
    changes: list[tuple[float, float]] = []
    before: tuple[NDArray[np.uint8], NDArray[np.uint8]] | None = None
    for source, output in frames:
        if before is not None:
            flow = optical_flow(before[0], source)
            changes.append(
                (change_along(flow, before[0], source), change_along(flow, before[1], output))
            )
        before = source, output
    if not changes:
        raise ValueError("measuring flicker needs at least two frames")
    of_source, of_output = np.mean(changes, axis=0)
    return Flicker(float(of_source), float(of_output), len(changes))
