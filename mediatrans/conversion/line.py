"""The pipeline: tasks are read on one thread, translated on a second and written on a third.

A frame crosses two queues: from the reading thread to the calling thread, which translates it, and
from there to the writing thread. Tasks overlap: the next picture is read and the previous one is
written while one is translated.
"""

import logging
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Literal, Protocol

from mediatrans.conversion.overlap import (
    Bottleneck,
    ReadAhead,
    ReaderStalledError,
    WriteBehind,
    find_bottleneck,
)
from mediatrans.conversion.passage import Passage
from mediatrans.conversion.task import Result, Task
from mediatrans.conversion.workshop import Workshop
from mediatrans.errors import InputError
from mediatrans.media.frames import Done, Frame
from mediatrans.media.pipe_formats import STDIO
from mediatrans.translate.engines.engine import Pixels

__all__ = ["Events", "run", "run_tasks"]

log = logging.getLogger(__name__)

_QUEUE_DEPTH = 4


class Events(Protocol):
    """Callbacks for the progress of tasks; all are called on the calling thread."""

    def translated(self, task: Task, frames: int, total: int | None) -> None:
        """Called with the number of frames translated so far, and the total if it is known."""
        ...

    def limited(self, bottleneck: Bottleneck) -> None:
        """Called with the bottleneck of the run so far, before each `translated`."""
        ...

    def kept(self, task: Task, folder: Path) -> None:
        """Called for an unfinished video with the folder from which the same command resumes."""
        ...

    def ended(self, result: Result) -> None:
        """Called with the result of each task."""
        ...


class _ResultCollector:
    """Events that collect the results and ignore the progress."""

    def __init__(self) -> None:
        self.results: list[Result] = []

    def translated(self, task: Task, frames: int, total: int | None) -> None:
        """Ignored."""

    def limited(self, bottleneck: Bottleneck) -> None:
        """Ignored."""

    def kept(self, task: Task, folder: Path) -> None:
        """Ignored."""

    def ended(self, result: Result) -> None:
        """Collect the result."""
        self.results.append(result)


def run(task: Task, workshop: Workshop) -> Result:
    """Run one task.

    Args:
        task: The task.
        workshop: The options and the loaded models.

    Returns:
        The result, also for a task that failed.
    """
    events = _ResultCollector()
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


_Item = tuple[Passage, Frame | Literal["opened", "ended"]]


