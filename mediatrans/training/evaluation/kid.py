"""The kernel distance between two sets of features."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mediatrans.training.evaluation.resampling import Interval, draw, halvings, ratio_of

__all__ = ["KidFigures", "compare_kid", "kid"]

Features = NDArray[np.float64]
"""One row per picture, one column per feature."""


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
    drawn, drawn_real = draw(random, n, resamples), draw(random, m, resamples)
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


def _between_halves(
    kernel: NDArray[np.float64], random: np.random.Generator, count: int
) -> NDArray[np.float64]:
    """KID between random halves of a set, a figure a halving; 0 for sets of fewer than 4."""
    if len(kernel) < 4:
        return np.zeros(1)
    first, second = halvings(random, len(kernel), count)
    distance: NDArray[np.float64] = (
        _within(kernel, first) + _within(kernel, second) - 2 * _between(kernel, first, second)
    )
    return distance


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
