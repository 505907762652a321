"""Ctrl-C and SIGTERM, held back until the step is finished."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["HeldSignal", "held_signals"]


class HeldSignal:
    """The signal that came, or None.

    Attributes:
        number: Its number.
    """

    def __init__(self) -> None:
        self.number: int | None = None


@contextmanager
def held_signals(told: Callable[[str], None]) -> Iterator[HeldSignal]:
    """Note SIGINT and SIGTERM instead of acting on them; a second one acts as before.

    A step cut in half could not be resumed bit for bit. Outside the main thread, where Python
    delivers no signals, this does nothing.

    Args:
        told: Is told, in a sentence, that the signal came.
    """
    held = HeldSignal()
    if threading.current_thread() is not threading.main_thread():
        yield held
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    telling = threading.Thread(
        target=told, args=("stopping after this step; once more stops at once, without saving",)
    )
    before = {number: signal.getsignal(number) for number in numbers}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def hold(number: int, frame: FrameType | None) -> None:
        held.number = number
        restore()
        # The signal may have come in the middle of a write to the very stream that tells it.
        telling.start()

    for number in numbers:
        signal.signal(number, hold)
    try:
        yield held
    finally:
        restore()
        if held.number is not None:
            telling.join()
