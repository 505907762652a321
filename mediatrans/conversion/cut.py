"""The cutting of a video into spans, whose frames are known by their times before decoding."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import ceil

from mediatrans.conversion.task import Span
from mediatrans.media.frames import Stretch
from mediatrans.media.read.frame_times import FrameTimes
from mediatrans.media.read.resumption import RUN_UP_S

__all__ = ["FEW_KEYFRAMES", "cut_spans"]

FEW_KEYFRAMES = "its keyframes are too far apart"
"""Why a video whose frames are known is not cut, a clause."""

_SPANS_PER_WORKER = 4
_MOST_SEGMENTS = 10
_MOST_DECODED_TWICE = 1


def cut_spans(
    found: FrameTimes, time_base: Fraction, length: int, *, first: int, workers: int, memory: int
) -> list[Span]:
    """Cut the frames of a video from `first` on into spans of whole segments.

    Borders are chosen behind keyframes: frames from the keyframe before a border up to it are
    decoded twice. Spans are longer where keyframes are few.

    Args:
        found: All frames of the video.
        time_base: Seconds per tick of their times.
        length: Frames per segment.
        first: The first frame that is not done, at the border of a segment.
        workers: The number of workers that share the spans.
        memory: The number of past frames that a translation depends on.

    Returns:
        The spans in order. They are none if keyframes are too few to divide the video.
    """
    borders = _Borders(found, time_base, max(memory, 1))
    total = len(found.times)
    segments = ceil((total - first) / length)
    count = max(min(_SPANS_PER_WORKER * workers, segments), ceil(segments / _MOST_SEGMENTS))
    while count > 1:
        firsts = list(_firsts(borders, first, total, length, count))
        twice = sum(borders.run_up(border) for border in firsts if border > first)
        if twice <= _MOST_DECODED_TWICE * (total - first):
            ends = [*firsts[1:], total]
            return [borders.span(*ends_of) for ends_of in zip(firsts, ends, strict=True)]
        count = max(workers, count // 2) if count > workers else count - 1
    return []


class _Borders:
    """The cost of a span's beginning, and the span from there on."""

    def __init__(self, found: FrameTimes, time_base: Fraction, before: int) -> None:
        self._times: Sequence[int] = found.times
        self._keyframes = found.keyframes
        self._base = time_base
        self._before = before
        self._ticks = int(RUN_UP_S / time_base)

    def run_up(self, border: int) -> int:
        """How many frames are decoded before the first frame of a span."""
        if border == 0:
            return 0
        sought = self._times[max(0, border - self._before)] - self._ticks
        place = bisect_right(self._keyframes, sought)
        keyframe = self._keyframes[place - 1] if place else self._times[0]
        return border - bisect_right(self._times, keyframe) + 1

    def span(self, first: int, end: int) -> Span:
        """The span from one border to another."""
        begin = max(0, first - self._before)
        times = tuple(self._times[begin:end])
        begin_s = None if first == 0 else max(Fraction(0), times[0] * self._base - RUN_UP_S)
        return Span(first, end, stretch=Stretch(begin, times, begin_s))


def _firsts(borders: _Borders, first: int, total: int, length: int, count: int) -> Iterator[int]:
    """The first frames of `count` spans, of equal lengths where keyframes allow.

    A frame that is decoded twice counts half as much as one that a span has too many or too few:
    decoding takes far less than translating, and a span that is too long ends last.
    """
    for left in range(count, 0, -1):
        yield first
        share = (total - first) / left
        least = first + length * max(1, int(share / 2) // length)
        most = first + max(int(1.5 * share), length)
        ends = range(least, min(most + 1, total), length)
        if left == 1 or not ends:
            return
        wanted = first + share
        first = min(ends, key=lambda end: borders.run_up(end) + 2 * abs(end - wanted))
