"""The cycle check: how well pictures survive the round trip F(G(x)) ~ x."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mediatrans.quality import metrics

__all__ = ["CycleFigures", "CycleMonitor", "CycleSummary", "Statistics", "Translate", "compare"]

Translate = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]
"""A generator: uint8 [H, W, 3] RGB to the same."""


@dataclass(frozen=True, slots=True)
class CycleFigures:
    """How far one picture is from its round trip.

    Attributes:
        psnr_db: Peak signal-to-noise ratio in dB.
        ssim: Structural similarity, at most 1.
        l1: Mean absolute difference in steps of the 8-bit scale.
    """

    psnr_db: float
    ssim: float
    l1: float


@dataclass(frozen=True, slots=True)
class Statistics:
    """One figure over several frames or pictures: its mean, its percentiles and its extremes."""

    mean: float
    min: float
    p05: float
    p50: float
    p95: float
    max: float

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
    """The round trips of several frames or pictures: those of one file, or those of a folder.

    Attributes:
        checked_frames: How many were translated there and back.
        psnr_db: Over those frames.
        ssim: Over those frames.
        l1: Over those frames; here the high tail is the bad one.
    """

    checked_frames: int
    psnr_db: Statistics
    ssim: Statistics
    l1: Statistics

    @classmethod
    def of(cls, figures: Iterable[CycleFigures]) -> "CycleSummary | None":
        """Summarise frames; None where there are none."""
        frames = list(figures)
        if not frames:
            return None
        return cls(
            checked_frames=len(frames),
            psnr_db=Statistics.of(f.psnr_db for f in frames),
            ssim=Statistics.of(f.ssim for f in frames),
            l1=Statistics.of(f.l1 for f in frames),
        )


def compare(source: NDArray[np.uint8], back: NDArray[np.uint8]) -> CycleFigures:
    """How far a picture is from its round trip.

    Args:
        source: uint8 [H, W, 3], before translation.
        back: The same shape, translated and translated back.
    """
    return CycleFigures(
        psnr_db=metrics.psnr(source, back),
        ssim=metrics.ssim(source, back),
        l1=metrics.l1(source, back),
    )


class CycleMonitor:
    """Translates every n-th frame back and measures it against its source.

    Args:
        inverse: The way back, uint8 [N, H, W, 3] to the same.
        every: Check frames whose index is a multiple of this.
    """

    def __init__(self, inverse: Translate, every: int = 1) -> None:
        self._inverse = inverse
        self._every = every
        self._figures: dict[int, CycleFigures] = {}

    def observe(
        self,
        indices: Iterable[int],
        sources: Sequence[NDArray[np.uint8]] | NDArray[np.uint8],
        translated: Sequence[NDArray[np.uint8]] | NDArray[np.uint8],
    ) -> None:
        """Check the frames of a batch whose turn it is.

        Args:
            indices: The frames' positions in their source.
            sources: uint8 [H, W, 3] each, before translation.
            translated: uint8 [H, W, 3] each, after it.

        Raises:
            InputError: The way back fails on this input.
        """
        for position, index in enumerate(indices):
            if index % self._every == 0:
                self._figures[index] = compare(
                    sources[position], self._inverse(translated[position])
                )

    def measured(self, first: int, end: int) -> dict[int, CycleFigures]:
        """What was measured of some frames, by their indices; nothing is forgotten.

        Args:
            first: Index of the first frame.
            end: Index of the frame after the last one.
        """
        return {i: self._figures[i] for i in range(first, end) if i in self._figures}

    def restore(self, figures: Mapping[int, CycleFigures]) -> None:
        """Take up what was measured of frames in an earlier run."""
        self._figures.update(figures)

    def summary(self) -> CycleSummary | None:
        """Summarise what was measured; None where nothing was."""
        return CycleSummary.of(self._figures.values())
