"""The motion between two frames: dense optical flow, and how far it can be relied on."""

from functools import lru_cache
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mediatrans.translate.engines.engine import Pixels
from mediatrans.translate.stages.recolour import Floats

__all__ = ["SMALLEST_SIDE", "Motion", "contrast", "find_motion", "largest", "moved"]

SMALLEST_SIDE = 16
"""The shortest side of a frame, in pixels, whose motion can be found."""

_ITERATIONS = 8
_SUBPIXEL = 0.05
# The flow back only has to show where the flow does not return, so it is found at half the size.
_FINEST, _FINEST_BACK = 0, 1

# Squared steps of the 8-bit scale at which the doubt about a pixel is 1.
_NOISE = 8.0**2
_DRIFT = 4.0**2
_DRIFT_PX = 13
# A change counts as a drift up to this many steps: an edge that moves on is not a change of light.
_MOST_DRIFT = np.float32(8)
_MOST_CONTRAST = 200.0
# The share of the contrast that may change besides: flow is not exact, a picture at rest is.
_SHARE_MOVING, _SHARE_RESTING = 1.0, 0.3
_UNTRUSTED, _TRUSTED = 0.15, 0.4
_DOUBTED = 0.5

_CUT_STEPS = 12.0
_CUT_SHARE = 0.25
_CUT_CORRELATION = 0.6
_BINS = 64


class Motion(NamedTuple):
    """Where the pixels of a frame were in the frame before.

    Attributes:
        flow: float32 [h, w, 2]: the offset in columns and rows from a position in the frame.
        trust: float32 [h, w]: 0 where a pixel was hidden or has changed, 1 where it only moved.
        fading: How much the whole picture became lighter or darker, in steps of the 8-bit scale.
    """

    flow: Floats
    trust: Floats
    fading: float = 0.0


def find_motion(previous: Pixels, following: Pixels) -> Motion | None:
    """Find the motion between two consecutive frames.

    The flow is that of a dense inverse search (Kroeger, Timofte, Dai and Van Gool, ECCV 2016), or
    the motion of the whole picture where that fits better: flow takes the surroundings of a moving
    object along with it. A pixel is trusted if the frames agree along the flow, and if the flow
    from the frame before leads back to it (Sundaram, Brox and Keutzer, ECCV 2010).

    Args:
        previous: uint8 [h, w, 3] RGB, each side at least `SMALLEST_SIDE`.
        following: uint8 [h, w, 3] RGB.

    Returns:
        The motion; None at a cut, where little of the frame is found in the one before.
    """
    shape = following.shape[:2]
    if np.array_equal(previous, following):
        return Motion(np.zeros((*shape, 2), np.float32), np.ones(shape, np.float32))
    there, here = (
        np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), np.uint8)
        for frame in (previous, following)
    )
    flow, back = _searched(here, there, _FINEST), _searched(there, here, _FINEST_BACK)
    change = _change(previous, following, flow)
    if _is_cut(there, here, change):
        return None
    allowed = contrast(here)
    local = _local(change)
    doubt = _doubt(change, local + _return_error(flow, back) * allowed, allowed * _SHARE_MOVING)
    camera = _camera(flow)
    whole_change = _change(previous, following, camera)
    rest = _local(whole_change)
    camera_doubt = _doubt(whole_change, rest, allowed * _SHARE_RESTING)
    is_whole = (rest < local) & (camera_doubt < _DOUBTED)
    np.copyto(flow, camera, where=is_whole[..., None])
    doubt = np.where(is_whole, camera_doubt, doubt)
    trust = np.clip((np.exp(-doubt) - _UNTRUSTED) / (_TRUSTED - _UNTRUSTED), 0, 1)
    even = np.asarray(cv2.blur(trust * _is_inside(flow), (3, 3)), np.float32)
    return Motion(flow, even, _fading(change))


def moved(frame: NDArray[Any], flow: Floats, interpolation: int = cv2.INTER_LINEAR) -> Floats:
    """Move the pixels of a frame along a flow; those from outside repeat the border.

    Args:
        frame: [H, W] or [H, W, C], uint8 or float32.
        flow: float32 [H, W, 2], see `Motion`.
        interpolation: OpenCV's number of an interpolation.

    Returns:
        The moved frame, of the same shape and type.
    """
    x, y = cv2.split(cv2.add(flow, _positions(*flow.shape[:2])))
    border = cv2.BORDER_REPLICATE
    return np.asarray(cv2.remap(frame, x, y, interpolation, borderMode=border))


