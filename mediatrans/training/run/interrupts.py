"""Ctrl-C and SIGTERM, held back until the step is finished."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["HeldSignal", "held_signals"]


class HeldSignal:
    """A signal that came and was not acted on.

    Attributes:
        number: Its number, or None while none has come.
    """

    def __init__(self) -> None:
        self.number: int | None = None


@contextmanager
def held_signals(on_message: Callable[[str], None]) -> Iterator[HeldSignal]:
    """Note the first SIGINT or SIGTERM instead of acting on it; the next one acts as before.

    A step that is interrupted in the middle could not be resumed bit for bit. Outside the main
    thread, where Python delivers no signals, this does nothing.

    Args:
        on_message: Called with a sentence when the signal has come.
    """
    held = HeldSignal()
    if threading.current_thread() is not threading.main_thread():
        yield held
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    message = threading.Thread(
        target=on_message,
        args=("stopping after this step; press Ctrl-C again to quit without saving",),
    )
    before = {number: signal.getsignal(number) for number in numbers}
    # The command line ends the process some seconds after a signal that it is told of.
    told = signal.set_wakeup_fd(-1)

    def restore() -> None:
        signal.set_wakeup_fd(told)
        for number, handler in before.items():
            signal.signal(number, handler)

    def hold(number: int, frame: FrameType | None) -> None:
        held.number = number
        restore()
        # The signal may have come in the middle of a write to the stream that shows the message.
        message.start()

    for number in numbers:
        signal.signal(number, hold)
    try:
        yield held
    finally:
        restore()
        if held.number is not None:
            message.join()