class _Line:
    """One run of the pipeline."""

    def __init__(self, workshop: Workshop, events: Events) -> None:
        self._workshop = workshop
        self._events = events
        self._batch: list[tuple[Passage, Frame]] = []
        self._ending: list[Passage] = []
        self._open: list[Passage] = []
        self._results: SimpleQueue[tuple[Passage, Result]] = SimpleQueue()
        self._places: SimpleQueue[Done | None] = SimpleQueue()
        self._reading: Passage | None = None
        self._writer: WriteBehind[Callable[[], object]] = WriteBehind(
            lambda action: action(), _QUEUE_DEPTH
        )

    def run(self, tasks: Iterable[Task]) -> None:
        """Run tasks and report their results."""
        self._workshop.load()
        try:
            with self._writer, closing(self._items(iter(tasks))) as items:
                for passage, item in items:
                    if item == "opened":
                        self._begin(passage)
                    elif item == "ended":
                        self._end(passage)
                    else:
                        self._add(passage, item)
                    self._hand_over()
                self._flush()
        except BaseException as error:
            self._abandon(error)
            raise
        finally:
            self._hand_over()

    # The reading thread.

    def _items(self, tasks: Iterator[Task]) -> Generator[_Item, None, None]:
        """The items of the reading thread; a hanging thread is replaced for the next tasks."""
        while True:
            reader = ReadAhead(
                self._read(tasks), _QUEUE_DEPTH, limit_s=self._limit_s, progress=self._progress
            )
            with reader, self._releasing():
                self._reader = reader
                try:
                    yield from reader
                    return
                except ReaderStalledError:
                    stalled = self._reading
            assert stalled is not None
            stalled.fail(_stalled(stalled, self._workshop.options.reader_limit_s))
            yield stalled, "ended"

    def _read(self, tasks: Iterator[Task]) -> Generator[_Item, None, None]:
        for task in tasks:
            passage = self._reading = Passage(task, self._workshop)
            with passage.isolated():
                passage.source = source = self._workshop.source(task)
                with source:
                    yield passage, "opened"
                    # Opening the output tells where an interrupted video resumes.
                    place = self._places.get() if task.kind == "video" else Done()
                    if place is not None:
                        with closing(passage.read(place)) as frames:
                            for frame in frames:
                                yield passage, frame
                                if passage.error is not None:
                                    break
                    if task.kind == "video":
                        # Kept open until the output is closed, which may copy streams from it.
                        yield passage, "ended"
                        passage.closed.wait()
                        continue
            yield passage, "ended"

    @contextmanager
    def _releasing(self) -> Iterator[None]:
        """Wake up a waiting reading thread, whether it waits for an output or for a pipe."""
        try:
            yield
        finally:
            if self._reading is not None:
                self._reading.release()
            self._places.put(None)
            self._places = SimpleQueue()

    def _limit_s(self) -> float | None:
        reading = self._reading
        # A pipe may be fed by a camera, so there is no time limit.
        is_pipe = reading is not None and reading.task.input == STDIO
        return None if is_pipe else self._workshop.options.reader_limit_s

    def _progress(self) -> object:
        reading = self._reading
        source = reading.source if reading else None
        return reading, source and source.decoded

    # The calling thread.

    def _begin(self, passage: Passage) -> None:
        is_video = passage.task.kind == "video"
        if is_video:
            self._flush()
            self._writer.drain()
            passage.repeated = -self._workshop.chain.repeated
        place = None
        with passage.isolated():
            self._workshop.check_unchanged()
            self._open.append(passage)
            place = passage.open_sink()
        if is_video:
            self._places.put(place)

    def _add(self, passage: Passage, frame: Frame) -> None:
        if passage.error is not None:
            return
        if frame.index < passage.first:
            passage.recent.append(frame.pixels)
            return
        if self._batch and not self._fits(passage, frame):
            self._flush()
        self._batch.append((passage, frame))
        if len(self._batch) == self._workshop.options.batch_size:
            self._flush()

    def _fits(self, passage: Passage, frame: Frame) -> bool:
        """Whether a frame can be added to the waiting batch."""
        other, waiting = self._batch[0]
        if frame.pixels.shape != waiting.pixels.shape:
            return False
        if passage is not other:
            return passage.task.kind == other.task.kind == "image"
        return not passage.begins_at(frame)

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
        """Translate and write the waiting batch, and close the tasks that end with it."""
        batch, ending = self._batch, self._ending
        self._batch, self._ending = [], []
        if batch:
            self._translate(batch)
        for passage in ending:
            self._close(passage)

    def _translate(self, batch: list[tuple[Passage, Frame]]) -> None:
        passage, frame = batch[0]
        chain, pixels = self._workshop.chain, [frame.pixels for _, frame in batch]
        try:
            if passage.begins_at(frame):
                chain.restart()
                if passage.recent:
                    chain(list(passage.recent))
            translated = chain(pixels)
        except Exception as error:
            if len({id(passage) for passage, _ in batch}) == 1:
                passage.fail(error)
                return
            for one in batch:  # one bad picture must not fail the others of its batch
                self._translate([one])
            return
        for (passage, frame), picture in zip(batch, translated, strict=True):
            with passage.isolated():
                self._pass_on(passage, frame, picture)
        bottleneck = find_bottleneck(self._reader, self._writer)
        self._events.limited(bottleneck)
        for passage in {id(passage): passage for passage, _ in batch}.values():
            passage.limited_by = bottleneck
            self._events.translated(passage.task, passage.frames, passage.total)

    def _pass_on(self, passage: Passage, frame: Frame, picture: Pixels) -> None:
        passage.passed(frame)
        passage.check(frame, picture)
        blended = self._workshop.chain.blended(frame.pixels, picture)
        passage.frames += 1
        self._writer.put(partial(passage.write, replace(frame, pixels=blended)))

    def _close(self, passage: Passage) -> None:
        if passage.task.kind == "video":
            passage.repeated += self._workshop.chain.repeated
        self._writer.put(partial(self._closed, passage))
        if passage.task.kind == "video":
            self._writer.drain()
            passage.closed.set()

    def _closed(self, passage: Passage) -> None:
        """Close a task; called on the writing thread."""
        self._results.put((passage, passage.close()))

    def _hand_over(self) -> None:
        while not self._results.empty():
            passage, result = self._results.get()
            self._open = [other for other in self._open if other is not passage]
            if result.kept is not None:
                self._events.kept(result.task, result.kept)
            self._events.ended(result)

    def _abandon(self, error: BaseException) -> None:
        """Leave the open tasks unfinished; called after both threads have ended."""
        while not self._results.empty():
            self._hand_over()
        for passage in self._open:
            kept = passage.abandon(error)
            if kept is not None:
                self._events.kept(passage.task, kept)


def _stalled(passage: Passage, limit_s: float) -> InputError:
    decoded = passage.source.decoded if passage.source else 0
    log.info("%s: the hanging decoder thread is abandoned", passage.task.input)
    return InputError(
        f"the decoder hangs: no frame for {limit_s:g} s after frame {decoded}",
        path=passage.task.input,
        remedy="get a complete copy of the file, or convert it with ffmpeg first",
    )
