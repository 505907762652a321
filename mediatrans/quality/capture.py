"""The capture of sources while they are translated, to be compared with the written file later."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mediatrans.quality.cycle import CycleFigures
from mediatrans.translate.stages.reduce import reduced

__all__ = ["MOST_BYTES", "MOST_WINDOWS", "Capture", "Raw", "Window"]

MOST_WINDOWS = 64
"""The most moments of a video that are kept. Beyond it every other one is dropped."""

MOST_BYTES = 96_000_000
"""The most memory of these moments. Beyond it every other one is dropped as well."""

_TRACE_STEP = 9


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

    @property
    def is_whole(self) -> bool:
        """Whether all pixels are kept."""
        return self.step == 1

    def of(self, result: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The same pixels of another picture of that size."""
        return result[:: self.step, :: self.step]


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
    time_s: float | None
    raw: Raw | None
    source: NDArray[np.uint8]
    following: NDArray[np.uint8] | None = None

    @property
    def bytes(self) -> int:
        """The memory that it takes."""
        trace = 0 if self.raw is None else self.raw.trace.nbytes
        return self.source.nbytes + (0 if self.following is None else self.following.nbytes) + trace


class Capture:
    """Keeps the sources of every n-th frame and of the one after it, at the working size.

    A capture holds at most `MOST_WINDOWS` moments and
    `MOST_BYTES`: a longer video is measured at fewer moments, evenly spread.

    Args:
        every: The frames whose index is a multiple of this.
        side: The working size: the length of a frame's shorter side; None for no limit.
        is_picture: Whether the source is a single picture, whose translation is kept whole.
    """

    def __init__(self, every: int, side: int | None, *, is_picture: bool = False) -> None:
        self._every = every
        self._side = side
        self._step = 1 if is_picture else _TRACE_STEP
        self._kept: dict[int, _Kept] = {}

    def observe(
        self,
        index: int,
        time_s: float | None,
        source: NDArray[np.uint8],
        translated: NDArray[np.uint8],
        raw: CycleFigures | None,
    ) -> None:
        """Keep a frame if it is due.

        Args:
            index: Its position in its source.
            time_s: Its time; None for a picture.
            source: uint8 [H, W, 3] RGB.
            translated: Its translation, as it will be written, the same shape.
            raw: The round trip of the translation; None if it was not measured.
        """
        if index % self._every == 0:
            trace = None
            if raw is not None:
                small = reduced(translated, self._side)[:: self._step, :: self._step]
                trace = Raw(raw, self._step, small.copy())
            self._kept[index] = _Kept(time_s, trace, reduced(source, self._side).copy())
        elif index - 1 in self._kept:
            self._kept[index - 1].following = reduced(source, self._side).copy()
        else:
            return
        while len(self._kept) > 1 and self._is_full():
            self._every *= 2
            self._kept = {i: kept for i, kept in self._kept.items() if i % self._every == 0}

    def _is_full(self) -> bool:
        if len(self._kept) > MOST_WINDOWS:
            return True
        return sum(kept.bytes for kept in self._kept.values()) > MOST_BYTES

    @property
    def indices(self) -> set[int]:
        """The indices of all frames that are kept, the second ones included."""
        return {i for i, kept in self._kept.items()} | {
            i + 1 for i, kept in self._kept.items() if kept.following is not None
        }

    def windows(self) -> Iterator[Window]:
        """The moments in order."""
        for index, kept in sorted(self._kept.items()):
            yield Window(index, kept.time_s, kept.source, kept.following, kept.raw)

    def clear(self) -> None:
        """Forget everything."""
        self._kept = {}
