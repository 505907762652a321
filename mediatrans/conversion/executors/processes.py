"""The executor that shares the tasks among processes of this machine."""

import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Self

from mediatrans.conversion.events import Events
from mediatrans.conversion.executors.dispatcher import Dispatcher
from mediatrans.conversion.executors.messages import Item, Lost, Message, Ready, Refused
from mediatrans.conversion.executors.worker import logging_to, work
from mediatrans.conversion.task import Failure, Task
from mediatrans.conversion.workshop import Workshop
from mediatrans.errors import MediatransError

__all__ = ["ProcessExecutor", "ProcessPool"]

_VISIBLE = "CUDA_VISIBLE_DEVICES"
_STOPPING_S = 2.0
_SPAWN = multiprocessing.get_context("spawn")


class ProcessExecutor:
    """Runs tasks, and spans of long videos, in several processes.

    Args:
        workers: The number of processes.
        gpus: The GPUs that they take turns to use, as CUDA numbers them; none leaves the choice
            to the device of the options.
    """

    def __init__(self, workers: int, gpus: tuple[str, ...] = ()) -> None:
        self._workers = workers
        self._gpus = gpus

    def run(self, tasks: Iterable[Task], workshop: Workshop, events: Events) -> None:
        """Run tasks; arguments and errors are those of `Executor.run`."""
        pool = ProcessPool(workshop, self._workers, self._gpus)
        Dispatcher(workshop, events, pool).run(tasks)


class ProcessPool:
    """Workers in processes that are spawned, each with a pipe to this one.

    A worker ends when this process does, in whatever way.

    Args:
        workshop: The options; every worker loads the models itself.
        size: The number of workers.
        gpus: As for `ProcessExecutor`.

    Attributes:
        size: The number of workers.
        pictures: The number of pictures that a worker holds: one is read, one translated and one
            written.
    """

    pictures = 3

    def __init__(self, workshop: Workshop, size: int, gpus: tuple[str, ...] = ()) -> None:
        self.size = size
        self._workshop = workshop
        self._gpus = gpus
        self._processes: dict[int, SpawnProcess] = {}
        self._pipes: dict[int, Connection] = {}
        self._places: dict[int, int] = {}
        self._count = 0

    @property
    def processes(self) -> dict[int, int]:
        """The process identifiers of the workers, by their numbers."""
        return {number: process.pid or 0 for number, process in self._processes.items()}

    def __enter__(self) -> Self:
        for place in range(self.size):
            self._start(place)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End all workers: at once after an error, else when they have nothing left to do."""
        for process in self._processes.values():
            if kind is not None:
                process.kill()
        for pipe in self._pipes.values():
            pipe.close()
        for process in self._processes.values():
            process.join(_STOPPING_S)
            if process.is_alive():
                process.kill()
                process.join()

    def send(self, worker: int, item: Item) -> None:
        """Give an item to a worker."""
        try:
            self._pipes[worker].send(item)
        except OSError:
            logging.getLogger(__name__).debug("worker %d has ended", worker)

    def receive(self) -> Iterator[tuple[int, Message]]:
        """Wait for messages of any worker."""
        numbers = {id(pipe): number for number, pipe in self._pipes.items()}
        for pipe in wait(list(self._pipes.values())):
            number = numbers[id(pipe)]
            try:
                yield number, self._pipes[number].recv()
            except (EOFError, OSError):
                yield number, Lost(self._replace(number))

    def _start(self, place: int) -> None:
        ours, theirs = _SPAWN.Pipe()
        number, self._count = self._count, self._count + 1
        gpu = self._gpus[place % len(self._gpus)] if self._gpus else None
        level = logging.getLogger("mediatrans").getEffectiveLevel()
        process = _SPAWN.Process(
            target=_serve, args=(theirs, self._workshop, gpu, level), daemon=True
        )
        process.start()
        theirs.close()
        self._processes[number], self._pipes[number] = process, ours
        self._places[number] = place

    def _replace(self, number: int) -> str:
        process, pipe = self._processes.pop(number), self._pipes.pop(number)
        pipe.close()
        process.join(_STOPPING_S)
        if process.is_alive():
            process.kill()
            process.join()
        code = process.exitcode or 0
        self._start(self._places.pop(number))
        return f"signal {-code}" if code < 0 else f"exit code {code}"


def _serve(pipe: Connection, workshop: Workshop, gpu: str | None, level: int) -> None:
    """The main function of a worker."""
    # Ctrl-C goes to every process of a terminal; the driver decides what becomes of it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if gpu is not None:
        os.environ[_VISIBLE] = gpu
    inbox: SimpleQueue[Item] = SimpleQueue()
    threading.Thread(target=_receive, args=(pipe, inbox), daemon=True).start()
    turn = threading.Lock()

    def send(message: Message) -> None:
        try:
            with turn:
                pipe.send(message)
        except OSError:  # the driver has ended
            os._exit(1)

    with logging_to(send, level):
        try:
            workshop.begin()
        except MediatransError as error:
            send(Refused(Failure(str(error), error.exit_code)))
            return
        send(Ready(workshop.translator.identity))
        while True:
            work(_waiting(inbox), workshop, send)


def _receive(pipe: Connection, inbox: "SimpleQueue[Item]") -> None:
    """Receive items; the worker ends with its driver, whatever it is doing."""
    while True:
        try:
            inbox.put(pipe.recv())
        except (EOFError, OSError):
            os._exit(0)


def _waiting(inbox: "SimpleQueue[Item]") -> Iterator[Item]:
    """The items in a queue: the first is waited for, the rest ends when it is empty.

    At the end the worker finishes what it holds back for a whole batch.
    """
    yield inbox.get()
    with suppress(Empty):
        while True:
            yield inbox.get_nowait()
