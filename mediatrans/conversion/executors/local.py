"""The executor that runs tasks one after another in this process."""

from collections.abc import Iterable

from mediatrans.conversion.events import Events
from mediatrans.conversion.line import run_tasks
from mediatrans.conversion.task import Task
from mediatrans.conversion.workshop import Workshop

__all__ = ["LocalExecutor"]


class LocalExecutor:
    """Runs tasks in this process."""

    def run(self, tasks: Iterable[Task], workshop: Workshop, events: Events) -> None:
        """Run tasks one after another; arguments and errors are those of `Executor.run`."""
        run_tasks(tasks, workshop, events)
