"""Files that block whoever opens them, as those on a network disk that is gone."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

import pytest

__all__ = ["blocked"]


@contextmanager
def blocked(path: Path) -> Iterator[SimpleQueue[None]]:
    """Take a lease on a file: another process that opens it waits, for up to 45 seconds.

    Yields:
        Gets an item when another process opens the file.
    """
    fcntl = pytest.importorskip("fcntl")
    if not hasattr(fcntl, "F_SETLEASE"):
        pytest.skip("needs leases on files")
    # Sent to the whole process when another one opens the file, and deadly by default. Its handler
    # may run in the middle of a wait, so it must not need a lock, as that of an Event does.
    opened: SimpleQueue[None] = SimpleQueue()
    before = signal.signal(signal.SIGIO, lambda *_: opened.put(None))
    descriptor = os.open(path, os.O_RDWR)
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        yield opened
    finally:
        os.close(descriptor)
        signal.signal(signal.SIGIO, before)