def contrast(grey: Pixels) -> Floats:
    """The variance around each pixel, bounded: the edge of an object is not its surroundings'.

    Args:
        grey: uint8 [h, w].

    Returns:
        float32 [h, w], squared steps of the 8-bit scale.
    """
    values, window = grey.astype(np.float32), (5, 5)
    variance = cv2.blur(values * values, window) - cv2.blur(values, window) ** 2
    return np.asarray(np.clip(variance, 0, _MOST_CONTRAST), np.float32)


def largest(values: Floats) -> Floats:
    """The largest of three channels, float32 [h, w] of [h, w, 3]."""
    red, green, blue = cv2.split(values)
    return np.asarray(cv2.max(cv2.max(red, green), blue), np.float32)


@lru_cache(maxsize=4)
def _positions(height: int, width: int) -> Floats:
    rows, columns = np.indices((height, width), dtype=np.float32)
    positions = np.stack([columns, rows], axis=-1)
    positions.setflags(write=False)
    return positions


def _searched(here: Pixels, there: Pixels, finest: int) -> Floats:
    """The flow that leads from one picture into another.

    With a finest scale of 0 it is as exact as OpenCV's medium preset on pictures of twice the size,
    in half its time. The refinement costs a third of the time and gains nothing here.
    """
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    search.setFinestScale(finest)
    search.setGradientDescentIterations(_ITERATIONS)
    search.setVariationalRefinementIterations(0)
    return np.asarray(search.calc(here, there, np.zeros((*here.shape, 2), np.float32)), np.float32)


def _change(previous: Pixels, following: Pixels, flow: Floats) -> Floats:
    """The change of each value along a flow, float32 [h, w, 3]."""
    change = cv2.subtract(following, moved(previous, flow), dtype=cv2.CV_32F)
    return np.asarray(change, np.float32)


def _camera(flow: Floats) -> Floats:
    """The motion of the whole picture, [h, w, 2]."""
    middle = np.array([np.median(channel) for channel in cv2.split(flow[::3, ::3])])
    middle[np.abs(middle) < _SUBPIXEL] = 0
    return np.ascontiguousarray(np.broadcast_to(middle, flow.shape), np.float32)


def _local(change: Floats) -> Floats:
    """The largest squared change of a channel around each pixel, [h, w]."""
    return np.asarray(
        cv2.blur(largest(np.asarray(cv2.multiply(change, change))), (3, 3)), np.float32
    )


def _doubt(change: Floats, local: Floats, allowed: Floats) -> Floats:
    """How much speaks against a flow, from 0 up.

    A codec's noise has a mean near zero. A flash, a fade and an uncovered place do not, so much
    less of a change is allowed in the mean.
    """
    mean = cv2.blur(np.clip(change, -_MOST_DRIFT, _MOST_DRIFT), (_DRIFT_PX, _DRIFT_PX))
    drift = largest(np.asarray(cv2.max(mean, -mean)))
    return np.asarray(drift * drift / _DRIFT + local / (_NOISE + allowed), np.float32)


def _fading(change: Floats) -> float:
    """The change of most of the picture; what moves is left out by the median."""
    return float(np.abs(np.median(change[::3, ::3].reshape(-1, 3), axis=0)).max())


def _return_error(flow: Floats, back: Floats) -> Floats:
    """The squared distance in pixels at which the flows there and back end."""
    error = cv2.add(flow, moved(back, flow))
    return np.asarray(error[..., 0] ** 2 + error[..., 1] ** 2, np.float32)


def _is_inside(flow: Floats) -> NDArray[np.bool_]:
    height, width = flow.shape[:2]
    x, y = cv2.split(cv2.add(flow, _positions(height, width)))
    is_inside = (x >= -0.5) & (x <= width - 0.5) & (y >= -0.5) & (y <= height - 0.5)
    return np.asarray(is_inside, np.bool_)


def _is_cut(there: NDArray[Any], here: NDArray[Any], change: Floats) -> bool:
    """Whether the flow explains too little, and the histograms differ or nearly nothing is found.

    The histogram of the luminance is compared by correlation, as in PySceneDetect's detector.
    """
    if cv2.norm(change, cv2.NORM_L1) < _CUT_STEPS * change.size:
        return False
    change = np.abs(change).mean(axis=-1)
    histograms = [cv2.calcHist([grey], [0], None, [_BINS], [0, 256]) for grey in (there, here)]
    correlation = cv2.compareHist(histograms[0], histograms[1], cv2.HISTCMP_CORREL)
    found = float((change * change < _NOISE).mean())
    return correlation < _CUT_CORRELATION or found < _CUT_SHARE
