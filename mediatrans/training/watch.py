"""How a long piece of work shows its progress to its caller."""

from collections.abc import Iterable
from typing import Protocol, TypeVar

__all__ = ["UNWATCHED", "Watch"]

_Item = TypeVar("_Item")


class Watch(Protocol):
    """Shows the progress."""

    def message(self, text: str) -> None:
        """Show a sentence."""
        ...

    def watch(self, items: Iterable[_Item], what: str, total: int | None = None) -> Iterable[_Item]:
        """The same items, which show how far they have been gone through."""
        ...


class _Unwatched:
    """Shows nothing."""

    def message(self, text: str) -> None:
        """Nothing is shown."""

    def watch(self, items: Iterable[_Item], what: str, total: int | None = None) -> Iterable[_Item]:
        """The items themselves."""
        return items


UNWATCHED: Watch = _Unwatched()
"""Shows nothing."""
