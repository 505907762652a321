"""The estimate of how long a conversion takes, made from the pace of its first frames."""

from collections.abc import Sequence
from dataclasses import dataclass

from mediatrans.conversion.job import Job
from mediatrans.durations import about

__all__ = ["ENOUGH_S", "LONG_S", "Estimates"]

ENOUGH_S = 5.0
"""Seconds of work that an estimate is made from."""

LONG_S = 60.0
"""What takes fewer seconds needs no estimate."""


@dataclass
class _Pace:
    """Frames or pictures that were counted, and since when.

    Attributes:
        first: The count when the clock was started: what begins slowly is left out.
        since_s: When that was.
    """

    first: int
    since_s: float

    def left_s(self, done: int, total: int, now_s: float) -> float | None:
        """Seconds for the rest, or None where it is too early to tell."""
        spent_s = now_s - self.since_s
        if done == self.first or spent_s < ENOUGH_S:
            return None
        return spent_s / (done - self.first) * (total - done)


class Estimates:
    """One estimate for each long video, and one for many pictures.

    Args:
        jobs: The plan; pictures are counted where it holds nothing else.
    """

    def __init__(self, jobs: Sequence[Job]) -> None:
        ready = [job for job in jobs if job.ready]
        self._pictures = len(ready) if all(job.kind == "image" for job in ready) else 0
        self._pictures_done = 0
        self._sizes: list[int] = []
        self._size: tuple[int, int] | None = None
        self._pace: _Pace | None = None
        self._is_told = False
        self._video: Job | None = None

    def begun(self, job: Job, size: tuple[int, int] | None) -> None:
        """Take note of an input that is open.

        Args:
            job: The input.
            size: Its width and height in pixels, if known.
        """
        self._size = size
        if job.kind == "video":
            self._video = job
            self._pace, self._is_told = None, False
        elif size is not None and self._pictures:
            self._sizes.append(size[0] * size[1])

    def translated(self, job: Job, frames: int, total: int | None, now_s: float) -> str | None:
        """The estimate, a line without the input's name, once it can be made.

        Args:
            job: The input.
            frames: Frames translated so far.
            total: Frames in all, if known.
            now_s: The time in seconds, by a clock that never goes back.
        """
        if job.kind == "image":
            self._pictures_done += 1
            frames, total = self._pictures_done, self._pictures
        elif job is not self._video:  # one of several at a time
            return None
        if not total or self._is_told:
            return None
        if self._pace is None:
            self._pace = _Pace(frames, now_s)
            return None
        left_s = self._pace.left_s(frames, total, now_s)
        self._is_told = left_s is not None
        if left_s is None or left_s < LONG_S:
            return None
        return f"{self._what(job, total)}: about {about(left_s)} left"

    def _what(self, job: Job, total: int) -> str:
        if job.kind == "image":
            mean = sum(self._sizes) / max(1, len(self._sizes)) / 1e6
            return f"{total} pictures of {mean:.1f} megapixels on average"
        if self._size is None:
            return f"{total} frames"
        width, height = self._size
        return f"{total} frames of {width}x{height}, {width * height / 1e6:.1f} megapixels"
