"""The executor protocol: runs tasks and reports their results through callbacks."""

from collections.abc import Iterable
from typing import Protocol

from mediatrans.conversion.events import Events
from mediatrans.conversion.task import Task
from mediatrans.conversion.workshop import Workshop

__all__ = ["Executor"]


class Executor(Protocol):
    """Runs the tasks of a conversion."""

    def run(self, tasks: Iterable[Task], workshop: Workshop, events: Events) -> None:
        """Run all tasks and call `events.ended` once for each.

        Args:
            tasks: The tasks; the iterable is consumed as the run proceeds.
            workshop: The options and the loaded models; it can be pickled.
            events: Called on the calling thread.

        Raises:
            KeyboardInterrupt: The run was interrupted. `events.ended` was called for every
                finished task.
        """
        ...
