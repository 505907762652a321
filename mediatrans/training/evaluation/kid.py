"""The kernel distance between two sets of features, and how sure one can be of it."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["Interval", "KidFigures", "compare_kid", "draw", "kid", "ratio_of"]

_CONFIDENCE = 95.0

Features = NDArray[np.float64]
"""One row per picture, one column per feature."""


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


@dataclass(frozen=True, slots=True)
class KidFigures:
    """The distance of the translations from the target domain, beside that of their inputs.

    Attributes:
        translated: KID between the translated and the real pictures of the target.
        untranslated: The same for the pictures as they were: the baseline.
        colour_transfer: The same for the pictures with the colours of real ones of the target.
        real_halves: Between random halves of the real pictures: the mean over many halvings, which
            is near 0, and the range of 95 % of them.
        ratio: Translated over untranslated, 0 is perfect and 1 means nothing gained; None where
            the features hardly tell the two domains apart, and a ratio would be noise.
        colour_transfer_ratio: Colour transfer over untranslated; None likewise.
        gain: Colour transfer over translated, how much better than it the translation is; None
            where the translations are so near to real pictures that it would be noise.
    """

    translated: Interval
    untranslated: Interval
    colour_transfer: Interval
    real_halves: Interval
    ratio: Interval | None
    colour_transfer_ratio: Interval | None
    gain: Interval | None


def kid(x: Features, y: Features) -> float:
    """Kernel inception distance: Binkowski, Sutherland, Arbel and Gretton, ICLR 2018.

    The unbiased estimate of the squared maximum mean discrepancy under the kernel
    (x.y / d + 1)^3, over all pictures at once rather than over random subsets.

    Args:
        x: Features [n, d] of at least 2 pictures.
        y: Features [m, d] of at least 2 pictures.

    Returns:
        The distance; as an unbiased estimate it may fall a little below 0.
    """
    once_x, once_y = np.ones((1, len(x))), np.ones((1, len(y)))
    within = _within(_kernel(x, x), once_x) + _within(_kernel(y, y), once_y)
    return float((within - 2 * _between(_kernel(x, y), once_x, once_y))[0])


def compare_kid(
    translated: Features,
    untranslated: Features,
    colour_transfer: Features,
    real: Features,
    resamples: int,
    seed: int,
) -> KidFigures:
    """KID of a translation and of its baselines, and their ratios, with bootstrap intervals.

    Each resampling draws pictures with replacement: the same ones for the translated set, for its
    input and for the colour transfer, and the same real ones for all three, so that the interval of
    a ratio is that of a paired comparison. A picture drawn twice is never compared with itself,
    which would pass for similarity within the set.

    Args:
        translated: Features [n, d] of the translations.
        untranslated: Features [n, d] of what was translated, in the same order.
        colour_transfer: Features [n, d] of the same with the colours of the target, in that order.
        real: Features [m, d] of real pictures of the target domain.
        resamples: Bootstrap resamplings, and random halvings of the real pictures.
        seed: Of the resamplings.
    """
    random = np.random.default_rng(seed)
    n, m = len(translated), len(real)
    # The first row counts every picture once: the figure itself.
    drawn = np.vstack([np.ones((1, n)), draw(random, n, resamples)])
    drawn_real = np.vstack([np.ones((1, m)), draw(random, m, resamples)])
    among_real = _kernel(real, real)
    within_real = _within(among_real, drawn_real)

    def distances(x: Features) -> NDArray[np.float64]:
        across = _between(_kernel(x, real), drawn, drawn_real)
        total: NDArray[np.float64] = _within(_kernel(x, x), drawn) + within_real - 2 * across
        return total

    after, before = distances(translated), distances(untranslated)
    coloured = distances(colour_transfer)
    halves = _between_halves(among_real, random, resamples)
    return KidFigures(
        translated=Interval.of(after[0], after[1:]),
        untranslated=Interval.of(before[0], before[1:]),
        colour_transfer=Interval.of(coloured[0], coloured[1:]),
        real_halves=Interval.of(halves.mean(), halves),
        ratio=ratio_of(after, before),
        colour_transfer_ratio=ratio_of(coloured, before),
        gain=ratio_of(coloured, after),
    )


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


def _between_halves(
    kernel: NDArray[np.float64], random: np.random.Generator, count: int
) -> NDArray[np.float64]:
    """KID between random halves of a set, a figure a halving; 0 for sets of fewer than 4."""
    pictures = len(kernel)
    if pictures < 4:
        return np.zeros(1)
    order = random.permuted(np.tile(np.arange(pictures), (count, 1)), axis=1)
    first = (order < pictures // 2).astype(np.float64)
    second = 1.0 - first
    distance: NDArray[np.float64] = (
        _within(kernel, first) + _within(kernel, second) - 2 * _between(kernel, first, second)
    )
    return distance


def draw(random: np.random.Generator, pictures: int, resamples: int) -> NDArray[np.float64]:
    """How often each picture is drawn with replacement [resamples, pictures], a row a resampling.

    Args:
        random: Draws.
        pictures: How many there are, at least 2.
        resamples: How many rows.
    """
    drawn = np.empty((0, pictures))
    while len(drawn) < resamples:
        more = random.multinomial(pictures, np.full(pictures, 1 / pictures), resamples)
        # One picture over and over has no pairs; with few pictures that happens.
        drawn = np.vstack([drawn, more[more.max(axis=1) < pictures]])
    return drawn[:resamples]


def _kernel(x: Features, y: Features) -> NDArray[np.float64]:
    kernel: NDArray[np.float64] = (x @ y.T / x.shape[1] + 1.0) ** 3
    return kernel


def _within(kernel: NDArray[np.float64], drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean kernel over the pairs of different pictures, each as often as it was drawn."""
    pairs = drawn.sum(axis=1) ** 2 - (drawn**2).sum(axis=1)
    itself = drawn**2 @ np.diagonal(kernel)
    mean: NDArray[np.float64] = (((drawn @ kernel) * drawn).sum(axis=1) - itself) / pairs
    return mean


def _between(
    kernel: NDArray[np.float64], drawn_x: NDArray[np.float64], drawn_y: NDArray[np.float64]
) -> NDArray[np.float64]:
    pairs = drawn_x.sum(axis=1) * drawn_y.sum(axis=1)
    mean: NDArray[np.float64] = ((drawn_x @ kernel) * drawn_y).sum(axis=1) / pairs
    return mean
