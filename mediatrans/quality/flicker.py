"""Flicker of a translated video: what changes from frame to frame beyond the source's motion."""

from collections.abc import Iterable
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mediatrans.quality.metrics import l1

__all__ = ["Flicker", "change_along", "measure_flicker", "optical_flow"]


class Flicker(NamedTuple):
    """The changes between consecutive frames, averaged over a video.

    Attributes:
        source: Of the source along its own motion, in steps of the 8-bit scale: grain, light,
            and what optical flow does not find.
        output: Of the translation along the source's motion.
        pairs: Pairs of frames that were compared.
    """

    source: float
    output: float
    pairs: int

    @property
    def ratio(self) -> float:
        """How many times as much the translation changes; infinite beside a source at rest."""
        return self.output / self.source if self.source else float("inf")


def optical_flow(previous: NDArray[np.uint8], following: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Where each pixel of a frame was in the frame before, by dense inverse search.

    Kroeger, Timofte, Dai and Van Gool, ECCV 2016, in OpenCV's medium preset.

    Args:
        previous: uint8 [H, W, 3] RGB.
        following: uint8 [H, W, 3] RGB.

    Returns:
        float32 [H, W, 2]: columns, then rows, to add to a place in `following`.
    """
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    here = cv2.cvtColor(following, cv2.COLOR_RGB2GRAY)
    there = cv2.cvtColor(previous, cv2.COLOR_RGB2GRAY)
    return np.asarray(search.calc(here, there, np.zeros((*here.shape, 2), np.float32)), np.float32)


def change_along(
    flow: NDArray[np.float32], previous: NDArray[np.uint8], following: NDArray[np.uint8]
) -> float:
    """Mean absolute difference of a frame and the one before, moved along the flow.

    Places that come from beyond the frame's edge are left out.

    Args:
        flow: float32 [H, W, 2], as `optical_flow` gives it.
        previous: uint8 [H, W, 3].
        following: uint8 [H, W, 3].

    Returns:
        Steps of the 8-bit scale; 0 where nothing of the frame was in the one before.
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
    """Follow a video and its translation and compare how much they change.

    Args:
        frames: Source and translation, frame by frame, both uint8 [H, W, 3] RGB of one size.

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
        raise ValueError("flicker is measured between frames, of which there must be two")
    of_source, of_output = np.mean(changes, axis=0)
    return Flicker(float(of_source), float(of_output), len(changes))
