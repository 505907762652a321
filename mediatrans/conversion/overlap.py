"""Reading ahead and writing behind: decode and encode on threads of their own.

Every wait at a queue is measured, which tells the slowest of the three stages.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from queue import Empty, Full, Queue
from threading import Event, Thread, current_thread
from types import TracebackType
from typing import Any, Generic, Literal, Self, TypeVar

__all__ = ["Bottleneck", "ReadAhead", "ReaderStalledError", "WriteBehind", "find_bottleneck"]

_T = TypeVar("_T")

Bottleneck = Literal["decode", "generate", "encode"]
"""What a frame goes through, on a thread each."""

_POLL_S = 0.05
_PATIENCE = 3
# Windows lets no interrupt into a wait without an end.
_PATIENT_POLL_S = 1.0


class ReaderStalledError(Exception):
    """The reading thread made no progress for too long, and was left behind."""


class _Worker(ABC, Generic[_T]):
    """A thread with a bounded queue of items; None in the queue is its end.

    Attributes:
        idle_s: Seconds the thread has waited for the other side.
        kept_waiting_s: Seconds the other side has waited for the thread.
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
                if self._is_done():
                    break
            except BaseException as interrupt:
                self._stop.set()
                interrupts.append(interrupt)
        if interrupts:
            raise interrupts[0]

    def _is_done(self) -> bool:
        """Wait for the thread; whether waiting longer is in vain."""
        return self._done.wait()

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

    def _put(self, item: _T | None) -> None:
        """Put, unless the other side has gone."""
        while not self._stop.is_set():
            with suppress(Full), self._waiting():
                self._queue.put(item, timeout=_POLL_S)
                return

    def __enter__(self) -> Self:
        self._thread.start()
        return self


class ReadAhead(_Worker[_T]):
    """Iterates a source on a thread of its own, at most `depth` items ahead.

    Use it in a `with` block, which joins the thread; what the source raises is raised where the
    items are taken. A thread that hangs in a native decoder cannot be stopped: it is left behind,
    with whatever it has open, and the program goes on without it.

    Args:
        source: What to iterate, once.
        depth: Most items held.
        limit_s: Gives the seconds without an item and without progress after which the thread is
            left behind; None waits for as long as it takes.
        progress: Gives what changes as long as the source makes progress.
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
        self._is_left_behind = False

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
        """The source's items.

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
            while True:
                progress, limit_s = self._progress(), self._limit_s()
                try:
                    return self._queue.get(timeout=limit_s or _PATIENT_POLL_S)
                except Empty:
                    if limit_s is not None and self._progress() == progress:
                        self._is_left_behind = True
                        raise ReaderStalledError from None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop.set()
        if not self._is_left_behind:
            self._join()

    def _is_done(self) -> bool:
        """Wait for the thread, as long as it makes progress; whether waiting longer is in vain."""
        progress = self._progress()
        if self._done.wait(self._limit_s()):
            return True
        return self._progress() == progress


class WriteBehind(_Worker[_T]):
    """Writes items on a thread of its own, at most `depth` items behind.

    Leaving its `with` block without an error waits until all is written; an error of the writer is
    raised by the next `put`, or on leaving.

    Args:
        write: Called with each item, in order.
        depth: Most items held.
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
        """Hand over an item; waits while the queue is full.

        Raises:
            BaseException: What writing an earlier item raised.
        """
        self._put(item)
        if self._error is not None:
            raise self._error

    def drain(self) -> None:
        """Wait until everything that was put is written.

        Raises:
            BaseException: What writing an item raised.
        """
        with self._waiting():
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
        if error is None:
            self._put(None)
        else:
            self._stop.set()
        self._join()
        if error is None and self._error is not None:
            raise self._error


def find_bottleneck(reader: ReadAhead[Any], writer: WriteBehind[Any]) -> Bottleneck:
    """The stage that has waited least for the others so far: the one that sets the pace.

    Args:
        reader: Where frames are taken from, on the calling thread.
        writer: Where they are put, on the same thread.
    """
    idle_s: dict[Bottleneck, float] = {
        "generate": reader.kept_waiting_s + writer.kept_waiting_s,
        "decode": reader.idle_s,
        "encode": writer.idle_s,
    }
    return min(idle_s, key=lambda stage: idle_s[stage])
