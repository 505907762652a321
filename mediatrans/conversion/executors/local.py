"""The executor of one process: tasks one after the other, through the straight line."""

from collections.abc import Iterable

from mediatrans.conversion.line import Events, run_tasks
from mediatrans.conversion.task import Task
from mediatrans.conversion.workshop import Workshop

__all__ = ["LocalExecutor"]


class LocalExecutor:
    """Does tasks in this process."""

    def run(self, tasks: Iterable[Task], workshop: Workshop, events: Events) -> None:
        """Do tasks one after the other, as `Executor.run` has it."""
        run_tasks(tasks, workshop, events)
