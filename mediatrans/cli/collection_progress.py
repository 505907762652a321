"""A bar for work on one thing after another, on standard error where that is a terminal."""

from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Generic, Self, TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from mediatrans.cli.terminal import stderr_console
from mediatrans.printable import printable

__all__ = ["CollectionProgress", "Watched"]

_Item = TypeVar("_Item")


class CollectionProgress:
    """Shows how much of a collection has been gone through, while it is gone through.

    Args:
        console: Where to; None is standard error.
    """

    def __init__(self, console: Console | None = None) -> None:
        console = console or stderr_console()
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_interactive,
            transient=True,
        )

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def message(self, text: str) -> None:
        """Print a line above the bar."""
        self._bar.console.print(printable(text), markup=False, highlight=False)

    def watch(
        self, items: Iterable[_Item], what: str, total: int | None = None
    ) -> "Watched[_Item]":
        """The same items; a bar is shown whenever they are gone through.

        Args:
            items: Gone through anew by each iteration.
            what: What is done with them, in a few words.
            total: How many there are, or None.
        """
        return Watched(items, lambda: self._bar.add_task(printable(what), total=total), self._bar)


class Watched(Generic[_Item]):
    """Items with a bar.

    Args:
        items: The items.
        begin: Adds a bar and gives its number.
        bar: Where the bar is.
    """

    def __init__(self, items: Iterable[_Item], begin: Callable[[], TaskID], bar: Progress) -> None:
        self._items, self._begin, self._bar = items, begin, bar

    def __iter__(self) -> Iterator[_Item]:
        task = self._begin()
        try:
            for item in self._items:
                yield item
                self._bar.advance(task)
        finally:
            self._bar.remove_task(task)
