"""The pool protocol: workers that may be lost, and are replaced."""

from collections.abc import Iterable
from types import TracebackType
from typing import Protocol, Self

from mediatrans.conversion.executors.messages import Item, Message

__all__ = ["Pool"]


class Pool(Protocol):
    """Workers, each in a process of its own; the `with` block starts and ends them.

    A worker that is lost is replaced by one with another number, whose first message is `Ready` or
    `Refused`, or `Lost` if it could not be started.

    Attributes:
        size: The number of workers that the work is divided for.
        pictures: The number of pictures that a worker holds.
    """

    size: int
    pictures: int

    def send(self, worker: int, item: Item) -> None:
        """Give an item to a worker that is ready; nothing happens if it is lost by now."""
        ...

    def receive(self) -> Iterable[tuple[int, Message]]:
        """Wait for messages; each with the number of its worker, in the worker's order."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...
