"""The executor that shares the tasks among actors of a Ray cluster."""

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from mediatrans.conversion.events import Events
from mediatrans.conversion.executors.dispatcher import Dispatcher
from mediatrans.conversion.executors.messages import Item, Lost, Message, Ready, Refused
from mediatrans.conversion.executors.worker import logging_to, work
from mediatrans.conversion.run_options import Workers, cores
from mediatrans.conversion.task import Failure, Task
from mediatrans.conversion.workshop import Workshop
from mediatrans.errors import DeviceError, ExitCode, MediatransError, MissingExtraError

__all__ = ["RayExecutor", "RayPool"]

log = logging.getLogger(__name__)

_NO_TELEMETRY = "RAY_USAGE_STATS_ENABLED"
_CONNECT_S = 10.0
_POLL_S = 0.5
_YIELD_S = 0.2
_PATIENCE_S = 60.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_NO_MIRROR = (
    "{}: not on every node, and the objects of buckets are exchanged in it; set XDG_CACHE_HOME to "
    "a folder that all nodes share"
)


class RayExecutor:
    """Runs tasks, and spans of long videos, in the actors of a Ray cluster.

    Args:
        address: The address of the cluster, "auto" for the one that this machine belongs to; None
            starts one on this machine, for this run alone.
        workers: The largest number of actors; "auto" takes as many as there is room for.
        gpus: The GPUs of each actor.
    """

    def __init__(self, address: str | None, workers: Workers, gpus: int = 0) -> None:
        self._address = address
        self._workers = workers
        self._gpus = gpus

    def run(self, tasks: Iterable[Task], workshop: Workshop, events: Events) -> None:
        """Run tasks; arguments and errors are those of `Executor.run`.

        Raises:
            MissingExtraError: Ray is not installed.
            DeviceError: The cluster is not there, or its nodes compute differently.
        """
        with _connected(self._address) as ray:
            size = self._size(ray, workshop.options.threads or 1)
            pool = RayPool(ray, workshop, size, self._gpus)
            Dispatcher(workshop, events, pool).run(tasks)

    def _size(self, ray: Any, threads: int) -> int:
        if self._workers != "auto":
            return self._workers
        there = ray.cluster_resources()
        count = there.get("GPU", 0) / self._gpus if self._gpus else there.get("CPU", 0) / threads
        return max(1, int(count))


@contextmanager
def _connected(address: str | None) -> Iterator[Any]:
    """Ray, connected to a cluster until the end of the block."""
    os.environ.setdefault(_NO_TELEMETRY, "0")
    try:
        import ray
    except ImportError as error:
        raise MissingExtraError("ray", "ray") from error
    own: dict[str, Any] = {} if address else {"num_cpus": cores(), "include_dashboard": False}
    is_main = threading.current_thread() is threading.main_thread()
    handlers = {number: signal.getsignal(number) for number in _SIGNALS}
    is_ours = not ray.is_initialized()
    try:
        if is_ours:
            _refuse_silence(address)
            ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, **own)
    except (ConnectionError, OSError, RuntimeError, ValueError) as error:
        raise DeviceError(
            f"no Ray cluster answers at {address or 'this machine'}: {error}",
            remedy="check the address, or start one with: ray start --head",
        ) from error
    finally:
        if is_main:  # Ray ends the process on SIGTERM
            for number, handler in handlers.items():
                signal.signal(number, handler)
    try:
        yield ray
    finally:
        if is_ours:
            ray.shutdown()


def _refuse_silence(address: str | None) -> None:
    """Raise an OSError or ValueError where nothing listens: Ray itself would ask for minutes."""
    if address is None or ":" not in address:
        return
    place = urlsplit(address if "://" in address else f"//{address}")
    with socket.create_connection((place.hostname, place.port), timeout=_CONNECT_S):
        pass


