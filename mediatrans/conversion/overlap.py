"""Threads that read ahead and write behind, so that decoding and encoding overlap with generating.

The time spent waiting at the queues is measured; it shows which thread is the bottleneck.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from queue import Empty, Full, Queue
from threading import Event, Thread, current_thread
from types import TracebackType
from typing import Any, Generic, Literal, Self, TypeVar

__all__ = [
    "Bottleneck",
    "ReadAhead",
    "ReaderStalledError",
    "Waits",
    "WriteBehind",
    "find_bottleneck",
]

_T = TypeVar("_T")

Bottleneck = Literal["decode", "generate", "encode"]
"""The thread that sets the pace."""

_POLL_S = 0.05
_PATIENT_POLL_S = 0.25
_STOPPING_S = 2.0


class ReaderStalledError(Exception):
    """The reading thread made no progress for too long and was abandoned."""


class _Worker(ABC, Generic[_T]):
    """A thread with a bounded queue of items; None in the queue ends it.

    Attributes:
        idle_s: Seconds that the thread has waited for the calling thread.
        kept_waiting_s: Seconds that the calling thread has waited for this thread.
    """

    def __init__(self, depth: int, name: str) -> None:
        self.idle_s = 0.0
        self.kept_waiting_s = 0.0
        self._queue: Queue[_T | None] = Queue(depth)
        self._stop = Event()
        self._done = Event()
        self._error: BaseException | None = None
        self._thread = Thread(target=self._run, name=name, daemon=True)

    @abstractmethod
    def _work(self) -> None:
        """The body of the thread."""

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as error:
            self._error = error
        finally:
            self._stop.set()
            self._done.set()

    def _join(self) -> None:
        """Wait for the thread to end.

        An interrupt stops the thread and is raised once it has ended.
        """
        interrupts: list[BaseException] = []
        while not self._done.is_set():
            try:
                # Thread.join, once interrupted, may report a running thread as finished.
                if self._is_done():
                    break
            except BaseException as interrupt:
                self._stop.set()
                interrupts.append(interrupt)
        if interrupts:
            raise interrupts[0]

    def abort(self) -> None:
        """Stop the thread and wait until it has ended; nothing happens where it has already."""
        self._stop.set()
        if self._thread.ident is not None:
            self._join()

    def _is_done(self) -> bool:
        """Wait for the thread; returns whether to stop waiting."""
        return self._done.wait()

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        """Add the duration of the block to the waiting time of the thread that runs it."""
        began_s = time.monotonic()
        try:
            yield
        finally:
            if current_thread() is self._thread:
                self.idle_s += time.monotonic() - began_s
            else:
                self.kept_waiting_s += time.monotonic() - began_s

    def _put(self, item: _T | None) -> None:
        """Put an item into the queue, unless the thread is stopped."""
        while not self._stop.is_set():
            with suppress(Full), self._waiting():
                self._queue.put(item, timeout=_POLL_S)
                return

    def __enter__(self) -> Self:
        self._thread.start()
        return self


class ReadAhead(_Worker[_T]):
    """Iterates a source on a separate thread, at most `depth` items ahead.

    Use it in a `with` block, which joins the thread. Errors of the source are raised by the
    iteration. A thread that hangs in a native decoder cannot be stopped; it is abandoned together
    with its open file.

    Args:
        source: The iterable; it is iterated once.
        depth: The size of the queue.
        limit_s: Returns the seconds without an item and without progress after which the thread is
            abandoned; None waits without a limit.
        progress: Returns a value that changes while the source makes progress.
    """

    def __init__(
        self,
        source: Iterable[_T],
        depth: int,
        *,
        limit_s: Callable[[], float | None] = lambda: None,
        progress: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__(depth, "decode")
        self._source = source
        self._limit_s = limit_s
        self._progress = progress
        self._is_abandoned = False

    def _work(self) -> None:
        try:
            for item in self._source:
                self._put(item)
                if self._stop.is_set():
                    return
        finally:
            if isinstance(self._source, Generator):
                self._source.close()
            self._put(None)

    def __iter__(self) -> Iterator[_T]:
        """The items of the source.

        Raises:
            ReaderStalledError: The thread made no progress for too long.
        """
        while (item := self._take()) is not None:
            yield item
        self._join()
        if self._error is not None:
            raise self._error

    def _take(self) -> _T | None:
        with self._waiting():
            progress, since_s = self._progress(), time.monotonic()
            while True:
                # Short waits: on Windows a long one cannot be interrupted.
                with suppress(Empty):
                    return self._queue.get(timeout=_PATIENT_POLL_S)
                limit_s = self._limit_s()
                if limit_s is None or self._progress() != progress:
                    progress, since_s = self._progress(), time.monotonic()
                elif time.monotonic() - since_s >= limit_s:
                    self._is_abandoned = True
                    raise ReaderStalledError

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.abort()

    def abort(self) -> None:
        """Stop the thread and wait until it has ended, unless it was left behind."""
        if self._is_abandoned:
            self._stop.set()
        else:
            super().abort()

    def _is_done(self) -> bool:
        """Wait for the thread while it makes progress; returns whether to stop waiting.

        A thread that is stopped has two seconds: it may hang in a decoder or wait for a disk.
        """
        if self._stop.is_set():
            self._done.wait(_STOPPING_S)
            return True
        progress = self._progress()
        if self._done.wait(self._limit_s()):
            return True
        return self._progress() == progress


class WriteBehind(_Worker[_T]):
    """Writes items on a separate thread, at most `depth` items behind.

    The `with` block ends when all items are written, or at once after an error. An error of `write`
    is raised by the next `put` or by the end of the block.

    Args:
        write: Called with each item, in order.
        depth: The size of the queue.
    """

    def __init__(self, write: Callable[[_T], Any], depth: int) -> None:
        super().__init__(depth, "encode")
        self._write = write

    def _work(self) -> None:
        while not self._stop.is_set():
            with suppress(Empty):
                with self._waiting():
                    item = self._queue.get(timeout=_POLL_S)
                if item is None:
                    return
                self._write(item)
                self._queue.task_done()

    def put(self, item: _T) -> None:
        """Put an item into the queue; waits while it is full.

        Raises:
            BaseException: The error of an earlier item.
        """
        self._put(item)
        if self._error is not None:
            raise self._error

    def drain(self) -> None:
        """Wait until everything that was put is written.

        Raises:
            BaseException: The error of an earlier write.
        """
        while self._queue.unfinished_tasks and not self._done.is_set():
            self._done.wait(_POLL_S / 10)
        if self._error is not None:
            raise self._error

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is not None:
            self._stop.set()
        try:
            self._put(None)
        except BaseException:
            # An interrupt of this wait: the thread must have ended before it is passed on.
            self._stop.set()
            self._join()
            raise
        self._join()
        if error is None and self._error is not None:
            raise self._error


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds that each of the three threads has waited for the others.

    Attributes:
        decode: The reading thread's.
        generate: The calling thread's.
        encode: The writing thread's.
    """

    decode: float = 0.0
    generate: float = 0.0
    encode: float = 0.0

    @classmethod
    def of(cls, reader: ReadAhead[Any], writer: WriteBehind[Any]) -> "Waits":
        """The waits of a pair of threads until now; called on the calling thread."""
        calling_s = reader.kept_waiting_s + writer.kept_waiting_s
        return cls(reader.idle_s, calling_s, writer.idle_s)


def find_bottleneck(now: Waits, before: Waits = Waits()) -> Bottleneck:
    """The thread that has waited least for the others and so sets the pace.

    Args:
        now: The waits until now.
        before: The waits at the beginning of what is judged.
    """
    waited: dict[Bottleneck, float] = {
        "generate": now.generate - before.generate,
        "decode": now.decode - before.decode,
        "encode": now.encode - before.encode,
    }
    return min(waited, key=lambda thread: waited[thread])
