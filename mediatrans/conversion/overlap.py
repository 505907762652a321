"""Reading ahead and writing behind: decode and encode on threads of their own.

Every wait at a queue is measured, which tells the slowest of the three stages.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from queue import Empty, Full, Queue
from threading import Event, Thread, current_thread
from types import TracebackType
from typing import Literal, Self

from mediatrans.media.frames import Frame

__all__ = ["ReadAhead", "Stage", "WriteBehind", "slowest_stage"]

Stage = Literal["decode", "generate", "encode"]
"""What a frame goes through, on a thread each."""

_POLL_S = 0.05
_PATIENCE = 3


class _Worker(ABC):
    """A thread with a bounded queue of frames; None in the queue is its end.

    Attributes:
        idle_s: Seconds the thread has waited for the other side.
        kept_waiting_s: Seconds the other side has waited for the thread.
    """

    def __init__(self, depth: int, name: str) -> None:
        self.idle_s = 0.0
        self.kept_waiting_s = 0.0
        self._queue: Queue[Frame | None] = Queue(depth)
        self._stop = Event()
        self._done = Event()
        self._error: BaseException | None = None
        self._thread = Thread(target=self._run, name=name, daemon=True)

    @abstractmethod
    def _work(self) -> None:
        """What the thread does."""

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as error:
            self._error = error
        finally:
            self._stop.set()
            self._done.set()

    def _join(self) -> None:
        """Wait until the thread has done its last; an interrupt stops it and is raised after that.

        Who insists, with a third interrupt, need not wait any longer.
        """
        interrupts: list[BaseException] = []
        while not self._done.is_set() and len(interrupts) < _PATIENCE:
            try:
                # Not Thread.join: interrupted once, it takes a running thread for a finished one.
                self._done.wait()
            except BaseException as interrupt:
                self._stop.set()
                interrupts.append(interrupt)
        if interrupts:
            raise interrupts[0]

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        """Count the time of a block as waiting, of whichever side enters it."""
        began_s = time.monotonic()
        try:
            yield
        finally:
            if current_thread() is self._thread:
                self.idle_s += time.monotonic() - began_s
            else:
                self.kept_waiting_s += time.monotonic() - began_s

    def _put(self, item: Frame | None) -> None:
        """Put, unless the other side has gone."""
        while not self._stop.is_set():
            with suppress(Full), self._waiting():
                self._queue.put(item, timeout=_POLL_S)
                return

    def __enter__(self) -> Self:
        self._thread.start()
        return self


class ReadAhead(_Worker):
    """Iterates a source on a thread of its own, at most `depth` frames ahead.

    Use it in a `with` block, which joins the thread; what the source raises is raised where the
    frames are taken.

    Args:
        source: What to iterate, once.
        depth: Most frames held.
    """

    def __init__(self, source: Iterable[Frame], depth: int) -> None:
        super().__init__(depth, "decode")
        self._source = source

    def _work(self) -> None:
        try:
            for frame in self._source:
                self._put(frame)
                if self._stop.is_set():
                    return
        finally:
            self._put(None)

    def __iter__(self) -> Iterator[Frame]:
        """The source's frames."""
        while (frame := self._take()) is not None:
            yield frame
        self._join()
        if self._error is not None:
            raise self._error

    def _take(self) -> Frame | None:
        with self._waiting():
            return self._queue.get()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._join()


class WriteBehind(_Worker):
    """Writes frames on a thread of its own, at most `depth` frames behind.

    Leaving its `with` block without an error waits until all is written; an error of the writer is
    raised by the next `put`, or on leaving.

    Args:
        write: Called with each frame, in order.
        depth: Most frames held.
    """

    def __init__(self, write: Callable[[Frame], None], depth: int) -> None:
        super().__init__(depth, "encode")
        self._write = write

    def _work(self) -> None:
        while not self._stop.is_set():
            with suppress(Empty):
                with self._waiting():
                    frame = self._queue.get(timeout=_POLL_S)
                if frame is None:
                    return
                self._write(frame)

    def put(self, frame: Frame) -> None:
        """Hand over a frame; waits while the queue is full.

        Raises:
            MediatransError: What writing an earlier frame raised.
        """
        self._put(frame)
        if self._error is not None:
            raise self._error

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self._put(None)
        else:
            self._stop.set()
        self._join()
        if error is None and self._error is not None:
            raise self._error


def slowest_stage(reader: ReadAhead, writer: WriteBehind) -> Stage:
    """The stage that has waited least for the others so far: the one that sets the pace.

    Args:
        reader: Where frames are taken from, on the calling thread.
        writer: Where they are put, on the same thread.
    """
    idle_s: dict[Stage, float] = {
        "generate": reader.kept_waiting_s + writer.kept_waiting_s,
        "decode": reader.idle_s,
        "encode": writer.idle_s,
    }
    return min(idle_s, key=lambda stage: idle_s[stage])
