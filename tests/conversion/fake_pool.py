"""A pool whose workers run in this process, one item after another, and are lost on demand."""

import pickle
import random
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Self

from mediatrans.conversion.events import Events
from mediatrans.conversion.executors.dispatcher import Dispatcher
from mediatrans.conversion.executors.messages import Item, Lost, Message, Ready
from mediatrans.conversion.executors.worker import work
from mediatrans.conversion.task import Task
from mediatrans.conversion.workshop import Workshop

Losing = Callable[[int, Item], int | None]
"""Given how many items were begun before, and an item: after how many of its messages the worker is
lost, or None."""


class FakePool:
    """Workers as other processes would be: from pickled parts, with messages that are pickled.

    Attributes:
        size: The number of workers.
        done: The items that were begun, in order.
    """

    pictures = 3

    def __init__(self, workshop: Workshop, size: int, losing: Losing) -> None:
        self.size = size
        self.done: list[Item] = []
        self._losing = losing
        self._turns = random.Random(1)
        self._workshop: Workshop = pickle.loads(pickle.dumps(workshop))
        self._inboxes: dict[int, list[Item]] = {}
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._inboxes.clear()

    def send(self, worker: int, item: Item) -> None:
        self._inboxes[worker].append(pickle.loads(pickle.dumps(item)))

    def receive(self) -> Iterator[tuple[int, Message]]:
        while len(self._inboxes) < self.size:
            number, self._count = self._count, self._count + 1
            self._inboxes[number] = []
            yield number, Ready(self._workshop.translator.identity)
            return
        # By turns at random, so that spans end out of order.
        number = self._turns.choice([number for number, items in self._inboxes.items() if items])
        item = self._inboxes[number].pop(0)
        messages: list[Message] = []
        work([item], self._workshop, messages.append)
        lost_after = self._losing(len(self.done), item)
        self.done.append(item)
        for message in messages[:lost_after]:
            yield number, pickle.loads(pickle.dumps(message))
        if lost_after is not None:
            del self._inboxes[number]
            yield number, Lost("signal 9")


class Several:
    """An executor with a fake pool.

    Attributes:
        pool: The pool of the last run.
    """

    def __init__(self, size: int, losing: Losing = lambda count, item: None) -> None:
        self.pool: FakePool
        self._size = size
        self._losing = losing

    def run(self, tasks: Iterable[Task], workshop: Workshop, events: Events) -> None:
        self.pool = FakePool(workshop, self._size, self._losing)
        Dispatcher(workshop, events, self.pool).run(tasks)

    @property
    def spans(self) -> list[tuple[int, int | None]]:
        """The spans that were begun, in order."""
        return [
            (item.span.first, item.span.end)
            for item in self.pool.done
            if isinstance(item, Task) and item.span
        ]
