"""Reading from a pipe on any thread, so that a signal ends the wait."""

import os
import select
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import current_thread, main_thread

from mediatrans.errors import InputError
from mediatrans.media.pipe_formats import STDIN_NAME

__all__ = ["Read", "interruptible"]

Read = Callable[[int], bytes]
"""Waits for at most so many bytes; none are the end."""

_STOPPING = frozenset({signal.SIGINT, signal.SIGTERM})


@contextmanager
def interruptible(descriptor: int) -> Iterator[Read]:
    """Read from a descriptor; SIGINT and SIGTERM end a wait, whichever thread is waiting.

    Only the main thread is told of signals, and it may be waiting for the one that reads. Opened
    on another than the main thread, and on Windows, the wait is a plain one.

    Args:
        descriptor: What to read; it stays open.

    Yields:
        The function that reads; it raises InputError when a signal says to stop.
    """
    if sys.platform == "win32" or current_thread() is not main_thread():
        yield partial(os.read, descriptor)
        return
    woken, waker = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(waker, False)
    previous = signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    is_stopped = False

    def read(most: int) -> bytes:
        nonlocal is_stopped
        ready: list[int] = []
        while descriptor not in ready:
            if not is_stopped:
                ready, _, _ = select.select([descriptor, woken], [], [])
            if woken in ready:
                is_stopped = bool(_STOPPING & set(os.read(woken, 64)))
            if is_stopped:
                raise InputError("interrupted while it was read", path=STDIN_NAME)
        return os.read(descriptor, most)

    try:
        yield read
    finally:
        signal.set_wakeup_fd(previous)
        os.close(woken)
        os.close(waker)
