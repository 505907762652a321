"""SIGINT and SIGTERM: one signal ends the command within seconds, whatever it waits for."""

import os
import signal
import sys
import threading
import time
from types import FrameType

from mediatrans.errors import Interrupted

__all__ = ["Interrupts"]

_LIMIT_S = 4.0
"""The time that a command has to close its files after a signal; then the process ends."""

_POLL_S = 0.05
_SHOW_CURSOR = b"\x1b[?25h"


class Interrupts:
    """The handlers of both signals.

    The first signal raises Interrupted on the main thread; later ones do nothing, so that they do
    not disturb the closing of files. Extension modules cannot be interrupted while they are
    imported, so the exception waits for the end of an import. A thread ends the process if the main
    thread has not done so in time, for example because it waits for a disk.

    Attributes:
        number: The number of the first signal, or None.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self._is_due = False

    def install(self) -> None:
        """Handle both signals, except one that the parent process has set to be ignored."""
        if sys.platform != "win32":
            watched, told = os.pipe()
            os.set_blocking(told, False)
            signal.set_wakeup_fd(told, warn_on_full_buffer=False)
            threading.Thread(target=self._watch, args=(watched,), daemon=True).start()
        for number in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._handle)

    def release(self) -> None:
        """Let a signal end the process by itself, unless one has come already."""
        if self.number is None:
            for number in (signal.SIGINT, signal.SIGTERM):
                if signal.getsignal(number) != signal.SIG_IGN:
                    signal.signal(number, signal.SIG_DFL)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.number is not None and not self._is_due:
            return
        self.number = number
        self._is_due = _is_importing(frame)
        if not self._is_due:
            raise Interrupted(number)

    def _watch(self, watched: int) -> None:
        # The signal's number is written here at once, also if no Python code can run.
        (number,) = os.read(watched, 1)
        until_s = time.monotonic() + _LIMIT_S
        while time.monotonic() < until_s:
            time.sleep(_POLL_S)
            if self._is_due:
                assert sys.platform != "win32"
                signal.pthread_kill(threading.main_thread().ident or 0, number)
        shown = _SHOW_CURSOR if os.isatty(2) else b""
        os.write(2, shown + b"mediatrans: interrupted while it waited for something.\n")
        os._exit(128 + number)


def _is_importing(frame: FrameType | None) -> bool:
    """Whether a module is being imported in a frame or one that called it."""
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False