class RayPool:
    """Workers in actors, each with its own engine.

    Actors that the cluster has no room for are waited for by the cluster alone: one that can grow
    starts machines for them, and the work goes on with those that are there.

    Args:
        ray: The package, connected.
        workshop: The options; every actor loads the models itself.
        size: The number of actors.
        gpus: The GPUs of each actor.

    Attributes:
        size: The number of workers that the work is divided for.
        pictures: The number of pictures that a worker holds.
    """

    pictures = 8

    def __init__(self, ray: Any, workshop: Workshop, size: int, gpus: int = 0) -> None:
        self.size = size
        self._ray = ray
        self._workshop = workshop
        self._resources = {"num_cpus": workshop.options.threads or 1, "num_gpus": gpus}
        self._actors: dict[int, Any] = {}
        self._starting: dict[int, Any] = {}
        self._running: dict[int, list[Any]] = {}
        self._outbox: dict[int, list[Item]] = {}
        self._count = 0
        self._waits_since_s = time.monotonic()

    def __enter__(self) -> Self:
        options: dict[str, Any] = {**self._resources, "max_restarts": 0, "max_task_retries": 0}
        self._kind = self._ray.remote(**options)(_Actor)
        self._shared = self._ray.put(self._workshop)
        for _ in range(self.size):
            self._start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End all actors."""
        for actor in self._actors.values():
            with suppress(Exception):
                self._ray.kill(actor)

    def send(self, worker: int, item: Item) -> None:
        """Give an item to a worker; a few are sent together."""
        if worker in self._actors:
            self._outbox.setdefault(worker, []).append(item)

    def receive(self) -> Iterator[tuple[int, Message]]:
        """Wait for messages of any worker."""
        for number, items in list(self._outbox.items()):
            # Within a call, one picture is written while the next is translated; between two calls
            # the actor waits for the disk.
            if len(items) >= self.pictures // 2 or not self._running[number]:
                call = self._actors[number].work.options(num_returns="streaming").remote(items)
                self._running[number].append(call)
                del self._outbox[number]
        waited = {**self._starting}
        waited |= {number: calls[0] for number, calls in self._running.items() if calls}
        ready, _ = self._ray.wait(list(waited.values()), num_returns=1, timeout=_POLL_S)
        self._tell_of_waiting()
        for number in [number for number, thing in waited.items() if thing in ready]:
            try:
                yield from ((number, message) for message in self._messages(number))
            except self._ray.exceptions.RayError as error:
                yield number, Lost(self._replace(number, error))

    def _messages(self, number: int) -> list[Message]:
        if number in self._starting:
            first: Message = self._ray.get(self._starting.pop(number))
            self._running[number] = []
            return [first]
        try:
            reference = next(self._running[number][0])
        except StopIteration:
            del self._running[number][0]
            return []
        messages: list[Message] = self._ray.get(reference)
        return messages

    def _start(self) -> None:
        number, self._count = self._count, self._count + 1
        level = logging.getLogger("mediatrans").getEffectiveLevel()
        actor = self._actors[number] = self._kind.remote(self._shared, str(Path.cwd()), level)
        self._starting[number] = actor.begin.remote()

    def _replace(self, number: int, error: Exception) -> str:
        self._starting.pop(number, None)
        self._running.pop(number, None)
        self._outbox.pop(number, None)
        with suppress(Exception):
            self._ray.kill(self._actors.pop(number))
        self._start()
        return type(error).__name__

    def _tell_of_waiting(self) -> None:
        if self._running:
            self._waits_since_s = time.monotonic()
        elif time.monotonic() - self._waits_since_s > _PATIENCE_S:
            self._waits_since_s = time.monotonic()
            log.warning("the cluster has no room for a worker of %s; waiting", self._resources)


class _Actor:
    """A worker in a Ray actor. Errors are caught in it: they are results, never lost tasks."""

    def __init__(self, workshop: Workshop, folder: str, level: int) -> None:
        self._workshop = workshop
        self._folder = folder
        self._level = level

    def begin(self) -> Message:
        """Load the models; the first message of the worker."""
        try:
            os.chdir(self._folder)
            mirror = self._workshop.mirror
            if mirror is not None and not mirror.is_here():
                return Refused(Failure(_NO_MIRROR.format(mirror.root), ExitCode.DEVICE))
            self._workshop.begin()
        except OSError as error:
            words = f"{self._folder}: not on every node ({error.strerror}); use a shared folder"
            return Refused(Failure(words, ExitCode.DEVICE))
        except MediatransError as error:
            return Refused(Failure(str(error), error.exit_code))
        return Ready(self._workshop.translator.identity)

    def work(self, items: list[Item]) -> Iterator[list[Message]]:
        """Do some items; the messages come in lists, as time goes on."""
        queue: SimpleQueue[Message | None] = SimpleQueue()

        def run() -> None:
            try:
                with logging_to(queue.put, self._level):
                    work(items, self._workshop, queue.put)
            finally:
                queue.put(None)

        thread = threading.Thread(target=run)
        thread.start()
        is_open = True
        while is_open:
            messages = [queue.get()]
            until_s = time.monotonic() + _YIELD_S
            while messages[-1] is not None and time.monotonic() < until_s:
                if queue.empty():
                    time.sleep(_YIELD_S / 20)
                else:
                    messages.append(queue.get())
            is_open = messages[-1] is not None
            yield [message for message in messages if message is not None]
        thread.join()
