"""Frames of one colour: what a translation draws at their border."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mediatrans.media.frames import Pixels
from mediatrans.quality.cycle import Translate

__all__ = ["FlatFrames", "border_against_middle", "measure_flat_frames"]

_WIDTH, _HEIGHT = 640, 360
_BORDER = 16
_COLOURS = {
    "black": (0, 0, 0),
    "grey": (128, 128, 128),
    "white": (255, 255, 255),
    "blue": (0, 0, 255),
}


@dataclass(frozen=True, slots=True)
class FlatFrames:
    """The largest difference between border and middle, of 255, by the colour of the frame.

    Attributes:
        to_b: Of frames translated to domain b.
        to_a: Of frames translated to domain a.
    """

    to_b: Mapping[str, float]
    to_a: Mapping[str, float]

    def to_dict(self, domains: tuple[str, str]) -> dict[str, Any]:
        """The figures as JSON and card have them."""
        a, b = domains
        return {f"to_{b}": dict(self.to_b), f"to_{a}": dict(self.to_a)}


def measure_flat_frames(translators: tuple[Translate, Translate]) -> FlatFrames:
    """Translate black, grey, white and blue frames of 640 x 360 in both directions.

    Args:
        translators: a -> b and b -> a.

    Raises:
        InputError: A translator fails.
    """
    to_b, to_a = (
        {
            name: border_against_middle(translate(_frame(colour)))
            for name, colour in _COLOURS.items()
        }
        for translate in translators
    )
    return FlatFrames(to_b, to_a)


def border_against_middle(picture: Pixels) -> float:
    """The largest difference of a channel between the outer 16 pixels and the middle's mean.

    The middle is the inner half of the width and of the height.

    Args:
        picture: uint8 [H, W, 3] RGB, larger than 32 x 32.

    Returns:
        Steps of the 8-bit scale.
    """
    height, width = picture.shape[:2]
    rows, columns = height // 4, width // 4
    inner = picture[rows : height - rows, columns : width - columns]
    border = np.ones((height, width), bool)
    border[_BORDER : height - _BORDER, _BORDER : width - _BORDER] = False
    return float(np.abs(picture[border] - inner.mean(axis=(0, 1))).max())


def _frame(colour: tuple[int, int, int]) -> Pixels:
    return np.full((_HEIGHT, _WIDTH, 3), colour, np.uint8)
