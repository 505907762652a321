"""How sure one can be of a figure: resamplings of the pictures, and the range that they give."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["Interval", "draw", "halvings", "ratio_of"]

_CONFIDENCE = 95.0


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with the range that holds it in 95 of 100 resamplings of the pictures.

    Attributes:
        value: Of the pictures as they are.
        low: 2.5th percentile over the resamplings.
        high: 97.5th percentile.
    """

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, value: float, resampled: NDArray[np.float64]) -> Self:
        """The interval of a value and of what the resamplings gave."""
        outside = (100.0 - _CONFIDENCE) / 2
        low, high = np.percentile(resampled, [outside, 100.0 - outside])
        return cls(float(value), float(low), float(high))


def ratio_of(above: NDArray[np.float64], below: NDArray[np.float64]) -> Interval | None:
    """The interval of a ratio of two distances; None where the lower one may be 0.

    Args:
        above: Of the pictures as they are, then of each resampling.
        below: Likewise, in the same order.
    """
    low = np.percentile(below[1:], (100.0 - _CONFIDENCE) / 2)
    if low <= 0 or below[0] <= 0:
        return None
    usable = below[1:] > 0  # all, or all but the least 2.5 %
    return Interval.of(above[0] / below[0], above[1:][usable] / below[1:][usable])


def draw(random: np.random.Generator, pictures: int, resamples: int) -> NDArray[np.float64]:
    """How often each picture counts, float [1 + resamples, pictures].

    In the first row every picture counts once: the figure itself. Each other row is a resampling
    with replacement.

    Args:
        random: Draws.
        pictures: How many there are, at least 2.
        resamples: How many resamplings.
    """
    drawn = np.empty((0, pictures))
    while len(drawn) < resamples:
        more = random.multinomial(pictures, np.full(pictures, 1 / pictures), resamples)
        # One picture over and over has no pairs; with few pictures that happens.
        drawn = np.vstack([drawn, more[more.max(axis=1) < pictures]])
    return np.vstack([np.ones((1, pictures)), drawn[:resamples]])


def halvings(
    random: np.random.Generator, pictures: int, count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Random halves of a set: 1 where a picture is in the first, and in the second [count, n].

    Args:
        random: Draws.
        pictures: How many there are.
        count: How many halvings.
    """
    order = random.permuted(np.tile(np.arange(pictures), (count, 1)), axis=1)
    first = (order < pictures // 2).astype(np.float64)
    return first, 1.0 - first
