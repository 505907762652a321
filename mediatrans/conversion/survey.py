"""The survey of a video: whether it can be converted in spans, and which frames it has."""

from dataclasses import dataclass, replace
from fractions import Fraction

from mediatrans.conversion.cut import FEW_KEYFRAMES, cut_spans
from mediatrans.conversion.task import Span, Task
from mediatrans.conversion.workshop import Workshop
from mediatrans.errors import MediatransError
from mediatrans.media.frames import MediaInfo, Stretch, VideoInfo
from mediatrans.media.read.frame_times import FrameTimes, UncertainTimesError, frame_times
from mediatrans.media.write.segments.segmented_sink import single_piece

__all__ = ["Division", "Survey", "Surveyed", "division_of", "survey"]

_SHORT = "it has at most two segments"


@dataclass(frozen=True, slots=True)
class Survey:
    """The wish for the survey of a task's video.

    Attributes:
        task: The task.
    """

    task: Task


@dataclass(frozen=True, slots=True)
class Surveyed:
    """What is known of a video before it is decoded.

    Attributes:
        length: Frames per segment; None for an output in a single piece.
        size: Width and height of the frames in pixels; None if unknown.
        total: The number of frames, approximate without `times`; None if unknown.
        time_base: Seconds per tick of `times`.
        times: The frames; None if they cannot be told before decoding.
        reason: Why it cannot be cut, a clause; None if its frames can be told.
    """

    length: int | None = None
    size: tuple[int, int] | None = None
    total: int | None = None
    time_base: Fraction = Fraction(1)
    times: FrameTimes | None = None
    reason: str | None = None

    def spans(self, first: int, *, workers: int, memory: int) -> list[Span]:
        """The spans of the frames from `first` on; none if they cannot be cut.

        Args:
            first: The first frame that is not done, at the border of a segment.
            workers: The number of workers that share them.
            memory: The number of past frames that a translation depends on.
        """
        if self.times is None or self.length is None:
            return []
        return cut_spans(
            self.times, self.time_base, self.length, first=first, workers=workers, memory=memory
        )


@dataclass(frozen=True, slots=True)
class Division:
    """How several workers divide a video.

    Attributes:
        spans: The number of its spans.
        reason: Why it is one, a clause; None if it is divided, or if it cannot be opened.
    """

    spans: int
    reason: str | None


def division_of(task: Task, workshop: Workshop, workers: int) -> Division:
    """How workers will divide a video of which nothing is done.

    Args:
        task: The task.
        workshop: The options; no model is loaded.
        workers: The number of workers.
    """
    found = survey(task, workshop)
    spans = found.spans(0, workers=workers, memory=workshop.memory("video"))
    if len(spans) > 1:
        return Division(len(spans), None)
    return Division(1, FEW_KEYFRAMES if found.times else found.reason)


def survey(task: Task, workshop: Workshop) -> Surveyed:
    """Survey the video of a task.

    Errors are left to the conversion, which meets them again and reports them.

    Args:
        task: The task.
        workshop: The options.
    """
    # A stretch says that the source need not look for damage: `frame_times` does.
    opened = replace(task, span=Span(0, None, stretch=Stretch(0, (), None)))
    try:
        with workshop.source(opened) as source:
            info = source.info
        length = workshop.segment_length(task, info)
        if length is None:
            return Surveyed(reason=single_piece(info, task.output) or _SHORT)
        size = (info.width, info.height) if info.width and info.height else None
        found = Surveyed(length, size, info.frame_count, info.time_base or Fraction(1))
        try:
            times = _times(task, info)
        except UncertainTimesError as error:
            return replace(found, reason=str(error))
        return replace(found, times=times, total=len(times.times))
    except MediatransError:
        return Surveyed()


def _times(task: Task, info: MediaInfo) -> FrameTimes:
    if task.frames and info.frame_count is not None:
        pictures = list(range(info.frame_count))
        return FrameTimes(pictures, pictures)
    if not isinstance(info, VideoInfo):
        raise UncertainTimesError("its source cannot be cut")
    if info.is_interlaced:
        raise UncertainTimesError("it is interlaced: a frame depends on its neighbours")
    return frame_times(task.input, info)
