"""The callbacks of a run of tasks."""

from pathlib import Path
from typing import Protocol

from mediatrans.conversion.overlap import Bottleneck
from mediatrans.conversion.task import Result, Task
from mediatrans.media.frames import Segment

__all__ = ["Events", "ResultCollector"]


class Events(Protocol):
    """Callbacks for the progress of tasks; all are called on the calling thread."""

    def begun(
        self, task: Task, frames: int, total: int | None, size: tuple[int, int] | None
    ) -> None:
        """Called when input and output are open; the arguments are those of `Observer.begun`."""
        ...

    def translated(self, task: Task, frames: int, total: int | None) -> None:
        """Called with the number of frames translated so far, and the total if it is known."""
        ...

    def limited(self, bottleneck: Bottleneck) -> None:
        """Called with the bottleneck of the run so far, before each `translated`."""
        ...

    def kept(self, task: Task, folder: Path) -> None:
        """Called for an unfinished video with the folder from which the same command resumes."""
        ...

    def written(self, task: Task, segment: Segment) -> None:
        """Called with each finished segment of a span."""
        ...

    def ended(self, result: Result) -> None:
        """Called with the result of each task."""
        ...


class ResultCollector:
    """Events that collect the results and ignore the progress."""

    def __init__(self) -> None:
        self.results: list[Result] = []

    def begun(
        self, task: Task, frames: int, total: int | None, size: tuple[int, int] | None
    ) -> None:
        """Ignored."""

    def translated(self, task: Task, frames: int, total: int | None) -> None:
        """Ignored."""

    def limited(self, bottleneck: Bottleneck) -> None:
        """Ignored."""

    def kept(self, task: Task, folder: Path) -> None:
        """Ignored."""

    def written(self, task: Task, segment: Segment) -> None:
        """Ignored."""

    def ended(self, result: Result) -> None:
        """Collect the result."""
        self.results.append(result)
