"""The difference of two translations, and the picture like a photograph it is measured on."""

from typing import NamedTuple

import cv2
import numpy as np

from mediatrans.translate.engines.engine import Engine, Pixels
from mediatrans.zoo.size_rule import SizeRule

__all__ = ["LARGEST", "MEAN", "Difference", "difference", "photograph_like", "sample"]

LARGEST = 3
"""The largest difference of a value, of 255, at which a fast engine is taken."""
MEAN = 0.5
"""The largest mean difference, of 255, at which a fast engine is taken."""

_SIDE = 256


class Difference(NamedTuple):
    """How far two pictures are apart, in values of 0 to 255.

    Attributes:
        largest: The largest difference of a value.
        mean: The mean difference.
    """

    largest: int
    mean: float

    @property
    def is_small(self) -> bool:
        """Whether one picture can stand for the other."""
        return self.largest <= LARGEST and self.mean <= MEAN


def difference(engine: Engine, images: Pixels, expected: Pixels) -> Difference:
    """How far an engine's translation is from the expected one.

    Args:
        engine: The engine.
        images: uint8 [N, H, W, 3] RGB.
        expected: Their translation by the reference, of the same shape.

    Raises:
        InputError: The engine fails on them.
        ModelError: The output is not a picture of the input's size.
    """
    found = engine.run(images).image.astype(np.int16)
    apart = np.abs(found - expected)
    return Difference(int(apart.max()), float(apart.mean()))


def sample(rule: SizeRule) -> Pixels:
    """One picture like a photograph, uint8 [1, H, W, 3] RGB, of a size that the graph accepts."""
    side = rule.fitted(_SIDE)
    return photograph_like(np.random.default_rng(0), side, side)[np.newaxis]


def photograph_like(random: np.random.Generator, height: int, width: int) -> Pixels:
    """A picture with the 1/f spectrum of natural pictures: noise of all scales, stronger if coarse.

    Args:
        random: The source of the noise.
        height: In pixels.
        width: In pixels.

    Returns:
        uint8 [H, W, 3].
    """
    picture = np.zeros((height, width, 3))
    for side in (2, 4, 8, 16, 32):
        coarse = random.normal(0, 1 / side, (side, side, 3))
        picture += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    picture = 127 + 120 * picture / np.abs(picture).max()
    return np.asarray(picture, np.uint8)
