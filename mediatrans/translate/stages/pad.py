"""The padding stage: pads frames to a size that the graph accepts, and crops the translations."""

from collections.abc import Sequence

import numpy as np

from mediatrans.translate.engines.engine import Pixels
from mediatrans.translate.stages.stage import Inner
from mediatrans.zoo.size_rule import SizeRule

__all__ = ["Pad", "padded"]


class Pad:
    """Pads frames at the bottom and the right, and crops their translations.

    Args:
        inner: The stage that translates the padded frames.
        rule: The picture sizes that it accepts.
    """

    memory = 0

    def __init__(self, inner: Inner, rule: SizeRule) -> None:
        self._inner = inner
        self._rule = rule

    def __call__(self, frames: Sequence[Pixels], /) -> list[Pixels]:
        """Translate frames of any size from 1x1 up."""
        height, width = frames[0].shape[:2]
        translated = self._inner([padded(frame, self._rule) for frame in frames])
        return [picture[:height, :width] for picture in translated]

    def restart(self) -> None:
        """Does nothing: the stage has no memory."""


def padded(frame: Pixels, rule: SizeRule) -> Pixels:
    """A frame padded to a size that a graph accepts.

    The padding mirrors the picture, repeatedly if the picture is smaller than the padding. An axis
    of one pixel is repeated.

    Args:
        frame: uint8 [H, W, 3].
        rule: The picture sizes that the graph accepts.

    Returns:
        uint8 [H', W', 3]; the frame itself if it needs no padding.
    """
    height, width = frame.shape[:2]
    below, right = rule.fitted(height) - height, rule.fitted(width) - width
    if below == right == 0:
        return np.ascontiguousarray(frame)
    return np.pad(frame, ((0, below), (0, right), (0, 0)), mode="reflect")
