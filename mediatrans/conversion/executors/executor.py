"""What an executor is: it does tasks, wherever that is, and calls back with what became of them."""

from collections.abc import Iterable
from typing import Protocol

from mediatrans.conversion.line import Events
from mediatrans.conversion.task import Task
from mediatrans.conversion.workshop import Workshop

__all__ = ["Executor"]


class Executor(Protocol):
    """Does the tasks of a conversion."""

    def run(self, tasks: Iterable[Task], workshop: Workshop, events: Events) -> None:
        """Do tasks until all have ended, each with one call of `events.ended`.

        Args:
            tasks: What to do, to be taken up as their turn comes.
            workshop: What to do it with; it can be pickled.
            events: Is called with what happens, on the calling thread.

        Raises:
            KeyboardInterrupt: The run was interrupted; every task that was finished has ended.
        """
        ...
