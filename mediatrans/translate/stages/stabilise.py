"""The stage that steadies a video: translations are averaged along the motion of their source."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mediatrans.translate.engines.engine import Pixels
from mediatrans.translate.motion import SMALLEST_SIDE, Motion, find_motion, moved
from mediatrans.translate.stages.recolour import Floats
from mediatrans.translate.stages.reduce import reduced
from mediatrans.translate.stages.stage import Inner

__all__ = ["Stabilise"]

_FLOW_SIDE = 180
"""The shorter side of the frames, in pixels, between which motion is found."""

_MOST_PAST = 0.9
"""The share of the past in an average at full strength."""

_FORGOTTEN = 0.065
"""The share of an average that older frames than those of the memory would have."""

_TOLERANCE = 1.5
"""Steps of the 8-bit scale by which the past may exceed the values around a pixel."""

_MOST_LAG = 1.5
"""Steps of the 8-bit scale by which an average may lag behind the brightness of the source."""

_SHARPNESS = 0.94
"""The share of the gradient energy of a translation that its average is given back."""

_FINE_PX = 1.0
_MOST_SHARPENING = 1.5
_LINE_STEP = 16
_AROUND = np.ones((3, 3), np.uint8)


class _Past(NamedTuple):
    """What is kept of the frames before.

    Attributes:
        source: The last frame, reduced; uint8 [h, w, 3].
        average: The average of their translations; float32 [H, W, 3].
        age: How many of them each pixel's average is of, beside the last; float32 [h, w].
    """

    source: Pixels
    average: Floats
    age: Floats


class Stabilise:
    """Averages each translation with those before it, moved along the motion of the source.

    Where the motion is not known, for example where an object uncovers the background, a pixel's
    average begins anew. It is that of all frames since, and later of the most recent ones. The past
    is kept within the values around a pixel, as in temporal anti-aliasing (Karis, SIGGRAPH 2014
    courses), so it leaves no ghost. What averaging takes of the gradient energy is given back by
    sharpening.

    The weight of a frame falls with its age and is never zero. The stage must therefore be
    restarted at fixed frames of a video, after `memory` frames that only warm it up.

    Args:
        inner: The stage that translates the frames.
        strength: 0 averages nothing, 1 the most.

    Attributes:
        memory: The number of past frames that count.
    """

    def __init__(self, inner: Inner, strength: float) -> None:
        self._inner = inner
        self._share = _MOST_PAST * strength
        self.memory = 0 if strength == 0 else math.ceil(math.log(_FORGOTTEN, self._share))
        self._past: _Past | None = None

    def __call__(self, frames: Sequence[Pixels], /) -> list[Pixels]:
        """Translate and steady the next frames of the sequence."""
        return [self._steadied(*each) for each in zip(frames, self._inner(frames), strict=True)]

    def restart(self) -> None:
        """Forget the past frames."""
        self._past = None

    def _steadied(self, frame: Pixels, translated: Pixels) -> Pixels:
        source, past = reduced(frame, _FLOW_SIDE), self._past
        motion = None
        if past is not None and past.average.shape == frame.shape:
            is_large = min(source.shape[:2]) >= SMALLEST_SIDE
            motion = find_motion(past.source, source) if is_large else None
        if past is None or motion is None:
            age = np.zeros(source.shape[:2], np.float32)
            self._past = _Past(source, translated.astype(np.float32), age)
            return translated
        age = self._age(past.age, motion)
        share = motion.trust * age / (1 + age)
        flow, share = _enlarged(motion.flow, share, frame.shape[:2])
        average = _average(past.average, translated, flow, share)
        self._past = _Past(source, average, age)
        return _sharpened(average, translated, share)

    def _age(self, before: Floats, motion: Motion) -> Floats:
        """How many past frames a pixel's average is of; fewer beside one that is not trusted."""
        older = (moved(before, motion.flow) + 1) * cv2.erode(motion.trust, _AROUND)
        most = self._share / (1 - self._share)
        if motion.fading * most > _MOST_LAG:  # the average of a steady fade lags by fading x age
            most = _MOST_LAG / motion.fading
        return np.asarray(np.minimum(older, most), np.float32)


def _enlarged(flow: Floats, share: Floats, shape: Sequence[int]) -> tuple[Floats, Floats]:
    """A flow and the shares of the past at the size of a frame."""
    height, width = shape
    if share.shape == (height, width):
        return flow, share
    scale = width / share.shape[1], height / share.shape[0]
    x, y = (
        cv2.resize(channel * factor, (width, height), interpolation=cv2.INTER_LINEAR)
        for channel, factor in zip(cv2.split(flow), scale, strict=True)
    )
    large = cv2.resize(share, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.merge([x, y]), np.float32), np.asarray(large, np.float32)


def _average(past: Floats, translated: Pixels, flow: Floats, share: Floats) -> Floats:
    """The average of the past and a translation, float32 [H, W, 3]."""
    warped = moved(past, flow, cv2.INTER_CUBIC)
    low, high = cv2.erode(translated, _AROUND), cv2.dilate(translated, _AROUND)
    least = cv2.addWeighted(low, 1, low, 0, -_TOLERANCE, dtype=cv2.CV_32F)
    most = cv2.addWeighted(high, 1, high, 0, _TOLERANCE, dtype=cv2.CV_32F)
    cv2.min(cv2.max(warped, least, dst=warped), most, dst=warped)
    return np.asarray(cv2.blendLinear(warped, translated.astype(np.float32), share, 1 - share))


def _sharpened(average: Floats, translated: Pixels, share: Floats) -> Pixels:
    """An average as sharp as its translation, by an unsharp mask where the past has a share."""
    blurred = np.asarray(cv2.GaussianBlur(average, (5, 5), _FINE_PX), np.float32)
    amount = share * _amount(average, blurred, translated, share)
    sharp = cv2.blendLinear(average, blurred, 1 + amount, -amount)
    return np.asarray(cv2.addWeighted(sharp, 1, sharp, 0, 0, dtype=cv2.CV_8U), np.uint8)


def _amount(average: Floats, blurred: Floats, translated: Pixels, share: Floats) -> float:
    """The amount k of the mask for which |grad(average + k mask)|^2 is that of the translation."""
    has, wanted = _gradients(_lines(average)), _gradients(_lines(translated))
    planes = zip(_lines(average), _lines(blurred), _lines(share), strict=True)
    gains = _gradients([(a - b) * s for a, b, s in planes])
    lack = _SHARPNESS * float(wanted @ wanted) - float(has @ has)
    energy, common = float(gains @ gains), float(has @ gains)
    if lack <= 0 or energy <= 0:
        return 0.0
    return min(_MOST_SHARPENING, (math.sqrt(common**2 + energy * lack) - common) / energy)


def _lines(picture: NDArray[Any]) -> list[Floats]:
    """Some rows and some columns of a picture, of its green channel if it has several."""
    plane = picture[..., 1] if picture.ndim == 3 else picture
    lines = plane[::_LINE_STEP], plane[:, ::_LINE_STEP].T
    return [np.ascontiguousarray(each, np.float32) for each in lines]


def _gradients(lines: Sequence[Floats]) -> Floats:
    return np.concatenate([np.diff(each, axis=1).ravel() for each in lines])
