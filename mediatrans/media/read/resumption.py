"""Finding the place in a video from which a run that was interrupted goes on."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from mediatrans.errors import InputError
from mediatrans.media.frames import Frame, Mark
from mediatrans.media.read.bounded_source import BoundedSource, ReaderStalledError

__all__ = ["Resumption"]

_LOG = logging.getLogger(__name__)

# Filters that look at the frames around, and keyframes that are none, need a run-up.
_RUN_UP_S = Fraction(1)


class Resumption:
    """The frames of a source that are still to be translated.

    Args:
        source: The opened source.
        done: The last frame that is done, or None where none is.
        length: Frames in a segment.

    Attributes:
        marks: The mark of the last frame of every segment that was read, by its index.
    """

    def __init__(self, source: BoundedSource, done: Mark | None, length: int) -> None:
        self.marks: dict[int, Mark] = {}
        self._source = source
        self._done = done
        self._length = length

    def __iter__(self) -> Iterator[Frame]:
        frames = iter(self._source) if self._done is None else self._after(self._done)
        limit = self._source.info.clip.limit
        frame: Frame | None = None
        try:
            for frame in frames:
                if limit is not None and frame.index >= limit:
                    return
                if (frame.index + 1) % self._length == 0:
                    self.marks[frame.index] = Mark.of(frame, frame.index)
                yield frame
        except InputError:
            self._mark_last(frame)
            raise
        self._mark_last(frame)

    def _mark_last(self, frame: Frame | None) -> None:
        # A video that turns out to be cut short ends here, where a part of it is enough.
        if frame is not None:
            self.marks[frame.index] = Mark.of(frame, frame.index)

    def _after(self, done: Mark) -> Iterator[Frame]:
        """The frames after one that is done, sought where that is exact, else found by counting."""
        source = self._source
        try:
            frames = None if done.is_time_repaired else self._sought(done)
        except ReaderStalledError:
            raise
        except InputError:
            frames = None
        if frames is None:
            # It cannot be sought in, its times were repaired, or decoding from there is not exact.
            _LOG.info("%s: decoded from the beginning up to its place", source.info.path)
            source.restart(None)
            yield from (frame for frame in source if frame.index > done.index)
            return
        for index, frame in enumerate(frames, done.index + 1):
            yield replace(frame, index=index, name=f"{source.info.path}, frame {index}")

    def _sought(self, done: Mark) -> Iterator[Frame] | None:
        """The frames after one that is done, found by its time and its pixels, else None."""
        source = self._source
        source.restart(max(Fraction(0), done.pts * source.info.time_base - _RUN_UP_S))
        frames = iter(source)
        for frame in frames:
            assert frame.pts is not None
            if frame.pts >= done.pts:
                return frames if Mark.of(frame, done.index) == done else None
        return None
