"""Cancellable reading from a pipe: a wait for data can be ended from another thread."""

import os
import select
import sys
from collections.abc import Callable
from threading import Lock
from types import TracebackType
from typing import Self

from mediatrans.errors import InputError
from mediatrans.media.pipe_formats import STDIN_NAME

__all__ = ["CancellableRead", "Read"]

Read = Callable[[int], bytes]
"""Reads at most so many bytes, waiting for at least one; an empty result is the end."""


class CancellableRead:
    """Reads from a descriptor inside its `with` block; on Windows a wait cannot be cancelled.

    Args:
        descriptor: The file descriptor; it is not closed.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._is_cancelled = False
        self._lock = Lock()
        self._woken, self._waker = -1, -1

    def __enter__(self) -> Self:
        if sys.platform != "win32":
            self._woken, self._waker = os.pipe()
        return self

    def __call__(self, most: int) -> bytes:
        """Read at most `most` bytes, waiting for at least one; an empty result is the end.

        Raises:
            InputError: The wait was cancelled.
        """
        if self._woken >= 0 and not self._is_cancelled:
            select.select([self._descriptor, self._woken], [], [])
        if self._is_cancelled:
            raise InputError("reading was interrupted", path=STDIN_NAME)
        return os.read(self._descriptor, most)

    def cancel(self) -> None:
        """Cancel the current wait and every later one."""
        self._is_cancelled = True
        with self._lock:
            if self._waker >= 0:
                os.write(self._waker, b"\0")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._lock:
            for descriptor in (self._woken, self._waker):
                if descriptor >= 0:
                    os.close(descriptor)
            self._woken, self._waker = -1, -1
