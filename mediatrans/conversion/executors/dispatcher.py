"""The driver of several workers: hands out work, repeats what is lost, publishes results."""

import logging
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain, islice

from mediatrans.conversion.events import Events
from mediatrans.conversion.executors.film import Film
from mediatrans.conversion.executors.messages import (
    Begun,
    Ended,
    Item,
    Key,
    Limited,
    Logged,
    Lost,
    Message,
    Progressed,
    Ready,
    Refused,
    SurveyEnded,
    Written,
    key_of,
)
from mediatrans.conversion.executors.pool import Pool
from mediatrans.conversion.line import run_tasks
from mediatrans.conversion.survey import Survey, Surveyed
from mediatrans.conversion.task import Failure, Result, Task
from mediatrans.conversion.workshop import Workshop
from mediatrans.errors import DeviceError, ExitCode, MediatransError
from mediatrans.files.fingerprint import Fingerprint
from mediatrans.files.publish import discard_part, publish_part

__all__ = ["Dispatcher"]

log = logging.getLogger(__name__)

_FILMS = 2
_MOST_LOSSES = 5
_MOST_FAILED_STARTS = 3
_MOST_TOLD = 10_000


@dataclass
class _Worker:
    """What a worker has been given."""

    items: dict[Key, Item] = field(default_factory=dict)
    is_alone: bool = False

    @property
    def films(self) -> int:
        return sum(isinstance(item, Task) and item.kind == "video" for item in self.items.values())


