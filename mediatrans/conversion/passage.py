"""The state of a running task: its source, its sink, its figures and its first error."""

import logging
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from threading import Event
from typing import Any

from mediatrans.conversion.delivery import Delivery
from mediatrans.conversion.noted_figures import NotedFigures, noted_figures, read_figures
from mediatrans.conversion.overlap import Bottleneck
from mediatrans.conversion.partial_remedy import with_keep_partial
from mediatrans.conversion.task import Failure, Result, Task
from mediatrans.conversion.workshop import Workshop
from mediatrans.errors import ExitCode, InputError, UsageError
from mediatrans.files.fingerprint import Fingerprint
from mediatrans.media.endpoints import Sink, Source
from mediatrans.media.frames import Done, Frame, Mark, Segment
from mediatrans.media.read.resumption import frames_after, frames_of
from mediatrans.media.write.segments.segmented_sink import Notes, Resumable
from mediatrans.media.write.sinks import Output
from mediatrans.quality.cycle import CycleMonitor, CycleSummary
from mediatrans.translate.chain import Chain
from mediatrans.translate.engines.engine import Pixels

__all__ = ["Passage"]

log = logging.getLogger(__name__)


class Passage:
    """The passage of a task through the threads that read, translate and write it.

    An error fails this task alone. The first error counts; the rest of the task is skipped.

    Args:
        task: The task.
        workshop: The options and the loaded models.

    Attributes:
        task: The task.
        source: The source; None until it is opened.
        error: The first error, or None.
        frames: Frames translated, including those of an earlier run.
        first: Index of the first frame that is written; earlier frames only warm up the chain.
        recent: The source frames before the next segment, as many as the chain looks back at.
        limited_by: The bottleneck of the run up to the task's last frame.
        repeated: Frames that equal the one before and were not generated again.
        has_begun: Whether its output has been opened, or could not be.
        has_ended: Whether the last frame has been read.
        place: Receives what an earlier run has written, once the output is open; None if it cannot
            be opened.
        closed: Set when the output is closed; the source may then be closed, too.
        delivery: Measures the written file.
        segments: The finished segments of a span that have not been reported.
    """

    def __init__(self, task: Task, workshop: Workshop) -> None:
        self.task = task
        self.source: Source | None = None
        self.error: Exception | None = None
        self.frames = 0
        self.limited_by: Bottleneck | None = None
        self.repeated = 0
        self.closed = Event()
        self.place: SimpleQueue[Done | None] = SimpleQueue()
        self.segments: SimpleQueue[Segment] = SimpleQueue()
        self.has_begun = self.has_ended = False
        self._workshop = workshop
        self._sink: Sink | None = None
        self._resumable: Resumable | None = None
        self._monitor: CycleMonitor | None = workshop.monitor(task.kind)
        self.delivery = Delivery(task, workshop)
        self._check_error: Exception | None = None
        self._damage: InputError | None = None
        self._fingerprint: Fingerprint | None = None
        self._kept: Path | None = None
        self._last: Frame | None = None
        self._before: Mark | None = None
        self._notes: tuple[str, ...] = ()
        self.first = task.span.first if task.span else 0
        self.recent: deque[Pixels] = deque(maxlen=workshop.chain(task.kind).memory)

    @contextmanager
    def isolated(self) -> Iterator[None]:
        """Record an error of the block as the task's error."""
        try:
            yield
        except Exception as error:
            self.fail(error)

    def fail(self, error: Exception) -> None:
        """Record an error, unless there is an earlier one."""
        if self.error is None:
            self.error = error

    def fail_stalled(self) -> None:
        """Record that the decoder hangs and that its thread is abandoned."""
        decoded = self.source.decoded if self.source else 0
        limit_s = self._workshop.options.reader_limit_s
        log.info("%s: the hanging decoder thread is abandoned", self.task.input)
        problem = f"the decoder hangs: no frame for {limit_s:g} s after frame {decoded}"
        remedy = "get a complete copy of the file, or convert it with ffmpeg first"
        self.fail(InputError(problem, path=self.task.input, remedy=remedy))

    def release(self) -> None:
        """Wake up the reading thread, whatever it waits for."""
        self.closed.set()
        self.place.put(None)
        if self.source is not None:
            self.source.cancel()

    @property
    def total(self) -> int | None:
        """The expected number of frames, including those of an earlier run; None if unknown."""
        if self._sink and self._sink.done.total is not None:
            return self._sink.done.total
        return self.source.info.frame_count if self.source else None

    @property
    def size(self) -> tuple[int, int] | None:
        """Width and height of the input in pixels; None if unknown."""
        info = self.source.info if self.source else None
        if info is None or info.width is None or info.height is None:
            return None
        return info.width, info.height

    def begins_at(self, frame: Frame) -> bool:
        """Whether the chain must be restarted at a frame, because a segment begins there."""
        if self.task.kind == "image":
            return self._workshop.chain("image").memory > 0
        border = self._sink.border if self._sink else None
        return frame.index == self.first or (border is not None and frame.index % border == 0)

    def open_sink(self) -> Done:
        """Open the output; the source must be open.

        Returns:
            What an earlier run has already written.

        Raises:
            OutputError: The output cannot be written.
            InputError: The source cannot be opened a second time.
        """
        assert self.source is not None
        task, info = self.task, self.source.info
        notes = Notes(self._notes_of, read_figures)
        self._resumable = self._workshop.resumable(task, info, notes)
        if self._resumable is not None:
            self._resumable.finished = self.segments.put
        else:
            task.refuse_taken()
            if task.span is not None:
                problem, remedy = "this output cannot be written in spans", "convert it as a whole"
                raise UsageError(problem, path=task.output, remedy=remedy)
        first = task.span.first if task.span else None
        output = Output(task.output, task.kind, info, self._record, self._resumable, first)
        self._sink = self._entered(self._workshop.sink(output))
        done = self._sink.done
        self._fingerprint = done.fingerprint
        if task.span is None:
            self.first = self.frames = done.frames
        if done.frames:
            self.delivery.resumed()
        if done.damage is not None:
            self._damage = InputError(done.damage, path=task.input)
        if self._monitor is not None:
            for noted in done.notes:
                self._monitor.restore(noted.figures)
                self.delivery.restore(noted.raws)
        return done

    def _entered(self, sink: Sink) -> Sink:
        try:
            return sink.__enter__()
        except BaseException:
            self._kept = sink.kept
            raise

    def read(self, done: Done) -> Generator[Frame, None, None]:
        """The frames that remain to be translated; called on the reading thread.

        Args:
            done: What an earlier run has already written.

        Raises:
            InputError: Reading fails, and a partial output is not wanted or would be empty.
        """
        assert self.source is not None
        span = self.task.span
        if done.total is not None:
            return
        mark = span.after if span else done.mark
        is_some = done.frames > 0
        try:
            memory = self._workshop.chain(self.task.kind).memory
            known = span.stretch if span else None
            for frame in (
                frames_of(self.source, known) if known else frames_after(self.source, mark, memory)
            ):
                if span and span.end is not None and frame.index >= span.end:
                    return
                is_some = True
                yield frame
            if self._workshop.options.keep_partial:
                self.source.check_whole()
        except InputError as error:
            if not (self._workshop.options.keep_partial and is_some):
                if self._resumable is not None:
                    self._resumable.is_unreadable = True
                raise (with_keep_partial(error) if is_some else error) from error.__cause__
            self._damage = error

    def warmed_up(self, frame: Frame) -> None:
        """Remember a source frame before the first that is written."""
        self.recent.append(frame.pixels)
        if frame.index == self.first - 1:
            self._before = Mark.of(frame, frame.index)

    def warm_up(self, chain: Chain, batch: int) -> None:
        """Begin a sequence: show the chain what it looks back at, `batch` frames per call."""
        chain.restart(list(self.recent), batch)

    def passed(self, frame: Frame) -> None:
        """Remember a source frame, to warm up the chain and to let a later run resume."""
        self._last = frame
        border = self._sink.border if self._sink else None
        # Only those before a border are kept: together they may be large.
        if border is not None and -(frame.index + 1) % border <= (self.recent.maxlen or 0):
            self.recent.append(frame.pixels)
        if self._resumable and (frame.index + 1) % self._resumable.length == 0:
            self._resumable.marks[frame.index] = Mark.of(frame, frame.index)

    def check(self, frame: Frame, translated: Pixels) -> None:
        """Measure the round trip of a frame; if that fails, the translation is still kept.

        Args:
            frame: The source frame.
            translated: Its translation, uint8 [H, W, 3] RGB.
        """
        if self._check_error is not None:
            return
        try:
            raw = None
            if self._monitor is not None:
                self._monitor.observe([frame.index], [frame.pixels], [translated])
                raw = self._monitor.measured(frame.index, frame.index + 1).get(frame.index)
            self.delivery.observe(frame, translated, raw)
        except Exception as error:
            self._check_error = error

    def write(self, frame: Frame) -> None:
        """Write a translated frame; called on the writing thread."""
        if self.error is not None:
            return
        assert self._sink is not None
        if frame.still is not None:
            self._notes = frame.still.notes
        with self.isolated():
            self._sink.write(frame)

    def close(self) -> Result:
        """Publish the output, or remove it after an error; called on the writing thread."""
        if self.error is None and self._sink is not None:
            with self.isolated():
                if self.frames == 0 and self.first == 0:
                    raise InputError(
                        "the file has no frames",
                        path=self.task.input,
                        remedy="check that it is a complete picture or video",
                    )
                self._mark_last()
                if self._damage is not None:
                    self._sink.cut_here(self._damage.problem)
        if self._sink is not None:
            with self.isolated():
                error = self.error
                self._sink.__exit__(type(error) if error else None, error, None)
        result = self._result()
        # The sink refers back to this object: without this, both would keep their last frame until
        # the garbage collector comes.
        self._sink = self._resumable = self._last = None
        self.recent.clear()
        return result

    def abandon(self, error: BaseException) -> Path | None:
        """Leave the output unfinished after an error that ends the whole run.

        Returns:
            The folder from which a later run resumes, or None.
        """
        if self._sink is not None:
            with self.isolated():
                self._sink.__exit__(type(error), error, None)
            self._kept = self._sink.kept
        return self._kept

    def _mark_last(self) -> None:
        # A truncated video ends at this frame if --keep-partial is set.
        last = self._last
        if self._resumable and last is not None and last.pts is not None:
            self._resumable.marks[last.index] = Mark.of(last, last.index)

    def _record(self, fingerprint: Fingerprint) -> bool:
        self.task.refuse_taken()
        self._fingerprint = fingerprint
        if self.task.is_deferred:
            return True
        is_partial = self._damage is not None
        cycle = self._cycle()
        self._workshop.note(self.task, fingerprint, self.frames, cycle, is_partial=is_partial)
        return False

    def _cycle(self) -> CycleSummary | None:
        """The figures of the round trip; None where measuring it failed, even if it began well."""
        if self._monitor is None or self._check_error is not None:
            return None
        return self._monitor.summary()

    def _notes_of(self, first: int, end: int) -> dict[str, Any]:
        figures = self._monitor.measured(first, end) if self._monitor else {}
        return noted_figures(NotedFigures(figures, self.delivery.raws(first, end)))

    def _result(self) -> Result:
        error, path = self.error or self._damage, self.task.input
        check_error = self._check_error if self.error is None else None
        for bug in (self.error, check_error):
            if bug is not None and Failure.of(path, bug).exit_code == ExitCode.INTERNAL:
                log.error("%s: this is a bug in mediatrans", path, exc_info=bug)
        if self._sink is not None:
            self._kept = self._sink.kept
        return Result(
            task=self.task,
            frames=self.frames,
            cycle=self._cycle(),
            fingerprint=None if self.error else self._fingerprint,
            failure=Failure.of(path, error) if error else None,
            is_partial=self.error is None and self._damage is not None,
            segment=self._sink.segment if self._sink else None,
            before=self._before,
            check_failure=Failure.of(path, check_error) if check_error else None,
            limited_by=self.limited_by,
            repeated=self.repeated,
            notes=self._notes,
            kept=self._kept,
        )
