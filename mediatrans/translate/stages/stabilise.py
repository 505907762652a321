"""The stage that steadies a video: translations are averaged along the motion of their source."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from mediatrans.translate.engines.engine import Pixels
from mediatrans.translate.motion import SMALLEST_SIDE, Motion, find_motion, moved
from mediatrans.translate.stages.agreement import agreement, carried
from mediatrans.translate.stages.recolour import Floats
from mediatrans.translate.stages.reduce import reduced
from mediatrans.translate.stages.running_average import average, enlarged, sharpened
from mediatrans.translate.stages.stage import Inner

__all__ = ["METHOD", "Stabilise"]

METHOD = "averaged in RGB where the source agrees, sharpened in luma"
"""How frames are averaged; a video that was begun with another method is started over."""

_FLOW_SIDE = 180
"""The shorter side of the frames, in pixels, between which motion is found."""

_MOST_PAST = 0.9
"""The share of the past in an average at full strength."""

_FORGOTTEN = 0.065
"""The share of an average that older frames than those of the memory would have."""

_MOST_LAG = 1.5
"""Steps of the 8-bit scale by which an average may lag behind the brightness of the source."""

_AROUND = np.ones((3, 3), np.uint8)


class _Past(NamedTuple):
    """What is kept of the frames before.

    Attributes:
        source: The last frame, reduced; uint8 [h, w, 3].
        sources: The average of the reduced frames with the same weights; float32 [h, w, 3].
        average: The average of their translations; float32 [H, W, 3].
        age: How many of them each pixel's average is of, beside the last; float32 [h, w].
    """

    source: Pixels
    sources: Floats
    average: Floats
    age: Floats


class Stabilise:
    """Averages each translation with those before it, moved along the motion of the source.

    Where the motion is not known, for example where an object uncovers the background, a pixel's
    average begins anew. It is that of all frames since, and later of the most recent ones. The
    source is averaged in the same way, and where its average has come to differ from it, the past
    counts less. The past is kept within the values around a pixel, as in temporal anti-aliasing
    (Karis, SIGGRAPH 2014 courses), which bounds a ghost. What averaging takes of the gradient
    energy is given back by sharpening.

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
        if min(source.shape[:2]) < SMALLEST_SIDE:
            return translated
        motion = None
        if past is not None and past.average.shape == translated.shape:
            motion = find_motion(past.source, source)
        if past is None or motion is None:
            age = np.zeros(source.shape[:2], np.float32)
            begun = source.astype(np.float32), translated.astype(np.float32)
            self._past = _Past(source, begun[0], begun[1], age)
            return translated
        age = self._age(past.age, motion)
        before = carried(past.sources, source, motion.flow)
        share = agreement(before, source, motion.flow) * motion.trust * age / (1 + age)
        blended = cv2.blendLinear(before, source.astype(np.float32), share, 1 - share)
        sources = np.asarray(blended, np.float32)
        along = enlarged(motion.flow, share, frame.shape[:2])
        steady = average(past.average, translated, along)
        self._past = _Past(source, sources, steady, age)
        return sharpened(steady, translated, along.share)

    def _age(self, before: Floats, motion: Motion) -> Floats:
        """How many past frames a pixel's average is of; fewer beside one that is not trusted."""
        older = (moved(before, motion.flow) + 1) * cv2.erode(motion.trust, _AROUND)
        most = self._share / (1 - self._share)
        if motion.fading * most > _MOST_LAG:  # the average of a steady fade lags by fading x age
            most = _MOST_LAG / motion.fading
        return np.asarray(np.minimum(older, most), np.float32)
