"""The cycle check: measures how well pictures survive the round trip F(G(x)) ~ x."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mediatrans.quality import metrics
from mediatrans.translate.stages.reduce import reduced

__all__ = ["CycleFigures", "CycleMonitor", "CycleSummary", "Statistics", "Translate", "compare"]

Translate = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]
"""A generator: maps uint8 [H, W, 3] RGB to the same shape."""


@dataclass(frozen=True, slots=True)
class CycleFigures:
    """The difference between one picture and its round trip.

    Attributes:
        psnr_db: Peak signal-to-noise ratio in dB.
        ssim: Structural similarity, at most 1.
        l1: Mean absolute difference in steps of the 8-bit scale.
        size: Width and height at which they were compared; None in the records of earlier versions.
    """

    psnr_db: float
    ssim: float
    l1: float
    size: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Statistics:
    """The mean, percentiles and extremes of one figure over several frames or pictures.

    The median is absent (None) in the records of earlier versions.
    """

    mean: float
    min: float
    p05: float
    p95: float
    max: float
    p50: float | None = None

    @classmethod
    def of(cls, values: Iterable[float]) -> Self:
        """The statistics of at least one value."""
        array = np.fromiter(values, np.float64)
        p05, p50, p95 = np.percentile(array, [5, 50, 95])
        return cls(
            mean=float(array.mean()),
            min=float(array.min()),
            p05=float(p05),
            p50=float(p50),
            p95=float(p95),
            max=float(array.max()),
        )


@dataclass(frozen=True, slots=True)
class CycleSummary:
    """The figures of the round trip over several frames or pictures.

    Attributes:
        checked_frames: The number of frames that were measured.
        psnr_db: PSNR in dB.
        ssim: Structural similarity.
        l1: Mean absolute difference; unlike the others, high values are bad.
        size: Width and height at which they were compared; None if they differ or are not known.
    """

    checked_frames: int
    psnr_db: Statistics
    ssim: Statistics
    l1: Statistics
    size: tuple[int, int] | None = None

    @classmethod
    def of(cls, figures: Iterable[CycleFigures]) -> "CycleSummary | None":
        """Summarise the figures of frames; None if there are none."""
        frames = list(figures)
        if not frames:
            return None
        sizes = {figures.size for figures in frames}
        return cls(
            checked_frames=len(frames),
            psnr_db=Statistics.of(f.psnr_db for f in frames),
            ssim=Statistics.of(f.ssim for f in frames),
            l1=Statistics.of(f.l1 for f in frames),
            size=sizes.pop() if len(sizes) == 1 else None,
        )


def compare(source: NDArray[np.uint8], back: NDArray[np.uint8]) -> CycleFigures:
    """Compare a picture with its round trip.

    Args:
        source: The picture, uint8 [H, W, 3].
        back: The picture after translation in both directions, the same shape.
    """
    return CycleFigures(
        psnr_db=metrics.psnr(source, back),
        ssim=metrics.ssim(source, back),
        l1=metrics.l1(source, back),
        size=(source.shape[1], source.shape[0]),
    )


class CycleMonitor:
    """Translates every n-th frame back and compares it with its source.

    The source and its translation, as it is delivered, are both reduced to the working size first,
    where the reverse generator works, too.

    Args:
        inverse: The reverse generator.
        every: Measure the frames whose index is a multiple of this.
        side: The working size: the length of a frame's shorter side; None for no limit.
    """

    def __init__(self, inverse: Translate, every: int = 1, side: int | None = None) -> None:
        self._inverse = inverse
        self._every = every
        self._side = side
        self._figures: dict[int, CycleFigures] = {}

    def observe(
        self,
        indices: Iterable[int],
        sources: Sequence[NDArray[np.uint8]] | NDArray[np.uint8],
        translated: Sequence[NDArray[np.uint8]] | NDArray[np.uint8],
    ) -> None:
        """Measure the frames of a batch that are due.

        Args:
            indices: The frames' positions in their source.
            sources: The source frames, uint8 [H, W, 3] each.
            translated: Their translations, uint8 [H, W, 3] each.

        Raises:
            InputError: The reverse generator fails on this input.
        """
        for position, index in enumerate(indices):
            if index % self._every == 0:
                source = reduced(sources[position], self._side)
                back = self._inverse(reduced(translated[position], self._side))
                self._figures[index] = compare(source, back)

    def measured(self, first: int, end: int) -> dict[int, CycleFigures]:
        """The figures of the measured frames in a range, by frame index.

        Args:
            first: Index of the first frame.
            end: Index after the last frame.
        """
        return {i: self._figures[i] for i in range(first, end) if i in self._figures}

    def restore(self, figures: Mapping[int, CycleFigures]) -> None:
        """Add the figures of frames that an earlier run has measured."""
        self._figures.update(figures)

    def summary(self) -> CycleSummary | None:
        """Summarise the measured frames; None if there are none."""
        return CycleSummary.of(self._figures.values())