class Dispatcher:
    """Runs tasks on the workers of a pool.

    Workers finish pictures and short videos under their part names; the driver gives them their
    final names and writes the manifest, when it has the result. Long videos are converted in spans,
    see `Film`. What a lost worker had is given out again, each item to a worker that has nothing
    else, so that one which ends its worker every time is found out.

    Args:
        workshop: The options and the loaded models.
        events: Called on the calling thread.
        pool: The workers.
    """

    def __init__(self, workshop: Workshop, events: Events, pool: Pool) -> None:
        self._workshop = workshop
        self._events = events
        self._pool = pool
        self._tasks: Iterator[Task] = iter(())
        self._next: Task | None = None
        self._workers: dict[int, _Worker] = {}
        self._again: deque[Item] = deque()
        self._short: deque[Task] = deque()
        self._films: dict[str, Film] = {}
        self._surveys: dict[str, Task] = {}
        self._given: dict[str, Task] = {}
        self._losses: dict[Key, int] = {}
        self._failed_starts = 0
        self._told: set[str] = set()

    def run(self, tasks: Iterable[Task]) -> None:
        """Run all tasks and call `events.ended` once for each.

        Raises:
            KeyboardInterrupt: The run was interrupted; all workers have ended.
            DeviceError: The workers do not compute alike, or cannot be started.
        """
        rest = iter(tasks)
        few = list(islice(rest, max(2, self._pool.size)))
        if all(task.kind == "image" for task in few):
            if len(few) < 2:
                run_tasks(few, self._workshop, self._events)  # not worth a worker
                return
            self._pool.size = min(self._pool.size, len(few))
        self._next, self._tasks = few[0], chain(few[1:], rest)
        try:
            with self._pool:  # its workers load their models meanwhile
                self._workshop.begin()
                self._run()
        finally:
            self._abandon()

    def _run(self) -> None:
        while True:
            self._hand_out()
            if not self._is_busy():
                return
            for worker, message in self._pool.receive():
                self._take(worker, message)
            self._join_films()

    def _is_busy(self) -> bool:
        waiting = self._next, self._again, self._short, self._films, self._surveys, self._given
        return any(waiting)

    def _abandon(self) -> None:
        """Leave what is not finished; the workers have ended."""
        for output, task in self._given.items():
            discard_part(task.output)
            log.debug("%s is not finished", output)
        for film in self._films.values():
            if film.kept is not None:
                self._events.kept(film.task, film.kept)
            film.close()

    # Handing out.

    def _hand_out(self) -> None:
        is_given = True
        while is_given:
            is_given = False
            for number, worker in sorted(
                self._workers.items(), key=lambda numbered: len(numbered[1].items)
            ):
                item = self._item_for(worker)
                if item is not None:
                    worker.items[key_of(item)] = item
                    self._pool.send(number, item)
                    is_given = True

    def _item_for(self, worker: _Worker) -> Item | None:
        if worker.is_alone and worker.items:
            return None
        worker.is_alone = False
        if self._again:
            if worker.items:
                return None
            worker.is_alone = True
            return self._again.popleft()
        if worker.films == 0 and self._short:
            return self._deferred(self._short.popleft())
        for film in self._films.values():
            # A second span waits at a worker only while there are enough for the others.
            is_enough = film.waiting > 2 * self._pool.size
            if film.waiting and (worker.films == 0 or (worker.films == 1 and is_enough)):
                return film.take()
        return self._new_item(worker)

    def _new_item(self, worker: _Worker) -> Item | None:
        task = self._next
        if task is None:
            return None
        size = self._workshop.options.batch_size
        most = self._pool.pictures if size == "auto" else max(self._pool.pictures, size + 1)
        if task.kind == "image" and (worker.films or len(worker.items) >= most):
            return None
        if task.kind == "video" and len(self._films) + len(self._surveys) >= _FILMS:
            return None
        self._next = next(self._tasks, None)
        if task.kind == "image":
            return self._deferred(task)
        self._surveys[str(task.output)] = task
        return Survey(task)

    def _deferred(self, task: Task) -> Task:
        self._given[str(task.output)] = task
        return replace(task, is_deferred=True)

    # Taking messages.

    def _take(self, number: int, message: Message) -> None:
        match message:
            case Ready(identity):
                self._ready(number, identity)
            case Refused():
                raise message.error()
            case Lost(how):
                self._lost(number, how)
            case Logged(record):
                self._log(record)
            case Limited(bottleneck):
                self._events.limited(bottleneck)
            case SurveyEnded(key, surveyed):
                self._workers[number].items.pop(key, None)
                self._surveyed(self._surveys.pop(key[0]), surveyed)
            case Begun((output, _), frames, total, size):
                if output in self._given:
                    self._events.begun(self._given[output], frames, total, size)
            case Progressed((output, first), frames, total):
                self._progressed(output, first, frames, total)
            case Written((output, first), segment):
                with self._failing(output):
                    self._films[output].written(first or 0, segment)
            case Ended(key, result):
                self._workers[number].items.pop(key, None)
                self._ended(*key, result)

    def _ready(self, number: int, identity: str) -> None:
        ours = self._workshop.translator.identity
        if identity != ours:
            raise DeviceError(
                f"one worker computes with {identity}, another with {ours}, and their outputs "
                "would differ",
                remedy="name a device and a precision that all have, for example --device cpu",
            )
        self._failed_starts = 0
        self._workers[number] = _Worker()

    def _progressed(self, output: str, first: int | None, frames: int, total: int | None) -> None:
        if output in self._films:
            film = self._films[output]
            film.progressed(first or 0, frames)
            self._events.translated(film.task, film.frames, film.total)
        elif output in self._given:
            self._events.translated(self._given[output], frames, total)

    def _surveyed(self, task: Task, surveyed: Surveyed) -> None:
        if surveyed.length is None:
            if surveyed.reason is not None:
                log.info("%s: converted as one task: %s", task.input, surveyed.reason)
            self._short.append(task)
            return
        film = Film(task, surveyed, self._workshop, self._pool.size)
        try:
            film.open()
        except MediatransError as error:
            film.close()
            self._events.ended(Result(task, failure=Failure.of(task.input, error)))
            return
        self._films[str(task.output)] = film
        self._events.begun(task, film.frames, film.total, film.size)

    def _ended(self, output: str, first: int | None, result: Result) -> None:
        self._losses.pop((output, first), None)
        if output in self._films:
            with self._failing(output):
                self._films[output].ended(first or 0, result)
            return
        task = self._given.pop(output)
        self._events.ended(self._published(task, replace(result, task=task)))

    def _published(self, task: Task, result: Result) -> Result:
        """The result of a deferred task after its output has got its final name."""
        made = result.fingerprint
        if made is None:
            return result

        def record(fingerprint: Fingerprint) -> None:
            task.refuse_taken()
            self._workshop.note(
                task,
                fingerprint,
                result.frames,
                result.cycle,
                is_partial=result.is_partial,
                figures=result.figures,
                verdict=result.verdict,
            )

        try:
            publish_part(task.output, made, record)
        except MediatransError as error:
            failure = Failure.of(task.input, error)
            return replace(result, fingerprint=None, failure=failure, is_partial=False)
        return result

    def _join_films(self) -> None:
        for output, film in list(self._films.items()):
            if film.is_done:
                result = film.finish()
                del self._films[output]
                self._events.ended(result)

    # Losses.

    def _lost(self, number: int, how: str) -> None:
        worker = self._workers.pop(number, None)
        if worker is None:
            self._failed_starts += 1
            if self._failed_starts >= _MOST_FAILED_STARTS * self._pool.size:
                raise DeviceError(
                    f"the workers end before they have loaded the model ({how})",
                    remedy="use fewer --workers, or look at the memory of the machine",
                )
            return
        log.warning("a worker has ended (%s); its work is done again", how)
        for key, item in worker.items.items():
            losses = self._losses[key] = self._losses.get(key, 0) + 1
            again: Item | None = item
            if worker.is_alone and losses >= _MOST_LOSSES:
                self._give_up(key, item, how)
                again = None
            elif isinstance(item, Task) and item.span is not None:
                again = self._films[key[0]].lost(item.span.first)
            if again is not None:
                self._again.append(again)

    def _give_up(self, key: Key, item: Item, how: str) -> None:
        """Fail the item that has ended every worker it was given to."""
        task = item.task if isinstance(item, Survey) else item
        failure = Failure(
            f"{task.input}: the worker that converts it ends every time ({how}); look at the "
            "memory of the machine, or leave the file out",
            ExitCode.INPUT,
        )
        if key[0] in self._films:
            film = self._films[key[0]]
            film.fail(failure)
            film.lost(key[1] or 0)
            return
        self._surveys.pop(key[0], None)
        task = self._given.pop(key[0], task)
        discard_part(task.output)
        self._events.ended(Result(task, failure=failure))

    @contextmanager
    def _failing(self, output: str) -> Iterator[None]:
        """Let an error of the block fail a film."""
        film = self._films[output]
        try:
            yield
        except MediatransError as error:
            film.fail(Failure.of(film.task.input, error))

    def _log(self, record: logging.LogRecord) -> None:
        """Log what a worker has logged; several say the same of one film."""
        words = record.getMessage()
        if words not in self._told:
            if len(self._told) > _MOST_TOLD:
                self._told.clear()
            self._told.add(words)
            logging.getLogger(record.name).handle(record)
