"""Reading from a pipe on any thread, so that a signal ends the wait."""

import os
import select
import signal
import sys
from threading import current_thread, main_thread
from types import TracebackType
from typing import Self

from mediatrans.errors import InputError
from mediatrans.media.pipe_formats import STDIN_NAME

__all__ = ["InterruptibleReader"]

_STOPPING = frozenset({signal.SIGINT, signal.SIGTERM})


class InterruptibleReader:
    """Reads from a descriptor; SIGINT and SIGTERM end a wait, whichever thread is waiting.

    Only the main thread is told of signals, and it may be waiting for the one that reads. Opened
    on another than the main thread, and on Windows, it is told of none.

    Args:
        descriptor: What to read; it stays open.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._woken: int | None = None
        self._waker: int | None = None
        self._previous = -1

    def __enter__(self) -> Self:
        if sys.platform != "win32" and current_thread() is main_thread():
            self._woken, self._waker = os.pipe()
            os.set_blocking(self._woken, False)
            os.set_blocking(self._waker, False)
            self._previous = signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._woken is not None and self._waker is not None:
            signal.set_wakeup_fd(self._previous)
            os.close(self._woken)
            os.close(self._waker)

    def read(self, most: int) -> bytes:
        """Wait for some bytes; none are the end.

        Raises:
            InputError: A signal said to stop.
        """
        while self._woken is not None:
            ready, _, _ = select.select([self._descriptor, self._woken], [], [])
            if self._woken in ready and _STOPPING & set(os.read(self._woken, 64)):
                raise InputError("interrupted while it was read", path=STDIN_NAME)
            if self._descriptor in ready:
                break
        return os.read(self._descriptor, most)
