"""The straight line: tasks are read, translated, checked and written, each stage on its own thread.

A frame crosses two queues: from the reading thread to the calling one, which translates, and from
there to the writing thread. Tasks follow each other without a gap, so that the next picture is
read and the last one written while one is translated.
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
    """Callbacks for what happens to tasks, all of them on the calling thread."""

    def translated(self, task: Task, frames: int, total: int | None) -> None:
        """So many frames of a task, of a total where that is known, have been translated."""
        ...

    def limited(self, bottleneck: Bottleneck) -> None:
        """So far this stage sets the pace; called before each `translated`."""
        ...

    def kept(self, task: Task, folder: Path) -> None:
        """A video could not be finished; the same command goes on from what the folder holds."""
        ...

    def ended(self, result: Result) -> None:
        """A task has ended."""
        ...


class _Silent:
    """Events that nobody is interested in, except for the results."""

    def __init__(self) -> None:
        self.results: list[Result] = []

    def translated(self, task: Task, frames: int, total: int | None) -> None:
        """Nobody is interested."""

    def limited(self, bottleneck: Bottleneck) -> None:
        """Nobody is interested."""

    def kept(self, task: Task, folder: Path) -> None:
        """Nobody is interested."""

    def ended(self, result: Result) -> None:
        """Collect the result."""
        self.results.append(result)


def run(task: Task, workshop: Workshop) -> Result:
    """Do one task.

    Args:
        task: What to do.
        workshop: What to do it with.

    Returns:
        What became of it; a task that fails has a result, too.
    """
    events = _Silent()
    run_tasks([task], workshop, events)
    (result,) = events.results
    return result


def run_tasks(tasks: Iterable[Task], workshop: Workshop, events: Events) -> None:
    """Do tasks one after the other; each fails alone.

    Args:
        tasks: What to do, taken up as their turn comes.
        workshop: What to do it with.
        events: Is called with what happens, on this thread.

    Raises:
        KeyboardInterrupt: The run was interrupted; every task that was finished has ended.
    """
    _Line(workshop, events).run(tasks)


_Item = tuple[Passage, Frame | Literal["opened", "ended"]]


class _Line:
    """One run of the line."""

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
        """Do tasks, and hand over what became of each."""
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
        """What the reading thread gives; one that hangs is replaced for the tasks after."""
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
                    # Where a video is gone on with is known once its output is open.
                    place = self._places.get() if task.kind == "video" else Done()
                    if place is not None:
                        with closing(passage.read(place)) as frames:
                            for frame in frames:
                                yield passage, frame
                                if passage.error is not None:
                                    break
                    if task.kind == "video":
                        # Open until the output is closed, which may copy streams from it.
                        yield passage, "ended"
                        passage.closed.wait()
                        continue
            yield passage, "ended"

    @contextmanager
    def _releasing(self) -> Iterator[None]:
        """Let a reading thread go that waits, for a place to read from or for what feeds a pipe."""
        try:
            yield
        finally:
            if self._reading is not None:
                self._reading.release()
            self._places.put(None)
            self._places = SimpleQueue()

    def _limit_s(self) -> float | None:
        reading = self._reading
        # What feeds a pipe may be a camera.
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
        """Whether a frame can be translated together with those that wait."""
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
        """Translate and write the frames that wait, and close what ends with them."""
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
            for one in batch:  # a picture that cannot be translated fails alone
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
        """On the writing thread."""
        self._results.put((passage, passage.close()))

    def _hand_over(self) -> None:
        while not self._results.empty():
            passage, result = self._results.get()
            self._open = [other for other in self._open if other is not passage]
            if result.kept is not None:
                self._events.kept(result.task, result.kept)
            self._events.ended(result)

    def _abandon(self, error: BaseException) -> None:
        """Leave what is open unfinished; both threads have ended."""
        while not self._results.empty():
            self._hand_over()
        for passage in self._open:
            kept = passage.abandon(error)
            if kept is not None:
                self._events.kept(passage.task, kept)


def _stalled(passage: Passage, limit_s: float) -> InputError:
    decoded = passage.source.decoded if passage.source else 0
    log.info("%s: the hanging decoder is left behind", passage.task.input)
    return InputError(
        f"no frame came for {limit_s:g} s after frame {decoded}: its decoder hangs",
        path=passage.task.input,
        remedy="get a whole copy of the file, or convert it with ffmpeg first",
    )
