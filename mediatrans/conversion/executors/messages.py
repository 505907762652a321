"""The messages between the process that drives a conversion and its workers; all can be pickled."""

import logging
from dataclasses import dataclass

from mediatrans.conversion.overlap import Bottleneck
from mediatrans.conversion.survey import Survey, Surveyed
from mediatrans.conversion.task import Failure, Result, Task
from mediatrans.errors import DeviceError, ExitCode, MediatransError, ModelError, UsageError
from mediatrans.media.frames import Segment

__all__ = [
    "Begun",
    "Ended",
    "Item",
    "Key",
    "Limited",
    "Logged",
    "Lost",
    "Message",
    "Progressed",
    "Ready",
    "Refused",
    "SurveyEnded",
    "Written",
    "key_of",
]

Item = Task | Survey
"""What a worker is given."""

Key = tuple[str, int | None]
"""An item's name in messages: its output, and the first frame of a span; -1 is a survey."""


def key_of(item: Item) -> Key:
    """The name of an item in messages."""
    if isinstance(item, Survey):
        return str(item.task.output), -1
    return str(item.output), None if item.span is None else item.span.first


@dataclass(frozen=True, slots=True)
class Ready:
    """A worker has loaded its model; `identity` is that of its engine."""

    identity: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A worker cannot begin."""

    failure: Failure

    def error(self) -> MediatransError:
        """The error that ends the run."""
        kinds: dict[ExitCode, type[MediatransError]] = {
            ExitCode.MODEL: ModelError,
            ExitCode.USAGE: UsageError,
        }
        return kinds.get(self.failure.exit_code, DeviceError)(self.failure.message)


@dataclass(frozen=True, slots=True)
class Lost:
    """A worker has ended without being asked to; `how` says in what way, a clause."""

    how: str


@dataclass(frozen=True, slots=True)
class Begun:
    """The arguments of `Events.begun`."""

    key: Key
    frames: int
    total: int | None
    size: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Progressed:
    """The arguments of `Events.translated`."""

    key: Key
    frames: int
    total: int | None


@dataclass(frozen=True, slots=True)
class Limited:
    """The argument of `Events.limited`."""

    bottleneck: Bottleneck


@dataclass(frozen=True, slots=True)
class Written:
    """The arguments of `Events.written`."""

    key: Key
    segment: Segment


@dataclass(frozen=True, slots=True)
class Ended:
    """The argument of `Events.ended`."""

    key: Key
    result: Result


@dataclass(frozen=True, slots=True)
class SurveyEnded:
    """A survey and what it has found."""

    key: Key
    surveyed: Surveyed


@dataclass(frozen=True, slots=True)
class Logged:
    """A record of a worker's log, with its arguments filled in."""

    record: logging.LogRecord


Message = (
    Ready | Refused | Lost | Begun | Progressed | Limited | Written | Ended | SurveyEnded | Logged
)
"""What comes from a worker."""
