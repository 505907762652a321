"""What a worker does with its items, in whatever process it runs."""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from copy import copy
from pathlib import Path

from mediatrans.conversion.executors.messages import (
    Begun,
    Ended,
    Item,
    Limited,
    Logged,
    Message,
    Progressed,
    SurveyEnded,
    Written,
    key_of,
)
from mediatrans.conversion.line import run_tasks
from mediatrans.conversion.overlap import Bottleneck
from mediatrans.conversion.survey import Survey, survey
from mediatrans.conversion.task import Result, Task
from mediatrans.conversion.workshop import Workshop
from mediatrans.media.frames import Segment

__all__ = ["Send", "logging_to", "work"]

Send = Callable[[Message], None]
"""Sends a message to the driver; called on any thread."""


def work(items: Iterable[Item], workshop: Workshop, send: Send) -> None:
    """Run tasks and surveys, and send what becomes of them.

    Args:
        items: The items; consumed on another thread as the work proceeds.
        workshop: The options and the loaded models.
        send: Called for every event.
    """
    run_tasks(_tasks(items, workshop, send), workshop, _Sending(send))


def _tasks(items: Iterable[Item], workshop: Workshop, send: Send) -> Iterator[Task]:
    for item in items:
        if isinstance(item, Survey):
            send(SurveyEnded(key_of(item), survey(item.task, workshop)))
        else:
            yield item


class _Sending:
    """Events that are sent."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def begun(
        self, task: Task, frames: int, total: int | None, size: tuple[int, int] | None
    ) -> None:
        self._send(Begun(key_of(task), frames, total, size))

    def translated(self, task: Task, frames: int, total: int | None) -> None:
        self._send(Progressed(key_of(task), frames, total))

    def limited(self, bottleneck: Bottleneck) -> None:
        self._send(Limited(bottleneck))

    def kept(self, task: Task, folder: Path) -> None:
        """The driver knows: it holds the folder."""

    def written(self, task: Task, segment: Segment) -> None:
        self._send(Written(key_of(task), segment))

    def ended(self, result: Result) -> None:
        self._send(Ended(key_of(result.task), result))


@contextmanager
def logging_to(send: Send, level: int) -> Iterator[None]:
    """Send the log of this process during the block.

    Args:
        send: Called for every record.
        level: The lowest level of the package's own records that is of use.
    """
    handler = _Handler(send)
    root, ours = logging.getLogger(), logging.getLogger("mediatrans")
    before = ours.level
    root.addHandler(handler)
    ours.setLevel(level)
    try:
        yield
    finally:
        ours.setLevel(before)
        root.removeHandler(handler)


class _Handler(logging.Handler):
    def __init__(self, send: Send) -> None:
        super().__init__()
        self._send = send
        self._words = logging.Formatter()

    def emit(self, record: logging.LogRecord) -> None:
        sent = copy(record)
        sent.msg, sent.args = record.getMessage(), None
        if record.exc_info:  # a traceback cannot be pickled
            sent.msg += f"\n{self._words.formatException(record.exc_info)}"
            sent.exc_info = None
        self._send(Logged(sent))
