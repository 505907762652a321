"""The padding of frames to a size that a graph accepts."""

import numpy as np

from mediatrans.translate.engines.engine import Pixels
from mediatrans.zoo.size_rule import SizeRule

__all__ = ["padded"]


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
