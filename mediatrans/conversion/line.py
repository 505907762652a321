"""The pipeline: tasks are read on one thread, translated on a second and written on a third.

A frame crosses two queues: from the reading thread to the calling thread, which translates it, and
from there to the writing thread. Tasks overlap: the next picture is read and the previous one is
written while one is translated.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from functools import partial
from queue import SimpleQueue

from mediatrans.conversion.batches import Batches
from mediatrans.conversion.events import Events, ResultCollector
from mediatrans.conversion.overlap import (
    ReadAhead,
    ReaderStalledError,
    Waits,
    WriteBehind,
    find_bottleneck,
)
from mediatrans.conversion.partial_remedy import opened
from mediatrans.conversion.passage import Passage
from mediatrans.conversion.task import Result, Task
from mediatrans.conversion.workshop import Workshop
from mediatrans.media.frames import Done, Frame
from mediatrans.media.pipe_formats import STDIO
from mediatrans.translate.engines.engine import Pixels

__all__ = ["run", "run_tasks"]

_QUEUE_DEPTH = 4


def run(task: Task, workshop: Workshop) -> Result:
    """Run one task.

    Args:
        task: The task.
        workshop: The options and the loaded models.

    Returns:
        The result, also for a task that failed.
    """
    events = ResultCollector()
    run_tasks([task], workshop, events)
    (result,) = events.results
    return result


def run_tasks(tasks: Iterable[Task], workshop: Workshop, events: Events) -> None:
    """Run tasks one after another; a task that fails does not affect the others.

    Args:
        tasks: The tasks; the iterable is consumed as the run proceeds.
        workshop: The options and the loaded models.
        events: Called on this thread.

    Raises:
        KeyboardInterrupt: The run was interrupted. `events.ended` was called for every finished
            task.
    """
    _Line(workshop, events).run(tasks)


_Item = tuple[Passage, Frame | None]
"""A frame of a task. None first says that a video is open, then that a task has ended."""


class _Line:
    """One run of the pipeline.

    The reading thread runs `_read`, the writing thread what is put into `_writer`: writing frames,
    and closing pictures. Everything else runs on the calling thread.
    """

    def __init__(self, workshop: Workshop, events: Events) -> None:
        self._workshop = workshop
        self._events = events
        self._batches = Batches(workshop)
        self._batch: list[tuple[Passage, Frame]] = []
        self._ending: list[Passage] = []
        self._open: list[Passage] = []
        self._results: SimpleQueue[tuple[Passage, Result]] = SimpleQueue()
        self._reading: Passage | None = None
        self._reader: ReadAhead[_Item] | None = None
        self._since = Waits()
        self._was_video = self._is_stopped = False
        self._writer: WriteBehind[Callable[[], object]] = WriteBehind(
            lambda action: action(), _QUEUE_DEPTH
        )

    def run(self, tasks: Iterable[Task]) -> None:
        """Run tasks and report their results."""
        self._workshop.begin()
        try:
            with self._writer, closing(self._items(iter(tasks))) as items:
                for passage, frame in items:
                    self._take(passage, frame)
                    self._hand_over()
                self._flush()
        except BaseException as error:
            self._is_stopped = True
            self._stop_threads()
            self._abandon(error)
            raise
        finally:
            self._hand_over()

    def _stop_threads(self) -> None:
        """Make sure that both threads have ended, wherever an interrupt has come in between."""
        if self._reading is not None:
            self._reading.release()
        for thread in (self._reader, self._writer):
            if thread is not None:
                with suppress(KeyboardInterrupt):  # one is on its way already
                    thread.abort()

    # The reading thread.

    def _items(self, tasks: Iterator[Task]) -> Generator[_Item, None, None]:
        """The items of the reading thread; a thread that hangs is replaced for the next tasks."""
        while True:
            self._reading = None
            reader = ReadAhead(
                self._read(tasks), _QUEUE_DEPTH, limit_s=self._limit_s, progress=self._progress
            )
            with reader, self._releasing():
                self._reader = reader
                self._since = self._waits()
                try:
                    yield from reader
                    return
                except ReaderStalledError:
                    stalled = self._reading
            assert stalled is not None
            stalled.fail_stalled()
            yield stalled, None

    def _read(self, tasks: Iterator[Task]) -> Generator[_Item, None, None]:
        for task in tasks:
            passage = self._reading = Passage(task, self._workshop)
            with passage.isolated():
                self._workshop.refuse_known_change()
                passage.source = source = self._workshop.source(task)
                with opened(source, task, self._workshop):
                    if task.kind == "image":
                        for frame in passage.read(Done()):
                            yield passage, frame
                    else:
                        yield from self._read_video(passage)
            # A thread that was left behind may come back here when another passage is read.
            if self._reading is passage:
                self._reading = None
            yield passage, None

    def _read_video(self, passage: Passage) -> Generator[_Item, None, None]:
        yield passage, None
        # The place to resume at is known once the output is open.
        done = passage.place.get()
        if done is not None:
            with closing(passage.read(done)) as frames:
                for frame in frames:
                    yield passage, frame
                    if passage.error is not None:
                        break
        # The source stays open until the output is closed, which may copy streams from it.
        yield passage, None
        passage.closed.wait()

    @contextmanager
    def _releasing(self) -> Iterator[None]:
        """Wake up the reading thread at the end of the block, whatever it waits for."""
        try:
            yield
        finally:
            reading = self._reading
            if reading is not None:
                reading.release()

    def _limit_s(self) -> float | None:
        reading = self._reading
        # Between tasks their iterator is waited for; a camera may feed a pipe.
        is_patient = reading is None or reading.task.input == STDIO
        return None if is_patient else self._workshop.options.reader_limit_s

    def _progress(self) -> object:
        reading = self._reading
        source = reading.source if reading else None
        mirror = self._workshop.mirror
        return reading, source and source.decoded, mirror and mirror.steps

    # The calling thread.

    def _take(self, passage: Passage, frame: Frame | None) -> None:
        if not passage.has_begun:
            self._begin(passage)
            if frame is None and passage.task.kind == "video" and passage.error is None:
                return
        if frame is None:
            self._end(passage)
        else:
            self._add(passage, frame)

    def _begin(self, passage: Passage) -> None:
        passage.has_begun = True
        is_video = passage.task.kind == "video"
        if is_video:
            self._flush()
            self._writer.drain()
        if is_video or self._was_video:
            self._since = self._waits()
        self._was_video = is_video
        done = None
        with passage.isolated():
            if passage.error is None:
                self._workshop.check_unchanged()
                self._open.append(passage)
                done = passage.open_sink()
        if done is not None:
            self._events.begun(passage.task, passage.frames, passage.total, passage.size)
        passage.place.put(done)

    def _add(self, passage: Passage, frame: Frame) -> None:
        if passage.error is not None:
            return
        if frame.index < passage.first:
            passage.warmed_up(frame)
            return
        if self._batch and not self._fits(passage, frame):
            self._flush()
        self._batch.append((passage, frame))
        if len(self._batch) >= self._batches.of(passage.task.kind, frame.pixels).size:
            self._flush()

    def _fits(self, passage: Passage, frame: Frame) -> bool:
        """Whether a frame can be translated together with the frames in the batch."""
        other, waiting = self._batch[0]
        if frame.pixels.shape != waiting.pixels.shape or passage.begins_at(frame):
            return False
        return passage is other or passage.task.kind == other.task.kind == "image"

    def _end(self, passage: Passage) -> None:
        if passage.has_ended:
            return
        passage.has_ended = True
        is_waiting = any(other is passage for other, _ in self._batch)
        if is_waiting and passage.task.kind == "image":
            self._ending.append(passage)
            return
        self._flush()
        self._close(passage)

    def _flush(self) -> None:
        """Translate and write the batch, then close the tasks that end with it."""
        batch, ending = self._batch, self._ending
        self._batch, self._ending = [], []
        if batch:
            self._translate(batch)
        for passage in ending:
            self._close(passage)

    def _translate(self, batch: list[tuple[Passage, Frame]]) -> None:
        passage, frame = batch[0]
        kind, pixels = passage.task.kind, [frame.pixels for _, frame in batch]
        chain, sizes = self._workshop.chain(kind), self._batches.of(kind, frame.pixels)
        try:
            if passage.begins_at(frame):
                passage.warm_up(chain, sizes.size)
            before = chain.repeated
            with sizes.timed(len(pixels)):
                translated = chain(pixels)
        except Exception as error:
            if len({id(passage) for passage, _ in batch}) == 1:
                passage.fail(error)
                return
            for one in batch:  # one of several pictures fails alone
                self._translate([one])
            return
        if passage.task.kind == "video":
            passage.repeated += chain.repeated - before
        for (passage, frame), picture in zip(batch, translated, strict=True):
            with passage.isolated():
                self._pass_on(passage, frame, picture)
        for passage in {id(passage): passage for passage, _ in batch}.values():
            passage.limited_by = find_bottleneck(self._waits(), self._since)
            self._events.limited(passage.limited_by)
            self._events.translated(passage.task, passage.frames, passage.total)

    def _pass_on(self, passage: Passage, frame: Frame, picture: Pixels) -> None:
        passage.passed(frame)
        passage.check(frame, picture)
        blended = self._workshop.chain(passage.task.kind).blended(frame.pixels, picture)
        passage.frames += 1
        self._writer.put(partial(passage.write, replace(frame, pixels=blended)))

    def _close(self, passage: Passage) -> None:
        # Its last frame and translation would fill the memory while the written file is measured.
        self._workshop.chain(passage.task.kind).restart()
        if passage.task.kind == "image":
            self._writer.put(partial(self._closed, passage))
            return
        # A video is closed here, where an interrupt ends the wait for the check of the output.
        self._writer.drain()
        self._closed(passage)
        passage.closed.set()

    def _closed(self, passage: Passage) -> None:
        self._results.put((passage, passage.close()))

    def _waits(self) -> Waits:
        assert self._reader is not None
        return Waits.of(self._reader, self._writer)

    def _hand_over(self) -> None:
        for passage in self._open:
            self._report_segments(passage)
        while not self._results.empty():
            passage, result = self._results.get()
            self._report_segments(passage)
            self._forget(passage)
            if result.kept is not None:
                self._events.kept(result.task, result.kept)
            try:
                # A picture takes a moment; without its figures it would be skipped later on.
                if not self._is_stopped or result.task.kind == "image":
                    result = passage.delivery.measured(result)
            finally:  # the output is there, even if measuring it is interrupted
                self._events.ended(result)

    def _report_segments(self, passage: Passage) -> None:
        while not passage.segments.empty():
            self._events.written(passage.task, passage.segments.get())

    def _forget(self, passage: Passage) -> None:
        self._open = [other for other in self._open if other is not passage]

    def _abandon(self, error: BaseException) -> None:
        """Leave the open outputs unfinished; both threads have ended."""
        for passage, result in [self._results.get() for _ in range(self._results.qsize())]:
            self._forget(passage)
            self._results.put((passage, result))
        open_ones, self._open = self._open, []
        for task, folder in [(passage.task, passage.abandon(error)) for passage in open_ones]:
            if folder is not None:
                self._events.kept(task, folder)
