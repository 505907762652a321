"""A long video that workers convert in spans, and its work folder, which the driver holds."""

import logging
from collections import deque
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from mediatrans.conversion.cut import FEW_KEYFRAMES
from mediatrans.conversion.events import ResultCollector
from mediatrans.conversion.line import run_tasks
from mediatrans.conversion.noted_figures import read_figures
from mediatrans.conversion.survey import Surveyed
from mediatrans.conversion.task import Failure, Result, Span, Task
from mediatrans.conversion.workshop import Workshop
from mediatrans.errors import ExitCode
from mediatrans.files.publish import output_errors
from mediatrans.media.frames import Mark, Segment
from mediatrans.media.write.segments.work_folder import WorkFolder

__all__ = ["Film"]

log = logging.getLogger(__name__)


@dataclass
class _Part:
    """What has come of a span."""

    span: Span
    segments: list[Segment] = field(default_factory=list)
    frames: int = 0
    before: Mark | None = None
    has_ended: bool = False


class Film:
    """The spans of a video, from its work folder to the join.

    Segments are added to the work folder in order, so that whatever is killed, the same command
    goes on from there. The join is the ordinary conversion of the whole video, which finds all
    segments made. A span that does not give the frames which were expected, or does not follow the
    one before, is thrown away, and the rest of the video is converted as one span.

    Args:
        task: The task of the whole video.
        surveyed: What is known of it.
        workshop: The options and the loaded models.
        workers: The number of workers that share the spans.

    Attributes:
        task: The task of the whole video.
        failure: Why it fails; None so far.
        total: The number of its frames; None if unknown.
        size: Width and height in pixels; None if unknown.
    """

    def __init__(self, task: Task, surveyed: Surveyed, workshop: Workshop, workers: int) -> None:
        assert surveyed.length is not None
        self.task = task
        self.failure: Failure | None = None
        self.size = surveyed.size
        self.total = surveyed.total
        self._surveyed = surveyed
        self._length = surveyed.length
        self._workshop = workshop
        self._workers = workers
        self._stack = ExitStack()
        self._pending: deque[Span] = deque()
        self._parts: dict[int, _Part] = {}
        self._running: set[int] = set()
        self._whole: _Part | None = None
        self._again_from: int | None = None
        self._last: Result | None = None
        self._repeated = 0

    @property
    def _end(self) -> int:
        return self._work.segments[-1].end if self._work.segments else 0

    @property
    def frames(self) -> int:
        """The number of frames that are translated so far, including those of an earlier run."""
        return self._end + sum(part.frames for part in self._parts.values())

    @property
    def waiting(self) -> int:
        """The number of spans that have not been given to a worker."""
        return len(self._pending)

    @property
    def is_done(self) -> bool:
        """Whether there is nothing left but the join."""
        return not self._pending and not self._running and self._again_from is None

    def open(self) -> None:
        """Open the work folder and cut what is not done yet.

        Raises:
            OutputError: The folder cannot be written, or another process is writing the output.
            InputError: The input cannot be accessed.
        """
        self._open_work()
        if self._work.is_published() or self._work.total is not None:
            self.total = self._work.total or self.total
            return
        self.task.refuse_taken()
        self._cut()

    def _cut(self) -> None:
        found, first = self._surveyed, self._end
        if found.times is not None:
            if first == len(found.times.times):
                return
            memory = self._workshop.memory("video")
            self._pending += found.spans(first, workers=self._workers, memory=memory)
        if not self._pending:
            reason = found.reason or FEW_KEYFRAMES
            log.info("%s: converted as one span: %s", self.task.input, reason)
            self._begin_whole(first)

    def _begin_whole(self, first: int) -> None:
        mark = self._work.segments[-1].mark if self._work.segments else None
        span = Span(first, None, after=mark)
        self._whole = _Part(span)
        self._pending.append(span)

    def take(self) -> Task:
        """The next span; there must be one waiting."""
        span = self._pending.popleft()
        self._running.add(span.first)
        self._parts[span.first] = _Part(span)
        return replace(self.task, span=span)

    def lost(self, first: int) -> Task | None:
        """Take back a span whose worker was lost; returns what is to be done in its place."""
        self._running.discard(first)
        part = self._parts.pop(first)
        if self.failure is None and self._whole is not None:
            self._begin_whole(self._end)
            return self.take()
        if self.failure is None and self._again_from is None:
            self._pending.appendleft(part.span)
            return self.take()
        self._settle()
        return None

    def progressed(self, first: int, frames: int) -> None:
        """Take note of the number of frames of a span that are translated."""
        part = self._parts[first]
        part.frames = frames - sum(segment.frames for segment in part.segments if self._whole)

    def written(self, first: int, segment: Segment) -> None:
        """Take a finished segment of a span."""
        part = self._parts[first]
        part.segments.append(segment)
        if self._whole is not None:
            with output_errors(self.task.output):
                self._work.add(segment)

    def ended(self, first: int, result: Result) -> None:
        """Take the result of a span."""
        self._running.discard(first)
        part = self._parts[first]
        self._repeated += result.repeated
        self._last = replace(result, check_failure=self._check_failure(result))
        if self._whole is not None:
            self._end_whole(result)
        elif result.failure is not None and result.failure.exit_code != ExitCode.INPUT:
            self.fail(result.failure)
        elif result.failure is not None or result.is_partial:
            self._again(0, result.failure.message if result.failure else "it is damaged")
        elif self._again_from is None:
            part.before, part.has_ended = result.before, True
            self._add_parts()
        self._settle()

    def _check_failure(self, result: Result) -> Failure | None:
        return result.check_failure or (self._last.check_failure if self._last else None)

    def _end_whole(self, result: Result) -> None:
        self._parts.clear()
        if result.failure is not None and not result.is_partial:
            self.failure = result.failure
            if result.kept is None:  # what there is cannot be continued
                self._work.remove()
        elif not result.is_partial:
            with output_errors(self.task.output):
                self._work.add(None, total=self._end)

    def _add_parts(self) -> None:
        """Add the segments of spans that have ended, up to the first that has not."""
        assert self._surveyed.times is not None
        while (part := self._parts.get(self._end)) is not None and part.has_ended:
            known = self._work.segments[-1].mark if self._work.segments else None
            end = part.segments[-1].end if part.segments else part.span.first
            if end != part.span.end or (known is not None and part.before != known):
                self._again(self._end, f"frame {self._end} does not follow the one before")
                return
            del self._parts[part.span.first]
            with output_errors(self.task.output):
                for segment in part.segments:
                    is_last = segment.end == len(self._surveyed.times.times)
                    self._work.add(segment, total=segment.end if is_last else None)

    def _again(self, first: int, reason: str) -> None:
        """Convert the rest as one span, once the spans that are running have ended."""
        log.info("%s: converted as one span from frame %d on: %s", self.task.input, first, reason)
        self._pending.clear()
        self._again_from = first

    def fail(self, failure: Failure) -> None:
        """Give the video up; spans that are running are waited for."""
        self.failure = self.failure or failure
        self._again_from = None
        self._pending.clear()

    def _settle(self) -> None:
        if self._again_from is None or self._running or self.failure is not None:
            return
        self._parts.clear()
        if self._again_from == 0:
            with output_errors(self.task.output):
                self._start_over()
        self._again_from = None
        self._begin_whole(self._end)

    def _start_over(self) -> None:
        self._work.remove()
        self._stack.close()
        self._open_work()

    def _open_work(self) -> None:
        identity = self._workshop.identity_of(self.task, self._length)
        self._work = WorkFolder(self.task.output, identity, read_figures)
        self._stack.enter_context(self._work)

    @property
    def kept(self) -> Path | None:
        """The folder from which the same command resumes, or None."""
        return self._work.path if self._work.segments and self._work.path.is_dir() else None

    def close(self) -> None:
        """Leave the work folder; what is in it stays."""
        self._stack.close()

    def finish(self) -> Result:
        """Join the segments and publish the video, or say why there is none.

        Raises:
            KeyboardInterrupt: The join was interrupted.
        """
        kept = self.kept
        self.close()
        if self.failure is not None:
            return Result(self.task, failure=self.failure, kept=kept)
        collected = ResultCollector()
        run_tasks([self.task], self._workshop, collected)
        (joined,) = collected.results
        last = self._last
        if last is None:
            return joined
        if last.is_partial and joined.is_partial:  # a join begins near the damage
            joined = replace(joined, failure=last.failure)
        if last.check_failure is not None:
            joined = replace(joined, cycle=None, check_failure=last.check_failure)
        return replace(joined, limited_by=last.limited_by, repeated=self._repeated)
