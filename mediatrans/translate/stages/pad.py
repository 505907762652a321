"""The stage that brings frames to a size that the graph takes, and their translations back."""

from collections.abc import Sequence

import numpy as np

from mediatrans.translate.engines.engine import Pixels
from mediatrans.translate.stages.stage import Inner
from mediatrans.zoo.size_rule import SizeRule

__all__ = ["Pad", "padded"]


class Pad:
    """Pads below and to the right, and crops the translation back.

    Args:
        inner: What is given the padded frames.
        rule: The sizes that it takes.
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
        """Nothing is remembered."""


def padded(frame: Pixels, rule: SizeRule) -> Pixels:
    """A frame that a graph can take.

    The padding mirrors the picture, over again where the picture is smaller than the padding; an
    axis of one pixel repeats it.

    Args:
        frame: uint8 [H, W, 3].
        rule: The sizes that the graph takes.

    Returns:
        uint8 [H', W', 3], the frame itself where nothing is missing.
    """
    height, width = frame.shape[:2]
    below, right = rule.fitted(height) - height, rule.fitted(width) - width
    if below == right == 0:
        return np.ascontiguousarray(frame)
    return np.pad(frame, ((0, below), (0, right), (0, 0)), mode="reflect")
