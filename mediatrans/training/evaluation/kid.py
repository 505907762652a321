"""The kernel distance between two sets of features, and how sure one can be of it."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["Interval", "KidFigures", "compare_kid", "kid"]

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
        ratio: Translated over untranslated, 0 is perfect and 1 means nothing gained; None where
            the features hardly tell the two domains apart, and a ratio would be noise.
    """

    translated: Interval
    untranslated: Interval
    ratio: Interval | None


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
    translated: Features, untranslated: Features, real: Features, resamples: int, seed: int
) -> KidFigures:
    """KID of a translation, of its input, and their ratio, with bootstrap intervals.

    Each resampling draws pictures with replacement: the same ones for the translated set and for
    its input, and the same real ones for both, so that the ratio's interval is that of a paired
    comparison. A picture drawn twice is never compared with itself, which would pass for
    similarity within the set.

    Args:
        translated: Features [n, d] of the translations.
        untranslated: Features [n, d] of what was translated, in the same order.
        real: Features [m, d] of real pictures of the target domain.
        resamples: Bootstrap resamplings.
        seed: Of the resamplings.
    """
    random = np.random.default_rng(seed)
    n, m = len(translated), len(real)
    # The first row counts every picture once: the figure itself.
    drawn = np.vstack([np.ones((1, n)), _draw(random, n, resamples)])
    drawn_real = np.vstack([np.ones((1, m)), _draw(random, m, resamples)])
    within_real = _within(_kernel(real, real), drawn_real)

    def distances(x: Features) -> NDArray[np.float64]:
        across = _between(_kernel(x, real), drawn, drawn_real)
        total: NDArray[np.float64] = _within(_kernel(x, x), drawn) + within_real - 2 * across
        return total

    after, before = distances(translated), distances(untranslated)
    baseline = Interval.of(before[0], before[1:])
    ratio = None
    if baseline.low > 0 and before.min() > 0:
        ratio = Interval.of(after[0] / before[0], after[1:] / before[1:])
    return KidFigures(Interval.of(after[0], after[1:]), baseline, ratio)


def _draw(random: np.random.Generator, pictures: int, resamples: int) -> NDArray[np.float64]:
    """How often each picture is drawn, a row a resampling."""
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
