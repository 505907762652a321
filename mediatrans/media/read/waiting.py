"""Reading from a pipe, where a wait for more can be ended from another thread."""

import os
import select
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Self

from mediatrans.errors import InputError
from mediatrans.media.pipe_formats import STDIN_NAME

__all__ = ["CancellableRead", "Read"]

Read = Callable[[int], bytes]
"""Waits for at most so many bytes; none are the end."""


class CancellableRead:
    """Reads from a descriptor, inside its `with` block; on Windows a wait cannot be ended.

    Args:
        descriptor: What to read; it stays open.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._is_cancelled = False
        self._woken, self._waker = -1, -1

    def __enter__(self) -> Self:
        if sys.platform != "win32":
            self._woken, self._waker = os.pipe()
        return self

    def __call__(self, most: int) -> bytes:
        """Wait for at most so many bytes; none are the end.

        Raises:
            InputError: The wait was ended.
        """
        if self._woken >= 0 and not self._is_cancelled:
            select.select([self._descriptor, self._woken], [], [])
        if self._is_cancelled:
            raise InputError("interrupted while it was read", path=STDIN_NAME)
        return os.read(self._descriptor, most)

    def cancel(self) -> None:
        """End the wait, and every later one."""
        self._is_cancelled = True
        if self._waker >= 0:
            os.write(self._waker, b"\0")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for descriptor in (self._woken, self._waker):
            if descriptor >= 0:
                os.close(descriptor)
        self._woken, self._waker = -1, -1
