"""The flicker of a translated video: its changes between frames that motion does not explain."""

import math
from collections.abc import Iterable
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mediatrans.quality.metrics import l1

__all__ = [
    "Flicker",
    "change_along",
    "measure_flicker",
    "optical_flow",
    "visible_in_both",
    "warping_error",
    "warping_ratio",
]

_LEAST_SEARCHED = 64
_LEAST_HALVED = 256
"""The least shorter side, in pixels, of frames whose motion is found at half the size."""

_STILL = 0.5
"""The least warping error that a source counts with, in steps of the 8-bit scale: what rounding and
compression leave of a scene at rest."""


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
    height, width = following.shape[:2]
    here, there = _grey(following), _grey(previous)
    found = search.calc(here, there, np.zeros((*here.shape, 2), np.float32))
    return np.asarray(found[:height, :width], np.float32)


def _grey(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The luma of a frame, whose edge is repeated where it is too small for the search.

    OpenCV reads past the end of frames that are smaller than its patches.
    """
    luma = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    missing = [max(0, _LEAST_SEARCHED - side) for side in luma.shape]
    padded = cv2.copyMakeBorder(luma, 0, missing[0], 0, missing[1], cv2.BORDER_REPLICATE)
    return np.asarray(padded, np.uint8)


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
    x, y = _places(flow)
    moved = cv2.remap(previous, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    known = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    if not known.any():
        return 0.0
    return l1(moved[known].astype(np.uint8, copy=False), following[known])


def visible_in_both(
    backward: NDArray[np.float32], forward: NDArray[np.float32]
) -> NDArray[np.bool_]:
    """The pixels of a frame that can be seen in the frame before as well.

    Occlusions and borders of motion are found as in Ruder, Dosovitskiy and Brox, GCPR 2016, whose
    rule Lai et al. (ECCV 2018) use: both flows have to cancel out, and neither may jump.

    Args:
        backward: float32 [H, W, 2], the offset of each pixel to its place in the frame before.
        forward: float32 [H, W, 2], the offset of each pixel of the frame before to its place here.

    Returns:
        bool [H, W].
    """
    height, width = backward.shape[:2]
    x, y = _places(backward)
    there = cv2.remap(forward, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    length = np.square(backward).sum(axis=2)
    disagreement = np.square(backward + there).sum(axis=2)
    agrees = disagreement <= 0.01 * (length + np.square(there).sum(axis=2)) + 0.5
    down, across = np.gradient(backward, axis=(0, 1)) if min(height, width) > 1 else (0.0, 0.0)
    jump = (np.square(down) + np.square(across)) * np.ones_like(backward)
    is_smooth = jump.sum(axis=2) <= 0.01 * length + 0.002
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    return np.asarray(agrees & is_smooth & inside, np.bool_)


def warping_error(
    backward: NDArray[np.float32],
    visible: NDArray[np.bool_],
    previous: NDArray[np.uint8],
    following: NDArray[np.uint8],
) -> float:
    """Root mean square difference between a frame and the one before, moved along the flow.

    The square of it is the warping error of Lai et al., "Learning Blind Video Temporal
    Consistency", ECCV 2018.

    Args:
        backward: float32 [H, W, 2], the result of `optical_flow`.
        visible: bool [H, W], the pixels that count.
        previous: uint8 [H, W, 3].
        following: uint8 [H, W, 3].

    Returns:
        Steps of the 8-bit scale; 0 if no pixel counts.
    """
    if not visible.any():
        return 0.0
    moved = cv2.remap(
        previous, *_places(backward), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    squares = cv2.norm(moved, following, cv2.NORM_L2SQR, visible.astype(np.uint8))
    return math.sqrt(squares / (3 * np.count_nonzero(visible)))


def warping_ratio(
    source: tuple[NDArray[np.uint8], NDArray[np.uint8]],
    result: tuple[NDArray[np.uint8], NDArray[np.uint8]],
) -> float:
    """The warping error of two consecutive frames of a translation over that of their sources.

    Args:
        source: Two consecutive frames, uint8 [H, W, 3] RGB.
        result: Their translations, of the same size.

    Returns:
        1 if the translation changes as much as its source beyond the motion, more if it flickers.
    """
    previous, following = source
    backward, visible = _motion(previous, following)
    least = warping_error(backward, visible, previous, following)
    return warping_error(backward, visible, *result) / max(least, _STILL)


def _motion(
    previous: NDArray[np.uint8], following: NDArray[np.uint8]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The flow to the frame before and the pixels that are visible there, found at half the size.

    That takes a quarter of the time. Small pictures are taken as they are.
    """
    height, width = following.shape[:2]
    if min(height, width) < _LEAST_HALVED:
        backward = optical_flow(previous, following)
        return backward, visible_in_both(backward, optical_flow(following, previous))
    small = [
        np.asarray(cv2.resize(frame, (width // 2, height // 2), interpolation=cv2.INTER_AREA))
        for frame in (previous, following)
    ]
    coarse, visible = _motion(np.asarray(small[0], np.uint8), np.asarray(small[1], np.uint8))
    scale = np.array([width / (width // 2), height / (height // 2)], np.float32)
    backward = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR) * scale
    shown = cv2.resize(visible.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    return np.asarray(backward, np.float32), np.asarray(shown > 0, np.bool_)


def _places(flow: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The columns and rows that a flow leads to, float32 [H, W] each."""
    rows, columns = np.indices(flow.shape[:2], dtype=np.float32)
    return columns + flow[..., 0], rows + flow[..., 1]


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
