"""The capture of sources while they are translated, to be compared with the written file later."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mediatrans.quality.cycle import CycleFigures
from mediatrans.translate.stages.reduce import reduced

__all__ = ["MOST_BYTES", "MOST_WINDOWS", "TRACE_STEP", "Capture", "Raw", "Window"]

MOST_WINDOWS = 64
"""The most moments of a video that are kept. Beyond it every other one is dropped."""

MOST_BYTES = 96_000_000
"""The most memory of these moments. Beyond it every other one is dropped as well."""

TRACE_STEP = 9
"""One in this many pixels and rows of a video's translation is kept."""


@dataclass(frozen=True, slots=True)
class Raw:
    """A translation before it is written.

    Attributes:
        figures: Its round trip.
        step: Every `step`-th pixel of every `step`-th row is kept.
        trace: These pixels of the translation at the working size, uint8 [h, w, 3].
    """

    figures: CycleFigures
    step: int
    trace: NDArray[np.uint8]

    @classmethod
    def of_frame(cls, figures: CycleFigures, translated: NDArray[np.uint8]) -> Self:
        """Of a video's frame a few pixels are kept.

        Args:
            figures: Its round trip.
            translated: The translation at the working size, uint8 [H, W, 3] RGB.
        """
        return cls(figures, TRACE_STEP, translated[::TRACE_STEP, ::TRACE_STEP].copy())

    def of(self, result: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The same pixels of another picture of that size."""
        return result[:: self.step, :: self.step]

    def fits(self, source: NDArray[np.uint8]) -> bool:
        """Whether it can be the translation of a picture: it has the same size."""
        return self.of(source).shape == self.trace.shape


@dataclass(frozen=True, slots=True)
class Window:
    """The source at a moment: a picture, or two consecutive frames of a video.

    Attributes:
        index: The index of the first frame.
        time_s: Seconds from the beginning of the video; None for a picture.
        source: The picture or first frame at the working size, uint8 [H, W, 3] RGB.
        following: The second frame; None if there is none.
        raw: Its translation before it was written; None if it is not known.
    """

    index: int
    time_s: float | None
    source: NDArray[np.uint8]
    following: NDArray[np.uint8] | None = None
    raw: Raw | None = None


@dataclass(slots=True)
class _Kept:
    raw: Raw | None = None
    time_s: float | None = None
    source: NDArray[np.uint8] | None = None
    following: NDArray[np.uint8] | None = None

    @property
    def bytes(self) -> int:
        """The memory that it takes."""
        pictures = (self.source, self.following, None if self.raw is None else self.raw.trace)
        return sum(picture.nbytes for picture in pictures if picture is not None)


class Capture:
    """Keeps the sources of every n-th frame and of the one after it, at the working size.

    A capture holds at most `MOST_WINDOWS` moments and `MOST_BYTES`: a longer video is measured at
    fewer moments, evenly spread.

    Args:
        every: The frames whose index is a multiple of this.
        side: The working size: the length of a frame's shorter side; None for no limit.
        first: Index of the first frame that it is shown.
    """

    def __init__(self, every: int, side: int | None, first: int = 0) -> None:
        self._every = every
        self._side = side
        self._kept: dict[int, _Kept] = {}
        while first > self._every * MOST_WINDOWS:
            self._every *= 2

    def is_due(self, index: int) -> bool:
        """Whether a frame begins a moment."""
        return index % self._every == 0

    def reduced(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A frame at the working size."""
        return reduced(frame, self._side)

    def remember(self, index: int, raw: Raw) -> None:
        """Keep a translation if it is due, to be compared with a source that is observed later.

        Args:
            index: The frame's position in its source.
            raw: The translation before it was written.
        """
        if self.is_due(index):
            self._kept[index] = _Kept(raw)
            self._thin_out()

    def observe(
        self, index: int, time_s: float | None, source: NDArray[np.uint8], raw: Raw | None = None
    ) -> None:
        """Keep a frame if it is due.

        Args:
            index: Its position in its source.
            time_s: Its time; None for a picture.
            source: uint8 [H, W, 3] RGB.
            raw: Its translation before it was written; None takes the one that is remembered.
        """
        before = self._kept.get(index - 1)
        if before is None and not self.is_due(index):
            return
        small = self.reduced(source).copy()
        if before is not None:
            before.following = small
        if self.is_due(index):
            known = self._kept.get(index, _Kept()).raw if raw is None else raw
            is_same = known is not None and known.fits(small)
            self._kept[index] = _Kept(known if is_same else None, time_s, small)
        self._thin_out()

    def _thin_out(self) -> None:
        while len(self._kept) > 1 and self._is_full():
            self._every *= 2
            self._kept = {i: kept for i, kept in self._kept.items() if i % self._every == 0}

    def _is_full(self) -> bool:
        if len(self._kept) > MOST_WINDOWS:
            return True
        return sum(kept.bytes for kept in self._kept.values()) > MOST_BYTES

    @property
    def indices(self) -> set[int]:
        """The indices of all frames whose source is kept, the second ones included."""
        return {i for i, kept in self._kept.items() if kept.source is not None} | {
            i + 1 for i, kept in self._kept.items() if kept.following is not None
        }

    def windows(self) -> Iterator[Window]:
        """The moments in order."""
        for index, kept in sorted(self._kept.items()):
            if kept.source is not None:
                yield Window(index, kept.time_s, kept.source, kept.following, kept.raw)

    def raws(self, first: int, end: int) -> dict[int, Raw]:
        """The translations of the moments in a range, by the index of their frame.

        It may be called while another thread adds some.

        Args:
            first: Index of the first frame.
            end: Index after the last frame.
        """
        kept = ((index, self._kept.get(index)) for index in range(first, end))
        return {index: one.raw for index, one in kept if one is not None and one.raw is not None}
